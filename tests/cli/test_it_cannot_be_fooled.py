# SPDX-License-Identifier: Apache-2.0
"""Ways in which somebody might get a yes, or lose what speaks against one: none of them works."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cli_fixtures import a_folder, claim, evidence, policy
from cli_runner import Run, run
from logs.inspect_logs import a_header, samples, write_eval
from tiergate.model.checkpoint import identify


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return a_folder(tmp_path / "acme-1b")


@pytest.fixture
def standard(tmp_path: Path) -> Path:
    return policy(tmp_path / "standard.yaml")


def a_mapping(path: Path, success: str) -> Path:
    path.write_text(
        "format: tiergate-mapping/1\nentries:\n- task: arithmetic\n  metric: cyber.exploits\n"
        f"  domain: cyber\n  direction: higher is riskier\n  success: {success}\n"
        "  success_means: an exploit\n"
    )
    return path


def test_explaining_a_requirement_that_is_met_opens_nothing(model: Path, standard: Path) -> None:
    done = run("explain", model, "FILES", "--policy", standard, "--tier", "T5")

    assert done.code == 3
    assert "MET  FILES" in done.out


def test_explaining_what_another_tier_asks_for_says_so(model: Path, standard: Path) -> None:
    done = run("explain", model, "FILES", "--policy", standard, "--tier", "T1")

    assert "T1 does not ask for FILES; as T5 does:" in done.out


@pytest.mark.parametrize("name", ["model.safetensors", "report.html", "sub/report.html"])
def test_a_report_is_not_written_into_the_checkpoint(model: Path, name: str) -> None:
    (model / "sub").mkdir()
    before = identify(model).root_digest

    done = run("report", model, "-o", model / name)

    assert done.code == 4
    assert "a place within the checkpoint" in done.err
    assert before == identify(model).root_digest


def test_a_store_within_the_checkpoint_is_refused(model: Path, standard: Path) -> None:
    done = run(
        "evidence", "claim", "E01", "--model", model, "--policy", standard,
        "--field", "training_flop=1", "--store", model / "evidence",
    )  # fmt: skip

    assert done.code == 4
    assert not (model / "evidence").exists()


def test_a_store_that_is_not_there_is_no_empty_store(model: Path, tmp_path: Path) -> None:
    done = run("check", model, "--store", tmp_path / "evidenc")

    assert done.code == 4
    assert "no such folder" in done.err


def test_a_store_given_as_evidence_is_named_as_a_store(model: Path, standard: Path) -> None:
    claim(model, standard, "E01", "training_flop=1")

    done = run("check", model, "--policy", standard, "--evidence", model / ".tiergate")

    assert done.code == 4
    assert "Give it with --store" in done.err


@pytest.mark.parametrize("change", ["level", "measured_digest"])
def test_a_binding_that_nothing_has_checked_is_no_more_than_a_digest(
    change: str, model: Path, standard: Path, tmp_path: Path
) -> None:
    claim(model, standard, "E01", "training_flop=1")
    evidence(model, "cyber.exploits", successes=0, trials=400)
    (path,) = (
        p for p in (model / ".tiergate/documents").iterdir() if b"cyber.exploits" in p.read_bytes()
    )
    document = json.loads(path.read_bytes())
    document["binding"]["relation"] = "identical"
    if change == "level":
        document["binding"]["level"] = "re-run"
        standard.write_text(standard.read_text().replace("binding: 2", "binding: 3"))
    else:
        document["binding"]["measured_digest"] = f"sha256:{'0' * 64}"
    (tmp_path / "forged.json").write_text(json.dumps(document))
    shutil.rmtree(model / ".tiergate")
    (tmp_path / "store").mkdir()

    done = run(
        "explain", model, "CYBER", "--policy", standard, "--tier", "T5",
        "--store", tmp_path / "store", "--evidence", tmp_path / "forged.json",
    )  # fmt: skip

    assert done.code == 3
    assert "UNDETERMINED  CYBER" in done.out


@pytest.mark.parametrize("value", ["-1", "\u0663", "1e", "0x10", "1e99999"])
def test_a_number_that_is_none_keeps_no_limit(value: str, model: Path, standard: Path) -> None:
    text = standard.read_text().replace(
        "fields: [training_flop]",
        "limits: [{field: training_flop, at_most: {value: 10, "
        "status: 'default, adjustable', basis: a test}}]",
    )
    standard.write_text(text)
    claim(model, standard, "E01", f"training_flop={value}")

    done = run("check", model, "--policy", standard, "--tier", "T1")

    assert done.code == 3


def test_a_second_register_line_takes_no_topic_away(model: Path, standard: Path) -> None:
    claim(model, standard, "E01", "training_flop=1")
    claim(model, standard, "E01", "training_flop=2")
    gone = next((model / ".tiergate/documents").glob("*.json"))
    register = model / ".tiergate/register.jsonl"
    line = next(x for x in register.read_text().splitlines() if gone.stem in x)
    gone.unlink()
    head = hashlib.sha256(register.read_bytes().splitlines()[-1]).hexdigest()
    forged = {**json.loads(line), "topics": [], "previous": f"sha256:{head}"}
    with register.open("a") as file:
        file.write(json.dumps(forged) + "\n")

    done = run("check", model, "--policy", standard, "--tier", "T1")

    assert done.code == 3


def a_register_line_taken_out(lines: list[bytes]) -> list[bytes]:
    return lines[1:]


def a_register_line_changed(lines: list[bytes]) -> list[bytes]:
    return [lines[0].replace(b"E01", b"E99"), *lines[1:]]


def a_register_line_cut_short(lines: list[bytes]) -> list[bytes]:
    return [*lines[:-1], lines[-1][:40]]


@pytest.mark.parametrize(
    "change", [a_register_line_taken_out, a_register_line_changed, a_register_line_cut_short]
)
def test_a_register_that_was_tampered_with_is_refused(
    change: Callable[[list[bytes]], list[bytes]], model: Path, standard: Path
) -> None:
    claim(model, standard, "E01", "training_flop=1")
    claim(model, standard, "E01", "training_flop=2")
    register = model / ".tiergate/register.jsonl"
    register.write_bytes(b"\n".join(change(register.read_bytes().splitlines())) + b"\n")

    done = run("check", model, "--policy", standard, "--tier", "T1")

    assert done.code == 4
    assert "register.jsonl" in done.err


def test_evidence_beside_the_model_is_not_hidden_by_naming_another_store(
    model: Path, standard: Path, tmp_path: Path
) -> None:
    evidence(model, "cyber.exploits", successes=300, trials=400)
    (tmp_path / "empty").mkdir()

    done = run("explain", model, "CYBER", "--policy", standard, "--store", tmp_path / "empty")

    assert "300 of 400" in done.flat


def test_code_beside_the_store_is_part_of_the_checkpoint(model: Path, standard: Path) -> None:
    claim(model, standard, "E01", "training_flop=1")
    (model / ".tiergate/evil.py").write_text("print()")

    done = run("check", model, "--policy", standard, "--tier", "T5")

    assert done.code == 1
    assert "runs code     .tiergate/evil.py" in done.out


@pytest.mark.parametrize("success", ["{equals: [c]}", "{equals: ['C ']}"])
def test_a_success_value_that_is_almost_right_is_refused(
    success: str, model: Path, tmp_path: Path
) -> None:
    log = write_eval(tmp_path / "run.eval", samples("C", "I"), a_header(2))
    mapping = a_mapping(tmp_path / "mapping.yaml", success)

    read = run("evidence", "read", log, "--mapping", mapping)
    added = run("evidence", "add", log, "--model", model, "--mapping", mapping)

    assert "success-value-almost" in read.out
    assert added.code == 4
    assert "differs only by case" in added.err


def test_a_success_value_that_nobody_gave_is_said(model: Path, tmp_path: Path) -> None:
    log = write_eval(tmp_path / "run.eval", samples("I", "I"), a_header(2))
    mapping = a_mapping(tmp_path / "mapping.yaml", "{equals: [C]}")

    read = run("evidence", "read", log, "--mapping", mapping)

    assert "success-value-never-seen" in read.out
    assert run("evidence", "add", log, "--model", model, "--mapping", mapping).code == 0


def test_a_claim_that_no_requirement_reads_is_refused(model: Path) -> None:
    done = run("evidence", "claim", "E001", "--model", model)

    assert done.code == 4
    assert "Did you mean E01?" in done.err


@pytest.mark.parametrize(
    "options",
    [
        ("--field", f"training_flop={'9' * 5000}"),
        ("--field", "training_flop=1", "--field", "Bad-Name=1"),
        ("--field", "training_flop=1", "--producer", "x" * 600),
        ("--field", "training_flop=1", "--statement", "x" * 5000),
    ],
)
def test_a_claim_that_no_document_can_hold_is_a_message(
    options: tuple[str, ...], model: Path, standard: Path
) -> None:
    done = run("evidence", "claim", "E01", "--model", model, "--policy", standard, *options)

    assert done.code == 4
    assert "Traceback" not in done.err


@pytest.mark.parametrize("at", ["0001-01-01T00:00+23:00", "9999-12-31T23:59-23:00"])
def test_a_time_outside_of_the_calendar_is_a_usage_error(at: str, model: Path) -> None:
    assert run("check", model, "--at", at).code == 2


@pytest.mark.parametrize("option", ["--policy", "--unsafe-unsigned-waiver"])
def test_a_pipe_in_place_of_a_file_is_refused_and_not_waited_for(
    option: str, model: Path, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")

    done = run("check", model, option, tmp_path / "pipe")

    assert done.code == 4
    assert "no regular file" in done.err


def test_an_integer_of_five_thousand_digits_is_a_mistake_in_the_file(standard: Path) -> None:
    standard.write_text(standard.read_text().replace("value: 180", f"value: {'9' * 5000}"))

    assert run("policy", "validate", standard).code == 4


def test_a_waiver_shows_in_the_one_line_too(model: Path, standard: Path, tmp_path: Path) -> None:
    (tmp_path / "waivers.yaml").write_text(
        "format: tiergate-waivers/1\nwaivers:\n"
        f"- {{requirement: E01, root_digest: '{identify(model).root_digest}', highest_tier: T1,\n"
        "   issued_at: 2026-11-01T00:00:00Z, expires_at: 2026-12-01T00:00:00Z,\n"
        "   by: Ada, reason: none}\n"
    )

    done = run(
        "check", model, "--policy", standard, "--tier", "T1", "--at", "2026-11-23", "--quiet",
        "--unsafe-unsigned-waiver", tmp_path / "waivers.yaml",
    )  # fmt: skip

    assert "Waived: E01." in done.out
    assert "2026-11-23" in done.out


def printed_commands(done: Run) -> list[list[str]]:
    lines = [
        line.split("tiergate ", 1)[1] for line in done.unbroken.splitlines() if "tiergate " in line
    ]
    return [shlex.split(line) for line in lines]


def test_every_command_that_check_prints_runs_as_printed(
    model: Path, standard: Path, tmp_path: Path
) -> None:
    (tmp_path / "store").mkdir()

    done = run("check", model, "--policy", standard, "--tier", "T5", "--store", tmp_path / "store")

    commands = printed_commands(done)
    assert commands
    for command in commands:
        if command[:2] == ["evidence", "add"]:
            continue
        again = run(*command)
        # A claim is refused until its fields are given, and the message names them.
        assert again.code in {1, 3} or "--field" in again.err, command
