# SPDX-License-Identifier: Apache-2.0
"""What a policy allows and its author may not have meant: worth a look, and no mistake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tiergate.decision.implication import Comparison
from tiergate.decision.policy import Named, Policy
from tiergate.decision.policy_file import PolicyFile
from tiergate.decision.policy_resolved import Resolved, by_name
from tiergate.decision.strict_yaml import Location, ordered, problem_at
from tiergate.decision.tier import Tier
from tiergate.errors import Problem

EXAMPLE = "OWN-"
"""What ids of requirements and clauses begin with in a draft that `policy init` writes."""
SAY_HERE = "Say here in a sentence what it is for and whom it is for."
"""The summary of such a draft."""
_IT_IS_AN_EXAMPLE = "is the example of a draft: put your own in its place"


def warnings(read: Resolved) -> tuple[Problem, ...]:
    """Return what the author of a policy should look at, in the order of the lines."""
    found = [*_examples(read.file)]
    if read.below is not None:
        found += _skipped(read.policy, read.below.policy)
    # What is taken over is for the author of the policy extended.
    own = (problem_at(*each, read.lines, "policy") for each in found if each[0] in read.lines)
    return ordered(replace(each, field=by_name(each.field, read.file)) for each in own)


def _examples(file: PolicyFile) -> Iterator[tuple[Location, str]]:
    if file.summary == SAY_HERE:
        yield ("summary",), _IT_IS_AN_EXAMPLE
    for name, part in file.requirements.items():
        if name.startswith(EXAMPLE):
            yield ("requirements", name), _IT_IS_AN_EXAMPLE
        for index, clause in enumerate(part.clauses):
            if clause.startswith(EXAMPLE):
                yield ("requirements", name, "clauses", index), f"{clause} {_IT_IS_AN_EXAMPLE}"
    for position, tier in enumerate(file.tiers):
        for index, clause in enumerate(tier.clauses):
            if clause.startswith(EXAMPLE):
                place = ("tiers", position, "clauses", index)
                yield place, f"{clause} {_IT_IS_AN_EXAMPLE}"


def _skipped(policy: Policy, below: Policy) -> Iterator[tuple[Location, str]]:
    """Find requirements that an extension adds and that a fast path goes past."""
    compared = Comparison(policy.requirements, policy.requirements)
    for index, rung in enumerate(policy.tiers):
        theirs = below.tier(rung.tier)
        known = () if theirs is None else theirs.requirements
        for position, name in enumerate(rung.requirements):
            if name in known or rung.tier is Tier.T0:
                continue
            past = [
                str(higher.tier)
                for higher in policy.tiers[index:]
                if higher.fast_path
                and not any(
                    compared.asks_as_much(Named(id=one), Named(id=name)) for one in higher.fast_path
                )
            ]
            if past:
                words = f"{name} is not asked for on the fast path of {' and '.join(past)}"
                remedy = "list it there under fast_path_also, if small models need it too"
                yield ("tiers", index, "requirements", position), f"{words}; {remedy}"
