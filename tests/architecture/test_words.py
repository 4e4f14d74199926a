# SPDX-License-Identifier: Apache-2.0
"""One word for one thing: what users read avoids the words that the glossary rules out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tiergate.cli.main import cli

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "tiergate"

# From a word to the word that stands for the thing.
RULED_OUT = {
    "recall": "withdraw; published weights stay published",
    "recalled": "withdrawn; published weights stay published",
    "guardrail": "safeguard",
    "guardrails": "safeguards",
    "blob": "weights",
    "hack": "attack",
    "jailbroken": "attacked",
    "verdict": "decision",
    "certificate": "attestation",
    "override": "waiver",
    "certified": "supported",
    "fingerprint": "root digest",
    "fail-safe": "say what happens",
}
SPELLING = {
    "license": "licence",
    "behavior": "behaviour",
    "organization": "organisation",
    "quantized": "quantised",
    "fulfill": "meet",
    "recognize": "recognise",
    "analyze": "analyse",
}


_ADDRESS = re.compile(r"https://\S+")


def _texts() -> Iterator[tuple[str, str]]:
    for page in sorted((ROOT / "docs").rglob("*.md")):
        if "_build" not in page.parts:
            yield str(page.relative_to(ROOT)), _prose(page.read_text(encoding="utf-8"))
    for path in sorted((SOURCE / "decision" / "policies").glob("*.yaml")):
        text = path.read_text(encoding="utf-8").replace("SPDX-License-Identifier", "")
        yield str(path.relative_to(ROOT)), _ADDRESS.sub(" ", text)
    for name, command in _commands(cli, "tiergate"):
        yield name, " ".join([command.help or "", *_helps(command)])


def _prose(text: str) -> str:
    """Leave out code, which may quote other people's words."""
    text = re.sub(r"```.*?```|`[^`\n]*`|\]\([^)]*\)", " ", text, flags=re.DOTALL)
    return _ADDRESS.sub(" ", text)


def _commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            assert below is not None
            yield from _commands(below, f"{path} {name}")


def _helps(command: click.Command) -> Iterator[str]:
    yield from (p.help or "" for p in command.params if isinstance(p, click.Option))


TEXTS = dict(_texts())


@pytest.mark.parametrize("where", TEXTS)
def test_no_text_uses_a_word_that_is_ruled_out(where: str) -> None:
    # An X.509 certificate is what it is called: it vouches for a key, and attests nothing.
    text = TEXTS[where].lower().replace("x.509 certificate", "")
    words = set(re.findall(r"[a-z-]+", text))

    assert {} == {w: instead for w, instead in RULED_OUT.items() if w in words}


@pytest.mark.parametrize("where", TEXTS)
def test_every_text_is_spelt_the_british_way(where: str) -> None:
    words = set(re.findall(r"[a-z]+", TEXTS[where].lower()))

    assert {} == {w: instead for w, instead in SPELLING.items() if w in words}


def test_a_word_that_is_ruled_out_would_be_noticed() -> None:
    prose = _prose("The lab can `recall` nothing, and may not recall it.")

    assert 1 == prose.count("recall")


COMMANDS = dict(_commands(cli, "tiergate"))


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_and_every_option_says_what_it_does(path: str) -> None:
    command = COMMANDS[path]

    assert command.help
    options = [p for p in command.params if isinstance(p, click.Option)]
    assert [] == [p.name for p in options if not p.help]


@pytest.mark.parametrize("path", COMMANDS)
def test_whatever_weakens_the_gate_says_so_in_its_name(path: str) -> None:
    options = [p for p in COMMANDS[path].params if isinstance(p, click.Option)]
    weakening = [p for p in options if "eaken" in (p.help or "")]

    said = [p for p in weakening for o in p.opts if "unsafe" in o or "waiver" in o]
    assert [] == [p.name for p in weakening if p not in said]


def _messages() -> Iterator[str]:
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
                parts = [n for n in ast.walk(node.exc) if isinstance(n, ast.Constant)]
                yield from (p.value for p in parts if isinstance(p.value, str))


def _is_known(name: str) -> bool:
    """Tell whether ``name`` begins with a command; of a group, with one of its commands."""
    words = name.split()
    first = COMMANDS.get(f"tiergate {words[0]}")
    if isinstance(first, click.Group):
        return len(words) == 1 or f"tiergate {' '.join(words[:2])}" in COMMANDS
    return first is not None


def test_no_message_names_a_command_that_does_not_exist() -> None:
    named = {
        found.strip()
        for text in _source_texts()
        for found in re.findall(r"(?:`|: |-> |^)tiergate ((?:[a-z]+ ?){1,2})", text, re.MULTILINE)
    }

    assert named
    assert [] == sorted(name for name in named if not _is_known(name))


def _source_texts() -> Iterator[str]:
    yield from _messages()
    yield from (p.read_text("utf-8") for p in (SOURCE / "decision" / "policies").glob("*.yaml"))


def test_messages_are_found() -> None:
    assert len(list(_messages())) > 100
