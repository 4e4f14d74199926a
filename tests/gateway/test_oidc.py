# SPDX-License-Identifier: Apache-2.0
"""Logging in at an OpenID Connect issuer: what works, and what an issuer or a stranger tries."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS
from cryptography.hazmat.primitives.hashes import SHA256

from gateway.issuer import (
    OTHER_KEY,
    Claims,
    Issuer,
    an_issuer,
    by_hand,
    signed,
    with_key,
    with_public_key,
)
from gateway.login_site import a_site, come_back, gone, log_in_at
from gateway.visitor import PASSWORD, Visitor, words_of
from gateway_site import Site
from tiergate.gateway.oidc import FAILED, NOBODY, NOT_FRESH, NOT_SAME, NOT_SILENT, NOT_YOURS
from tiergate.gateway.roles import GatewayRole


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with an_issuer() as found:
        yield found


@pytest.fixture
def site(tmp_path: Path, issuer: Issuer) -> Iterator[Site]:
    found = a_site(tmp_path, issuer)
    with found.served():
        yield found
    found.house.close()


@pytest.fixture
def visitor(site: Site) -> Visitor:
    return Visitor(site=site)


def who(visitor: Visitor) -> str:
    """Return whose login a browser has; empty for nobody's."""
    site = visitor.site
    found = site.house.sessions.read(visitor.session, site.now) if visitor.session else None
    return "" if found is None else found.person.name


def test_that_somebody_new_gets_an_account_without_roles(visitor: Visitor, issuer: Issuer) -> None:
    answer = log_in_at(visitor, issuer, "/-/oidc/test?next=/acme/model")

    assert (answer.status, answer.headers["location"]) == (303, "/acme/model")
    assert who(visitor) == "erin-b"
    person = visitor.site.house.accounts.person("erin-b")
    assert person is not None
    assert person.roles == frozenset()


def test_that_what_is_asked_of_the_issuer_is_what_the_specification_asks(
    visitor: Visitor, issuer: Issuer
) -> None:
    address = gone(visitor)
    asked = {name: found[0] for name, found in parse_qs(urlsplit(address).query).items()}

    assert address.startswith(f"{issuer.url}/authorize?")
    assert asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256"
    assert asked["scope"].split()[0] == "openid"
    assert asked["redirect_uri"] == f"{visitor.site.url}/-/oidc/test/callback"
    assert min(len(asked[name]) for name in ("state", "nonce", "code_challenge")) >= 43
    assert len({asked[name] for name in ("state", "nonce", "code_challenge")}) == 3


def test_that_the_same_person_comes_back_to_the_same_account(
    visitor: Visitor, issuer: Issuer
) -> None:
    log_in_at(visitor, issuer)
    issuer.who |= {"preferred_username": "somebody else", "email": "new@example.org"}
    other = Visitor(site=visitor.site)
    log_in_at(other, issuer)

    assert who(other) == "erin-b"
    assert other.session != visitor.session


def test_that_a_name_that_is_taken_is_not_taken_over(visitor: Visitor, issuer: Issuer) -> None:
    visitor.site.person("erin-b", GatewayRole.OWNER)
    log_in_at(visitor, issuer)

    assert who(visitor).startswith("erin-b-")


def test_that_a_disabled_account_stays_out(visitor: Visitor, issuer: Issuer) -> None:
    log_in_at(visitor, issuer)
    visitor.site.house.accounts.disable("erin-b", visitor.site.now)
    answer = log_in_at(visitor, issuer)

    assert (answer.status, NOT_YOURS in words_of(answer)) == (400, True)
    assert who(visitor) == ""


def test_that_an_account_of_here_is_connected_by_its_login_link(
    visitor: Visitor, issuer: Issuer
) -> None:
    site = visitor.site
    site.person("olga", GatewayRole.OWNER)
    link = site.house.login_link("olga", site.now)
    page = visitor.post(f"{link}/test", {})
    place = page.body.decode().partition('rel="noreferrer" href="')[2].partition('"')[0]
    come_back(visitor, issuer.allow(place.replace("&amp;", "&")))

    assert who(visitor) == "olga"
    assert visitor.get(link).status == 404
    other = Visitor(site=site)
    log_in_at(other, issuer)
    assert who(other) == "olga"


def test_that_nobody_is_connected_to_two_accounts(visitor: Visitor, issuer: Issuer) -> None:
    site = visitor.site
    log_in_at(visitor, issuer)
    site.person("olga", GatewayRole.OWNER)
    link = site.house.login_link("olga", site.now)
    other = Visitor(site=site)
    page = other.post(f"{link}/test", {})
    place = page.body.decode().partition('rel="noreferrer" href="')[2].partition('"')[0]
    answer = come_back(other, issuer.allow(place.replace("&amp;", "&")))

    assert (answer.status, who(other)) == (400, "")
    assert site.house.ways_in.identities.of("olga") == frozenset()
    assert other.get(link).status == 200


@pytest.mark.parametrize(
    ("wished", "claims", "said"),
    [
        ({"makes_accounts": False}, {}, NOBODY),
        ({"email_domains": ["example.org"]}, {}, NOT_YOURS),
        (
            {"email_domains": ["example.org"]},
            {"email": "erin@example.org"},
            NOT_YOURS,
        ),
        (
            {"email_domains": ["example.org"]},
            {"email": "erin@example.org", "email_verified": "true"},
            NOT_YOURS,
        ),
        (
            {"email_domains": ["example.org"]},
            {"email": "erin@evil.example.org", "email_verified": True},
            NOT_YOURS,
        ),
        (
            {"email_domains": ["example.org"]},
            {"email": "erin@example.org@evil.example", "email_verified": True},
            NOT_YOURS,
        ),
        ({"claims": {"hd": "example.org"}}, {"hd": ["example.org"]}, NOT_YOURS),
        ({"claims": {"staff": True}}, {"staff": 1}, NOT_YOURS),
    ],
)
def test_that_only_those_log_in_whom_the_file_lets_in(
    tmp_path: Path, issuer: Issuer, wished: dict[str, object], claims: Claims, said: str
) -> None:
    site = a_site(tmp_path / "other", issuer, **wished)
    issuer.who |= claims
    with site.served():
        visitor = Visitor(site=site)
        answer = log_in_at(visitor, issuer)
        names = [account.person.name for account in site.house.accounts.all()]
    site.house.close()

    assert (answer.status, said in words_of(answer), who(visitor)) == (400, True, "")
    assert names == []


def test_that_groups_give_and_take_the_roles_that_the_file_names(
    tmp_path: Path, issuer: Issuer
) -> None:
    wished = {
        "groups_claim": "groups",
        "roles": {"deciders": ["approver"], "watchers": ["auditor", "evaluator"]},
        "jurisdiction_claim": "country",
        "email_domains": ["example.org"],
    }
    site = a_site(tmp_path / "other", issuer, **wished)
    issuer.who |= {
        "email": "erin@example.org",
        "email_verified": True,
    }
    found = []
    with site.served():
        told = (
            (["deciders", "owners", 7], "de"),
            (["watchers"], "somewhere"),
            ("deciders", None),
        )
        for groups, country in told:
            issuer.who |= {"groups": groups, "country": country}
            log_in_at(Visitor(site=site), issuer)
            person = site.house.accounts.person("erin-b")
            assert person is not None
            assert person.jurisdiction == "DE"
            found.append(sorted(role.value for role in person.roles))
    site.house.close()

    assert found == [["approver"], ["auditor", "evaluator"], []]


def test_that_a_login_is_made_fresh_at_the_issuer(visitor: Visitor, issuer: Issuer) -> None:
    log_in_at(visitor, issuer)
    address = gone(visitor, "/-/oidc/test?again=1&next=/-/me/token")
    asked = parse_qs(urlsplit(address).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])
    answer = come_back(visitor, issuer.allow(address))

    assert answer.headers["location"] == "/-/me/token"
    assert visitor.get("/-/me/token").status == 200


@pytest.mark.parametrize("claim", ["auth_time", "other"])
def test_that_a_login_is_not_fresh_where_the_issuer_did_not_ask(
    visitor: Visitor, issuer: Issuer, claim: str
) -> None:
    issuer.twists.append(
        lambda c: c.pop("auth_time") if claim == "other" else c.update(auth_time=c["iat"] - 3600)
    )
    log_in_at(visitor, issuer)
    assert visitor.get("/-/me/token").status == 303
    answer = log_in_at(visitor, issuer, "/-/oidc/test?again=1")

    assert (answer.status, NOT_FRESH in words_of(answer)) == (400, True)


def test_that_a_login_is_not_made_fresh_by_somebody_else(visitor: Visitor, issuer: Issuer) -> None:
    log_in_at(visitor, issuer)
    issuer.who = {"sub": "s-2", "preferred_username": "mallory"}
    log_in_at(Visitor(site=visitor.site), issuer)
    answer = log_in_at(visitor, issuer, "/-/oidc/test?again=1")

    assert (answer.status, NOT_SAME in words_of(answer)) == (400, True)
    assert who(visitor) == "erin-b"


def _twisted(**claims: object) -> Callable[[Issuer], None]:
    def told(issuer: Issuer) -> None:
        issuer.twists.append(lambda found: found.update(claims))

    return told


def _without(name: str) -> Callable[[Issuer], None]:
    return lambda issuer: issuer.twists.append(lambda found: found.pop(name))


def _signed(sign: Callable[[Claims], str]) -> Callable[[Issuer], None]:
    return lambda issuer: setattr(issuer, "sign", sign)


def _from(seconds: int, *names: str) -> Callable[[Issuer], None]:
    now = int(time.time())
    return _twisted(**dict.fromkeys(names, now + seconds))


def _answers(path: str, status: int, content: bytes, **headers: str) -> Callable[[Issuer], None]:
    return lambda issuer: issuer.answers.update({path: (status, headers, content)})


def _adds(**fields: str) -> Callable[[Issuer], None]:
    return lambda issuer: issuer.answer_adds.update(fields)


ISSUER, AUDIENCE, NONCE = "another issuer", "another audience", "another nonce"
ENDED, FUTURE, SUBJECT = "it has ended", "it is from the future", "no subject"
KIND, UNSIGNED = "a signature of a kind", "no key of the issuer has signed it"
ELSEWHERE = "http://127.0.0.1:9/"
ATTACKS: dict[str, tuple[str, Callable[[Issuer], None]]] = {
    "an ID token of another issuer": (ISSUER, _twisted(iss="https://other.example")),
    "an ID token of an issuer with a slash more": (
        ISSUER,
        lambda i: _twisted(iss=f"{i.url}/")(i),
    ),
    "an ID token without an issuer": (ISSUER, _without("iss")),
    "an ID token for somebody else": (AUDIENCE, _twisted(aud="another client")),
    "an ID token for a name that begins alike": (AUDIENCE, _twisted(aud="the gateway2")),
    "an ID token for nobody": (AUDIENCE, _without("aud")),
    "an ID token with an audience that is an object": (AUDIENCE, _twisted(aud={"the gateway": 1})),
    "an ID token for several, of whom nobody is named": (
        "several audiences",
        _twisted(aud=["the gateway", "x"]),
    ),
    "an ID token for several, made for the other": (
        "another authorized party",
        _twisted(aud=["the gateway", "x"], azp="x"),
    ),
    "an ID token that another party asked for": ("another authorized party", _twisted(azp="x")),
    "an ID token with another nonce": (NONCE, _twisted(nonce="x" * 43)),
    "an ID token without a nonce": (NONCE, _without("nonce")),
    "an ID token whose nonce is no text": (NONCE, _twisted(nonce=["x"])),
    "an ID token that has ended": (ENDED, _from(-120, "exp")),
    "an ID token without an end": (ENDED, _without("exp")),
    "an ID token whose end is a text": (ENDED, _twisted(exp="9999999999")),
    "an ID token whose end is true": (ENDED, _twisted(exp=True)),
    "an ID token that ends never": (ENDED, _twisted(exp=float("inf"))),
    "an ID token that ends in a year that there is not": (ENDED, _twisted(exp=10**30)),
    "an ID token from the future": (FUTURE, _from(3600, "iat")),
    "an ID token without a beginning": (FUTURE, _without("iat")),
    "an old ID token that counts still": ("it is old", _from(-3600, "iat")),
    "an ID token that counts only later": ("it does not count yet", _from(3600, "nbf")),
    "an ID token without a subject": (SUBJECT, _without("sub")),
    "an ID token with an empty subject": (SUBJECT, _twisted(sub="")),
    "an ID token with a number as subject": (SUBJECT, _twisted(sub=1)),
    "an ID token with a subject without end": (SUBJECT, _twisted(sub="s" * 300)),
    "an ID token that nobody signed": (KIND, _signed(by_hand)),
    "an ID token that nobody signed, in other letters": (
        KIND,
        _signed(lambda c: by_hand(c, alg="NONE")),
    ),
    "an ID token without an algorithm": (KIND, _signed(lambda c: by_hand(c, alg=None))),
    "an ID token that nobody signed, as if somebody had": (
        UNSIGNED,
        _signed(lambda c: by_hand(c, alg="RS256")),
    ),
    "an ID token signed with the public key as a secret": (
        KIND,
        _signed(lambda c: by_hand(c, with_public_key, alg="HS256")),
    ),
    "an ID token signed with the public key as a secret, by another name": (
        UNSIGNED,
        _signed(lambda c: by_hand(c, with_public_key, alg="RS256")),
    ),
    "an ID token signed with another key of that name": (
        UNSIGNED,
        _signed(lambda c: signed(c, OTHER_KEY)),
    ),
    "an ID token signed with a key that is not known": (
        UNSIGNED,
        _signed(lambda c: signed(c, kid="two")),
    ),
    "an ID token whose key has a number for a name": (
        KIND,
        _signed(lambda c: by_hand(c, with_key, alg="RS256", kid=1)),
    ),
    "an ID token that brings its own key": (
        UNSIGNED,
        _signed(lambda c: signed(c, OTHER_KEY, jwk=OTHER_KEY.as_dict(private=False))),
    ),
    "an ID token that names a place of its keys": (
        UNSIGNED,
        _signed(lambda c: signed(c, OTHER_KEY, kid="three", jku=f"{ELSEWHERE}keys")),
    ),
    "an ID token with a critical header that nobody knows": (
        UNSIGNED,
        _signed(lambda c: by_hand(c, with_key, alg="RS256", crit=["x"], x=1)),
    ),
    "an ID token by another algorithm than that of the key": (
        UNSIGNED,
        _signed(lambda c: by_hand(c, _with_padding, alg="PS256")),
    ),
    "an ID token with a signature that was cut": (UNSIGNED, _signed(lambda c: signed(c)[:-20])),
    "an ID token that is no token": ("no token", _signed(lambda _: "x")),
    "an ID token that is a list": (
        UNSIGNED,
        _signed(lambda _: by_hand([], with_key, alg="RS256")),
    ),
    "an ID token without end": ("no token", _signed(lambda c: signed(c | {"x": "x" * 20_000}))),
    "no ID token": ("no ID token", _answers("/token", 200, b'{"access_token": "x"}')),
    "an ID token that is a number": ("no ID token", _answers("/token", 200, b'{"id_token": 7}')),
    "an answer that is no JSON": ("gives no answer", _answers("/token", 200, b"<html>")),
    "an answer that is nested without end": (
        "gives no answer",
        _answers("/token", 200, b"[" * 100_000),
    ),
    "an answer of a million bytes": (
        "answers too much",
        _answers("/token", 200, b'"' + b"x" * 1_000_000 + b'"'),
    ),
    "a redirect of the code to another host": (
        "HTTP Error 307",
        _answers("/token", 307, b"", Location=ELSEWHERE),
    ),
    "keys at another host by a redirect": (
        "HTTP Error 302",
        _answers("/keys", 302, b"", Location=ELSEWHERE),
    ),
    "keys that are none": (UNSIGNED, _answers("/keys", 200, b'{"keys": [1, {}, {"kty": "RSA"}]}')),
    "keys without a list": ("set of keys is none", _answers("/keys", 200, b'{"keys": {}}')),
    "an answer of another issuer": (
        "an answer of another issuer",
        _adds(iss="https://other.example"),
    ),
    "an answer that does not say of which issuer": ("an answer of another issuer", _adds(iss="")),
    "an answer without a code": ("no code", _adds(code="")),
    "an answer with a code of nobody": ("HTTP Error 400", _adds(code="x")),
    "an answer that is an error too": ("no code", _adds(error="access_denied")),
    "an answer with another state": ("", _adds(state="x" * 43)),
    "an answer without a state": ("", _adds(state="")),
}
"""What is tried, and what the log says to it."""


def _with_padding(content: bytes) -> bytes:
    return with_key(content, PSS(MGF1(SHA256()), PSS.DIGEST_LENGTH))


@pytest.mark.parametrize("attack", ATTACKS)
def test_that_nobody_is_logged_in_by(
    attack: str, visitor: Visitor, issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    address = gone(visitor)
    reason, tell = ATTACKS[attack]
    tell(issuer)
    answer = come_back(visitor, issuer.allow(address))

    assert (answer.status, FAILED in words_of(answer)) == (400, True)
    assert (visitor.session, visitor.site.house.accounts.all()) == ("", ())
    assert reason in caplog.text


def test_that_the_table_would_let_a_right_login_through(visitor: Visitor, issuer: Issuer) -> None:
    issuer.twists.append(lambda claims: claims.update(aud=["the gateway"], azp="the gateway"))

    assert log_in_at(visitor, issuer).status == 303


METADATA: dict[str, Callable[[Issuer], None]] = {
    "of another issuer": lambda i: i.published.update(issuer="https://other.example"),
    "with an address that is none": lambda i: i.published.update(jwks_uri="file:///etc/x"),
    "with an address without TLS": lambda i: i.published.update(jwks_uri="http://evil.example/k"),
    "with a script for an address": lambda i: i.published.update(
        authorization_endpoint="javascript:alert(1)"
    ),
    "without keys": lambda i: i.published.update(jwks_uri=None),
    "without a place to log in": lambda i: i.published.update(authorization_endpoint=""),
    "at another host by a redirect": lambda i: i.answers.update(
        {"/.well-known/openid-configuration": (302, {"Location": "http://127.0.0.1:9/"}, b"")}
    ),
    "of a million bytes": lambda i: i.published.update(x="x" * 1_000_000),
    "that are a list": lambda i: i.answers.update(
        {"/.well-known/openid-configuration": (200, {}, b"[]")}
    ),
}


@pytest.mark.parametrize("told", METADATA)
def test_that_no_login_begins_by_metadata(told: str, visitor: Visitor, issuer: Issuer) -> None:
    METADATA[told](issuer)
    answer = visitor.get("/-/oidc/test")

    assert (answer.status, NOT_SILENT in words_of(answer)) == (400, True)
    assert visitor.cookies == {}


def test_that_a_provider_that_is_not_in_the_file_is_none(visitor: Visitor) -> None:
    assert visitor.get("/-/oidc/other").status == 400


def test_that_an_answer_counts_once(visitor: Visitor, issuer: Issuer) -> None:
    place = issuer.allow(gone(visitor))
    ticket = dict(visitor.cookies)
    assert come_back(visitor, place).status == 303
    issuer.codes[parse_qs(urlsplit(place).query)["code"][0]] = {}
    visitor.cookies = ticket

    assert come_back(visitor, place).status == 400


def test_that_an_answer_counts_in_the_browser_that_asked_and_in_no_other(
    visitor: Visitor, issuer: Issuer
) -> None:
    place = issuer.allow(gone(visitor))
    victim, neighbour = Visitor(site=visitor.site), Visitor(site=visitor.site)
    gone(neighbour)

    for other in (victim, neighbour):
        assert come_back(other, place).status == 400
        assert who(other) == ""
    assert come_back(visitor, place).status == 303


def test_that_a_code_of_one_login_is_not_redeemed_in_another(
    visitor: Visitor, issuer: Issuer
) -> None:
    stolen = parse_qs(urlsplit(issuer.allow(gone(visitor))).query)["code"][0]
    thief = Visitor(site=visitor.site)
    issuer.answer_adds["code"] = stolen

    assert log_in_at(thief, issuer).status == 400
    assert who(thief) == ""


def test_that_a_login_that_takes_too_long_is_begun_again(visitor: Visitor, issuer: Issuer) -> None:
    place = issuer.allow(gone(visitor))
    visitor.site.now += dt.timedelta(minutes=10)

    assert come_back(visitor, place).status == 400


def test_that_a_login_leads_nowhere_else(visitor: Visitor, issuer: Issuer) -> None:
    for there in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:x"):
        answer = log_in_at(visitor, issuer, f"/-/oidc/test?next={there}")

        assert answer.headers["location"] == "/"


def test_that_an_issuer_that_is_slow_holds_nobody_up_for_long(
    visitor: Visitor, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tiergate.gateway.issuers.PATIENCE_SECONDS", 0.2)
    issuer.answers["/.well-known/openid-configuration"] = (200, {"Content-Length": "9"}, b"{")
    began = time.monotonic()

    assert visitor.get("/-/oidc/test").status == 400
    assert time.monotonic() - began < 4


def test_that_a_password_counts_beside_a_provider_unless_the_file_says_otherwise(
    visitor: Visitor,
) -> None:
    visitor.site.person("olga")
    visitor.site.house.ways_in.passwords.set("olga", PASSWORD, visitor.site.now)
    page = visitor.get("/-/login?next=/acme/model")

    assert b'href="/-/oidc/test?next=/acme/model"' in page.body
    assert visitor.log_in("olga").status == 303
