# SPDX-License-Identifier: Apache-2.0
"""Making what the commands about developers, jurisdictions, cases and costs print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from tiergate.cli.landscape_table_documents import (
    CasePart,
    CasesDocument,
    CostPart,
    CostsDocument,
    CountPart,
    DeveloperPart,
    DevelopersDocument,
    DutyPart,
    JudgedPart,
    MatrixDocument,
    PlacePart,
    PracticePart,
    RatingPart,
)
from tiergate.decision.safety_case_judged import JudgedTier
from tiergate.landscape.cases import Case, Cost, cases, costs
from tiergate.landscape.matrix import Applies, Duty, places
from tiergate.landscape.obligations import as_of
from tiergate.landscape.practice import Count, Developer, Practice, developers, disparities, ratings
from tiergate.landscape.vintage import Row, Vintage
from tiergate.report.duty_states import DutyState, state_counts


def sourced(row: Row) -> dict[str, str]:
    """Return the fields that say where a row is from."""
    return {"row": row.id, "source": row.source, "mark": row.read_as.mark}


def developers_document(vintage: Vintage) -> DevelopersDocument:
    """Return who publishes what, and how many do."""
    everybody = developers(vintage)
    tables = ("practices", "transparency", "ratings")
    return DevelopersDocument(
        vintage=vintage.id,
        counts=tuple(map(count_part, disparities(vintage))),
        developers=tuple(map(_developer, everybody)),
        ratings=tuple(
            RatingPart(
                developer=row["developer"],
                rating=row["rating"],
                value=row["value"],
                **sourced(row),
            )
            for row in ratings(vintage)
        ),
        credits=credits_of(row for table in tables for row in vintage.rows(table)),
    )


def credits_of(rows: Iterable[Row]) -> tuple[str, ...]:
    """Return whom to name for rows, each once, with the licences."""
    found = dict.fromkeys((_credit(row), row.licence) for row in rows)
    return tuple(f"{credit} ({licence})" for credit, licence in found)


def _credit(row: Row) -> str:
    is_borrowed = row.table.rows_have_sources and row.licence != row.table.licence
    return row.source_url if is_borrowed else row.table.credit


def count_part(count: Count) -> CountPart:
    """Return a count as it is printed."""
    return CountPart(
        topic=count.topic,
        region=count.region,
        words=count.words,
        number=count.number,
        of=count.of,
        rest={str(found): number for found, number in count.rest.items()},
        counted=tuple(row.id for row in count.counted),
        looked_at=tuple(row.id for row in count.looked_at),
        mark=count.mark,
    )


def _developer(one: Developer) -> DeveloperPart:
    return DeveloperPart(
        name=one.name,
        region=one.region,
        models=one.models,
        asks="" if one.asks is None else one.asks.words,
        clause="" if one.asks is None else one.asks.id,
        practices=tuple(map(_practice, one.practices.values())),
        **sourced(one.row),
    )


def _practice(found: Practice) -> PracticePart:
    return PracticePart(
        practice=found.name, found=found.found.value, says=found.says, **sourced(found.row)
    )


def matrix_document(
    duties: tuple[Duty, ...],
    at: date,
    judged: JudgedTier | None,
    states: Mapping[str, DutyState],
) -> MatrixDocument:
    """Return what jurisdictions ask, beside a decision where there is one.

    Args:
        duties: those that were asked for.
        at: the day for which they were looked at.
        judged: the decision; None without one.
        states: how they stand by it; empty without one.
    """
    return MatrixDocument(
        as_of=as_of(),
        at=at.isoformat(),
        decision=None if judged is None else _judged(judged),
        places=tuple(_place(place, duties, states) for place in places(duties)),
        duties=tuple(_duty(duty, states.get(duty.obligation.id)) for duty in duties),
    )


def _judged(judged: JudgedTier) -> JudgedPart:
    return JudgedPart(
        subject_name=judged.subject_name,
        root_digest=judged.root_digest,
        policy=f"{judged.policy.id} {judged.policy.version}",
        tier=judged.tier.value,
        outcome=judged.outcome.value,
    )


def _place(place: str, duties: tuple[Duty, ...], states: Mapping[str, DutyState]) -> PlacePart:
    own = [duty for duty in duties if duty.obligation.place == place]
    applies = {each.value: sum(duty.applies is each for duty in own) for each in Applies}
    known = (states[duty.obligation.id] for duty in own if duty.obligation.id in states)
    return PlacePart(place=place, applies=applies, states=dict(state_counts(known)))


def _duty(duty: Duty, state: DutyState | None) -> DutyPart:
    asked = duty.obligation
    outcome = None if state is None or state.outcome is None else state.outcome.value
    return DutyPart(
        id=asked.id,
        place=asked.place,
        topic=duty.topic,
        applies=duty.applies.value,
        since=duty.since,
        asks=asked.words,
        applies_to=asked.applies_to,
        answered_by=() if state is None else state.answered_by,
        outcome=outcome,
        state="" if state is None else state.words,
        row=duty.row,
        source=asked.source,
        mark=asked.read_as.mark,
    )


def cases_document(vintage: Vintage) -> CasesDocument:
    """Return the release cases."""
    return CasesDocument(vintage=vintage.id, cases=tuple(map(_case, cases(vintage))))


def _case(found: Case) -> CasePart:
    return CasePart(
        date=found.date,
        who=found.who,
        what=found.what,
        happened=found.happened,
        element=found.element,
        **sourced(found.row),
    )


def costs_document(vintage: Vintage) -> CostsDocument:
    """Return what removing safeguards cost."""
    return CostsDocument(vintage=vintage.id, costs=tuple(map(_cost, costs(vintage))))


def _cost(found: Cost) -> CostPart:
    return CostPart(
        model=found.model,
        method=found.method,
        cost=found.cost,
        usd=None if found.usd is None else f"{found.usd:.2f}",
        usd_is_computed=found.is_computed,
        bound=found.bound,
        metric=found.metric,
        before=found.before,
        after=found.after,
        caveat=found.row["caveat"],
        **sourced(found.row),
    )
