# SPDX-License-Identifier: Apache-2.0
"""``evaluate(policy, evidence, *, at)``: the pure function that decides.

Steps, in order:

1. Judge every requirement of every tier, all of them, with this tier's standards.
2. A tier is supported when it and every tier below it are met, or when its fast path is.
   T0 hands out nothing, so it is the floor whatever the evidence says. A waiver that does
   not reach a tier does not help it from below either.
3. The tier in question is the one asked for, else the one above the supported tier.
4. Carry the conditions of each tier along; they are not requirements and are not judged,
   except that a hold may name what makes it unnecessary.

No clock, no randomness, no input or output here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import datetime

from tiergate import __version__
from tiergate.decision.decision import BandReading, Condition, Decision, TierVerdict
from tiergate.decision.explanation import Explanation
from tiergate.decision.judging import judge, judge_requirement
from tiergate.decision.memo import Memo
from tiergate.decision.outcome import Outcome, all_of, any_of
from tiergate.decision.policy import Hold, Policy, Scene, TierDefinition
from tiergate.decision.requirements.band import band_rows
from tiergate.decision.requirements.measured import band_metrics
from tiergate.decision.tier import Band, Tier
from tiergate.decision.waiver import Waiver
from tiergate.evidence.collection import Collection
from tiergate.evidence.measurement import Variant


def evaluate(
    policy: Policy,
    evidence: Collection,
    *,
    at: datetime,
    asked: Tier | None = None,
    waivers: Iterable[Waiver] = (),
) -> Decision:
    """Decide which tier ``evidence`` supports under ``policy`` at the time ``at``.

    Raises:
        ValueError: ``at`` is not aware, or the policy does not have the tier asked for.
    """
    if at.tzinfo is None:
        raise ValueError("at: a time without a zone")
    given, memo = tuple(waivers), Memo()
    verdicts = _ladder(policy, evidence, at, given, memo)
    supported = max(
        (v.tier for v in verdicts if v.outcome is Outcome.MET),
        key=lambda tier: tier.rank,
        default=Tier.T0,
    )
    question = asked or _next_above(supported, verdicts)
    answer = next((v.outcome for v in verdicts if v.tier is question), None)
    if answer is None:
        raise ValueError(f"policy {policy.id} has no tier {question}")
    documents = {document.digest for document in evidence.documents}
    bands = _bands(_scene(policy, evidence, at, policy.tiers[-1], (), memo))
    return Decision(
        subject_name=evidence.subject.name,
        root_digest=evidence.subject.root_digest,
        policy_id=policy.id,
        policy_version=policy.version,
        policy_digest=policy.digest,
        engine_version=__version__,
        at=at,
        asked=question,
        asked_by_default=asked is None,
        outcome=answer,
        supported=supported,
        tiers=verdicts,
        bands=bands,
        waivers=_counted_waivers(given, verdicts),
        used=tuple(sorted(documents)),
        elsewhere=tuple(document.digest for document in evidence.elsewhere),
        missing=tuple(gone.digest for gone in evidence.missing),
        not_assessed=_not_assessed(policy, evidence),
        loosenings=policy.loosenings,
    )


def _ladder(
    policy: Policy, evidence: Collection, at: datetime, waivers: tuple[Waiver, ...], memo: Memo
) -> tuple[TierVerdict, ...]:
    verdicts: list[TierVerdict] = []
    for index, definition in enumerate(policy.tiers):
        scene = _scene(policy, evidence, at, definition, waivers, memo)
        reaching = tuple(w for w in waivers if _reaches(w, definition.tier, policy))
        below = _rows_below(policy.tiers[:index], scene, reaching, verdicts)
        rows = tuple(judge_requirement(name, scene) for name in definition.requirements)
        on_fast = dataclasses.replace(scene, standards=definition.fast_standards)
        fast = tuple(judge_requirement(name, on_fast) for name in definition.fast_path)
        own = all_of(row.outcome for row in rows)
        lower = (all_of(row.outcome for row in tier) for tier in below)
        ways = [all_of([*lower, own])]
        is_fast = bool(fast) and all_of(row.outcome for row in fast) is Outcome.MET
        if fast:
            ways.append(all_of(row.outcome for row in fast))
        verdicts.append(
            TierVerdict(
                definition=definition,
                own=own,
                outcome=any_of(ways),
                requirements=rows,
                below=below,
                fast_path=fast,
                conditions=_conditions(definition, on_fast if is_fast else scene),
            )
        )
    return tuple(verdicts)


def _reaches(waiver: Waiver, tier: Tier, policy: Policy) -> bool:
    return tier.rank <= min(waiver.highest_tier.rank, policy.waivers.highest_tier.rank)


def _rows_below(
    lower: tuple[TierDefinition, ...],
    scene: Scene,
    reaching: tuple[Waiver, ...],
    verdicts: list[TierVerdict],
) -> tuple[tuple[Explanation, ...], ...]:
    """Judge the lower tiers with those waivers alone that reach this one."""
    if reaching == scene.waivers:
        return tuple(verdict.requirements for verdict in verdicts if verdict.tier is not Tier.T0)
    return tuple(
        tuple(
            judge_requirement(
                name,
                dataclasses.replace(
                    scene,
                    tier=definition.tier,
                    standards=definition.standards,
                    waivers=reaching,
                ),
            )
            for name in definition.requirements
        )
        for definition in lower
        if definition.tier is not Tier.T0
    )


def _scene(  # noqa: PLR0913, PLR0917 - what a scene is made of
    policy: Policy,
    evidence: Collection,
    at: datetime,
    definition: TierDefinition,
    waivers: tuple[Waiver, ...],
    memo: Memo,
) -> Scene:
    return Scene(
        policy=policy,
        evidence=evidence,
        at=at,
        tier=definition.tier,
        standards=definition.standards,
        variant=Variant.WORST_CASE,
        waivers=waivers,
        memo=memo,
    )


def _next_above(supported: Tier, verdicts: tuple[TierVerdict, ...]) -> Tier:
    higher = [v.tier for v in verdicts if v.tier.rank > supported.rank]
    return higher[0] if higher else supported


def _conditions(definition: TierDefinition, scene: Scene) -> tuple[Condition, ...]:
    words = (
        ("approval", definition.approvals),
        ("safeguards", definition.safeguards),
        ("security", definition.security),
        ("monitoring", definition.monitoring),
    )
    holds = tuple(
        Condition(kind="hold", text=hold.text, number=hold.days)
        for hold in definition.holds
        if _is_needed(hold, scene)
    )
    expiry = Condition(
        kind="expiry",
        text=definition.expiry_note or "a decision for this tier lapses and is taken anew",
        number=definition.expiry,
    )
    plain = tuple(Condition(kind=kind, text=text, number=None) for kind, text in words if text)
    return (*plain, *holds, expiry)


def _is_needed(hold: Hold, scene: Scene) -> bool:
    return hold.unless is None or judge(hold.unless, scene).outcome is not Outcome.MET


def _bands(scene: Scene) -> tuple[BandReading, ...]:
    found = []
    for domain in sorted(scene.policy.bands):
        rows = band_rows(domain, Variant.WORST_CASE, scene)
        reached = [band for band, row in rows.items() if row.outcome is Outcome.NOT_MET]
        doubtful = [band.rank for band, row in rows.items() if row.has_adverse]
        ruled_out = [band.rank for band, row in rows.items() if row.outcome is Outcome.MET]
        ceiling = max(min(ruled_out, default=len(Band)) - 1, *doubtful, 0)
        highest = max(reached, key=lambda band: band.rank, default=Band.B0)
        found.append(
            BandReading(
                domain=domain,
                variant=Variant.WORST_CASE,
                reached=highest,
                not_ruled_out=list(Band)[max(ceiling, highest.rank)],
            )
        )
    return tuple(found)


def _counted_waivers(
    given: tuple[Waiver, ...], verdicts: tuple[TierVerdict, ...]
) -> tuple[Waiver, ...]:
    counted = {
        (node.id, node.waived)
        for verdict in verdicts
        for row in (*verdict.requirements, *verdict.fast_path)
        for node in row.walk()
        if node.waived
    }
    return tuple(w for w in given if (w.requirement, w.summary) in counted)


def _not_assessed(policy: Policy, evidence: Collection) -> tuple[str, ...]:
    gaps = []
    for domain in sorted(policy.bands):
        read = band_metrics(policy, domain)
        seen = {
            m.setting.variant
            for document in evidence.documents
            for m in document.measurements
            if m.metric in read
        }
        if not seen:
            gaps.append(f"{domain.label}: not measured by anything that its bands read")
        elif Variant.WORST_CASE not in seen:
            gaps.append(f"{domain.label}: not measured on the worst-case variant")
    seen_claims = {(run.metric, run.variant) for run in evidence.runs}
    gaps += [
        f"run {run.id} of {run.metric}, {run.variant}: registered and never shown"
        for metric, variant in sorted(seen_claims)
        for run in evidence.unseen_runs(metric, variant)
    ]
    return (*gaps, *policy.not_covered)
