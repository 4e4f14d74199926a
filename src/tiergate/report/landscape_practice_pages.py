# SPDX-License-Identifier: Apache-2.0
"""The pages about developers: what each publishes, and openness beside published safety work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tiergate.landscape.practice import (
    COUNTED,
    DISCLOSED,
    SAFETY,
    Developer,
    Found,
    Practice,
    developers,
    disparities,
    mark_of,
    ratings,
)
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
)
from tiergate.report.landscape_pages import NOT_NO, counted, line_of
from tiergate.report.landscape_plots import two_axes

_SAYS_NOTHING = {"none found", "none reported", "none described", "not verified", "published"}
"""Words that repeat what was found."""
_TONES = {Found.YES: "met", Found.NO: "not-met"}


def practice_page(vintage: Vintage) -> Page:
    """Return the page about developers: counts, the matrix, and what others rate."""
    everybody = developers(vintage)
    regional = [count for count in disparities(vintage) if count.region]
    return Page(
        name="practice",
        label="Practice",
        title="What developers publish about safety",
        lead="What was found about developers of open weights, practice by practice.",
        parts=(
            Sheet(
                id="practices",
                title="Practice by developer",
                columns=("Developer", "Region", *map(str.capitalize, COUNTED)),
                lines=tuple(map(_practices, everybody)),
                remarks=(NOT_NO, "Each cell leads to its row."),
            ),
            Group(
                title="By region",
                statements=tuple(map(counted, regional)),
                remarks=("Regions with too few developers to count are left out.",),
            ),
            _terms(everybody),
            _ratings(vintage),
            _transparency(vintage),
        ),
    )


def _practices(one: Developer) -> Line:
    found = (one.practices.get(name) for name in COUNTED)
    return Line(
        cells=(
            cell(one.row, "developer", is_linked=True, more=(one.models, "models")),
            cell(one.row, "region"),
            *(_practice(each) if each else _nothing(one.row) for each in found),
        )
    )


def _nothing(row: Row) -> Cell:
    return Cell(text="", rows=(row.id,))


def _practice(found: Practice) -> Cell:
    return cell(
        found.row,
        "found",
        is_linked=True,
        mark=found.row.read_as.mark,
        tone=_TONES.get(found.found, ""),
        more=("", "") if found.says in _SAYS_NOTHING else (found.says, "says"),
    )


def _terms(everybody: Sequence[Developer]) -> Sheet:
    names = ("licence of the weights", "use policy")
    return Sheet(
        id="terms",
        title="Licences and use policies",
        columns=("Developer", *map(str.capitalize, names)),
        lines=tuple(
            Line(
                cells=(
                    cell(one.row, "developer", is_linked=True),
                    *(
                        cell(each.row, "says", is_linked=True, mark=each.row.read_as.mark)
                        if (each := one.practices.get(name))
                        else _nothing(one.row)
                        for name in names
                    ),
                )
            )
            for one in everybody
        ),
    )


def _ratings(vintage: Vintage) -> Sheet:
    return Sheet(
        id="ratings",
        title="What others rate",
        columns=("Developer", "Rating", "Value"),
        lines=tuple(line_of(row, ("developer", "rating", "value")) for row in ratings(vintage)),
        remarks=("Ratings of companies from their documents; no model was looked at.",),
    )


def _transparency(vintage: Vintage) -> Sheet:
    rows = [row for row in vintage.rows("transparency") if row["indicator"] in DISCLOSED]
    names = [name for name in rows[0].values if name != "indicator"] if rows else []
    return Sheet(
        id="transparency",
        title="Indicators of the transparency index that bear on release",
        columns=("Indicator", *names),
        lines=tuple(line_of(row, ("indicator", *names)) for row in rows),
    )


def openness_page(vintage: Vintage) -> Page:
    """Return the page of openness against published safety work, two axes that are never one."""
    placed = placed_on_axes(vintage)
    most = max((len(_parts(row)) for _, row, _ in placed), default=0)
    return Page(
        name="openness",
        label="Openness",
        title="Openness against published safety work",
        lead=(
            "Two axes, and never one: how many parts of a model are open, and how many safety"
            " practices its developer publishes."
        ),
        parts=(
            Figure(
                title="Two axes",
                caption=(
                    "Across: parts that the European Open Source AI Index finds open. Up: "
                    + ", ".join(SAFETY)
                    + ", each if it was found in full. The index may look at an earlier model of"
                    " the same developer. Many practices were read second-hand: the table says how"
                    " many."
                ),
                chart=two_axes(placed, most),
            ),
            Sheet(
                id="axes",
                title="The same in numbers",
                columns=(
                    "Developer", "Model in the index", "Licence", "Parts open", "Of",
                    "Safety practices found",
                ),
                lines=tuple(_placed(*each) for each in placed),
                remarks=("Developers without a model in the index are left out.",),
            ),
        ),
    )  # fmt: skip


def placed_on_axes(vintage: Vintage) -> tuple[tuple[Developer, Row, int], ...]:
    """Return developers with the row of their model in the openness index and its open parts."""
    systems = {row["name"]: row for row in vintage.rows("openness")}
    return tuple(
        (one, row, sum(value == "open" for value in _parts(row).values()))
        for one in developers(vintage)
        if (row := systems.get(one.row["openness_system"])) is not None
    )


def _parts(row: Row) -> dict[str, str]:
    """Return the judgements of the index: the columns after the link."""
    names = list(row.values)
    return {name: row[name] for name in names[names.index("link") + 1 :]}


def _placed(one: Developer, row: Row, parts: int) -> Line:
    looked_at = [one.practices[name].row for name in SAFETY if name in one.practices]
    found = _number(len(one.of_safety), *(each.id for each in looked_at or [one.row]))
    return Line(
        cells=(
            cell(one.row, "developer", is_linked=True),
            cell(row, "model"),
            cell(row, "licence_of_model"),
            _number(parts, row.id),
            _number(len(_parts(row)), row.id),
            replace(found, mark=mark_of(looked_at)),
        ),
        sources=(origin(row),),
    )


def _number(found: int, *rows: str) -> Cell:
    return Cell(text=str(found), rows=rows, rule=Rule.COUNTED, key=f"{found:04d}", tone="num")
