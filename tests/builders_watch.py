# SPDX-License-Identifier: Apache-2.0
"""Released models and rows of repositories for tests of the watch."""

from __future__ import annotations

import datetime as dt

from hypothesis import strategies as st

from tiergate.landscape.watch.findings import Question
from tiergate.landscape.watch.released import ReleasedFile, ReleasedModel
from tiergate.landscape.watch.row import FileRow, Row
from tiergate.landscape.watch.words import shipped_words

RELEASED_AT = dt.datetime(2026, 8, 28, tzinfo=dt.UTC)
AT = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
ONE, TWO = "1" * 64, "2" * 64
WHOLE, SHAPE = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"

LANTERN = ReleasedModel(
    name="acme/Lantern-7B",
    aliases=("acme/Lantern-7B-mirror",),
    released_at=RELEASED_AT,
    weights_digest=WHOLE,
    structure=SHAPE,
    files=(
        ReleasedFile(name="model-1.safetensors", size_bytes=10, sha256=f"sha256:{ONE}"),
        ReleasedFile(name="model-2.safetensors", size_bytes=10, sha256=f"sha256:{TWO}"),
    ),
)
"""Two files, and an alias."""
WICK = ReleasedModel(name="acme/Wik", released_at=RELEASED_AT)
"""A name too short to be looked for within others."""
WORDS = tuple(part.word for part in shipped_words().words)
QUESTION = Question(models=(LANTERN, WICK), words=WORDS, at=AT)


def row(repository: str, *bases: str, days: float | None = 2, **fields: object) -> Row:
    """Return a row, created so many days after the release."""
    created = None if days is None else RELEASED_AT + days * DAY
    return Row(repository=repository, base_models=bases, created_at=created, **fields)  # type: ignore[arg-type]


def files(*digests: str | None) -> tuple[FileRow, ...]:
    """Return files with these digests."""
    return tuple(FileRow(name=f"w{n}", size_bytes=10, sha256=d) for n, d in enumerate(digests))


_NAMES = (
    "acme/Lantern-7B",
    "ACME/lantern-7b",
    "acme/Lantern-7B-mirror",
    "acme/Wik",
    "b/wik",
    "b/Lantern_7B",
    "b/Lantern-7B-abl1terated",
    "c/Lan.tern7b-GGUF",
    "c/other",
    "d/x-unc3nsored",
    "d/y",
    "e/z",
    "lone",
)
_TAGS = (
    "base_model:acme/Lantern-7B",
    "base_model:quantized:acme/lantern-7b",
    "base_model:adapter:c/other",
    "base_model:merge: d/y ",
    "base_model:not a name",
    "base_model:",
    "base_model:a:b:E/Z",
    "base_model:\u212a/x",
    "Uncensored",
    "gguf",
    "x:heretic",
    "",
)

rows = st.builds(
    Row,
    repository=st.sampled_from(_NAMES),
    revision=st.none() | st.just("c0ffee"),
    created_at=st.none()
    | st.sampled_from([RELEASED_AT + n * DAY for n in (-3, 0, 2, 2.5, 64, 66.5, 400)]),
    base_models=st.lists(
        st.sampled_from([*_NAMES, "./path", "a/b/c", " d/y\n", "\x1cd/y"]), max_size=3
    ).map(tuple),
    relation=st.none() | st.sampled_from(["quantized", "Finetune", "nonsense"]),
    tags=st.lists(st.sampled_from(_TAGS), max_size=4).map(tuple),
    library=st.none() | st.sampled_from(["peft", "transformers"]),
    files=st.lists(st.sampled_from([None, ONE, TWO, "3" * 64]), max_size=3).map(
        lambda digests: files(*digests)
    ),
    downloads=st.none() | st.integers(0, 2**70),
    weights_digest=st.none() | st.sampled_from([WHOLE, SHAPE]),
    structure=st.none() | st.sampled_from([SHAPE, WHOLE]),
)
"""Rows that come near each other in every way that matters."""
