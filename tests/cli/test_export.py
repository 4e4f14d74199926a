# SPDX-License-Identifier: Apache-2.0
"""``tiergate export``: from files to files, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cli_fixtures
from builders_export import bom_problems, oscal_problems
from cli_runner import Run, run
from record_fixtures import DECIDED, NOW, Scene, a_scene, day, trust_file, trusted
from release_fixtures import Release


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return a_scene(tmp_path)


def _model(bom: Any) -> dict[str, list[str]]:  # noqa: ANN401 - JSON
    found: dict[str, list[str]] = {}
    for pair in bom["metadata"]["component"]["properties"]:
        found.setdefault(pair["name"], []).append(pair["value"])
    return found


def test_a_decision_is_exported_and_called_unsigned(scene: Scene) -> None:
    bom = run("export", "bom", scene.decision)
    oscal = run("export", "oscal", scene.decision)
    card = run("export", "card", scene.decision, "--at", NOW)

    assert (bom.code, oscal.code, card.code) == (0, 0, 0), bom.err + oscal.err + card.err
    assert bom_problems(bom.out.encode()) == oscal_problems(oscal.out.encode()) == []
    assert _model(bom.json)["tiergate:decision:standing"] == ["unsigned"]
    assert '"unsigned"' in oscal.out
    assert "signatures: unsigned" in card.out
    assert bom.json["metadata"]["component"]["licenses"][0]["license"]["name"].startswith("apache")


def test_a_record_is_exported_with_those_whose_signatures_hold(scene: Scene) -> None:
    words = (scene.record, "--check", scene.decision, "--trust", scene.trust, "--at", NOW)
    bom, oscal = run("export", "bom", *words), run("export", "oscal", *words)

    assert bom_problems(bom.out.encode()) == oscal_problems(oscal.out.encode()) == []
    assert _model(bom.json)["tiergate:decision:standing"] == ["signed and verified"]
    signed = bom.json["declarations"]["affirmation"]["signatories"]
    assert [(s["name"], s["organization"]["name"]) for s in signed] == [("ada", "Lab")]
    assert "licenses" in bom.json["metadata"]["component"]
    assert "unsigned" not in oscal.out


def test_a_signature_of_somebody_unknown_names_nobody(scene: Scene) -> None:
    scene.record.unlink()
    scene.signed("ada", "spare")
    bom = run("export", "bom", scene.record, "--trust", scene.trust, "--at", NOW)

    people = bom.json["declarations"]["affirmation"]["signatories"]
    assert [person["name"] for person in people] == ["ada"]
    assert len(_model(bom.json)["tiergate:signature:key-id"]) == 2


def test_without_a_trust_file_nobody_is_said_to_have_signed(scene: Scene) -> None:
    bom = run("export", "bom", scene.record, "--at", NOW)

    assert _model(bom.json)["tiergate:decision:standing"] == ["signed, not verified"]
    assert "signatories" not in bom.json["declarations"]["affirmation"]
    assert "licenses" not in bom.json["metadata"]["component"]


def test_an_export_does_not_depend_on_when_it_is_made(scene: Scene) -> None:
    for what in ("bom", "oscal", "card"):
        words = ("export", what, scene.record, "--trust", scene.trust, "--at")
        assert run(*words, NOW).out == run(*words, day(9)).out


def test_a_card_goes_into_the_card_that_is_there(scene: Scene, tmp_path: Path) -> None:
    readme, target = scene.model / "README.md", tmp_path / "new.md"
    before = readme.read_bytes()
    done = run("export", "card", scene.record, "--into", readme, "--output", target, "--at", NOW)

    assert (done.code, done.out, done.err) == (0, "", f"{target}: written\n")
    assert readme.read_bytes() == before
    assert target.read_text().startswith("---\nlicense: apache-2.0\ntiergate:\n")
    assert target.read_text().endswith("---\n# A test model\n")


def test_a_card_that_has_gated_keys_of_its_own_keeps_them(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    text = scene.policy.read_text().replace("- id: T5\n", "- id: T4\n")
    scene.policy.write_text(text)
    cli_fixtures.claim(scene.model, scene.policy, "E01", "training_flop=1")
    cli_fixtures.evidence(scene.model, "cyber.exploits", successes=0, trials=400)
    card = tmp_path / "card.md"
    card.write_text("---\nextra_gated_heading: Ours\n---\n")
    done = run("export", "card", scene.decide("--tier", "T4"), "--into", card, "--at", NOW)

    assert done.code == 0, done.err
    assert done.err == "note: the card has extra_gated_heading of its own; it was kept.\n"
    assert "extra_gated_heading: Ours" in done.out
    assert "extra_gated_fields:" in done.out


def test_approvals_are_those_that_stand_in_the_ledger(tmp_path: Path) -> None:
    release = Release(tmp_path)
    release.opened()
    where = (release.record, "--ledger", release.ledger, "--trust", release.trust)
    bom = run("export", "bom", *where)
    release.act("bea-ed25519", "object")
    release.act("cem-ed25519", "freeze")
    release.act("bea-ed25519", "approve", "--thaw", 7)
    after = run("export", "bom", *where)

    assert bom.code == 0, bom.err
    assert bom_problems(bom.out.encode()) == []
    people = bom.json["declarations"]["affirmation"]["signatories"]
    assert [(p["name"], p["role"]) for p in people] == [
        ("Ada", "release owner, signed the record"),
        ("Bea", "safety lead, approved the release in event 3 of its ledger"),
        ("Cem", "legal, approved the release in event 4 of its ledger"),
    ]
    later = after.json["declarations"]["affirmation"]["signatories"]
    assert [p["name"] for p in later] == ["Ada", "Cem"]


def _of_a_name(scene: Scene) -> Run:
    path = scene.folder / "named.json"
    document = json.loads(scene.decision.read_text())
    path.write_text(json.dumps({**document, "checkpoint": None}))
    return run("export", "bom", path)


def _from_cache(scene: Scene) -> Run:
    path = scene.folder / "cached.json"
    document = json.loads(scene.decision.read_text())
    path.write_text(json.dumps({**document, "digests_from_cache": True}))
    return run("export", "bom", path)


def _edited(scene: Scene) -> Run:
    path = scene.folder / "edited.json"
    document = json.loads(scene.decision.read_text())
    document["checkpoint"]["files"][0]["size_bytes"] += 1
    path.write_text(json.dumps(document))
    return run("export", "bom", path)


def _edited_record(scene: Scene) -> Run:
    def change(statement: Any) -> None:  # noqa: ANN401 - JSON
        statement["predicate"]["valid_until"] = day(4000)

    return run("export", "oscal", scene.resigned(change))


def _other_check(scene: Scene) -> Run:
    (scene.model / "config.json").write_text("{}")
    other = scene.folder / "other.json"
    other.write_text(run("check", scene.model, "--policy", scene.policy, "--json").out)
    return run("export", "bom", scene.record, "--check", other)


def _unknown_signer(scene: Scene) -> Run:
    trust_file(scene.trust, trusted("spare"))
    return run("export", "bom", scene.record, "--trust", scene.trust, "--at", NOW)


def _existing(scene: Scene) -> Run:
    return run("export", "bom", scene.record, "--output", scene.policy)


def _not_utf8(scene: Scene) -> Run:
    (scene.folder / "card.md").write_bytes(b"\xff\xfe")
    words = ("--into", scene.folder / "card.md", "--at", NOW)
    return run("export", "card", scene.record, *words)


REFUSED: dict[str, tuple[Callable[[Scene], Run], int, str]] = {
    "a file that is not there": (
        lambda s: run("export", "bom", s.folder / "none.json"),
        4,
        "no file",
    ),
    "a file that is something else": (
        lambda s: run("export", "bom", s.model / "config.json"),
        4,
        "format 'none'",
    ),
    "a decision about a name": (_of_a_name, 4, "a decision about a name"),
    "a decision about digests of an earlier run": (_from_cache, 4, "digests of an earlier run"),
    "a decision of which a file was edited": (_edited, 4, "files of which the root digest is"),
    "a record that was edited and signed anew": (_edited_record, 5, "an end that is not that"),
    "facts about other files": (_other_check, 4, "a decision about other files"),
    "facts from a record": (
        lambda s: run("export", "bom", s.record, "--check", s.record),
        4,
        "a record",
    ),
    "a decision with a trust file": (
        lambda s: run("export", "bom", s.decision, "--trust", s.trust),
        4,
        "which has no signatures",
    ),
    "a ledger without a trust file": (
        lambda s: run("export", "bom", s.record, "--ledger", s.folder / "ledger"),
        4,
        "no trust file",
    ),
    "a signature of somebody unknown": (_unknown_signer, 5, "nobody who counts signed"),
    "a record that lapsed, verified": (
        lambda s: run("export", "bom", s.record, "--trust", s.trust, "--at", day(3000)),
        5,
        "lapsed",
    ),
    "a card of a decision that lapsed": (
        lambda s: run("export", "card", s.decision, "--at", day(3000)),
        5,
        "a decision that lapsed on",
    ),
    "a card that is not there": (
        lambda s: run("export", "card", s.decision, "--into", s.folder / "x.md", "--at", NOW),
        4,
        "expected a model card",
    ),
    "a card that cannot be printed": (_not_utf8, 4, "text that is not UTF-8"),
    "an output that is there already": (_existing, 4, "there already"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_is_refused_with_its_code_and_nothing_is_written(scene: Scene, what: str) -> None:
    act, code, says = REFUSED[what]
    policy = scene.policy.read_bytes()

    done = act(scene)

    assert (done.code, done.out) == (code, ""), done.err
    assert says in " ".join(done.err.split())
    assert scene.policy.read_bytes() == policy


def test_a_decision_without_evidence_is_exported_as_undetermined(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    bom = run("export", "bom", scene.decide())
    oscal = run("export", "oscal", scene.decision)

    assert bom_problems(bom.out.encode()) == oscal_problems(oscal.out.encode()) == []
    assert "evidence" not in bom.json["declarations"]
    (result,) = oscal.json["assessment-results"]["results"]
    assert "observations" not in result
    assert bom.json["metadata"]["timestamp"] == DECIDED
