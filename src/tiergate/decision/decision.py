# SPDX-License-Identifier: Apache-2.0
"""The decision: the most open tier that the evidence supports, with all reasons.

A plain value. It opens nothing by itself; signing it and acting on it are other parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tiergate.decision.explanation import Explanation
from tiergate.decision.loosening import Loosening
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Number, TierDefinition
from tiergate.decision.tier import Band, Tier
from tiergate.decision.waiver import Waiver
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Something that must happen, or be kept up, for a tier to be opened."""

    kind: str
    """``approval``, ``hold``, ``expiry``, ``safeguards``, ``security`` or ``monitoring``."""
    text: str
    """What, in words."""
    number: Number | None
    """Its number of days, with status and basis; None when there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TierVerdict:
    """What the evidence says about one tier."""

    definition: TierDefinition
    """The tier."""
    own: Outcome
    """Its own requirements alone."""
    outcome: Outcome
    """Its requirements and those of every tier below it, or its fast path."""
    requirements: tuple[Explanation, ...]
    """Its own requirements."""
    below: tuple[tuple[Explanation, ...], ...]
    """Those of each tier below it but T0, with the waivers that reach this tier."""
    fast_path: tuple[Explanation, ...]
    """The requirements of its fast path; empty when it has none."""
    conditions: tuple[Condition, ...]
    """What else is needed to open it."""

    @property
    def tier(self) -> Tier:
        """The tier."""
        return self.definition.tier

    def count(self, outcome: Outcome) -> int:
        """Count its own requirements with this outcome."""
        return sum(row.outcome is outcome for row in self.requirements)


@dataclass(frozen=True, slots=True, kw_only=True)
class BandReading:
    """How far a domain's capability has come, as far as the evidence says."""

    domain: HazardDomain
    """The domain."""
    variant: Variant
    """The form of the model."""
    reached: Band
    """Highest band that was reached, or counts as reached; B0 when none was."""
    not_ruled_out: Band
    """Highest band that the evidence does not rule out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a policy says about one checkpoint and the evidence about it."""

    subject_name: str
    """Name of the checkpoint, for people."""
    root_digest: str
    """Its identity."""
    policy_id: str
    """Policy."""
    policy_version: str
    """Its version."""
    policy_digest: str
    """Digest of its file."""
    engine_version: str
    """Version of Tiergate that decided."""
    at: datetime
    """Time of the decision, an input."""
    asked: Tier
    """The tier in question."""
    asked_by_default: bool
    """Whether nobody asked, so that the tier above the supported one is in question."""
    outcome: Outcome
    """What the evidence says about that tier."""
    supported: Tier
    """Most open tier that the evidence supports; T0 when none is."""
    tiers: tuple[TierVerdict, ...]
    """Every tier of the policy, most closed first."""
    bands: tuple[BandReading, ...]
    """Every domain that the policy has bands for, worst case."""
    waivers: tuple[Waiver, ...]
    """Waivers that changed an outcome."""
    used: tuple[str, ...]
    """Digests of the documents that were looked at."""
    elsewhere: tuple[str, ...]
    """Digests of documents about other checkpoints, left out."""
    missing: tuple[str, ...]
    """Digests of registered documents that are gone."""
    not_assessed: tuple[str, ...]
    """What nothing here says anything about."""
    loosenings: tuple[Loosening, ...] = ()
    """Where the policy asks for less than the one that it extends."""

    def blocking(self) -> tuple[Explanation, ...]:
        """Return the requirements that keep the tier in question closed, failures first.

        Those of the tiers below count too, each once, a failure before anything else. T0 is
        the floor: its own duties block only itself.
        """
        if self.outcome is Outcome.MET:
            return ()
        rows: dict[str, Explanation] = {}
        verdict = self.verdict(self.asked)
        for tier in (*verdict.below, verdict.requirements):
            for row in tier:
                if row.outcome is Outcome.NOT_MET:
                    rows[row.id] = row
                elif row.outcome is Outcome.UNDETERMINED:
                    rows.setdefault(row.id, row)
        return tuple(sorted(rows.values(), key=lambda row: row.outcome is not Outcome.NOT_MET))

    def verdict(self, tier: Tier) -> TierVerdict:
        """Return what was said about ``tier``.

        Raises:
            KeyError: the policy does not have it.
        """
        for row in self.tiers:
            if row.tier is tier:
                return row
        raise KeyError(tier)
