# SPDX-License-Identifier: Apache-2.0
"""What a path names: each route of the Hub, and everything that is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiergate.gateway.targets import Kind, Target, read_target

MODEL = "acme/model"
API = "/api/models/acme/model"
ROUTES: dict[str, Target] = {
    "/api/whoami-v2": Target(kind=Kind.WHOAMI),
    "/api/models": Target(kind=Kind.LIST),
    API: Target(kind=Kind.INFO, repository=MODEL),
    f"{API}/revision/main": Target(kind=Kind.INFO, repository=MODEL),
    f"{API}/revision/HEAD": Target(kind=Kind.INFO, repository=MODEL),
    f"{API}/revision/head": Target(kind=Kind.INFO, repository=MODEL, revision="head"),
    f"{API}/revision/refs%2Fpr%2F1": Target(kind=Kind.INFO, repository=MODEL, revision="refs/pr/1"),
    f"{API}/tree/main": Target(kind=Kind.TREE, repository=MODEL),
    f"{API}/tree/v1/a/b": Target(kind=Kind.TREE, repository=MODEL, revision="v1", path="a/b"),
    f"{API}/refs": Target(kind=Kind.REFS, repository=MODEL),
    f"{API}/paths-info/main": Target(kind=Kind.PATHS_INFO, repository=MODEL),
    f"{API}/auth-check": Target(kind=Kind.AUTH_CHECK, repository=MODEL),
    f"{API}/user-access-request/pending": Target(
        kind=Kind.REQUESTS, repository=MODEL, path="pending"
    ),
    f"{API}/user-access-request/accepted": Target(
        kind=Kind.REQUESTS, repository=MODEL, path="accepted"
    ),
    f"{API}/user-access-request/rejected": Target(
        kind=Kind.REQUESTS, repository=MODEL, path="rejected"
    ),
    f"{API}/user-access-request/else": Target(kind=Kind.REQUESTS, repository=MODEL, path="else"),
    f"{API}/user-access-request/handle": Target(kind=Kind.HANDLE, repository=MODEL, path="handle"),
    f"{API}/user-access-request/grant": Target(kind=Kind.GRANT, repository=MODEL, path="grant"),
    "/acme/model/ask-access": Target(kind=Kind.ASK, repository=MODEL),
    "/": Target(kind=Kind.FRONT),
    "/acme/model/resolve/main/a.txt": Target(kind=Kind.FILE, repository=MODEL, path="a.txt"),
    "/acme/model/raw/main/a.txt": Target(kind=Kind.FILE, repository=MODEL, path="a.txt"),
    "/acme/model/resolve/HEAD/a.txt": Target(kind=Kind.FILE, repository=MODEL, path="a.txt"),
    "/acme/model/resolve/v1/a/b.txt": Target(
        kind=Kind.FILE, repository=MODEL, revision="v1", path="a/b.txt"
    ),
    "/acme/model/resolve/refs%2Fpr%2F1/a.txt": Target(
        kind=Kind.FILE, repository=MODEL, revision="refs/pr/1", path="a.txt"
    ),
    "/acme/model/resolve/main/%61%252F.txt": Target(
        kind=Kind.FILE, repository=MODEL, path="a%2F.txt"
    ),
    "/acme/model/resolve/main/%C3%BC%20+.txt": Target(
        kind=Kind.FILE, repository=MODEL, path="\u00fc +.txt"
    ),
    "/acme/model/resolve/main/a;b?c.txt": Target(
        kind=Kind.FILE, repository=MODEL, path="a;b?c.txt"
    ),
}


@pytest.mark.parametrize("path", ROUTES)
def test_that_a_path_names(path: str) -> None:
    assert read_target(path.encode()) == ROUTES[path]


@pytest.mark.parametrize(
    "path",
    [
        f"{API}/xet-read-token/main",
        f"{API}/discussions",
        f"{API}/a/b/c/d",
    ],
)
def test_that_other_routes_of_the_hub_are_known_as_such(path: str) -> None:
    found = read_target(path.encode())

    assert found is not None
    assert found.kind is Kind.LATER


NOTHING = {
    "nothing": "",
    "slashes alone": "///",
    "what does not begin with a slash": "api/models",
    "a whole address": "http://hub.example/api/models",
    "an empty part": "/acme//model/resolve/main/a.txt",
    "an empty part at the end": "/acme/model/resolve/main/a.txt/",
    "a dot": "/acme/model/resolve/main/./a.txt",
    "two dots": "/acme/model/resolve/main/../a.txt",
    "two dots, encoded": "/acme/model/resolve/main/%2e%2E/a.txt",
    "two dots within an encoded part": "/acme/model/resolve/a%2F..%2Fb/a.txt",
    "an empty part within an encoded one": "/acme/model/resolve/a%2F%2Fb/a.txt",
    "an encoded slash at the end of a revision": "/acme/model/resolve/main%2F/a.txt",
    "an encoded slash in a file": "/acme/model/resolve/main/a%2Fb.txt",
    "an encoded slash in a name": "/acme%2Fmodel/resolve/main/a.txt",
    "a backslash": "/acme/model/resolve/main/a\\b.txt",
    "an encoded backslash": "/acme/model/resolve/main/a%5Cb.txt",
    "a NUL": "/acme/model/resolve/main/a%00.txt",
    "a line's end": "/acme/model/resolve/main/a%0A.txt",
    "a letter to delete": "/acme/model/resolve/main/a%7F.txt",
    "a letter that turns text around": "/acme/model/resolve/main/a%E2%80%AE.txt",
    "half an escape": "/acme/model/resolve/main/a%2",
    "an escape without digits": "/acme/model/resolve/main/a%gg",
    "bytes that are no text": "/acme/model/resolve/main/%ff",
    "half a pair of letters": "/acme/model/resolve/main/%ed%a0%80",
    "a longer form of a dot": "/acme/model/resolve/main/%c0%ae",
    "a name that begins with a dot": "/.acme/model/resolve/main/a.txt",
    "a name with two dots": "/acme/mo..del/resolve/main/a.txt",
    "a name with a letter beyond ASCII": "/acme/mod%C3%A9l/resolve/main/a.txt",
    "a name that is too long": f"/acme/{'m' * 97}/resolve/main/a.txt",
    "no file": "/acme/model/resolve/main",
    "no revision": "/acme/model/resolve",
    "another word": "/acme/model/resolves/main/a.txt",
    "no namespace": "/model/resolve/main/a.txt",
    "an API that is none": "/api/else",
    "the API alone": "/api",
    "a path that is too long": f"/acme/model/resolve/main/{'a' * 4096}",
    "a path of too many parts": f"/acme/model/resolve/main{'/a' * 64}",
}


@pytest.mark.parametrize("case", NOTHING)
def test_that_no_route_is_named_by(case: str) -> None:
    assert read_target(NOTHING[case].encode()) is None


@given(st.binary(max_size=300))
def test_that_no_bytes_are_too_odd_to_be_read(path: bytes) -> None:
    read_target(path)
    read_target(b"/" + path)


_part = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs"), exclude_characters="/\\"),
    min_size=1,
    max_size=20,
).filter(lambda part: part not in {".", ".."})


def _encoded(text: str, odd: int) -> str:
    """Encode some bytes more than need it, as ``odd`` says."""
    kept = b"abcdefghijklmnopqrstuvwxyz0123456789-._~"
    return "".join(
        chr(byte) if byte in kept and (odd >> place % 30) & 1 else f"%{byte:02X}"
        for place, byte in enumerate(text.encode())
    )


@given(st.lists(_part, min_size=1, max_size=5), _part, st.integers(0, 2**30))
def test_that_a_part_is_decoded_once_and_never_twice(
    parts: list[str], revision: str, odd: int
) -> None:
    path = "/".join(_encoded(part, odd) for part in parts)
    raw = f"/acme/model/resolve/{_encoded(revision, odd)}/{path}"
    found = read_target(raw.encode())

    branch = "main" if revision == "HEAD" else revision
    assert found == Target(kind=Kind.FILE, repository=MODEL, revision=branch, path="/".join(parts))


@given(st.lists(st.sampled_from(["a", "%2e", "..", ".", "%2F", "%5c", "%00", "%25", "b"])))
def test_that_nothing_that_is_named_could_lead_out_of_a_folder(pieces: list[str]) -> None:
    found = read_target(f"/acme/model/resolve/main/{''.join(pieces)}".encode())
    if found is not None:
        parts = found.path.split("/")

        assert not {"", ".", ".."} & set(parts)
        assert "\\" not in found.path
        assert "\0" not in found.path
