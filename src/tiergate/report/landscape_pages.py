# SPDX-License-Identifier: Apache-2.0
"""The pages about models: what is already downloadable, and how far behind; the first page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from tiergate.landscape import frontier
from tiergate.landscape.frontier import Known, Lag, Weights
from tiergate.landscape.practice import COUNTED, DISCLOSED, Count, disparities
from tiergate.landscape.vintage import Row, Vintage
from tiergate.report.landscape_cells import (
    Cell,
    Figure,
    Group,
    Line,
    Page,
    Rule,
    Sheet,
    cell,
    origin,
    rounded,
)
from tiergate.report.landscape_plots import licence_strip, timeline

NOT_NO = (
    "Not found in what was read is not no, and is never counted as one. Nothing here says which"
    " developer is safer."
)
_LARGE = "large models"


def overview(vintage: Vintage) -> Page:
    """Return the first page: the gap, who does what, and quantities with their sources."""
    counts = disparities(vintage)
    own = [count for count in counts if count.topic in COUNTED and not count.region]
    index = [count for count in counts if count.topic in DISCLOSED]
    return Page(
        name="index",
        label="Overview",
        title="The landscape of open weights",
        lead=(
            "What can be downloaded already, who publishes what about safety, who asks for what,"
            " and what taking safeguards off has cost. Every statement leads to its source."
        ),
        parts=(
            Group(title="How far behind is what can be downloaded", statements=_gap(vintage)),
            Group(
                title="Who publishes what about safety",
                statements=tuple(map(counted, own)),
                remarks=(NOT_NO,),
            ),
            Group(
                title="What the transparency index says",
                statements=tuple(map(counted, index)),
                remarks=("An index of what is disclosed, not of what is safe.",),
            ),
            _quantities(vintage),
        ),
    )


def _gap(vintage: Vintage) -> tuple[Cell, ...]:
    models = frontier.known(vintage)
    closed = next((each for each in models if each.weights is Weights.CLOSED), None)
    best = next((each for each in models if each.weights.is_open), None)
    if closed is None or best is None:
        return ()
    points = Cell(
        text=f"The best closed model, {closed.name}, is {closed.index - best.index:.1f} points"
        f" above the best that can be downloaded, {best.name}.",
        rows=(closed.row.id, best.row.id),
        rule=Rule.COMPUTED,
    )
    age = frontier.age(models, best.index, date.fromisoformat(vintage.id))
    if age.first is None:
        return (points,)
    return (
        points,
        Cell(
            text=f"A closed model, {age.first.name}, was there {age.months:.1f} months before"
            f" {vintage.id}.",
            rows=(best.row.id, age.first.row.id),
            rule=Rule.COMPUTED,
        ),
    )


def counted(count: Count) -> Cell:
    """Return a count as a statement, with its rows: those that were counted first."""
    rest = f"; the others: {count.rest_words}" if count.rest else ""
    named = [row.id for row in count.counted]
    others = (row.id for row in count.looked_at if row.id not in named)
    return Cell(
        text=f"{count.words}{rest}.", rows=(*named, *others), rule=Rule.COUNTED, mark=count.mark
    )


def _quantities(vintage: Vintage) -> Sheet:
    columns = ("quantity", "value", "unit", "as_of", "caveat")
    return Sheet(
        id="quantities",
        title="Quantities",
        columns=("Quantity", "Value", "Unit", "As of", "But"),
        lines=tuple(line_of(row, columns) for row in vintage.rows("quantities")),
    )


def line_of(row: Row, columns: Iterable[str]) -> Line:
    """Return a line of what stands in columns of a row."""
    return Line(cells=tuple(cell(row, column) for column in columns), sources=(origin(row),))


def timeline_page(vintage: Vintage) -> Page:
    """Return the page of best closed and best open models over time."""
    models = frontier.known(vintage)
    closed = records(models, is_open=False)
    opened = records(models, is_open=True)
    lags = {model.name: lag for model, lag in frontier.catch_up(models)}
    both = sorted((*closed, *opened), key=lambda model: model.released, reverse=True)
    return Page(
        name="timeline",
        label="Timeline",
        title="Best closed and best open over time",
        lead=(
            "A model is here if it was more capable in general than every earlier one of its"
            " kind. General capability says nothing about a hazard domain."
        ),
        parts=(
            Figure(
                title="The two frontiers",
                caption=(
                    "Lines: the best model so far, closed and open. Bands: the interval that the"
                    " index gives it, where it gives one. Models of which it is not known whether"
                    " they are open are in neither line."
                ),
                chart=timeline(closed, opened, vintage.id),
            ),
            Sheet(
                id="records",
                title="Models that set a record",
                columns=(
                    "Model", "Organisation", "Index", "Low", "High", "Released", "Weights",
                    "Months after the first closed one",
                ),
                lines=tuple(_record(model, lags.get(model.name)) for model in both),
            ),
        ),
    )  # fmt: skip


def records(models: Iterable[Known], *, is_open: bool) -> tuple[Known, ...]:
    """Return the models that were the most capable of their kind when they came out."""
    own = [m for m in models if (m.weights.is_open if is_open else m.weights is Weights.CLOSED)]
    found: list[Known] = []
    for model in sorted(own, key=lambda m: (m.released, -m.index)):
        if not found or model.index > found[-1].index:
            found.append(model)
    return tuple(found)


def _record(model: Known, lag: Lag | None) -> Line:
    row = model.row
    return Line(
        cells=(
            cell(row, "model"),
            cell(row, "organisation"),
            rounded(row, "index"),
            rounded(row, "index_low"),
            rounded(row, "index_high"),
            cell(row, "released"),
            _weights(model),
            _behind(row, lag),
        ),
        sources=(origin(row),),
    )


def _weights(model: Known) -> Cell:
    return Cell(text=model.weights.value, rows=(model.row.id,), column="access", rule=Rule.SORTED)


def _behind(row: Row, lag: Lag | None) -> Cell:
    if lag is None or lag.first is None or lag.months is None:
        return Cell(text="", rows=(row.id,), rule=Rule.COMPUTED)
    return Cell(
        text=f"{lag.months:.1f} ({lag.first.name})",
        rows=(row.id, lag.first.row.id),
        rule=Rule.COMPUTED,
        key=f"{lag.months:08.2f}",
    )


def models_page(vintage: Vintage) -> Page:
    """Return the page of models that can be downloaded already."""
    found = [model for model in frontier.known(vintage) if model.weights.is_open]
    columns = (
        "model", "organisation", "published", "parameters", "compute_flop", "confidence",
        "access", "base_model",
    )  # fmt: skip
    large = [row for row in vintage.rows(_LARGE) if row["access"].startswith("Open weights")]
    return Page(
        name="models",
        label="Models",
        title="What can be downloaded already",
        lead=(
            "Models with open weights by general capability and class of licence. General"
            " capability says nothing about a hazard domain."
        ),
        parts=(
            Figure(
                title="By class of licence",
                caption="A tick is a model.",
                chart=licence_strip(found),
            ),
            Sheet(
                id="models",
                title="By capability",
                columns=("Model", "Organisation", "Index", "Low", "High", "Released", "Weights"),
                lines=tuple(map(_model, found)),
            ),
            Sheet(
                id="large",
                title="With training compute",
                columns=(
                    "Model", "Organisation", "Published", "Parameters", "FLOP", "Confidence",
                    "Access", "Base model",
                ),
                lines=tuple(_large(row, columns) for row in large),
                remarks=("From another table of the same publisher, of an earlier day.",),
            ),
        ),
    )  # fmt: skip


def _model(model: Known) -> Line:
    return Line(cells=_record(model, None).cells[:-1], sources=(origin(model.row),))


def _large(row: Row, columns: Iterable[str]) -> Line:
    return Line(cells=tuple(_figures(row, columns)), sources=(origin(row),))


def _figures(row: Row, columns: Iterable[str]) -> Iterator[Cell]:
    for column in columns:
        if column in {"parameters", "compute_flop"} and row[column]:
            number = row.number(column)
            yield Cell(
                text=f"{number:.2e}".replace("e+", "e"),
                rows=(row.id,),
                column=column,
                rule=Rule.ROUNDED,
                key=f"{number:040.0f}",
                tone="num",
            )
        else:
            yield cell(row, column)
