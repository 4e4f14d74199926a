# SPDX-License-Identifier: Apache-2.0
"""The page about jurisdictions: a grid by topic, and every clause, beside a decision if given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from tiergate.decision.outcome import Outcome
from tiergate.decision.safety_case_judged import JudgedTier
from tiergate.landscape.matrix import Applies, Duty, duties, places, topics
from tiergate.report.duty_states import DutyState, duty_states
from tiergate.report.landscape_cells import Cell, Line, Page, Rule, Sheet, of_duty, origin_of

_NO_ADVICE = "Sentences are this project's own and give the sense, not the text. Not legal advice."
_TONES = {Outcome.MET: "met", Outcome.NOT_MET: "not-met", Outcome.UNDETERMINED: "undetermined"}
_SHORT = {"US federal": "US"}


def obligations_page(at: date, judged: JudgedTier | None) -> Page:
    """Return the page.

    Args:
        at: the day for which it is said what binds.
        judged: a decision to hold the clauses against; None for none.
    """
    found = duties(at)
    states = {} if judged is None else duty_states(judged, [duty.obligation for duty in found])
    return Page(
        name="obligations",
        label="Obligations",
        title="Who asks for what",
        lead=_NO_ADVICE,
        parts=(_grid(found), _clauses(found, states, judged)),
    )


def _grid(found: tuple[Duty, ...]) -> Sheet:
    names = places(found)
    own = [
        (topic, [[d for d in found if d.topic == topic and _is_in(d, p)] for p in names])
        for topic in topics()
    ]
    return Sheet(
        id="grid",
        title="Topics by jurisdiction",
        columns=("Topic", *(_SHORT.get(name, name) for name in names)),
        lines=tuple(
            Line(cells=(_topic(topic, cells), *(_strongest(each) for each in cells)))
            for topic, cells in own
            if any(cells)
        ),
        remarks=(
            (
                "Each cell says how the strongest clause applies, and leads to it. An empty one"
                " means that no clause was found."
            ),
        ),
    )


def _is_in(duty: Duty, place: str) -> bool:
    return duty.obligation.place == place


def _topic(topic: str, cells: Sequence[Sequence[Duty]]) -> Cell:
    rows = tuple(duty.row for each in cells for duty in each)
    return Cell(text=topic, rows=rows, rule=Rule.SORTED, column="topic")


def _strongest(own: Sequence[Duty]) -> Cell:
    if not own:
        return Cell(text="", rows=(), rule=Rule.SORTED)
    order = list(Applies)
    best = min(own, key=lambda duty: order.index(duty.applies))
    rows = (best.row, *(duty.row for duty in own if duty is not best))
    return Cell(
        text=best.applies.value,
        rows=rows,
        rule=Rule.SORTED,
        column="applies",
        key=str(order.index(best.applies)),
        mark=best.obligation.read_as.mark,
        tone="strong" if best.applies is Applies.BINDING else "",
        is_linked=True,
    )


def _clauses(
    found: tuple[Duty, ...], states: Mapping[str, DutyState], judged: JudgedTier | None
) -> Sheet:
    columns = ("Clause", "Jurisdiction", "Topic", "Applies", "From", "Asks", "Of whom")
    beside = () if judged is None else ("By the decision",)
    remarks = () if judged is None else (_about(judged),)
    return Sheet(
        id="clauses",
        title="Every clause",
        columns=(*columns, *beside),
        lines=tuple(_clause(duty, states.get(duty.obligation.id)) for duty in found),
        remarks=remarks,
    )


def _about(judged: JudgedTier) -> str:
    return (
        f"Beside the decision on {judged.subject_name} by {judged.policy.id}"
        f" {judged.policy.version}: {judged.tier} {judged.outcome}. A clause is met when every"
        " requirement that answers it is; one that no requirement of the tier answers is not met"
        " by that."
    )


def _clause(duty: Duty, state: DutyState | None) -> Line:
    cells = (
        of_duty(duty, "id", lambda one: one.id),
        of_duty(duty, "place", lambda one: one.place),
        Cell(text=duty.topic, rows=(duty.row,), rule=Rule.SORTED, column="topic"),
        Cell(
            text=duty.applies.value,
            rows=(duty.row,),
            rule=Rule.SORTED,
            column="applies",
            tone="strong" if duty.applies is Applies.BINDING else "",
        ),
        Cell(text=duty.since, rows=(duty.row,), column="in_force_from", tone="nowrap"),
        of_duty(duty, "asks", lambda one: one.asks),
        of_duty(duty, "applies_to", lambda one: one.applies_to),
    )
    beside = () if state is None else (_state(duty, state),)
    return Line(cells=(*cells, *beside), sources=(origin_of(duty.obligation),))


def _state(duty: Duty, state: DutyState) -> Cell:
    by = f" ({', '.join(state.answered_by)})" if state.answered_by else ""
    tone = "" if state.outcome is None else _TONES[state.outcome]
    return Cell(text=f"{state.words}{by}", rows=(duty.row,), rule=Rule.DECIDED, tone=tone)
