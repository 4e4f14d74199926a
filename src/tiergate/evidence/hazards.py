# SPDX-License-Identifier: Apache-2.0
"""Hazard domains: the areas of severe harm that a release decision looks at.

The names are the field's; ``PUBLIC_TAXONOMIES`` says where each one stands in the EU
General-Purpose AI Code of Practice, whose four specified risks plus image harms the
default policy follows.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType


class HazardDomain(enum.StrEnum):
    """An area of severe harm."""

    CBRN = "cbrn"
    CYBER = "cyber"
    LOSS_OF_CONTROL = "loss_of_control"
    MANIPULATION = "manipulation"
    CSAM_NCII = "csam_ncii"

    @property
    def label(self) -> str:
        """The domain's name for people."""
        return _LABELS[self]


_LABELS: Mapping[HazardDomain, str] = MappingProxyType(
    {
        HazardDomain.CBRN: "CBRN",
        HazardDomain.CYBER: "cyber offence",
        HazardDomain.LOSS_OF_CONTROL: "loss of control",
        HazardDomain.MANIPULATION: "harmful manipulation",
        HazardDomain.CSAM_NCII: "CSAM and NCII",
    }
)

PUBLIC_TAXONOMIES: Mapping[HazardDomain, tuple[str, ...]] = MappingProxyType(
    {
        HazardDomain.CBRN: ("EU-COP-A1.4 chemical, biological, radiological and nuclear",),
        HazardDomain.CYBER: ("EU-COP-A1.4 cyber offence",),
        HazardDomain.LOSS_OF_CONTROL: ("EU-COP-A1.4 loss of control",),
        HazardDomain.MANIPULATION: ("EU-COP-A1.4 harmful manipulation",),
        HazardDomain.CSAM_NCII: ("EU-COP-A1.1-CSAM", "EU-AIA-5-NCII-CSAM"),
    }
)
"""Where public instruments name each domain, by clause id and wording."""
