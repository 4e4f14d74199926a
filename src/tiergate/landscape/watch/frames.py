# SPDX-License-Identifier: Apache-2.0
"""Rows as columns: one schema, whatever the file; read lazily, so that memory stays small."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from tiergate.errors import InputError
from tiergate.landscape.watch.hub_row import base_models_of_text
from tiergate.landscape.watch.row import REPOSITORY, FileRow, Row

TIME = pl.Datetime("us", "UTC")
FILE = pl.Struct({"name": pl.String, "size_bytes": pl.Int64, "sha256": pl.String})
SCHEMA: dict[str, Any] = {
    "repository": pl.String,
    "revision": pl.String,
    "created_at": TIME,
    "modified_at": TIME,
    "base_models": pl.List(pl.String),
    "relation": pl.String,
    "tags": pl.List(pl.String),
    "library": pl.String,
    "files": pl.List(FILE),
    "downloads": pl.Int64,
    "weights_digest": pl.String,
    "structure": pl.String,
}
"""Columns of a frame of rows."""
NAMED = f"^(?:{REPOSITORY.pattern})$"
"""Matches what a repository can be called, here as there: letters of ASCII only."""
_MOST = 2**63 - 1
_DIGITS = 64

_NAMES = {
    "repository": ("id", "modelId", "repository"),
    "revision": ("sha", "revision"),
    "created_at": ("createdAt", "created_at"),
    "modified_at": ("lastModified", "last_modified"),
    "tags": ("tags",),
    "library": ("library_name",),
    "downloads": ("downloads",),
    "files": ("siblings",),
    "card": ("cardData", "card_data"),
    "base_models": ("base_model", "base_models"),
}
"""Under which names exports have a column."""


def frame_of(rows: Iterable[Row]) -> pl.DataFrame:
    """Lay rows out as columns."""
    every = tuple(rows)
    columns: dict[str, list[Any]] = {
        name: [getattr(row, name) for row in every]
        for name in SCHEMA
        if name not in {"files", "downloads"}
    }
    columns["downloads"] = [_bounded(row.downloads) for row in every]
    columns["files"] = [
        [
            {"name": f.name, "size_bytes": _bounded(f.size_bytes), "sha256": f.sha256}
            for f in row.files
        ]
        for row in every
    ]
    return pl.DataFrame({name: pl.Series(columns[name], dtype=SCHEMA[name]) for name in SCHEMA})


def rows_of(frame: pl.DataFrame) -> Iterator[Row]:
    """Yield the rows of a frame."""
    for found in frame.iter_rows(named=True):
        files = (FileRow(**file) for file in found.pop("files") or () if file["name"] is not None)
        tags = tuple(tag for tag in found.pop("tags") or () if tag is not None)
        bases = tuple(name for name in found.pop("base_models") or () if name is not None)
        for name in ("created_at", "modified_at"):
            found[name] = None if found[name] is None else found[name].astimezone(UTC)
        yield Row(**found, files=tuple(files), tags=tags, base_models=bases)


def scan(path: Path) -> tuple[pl.LazyFrame, int]:
    """Open a Parquet export of hub metadata; nothing but its columns is read yet.

    Returns:
        The rows whose repository has a name, lazily, and how many others there are.

    Raises:
        InputError: it is no Parquet file, has no column of repositories, or one of another kind
            than expected.
    """
    try:
        lazy = pl.scan_parquet(path)
        schema = lazy.collect_schema()
        chosen = {
            name: next((each for each in names if each in schema), None)
            for name, names in _NAMES.items()
        }
        repository = chosen["repository"]
        if repository is None:
            found = f"the columns {', '.join(schema.names())[:200]}"
            remedy = "Rename the column of repositories, org/name, to id."
            raise InputError(str(path), found, "a column id", remedy)
        _refuse_other(path, repository, schema[repository], pl.String)
        is_named = pl.col(repository).str.contains(NAMED).fill_null(value=False)
        unnamed = int(lazy.select((~is_named).sum()).collect(engine="streaming").item())
    except (pl.exceptions.PolarsError, OSError) as error:
        found = f"a file that cannot be read ({str(error).splitlines()[0][:200]})"
        raise InputError(str(path), found, "a Parquet file") from None
    columns = [_column(path, name, chosen, schema) for name in SCHEMA]
    return lazy.filter(is_named).select(columns), unnamed


def _column(path: Path, name: str, chosen: dict[str, str | None], schema: pl.Schema) -> pl.Expr:
    """Return one of our columns, made from what a file has."""
    column = chosen.get(name)
    if column is not None and schema[column] in (pl.Null, pl.List(pl.Null)):
        # A column without one value has no kind of its own.
        column = None
    if name == "base_models":
        made = _base_models(path, chosen, schema)
    elif name == "relation":
        made = _relation(chosen["card"], schema)
    elif column is None:
        made = pl.lit([], dtype=SCHEMA[name]) if name in {"tags", "files"} else _nothing(name)
    elif name in {"created_at", "modified_at"}:
        made = _time(path, column, schema[column])
    elif name == "files":
        made = _files(path, column, schema[column])
    elif name == "downloads" and schema[column].is_numeric():
        made = pl.col(column).cast(pl.Int64, strict=False)
    else:
        _refuse_other(path, column, schema[column], SCHEMA[name])
        made = pl.col(column)
    return made.alias(name)


def _relation(card: str | None, schema: pl.Schema) -> pl.Expr:
    if card is None or _fields(schema[card]).get("base_model_relation") != pl.String:
        return _nothing("relation")
    return pl.col(card).struct.field("base_model_relation")


def _base_models(path: Path, chosen: dict[str, str | None], schema: pl.Schema) -> pl.Expr:
    parts: list[pl.Expr] = []
    plain, card = chosen["base_models"], chosen["card"]
    if plain is not None:
        parts.append(_list_of_text(path, plain, pl.col(plain), schema[plain]))
    if card is not None and schema[card] == pl.String:
        parts.append(pl.col(card).map_batches(_of_cards, return_dtype=pl.List(pl.String)))
    elif card is not None and (kind := _fields(schema[card]).get("base_model")) is not None:
        field = pl.col(card).struct.field("base_model")
        parts.append(_list_of_text(path, f"{card}.base_model", field, kind))
    if not parts:
        return pl.lit([], dtype=SCHEMA["base_models"]).alias("base_models")
    empty = pl.lit([], dtype=pl.List(pl.String))
    filled = [part.fill_null(empty) for part in parts]
    return pl.concat_list(filled).alias("base_models")


def _of_cards(texts: pl.Series) -> pl.Series:
    """Read cards that are kept as JSON in a text."""
    found = [base_models_of_text(text) for text in texts]
    return pl.Series(texts.name, found, dtype=pl.List(pl.String))


def _list_of_text(path: Path, column: str, found: pl.Expr, kind: Any) -> pl.Expr:  # noqa: ANN401 - a type of polars
    if kind == pl.String:
        return pl.when(found.is_null()).then(None).otherwise(pl.concat_list(found))
    if kind == pl.Null or kind == pl.List(pl.Null):
        return pl.lit([], dtype=pl.List(pl.String))
    _refuse_other(path, column, kind, pl.List(pl.String))
    return found


def _time(path: Path, column: str, kind: Any) -> pl.Expr:  # noqa: ANN401 - a type of polars
    source = pl.col(column)
    if isinstance(kind, pl.Datetime):
        zoned = source if kind.time_zone else source.dt.replace_time_zone("UTC")
        return zoned.dt.convert_time_zone("UTC").dt.cast_time_unit("us")
    if kind == pl.Date:
        return source.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")
    _refuse_other(path, column, kind, pl.String)
    # The wire of a hub; anything else counts as no date, and is counted.
    return pl.coalesce(
        source.str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", strict=False, time_unit="us"),
        source.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f+00:00", strict=False, time_unit="us"),
    ).dt.replace_time_zone("UTC")


def _files(path: Path, column: str, kind: Any) -> pl.Expr:  # noqa: ANN401 - a type of polars
    fields = _fields(kind.inner) if isinstance(kind, pl.List) else {}
    if fields.get("rfilename") != pl.String:
        _refuse_other(path, column, kind, pl.List(pl.Struct({"rfilename": pl.String})))
    each = pl.element()
    lfs = _fields(fields.get("lfs"))
    digest = _digest(each.struct.field("lfs")) if lfs.get("sha256") == pl.String else None
    # A size that is none is nothing that is known, as in a line of JSON.
    is_number = "size" in fields and fields["size"].is_numeric()
    size = each.struct.field("size").cast(pl.Int64, strict=False) if is_number else None
    made = pl.struct(
        each.struct.field("rfilename").alias("name"),
        (pl.lit(None, pl.Int64) if size is None else size).alias("size_bytes"),
        (pl.lit(None, pl.String) if digest is None else digest).alias("sha256"),
    )
    return pl.col(column).list.eval(made)


def _digest(lfs: pl.Expr) -> pl.Expr:
    found = lfs.struct.field("sha256").str.to_lowercase().str.strip_prefix("sha256:")
    # Its length tells a digest well enough: it is only ever compared with digests.
    return pl.when(found.str.len_bytes() == _DIGITS).then(found)


def _fields(kind: Any) -> dict[str, Any]:  # noqa: ANN401 - a type of polars
    return {f.name: f.dtype for f in kind.fields} if isinstance(kind, pl.Struct) else {}


def _nothing(name: str) -> pl.Expr:
    return pl.lit(None, dtype=SCHEMA[name])


def _refuse_other(path: Path, column: str, found: Any, wanted: Any) -> None:  # noqa: ANN401 - types of polars
    if found != wanted:
        raise InputError(f"{path}: column {column}", str(found)[:120], str(wanted))


def _bounded(number: int | None) -> int | None:
    return number if number is not None and -_MOST <= number <= _MOST else None


def stamp(time: datetime) -> pl.Expr:
    """Return a time as it is compared with a column."""
    return pl.lit(time.astimezone(UTC)).cast(TIME)
