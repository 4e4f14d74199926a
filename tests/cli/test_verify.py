# SPDX-License-Identifier: Apache-2.0
"""``tiergate verify``: what holds, and everything that does not, as tables of sentences."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders_attestation import key
from cli_runner import run
from record_fixtures import NOW, SIGNED, Scene, a_scene, day, trust_file, trusted
from tiergate.attestation.bundle import write_bundle
from tiergate.attestation.envelope import sign


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


def test_a_record_holds_in_an_empty_folder_with_trust_and_files_alone(
    scene: Scene, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    shutil.copytree(scene.model, elsewhere / "m", ignore=shutil.ignore_patterns(".tiergate"))
    shutil.copy(scene.record, elsewhere / "r.json")
    shutil.copy(scene.trust, elsewhere / "t.yaml")

    words = ("verify", elsewhere / "r.json", elsewhere / "m", "--trust", elsewhere / "t.yaml")
    done = run(*words, "--at", NOW)

    assert 0 == done.code
    assert "The record holds, and the files are those that it is about. Exit 0." in done.out


def test_without_files_it_is_said_that_none_were_compared(scene: Scene) -> None:
    done = scene.verify()

    assert (0, True) == (done.code, "No files were compared." in done.out)
    assert re.search(r"files +not done", done.out)


def test_the_document_says_the_same(scene: Scene) -> None:
    document = scene.verify(scene.model, "--json").json

    assert (True, 0) == (document["holds"], document["exit_code"])
    assert ["signatures", "times", "contents", "files"] == [c["name"] for c in document["checks"]]
    assert [key("ada").public.key_id] == document["record"]["key_ids"]


TIERS = {"met": ("T5", 0), "not in the policy": ("T3", 1)}


@pytest.mark.parametrize("case", TIERS)
def test_a_tier_that_is_asked_for_has_to_be_met_too(case: str, scene: Scene) -> None:
    tier, code = TIERS[case]

    assert code == scene.verify("--tier", tier).code


def test_a_tier_that_the_evidence_did_not_reach_is_not_passed_off(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.decide()
    scene.signed()

    plain, asked = scene.verify(), scene.verify("--tier", "T1")

    assert (0, 3) == (plain.code, asked.code)
    assert "The record holds, and does not say that T1 is met. Exit 3." in asked.out
    assert "the files are those" not in asked.out


def _flip(scene: Scene, name: str, position: int) -> None:
    data = bytearray((scene.model / name).read_bytes())
    data[position] ^= 1
    (scene.model / name).write_bytes(data)


def _flip_and_remove(scene: Scene) -> None:
    _flip(scene, "README.md", 0)
    (scene.model / "config.json").unlink()


def _remove_everything(scene: Scene) -> None:
    for path in [p for p in scene.model.iterdir() if p.is_file()]:
        path.unlink()


FILES: dict[str, tuple[Callable[[Scene], object], tuple[str, ...]]] = {
    "the last byte of a shard flipped": (
        lambda s: _flip(s, "model.safetensors", -1),
        ("changed: model.safetensors",),
    ),
    "the first byte of a shard flipped": (
        lambda s: _flip(s, "model.safetensors", 0),
        ("changed: model.safetensors",),
    ),
    "a file renamed": (
        lambda s: (s.model / "config.json").rename(s.model / "config2.json"),
        ("renamed: config.json -> config2.json",),
    ),
    "a file missing": (
        lambda s: (s.model / "config.json").unlink(),
        ("missing: config.json",),
    ),
    "a file more": (
        lambda s: (s.model / "modeling_x.py").write_text("pass"),
        ("not in the record: modeling_x.py",),
    ),
    "several of them at once": (
        _flip_and_remove,
        ("changed: README.md", "missing: config.json"),
    ),
    "everything gone": (
        _remove_everything,
        ("missing: config.json", "missing: model.safetensors"),
    ),
}


@pytest.mark.parametrize("case", FILES)
def test_files_that_differ_are_named(case: str, scene: Scene) -> None:
    change, expected = FILES[case]
    change(scene)

    done = scene.verify(scene.model)

    assert 5 == done.code
    assert [] == [words for words in expected if words not in done.out]
    assert "The record does not hold" in done.out


def test_a_digest_of_the_tensors_is_computed_again(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.decide("--weights-digest")
    scene.signed()
    right = scene.verify(scene.model)
    scene.resigned(_other_weights_digest)

    wrong = scene.verify(scene.model)

    assert 0 == right.code
    assert (5, True) == (wrong.code, "weights digest sha256:" in wrong.flat)


def _other_weights_digest(statement: Any) -> None:  # noqa: ANN401 - JSON
    other = "0" * 64
    statement["predicate"]["checkpoint"]["weights_digest"] = f"sha256:{other}"
    whole = next(s for s in statement["subject"] if s["name"].startswith("urn:"))
    whole["digest"]["tiergateWeightsDigest"] = other


def _trust(scene: Scene, *entries: str, signed_by: str = "release owner") -> None:
    trust_file(scene.trust, *entries, signed_by=signed_by)


def _both(scene: Scene) -> None:
    scene.record.unlink()
    scene.signed("ada", "spare")


def _two_keys(scene: Scene) -> None:
    _both(scene)
    spare = trusted("spare", "legal", person="Ada")
    _trust(scene, trusted("ada"), spare, signed_by="release owner, legal")


PEOPLE: dict[str, tuple[Callable[[Scene], object], str]] = {
    "the wrong key": (
        lambda s: _trust(s, trusted("eve")),
        "no key of the trust file made it",
    ),
    "the right key with the wrong role": (
        lambda s: _trust(s, trusted("ada", "auditor"), trusted("eve")),
        "nobody who counts signed as release owner",
    ),
    "a key that is valid only later": (
        lambda s: _trust(s, trusted("ada", valid_from=day(4))),
        "and the time of signing is before",
    ),
    "a key that is valid no longer": (
        lambda s: _trust(s, trusted("ada", valid_until=NOW)),
        "and now is later",
    ),
    "a key that was not valid when it signed": (
        lambda s: _trust(s, trusted("ada", valid_until=SIGNED)),
        "and the time of signing is later",
    ),
    "one person for two roles": (
        lambda s: _trust(
            s, trusted("ada", "release owner, legal"), signed_by="release owner, legal"
        ),
        "each role by a person of its own",
    ),
    "the same person with two keys for two roles": (
        _two_keys,
        "each role by a person of its own",
    ),
}


@pytest.mark.parametrize("case", PEOPLE)
def test_whoever_signed_does_not_suffice(case: str, scene: Scene) -> None:
    change, expected = PEOPLE[case]
    change(scene)

    done = scene.verify()

    assert (5, "") == (done.code, done.err)
    assert expected in done.flat


def test_two_people_for_two_roles_suffice(scene: Scene) -> None:
    _both(scene)
    _trust(scene, trusted("ada"), trusted("spare", "legal"), signed_by="release owner, legal")

    assert 0 == scene.verify(scene.model).code


def _payload(document: Any, change: Callable[[Any], object]) -> None:  # noqa: ANN401 - JSON
    statement = json.loads(base64.b64decode(document["dsseEnvelope"]["payload"]))
    change(statement)
    payload = base64.b64encode(json.dumps(statement).encode()).decode()
    document["dsseEnvelope"]["payload"] = payload


def _supports_more(statement: Any) -> None:  # noqa: ANN401 - JSON
    statement["predicate"]["decision"]["supported"] = "T6"


ENVELOPES: dict[str, tuple[Callable[[Any], object], str]] = {
    "one field of the payload edited": (
        lambda d: _payload(d, _supports_more),
        "it names the key of ada and does not hold",
    ),
    "the payload type swapped": (
        lambda d: d["dsseEnvelope"].update(payloadType="text/plain"),
        "a payload of type 'text/plain'",
    ),
    "the same signature twice, for two people": (
        lambda d: d["dsseEnvelope"].update(signatures=d["dsseEnvelope"]["signatures"] * 2),
        "",
    ),
    "a second payload": (
        lambda d: d.update(messageSignature={}),
        "an unknown field 'messageSignature'",
    ),
}


@pytest.mark.parametrize("case", ENVELOPES)
def test_an_envelope_that_was_changed_does_not_hold(case: str, scene: Scene) -> None:
    change, expected = ENVELOPES[case]
    document = json.loads(scene.record.read_bytes())
    change(document)
    scene.record.write_text(json.dumps(document))
    if not expected:
        _trust(scene, trusted("ada"), signed_by="release owner, release owner")
        expected = "does not count: the same key has signed already"

    done = scene.verify()

    assert 5 == done.code
    assert expected in " ".join((done.out + done.err).split())


def _predicate(*path: str, to: object) -> Callable[[Any], object]:
    def change(statement: Any) -> None:  # noqa: ANN401 - JSON
        place = statement["predicate"]
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = to

    return change


OTHER = f"sha256:{'0' * 64}"

STATEMENTS: dict[str, tuple[Callable[[Any], object], str]] = {
    "a subject of other weights": (
        lambda s: s["subject"][0]["digest"].update(sha256="0" * 64),
        "subject 'README.md' is not what the record says",
    ),
    "a subject left out": (
        lambda s: s["subject"].pop(0),
        "subject 'README.md' is not what the record says",
    ),
    "a decision about other weights": (
        _predicate("decision", "root_digest", to=OTHER),
        f"a decision about {OTHER}",
    ),
    "files of another root digest": (
        _predicate("checkpoint", "root_digest", to=OTHER),
        "files of which the root digest is",
    ),
    "a file with a role that does not exist": (
        lambda s: s["predicate"]["checkpoint"]["files"][0].update(role="none"),
        "manifest with 'none' is not a valid FileRole",
    ),
    "a file twice": (
        lambda s: s["predicate"]["checkpoint"]["files"].append(
            s["predicate"]["checkpoint"]["files"][0]
        ),
        "twice",
    ),
    "an end that the policy does not give": (
        _predicate("valid_until", to=day(3000)),
        "an end that is not that of the decision",
    ),
    "a statement of another kind": (
        lambda s: s.update(predicateType="https://example.org/x"),
        "a statement of type 'https://example.org/x'",
    ),
    "a field that nobody knows": (_predicate("more", to=1), "predicate.more"),
    "no decision": (lambda s: s["predicate"].pop("decision"), "predicate.decision"),
    "recorded in the future: a clock was set back": (
        _predicate("made_at", to=day(5)),
        "which is after now",
    ),
    "recorded before it was decided": (_predicate("made_at", to=day(0)), "recorded before that"),
}


@pytest.mark.parametrize("case", STATEMENTS)
def test_a_record_that_was_signed_and_is_wrong_does_not_hold(case: str, scene: Scene) -> None:
    change, expected = STATEMENTS[case]
    scene.resigned(change)

    done = scene.verify(scene.model)

    assert 5 == done.code
    assert expected in " ".join((done.out + done.err).split())


def _endless(statement: Any) -> None:  # noqa: ANN401 - JSON
    decision = statement["predicate"]["decision"]
    for tier in decision["tiers"]:
        for condition in tier["conditions"]:
            if condition["kind"] == "expiry":
                condition["number"]["value"] = "1" + "0" * 30


def test_a_decision_without_end_has_lapsed_at_once(scene: Scene) -> None:
    scene.resigned(_endless)

    done = scene.verify()

    assert (5, True) == (done.code, "an end that is not that of the decision" in done.flat)


def test_a_checkpoint_can_be_one_file(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.model = scene.model / "model.safetensors"
    scene.decide()
    scene.signed()
    right = scene.verify(scene.model)
    data = bytearray(scene.model.read_bytes())
    scene.model.write_bytes(b"GGUF" + data[4:])

    wrong = scene.verify(scene.model)

    assert (0, 5) == (right.code, wrong.code)
    assert "changed: model.safetensors" in wrong.out


def test_a_decision_that_has_lapsed_does_not_hold(scene: Scene) -> None:
    late = trust_file(scene.trust, trusted("ada", valid_until=day(3000)))

    done = run("verify", scene.record, "--trust", late, "--at", day(200))

    assert (5, True) == (done.code, "the decision lapsed at" in done.out)


def test_a_record_of_other_weights_is_not_passed_off_as_one_of_these(
    scene: Scene, tmp_path: Path
) -> None:
    other = Scene(tmp_path / "other")
    (other.model / "config.json").write_text("{}")
    other.decide()
    other.signed()

    done = other.verify(scene.model)

    assert (5, True) == (done.code, "changed: config.json" in done.out)


UNUSABLE: dict[str, tuple[Callable[[Scene], object], int, str]] = {
    "no record": (lambda s: s.record.unlink(), 4, "no file (No such file or directory)"),
    "half a record": (lambda s: os.truncate(s.record, 500), 4, "broken JSON"),
    "the decision in place of the record": (
        lambda s: shutil.copy(s.decision, s.record),
        4,
        "Sign it first: tiergate sign",
    ),
    "no trust file": (lambda s: s.trust.unlink(), 4, "no trust file"),
    "a statement that is none": (
        lambda s: s.record.write_bytes(
            write_bundle(sign(b"{}", "application/vnd.in-toto+json", key("ada")))
        ),
        5,
        "no field",
    ),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_what_cannot_be_verified_is_no_success(case: str, scene: Scene) -> None:
    change, code, expected = UNUSABLE[case]
    change(scene)

    done = scene.verify()

    assert (code, True) == (done.code, expected in done.err)


def test_a_directory_that_is_not_there_is_never_fetched(scene: Scene) -> None:
    assert 2 == scene.verify("acme/model-1b").code


def test_verifying_writes_nothing(scene: Scene) -> None:
    before = {path: path.read_bytes() for path in scene.folder.rglob("*") if path.is_file()}

    scene.verify(scene.model)

    assert before == {p: p.read_bytes() for p in scene.folder.rglob("*") if p.is_file()}
