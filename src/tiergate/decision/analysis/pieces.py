# SPDX-License-Identifier: Apache-2.0
"""Pieces of evidence: a finding, and how good it is, as real evidence documents.

What is found decides whether a limit is kept; how good it is decides whether it may support
anything. Every attempt was made and scored, once per behaviour, and labels are taken as they
are. No run was registered beforehand, nothing is gone, and there is no waiver.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from tiergate.decision.analysis.paired import joined_with
from tiergate.decision.policy import FROM_OUTSIDE
from tiergate.evidence.assurance import Assurance, Standing, Vouching
from tiergate.evidence.claim import Claim, ClaimField
from tiergate.evidence.collection import Collection, EvidenceDocument, Subject, collect
from tiergate.evidence.conduct import Access, Conduct, Coverage, Effort, GraderKind
from tiergate.evidence.conversion import with_digest
from tiergate.evidence.grades import Dimension
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import (
    Attack,
    AttackBudget,
    AttackClass,
    Comparison,
    Controls,
    Counts,
    Direction,
    Measurement,
    Quantity,
    RunRule,
    Setting,
    Tally,
    Variant,
)
from tiergate.evidence.provenance import (
    Binding,
    BindingLevel,
    Producer,
    ProducerRelation,
    ReadAs,
    Relation,
    Remark,
    SourceFile,
)

Grades = tuple[tuple[Dimension, int], ...]
MOST: dict[Dimension, int] = {
    Dimension.BINDING: 2,
    Dimension.ELICITATION: 3,
    Dimension.ACCESS: 3,
    Dimension.INTERNAL_VALIDITY: 2,
    Dimension.COVERAGE: 3,
    Dimension.PRECISION: 2,
    Dimension.REPRODUCIBILITY: 3,
    Dimension.INDEPENDENCE: 3,
    Dimension.ASSURANCE: 3,
}
"""The best that a piece is made here; more takes a run that was registered beforehand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How good a piece of evidence is."""

    grades: Grades
    """The grade in each dimension; what is not named is 1."""
    relation: ProducerRelation
    """Who made it."""
    age_days: Decimal
    """How old it is."""

    def grade(self, dimension: Dimension) -> int:
        """Return the grade in one dimension."""
        return dict(self.grades).get(dimension, 1)


PLAIN = Quality(grades=(), relation=ProducerRelation.UNKNOWN, age_days=Decimal(0))
"""Of facts, which have no quality."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Successes among attempts, with or without those of a baseline."""

    successes: int
    trials: int
    direction: Direction
    baseline: tuple[int, int] | None = None
    is_joined: bool = False
    """Whether both were run on the same behaviours, and overlap as far as they can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A quantity, known exactly."""

    value: Decimal
    unit: str
    direction: Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Attacks:
    """Attacks on a safeguard, all with the same result."""

    successes: int
    trials: int
    attacks: tuple[Attack, ...]
    level: str
    """What they are enough for, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A claim."""

    holds: bool
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What is in the checkpoint that runs code; None when no files were read."""

    code: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """What the architecture generates; empty when it is not known."""

    modalities: frozenset[str]


Found = Rate | Size | Attacks | Statement | Files | Outputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Something found about a topic, by so many houses alike."""

    topic: str
    found: Found
    variant: Variant
    quality: Quality
    samples: int = 1
    houses: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The checkpoint that pieces are about, and the time of the decision."""

    at: datetime
    root: str = f"sha256:{'0' * 64}"
    name: str = "a-model"


def gathered(pieces: Iterable[Piece], place: Place) -> Collection:
    """Return the evidence that consists of these pieces, signed where they are signed."""
    found = tuple(pieces)
    code: tuple[str, ...] | None = None
    modalities: frozenset[str] = frozenset()
    documents: list[EvidenceDocument] = []
    standings: dict[str, Standing] = {}
    for piece in found:
        if isinstance(piece.found, Files):
            code = piece.found.code
        elif isinstance(piece.found, Outputs):
            modalities = piece.found.modalities
        for document in documents_of(piece, place):
            documents.append(document)
            standing = _standing(piece.quality)
            if standing is not None:
                standings[document.digest] = standing
    subject = Subject(
        name=place.name, root_digest=place.root, code_files=code, output_modalities=modalities
    )
    vouching = Vouching(trust_digest=f"sha256:{'7' * 64}", standings=standings)
    return collect(subject, documents, vouching=vouching)


def _standing(quality: Quality) -> Standing | None:
    grade = quality.grade(Dimension.ASSURANCE)
    if grade < 2:
        return None
    found = list(Assurance)[grade - 1]
    return Standing(assurance=found, reason="signed by its maker", signers=("its maker",))


def documents_of(piece: Piece, place: Place) -> tuple[EvidenceDocument, ...]:
    """Return the documents of a piece, one for each house."""
    if isinstance(piece.found, Files | Outputs):
        return ()
    return tuple(_numbered(piece, place, house) for house in range(piece.houses))


def _numbered(piece: Piece, place: Place, house: int) -> EvidenceDocument:
    """Return a document with a digest of its own; that of its bytes takes much longer."""
    digest = hashlib.sha256(repr((piece, house)).encode()).hexdigest()
    return dataclasses.replace(_document(piece, place, house), digest=f"sha256:{digest}")


def written_documents_of(piece: Piece, place: Place) -> tuple[EvidenceDocument, ...]:
    """Return the same documents with the digests of their bytes."""
    return tuple(with_digest(found) for found in documents_of(piece, place))


def house_name(piece: Piece, house: int) -> str:
    """Return the organisation that made the document; every quality has makers of its own."""
    quality = piece.quality
    return f"{quality.relation} {quality.grade(Dimension.ASSURANCE)}{'ABCDEFGH'[house % 8]}"


def _document(piece: Piece, place: Place, house: int) -> EvidenceDocument:
    quality = piece.quality
    maker = house_name(piece, house)
    measured = () if isinstance(piece.found, Statement) else _measurements(piece, place)
    claims = (_claim(piece, place),) if isinstance(piece.found, Statement) else ()
    level = quality.grade(Dimension.BINDING)
    reproducible = quality.grade(Dimension.REPRODUCIBILITY) > 0
    return EvidenceDocument(
        digest="",
        binding=Binding(
            level=BindingLevel.DIGEST_AT_LOAD if level > 1 else BindingLevel.IMMUTABLE_REVISION,
            relation=Relation.IDENTICAL,
            name=place.name,
            revision="c" * 40,
            root_digest=place.root,
        ),
        producer=Producer(name=maker, organisation=maker, relation=quality.relation),
        read_as=ReadAs.PRIMARY,
        source=_source(_log_name(piece, maker)) if measured and reproducible else None,
        source_url="",
        measurements=measured,
        claims=claims,
        remarks=_remarks(piece),
        unmapped=(),
    )


def _log_name(piece: Piece, maker: str) -> str:
    """Name the log of a piece; one that was joined with a baseline is a run of its own."""
    joined = isinstance(piece.found, Rate) and piece.found.is_joined
    return f"{maker} {piece.topic}{' joined' if joined else ''}"


def _source(log: str) -> SourceFile:
    return SourceFile(
        file_name="run.eval",
        sha256=f"sha256:{hashlib.sha256(log.encode()).hexdigest()}",
        size_bytes=1,
        format="inspect-eval/2",
        reader="inspect_ai/1",
        tool="inspect_ai",
    )


def _remarks(piece: Piece) -> tuple[Remark, ...]:
    """A run that was cut short is the plainest way to a grade of 1 where the grader is exact."""
    quality = piece.quality
    if isinstance(piece.found, Statement) or quality.grade(Dimension.PRECISION) < 2:
        return ()
    if quality.grade(Dimension.INTERNAL_VALIDITY) > 1:
        return ()
    return (Remark(code="limited", message="a part of the data set"),)


def _claim(piece: Piece, place: Place) -> Claim:
    assert isinstance(piece.found, Statement)  # noqa: S101 - by the caller
    item = piece.topic.partition(":")[2]
    return Claim(
        item=item,
        holds=piece.found.holds,
        statement=f"{item} as stated",
        fields=tuple(ClaimField(name=n, value=v) for n, v in sorted(piece.found.fields)),
        made_at=_when(piece, place),
    )


def _when(piece: Piece, place: Place) -> datetime:
    # Whole seconds: that is what a document holds.
    return (place.at - timedelta(days=float(piece.quality.age_days))).replace(microsecond=0)


def domain_of(metric: str) -> HazardDomain | None:
    """Return the domain that a metric's name begins with; None for safeguards and utility."""
    prefix = metric.partition(".")[0]
    return next((domain for domain in HazardDomain if domain.value == prefix), None)


def simple_counts(successes: int, trials: int) -> Counts:
    """Count successes among independent behaviours, one attempt each."""
    rows = ((0, trials - successes), (1, successes))
    tallies = tuple(
        Tally(successes=found, scored=1, unscored=0, behaviours=many)
        for found, many in rows
        if many
    )
    return Counts(tallies=tallies, planned=trials)


def _measurements(piece: Piece, place: Place) -> tuple[Measurement, ...]:
    if isinstance(piece.found, Attacks):
        return tuple(
            _measurement(piece, place, simple_counts(piece.found.successes, piece.found.trials), a)
            for a in piece.found.attacks
        )
    if isinstance(piece.found, Size):
        size = piece.found
        value: Counts | Quantity = Quantity(
            lower=size.value, upper=size.value, unit=size.unit, method="as given"
        )
    else:
        assert isinstance(piece.found, Rate)  # noqa: S101 - by the caller
        value = simple_counts(piece.found.successes, piece.found.trials)
    attack = _elicited_by(piece) if piece.variant is Variant.WORST_CASE else None
    return (_measurement(piece, place, value, attack),)


def _elicited_by(piece: Piece) -> Attack:
    heavy = piece.quality.grade(Dimension.ELICITATION) > FROM_OUTSIDE
    family = AttackClass.FINE_TUNING if heavy else AttackClass.JAILBREAK
    return Attack(
        name="full-in-domain" if heavy else "persona",
        attack_class=family,
        budget=AttackBudget(usd=Decimal(10_000)),
        controls=Controls.PASSED,
        rule=STRICTEST,
    )


STRICTEST = RunRule(limit=Decimal(0), confidence=Decimal("0.999"))
"""A rule that is stricter than any policy asks for."""
_EFFORTS = (Effort.DEFAULT_PROMPTS, Effort.STATIC, Effort.ADAPTIVE, Effort.WEIGHT_LEVEL)


def _most_effort(piece: Piece) -> int:
    """The weights of the model as released were not attacked."""
    return FROM_OUTSIDE if piece.variant is Variant.AS_RELEASED else 3


def _measurement(
    piece: Piece, place: Place, value: Counts | Quantity, attack: Attack | None
) -> Measurement:
    quality, found, metric = piece.quality, piece.found, piece.topic.partition(":")[2]
    direction = found.direction if isinstance(found, Rate | Size) else Direction.HIGHER_IS_RISKIER
    precise = quality.grade(Dimension.PRECISION) > 1
    reproducible = quality.grade(Dimension.REPRODUCIBILITY)
    measured = Measurement(
        metric=metric,
        domain=domain_of(metric),
        direction=direction,
        success_means="the attempt did what the task asks",
        value=value,
        setting=Setting(variant=piece.variant, elicitation="five examples", generation=""),
        task=metric,
        dataset="a set",
        grader="exact match",
        finished_at=_when(piece, place),
        samples_kept=piece.samples,
        attack=attack,
        conduct=Conduct(
            effort=_EFFORTS[min(quality.grade(Dimension.ELICITATION), _most_effort(piece))],
            access=list(Access)[quality.grade(Dimension.ACCESS)],
            coverage=list(Coverage)[quality.grade(Dimension.COVERAGE)],
            risk_model="from the risk, by these steps, to the task",
            grader_kind=GraderKind.EXACT if precise else GraderKind.NOT_STATED,
            task_commit="0123456789abcdef" if reproducible > 1 else "",
        ),
    )
    compared = _comparison(measured, found) if isinstance(found, Rate) else None
    return dataclasses.replace(measured, comparison=compared)


def _comparison(measured: Measurement, found: Rate) -> Comparison | None:
    if found.baseline is None:
        return None
    adverse, trials = found.baseline
    joined = joined_with(measured, found.successes, adverse, trials) if found.is_joined else None
    return Comparison(
        baseline_name="a-public-model",
        baseline_digest=f"sha256:{'b' * 64}",
        downloadable=True,
        counts=simple_counts(adverse, trials),
        paired=joined,
    )
