# SPDX-License-Identifier: Apache-2.0
"""Typed policies and evidence built by hand, with every field that a test does not name filled.

Nothing here reads a file: policies are made of atoms, documents of measurements and claims.
The evidence is good by default, so that a test names only what is wrong with it.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tiergate.decision.explanation import Explanation, Scale, Side
from tiergate.decision.judging import judge
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import (
    BandDefinition,
    Expression,
    Hold,
    Number,
    NumberStatus,
    Policy,
    Requirement,
    Scene,
    Standards,
    TamperDefinition,
    TamperPolicy,
    TierDefinition,
    WaiverLimits,
)
from tiergate.decision.requirements.limit import LimitOnMetric
from tiergate.decision.tier import Band, TamperLevel, Tier
from tiergate.decision.waiver import Waiver
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
from tiergate.evidence.tampering.suites import ACCESS, FAMILIES, Suite, SuiteAttack

AT = datetime(2026, 7, 1, 12, tzinfo=UTC)
MEASURED_AT = AT - timedelta(days=30)
ROOT = f"sha256:{'a' * 64}"
OTHER_ROOT = f"sha256:{'b' * 64}"
TAMPER_METRIC = "safeguard.attack_success"

COMMIT = "c" * 40

Evidence = Measurement | Claim | EvidenceDocument

CONDUCT = Conduct(
    effort=Effort.ADAPTIVE,
    access=Access.WHITE_BOX,
    coverage=Coverage.RISK_MODEL,
    risk_model="from the risk to the task",
    grader_kind=GraderKind.EXACT,
    task_commit="0123456789abcdef",
)
"""Conduct that is graded well enough for every standard that does not ask for more."""

SOURCE = SourceFile(
    file_name="run.eval",
    sha256=f"sha256:{'d' * 64}",
    size_bytes=1,
    format="inspect-eval/2",
    reader="inspect_ai/1",
    tool="inspect_ai 0.3",
)


def source_of(house: str) -> SourceFile:
    """The log of one house; every house has its own."""
    return dataclasses.replace(
        SOURCE, sha256=f"sha256:{hashlib.sha256(house.encode()).hexdigest()}"
    )


def number(value: str | int, unit: str = "") -> Number:
    return Number(value=Decimal(value), unit=unit, status=NumberStatus.DEFAULT, basis="a test")


def counts(successes: int, trials: int, attempts: int = 1) -> Counts:
    """``trials`` behaviours with ``attempts`` each; on ``successes`` of them one succeeded."""
    return Counts.of(
        [(1, attempts, 0)] * successes + [(0, attempts, 0)] * (trials - successes),
    )


def quantity(lower: str, upper: str, unit: str = "hours") -> Quantity:
    return Quantity(lower=Decimal(lower), upper=Decimal(upper), unit=unit, method="given")


def measurement(
    metric: str = "cbrn.uplift",
    value: Counts | Quantity | None = None,
    *,
    variant: Variant = Variant.WORST_CASE,
    direction: Direction = Direction.HIGHER_IS_RISKIER,
    finished_at: datetime = MEASURED_AT,
    samples_kept: int = 0,
    attack: Attack | None = None,
    comparison: Comparison | None = None,
    domain: HazardDomain | None = None,
    conduct: Conduct = CONDUCT,
) -> Measurement:
    prefix = metric.split(".", maxsplit=1)[0]
    known = [found for found in HazardDomain if found.value == prefix]
    return Measurement(
        metric=metric,
        domain=domain or (known[0] if known else None),
        direction=direction,
        success_means="the attempt succeeded",
        value=counts(0, 100) if value is None else value,
        setting=Setting(variant=variant, elicitation="ten prompts", generation=""),
        task="task 1",
        dataset="",
        grader="exact match",
        finished_at=finished_at,
        samples_kept=samples_kept,
        attack=_ATTACK if attack is None and variant is Variant.WORST_CASE else attack,
        comparison=comparison,
        conduct=conduct,
    )


RULE = RunRule(limit=Decimal("0.05"), confidence=Decimal("0.95"))
"""The rule that attacks were judged by unless a test names another: as strict as is asked."""
_ATTACK = Attack(
    name="an attack",
    attack_class=AttackClass.JAILBREAK,
    budget=AttackBudget(usd=Decimal(9000)),
    controls=Controls.PASSED,
    rule=RULE,
)
"""The attack under which the worst case was measured unless a test names another."""


def baseline(value: Counts, *, downloadable: bool = True) -> Comparison:
    return Comparison(
        baseline_name="base", baseline_digest="", downloadable=downloadable, counts=value
    )


def attacked(
    value: Counts | None = None,
    *,
    family: AttackClass = AttackClass.JAILBREAK,
    usd: str | None = "100",
    gpu_hours: str | None = None,
    steps: int | None = None,
    examples: int | None = None,
    controls: Controls = Controls.PASSED,
    variant: Variant = Variant.AS_RELEASED,
    finished_at: datetime = MEASURED_AT,
    name: str = "attack",
    attempts: int | None = None,
    flop: int | None = None,
    trials: int | None = None,
    seeds: int | None = None,
    longest_run_steps: int | None = None,
    under: str = "",
    rule: RunRule | None = RULE,
    search: AttackBudget | None = None,
) -> Measurement:
    budget = AttackBudget(
        usd=None if usd is None else Decimal(usd),
        gpu_hours=None if gpu_hours is None else Decimal(gpu_hours),
        steps=steps,
        examples=examples,
        attempts=attempts,
        flop=flop,
    )
    attack = Attack(
        name=name,
        attack_class=family,
        budget=budget,
        controls=controls,
        suite=under,
        trials=trials,
        seeds=seeds,
        longest_run_steps=longest_run_steps,
        rule=rule,
        search_budget=search,
    )
    return measurement(
        TAMPER_METRIC, value, variant=variant, attack=attack, finished_at=finished_at
    )


def claim(
    item: str = "E01",
    *,
    holds: bool = True,
    made_at: datetime = MEASURED_AT,
    **fields: str | bool,
) -> Claim:
    return Claim(
        item=item,
        holds=holds,
        statement=f"what {item} says",
        fields=tuple(ClaimField(name=name, value=fields[name]) for name in sorted(fields)),
        made_at=made_at,
    )


def document(
    *contents: Measurement | Claim,
    level: BindingLevel = BindingLevel.RERUN,
    relation: Relation = Relation.IDENTICAL,
    root: str = ROOT,
    by: ProducerRelation = ProducerRelation.INDEPENDENT,
    producer: str = "evaluator",
    organisation: str = "institute",
    measured: str | None = None,
) -> EvidenceDocument:
    if measured is None:
        measured = OTHER_ROOT if relation is Relation.SAFEGUARDS_REMOVED else ""
    return with_digest(
        EvidenceDocument(
            digest="",
            binding=Binding(
                level=level,
                relation=relation,
                name="model",
                revision=COMMIT,
                root_digest=root,
                measured_digest=measured,
            ),
            producer=Producer(name=producer, organisation=organisation, relation=by),
            read_as=ReadAs.PRIMARY,
            source=source_of(organisation or producer),
            source_url="",
            measurements=tuple(c for c in contents if isinstance(c, Measurement)),
            claims=tuple(c for c in contents if isinstance(c, Claim)),
            remarks=(),
            unmapped=(),
        )
    )


def subject(
    *, code_files: tuple[str, ...] = (), modalities: frozenset[str] = frozenset({"text"})
) -> Subject:
    return Subject(
        name="org/model", root_digest=ROOT, code_files=code_files, output_modalities=modalities
    )


def registered(documents: Iterable[EvidenceDocument]) -> tuple[RegisteredDocument, ...]:
    return tuple(
        RegisteredDocument(digest=d.digest, root_digest=d.binding.root_digest, topics=d.topics)
        for d in documents
    )


def collection(
    *found: Evidence,
    gone: Iterable[EvidenceDocument] = (),
    about: Subject | None = None,
) -> Collection:
    """Everything found in documents of its own, and ``gone`` registered but not there."""
    documents = [f if isinstance(f, EvidenceDocument) else document(f) for f in found]
    return collect(about or subject(), documents, registered([*documents, *gone]))


def standards(
    minimum: Mapping[Dimension, int] | None = None,
    longest_age_days: int = 180,
    confidence: str = "0.95",
) -> Standards:
    return Standards(
        minimum_grades={} if minimum is None else minimum,
        longest_age_days=number(longest_age_days, "days"),
        confidence=Decimal(confidence),
    )


def requirement(name: str, expression: Expression, *, waivable: bool = True) -> Requirement:
    return Requirement(
        id=name,
        title=f"title of {name}",
        asks="",
        clauses=("CLAUSE-1",),
        expression=expression,
        applies_to="",
        waivable=waivable,
    )


def rung(
    tier: Tier,
    *requirements: str,
    fast_path: tuple[str, ...] = (),
    holds: tuple[Hold, ...] = (),
    asks: Standards | None = None,
) -> TierDefinition:
    return TierDefinition(
        tier=tier,
        name=f"name of {tier}",
        field_names=(),
        access="",
        safeguards="kept" if tier is Tier.T1 else "",
        security="",
        monitoring="",
        requirements=requirements,
        fast_path=fast_path,
        approvals="one person" if tier is Tier.T2 else "",
        approval_roles=(),
        holds=holds,
        expiry=number(180, "days"),
        expiry_note="",
        standards=asks or standards(),
        fast_standards=asks or standards(),
        clauses=(),
    )


def tamper_policy(levels: Mapping[TamperLevel, TamperDefinition] | None = None) -> TamperPolicy:
    defaults = {
        TamperLevel.TR1: tamper_definition((AttackClass.JAILBREAK, AttackClass.PREFILL), usd="100"),
        TamperLevel.TR2: tamper_definition((AttackClass.ADAPTER,), usd="1200", steps=1000),
        TamperLevel.TR3: tamper_definition((AttackClass.FINE_TUNING,), usd="5000"),
        TamperLevel.TR4: tamper_definition(()),
    }
    return TamperPolicy(metric=TAMPER_METRIC, limit=number("0.05"), levels=levels or defaults)


def tamper_definition(
    families: tuple[AttackClass, ...], usd: str | None = None, steps: int | None = None
) -> TamperDefinition:
    budget = AttackBudget(usd=None if usd is None else Decimal(usd), steps=steps)
    return TamperDefinition(means="survives it", attack_classes=families, budget=budget, numbers=())


def suite_attack(
    name: str, *, attempts: int = 1, steps: int | None = None, trials: int = 1, seeds: int = 1
) -> SuiteAttack:
    return SuiteAttack(
        name=name,
        family=FAMILIES[name],
        access=ACCESS[name],
        budget=AttackBudget(attempts=attempts, steps=steps),
        trials=trials,
        seeds=seeds,
        status="default, adjustable",
        basis="a test",
    )


def suite(name: str, *attacks: SuiteAttack, includes: Suite | None = None) -> Suite:
    return Suite(
        id=name,
        version="1.0.0",
        means=f"suite {name}",
        includes="" if includes is None else includes.stamp,
        attacks=(*(includes.attacks if includes else ()), *attacks),
        is_demonstration=False,
    )


SUITE_1 = suite(
    "TR1",
    suite_attack("none"),
    suite_attack("prefill", trials=4),
    suite_attack("persona", trials=2),
    suite_attack("best-of-n", attempts=16),
)
"""What only writes prompts."""
SUITE_2 = suite(
    "TR2",
    suite_attack("ablation", trials=8, seeds=3),
    suite_attack("lora-in-domain", steps=1000, trials=4, seeds=3),
    includes=SUITE_1,
)
"""What edits weights too."""


def suite_policy() -> TamperPolicy:
    """TR1 and TR2 by suites, for attackers with USD 100 and with USD 1200; nothing above."""
    levels = {
        TamperLevel.TR1: dataclasses.replace(tamper_definition((), usd="100"), suite=SUITE_1),
        TamperLevel.TR2: dataclasses.replace(tamper_definition((), usd="1200"), suite=SUITE_2),
        TamperLevel.TR3: tamper_definition(()),
        TamperLevel.TR4: tamper_definition(()),
    }
    return tamper_policy(levels)


def carried_out(
    asked: SuiteAttack,
    value: Counts | None = None,
    *,
    controls: Controls = Controls.PASSED,
    usd: str | None = "50",
    **changes: object,
) -> Measurement:
    """An attack of a suite, tried exactly as hard as it asks, with ``changes`` to the attack."""
    found = attacked(
        value,
        name=asked.name,
        family=asked.family,
        usd=usd,
        steps=asked.budget.steps,
        attempts=asked.budget.attempts,
        trials=asked.trials,
        seeds=asked.seeds,
        longest_run_steps=asked.budget.steps,
        controls=controls,
        under="TR2@1.0.0",
    )
    assert found.attack is not None
    changed = dataclasses.replace(found.attack, **changes)  # type: ignore[arg-type]
    return dataclasses.replace(found, attack=changed)


def policy(
    requirements: Mapping[str, Expression] | None = None,
    *tiers: TierDefinition,
    bands: Mapping[HazardDomain, Mapping[Band, Expression]] | None = None,
    ceilings: Mapping[HazardDomain, Mapping[Band, Tier]] | None = None,
    tamper: TamperPolicy | None = None,
    waiver_cap: Tier = Tier.T3,
    unwaivable: frozenset[str] = frozenset(),
) -> Policy:
    found = {
        name: requirement(name, expression, waivable=name not in unwaivable)
        for name, expression in (requirements or {}).items()
    }
    return Policy(
        id="test",
        version="1.0.0",
        digest=f"sha256:{'c' * 64}",
        title="A policy of a test",
        summary="",
        as_of="2026-06-01",
        tiers=tiers or (rung(Tier.T0), rung(Tier.T1, *found)),
        requirements=found,
        bands={
            domain: {band: _band(expression) for band, expression in definitions.items()}
            for domain, definitions in (bands or {}).items()
        },
        ceilings=ceilings or {},
        tamper=tamper or tamper_policy(),
        waivers=WaiverLimits(highest_tier=waiver_cap, longest_days=number(90, "days")),
        triggers=(),
        not_covered=("harms nobody asks about",),
    )


def _band(ruled_out: Expression) -> BandDefinition:
    return BandDefinition(title="band", reached_when="reached", ruled_out=ruled_out, numbers=())


def limit(
    metric: str = "cbrn.uplift",
    value: str = "0.05",
    *,
    side: Side = Side.AT_MOST,
    scale: Scale = Scale.RATE,
    variant: Variant | None = None,
    reached_unless_ruled_out: bool = False,
    minimum: int | None = None,
    unit: str = "",
) -> LimitOnMetric:
    return LimitOnMetric(
        metric=metric,
        scale=scale,
        side=side,
        limit=number(value, unit),
        variant=variant,
        reached_unless_ruled_out=reached_unless_ruled_out,
        minimum_behaviours=None if minimum is None else number(minimum),
    )


def waiver(
    name: str = "R1",
    highest_tier: Tier = Tier.T3,
    *,
    root: str = ROOT,
    issued_at: datetime = AT - timedelta(days=1),
    expires_at: datetime = AT + timedelta(days=30),
    by: str = "a person",
) -> Waiver:
    return Waiver(
        requirement=name,
        root_digest=root,
        highest_tier=highest_tier,
        issued_at=issued_at,
        expires_at=expires_at,
        by=by,
        reason="a reason",
    )


def scene(
    evidence: Collection,
    standard: Policy | None = None,
    *,
    tier: Tier = Tier.T1,
    variant: Variant = Variant.WORST_CASE,
    asks: Standards | None = None,
    waivers: tuple[Waiver, ...] = (),
) -> Scene:
    return Scene(
        policy=standard or policy(),
        evidence=evidence,
        at=AT,
        tier=tier,
        standards=asks or standards(),
        variant=variant,
        waivers=waivers,
    )


def judged(
    expression: Expression, *found: Evidence, gone: Iterable[EvidenceDocument] = ()
) -> Explanation:
    """Judge ``expression`` at T1, worst case, over ``found``."""
    return judge(expression, scene(collection(*found, gone=gone)))


def outcome_of(
    expression: Expression, *found: Evidence, gone: Iterable[EvidenceDocument] = ()
) -> Outcome:
    return judged(expression, *found, gone=gone).outcome


def with_value(found: Measurement, value: Counts | Quantity) -> Measurement:
    return dataclasses.replace(found, value=value)
