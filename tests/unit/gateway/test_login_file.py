# SPDX-License-Identifier: Apache-2.0
"""The login file: every mistake at once, with its line; secrets are taken from outside of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import pytest

from tiergate.errors import MistakesError
from tiergate.gateway.login_file import LoginRules, load_login, parse_login
from tiergate.gateway.roles import GatewayRole
from tiergate.gateway.scopes import Scope

DOCS = Path(__file__).parents[3] / "docs" / "how-to" / "log-in.md"
PROVIDER = """\
format: tiergate-login/1
providers:
  - name: work
    label: Work
    issuer: https://id.example.org
    client_id: tiergate
"""
CI = """\
format: tiergate-login/1
ci:
  - name: job
    issuer: https://ci.example.org
    audience: https://hub.example.org
    account: ci
    claims: {repository: acme/training, fork: false, number: 7}
    scopes: [read]
"""


def _read(text: str, environment: Mapping[str, str] = MappingProxyType({})) -> LoginRules:
    return parse_login(text.encode(), "login.yaml", environment, Path("nowhere"))


def _shown() -> str:
    return DOCS.read_text(encoding="utf-8").partition("```yaml\n")[2].partition("```")[0]


def test_that_the_file_that_the_documentation_shows_is_one() -> None:
    rules = _read(_shown(), {"TIERGATE_OIDC_SECRET": "s3"})
    (job,) = rules.ci

    assert rules.providers["company"].roles == {"release-board": (GatewayRole.APPROVER,)}
    assert rules.secrets == {"company": "s3"}
    assert (job.minutes, job.scopes) == (60, (Scope.READ, Scope.PUBLISH))


def test_that_a_public_client_needs_no_secret() -> None:
    assert _read(PROVIDER).secrets == {}


def test_that_a_secret_is_the_first_line_of_a_file_beside(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3\nmore\n")
    path = tmp_path / "login.yaml"
    path.write_text(f"{PROVIDER}    client_secret_file: secret\n")

    assert load_login(path, {}).secrets == {"work": "s3"}


def test_that_a_secret_is_in_no_text_of_the_rules() -> None:
    rules = _read(f"{PROVIDER}    client_secret_env: SECRET\n", {"SECRET": "very secret"})

    assert "very secret" not in repr(rules)


def test_that_claims_keep_their_kind() -> None:
    assert _read(CI).ci[0].claims == {"repository": "acme/training", "fork": False, "number": 7}


def _p(line: str) -> str:
    return f"{PROVIDER}    {line}\n"


def _c(old: str, new: str) -> str:
    assert old in CI
    return CI.replace(old, new)


MISTAKES: dict[str, tuple[str, str]] = {
    "another format": (PROVIDER.replace("login/1", "login/2"), "login.yaml:1: format"),
    "a field that nobody knows": (_p("clientid: x"), "login.yaml:7: providers"),
    "a password in the file": (_p("client_secret: x"), "login.yaml:7: providers"),
    "an address without TLS": (
        PROVIDER.replace("https:", "http:"),
        "login.yaml:5: providers.0.issuer: expected an https address",
    ),
    "an address with a query": (PROVIDER.replace(".org", ".org?x=1"), "expected an https address"),
    "an address with a user": (PROVIDER.replace("//", "//x@"), "expected an https address"),
    "an address of a file": (PROVIDER.replace("https:", "file:"), "expected an https address"),
    "a name that is no part of an address": (PROVIDER.replace("work", "Work/1"), "login.yaml:3"),
    "two providers of one name": (
        PROVIDER + PROVIDER.partition("providers:\n")[2],
        "login.yaml:7: providers.1.name: this name stands here twice",
    ),
    "a variable that is not set": (_p("client_secret_env: X"), "the variable X is not set"),
    "a file that is not there": (_p("client_secret_file: x"), "cannot be read"),
    "a secret that is named twice": (
        _p("client_secret_env: X\n    client_secret_file: x"),
        "the secret is named twice",
    ),
    "a domain with an address": (_p("email_domains: ['a@example.org']"), "a domain in small"),
    "a domain in capitals": (_p("email_domains: [Example.org]"), "a domain in small letters"),
    "roles without groups": (_p("roles: {a: [approver]}"), "groups_claim and roles together"),
    "groups without roles": (_p("groups_claim: groups"), "groups_claim and roles together"),
    "a role that there is not": (_p("groups_claim: g\n    roles: {a: [king]}"), "roles.a"),
    "a way in that nobody has": (
        "format: tiergate-login/1\npasswords: false\n",
        "login.yaml:2: passwords: nobody could log in",
    ),
    "a text in place of yes or no": (_p("makes_accounts: 'yes'"), "makes_accounts"),
    "a job without claims": (
        _c("{repository: acme/training, fork: false, number: 7}", "{}"),
        "expected at least one",
    ),
    "a claim that is a list": (_c("acme/training", "[acme/training]"), "claims.repository"),
    "a job that decides": (_c("[read]", "[approve]"), "some of read, request, publish"),
    "a job without scopes": (_c("[read]", "[]"), "some of read, request, publish"),
    "a token for two hours": (f"{CI}    minutes: 120\n", "minutes"),
    "a token for part of a minute": (f"{CI}    minutes: 0.5\n", "minutes"),
    "a file that is a list": ("- x\n", "login.yaml"),
    "a file that is empty": ("", "login.yaml"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_that_a_file_is_refused_for(mistake: str) -> None:
    text, said = MISTAKES[mistake]

    with pytest.raises(MistakesError) as refused:
        _read(text)
    assert said in str(refused.value)


def test_that_all_mistakes_are_said_at_once() -> None:
    text = _p("client_secret_env: X\n    email_domains: [X.org]").replace("https:", "http:")

    with pytest.raises(MistakesError) as refused:
        _read(text)
    for said in ("login.yaml:5", "the variable X", "a domain in small letters"):
        assert said in str(refused.value)


def test_that_a_file_that_is_not_there_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(MistakesError, match="no login file"):
        load_login(tmp_path / "login.yaml", {})
