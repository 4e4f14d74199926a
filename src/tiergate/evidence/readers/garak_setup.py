# SPDX-License-Identifier: Apache-2.0
"""What a garak report says about its run: the target, the version, what was asked for, when.

Two shapes are known. Up to version 0.13 the target stands under ``plugins.model_type`` and
``plugins.model_name``, later under ``plugins.target_type`` and ``plugins.target_name``.
Times have no zone and are read as UTC.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import Binding
from tiergate.evidence.readers.binding import bound
from tiergate.evidence.readers.target_name import name_alone
from tiergate.evidence.readers.values import (
    as_count,
    as_list,
    as_number,
    as_text,
    as_time,
    settings_text,
    shortened,
)

_VERSION = re.compile(r"0\.(\d{1,4})(?:\.[0-9A-Za-z.+-]*)?")
_OLDEST = 9
_THRESHOLD = Decimal("0.5")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The start of one run."""

    version: str
    """Version of garak."""
    shape: str
    """First version that names the target as this report does: ``0.9`` or ``0.14``."""
    target: str
    """Type and name of the target; a folder is reduced to its last part."""
    generations: int
    """Generations that the run asks for, for each prompt."""
    prompt_cap: int | None
    """Most prompts that a probe may keep; None when the report does not say."""
    threshold: Decimal
    """Score from which the tool counts a hit."""
    threshold_stated: bool
    """Whether the report states the threshold; most versions leave it out."""
    probes: tuple[str, ...]
    """Probes that the run announces; empty when it does not list them."""
    merged_reports: int
    """Reports that were put together into this one; 0 for a report of a single run."""
    settings: str
    """Parameters of the run, ``name=value`` separated by spaces."""
    system_prompt_characters: int
    """Length of the system prompt that the run gives to every probe."""


def parse_setup(entry: Mapping[str, object], where: str) -> Setup:
    """Take from an entry of type ``start_run setup`` what counts.

    Raises:
        EvidenceError: an unknown version, no target, or no number of generations.
    """
    version = as_text(entry.get("_config.version"))
    match = _VERSION.fullmatch(version)
    if match is None or int(match[1]) < _OLDEST:
        raise EvidenceError(
            where,
            f"a report of garak {shortened(version, 40) or 'of no stated version'}",
            f"a report of garak 0.{_OLDEST} or a later 0 version",
            "Run the evaluation again with garak 0.17, or use a tiergate that knows this version.",
        )
    prefix = next((p for p in ("target", "model") if as_text(entry.get(f"plugins.{p}_type"))), "")
    generations = as_count(entry.get("run.generations"))
    if not prefix or not generations:
        raise EvidenceError(
            where,
            "a setup without a target type or without generations",
            "plugins.target_type (or, before 0.14, plugins.model_type) and run.generations",
            "Give the report.jsonl that garak wrote, unchanged.",
        )
    threshold = as_number(entry.get("run.eval_threshold"))
    names = [as_text(entry.get(f"plugins.{prefix}_{part}")) for part in ("type", "name")]
    settings = {"generations": generations} | {
        name: entry.get(f"run.{name}") for name in ("seed", "deprefix", "target_lang")
    }
    return Setup(
        version=version,
        shape="0.14" if prefix == "target" else "0.9",
        target=" ".join(filter(None, (names[0], name_alone(names[1])))),
        generations=generations,
        prompt_cap=as_count(entry.get("run.soft_probe_prompt_cap")) or None,
        threshold=_THRESHOLD if threshold is None else threshold,
        threshold_stated=threshold is not None,
        probes=_announced(entry.get("transient.active_probes")),
        merged_reports=len(as_list(entry.get("aggregation"))),
        settings=shortened(settings_text(settings), 500),
        system_prompt_characters=len(as_text(entry.get("run.system_prompt"))),
    )


def _announced(probes: object) -> tuple[str, ...]:
    # Where reports were put together this is one text with commas.
    listed = as_list(probes) or as_text(probes).split(",")
    names = (as_text(probe).strip().removeprefix("probes.") for probe in listed)
    return tuple(sorted({shortened(name, 200) for name in names if name}))


def run_times(
    inits: list[Mapping[str, object]], completions: list[Mapping[str, object]], where: str
) -> datetime:
    """Return when the run ended; when it started, if it never ended.

    Of several runs the earliest counts, so that evidence never looks newer than it is.

    Raises:
        EvidenceError: no entry has a usable time.
    """
    finished = len(completions) >= len(inits)
    ends = [as_time(entry.get("end_time")) for entry in completions] if finished else []
    # Putting reports together stamps the result anew and keeps the first start beside it.
    starts = [as_time(i.get("orig_start_time")) or as_time(i.get("start_time")) for i in inits]
    times = [time for time in ends if time] or [time for time in starts if time]
    if not times:
        raise EvidenceError(where, "no time of the run", "start_time or end_time")
    return min(times)


def binding(setup: Setup) -> Binding:
    """Return what the report says about the weights: what the target was called."""
    name = shortened(setup.target, 500)
    return bound(name, digest="", revision="", path="", arguments={})
