# SPDX-License-Identifier: Apache-2.0
"""Records that an identity signed, by way of a Sigstore of our own on the loopback."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from builders_signature import changed
from builders_sigstore import ISSUER, running, token
from cli_runner import Run, run
from record_fixtures import NOW, SIGNED, Scene, a_scene, day, key_file, trust_file, trusted

ADA = "ada@example.org"
IDENTITY = """\
identities:
- identity: {name}
  issuer: {issuer}
  person: {person}
  organisation: Lab
  roles: [{role}]
  valid_from: "{valid_from}"
  valid_until: "{valid_until}"
"""


def identity(
    name: str = ADA,
    *,
    issuer: str = ISSUER,
    person: str = "Ada",
    role: str = "release owner",
    valid_until: str = day(300),
) -> str:
    """Return the entry of an identity in a trust file."""
    return IDENTITY.format(
        name=name,
        issuer=issuer,
        person=person,
        role=role,
        valid_from=day(-300),
        valid_until=valid_until,
    )


class Bench:
    """A scene, a Sigstore, and somebody with a token of their provider."""

    def __init__(self, scene: Scene, services: Path, root: Path) -> None:
        """Begin without a record."""
        self.scene, self.services, self.root = scene, services, root
        scene.record.unlink(missing_ok=True)
        self.trust(identity())

    def trust(self, *entries: str) -> None:
        """Write the trust file, of identities alone unless keys are given."""
        text = "".join(entries)
        head = "format: tiergate-trust/1\nsigned_by: [release owner]\n"
        self.scene.trust.write_text(head + text)

    def sign(self, *options: object, raw: str | None = None) -> Run:
        """Sign the decision as ada, or with what is given as a token."""
        path = self.scene.folder / "token"
        path.write_text(token(ADA) if raw is None else raw)
        how = ("--identity-token", path, "--sigstore", self.services)
        where = ("--output", self.scene.record, "--at", SIGNED)
        return run("sign", self.scene.decision, *where, *how, *options)

    def verify(self, *options: object) -> Run:
        """Verify the record and the files."""
        how = options or ("--trusted-root", self.root)
        words = ("verify", self.scene.record, self.scene.model, "--trust", self.scene.trust)
        return run(*words, "--at", NOW, *how)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Take the decision once; every test signs a copy of it."""
    return a_scene(tmp_path_factory.mktemp("scene")).folder


@pytest.fixture
def bench(made: Path, tmp_path: Path) -> Iterator[Bench]:
    scene = Scene(shutil.copytree(made, tmp_path / "scene"))
    with running(tmp_path) as (services, root):
        yield Bench(scene, services, root)


def test_a_record_that_an_identity_signed_holds_for_whoever_trusts_it(bench: Bench) -> None:
    made = bench.sign()
    assert made.code == 0, made.out + made.err
    assert "Signed with an identity" in made.out

    done = bench.verify()

    assert done.code == 0, done.out + done.err
    assert "by Ada, Lab (release owner)" in done.flat


def test_an_identity_and_a_key_may_both_be_trusted(bench: Bench, tmp_path: Path) -> None:
    bench.sign()
    trust_file(bench.scene.trust, trusted("ada"))
    with bench.scene.trust.open("a") as file:
        file.write(identity())

    assert bench.verify().code == 0


CHANGED: dict[str, tuple[Callable[[Bench], object], str]] = {
    "another identity is trusted": (
        lambda b: b.trust(identity("bea@example.org")),
        "it was not signed by bea@example.org",
    ),
    "another provider is trusted": (
        lambda b: b.trust(identity(issuer="https://other.example.org")),
        "it was not signed by ada@example.org, vouched for by https://other",
    ),
    "the identity has another role": (
        lambda b: b.trust(
            identity(role="release owner").replace("[release owner]", "[legal]"),
            identity("bea@example.org").removeprefix("identities:\n"),
        ),
        "nobody who counts signed as release owner",
    ),
    "the identity is trusted no more": (
        lambda b: b.trust(identity(valid_until=day(1))),
        "the key was valid until",
    ),
    "the trust file names no identity": (
        lambda b: trust_file(b.scene.trust, trusted("ada")),
        "the trust file names none",
    ),
    "the payload is another": (
        lambda b: b.scene.record.write_bytes(
            changed(
                b.scene.record.read_bytes(),
                lambda d: d["verificationMaterial"]["tlogEntries"][0].update(integratedTime="1"),
            )
        ),
        "it was not signed by ada@example.org",
    ),
    "a file is another": (
        lambda b: (b.scene.model / "config.json").write_text("{}"),
        "changed: config.json",
    ),
}


@pytest.mark.parametrize(("change", "words"), CHANGED.values(), ids=CHANGED)
def test_a_record_that_an_identity_signed_does_not_hold_when(
    change: Callable[[Bench], object], words: str, bench: Bench
) -> None:
    bench.sign()
    change(bench)

    done = bench.verify()

    assert done.code == 5
    assert words in done.flat


def test_without_a_trusted_root_no_identity_is_believed(bench: Bench) -> None:
    bench.sign()

    done = bench.verify("--tier", "T1")

    assert done.code == 5
    assert "no trusted root was given to verify that" in done.flat


def test_another_sigstore_vouches_for_nothing_of_this_one(bench: Bench, tmp_path: Path) -> None:
    bench.sign()
    (tmp_path / "other").mkdir()
    with running(tmp_path / "other") as (_, root):
        done = bench.verify("--trusted-root", root)

    assert done.code == 5


NOT_SIGNED: dict[str, tuple[Callable[[Bench], Run], int, str]] = {
    "the token has run out": (
        lambda b: b.sign(raw=token(ADA, minutes=-5)),
        4,
        "identity token: found none that counts",
    ),
    "the token is for somebody else's service": (
        lambda b: b.sign(raw=token(ADA, audience="other")),
        4,
        "identity token: found none that counts",
    ),
    "the token is no token": (lambda b: b.sign(raw="x"), 4, "found none that counts"),
    "the token is empty": (lambda b: b.sign(raw="\n"), 4, "found no token"),
    "the token is no text": (lambda b: b.sign(raw="é"), 4, "found no token"),
    "a key is given too": (
        lambda b: b.sign("--key", key_file(b.scene.folder, "ada")),
        2,
        "either --key",
    ),
    "a summary is asked for": (lambda b: b.sign("--also", "vsa"), 2, "--also needs --key"),
    "neither is given": (
        lambda b: run("sign", b.scene.decision, "--output", b.scene.record),
        2,
        "either --key",
    ),
    "there is no such token": (
        lambda b: run(
            *("sign", b.scene.decision, "--output", b.scene.record, "--at", SIGNED),
            *("--identity-token", b.scene.folder / "no", "--sigstore", b.services),
        ),
        4,
        "no file",
    ),
    "the configuration is something else": (
        lambda b: b.sign("--sigstore", b.scene.decision),
        4,
        "client trust configuration",
    ),
    "the services are not there": (
        lambda b: b.sign("--sigstore", _elsewhere(b)),
        6,
        "no signature",
    ),
}


def _elsewhere(bench: Bench) -> Path:
    """Write a configuration of services that nobody offers."""
    path = bench.scene.folder / "elsewhere.json"
    port = json.loads(bench.services.read_text())["signingConfig"]["caUrls"][0]["url"]
    path.write_text(bench.services.read_text().replace(port, "http://127.0.0.1:9"))
    return path


@pytest.mark.parametrize(("act", "code", "words"), NOT_SIGNED.values(), ids=NOT_SIGNED)
def test_nothing_is_signed_and_nothing_written_when(
    act: Callable[[Bench], Run], code: int, words: str, bench: Bench
) -> None:
    done = act(bench)

    assert done.code == code, done.out + done.err
    assert words in done.err
    assert not bench.scene.record.exists()


def test_no_key_signs_beside_an_identity(bench: Bench, tmp_path: Path) -> None:
    bench.sign()
    words = ("--key", key_file(tmp_path, "ada"), "--output", tmp_path / "two.json", "--at", NOW)

    done = run("sign", bench.scene.record, *words)

    assert (done.code, (tmp_path / "two.json").exists()) == (4, False)
    assert "a signature of an identity, which no other can stand beside" in done.err
