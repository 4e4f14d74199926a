# SPDX-License-Identifier: Apache-2.0
"""What somebody tries who wants another one's login: each row is said in a sentence."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from argon2 import PasswordHasher

from gateway.test_behind_nginx import NGINX, in_front_of
from gateway.visitor import PASSWORD, Visitor, words_of
from gateway_site import Answer, Site
from tiergate.gateway.desk.table import PAGES
from tiergate.gateway.desk.visit import local_path
from tiergate.gateway.passwords import MOST_OF_ACCOUNT, MOST_OF_ADDRESS, Failure, Passwords
from tiergate.gateway.roles import GatewayRole

SCRIPT = "<script>alert(1)</script>'\"><img src=x onerror=alert(1)>"
FORM = "application/x-www-form-urlencoded"
FORMS = sorted(path for method, path in PAGES if method == "POST")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    found = Site(folder=tmp_path_factory.mktemp("site"))
    found.publish(is_announced=True)
    found.person("erin")
    found.person("olga", *GatewayRole)
    found.house.ways_in.passwords.set("erin", PASSWORD, found.now)
    with found.served():
        yield found
    found.house.close()


def _of(site: Site, who: str) -> Visitor:
    return Visitor(site=site, cookies={"tiergate": site.session(who)})


def _key(visitor: Visitor) -> str:
    found = re.search(rb'name="form_key" value="([0-9a-f]+)"', visitor.get("/").body)
    assert found is not None
    return found[1].decode()


ELSEWHERE: dict[str, Callable[[str], dict[str, str]]] = {
    "another site": lambda _: {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    "another site, in a browser that says only one thing": lambda _: {
        "Origin": "https://evil.example",
        "Sec-Fetch-Site": "same-origin",
    },
    "another site, in a browser that says only the other": lambda ours: {
        "Origin": ours,
        "Sec-Fetch-Site": "cross-site",
    },
    "another host of the same domain": lambda _: {
        "Origin": "http://other.hub.example",
        "Sec-Fetch-Site": "same-site",
    },
    "another port of the same host": lambda ours: {
        "Origin": f"{ours}:1234",
        "Sec-Fetch-Site": "same-site",
    },
    "a page in a sandbox": lambda _: {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    "a page without an origin": lambda _: {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
    "a host that begins alike": lambda ours: {"Origin": f"{ours}.evil.example"},
    "the same name with TLS": lambda ours: {"Origin": ours.replace("http:", "https:")},
    "a name with ours in it": lambda ours: {"Origin": f"http://evil.example/{ours}"},
    "a user of another host": lambda _: {"Origin": "http://hub.example@evil.example"},
    "a frame": lambda _: {"Origin": "https://evil.example", "Sec-Fetch-Dest": "iframe"},
}


@pytest.mark.parametrize("sender", ELSEWHERE)
def test_that_no_form_counts_that_was_sent_from(sender: str, site: Site) -> None:
    olga = _of(site, "olga")
    fields = {"form_key": _key(olga), "name": "erin", "password": PASSWORD, "act": "allow"}
    headers = {"Sec-Fetch-Site": "same-origin", **ELSEWHERE[sender](site.url)}
    for path in FORMS:
        answer = olga.post(f"/-/{path.replace('*', 'erin')}", fields, **headers)
        assert answer.status == 403, path
        assert answer.cookies == (), path


KEYS: dict[str, Callable[[Site, str], dict[str, str]]] = {
    "without its key": lambda _site, _key: {},
    "with an empty key": lambda _site, _key: {"form_key": ""},
    "with the key of somebody else": lambda site, _: {"form_key": _key(_of(site, "erin"))},
    "with the key of another login of theirs": lambda site, _: {
        "form_key": _key(_of(site, "olga"))
    },
    "with a key that was cut": lambda _, key: {"form_key": key[:-1]},
    "with a key in capitals": lambda _, key: {"form_key": key.upper()},
}


@pytest.mark.parametrize("how", KEYS)
def test_that_no_form_of_somebody_logged_in_counts(how: str, site: Site) -> None:
    olga = _of(site, "olga")
    fields = KEYS[how](site, _key(olga))
    for path in FORMS:
        if PAGES["POST", path].needs != "nothing":
            answer = olga.post(f"/-/{path.replace('*', 'erin')}", fields)
            assert answer.status == 403, path


@pytest.mark.parametrize(
    "kind",
    ["application/json", "text/plain", "multipart/form-data; boundary=x", "", "application/xml"],
)
def test_that_no_form_counts_that_says_it_is(kind: str, site: Site) -> None:
    olga = _of(site, "olga")
    body = urlencode({"form_key": _key(olga), "role": "owner"}).encode()
    cookie = f"tiergate={olga.session}"
    for path in FORMS:
        answer = site.ask(
            f"/-/{path.replace('*', 'erin')}",
            method="POST",
            body=body,
            Cookie=cookie,
            Origin=site.url,
            Content_Type=kind,
        )
        assert answer.status == 415, path


def test_that_opening_a_page_changes_nothing(site: Site) -> None:
    olga = _of(site, "olga")
    key = _key(olga)
    for path in FORMS:
        if ("GET", path) not in PAGES:
            plain = path.replace("*", "erin")
            answer = olga.get(f"/-/{plain}?form_key={key}&role=owner&act=allow")
            is_a_page = any(m == "GET" and p == path.rpartition("/")[0] + "/*" for m, p in PAGES)
            assert answer.status == 405 or is_a_page, path
    erin = site.house.accounts.account("erin")
    assert erin is not None
    assert (erin.person.roles, erin.disabled_at) == (frozenset(), None)


def test_that_the_table_would_let_a_right_form_through(site: Site) -> None:
    olga = _of(site, "olga")

    assert olga.post("/-/me/leave", {"form_key": _key(olga)}).status == 303


def _chosen(site: Site) -> Answer:
    visitor = Visitor(site=site, cookies={"tiergate": "chosen-by-somebody-else"})
    visitor.log_in("erin")
    assert visitor.session != "chosen-by-somebody-else"
    return Visitor(site=site, cookies={"tiergate": "chosen-by-somebody-else"}).get("/-/me")


def _before(site: Site) -> Answer:
    visitor = _of(site, "erin")
    old = dict(visitor.cookies)
    visitor.log_in("erin")
    assert visitor.cookies != old
    return Visitor(site=site, cookies=old).get("/-/me")


def _digest(site: Site) -> Answer:
    name = site.session("erin")
    return Visitor(site=site, cookies={"tiergate": site.house.sessions._digest(name)}).get("/-/me")


def _over(site: Site) -> Answer:
    name = site.session("erin", logged_in=dt.timedelta(hours=8))
    return Visitor(site=site, cookies={"tiergate": name}).get("/-/me")


def _as_token(site: Site) -> Answer:
    site.tokens["session"] = site.session("olga")
    return site.ask("/-/people", who="session")


COOKIES: dict[str, Callable[[Site], Answer]] = {
    "a name that was chosen before a login": _chosen,
    "a name from before a login again": _before,
    "what the database keeps of a name": _digest,
    "a name that is eight hours old": _over,
    "a name in a header for tokens": _as_token,
    "a token in place of a name": lambda s: Visitor(
        site=s, cookies={"tiergate": s.tokens["olga"]}
    ).get("/-/me"),
    "a token in a header": lambda s: s.ask("/-/people", who="olga"),
    "a token in the address": lambda s: s.ask(f"/-/people?token={s.tokens['olga']}"),
    "an empty name": lambda s: Visitor(site=s, cookies={"tiergate": ""}).get("/-/me"),
    "a name under another name": lambda s: Visitor(
        site=s, cookies={"__Host-tiergate": s.session("olga")}
    ).get("/-/me"),
    "a name in the address": lambda s: s.ask(f"/-/me?tiergate={s.session('olga')}"),
    "a name with something behind it": lambda s: Visitor(
        site=s, cookies={"tiergate": s.session("olga") + "x"}
    ).get("/-/me"),
    "a very long name": lambda s: Visitor(site=s, cookies={"tiergate": "x" * 8000}).get("/-/me"),
}


@pytest.mark.parametrize("what", COOKIES)
def test_that_nobody_is_logged_in_by(what: str, site: Site) -> None:
    answer = COOKIES[what](site)

    assert answer.status == 303
    assert answer.headers["location"].startswith("/-/login?next=")


def test_that_a_login_opens_no_weights(site: Site) -> None:
    cookie = f"tiergate={site.session('olga')}"
    file = site.ask("/acme/model/resolve/main/model.safetensors", Cookie=cookie)
    me = site.ask("/api/whoami-v2", Cookie=cookie)
    asked = site.ask("/api/models/acme/model/user-access-request/pending", Cookie=cookie)

    assert [answer.status for answer in (file, me, asked)] == [401, 401, 401]


@pytest.mark.parametrize(("url", "begin"), [("https://hub.example", "__Host-tiergate=")])
def test_that_over_tls_only_this_host_sets_and_gets_the_cookie(
    tmp_path: Path, url: str, begin: str
) -> None:
    other = Site(folder=tmp_path, url=url)
    other.person("erin")
    other.house.ways_in.passwords.set("erin", PASSWORD, other.now)
    with other.served():
        (cookie,) = Visitor(site=other).log_in("erin").cookies
        named = {"tiergate": other.session("erin")}
        plain = Visitor(site=other, cookies=named).get("/-/me")
        without = Visitor(site=other).post(
            "/-/login",
            {"name": "erin", "password": PASSWORD},
            Origin="http://127.0.0.1",
            Host="127.0.0.1",
        )
    other.house.close()

    assert cookie.startswith(begin)
    words = {word.strip().lower() for word in cookie.split(";")[1:]}
    assert {"secure", "httponly", "path=/", "samesite=lax"} <= words
    assert not any(word.startswith("domain") for word in words)
    assert plain.status == 303
    assert without.status == 403


THERE = (
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "/\t/evil.example/",
    "/\n/evil.example/",
    "javascript:alert(1)",
    "data:text/html,x",
    " https://evil.example/",
    "http:evil.example",
    "evil.example",
    "/\uff0f/evil.example",
    "",
)


@pytest.mark.parametrize("there", THERE)
def test_that_a_login_leads_to_no_other_place(there: str, site: Site) -> None:
    visitor = Visitor(site=site)
    page = visitor.get(f"/-/login?next={quote(there, safe='')}")
    sent = visitor.post("/-/login", {"name": "erin", "password": PASSWORD, "next": there})

    assert b"evil.example" not in page.body
    assert sent.status == 303
    assert sent.headers["location"] in {"/", "/-/me"}
    assert local_path(there) == "/"


def test_that_a_form_that_was_stale_leads_to_no_other_place(site: Site) -> None:
    old = site.session("olga", logged_in=dt.timedelta(minutes=11))
    olga = Visitor(site=site, cookies={"tiergate": old})
    fields = {"form_key": _key(olga), "from": "//evil.example"}
    answer = olga.post("/-/people/erin/link", fields)

    assert answer.headers["location"] == "/-/login?next=/&again=1"


REFLECTED: dict[str, Callable[[Site], Answer]] = {
    "the name at the login": lambda s: Visitor(site=s).post(
        "/-/login", {"name": SCRIPT, "password": "x"}
    ),
    "the place that a login leads to": lambda s: Visitor(site=s).get(
        f"/-/login?next=/{quote(SCRIPT)}"
    ),
    "the code of a program": lambda s: _of(s, "erin").get(f"/-/device?user_code={quote(SCRIPT)}"),
    "the code of a program that was sent": lambda s: _of(s, "erin").send(
        "/-/device", {"user_code": SCRIPT}
    ),
    "the code of a link": lambda s: Visitor(site=s).get(f"/-/first/{quote(SCRIPT, safe='')}"),
    "the name of a provider": lambda s: Visitor(site=s).get(f"/-/oidc/{quote(SCRIPT, safe='')}"),
    "the name of an account that there is not": lambda s: _of(s, "olga").get(
        f"/-/people/{quote(SCRIPT, safe='')}"
    ),
    "the name of a new account": lambda s: _of(s, "olga").send(
        "/-/people/new/account", {"name": SCRIPT}
    ),
    "the namespaces of an account": lambda s: _of(s, "olga").send(
        "/-/people/erin", {"namespaces": SCRIPT}, at="/-/people/erin/roles"
    ),
    "a page that there is not": lambda s: Visitor(site=s).get(f"/-/{quote(SCRIPT, safe='')}"),
}


@pytest.mark.parametrize("where", REFLECTED)
def test_that_no_script_comes_back_by(where: str, site: Site) -> None:
    _is_harmless(REFLECTED[where](site))


def _is_harmless(answer: Answer) -> None:
    assert b"<script" not in answer.body
    assert b"<img" not in answer.body
    assert answer.status < 500
    if "text/html" in answer.headers["content-type"]:
        policy = answer.headers["content-security-policy"]
        for part in ("default-src 'none'", "form-action 'self'", "frame-ancestors 'none'"):
            assert part in policy
        assert "script-src" not in policy
        assert "unsafe" not in policy


def test_that_no_script_is_kept_in_any_text_of_an_account(site: Site) -> None:
    olga = _of(site, "olga")
    made = olga.send("/-/people/new/account", {"name": "mallory", "full_name": SCRIPT})
    mallory = _of(site, "mallory")
    token = mallory.send("/-/me/token", {"label": SCRIPT[:80], "days": "1", "scope": "read"})
    site.house.requests.ask("acme/model", "mallory", {"purpose": SCRIPT}, site.now)
    content = urlencode({"client_id": SCRIPT}).encode()
    told = site.ask("/oauth/device", method="POST", body=content, Content_Type=FORM)
    code = told.body.decode().partition('"user_code":"')[2][:9]
    question = _of(site, "erin").send("/-/device", {"user_code": code})
    assert "Allow this program?" in words_of(question)
    pages = (mallory.get("/-/me"), olga.get("/-/people"), olga.get("/-/people/mallory"))

    for answer in (made, token, question, *pages):
        assert answer.status == 200
        _is_harmless(answer)


class _Counting(PasswordHasher):
    """Counts how much work it is asked for."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.asked: Counter[str] = Counter()

    def verify(self, hash: str | bytes, password: str | bytes) -> bool:  # type: ignore[override]  # noqa: A002 - as it is called
        self.asked["verify"] += 1
        return bool(super().verify(hash, password))


def test_that_a_name_that_there_is_not_costs_what_a_wrong_password_costs(
    tmp_path: Path,
) -> None:
    site, hasher = Site(folder=tmp_path), _Counting()
    house = site.house
    passwords = Passwords(house._database, house.accounts, house.ways_in.attempts, hasher)
    for name in ("erin", "olga", "dora"):
        site.person(name)
        if name != "olga":
            passwords.set(name, PASSWORD, site.now)
    house.accounts.disable("dora", site.now)
    found = []
    for name in ("erin", "olga", "dora", "nobody", "", "x" * 5000, "erin\0"):
        hasher.asked.clear()
        password = PASSWORD if name == "dora" else "something else"
        found.append((passwords.check(name, password, "192.0.2.1", site.now), dict(hasher.asked)))
    house.close()

    assert found == [(Failure.WRONG, {"verify": 1})] * len(found)


def test_that_nobody_learns_from_an_answer_which_names_there_are(site: Site) -> None:
    found = set()
    for name in ("erin", "olga", "nobody"):
        answer = Visitor(site=site).post("/-/login", {"name": name, "password": "something else"})
        nonces = re.sub(rb'nonce="[^"]+"', b"", answer.body).replace(name.encode(), b"")
        found.add((answer.status, nonces, len(answer.headers)))

    assert len(found) == 1


@pytest.fixture
def guessed(tmp_path: Path) -> Iterator[Site]:
    found = Site(folder=tmp_path)
    found.person("erin")
    found.house.ways_in.passwords.set("erin", PASSWORD, found.now)
    with found.served():
        yield found
    found.house.close()


def test_that_guesses_at_the_same_time_are_counted_as_many(guessed: Site) -> None:
    def guess(number: int) -> int:
        return Visitor(site=guessed).log_in("erin", f"guess number {number}").status

    with ThreadPoolExecutor(16) as pool:
        found = Counter(pool.map(guess, range(40)))

    assert found[401] <= MOST_OF_ACCOUNT
    assert found[401] + found[429] == 40


def test_that_a_guess_counts_for_a_name_however_it_is_written_there(guessed: Site) -> None:
    names = ["erin", " erin", "erin ", "erin"] * 4
    found = [Visitor(site=guessed).log_in(name, "something else").status for name in names]

    assert found.count(401) == MOST_OF_ACCOUNT


@pytest.mark.skipif(NGINX is None, reason="no nginx is installed")
def test_that_behind_nginx_nobody_guesses_on_by_another_address(guessed: Site) -> None:
    with in_front_of(guessed):
        found = [
            Visitor(site=guessed).post(
                "/-/login",
                {"name": f"name {number}", "password": "something else"},
                Origin=f"http://127.0.0.1:{guessed.port}",
                X_Forwarded_For=f"192.0.2.{number}",
                Forwarded=f"for=192.0.2.{number}",
                X_Real_IP=f"192.0.2.{number}",
            )
            for number in range(MOST_OF_ADDRESS + 1)
        ]

    assert [answer.status for answer in found] == [401] * MOST_OF_ADDRESS + [429]
