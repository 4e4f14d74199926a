# SPDX-License-Identifier: Apache-2.0
"""A table of cases held against a policy: what follows, where it differs, what it covers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tiergate.decision.case_evidence import evidence_of
from tiergate.decision.case_file import CasePart, CasesFile
from tiergate.decision.decision import Decision
from tiergate.decision.evaluate import evaluate
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Policy
from tiergate.decision.strict_yaml import Location
from tiergate.decision.yaml_document import parse_yaml, read_yaml_file
from tiergate.errors import MistakesError, Problem

_CALLED = "table of cases"
_FOLDER = Path(__file__).parent / "policies" / "cases"


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """What followed from one case."""

    case: CasePart
    """The case."""
    decision: Decision
    """The decision."""
    differences: tuple[str, ...]
    """Where it is not what the case expects; empty when it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """How far the cases show what one requirement does."""

    requirement: str
    """Its id."""
    met: tuple[str, ...]
    """Ids of cases in which it was met."""
    not_met: tuple[str, ...]
    """Ids of cases in which it was not met."""
    undetermined: tuple[str, ...]
    """Ids of cases in which the evidence did not settle it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CasesResult:
    """What followed from a table."""

    policy: Policy
    """The policy."""
    results: tuple[CaseResult, ...]
    """The cases, in the order of the table."""
    coverage: tuple[Covered, ...]
    """The requirements, in the order of the policy."""

    @property
    def differing(self) -> int:
        """How many cases did not come out as expected."""
        return sum(bool(result.differences) for result in self.results)


def shipped_cases() -> tuple[str, ...]:
    """Return the names of the tables that come with the program, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


def path_of_cases(name_or_path: str) -> Path:
    """Return the path of a shipped table by its name, or the path itself."""
    is_shipped = name_or_path in shipped_cases()
    return _FOLDER / f"{name_or_path}.yaml" if is_shipped else Path(name_or_path)


def read_cases(path: Path) -> CasesFile:
    """Read a table of cases.

    Raises:
        MistakesError: there is no such file, or with every mistake and its line.
    """
    data = read_yaml_file(path, _CALLED)
    return parse_yaml(
        data, str(path), CasesFile, called=_CALLED, root="cases", mistakes=_named_twice
    )


def _named_twice(file: CasesFile) -> Iterator[tuple[Location, str]]:
    times = Counter(case.id for case in file.cases)
    for index, case in enumerate(file.cases):
        if times[case.id] > 1:
            yield ("cases", index, "id"), f"{case.id} stands here twice"


def run_cases(file: CasesFile, policy: Policy, where: str) -> CasesResult:
    """Decide every case.

    Raises:
        MistakesError: a case names a tier or a requirement that the policy does not have.
    """
    wrong = tuple(problem for case in file.cases for problem in _unknown(case, policy))
    if wrong:
        raise MistakesError.of(where, wrong, f"cases of {policy.id} {policy.version}")
    results = tuple(_run(case, policy, file) for case in file.cases)
    return CasesResult(policy=policy, results=results, coverage=_coverage(policy, results))


def _unknown(case: CasePart, policy: Policy) -> Iterator[Problem]:
    tiers = {case.expect.supported, *case.expect.tiers}
    if case.answered is not None:
        tiers.add(case.answered)
    known = {rung.tier for rung in policy.tiers}
    names = [f"tier {tier}" for tier in sorted(tiers - known)]
    unknown = sorted(case.expect.requirements.keys() - policy.requirements.keys())
    names += [f"requirement {name}" for name in unknown]
    for name in names:
        yield Problem(line=None, field=case.id, message=f"the policy has no {name}")


def _run(case: CasePart, policy: Policy, file: CasesFile) -> CaseResult:
    decision = evaluate(policy, evidence_of(case, policy, file.at), at=file.at)
    return CaseResult(case=case, decision=decision, differences=tuple(_differences(case, decision)))


def _differences(case: CasePart, decision: Decision) -> Iterator[str]:
    expect = case.expect
    if decision.supported is not expect.supported:
        yield f"supports {decision.supported}, {expect.supported} expected{_why(case, decision)}"
    for tier, outcome in expect.tiers.items():
        found = decision.verdict(tier).outcome
        if found is not outcome:
            yield f"{tier} is {found}, {outcome} expected"
    found_by_name = outcomes_of(decision)
    for name, outcome in expect.requirements.items():
        found = found_by_name[name][-1] if name in found_by_name else Outcome.UNDETERMINED
        if found is not outcome:
            yield f"{name} is {found}, {outcome} expected"


def _why(case: CasePart, decision: Decision) -> str:
    """Name what keeps the expected tier closed, when less is supported than was expected."""
    if decision.supported.rank >= case.expect.supported.rank:
        return ""
    verdict = decision.verdict(case.expect.supported)
    rows = [row for tier in (*verdict.below, verdict.requirements) for row in tier]
    names = dict.fromkeys(row.id for row in rows if row.outcome is not Outcome.MET)
    return f" (held back by {', '.join(names)})" if names else ""


def outcomes_of(decision: Decision) -> Mapping[str, list[Outcome]]:
    """Return by requirement what became of it at each tier that asks for it, fast paths last."""
    found: dict[str, list[Outcome]] = {}
    for is_fast in (True, False):
        for verdict in decision.tiers:
            for row in verdict.fast_path if is_fast else verdict.requirements:
                for node in row.walk():
                    if node.id:
                        found.setdefault(node.id, []).append(node.outcome)
    return found


def _coverage(policy: Policy, results: tuple[CaseResult, ...]) -> tuple[Covered, ...]:
    seen = {result.case.id: outcomes_of(result.decision) for result in results}

    def those(name: str, outcome: Outcome) -> tuple[str, ...]:
        return tuple(case for case, found in seen.items() if outcome in found.get(name, ()))

    return tuple(
        Covered(
            requirement=name,
            met=those(name, Outcome.MET),
            not_met=those(name, Outcome.NOT_MET),
            undetermined=those(name, Outcome.UNDETERMINED),
        )
        for name in policy.requirements
    )
