# SPDX-License-Identifier: Apache-2.0
"""Model signatures both ways with ``model_signing``, the program of the OpenSSF's group."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from model_signing import hashing, signing

from builders_signature import NOW, certificate, key, pem_file, write_model
from cli_runner import Run, run
from tiergate.model.signature_bundle import key_hint

pytestmark = pytest.mark.tools

PROGRAM = Path(sys.executable).with_name("model_signing")
FILES = {
    "config.json": b"{}",
    "a.txt": b"a",
    "a/b.bin": bytes(range(256)) * 20,
    "a/empty": b"",
    "später (neu).bin": b"x",
    ".env.example": b"x",
    "left out/note": b"x",
    ".gitignore": b"x",
    ".git/HEAD": b"x",
}
KEYS = ["ada", "ada-p384", "ada-p521"]


class Bench:
    """A model, keys and certificates in one folder."""

    def __init__(self, folder: Path) -> None:
        """Write them; certificates are valid while the tests run."""
        self.folder = folder
        self.model = write_model(folder / "model", FILES)
        self.signature = folder / "model.sig"
        for name in KEYS:
            (folder / f"{name}.key").write_bytes(key(name).to_pem(None))
            (folder / f"{name}.pub").write_text(key(name).public.pem)
        valid = (NOW.replace(year=2020), NOW.replace(year=2120))
        middle = certificate("middle", "root", is_authority=True, valid=valid)
        self.root = pem_file(
            folder / "root.pem", certificate("root", is_authority=True, valid=valid)
        )
        self.leaf = pem_file(folder / "leaf.pem", certificate("ada", "middle", valid=valid))
        self.middle = pem_file(folder / "middle.pem", middle)
        self.chain = folder / "chain.pem"
        self.chain.write_bytes(self.leaf.read_bytes() + self.middle.read_bytes())

    def theirs(self, step: str, kind: str, *options: object) -> subprocess.CompletedProcess[str]:
        """Run their program."""
        words = [PROGRAM, step, kind, self.model, "--signature", self.signature, *options]
        return subprocess.run([*map(str, words)], capture_output=True, text=True, check=False)

    def ours(self, step: str, *options: object) -> Run:
        """Run ours."""
        where = "--output" if step == "sign" else "--signature"
        return run("model-signature", step, self.model, where, self.signature, *options)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize("name", KEYS)
def test_what_we_sign_with_a_key_they_verify(name: str, bench: Bench) -> None:
    assert bench.ours("sign", "--key", bench.folder / f"{name}.key").code == 0

    done = bench.theirs("verify", "key", "--public_key", bench.folder / f"{name}.pub")

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", KEYS)
def test_what_they_sign_with_a_key_we_verify(name: str, bench: Bench) -> None:
    signed = bench.theirs("sign", "key", "--private_key", bench.folder / f"{name}.key")
    assert signed.returncode == 0, signed.stdout + signed.stderr

    done = bench.ours("verify", "--key", bench.folder / f"{name}.pub")

    assert done.code == 0, done.out + done.err
    assert (
        f"hint {key_hint(key(name).public)}" in run("model-signature", "show", bench.signature).flat
    )


def test_what_we_sign_with_a_certificate_they_verify(bench: Bench) -> None:
    options = ("--key", bench.folder / "ada.key", "--certificate", bench.chain)
    assert bench.ours("sign", *options).code == 0

    done = bench.theirs("verify", "certificate", "--certificate_chain", bench.root)

    assert done.returncode == 0, done.stdout + done.stderr


def test_what_they_sign_with_a_certificate_we_verify(bench: Bench) -> None:
    signed = bench.theirs(
        *("sign", "certificate", "--private_key", bench.folder / "ada.key"),
        *("--signing_certificate", bench.leaf, "--certificate_chain", bench.middle),
    )
    assert signed.returncode == 0, signed.stdout + signed.stderr

    done = bench.ours("verify", "--root", bench.root)

    assert done.code == 0, done.out + done.err
    assert "a certificate: CN=ada" in done.flat


def test_paths_that_one_leaves_out_the_other_leaves_out(bench: Bench) -> None:
    private, public = bench.folder / "ada.key", bench.folder / "ada.pub"
    assert bench.ours("sign", "--key", private, "--ignore-path", "left out").code == 0
    assert bench.theirs("verify", "key", "--public_key", public).returncode == 0
    bench.signature.unlink()

    left_out = ("--ignore-paths", bench.model / "left out")
    assert bench.theirs("sign", "key", "--private_key", private, *left_out).returncode == 0
    (bench.model / "left out" / "note").write_bytes(b"changed")

    assert bench.ours("verify", "--key", public).code == 0


def test_a_signature_within_the_model_is_passed_over_by_both(bench: Bench) -> None:
    bench.signature = bench.model / "model.sig"
    private, public = bench.folder / "ada.key", bench.folder / "ada.pub"
    assert bench.ours("sign", "--key", private).code == 0
    assert bench.theirs("verify", "key", "--public_key", public).returncode == 0

    assert bench.theirs("sign", "key", "--private_key", private).returncode == 0

    assert bench.ours("verify", "--key", public).code == 0


def test_links_that_both_follow_are_the_files_that_they_lead_to(bench: Bench) -> None:
    (bench.model / "again.json").symlink_to("config.json")
    private, public = bench.folder / "ada.key", bench.folder / "ada.pub"
    assert bench.ours("sign", "--key", private, "--allow-symlinks").code == 0
    done = bench.theirs("verify", "key", "--public_key", public, "--allow_symlinks")
    assert done.returncode == 0, done.stdout + done.stderr

    signed = bench.theirs("sign", "key", "--private_key", private, "--allow_symlinks")
    assert signed.returncode == 0

    assert bench.ours("verify", "--key", public).code == 0


@pytest.mark.parametrize("change", ["a.txt", "config.json"])
def test_both_refuse_what_was_changed(change: str, bench: Bench) -> None:
    bench.ours("sign", "--key", bench.folder / "ada.key")
    (bench.model / change).write_bytes(b"other")
    public = bench.folder / "ada.pub"

    assert bench.theirs("verify", "key", "--public_key", public).returncode != 0
    assert bench.ours("verify", "--key", public).code == 5


def test_both_refuse_the_key_of_somebody_else(bench: Bench) -> None:
    bench.ours("sign", "--key", bench.folder / "ada.key")
    other = bench.folder / "ada-p384.pub"

    assert bench.theirs("verify", "key", "--public_key", other).returncode != 0
    assert bench.ours("verify", "--key", other).code == 5


# Their library states no types.
hash_config: Any = hashing.Config
sign_config: Any = signing.Config

HASHES = {
    "blake2b": hash_config().use_file_serialization(hashing_algorithm="blake2"),
    "blake3": hash_config().use_file_serialization(hashing_algorithm="blake3"),
    "parts of sha256": hash_config().use_shard_serialization(
        hashing_algorithm="sha256", shard_size=1000
    ),
    "parts of blake2b": hash_config().use_shard_serialization(
        hashing_algorithm="blake2", shard_size=100
    ),
}


@pytest.mark.parametrize("how", HASHES.values(), ids=HASHES)
def test_what_they_sign_with_other_hashes_and_in_parts_we_verify(
    how: Any,  # noqa: ANN401 - their library states no types
    bench: Bench,
) -> None:
    # Their command line cannot do this, but their library can.
    signer = sign_config().use_elliptic_key_signer(private_key=bench.folder / "ada.key")
    signer.set_hashing_config(how).sign(bench.model, bench.signature)
    public = bench.folder / "ada.pub"

    assert bench.ours("verify", "--key", public).code == 0
    (bench.model / "a" / "b.bin").write_bytes(bytes(range(256)) * 19 + b"x" * 256)
    assert bench.ours("verify", "--key", public).code == 5
