# SPDX-License-Identifier: Apache-2.0
"""The evidence of a case: what it states, and the cleanest answers to all that it does not.

Answers are made from the policy: every way of meeting a requirement is answered, every band ruled
out, by the developer and by as many evaluators from outside as any check asks for. They are graded
as well as can be and signed, so that a case fails by what it states and not by its paperwork.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

from tiergate.decision.analysis.paired import clean_sample
from tiergate.decision.case_baselines import beside
from tiergate.decision.case_file import AttackPart, CasePart, ClaimPart, MeasurementPart
from tiergate.decision.explanation import Scale, Side
from tiergate.decision.policy import AllOf, AnyOf, AtLeast, Expression, Named, Policy
from tiergate.decision.requirements.band import BandAtMost, WithinCeiling
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.requirements.limit import LimitOnMetric
from tiergate.decision.requirements.marginal import AddsAtMost
from tiergate.decision.requirements.measured import Measured
from tiergate.decision.tier import TamperLevel, Tier
from tiergate.evidence.assurance import Assurance, Standing, Vouching
from tiergate.evidence.claim import Claim, ClaimField
from tiergate.evidence.collection import Collection, EvidenceDocument, Subject, collect
from tiergate.evidence.conduct import Access, Conduct, Coverage, Effort, GraderKind
from tiergate.evidence.conversion import with_digest
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import (
    Attack,
    AttackBudget,
    AttackClass,
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

_ROOT = f"sha256:{hashlib.sha256(b'the checkpoint of a case').hexdigest()}"
_FEWEST_TRIALS = 400
_EVALUATORS = 2
_DEVELOPER = "the developer"
_COSTLY = Decimal(10**9)
"""More than any attacker of a policy has."""
_STRICTEST = RunRule(limit=Decimal(0), confidence=Decimal("0.9999"))


def evidence_of(case: CasePart, policy: Policy, at: datetime) -> Collection:
    """Return what is known in a case, as of the day before ``at``."""
    maker = _Maker(at=at - timedelta(days=1))
    documents = [*maker.stated(case)]
    if case.answered is not None:
        asked = _asked(policy, case.answered, is_fast=case.fast, safeguards=case.safeguards)
        # One attack leaves open how others came out; any other measurement is the answer.
        left_out = {*case.not_answered, *(m.metric for m in case.measurements if not m.attack)}
        asked.leave_out(left_out | {claim.item for claim in case.claims})
        documents += maker.answers(asked)
    standing = Standing(assurance=Assurance.ATTESTED, reason="of a case", signers=("its maker",))
    vouching = Vouching(
        trust_digest=_ROOT, standings={document.digest: standing for document in documents}
    )
    return collect(_subject(case), documents, vouching=vouching)


def _subject(case: CasePart) -> Subject:
    return Subject(
        name=case.id,
        root_digest=_ROOT,
        code_files=case.code_files,
        output_modalities=frozenset(case.modalities),
    )


@dataclass(slots=True, kw_only=True)
class _Asked:
    """All that a policy asks for up to a tier, in every way in which it can be met."""

    policy: Policy
    safeguards: TamperLevel
    claims: dict[tuple[str, bool], dict[str, str]] = field(default_factory=dict)
    metrics: dict[str, list[LimitOnMetric]] = field(default_factory=dict)
    samples: int = 1

    def add(self, expression: Expression) -> None:
        match expression:
            case AllOf(parts=parts) | AnyOf(parts=parts) | AtLeast(parts=parts):
                for part in parts:
                    self.add(part)
            case Named(id=name):
                self.add(self.policy.requirements[name].expression)
            case BandAtMost(domain=domain) | WithinCeiling(domain=domain):
                self._bands([domain])
            case Measured(domains=domains, samples_kept=samples):
                self.samples = max(self.samples, samples)
                self._bands(domains)
            case ClaimMade():
                self._claim(expression)
            case LimitOnMetric(metric=metric):
                limits = self.metrics.setdefault(metric, [])
                if expression not in limits:
                    limits.append(expression)
            case _:
                return  # facts of the checkpoint, and attacks: see safeguards

    def leave_out(self, names: set[str]) -> None:
        for item, expects in [key for key in self.claims if key[0] in names]:
            del self.claims[item, expects]
        for metric in names & self.metrics.keys():
            del self.metrics[metric]
        if self.policy.tamper.metric in names:
            self.safeguards = TamperLevel.TR0

    def _bands(self, domains: Iterable[HazardDomain]) -> None:
        for domain in domains:
            for definition in self.policy.bands.get(domain, {}).values():
                self.add(definition.ruled_out)

    def _claim(self, check: ClaimMade) -> None:
        fields = self.claims.setdefault((check.item, check.expects), {})
        for name in check.fields:
            fields.setdefault(name, f"what there is to say about {name}")
        for limit in check.limits:
            fields[limit.field] = f"{limit.limit.value:f}"


def _asked(policy: Policy, tier: Tier, *, is_fast: bool, safeguards: TamperLevel) -> _Asked:
    asked = _Asked(policy=policy, safeguards=safeguards)
    for rung in policy.tiers:
        is_meant = rung.tier is tier if is_fast else rung.tier.rank <= tier.rank
        for name in (rung.fast_path if is_fast else rung.requirements) if is_meant else ():
            asked.add(Named(id=name))
    return asked


@dataclass(frozen=True, slots=True, kw_only=True)
class _Maker:
    at: datetime

    def stated(self, case: CasePart) -> Iterator[EvidenceDocument]:
        """Yield what the case states, one document per maker."""
        makers = dict.fromkeys((m.organisation, m.by) for m in case.measurements)
        makers |= dict.fromkeys((c.organisation, c.by) for c in case.claims)
        for organisation, relation in makers:
            own = (organisation, relation)
            yield self._document(
                organisation,
                relation,
                [
                    m
                    for p in case.measurements
                    if (p.organisation, p.by) == own
                    for m in self._of(p)
                ],
                [self._claim(p) for p in case.claims if (p.organisation, p.by) == own],
            )

    def answers(self, asked: _Asked) -> Iterator[EvidenceDocument]:
        """Yield answers to all that is asked, by the developer and by evaluators from outside."""
        measured = [m for metric in sorted(asked.metrics) for m in self._clean(metric, asked)]
        measured += self._survived(asked)
        claims = [
            self._claim_of(item, fields, holds=holds)
            for (item, holds), fields in asked.claims.items()
        ]
        makers = [(_DEVELOPER, ProducerRelation.SEPARATE_TEAM)]
        makers += [
            (f"evaluator {number + 1}", ProducerRelation.INDEPENDENT)
            for number in range(_EVALUATORS)
        ]
        for organisation, relation in makers:
            yield self._document(organisation, relation, measured, claims)

    def _document(
        self,
        organisation: str,
        relation: ProducerRelation,
        measurements: Iterable[Measurement],
        claims: Iterable[Claim],
    ) -> EvidenceDocument:
        log = SourceFile(
            file_name="case.yaml",
            sha256=f"sha256:{hashlib.sha256(organisation.encode()).hexdigest()}",
            size_bytes=1,
            format="tiergate-policy-cases/1",
            reader="tiergate",
            tool="",
        )
        return with_digest(
            EvidenceDocument(
                digest="",
                binding=Binding(
                    level=BindingLevel.RERUN,
                    relation=Relation.IDENTICAL,
                    name="the checkpoint of a case",
                    root_digest=_ROOT,
                ),
                producer=Producer(name=organisation, organisation=organisation, relation=relation),
                read_as=ReadAs.PRIMARY,
                source=log,
                source_url="",
                measurements=tuple(measurements),
                claims=tuple(claims),
                remarks=(),
                unmapped=(),
            )
        )

    def _of(self, part: MeasurementPart) -> Iterator[Measurement]:
        value: Counts | Quantity
        if part.successes is not None and part.trials is not None:
            value = Counts.simple(part.successes, part.trials)
        else:
            assert part.lower is not None  # noqa: S101 - the schema leaves no other case
            assert part.upper is not None  # noqa: S101
            value = Quantity(
                lower=part.lower, upper=part.upper, unit=part.unit, method="as the case states"
            )
        found = _measurement(part.metric, value, self.at)
        if part.baseline is not None:
            counts = Counts.simple(part.baseline.successes, part.baseline.trials)
            found = beside(found, counts, part.baseline.alone)
        found = replace(found, direction=part.direction)
        for variant in Variant if part.variant is None else (part.variant,):
            made = _on(variant, found)
            yield made if part.attack is None else replace(made, attack=_stated(part.attack))

    def _clean(self, metric: str, asked: _Asked) -> Iterator[Measurement]:
        limits = asked.metrics[metric]
        first = limits[0]
        is_safer = first.side is Side.AT_LEAST
        trials = max(_trials(limit, asked.policy) for limit in limits)
        value: Counts | Quantity = Counts.simple(trials if is_safer else 0, trials)
        sizes = [limit.limit.value for limit in limits if limit.scale is Scale.QUANTITY]
        if sizes:
            low, high = (max(sizes), max(sizes) * 2) if is_safer else (Decimal(0), min(sizes) / 2)
            value = Quantity(lower=low, upper=high, unit=first.limit.unit, method="a clean answer")
        found = _measurement(metric, value, self.at)
        found = replace(
            found,
            direction=first.direction,
            samples_kept=asked.samples,
        )
        joins = any(isinstance(limit, AddsAtMost) for limit in limits)
        found = beside(found, Counts.simple(0, trials), 0 if joins else None)
        if metric == asked.policy.tamper.metric:
            yield replace(found, attack=_attack("an attack", AttackClass.JAILBREAK))
        else:
            yield from (_on(variant, found) for variant in Variant)

    def _survived(self, asked: _Asked) -> Iterator[Measurement]:
        """Yield one measurement for each attack that the answered safeguards survive."""
        tamper = asked.policy.tamper
        trials = _FEWEST_TRIALS
        if tamper.limit.value > 0:
            trials = max(trials, _sample(tamper.limit.value, asked.policy))
        for level in TamperLevel:
            if level not in tamper.levels or level.rank > asked.safeguards.rank:
                continue
            definition = tamper.levels[level]
            attacks = [_attack(f"an attack by {f}", f) for f in definition.attack_classes]
            if definition.suite is not None:
                attacks = [
                    replace(
                        _attack(of.name, of.family),
                        budget=replace(of.budget, usd=_COSTLY),
                        suite=definition.suite.stamp,
                        trials=of.trials,
                        seeds=of.seeds,
                        longest_run_steps=of.budget.steps,
                    )
                    for of in definition.suite.attacks
                ]
            for attack in attacks:
                clean = _measurement(tamper.metric, Counts.simple(0, trials), self.at)
                yield replace(clean, attack=attack)

    def _claim(self, part: ClaimPart) -> Claim:
        return self._claim_of(part.item, part.fields, holds=part.holds)

    def _claim_of(self, item: str, fields: Mapping[str, str | int | bool], *, holds: bool) -> Claim:
        return Claim(
            item=item,
            holds=holds,
            statement=f"{item}, as the case states",
            fields=tuple(ClaimField(name=name, value=fields[name]) for name in sorted(fields)),
            made_at=self.at,
        )


def _trials(limit: LimitOnMetric, policy: Policy) -> int:
    fewest = limit.minimum_behaviours
    found = max(_FEWEST_TRIALS, 0 if fewest is None else int(fewest.value))
    value = limit.limit.value
    if limit.scale is Scale.QUANTITY or not 0 < value < 1:
        return found
    if isinstance(limit, AddsAtMost):
        return max(found, clean_sample(limit, policy.tiers[0].standards.confidence))
    if limit.scale is Scale.MARGIN:
        # Two clean runs have to show a difference this small.
        return max(found, 2 * _sample(value, policy))
    return max(found, _sample(1 - value if limit.side is Side.AT_LEAST else value, policy))


def _sample(limit: Decimal, policy: Policy) -> int:
    return smallest_sample_for(limit, policy.tiers[0].standards.confidence)


def _measurement(metric: str, value: Counts | Quantity, at: datetime) -> Measurement:
    prefix = metric.partition(".")[0]
    return Measurement(
        metric=metric,
        domain=next((domain for domain in HazardDomain if domain == prefix), None),
        direction=Direction.HIGHER_IS_RISKIER,
        success_means="as the metric says",
        value=value,
        setting=Setting(variant=Variant.AS_RELEASED, elicitation="as can be", generation=""),
        task=metric,
        dataset="",
        grader="exact match",
        finished_at=at,
        samples_kept=1,
        conduct=_conduct(Effort.ADAPTIVE),
    )


def _on(variant: Variant, found: Measurement) -> Measurement:
    """Return the measurement on a form of the model; the worst case is one under attack."""
    if variant is Variant.AS_RELEASED:
        return found
    return replace(
        found,
        setting=replace(found.setting, variant=variant),
        attack=_attack("an attack on the weights", AttackClass.FINE_TUNING),
        conduct=_conduct(Effort.WEIGHT_LEVEL),
    )


def _conduct(effort: Effort) -> Conduct:
    return Conduct(
        effort=effort,
        access=Access.WHITE_BOX,
        coverage=Coverage.RISK_MODEL,
        risk_model="as the case states",
        grader_kind=GraderKind.EXACT,
        task_commit="0" * 40,
    )


def _stated(part: AttackPart) -> Attack:
    return Attack(
        name=part.name,
        attack_class=part.family,
        budget=AttackBudget(usd=part.usd, gpu_hours=part.gpu_hours),
        controls=Controls.NOT_RUN,
    )


def _attack(name: str, family: AttackClass) -> Attack:
    return Attack(
        name=name,
        attack_class=family,
        budget=AttackBudget(usd=_COSTLY),
        controls=Controls.PASSED,
        rule=_STRICTEST,
    )
