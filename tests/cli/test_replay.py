# SPDX-License-Identifier: Apache-2.0
"""``tiergate replay``: the same bytes from the same evidence, or what differs."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import cli_fixtures
from cli_runner import run
from logs.inspect_logs import a_header, samples, write_json
from record_fixtures import Scene, a_scene, day


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


def _replay(scene: Scene, *options: object) -> Any:  # noqa: ANN401 - a Run
    return run("replay", scene.record, "--policy", scene.policy, *options)


def test_a_decision_is_computed_again_to_the_last_byte_without_the_weights(scene: Scene) -> None:
    documents = scene.folder / "documents"
    shutil.copytree(scene.store / "documents", documents)
    shutil.rmtree(scene.model)

    done = _replay(scene, "--evidence", documents)

    assert (0, True) == (done.code, "The same payload, byte for byte. Exit 0." in done.out)


def test_a_store_is_evidence_too(scene: Scene) -> None:
    document = _replay(scene, "--store", scene.store, "--json").json

    assert (True, [], [], 0) == tuple(
        document[name] for name in ("is_identical", "differences", "left_out", "exit_code")
    )


DECISIONS: dict[str, tuple[str, ...]] = {
    "a tier that was asked for": ("--tier", "T5"),
    "the next tier": (),
    "the tensors digested": ("--weights-digest",),
}


@pytest.mark.parametrize("case", DECISIONS)
def test_whatever_was_asked_is_asked_again(case: str, scene: Scene) -> None:
    scene.decide(*DECISIONS[case])
    scene.record.unlink()
    scene.signed()

    assert 0 == _replay(scene, "--store", scene.store).code


def test_evidence_that_is_gone_and_runs_that_were_never_shown_are_known_again(
    scene: Scene,
) -> None:
    words = ("--model", scene.model, "--task", "exploits", "--behaviours", "400")
    planned = run("evidence", "plan", "cyber.exploits", *words, "--variant", "worst case")
    assert 0 == planned.code, planned.err
    next((scene.store / "documents").glob("*.json")).unlink()
    scene.decide("--tier", "T1")
    scene.record.unlink()
    scene.signed()

    done = _replay(scene, "--store", scene.store)

    inputs = json.loads(scene.decision.read_text())["inputs"]
    assert (1, 1) == (len(inputs["missing"]), len(inputs["runs"]))
    assert 0 == done.code, done.out


def test_a_waiver_counts_again(scene: Scene) -> None:
    root = json.loads(scene.decision.read_text())["decision"]["root_digest"]
    waivers = scene.folder / "waivers.yaml"
    waivers.write_text(
        "format: tiergate-waivers/1\nwaivers:\n- requirement: E01\n"
        f"  root_digest: {root}\n  highest_tier: T1\n  issued_at: '{day(0)}'\n"
        f"  expires_at: '{day(30)}'\n  by: Ada\n  reason: late\n"
    )
    shutil.rmtree(scene.store)
    scene.decide("--tier", "T1", "--unsafe-unsigned-waiver", waivers)
    scene.record.unlink()
    scene.signed()

    assert 0 == _replay(scene).code


def test_evidence_that_the_decision_did_not_see_is_named_and_left_out(scene: Scene) -> None:
    cli_fixtures.evidence(scene.model, "cyber.exploits", successes=300, trials=400)

    done = _replay(scene, "--store", scene.store)

    assert (0, True) == (done.code, "left out: sha256:" in done.flat)


def test_a_log_that_was_read_on_the_spot_is_read_again(scene: Scene) -> None:
    log = write_json(scene.folder / "log.json", samples("C", "I", "I"), a_header(3))
    mapping = scene.folder / "mapping.yaml"
    mapping.write_text(cli_fixtures.MAPPING)
    words = ("--evidence", log, "--mapping", mapping)
    scene.decide("--tier", "T1", *words)
    scene.record.unlink()
    scene.signed()

    done = _replay(scene, "--store", scene.store, *words)

    assert 3 == len(json.loads(scene.decision.read_text())["decision"]["used"])
    assert (0, True) == (done.code, "byte for byte" in done.out)


def _outcome(statement: Any) -> None:  # noqa: ANN401 - JSON
    statement["predicate"]["decision"]["tiers"][1]["requirements"][0]["outcome"] = "not met"


def _reason(statement: Any) -> None:  # noqa: ANN401 - JSON
    statement["predicate"]["decision"]["tiers"][1]["requirements"][0]["reason"] = "because"


def _more(statement: Any) -> None:  # noqa: ANN401 - JSON
    rows = statement["predicate"]["decision"]["tiers"][1]["requirements"]
    rows.append(rows[0] | {"id": "E99"})


def _tier_more(statement: Any) -> None:  # noqa: ANN401 - JSON
    tiers = statement["predicate"]["decision"]["tiers"]
    tiers.append(tiers[1] | {"tier": "T6"})


def _supported(statement: Any) -> None:  # noqa: ANN401 - JSON
    statement["predicate"]["decision"]["supported"] = "T1"


def _gap(statement: Any) -> None:  # noqa: ANN401 - JSON
    statement["predicate"]["decision"]["not_assessed"] = []


DIFFERENCES: dict[str, tuple[Callable[[Any], object], str]] = {
    "an outcome": (_outcome, "differs: T1 E01: not met in the record, met now"),
    "a reason": (_reason, "differs: T1 E01: met both times, for other reasons"),
    "a requirement that the policy does not have": (
        _more,
        "differs: T1 E99: met in the record, not asked now",
    ),
    "a tier that the policy does not have": (_tier_more, "differs: field decision.tiers"),
    "the supported tier": (_supported, "differs: supported: T1 in the record, T5 now"),
    "what was not assessed": (_gap, "differs: field decision.not_assessed"),
}


@pytest.mark.parametrize("case", DIFFERENCES)
def test_what_differs_is_named(case: str, scene: Scene) -> None:
    change, expected = DIFFERENCES[case]
    scene.resigned(change)

    done = _replay(scene, "--store", scene.store)

    assert (5, True) == (done.code, expected in done.flat)


def _version(statement: Any) -> None:  # noqa: ANN401 - JSON
    statement["predicate"]["decision"]["engine_version"] = "0.0.1"


def test_the_same_by_another_version_is_said_to_be_that(scene: Scene) -> None:
    scene.resigned(_version)

    done = _replay(scene, "--store", scene.store)

    assert (0, True) == (done.code, "The same but for the version of the program" in done.out)


def test_a_payload_that_is_only_written_otherwise_is_another_one(scene: Scene) -> None:
    scene.resigned(lambda statement: statement)

    done = _replay(scene, "--store", scene.store)

    assert (5, True) == (done.code, "Another payload." in done.out)


def _other_policy(scene: Scene) -> None:
    text = scene.policy.read_text().replace("version: 0.1.0", "version: 0.2.0")
    scene.policy.write_text(text)


UNUSABLE: dict[str, tuple[Callable[[Scene], object], tuple[str, ...], int, str]] = {
    "another version of the policy": (_other_policy, (), 5, "Give the file that was used"),
    "evidence that is not given": (lambda _: None, (), 4, "nothing with digest sha256:"),
    "a store that is not there": (lambda _: None, ("--store", "none"), 4, "no such folder"),
    "no record": (lambda s: s.record.unlink(), (), 4, "no file"),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_what_cannot_be_replayed_is_no_success(case: str, scene: Scene) -> None:
    change, options, code, expected = UNUSABLE[case]
    change(scene)

    done = _replay(scene, *options)

    assert (code, True) == (done.code, expected in done.err)


def test_a_policy_that_is_not_shipped_has_to_be_given(scene: Scene) -> None:
    done = run("replay", scene.record, "--store", scene.store)

    assert (4, True) == (done.code, "Give it with --policy." in done.err)


def test_the_shipped_policy_is_found_by_its_name(scene: Scene) -> None:
    scene.decision.write_text(run("check", scene.model, "--at", day(1), "--json").out)
    scene.record.unlink()
    scene.signed()

    assert 0 == run("replay", scene.record, "--store", scene.store).code
