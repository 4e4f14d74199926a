# SPDX-License-Identifier: Apache-2.0
"""Keys on a token wherever ``--key`` is taken, each command in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from builders_attestation import key
from builders_token import MODULE, PIN, import_key, needs_token, new_token
from cli_runner import run
from record_fixtures import NOW, SIGNED, Scene, a_scene

pytestmark = needs_token


class Token:
    """A token with one key, the one that the trust file of a scene believes."""

    def __init__(self, folder: Path) -> None:
        """Make it."""
        self.configuration = new_token(folder)
        import_key(folder, 1, key("ada"))
        self.uri = f"pkcs11:token=release;id=%01?module-path={MODULE}"

    def run(self, *words: object, pin: str = PIN) -> subprocess.CompletedProcess[str]:
        """Run ``tiergate`` with the token within reach."""
        environment = {
            **os.environ,
            "SOFTHSM2_CONF": str(self.configuration),
            "TIERGATE_KEY_PIN": pin,
        }
        command = [sys.executable, "-m", "tiergate", *map(str, words)]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            env=environment,
            stdin=subprocess.DEVNULL,
        )


@pytest.fixture
def token(tmp_path: Path) -> Token:
    folder = tmp_path / "token"
    folder.mkdir()
    return Token(folder)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return a_scene(tmp_path)


def test_a_record_that_a_token_signed_is_verified_like_any_other(
    token: Token, scene: Scene
) -> None:
    scene.record.unlink()
    words = ("sign", scene.decision, "--output", scene.record, "--at", SIGNED)

    done = token.run(*words, "--key", token.uri)

    assert done.returncode == 0, done.stderr
    assert f"Signed with {key('ada').public.key_id}." in done.stdout
    verified = run("verify", scene.record, scene.model, "--trust", scene.trust, "--at", NOW)
    assert verified.code == 0, verified.out


def test_a_model_that_a_token_signed_is_verified_like_any_other(
    token: Token, scene: Scene, tmp_path: Path
) -> None:
    signature = tmp_path / "model.sig"

    done = token.run(
        *("model-signature", "sign", scene.model, "--key", token.uri, "--output", signature)
    )

    assert done.returncode == 0, done.stderr
    (tmp_path / "ada.pub").write_text(key("ada").public.pem)
    words = ("--signature", signature, "--key", tmp_path / "ada.pub")
    assert run("model-signature", "verify", scene.model, *words).code == 0
    again = token.run(
        *("model-signature", "verify", scene.model, "--signature", signature, "--key", token.uri)
    )
    assert again.returncode == 0, again.stderr


def test_the_public_half_of_a_key_on_a_token_is_shown(token: Token) -> None:
    done = token.run("keys", "show", token.uri)

    assert f"- key_id: {key('ada').public.key_id}" in done.stdout


@pytest.mark.parametrize("pin", ["9999", ""])
def test_without_its_pin_a_token_signs_nothing(pin: str, token: Token, scene: Scene) -> None:
    scene.record.unlink()
    words = ("sign", scene.decision, "--output", scene.record, "--at", SIGNED)

    done = token.run(*words, "--key", token.uri, pin=pin)

    assert done.returncode == 6
    assert "Check the URI, the PIN" in done.stderr
    assert not scene.record.exists()
