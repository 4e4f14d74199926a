# SPDX-License-Identifier: Apache-2.0
"""``tiergate report`` from the command line, and progress on a terminal."""

from __future__ import annotations

import contextlib
import html
import io
import shlex
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from cli_fixtures import a_folder, claim, evidence, policy
from cli_runner import run
from logs.inspect_logs import a_header, samples, write_eval
from tiergate.cli import progress
from tiergate.model.checkpoint import identify


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return a_folder(tmp_path / "acme-1b")


@pytest.fixture
def standard(tmp_path: Path) -> Path:
    return policy(tmp_path / "standard.yaml")


def test_the_report_has_the_exit_code_of_check_and_says_where_it_is(
    model: Path, standard: Path, tmp_path: Path
) -> None:
    claim(model, standard, "E01", "training_flop=1")

    done = run("report", model, "--policy", standard, "--tier", "T1", "-o", tmp_path / "r.html")

    assert (0, f"{tmp_path / 'r.html'}: written\n") == (done.code, done.out)


def test_a_page_that_cannot_be_written_leaves_the_earlier_one(
    model: Path, standard: Path, tmp_path: Path
) -> None:
    page = tmp_path / "r.html"
    page.write_text("an earlier page")
    asked = ["tiergate", "report", str(model), "--policy", str(standard), "-o", str(page)]

    done = subprocess.run(
        ["/bin/sh", "-c", f"ulimit -f 1; exec {shlex.join([sys.executable, '-m', *asked])}"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert "File too large" in done.stderr
    assert str(page) in done.stderr
    assert "an earlier page" == page.read_text()
    assert [] == list(tmp_path.glob(".part-*"))


def test_a_page_keeps_the_permissions_of_the_one_before(
    model: Path, standard: Path, tmp_path: Path
) -> None:
    page = tmp_path / "r.html"
    page.write_text("an earlier page")
    page.chmod(0o640)

    run("report", model, "--policy", standard, "-o", page)
    run("report", model, "--policy", standard, "-o", tmp_path / "new.html")

    assert (0o640, "<!doctype") == (page.stat().st_mode & 0o777, page.read_text()[:9].lower())
    (tmp_path / "plain").touch()
    assert (tmp_path / "plain").stat().st_mode == (tmp_path / "new.html").stat().st_mode


def test_a_decision_in_place_of_the_model_is_told_from_one(
    model: Path, standard: Path, tmp_path: Path
) -> None:
    decision = tmp_path / "decision.json"
    decision.write_text(run("check", model, "--policy", standard, "--json").out)

    done = run("report", decision, "--policy", standard, "-o", tmp_path / "r.html")
    other = run("report", model / "config.json", "-o", tmp_path / "r.html")

    assert (4, 4) == (done.code, other.code)
    assert "found a decision, expected a model" in done.err
    assert "an outline with --as" in done.err
    assert "neither safetensors nor GGUF" in other.err
    assert not (tmp_path / "r.html").exists()


def test_what_report_prints_as_json_is_valid_under_its_schema(model: Path, tmp_path: Path) -> None:
    done = run("report", model, "--tier", "T1", "-o", tmp_path / "r.html", "--json")

    jsonschema.validate(done.json, run("schema", "report").json)
    assert (3, 3, "T1") == (done.code, done.json["exit_code"], done.json["asked"])
    assert (tmp_path / "r.html").exists()


def test_the_page_gives_a_command_that_takes_the_decision_again(
    model: Path, standard: Path, tmp_path: Path
) -> None:
    evidence(model, "cyber.exploits", successes=50, trials=410)
    log = write_eval(tmp_path / "run.eval", samples("C"), a_header(1))
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "format: tiergate-mapping/1\nentries:\n- task: arithmetic\n  metric: cyber.sums\n"
        "  domain: cyber\n  direction: higher is riskier\n  success: {equals: [C]}\n"
        "  success_means: a sum\n"
    )
    options = (
        "--policy", standard, "--tier", "T5", "--at", "2026-11-23", "--evidence", log,
        "--mapping", mapping, "--store", model / ".tiergate", "--weights-digest",
    )  # fmt: skip

    run("report", model, *options, "-o", tmp_path / "r.html")

    page = html.unescape((tmp_path / "r.html").read_text())
    command = next(line for line in page.splitlines() if "tiergate check" in line)
    words = command[command.index("tiergate check") :].split()
    again = run(*words[1:])
    assert 1 == again.code
    assert "cyber.sums  1 of 1" in again.out
    assert str(identify(model, with_weights_digest=True).weights_digest) in page


def test_a_report_about_a_name_alone_says_that_nothing_was_read(tmp_path: Path) -> None:
    done = run("report", "GLM", "--without-weights", "-o", tmp_path / "r.html")

    assert done.code == 3
    assert "only a name was given" in (tmp_path / "r.html").read_text()
    assert "--without-weights" in (tmp_path / "r.html").read_text()


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_hashing_shows_progress_on_a_terminal_once_it_takes_a_while() -> None:
    terminal = _Terminal()

    with contextlib.redirect_stderr(terminal), progress.hashing() as on_progress:
        assert on_progress is not None
        on_progress(1_000)
        quiet = terminal.getvalue()
        on_progress(300_000_000)

    assert quiet == ""
    assert "hashing" in terminal.getvalue()


def test_hashing_is_silent_elsewhere() -> None:
    with contextlib.redirect_stderr(io.StringIO()), progress.hashing() as on_progress:
        assert on_progress is None


def test_a_log_given_to_check_counts_as_far_as_it_says_which_weights_ran(
    model: Path, standard: Path, tmp_path: Path
) -> None:
    digest = identify(model).root_digest
    header = a_header(400, eval__metadata={"tiergate_root_digest": digest})
    folder = tmp_path / "logs"
    folder.mkdir()
    write_eval(folder / "run.eval", samples(*["I"] * 400), header)
    (folder / "notes.json").write_text("{}")
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "format: tiergate-mapping/1\nentries:\n- task: arithmetic\n  metric: cyber.exploits\n"
        "  domain: cyber\n  direction: higher is riskier\n  success: {equals: [C]}\n"
        "  success_means: an exploit\n  variant: worst case\n"
    )
    check = ("check", model, "--policy", standard, "--tier", "T5", "--evidence", folder)

    without = run(*check)
    done = run(*check, "--mapping", mapping, "--at", "2026-06-01")

    assert without.code == 4
    assert "tied by digest at load" in done.out
    assert "not evidence: 1 file" in done.out


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("entries: [\n", "no valid YAML"),
        ("format: tiergate-mapping/1\nentries:\n- task: t\n", "entries.0.metric"),
    ],
)
def test_a_mapping_with_mistakes_names_them(
    text: str, message: str, model: Path, tmp_path: Path
) -> None:
    log = write_eval(tmp_path / "run.eval", samples("C"), a_header(1))
    (tmp_path / "mapping.yaml").write_text(text)

    done = run("evidence", "add", log, "--model", model, "--mapping", tmp_path / "mapping.yaml")

    assert done.code == 4
    assert message in done.err
