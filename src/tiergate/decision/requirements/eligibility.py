# SPDX-License-Identifier: Apache-2.0
"""What a piece of evidence must be like to *support* a requirement.

Only support is decided here. Adverse evidence needs no such thing: a harm that was shown
counts, however weakly the result is tied to the weights and however old it is.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from tiergate.decision.policy import Scene
from tiergate.evidence.collection import ClaimItem, EvidenceDocument, MeasurementItem
from tiergate.evidence.grades import Dimension, Grade, assurance_grade, grades
from tiergate.evidence.measurement import Controls, Direction, Variant
from tiergate.evidence.provenance import ProducerRelation, Relation

HAVE_IT_SIGNED = "have whoever made it sign it (tiergate evidence sign), and check with --trust"
SAY_WHO_MEASURED = (
    "say who measured it: tiergate evidence add LOG --model MODEL --mapping MAPPING"
    " --producer NAME --relation RELATION"
)
_WORST_CASE_RELATIONS = frozenset({Relation.IDENTICAL, Relation.SAFEGUARDS_REMOVED})


def reasons_against_measurement(
    item: MeasurementItem, scene: Scene, variant: Variant, direction: Direction
) -> tuple[str, ...]:
    """Say why a measurement cannot support a requirement about ``variant``; empty when it can.

    A clean result on the worst-case variant also supports what is asked of the model as
    released; the reverse does not hold.
    """
    memo = scene.memo
    if memo is None:
        return _reasons(item, scene, variant, direction)
    key = (item.id, memo.number_of(scene.standards), variant, direction)
    found = memo.reasons.get(key)
    if found is None:
        found = memo.reasons[key] = _reasons(item, scene, variant, direction)
    return found


def _reasons(
    item: MeasurementItem, scene: Scene, variant: Variant, direction: Direction
) -> tuple[str, ...]:
    found = item.measurement
    reasons = [
        *_document_reasons(item.document, scene),
        *_age_reasons(found.finished_at, scene),
    ]
    relation = item.document.binding.relation
    worst = found.setting.variant is Variant.WORST_CASE
    if relation not in (_WORST_CASE_RELATIONS if worst else {Relation.IDENTICAL}):
        reasons.append(f"measured on weights that are related as: {relation}")
    reasons += _grade_reasons(item, scene)
    if worst and relation is Relation.IDENTICAL and found.attack is None:
        reasons.append("says worst case of the released weights, and names no attack on them")
    if relation is Relation.SAFEGUARDS_REMOVED and item.document.binding.measured_digest in {
        "",
        item.document.binding.root_digest,
    }:
        reasons.append("says that safeguards were removed, and names no digest of such weights")
    if variant is Variant.WORST_CASE and not worst:
        reasons.append("measured as released, and the worst-case variant is asked for")
    if found.direction is not direction:
        reasons.append(f"declared as {found.direction}, and the requirement reads it the other way")
    if found.attack is not None and found.attack.controls is not Controls.PASSED:
        reasons.append(f"void: controls {found.attack.controls}")
    return tuple(reasons)


def reasons_against_claim(item: ClaimItem, scene: Scene) -> tuple[str, ...]:
    """Say why a claim cannot support a requirement; empty when it can.

    A claim names the checkpoint's digest or nothing; it needs no tie to a run.
    """
    reasons = list(_age_reasons(item.claim.made_at, scene))
    if not _names_this(item.document, scene):
        reasons.append("names no digest of this checkpoint")
    return tuple(reasons)


def reasons_against_maker(document: EvidenceDocument, scene: Scene) -> list[str]:
    """Say why nobody can rely on who made a claim, where the policy cares who did.

    Claims are not graded. Where only some may make one, their name alone does not show that
    they did, so the tier's grade of assurance is asked for.
    """
    grade = assurance_grade(document, scene.evidence)
    return _short_of(grade, scene.standards.grade_asked(grade.dimension, scene.variant))


def lacks_only_assurance(reasons: tuple[str, ...]) -> bool:
    """Tell whether a signature is all that keeps evidence from supporting a requirement."""
    return bool(reasons) and all(text.startswith(f"{Dimension.ASSURANCE} ") for text in reasons)


def lacks_only_a_producer(reasons: tuple[str, ...]) -> bool:
    """Tell whether evidence supports nothing just because nobody said who made it."""
    start, unsaid = f"{Dimension.INDEPENDENCE} graded 0,", f"({ProducerRelation.UNKNOWN},"
    return bool(reasons) and all(text.startswith(start) and unsaid in text for text in reasons)


def _document_reasons(document: EvidenceDocument, scene: Scene) -> list[str]:
    binding = document.binding
    if not _names_this(document, scene):
        return ["names no digest of this checkpoint"]
    if binding.relation is Relation.IDENTICAL and binding.measured_digest not in {
        "",
        binding.root_digest,
    }:
        return ["says that identical weights ran, and names the digest of others"]
    return []


def _grade_reasons(item: MeasurementItem, scene: Scene) -> list[str]:
    variant = item.measurement.setting.variant
    return [
        reason
        for grade in _grades(item, scene)
        for reason in _short_of(grade, scene.standards.grade_asked(grade.dimension, variant))
    ]


def _grades(item: MeasurementItem, scene: Scene) -> tuple[Grade, ...]:
    """Grade a measurement, once for every check that reads it."""
    if scene.memo is None:
        return grades(item, scene.evidence)
    found = scene.memo.grades.get(item.id)
    if found is None:
        found = scene.memo.grades[item.id] = grades(item, scene.evidence)
    return found


def _short_of(grade: Grade, asked: int) -> list[str]:
    if grade.value >= asked:
        return []
    return [f"{grade.dimension} graded {grade.value}, {asked} asked for ({grade.reason})"]


def _names_this(document: EvidenceDocument, scene: Scene) -> bool:
    # Two empty digests are not the same checkpoint: nobody knows what either is about.
    named = document.binding.root_digest
    return named != "" and named == scene.evidence.subject.root_digest


def _age_reasons(when: datetime, scene: Scene) -> list[str]:
    if when > scene.at:
        return [f"dated {when:%Y-%m-%d}, after the time of the decision"]
    longest = scene.standards.longest_age_days
    if scene.at - when > timedelta(days=float(longest.value)):
        return [f"dated {when:%Y-%m-%d}, older than {longest.value} days"]
    return []
