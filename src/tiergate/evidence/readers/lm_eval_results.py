# SPDX-License-Identifier: Apache-2.0
"""The results file of an lm-evaluation-harness run: claims about tasks, and how they were run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import Binding, BindingLevel, Remark
from tiergate.evidence.readers.base import Row
from tiergate.evidence.readers.binding import DIGEST_FIELD, bound, stated_digest
from tiergate.evidence.readers.values import (
    as_count,
    as_label,
    as_list,
    as_number,
    as_object,
    as_text,
    mean,
    settings_text,
    shortened,
)

_MAX_TEXT = 1000
_TOLERANCE = Decimal("0.000001")
# The tool averages these when a task does not say how to aggregate.
_MEANS_BY_DEFAULT = frozenset({"acc", "acc_norm", "acc_bytes", "exact_match"})

Results = Mapping[str, object]


def check_version(results: Results, where: str) -> str:
    """Return the version of the tool, or an empty text when the file does not say it.

    Raises:
        EvidenceError: the file has another shape than that of version 0.4.
    """
    version = as_text(results.get("lm_eval_version"))
    old = "configs" not in results or "n-shot" not in results
    if old or (version and not version.startswith("0.4.") and version != "0.4"):
        raise EvidenceError(
            where,
            f"results of lm_eval {version or 'before 0.4'}",
            "results of lm_eval 0.4",
            "Run the evaluation again with lm_eval 0.4 and --log_samples.",
        )
    return version


def claimed_metrics(results: Results, task: str) -> frozenset[str]:
    """Return every ``metric,filter`` that the results have a value for."""
    names = as_object(as_object(results.get("results")).get(task))
    return frozenset(as_text(name) for name in names if "," in name and not _is_error_bar(name))


def _is_error_bar(name: str) -> bool:
    return name.rpartition(",")[0].endswith("_stderr")


def claimed_tasks(results: Results) -> frozenset[str]:
    """Return every task that ran by itself; groups of tasks are left out."""
    counted = as_object(results.get("n-samples")) or as_object(results.get("results"))
    return frozenset(as_text(task) for task in counted)


def config_of(results: Results, task: str) -> dict[str, object]:
    """Return the configuration of a task; empty when the results do not have it."""
    return as_object(as_object(results.get("configs")).get(task))


def claimed_samples(results: Results, task: str) -> tuple[int, int]:
    """Return how many documents a task ran on, and how many it has; 0 where not stated."""
    counts = as_object(as_object(results.get("n-samples")).get(task))
    length = as_object(as_object(results.get("results")).get(task)).get("sample_len")
    effective = as_count(counts.get("effective")) or as_count(length) or 0
    return effective, as_count(counts.get("original")) or effective


def planned(results: Results, task: str, rows: Sequence[Row]) -> int:
    """Return the attempts that the run set out to make under one filter.

    A repeated document comes on top of what was claimed, so that it cannot stand for one
    that is missing.
    """
    distinct = len({row.sample for row in rows})
    return max(claimed_samples(results, task)[0], distinct) + len(rows) - distinct


def count_remarks(results: Results, task: str, rows: Sequence[Row]) -> Iterator[Remark]:
    """Yield remarks about how many samples there are, were claimed, and exist."""
    effective, original = claimed_samples(results, task)
    distinct = len({row.sample for row in rows})
    if distinct < effective:
        yield Remark(
            code="fewer-samples-than-claimed",
            message=f"Task {task} claims {effective} samples; its file has {distinct}. "
            "Those that are missing count as not attempted.",
        )
    if 0 < effective < distinct:
        yield Remark(
            code="more-samples-than-planned",
            message=f"Task {task} claims {effective} samples; its file has {distinct}.",
        )
    if effective < original:
        yield Remark(
            code="limited",
            message=f"Task {task} was limited to {effective} of its {original} samples.",
        )
    if distinct < len(rows):
        yield Remark(
            code="repeated-documents",
            message=f"Task {task} has {len(rows)} samples of {distinct} documents under one "
            "filter; the repeated ones count as further attempts.",
        )


def average_remarks(results: Results, task: str, key: str, rows: Sequence[Row]) -> Iterator[Remark]:
    """Yield a remark when the average that the results state is not that of the samples."""
    stated = as_number(as_object(as_object(results.get("results")).get(task)).get(key))
    if stated is None or not _is_mean(results, task, key):
        return
    scored = [row.value for row in rows if isinstance(row.value, (bool, Decimal))]
    numbers = [Decimal(value) if isinstance(value, bool) else value for value in scored]
    recounted = mean(numbers)
    if recounted is not None and abs(stated - recounted) > _TOLERANCE:
        yield Remark(
            code="header-disagrees",
            message=f"The results state {stated:.6g} for {key} of {task}; "
            f"{len(numbers)} samples give {recounted:.6g}.",
        )


def _is_mean(results: Results, task: str, key: str) -> bool:
    metric = key.rpartition(",")[0]
    listed = [as_object(m) for m in as_list(config_of(results, task).get("metric_list"))]
    stated = [m.get("aggregation") for m in listed if m.get("metric") == metric]
    return stated == ["mean"] if any(stated) else metric in _MEANS_BY_DEFAULT


def elicitation_text(results: Results, task: str) -> str:
    """Return shots, templates and instructions, in words, without the text of prompts."""
    config = config_of(results, task)
    shots = as_count(as_object(results.get("n-shot")).get(task))
    system = as_text(results.get("system_instruction"))
    description = as_text(config.get("description"))
    repeats = as_count(config.get("repeats")) or 1
    parts = [
        "" if shots is None else f"{shots}-shot",
        as_text(config.get("output_type")),
        f"description of {len(description)} characters" if description else "",
        f"system instruction of {len(system)} characters" if system else "",
        "chat template" if results.get("chat_template") else "no chat template",
        f"{repeats} responses for each sample, of which the filter makes one score"
        if repeats > 1
        else "",
    ]
    return shortened("; ".join(part for part in parts if part), _MAX_TEXT)


def generation_text(results: Results, task: str) -> str:
    """Return the sampling parameters of a task; empty when nothing was generated."""
    settings = as_object(config_of(results, task).get("generation_kwargs"))
    return shortened(settings_text(settings), _MAX_TEXT)


def dataset_text(results: Results, task: str) -> str:
    """Return the data set, its configuration and split, as the task names them."""
    config = config_of(results, task)
    split = as_text(config.get("test_split")) or as_text(config.get("validation_split"))
    parts = [as_text(config.get("dataset_path")), as_text(config.get("dataset_name")), split]
    return shortened(" ".join(part for part in parts if part), 500)


def task_version(results: Results, task: str) -> str:
    """Return the version of a task; empty when the results do not say it."""
    return shortened(as_label(as_object(results.get("versions")).get(task)), 100)


def started_at(results: Results, where: str) -> datetime:
    """Return when the run started.

    The end is not recorded on a clock that can be read later. The start is earlier, so that
    evidence from the run looks older than it is and never newer.

    Raises:
        EvidenceError: the file has no usable date.
    """
    date = as_number(results.get("date"))
    try:
        if date is not None:
            return datetime.fromtimestamp(float(date), tz=UTC)
    except (OverflowError, ValueError, OSError):
        pass
    raise EvidenceError(where, "no usable date", "the time of the run in seconds since 1970")


def model_arguments(config: Mapping[str, object]) -> dict[str, object]:
    """Return the arguments with which the model was loaded.

    >>> model_arguments({"model_args": "pretrained=org/name,peft=org/adapter"})
    {'pretrained': 'org/name', 'peft': 'org/adapter'}
    """
    arguments = config.get("model_args")
    if isinstance(arguments, dict):
        return arguments
    pairs = (part.partition("=") for part in as_text(arguments).split(",") if "=" in part)
    return {name.strip(): value.strip() for name, _, value in pairs}


def binding(results: Results, tasks: Sequence[str], where: str) -> Binding:
    """Return what the results say about the weights.

    Args:
        results: the results file.
        tasks: the tasks whose samples are read; a root digest has to stand at each.
        where: how messages name the file.

    Raises:
        EvidenceError: a root digest is malformed, or tasks differ in it.
    """
    config = as_object(results.get("config"))
    arguments = model_arguments(config)
    places = {
        f"configs.{task}.metadata.{DIGEST_FIELD}": as_object(
            config_of(results, task).get("metadata")
        ).get(DIGEST_FIELD)
        for task in tasks
    }
    digest = stated_digest(places, where)
    if digest and None in places.values():
        raise EvidenceError(
            where,
            "a root digest at some tasks and none at others",
            "one for the whole run",
            "Give it to the run itself, with --metadata.",
        )
    path = as_text(arguments.get("pretrained")) or as_text(arguments.get("model"))
    commit = as_text(config.get("model_sha"))
    stated = as_text(arguments.get("revision")) or as_text(config.get("model_revision"))
    name = path or as_text(config.get("model")) or as_text(results.get("model_name"))
    return bound(
        shortened(name, 500),
        digest=digest,
        revision=commit or stated,
        path=path,
        arguments=arguments,
    )


def run_remarks(results: Results, found: Binding) -> Iterator[Remark]:
    """Yield remarks about the run as a whole."""
    config = as_object(results.get("config"))
    if config.get("use_cache"):
        yield Remark(
            code="cached-responses",
            message="Responses may come from a cache of an earlier run (use_cache).",
        )
    commit = as_text(config.get("model_sha"))
    if found.level is BindingLevel.IMMUTABLE_REVISION and commit == found.revision:
        yield Remark(
            code="revision-looked-up-later",
            message=f"Commit {commit} was looked up when the results were saved; it is no "
            "digest of the weights that were loaded.",
        )
