# SPDX-License-Identifier: Apache-2.0
"""Compute a recorded decision again, from its evidence and its policy.

The same evidence under the same policy at the same time gives the same bytes, or it is said
which requirement differs. Where signatures on evidence or waivers were looked at, the same
trust file and the same signed files are needed too. What the decision did not see is left out,
and named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tiergate.attestation.trust import Trust
from tiergate.decision.document import decision_document, inputs_document
from tiergate.decision.evaluate import evaluate
from tiergate.decision.policy import Policy
from tiergate.decision.waiver import Waiver
from tiergate.decision.waiver_signing import GivenWaivers, counted
from tiergate.errors import DigestMismatchError, EvidenceError
from tiergate.evidence.attestations import GivenAttestation, vouch
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
    """Digests of what was given and that the decision did not see, sorted."""

    @property
    def agrees(self) -> bool:
        """Whether it is the same, or the same but for the version of the program."""
        one, two = self.versions
        return self.is_identical or (one != two and not self.differences)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What was given to compute a decision again."""

    documents: tuple[EvidenceDocument, ...]
    """Evidence."""
    attestations: tuple[GivenAttestation, ...] = ()
    """Files that may vouch for it."""
    waivers: tuple[GivenWaivers, ...] = ()
    """Files of signed waivers."""
    trust: Trust | None = None
    """Whose signatures are believed; None when no trust file was given."""

    @property
    def every(self) -> tuple[EvidenceDocument | GivenAttestation | GivenWaivers, ...]:
        """Everything that is known by a digest of its bytes, but the trust file."""
        return (*self.documents, *self.attestations, *self.waivers)


def replay_record(record: Record, policy: Policy, sources: Sources) -> Replay:
    """Decide again and compare.

    Raises:
        DigestMismatchError: the policy or the trust file is not the one that was used.
        EvidenceError: something that the decision used was not given.
        VerificationError: a signature names a trusted key and does not hold.
    """
    stated = record.predicate
    _same_policy(stated, policy)
    trust = _same_trust(stated, sources.trust)
    given = {one.digest: one for one in sources.every}
    named = _named(stated)
    _all_there(sorted(named - given.keys()))
    known = [given[digest] for digest in sorted(named)]
    evidence = _collection(stated, known, trust)
    waivers = _waivers(stated, known, policy, trust)
    computed = _computed(stated, policy, evidence, waivers)
    payload = statement_of(computed).to_bytes()
    unused = set() if trust is not None or sources.trust is None else {sources.trust.digest}
    return Replay(
        is_identical=payload == record.envelope.payload,
        differences=tuple(_differences(stated, computed)),
        versions=(stated.decision.engine_version, computed.decision.engine_version),
        left_out=tuple(sorted((given.keys() - named) | unused)),
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


def _same_trust(stated: RecordPredicate, given: Trust | None) -> Trust | None:
    """Return the trust file that was used; None when none was, whatever is given now."""
    used = stated.inputs.trust_digest
    if not used and not any(waiver.signature for waiver in stated.decision.waivers):
        return None
    if given is None:
        found = "no trust file, and the decision was taken with one"
        raise EvidenceError("evidence", found, used, "Give it with --trust.")
    if given.digest != used:
        remedy = "Give the file that was used with --trust."
        raise DigestMismatchError("trust file", given.digest, used, remedy)
    return given


def _named(stated: RecordPredicate) -> set[str]:
    return {
        *stated.decision.used,
        *stated.decision.elsewhere,
        *(attestation.digest for attestation in stated.inputs.attestations),
        *(waiver.signature for waiver in stated.decision.waivers if waiver.signature),
    }


def _all_there(absent: list[str]) -> None:
    if absent:
        raise EvidenceError(
            "evidence",
            f"nothing with digest {', '.join(absent)}",
            "all evidence that the decision used, attestations and signed waivers too",
            "Give it with --evidence or --store, and signed waivers with --waiver.",
        )


def _collection(
    stated: RecordPredicate, known: Iterable[object], trust: Trust | None
) -> Collection:
    checkpoint, root = stated.checkpoint, stated.checkpoint.root_digest
    found = tuple(known)
    documents = [one for one in found if isinstance(one, EvidenceDocument)]
    attestations = (one for one in found if isinstance(one, GivenAttestation))
    vouching, _ = vouch(documents, attestations, trust, at=stated.decision.at)
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
        vouching,
    )


def _waivers(
    stated: RecordPredicate, known: Iterable[object], policy: Policy, trust: Trust | None
) -> tuple[Waiver, ...]:
    """Return the waivers of the record, but the signed ones that their files do not bear out."""
    root, at = stated.checkpoint.root_digest, stated.decision.at
    every = [Waiver(root_digest=root, **dict(part)) for part in stated.decision.waivers]
    if trust is None:
        return tuple(every)
    files = (one for one in known if isinstance(one, GivenWaivers))
    borne_out, _ = counted(files, trust, policy.waivers.roles, at=at)
    return tuple(waiver for waiver in every if waiver in borne_out)


def _computed(
    stated: RecordPredicate, policy: Policy, evidence: Collection, waivers: Iterable[Waiver]
) -> RecordPredicate:
    before = stated.decision
    decision = decision_document(
        evaluate(
            policy,
            evidence,
            at=before.at,
            asked=None if before.asked_by_default else before.asked,
            waivers=waivers,
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
