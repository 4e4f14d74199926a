# SPDX-License-Identifier: Apache-2.0
"""The files of one lm-evaluation-harness run: one of results, and one of samples per task.

They stand side by side and share the time in their names. Any of the three can be named:
the results, the samples of one task, or the folder that ``--output_path`` gave.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.source import first_bytes, sniffed_keys
from tiergate.evidence.readers.values import as_text, listed, parse_object

_TIME = r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(?:\.\d+)?"
_RESULTS_NAME = re.compile(rf".+_({_TIME})\.json")
_SAMPLES_NAME = re.compile(rf"samples_(.+)_({_TIME})\.jsonl")
_RESULTS_KEYS = frozenset({"configs", "versions", "n-shot"})
_SAMPLE_KEYS = frozenset({"resps", "filtered_resps"})
_STATEMENT_KEYS = frozenset({"results", "versions", "config"})
_SINCE_0_4 = frozenset({"configs", "n-shot", "n-samples", "lm_eval_version"})
# Most first lines are short; the longest that is looked at is the last of these.
_FIRST_LINE_BYTES = (64 * 1024, 4 * 1024**2)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFiles:
    """Where one run is."""

    named: Path
    """The file that evidence from this run is about."""
    results: Path
    """Results of every task, and how they came about."""
    samples: dict[str, Path]
    """From each task to its samples."""


def is_results(path: Path) -> bool:
    """Tell whether a file holds the results of a run."""
    if path.suffix != ".json":
        return False
    keys = sniffed_keys(path)
    return "results" in keys and bool(keys & _RESULTS_KEYS)


def is_statement(path: Path) -> bool:
    """Tell whether a file has the shape of results before version 0.4: averages alone."""
    keys = sniffed_keys(path)
    return keys >= _STATEMENT_KEYS and keys.isdisjoint(_SINCE_0_4)


def is_samples(path: Path) -> bool:
    """Tell whether a file holds the samples of a task."""
    if path.suffix != ".jsonl":
        return False
    starts = (first_bytes(path, count).partition(b"\n") for count in _FIRST_LINE_BYTES)
    first_line = next((line for line, newline, _ in starts if newline), None)
    if first_line is None:
        # One line without an end, or one that is longer than any we look at.
        return _SAMPLES_NAME.fullmatch(path.name) is not None
    try:
        keys = frozenset(parse_object(first_line, path.name))
    except EvidenceError:
        return _SAMPLES_NAME.fullmatch(path.name) is not None
    return "doc_id" in keys and bool(keys & _SAMPLE_KEYS)


def results_in(folder: Path) -> list[Path]:
    """Return the results files in a folder and in the folders named after models in it."""
    found = {*folder.glob("results_*.json"), *folder.glob("*/results_*.json")}
    return sorted(path for path in found if is_results(path))


def results_of(path: Path) -> Path | None:
    """Return the results file that ``path`` names or, as a folder, holds; None for samples.

    Raises:
        EvidenceError: the folder holds none, or several.
    """
    if path.is_dir():
        return _only_results(path, results_in(path))
    return path if path.suffix == ".json" else None


def run_files(path: Path) -> RunFiles:
    """Find the files of the run that ``path`` names.

    Raises:
        EvidenceError: no run is there, or several are, or its results or samples are missing.
    """
    results = results_of(path)
    return _of_samples(path) if results is None else _of_results(results)


def _only_results(folder: Path, found: list[Path]) -> Path:
    if len(found) != 1:
        names = f" ({listed(path.name for path in found)})" if found else ""
        raise EvidenceError(
            str(folder),
            f"{len(found)} results files{names}",
            "one run",
            "Name the results file of the run that is meant.",
        )
    return found[0]


def _of_results(results: Path) -> RunFiles:
    match = _RESULTS_NAME.fullmatch(results.name)
    if match is None:
        raise EvidenceError(
            results.name,
            "a name without the time of the run",
            "results_<time>.json beside samples_<task>_<time>.jsonl",
            "Keep the names that lm_eval gave to its files.",
        )
    samples = {
        as_text(found[1]): path
        for path in sorted(results.parent.glob("samples_*.jsonl"))
        if (found := _SAMPLES_NAME.fullmatch(path.name)) and found[2] == match[1]
    }
    if not samples:
        raise EvidenceError(
            results.name,
            "averages without samples",
            f"samples_<task>_{match[1]}.jsonl beside it",
            "Run lm_eval again with --log_samples.",
        )
    return RunFiles(named=results, results=results, samples=samples)


def _of_samples(samples: Path) -> RunFiles:
    match = _SAMPLES_NAME.fullmatch(samples.name)
    beside = samples.parent.glob(f"*_{match[2]}.json") if match else []
    results = [path for path in sorted(beside) if is_results(path)]
    if match is None or len(results) != 1:
        raise EvidenceError(
            samples.name,
            f"samples with {len(results)} results files",
            "samples_<task>_<time>.jsonl beside results_<time>.json",
            "Keep the two files of a run together, under the names that lm_eval gave them.",
        )
    return RunFiles(named=samples, results=results[0], samples={as_text(match[1]): samples})
