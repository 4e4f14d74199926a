# SPDX-License-Identifier: Apache-2.0
"""Builds evidence for tests: single pieces, and all that a policy asks for.

``full_evidence`` walks a policy's expressions and makes the cleanest evidence that
meets them. Of several ways of which one is enough it takes the first, so that every
piece it returns is needed.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tiergate.decision.decision import Decision
from tiergate.decision.evaluate import evaluate
from tiergate.decision.explanation import Scale, Side
from tiergate.decision.policy import (
    AllOf,
    AnyOf,
    AtLeast,
    Expression,
    Named,
    Policy,
    TamperDefinition,
)
from tiergate.decision.requirements.band import BandAtMost, WithinCeiling
from tiergate.decision.requirements.checkpoint_facts import GeneratesOnly, LoadsWithoutCode
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.requirements.limit import LimitOnMetric
from tiergate.decision.requirements.measured import Measured
from tiergate.decision.requirements.tampering import TamperResistance
from tiergate.decision.tier import Band, TamperLevel, Tier
from tiergate.evidence.assurance import Assurance, Standing, Vouching
from tiergate.evidence.claim import Claim, ClaimField
from tiergate.evidence.collection import (
    Collection,
    EvidenceDocument,
    RegisteredDocument,
    Subject,
    collect,
)
from tiergate.evidence.conduct import Access, Conduct, Coverage, Effort, GraderKind
from tiergate.evidence.conversion import with_digest
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
    Variant,
)
from tiergate.evidence.provenance import (
    Binding,
    BindingLevel,
    Producer,
    ProducerRelation,
    ReadAs,
    Relation,
    SourceFile,
)
from tiergate.stats.sample_size import smallest_sample_for

SOURCE = SourceFile(
    file_name="run.eval",
    sha256=f"sha256:{'d' * 64}",
    size_bytes=1,
    format="inspect-eval/2",
    reader="inspect_ai/1",
    tool="inspect_ai 0.3",
)
"""The log that evidence was read from unless a test says otherwise."""
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
"""The time at which tests decide."""
ROOT = f"sha256:{'0' * 64}"
"""Root digest of the checkpoint that evidence is about unless a test says otherwise."""
_DAY_BEFORE = AT - timedelta(days=1)
_TRIALS = 400
_VARIANTS = (Variant.AS_RELEASED, Variant.WORST_CASE)


def a_subject(
    *, code_files: tuple[str, ...] = (), modalities: Iterable[str] = ("text",), root: str = ROOT
) -> Subject:
    """Return a checkpoint that loads without code and writes text."""
    return Subject(
        name="a-model",
        root_digest=root,
        code_files=code_files,
        output_modalities=frozenset(modalities),
    )


def a_document(
    *,
    measurements: Iterable[Measurement] = (),
    claims: Iterable[Claim] = (),
    producer: str = "safety team",
    organisation: str = "A Lab",
    by: ProducerRelation = ProducerRelation.SEPARATE_TEAM,
    level: BindingLevel = BindingLevel.DIGEST_AT_LOAD,
    relation: Relation = Relation.IDENTICAL,
    root: str = ROOT,
    source: SourceFile | None = SOURCE,
) -> EvidenceDocument:
    """Return a document about ``root``; its digest follows from what it says."""
    document = EvidenceDocument(
        digest="",
        binding=Binding(
            level=level, relation=relation, name="a-model", revision="c" * 40, root_digest=root
        ),
        producer=Producer(name=producer, organisation=organisation, relation=by),
        read_as=ReadAs.PRIMARY,
        source=source if source is not SOURCE else _source_of(organisation),
        source_url="",
        measurements=tuple(measurements),
        claims=tuple(claims),
        remarks=(),
        unmapped=(),
    )
    return with_digest(document)


def _source_of(house: str) -> SourceFile:
    """Every house has a log of its own."""
    return dataclasses.replace(
        SOURCE, sha256=f"sha256:{hashlib.sha256(house.encode()).hexdigest()}"
    )


def a_measurement(
    metric: str = "cyber.end_to_end_exploits",
    successes: int = 0,
    trials: int = _TRIALS,
    *,
    variant: Variant = Variant.AS_RELEASED,
    value: Counts | Quantity | None = None,
    baseline: Counts | None = None,
    direction: Direction = Direction.HIGHER_IS_RISKIER,
    samples_kept: int = 1,
    attack: Attack | None = None,
    finished_at: datetime = _DAY_BEFORE,
    conduct: Conduct | None = None,
) -> Measurement:
    """Return a measurement; its domain is the first part of the metric.

    One of the worst case was made under an attack on the weights unless another is given.
    """
    is_worst = variant is Variant.WORST_CASE
    comparison = None
    if baseline is not None:
        comparison = Comparison(
            baseline_name="a-public-model",
            baseline_digest=f"sha256:{'b' * 64}",
            downloadable=True,
            counts=baseline,
        )
    return Measurement(
        metric=metric,
        domain=domain_of(metric),
        direction=direction,
        success_means="the attempt did what the task asks",
        value=Counts.simple(successes, trials) if value is None else value,
        setting=Setting(variant=variant, elicitation="five examples", generation="temperature=1"),
        task=metric,
        dataset="a set",
        grader="exact match",
        finished_at=finished_at,
        samples_kept=samples_kept,
        attack=an_attack(AttackClass.FINE_TUNING) if is_worst and attack is None else attack,
        comparison=comparison,
        conduct=conduct or conducted(Effort.WEIGHT_LEVEL if is_worst else Effort.ADAPTIVE),
    )


def conducted(effort: Effort, kind: GraderKind = GraderKind.EXACT) -> Conduct:
    """Return conduct that every tier is content with, but for what is named."""
    return Conduct(
        effort=effort,
        access=Access.WHITE_BOX,
        coverage=Coverage.RISK_MODEL,
        risk_model="from the risk, by these steps, to the task",
        grader_kind=kind,
        task_commit="0123456789abcdef",
    )


STRICTEST = RunRule(limit=Decimal(0), confidence=Decimal("0.999"))
"""A rule that is stricter than any policy asks for."""


def an_attack(
    attack_class: AttackClass,
    *,
    usd: int | None = 10_000,
    steps: int | None = None,
    controls: Controls = Controls.PASSED,
) -> Attack:
    """Return an attack with working controls that cost more than any level's budget."""
    budget = AttackBudget(usd=None if usd is None else Decimal(usd), steps=steps)
    return Attack(
        name=f"an attack by {attack_class}",
        attack_class=attack_class,
        budget=budget,
        controls=controls,
        rule=STRICTEST,
    )


def attacks_of(level: TamperDefinition) -> tuple[Attack, ...]:
    """Return the attacks that a level asks for, each tried hard enough, with working controls."""
    if level.suite is None:
        return tuple(an_attack(family) for family in level.attack_classes)
    return tuple(
        Attack(
            name=asked.name,
            attack_class=asked.family,
            budget=dataclasses.replace(asked.budget, usd=Decimal(10_000)),
            controls=Controls.PASSED,
            suite=level.suite.stamp,
            trials=asked.trials,
            seeds=asked.seeds,
            longest_run_steps=asked.budget.steps,
            rule=STRICTEST,
        )
        for asked in level.suite.attacks
    )


def a_claim(item: str, *, holds: bool = True, **fields: str | int | bool) -> Claim:
    """Return a claim with these fields."""
    return Claim(
        item=item,
        holds=holds,
        statement=f"{item} as stated",
        fields=tuple(ClaimField(name=name, value=fields[name]) for name in sorted(fields)),
        made_at=_DAY_BEFORE,
    )


def domain_of(metric: str) -> HazardDomain | None:
    """Return the domain that a metric's name begins with; None for safeguards and utility."""
    prefix = metric.split(".", 1)[0]
    return next((domain for domain in HazardDomain if domain.value == prefix), None)


def attested(documents: Iterable[EvidenceDocument]) -> Vouching:
    """Return that whoever made each of ``documents`` signed it, and is believed."""
    standing = Standing(
        assurance=Assurance.ATTESTED, reason="signed by its maker", signers=("its maker",)
    )
    return Vouching(
        trust_digest=f"sha256:{'7' * 64}",
        standings={document.digest: standing for document in documents},
    )


def all_signed(
    documents: Iterable[EvidenceDocument],
    register: Iterable[RegisteredDocument] = (),
    *,
    subject: Subject | None = None,
) -> Collection:
    """Collect ``documents``, each signed by whoever made it."""
    found = tuple(documents)
    return collect(subject or a_subject(), found, register, vouching=attested(found))


def decide(
    policy: Policy, documents: Iterable[EvidenceDocument], *, subject: Subject | None = None
) -> Decision:
    """Evaluate ``documents`` about ``subject``, all signed, at the time of the tests."""
    return evaluate(policy, all_signed(documents, subject=subject), at=AT)


def full_evidence(
    policy: Policy,
    tier: Tier,
    *,
    fast: bool = False,
    also: Iterable[Expression] = (),
    instead: Mapping[str, Counts | Quantity] | None = None,
    baselines: Mapping[str, Counts] | None = None,
) -> tuple[EvidenceDocument, ...]:
    """Return evidence that meets every requirement up to ``tier``, or its fast path.

    ``also`` names further expressions to meet, in every way; ``instead`` and ``baselines``
    replace what was found on a metric, for the model and for the baseline.
    """
    needs = _Needs(policy=policy)
    # Every band is ruled out at its lowest, which keeps the evidence small.
    for rung in policy.tiers:
        is_asked = rung.tier is tier if fast else Tier.T0.rank < rung.tier.rank <= tier.rank
        for name in (rung.fast_path if fast else rung.requirements) if is_asked else ():
            needs.add(Named(id=name))
    needs.is_exact = True
    for expression in also:
        needs.add(expression)
    return needs.documents(instead or {}, baselines or {})


def changed(
    documents: Iterable[EvidenceDocument],
    *,
    claims: Callable[[Claim], bool] = lambda _: True,
    measurements: Callable[[Measurement], bool] = lambda _: True,
) -> tuple[EvidenceDocument, ...]:
    """Return the documents with only the claims and measurements that a test keeps."""
    kept = (
        dataclasses.replace(
            document,
            claims=tuple(c for c in document.claims if claims(c)),
            measurements=tuple(m for m in document.measurements if measurements(m)),
        )
        for document in documents
    )
    return tuple(with_digest(d) for d in kept if d.claims or d.measurements)


def without_claim(documents: Iterable[EvidenceDocument], item: str) -> tuple[EvidenceDocument, ...]:
    """Return the documents without any claim about ``item``."""
    return changed(documents, claims=lambda claim: claim.item != item)


def without_metric(
    documents: Iterable[EvidenceDocument], metric: str
) -> tuple[EvidenceDocument, ...]:
    """Return the documents without any measurement of ``metric``."""
    return changed(documents, measurements=lambda found: found.metric != metric)


def claimed_items(documents: Iterable[EvidenceDocument]) -> list[str]:
    """Return every item that a claim in the documents is about, sorted, each once."""
    return sorted({claim.item for document in documents for claim in document.claims})


def measured_metrics(documents: Iterable[EvidenceDocument]) -> list[str]:
    """Return every metric that the documents measure, sorted, each once."""
    return sorted({found.metric for document in documents for found in document.measurements})


@dataclass(slots=True, kw_only=True)
class _Needs:
    policy: Policy
    claims: dict[tuple[str, bool], dict[str, str]] = field(default_factory=dict)
    metrics: dict[str, dict[Scale, LimitOnMetric]] = field(default_factory=dict)
    trials: dict[str, int] = field(default_factory=dict)
    attacks: set[Attack] = field(default_factory=set)
    samples: int = 0
    evaluators: int = 0
    is_exact: bool = False

    def add(self, expression: Expression) -> None:  # noqa: C901, PLR0912 - one branch per kind
        match expression:
            case Named(id=name):
                self.add(self.policy.requirements[name].expression)
            case AllOf(parts=parts):
                for part in parts:
                    self.add(part)
            case AnyOf(parts=parts):
                for part in parts if self.is_exact else parts[:1]:
                    self.add(part)
            case AtLeast(needed=needed, parts=parts):
                for part in parts[:needed]:
                    self.add(part)
            case BandAtMost(domain=domain, band=band):
                self._rule_out(domain, band)
            case WithinCeiling(domain=domain):
                self._rule_out(domain, Band.B0)
            case ClaimMade():
                self._claim(expression)
            case LimitOnMetric():
                self._limit(expression)
            case Measured():
                self.samples = max(self.samples, expression.samples_kept)
                outside = expression.producers if expression.by else expression.producers - 1
                self.evaluators = max(self.evaluators, outside)
            case TamperResistance(level=level):
                for lower in list(TamperLevel)[1 : level.rank + 1]:
                    self.attacks.update(attacks_of(self.policy.tamper.levels[lower]))
            case LoadsWithoutCode() | GeneratesOnly():
                pass  # facts of the checkpoint: see a_subject
            case _:
                raise AssertionError(f"no evidence is known for {expression!r}")

    def _rule_out(self, domain: HazardDomain, highest: Band) -> None:
        if highest is not Band.B3:
            lowest = list(Band)[highest.rank + 1] if self.is_exact else Band.B1
            self.add(self.policy.bands[domain][lowest].ruled_out)

    def _claim(self, check: ClaimMade) -> None:
        fields = self.claims.setdefault((check.item, check.expects), {})
        for name in check.fields:
            fields.setdefault(name, f"what there is to say about {name}")
        for limit in check.limits:
            fields[limit.field] = str(limit.limit.value)
        if check.by:
            self.evaluators = max(self.evaluators, 1)

    def _limit(self, check: LimitOnMetric) -> None:
        checks = self.metrics.setdefault(check.metric, {})
        strictest = min if check.side is not Side.AT_LEAST else max
        known = checks.get(check.scale, check)
        checks[check.scale] = strictest(known, check, key=lambda found: found.limit.value)
        needed = check.minimum_behaviours
        trials = [self.trials.get(check.metric, _TRIALS), int(needed.value) if needed else 0]
        if check.scale is Scale.RATE and check.side is not Side.AT_LEAST:
            trials.append(smallest_sample_for(check.limit.value, Decimal("0.95")))
        self.trials[check.metric] = max(trials)

    def documents(
        self, instead: Mapping[str, Counts | Quantity], baselines: Mapping[str, Counts]
    ) -> tuple[EvidenceDocument, ...]:
        found = [
            self._measurement(metric, variant, instead, baselines)
            for metric in sorted(self.metrics.keys() - {self.policy.tamper.metric})
            for variant in _VARIANTS
        ]
        attacks = sorted(self.attacks, key=lambda attack: (attack.name, attack.attack_class))
        if not attacks and self.policy.tamper.metric in self.metrics:
            attacks = [an_attack(AttackClass.JAILBREAK)]
        found += [a_measurement(self.policy.tamper.metric, attack=attack) for attack in attacks]
        claims = [a_claim(item, holds=holds, **f) for (item, holds), f in self.claims.items()]
        own = a_document(measurements=found, claims=[] if self.evaluators else claims)
        others = (
            a_document(
                measurements=found,
                claims=claims,
                producer="evaluation team",
                organisation=f"Evaluator {number}",
                by=ProducerRelation.INDEPENDENT,
            )
            for number in range(self.evaluators)
        )
        return (own, *others)

    def _measurement(
        self,
        metric: str,
        variant: Variant,
        instead: Mapping[str, Counts | Quantity],
        baselines: Mapping[str, Counts],
    ) -> Measurement:
        check = next(iter(self.metrics[metric].values()))
        is_safer = check.side is Side.AT_LEAST
        trials = self.trials[metric]
        clean: Counts | Quantity = Counts.simple(trials if is_safer else 0, trials)
        if Scale.QUANTITY in self.metrics[metric]:
            clean = _quantity(check)
        return a_measurement(
            metric,
            variant=variant,
            value=instead.get(metric, clean),
            baseline=baselines.get(metric, Counts.simple(0, trials)),
            direction=check.direction,
            samples_kept=max(self.samples, 1),
        )


def _quantity(check: LimitOnMetric) -> Quantity:
    limit = check.limit.value
    low, high = (limit, limit * 2) if check.side is Side.AT_LEAST else (limit / 10, limit / 2)
    return Quantity(lower=low, upper=high, unit=check.limit.unit, method="bootstrap, 95 %")
