# SPDX-License-Identifier: Apache-2.0
"""Evidence for tests of the default policy: models that reached something, and all else clean."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from builders import a_claim, a_document, full_evidence
from tiergate.decision.policy import AnyOf, Expression, Named
from tiergate.decision.policy_document import load_policy
from tiergate.decision.requirements.band import BandAtMost
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.requirements.measured import Measured
from tiergate.decision.requirements.tampering import TamperResistance
from tiergate.decision.tier import Band, TamperLevel, Tier
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.measurement import Counts, Quantity, Variant
from tiergate.evidence.provenance import ProducerRelation

POLICY = load_policy("default")
BANDED = tuple(POLICY.bands)
_EXTERNAL = (ProducerRelation.COMMISSIONED, ProducerRelation.INDEPENDENT)


def rate(successes: int, trials: int = 400) -> Counts:
    """Return successes among independent trials."""
    return Counts.simple(successes, trials)


def quantity(lower: str, upper: str, unit: str = "times") -> Quantity:
    """Return a measured size."""
    return Quantity(lower=Decimal(lower), upper=Decimal(upper), unit=unit, method="bootstrap")


def from_watch() -> tuple[Expression, ...]:
    """Return all that is asked for once a capability has come so far, with every band measured.

    Safeguards hold at TR1 and were not tried further, so they carry no band.
    """
    gated = ("vetting", "gated_uses", "enforcement")
    marks = ("method", "detection_result", "robustness")
    bands = (Band.B0, Band.B1, Band.B2)
    return (
        Named(id="E12"),
        ClaimMade(item="CYBER-USES-GATED", fields=gated),
        ClaimMade(item="PROVENANCE-MARKS", fields=marks),
        TamperResistance(level=TamperLevel.TR1),
        Measured(domains=BANDED, variant=Variant.WORST_CASE, by=_EXTERNAL, producers=2),
        *(BandAtMost(domain=domain, band=band) for domain in BANDED for band in bands),
    )


def all_measured(
    found: Mapping[str, Counts | Quantity],
    finding: str = "",
    *,
    baselines: Mapping[str, Counts] | None = None,
    also: tuple[Expression, ...] = (),
    tier: Tier = Tier.T6,
) -> tuple[EvidenceDocument, ...]:
    """Return complete evidence in which the metrics of ``found`` came out like that."""
    wanted = (*from_watch(), *also)
    documents = full_evidence(POLICY, tier, also=wanted, instead=found, baselines=baselines)
    if not finding:
        return documents
    return (*documents, a_document(claims=[a_claim(finding)]))


def image_evidence(
    *, rates: Mapping[str, Counts | Quantity] | None = None, baseline: Counts | None = None
) -> tuple[EvidenceDocument, ...]:
    """Return complete evidence for gated weights with the image pack."""
    ways = POLICY.requirements["IMAGE"].expression
    assert isinstance(ways, AnyOf)
    baselines = {} if baseline is None else {"csam_ncii.violation_rate": baseline}
    return full_evidence(POLICY, Tier.T4, also=[ways.parts[1]], instead=rates, baselines=baselines)
