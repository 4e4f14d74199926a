# SPDX-License-Identifier: Apache-2.0
"""The program itself: help, exit codes, explain, and errors that nobody planned."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest

from cli_fixtures import a_folder, claim, policy
from cli_runner import run
from tiergate import errors
from tiergate.cli import failures
from tiergate.cli.clock import UtcTime
from tiergate.cli.exit_codes import ExitCode
from tiergate.cli.main import cli


def test_help_lists_every_command_with_one_line() -> None:
    done = run("--help")

    assert done.code == 0
    for name in ("check", "explain", "report", "evidence", "policy", "schema"):
        assert f"\n  {name} " in done.out


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from tiergate.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'pydantic', 'rich', 'scipy', 'yaml', 'jinja2', 'rfc8785'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, "--help"], capture_output=True, text=True, check=True
    )

    assert done.stderr.strip() == "[]"


@pytest.mark.parametrize("name", list(cli.list_commands(click.Context(cli))))
def test_every_command_has_help(name: str) -> None:
    assert run(name, "--help").code == 0
    assert run(name, "--help").out.startswith(f"Usage: tiergate {name}")


ERRORS: dict[str, tuple[BaseException, ExitCode, str]] = {
    "a checkpoint": (errors.CheckpointError("m", "nothing"), ExitCode.UNUSABLE_INPUT, "m: found"),
    "a policy": (errors.PolicyError("p", "nothing"), ExitCode.UNUSABLE_INPUT, "p: found"),
    "a digest": (errors.DigestMismatchError("f", "x"), ExitCode.VERIFICATION_FAILED, "f: found"),
    "a measurement": (errors.MeasurementError("a", "x"), ExitCode.NOT_POSSIBLE_NOW, "a: found"),
    "an extension": (errors.ExtensionError("e", "x"), ExitCode.NOT_POSSIBLE_NOW, "e: found"),
    "an unmapped error of ours": (errors.TiergateError("t", "x"), ExitCode.BUG, "t: found"),
    "a full disk": (OSError(28, "No space left", "f"), ExitCode.NOT_POSSIBLE_NOW, "No space left"),
    "no permission": (PermissionError(13, "Denied", "f"), ExitCode.UNUSABLE_INPUT, "f: Denied"),
    "an interruption": (KeyboardInterrupt(), ExitCode.INTERRUPTED, "interrupted"),
    "a bug": (RuntimeError("boom"), ExitCode.BUG, "this is a bug in tiergate"),
}


@pytest.mark.parametrize("sentence", ERRORS)
def test_every_error_has_its_exit_code(sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    error, code, message = ERRORS[sentence]

    assert code is failures.report(error)
    assert message in capsys.readouterr().err


SYSTEM: dict[str, tuple[OSError, str]] = {
    "a full disk behind a pipe": (
        OSError(28, "No space left"),
        "error: what was to be written: No space left. Make room, and run the command again.\n",
    ),
    "an unfinished file": (
        OSError(30, "Read-only", "/records/.part-x"),
        "error: /records: Read-only. Choose a place that you may use.\n",
    ),
    "a folder that is not there": (
        OSError(2, "No such file", "no/r.html"),
        "error: no/r.html: No such file. Check the path, and that its folder is there.\n",
    ),
    "a fault of the disk": (OSError(5, "I/O error"), "error: system: I/O error.\n"),
}


@pytest.mark.parametrize("sentence", SYSTEM)
def test_what_the_system_refuses_says_where_and_what_to_do(
    sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    error, message = SYSTEM[sentence]

    failures.report(error)

    assert message == capsys.readouterr().err


def test_a_message_cannot_draw_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    failures.report(errors.InputError("evil\x1b[2J", "nothing"))

    assert "evil\\x1b[2J: found nothing" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23", "2026-11-23T00:00:00+00:00"),
        ("2026-11-23T10:00:00+02:00", "2026-11-23T08:00:00+00:00"),
    ],
)
def test_times_are_read_as_utc(text: str, expected: str) -> None:
    found = UtcTime().convert(text, None, None)

    assert expected == found.isoformat()
    assert found == UtcTime().convert(found, None, None)


@pytest.mark.parametrize("text", ["yesterday", "2026-11-23T10:00:00", "2026-13-01"])
def test_times_without_a_zone_are_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        UtcTime().convert(text, None, None)


def test_explain_prints_the_tree_with_clauses_and_the_next_command(tmp_path: Path) -> None:
    model, standard = a_folder(tmp_path / "m"), policy(tmp_path / "standard.yaml")

    done = run("explain", model, "E01", "--policy", standard)

    assert done.code == 3
    assert "UNDETERMINED  E01  Compute ledger" in done.out
    assert "answers EU-AIA-51-2" in done.out
    assert f"-> tiergate evidence claim E01 --model {model}" in done.flat


def test_explain_without_a_requirement_explains_the_tier_in_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model, standard = a_folder(Path("m")), policy(Path("standard.yaml"))
    claim(model, standard, "E01", "training_flop=1")

    done = run("explain", model, "--policy", standard, "--tier", "T5")

    assert all(name in done.out for name in ("E01", "FILES", "CYBER"))
    assert max(map(len, done.out.splitlines())) <= 80


def test_explain_refuses_an_unknown_requirement(tmp_path: Path) -> None:
    model, standard = a_folder(tmp_path / "m"), policy(tmp_path / "standard.yaml")

    done = run("explain", model, "E99", "--policy", standard)

    assert done.code == 4
    assert "no requirement E99" in done.err


def test_the_module_runs_like_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tiergate", "--version"], capture_output=True, text=True, check=True
    )

    assert done.stdout.startswith("tiergate, version ")
