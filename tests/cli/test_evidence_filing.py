# SPDX-License-Identifier: Apache-2.0
"""What ``evidence add`` makes of statements, of commits, and of documents."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli_fixtures import a_folder, evidence
from cli_runner import run
from logs.lm_eval_logs import rows, some_results, write_run

COMMIT = "0123456789abcdef0123456789abcdef01234567"
LM_EVAL = """\
format: tiergate-mapping/1
entries:
- task: sums
  metric: cyber.sums_proxy
  domain: cyber
  direction: higher is riskier
  success: {equals: [1]}
  success_means: the sum is right
"""


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "mapping.yaml"
    path.write_text(LM_EVAL)
    return path


def a_run_at_a_commit(folder: Path) -> Path:
    config = {"model": "hf", "model_args": "pretrained=acme/acme-1b", "model_sha": COMMIT}
    results = some_results({"sums": (2, {"exact_match,none": 0.5})}, config=config)
    return write_run(folder, {"sums": rows(1.0, 0.0)}, results)


def filed(model: Path) -> dict[str, object]:
    [path] = (model / ".tiergate" / "documents").iterdir()
    found: dict[str, object] = json.loads(path.read_bytes())
    return found


@pytest.mark.parametrize(("relation", "said"), [(None, True), ("separate team", False)])
def test_a_log_that_nobody_stands_for_is_filed_with_a_note(
    relation: str | None, *, said: bool, mapping: Path, tmp_path: Path
) -> None:
    model, log = a_folder(tmp_path / "acme-1b"), a_run_at_a_commit(tmp_path / "run")
    stated = () if relation is None else ("--producer", "us", "--relation", relation)
    asked = ["evidence", "add", log, "--model", model, "--mapping", mapping]

    done = run(*asked, "--weights", "identical", *stated)

    assert (0, said) == (done.code, "with --producer and --relation" in done.err), done.err


def test_results_without_samples_are_filed_as_claims(tmp_path: Path) -> None:
    model = a_folder(tmp_path / "acme-1b")
    results = tmp_path / ".eval_results" / "sums.yaml"
    results.parent.mkdir()
    results.write_text("- dataset: {id: org/sums, task_id: easy}\n  value: 91.5\n")

    done = run("evidence", "add", results, "--model", model)

    assert 0 == done.code, done.err
    assert "aggregate-only" in done.flat
    assert "note:" not in done.err
    document = filed(model)
    assert [] == document["measurements"]
    assert isinstance(document["claims"], list)
    assert 1 == len(document["claims"])


def test_a_commit_ties_a_log_only_to_a_snapshot_of_it(tmp_path: Path, mapping: Path) -> None:
    log = a_run_at_a_commit(tmp_path / "out")
    snapshot = a_folder(tmp_path / "models--acme--acme-1b" / "snapshots" / COMMIT)
    elsewhere = a_folder(tmp_path / "acme-1b")
    store = tmp_path / "store"
    store.mkdir()

    at_commit = run(
        "evidence", "add", log, "--model", snapshot, "--mapping", mapping, "--store", store
    )
    other = run("evidence", "add", log, "--model", elsewhere, "--mapping", mapping)

    assert (0, 0) == (at_commit.code, other.code), at_commit.err + other.err
    assert "commit-not-resolved" not in at_commit.flat
    assert "commit-not-resolved" in other.flat
    [path] = (store / "documents").iterdir()
    binding = json.loads(path.read_bytes())["binding"]
    assert ("immutable revision", "identical") == (binding["level"], binding["relation"])
    weaker = filed(elsewhere)["binding"]
    assert isinstance(weaker, dict)
    assert ("mutable revision", "unknown") == (weaker["level"], weaker["relation"])


@pytest.mark.parametrize(
    "option",
    [("--run", "0" * 16), ("--audit", "a.yaml"), ("--weights", "quantised from")],
    ids=str,
)
def test_a_document_says_for_itself_what_it_is(option: tuple[str, str], tmp_path: Path) -> None:
    model = a_folder(tmp_path / "acme-1b")
    evidence(model, "cyber.exploits", successes=0, trials=10)
    [path] = (model / ".tiergate" / "documents").iterdir()

    done = run("evidence", "add", path, "--model", model, *option)

    assert 4 == done.code
    assert "Leave them out" in done.err


def test_a_log_is_held_against_the_digest_of_a_folder(tmp_path: Path) -> None:
    from logs.inspect_logs import a_header, samples, write_eval

    model = a_folder(tmp_path / "acme-1b")
    metadata = {"tiergate_root_digest": f"sha256:{'1' * 64}"}
    log = write_eval(tmp_path / "run.eval", samples("C"), a_header(1, eval__metadata=metadata))

    done = run("evidence", "read", log, "--model", model)

    assert f"another-model: The log is about sha256:{'1' * 64}; acme-1b is sha256:" in done.flat
