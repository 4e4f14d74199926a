# SPDX-License-Identifier: Apache-2.0
"""Requests that nobody would write, made from those of the attack table by changing them at random.

Nobody who asks here may have anything, so that no answer may hold bytes of the weights, and none
may be a 5xx. For ten minutes, as ``make nightly`` does::

    TIERGATE_FUZZ_MINUTES=10 pytest -m slow tests/gateway/test_fuzz.py -s
"""

from __future__ import annotations

import os
import random
import re
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from gateway.attack_table import request
from gateway.raw_http import exchange
from gateway.test_attacks import ATTACKS
from gateway.test_routes import PATHS
from gateway.town import EXCLUDED, GATED, HIDDEN, OPEN, REPOSITORIES, Town, has_weights

MINUTES = float(os.environ.get("TIERGATE_FUZZ_MINUTES", "0.5"))
SEED = int(os.environ.get("TIERGATE_FUZZ_SEED", str(time.time_ns())))
_ALLOWED = (OPEN, EXCLUDED)
_PIECES = (
    *(
        b"%2f",
        b"%2F",
        b"%252f",
        b"%00",
        b"%0d%0a",
        b"..",
        b"/../",
        b"//",
        b"\\",
        b"%5c",
        b"%",
        b"?",
    ),
    *(b"#", b";", b"@", b"%c0%af", b"\xff", b"\xf0\x9f\x98\x80", b"%EF%BC%8F", b".git", b"resolve"),
    *(b"main", b"HEAD", b"refs%2Fpr%2F1", b"<commit>", b"<old>", b"sha256:<sha256>", b"<sha256>"),
    *(b"model.safetensors", b"info/lfs/objects", b"api/models/", b"-/", b"GET ", b" HTTP/1.1\r\n"),
    *(b"Range: bytes=0-\r\n", b"Range: bytes=-1\r\n", b"Authorization: Bearer <nora>\r\n"),
    *(b"X-Accel-Redirect: /objects/<sha256>\r\n", b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    *(
        b"Content-Length: 0\r\n",
        b"Content-Length: -1\r\n",
        b"Host: x\r\n",
        b"Cookie: tiergate=x\r\n",
    ),
    *(b"Expect: 100-continue\r\n", b"Upgrade: websocket\r\n", b"X-HTTP-Method-Override: GET\r\n"),
)
_LAST = (b"", b"\r\n\r\n")
_STATUS = re.compile(rb"^HTTP/1\.1 ([0-9]{3}) ", re.MULTILINE)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    found = Town(folder=tmp_path_factory.mktemp("town"))
    found.settle()
    with found.served():
        yield found
    found.house.close()


def _seeds(town: Town) -> list[bytes]:
    """Return what is changed: requests of people who may have nothing."""
    sent = [row[0] for row in ATTACKS.values()]
    nora = "Authorization: Bearer <nora>"
    for path in PATHS.values():
        for repository in (GATED, HIDDEN):
            named = path.replace(GATED, repository)
            sent += [request(named, nora), request(named, nora, method="POST", body="{}")]
    forbidden = {name for name in REPOSITORIES if name in _ALLOWED}
    plain = [each.encode() if isinstance(each, str) else each for each in sent]
    return [town.fill(each) for each in plain if not any(n.encode() in each for n in forbidden)]


def _changed(
    chance: random.Random, content: bytes, others: list[bytes], pieces: list[bytes]
) -> bytes:
    """Change a request in one to six places."""
    found = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(found) + 1)
        match chance.randrange(6):
            case 0:
                found[at:at] = chance.choice(pieces)
            case 1:
                del found[at : at + chance.randint(1, 12)]
            case 2 if found:
                found[at % len(found)] = chance.randrange(256)
            case 3:
                other = chance.choice(others)
                start = chance.randrange(len(other))
                found[at:at] = other[start : start + chance.randint(1, 60)]
            case 4:
                found[at : at + chance.randint(1, 8)] = chance.choice(pieces)
            case _:
                found[at:at] = found[at : at + 20] * chance.randint(1, 3)
    return bytes(found)


def _is_allowed(town: Town, content: bytes) -> bool:
    """Tell whether chance has made it a request of somebody who may have what they ask for."""
    names = (town.tokens["gwen"], town.tokens["dieter"])
    opened = rb"(?:o|%6f)(?:p|%70)(?:e|%65)(?:n|%6e)|excluded"
    is_granted = any(name.encode() in content for name in names)
    return is_granted or re.search(opened, content, re.IGNORECASE) is not None


def _made(chance: random.Random, seeds: list[bytes], pieces: list[bytes]) -> bytes:
    """Change a whole request, or more often its path alone, so that servers can read it."""
    content = chance.choice(seeds)
    line, _, rest = content.partition(b"\r\n")
    words = line.split(b" ")
    if chance.random() < 0.2 or len(words) != len(("method", "target", "version")):
        return _changed(chance, content, seeds, pieces) + chance.choice(_LAST)
    paths = [other.split(b" ")[1] or b"/" for other in seeds if other.count(b" ") > 1]
    target = _changed(chance, words[1], paths, pieces)
    words[1] = b"/" + bytes(byte for byte in target if byte > 0x20).lstrip(b"/")
    return b" ".join(words) + b"\r\n" + rest


@pytest.mark.slow
def test_that_no_request_made_at_random_brings_bytes_or_breaks_anything(town: Town) -> None:
    chance = random.Random(SEED)  # noqa: S311 - not a secret
    seeds = [seed for seed in _seeds(town) if not _is_allowed(town, seed)]
    pieces = [town.fill(piece) for piece in _PIECES]
    statuses: Counter[int] = Counter()
    until = time.monotonic() + MINUTES * 60
    while time.monotonic() < until:
        sent = _made(chance, seeds, pieces)
        if _is_allowed(town, sent):
            continue
        content = exchange(town.port, sent, patience=0.3)
        said = f"seed {SEED}: {sent!r} was answered {content[:400]!r}"
        assert not has_weights(content), said
        for status in map(int, _STATUS.findall(content)):
            statuses[status] += 1
            assert status < 500 or status == 501, said
    alive = town.ask("/api/whoami-v2", who="nora")
    print(f"\n{sum(statuses.values())} answers {dict(sorted(statuses.items()))}, seed {SEED}")  # noqa: T201 - the figures

    assert alive.status == 200
    assert len(statuses) > 3
