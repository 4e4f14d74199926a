# SPDX-License-Identifier: Apache-2.0
"""Whose signatures on evidence count, for the one who decides, at the time of the decision.

Steps for each attestation, in order:

1. It is a bundle with one envelope.
2. No signature names a trusted key and does not hold: that is an error, not a weak grade.
3. It states something about one evidence document, and that document is here.
4. What it states about checkpoint and producer is what the document says.
5. It was signed after what the document is about, and not after the decision.
6. The key was valid when it signed and is at the decision, its holder vouches for evidence,
   and belongs to the organisation that made the document.

What fails elsewhere than in step 2 counts for nothing, and the reason is kept. Nothing is
asked of a certificate log, and nothing is fetched.
"""

from __future__ import annotations

import dataclasses
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from tiergate.attestation.bundle import read_bundle
from tiergate.attestation.envelope import Envelope
from tiergate.attestation.signatures import SignatureFinding, examine
from tiergate.attestation.trust import Trust, TrustedKey
from tiergate.errors import InputError, VerificationError
from tiergate.evidence.assurance import (
    NOBODY,
    VOUCHING_ROLES,
    VOUCHING_WORDS,
    Assurance,
    Standing,
    Vouching,
)
from tiergate.evidence.attestation_statement import (
    EvidencePredicate,
    ended,
    producer_of,
    read_predicate,
)
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.document import digest_of
from tiergate.evidence.provenance import BindingLevel, Relation, maker_called

LARGEST_ATTESTATION_BYTES = 1024 * 1024
"""A longer file is no attestation."""
_KEY_ID = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAttestation:
    """A file that may vouch for a document. Nothing about it is known."""

    where: str
    """How messages name it."""
    data: bytes
    """Its bytes."""

    @property
    def digest(self) -> str:
        """Return its identity: ``sha256:<hex>`` of its bytes."""
        return digest_of(self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Why an attestation, or a signature in it, counts for nothing."""

    where: str
    """The file."""
    reason: str
    """Why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What one attestation is worth for the document that it is about."""

    document: str
    attestation: str
    good: tuple[TrustedKey, ...]
    problems: tuple[str, ...]


def vouch(
    documents: Iterable[EvidenceDocument],
    given: Iterable[GivenAttestation],
    trust: Trust | None,
    *,
    at: datetime,
) -> tuple[Vouching, tuple[Doubt, ...]]:
    """Find out who vouches for which document, and what counts for nothing and why.

    Without a trust file nobody is believed, and nothing is looked at. The order in which
    things are given makes no difference.

    Raises:
        VerificationError: a signature names a trusted key and does not hold.
    """
    if trust is None:
        return NOBODY, ()
    known = {document.digest: document for document in documents}
    looks: dict[str, list[_Look]] = defaultdict(list)
    doubts: list[Doubt] = []
    for one in sorted({found.digest: found for found in given}.values(), key=_by_digest):
        look = _look(one, known, trust, at)
        problems = (look,) if isinstance(look, str) else look.problems
        doubts += [Doubt(where=one.where, reason=problem) for problem in problems]
        if isinstance(look, _Look):
            looks[look.document].append(look)
    standings = {digest: _standing(known[digest], found) for digest, found in looks.items()}
    believed = Vouching(trust_digest=trust.digest, developer=trust.developer, standings=standings)
    return believed, tuple(doubts)


def _by_digest(one: GivenAttestation) -> str:
    return one.digest


def read_attestation(one: GivenAttestation) -> tuple[Envelope, EvidencePredicate]:
    """Read an attestation, whoever signed it.

    Raises:
        InputError: it is no bundle.
        VerificationError: it is one, and states nothing about one evidence document.
    """
    envelope = read_bundle(one.data, one.where)
    return envelope, read_predicate(envelope, one.where)


def _look(
    one: GivenAttestation, known: dict[str, EvidenceDocument], trust: Trust, at: datetime
) -> _Look | str:
    """Take the steps; a text is why it is about no document here."""
    try:
        envelope = read_bundle(one.data, one.where)
    except (InputError, VerificationError) as error:
        return str(error)
    findings = examine(envelope, trust, signed_at=at, now=at).findings
    _refuse_false(findings, one.where)
    try:
        stated = read_predicate(envelope, one.where)
    except VerificationError as error:
        return str(error)
    document = known.get(stated.document)
    if document is None:
        return f"it is about {stated.document}, which is not here"
    good, problems = [], []
    for finding in findings:
        problem = _problem(finding.signer, stated, document, at)
        if finding.signer is None:
            problems.append(f"{_named(finding.key_id)}: {problem}")
        elif problem:
            problems.append(f"signed by {finding.signer.person}: {problem}")
        else:
            good.append(finding.signer)
    return _Look(
        document=document.digest,
        attestation=one.digest,
        good=tuple(good),
        problems=tuple(problems),
    )


def _refuse_false(findings: tuple[SignatureFinding, ...], where: str) -> None:
    for finding in findings:
        if finding.is_failure:
            raise VerificationError(
                where,
                f"a signature of {_named(finding.key_id)}, and {finding.note}",
                "signatures that hold",
                "Take it out, or get it anew from whoever signed: it was changed afterwards.",
            )


def is_key_id(text: str) -> bool:
    """Tell whether a text can be the id of a key."""
    return _KEY_ID.fullmatch(text) is not None


def _named(key_id: str) -> str:
    """Name a key by what a signature says, which may be anything."""
    return f"key {key_id[:16]}" if is_key_id(key_id) else "a key without a usable name"


def _problem(
    signer: TrustedKey | None,
    stated: EvidencePredicate,
    document: EvidenceDocument,
    at: datetime,
) -> str:
    """Say why a signature that holds counts for nothing; empty when it counts."""
    if signer is None:
        return "nobody whom the trust file names has it"
    signed_at: datetime = stated.signed_at
    if stated.root_digest != document.binding.root_digest or stated.producer != producer_of(
        document
    ):
        return "the statement says other things about the document than it says itself"
    if signed_at > at:
        return f"signed on {signed_at:%Y-%m-%d}, after the time of the decision"
    if signed_at < ended(document):
        return f"signed on {signed_at:%Y-%m-%d}, before what it is about had ended"
    return (
        signer.problem_at(signed_at, "the time of signing")
        or signer.problem_at(at, "the time of the decision")
        or _problem_of_role(signer)
        or _problem_of_house(signer, document)
    )


def _problem_of_role(signer: TrustedKey) -> str:
    if not VOUCHING_ROLES.isdisjoint(signer.roles):
        return ""
    return f"is trusted as {', '.join(sorted(signer.roles))}, and {VOUCHING_WORDS} vouches"


def _problem_of_house(signer: TrustedKey, document: EvidenceDocument) -> str:
    maker = document.producer
    if maker_called(signer.organisation) == maker.maker:
        return ""
    made_by = maker.organisation or maker.name
    return f"belongs to {signer.organisation}, and the document was made by {made_by}"


def _standing(document: EvidenceDocument, looks: Iterable[_Look]) -> Standing:
    """Sum up every attestation of a document; one that counts is enough."""
    found = tuple(looks)
    good = [signer for look in found for signer in look.good]
    base = Standing(
        assurance=Assurance.DECLARED,
        reason="; ".join(dict.fromkeys(problem for look in found for problem in look.problems)),
        signers=tuple(sorted({f"{one.person} of {one.organisation}" for one in good})),
        attestations=tuple(look.attestation for look in found),
    )
    if not good:
        return base
    reason = f"signed by {' and '.join(base.signers)}"
    if not any(signer.measures_here for signer in good):
        return dataclasses.replace(base, assurance=Assurance.ATTESTED, reason=reason)
    shortfalls = tuple(_not_here(document))
    if shortfalls:
        reason += f"; not measured here: {', '.join(shortfalls)}"
        return dataclasses.replace(base, assurance=Assurance.ATTESTED, reason=reason)
    return dataclasses.replace(base, assurance=Assurance.MEASURED_HERE, reason=reason)


def _not_here(document: EvidenceDocument) -> Iterator[str]:
    """Say what keeps an own instrument's document from being about these very weights."""
    binding = document.binding
    others = binding.measured_digest not in {"", binding.root_digest}
    if binding.relation is not Relation.IDENTICAL or others or not binding.root_digest:
        yield "other weights ran"
    if binding.level.rank < BindingLevel.DIGEST_AT_LOAD.rank:
        yield f"they are tied by {binding.level}, and no digest at load"
