# SPDX-License-Identifier: Apache-2.0
"""Where a report says that a log is, that very log is; elsewhere it says that nobody knows."""

from __future__ import annotations

import html
import re
import subprocess
from pathlib import Path
from urllib.parse import unquote

import pytest

from cli_fixtures import MAPPING, a_folder, policy
from cli_runner import run
from logs.inspect_logs import a_header, samples, write_eval

KNOWN_BY_DIGEST = "This page knows its log by name and digest only."


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return a_folder(tmp_path / "acme-1b")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "my logs").mkdir()
    return write_eval(tmp_path / "my logs" / "run.eval", samples("C", "I"), a_header(2))


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "mapping.yaml"
    path.write_text(MAPPING)
    return path


@pytest.fixture
def page(tmp_path: Path) -> Path:
    (tmp_path / "pages").mkdir()
    return tmp_path / "pages" / "report.html"


def a_report(model: Path, page: Path, *options: object) -> str:
    standard = policy(page.parent / "standard.yaml")
    done = run("report", model, "--policy", standard, "--tier", "T5", "-o", page, *options)
    assert f"{page}: written\n" == done.out
    return html.unescape(page.read_text())


def links(text: str) -> list[str]:
    return [unquote(link) for link in re.findall(r'href="(\.[^"]*)"', text)]


def commands(text: str) -> list[str]:
    shown = text.partition('<div class="view">')[2].partition("<code>")[2]
    return shown.partition("</code>")[0].split("\n")[:-1]


@pytest.mark.parametrize("given", ["the file", "its folder"])
def test_a_log_that_was_given_is_linked_from_the_page(
    given: str, model: Path, log: Path, mapping: Path, page: Path
) -> None:
    (log.parent / "notes.txt").write_bytes(b"x" * log.stat().st_size)
    evidence = log if given == "the file" else log.parent

    text = a_report(model, page, "--evidence", evidence, "--mapping", mapping)

    (link,) = links(text)
    assert log == (page.parent / link).resolve()
    assert ["inspect view start --log-dir '../my logs'"] == commands(text)


def test_a_log_that_was_filed_is_linked_in_the_store_and_copied_to_a_name_that_is_shown(
    model: Path, log: Path, mapping: Path, page: Path
) -> None:
    run("evidence", "add", log, "--model", model, "--mapping", mapping)
    content = log.read_bytes()
    log.unlink()

    text = a_report(model, page)

    (link,) = links(text)
    assert content == (page.parent / link).read_bytes()
    make, copy, view = commands(text)
    for command in (make, copy):
        subprocess.run(command, shell=True, cwd=page.parent, check=True)  # noqa: S602 - as a user
    assert content == (page.parent / view.split()[-1] / "run.eval").read_bytes()


LOST = {
    "it was taken away": lambda path: path.unlink(),
    "other bytes of the same size are there": lambda path: path.write_bytes(
        b"x" * path.stat().st_size
    ),
    "a longer file is there": lambda path: path.write_bytes(path.read_bytes() + b"x"),
}


@pytest.mark.parametrize("sentence", LOST)
def test_a_log_that_is_not_there_is_said_to_be_nowhere(
    sentence: str, model: Path, log: Path, mapping: Path, page: Path
) -> None:
    run("evidence", "add", log, "--model", model, "--mapping", mapping)
    (kept,) = (model / ".tiergate" / "sources").iterdir()
    LOST[sentence](kept)

    text = a_report(model, page)

    assert [] == links(text)
    assert KNOWN_BY_DIGEST in text
    assert ["inspect view start --log-dir FOLDER"] == commands(text)


def test_a_store_that_was_named_is_looked_into_without_weights(
    model: Path, log: Path, mapping: Path, page: Path
) -> None:
    run("evidence", "add", log, "--model", model, "--mapping", mapping)

    text = a_report(model, page, "--without-weights", "--store", model / ".tiergate")

    (link,) = links(text)
    assert log.read_bytes() == (page.parent / link).read_bytes()


def test_a_report_about_a_name_without_a_store_looks_nowhere(
    model: Path, log: Path, mapping: Path, page: Path
) -> None:
    text = a_report(model, page, "--without-weights", "--evidence", log, "--mapping", mapping)

    assert 1 == len(links(text))
