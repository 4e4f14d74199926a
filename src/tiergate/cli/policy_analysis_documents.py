# SPDX-License-Identifier: Apache-2.0
"""What ``policy lint``, ``diff`` and ``prove`` print with ``--json``, field by field."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from tiergate.decision.analysis.compare import Compared, Difference
from tiergate.decision.analysis.conditions import Condition
from tiergate.decision.analysis.lint import Finding
from tiergate.decision.analysis.prove import Proof
from tiergate.decision.analysis.relation import Relation
from tiergate.decision.analysis.witness import Decider, Witness
from tiergate.decision.outcome import Outcome
from tiergate.decision.tier import Tier
from tiergate.evidence.hazards import HazardDomain


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class LintFindingPart(_Part):
    """Something about a policy that its author should look at."""

    where: str
    """Tier, requirement, band or metric."""
    code: str
    """Stable short name, explained in docs/reference/findings.md."""
    message: str
    """The facts."""


class LintDocument(_Part):
    """What ``tiergate policy lint --json`` prints."""

    format: Literal["tiergate-lint/1"] = "tiergate-lint/1"
    """Format and version of this document."""
    policy: str
    """Id of the policy."""
    version: str
    """Its version."""
    findings: tuple[LintFindingPart, ...]
    """Everything that was found."""

    @classmethod
    def of(cls, policy_id: str, version: str, found: tuple[Finding, ...]) -> LintDocument:
        """Make the document of what was found."""
        rows = tuple(
            LintFindingPart(where=f.where, code=f.remark.code, message=f.remark.message)
            for f in found
        )
        return cls(policy=policy_id, version=version, findings=rows)


class DeciderPart(_Part):
    """A requirement that keeps a tier closed."""

    policy: str
    """Id of the policy that asks for it."""
    requirement: str
    """Its id there."""
    asks: str
    """What it asks for, in a sentence."""
    outcome: Outcome
    """What the evidence makes of it."""
    is_fast: bool
    """Whether it stands on the fast path, and not on the ladder."""

    @classmethod
    def of(cls, found: Decider) -> DeciderPart:
        """Make the part of a requirement."""
        return cls(
            policy=found.policy,
            requirement=found.requirement,
            asks=found.asks,
            outcome=found.outcome,
            is_fast=found.is_fast,
        )


class WitnessPart(_Part):
    """Evidence with which one policy opens a tier and the other does not."""

    tier: Tier
    """The tier."""
    opened_by: str
    """Id of the policy that opens it."""
    first_supports: Tier
    """What the first policy supports with it."""
    second_supports: Tier
    """What the second policy supports with it."""
    evidence: tuple[str, ...]
    """Where it is not as good as can be; empty when the best evidence shows the difference."""
    pieces: int
    """How many pieces of evidence it consists of."""
    closed_by: tuple[DeciderPart, ...]
    """What keeps the tier closed under the other policy; empty when that has no such tier."""

    @classmethod
    def of(cls, found: Witness) -> WitnessPart:
        """Make the part of a witness."""
        return cls(
            tier=found.tier,
            opened_by=found.opened_by,
            first_supports=found.first,
            second_supports=found.second,
            evidence=found.words,
            pieces=len(found.pieces),
            closed_by=tuple(map(DeciderPart.of, found.deciders)),
        )


class ComparedPart(_Part):
    """How two policies relate in one respect."""

    relation: Relation
    """How the first stands to the second."""
    witnesses: tuple[WitnessPart, ...]
    """Evidence for it."""

    @classmethod
    def of(cls, found: Compared) -> ComparedPart:
        """Make the part of a comparison."""
        return cls(relation=found.relation, witnesses=tuple(map(WitnessPart.of, found.witnesses)))


class ConditionPart(_Part):
    """One condition in which two policies differ, which no evidence meets."""

    tier: Tier | None
    """The tier that it belongs to; null for what is about waivers."""
    what: str
    """What it is: approvals, holds, expires after, or something about waivers."""
    relation: Relation
    """How the first stands to the second."""
    first: str
    """What the first asks for."""
    second: str
    """What the second asks for."""

    @classmethod
    def of(cls, found: Condition) -> ConditionPart:
        """Make the part of a condition."""
        return cls(
            tier=found.tier,
            what=found.what,
            relation=found.relation,
            first=found.first,
            second=found.second,
        )


class DifferenceDocument(_Part):
    """What ``tiergate policy diff --json`` prints."""

    format: Literal["tiergate-policy-diff/1"] = "tiergate-policy-diff/1"
    """Format and version of this document."""
    first: str
    """Id and version of the first policy."""
    second: str
    """Id and version of the second policy."""
    overall: Relation
    """How the first stands to the second in what evidence opens, over all tiers."""
    tiers: dict[Tier, ComparedPart]
    """The same at each tier."""
    domains: dict[HazardDomain, ComparedPart]
    """The same where everything but one hazard domain is as good as can be."""
    besides: Relation
    """How the first stands to the second in approvals, holds, expiry and waivers."""
    conditions: tuple[ConditionPart, ...]
    """Each of those in which they differ, at the tiers that both have."""

    @classmethod
    def of(cls, found: Difference) -> DifferenceDocument:
        """Make the document of a difference."""
        return cls(
            first=f"{found.first.id} {found.first.version}",
            second=f"{found.second.id} {found.second.version}",
            overall=found.overall,
            tiers={tier: ComparedPart.of(part) for tier, part in found.tiers.items()},
            domains={domain: ComparedPart.of(part) for domain, part in found.domains.items()},
            besides=found.besides,
            conditions=tuple(map(ConditionPart.of, found.conditions)),
        )


class ProofPart(_Part):
    """What became of one law."""

    law: str
    """The law in a sentence."""
    holds: bool | None
    """Whether it was proved, or disproved; null when neither could be done."""
    witness: tuple[str, ...]
    """The counterexample; empty when the law holds."""


class ProofDocument(_Part):
    """What ``tiergate policy prove --json`` prints."""

    format: Literal["tiergate-policy-proof/1"] = "tiergate-policy-proof/1"
    """Format and version of this document."""
    policy: str
    """Id of the policy."""
    version: str
    """Its version."""
    laws: tuple[ProofPart, ...]
    """Every law."""

    @classmethod
    def of(cls, policy_id: str, version: str, found: tuple[Proof, ...]) -> ProofDocument:
        """Make the document of proofs."""
        laws = tuple(ProofPart(law=p.law, holds=p.holds, witness=p.witness) for p in found)
        return cls(policy=policy_id, version=version, laws=laws)
