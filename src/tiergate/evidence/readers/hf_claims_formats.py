# SPDX-License-Identifier: Apache-2.0
"""The two places where a repository on the Hugging Face Hub states evaluation results.

``.eval_results/*.yaml`` holds a list of entries with a data set and a value each;
``model-index`` in the front matter of README.md, which is older, nests models, results and
metrics. Unknown fields are ignored in both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.hf_claims_entry import (
    Entry,
    Json,
    is_sized,
    list_of,
    mapping_of,
    sizes,
    text_of,
    time_of,
    value_text,
    verification,
)
from tiergate.evidence.readers.hf_claims_yaml import Yaml, parse_yaml

_INDEX = "model-index"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Everything that a file states."""

    format: str
    """Name of the format."""
    models: tuple[str, ...]
    """Models that the file names as its own, without repeats."""
    entries: tuple[Entry, ...]
    """Every value."""
    read: tuple[str, ...]
    """Parts of the file that were read."""
    left_out: tuple[str, ...]
    """Parts that were not looked at."""


def read_entries(content: bytes, where: str) -> Statement:
    """Read a file of ``.eval_results``.

    Raises:
        EvidenceError: no plain YAML, or no list of entries.
    """
    parsed = parse_yaml(content, where)
    if not _is_entries(parsed):
        raise EvidenceError(
            where,
            "YAML of another shape",
            "a list of entries with a dataset and a value each",
            "Give a file of the folder .eval_results.",
        )
    return Statement(
        format="hf-eval-results",
        models=(),
        entries=tuple(_entries(list_of(parsed))),
        read=("every entry",),
        left_out=(),
    )


def read_card(content: bytes, where: str) -> Statement:
    """Read the ``model-index`` of a README.md.

    Raises:
        EvidenceError: no front matter with a model-index, or no plain YAML.
    """
    front = mapping_of(parse_yaml(_front_matter(content), where))
    models = [mapping_of(model) for model in list_of(front.get(_INDEX))]
    if not models:
        expected = "a list of models with their results"
        raise EvidenceError(where, "front matter without a model-index", expected)
    names = [text_of(model.get("name")) for model in models]
    return Statement(
        format="hf-model-index",
        models=tuple(dict.fromkeys(name for name in names if name)),
        entries=tuple(entry for model in models for entry in _entries_of_model(model)),
        read=("every metric of the model-index",),
        left_out=("other front matter", "text of the card"),
    )


def _front_matter(content: bytes) -> bytes:
    lines = content.removeprefix(b"\xef\xbb\xbf").splitlines(keepends=True)
    if not lines or lines[0].rstrip() != b"---":
        return b""
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == b"---":
            return b"".join(lines[1:number])
    return b""


def _is_entries(content: Yaml) -> bool:
    entries = list_of(content)
    return bool(entries) and all(
        isinstance(entry, dict) and isinstance(entry.get("dataset"), dict) and "value" in entry
        for entry in entries
    )


def _entries(items: list[Yaml]) -> Iterator[Entry]:
    for number, item in enumerate(items, start=1):
        entry = mapping_of(item)
        dataset, source = mapping_of(entry.get("dataset")), mapping_of(entry.get("source"))
        words = {
            "dataset": text_of(dataset.get("id")),
            "task": text_of(dataset.get("task_id")),
            "config": text_of(dataset.get("config")),
            "split": text_of(dataset.get("split")),
            "revision": text_of(dataset.get("revision")),
            "source_name": text_of(source.get("name")),
            "source_org": text_of(source.get("org")),
            "source_user": text_of(source.get("user")),
            "notes": text_of(entry.get("notes")),
            **verification(entry),
            **sizes(entry),
        }
        yield Entry(
            place=f"entry {number}",
            benchmark=_benchmark(words),
            value=value_text(entry.get("value")),
            words=words,
            source_url=text_of(source.get("url")),
            made_at=time_of(entry.get("date")),
            sized=is_sized(entry.get("value"), entry),
        )


def _entries_of_model(model: Json) -> Iterator[Entry]:
    name = text_of(model.get("name"))
    for number, result in enumerate(list_of(model.get("results")), start=1):
        place = f"result {number} of {name or 'the model-index'}"
        yield from _entries_of_result(mapping_of(result), place)


def _entries_of_result(result: Json, place: str) -> Iterator[Entry]:
    task, dataset = mapping_of(result.get("task")), mapping_of(result.get("dataset"))
    source = mapping_of(result.get("source"))
    for item in list_of(result.get("metrics")):
        metric = mapping_of(item)
        words = {
            "metric": text_of(metric.get("type")) or text_of(metric.get("name")),
            "metric_name": text_of(metric.get("name")),
            "dataset": text_of(dataset.get("type")) or text_of(dataset.get("name")),
            "dataset_name": text_of(dataset.get("name")),
            "config": text_of(dataset.get("config")),
            "split": text_of(dataset.get("split")),
            "revision": text_of(dataset.get("revision")),
            "task": text_of(task.get("type")) or text_of(task.get("name")),
            "source_name": text_of(source.get("name")),
            **verification(metric),
            **sizes(metric, result),
        }
        yield Entry(
            place=place,
            benchmark=_benchmark(words),
            value=value_text(metric.get("value")),
            words=words,
            source_url=text_of(source.get("url")),
            made_at=time_of(result.get("date")),
            sized=is_sized(metric.get("value"), metric, result),
        )


def _benchmark(words: dict[str, str]) -> str:
    return "/".join(filter(None, (words["dataset"], words["task"] or words["config"])))
