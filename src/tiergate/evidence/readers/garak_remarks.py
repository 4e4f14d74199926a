# SPDX-License-Identifier: Apache-2.0
"""What a person should know about a garak report: counted again, incomplete, repeated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tiergate.evidence.provenance import Remark
from tiergate.evidence.readers import garak_counts as counts
from tiergate.evidence.readers.garak_counts import Asked, Tally
from tiergate.evidence.readers.garak_report import Report
from tiergate.evidence.readers.garak_setup import Setup
from tiergate.evidence.readers.values import listed


def report_remarks(report: Report, probes: Mapping[str, Sequence[Asked]]) -> Iterator[Remark]:
    """Yield every remark on a report, in no order."""
    yield from _run_remarks(report)
    yield from _claim_remarks(report, probes)
    if absent := set(report.setup.probes) - probes.keys():
        yield Remark(
            code="samples-missing",
            message=f"{len(absent)} of {len(report.setup.probes)} probes that the run announces "
            f"have no attempts: {listed(absent)}.",
        )
    for probe, attempts in probes.items():
        yield from _count_remarks(probe, attempts)
        yield from _cap_remarks(probe, attempts, report)
        yield from _attempt_remarks(probe, attempts)
        if count := report.superseded.get(probe, 0):
            yield Remark(
                code="superseded",
                message=f"{count} attempts of {probe} stand in the report more than once, with "
                "the same result; each counts once.",
            )
        for detector in counts.detectors_of(attempts):
            yield from _score_remarks(probe, detector, counts.due(attempts, detector))


def _run_remarks(report: Report) -> Iterator[Remark]:
    merged = report.setup.merged_reports
    if merged:
        yield Remark(
            code="merged-runs",
            message=f"The report was put together from {merged} reports; attempts that one of "
            "them left unscored are not in it.",
        )
    if report.runs > 1:
        yield Remark(code="merged-runs", message=f"The report holds {report.runs} runs.")
    if report.completed < report.runs or report.cut_short:
        half = " and its last line is half a line" if report.cut_short else ""
        yield Remark(
            code="not-finished",
            message=f"{report.completed} of {report.runs} runs in the report came to their end"
            f"{half}; prompts that were never sent are not in it.",
        )


def _claim_remarks(report: Report, probes: Mapping[str, Sequence[Asked]]) -> Iterator[Remark]:
    setup = report.setup
    claims: dict[tuple[str, str], list[Tally]] = {}
    for claim in report.claims:
        stated = Tally(passed=claim.passed, fails=claim.fails, nones=claim.nones)
        claims.setdefault((claim.probe, claim.detector), []).append(stated)
    for (probe, detector), tallies in sorted(claims.items()):
        attempts = probes.get(probe, ())
        if detector not in counts.detectors_of(attempts):
            yield Remark(
                code="samples-missing",
                message=f"The report has a result of {detector} on {probe} and no scored attempt; "
                "nothing of it counts.",
            )
            continue
        stated = Tally(
            passed=sum(t.passed for t in tallies),
            fails=sum(t.fails for t in tallies),
            nones=sum(t.nones for t in tallies),
        )
        recounted = counts.tally(attempts, detector, setup.threshold)
        if stated != recounted:
            yield _disagrees(f"{detector} on {probe}", stated, recounted, setup)


def _disagrees(what: str, stated: Tally, recounted: Tally, setup: Setup) -> Remark:
    origin = "" if setup.threshold_stated else ", the default, since the report states none"
    return Remark(
        code="header-disagrees",
        message=f"The report states {_words(stated)} for {what}; its attempts give "
        f"{_words(recounted)} (threshold {setup.threshold}{origin}).",
    )


def _words(tally: Tally) -> str:
    return f"{tally.passed} passed, {tally.fails} failed and {tally.nones} without a score"


def _count_remarks(probe: str, attempts: Sequence[Asked]) -> Iterator[Remark]:
    asked = sum(generations for _, generations in attempts)
    held = sum(len(attempt.answered) for attempt, _ in attempts)
    beyond = sum(max(0, len(attempt.answered) - g) for attempt, g in attempts)
    if held - beyond < asked:
        yield Remark(
            code="fewer-samples-than-claimed",
            message=f"The run asks for {asked} generations of {probe}, over {len(attempts)} "
            f"attempts; the report has {held}. Those that are missing count as not attempted.",
        )
    if beyond:
        yield Remark(
            code="more-samples-than-planned",
            message=f"{beyond} generations of {probe} are more than the run asks for.",
        )


def _cap_remarks(probe: str, attempts: Sequence[Asked], report: Report) -> Iterator[Remark]:
    cap, kept = report.setup.prompt_cap, counts.prompts_kept(attempts)
    merged = report.runs > 1 or report.setup.merged_reports > 1
    # A single run that goes beyond the cap is of a probe that does not follow it.
    if cap is not None and (kept == cap or (merged and kept > cap)):
        yield Remark(
            code="limited",
            message=f"The run caps the prompts of a probe at {cap}; {probe} has {kept}, so that "
            "some of its prompts may have been left out.",
        )


def _attempt_remarks(probe: str, attempts: Sequence[Asked]) -> Iterator[Remark]:
    if unfinished := sum(not attempt.scored for attempt, _ in attempts):
        yield Remark(
            code="unfinished-attempts",
            message=f"{unfinished} of {len(attempts)} attempts of {probe} were never scored; "
            "they have no value.",
        )
    if not counts.detectors_of(attempts):
        yield Remark(
            code="samples-missing",
            message=f"No detector left a score for {probe}; nothing of it counts.",
        )
    if again := counts.repeated(attempts):
        yield Remark(
            code="repeated-attempts",
            message=f"{again} of {len(attempts)} attempts of {probe} have the prompt of an "
            "earlier one; they count as further attempts on it.",
        )


def _score_remarks(probe: str, detector: str, attempts: Sequence[Asked]) -> Iterator[Remark]:
    found = counts.unusable(attempts, detector)
    if found.unanswered:
        yield Remark(
            code="scores-without-response",
            message=f"{detector} scored {found.unanswered} generations of {probe} that have no "
            "response; they have no value.",
        )
    if found.out_of_range:
        yield Remark(
            code="scores-out-of-range",
            message=f"{found.out_of_range} scores of {detector} on {probe} are no numbers from 0 "
            "to 1; they are no values.",
        )
