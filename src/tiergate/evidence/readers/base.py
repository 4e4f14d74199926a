# SPDX-License-Identifier: Apache-2.0
"""What every reader of foreign logs gives, and the one place where readers are registered.

A reader takes one file or folder and returns rows: one per attempt, with the raw score.
It interprets nothing; what counts as a success is a declared mapping's business
(:mod:`tiergate.evidence.mapping`). A reader never takes a ready-made average, ignores
fields it does not know, and refuses a schema version it does not know.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Protocol

from tiergate.evidence.claim import Claim
from tiergate.evidence.provenance import Binding, Remark, SourceFile
from tiergate.extension import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One attempt."""

    sample: str
    """Identity of the prompt or task that was attempted; attempts on it share this."""
    attempt: int
    """Number of the attempt on this sample, from 1."""
    value: str | bool | Decimal | None
    """The raw score; None when the attempt has none (unscored is never safe)."""
    errored: bool = False
    """Whether the attempt ended in an error; such a row has no value."""
    limited: bool = False
    """Whether a token, time or message limit cut the attempt short."""
    cluster: str = ""
    """Behaviour that several samples test, such as one goal put in several ways.

    Empty when the sample is a behaviour of its own.
    """

    @property
    def behaviour(self) -> str:
        """What is counted as one: the cluster where there is one, else the sample."""
        return self.cluster or self.sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Every attempt of one task under one scorer."""

    task: str
    """Task as the tool names it."""
    task_version: str
    """Version of the task; empty when the log does not say."""
    dataset: str
    """Data set and its location, version or digest; empty when the log does not say."""
    scorer: str
    """Scorer or metric; ``name.key`` for one entry of a score with several."""
    rows: tuple[Row, ...]
    """One per attempt that counts, superseded ones left out."""
    planned: int
    """Attempts that the run set out to make, after the limits it was given."""
    superseded: int
    """Attempts that a re-run in the same log replaced."""
    elicitation: str
    """Shots, solvers, tools and system prompt, in words, as far as the log says."""
    generation: str
    """Sampling parameters, ``name=value`` separated by spaces."""
    finished_at: datetime
    """When the run ended, in UTC."""
    samples_kept: int
    """Raw samples in the file that anyone can recount."""
    started_at: datetime | None = None
    """When the run began, in UTC; None when the log does not say."""
    graders: tuple[str, ...] = ()
    """Models that graded, as the log names them, sorted; empty when it names none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignLog:
    """What one reader found in one file."""

    source: SourceFile
    """The file."""
    binding: Binding
    """What the log itself says about which weights ran; never more."""
    series: tuple[Series, ...]
    """One per task and scorer, sorted by both; empty for files that hold statements alone."""
    remarks: tuple[Remark, ...]
    """What a person should know, such as a header that disagrees with its samples."""
    files: tuple[Path, ...] = ()
    """Every file that was read, the one that ``source`` describes among them."""
    claims: tuple[Claim, ...] = ()
    """What the file states without samples; never a measurement."""


class Reader(Protocol):
    """Reads the logs of one tool."""

    @property
    def name(self) -> str:
        """Name of the tool, as in ``inspect_ai``."""
        ...

    def recognises(self, path: Path) -> bool:
        """Tell whether ``path`` looks like a log of this tool, by name and first bytes.

        Never raises for a file that is merely of another kind.
        """
        ...

    def read(self, path: Path) -> ForeignLog:
        """Read the log.

        Raises:
            EvidenceError: the log cannot be used; the message says where and why.
        """
        ...


READERS: Registry[Reader] = Registry("evidence reader")
"""Every reader, by the name of its tool."""
