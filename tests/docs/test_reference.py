# SPDX-License-Identifier: Apache-2.0
"""The reference pages say everything that the program has, and nothing else."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import pytest
from pydantic import BaseModel

from tiergate.cli.commands.schema import DOCUMENTS
from tiergate.cli.exit_codes import ExitCode
from tiergate.cli.main import cli
from tiergate.decision import policy_schema
from tiergate.evidence import document
from tiergate.evidence.provenance import BindingLevel

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"

# The terms of the design, one per thing.
TERMS = """
weights / checkpoint / base model / baseline model / hazard domain / capability band / safeguard
/ elicitation / attack / tampering / adversary / attack budget / attack success rate
/ tamper resistance / grader / marginal risk / measurement / claim / evidence / binding
/ behaviour / grade / conduct / audit / finding / run ledger
/ attestation / requirement / policy / release tier / stage / decision / decision record / waiver
/ grant / hold / freeze / revoke / withdraw / ledger
"""


def _page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    """Load docs/generate.py, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_is_taken_from_the_program_is_what_the_program_says(generator: ModuleType) -> None:
    stale = [
        str(path.relative_to(ROOT))
        for path, text in generator.wanted()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]

    assert [] == stale, "run: python docs/generate.py"


def test_a_page_whose_region_is_stale_is_noticed(generator: ModuleType) -> None:
    stale = "<!-- generated: exit-codes -->\n| 0 | fine |\n<!-- end -->\n"

    assert stale != generator.regenerated(stale)


def test_no_schema_is_published_that_the_program_does_not_print() -> None:
    published = {path.stem for path in (REFERENCE / "schemas").glob("*.json")}

    assert set(DOCUMENTS) == published


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _commands(below, f"{path} {name}")


COMMANDS = dict(_commands(cli, "tiergate"))


@pytest.mark.parametrize("path", sorted(COMMANDS.keys() - {"tiergate"}))
def test_every_command_and_option_is_on_the_page_of_the_command_line(path: str) -> None:
    _, heading, after = _page("cli.md").partition(f"\n## {path}\n")
    section = after.partition("\n## ")[0]

    options = {
        name
        for parameter in COMMANDS[path].params
        if isinstance(parameter, click.Option)
        for name in parameter.opts
    }
    words = set(re.findall(r"(?<!\S)--?[a-z][a-z-]*", section))

    assert heading
    assert set() == options - words


def test_the_page_is_what_a_shell_prints() -> None:
    command = [sys.executable, "-m", "tiergate", "evidence", "add", "--help"]
    printed = subprocess.run(
        command, capture_output=True, text=True, check=True, env={"COLUMNS": "80"}
    ).stdout

    assert printed.replace("python -m tiergate", "tiergate").strip() in _page("cli.md")


def test_every_exit_code_has_a_row() -> None:
    rows = [int(n) for n in re.findall(r"^\| (\d+) \|", _page("exit-codes.md"), re.MULTILINE)]

    assert sorted(int(code) for code in ExitCode) == rows


def _documents() -> Iterator[type[BaseModel]]:
    for name in sorted(vars(document)):
        found = getattr(document, name)
        if isinstance(found, type) and issubclass(found, BaseModel) and found.model_fields:
            yield found


@pytest.mark.parametrize("part", list(_documents()), ids=lambda part: part.__name__)
def test_every_field_of_the_evidence_document_is_explained(part: type[BaseModel]) -> None:
    page = _page("evidence-document.md")

    for name, field in part.model_fields.items():
        assert field.description, f"{part.__name__}.{name} has no docstring"
        assert f"| `{name}` |" in page


@pytest.mark.parametrize("level", list(BindingLevel))
def test_every_binding_level_has_a_row(level: BindingLevel) -> None:
    assert f"\n| `{level}` |" in _page("evidence-document.md")


@pytest.mark.parametrize("kind", policy_schema.CHECKS)
def test_every_kind_of_requirement_is_explained(kind: str) -> None:
    assert f"`{kind}`" in _page("policy-format.md")


@pytest.mark.parametrize("term", [term.strip() for term in TERMS.split("/")])
def test_every_term_is_in_the_glossary(term: str) -> None:
    assert re.search(rf"^{term}$\n  \S", _page("glossary.md"), re.MULTILINE)


def _quoted_messages() -> list[str]:
    rows = _page("errors.md").partition("## What they are about")[2]
    return re.findall(r"^\| `([^`]+)`", rows, re.MULTILINE)


@pytest.mark.parametrize("quoted", _quoted_messages())
def test_a_message_that_is_explained_is_one_that_the_program_has(quoted: str) -> None:
    sources = (path.read_text("utf-8") for path in (ROOT / "src" / "tiergate").rglob("*.py"))

    assert any(quoted in source for source in sources)
