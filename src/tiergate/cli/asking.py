# SPDX-License-Identifier: Apache-2.0
"""Asking a gateway for access, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from tiergate.cli.pushing import read_token
from tiergate.cli.pushing_client import Client, PassingError, Reply
from tiergate.errors import InputError

_OK, _NOBODY = 200, 401


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
    """Whether they agree to what they are shown; nothing is asked for without it."""
    renews: bool = False
    """Whether they ask anew however long a grant of theirs counts still."""


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


def asked(repository: str, endpoint: str, what: Asked, *, may_be_plain: bool) -> Iterator[str]:
    """Yield what is asked and agreed to; ask, if they agree, and yield what became of it.

    Raises:
        InputError: the gateway refuses or cannot be reached, an answer is missing, or they do not
            agree and have not asked before.
    """
    client = Client(endpoint, read_token(), may_be_plain=may_be_plain, option="--endpoint")
    where = f"{repository} at {endpoint}"
    path = f"/{repository}/ask-access"
    described = _answered(client, path, None, where)
    yield from _shown(described)
    before = cast("dict[str, object]", described.get("request") or {})
    if not _is_to_be_asked(before, what):
        yield from _stands(before, what)
        return
    if before.get("until"):
        yield f"Your grant counts until {_when(before, 'until')}; this asks for it to be renewed."
    questions = cast("list[dict[str, object]]", described.get("questions") or [])
    missing = [str(row["name"]) for row in questions if row["name"] not in what.fields]
    if missing:
        remedy = "Answer each question with --field 'NAME=VALUE'; a box is ticked by =true."
        raise InputError(where, f"no answer to {missing[0]!r}", "an answer to each", remedy)
    wording = str(described.get("wording", ""))
    if not what.agrees:
        found = "terms that you have not agreed to" if wording else "nothing that was asked for"
        remedy = "Run the command again with --agree, if you do."
        raise InputError(where, found, "your agreement", remedy)
    document = {
        **{name: value for name, value in what.stated.items() if value},
        "fields": dict(what.fields),
        "wording": wording,
        "share_name": what.shares_name,
        **({"renew": True} if what.renews else {}),
    }
    yield from _became(_answered(client, path, json.dumps(document).encode(), where))


def _is_to_be_asked(before: Mapping[str, object], what: Asked) -> bool:
    """Tell whether there is something to ask for, and they do not only look."""
    if before.get("until") and not before.get("isRenewable") and not what.renews:
        return False
    return what.agrees or not before


def _stands(before: Mapping[str, object], what: Asked) -> Iterator[str]:
    """Yield what became of what was asked before, where nothing is asked now."""
    yield from _became(before)
    if before.get("until") and not before.get("isRenewable"):
        since = _when(before, "renewableFrom")
        yield f"Nothing was asked for: it can be renewed from {since} on, and before by --renew."
    elif not what.agrees:
        yield "Nothing was asked for: that takes --agree."


def _became(found: Mapping[str, object]) -> Iterator[str]:
    until = f" until {_when(found, 'until')}" if found.get("until") else ""
    yield f"{_plain(str(found.get('status')))}{until}: request {_plain(str(found['requestId']))}"


def _when(found: Mapping[str, object], name: str) -> str:
    return _plain(str(found.get(name))[:16].replace("T", " ")) + " UTC"


def _answered(client: Client, path: str, body: bytes | None, where: str) -> dict[str, object]:
    try:
        reply: Reply = client.get(path) if body is None else client.post(path, body)
    except PassingError as error:
        raise InputError(where, str(error), "an answer", "Try again later.") from None
    if reply.status == _NOBODY:
        remedy = "Put one of your tokens into TIERGATE_TOKEN or HF_TOKEN."
        raise InputError(where, "nobody logged in", "a token that counts", remedy)
    if reply.status != _OK:
        found = f"the answer {reply.said.rstrip('.')!r}"
        raise InputError(where, found, "a request that is taken")
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
