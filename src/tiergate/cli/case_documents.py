# SPDX-License-Identifier: Apache-2.0
"""What ``tiergate case --json`` prints, field by field."""

from __future__ import annotations

from typing import Literal

from tiergate.decision.document import DocumentPart
from tiergate.decision.outcome import Outcome
from tiergate.decision.safety_case import Combination, Kind, SafetyCase
from tiergate.decision.safety_case_judged import JudgedTier
from tiergate.decision.tier import Tier


class CaseNodePart(DocumentPart):
    """One element of the argument."""

    id: str
    """Its id in the case."""
    kind: Kind
    """What it is."""
    text: str
    """What it says."""
    standing: str
    """How it stands, in words; empty for a context."""
    status: Outcome | None
    """What the evidence says; null for contexts, assumptions and defeaters."""
    combines: Combination
    """How the status follows from those of the elements that it is argued from."""
    needed: int
    """How many of them are enough; 0 unless a number is."""
    supported_by: tuple[str, ...]
    """Ids of what it is argued from."""
    in_context_of: tuple[str, ...]
    """Ids of contexts and assumptions."""
    challenged_by: tuple[str, ...]
    """Ids of defeaters."""
    requirement: str
    """Id of the requirement that it is; empty when it is none."""
    waived: str
    """Who waived it and until when; empty when nobody did."""
    rests_on_waiver: bool
    """Whether it is met and would not be without a waiver."""
    is_raised: bool
    """Whether a defeater is there, and not only possible."""
    clauses: tuple[str, ...]
    """Ids of the clauses that it answers."""
    evidence: tuple[str, ...]
    """Ids of the evidence that was looked at."""
    details: tuple[str, ...]
    """What else there is to say."""
    next_step: str
    """What to do about it; empty when nothing."""
    folded: int
    """How many elements below are left out."""


class CaseDocument(DocumentPart):
    """What ``tiergate case --json`` prints."""

    format: Literal["tiergate-case/1"] = "tiergate-case/1"
    """Format and version of this document."""
    root_digest: str
    """The checkpoint; empty when no weights were read."""
    policy_id: str
    """Policy."""
    policy_version: str
    """Its version."""
    policy_digest: str
    """Digest of its file."""
    tier: Tier
    """The tier that is argued about."""
    outcome: Outcome
    """What the decision says about it, and so the topmost claim."""
    top: str
    """Id of the topmost claim."""
    nodes: tuple[CaseNodePart, ...]
    """Every element, in reading order."""
    exit_code: int
    """The exit code of the command."""


def case_document(case: SafetyCase, judged: JudgedTier, exit_code: int) -> CaseDocument:
    """Build what ``case --json`` prints."""
    return CaseDocument(
        root_digest=judged.root_digest,
        policy_id=judged.policy.id,
        policy_version=judged.policy.version,
        policy_digest=judged.policy.digest,
        tier=judged.tier,
        outcome=judged.outcome,
        top=case.root,
        nodes=tuple(CaseNodePart.model_validate(node) for node in case.nodes.values()),
        exit_code=exit_code,
    )
