# SPDX-License-Identifier: Apache-2.0
"""``login.yaml``: who beside local accounts can log in, and which jobs of a CI get a token.

Every mistake is reported at once, with its line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, StrictBool, StrictInt, StrictStr

from tiergate.decision.strict_yaml import Location
from tiergate.decision.yaml_document import parse_yaml, read_yaml_file
from tiergate.errors import InputError
from tiergate.evidence.document_types import Flag, Name, Part, Text
from tiergate.evidence.small_file import read_small_file
from tiergate.gateway.roles import GatewayRole
from tiergate.gateway.scopes import Scope

_CALLED = "login file"
_LONGEST_SECRET = 4096
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_FOR_CI = frozenset({Scope.READ, Scope.REQUEST, Scope.PUBLISH})

Claim = StrictStr | StrictBool | StrictInt
Claims = Annotated[dict[Name, Claim], Field(max_length=50)]
Handle = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]


class ProviderPart(Part):
    """An OpenID Connect provider that people log in at."""

    name: Handle
    """What stands in the addresses of its pages, as in ``/-/oidc/NAME``."""
    label: Name
    """What people read on the login page."""
    issuer: Name
    """URL of the issuer, exactly as it stands in its tokens."""
    client_id: Name
    """What the provider calls this gateway."""
    client_secret_env: Text = ""
    """Environment variable with the client's secret; a public client has none, and no file."""
    client_secret_file: Text = ""
    """File with the client's secret, in its first line."""
    email_domains: tuple[Name, ...] = ()
    """Domains of verified e-mail addresses that may log in; empty for all."""
    claims: Claims = Field(default_factory=dict)
    """Claims that an ID token has to have, exactly."""
    makes_accounts: Flag = False
    """Whether somebody who is not known here gets an account, without roles, by logging in."""
    jurisdiction_claim: Text = ""
    """Claim that says where somebody is; empty for none."""
    groups_claim: Text = ""
    """Claim with the groups of somebody, a list; empty for none."""
    roles: dict[Name, tuple[GatewayRole, ...]] = Field(default_factory=dict)
    """Which roles each group has. A role that stands here comes and goes with the group."""


class CiPart(Part):
    """Jobs of a CI that exchange an ID token of their own for a token of this gateway."""

    name: Handle
    """What the log and the tokens call it."""
    issuer: Name
    """URL of the issuer, exactly as it stands in its tokens."""
    audience: Name
    """Whom the ID token has to be for, and nobody else; clients ask for this gateway's URL."""
    account: Name
    """Whose token the job gets."""
    claims: Claims
    """Claims that the ID token has to have, exactly; at least one."""
    scopes: tuple[Scope, ...]
    """What the token counts for: read, request, publish."""
    repositories: tuple[Name, ...] = ()
    """Repositories that a job can ask a token for; it counts for that one alone."""
    minutes: Annotated[int, Field(strict=True, ge=1, le=60)] = 60
    """How long the token counts."""


class LoginFile(Part):
    """Ways to log in to a gateway."""

    format: Literal["tiergate-login/1"]
    """Format and version of this file."""
    passwords: Flag = True
    """Whether people can log in with a password of this gateway."""
    providers: tuple[ProviderPart, ...] = ()
    """Where people log in otherwise."""
    ci: tuple[CiPart, ...] = ()
    """Jobs that get a token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRules:
    """What a login file says, with the secrets that it names."""

    passwords: bool = True
    """Whether people can log in with a password."""
    providers: Mapping[str, ProviderPart] = field(default_factory=lambda: MappingProxyType({}))
    """Where else they can, by name."""
    secrets: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    """The client's secret at each provider; none for a public client."""
    ci: tuple[CiPart, ...] = ()
    """Which jobs get a token."""


def load_login(path: Path, environment: Mapping[str, str]) -> LoginRules:
    """Read a login file, and the secrets that it names.

    Args:
        path: where it is; files that it names are beside it.
        environment: variables.

    Raises:
        MistakesError: there is no such file, or it has mistakes; all of them are in it.
    """
    return parse_login(read_yaml_file(path, _CALLED), str(path), environment, path.parent)


def parse_login(
    data: bytes, where: str, environment: Mapping[str, str], folder: Path
) -> LoginRules:
    """Read the bytes of a login file.

    Raises:
        MistakesError: with every mistake, its line and what was expected.
    """
    found: dict[str, str] = {}

    def mistakes(file: LoginFile) -> Iterator[tuple[Location, str]]:
        yield from _mistakes(file)
        for index, part in enumerate(file.providers):
            secret, problem = _secret(part, environment, folder)
            if problem:
                yield ("providers", index), problem
            elif secret:
                found[part.name] = secret

    file = parse_yaml(data, where, LoginFile, called=_CALLED, root="login", mistakes=mistakes)
    return LoginRules(
        passwords=file.passwords,
        providers=MappingProxyType({part.name: part for part in file.providers}),
        secrets=MappingProxyType(found),
        ci=file.ci,
    )


def _mistakes(file: LoginFile) -> Iterator[tuple[Location, str]]:
    if not file.passwords and not file.providers:
        yield ("passwords",), "nobody could log in: expected a provider"
    for kind, parts in (("providers", file.providers), ("ci", file.ci)):
        yield from _mistakes_of_names(kind, [(part.name, part.issuer) for part in parts])
    for index, provider in enumerate(file.providers):
        yield from _mistakes_of_provider(("providers", index), provider)
    for index, rule in enumerate(file.ci):
        if not rule.claims:
            yield ("ci", index, "claims"), "expected at least one: an issuer has many customers"
        if not rule.scopes or not _FOR_CI.issuperset(rule.scopes):
            yield ("ci", index, "scopes"), "expected some of read, request, publish"


def _mistakes_of_names(
    kind: str, pairs: Iterable[tuple[str, str]]
) -> Iterator[tuple[Location, str]]:
    seen: set[str] = set()
    for index, (name, issuer) in enumerate(pairs):
        if name in seen:
            yield (kind, index, "name"), "this name stands here twice"
        seen.add(name)
        problem = address_problem(issuer)
        if problem:
            yield (kind, index, "issuer"), problem


def _mistakes_of_provider(place: Location, part: ProviderPart) -> Iterator[tuple[Location, str]]:
    if bool(part.roles) != bool(part.groups_claim):
        yield (*place, "roles"), "expected groups_claim and roles together, or neither"
    for index, domain in enumerate(part.email_domains):
        if "@" in domain or domain != domain.lower():
            yield (*place, "email_domains", index), "expected a domain in small letters"
    if part.client_secret_env and part.client_secret_file:
        yield (*place, "client_secret_file"), "the secret is named twice"


def address_problem(url: str) -> str:
    """Say why an address is none of an issuer; empty when it is one.

    >>> address_problem("https://id.example.org"), address_problem("http://127.0.0.1:9000")
    ('', '')
    >>> address_problem("http://id.example.org")
    'expected an https address without query'
    """
    parts = urlsplit(url)
    is_near = parts.scheme == "http" and parts.hostname in _LOOPBACK
    is_plain = not parts.query and not parts.fragment and "@" not in parts.netloc
    is_one = (parts.scheme == "https" or is_near) and bool(parts.hostname) and is_plain
    return "" if is_one else "expected an https address without query"


def _secret(part: ProviderPart, environment: Mapping[str, str], folder: Path) -> tuple[str, str]:
    """Return the client's secret and what is wrong with it; both may be empty."""
    if part.client_secret_env:
        found = environment.get(part.client_secret_env, "").strip()
        return found, "" if found else f"the variable {part.client_secret_env} is not set"
    if not part.client_secret_file:
        return "", ""
    try:
        content = read_small_file(folder / part.client_secret_file, _LONGEST_SECRET)
    except OSError as error:
        return "", f"the file of the secret cannot be read ({error.strerror})"
    except InputError as error:
        return "", str(error)
    lines = content.decode("utf-8", "replace").splitlines()
    found = lines[0].strip() if lines else ""
    return found, "" if found else "the file of the secret is empty"
