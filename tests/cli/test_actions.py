# SPDX-License-Identifier: Apache-2.0
"""``tiergate actions``: what is open about a decision, sorted by who can act."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

import cli_fixtures
from cli_runner import Run, run
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

    assert "-> tiergate evidence claim E01 --model MODEL" in done.flat
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
    assert f"-> tiergate sign {scene.decision} --key KEY --output RECORD" in decision.flat
    assert f"-> tiergate verify {scene.record} --trust TRUST" in record.flat
    assert f"replay {scene.record} --evidence EVIDENCE --policy {scene.policy}" in record.flat
    assert "tiergate sign" not in record.out


def test_an_approval_is_of_a_record_and_names_the_policy(scene: Scene) -> None:
    approve = "tiergate release approve "
    of_decision = run("actions", scene.decision, "--policy", scene.policy)
    of_record = run("actions", scene.record, "--policy", scene.policy)

    (bare, *_) = [line for line in commands(of_decision) if line.startswith(approve)]
    (signed, *_) = [line for line in commands(of_record) if line.startswith(approve)]

    assert bare.startswith(f"{approve}RECORD --as ")
    assert signed.startswith(f"{approve}{shlex.quote(str(scene.record))} --as ")
    assert {f"--policy {shlex.quote(str(scene.policy))}"} == {
        line[line.index("--policy") :] for line in (bare, signed)
    }


def commands(found: Run) -> list[str]:
    """Every command that was printed, each on one line."""
    lines = found.unbroken.splitlines()
    return [line.split("-> ", 1)[1] for line in lines if "-> tiergate " in line]


READ_BY_POLICY = ("evidence claim", "explain", "check", "attack", "replay")


def test_every_command_names_the_policy_that_decided(scene: Scene) -> None:
    model = cli_fixtures.a_folder(scene.folder / "bare")
    decided = scene.folder / "bare decided.json"
    given = ("--policy", scene.policy, "--tier", "T5")
    decided.write_text(run("check", model, *given, "--json").out)

    done = run("actions", decided, "--policy", scene.policy)

    found = commands(done)
    about = [c for c in found if c.removeprefix("tiergate ").startswith(READ_BY_POLICY)]
    assert about
    assert all(command.endswith(f" --policy {scene.policy}") for command in about)
    assert f"tiergate sign '{decided}' --key KEY --output RECORD" in found
    assert found == [
        each["command"]
        for each in run("actions", decided, "--policy", scene.policy, "--json").json["actions"]
        if each["command"]
    ]


def test_a_command_that_was_printed_files_a_claim_that_the_policy_asks_for(scene: Scene) -> None:
    model = cli_fixtures.a_folder(scene.folder / "bare")
    decided = scene.folder / "bare.json"
    given = ("--policy", scene.policy, "--tier", "T1")
    decided.write_text(run("check", model, *given, "--json").out)
    (command,) = (c for c in commands(run("actions", decided, *given)) if "evidence claim E01" in c)

    words = shlex.split(command.replace("MODEL", str(model)))
    done = run(*words[1:], "--field", "training_flop=1", "--producer", "Ada")

    assert (done.code, done.err) == (0, "")
    assert 0 == run("check", model, *given).code


@pytest.mark.parametrize(("policy", "named"), [("default", ""), ("pai-2023", " --policy pai-2023")])
def test_a_shipped_policy_is_named_where_it_is_not_the_default_one(
    policy: str, named: str, tmp_path: Path
) -> None:
    model, decided = cli_fixtures.a_folder(tmp_path / "m"), tmp_path / "d.json"
    decided.write_text(run("check", model, "--policy", policy, "--tier", "T5", "--json").out)

    found = [c for c in commands(run("actions", decided)) if "evidence claim" in c]

    assert found
    assert all((" --policy" in command) is bool(named) for command in found)
    assert all(command.endswith(named) for command in found)


def test_an_earlier_version_of_a_policy_is_named_with_its_version(tmp_path: Path) -> None:
    model, decided = cli_fixtures.a_folder(tmp_path / "m"), tmp_path / "d.json"
    old = "precautionary@1.0.0"
    decided.write_text(run("check", model, "--policy", old, "--tier", "T5", "--json").out)

    found = commands(run("actions", decided))

    assert any(command.endswith(f"--policy {old}") for command in found)


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
