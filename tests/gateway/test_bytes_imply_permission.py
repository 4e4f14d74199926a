# SPDX-License-Identifier: Apache-2.0
"""For any request: if bytes of a file come back, the pure rule allows them to that person then."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.raw_http import Reply, exchange, replies
from gateway.town import (
    ABSENT,
    EXCLUDED,
    GATED,
    MAY_HAVE,
    OPEN,
    PEOPLE,
    REPOSITORIES,
    WEIGHTS,
    Town,
    has_weights,
)
from tiergate.gateway.believed import TrustFile
from tiergate.gateway.delivery import read_range
from tiergate.gateway.releases import Releases
from tiergate.release.access import Access, Caller, DownloadRequest, Offer, may_download

OFFSETS = (dt.timedelta(0), dt.timedelta(hours=12), dt.timedelta(days=2), dt.timedelta(days=400))
TOKENS_LAST = dt.timedelta(days=1)
NAMED = ("main", "HEAD", "<commit>")
"""Revisions that name what the decision is about."""
FILES = (WEIGHTS, "config.json", "README.md", "extra/notes.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request, in its parts."""

    repository: str
    who: str
    method: str
    route: str
    revision: str
    path: str
    spoilt: str
    odd: int
    span: str | None
    offset: dt.timedelta

    @property
    def is_plain(self) -> bool:
        """Whether it is what a client would send, for what is there."""
        return (
            not self.spoilt
            and self.route in {"resolve", "raw"}
            and self.method in {"GET", "HEAD"}
            and self.revision in NAMED
            and self.path in FILES
        )

    def sent(self, town: Town) -> bytes:
        """Return the request."""
        path = f"{self.spoilt}/{self.path}" if self.spoilt else self.path
        parts = [*self.repository.split("/"), self.route, self.revision, *path.split("/")]
        plain = [town.fill(part).decode() for part in parts]
        target = "/" + "/".join(_encoded(part, self.odd) for part in plain)
        lines = [f"{self.method} {target} HTTP/1.1", "Host: x", "Connection: close"]
        lines += [f"Authorization: Bearer {town.tokens[self.who]}"] if self.who else []
        lines += [f"Range: {self.span}"] if self.span else []
        return "\r\n".join([*lines, "", ""]).encode()


def _encoded(part: str, odd: int) -> str:
    """Encode some letters that need it not; what is encoded already stays as it is."""
    if "%" in part:
        return part
    return "".join(
        f"%{ord(letter):02x}" if letter.isalnum() and (odd >> place % 24) & 1 else letter
        for place, letter in enumerate(part)
    )


_number = st.integers(-5, 30_000)
ranges = st.one_of(
    st.none(),
    st.builds("bytes={}-{}".format, _number, _number),
    st.builds("bytes={}-".format, _number),
    st.builds("bytes=-{}".format, _number),
    st.builds("bytes={}-{},{}-".format, _number, _number, _number),
    st.sampled_from(["bytes=", "items=0-1", "bytes=0-0, 5-9", "bytes=0-" + "9" * 40]),
)
attempts = st.builds(
    Attempt,
    repository=st.sampled_from([*REPOSITORIES, OPEN, EXCLUDED, GATED, ABSENT]),
    who=st.sampled_from(["", *PEOPLE]),
    method=st.sampled_from(["GET", "GET", "GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]),
    route=st.sampled_from(["resolve", "resolve", "resolve", "raw", "blob", "tree", "info/lfs"]),
    revision=st.sampled_from([*NAMED, *NAMED, "<old>", "absent", "refs%2Fheads%2Fmain", "main%2F"]),
    path=st.sampled_from([*FILES, WEIGHTS, "absent", "<sha256>", "../../../gated/resolve/main/x"]),
    spoilt=st.sampled_from(["", "", "", "", "/", ".", "..", "%2f", "%00", "%252e", "\\"]),
    odd=st.one_of(st.just(0), st.integers(0, 2**24)),
    span=ranges,
    offset=st.sampled_from(OFFSETS[:1] * 3 + OFFSETS),
)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    found = Town(folder=tmp_path_factory.mktemp("town"))
    found.settle()
    with found.served():
        yield found
    found.house.close()


@pytest.fixture(scope="module")
def releases(town: Town) -> Releases:
    """Read the ledger beside the gateway, not through it."""
    believed = TrustFile(town.folder / "trust.yaml")
    return Releases(str(town.ledger), (town.heads,), believed.read)


def _rule(town: Town, releases: Releases, attempt: Attempt, at: dt.datetime) -> Access:
    """Ask the pure rule, of what the test knows about the state."""
    name, who = attempt.repository, attempt.who
    is_known = who and who not in {"dora", "tess"} and attempt.offset < TOKENS_LAST
    is_old = attempt.revision == "<old>"
    caller = Caller(
        name=who,
        grants=town.house.requests.grants(name, who),
        jurisdiction="DE" if who == "dieter" else "",
    )
    revision = town.old if is_old else town.revision
    return may_download(
        DownloadRequest(
            repository=name,
            commit=revision.commit,
            path=attempt.path,
            caller=caller if is_known else None,
        ),
        Offer(
            root_digest=revision.root_digest,
            release=releases.state(name.removeprefix("acme/"), at),
            excluded=frozenset({"DE"}) if name == EXCLUDED else frozenset(),
        ),
        at,
    )


def _ask(town: Town, attempt: Attempt) -> tuple[Reply, bytes]:
    content = exchange(town.port, attempt.sent(town))
    (found,) = replies(content, to_head=attempt.method == "HEAD")
    return found, content


@given(attempt=attempts)
@settings(max_examples=200)
def test_that_bytes_come_back_only_if_the_rule_allows_them(
    attempt: Attempt, town: Town, releases: Releases
) -> None:
    start = town.now
    town.now = start + attempt.offset
    try:
        found, content = _ask(town, attempt)
        rule = _rule(town, releases, attempt, town.now)
    finally:
        town.now = start

    is_out = found.status in {200, 206} and "etag" in found.headers
    assert is_out or not has_weights(content)
    assert found.status < 500 or found.status == 501
    if is_out:
        assert rule.is_allowed
        assert attempt.offset or attempt.who in MAY_HAVE[attempt.repository]
        _check_bytes(town, attempt, found)
    elif attempt.is_plain and rule.is_allowed:
        assert found.status == 416
        size = (town.model / attempt.path).stat().st_size
        assert read_range(attempt.span, size) is None


def _check_bytes(town: Town, attempt: Attempt, found: Reply) -> None:
    """Check that what came is what was asked for, of the file that was asked for."""
    assert attempt.is_plain
    whole = (town.model / attempt.path).read_bytes()
    if attempt.method == "HEAD":
        assert found.body == b""
        assert found.headers["content-length"] == str(len(whole))
        return
    span = read_range(attempt.span, len(whole))
    assert span is not None
    assert found.body == whole[span.first : span.end]


def test_that_such_requests_do_bring_bytes_out(town: Town) -> None:
    """Otherwise the property would hold of a gateway that refuses everybody."""
    for repository, people in MAY_HAVE.items():
        for who in sorted(people):
            attempt = Attempt(
                repository=repository,
                who=who,
                method="GET",
                route="resolve",
                revision="main",
                path=WEIGHTS,
                spoilt="",
                odd=0b1010101,
                span="bytes=40-20000",
                offset=OFFSETS[0],
            )
            found, content = _ask(town, attempt)

            assert found.status == 206
            assert has_weights(content)
            _check_bytes(town, attempt, found)
