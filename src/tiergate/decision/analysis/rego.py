# SPDX-License-Identifier: Apache-2.0
"""A policy as Rego, for engines that a house runs already.

Statistics, grades and signatures stay here: Rego is given what became of each check and combines
it, exactly as the evaluator does. Without an entry for a check nothing is met.
"""

from __future__ import annotations

import json
import re
from datetime import datetime

from tiergate.decision.analysis.formula import Formula, Literal, State, ladder, state_of
from tiergate.decision.memo import Memo
from tiergate.decision.policy import Policy
from tiergate.decision.tier import Tier
from tiergate.evidence.collection import Collection

_WORDS = {State.MET: "met", State.QUIET: "quiet", State.ADVERSE: "adverse"}


class RegoExport:
    """A policy written as a Rego module, and the input that the module takes."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._ladder = ladder(policy)
        checks = {check.key: check for check in self._ladder.checks()}
        self._checks = {key: checks[key] for key in sorted(checks)}
        self._ids = {key: f"C{number:04}" for number, key in enumerate(self._checks, 1)}
        self._rules: list[str] = []
        self._named: dict[str, str] = {}

    def module(self) -> str:
        """Return the module.

        Raises:
            ValueError: the policy holds an expression that Rego is not given, such as a *not*.
        """
        self._rules, self._named = [], {}
        tiers = sorted(self._ladder.long, key=lambda tier: -tier.rank)
        met = {tier: self._name(self._ladder.met(tier)) for tier in tiers}
        chosen = [f'"{tier}" if {name}' for tier, name in met.items()]
        lines = [
            f"# {self._policy.title}: {self._policy.id} {self._policy.version}",
            f"# {self._policy.digest}",
            "#",
            "# input.checks says of each check whether it is met, quiet or adverse:",
            *(f"#   {self._ids[key]}  {_one_line(key)}" for key in self._checks),
            f"package {self.package}",
            "",
            "import rego.v1",
            "",
            *self._rules,
            f"supported := {' else := '.join([*chosen, chr(34) + Tier.T0 + chr(34)])}",
            "",
        ]
        return "\n".join(lines)

    def input(self, evidence: Collection, at: datetime) -> dict[str, dict[str, str]]:
        """Return what the module is given about some evidence."""
        memo, found = Memo(), {}
        for key, check in self._checks.items():
            scene = check.scene(evidence, at, memo)
            found[self._ids[key]] = _WORDS[state_of(check.atom.judge(scene))]
        return {"checks": found}

    @property
    def query(self) -> str:
        """The rule that says which tier is supported."""
        return f"data.{self.package}.supported"

    @property
    def package(self) -> str:
        """The package of the module; an id alone could be a word that Rego keeps to itself."""
        return f"tiergate.policy_{re.sub(r'[^a-z0-9]', '_', self._policy.id)}"

    def _name(self, formula: Formula) -> str:
        """Return the name of the rule that says whether a formula holds, and write the rule."""
        body = self._body(formula)
        if body not in self._named:
            name = f"r{len(self._named) + 1}"
            self._named[body] = name
            self._rules += [
                f"default {name} := false",
                "",
                *body.replace("@", name).split("\n"),
                "",
            ]
        return self._named[body]

    def _body(self, formula: Formula) -> str:
        if isinstance(formula, Literal):
            return f"@ if {self._term(formula)}"
        terms = [self._term(part) for part in formula.parts]
        if formula.needed <= 0:
            return "@ := true"
        if formula.needed > len(terms):
            return "@ if false"
        if formula.needed == len(terms):
            return "@ if {\n" + "\n".join(f"\t{term}" for term in terms) + "\n}"
        if formula.needed == 1:
            return "\n\n".join(f"@ if {term}" for term in terms)
        listed = ", ".join(self._name(part) for part in formula.parts)
        return f"@ if count([x | some x in [{listed}]; x]) >= {formula.needed}"

    def _term(self, formula: Formula) -> str:
        if not isinstance(formula, Literal):
            return self._name(formula)
        if not formula.holds:
            raise ValueError(f"{self._policy.id} asks for something not to hold")
        check = f"input.checks.{self._ids[formula.check.key]}"
        if formula.at_least is State.MET:
            return f'{check} == "met"'
        return f'{check} in {{"met", "quiet"}}'


def _one_line(words: str) -> str:
    return json.dumps(words, ensure_ascii=True)[1:-1]
