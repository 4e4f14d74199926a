# SPDX-License-Identifier: Apache-2.0
"""A pass over millions of rows: columns narrow them down, and what is left goes row by row.

In three steps, each of which can be made piece by piece: what the rows declare and how many
there are; which repositories that reaches; and the rows that can be a finding at all. What they
are is then said by the same function as in the plain pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from tiergate.landscape.watch.declared import BLANKS, TAG
from tiergate.landscape.watch.findings import AHEAD, Question, findings_of, settled
from tiergate.landscape.watch.frames import NAMED, frame_of, rows_of, stamp
from tiergate.landscape.watch.names import SHORTEST_KEY
from tiergate.landscape.watch.plain_pass import Passed, descents_of
from tiergate.landscape.watch.row import Row
from tiergate.landscape.watch.tally import Tally

_KEY = pl.col("repository").str.to_lowercase()


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What one piece of the rows declares, and what it holds."""

    edges: pl.DataFrame
    """Columns ``child`` and ``parent``, in lower case, each pair once."""
    counts: pl.DataFrame
    """One row of counts and dates."""
    keys: pl.Series | None
    """Every repository in lower case; None where they were counted already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which rows can be a finding."""

    reached: pl.Series
    """Repositories that descend from a released model, in lower case."""
    digests: tuple[str, ...]
    """Digests of files, in hexadecimal."""
    wholes: tuple[str, ...]
    """Digests over all tensors, and over their structure."""
    names: tuple[str, ...]
    """Plain names that are a lead wherever they stand in another."""
    short_names: tuple[str, ...]
    """Plain names that are a lead where all of it is equal."""


def polars_pass(lazy: pl.LazyFrame, question: Question, known: Iterable[Row] = ()) -> Passed:
    """Look through rows, as the plain pass does.

    Args:
        lazy: rows in our columns; gone through three times, never held as a whole.
        question: what is looked for.
        known: rows of earlier passes: they take part, and are not counted.
    """
    remembered = frame_of(known)
    first = declared(lazy, question.at)
    second = declared(remembered.lazy(), question.at)
    edges = pl.concat([first.edges, second.edges])
    wanted = wanted_of(edges, question)
    frames = [hits(each, wanted) for each in (lazy, remembered.lazy())]
    return put_together([first], edges, wanted, frames, question)


def declared(lazy: pl.LazyFrame, at: datetime, *, with_keys: bool = False) -> Declared:
    """Return what rows declare and how many they are.

    Args:
        lazy: rows in our columns.
        at: the reader's time.
        with_keys: return the repositories instead of counting them, for a piece of a whole.
    """
    limit = stamp(at + AHEAD)
    created = pl.col("created_at")
    sound = created.filter(created <= limit)
    digest = pl.element().struct.field("sha256").is_not_null()
    counts = lazy.select(
        pl.len().alias("rows"),
        (pl.lit(0) if with_keys else _KEY.n_unique()).cast(pl.Int64).alias("repositories"),
        (created > limit).sum().alias("dated_ahead"),
        created.is_null().sum().alias("undated"),
        pl.col("files")
        .list.eval(digest)
        .list.any()
        .fill_null(value=False)
        .sum()
        .alias("with_digests"),
        sound.min().alias("first_created"),
        sound.max().alias("last_created"),
    )
    queries = [_edges(lazy), counts]
    if with_keys:
        queries.append(lazy.select(_KEY.alias("key")))
    found = pl.collect_all(queries, engine="streaming")
    return Declared(edges=found[0], counts=found[1], keys=found[2]["key"] if with_keys else None)


def wanted_of(edges: pl.DataFrame, question: Question) -> Wanted:
    """Follow declarations outwards from all released models, and say what is looked for."""
    reached = pl.Series(sorted(question.roots), dtype=pl.String)
    front = reached
    while len(front):
        found = edges.filter(pl.col("parent").is_in(front.implode()))["child"].unique()
        front = found.filter(~found.is_in(reached.implode()))
        reached = pl.concat([reached, front])
    names = frozenset(name for model in question.models for name in model.plain_names)
    wholes = {m.weights_digest for m in question.models} | {m.structure for m in question.models}
    return Wanted(
        reached=reached,
        digests=tuple(sorted(question.digests)),
        wholes=tuple(sorted(whole for whole in wholes if whole is not None)),
        names=tuple(sorted(name for name in names if len(name) >= SHORTEST_KEY)),
        short_names=tuple(sorted(name for name in names if len(name) < SHORTEST_KEY)),
    )


def hits(lazy: pl.LazyFrame, wanted: Wanted) -> pl.DataFrame:
    """Return the rows that can be a finding."""
    plain = (
        pl.col("repository")
        .str.replace(r"^.*/", "")
        .str.to_lowercase()
        .str.replace_all("[^a-z0-9]", "")
    )
    asked = [_KEY.is_in(wanted.reached.implode())]
    if wanted.names:
        asked.append(plain.str.contains_any(list(wanted.names)))
    if wanted.short_names:
        asked.append(plain.is_in(list(wanted.short_names)))
    if wanted.digests:
        equal = pl.element().struct.field("sha256").is_in(list(wanted.digests))
        asked.append(pl.col("files").list.eval(equal).list.any())
    if wanted.wholes:
        asked.append(pl.col("weights_digest").is_in(list(wanted.wholes)))
        asked.append(pl.col("structure").is_in(list(wanted.wholes)))
    return lazy.filter(pl.any_horizontal([each.fill_null(value=False) for each in asked])).collect(
        engine="streaming"
    )


def put_together(
    pieces: Sequence[Declared],
    edges: pl.DataFrame,
    wanted: Wanted,
    frames: Sequence[pl.DataFrame],
    question: Question,
) -> Passed:
    """Say what the rows are that were left, and count what was read."""
    rows = [row for frame in frames for row in rows_of(frame)]
    near = edges.filter(pl.col("parent").is_in(wanted.reached.implode())).unique()
    descents = descents_of(near.rows(), question)
    found = (finding for row in rows for finding in findings_of(row, question, descents))
    linked = tuple(row for row in rows if any(row.key in each for each in descents.values()))
    return Passed(findings=settled(found), tally=_tally(pieces), linked=linked)


def _edges(lazy: pl.LazyFrame) -> pl.LazyFrame:
    """Return who names whom, in lower case, as ``declared.parents_of`` reads it."""
    tagged = (
        lazy.select(_KEY.alias("child"), pl.col("tags").alias("parent"))
        .explode("parent")
        .filter(pl.col("parent").str.starts_with(TAG))
        .with_columns(pl.col("parent").str.replace("^.*:", ""))
    )
    carded = lazy.select(_KEY.alias("child"), pl.col("base_models").alias("parent")).explode(
        "parent"
    )
    return (
        pl.concat([tagged, carded])
        .with_columns(pl.col("parent").str.strip_chars(BLANKS))
        .filter(pl.col("parent").str.contains(NAMED))
        .with_columns(pl.col("parent").str.to_lowercase())
        .unique()
    )


def _tally(pieces: Sequence[Declared]) -> Tally:
    counts = pl.concat([piece.counts for piece in pieces])
    keys = [piece.keys for piece in pieces if piece.keys is not None]
    rows = int(counts["rows"].sum())
    repositories = pl.concat(keys).n_unique() if keys else int(counts["repositories"].sum())
    children = pl.concat([piece.edges["child"] for piece in pieces])
    return Tally(
        rows=rows,
        duplicates=rows - repositories,
        dated_ahead=int(counts["dated_ahead"].sum()),
        undated=int(counts["undated"].sum()),
        declaring=children.n_unique(),
        with_digests=int(counts["with_digests"].sum()),
        first_created=counts["first_created"].min(),  # type: ignore[arg-type]  # a time or None
        last_created=counts["last_created"].max(),  # type: ignore[arg-type]  # as above
    )
