# SPDX-License-Identifier: Apache-2.0
"""What was found about policies, in words: findings, differences, proofs."""

from __future__ import annotations

from collections.abc import Iterator

from tiergate.cli import text
from tiergate.decision.analysis.compare import Compared, Difference, Relation, Witness
from tiergate.decision.analysis.lint import Finding
from tiergate.decision.analysis.prove import Proof
from tiergate.decision.policy import Policy

SCOPE = (
    "Compared over evidence in which every planned attempt was made and scored, once per "
    "behaviour, with labels taken as they are; without runs registered beforehand, evidence that "
    "is gone, and waivers."
)
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
    if found.conditions:
        yield ""
        yield "  conditions"
        for words in found.conditions:
            yield from text.wrapped(words, "      ", "    - ")


def _compared(found: Compared) -> Iterator[str]:
    for witness in found.witnesses:
        yield from text.wrapped(_witness(witness), "          ", "      - ")


def _witness(found: Witness) -> str:
    shown = "; ".join(found.words) or "everything as good as can be"
    return f"{found.opened_by} alone opens {found.tier} for: {shown}"


def proof_lines(policy: Policy, found: tuple[Proof, ...]) -> Iterator[str]:
    """Yield what became of each law."""
    proved = sum(proof.holds is True for proof in found)
    yield f"{policy.id} {policy.version}: {proved} of {len(found)} laws proved"
    for proof in found:
        word = {True: "proved", False: "DOES NOT HOLD", None: "not decided"}[proof.holds]
        yield from text.wrapped(f"{word}: {proof.law}", "      ", "  - ")
        for line in proof.witness:
            yield from text.wrapped(line, "          ", "      ")
