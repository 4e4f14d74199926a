# SPDX-License-Identifier: Apache-2.0
"""Reader of promptfoo results in JSON, as ``promptfoo eval -o`` and its export write them.

Every number comes from the single results; the totals are compared, never used. Each
prompt is a task; ``success``, ``score`` and every assertion are its series. A result that
ended in an error, was given no assertion, or whose grader failed has no value there.
Results with the same prompt text are attempts on one sample, however often it is repeated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import SourceFile
from tiergate.evidence.readers import promptfoo_setup as facts
from tiergate.evidence.readers.base import ForeignLog, Row, Series
from tiergate.evidence.readers.promptfoo_remarks import export_remarks
from tiergate.evidence.readers.promptfoo_result import Result, read_results
from tiergate.evidence.readers.sniff import has_keys
from tiergate.evidence.readers.source import opened
from tiergate.evidence.readers.stated import NO_DATE, planned_attempts
from tiergate.evidence.readers.values import as_count, as_object, as_text, parse_object, shortened

_KEYS = frozenset({"evalId", "results", "config"})
_VERSION = 3
_OVERALL = ("success", "score")


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptfooReader:
    """Reads the results of promptfoo."""

    @property
    def name(self) -> str:
        """Name of the tool."""
        return "promptfoo"

    def recognises(self, path: Path) -> bool:
        """Tell whether ``path`` is an export of results, of whatever version."""
        return has_keys(path, _KEYS)

    def read(self, path: Path) -> ForeignLog:
        """Read the results.

        Raises:
            EvidenceError: damaged, of an unknown version, of several providers, or empty.
        """
        with opened(path) as file:
            document = parse_object(file.read_all(), file.name)
        export = as_object(document.get("results"))
        _check_version(export, file.name)
        results = read_results(export, file.name)
        provider = facts.only_provider(results, file.name)
        setup = facts.read_setup(document, provider, results)
        tool = as_text(as_object(document.get("metadata")).get("promptfooVersion"))
        return ForeignLog(
            source=SourceFile(
                file_name=file.name,
                sha256=file.sha256,
                size_bytes=file.size_bytes,
                format=f"promptfoo-results/{_VERSION}",
                reader="promptfoo/1",
                tool=f"promptfoo {tool}".rstrip(),
                read=("every result's verdicts", "the totals", "the configuration"),
                left_out=("responses", "reasons of verdicts", "traces"),
            ),
            binding=facts.binding(provider),
            series=tuple(_series(setup, results, file.name)),
            remarks=tuple(export_remarks(setup, results)),
            files=(path,),
        )


def _check_version(export: dict[str, object], where: str) -> None:
    version = as_count(export.get("version"))
    if version != _VERSION:
        raise EvidenceError(
            where,
            f"promptfoo results of version {shortened(repr(export.get('version')), 40)}",
            f"version {_VERSION}",
            "Run the evaluation again with a promptfoo of 2025 or 2026.",
        )


def _series(setup: facts.Setup, results: Sequence[Result], where: str) -> Iterator[Series]:
    for prompt in sorted({result.prompt for result in results}):
        of_prompt = [result for result in results if result.prompt == prompt]
        missing = max(0, setup.planned(prompt, results) - len(of_prompt))
        asserted = {name for result in of_prompt for name in result.assertions}
        for scorer in (*_OVERALL, *sorted(asserted)):
            rows = tuple(_rows(of_prompt, scorer))
            yield Series(
                task=setup.task(prompt),
                task_version="",
                dataset="",
                scorer=scorer,
                rows=rows,
                planned=planned_attempts(len(rows) + missing, where),
                superseded=0,
                elicitation=setup.elicitation(of_prompt),
                generation=setup.generation,
                finished_at=setup.started_at or NO_DATE,
                samples_kept=len(rows),
                graders=tuple(sorted(_graders(of_prompt, scorer))),
            )


def _rows(results: Sequence[Result], scorer: str) -> Iterator[Row]:
    for result in results:
        if scorer in _OVERALL or scorer in result.assertions:
            yield Row(
                sample=result.sample,
                attempt=result.attempt,
                value=result.value(scorer),
                errored=result.errored,
                limited=result.limited,
                cluster=result.cluster,
            )


def _graders(results: Sequence[Result], scorer: str) -> set[str]:
    pairs = {pair for result in results for pair in result.graders}
    return {model for name, model in pairs if model and (scorer == name or scorer in _OVERALL)}
