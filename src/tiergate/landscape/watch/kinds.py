# SPDX-License-Identifier: Apache-2.0
"""What the watch can find, and what a finding rests on."""

from __future__ import annotations

import enum


class FindingKind(enum.StrEnum):
    """What a repository is to a released model."""

    RE_UPLOAD = "re-upload"
    """All of its weights, the same to the byte, under the same name elsewhere."""
    RENAMED_COPY = "renamed copy"
    """All of its weights, the same to the byte, under another name."""
    PART_COPY = "copy of a part"
    """Some of its weight files, the same to the byte."""
    QUANTISATION = "quantisation"
    """Declared as quantised from it, or from what descends from it."""
    ADAPTER = "adapter"
    """Declared as an adapter for it, or for what descends from it."""
    MERGE = "merge"
    """Declared as a merge with it, or with what descends from it."""
    FINE_TUNE = "fine-tune"
    """Declared as a fine-tune of it, or of what descends from it."""
    DERIVATIVE = "derivative"
    """Declared to descend from it; how is not said."""
    LINEAGE_MATCH = "lineage match"
    """Its weights have a common origin with the released ones, beyond chance."""
    UNCENSORED = "uncensored variant"
    """A derivative or copy whose name or tags say that safeguards were taken out."""
    NAME_LEAD = "lead by name"
    """A name alike and nothing else: where to look, and no match."""
    UNCENSORED_LEAD = "lead by name, uncensored"
    """A name alike with words for removed safeguards, and nothing else: no match."""
    SHAPE_LEAD = "lead by shape"
    """Tensors of the same names, types and shapes, and nothing else: no match."""

    @property
    def is_lead(self) -> bool:
        """Whether it says only where to look; it never fires anything and enters no ledger."""
        return self in _LEADS

    @property
    def is_declared(self) -> bool:
        """Whether it is one of the ways in which a repository declares its origin."""
        return self in _DECLARED


_LEADS = frozenset({FindingKind.NAME_LEAD, FindingKind.UNCENSORED_LEAD, FindingKind.SHAPE_LEAD})
_DECLARED = frozenset(
    {
        FindingKind.QUANTISATION,
        FindingKind.ADAPTER,
        FindingKind.MERGE,
        FindingKind.FINE_TUNE,
        FindingKind.DERIVATIVE,
    }
)


class MatchKind(enum.StrEnum):
    """The findings that a policy and a ledger can name: every kind but leads."""

    RE_UPLOAD = FindingKind.RE_UPLOAD.value
    RENAMED_COPY = FindingKind.RENAMED_COPY.value
    PART_COPY = FindingKind.PART_COPY.value
    QUANTISATION = FindingKind.QUANTISATION.value
    ADAPTER = FindingKind.ADAPTER.value
    MERGE = FindingKind.MERGE.value
    FINE_TUNE = FindingKind.FINE_TUNE.value
    DERIVATIVE = FindingKind.DERIVATIVE.value
    LINEAGE_MATCH = FindingKind.LINEAGE_MATCH.value
    UNCENSORED = FindingKind.UNCENSORED.value


class Strength(enum.StrEnum):
    """What a finding rests on."""

    BYTES = "bytes"
    """Digests of files or of all tensors are equal."""
    WEIGHTS = "weights"
    """A statistical test on the weights, with its p-value."""
    DECLARED = "declared"
    """The repository says so itself, or the chain of those that it names does."""
    NAME = "by its name"
    """Words in its name or tags; nothing was measured."""
    SHAPE = "by its shape"
    """Names, types and shapes of tensors; nothing was compared."""
