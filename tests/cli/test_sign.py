# SPDX-License-Identifier: Apache-2.0
"""``tiergate sign``: what is signed, what is refused, and that nothing is written then."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cli_fixtures
from builders_attestation import key
from cli_runner import run
from record_fixtures import DECIDED, SIGNED, Scene, a_scene, day, key_file


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a scene; tests change copies of it."""
    folder = tmp_path_factory.mktemp("scene")
    a_scene(folder)
    return folder


@pytest.fixture
def scene(made_once: Path, tmp_path: Path) -> Scene:
    """Return a scene of the test's own, with a decision and no record."""
    shutil.copytree(made_once, tmp_path / "own")
    own = Scene(tmp_path / "own")
    own.record.unlink()
    return own


def _sign(scene: Scene, what: Path, *options: object, name: str = "ada") -> Any:  # noqa: ANN401
    words = ("sign", what, "--key", key_file(scene.folder, name), "--output", scene.record)
    return run(*words, "--at", SIGNED, *options)


def _statement(record: Path) -> Any:  # noqa: ANN401 - JSON
    envelope = json.loads(record.read_bytes())["dsseEnvelope"]
    return json.loads(base64.b64decode(envelope["payload"]))


def test_every_file_is_a_subject_and_the_whole_is_one_too(scene: Scene) -> None:
    done = _sign(scene, scene.decision)

    subjects = {s["name"]: s["digest"] for s in _statement(scene.record)["subject"]}
    document = json.loads(scene.decision.read_text())
    files = {f["path"]: f["sha256"] for f in document["checkpoint"]["files"]}
    assert 0 == done.code
    assert files == {n: f"sha256:{d['sha256']}" for n, d in subjects.items() if "sha256" in d}
    root = document["decision"]["root_digest"].removeprefix("sha256:")
    assert {"tiergateRootDigest": root} == subjects["urn:tiergate:checkpoint"]


PLACES = {
    "beside the weights": ("record.json", 4),
    "in the store, which is no part of the checkpoint": (".tiergate/record.json", 0),
    "beside the folder": ("../record.json", 0),
}


@pytest.mark.parametrize("case", PLACES)
def test_a_record_is_not_put_among_the_files_that_it_is_about(case: str, scene: Scene) -> None:
    place, code = PLACES[case]
    output = scene.model / place

    words = ("sign", scene.decision, "--key", key_file(scene.folder, "ada"), "--at", SIGNED)

    done = run(*words, "--output", output)

    assert (code, code == 0) == (done.code, output.exists())
    assert (code == 4) == ("found a place within the checkpoint" in done.err)


def test_the_record_holds_what_check_printed(scene: Scene) -> None:
    _sign(scene, scene.decision)

    predicate = _statement(scene.record)["predicate"]
    document = json.loads(scene.decision.read_text())
    assert document["decision"] == predicate["decision"]
    assert document["inputs"] == predicate["inputs"]
    assert SIGNED == predicate["made_at"]
    assert DECIDED < predicate["valid_until"]


def test_the_tensors_are_a_subject_when_they_were_digested(scene: Scene) -> None:
    scene.decide("--tier", "T1", "--weights-digest")
    _sign(scene, scene.decision)

    whole = next(
        s for s in _statement(scene.record)["subject"] if s["name"] == "urn:tiergate:checkpoint"
    )
    assert {"tiergateRootDigest", "tiergateWeightsDigest"} == set(whole["digest"])


def test_no_path_of_this_machine_is_signed(scene: Scene) -> None:
    _sign(scene, scene.decision)

    assert str(scene.folder) not in json.dumps(_statement(scene.record))


def test_a_second_signature_is_over_the_same_bytes(scene: Scene, tmp_path: Path) -> None:
    _sign(scene, scene.decision)
    words = ("--key", key_file(scene.folder, "bea-ed25519"), "--output", tmp_path / "two.json")

    done = run("sign", scene.record, *words, "--json")

    one, two = (json.loads(p.read_bytes()) for p in (scene.record, tmp_path / "two.json"))
    assert 0 == done.code
    assert [key(n).public.key_id for n in ("ada", "bea-ed25519")] == done.json["record"]["key_ids"]
    assert one["dsseEnvelope"]["payload"] == two["dsseEnvelope"]["payload"]
    assert one["dsseEnvelope"]["signatures"] == two["dsseEnvelope"]["signatures"][:1]


def test_the_same_decision_signed_at_the_same_time_is_the_same_payload(
    scene: Scene, tmp_path: Path
) -> None:
    _sign(scene, scene.decision)
    first = _statement(scene.record)
    scene.record.unlink()
    _sign(scene, scene.decision, name="bea-ed25519")

    assert first == _statement(scene.record)


def _waived(scene: Scene) -> None:
    root = json.loads(scene.decision.read_text())["decision"]["root_digest"]
    waivers = scene.folder / "waivers.yaml"
    waivers.write_text(
        "format: tiergate-waivers/1\nwaivers:\n- requirement: E01\n"
        f"  root_digest: {root}\n  highest_tier: T1\n  issued_at: '{day(0)}'\n"
        f"  expires_at: '{day(30)}'\n  by: Ada\n  reason: late\n"
    )
    shutil.rmtree(scene.store)
    scene.decide("--tier", "T1", "--unsafe-unsigned-waiver", waivers)


def test_a_waiver_that_counted_ends_the_record_with_it(scene: Scene) -> None:
    _waived(scene)

    done = _sign(scene, scene.decision)

    assert (0, True) == (done.code, "waived" in done.out)
    assert day(30) == _statement(scene.record)["predicate"]["valid_until"]


def _edited(scene: Scene, change: Callable[[Any], object]) -> Path:
    document = json.loads(scene.decision.read_text())
    change(document)
    scene.decision.write_text(json.dumps(document))
    return scene.decision


REFUSED: dict[str, tuple[Callable[[Scene], object], int, str]] = {
    "no file": (lambda s: s.decision.unlink(), 4, "no file"),
    "no JSON": (lambda s: s.decision.write_text("hello"), 4, "broken JSON"),
    "another document": (lambda s: s.decision.write_text("{}"), 4, "format 'none'"),
    "a field twice": (
        lambda s: s.decision.write_text(
            s.decision.read_text().replace('"decision":', '"decision": {}, "decision":')
        ),
        5,
        "the field 'decision' twice",
    ),
    "a decision with a field that nobody knows": (
        lambda s: _edited(s, lambda d: d["decision"].update(more=1)),
        4,
        "decision.more",
    ),
    "a decision about a name": (
        lambda s: s.decide("--without-weights"),
        4,
        "a decision about a name",
    ),
    "a decision whose digests nobody computed now": (
        lambda s: _edited(s, lambda d: d.update(digests_from_cache=True)),
        4,
        "Run tiergate check again without --cache.",
    ),
    "a decision about other files than it lists": (
        lambda s: _edited(s, lambda d: d["checkpoint"]["files"].pop()),
        4,
        "files of which the root digest is",
    ),
    "a decision for a time to come": (
        lambda s: s.decide("--at", day(9)),
        4,
        "Sign it when its time has come.",
    ),
    "a decision that has lapsed": (
        lambda s: s.decide("--at", day(-200)),
        4,
        "Run tiergate check again, and sign what it decides.",
    ),
    "a record that is there already": (
        lambda s: s.record.write_text("precious"),
        4,
        "something that is there already",
    ),
    "a folder that is not there": (
        lambda s: setattr(s, "record", s.folder / "none" / "r.json"),
        4,
        "No such file or directory",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_nobody_should_sign_is_refused_and_nothing_is_written(case: str, scene: Scene) -> None:
    change, code, expected = REFUSED[case]
    change(scene)
    key_file(scene.folder, "ada")
    before = {p: p.read_bytes() for p in scene.folder.rglob("*") if p.is_file()}

    done = _sign(scene, scene.decision)

    assert (code, True) == (done.code, expected in done.err)
    assert before == {p: p.read_bytes() for p in scene.folder.rglob("*") if p.is_file()}


def test_a_key_does_not_sign_a_record_twice(scene: Scene, tmp_path: Path) -> None:
    _sign(scene, scene.decision)
    words = ("--key", key_file(scene.folder, "ada"), "--output", tmp_path / "two.json")

    done = run("sign", scene.record, *words)

    assert (4, True) == (done.code, "a signature of this key already" in done.err)
    assert not (tmp_path / "two.json").exists()


def test_a_bundle_of_something_else_is_not_signed_as_a_record(scene: Scene) -> None:
    _sign(scene, scene.decision)
    scene.resigned(lambda s: s.update(predicateType="https://example.org/x"))
    words = ("--key", key_file(scene.folder, "ada"), "--output", scene.folder / "two.json")

    done = run("sign", scene.record, *words)

    assert (5, True) == (done.code, "a statement of type" in done.err)


def _also(scene: Scene, *kinds: str) -> Any:  # noqa: ANN401 - a Run
    return _sign(scene, scene.decision, *(word for kind in kinds for word in ("--also", kind)))


def test_summaries_for_other_tools_name_the_record_and_its_subjects(scene: Scene) -> None:
    done = _also(scene, "vsa", "svr", "vsa")

    record = _statement(scene.record)
    digest = {"sha256": hashlib.sha256(scene.record.read_bytes()).hexdigest()}
    vsa = _statement(scene.folder / "record.vsa.json")
    svr = _statement(scene.folder / "record.svr.json")
    assert (0, 2) == (done.code, done.out.count("  also "))
    assert record["subject"] == vsa["subject"] == svr["subject"]
    assert digest == vsa["predicate"]["inputAttestations"][0]["digest"]
    assert digest == svr["predicate"]["https://tiergate.dev/record"]["digest"]


def test_the_slsa_summary_says_the_tier_and_all_that_it_rests_on(scene: Scene) -> None:
    _also(scene, "vsa")

    statement = _statement(scene.folder / "record.vsa.json")
    predicate = statement["predicate"]
    decision = _statement(scene.record)["predicate"]["decision"]
    assert "https://slsa.dev/verification_summary/v1" == statement["predicateType"]
    assert "PASSED" == predicate["verificationResult"]
    assert ["TIERGATE_TIER_T5"] == predicate["verifiedLevels"]
    assert DECIDED == predicate["timeVerified"]
    inputs = [f"sha256:{entry['digest']['sha256']}" for entry in predicate["inputAttestations"]]
    assert decision["used"] == inputs[1:]
    digest = f"sha256:{predicate['policy']['digest']['sha256']}"
    assert decision["policy_digest"] == digest


def test_the_in_toto_result_says_what_is_met(scene: Scene) -> None:
    _also(scene, "svr")

    statement = _statement(scene.folder / "record.svr.json")
    assert "https://in-toto.io/attestation/svr/v0.2" == statement["predicateType"]
    assert [
        "TIERGATE_MET_CYBER",
        "TIERGATE_MET_E01",
        "TIERGATE_MET_FILES",
        "TIERGATE_TIER_T1",
        "TIERGATE_TIER_T5",
    ] == statement["predicate"]["properties"]
    assert 1 == len(statement["predicate"]["verifier"]["policies"])


PASSED: dict[str, tuple[tuple[str, ...], bool, str, list[str]]] = {
    "a tier that is met": (("--tier", "T1"), True, "PASSED", ["TIERGATE_TIER_T5"]),
    "no tier asked for, and one supported": ((), True, "PASSED", ["TIERGATE_TIER_T5"]),
    "a tier that is undetermined": (("--tier", "T1"), False, "FAILED", ["FAILED"]),
    "no tier asked for, and none supported": ((), False, "FAILED", ["FAILED"]),
}


@pytest.mark.parametrize("case", PASSED)
def test_a_tool_that_knows_two_outcomes_is_told_no_unless_it_is_a_yes(
    case: str, scene: Scene
) -> None:
    options, with_evidence, result, levels = PASSED[case]
    if not with_evidence:
        shutil.rmtree(scene.store)
    scene.decide(*options)

    _also(scene, "vsa")

    predicate = _statement(scene.folder / "record.vsa.json")["predicate"]
    assert (result, levels) == (predicate["verificationResult"], predicate["verifiedLevels"])


def test_a_tier_that_was_asked_for_and_not_reached_is_a_no_whatever_is_supported(
    scene: Scene,
) -> None:
    shutil.rmtree(scene.store)
    cli_fixtures.claim(scene.model, scene.policy, "E01", "training_flop=1")
    scene.decide("--tier", "T5")

    _also(scene, "vsa")

    predicate = _statement(scene.folder / "record.vsa.json")["predicate"]
    assert "T1" == _statement(scene.record)["predicate"]["decision"]["supported"]
    assert "FAILED" == predicate["verificationResult"]


def test_what_is_met_by_a_waiver_alone_is_no_property(scene: Scene) -> None:
    _waived(scene)

    _also(scene, "svr", "vsa")

    svr = _statement(scene.folder / "record.svr.json")["predicate"]
    vsa = _statement(scene.folder / "record.vsa.json")["predicate"]
    assert ["TIERGATE_TIER_T1"] == svr["properties"]
    assert ["E01"] == svr["https://tiergate.dev/waived"] == vsa["https://tiergate.dev/waived"]


def test_a_summary_is_not_taken_for_a_record(scene: Scene) -> None:
    _also(scene, "vsa")

    done = run("verify", scene.folder / "record.vsa.json", "--trust", scene.trust)

    assert (5, True) == (done.code, "a statement of type" in done.err)


def test_nothing_is_written_when_a_summary_is_there_already(scene: Scene) -> None:
    (scene.folder / "record.svr.json").write_text("precious")

    done = _also(scene, "svr")

    assert (4, False) == (done.code, scene.record.exists())
    assert "precious" == (scene.folder / "record.svr.json").read_text()
