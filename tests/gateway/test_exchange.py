# SPDX-License-Identifier: Apache-2.0
"""Jobs of a CI: an ID token in, a token for an hour out, and a table of what gives none."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.issuer import OTHER_KEY, Claims, Issuer, an_issuer, by_hand, signed, with_public_key
from gateway.login_site import CI, a_site
from gateway_site import Answer, Site
from tiergate.gateway.accounts import Person
from tiergate.gateway.exchange import NO_RULE, NOT_NOW
from tiergate.gateway.oauth import EXCHANGE_GRANT, ID_TOKEN, MOST_EXCHANGES
from tiergate.gateway.roles import GatewayRole

REPOSITORY = "acme/gated"


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with an_issuer() as found:
        yield found


@pytest.fixture
def site(tmp_path: Path, issuer: Issuer) -> Iterator[Site]:
    found = a_site(tmp_path, issuer)
    found.house.accounts.add(
        Person(
            name="ci",
            full_name="CI",
            roles=frozenset({GatewayRole.PUBLISHER}),
            jurisdiction="",
            namespaces=frozenset({"acme"}),
        )
    )
    with found.served():
        yield found
    found.house.close()


def _exchanged(site: Site, token: str, resource: str = REPOSITORY, **fields: str) -> Answer:
    body = {
        "grant_type": EXCHANGE_GRANT,
        "subject_token_type": ID_TOKEN,
        "subject_token": token,
        "resource": resource,
    } | fields
    content = json.dumps(body).encode()
    return site.ask("/oauth/token", method="POST", body=content, Content_Type="application/json")


def _job(site: Site, **claims: object) -> Claims:
    return {"sub": "repo:acme/training", "aud": site.url, **CI, **claims}


def test_that_a_job_gets_a_token_for_an_hour_and_one_repository(site: Site, issuer: Issuer) -> None:
    found = json.loads(_exchanged(site, issuer.token(_job(site))).body)
    site.tokens["job"] = found["access_token"]
    me = json.loads(site.ask("/api/whoami-v2", who="job").body)

    assert (found["expires_in"], found["scope"]) == (3600, "read publish")
    assert found["issued_token_type"].endswith(":access_token")
    assert (me["name"], me["auth"]["accessToken"]["role"]) == ("ci", "write")
    (token,) = site.house.accounts.tokens.of("ci", site.now)
    assert (token.repository, token.label) == (REPOSITORY, "CI job: repo:acme/training")
    site.now += dt.timedelta(hours=1)
    assert site.ask("/api/whoami-v2", who="job").status == 401


def test_that_a_job_that_names_an_account_reads_and_no_more(site: Site, issuer: Issuer) -> None:
    found = json.loads(_exchanged(site, issuer.token(_job(site)), "ci").body)

    assert found["scope"] == "read"


def _twisted(**claims: object) -> Callable[[Site, Issuer], str]:
    return lambda site, issuer: issuer.token(_job(site, **claims))


def _without(name: str) -> Callable[[Site, Issuer], str]:
    def made(site: Site, issuer: Issuer) -> str:
        issuer.twists.append(lambda claims: claims.pop(name))
        return issuer.token(_job(site))

    return made


def _signed(sign: Callable[[Claims], str]) -> Callable[[Site, Issuer], str]:
    def made(site: Site, issuer: Issuer) -> str:
        issuer.sign = sign
        return issuer.token(_job(site))

    return made


def _from(seconds: int, *names: str) -> Callable[[Site, Issuer], str]:
    return _twisted(**dict.fromkeys(names, int(time.time()) + seconds))


NONE: dict[str, Callable[[Site, Issuer], str]] = {
    "another repository": _twisted(repository="acme/other"),
    "a repository that begins alike": _twisted(repository="acme/training2"),
    "a repository in other letters": _twisted(repository="Acme/Training"),
    "another branch": _twisted(ref="refs/heads/main2"),
    "a pull request": _twisted(ref="refs/pull/1/merge"),
    "a list that has the branch": _twisted(ref=["refs/heads/main"]),
    "no branch": _without("ref"),
    "another audience": _twisted(aud="https://huggingface.co"),
    "two audiences": lambda site, issuer: issuer.token(_job(site, aud=[site.url, "x"])),
    "an audience with a slash more": lambda site, issuer: issuer.token(
        _job(site, aud=f"{site.url}/")
    ),
    "no audience": _without("aud"),
    "another issuer": _twisted(iss="https://other.example"),
    "an issuer that is a list": lambda site, issuer: issuer.token(_job(site, iss=[issuer.url])),
    "no issuer": _without("iss"),
    "no subject": _without("sub"),
    "a token that has ended": _from(-120, "exp"),
    "a token without an end": _without("exp"),
    "a token that counts only later": _from(3600, "nbf"),
    "a token from the future": _from(3600, "iat"),
    "a token that nobody signed": _signed(by_hand),
    "a token signed with the public key as a secret": _signed(
        lambda c: by_hand(c, with_public_key, alg="HS256")
    ),
    "a token signed with another key": _signed(lambda c: signed(c, OTHER_KEY)),
    "no token": lambda _site, _issuer: "",
    "three dots": lambda _site, _issuer: "...",
    "a token without end": lambda _site, _issuer: "x" * 50_000,
    "a token of this gateway": lambda site, _issuer: site.person("erin"),
}


@pytest.mark.parametrize("job", NONE)
def test_that_no_token_is_given_for(job: str, site: Site, issuer: Issuer) -> None:
    answer = _exchanged(site, NONE[job](site, issuer))

    assert answer.status == 400
    assert json.loads(answer.body) == {"error": "invalid_grant", "error_description": NO_RULE}
    assert answer.said == NO_RULE
    assert site.house.accounts.tokens.of("ci", site.now) == ()


@pytest.mark.parametrize(
    ("resource", "fields"),
    [
        ("acme/other", {}),
        ("acme/gated/", {}),
        ("models/acme/gated", {}),
        ("", {}),
        ("owner", {}),
        (REPOSITORY, {"subject_token_type": "urn:ietf:params:oauth:token-type:access_token"}),
    ],
)
def test_that_a_right_job_gets_no_token_for_another_resource(
    site: Site, issuer: Issuer, resource: str, fields: dict[str, str]
) -> None:
    assert _exchanged(site, issuer.token(_job(site)), resource, **fields).status == 400
    assert site.house.accounts.tokens.of("ci", site.now) == ()


def test_that_a_job_of_a_disabled_account_gets_nothing(site: Site, issuer: Issuer) -> None:
    site.house.accounts.disable("ci", site.now)

    assert _exchanged(site, issuer.token(_job(site))).status == 400


def test_that_an_issuer_that_is_silent_gives_no_token(site: Site, issuer: Issuer) -> None:
    issuer.answers["/keys"] = (500, {}, b"")
    answer = _exchanged(site, issuer.token(_job(site)))

    assert (answer.status, answer.said) == (400, NOT_NOW)


def test_that_an_issuer_that_is_not_in_the_file_is_never_asked(site: Site, issuer: Issuer) -> None:
    with an_issuer() as stranger:
        assert _exchanged(site, stranger.token(_job(site))).status == 400
        assert (stranger.asked, issuer.asked) == ([], [])


def test_that_a_new_key_of_the_issuer_is_looked_for_and_not_at_every_token(
    site: Site, issuer: Issuer
) -> None:
    for _ in range(3):
        _exchanged(site, signed(_job(site, iss=issuer.url), kid="unknown"))

    assert issuer.asked.count("/keys") == 1


def test_that_nobody_tries_without_end(site: Site, issuer: Issuer) -> None:
    found = [_exchanged(site, "x").status for _ in range(MOST_EXCHANGES + 1)]

    assert found == [400] * MOST_EXCHANGES + [429]
