# SPDX-License-Identifier: Apache-2.0
"""What a decision record states, field by field: everything that a replay needs."""

from __future__ import annotations

from tiergate.decision.document import DecisionPart, DocumentPart, FilePart, InputsPart
from tiergate.evidence.document_types import UtcTime


class RecordedCheckpoint(DocumentPart):
    """The checkpoint that the decision is about."""

    name: str
    """Its name, for people."""
    root_digest: str
    """Its identity: digest of the manifest of the files below."""
    weights_digest: str | None
    """Digest over the tensors; null when it was not computed."""
    revision: str | None
    """Commit on the hub; null when not known."""
    code_files: tuple[str, ...]
    """Files and settings from which a loader would run code."""
    output_modalities: tuple[str, ...]
    """What the architecture can generate; empty when not known."""
    files: tuple[FilePart, ...]
    """Every file."""


class RecordPredicate(DocumentPart):
    """A decision record."""

    made_at: UtcTime
    """When the record was made and first signed, as the signer says."""
    valid_until: UtcTime
    """When the decision lapses: by the policy, or with the first waiver that it rests on."""
    checkpoint: RecordedCheckpoint
    """What it is about."""
    decision: DecisionPart
    """What was decided, by which policy and program, and why."""
    inputs: InputsPart
    """What was known besides the documents that the decision names."""
