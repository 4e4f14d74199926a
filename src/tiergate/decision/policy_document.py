# SPDX-License-Identifier: Apache-2.0
"""From a policy file to a policy, or to every mistake in it at once, with lines.

YAML is read strictly: no aliases, no key twice, decimals kept as written. After the
schema, names are resolved: unknown, unused and circular requirements, tiers out of
order, bands without ceilings.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tiergate.decision import policy_compile, strict_yaml
from tiergate.decision.policy import Policy
from tiergate.decision.policy_file import PolicyFile
from tiergate.decision.policy_schema import (
    AllPart,
    AnyPart,
    AtLeastPart,
    BandAtom,
    CeilingAtom,
    ExpressionPart,
    Part,
    TamperAtom,
)
from tiergate.decision.strict_yaml import Location, ordered, problem_at
from tiergate.decision.tier import Band, TamperLevel, Tier
from tiergate.errors import PolicyError
from tiergate.evidence.small_file import read_small_file
from tiergate.evidence.tampering.suite_file import shipped_suite, shipped_suites

SHIPPED = Path(__file__).parent / "policies"


def shipped_policies() -> tuple[str, ...]:
    """Return the ids of the policies that come with the program, sorted."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.yaml")))


def load_policy(name_or_path: str) -> Policy:
    """Read a shipped policy by its id, or a policy file by its path.

    Raises:
        PolicyError: there is no such policy, or it has mistakes.
    """
    return parse_policy(_bytes(name_or_path), name_or_path)


def load_file(name_or_path: str) -> PolicyFile:
    """Read the same as :func:`load_policy`, and return the file's own parts.

    Raises:
        PolicyError: there is no such policy, or it has mistakes.
    """
    return _parse(_bytes(name_or_path), name_or_path)


def _bytes(name_or_path: str) -> bytes:
    if name_or_path in shipped_policies():
        path = SHIPPED / f"{name_or_path}.yaml"
    else:
        path = Path(name_or_path)
    try:
        return read_small_file(path, strict_yaml.LARGEST_BYTES)
    except OSError as error:
        close = difflib.get_close_matches(name_or_path, shipped_policies(), n=1)
        raise PolicyError(
            name_or_path,
            f"no such policy ({error.strerror})",
            f"a path to a policy file or one of {', '.join(shipped_policies())}",
            f"Did you mean {close[0]!r}?" if close else "",
        ) from None


def parse_policy(data: bytes, where: str) -> Policy:
    """Read a policy from the bytes of its file.

    Raises:
        PolicyError: with every mistake, its line and what was expected.
    """
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    return policy_compile.compile_policy(_parse(data, where), digest)


def _parse(data: bytes, where: str) -> PolicyFile:
    content, lines, problems = strict_yaml.load(data)
    if content is None:
        raise PolicyError.of(where, problems)
    try:
        file = PolicyFile.model_validate(content)
    except ValidationError as error:
        found = tuple(problem_at(m["loc"], _message(m), lines, "policy") for m in error.errors())
        raise PolicyError.of(where, ordered((*problems, *found))) from None
    misnamed = (problem_at(loc, text, lines, "policy") for loc, text in _misnamed(file))
    problems = (*problems, *misnamed)
    if problems:
        raise PolicyError.of(where, ordered(problems))
    return file


def json_schema() -> dict[str, object]:
    """Return the JSON Schema of policy files."""
    return PolicyFile.model_json_schema()


def _message(mistake: ErrorDetails) -> str:
    if mistake["type"] == "extra_forbidden":
        close = difflib.get_close_matches(str(mistake["loc"][-1]), _field_names(), n=1)
        return f"is no field here{f'; did you mean {close[0]}?' if close else ''}"
    return mistake["msg"].removeprefix("Value error, ")


@functools.cache
def _field_names() -> tuple[str, ...]:
    parts: list[type[Part]] = [Part]
    for part in parts:
        parts += part.__subclasses__()
    return tuple(sorted({name for part in parts for name in part.model_fields}))


def _misnamed(file: PolicyFile) -> Iterator[tuple[Location, str]]:
    yield from _unknown_ids(file)
    yield from _circles(file)
    yield from _ladder(file)
    yield from _empty_checks(file)
    yield from _tables(file)


def _tables(file: PolicyFile) -> Iterator[tuple[Location, str]]:
    for domain, bands in file.bands.items():
        if set(bands) != set(Band) - {Band.B0}:
            yield ("bands", domain), "expected definitions of B1, B2 and B3"
        if set(file.ceilings.domains.get(domain, {})) != set(Band):
            yield ("ceilings", "domains", domain), "expected a ceiling for each of B0 to B3"
    for domain, ceilings in file.ceilings.domains.items():
        ranks = [ceilings[band].tier.rank for band in Band if band in ceilings]
        if ranks != sorted(ranks, reverse=True):
            yield ("ceilings", "domains", domain), "a higher band has a more open ceiling"
    for domain in file.ceilings.domains.keys() - file.bands.keys():
        yield ("ceilings", "domains", domain), "a ceiling for a domain without bands"
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
