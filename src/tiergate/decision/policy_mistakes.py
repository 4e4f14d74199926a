# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a policy file that follows the schema: names that lead nowhere, and the like.

Unknown, unused and circular requirements, tiers out of order, bands without ceilings, checks that
every model passes.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterator

from pydantic import BaseModel

from tiergate.decision.policy import NumberStatus
from tiergate.decision.policy_file import PolicyFile
from tiergate.decision.policy_schema import (
    AllPart,
    AnyPart,
    AtLeastPart,
    BandAtom,
    CeilingAtom,
    ExpressionPart,
    NumberPart,
    TamperAtom,
)
from tiergate.decision.strict_yaml import Location
from tiergate.decision.tier import Band, TamperLevel, Tier
from tiergate.evidence.tampering.suite_file import shipped_suite, shipped_suites


def mistakes(file: PolicyFile) -> Iterator[tuple[Location, str]]:
    """Yield every mistake with its place in the file."""
    yield from _unknown_ids(file)
    yield from _circles(file)
    yield from _ladder(file)
    yield from _empty_checks(file)
    yield from _bands(file)
    yield from _levels(file)
    yield from _loosening(file)
    yield from _additions(file)
    yield from _triggers(file)


def _loosening(file: PolicyFile) -> Iterator[tuple[Location, str]]:
    if file.extends is None:
        if file.unsafe_loosens:
            yield ("unsafe_loosens",), "loosens nothing, because the file extends no policy"
        for index, tier in enumerate(file.tiers):
            if tier.unsafe_drops:
                yield ("tiers", index, "unsafe_drops"), "drops from nothing: no policy is extended"
    if file.unsafe_loosens and not file.unsafe_reason.strip():
        yield ("unsafe_loosens",), "gives no reason; say why in unsafe_reason"
    if file.unsafe_reason and not file.unsafe_loosens:
        yield ("unsafe_reason",), "is the reason of nothing without unsafe_loosens: true"


def _additions(file: PolicyFile) -> Iterator[tuple[Location, str]]:
    """Find additions that were laid over nothing: those of a tier below are gone by now."""
    for index, tier in enumerate(file.tiers):
        for field, name in (("fast_path_also", "fast_path"), ("holds_also", "holds")):
            if getattr(tier, field):
                yield ("tiers", index, field), f"adds to nothing, write {name}"


def _triggers(file: PolicyFile) -> Iterator[tuple[Location, str]]:
    times = Counter(trigger.id for trigger in file.triggers)
    for index, trigger in enumerate(file.triggers):
        if times[trigger.id] > 1:
            yield ("triggers", index, "id"), f"{trigger.id} stands here twice"


def _bands(file: PolicyFile) -> Iterator[tuple[Location, str]]:
    ceilings = {} if file.ceilings is None else file.ceilings.domains
    for domain, bands in file.bands.items():
        if set(bands) != set(Band) - {Band.B0}:
            yield ("bands", domain), "expected definitions of B1, B2 and B3"
        if set(ceilings.get(domain, {})) != set(Band):
            yield ("ceilings", "domains", domain), "expected a ceiling for each of B0 to B3"
    for domain, by_band in ceilings.items():
        ranks = [by_band[band].tier.rank for band in Band if band in by_band]
        if ranks != sorted(ranks, reverse=True):
            yield ("ceilings", "domains", domain), "a higher band has a more open ceiling"
    for domain in ceilings.keys() - file.bands.keys():
        yield ("ceilings", "domains", domain), "a ceiling for a domain without bands"


def _levels(file: PolicyFile) -> Iterator[tuple[Location, str]]:
    if file.tamper_resistance is None:
        return
    if set(file.tamper_resistance.levels) != set(TamperLevel) - {TamperLevel.TR0}:
        yield ("tamper_resistance", "levels"), "expected definitions of TR1, TR2, TR3 and TR4"
    for level, part in file.tamper_resistance.levels.items():
        problem = _no_such_suite(part.suite) if part.suite else ""
        if problem:
            yield ("tamper_resistance", "levels", level, "suite"), problem


def _no_such_suite(asked: str) -> str:
    """Say why no level can ask for this suite; empty when it can."""
    name, _, version = asked.partition("@")
    fit = [known for known in shipped_suites() if not shipped_suite(known).is_demonstration]
    if name not in shipped_suites():
        close = difflib.get_close_matches(name, fit, n=1)
        return f"no suite is called {name}{f'; did you mean {close[0]}?' if close else ''}"
    if name not in fit:
        return f"{name} is a demonstration, expected one of {', '.join(fit)}"
    found = shipped_suite(name)
    if version not in {"", found.version}:
        return f"version {version} of {name} is not here, expected {found.stamp}"
    return ""


def _unknown_ids(file: PolicyFile) -> Iterator[tuple[Location, str]]:
    named: set[str] = set()
    for location, name in _references(file):
        named.add(name)
        if name not in file.requirements:
            close = difflib.get_close_matches(name, file.requirements, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            yield location, f"no requirement is called {name}{hint}"
    for name in file.requirements.keys() - named:
        yield ("requirements", name), "no tier asks for this requirement"


def _references(file: PolicyFile) -> Iterator[tuple[Location, str]]:
    for index, tier in enumerate(file.tiers):
        for field in ("requirements", "fast_path"):
            for position, name in enumerate(getattr(tier, field)):
                yield ("tiers", index, field, position), name
    for location, check in _checks(file):
        if isinstance(check, str):
            yield location, check


def _circles(file: PolicyFile) -> Iterator[tuple[Location, str]]:
    uses = {
        name: {used for _, used in _leaves(part.requires, ()) if used in file.requirements}
        for name, part in file.requirements.items()
    }
    for name, direct in uses.items():
        reached, todo = set[str](), set(direct)
        while todo:
            step = todo.pop()
            reached.add(step)
            todo |= uses[step] - reached
        if name in reached:
            yield ("requirements", name, "requires"), "leads back to itself"


def _empty_checks(file: PolicyFile) -> Iterator[tuple[Location, str]]:
    """Find checks that ask for nothing, or for something that the file never defines."""
    for location, check in _checks(file):
        match check:
            case BandAtom(band=part) if part.at_most is Band.B3:
                yield location, "asks for nothing: every band is at most B3"
            case TamperAtom(tamper_resistance=TamperLevel.TR0):
                yield location, "asks for nothing: TR0 is no resistance"
            case BandAtom(band=named) | CeilingAtom(within_ceiling=named):
                if named.domain not in file.bands:
                    yield location, f"the domain {named.domain} has no bands"
            case TamperAtom() if file.tamper_resistance is None:
                yield location, "the file has no tamper_resistance"
            case _:
                pass


def _checks(file: PolicyFile) -> Iterator[tuple[Location, ExpressionPart]]:
    for name, requirement in file.requirements.items():
        yield from _leaves(requirement.requires, ("requirements", name, "requires"))
    for index, tier in enumerate(file.tiers):
        for position, hold in enumerate(tier.holds):
            if hold.unless is not None:
                yield from _leaves(hold.unless, ("tiers", index, "holds", position, "unless"))


def _leaves(
    expression: ExpressionPart, location: Location
) -> Iterator[tuple[Location, ExpressionPart]]:
    match expression:
        case AllPart(all=parts):
            key = "all"
        case AnyPart(any=parts):
            key = "any"
        case AtLeastPart(of=parts):
            key = "of"
        case _:
            yield location, expression
            return
    for index, part in enumerate(parts):
        yield from _leaves(part, (*location, key, index))


def without_source(file: PolicyFile) -> Iterator[tuple[Location, str]]:
    """Yield every number of a law or a publication that does not say where it is from."""
    for location, number in _numbers(file, ()):
        if number.status is not NumberStatus.DEFAULT and number.source is None:
            words = f"has status {number.status} and no source: give url, date and read_as"
            yield location, words


def _numbers(part: object, location: Location) -> Iterator[tuple[Location, NumberPart]]:
    match part:
        case NumberPart():
            yield location, part
        case BaseModel():
            for name, value in part:
                yield from _numbers(value, (*location, name))
        case dict():
            for name, value in part.items():
                yield from _numbers(value, (*location, name))
        case tuple():
            for index, value in enumerate(part):
                yield from _numbers(value, (*location, index))
        case _:
            return


def _ladder(file: PolicyFile) -> Iterator[tuple[Location, str]]:
    ranks = [tier.id.rank for tier in file.tiers]
    if ranks != sorted(set(ranks)) or ranks[0] != Tier.T0.rank:
        yield ("tiers",), "expected each tier once, from T0 upward"
    for index, tier in enumerate(file.tiers):
        for field in ("requirements", "fast_path"):
            names = getattr(tier, field)
            for position, name in enumerate(names):
                if name in names[:position]:
                    yield ("tiers", index, field, position), f"{name} stands here twice"
