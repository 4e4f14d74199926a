# SPDX-License-Identifier: Apache-2.0
"""Reader of lm-evaluation-harness logs.

A run of version 0.4 is counted from its samples (:mod:`.lm_eval_run`). Results of version
0.3 come without samples and are taken for what they are, a statement
(:mod:`.lm_eval_statement`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tiergate.evidence.readers.base import ForeignLog
from tiergate.evidence.readers.lm_eval_files import (
    is_results,
    is_samples,
    is_statement,
    results_in,
    results_of,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LmEvalReader:
    """Reads the logs of lm-evaluation-harness."""

    max_line_bytes: int = 64 * 1024**2
    """A sample is one line; a longer one is refused."""

    @property
    def name(self) -> str:
        """Name of the tool."""
        return "lm_eval"

    def recognises(self, path: Path) -> bool:
        """Tell whether ``path`` is a results file, a samples file, or a folder with results."""
        if path.is_dir():
            return bool(results_in(path))
        return is_results(path) or is_samples(path)

    def read(self, path: Path) -> ForeignLog:
        """Read the run that ``path`` belongs to; of a samples file, its task alone.

        Raises:
            EvidenceError: damaged, of another version, or of version 0.4 without samples.
        """
        # Most commands read no log, and these modules need others that are slow to import.
        results = results_of(path)
        if results is not None and is_statement(results):
            from tiergate.evidence.readers.lm_eval_statement import read_statement

            return read_statement(results)
        from tiergate.evidence.readers.lm_eval_run import read_run

        return read_run(path, max_line_bytes=self.max_line_bytes)
