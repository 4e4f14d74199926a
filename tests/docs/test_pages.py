# SPDX-License-Identifier: Apache-2.0
"""What the tutorial and the how-to pages say is done, in order, and compared."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from docs.console import Step, difference, go_through, run, steps, write_files
from tiergate.cli.main import cli

DOCS = Path(__file__).parents[2] / "docs"
HOW_TO = sorted((DOCS / "how-to").glob("*.md"))
WRITTEN_BY_HAND = [p for p in sorted(DOCS.rglob("*.md")) if "_build" not in p.parts]

_SHELL_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_INVOCATION = re.compile(r"(?:^|&& |run: )tiergate ([^|&>;\n]*)", re.MULTILINE)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


@pytest.fixture(scope="session")
def finished_tutorial(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Do the tutorial once; the how-to pages begin where it ends."""
    folder = tmp_path_factory.mktemp("tutorial") / "work"
    shutil.copytree(DOCS / "tutorial-files", folder, ignore=shutil.ignore_patterns("__pycache__"))
    go_through(DOCS / "tutorial.md", folder)
    return folder


@pytest.mark.tools
def test_the_tutorial_leads_to_a_first_tier(finished_tutorial: Path) -> None:
    command = "tiergate check model --policy policy.yaml --tier T1 --quiet"
    last = Step(line=0, command=command, output="", exit_code=0)

    code, output = run(last, finished_tutorial)

    assert (0, True) == (code, "Supported: T1" in output)


@pytest.mark.tools
@pytest.mark.parametrize("page", HOW_TO, ids=lambda page: page.stem)
def test_every_command_of_a_how_to_page_does_what_the_page_says(
    page: Path, finished_tutorial: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "work"
    shutil.copytree(finished_tutorial, folder)
    text = page.read_text(encoding="utf-8")

    write_files(text, folder)
    go_through(page, folder)

    assert steps(text), "a how-to page shows at least one command that is run"


def _commands_not_run() -> Iterator[tuple[str, list[str]]]:
    for page in WRITTEN_BY_HAND:
        text = page.read_text(encoding="utf-8")
        blocks = [*_SHELL_BLOCK.findall(text), *re.findall(r"- run: .*", text)]
        for block in blocks:
            for found in _INVOCATION.findall(block.replace("\\\n", " ")):
                yield page.stem, shlex.split(found)


@pytest.mark.parametrize(("page", "words"), list(_commands_not_run()), ids=str)
def test_a_command_that_is_shown_and_not_run_has_only_options_that_exist(
    page: str, words: list[str]
) -> None:
    command: click.Command | None = cli
    while isinstance(command, click.Group):
        command = command.get_command(click.Context(command), words.pop(0))

    assert command is not None, page
    # With the settings of the program: click keeps the help option that it makes first.
    program = click.Context(cli, **cli.context_settings)
    assert command.make_context("tiergate", words, parent=program).params


def test_the_pages_show_commands_of_both_kinds() -> None:
    assert len(list(_commands_not_run())) > 5
    assert all(steps(page.read_text(encoding="utf-8")) for page in HOW_TO)


LINKED = [*WRITTEN_BY_HAND, *sorted(DOCS.parent.glob("*.md"))]


@pytest.mark.parametrize("page", LINKED, ids=lambda page: str(page.relative_to(DOCS.parent)))
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    links = _LINK.findall(page.read_text(encoding="utf-8"))
    local = [link.partition("#")[0] for link in links if "://" not in link]

    dead = [link for link in local if link and not (page.parent / link).exists()]

    assert [] == dead


STEP = Step(line=1, command="x", output="one\n...\nfour", exit_code=3)


@pytest.mark.parametrize(
    ("code", "output", "agrees"),
    [(3, "one\ntwo\nfour\n", True), (0, "one\ntwo\nfour\n", False), (3, "one\ntwo\n", False)],
    ids=["as the page says", "another exit code", "another output"],
)
def test_a_page_that_differs_from_the_program_is_noticed(
    code: int, output: str, *, agrees: bool
) -> None:
    assert agrees == (difference(STEP, code, output) == "")


def test_steps_are_read_with_their_continuations_output_and_exit_code() -> None:
    page = "```console\n$ tiergate check \\\n> model\nmodel\n$ echo $?\n3\n$ true\n```\n"

    expected = (
        Step(line=2, command="tiergate check model", output="model", exit_code=3),
        Step(line=7, command="true", output="", exit_code=0),
    )
    assert expected == steps(page)
