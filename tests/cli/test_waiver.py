# SPDX-License-Identifier: Apache-2.0
"""``tiergate waiver sign`` and ``--waiver``: an exception that somebody answers for."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders_attestation import key
from cli_runner import run
from record_fixtures import DECIDED, Scene, a_scene, day, key_file, trust_file, trusted


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a scene in which a claim is missing; tests change copies of it."""
    scene = a_scene(tmp_path_factory.mktemp("scene"))
    root = json.loads(scene.decision.read_text())["decision"]["root_digest"]
    shutil.rmtree(scene.store)
    scene.record.unlink()
    _plain(scene).write_text(
        "format: tiergate-waivers/1\nwaivers:\n- requirement: E01\n"
        f"  root_digest: {root}\n  highest_tier: T1\n  issued_at: '{day(0)}'\n"
        f"  expires_at: '{day(30)}'\n  by: Bob\n  reason: late\n"
    )
    bob = trusted("bob", "safety lead", person="Bob")
    trust_file(scene.trust, bob, trusted("ada"))
    return scene.folder


@pytest.fixture
def scene(made_once: Path, tmp_path: Path) -> Scene:
    """Return a scene of the test's own."""
    shutil.copytree(made_once, tmp_path / "own")
    return Scene(tmp_path / "own")


def _plain(scene: Scene) -> Path:
    return scene.folder / "waivers.yaml"


def _signed(scene: Scene) -> Path:
    return scene.folder / "waivers.json"


def _sign(scene: Scene, *options: object, name: str = "bob") -> Any:  # noqa: ANN401 - a Run
    words = ("--key", key_file(scene.folder, name), "--output", _signed(scene), "--at", day(0))
    return run("waiver", "sign", _plain(scene), *words, *options)


def _check(scene: Scene, *options: object) -> Any:  # noqa: ANN401 - a Run
    words = ("check", scene.model, "--policy", scene.policy, "--at", DECIDED, "--tier", "T1")
    return run(*words, *options)


def test_a_signed_waiver_counts_and_shows_who_signed(scene: Scene) -> None:
    _sign(scene)

    done = _check(scene, "--trust", scene.trust, "--waiver", _signed(scene))

    assert 0 == done.code
    assert "WAIVED E01 by Bob" in done.flat
    assert "(signed by Bob of Lab (safety lead), up to T1)" in done.flat


def test_an_unsigned_waiver_counts_without_a_trust_file_and_is_called_unsigned(
    scene: Scene,
) -> None:
    done = _check(scene, "--unsafe-unsigned-waiver", _plain(scene))

    assert (0, True) == (done.code, "(unsigned, up to T1)" in done.flat)


def _by_somebody_else(scene: Scene) -> tuple[object, ...]:
    _sign(scene, name="mallory")
    return ("--trust", scene.trust, "--waiver", _signed(scene))


def _by_an_evaluator(scene: Scene) -> tuple[object, ...]:
    _sign(scene)
    bob = trusted("bob", "safety lead, evaluator", person="Bob")
    trust_file(scene.trust, bob, trusted("ada"))
    return ("--trust", scene.trust, "--waiver", _signed(scene))


def _untrusted(scene: Scene) -> tuple[object, ...]:
    _sign(scene)
    return ("--waiver", _signed(scene))


def _edited(scene: Scene) -> tuple[object, ...]:
    _sign(scene)
    content = json.loads(_signed(scene).read_text())
    payload = content["dsseEnvelope"]["payload"]
    content["dsseEnvelope"]["payload"] = payload[:-8] + "AAAAAAA="
    _signed(scene).write_text(json.dumps(content))
    return ("--trust", scene.trust, "--waiver", _signed(scene))


WITHOUT_EFFECT: dict[str, tuple[Callable[[Scene], tuple[object, ...]], str]] = {
    "an unsigned file where signatures are asked for": (
        lambda s: ("--trust", s.trust, "--unsafe-unsigned-waiver", _plain(s)),
        "it is unsigned, and --trust asks for a signature",
    ),
    "an unsigned file that is called signed": (
        lambda s: ("--trust", s.trust, "--waiver", _plain(s)),
        "broken JSON",
    ),
    "a signature where nobody is believed": (_untrusted, "give it with --trust"),
    "a signature of somebody whom nobody knows": (_by_somebody_else, "no key of the trust file"),
    "a signature of who may vouch for evidence": (_by_an_evaluator, "vouches for evidence"),
    "a file that was changed afterwards": (_edited, "waivers.json"),
}


@pytest.mark.parametrize("case", WITHOUT_EFFECT)
def test_a_waiver_has_no_effect_and_shows_with(case: str, scene: Scene) -> None:
    given, expected = WITHOUT_EFFECT[case]
    options = given(scene)

    done, document = _check(scene, *options), _check(scene, *options, "--json").json

    assert (3, True) == (done.code, "WAIVER WITHOUT EFFECT" in done.out)
    assert expected in done.flat
    assert ([], 1) == (document["decision"]["waivers"], len(document["waivers_refused"]))


def _instead(old: str, new: str) -> Callable[[Scene], tuple[object, ...]]:
    def given(scene: Scene) -> tuple[object, ...]:
        plain = _plain(scene)
        plain.write_text(plain.read_text().replace(old, new))
        return ("--unsafe-unsigned-waiver", plain)

    return given


def _signed_with_a_mistype(scene: Scene) -> tuple[object, ...]:
    _instead("requirement: E01", "requirement: E10")(scene)
    _sign(scene)
    return ("--trust", scene.trust, "--waiver", _signed(scene))


def _of_another_checkpoint(scene: Scene) -> tuple[object, ...]:
    plain = _plain(scene)
    plain.write_text(re.sub(r"sha256:[0-9a-f]{64}", f"sha256:{64 * '0'}", plain.read_text()))
    return ("--unsafe-unsigned-waiver", plain)


IDLE: dict[str, tuple[Callable[[Scene], tuple[object, ...]], str]] = {
    "for a requirement with a letter too few": (
        _instead("requirement: E01", "requirement: E0"),
        "has no such requirement; did you mean E01?",
    ),
    "signed, and for a requirement that is not there": (
        _signed_with_a_mistype,
        "waivers.json: policy small has no such requirement",
    ),
    "for what nobody may waive": (
        _instead("requirement: E01", "requirement: FILES"),
        "lets nobody waive it",
    ),
    "for another checkpoint": (
        _of_another_checkpoint,
        "it is for another checkpoint, sha256:000000",
    ),
    "that counts only later": (
        _instead(f"issued_at: '{day(0)}", f"issued_at: '{day(20)}"),
        "alone",
    ),
    "for longer than the policy allows": (_instead(day(30), day(3000)), "it is for longer than"),
}


@pytest.mark.parametrize("case", IDLE)
def test_a_waiver_that_counts_and_stands_in_for_nothing_is_shown_with_the_reason(
    case: str, scene: Scene
) -> None:
    given, expected = IDLE[case]

    done = _check(scene, *given(scene))

    assert (3, True) == (done.code, "WAIVER WITHOUT EFFECT" in done.out)
    assert expected in done.flat


def test_a_waiver_that_counts_is_not_called_without_effect(scene: Scene) -> None:
    assert "WITHOUT EFFECT" not in _check(scene, "--unsafe-unsigned-waiver", _plain(scene)).out


def test_a_waiver_without_effect_is_in_the_report(scene: Scene) -> None:
    page = scene.folder / "report.html"
    words = ("report", scene.model, "--policy", scene.policy, "--at", DECIDED, "-o", page)

    run(*words, "--trust", scene.trust, "--unsafe-unsigned-waiver", _plain(scene))

    assert "waiver without effect: E01" in page.read_text()


def test_a_policy_says_who_may_waive(scene: Scene) -> None:
    _sign(scene)
    text = scene.policy.read_text()
    scene.policy.write_text(text.replace("waivers: {", "waivers: {roles: [legal], "))

    done = _check(scene, "--trust", scene.trust, "--waiver", _signed(scene))

    assert (3, True) == (done.code, "who is safety lead, and legal may waive" in done.flat)


REFUSED: dict[str, tuple[Callable[[Scene], object], int, str]] = {
    "no file": (lambda s: _plain(s).unlink(), 4, "waivers.yaml"),
    "a file with a mistake": (
        lambda s: _plain(s).write_text(_plain(s).read_text().replace("E01", "''")),
        4,
        "requirement",
    ),
    "a file that is there already": (lambda s: _signed(s).write_text(""), 4, "there already"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_nothing_is_signed_with(case: str, scene: Scene) -> None:
    change, code, expected = REFUSED[case]
    change(scene)
    before = sorted(scene.folder.iterdir())

    done = _sign(scene)

    assert (code, True) == (done.code, expected in done.err)
    assert set(before) >= {p for p in scene.folder.iterdir() if p.suffix == ".json"}


def test_a_signed_waiver_that_is_not_there_is_an_error(scene: Scene) -> None:
    done = _check(scene, "--trust", scene.trust, "--waiver", scene.folder / "none.json")

    assert (4, True) == (done.code, "no file" in done.err)


def test_what_was_signed_is_printed_for_programs(scene: Scene) -> None:
    document = _sign(scene, "--json").json

    assert (["E01"], key("bob").public.key_id) == (document["requirements"], document["key_id"])


def test_what_was_signed_is_printed(scene: Scene) -> None:
    done = _sign(scene)

    assert "E01 up to T1" in done.flat
    assert key("bob").public.key_id in done.out


def _recorded(scene: Scene) -> None:
    _sign(scene)
    words = ("--trust", scene.trust, "--waiver", _signed(scene))
    scene.decision.write_text(_check(scene, *words, "--json").out)
    scene.signed()


def _replay(scene: Scene, *options: object) -> Any:  # noqa: ANN401 - a Run
    words = ("--policy", scene.policy, "--trust", scene.trust)
    return run("replay", scene.record, *words, *options)


def test_a_decision_that_rests_on_a_signed_waiver_is_computed_again(scene: Scene) -> None:
    _recorded(scene)

    done = _replay(scene, "--waiver", _signed(scene))

    assert (0, True) == (done.code, "byte for byte" in done.out)


def test_a_signed_waiver_that_is_missing_is_named(scene: Scene) -> None:
    _recorded(scene)

    done = _replay(scene)

    assert (4, True) == (done.code, "signed waivers with --waiver" in done.err)


def _more_time(statement: Any) -> None:  # noqa: ANN401 - JSON
    statement["predicate"]["decision"]["waivers"][0]["reason"] = "better"


def _unsigned(statement: Any) -> None:  # noqa: ANN401 - JSON
    waiver = statement["predicate"]["decision"]["waivers"][0]
    del waiver["signature"], waiver["signed_by"]


@pytest.mark.parametrize("change", [_more_time, _unsigned])
def test_a_record_whose_waiver_is_not_what_was_signed_differs(
    change: Callable[[Any], None], scene: Scene
) -> None:
    _recorded(scene)
    scene.resigned(change)

    done = _replay(scene, "--waiver", _signed(scene))

    assert (5, True) == (done.code, "differs: T1 E01: met in the record" in done.flat)
