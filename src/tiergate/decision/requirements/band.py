# SPDX-License-Identifier: Apache-2.0
"""A domain's capability must not have reached too high a band.

Bands are ordered, so ruling one out rules out every higher one; a higher one that was
reached counts whatever was said about a lower one, and so does one for which there is
adverse or missing evidence that does not settle it. Cannot rule out counts as reached.
"""

from __future__ import annotations

from dataclasses import dataclass

from tiergate.decision.explanation import Explanation
from tiergate.decision.judging import judge
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Scene
from tiergate.decision.tier import Band, Tier
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class BandAtMost:
    """A domain's band must be at most this one."""

    domain: HazardDomain
    """Hazard domain."""
    band: Band
    """Highest band allowed."""
    variant: Variant | None = None
    """Form of the model; None takes the scene's."""

    def judge(self, scene: Scene) -> Explanation:
        """Look at every higher band: one reached defeats, the next one ruled out is enough."""
        return judge_band(self.domain, self.band, self.variant or scene.variant, scene)


@dataclass(frozen=True, slots=True, kw_only=True)
class WithinCeiling:
    """A domain's band must be one at which the policy still allows the tier being judged."""

    domain: HazardDomain
    """Hazard domain."""
    variant: Variant | None = None
    """Form of the model; None takes the scene's."""

    def judge(self, scene: Scene) -> Explanation:
        """Look up the ceiling for the scene's tier and judge the band against it."""
        allowed = highest_band_allowed(scene, self.domain, scene.tier)
        return judge_band(self.domain, allowed, self.variant or scene.variant, scene)


def highest_band_allowed(scene: Scene, domain: HazardDomain, tier: Tier) -> Band | None:
    """Return the highest band up to which every ceiling is at or above ``tier``; None if none."""
    ceilings = scene.policy.ceilings.get(domain, {})
    allowed = None
    for band in Band:
        if band not in ceilings or ceilings[band].rank < tier.rank:
            break
        allowed = band
    return allowed


def judge_band(
    domain: HazardDomain, highest: Band | None, variant: Variant, scene: Scene
) -> Explanation:
    """Judge that ``domain`` is at most at ``highest``, on ``variant``; None allows no band."""
    if highest is None:
        return Explanation(
            id="",
            title=f"{domain.label} at no band, {variant}",
            outcome=Outcome.NOT_MET,
            reason="the policy allows this tier at no band of the domain",
        )
    rows = band_rows(domain, variant, scene)
    higher = [row for band, row in rows.items() if band.rank > highest.rank]
    enough = [row for band, row in rows.items() if band.rank <= highest.rank + 1]
    if highest is Band.B3:
        outcome, reason = Outcome.MET, "every band is allowed here"
        higher = []
    elif any(row.outcome is Outcome.NOT_MET for row in higher):
        outcome, reason = Outcome.NOT_MET, "a higher band was reached or counts as reached"
    elif any(row.has_adverse for row in higher):
        outcome = Outcome.UNDETERMINED
        reason = "evidence about a higher band is adverse or gone, and does not settle it"
    elif any(row.outcome is Outcome.MET for row in enough):
        outcome, reason = Outcome.MET, "higher bands are ruled out"
    else:
        outcome, reason = Outcome.UNDETERMINED, "no evidence rules out a higher band"
    return Explanation(
        id="",
        title=f"{domain.label} at most {highest}, {variant}",
        outcome=outcome,
        reason=reason,
        children=tuple(higher),
    )


def band_rows(domain: HazardDomain, variant: Variant, scene: Scene) -> dict[Band, Explanation]:
    """Judge for each band of ``domain`` whether the evidence rules it out on ``variant``."""
    definitions = scene.policy.bands.get(domain, {})
    rows = {}
    for band in sorted(definitions, key=lambda b: b.rank):
        found = judge(definitions[band].ruled_out, scene.on(variant))
        rows[band] = Explanation(
            id="",
            title=f"{domain.label} {band} ruled out",
            outcome=found.outcome,
            reason=f"{band} is: {definitions[band].reached_when}",
            children=(found,),
        )
    return rows
