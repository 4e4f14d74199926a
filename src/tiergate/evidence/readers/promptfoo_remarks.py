# SPDX-License-Identifier: Apache-2.0
"""What a person should know about a promptfoo export, its totals counted again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tiergate.evidence.provenance import Remark
from tiergate.evidence.readers.promptfoo_result import Result, by_prompt, totals
from tiergate.evidence.readers.promptfoo_setup import Setup
from tiergate.evidence.readers.stated import no_date
from tiergate.evidence.readers.values import listed


def export_remarks(setup: Setup, results: Sequence[Result]) -> list[Remark]:
    """Return every remark on an export, sorted."""
    found = {
        *_total_remarks(setup, results),
        *_count_remarks(setup, results),
        *_result_remarks(results),
        *_grader_remarks(results),
    }
    if setup.started_at is None:
        found.add(no_date("The export"))
    return sorted(found, key=lambda remark: (remark.code, remark.message))


def _total_remarks(setup: Setup, results: Sequence[Result]) -> Iterator[Remark]:
    stated = [("", setup.totals, results)]
    for prompt, of_prompt in by_prompt(results):
        known = setup.prompts[prompt].counts if prompt < len(setup.prompts) else None
        stated.append((f" for prompt {prompt + 1}", known, of_prompt))
    for what, counts, of in stated:
        if counts is not None and counts != totals(of):
            yield Remark(
                code="header-disagrees",
                message=f"The totals{what} state {_words(counts)}; "
                f"{len(of)} results give {_words(totals(of))}.",
            )


def _words(counts: tuple[int, int, int]) -> str:
    return f"{counts[0]} successes, {counts[1]} failures and {counts[2]} errors"


def _count_remarks(setup: Setup, results: Sequence[Result]) -> Iterator[Remark]:
    for prompt, of_prompt in by_prompt(results):
        planned = setup.planned(prompt, results)
        if len(of_prompt) < planned:
            yield Remark(
                code="fewer-samples-than-claimed",
                message=f"The file announces {planned} tests of prompt {prompt + 1} and has "
                f"{len(of_prompt)}. Those that are missing count as not attempted.",
            )
    if silent := setup.prompt_count - len({result.prompt for result in results}):
        yield Remark(
            code="samples-missing",
            message=f"{silent} of {setup.prompt_count} prompts have no result; "
            "nothing of them counts.",
        )


def _result_remarks(results: Sequence[Result]) -> Iterator[Remark]:
    bare = sum(not result.assertions and not result.errored for result in results)
    failed = sum(any(v.grader_failed for v in r.verdicts.values()) for r in results)
    for code, count, what in (
        (
            "no-assertions",
            bare,
            "have no assertion; that an answer came is no score, so they have no value",
        ),
        (
            "grader-failed",
            failed,
            "have an assertion whose grader gave no verdict; it has no value there",
        ),
        (
            "edited-scores",
            sum(result.judged_by_hand for result in results),
            "have a verdict that a person gave after the run",
        ),
        (
            "cached-responses",
            sum(result.cached for result in results),
            "have a response from a cache of an earlier run",
        ),
    ):
        if count:
            yield Remark(code=code, message=f"{count} of {len(results)} results {what}.")


def _grader_remarks(results: Sequence[Result]) -> Iterator[Remark]:
    unnamed = {name for result in results for name, model in result.graders if not model}
    if unnamed:
        yield Remark(
            code="grader-not-named",
            message="The file does not name the model that grades "
            f"{listed(unnamed)}; it is the tool's default of the day.",
        )
