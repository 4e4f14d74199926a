# SPDX-License-Identifier: Apache-2.0
"""Compute a recorded decision again, from its evidence and its policy.

The same evidence under the same policy at the same time gives the same bytes, or it is said
which requirement differs. Evidence that the decision did not see is left out, and named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tiergate.decision.document import decision_document, inputs_document
from tiergate.decision.evaluate import evaluate
from tiergate.decision.policy import Policy
from tiergate.decision.waiver import Waiver
from tiergate.errors import DigestMismatchError, EvidenceError
from tiergate.evidence.collection import (
    Collection,
    EvidenceDocument,
    RegisteredDocument,
    Subject,
    collect,
)
from tiergate.evidence.runs import PlannedRun
from tiergate.release.record import Record, lapses_at, statement_of
from tiergate.release.record_document import RecordPredicate

VERSION_FIELD = "decision.engine_version"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What came of computing a decision again."""

    is_identical: bool
    """Whether the payload is the same, byte for byte."""
    differences: tuple[str, ...]
    """Where it differs, in words; the requirements first."""
    versions: tuple[str, str]
    """Versions of the program: of the record, and the one that ran now."""
    left_out: tuple[str, ...]
    """Digests of evidence that was given and that the decision did not see, sorted."""

    @property
    def agrees(self) -> bool:
        """Whether it is the same, or the same but for the version of the program."""
        one, two = self.versions
        return self.is_identical or (one != two and not self.differences)


def replay_record(record: Record, policy: Policy, documents: Iterable[EvidenceDocument]) -> Replay:
    """Decide again and compare.

    Raises:
        DigestMismatchError: the policy is not the one that was used.
        EvidenceError: evidence that the decision used was not given.
    """
    stated = record.predicate
    _same_policy(stated, policy)
    given = {document.digest: document for document in documents}
    named = {*stated.decision.used, *stated.decision.elsewhere}
    _all_there(sorted(named - given.keys()))
    evidence = _collection(stated, [given[digest] for digest in sorted(named)])
    computed = _computed(stated, policy, evidence)
    payload = statement_of(computed).to_bytes()
    return Replay(
        is_identical=payload == record.envelope.payload,
        differences=tuple(_differences(stated, computed)),
        versions=(stated.decision.engine_version, computed.decision.engine_version),
        left_out=tuple(sorted(given.keys() - named)),
    )


def _same_policy(stated: RecordPredicate, policy: Policy) -> None:
    decision = stated.decision
    if policy.digest != decision.policy_digest:
        raise DigestMismatchError(
            f"policy {policy.id} {policy.version}",
            policy.digest,
            f"{decision.policy_digest} ({decision.policy_id} {decision.policy_version})",
            "Give the file that was used with --policy.",
        )


def _all_there(absent: list[str]) -> None:
    if absent:
        raise EvidenceError(
            "evidence",
            f"nothing with digest {', '.join(absent)}",
            "all evidence that the decision used",
            "Give it with --evidence or --store.",
        )


def _collection(stated: RecordPredicate, documents: list[EvidenceDocument]) -> Collection:
    checkpoint, root = stated.checkpoint, stated.checkpoint.root_digest
    return collect(
        Subject(
            name=checkpoint.name,
            root_digest=root,
            code_files=checkpoint.code_files,
            output_modalities=frozenset(checkpoint.output_modalities),
        ),
        documents,
        (
            RegisteredDocument(digest=gone.digest, root_digest=root, topics=frozenset(gone.topics))
            for gone in stated.inputs.missing
        ),
        (PlannedRun(root_digest=root, **dict(run)) for run in stated.inputs.runs),
    )


def _computed(stated: RecordPredicate, policy: Policy, evidence: Collection) -> RecordPredicate:
    before = stated.decision
    root = stated.checkpoint.root_digest
    decision = decision_document(
        evaluate(
            policy,
            evidence,
            at=before.at,
            asked=None if before.asked_by_default else before.asked,
            waivers=[Waiver(root_digest=root, **dict(waiver)) for waiver in before.waivers],
        )
    )
    return RecordPredicate(
        made_at=stated.made_at,
        valid_until=lapses_at(decision),
        checkpoint=stated.checkpoint,
        decision=decision,
        inputs=inputs_document(evidence),
    )


def _differences(stated: RecordPredicate, computed: RecordPredicate) -> Iterator[str]:
    before, after = stated.decision, computed.decision
    yield from _in_requirements(stated, computed)
    for name in ("outcome", "supported", "asked"):
        one, two = getattr(before, name), getattr(after, name)
        if one != two:
            yield f"{name}: {one} in the record, {two} now"
    rest = (
        place
        for place in _places(stated.model_dump(mode="json"), computed.model_dump(mode="json"), "")
        if place != VERSION_FIELD
    )
    yield from (f"field {place}" for place in rest)


def _in_requirements(stated: RecordPredicate, computed: RecordPredicate) -> Iterator[str]:
    now = {tier.tier: tier for tier in computed.decision.tiers}
    for before in stated.decision.tiers:
        after = now.get(before.tier)
        if after is None:
            continue
        rows = {row.id: row for row in (*after.requirements, *after.fast_path)}
        for row in (*before.requirements, *before.fast_path):
            again = rows.get(row.id)
            if again is None:
                yield f"{before.tier} {row.id}: {row.outcome} in the record, not asked now"
            elif again.outcome is not row.outcome:
                yield f"{before.tier} {row.id}: {row.outcome} in the record, {again.outcome} now"
            elif again != row:
                yield f"{before.tier} {row.id}: {row.outcome} both times, for other reasons"


def _places(one: object, two: object, place: str) -> Iterator[str]:
    """Yield the dotted paths of the lowest places at which two documents differ."""
    if isinstance(one, dict) and isinstance(two, dict):
        for name in sorted(one.keys() | two.keys()):
            yield from _places(one.get(name), two.get(name), f"{place}.{name}".lstrip("."))
    elif isinstance(one, list) and isinstance(two, list) and len(one) == len(two):
        for index, (left, right) in enumerate(zip(one, two, strict=True)):
            yield from _places(left, right, f"{place}.{index}")
    elif one != two:
        yield place
