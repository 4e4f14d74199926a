# SPDX-License-Identifier: Apache-2.0
"""Records against the Sigstore verifier for JavaScript, with a bare key."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders_attestation import envelope, key
from tiergate.attestation.bundle import write_bundle

pytestmark = pytest.mark.foreign

MODULES = Path(__file__).parents[2] / ".venv-tools" / "sigstore" / "node_modules"
PROGRAM = Path(__file__).with_name("verify_with_sigstore.js")


def _verify(folder: Path, bundle: bytes, name: str) -> str:
    """Return what the verifier says."""
    assert MODULES.exists(), "the Sigstore verifier is not installed: run make foreign"
    (folder / "record.json").write_bytes(bundle)
    (folder / "key.pub").write_text(key(name).public.pem)
    words = ["node", PROGRAM, MODULES, folder / "record.json", folder / "key.pub"]
    done = subprocess.run([*map(str, words)], capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == (done.stdout == "verified\n"), done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("name", ["ada", "bea-ed25519"])
def test_a_record_with_one_signature_is_verified(name: str, tmp_path: Path) -> None:
    assert "verified" == _verify(tmp_path, write_bundle(envelope(name)), name)


def _payload(document: Any) -> None:  # noqa: ANN401 - JSON
    document["dsseEnvelope"]["payload"] = base64.b64encode(b"{}").decode()


def _type(document: Any) -> None:  # noqa: ANN401 - JSON
    document["dsseEnvelope"]["payloadType"] = "text/plain"


CHANGES: dict[str, Callable[[Any], None]] = {"another payload": _payload, "another type": _type}


@pytest.mark.parametrize("case", CHANGES)
def test_a_record_that_was_changed_is_refused(case: str, tmp_path: Path) -> None:
    document = json.loads(write_bundle(envelope("ada")))
    CHANGES[case](document)

    assert "SIGNATURE_ERROR" == _verify(tmp_path, json.dumps(document).encode(), "ada")


def test_another_key_is_refused(tmp_path: Path) -> None:
    assert "SIGNATURE_ERROR" == _verify(tmp_path, write_bundle(envelope("ada")), "eve")


def test_several_signatures_are_ours_alone_to_read(tmp_path: Path) -> None:
    bundle = write_bundle(envelope("ada", "spare"))

    assert "verified" != _verify(tmp_path, bundle, "ada")
