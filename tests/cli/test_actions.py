# SPDX-License-Identifier: Apache-2.0
"""``tiergate actions``: what is open about a decision, sorted by who can act."""

from __future__ import annotations

from pathlib import Path

import pytest

import cli_fixtures
from cli_runner import run
from record_fixtures import Scene, a_scene

GROUPS = ("BUILDERS AND ENABLERS", "EVALUATORS AND STANDARD-SETTERS", "IMPLEMENTERS AND ENFORCERS")


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return a_scene(tmp_path)


@pytest.fixture
def failing(tmp_path: Path) -> Path:
    """Decide by the shipped policy about a model with one damning measurement."""
    model = cli_fixtures.a_folder(tmp_path / "failing")
    cli_fixtures.evidence(model, "cyber.end_to_end_exploits", successes=50, trials=410)
    path = tmp_path / "failing.json"
    path.write_text(run("check", model, "--tier", "T5", "--json").out)
    return path


def test_the_three_groups_come_in_their_order(failing: Path) -> None:
    done = run("actions", failing)

    assert done.code == 3
    places = [done.out.index(group) for group in GROUPS]
    assert places == sorted(places)


def test_every_item_shows_its_command_and_its_clauses(failing: Path) -> None:
    done = run("actions", failing, "--for", "builder")

    assert "-> tiergate evidence claim E01 --model MODEL" in done.out
    assert "clauses EU-AIA-51-2, EU-GL-1E23" in done.flat
    assert "50 of 410 [9.6 %, 15.2 %], must be below 10 %" in done.flat


@pytest.mark.parametrize("actor", ["builder", "evaluator", "standard-setter", "enforcer"])
def test_one_actor_sees_only_what_is_theirs(failing: Path, actor: str) -> None:
    found = run("actions", failing, "--for", actor, "--json").json["actions"]

    assert found
    assert {each["actor"] for each in found} == {actor}


def test_several_actors_can_be_asked_for(failing: Path) -> None:
    said = ("actions", failing, "--for", "builder", "--for", "enforcer", "--json")

    assert {each["actor"] for each in run(*said).json["actions"]} == {"builder", "enforcer"}


def test_sources_of_clauses_are_given_with_their_marks(failing: Path) -> None:
    done = run("actions", failing, "--for", "enforcer", "--sources")

    assert "CLAUSES" in done.out
    assert "EU-AIA-51-2 AI Act, Regulation (EU) 2024/1689, Art. 51(2) (law)" in done.flat
    assert "[read second-hand]" in done.flat
    assert "[not checked]" in done.flat


def test_a_clause_that_no_shipped_file_knows_is_said_to_be_unknown(scene: Scene) -> None:
    text = scene.policy.read_text().replace("[EU-AIA-51-2]", "[MY-OWN-CLAUSE]")
    policy = scene.folder / "own.yaml"
    policy.write_text(text)
    model = cli_fixtures.a_folder(scene.folder / "bare")
    path = scene.folder / "bare.json"
    path.write_text(run("check", model, "--policy", policy, "--tier", "T1", "--json").out)
    done = run("actions", path, "--policy", policy, "--sources")

    assert "MY-OWN-CLAUSE not in the files that are shipped" in done.flat


def test_a_decision_is_to_be_signed_and_a_record_to_be_verified(scene: Scene) -> None:
    words = ("--policy", scene.policy)
    decision, record = run("actions", scene.decision, *words), run("actions", scene.record, *words)

    assert (decision.code, record.code) == (0, 0)
    assert "-> tiergate sign DECISION --key KEY --output RECORD" in decision.out
    assert "-> tiergate verify DECISION --trust TRUST" in record.out
    assert "tiergate sign" not in record.out


def test_another_tier_can_be_asked_about(scene: Scene) -> None:
    words = ("--policy", scene.policy, "--tier", "T0", "--json")

    assert run("actions", scene.record, *words).json["tier"] == "T0"


def test_nobody_with_anything_to_do_is_told_so(scene: Scene) -> None:
    done = run("actions", scene.record, "--policy", scene.policy, "--for", "evaluator")

    assert done.code == 0
    assert done.out.endswith("Nothing is open.\n")


def test_long_reasons_are_counted(tmp_path: Path) -> None:
    model = cli_fixtures.a_folder(tmp_path / "m")
    for successes in (50, 51, 52, 53):
        cli_fixtures.evidence(model, "cyber.end_to_end_exploits", successes=successes, trials=410)
    path = tmp_path / "m.json"
    path.write_text(run("check", model, "--tier", "T5", "--json").out)

    assert " more\n" in run("actions", path, "--for", "builder").out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--policy", "default"), "the policy that decided"),
        ((), "none of that name among the policies that are shipped"),
        (("--tier", "T3", "--policy", "{policy}"), "no tier T3"),
    ],
)
def test_what_cannot_be_used_is_refused(scene: Scene, words: tuple[str, ...], says: str) -> None:
    given = [word.replace("{policy}", str(scene.policy)) for word in words]
    done = run("actions", scene.decision, *given)

    assert (done.code, done.out) == (4, "")
    assert says in " ".join(done.err.split())
