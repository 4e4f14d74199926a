# SPDX-License-Identifier: Apache-2.0
"""What the commands about developers, jurisdictions, cases and costs print for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from tiergate.cli.landscape_table_documents import (
    CasesDocument,
    CostsDocument,
    CountPart,
    DeveloperPart,
    DevelopersDocument,
    DutyPart,
    MatrixDocument,
    RowDocument,
    SourcedPart,
)
from tiergate.cli.text import heading, plain, shortened, wrapped
from tiergate.landscape.cases import USD_PER_GPU_HOUR

SHORT = {
    "framework": "framework",
    "dangerous-capability evaluations": "evaluated",
    "testing by outsiders": "outsiders",
    "adversarial fine-tuning test": "fine-tune",
    "incident channel": "incidents",
    "gated download": "gated",
}
"""Practices that have a column, and its heading."""
_CELLS = {"not found": "-", "not checked": "?", "": ""}
_MARKS = {"read second-hand": "*", "not checked": "!", "computed": "="}
_NOT_NO = (
    "Not found in what was read is not no: it is counted as neither. Nothing here says which"
    " developer is safer."
)
NO_ADVICE = (
    "Sentences are this project's own and give the sense, not the text; what is marked was not"
    " read at first hand. Not legal advice."
)


def developers_lines(found: DevelopersDocument) -> Iterator[str]:
    """Say how many do what, then who."""
    yield heading("WHAT DEVELOPERS OF OPEN WEIGHTS PUBLISH")
    for count in found.counts:
        if not count.region:
            yield from _count(count, found.counts)
    yield ""
    yield heading("WHO")
    yield f"{'':<18}" + "".join(f"{name:<10}" for name in SHORT.values()).rstrip()
    yield from map(_developer_row, found.developers)
    yield ""
    yield "-  nothing found in what was read    ?  nobody has looked"
    yield "*  read second-hand    !  known at third hand, not checked"
    yield from wrapped(_NOT_NO, "")
    yield from wrapped(
        "`tiergate landscape developers NAME` says more of one, with sources; --csv and --json"
        " have everything.",
        "",
    )
    yield from _vintage(found.vintage, found.credits)


def _count(count: CountPart, every: Iterable[CountPart]) -> Iterator[str]:
    mark = f" [{count.mark}]" if count.mark else ""
    yield from wrapped(f"{count.words}{mark}", "      ", "  ")
    regions = [
        f"{each.region} {each.number} of {each.of}"
        for each in every
        if each.region and each.topic == count.topic
    ]
    if regions:
        yield from wrapped(", ".join(regions), "      ")
    if count.rest:
        rest = ", ".join(f"{number} {words}" for words, number in count.rest.items())
        yield from wrapped(f"the others: {rest}", "      ")


def _developer_row(one: DeveloperPart) -> str:
    cells = {each.practice: each for each in one.practices}
    words = []
    for name in SHORT:
        cell = cells.get(name)
        text = "" if cell is None else _CELLS.get(cell.found, cell.found)
        mark = _MARKS.get("" if cell is None else cell.mark, "")
        words.append(f"{text}{mark}".ljust(10))
    return f"{shortened(one.name, 17):<18}{''.join(words)}".rstrip()


def developer_lines(one: DeveloperPart, found: DevelopersDocument) -> Iterator[str]:
    """Say what is known of one developer, with the source of each statement."""
    yield heading(plain(one.name)) + f"  {plain(one.region)}"
    yield from wrapped(f"looked at: {one.models}", "  ")
    if one.asks:
        yield from wrapped(f"says: {one.asks} ({one.clause})", "  ")
    for each in one.practices:
        yield ""
        yield from wrapped(f"{each.practice}: {each.found}{_marked(each)}", "    ", "  ")
        yield from wrapped(each.says, "    ")
        yield from _source(each, "    ")
    for rating in found.ratings:
        if rating.developer == one.name:
            yield ""
            yield from wrapped(f"{rating.rating}: {rating.value}{_marked(rating)}", "    ", "  ")
            yield from _source(rating, "    ")
    yield ""
    yield from wrapped(_NOT_NO, "")
    yield from _vintage(found.vintage, ())


def matrix_lines(found: MatrixDocument, *, in_full: bool) -> Iterator[str]:
    """Say what jurisdictions ask: counts, and with ``in_full`` each clause."""
    yield heading("WHAT JURISDICTIONS ASK") + f"  facts of {found.as_of}, as it binds on {found.at}"
    if found.decision is not None:
        judged = found.decision
        yield from wrapped(
            f"beside the decision on {judged.subject_name} by {judged.policy}: {judged.tier}"
            f" {judged.outcome}",
            "  ",
        )
    yield ""
    yield from _grid(found)
    if in_full:
        place = ""
        for duty in found.duties:
            if duty.place != place:
                place = duty.place
                yield ""
                yield heading(plain(place))
            yield from _duty(duty)
    else:
        yield ""
        yield "Each clause with its source: --place EU, --topic incidents, or --all."
    yield ""
    yield from wrapped(NO_ADVICE, "")


def _grid(found: MatrixDocument) -> Iterator[str]:
    columns = list(found.places[0].applies) if found.places else []
    yield f"  {'':<14}" + "".join(f"{name:>13}" for name in columns)
    for each in found.places:
        numbers = "".join(f"{each.applies[name]:>13}" for name in columns)
        yield f"  {shortened(each.place, 14):<14}{numbers}"
        if each.states:
            words = ", ".join(f"{number} {state}" for state, number in each.states.items())
            yield from wrapped(words, "      ")


def _duty(duty: DutyPart) -> Iterator[str]:
    since = f" from {duty.since}" if duty.since else ""
    yield from wrapped(f"{duty.id}  {duty.applies}{since}  {duty.topic}", "      ", "  ")
    yield from wrapped(duty.asks, "      ")
    if duty.state:
        by = f" ({', '.join(duty.answered_by)})" if duty.answered_by else ""
        yield from wrapped(f"decision: {duty.state}{by}", "        ", "      ")
    yield from _source(duty, "      ")


def cases_lines(found: CasesDocument) -> Iterator[str]:
    """Say what happened to releases."""
    yield heading("RELEASES THAT USED A TIERING ELEMENT, OR LACKED ONE")
    for case in found.cases:
        yield ""
        yield from wrapped(f"{case.date}  {case.who}: {case.what}", "    ", "  ")
        yield from wrapped(f"{case.happened}{_marked(case)}", "    ")
        yield from wrapped(f"element: {case.element}", "    ")
        yield from _source(case, "    ")
    yield from _vintage(found.vintage, ())


def costs_lines(found: CostsDocument) -> Iterator[str]:
    """Say what removing safeguards cost."""
    yield heading("WHAT IT TOOK TO REMOVE A SAFEGUARD, OR TO FAIL")
    for cost in found.costs:
        yield ""
        yield from wrapped(f"{cost.model}: {cost.method}", "    ", "  ")
        dollars = "" if cost.usd is None else f" ({cost.bound} USD {cost.usd}"
        how = f" at USD {USD_PER_GPU_HOUR} an hour, computed" if cost.usd_is_computed else ""
        amount = f"{dollars}{how})" if dollars else ""
        yield from wrapped(f"{cost.cost}{amount}{_marked(cost)}", "    ")
        change = " to ".join(filter(None, (cost.before, cost.after)))
        yield from wrapped(f"{cost.metric}: {change}" if change else cost.metric, "    ")
        if cost.caveat:
            yield from wrapped(f"but: {cost.caveat}", "    ")
        yield from _source(cost, "    ")
    yield ""
    yield from wrapped(
        "Sizes of models, prices and what counts as success differ: these figures do not rank"
        " attacks or models.",
        "",
    )
    yield from _vintage(found.vintage, ())


def row_lines(found: RowDocument) -> Iterator[str]:
    """Show a row as it stands."""
    yield heading(f"{plain(found.row)}") + f"  {plain(found.table)}, {found.vintage}"
    for column, value in found.values.items():
        if value:
            yield from wrapped(f"{column}: {value}", "      ", "  ")
    yield from wrapped(found.source, "      ", "  source: ", keep_words=True)


def _marked(part: SourcedPart) -> str:
    return f" [{part.mark}]" if part.mark else ""


def _source(part: SourcedPart, indent: str) -> Iterator[str]:
    yield from wrapped(f"{part.source} <{part.row}>", indent, keep_words=True)


def _vintage(vintage: str, credits_: Sequence[str]) -> Iterator[str]:
    yield ""
    yield from wrapped(f"Vintage {vintage}. {'; '.join(credits_)}".rstrip(), "")
