# SPDX-License-Identifier: Apache-2.0
"""The verifier in the documentation, which imports nothing of ours, agrees with ours."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders_attestation import key
from record_fixtures import Scene, a_scene, day

VERIFIER = Path(__file__).parents[2] / "docs" / "verify_record.py"


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a scene; tests change copies of it."""
    folder = tmp_path_factory.mktemp("scene")
    a_scene(folder)
    return folder


@pytest.fixture
def scene(made_once: Path, tmp_path: Path) -> Scene:
    """Return a scene of the test's own."""
    shutil.copytree(made_once, tmp_path / "own")
    return Scene(tmp_path / "own")


def _verify(scene: Scene, name: str = "ada") -> Any:  # noqa: ANN401 - a finished process
    public = scene.folder / f"{name}.pub"
    public.write_text(key(name).public.pem)
    # Without the site's packages: nothing but the standard library can be imported.
    words = [VERIFIER, scene.record, public, scene.model]
    command = [sys.executable, "-I", "-S", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_it_is_short_enough_to_read_and_imports_the_standard_library_alone() -> None:
    source = VERIFIER.read_text(encoding="utf-8")

    names = {
        alias.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert names <= set(sys.stdlib_module_names)
    assert 60 >= len([line for line in source.splitlines() if line.strip()])


@pytest.mark.parametrize("name", ["ada", "bea-ed25519"])
def test_it_verifies_a_record_of_either_kind_of_key(name: str, scene: Scene) -> None:
    scene.record.unlink()
    scene.signed(name)

    done = _verify(scene, name)

    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.startswith("T5 supported")


def test_it_finds_its_key_among_several_signatures(scene: Scene) -> None:
    scene.record.unlink()
    scene.signed("spare", "ada")

    assert 0 == _verify(scene).returncode


def _append(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b" ")


def _lapsed(statement: Any) -> None:  # noqa: ANN401 - JSON
    statement["predicate"]["valid_until"] = day(-1)


def _other_kind(statement: Any) -> None:  # noqa: ANN401 - JSON
    statement["predicateType"] = "https://example.org/x"


def _payload_type(scene: Scene) -> None:
    document = json.loads(scene.record.read_bytes())
    document["dsseEnvelope"]["payloadType"] = "text/plain"
    scene.record.write_text(json.dumps(document))


FAILS: dict[str, tuple[Callable[[Scene], object], str]] = {
    "a signature of another key": (
        lambda s: s.resigned(lambda _: None, "eve"),
        "no signature of this key",
    ),
    "another payload type": (_payload_type, "no signature of this key"),
    "a statement of another kind": (lambda s: s.resigned(_other_kind), "statement type"),
    "a decision that has lapsed": (lambda s: s.resigned(_lapsed), "lapsed at"),
    "a field twice": (
        lambda s: s.record.write_text(
            s.record.read_text().replace('"payload":', '"payload": "", "payload":')
        ),
        "a field twice",
    ),
    "a changed file": (
        lambda s: _append(s.model / "model.safetensors"),
        "changed: model.safetensors",
    ),
    "a missing file": (
        lambda s: (s.model / "config.json").unlink(),
        "missing or added: config.json",
    ),
    "an added file": (
        lambda s: (s.model / "x.py").write_text(""),
        "missing or added: x.py",
    ),
}


@pytest.mark.parametrize("case", FAILS)
def test_it_refuses_what_does_not_hold(case: str, scene: Scene) -> None:
    change, expected = FAILS[case]
    change(scene)

    done = _verify(scene)

    assert 1 == done.returncode
    assert expected in done.stderr
