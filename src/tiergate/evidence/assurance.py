# SPDX-License-Identifier: Apache-2.0
"""Who vouches for a document: nobody, its maker by a signature, or an instrument of one's own.

Plain values. :mod:`tiergate.evidence.attestations` finds them out.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from tiergate.attestation.trust import Role

VOUCHING_ROLES = frozenset({Role.EVALUATOR, Role.INDEPENDENT_REVIEWER})
"""As what somebody vouches for evidence; whoever may do that waives nothing."""
VOUCHING_WORDS = " or ".join(sorted(VOUCHING_ROLES))
"""The same, for messages."""


class Assurance(enum.StrEnum):
    """How well it is known who made a document, weakest first."""

    DECLARED = "declared"
    """It says so itself."""
    ATTESTED = "attested"
    """A key of its maker that is trusted signed it."""
    MEASURED_HERE = "measured here"
    """A key that is an instrument of the one who decides signed it, on these very weights."""

    @property
    def rank(self) -> int:
        """Position from 0 (declared) to 2 (measured here)."""
        return list(Assurance).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What became of the signatures on one document."""

    assurance: Assurance
    """How well it is known who made it."""
    reason: str
    """Why it is no less, and no more."""
    signers: tuple[str, ...] = ()
    """Whose signatures count, sorted; empty when nobody's does."""
    attestations: tuple[str, ...] = ()
    """Digests of the attestations that were looked at, whether they count or not, sorted."""


NO_TRUST = Standing(
    assurance=Assurance.DECLARED, reason="no trust file says whose signature counts"
)
NOT_SIGNED = Standing(assurance=Assurance.DECLARED, reason="nobody signed it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Vouching:
    """Whom the one who decides believes about evidence."""

    trust_digest: str = ""
    """Digest of the trust file; empty when none was given."""
    developer: str = ""
    """Organisation that develops the model; empty when the trust file names none."""
    standings: Mapping[str, Standing] = field(default_factory=dict, hash=False)
    """By digest of the document, where anybody signed it."""

    def standing_of(self, digest: str) -> Standing:
        """Return what became of the signatures on a document."""
        return self.standings.get(digest, NOT_SIGNED if self.trust_digest else NO_TRUST)


NOBODY = Vouching()
"""What is believed without a trust file."""
