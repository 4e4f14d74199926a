# SPDX-License-Identifier: Apache-2.0
"""``tiergate keys``: made once, for their owner, and shown as a trust file needs them."""

from __future__ import annotations

import io
import stat
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from cli_runner import run
from tiergate.attestation.keys import is_encrypted
from tiergate.cli.key_files import PASSPHRASE_VARIABLE

PASSPHRASE = "correct horse"  # noqa: S105 - of keys that tests make


@pytest.fixture(autouse=True)
def no_passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the passphrase out of the environment, if there is one."""
    monkeypatch.delenv(PASSPHRASE_VARIABLE, raising=False)


@pytest.mark.parametrize("algorithm", ["ecdsa-p256", "ed25519"])
def test_a_key_is_made_encrypted_for_its_owner_alone(
    algorithm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)

    done = run("keys", "generate", tmp_path / "a.key", "--algorithm", algorithm, "--json")

    private, public = tmp_path / "a.key", tmp_path / "a.pub"
    assert (0, algorithm) == (done.code, done.json["algorithm"])
    assert 0o600 == stat.S_IMODE(private.stat().st_mode)
    assert is_encrypted(private.read_bytes())
    assert public.read_text() == done.json["public_key"]
    assert done.json == run("keys", "show", public, "--json").json
    assert done.json == run("keys", "show", private, "--json").json


def test_openssl_reads_the_key_with_its_passphrase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
    run("keys", "generate", tmp_path / "a.key")

    path = str(tmp_path / "a.key")
    command = ["openssl", "pkey", "-in", path, "-passin", f"pass:{PASSPHRASE}"]
    done = subprocess.run([*command, "-pubout"], capture_output=True, text=True, check=True)

    assert (tmp_path / "a.pub").read_text() == done.stdout


def test_a_key_without_a_passphrase_has_to_be_asked_for_by_name(tmp_path: Path) -> None:
    refused = run("keys", "generate", tmp_path / "a.key")
    made = run("keys", "generate", tmp_path / "a.key", "--unsafe-no-passphrase")

    assert (4, True) == (refused.code, PASSPHRASE_VARIABLE in refused.err)
    assert (0, False) == (made.code, is_encrypted((tmp_path / "a.key").read_bytes()))


@pytest.mark.parametrize("there", ["a.key", "a.pub"])
def test_nothing_is_written_over_and_nothing_is_written_beside_it(
    there: str, tmp_path: Path
) -> None:
    (tmp_path / there).write_text("precious")

    done = run("keys", "generate", tmp_path / "a.key", "--unsafe-no-passphrase")

    assert (4, True) == (done.code, "something that is there already" in done.err)
    assert {there: "precious"} == {p.name: p.read_text() for p in tmp_path.iterdir()}


def test_the_public_half_of_a_key_with_another_ending_is_named_after_it(tmp_path: Path) -> None:
    run("keys", "generate", tmp_path / "signing", "--unsafe-no-passphrase")

    assert {"signing", "signing.pub"} == {path.name for path in tmp_path.iterdir()}


def test_what_is_shown_fits_into_a_trust_file(tmp_path: Path) -> None:
    shown = run("keys", "generate", tmp_path / "a.key", "--unsafe-no-passphrase").out
    rest = """\
  person: Ada Example
  organisation: Lab
  roles: [auditor]
  valid_from: "2026-01-01T00:00:00Z"
  valid_until: "2027-01-01T00:00:00Z"
"""
    trust = tmp_path / "trust.yaml"
    trust.write_text(f"format: tiergate-trust/1\nsigned_by: [auditor]\nkeys:\n{shown}{rest}")

    done = run("verify", tmp_path / "none.json", "--trust", trust)

    assert "none.json" in done.err
    assert "trust.yaml" not in done.err


class _Terminal(io.StringIO):
    """Standard input of somebody who sits at a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_passphrase_can_be_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", _Terminal())
    with patch("click.termui.hidden_prompt_func", return_value=PASSPHRASE):
        made = run("keys", "generate", tmp_path / "a.key")
        shown = run("keys", "show", tmp_path / "a.key")

    assert (0, 0) == (made.code, shown.code)
    assert made.out == shown.out
    assert is_encrypted((tmp_path / "a.key").read_bytes())


NO_KEYS = {
    "no such file": (None, "no key (No such file or directory)"),
    "no key": (b"hello", "no blocks of PEM"),
    "a large file": (b"x" * 20_000, "more than 16384 bytes"),
}


@pytest.mark.parametrize("case", NO_KEYS)
def test_what_is_no_key_is_unusable(case: str, tmp_path: Path) -> None:
    content, expected = NO_KEYS[case]
    if content is not None:
        (tmp_path / "a.key").write_bytes(content)

    done = run("keys", "show", tmp_path / "a.key")

    assert (4, True) == (done.code, expected in done.err)


def test_a_key_that_needs_a_passphrase_is_not_opened_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as during:
        during.setenv(PASSPHRASE_VARIABLE, PASSPHRASE)
        run("keys", "generate", tmp_path / "a.key")

    done = run("keys", "show", tmp_path / "a.key")

    assert (4, True) == (done.code, "an encrypted key and no passphrase" in done.err)
