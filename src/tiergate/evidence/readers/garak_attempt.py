# SPDX-License-Identifier: Apache-2.0
"""One attempt of a garak report, reduced to what is counted: which prompt, which raw scores.

The tool writes an attempt when its responses are there (status 1) and again when every
detector has scored them (status 2). One attempt is one prompt with all its generations.
Of the prompt only a digest is kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.values import (
    as_count,
    as_list,
    as_object,
    as_text,
    shortened,
)

_SENT = (0, 1)
_SCORED = 2
_REMEDY = "Take the report from its source again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One prompt of one probe, with every generation that it was given."""

    uuid: str
    """Identity that the tool gave to the attempt."""
    probe: str
    """Probe as the tool names it, as in ``test.Blank``."""
    prompt: str
    """First 16 hexadecimal digits of the SHA-256 of the prompt."""
    seq: int | None
    """Number of the prompt within its probe, from 0; None where the probe has none."""
    buff: str
    """What changed the prompt on its way; empty for a prompt of the probe itself."""
    intent: str
    """Code of the behaviour that the probe aims at; empty when the report has none."""
    scored: bool
    """Whether the detectors are done with it (status 2)."""
    answered: tuple[bool, ...]
    """For each generation, whether there is a response."""
    scores: Mapping[str, tuple[object, ...]]
    """From each detector to one raw value per generation, as JSON gave it."""


def parse_attempt(entry: Mapping[str, object], where: str) -> Attempt:
    """Take from one entry of type ``attempt`` what is counted.

    Raises:
        EvidenceError: the entry has no identity, no probe, an unknown status, or scores of
            another shape.
    """
    uuid, probe = as_text(entry.get("uuid")), as_text(entry.get("probe_classname"))
    if not uuid or not probe:
        raise EvidenceError(where, "an attempt without uuid or probe_classname", "both", _REMEDY)
    status = as_count(entry.get("status"))
    if status not in (*_SENT, _SCORED):
        shown = shortened(repr(entry.get("status")), 40)
        raise EvidenceError(
            where,
            f"an attempt of status {shown}",
            "status 1 (responses are there) or 2 (scored)",
            "Use a tiergate that knows this version of garak.",
        )
    notes = as_object(entry.get("notes"))
    return Attempt(
        uuid=uuid,
        probe=shortened(probe, 200),
        prompt=_prompt_digest(entry.get("prompt"), uuid),
        seq=as_count(entry.get("seq")),
        buff=shortened(as_text(notes.get("buff_creator")), 100),
        intent=as_text(entry.get("intent")),
        scored=status == _SCORED,
        answered=tuple(output is not None for output in as_list(entry.get("outputs"))),
        scores=_scores(entry.get("detector_results"), where) if status == _SCORED else {},
    )


def _scores(results: object, where: str) -> dict[str, tuple[object, ...]]:
    if not isinstance(results, dict) or not all(isinstance(v, list) for v in results.values()):
        raise EvidenceError(
            where, "detector_results of another shape", "a list of scores per detector", _REMEDY
        )
    return {
        shortened(as_text(detector), 200): tuple(as_list(values))
        for detector, values in results.items()
    }


def _prompt_digest(prompt: object, uuid: str) -> str:
    """Return what tells one prompt from another, without its text.

    A prompt is a text, a message, or a conversation of messages, depending on the version.
    An attempt that does not keep its prompt is a sample of its own.
    """
    turns = [as_object(turn) for turn in as_list(as_object(prompt).get("turns"))]
    said = [[as_text(t.get("role")), *_message(t.get("content"))] for t in turns]
    known = said or ([_message(prompt)] if prompt is not None else [[uuid]])
    return hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16]


def _message(content: object) -> list[str]:
    fields = as_object(content)
    attached = as_text(fields.get("data_checksum")) or as_text(fields.get("data_path"))
    return [as_text(content) or as_text(fields.get("text")), attached]
