# SPDX-License-Identifier: Apache-2.0
"""Templates of arguments: what a case about a hazard and about open weights has to speak of.

Published templates argue that a model cannot do harm, or that safeguards stop it, while its
developer holds the weights. Five branches are missing from them that open weights need: others
change the model afterwards, nobody can call it back, what counts is what it adds to what anyone
can download, safeguards meet attackers who have the weights, and those who build on it act on
their own. Here a branch is argued from the requirements of the policy that speak of it, and is an
assumption where there are none.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from tiergate.decision.explanation import Scale
from tiergate.decision.policy import AllOf, AnyOf, AtLeast, Expression, Named, Policy
from tiergate.decision.requirements.band import BandAtMost, WithinCeiling
from tiergate.decision.requirements.checkpoint_facts import GeneratesOnly
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.requirements.limit import LimitOnMetric
from tiergate.decision.requirements.measured import Measured
from tiergate.decision.requirements.tampering import TamperResistance
from tiergate.decision.tier import TamperLevel
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import Variant
from tiergate.evidence.provenance import ProducerRelation

OUTSIDERS = frozenset({ProducerRelation.COMMISSIONED, ProducerRelation.INDEPENDENT})
"""Who is outside the developer."""


class Aspect(enum.StrEnum):
    """What a check looks at."""

    MEASURED = "measured"
    """That something was measured."""
    LIMITED = "limited"
    """That a capability or a rate stays within a limit."""
    WORST_CASE = "worst case"
    """The strongest tampered form of the model."""
    MARGIN = "margin"
    """The difference to a model that anyone can download."""
    OUTSIDE = "outside"
    """That somebody outside the developer found it."""
    TAMPERING = "tampering"
    """How safeguards fare against somebody who has the weights."""
    NO_IMAGES = "no images"
    """That nothing but text is generated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """Something that an argument has to speak of."""

    claim: str
    """What is claimed where requirements speak of it."""
    assumption: str
    """What is assumed where none does."""
    aspects: frozenset[Aspect] = frozenset()
    """A check speaks of it that looks at all of these; none does when empty."""
    or_none: bool = False
    """Whether a model that generates no images settles it too."""
    clauses: frozenset[str] = frozenset()
    """A requirement speaks of it that answers one of these."""

    def is_spoken_of(
        self, expression: Expression, policy: Policy, domain: HazardDomain | None = None
    ) -> bool:
        """Tell whether ``expression`` is met only when a check is met that speaks of this.

        With a ``domain``, only checks that name that hazard count.
        """
        match expression:
            case AllOf(parts=parts):
                return any(self.is_spoken_of(part, policy, domain) for part in parts)
            case AnyOf(parts=parts):
                return all(self.is_spoken_of(part, policy, domain) for part in parts)
            case AtLeast(needed=needed, parts=parts):
                silent = sum(not self.is_spoken_of(part, policy, domain) for part in parts)
                return silent < needed
            case Named(id=name):
                return self.is_spoken_of(policy.requirements[name].expression, policy, domain)
            case _ if domain is not None and domain not in domains_of(expression, policy):
                return False
            case _:
                found = aspects_of(expression, policy)
                has_none = self.or_none and Aspect.NO_IMAGES in found
                return has_none or (bool(self.aspects) and self.aspects <= found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What an argument about one hazard has to speak of."""

    name: str
    """Its name, as in ``loss-of-control``."""
    domain: HazardDomain
    """The hazard."""
    claim: str
    """What is claimed, with ``{tier}`` for the tier."""
    topics: tuple[Topic, ...]
    """In order of reading."""
    takes_for_granted: tuple[str, ...]
    """What no requirement can show, so that it is an assumption under every policy."""
    would_defeat: tuple[str, ...]
    """What would speak against it."""


def domains_of(expression: Expression, policy: Policy) -> frozenset[HazardDomain]:
    """Return the hazards that the checks of ``expression`` name."""
    match expression:
        case AllOf(parts=parts) | AnyOf(parts=parts) | AtLeast(parts=parts):
            return frozenset().union(*(domains_of(part, policy) for part in parts))
        case Named(id=name):
            return domains_of(policy.requirements[name].expression, policy)
        case _:
            return frozenset(_named_by(expression))


def _named_by(check: Expression) -> tuple[HazardDomain, ...]:
    match check:
        case BandAtMost(domain=domain) | WithinCeiling(domain=domain):
            return (domain,)
        case Measured(domains=domains):
            return domains
        case LimitOnMetric(metric=name) | ClaimMade(item=name):
            prefix = name.partition(".")[0]
            return tuple(domain for domain in HazardDomain if domain.value == prefix)
        case GeneratesOnly():
            return (HazardDomain.CSAM_NCII,)
        case _:
            return ()


def aspects_of(check: Expression, policy: Policy) -> frozenset[Aspect]:
    """Return what a single check looks at."""
    found: set[Aspect] = set()
    match check:
        case BandAtMost(variant=variant) | WithinCeiling(variant=variant):
            found |= {Aspect.LIMITED, *_worst(variant)}
        case LimitOnMetric(variant=variant):
            found |= {Aspect.LIMITED, *_worst(variant)}
            found |= {Aspect.MARGIN} if check.scale is Scale.MARGIN else set()
            found |= {Aspect.TAMPERING} if check.metric == policy.tamper.metric else set()
        case Measured(variant=variant, by=by):
            found |= {Aspect.MEASURED, *_worst(variant), *_outside(by)}
            found |= {Aspect.MARGIN} if check.with_baseline else set()
        case ClaimMade(by=by):
            found |= _outside(by)
        case TamperResistance(level=level) if level.rank >= TamperLevel.TR2.rank:
            found |= {Aspect.TAMPERING}
        case GeneratesOnly():
            found |= {Aspect.LIMITED, Aspect.NO_IMAGES}
        case _:
            pass
    return frozenset(found)


def _worst(variant: Variant | None) -> frozenset[Aspect]:
    # A check that names no form of the model is judged on the worst case.
    return frozenset() if variant is Variant.AS_RELEASED else frozenset({Aspect.WORST_CASE})


def _outside(makers: tuple[ProducerRelation, ...]) -> frozenset[Aspect]:
    is_outside = bool(makers) and OUTSIDERS.issuperset(makers)
    return frozenset({Aspect.OUTSIDE}) if is_outside else frozenset()


def _topics(what: str) -> tuple[Topic, ...]:
    return (
        Topic(
            claim=f"{what}: what these weights can do was measured.",
            assumption=f"{what}: what these weights can do need not be measured.",
            aspects=frozenset({Aspect.MEASURED}),
        ),
        Topic(
            claim=f"{what}: the strongest tampered form of the model was measured too.",
            assumption=f"{what}: nobody gets more out of the weights than the developer did.",
            aspects=frozenset({Aspect.MEASURED, Aspect.WORST_CASE}),
        ),
        Topic(
            claim=f"{what}: it stays within what the policy allows at this tier.",
            assumption=f"{what}: whatever was measured is acceptable, because no limit is set.",
            aspects=frozenset({Aspect.LIMITED}),
        ),
        Topic(
            claim=f"{what}: it was compared with what anybody can download.",
            assumption=f"{what}: it adds nothing that counts to what anybody can download.",
            aspects=frozenset({Aspect.MARGIN}),
        ),
        Topic(
            claim=f"{what}: somebody outside the developer measured or confirmed it.",
            assumption=f"{what}: the developer's own word is enough.",
            aspects=frozenset({Aspect.OUTSIDE}),
        ),
    )


TEMPLATES: tuple[Template, ...] = (
    Template(
        name="cyber",
        domain=HazardDomain.CYBER,
        claim="Help with attacks on computer systems is acceptable at {tier}.",
        topics=_topics("Cyber offence"),
        takes_for_granted=(
            "Tasks and ranges stand for attacks on real systems that somebody defends.",
            "Defenders gain from the same weights at least as fast as attackers do.",
        ),
        would_defeat=(
            "Better scaffolds or tools get more out of the same weights.",
            "A chain of exploits in the wild in which the model did what the tests said it cannot.",
        ),
    ),
    Template(
        name="cbrn",
        domain=HazardDomain.CBRN,
        claim="Help towards chemical, biological, radiological and nuclear harm is acceptable at {tier}.",  # noqa: E501
        topics=_topics("CBRN"),
        takes_for_granted=(
            "Questions and trials with people stand for help with a real attempt.",
            "What can be asked in public is close enough to what must not be asked in public.",
        ),
        would_defeat=(
            "Experts find a step that the model makes possible and that no test looked at.",
            "Fine-tuning on data of the field brings back what filtering took out.",
        ),
    ),
    Template(
        name="loss-of-control",
        domain=HazardDomain.LOSS_OF_CONTROL,
        claim="The risk that the model acts against those who run it is acceptable at {tier}.",
        topics=_topics("Loss of control"),
        takes_for_granted=(
            "The model does not do worse on purpose while it is tested.",
            "A sandbox stands for the places in which others will let it act.",
        ),
        would_defeat=(
            "The model tells tests from use and behaves otherwise in use.",
            "Others give it tools, memory or copies that no test gave it.",
        ),
    ),
    Template(
        name="manipulation",
        domain=HazardDomain.MANIPULATION,
        claim="The harm it can do by influencing people is acceptable at {tier}.",
        topics=_topics("Harmful manipulation"),
        takes_for_granted=(
            "Effects on the people of a study stand for effects on those who are not asked.",
            "What is small in one exchange stays small in many.",
        ),
        would_defeat=(
            "A campaign that ran on the model, with an effect that no study found.",
            "Voice, images or personal data that the study did without.",
        ),
    ),
    Template(
        name="image-abuse",
        domain=HazardDomain.CSAM_NCII,
        claim="It does not serve to make sexual images of children or of people who did not consent, as far as {tier} asks.",  # noqa: E501
        topics=(
            Topic(
                claim="Image abuse: it generates none, or stays within the limits on violations.",
                assumption="Image abuse: whatever it generates is acceptable.",
                aspects=frozenset({Aspect.LIMITED}),
            ),
            Topic(
                claim="Image abuse: it generates none, or the limits hold once adapted too.",
                assumption="Image abuse: nobody trains an adapter for it.",
                aspects=frozenset({Aspect.LIMITED, Aspect.WORST_CASE}),
                or_none=True,
            ),
            Topic(
                claim="Image abuse: it generates none, or no more than what anybody can download.",
                assumption="Image abuse: it adds nothing to what anybody can download.",
                aspects=frozenset({Aspect.MARGIN}),
                or_none=True,
            ),
            Topic(
                claim="Image abuse: it generates none, or authorised testers from outside looked.",
                assumption="Image abuse: the developer's own word is enough.",
                aspects=frozenset({Aspect.OUTSIDE}),
                or_none=True,
            ),
        ),
        takes_for_granted=(
            "Legal proxies stand for what nobody may generate in a test.",
            "Known hashes find what is in the training data.",
        ),
        would_defeat=(
            "An adapter or a chain of tools that makes such images with it is found.",
            "Material turns up in the training data that no list of hashes had.",
        ),
    ),
)
"""One for each hazard, in the order in which a case argues over them."""

OPEN_WEIGHTS: tuple[Topic, ...] = (
    Topic(
        claim="Modification after release: what others can make of the weights was looked at too.",
        assumption="Modification after release: nobody changes the weights for the worse.",
        aspects=frozenset({Aspect.MEASURED, Aspect.WORST_CASE}),
        clauses=frozenset({"EU-COP-A1.3.3"}),
    ),
    Topic(
        claim="No calling back: that published weights stay published was weighed beforehand.",
        assumption="No calling back: the release will never have to be undone.",
        clauses=frozenset({"INT-IASR-2026", "EU-AIA-91-93"}),
    ),
    Topic(
        claim="Marginal risk: it was held against the models that anybody can download.",
        assumption="Marginal risk: it adds nothing that counts to what anybody can download.",
        aspects=frozenset({Aspect.MARGIN}),
        clauses=frozenset({"KAPOOR"}),
    ),
    Topic(
        claim="Safeguards under weight access: they count as far as they were measured to survive.",
        assumption="Safeguards under weight access: they hold against somebody who has the weights.",  # noqa: E501
        aspects=frozenset({Aspect.TAMPERING}),
    ),
    Topic(
        claim="Downstream parties: those who build on it are told, heard and watched.",
        assumption="Downstream parties: whoever builds on it keeps it safe without being told.",
        clauses=frozenset({"EU-AIA-53-1B", "EU-COP-M9.1", "EU-COP-M3.5", "ZAI-53"}),
    ),
)
"""What a case for weights that leave the house has to speak of besides."""
