# SPDX-License-Identifier: Apache-2.0
"""Every way to make a piece of evidence worse that the laws of decisions are held against.

Each one takes a document and gives it with one thing worse in all that it holds, or None
when there is nothing of the kind in it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal

from builders_decision import AT
from properties.strategies import EXPECTED
from tiergate.evidence.claim import Claim, ClaimField
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.conduct import (
    NOTHING_STATED,
    Audit,
    Conduct,
    Effort,
    GraderKind,
    GraderValidation,
)
from tiergate.evidence.conversion import with_digest
from tiergate.evidence.measurement import (
    Attack,
    AttackBudget,
    Controls,
    Counts,
    Direction,
    Measurement,
    Quantity,
    RunRule,
    Variant,
)
from tiergate.evidence.provenance import BindingLevel, ProducerRelation, Relation, Remark
from tiergate.stats.audit import Adjudication

Worsening = Callable[[EvidenceDocument], EvidenceDocument | None]
_Row = tuple[int, int, int]


def _measurements(change: Callable[[Measurement], Measurement | None]) -> Worsening:
    def apply(document: EvidenceDocument) -> EvidenceDocument | None:
        changed = tuple(change(found) or found for found in document.measurements)
        return _if_changed(document, dataclasses.replace(document, measurements=changed))

    return apply


def _claims(change: Callable[[Claim], Claim | None]) -> Worsening:
    def apply(document: EvidenceDocument) -> EvidenceDocument | None:
        changed = tuple(change(found) or found for found in document.claims)
        return _if_changed(document, dataclasses.replace(document, claims=changed))

    return apply


def _binding(**changes: object) -> Worsening:
    def apply(document: EvidenceDocument) -> EvidenceDocument | None:
        binding = dataclasses.replace(document.binding, **changes)  # type: ignore[arg-type]
        return _if_changed(document, dataclasses.replace(document, binding=binding))

    return apply


def _if_changed(before: EvidenceDocument, after: EvidenceDocument) -> EvidenceDocument | None:
    found = with_digest(after)
    return None if found.digest == before.digest else found


def _rows(counts: Counts) -> list[_Row]:
    return [
        (t.successes, t.scored, t.unscored) for t in counts.tallies for _ in range(t.behaviours)
    ]


def _recounted(counts: Counts, rows: list[_Row], *, planned: int | None = None) -> Counts:
    return Counts.of(rows, planned=counts.planned if planned is None else planned)


def _is_clean(found: Measurement, row: _Row) -> bool:
    """Whether the row has a scored attempt with the safe result."""
    successes, scored, _ = row
    risky = found.direction is Direction.HIGHER_IS_RISKIER
    return scored > successes if risky else successes > 0


def _on_counts(
    change: Callable[[Measurement, Counts, list[_Row]], Counts | None],
) -> Worsening:
    def apply(found: Measurement) -> Measurement | None:
        if not isinstance(found.value, Counts) or not found.value.tallies:
            return None
        value = change(found, found.value, _rows(found.value))
        return None if value is None else dataclasses.replace(found, value=value)

    return _measurements(apply)


def _more_adverse(found: Measurement, counts: Counts, rows: list[_Row]) -> Counts | None:
    place = next((i for i, row in enumerate(rows) if _is_clean(found, row)), None)
    if place is None:
        return None
    successes, scored, unscored = rows[place]
    step = 1 if found.direction is Direction.HIGHER_IS_RISKIER else -1
    rows[place] = (successes + step, scored, unscored)
    return _recounted(counts, rows)


def _much_more_adverse(found: Measurement, counts: Counts, rows: list[_Row]) -> Counts | None:
    risky = found.direction is Direction.HIGHER_IS_RISKIER
    worse: list[_Row] = [(n if risky else 0, n, u) for _, n, u in rows]
    return _recounted(counts, worse)


def _first_unscored(found: Measurement, counts: Counts, rows: list[_Row]) -> Counts | None:
    return _unscored(counts, rows, 0)


def _last_unscored(found: Measurement, counts: Counts, rows: list[_Row]) -> Counts | None:
    return _unscored(counts, rows, len(rows) - 1)


def _unscored(counts: Counts, rows: list[_Row], place: int) -> Counts | None:
    successes, scored, unscored = rows[place]
    if scored == 0:
        return None
    rows[place] = (max(0, successes - 1), scored - 1, unscored + 1)
    return _recounted(counts, rows)


def _never_made(found: Measurement, counts: Counts, rows: list[_Row]) -> Counts | None:
    place = next((i for i, row in enumerate(rows) if _is_clean(found, row)), None)
    if place is None:
        return None
    return _recounted(counts, rows[:place] + rows[place + 1 :])


def _fewer(found: Measurement, counts: Counts, rows: list[_Row]) -> Counts | None:
    """Drop half of the behaviours on which all went well, and do not plan them either."""
    risky = found.direction is Direction.HIGHER_IS_RISKIER
    clean = [row for row in rows if row[0] == (0 if risky else row[1]) and row[2] == 0]
    kept = list(rows)
    for row in clean[: len(clean) // 2]:
        kept.remove(row)
    gone = sum(s[1] + s[2] for s in rows) - sum(s[1] + s[2] for s in kept)
    return _recounted(counts, kept, planned=counts.planned - gone)


def _planned_more(found: Measurement, counts: Counts, rows: list[_Row]) -> Counts | None:
    return _recounted(counts, rows, planned=counts.planned + 40)


def _beyond(found: Measurement) -> Measurement | None:
    if not isinstance(found.value, Quantity):
        return None
    value = dataclasses.replace(found.value, upper=found.value.upper + 1000)
    return dataclasses.replace(found, value=value)


def _other_unit(found: Measurement) -> Measurement | None:
    if not isinstance(found.value, Quantity):
        return None
    return dataclasses.replace(found, value=dataclasses.replace(found.value, unit="weeks"))


def _weaker_baseline(found: Measurement) -> Measurement | None:
    if found.comparison is None:
        return None
    rows: list[_Row] = [(0, n, u) for _, n, u in _rows(found.comparison.counts)]
    worse = dataclasses.replace(found.comparison, counts=Counts.of(rows))
    return dataclasses.replace(found, comparison=worse)


def _unscored_baseline(found: Measurement) -> Measurement | None:
    if found.comparison is None:
        return None
    rows: list[_Row] = [(0, 0, n + u) for _, n, u in _rows(found.comparison.counts)]
    worse = dataclasses.replace(found.comparison, counts=Counts.of(rows))
    return dataclasses.replace(found, comparison=worse)


def _no_baseline(found: Measurement) -> Measurement | None:
    # Without its baseline a result says nothing about a margin, so only a result that says
    # nothing against the model is made worse by that; the register sees the other kind.
    clean = isinstance(found.value, Counts) and found.value.successes == 0
    return dataclasses.replace(found, comparison=None) if clean else None


def _attack(change: Callable[[Attack], Attack]) -> Worsening:
    def apply(found: Measurement) -> Measurement | None:
        if found.attack is None:
            return None
        return dataclasses.replace(found, attack=change(found.attack))

    return _measurements(apply)


def _halved(attack: Attack) -> Attack:
    return dataclasses.replace(attack, budget=_a_tenth(attack.budget))


def _a_tenth(spent: AttackBudget) -> AttackBudget:
    return AttackBudget(
        usd=None if spent.usd is None else spent.usd / 10,
        gpu_hours=None if spent.gpu_hours is None else spent.gpu_hours / 10,
        steps=None if spent.steps is None else spent.steps // 10,
        examples=None if spent.examples is None else spent.examples // 10,
        attempts=None if spent.attempts is None else max(1, spent.attempts // 10),
        flop=None if spent.flop is None else spent.flop // 10,
    )


def _less_searched(attack: Attack) -> Attack:
    return dataclasses.replace(
        attack,
        trials=None if attack.trials is None else max(1, attack.trials // 2),
        seeds=None if attack.seeds is None else max(1, attack.seeds // 2),
    )


def _ruled(change: Callable[[RunRule], RunRule]) -> Callable[[Attack], Attack]:
    def apply(attack: Attack) -> Attack:
        rule = None if attack.rule is None else change(attack.rule)
        return dataclasses.replace(attack, rule=rule)

    return apply


def _under_another_name(found: Measurement) -> Measurement | None:
    # What speaks against the model is not made worse by another name, only moved elsewhere.
    value = found.value
    if found.attack is None or not isinstance(value, Counts):
        return None
    if value.successes or value.planned > value.scored or not value.scored:
        return None
    return dataclasses.replace(
        found, attack=dataclasses.replace(found.attack, name="something else")
    )


def _without_field(claim: Claim) -> Claim | None:
    # A number beyond its limit is adverse; to drop it is no worsening, and the register sees it.
    kept = all(field.number is None or field.number >= Decimal(30) for field in claim.fields)
    return dataclasses.replace(claim, fields=()) if kept else None


def _field_beyond(claim: Claim) -> Claim | None:
    fields = tuple(
        ClaimField(name=f.name, value="0") if f.number is not None else f for f in claim.fields
    )
    return dataclasses.replace(claim, fields=fields)


def _emptied_field(claim: Claim) -> Claim | None:
    kept = all(field.number is None or field.number >= Decimal(30) for field in claim.fields)
    fields = tuple(ClaimField(name=field.name, value=" ") for field in claim.fields)
    return dataclasses.replace(claim, fields=fields) if kept else None


def _to_the_contrary(claim: Claim) -> Claim:
    return dataclasses.replace(claim, holds=not EXPECTED.get(claim.item, True))


def _dated(document: EvidenceDocument, days: int) -> EvidenceDocument | None:
    when = AT + timedelta(days=days)
    dated = dataclasses.replace(
        document,
        measurements=tuple(
            dataclasses.replace(found, finished_at=when) for found in document.measurements
        ),
        claims=tuple(dataclasses.replace(found, made_at=when) for found in document.claims),
    )
    return _if_changed(document, dated)


def _by_the_developer(document: EvidenceDocument) -> EvidenceDocument | None:
    producer = dataclasses.replace(document.producer, relation=ProducerRelation.DEVELOPER)
    return _if_changed(document, dataclasses.replace(document, producer=producer))


def _conducted(change: Callable[[Conduct], Conduct]) -> Worsening:
    return _measurements(lambda found: dataclasses.replace(found, conduct=change(found.conduct)))


def _undecided_audit(found: Measurement) -> Measurement | None:
    if not isinstance(found.value, Counts) or not found.value.attempted:
        return None
    riskier = found.direction is Direction.HIGHER_IS_RISKIER
    tallies = tuple(
        Adjudication(
            confirmed=t.successes if riskier else t.scored - t.successes,
            unscored=t.unscored,
            undecided=t.scored - t.successes if riskier else t.successes,
            behaviours=t.behaviours,
        )
        for t in found.value.tallies
    )
    audit = Audit(tallies=tallies, seed="a seed", labelled_by="nobody in particular")
    return dataclasses.replace(found, audit=audit)


def _noticed(code: str) -> Worsening:
    remark = Remark(code=code, message="noticed afterwards")
    return lambda document: _if_changed(
        document, dataclasses.replace(document, remarks=(*document.remarks, remark))
    )


BLIND = GraderValidation(
    positives=100,
    positives_found=0,
    negatives=100,
    negatives_cleared=100,
    same_distribution=True,
    source="two people",
)

WORSENINGS: Mapping[str, Worsening] = {
    "one more attempt goes the wrong way": _on_counts(_more_adverse),
    "every attempt goes the wrong way": _on_counts(_much_more_adverse),
    "one attempt loses its score": _on_counts(_first_unscored),
    "another attempt loses its score": _on_counts(_last_unscored),
    "a behaviour was planned and never tried": _on_counts(_never_made),
    "half of the clean behaviours are gone": _on_counts(_fewer),
    "forty more attempts were planned and never made": _on_counts(_planned_more),
    "a quantity moves beyond its limit": _measurements(_beyond),
    "a quantity comes in another unit": _measurements(_other_unit),
    "the baseline does nothing harmful": _measurements(_weaker_baseline),
    "the baseline has no scores": _measurements(_unscored_baseline),
    "the baseline is gone": _measurements(_no_baseline),
    "fewer raw samples are kept": _measurements(
        lambda found: dataclasses.replace(found, samples_kept=0)
    ),
    "the model was measured as released": _measurements(
        lambda found: dataclasses.replace(
            found, setting=dataclasses.replace(found.setting, variant=Variant.AS_RELEASED)
        )
    ),
    "the controls failed": _attack(lambda a: dataclasses.replace(a, controls=Controls.FAILED)),
    "the attacker spent a tenth": _attack(_halved),
    "the attack does not say what it cost": _attack(
        lambda a: dataclasses.replace(a, budget=AttackBudget())
    ),
    "nobody says what the search spent, or what it cost without one": _attack(
        lambda a: (
            dataclasses.replace(a, search_budget=None)
            if a.search_budget
            else dataclasses.replace(a, budget=AttackBudget())
        )
    ),
    "the search spent a tenth, or the attacker without one": _attack(
        lambda a: (
            dataclasses.replace(a, search_budget=_a_tenth(a.search_budget))
            if a.search_budget
            else _halved(a)
        )
    ),
    "half as many settings and seeds were tried": _attack(_less_searched),
    "nobody says how much was tried": _attack(
        lambda a: dataclasses.replace(a, trials=None, seeds=None, longest_run_steps=None)
    ),
    "the longest run was shorter": _attack(
        lambda a: dataclasses.replace(
            a, longest_run_steps=None if a.longest_run_steps is None else a.longest_run_steps // 3
        )
    ),
    "nobody says by which rule its settings were judged": _attack(
        lambda a: dataclasses.replace(a, rule=None)
    ),
    "its settings were held to a looser limit": _attack(
        _ruled(lambda rule: dataclasses.replace(rule, limit=Decimal("0.3")))
    ),
    "its settings were judged less surely": _attack(
        _ruled(lambda rule: dataclasses.replace(rule, confidence=Decimal("0.5")))
    ),
    "an attack that was survived has another name": _measurements(_under_another_name),
    "a field of a claim is dropped": _claims(_without_field),
    "a field of a claim says nothing": _claims(_emptied_field),
    "a number of a claim is beyond its limit": _claims(_field_beyond),
    "a claim says the contrary": _claims(_to_the_contrary),
    "it is older": lambda document: _dated(document, -200),
    "it is much older": lambda document: _dated(document, -1000),
    "it is dated in the future": lambda document: _dated(document, 1),
    "it is tied to the weights by a name": _binding(level=BindingLevel.NAME),
    "it names no digest": _binding(root_digest=""),
    "it is about weights fine-tuned from these": _binding(relation=Relation.FINE_TUNED_FROM),
    "nobody knows which weights ran": _binding(relation=Relation.UNKNOWN),
    "the developer made it": _by_the_developer,
    "nobody says how it was conducted": _conducted(lambda _: NOTHING_STATED),
    "less effort was made": _conducted(lambda c: dataclasses.replace(c, effort=Effort.STATIC)),
    "a model that nobody checked graded": _conducted(
        lambda c: dataclasses.replace(c, grader_kind=GraderKind.MODEL)
    ),
    "a grader that misses everything graded": _conducted(
        lambda c: dataclasses.replace(c, grader_kind=GraderKind.MODEL, grader_validation=BLIND)
    ),
    "the code of the task is not stated": _conducted(
        lambda c: dataclasses.replace(c, task_commit="")
    ),
    "the attack is not stated": _measurements(
        lambda found: (
            dataclasses.replace(found, attack=None)
            if found.setting.variant is Variant.WORST_CASE
            else None
        )
    ),
    "people looked and could not tell": _measurements(_undecided_audit),
    "the log says something else than its header": _noticed("header-disagrees"),
    "other models answered some of it": _noticed("model-fallbacks"),
    "the log is gone": lambda document: _if_changed(
        document, dataclasses.replace(document, source=None)
    ),
}
"""From a sentence to the change."""
