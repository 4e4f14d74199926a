# SPDX-License-Identifier: Apache-2.0
"""What the path of a request names, read from the bytes as they came.

Frameworks decode a path before anybody can look at it, so that ``refs%2Fpr%2F1`` and
``refs/pr/1`` become one. Here a path is split first and each segment is decoded once. What a
segment then says is looked up and never joined to a path of a file system.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from urllib.parse import quote

_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})?")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_LONGEST_PATH = 4096
_MOST_SEGMENTS = 64
_LONGEST_FILE = 3000
"""Of the path of a file, escaped: names of repositories and revisions take the rest."""
_GIT = ".git"
_NO_NAMESPACES = frozenset({"api", "oauth", "datasets"})
LINK_PARTS = 5
"""Parts of a path that somebody uploads to; see ``uploads``."""


class Kind(enum.StrEnum):
    """What is asked for."""

    LIST = "list of models"
    DATA_LIST = "list of data"
    INFO = "model info"
    TREE = "tree"
    REFS = "refs"
    PATHS_INFO = "paths info"
    AUTH_CHECK = "auth check"
    WHOAMI = "whoami"
    REQUESTS = "access requests"
    HANDLE = "handle request"
    GRANT = "grant access"
    BATCH = "handle several requests"
    CANCEL = "take back one's request"
    ASK = "ask for access"
    PAGE = "page of a model"
    FRONT = "front page"
    DESK = "page of those who work here"
    FILE = "file"
    CREATE = "create repository"
    VALIDATE = "validate a model card"
    PREUPLOAD = "how to upload"
    COMMIT = "commit"
    XET_TOKEN = "token of another storage"  # noqa: S105 - a route
    LFS_BATCH = "where to upload"
    LFS_OBJECT = "upload"
    LFS_VERIFY = "verify an upload"
    DEVICE = "log in without a browser"
    EXCHANGE = "get a token"
    LATER = "not offered"
    """A route of the Hub that this gateway does not have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a path names."""

    kind: Kind
    """What is asked for."""
    repository: str = ""
    """``namespace/name``; empty for what is about none."""
    revision: str = "main"
    """Branch or commit, decoded."""
    path: str = ""
    """File or folder within the repository, or the last word of the route."""


def read_target(raw_path: bytes) -> Target | None:
    """Return what a path names; None for what is none of the Hub's routes, or is malformed.

    Args:
        raw_path: as in the request line, without the query.

    >>> read_target(b"/acme/model/resolve/refs%2Fpr%2F1/a.txt").revision
    'refs/pr/1'
    >>> read_target(b"/acme/model/resolve/main/../a.txt") is None
    True
    """
    if raw_path == b"/":
        return Target(kind=Kind.FRONT)
    segments = _segments(raw_path)
    if segments is None:
        return None
    if segments[0] == "-":
        return _desk(segments[1:])
    if segments[0] == "oauth":
        kind = _OAUTH.get("/".join(segments[1:]))
        return None if kind is None else Target(kind=kind)
    if segments[0] == "api":
        return _api(segments[1:])
    return (
        _route_of_data(segments[1:]) if segments[0] == "datasets" else _repository_route(segments)
    )


def _segments(raw_path: bytes) -> list[str] | None:
    """Split a path and decode each part once; None when no part may look like that."""
    if len(raw_path) > _LONGEST_PATH or not raw_path.startswith(b"/"):
        return None
    parts = raw_path[1:].split(b"/")
    if len(parts) > _MOST_SEGMENTS:
        return None
    segments = [_decoded(part) for part in parts]
    return None if None in segments else [part for part in segments if part is not None]


def _decoded(part: bytes) -> str | None:
    """Decode one segment; None for an empty one, a dot, a control character or half an escape."""
    if any(match[1] is None for match in _ESCAPE.finditer(part)):
        return None
    plain = _ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), part)
    try:
        text = plain.decode("utf-8")
    except UnicodeDecodeError:
        return None
    inner = text.split("/")
    is_odd = any(unicodedata.category(letter) in {"Cc", "Cf", "Cs"} for letter in text)
    return None if is_odd or "\\" in text or {"", ".", ".."} & set(inner) else text


def _desk(words: Sequence[str]) -> Target | None:
    """Read what follows ``/-/``, which no name of a model begins with."""
    return Target(kind=Kind.DESK, path="/".join(words)) if words and _is_plain(words) else None


def _api(rest: Sequence[str]) -> Target | None:
    match rest:
        case words if tuple(words) in _ABOUT_NONE:
            return Target(kind=_ABOUT_NONE[tuple(words)])
        case ["models", namespace, name, *more] if _is_name(namespace, name):
            return _about(f"{namespace}/{name}", more)
        case ["datasets", namespace, name, *more] if _is_name(namespace, name):
            target = _about(f"datasets/{namespace}/{name}", more)
            return replace(target, kind=Kind.LATER) if target.kind in _UPLOADS else target
        case ["spaces" | "repos", *_]:
            return Target(kind=Kind.LATER)
        case _:
            return None


def _about(repository: str, more: Sequence[str]) -> Target:
    """Read what follows the name of a model in an API path."""
    kind, revision, path = Kind.LATER, "main", ""
    match more:
        case []:
            kind = Kind.INFO
        case [
            ("revision" | "paths-info" | "preupload" | "commit" | "xet-write-token") as word,
            which,
        ]:
            kind, revision = _OF_REVISION[word], which
        case ["tree", which, *parts] if _is_plain(parts):
            kind, revision, path = Kind.TREE, which, "/".join(parts)
        case ["user-access-request", word]:
            kind, path = _ACCESS.get(word, Kind.REQUESTS), word
        case [word]:
            kind = _WORDS.get(word, Kind.LATER)
        case _:
            pass  # some other route of the Hub
    return Target(kind=kind, repository=repository, revision=_branch(revision), path=path)


_ABOUT_NONE: Mapping[tuple[str, ...], Kind] = MappingProxyType(
    {
        ("whoami-v2",): Kind.WHOAMI,
        ("models",): Kind.LIST,
        ("datasets",): Kind.DATA_LIST,
        ("repos", "create"): Kind.CREATE,
        ("validate-yaml",): Kind.VALIDATE,
    }
)
_OAUTH: Mapping[str, Kind] = MappingProxyType({"device": Kind.DEVICE, "token": Kind.EXCHANGE})
_OF_REVISION: Mapping[str, Kind] = MappingProxyType(
    {
        "revision": Kind.INFO,
        "paths-info": Kind.PATHS_INFO,
        "preupload": Kind.PREUPLOAD,
        "commit": Kind.COMMIT,
        "xet-write-token": Kind.XET_TOKEN,
    }
)
_WORDS: Mapping[str, Kind] = MappingProxyType({"refs": Kind.REFS, "auth-check": Kind.AUTH_CHECK})
_ACCESS: Mapping[str, Kind] = MappingProxyType(
    {
        "handle": Kind.HANDLE,
        "grant": Kind.GRANT,
        "batch": Kind.BATCH,
        "cancel": Kind.CANCEL,
    }
)


_UPLOADS = frozenset({Kind.PREUPLOAD, Kind.COMMIT, Kind.XET_TOKEN})
"""For models alone: what is uploaded there stays hidden until a decision is about it."""
_OF_DATA = frozenset({Kind.FILE, Kind.ASK, Kind.PAGE})


def _route_of_data(segments: Sequence[str]) -> Target | None:
    """Read what follows ``/datasets/``: as of a model, but for what uploads."""
    target = _repository_route(segments)
    if target is None or target.kind not in _OF_DATA:
        return None
    return replace(target, repository=f"datasets/{target.repository}")


def _repository_route(segments: Sequence[str]) -> Target | None:
    match segments:
        case [namespace, name, "resolve" | "raw", revision, *path] if path and _is_plain(path):
            if not _is_name(namespace, name):
                return None
            return Target(
                kind=Kind.FILE,
                repository=f"{namespace}/{name}",
                revision=_branch(revision),
                path="/".join(path),
            )
        case [namespace, name, "ask-access"] if _is_name(namespace, name):
            return Target(kind=Kind.ASK, repository=f"{namespace}/{name}")
        case [namespace, name] if _is_name(namespace, name):
            return Target(kind=Kind.PAGE, repository=f"{namespace}/{name}")
        case [namespace, name, "info", "lfs", *rest] if name.endswith(_GIT):
            return _storage(namespace, name.removesuffix(_GIT), rest)
        case _:
            return None


def _storage(namespace: str, name: str, rest: Sequence[str]) -> Target | None:
    """Read what follows ``info/lfs``."""
    kind, path = Kind.LATER, ""
    match rest:
        case ["objects", "batch"]:
            kind = Kind.LFS_BATCH
        case ["verify"]:
            kind = Kind.LFS_VERIFY
        case ["objects", *link] if len(link) == LINK_PARTS and _is_plain(link):
            kind, path = Kind.LFS_OBJECT, "/".join(link)
        case _:
            pass  # locks, for example
    if not _is_name(namespace, name):
        return None
    return Target(kind=kind, repository=f"{namespace}/{name}", path=path)


def is_repository_name(name: str) -> bool:
    """Tell whether a new repository can be named so, as in ``org/name``.

    >>> is_repository_name("acme/model"), is_repository_name("acme/model.git")
    (True, False)
    >>> is_repository_name("oauth/token")
    False
    """
    parts = name.split("/")
    is_odd = name.endswith(_GIT) or "--" in name or parts[0] in _NO_NAMESPACES
    return len(parts) == len(("namespace", "name")) and _is_name(*parts) and not is_odd


def is_file_path(path: str) -> bool:
    """Tell whether a file of a repository can be asked for by that path.

    >>> is_file_path("a/b.txt"), is_file_path("a/../b.txt"), is_file_path("a//b"), is_file_path("")
    (True, False, False, False)
    """
    escaped = quote(path, errors="surrogatepass", safe="/").encode()
    if len(escaped) > _LONGEST_FILE:
        return False
    target = read_target(b"/namespace/name/resolve/main/" + escaped)
    return target is not None and target.kind is Kind.FILE and target.path == path


def _is_name(*parts: str) -> bool:
    return all(_NAME.fullmatch(part) and ".." not in part for part in parts)


def _is_plain(parts: Sequence[str]) -> bool:
    """Tell whether no part had a slash of its own: only revisions may."""
    return not any("/" in part for part in parts)


def _branch(revision: str) -> str:
    """Return the branch that an alias stands for."""
    return "main" if revision == "HEAD" else revision
