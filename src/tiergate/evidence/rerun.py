# SPDX-License-Identifier: Apache-2.0
"""Whether somebody else measured the same thing on the same files and found the same."""

from __future__ import annotations

from decimal import Decimal

from tiergate.evidence.bounds import bounds_of
from tiergate.evidence.collection import Collection, EvidenceDocument, MeasurementItem
from tiergate.evidence.measurement import Measurement, Quantity
from tiergate.evidence.provenance import BindingLevel, Relation

_CONFIDENCE = Decimal("0.95")


def agrees_with_another(item: MeasurementItem, evidence: Collection) -> bool:
    """Tell whether an independent measurement overlaps with this one.

    It is one of the same metric on the same form of exactly these files, by another
    organisation, from a log of its own. Two intervals overlap where neither upper end is
    below the other's lower.
    """
    own, log = item.document.producer.maker, _log_of(item.document)
    return any(
        other.measurement.setting.variant is item.measurement.setting.variant
        and other.document.producer.maker != own
        and other.document.producer.organisation
        and _log_of(other.document) not in {"", log}
        and _is_bound(other.document)
        and _overlap(item, other)
        for other in evidence.measurements(item.measurement.metric)
    )


def _log_of(document: EvidenceDocument) -> str:
    """Return the digest of the log; the same log filed by two is one run."""
    return "" if document.source is None else document.source.sha256


def _is_bound(document: EvidenceDocument) -> bool:
    binding = document.binding
    weak = binding.level in {BindingLevel.NAME, BindingLevel.MUTABLE_REVISION}
    return not weak and binding.relation is Relation.IDENTICAL


def _overlap(first: MeasurementItem, second: MeasurementItem) -> bool:
    one, two = _ends(first.measurement), _ends(second.measurement)
    return one is not None and two is not None and one[0] <= two[1] and two[0] <= one[1]


def _ends(found: Measurement) -> tuple[Decimal | float, Decimal | float] | None:
    if isinstance(found.value, Quantity):
        return found.value.lower, found.value.upper
    if found.value.scored == 0:
        return None
    interval = bounds_of(found, _CONFIDENCE)
    return interval.lower, interval.upper
