# SPDX-License-Identifier: Apache-2.0
"""The first screen of ``check``: model, evidence, ladder, blockers, what was not assessed."""

from __future__ import annotations

from collections.abc import Iterator

from tiergate.cli import text
from tiergate.cli.exit_codes import ExitCode
from tiergate.cli.hints import Hints
from tiergate.cli.screen_model import evidence_lines, model_lines
from tiergate.cli.session import Answer
from tiergate.decision.decision import Decision, TierVerdict
from tiergate.decision.explanation import Explanation
from tiergate.decision.outcome import Outcome
from tiergate.decision.tier import Tier
from tiergate.decision.words import reading_words

_SHOWN_BLOCKERS = 5
_SHOWN_GAPS = 5
_BAR = 8
_NAME = 28
_INDENT = " " * 16


def screen(answer: Answer, exit_code: ExitCode, hints: Hints, *, everything: bool) -> Iterator[str]:
    """Yield the lines of the first screen; ``everything`` leaves nothing out."""
    decision = answer.decision
    yield from model_lines(answer)
    yield ""
    yield from evidence_lines(answer, hints, everything=everything)
    yield ""
    yield from _ladder(decision)
    yield ""
    yield from _blockers(decision, hints, everything=everything)
    yield from _loosenings(decision)
    yield from _waivers(decision)
    yield from _refused_waivers(answer)
    yield from _not_assessed(decision, hints, everything=everything)
    yield ""
    yield from text.wrapped(conclusion(decision, exit_code), "")


def conclusion(decision: Decision, exit_code: ExitCode) -> str:
    """Say the decision in one line."""
    verdict = decision.verdict(decision.asked)
    needs = _counts(decision.blocking())
    asked = "" if not decision.asked_by_default else " (the next tier; ask with --tier)"
    supported = _supported(decision)
    detail = f" Blocking: {needs}." if needs else ""
    if decision.loosenings:
        detail += f" Policy loosened in {text.plural(len(decision.loosenings), 'place')}."
    if decision.waivers:
        detail += f" Waived: {', '.join(sorted({w.requirement for w in decision.waivers}))}."
    return (
        f"{decision.asked} {verdict.definition.name} is {decision.outcome.value}{asked}. "
        f"Supported: {supported}.{detail} Exit {int(exit_code)}."
    )


def _supported(decision: Decision) -> str:
    verdict = decision.verdict(decision.supported)
    floor = verdict.tier is Tier.T0 and verdict.outcome is not Outcome.MET
    return f"{verdict.tier} {verdict.definition.name}{' (the floor)' if floor else ''}"


def _ladder(decision: Decision) -> Iterator[str]:
    policy = f"policy {decision.policy_id} {decision.policy_version}"
    yield text.heading("RELEASE TIERS") + f"  {policy}, own requirements of each tier"
    yield from (_rung(verdict, decision) for verdict in decision.tiers)


def _rung(verdict: TierVerdict, decision: Decision) -> str:
    total, met = len(verdict.requirements), verdict.count(Outcome.MET)
    full = _BAR * met // total
    bar = "■" * full + "□" * (_BAR - full)
    is_floor = decision.verdict(decision.supported).outcome is not Outcome.MET
    marks = {decision.supported: "the floor" if is_floor else "supported"}
    marks |= {decision.asked: "asked for"}
    mark = marks.get(verdict.tier, "")
    if verdict.tier is decision.asked is decision.supported:
        mark = "asked for, supported"
    name = text.shortened(verdict.definition.name, _NAME).ljust(_NAME)
    is_short = not mark or verdict.outcome is Outcome.MET
    state = text.outcome(verdict.outcome, 0 if is_short else 12)
    pointer = f"  <- {mark}" if mark else ""
    return f"  {verdict.tier} {name} {bar}  {met:>2}/{total:<2}  {state}{pointer}"


def _blockers(decision: Decision, hints: Hints, *, everything: bool) -> Iterator[str]:
    rows = decision.blocking()
    if not rows:
        yield text.heading(f"NOTHING BLOCKS {decision.asked}")
        yield from _conditions(decision)
        return
    unclaimed = [] if everything else [row for row in rows if row.needs_only_claims]
    others = [row for row in rows if row not in unclaimed]
    yield text.heading(f"BLOCKING {decision.asked}") + f"  {_counts(rows)}"
    shown = others if everything else others[:_SHOWN_BLOCKERS]
    for row in shown:
        yield from _blocker(row, hints, everything=everything)
    if unclaimed:
        yield from _unclaimed(unclaimed, hints)
    if len(shown) < len(others):
        more = f"  … {len(others) - len(shown)} more: "
        yield from text.command(hints.everything(), "    ", more)
    yield ""


def _counts(rows: tuple[Explanation, ...]) -> str:
    failed = sum(row.outcome is Outcome.NOT_MET for row in rows)
    missing = len(rows) - failed
    return text.joined(
        (f"{failed} not met" if failed else "", f"{missing} undetermined" if missing else "")
    )


def _unclaimed(rows: list[Explanation], hints: Hints) -> Iterator[str]:
    label = text.outcome(Outcome.UNDETERMINED, 12, capitals=True)
    yield f"  {label}  claims that nobody has made"
    steps = [leaf.next_step for row in rows for leaf in row.blockers()]
    items = dict.fromkeys(step.split()[3] for step in steps)
    yield from text.wrapped(", ".join(items), _INDENT)
    yield from _step(steps[0], hints)


def _blocker(row: Explanation, hints: Hints, *, everything: bool) -> Iterator[str]:
    label = text.outcome(row.outcome, 12, capitals=True)
    first, *rest = text.wrapped(f"{row.id}  {row.title}", _INDENT)
    yield f"  {label}  {first.strip()}"
    yield from rest
    leaves = list(row.blockers())
    decisive = [leaf for leaf in leaves if leaf.outcome is row.outcome] or leaves
    for leaf in decisive if everything else decisive[:1]:
        for words in _why(leaf):
            yield from text.wrapped(words, f"{_INDENT}  ", _INDENT)
    if not everything and len(decisive) > 1:
        more = f"{_INDENT}… {len(decisive) - 1} more: "
        yield from text.command(hints.explain(row.id), f"{_INDENT}  ", more)
    step = next((leaf.next_step for leaf in decisive if leaf.next_step), "")
    if step:
        yield from _step(step, hints)


def _step(step: str, hints: Hints) -> Iterator[str]:
    words, command = hints.step(step)
    if words:
        yield from text.wrapped(words, f"{_INDENT}   ", f"{_INDENT}-> ")
    if command:
        yield from text.command(command, f"{_INDENT}   ", f"{_INDENT}-> ")


def _why(leaf: Explanation) -> Iterator[str]:
    if leaf.readings:
        yield from (reading_words(reading) for reading in leaf.readings)
    if leaf.found_words or not leaf.readings:
        yield f"{leaf.asked_words}: {leaf.found_words or leaf.outcome.value}"


def _conditions(decision: Decision) -> Iterator[str]:
    yield "  Before it opens:"
    for condition in decision.verdict(decision.asked).conditions:
        number = condition.number
        days = f" ({number.value} {number.unit})" if number is not None else ""
        yield from text.wrapped(f"{condition.kind}: {condition.text}{days}", "      ", "    ")
    yield ""


def _loosenings(decision: Decision) -> Iterator[str]:
    if decision.loosenings:
        yield text.heading("UNSAFE: THE POLICY IS LOOSER THAN THE ONE THAT IT EXTENDS")
        for loosening in decision.loosenings:
            yield from text.wrapped(loosening.summary, "    ", "  ")
        yield ""


def _waivers(decision: Decision) -> Iterator[str]:
    for waiver in decision.waivers:
        scope = f"{waiver.signing}, up to {waiver.highest_tier}"
        words = f"{waiver.requirement} by {waiver.summary} ({scope})"
        yield from text.wrapped(words, "      ", "  WAIVED  ")
    if decision.waivers:
        yield ""


def _refused_waivers(answer: Answer) -> Iterator[str]:
    for refused in answer.refused_waivers:
        what = f"{refused.requirement}, {refused.where}" if refused.requirement else refused.where
        words = f"{what}: {refused.reason}"
        yield from text.wrapped(words, "      ", "  WAIVER WITHOUT EFFECT  ", keep_words=True)
    if answer.refused_waivers:
        yield ""


def _not_assessed(decision: Decision, hints: Hints, *, everything: bool) -> Iterator[str]:
    yield text.heading("NOT ASSESSED")
    gaps = [*decision.not_assessed, f"anything after {decision.at:%Y-%m-%d}"]
    is_short = everything or len(gaps) <= _SHOWN_GAPS
    shown = gaps if is_short else [*gaps[: _SHOWN_GAPS - 1], gaps[-1]]
    for gap in shown:
        yield from text.wrapped(gap, "    ", "  ")
    if len(shown) < len(gaps):
        more = f"  … {len(gaps) - len(shown)} more: "
        yield from text.command(hints.everything(), "    ", more)
