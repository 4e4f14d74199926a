# SPDX-License-Identifier: Apache-2.0
"""What outlines are filled from, and the sentences that all of them share.

A claim is quoted, with who made it and whether the policy was content with it. A measurement is
given as its counts and bounds. Nothing is summed up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tiergate.decision.policy import AllOf, AnyOf, AtLeast, Expression, Policy
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.evidence.claim import Claim
from tiergate.evidence.collection import EvidenceDocument
from tiergate.model.card import ModelCard
from tiergate.report.export_source import ExportSource, Standing, judged
from tiergate.report.outline import Filled, Missing, Section
from tiergate.report.view import short_digest
from tiergate.report.wording import day, maker_words

Found = tuple[list[Filled], list[Missing]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlineSource:
    """Everything that an outline may say."""

    export: ExportSource
    """The decision, the checkpoint, and who stands behind them."""
    policy: Policy
    """The policy that decided."""
    documents: tuple[EvidenceDocument, ...]
    """Evidence that the decision looked at, as far as it is at hand."""
    not_at_hand: tuple[str, ...]
    """Digests of evidence that the decision looked at and that is not at hand."""
    card: ModelCard | None
    """What the model card claims; None when it was not read."""
    front_matter: bytes | None
    """The model card itself; None when it was not read."""

    @property
    def decision_words(self) -> str:
        """How the decision is named in what rests on it."""
        return f"{self.export.record_uri} ({self.export.standing})"

    @property
    def policy_words(self) -> str:
        """How the policy is named in what rests on it."""
        return f"policy {self.policy.id} {self.policy.version}, {short_digest(self.policy.digest)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A detail of a claim that an outline asks for."""

    label: str
    """What the outline calls it."""
    item: str
    """Evidence item."""
    field: str
    """Field of the claim."""


def section(
    title: str, asks: str, clauses: tuple[str, ...], *found: Found | list[Filled]
) -> Section:
    """Make a section of what was found for it."""
    filled: list[Filled] = []
    missing: list[Missing] = []
    for part in found:
        sentences, gaps = (part, []) if isinstance(part, list) else part
        filled += sentences
        missing += gaps
    return Section(
        title=title, asks=asks, clauses=clauses, filled=tuple(filled), missing=tuple(missing)
    )


def nothing(what: str, remedy: str) -> Found:
    """Mark what no evidence item can answer."""
    return [], [Missing(what=what, remedy=remedy)]


def preface(source: OutlineSource) -> tuple[str, ...]:
    """Return what stands before every outline."""
    decision = source.export.decision
    signed = {
        Standing.UNSIGNED: "Nobody signed the decision.",
        Standing.NOT_VERIFIED: "The decision is signed; its signatures were not verified here.",
        Standing.VERIFIED: "The signatures of the decision hold.",
    }[source.export.standing]
    gone = len(source.not_at_hand)
    return (
        (
            f"Made by tiergate from the decision about {decision.subject_name} of "
            f"{day(decision.at)}: {decision.asked} is {decision.outcome} by "
            f"{source.policy_words}; {decision.supported} is the most open tier that the evidence "
            f"supports. {signed}"
        ),
        (
            "Each sentence is followed by what it rests on. Quotations are what somebody stated, "
            "and whether it is true was not looked at. What is marked as missing was not stated. "
            "Not legal advice."
        ),
        *(
            (f"{gone} documents of evidence are not at hand; what they state is missing here.",)
            if gone
            else ()
        ),
    )


def stated(source: OutlineSource, *asked: Asked) -> Found:
    """Quote what was stated, detail by detail; what nobody stated is missing."""
    filled: list[Filled] = []
    missing: list[Missing] = []
    for each in asked:
        found = list(_quoted(source, each))
        filled += found
        if not found:
            missing.append(Missing(what=each.label, remedy=_remedy(source.policy, each)))
    return filled, missing


def _remedy(policy: Policy, asked: Asked) -> str:
    """Return the command that states it, with the other fields that the policy asks for."""
    checks = [
        check
        for requirement in policy.requirements.values()
        for check in _claims(requirement.expression)
        if check.item == asked.item
    ]
    if not checks:
        return f"write it here; policy {policy.id} reads no claim {asked.item}"
    names = {name for check in checks for name in check.fields}
    names |= {limit.field for check in checks for limit in check.limits}
    fields = " ".join(f"--field {name}=..." for name in sorted(names | {asked.field}))
    by = "" if policy.id == "default" else " --policy POLICY"
    return f"tiergate evidence claim {asked.item} --model MODEL{by} {fields}"


def _claims(expression: Expression) -> Iterator[ClaimMade]:
    match expression:
        case AllOf(parts=parts) | AnyOf(parts=parts) | AtLeast(parts=parts):
            for part in parts:
                yield from _claims(part)
        case ClaimMade():
            yield expression
        case _:
            return


def one_of(source: OutlineSource, *asked: Asked) -> Found:
    """Quote the first of several details that was stated; the first is missing if none was."""
    for each in asked:
        filled, _ = stated(source, each)
        if filled:
            return filled, []
    return stated(source, asked[0])


def _quoted(source: OutlineSource, asked: Asked) -> Iterator[Filled]:
    for document in source.documents:
        for index, claim in enumerate(document.claims):
            field = claim.field(asked.field) if claim.item == asked.item else None
            if field is None or not str(field.value).strip():
                continue
            denied = "" if claim.holds else "stated not to hold: "
            yield Filled(
                sentence=f"{asked.label}: {denied}\u201c{field.value}\u201d",
                rests_on=(
                    f"claim {asked.item} ({asked.field}), {short_digest(document.digest)}#c{index}",
                    _by(document, claim),
                    *_counted(source, asked.item),
                ),
            )


def _by(document: EvidenceDocument, claim: Claim) -> str:
    who = f"{maker_words(document)} ({document.producer.relation})"
    return f"stated by {who} on {day(claim.made_at)}"


def _counted(source: OutlineSource, item: str) -> tuple[str, ...]:
    """Say what the decision found about a requirement at the tier in question, if it has it."""
    decision = source.export.decision
    found = (
        f"{each.place} {each.row.outcome}"
        for each in judged(decision)
        if each.row.id == item and each.tier is decision.asked and not each.is_fast_path
    )
    return tuple(found)


def decided(source: OutlineSource) -> list[Filled]:
    """Say what was decided, by which policy, and until when it stands."""
    decision, rests = source.export.decision, (source.decision_words, source.policy_words)
    found = [
        Filled(
            sentence=f"{decision.asked} is {decision.outcome}; {decision.supported} is supported",
            rests_on=rests,
        ),
        Filled(
            sentence=f"The decision lapses on {day(source.export.valid_until)}", rests_on=rests[:1]
        ),
    ]
    found += [
        Filled(
            sentence=f"A waiver stands in for {waiver.requirement}: \u201c{waiver.reason}\u201d",
            rests_on=(f"given by {waiver.by}, until {day(waiver.expires_at)}", *rests[:1]),
        )
        for waiver in decision.waivers
    ]
    found += [
        Filled(sentence=f"The policy asks for less: {each.field}: {each.what}", rests_on=rests)
        for each in decision.loosenings
    ]
    return found


def outcomes_of(source: OutlineSource, ids: Iterable[str]) -> list[Filled]:
    """Say what the decision found about some requirements at the tier in question."""
    decision, wanted = source.export.decision, set(ids)
    return [
        Filled(
            sentence=f"{each.place}, {each.row.title}: {each.row.outcome}",
            rests_on=(source.decision_words,),
        )
        for each in judged(decision)
        if each.row.id in wanted and each.tier is decision.asked and not each.is_fast_path
    ]


def not_assessed(source: OutlineSource) -> list[Filled]:
    """Say what nothing here says anything about."""
    return [
        Filled(sentence=f"Not assessed: {gap}", rests_on=(source.decision_words,))
        for gap in source.export.decision.not_assessed
    ]
