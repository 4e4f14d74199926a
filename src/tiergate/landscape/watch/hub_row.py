# SPDX-License-Identifier: Apache-2.0
"""A row as a hub gives it: an item of ``/api/models``, or an exported ``ModelInfo``.

Both ways of writing field names are read (``createdAt`` and ``created_at``); fields that are not
needed are passed over without being looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from tiergate.landscape.watch.row import REPOSITORY, FileRow, Row

MOST_PARTS = 20_000
"""Most tags or files of one row."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


class _Lfs(msgspec.Struct):
    sha256: str | None = None
    size: int | None = None


class _Sibling(msgspec.Struct):
    rfilename: str
    size: int | None = None
    lfs: _Lfs | None = None


class _Card(msgspec.Struct):
    base_model: str | list[str] | None = None
    base_model_relation: str | None = None


class _Item(msgspec.Struct):
    id: str | None = None
    model_id: str | None = msgspec.field(default=None, name="modelId")
    sha: str | None = None
    created_camel: str | None = msgspec.field(default=None, name="createdAt")
    created_snake: str | None = msgspec.field(default=None, name="created_at")
    modified_camel: str | None = msgspec.field(default=None, name="lastModified")
    modified_snake: str | None = msgspec.field(default=None, name="last_modified")
    tags: list[str] | None = None
    library_name: str | None = None
    downloads: int | None = None
    siblings: list[_Sibling] | None = None
    card_camel: Any = msgspec.field(default=None, name="cardData")
    card_snake: Any = msgspec.field(default=None, name="card_data")
    base_model: str | list[str] | None = None


_ITEM = msgspec.json.Decoder(_Item)


def row_of_json(data: bytes) -> Row:
    """Read one item.

    Raises:
        ValueError: it is no JSON object of that shape, or names no repository; the message
            says what is wrong.
    """
    try:
        item = _ITEM.decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise ValueError(" ".join(str(error).split())[:200]) from None
    return _row(item)


def row_of_object(found: object) -> Row:
    """Read one item that was decoded already.

    Raises:
        ValueError: as above.
    """
    try:
        return _row(msgspec.convert(found, _Item))
    except msgspec.MsgspecError as error:
        raise ValueError(" ".join(str(error).split())[:200]) from None


def time_of(text: str | None) -> datetime | None:
    """Read a time as hubs write it; None when there is none or it is no time.

    A time without an offset is taken for UTC, as exports of data frames write it.
    """
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def sha256_of(text: str | None) -> str | None:
    """Return 64 lower-case hexadecimal digits; None when it is something else."""
    digits = (text or "").lower().removeprefix("sha256:")
    return digits if _SHA256.fullmatch(digits) else None


def base_models_of_text(text: str | None) -> list[str]:
    """Return the base models of a card that is kept as JSON in a text; none when it is no JSON."""
    return list(_names(_card(text).base_model))


def _row(item: _Item) -> Row:
    name = item.id or item.model_id
    if not name:
        raise ValueError("no id")
    if not REPOSITORY.fullmatch(name):
        raise ValueError(f"an id that names no repository: {name[:60]!r}")
    if max(len(item.tags or ()), len(item.siblings or ())) > MOST_PARTS:
        raise ValueError(f"more than {MOST_PARTS} tags or files")
    card = _card(item.card_camel if item.card_camel is not None else item.card_snake)
    return Row(
        repository=name,
        revision=item.sha,
        created_at=time_of(item.created_camel or item.created_snake),
        modified_at=time_of(item.modified_camel or item.modified_snake),
        base_models=tuple(dict.fromkeys((*_names(item.base_model), *_names(card.base_model)))),
        relation=card.base_model_relation,
        tags=tuple(item.tags or ()),
        library=item.library_name,
        files=tuple(map(_file, item.siblings or ())),
        downloads=item.downloads if 0 <= (item.downloads or 0) < 2**63 else None,
    )


def _card(found: object) -> _Card:
    """Read a card, or what there is of it: people write cards, and a list can stand anywhere."""
    if isinstance(found, str):
        try:
            found = msgspec.json.decode(found)
        except msgspec.MsgspecError:
            return _Card()
    if not isinstance(found, dict):
        return _Card()
    relation = found.get("base_model_relation")
    return _Card(
        base_model=list(_names(found.get("base_model"))),
        base_model_relation=relation if isinstance(relation, str) else None,
    )


def _names(found: object) -> tuple[str, ...]:
    if isinstance(found, str):
        return (found,)
    if isinstance(found, Iterable):
        return tuple(name for name in found if isinstance(name, str))
    return ()


def _file(found: _Sibling) -> FileRow:
    lfs = found.lfs or _Lfs()
    size = found.size if found.size is not None else lfs.size
    return FileRow(name=found.rfilename, size_bytes=size, sha256=sha256_of(lfs.sha256))
