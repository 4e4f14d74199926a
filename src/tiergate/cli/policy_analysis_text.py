# SPDX-License-Identifier: Apache-2.0
"""What was found about policies, in words: findings, differences, proofs."""

from __future__ import annotations

from collections.abc import Iterator

from tiergate.cli import text
from tiergate.decision.analysis.compare import Compared, Difference
from tiergate.decision.analysis.conditions import Condition, relation_by_tier
from tiergate.decision.analysis.lint import Finding
from tiergate.decision.analysis.prove import Proof
from tiergate.decision.analysis.relation import Relation
from tiergate.decision.analysis.witness import Decider, Witness
from tiergate.decision.policy import Policy

SCOPE = (
    "Compared over evidence in which every planned attempt was made and scored, once per "
    "behaviour, with labels taken as they are; without runs registered beforehand, evidence that "
    "is gone, and waivers."
)
BESIDES = "Approvals, holds, expiry and waivers, at the tiers that both have."
_MOST_DECIDERS = 3
_SAYS = {
    Relation.EQUIVALENT: "opens the same as",
    Relation.STRICTER: "is stricter than",
    Relation.LOOSER: "is looser than",
    Relation.INCOMPARABLE: "is neither stricter nor looser than",
    Relation.UNDECIDED: "could not be compared with",
}


def lint_lines(policy: Policy, found: tuple[Finding, ...]) -> Iterator[str]:
    """Yield the findings of a policy."""
    yield f"{policy.id} {policy.version}: {text.plural(len(found), 'finding')}"
    for finding in found:
        words = f"{finding.where}: {finding.remark.message} [{finding.remark.code}]"
        yield from text.wrapped(words, "      ", "  - ")


def difference_lines(found: Difference) -> Iterator[str]:
    """Yield how two policies relate, with what shows it."""
    first, second = found.first, found.second
    yield text.heading(f"{first.id} {_SAYS[found.overall]} {second.id}")
    yield from text.wrapped(SCOPE, "  ")
    yield ""
    shown: tuple[str, ...] = ()
    for tier, compared in found.tiers.items():
        lines = tuple(_compared(compared))
        yield f"  {tier}  {compared.relation}"
        yield from lines if lines != shown else (["        as above"] if lines else [])
        shown = lines
    yield ""
    yield "  where all but one domain is as good as can be"
    for domain, compared in found.domains.items():
        yield f"  {domain.label}: {compared.relation}"
        yield from _compared(compared)
    yield ""
    yield from _conditions(found)


def _compared(found: Compared) -> Iterator[str]:
    for witness in found.witnesses:
        shown = "; ".join(witness.words) or "everything as good as can be"
        words = f"{witness.opened_by} alone opens {witness.tier} for: {shown}"
        yield from text.wrapped(words, "          ", "      - ")
        yield from _deciders(witness)


def _deciders(found: Witness) -> Iterator[str]:
    """Yield the requirements that keep the tier closed under the other policy."""
    if not found.deciders:
        yield f"        the other has no tier as open as {found.tier}"
    for decider in found.deciders[:_MOST_DECIDERS]:
        yield from text.wrapped(_decider(decider), "            ", "        closed by ")
    more = len(found.deciders) - _MOST_DECIDERS
    if more > 0:
        yield f"        and {more} more"


def _decider(found: Decider) -> str:
    way = " on its fast path" if found.is_fast else ""
    return f"{found.requirement} of {found.policy}{way}, {found.outcome}: {found.asks}"


def _conditions(found: Difference) -> Iterator[str]:
    yield f"  conditions: {found.besides}"
    yield from text.wrapped(BESIDES, "    ")
    for tier, relation in relation_by_tier(found.conditions).items():
        yield f"    {tier or 'waivers'}: {relation}"
        for each in found.conditions:
            if each.tier is tier:
                yield from text.wrapped(_condition(each, found), "          ", "      - ")


def _condition(each: Condition, found: Difference) -> str:
    one, other = f"{each.first} in {found.first.id}", f"{each.second} in {found.second.id}"
    return f"{each.what}: {one}, {other}: {each.relation}"


def proof_lines(policy: Policy, found: tuple[Proof, ...]) -> Iterator[str]:
    """Yield what became of each law."""
    proved = sum(proof.holds is True for proof in found)
    yield f"{policy.id} {policy.version}: {proved} of {len(found)} laws proved"
    for proof in found:
        word = {True: "proved", False: "DOES NOT HOLD", None: "not decided"}[proof.holds]
        yield from text.wrapped(f"{word}: {proof.law}", "      ", "  - ")
        for line in proof.witness:
            yield from text.wrapped(line, "          ", "      ")
