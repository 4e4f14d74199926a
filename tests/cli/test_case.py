# SPDX-License-Identifier: Apache-2.0
"""``tiergate case``: from a model, a decision or a record to the argument, in every form."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import yaml

import cli_fixtures
from cli_runner import Run, run
from record_fixtures import Scene, a_scene
from tiergate.cli.judged_input import written_decision


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return a_scene(tmp_path)


def test_a_model_a_decision_and_a_record_give_the_same_argument(scene: Scene) -> None:
    words = ("--policy", scene.policy, "--tier", "T5", "--json")
    model = run("case", scene.model, *words)
    decision = run("case", scene.decision, *words)
    record = run("case", scene.record, *words)

    assert (model.code, decision.code, record.code) == (0, 0, 0), record.err
    assert decision.json == record.json
    assert [n["text"] for n in model.json["nodes"] if n["kind"] != "context"] == [
        n["text"] for n in record.json["nodes"] if n["kind"] != "context"
    ]
    assert record.json["outcome"] == "met"
    top = next(n for n in record.json["nodes"] if n["id"] == record.json["top"])
    assert top["status"] == "met"


def test_the_exit_code_is_that_of_check(scene: Scene, tmp_path: Path) -> None:
    model = cli_fixtures.a_folder(tmp_path / "other")
    open_ = run("case", model, "--policy", scene.policy, "--tier", "T5", "--as", "mermaid")
    cli_fixtures.evidence(model, "cyber.exploits", successes=200, trials=400)
    failed = run("case", model, "--policy", scene.policy, "--tier", "T5", "--as", "mermaid")

    assert (open_.code, failed.code) == (3, 1)
    assert open_.code == run("check", tmp_path / "other", "--tier", "T1").code
    assert "D4 defeater: raised" in failed.out


def test_every_form_is_printed_or_written(scene: Scene, tmp_path: Path) -> None:
    said = ("case", scene.decision, "--policy", scene.policy, "--as")
    svg, gsn, mermaid = (run(*said, form) for form in ("svg", "gsn2x", "mermaid"))

    assert ET.fromstring(svg.out).tag.endswith("svg")  # noqa: S314 - our own
    assert "G1" in yaml.safe_load(gsn.out)
    assert mermaid.out.startswith("flowchart LR\n")
    target = tmp_path / "case.html"
    done = run("case", scene.decision, "--policy", scene.policy, "-o", target)
    assert (done.out, done.err) == ("", f"{target}: written\n")
    assert target.read_text().startswith("<!doctype html>")


def test_pictures_are_in_outline_unless_asked_for_in_full(scene: Scene) -> None:
    said = ("case", scene.decision, "--policy", scene.policy, "--as", "mermaid")

    assert "Sn1 evidence" not in run(*said).out
    assert "Sn1 evidence" in run(*said, "--full").out
    assert "Sn1" not in run(*said[:-2], "--json", "--outline").out
    assert "G3 goal" not in run(*said, "--levels", "2").out


def test_what_the_environment_says_for_every_command_is_no_reason_to_refuse(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIERGATE_STORE", str(scene.folder))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")

    assert run("case", scene.record, "--policy", scene.policy).code == 0


def test_a_hazard_can_be_chosen(scene: Scene) -> None:
    said = ("case", scene.decision, "--policy", scene.policy, "--tier", "T5", "--json")
    all_of_them = {n["text"] for n in run(*said).json["nodes"]}
    one = {n["text"] for n in run(*said, "--hazard", "cyber").json["nodes"]}

    assert any("influencing people" in text for text in all_of_them)
    assert not any("influencing people" in text for text in one)
    assert any("attacks on computer systems" in text for text in one)


def test_a_waiver_is_loud_in_every_form(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    root = json.loads(run("check", scene.model, "--policy", scene.policy, "--json").out)
    waiver = tmp_path / "waiver.yaml"
    waiver.write_text(
        "format: tiergate-waivers/1\nwaivers:\n- requirement: E01\n"
        f"  root_digest: {root['decision']['root_digest']}\n  highest_tier: T1\n"
        "  issued_at: 2026-11-01T00:00:00Z\n  expires_at: 2026-12-31T00:00:00Z\n"
        "  by: Ada\n  reason: the audit is booked\n"
    )
    when = ("--at", "2026-11-15T00:00:00Z", "--unsafe-unsigned-waiver", waiver)
    said = ("case", scene.model, "--policy", scene.policy, "--tier", "T1", *when)
    for form in ("html", "svg", "mermaid", "gsn2x"):
        done = run(*said, "--as", form)
        assert done.code == 0, done.err
        assert "by waiver" in done.out.lower()
        assert "booked" in done.out


def _inside(scene: Scene) -> Run:
    return run("case", scene.model, "--policy", scene.policy, "-o", scene.model / "case.html")


def _edited(scene: Scene) -> Run:
    document = json.loads(scene.decision.read_text())
    document["decision"]["tiers"][1]["outcome"] = "not met"
    path = scene.folder / "edited.json"
    path.write_text(json.dumps(document))
    return run("case", path, "--policy", scene.policy, "--tier", "T1")


REFUSED: dict[str, tuple[Callable[[Scene], Run], int, str]] = {
    "a decision by a policy that does not ship": (
        lambda s: run("case", s.decision),
        4,
        "none of that name among the policies that are shipped",
    ),
    "a decision by another policy": (
        lambda s: run("case", s.decision, "--policy", "default"),
        4,
        "the policy that decided",
    ),
    "evidence with a decision that was taken": (
        lambda s: run("case", s.record, "--policy", s.policy, "--evidence", s.decision),
        4,
        "--evidence with a decision that was taken",
    ),
    "a tier that the policy does not have": (
        lambda s: run("case", s.record, "--policy", s.policy, "--tier", "T3"),
        4,
        "no tier T3",
    ),
    "a file that is neither": (
        lambda s: run("case", s.policy, "--policy", s.policy),
        4,
        "expected",
    ),
    "a decision whose parts do not come to it": (_edited, 4, "as it says"),
    "a target within the checkpoint": (_inside, 4, "a place within the checkpoint"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_is_refused_with_its_code_and_nothing_is_written(scene: Scene, what: str) -> None:
    act, code, says = REFUSED[what]
    before = sorted(scene.folder.rglob("*"))

    done = act(scene)

    assert (done.code, done.out) == (code, ""), done.err
    assert says in " ".join(done.err.split())
    assert set(before) >= set(scene.folder.rglob("*")) - {scene.folder / "edited.json"}


OLD = Path(__file__).parents[1] / "compat" / "record-1"


@pytest.mark.parametrize(
    ("record", "policy"),
    [
        ("record.json", "policy.yaml"),
        ("record-waived.json", "policy.yaml"),
        ("record-refused.json", "policy-strict.yaml"),
    ],
)
def test_records_of_earlier_versions_are_argued_at_every_tier(record: str, policy: str) -> None:
    written = written_decision(str(OLD / record))
    for found in written.tiers:
        words = ("--policy", OLD / policy, "--tier", found.tier, "--json")
        case = run("case", OLD / record, *words)

        assert case.json["outcome"] == found.outcome, case.err
        assert run("actions", OLD / record, *words).json["outcome"] == found.outcome
