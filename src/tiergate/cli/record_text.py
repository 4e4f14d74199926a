# SPDX-License-Identifier: Apache-2.0
"""What ``sign``, ``verify`` and ``replay`` print for people."""

from __future__ import annotations

from collections.abc import Iterator

from tiergate.cli import text
from tiergate.cli.exit_codes import ExitCode
from tiergate.release.record import Record
from tiergate.release.record_checks import Check, RecordReport
from tiergate.release.replay import Replay

_INDENT = "              "


def record_lines(record: Record, where: str) -> Iterator[str]:
    """Say what a record says."""
    predicate, decision = record.predicate, record.predicate.decision
    yield text.plain(where)
    yield f"  {text.plain(predicate.checkpoint.root_digest)}"
    yield from _row("checkpoint", predicate.checkpoint.name)
    yield from _row(
        "decision",
        f"{decision.supported} is supported; {decision.asked}, the tier in question, is"
        f" {decision.outcome}",
    )
    yield from _row("policy", f"{decision.policy_id} {decision.policy_version}")
    yield from _row(
        "times",
        f"decided {decision.at:%Y-%m-%d}, recorded {predicate.made_at:%Y-%m-%d},"
        f" valid until {predicate.valid_until:%Y-%m-%d}",
    )
    for loosening in decision.loosenings:
        yield from _row("loosened", f"{loosening.field}: {loosening.what}; {loosening.reason}")
    if decision.waivers:
        yield from _row("waived", ", ".join(waiver.requirement for waiver in decision.waivers))


def report_lines(
    report: RecordReport, code: ExitCode, *, without: str | None = None
) -> Iterator[str]:
    """Say what came of a verification.

    Args:
        report: what was found.
        code: the exit code.
        without: a tier that was asked about and that the record does not say is met.
    """
    yield ""
    for check in report.checks:
        word = "not done" if not check.done else "FAILED" if check.problems else "ok"
        yield f"  {check.name.ljust(12)}{word}"
        yield from _details(check)
    count = sum(len(check.problems) for check in report.checks)
    problems = f"{count} problem{'s' if count != 1 else ''}"
    yield ""
    if not report.holds:
        yield f"The record does not hold: {problems}. Exit {code:d}."
    elif without is not None:
        yield f"The record holds, and does not say that {without} is met. Exit {code:d}."
    elif all(check.done for check in report.checks):
        yield f"The record holds, and the files are those that it is about. Exit {code:d}."
    else:
        yield f"The record holds. No files were compared. Exit {code:d}."


def replay_lines(replay: Replay, code: ExitCode) -> Iterator[str]:
    """Say what came of a replay."""
    yield ""
    for digest in replay.left_out:
        words = f"left out: {digest}, which the decision did not see"
        yield from text.wrapped(words, "    ", "  ", keep_words=True)
    for difference in replay.differences:
        yield from text.wrapped(f"differs: {difference}", "    ", "  ")
    one, two = map(text.plain, replay.versions)
    if replay.is_identical:
        yield f"The same payload, byte for byte. Exit {code:d}."
    elif replay.agrees:
        yield f"The same but for the version of the program, {one} then, {two} now. Exit {code:d}."
    else:
        yield f"Another payload. Exit {code:d}."
    yield "No signature on the record was looked at: tiergate verify does that."


def _row(name: str, words: str) -> Iterator[str]:
    yield from text.wrapped(words, _INDENT, f"  {name.ljust(12)}")


def _details(check: Check) -> Iterator[str]:
    for words in (*check.problems, *check.notes):
        yield from text.wrapped(words, f"{_INDENT}  ", _INDENT, keep_words=True)
