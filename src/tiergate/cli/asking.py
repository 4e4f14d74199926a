# SPDX-License-Identifier: Apache-2.0
"""Asking a gateway for access, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import click

from tiergate.cli.pushing import read_token
from tiergate.cli.pushing_client import Client, PassingError, Reply
from tiergate.errors import InputError

_OK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody states."""

    stated: Mapping[str, str]
    """Purpose, organisation and jurisdiction; what is empty is left out."""
    fields: Mapping[str, str]
    """Answers to the questions of the model card."""
    shares_name: bool
    """Whether those who decide are shown their full name."""
    agrees: bool
    """Whether they agree to what they are shown."""


def read_fields(words: Sequence[str]) -> dict[str, str]:
    """Return answers that are given as ``NAME=VALUE``.

    Raises:
        InputError: one is none.

    >>> read_fields(["Company=Example Institute"])
    {'Company': 'Example Institute'}
    """
    found = {}
    for word in words:
        name, sign, value = word.partition("=")
        if not sign or not name:
            raise InputError("--field", repr(word), "NAME=VALUE")
        found[name] = value
    return found


def asked(repository: str, endpoint: str, what: Asked, *, may_be_plain: bool) -> str:
    """Show what is asked and agreed to, ask, and return what became of it.

    Raises:
        InputError: the gateway refuses or cannot be reached, an answer is missing, or they do not
            agree.
    """
    client = Client(endpoint, read_token(), may_be_plain=may_be_plain, option="--endpoint")
    where = f"{repository} at {endpoint}"
    path = f"/{repository}/ask-access"
    described = _answered(client, path, None, where)
    for line in _shown(described):
        click.echo(line)
    questions = cast("list[dict[str, object]]", described.get("questions") or [])
    missing = [str(row["name"]) for row in questions if row["name"] not in what.fields]
    if missing:
        remedy = "Answer each question with --field 'NAME=VALUE'; a box is ticked by =true."
        raise InputError(where, f"no answer to {missing[0]!r}", "an answer to each", remedy)
    wording = str(described.get("wording", ""))
    if wording and not what.agrees:
        remedy = "Run the command again with --agree, if you do."
        raise InputError(where, "terms that you have not agreed to", "your agreement", remedy)
    document = {
        **{name: value for name, value in what.stated.items() if value},
        "fields": dict(what.fields),
        "wording": wording,
        "share_name": what.shares_name,
    }
    found = _answered(client, path, json.dumps(document).encode(), where)
    return f"{found.get('status')}: request {found.get('requestId')}"


def _answered(client: Client, path: str, body: bytes | None, where: str) -> dict[str, object]:
    try:
        reply: Reply = client.get(path) if body is None else client.post(path, body)
    except PassingError as error:
        raise InputError(where, str(error), "an answer", "Try again later.") from None
    if reply.status != _OK:
        raise InputError(where, reply.said, "a request that is taken")
    return reply.document


def _shown(described: Mapping[str, object]) -> Iterator[str]:
    """Yield what somebody agrees to, and what they are asked, on lines that are only text."""
    for name in ("criteria", "heading", "prompt", "description"):
        for line in str(described.get(name) or "").splitlines():
            yield _plain(line)
    for row in cast("list[dict[str, object]]", described.get("questions") or []):
        options = ", ".join(_plain(str(o)) for o in cast("list[object]", row.get("options") or []))
        choice = f": {options}" if options else ""
        yield f"  asks ({row.get('type')}{choice}): {_plain(str(row.get('name')))}"


def _plain(text: str) -> str:
    return "".join(letter if letter.isprintable() else " " for letter in text)
