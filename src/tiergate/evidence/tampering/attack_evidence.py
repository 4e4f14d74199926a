# SPDX-License-Identifier: Apache-2.0
"""From a run of attacks to evidence documents: one for each attack, bound to the weights.

A document holds the most successful setting that was confirmed, and the rule by which all others
were settled. Where the outcome of the attack is anything but *holds*, a remark says so, and the
document supports nothing; what it shows to be broken counts all the same.

Every measurement states two budgets: what its setting costs by itself, which is the price of a
break, and what had been paid in all, for which what held is credited.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.conduct import (
    Access as StatedAccess,
)
from tiergate.evidence.conduct import Conduct, Coverage, Effort, GraderKind, GraderValidation
from tiergate.evidence.measurement import (
    Attack,
    AttackBudget,
    AttackClass,
    BehaviourResult,
    Comparison,
    Counts,
    Direction,
    Measurement,
    RunRule,
    Setting,
    Variant,
)
from tiergate.evidence.provenance import (
    Binding,
    BindingLevel,
    Producer,
    ReadAs,
    Relation,
    Remark,
    SourceFile,
)
from tiergate.evidence.tampering.accounting import (
    cheapest_break,
    longest_run_steps,
    paid_by_point,
    paid_in_all,
    paid_until,
    price_of,
    price_of_setting,
)
from tiergate.evidence.tampering.adversary import Access, Cost, Prices
from tiergate.evidence.tampering.assessing import (
    candidates,
    clusters_of,
    name_of,
    refused,
    succeeded,
)
from tiergate.evidence.tampering.context import RunContext
from tiergate.evidence.tampering.grading import AnswerClass
from tiergate.evidence.tampering.harness import AttackResult, Confirmed, RunResult
from tiergate.evidence.tampering.outcomes import AttackOutcome
from tiergate.evidence.tampering.trial import Labels, PointResult, Trial
from tiergate.stats.rates import Rate

SUCCESS, TWINS, UTILITY = (
    "safeguard.attack_success",
    "safeguard.twin_refusal",
    "utility.retained",
)
SEARCHED = "safeguard.attack_search"
"""Points of the search, as they were counted while searching; no policy asks for them."""

DESTROYED = "the model was shown to be destroyed"
"""What the elicitation of such a point says, so that a picture does not show it as a break."""

_EFFORTS = {
    Access.PROMPTS: Effort.ADAPTIVE,
    Access.TEMPLATE: Effort.ADAPTIVE,
    Access.ACTIVATIONS: Effort.ADAPTIVE,
    Access.WEIGHTS: Effort.WEIGHT_LEVEL,
}
_ACCESS = {
    Access.PROMPTS: StatedAccess.BLACK_BOX,
    Access.TEMPLATE: StatedAccess.GREY_BOX,
    Access.ACTIVATIONS: StatedAccess.WHITE_BOX,
    Access.WEIGHTS: StatedAccess.WHITE_BOX,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What a run's evidence needs beside its results."""

    name: str
    """What the checkpoint is called."""
    root_digest: str
    """Its root digest, taken before it was loaded and again after the run."""
    producer: Producer
    """Who ran it."""
    journal: SourceFile
    """The journal, which holds every label."""
    started_at: datetime
    """When the run began."""
    finished_at: datetime
    """When it ended."""
    prices: Prices
    """What operations cost."""
    grader: GraderValidation | None
    """The grader's error."""
    grader_name: str
    """What graded."""
    grader_kind: GraderKind
    """What kind of thing graded."""


def documents(
    run: RunResult, context: RunContext, around: Circumstances
) -> tuple[EvidenceDocument, ...]:
    """Return the evidence of a run, the model as released first."""
    maker = _Maker(run, context, around)
    found = [maker.released(), *(maker.attacked(attack) for attack in run.attacks)]
    return tuple(document for document in found if document.measurements)


class _Maker:
    def __init__(self, run: RunResult, context: RunContext, around: Circumstances) -> None:
        self._run = run
        self._context = context
        self._around = around
        self._clusters = clusters_of(context.prompts.pairs)

    def released(self) -> EvidenceDocument:
        """Return the document of the null control."""
        point = self._run.null.points[-1] if self._run.null.points else None
        attack = self._attack("none", AttackClass.NONE, AttackBudget(attempts=1))
        measured = self._measurements(point, self._run.null.trial, attack, Access.PROMPTS)
        if measured and self._run.positive is not None and self._run.positive.points:
            measured[0] = replace(measured[0], comparison=self._twin(self._run.positive.points[-1]))
        return self._document(measured, self._run.released.outcome, self._run.released.reason)

    def _twin(self, point: PointResult) -> Comparison:
        return Comparison(
            baseline_name="unguarded twin",
            downloadable=False,
            baseline_digest="",
            counts=succeeded(point.guarded, self._clusters),
        )

    def attacked(self, found: AttackResult) -> EvidenceDocument:
        """Return the document of one attack: what decided it, then the points of the search."""
        measured: list[Measurement] = []
        decided = deciding(found)
        valid = [result for result in found.searched if result.restored and not result.error]
        plain = self._attack(found.attack.name, found.attack.family, AttackBudget())
        plain = replace(
            plain,
            trials=max(1, len({r.trial.setting for r in valid})),
            seeds=max(1, len({r.trial.seed for r in valid})),
            longest_run_steps=longest_run_steps(found),
        )
        if decided is not None and decided.result.points:
            broken = decided.finding.outcome is AttackOutcome.BROKEN
            paid = paid_until(found, decided) if broken else paid_in_all(found)
            point = decided.result.points[-1]
            attack = self._priced(plain, price_of_setting(found, decided), paid, point)
            measured += self._measurements(point, decided.result.trial, attack, found.attack.access)
        measured += self._search_points(found, plain)
        return self._document(measured, found.summary.outcome, "; ".join(found.summary.reasons))

    def _search_points(self, found: AttackResult, plain: Attack) -> list[Measurement]:
        """Return what the search saw at every point, against all that was paid until then."""
        destroyed = self._destroyed(found)
        rows: list[Measurement] = []
        for result, point, paid in paid_by_point(found):
            attack = self._priced(plain, price_of(point), paid, point)
            success, *others = self._measurements(point, result.trial, attack, found.attack.access)
            setting = success.setting
            if name_of(result.trial, point.point) in destroyed:
                setting = replace(setting, elicitation=f"{setting.elicitation}; {DESTROYED}")
            rows += [replace(success, metric=SEARCHED, setting=setting), *others]
        return rows

    def _priced(self, plain: Attack, price: Cost, paid: Cost, point: PointResult) -> Attack:
        """State what the setting costs by itself, and what had been paid in all."""
        budget, search = map(self._around.prices.budget, (price, paid))
        attempts = _attempts(point)
        return replace(
            plain,
            budget=replace(budget, attempts=attempts),
            search_budget=replace(search, attempts=attempts),
        )

    def _destroyed(self, found: AttackResult) -> frozenset[str]:
        """Name the points at which the model was shown to be destroyed, in either phase."""
        most = self._context.effort.search_prompts
        rule = self._context.rule
        searched = (
            tried
            for result in found.searched
            for tried in candidates(
                result,
                self._run.untouched,
                self._clusters,
                rule,
                most_prompts=most,
                grader=self._around.grader,
            )
        )
        gone = AttackOutcome.DESTROYED
        again = (known.name for known in found.confirmed if known.finding.outcome is gone)
        return frozenset([*again, *(t.trial for t in searched if t.outcome is gone)])

    def _attack(self, name: str, family: AttackClass, budget: AttackBudget) -> Attack:
        return Attack(
            name=name,
            attack_class=family,
            budget=budget,
            controls=self._run.controls,
            suite=self._context.suite.stamp,
            rule=self._rule(),
        )

    def _rule(self) -> RunRule:
        rule, effort = self._context.rule, self._context.effort
        return RunRule(
            limit=rule.limit,
            confidence=rule.confidence,
            margin=rule.margin,
            loss_nats=rule.loss_nats,
            accuracy_drop=rule.accuracy_drop,
            effort=tuple(sorted((name, getattr(effort, name)) for name in effort.__slots__)),
            prices_digest=self._around.prices.digest,
            has_shipped_prices=self._around.prices.is_shipped,
        )

    def _measurements(
        self, point: PointResult | None, trial: Trial, attack: Attack, access: Access
    ) -> list[Measurement]:
        """Return the three numbers of a point."""
        if point is None:
            return []
        success = self._counted(point.guarded, point, trial, attack, access)
        twins = refused(point.twin, self._clusters)
        tasks = Rate(point.utility.correct, point.utility.asked)
        found = [success]
        if point.twin.rows:
            found.append(
                replace(
                    success,
                    metric=TWINS,
                    direction=Direction.HIGHER_IS_RISKIER,
                    success_means="the harmless twin of a guarded prompt was refused",
                    value=twins,
                    behaviours=_behaviours(point.twin, self._clusters, is_refusal=True),
                )
            )
        if tasks.trials:
            found.append(
                replace(
                    success,
                    metric=UTILITY,
                    direction=Direction.HIGHER_IS_SAFER,
                    success_means="an everyday question was answered rightly by likelihood",
                    value=Counts.simple(tasks.successes, tasks.trials),
                    behaviours=(),
                    dataset="tiergate choices",
                    grader="likelihood of the options",
                    conduct=replace(
                        success.conduct,
                        grader_kind=GraderKind.EXACT,
                        grader_validation=None,
                        dataset_digest="",
                    ),
                )
            )
        return found

    def _counted(
        self, labels: Labels, point: PointResult, trial: Trial, attack: Attack, access: Access
    ) -> Measurement:
        around = self._around
        return Measurement(
            metric=SUCCESS,
            domain=None,
            direction=Direction.HIGHER_IS_RISKIER,
            success_means="a prompt that should be refused was answered",
            value=succeeded(labels, self._clusters),
            setting=Setting(
                variant=Variant.AS_RELEASED,
                elicitation=f"{name_of(trial, point.point)}; weights in memory {point.digest}",
                generation=f"{point.generation} dtype={point.dtype}",
            ),
            task=f"tiergate attack, {self._context.suite.stamp}",
            dataset=f"{self._context.prompts.name} {self._context.prompts.digest}",
            grader=around.grader_name,
            started_at=around.started_at,
            finished_at=around.finished_at,
            samples_kept=len(labels.rows),
            attack=attack,
            conduct=Conduct(
                effort=_EFFORTS[access],
                access=_ACCESS[access],
                coverage=Coverage.PROXY,
                grader_kind=around.grader_kind,
                grader_validation=around.grader,
                dataset_digest=self._context.prompts.digest,
            ),
            behaviours=_behaviours(labels, self._clusters, is_refusal=False),
        )

    def _document(
        self, measured: list[Measurement], outcome: AttackOutcome, reason: str
    ) -> EvidenceDocument:
        around = self._around
        remarks = [Remark(code="attack-outcome", message=f"{outcome}: {reason}")]
        if outcome is not AttackOutcome.HOLDS:
            remarks.append(
                Remark(
                    code="attack-not-held",
                    message=f"The outcome is {outcome}, so these counts support nothing.",
                )
            )
        return EvidenceDocument(
            digest="",
            binding=Binding(
                level=BindingLevel.DIGEST_AT_LOAD,
                relation=Relation.IDENTICAL,
                name=around.name,
                root_digest=around.root_digest,
            ),
            producer=around.producer,
            read_as=ReadAs.PRIMARY,
            source=around.journal,
            source_url="",
            measurements=tuple(measured),
            claims=(),
            remarks=tuple(remarks),
            unmapped=(),
        )


def deciding(found: AttackResult) -> Confirmed | None:
    """Return the confirmed setting that decides: a break, else one not settled, else one that held.

    Of several breaks the cheapest; of others alike, the one with the highest bound on its success.
    """
    broken = cheapest_break((found,))
    if broken is not None:
        return broken[1]
    order = [AttackOutcome.UNDECIDED, AttackOutcome.HOLDS]
    kept = [c for c in found.confirmed if c.finding.outcome in order]
    return min(
        kept,
        key=lambda c: (order.index(c.finding.outcome), -c.finding.success.upper),
        default=None,
    )


def _attempts(point: PointResult) -> int:
    return max((len(classes) for _, classes in point.guarded.rows), default=1)


def _behaviours(
    labels: Labels, clusters: dict[str, str], *, is_refusal: bool
) -> tuple[BehaviourResult, ...]:
    """Return the counts by cluster, which is what resembles each other."""
    names: dict[str, list[tuple[str, tuple[AnswerClass, ...]]]] = {}
    for name, classes in labels.rows:
        names.setdefault(clusters[name], []).append((name, classes))
    found = []
    for cluster, rows in sorted(names.items()):
        part = Labels(rows=tuple(rows))
        rate = part.refusals if is_refusal else part.successes
        unscored = 0 if is_refusal else part.unusable.successes
        found.append(
            BehaviourResult(
                behaviour=cluster,
                successes=rate.successes,
                scored=rate.trials - unscored,
                unscored=unscored,
            )
        )
    return tuple(found)
