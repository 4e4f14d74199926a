# SPDX-License-Identifier: Apache-2.0
"""Which repository a file belongs to, and which one a source names.

A result that is copied from another model's card says nothing about this model. Where a file
lies is a hint at the repository, and never a binding to weights.
"""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from tiergate.evidence.readers.values import as_text

_EVAL_RESULTS = ".eval_results"
_CARD = "README.md"
_HUBS = frozenset({"huggingface.co", "www.huggingface.co", "hf.co"})
# First steps of paths on the hub that are no organisation's name.
_NO_MODELS = frozenset({"blog", "collections", "datasets", "docs", "learn", "papers", "spaces"})
_ASKED = frozenset({"model", "q", "query", "search"})
_MODEL = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}")
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")


def folder_name(path: Path) -> str:
    """Return the repository that a file lies in, ``org/name`` or a name; empty when unclear.

    >>> folder_name(Path("/hub/models--org--tiny/snapshots/main/README.md"))
    'org/tiny'
    >>> folder_name(Path("/models/tiny/.eval_results/hle.yaml"))
    'tiny'
    """
    # Not resolved: in a cache of the hub the file itself is a link to somewhere else.
    folder = path.absolute().parent
    for parent in (folder, *folder.parents):
        kind, _, repository = parent.name.partition("--")
        if kind == "models" and repository:
            return as_text(repository.replace("--", "/", 1))
    for parent in (folder, *folder.parents):
        if parent.name == _EVAL_RESULTS:
            return as_text(parent.parent.name)
    return as_text(folder.name) if path.name == _CARD else ""


def linked_model(url: str) -> str:
    """Return the model repository that a URL of the hub is about; empty for anything else.

    >>> linked_model("https://huggingface.co/org/tiny/blob/main/README.md")
    'org/tiny'
    >>> linked_model("https://huggingface.co/spaces/org/board?query=org/tiny")
    'org/tiny'
    >>> linked_model("https://huggingface.co/datasets/org/sums")
    ''
    """
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        asked = [v for name, v in parse_qsl(parts.query, max_num_fields=20) if name in _ASKED]
    except ValueError:
        return ""
    steps = [as_text(unquote(step)) for step in parts.path.split("/") if step]
    if host not in _HUBS or not steps:
        return ""
    if steps[0] in _NO_MODELS:
        # A leaderboard is asked for one model.
        found = [value for value in asked if steps[0] == "spaces" and _MODEL.fullmatch(value)]
        return as_text(found[0]) if found else ""
    # A name without an organisation, such as gpt2, stands alone or before its files.
    alone = len(steps) == 1 or steps[1] in {"blob", "resolve", "tree", "raw", "discussions"}
    return steps[0] if alone else f"{steps[0]}/{steps[1]}"


def same_model(one: str, other: str) -> bool:
    """Tell whether two names can be the same model's: letters and digits decide.

    An organisation counts only where both names have one.

    >>> same_model("org/Tiny-1B", "tiny 1b"), same_model("org/tiny", "other/tiny")
    (True, False)
    """
    if "/" not in one or "/" not in other:
        one, other = one.rpartition("/")[2], other.rpartition("/")[2]
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return _NOT_IN_NAMES.sub("", name.casefold())
