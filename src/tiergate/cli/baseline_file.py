# SPDX-License-Identifier: Apache-2.0
"""Files of baselines: which logs are of which downloadable models, as people write them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from tiergate.cli.yaml_file import read_yaml
from tiergate.errors import EvidenceError
from tiergate.evidence.comparing import BaselineRun
from tiergate.evidence.document_pairs import Day
from tiergate.evidence.document_types import DigestOrEmpty, Name, Text
from tiergate.evidence.readers.builtin import read_log


class BaselineEntry(BaseModel):
    """One baseline: a checkpoint like any other, and its log."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    log: Name
    """Its log in the same harness; a path from the folder of this file."""
    name: Annotated[str, Field(max_length=500)] = ""
    """What it is called; left out, what its log calls it."""
    model: Text = ""
    """Its checkpoint, to be hashed; a path from the folder of this file."""
    digest: DigestOrEmpty = ""
    """Root digest of its checkpoint, instead of the files."""
    downloadable_since: Day | None = None
    """Day from which anyone could download its weights; left out, it supports nothing."""
    source_url: Text = ""
    """Where that can be looked up."""

    @model_validator(mode="after")
    def _known_once(self) -> BaselineEntry:
        if self.model and self.digest:
            raise ValueError("give either the model or its digest")
        return self


class BaselinesFile(BaseModel):
    """A file of baselines."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    format: Literal["tiergate-baselines/1"]
    """Format and version of this file."""
    baselines: Annotated[tuple[BaselineEntry, ...], Field(min_length=1)]
    """The baselines."""


def read_baselines(path: Path) -> tuple[BaselineRun, ...]:
    """Read a file of baselines, their logs, and the digests of those whose files are given.

    Raises:
        EvidenceError: it cannot be read or has mistakes; all of them are in the message.
    """
    file = read_yaml(path, BaselinesFile, "a file of baselines", EvidenceError)
    return tuple(_run(entry, path.parent) for entry in file.baselines)


def _run(entry: BaselineEntry, folder: Path) -> BaselineRun:
    from tiergate.cli.session import identify_with_progress

    log = read_log(folder / entry.log)
    digest, named = entry.digest, log.binding.measured_digest or log.binding.root_digest
    if entry.model:
        digest = identify_with_progress(
            str(folder / entry.model), revision=None, endpoint=None, use_cache=False
        ).root_digest
    if digest and named and digest != named:
        raise EvidenceError(
            entry.log, f"a run of {named}", f"a run of {digest}", "Give the log of that model."
        )
    return BaselineRun(
        log=log,
        name=entry.name,
        digest=digest,
        downloadable_since=entry.downloadable_since,
        source_url=entry.source_url,
    )
