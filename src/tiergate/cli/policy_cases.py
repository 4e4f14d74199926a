# SPDX-License-Identifier: Apache-2.0
"""What ``tiergate policy test`` prints: cases, where they differ, and what they cover."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from tiergate.cli import text
from tiergate.cli.exit_codes import ExitCode
from tiergate.decision.case_file import AttackPart, CasesFile, ClaimPart, MeasurementPart
from tiergate.decision.case_file import CasePart as StatedCase
from tiergate.decision.cases import CaseResult, CasesResult, Covered, path_of_cases
from tiergate.decision.document import DocumentPart
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Policy
from tiergate.decision.policy_document import load_policy, shipped_policies
from tiergate.decision.tier import TamperLevel, Tier


class CasePart(DocumentPart):
    """One case, and what followed."""

    id: str
    """Its name."""
    title: str
    """What it is about."""
    supported: Tier
    """Most open tier that its evidence supports."""
    expected: Tier
    """The one that was expected."""
    tiers: dict[Tier, Outcome]
    """Outcome of every tier, those below included."""
    differences: tuple[str, ...]
    """Where it is not what was expected; empty when it is."""
    note: str
    """What is missing, and how the case is to be read."""
    facts: tuple[str, ...]
    """What stands in the case, with source and mark, or why it is assumed."""


class CoveredPart(DocumentPart):
    """How far the cases show what one requirement does."""

    requirement: str
    """Its id."""
    met: tuple[str, ...]
    """Cases in which it was met."""
    not_met: tuple[str, ...]
    """Cases in which it was not met."""
    undetermined: tuple[str, ...]
    """Cases in which the evidence did not settle it."""


class PolicyTestDocument(DocumentPart):
    """What ``tiergate policy test --json`` prints."""

    format: Literal["tiergate-policy-test/1"] = "tiergate-policy-test/1"
    """Format and version of this document."""
    policy_id: str
    """The policy."""
    policy_version: str
    """Its version."""
    policy_digest: str
    """Its digest."""
    cases: tuple[CasePart, ...]
    """The cases."""
    coverage: tuple[CoveredPart, ...]
    """The requirements."""
    exit_code: int
    """The exit code of the command."""


def policy_of(file: CasesFile, table: str, named: str | None) -> Policy:
    """Return the policy that a table is for: the one named, else the one that it names.

    Raises:
        PolicyError: there is no such policy, or it has mistakes.
    """
    if named is not None or file.policy in shipped_policies():
        return load_policy(named or file.policy)
    return load_policy(str(path_of_cases(table).parent / Path(file.policy)))


def exit_code(found: CasesResult) -> ExitCode:
    """Return 0 when every case came out as expected."""
    return ExitCode.NOT_MET if found.differing else ExitCode.SUPPORTED


def document(found: CasesResult) -> PolicyTestDocument:
    """Build what ``--json`` prints."""
    return PolicyTestDocument(
        policy_id=found.policy.id,
        policy_version=found.policy.version,
        policy_digest=found.policy.digest,
        cases=tuple(_case(result) for result in found.results),
        coverage=tuple(CoveredPart.model_validate(row) for row in found.coverage),
        exit_code=int(exit_code(found)),
    )


def _case(result: CaseResult) -> CasePart:
    return CasePart(
        id=result.case.id,
        title=result.case.title,
        supported=result.decision.supported,
        expected=result.case.expect.supported,
        tiers={verdict.tier: verdict.outcome for verdict in result.decision.tiers},
        differences=result.differences,
        note=result.case.note,
        facts=tuple(facts(result)),
    )


def lines(found: CasesResult, *, everything: bool) -> Iterator[str]:
    """Yield the cases and what they cover; ``everything`` adds how each is to be read."""
    policy = found.policy
    yield text.heading(f"CASES  {policy.id} {policy.version}")
    for result in found.results:
        yield from _result(result, everything=everything)
    yield ""
    yield from _coverage(found.coverage)
    yield ""
    count = text.plural(len(found.results), "case")
    differing = found.differing
    told = f"{differing} not as expected" if differing else "all as expected"
    yield f"{count}, {told}. Exit {int(exit_code(found))}."


def _result(result: CaseResult, *, everything: bool) -> Iterator[str]:
    word = "DIFFERS" if result.differences else "ok"
    yield from text.wrapped(f"{word.ljust(8)}{result.case.id}", "          ", "  ")
    yield from text.wrapped(result.case.title, "          ")
    asked = (f"{t} {result.decision.verdict(t).outcome}" for t in result.case.expect.tiers)
    told = ", ".join((f"supports {result.decision.supported}", *asked))
    yield from text.wrapped(told, "          ")
    for difference in result.differences:
        yield from text.wrapped(difference, "            ", "          - ")
    if everything and result.case.note:
        yield from text.wrapped(result.case.note, "          ")
    for fact in facts(result):
        yield from text.wrapped(fact, "              ", "          - ", keep_words=True)


def facts(result: CaseResult) -> Iterator[str]:
    """Yield what stands in a case, with its source and the mark of how it is known."""
    for measurement in result.case.measurements:
        yield f"{_measured(measurement)}: {_from(measurement)}"
    for claim in result.case.claims:
        stated = "" if claim.holds else ", that it does not hold"
        fields = "; ".join(f"{name} {value}" for name, value in claim.fields.items())
        said = f" ({fields})" if fields else ""
        yield f"claim {claim.item}{said}{stated}, by {claim.organisation}: {_from(claim)}"
    if result.case.answered is not None:
        yield _taken_for_answered(result.case)


def _taken_for_answered(case: StatedCase) -> str:
    way = "on the fast path to" if case.fast else "up to"
    holds = case.safeguards is not TamperLevel.TR0
    safeguards = f", and that safeguards hold {case.safeguards}" if holds else ""
    open_still = f"; without an answer: {', '.join(case.not_answered)}" if case.not_answered else ""
    return f"ASSUMED, all else that is asked {way} {case.answered}{safeguards}{open_still}"


def _measured(part: MeasurementPart) -> str:
    value = f"{part.successes} of {part.trials}"
    if part.successes is None:
        value = f"{part.lower} to {part.upper} {part.unit}".rstrip()
    beside = part.baseline
    compared = "" if beside is None else f", baseline {beside.successes} of {beside.trials}"
    attack = "" if part.attack is None else f" under {part.attack.name}{_cost(part.attack)}"
    variant = "" if part.variant is None else f", {part.variant}"
    return f"{part.metric} {value}{compared}{attack}{variant}, by {part.organisation}"


def _cost(attack: AttackPart) -> str:
    amounts = [f"USD {attack.usd:,f}"] if attack.usd is not None else []
    amounts += [f"{attack.gpu_hours:,f} GPU-hours"] if attack.gpu_hours is not None else []
    return f" ({', '.join(amounts)})" if amounts else ""


def _from(part: MeasurementPart | ClaimPart) -> str:
    source = part.source
    if source is None:
        return f"ASSUMED, {part.assumed}"
    return f"{source.url}, {source.date}, {source.read_as.mark or source.read_as}"


def _coverage(rows: tuple[Covered, ...]) -> Iterator[str]:
    both = sum(bool(row.met) and bool(row.not_met) for row in rows)
    yield text.heading(f"COVERAGE  {text.plural(len(rows), 'requirement')}, {both} met and not met")
    kinds = {
        "never met": [row for row in rows if not row.met],
        "met, never not met, at times undetermined": [
            row for row in rows if row.met and not row.not_met and row.undetermined
        ],
        "met in every case": [
            row for row in rows if row.met and not row.not_met and not row.undetermined
        ],
    }
    for kind, found in kinds.items():
        if found:
            names = ", ".join(row.requirement for row in found)
            yield from text.wrapped(f"{kind}: {names}", "    ", "  ")
