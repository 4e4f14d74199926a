# SPDX-License-Identifier: Apache-2.0
"""Plain text for terminals: 80 columns, words before colours, nothing that a pipe dislikes."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterable

import click

from tiergate.cli.failures import visible
from tiergate.decision.outcome import Outcome

WIDTH = 80

_ARGUMENT = re.compile(r"""(?:[^\s'"\\]|'[^']*'|"(?:[^"\\]|\\.)*"|\\.|['"\\])+""")
_OPTION = re.compile(r"--?[A-Za-z][A-Za-z-]*")

_COLOURS = {Outcome.MET: "green", Outcome.NOT_MET: "red", Outcome.UNDETERMINED: "yellow"}


def outcome(value: Outcome, width: int = 0, *, capitals: bool = False) -> str:
    """Write an outcome, coloured when colours are shown; the word says it all."""
    word = value.value.upper() if capitals else value.value
    if "NO_COLOR" in os.environ:
        return word.ljust(width)
    return click.style(word.ljust(width), fg=_COLOURS[value])


def heading(text: str) -> str:
    """Write a heading."""
    return click.style(text, bold=True)


def wrapped(
    text: str, indent: str, first: str | None = None, *, keep_words: bool = False
) -> list[str]:
    """Break ``text`` into lines of 80 columns; ``first`` starts the first line.

    Control characters are written as escapes, so that no name can draw on the terminal.
    With ``keep_words`` a long word is not broken, so that a path can be copied.
    """
    return textwrap.wrap(
        plain(text),
        width=WIDTH,
        initial_indent=indent if first is None else first,
        subsequent_indent=indent,
        break_long_words=not keep_words,
        break_on_hyphens=False,
    ) or [(indent if first is None else first).rstrip()]


def command(words: str, indent: str, first: str | None = None) -> list[str]:
    """Break a shell command into lines of 80 columns that can be copied as they are.

    Every line but the last ends with a backslash. Nothing within quotes is broken, an option keeps
    its value, and what is longer than a line stays whole.
    """
    lines: list[str] = []
    line = indent if first is None else first
    is_empty = True
    for part in _arguments(plain(words)):
        # Two columns are left for the backslash.
        if not is_empty and len(line) + 1 + len(part) > WIDTH - 2:
            lines.append(f"{line} \\")
            line, is_empty = indent, True
        line += part if is_empty else f" {part}"
        is_empty = False
    return [*lines, line]


def _arguments(words: str) -> list[str]:
    """Split a command between arguments, an option with what follows it; quotes are kept."""
    parts: list[str] = []
    for word in _ARGUMENT.findall(words):
        is_value = bool(parts) and _OPTION.fullmatch(parts[-1]) and not word.startswith("-")
        if is_value:
            parts[-1] += f" {word}"
        else:
            parts.append(word)
    return parts


def plain(words: str) -> str:
    """Return ``words`` on one line, control characters as escapes."""
    return visible(words).replace("\n", "\\n")


def shortened(words: str, width: int) -> str:
    """Cut ``words`` to ``width`` columns, marking the cut."""
    safe = plain(words)
    return safe if len(safe) <= width else safe[: width - 1] + "…"


def short_digest(digest: str) -> str:
    """Write a digest so that it fits a line: ``sha256:0123456789ab…cdef``."""
    scheme, _, value = digest.partition(":")
    return f"{scheme}:{value[:12]}…{value[-4:]}"


def size(count: int) -> str:
    """Write a number of bytes with a decimal unit."""
    return _scaled(count, (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 10**3)), "bytes")


def parameters(count: int) -> str:
    """Write a number of parameters with its scale."""
    return _scaled(count, (("B", 10**9), ("M", 10**6), ("k", 10**3)), "")


def plural(count: int, word: str, more: str = "") -> str:
    """Write a count with its word: ``1 file``, ``2 files``."""
    return f"{count} {word if count == 1 else more or word + 's'}"


def joined(words: Iterable[str]) -> str:
    """Join the parts of a line that say something."""
    return " · ".join(word for word in words if word)


def _scaled(count: int, scales: tuple[tuple[str, int], ...], plain: str) -> str:
    for name, factor in scales:
        if count >= factor:
            tenths = (count * 10 + factor // 2) // factor
            return f"{tenths // 10}.{tenths % 10} {name}"
    return f"{count} {plain}".rstrip()
