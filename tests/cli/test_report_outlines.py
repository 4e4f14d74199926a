# SPDX-License-Identifier: Apache-2.0
"""``tiergate report --as``: outlines that others ask for, from a model or from a record."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from cli_runner import Run, run
from record_fixtures import NOW, Scene, a_scene, day, trust_file, trusted
from tiergate.model.card import read_card

FORMS = ("eu-model-report", "sb53-transparency-report", "hf-model-card", "fmti")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return a_scene(tmp_path)


@pytest.mark.parametrize("form", FORMS)
def test_a_model_fills_an_outline(scene: Scene, form: str) -> None:
    words = ("report", scene.model, "--policy", scene.policy, "--tier", "T5", "--as", form)
    text, document = run(*words), run(*words, "--json")

    assert (text.code, document.code) == (0, 0), text.err
    assert document.json["format"] == "tiergate-outline/1"
    assert document.json["id"] == form
    assert document.json["missing"] == text.out.count("**Missing:**")
    assert all(f["rests_on"] for s in document.json["sections"] for f in s["filled"])
    assert "Nobody signed the decision." in text.out


@pytest.mark.parametrize("form", FORMS)
def test_a_record_with_its_evidence_fills_what_the_model_does(scene: Scene, form: str) -> None:
    store = scene.model / ".tiergate"
    words = ("--policy", scene.policy, "--as", form, "--at", NOW)
    record = run("report", scene.record, *words, "--store", store, "--trust", scene.trust)
    alone = run("report", scene.record, *words)

    assert (record.code, alone.code) == (0, 0), record.err
    assert "The signatures of the decision hold." in record.out
    assert "were not verified here" in alone.out
    assert "documents of evidence are not at hand" in alone.flat
    assert "are not at hand" not in record.out
    if form != "hf-model-card":
        assert "training_flop" in record.out.replace("\\", "")
        assert "(training_flop)" not in alone.out.replace("\\", "")


def test_a_file_is_written_and_named(scene: Scene, tmp_path: Path) -> None:
    target = tmp_path / "report.md"
    words = ("--policy", scene.policy, "--tier", "T5", "--as", "eu-model-report", "-o", target)
    done = run("report", scene.model, *words)

    assert (done.out, done.err) == ("", f"{target}: written\n")
    assert target.read_text().startswith("# Model Report: model\n")


def test_the_model_card_reads_back_as_the_card_in_the_checkpoint(scene: Scene) -> None:
    words = ("--policy", scene.policy, "--tier", "T5", "--as", "hf-model-card")
    done = run("report", scene.model, *words)

    assert read_card(done.out.encode()) == read_card((scene.model / "README.md").read_bytes())


def test_a_checkpoint_without_a_card_gets_one_with_the_decision_alone(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    (scene.model / "README.md").unlink()
    done = run("report", scene.model, "--policy", scene.policy, "--as", "hf-model-card")

    assert done.out.startswith("---\ntiergate:\n")
    assert "licence" in done.out


def test_a_single_file_has_no_card(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    weights = scene.model / "model.safetensors"
    done = run("report", weights, "--policy", scene.policy, "--as", "hf-model-card")

    assert done.code in {1, 3}, done.err
    assert done.out.startswith("---\ntiergate:\n")


def test_without_an_outline_the_page_is_written_as_before(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run("report", scene.model, "--policy", scene.policy, "--tier", "T5")

    assert (done.code, done.out) == (0, "report.html: written\n")
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")


def _unknown_signer(scene: Scene) -> Run:
    trust_file(scene.trust, trusted("spare"))
    words = ("--as", "fmti", "--trust", scene.trust, "--policy", scene.policy, "--at", NOW)
    return run("report", scene.record, *words)


def _other_policy(scene: Scene) -> Run:
    return run("report", scene.record, "--as", "fmti", "--policy", "default", "--at", NOW)


def _edited(scene: Scene) -> Run:
    document = json.loads(scene.decision.read_text())
    document["checkpoint"]["files"][0]["size_bytes"] += 1
    path = scene.folder / "edited.json"
    path.write_text(json.dumps(document))
    return run("report", path, "--as", "fmti", "--policy", scene.policy)


REFUSED: dict[str, tuple[Callable[[Scene], Run], int, str]] = {
    "a name without weights": (
        lambda _: run("report", "org/x", "--without-weights", "--as", "fmti"),
        4,
        "a decision about a name",
    ),
    "a signature of somebody unknown": (_unknown_signer, 5, "nobody who counts signed"),
    "a record by another policy": (_other_policy, 4, "the policy that decided"),
    "a decision of which a file was edited": (_edited, 4, "files of which the root digest is"),
    "a tier for a decision that was taken": (
        lambda s: run("report", s.record, "--as", "fmti", "--tier", "T1", "--policy", s.policy),
        4,
        "--tier with a decision that was taken",
    ),
    "a card of a record that lapsed": (
        lambda s: run(
            "report", s.record, "--as", "hf-model-card", "--policy", s.policy, "--at", day(3000)
        ),
        5,
        "a decision that lapsed",
    ),
    "a target within the checkpoint": (
        lambda s: run(
            "report", s.model, "--as", "fmti", "--policy", s.policy, "-o", s.model / "x.md"
        ),
        4,
        "a place within the checkpoint",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
def test_is_refused_with_its_code_and_nothing_is_printed(scene: Scene, what: str) -> None:
    act, code, says = REFUSED[what]

    done = act(scene)

    assert (done.code, done.out) == (code, ""), done.err
    assert says in " ".join(done.err.split())
