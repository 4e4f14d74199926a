# SPDX-License-Identifier: Apache-2.0
"""The part of the evidence document that holds a baseline's run, joined by behaviour."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer

from tiergate.evidence.document_types import Count, Digest, Name, Part, Text, UtcTime
from tiergate.evidence.pairing import Paired, PairTally


def _day_from_text(value: object) -> object:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"{value!r} is no day, as in 2026-11-23") from None


Day = Annotated[
    date,
    BeforeValidator(_day_from_text, json_schema_input_type=str),
    PlainSerializer(lambda day: day.isoformat(), return_type=str),
]


class PairTallyPart(Part):
    """A number of behaviours that share the same result on both sides."""

    successes: Count
    """The candidate's attempts that met the success condition."""
    scored: Count
    """The candidate's attempts with a score; 0, with unscored 0, where it never tried."""
    unscored: Count
    """The candidate's attempts without one."""
    baseline_successes: Count
    """The baseline's attempts that met the success condition."""
    baseline_scored: Count
    """The baseline's attempts with a score."""
    baseline_unscored: Count
    """The baseline's attempts without one."""
    behaviours: Annotated[Count, Field(ge=1)]
    """How many behaviours have exactly this result."""


class PairedPart(Part):
    """The baseline's run, as its own log states it, joined with the candidate's."""

    tallies: Annotated[tuple[PairTallyPart, ...], Field(min_length=1)]
    """Histogram of behaviours, sorted by the fields in their order."""
    task: Name
    """Task and version of the baseline's run."""
    dataset: Text = ""
    """Data set and version or digest; empty when its log does not say."""
    grader: Text
    """What graded the baseline's attempts."""
    generation: Text
    """Sampling parameters of the baseline's run."""
    elicitation: Text = ""
    """Effort made to get the best out of the baseline, in words."""
    finished_at: UtcTime
    """When the baseline's run ended."""
    log_sha256: Digest
    """Digest of the baseline's log."""
    downloadable_since: Day | None = None
    """Day from which anyone could download its weights; null when nobody states one."""
    source_url: Text = ""
    """Where that can be looked up; empty when nowhere public."""
    grader_models: tuple[Name, ...] = ()
    """Models that graded, as the baseline's log names them."""

    def inside(self) -> Paired:
        """Return the plain type."""
        tallies = tuple(PairTally(**dict(tally)) for tally in self.tallies)
        return Paired(**{**dict(self), "tallies": tallies})
