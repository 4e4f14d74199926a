# SPDX-License-Identifier: Apache-2.0
"""The header of an Inspect log: what the run set out to do, how, on which model, and when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import Binding, Relation, Remark
from tiergate.evidence.readers.binding import (
    DIGEST_FIELD,
    VARIANT_FIELD,
    bound,
    stated_digest,
)
from tiergate.evidence.readers.inspect_sample import SampleKey
from tiergate.evidence.readers.values import (
    MAX_COUNT,
    as_count,
    as_label,
    as_list,
    as_object,
    as_text,
    as_time,
    settings_text,
    shortened,
)

SUPPORTED_VERSIONS = (2, 3)
"""Versions of the log format that this reader knows."""

_MAX_TEXT = 1000
_LIMITS = ("message_limit", "token_limit", "turn_limit", "time_limit", "working_limit")
# Keys of access travel in headers and bodies, so those stay out of what is published; how
# requests are sent says nothing about how the model was sampled.
_NOT_SAMPLING = frozenset(
    {
        "adaptive_connections",
        "attempt_timeout",
        "extra_body",
        "extra_headers",
        "max_connections",
        "max_retries",
        "timeout",
    }
)


def log_version(header: Mapping[str, object], where: str) -> int:
    """Return the version of the log format.

    Raises:
        EvidenceError: the version is none that this reader knows.
    """
    version = as_count(header.get("version"))
    if version not in SUPPORTED_VERSIONS:
        raise EvidenceError(
            where,
            f"Inspect log version {shortened(repr(header.get('version')), 40)}",
            f"version {' or '.join(str(known) for known in SUPPORTED_VERSIONS)}",
            "Convert the log with `inspect log convert`, or use a tiergate that knows it.",
        )
    return version


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the run set out to do, after its own limits."""

    attempts: int
    """Samples times epochs, and whatever was run beyond them."""
    remarks: tuple[Remark, ...]
    """A limit, or numbers that do not fit together."""


def planned(header: Mapping[str, object], ran: Iterable[SampleKey], where: str) -> Plan:
    """Find out how many attempts the run set out to make.

    The largest of what the header says in its several places holds, and an attempt that
    no place announces comes on top, so that it cannot stand for one that is missing.

    Args:
        header: the header of the log.
        ran: id and epoch of every attempt that the log knows of, each once.
        where: how messages name the log.

    Raises:
        EvidenceError: the numbers are beyond any run.
    """
    eval_spec = as_object(header.get("eval"))
    dataset, config = as_object(eval_spec.get("dataset")), as_object(eval_spec.get("config"))
    ids = {as_label(i) for i in as_list(dataset.get("sample_ids"))}
    size = as_count(dataset.get("samples"))
    epochs = as_count(config.get("epochs")) or 1
    chosen = len(ids) or _after_limit(size or 0, config.get("limit"))
    results = as_object(header.get("results"))
    total = as_count(results.get("total_samples")) or 0
    announced, extra = 0, 0
    for name, epoch in ran:
        if (not ids or name in ids) and epoch <= epochs:
            announced += 1
        else:
            extra += 1
    claimed = max(chosen * epochs, total, *_claims(eval_spec, results, epochs))
    attempts = max(claimed, announced) + extra
    if attempts > MAX_COUNT:
        raise EvidenceError(where, f"{attempts} planned attempts", "a number that a run can have")
    return Plan(
        attempts=attempts,
        remarks=(
            *_plan_remarks(size, chosen, chosen * epochs, total),
            *_count_remarks(claimed, attempts),
        ),
    )


def _claims(
    eval_spec: Mapping[str, object], results: Mapping[str, object], epochs: int
) -> Iterator[int]:
    """Yield the other numbers in a header that imply so many attempts."""
    yield (as_count(as_object(eval_spec.get("shards")).get("sample_count")) or 0) * epochs
    yield from (
        as_count(results.get(name)) or 0 for name in ("completed_samples", "logged_samples")
    )
    for score in map(as_object, as_list(results.get("scores"))):
        yield sum(as_count(score.get(f"{kind}_samples")) or 0 for kind in ("scored", "unscored"))


def _after_limit(size: int, limit: object) -> int:
    bounds = as_list(limit)
    if len(bounds) == 2:
        start, stop = as_count(bounds[0]) or 0, as_count(bounds[1])
        return max(0, min(size, size if stop is None else stop) - start)
    most = as_count(limit)
    return size if most is None else min(size, most)


def _plan_remarks(size: int | None, chosen: int, announced: int, total: int) -> Iterator[Remark]:
    if size is not None and chosen < size:
        yield Remark(
            code="limited",
            message=f"The run was limited to {chosen} of the {size} samples of its data set.",
        )
    if total and announced and total != announced:
        yield Remark(
            code="header-disagrees",
            message=f"The header's results claim {total} attempts in total; its data set, "
            f"limit and epochs make {announced}. The larger number counts as planned.",
        )


def _count_remarks(claimed: int, attempts: int) -> Iterator[Remark]:
    if not claimed:
        yield Remark(
            code="planned-unknown",
            message="The header does not say how many attempts were planned; those that the "
            "log knows of count as planned.",
        )
    elif attempts > claimed:
        yield Remark(
            code="more-samples-than-planned",
            message=f"{attempts - claimed} attempts in the log are none that its header announces.",
        )


def declared_scorers(header: Mapping[str, object]) -> set[str]:
    """Return every scorer that the run was set up with, by the name that its scores have."""
    entries = as_list(as_object(header.get("eval")).get("scorers"))
    names = (as_text(as_object(entry).get("name")) for entry in entries)
    return {name.rpartition("/")[2] for name in names if name}


def dataset_text(header: Mapping[str, object]) -> str:
    """Return the data set with its location; empty when the header has neither."""
    dataset = as_object(as_object(header.get("eval")).get("dataset"))
    parts = dict.fromkeys([as_text(dataset.get("name")), as_text(dataset.get("location"))])
    return shortened(" at ".join(part for part in parts if part), 500)


def finished_at(header: Mapping[str, object], where: str) -> datetime:
    """Return when the run ended; when it started, if it never ended.

    Raises:
        EvidenceError: the header says neither.
    """
    completed = as_time(as_object(header.get("stats")).get("completed_at"))
    time = completed or as_time(as_object(header.get("eval")).get("created"))
    if time is None:
        raise EvidenceError(where, "no time of the run", "stats.completed_at or eval.created")
    return time


def generation_text(header: Mapping[str, object]) -> str:
    """Return the sampling parameters, those of the task over those of the model."""
    of_model = as_object(as_object(header.get("eval")).get("model_generate_config"))
    of_task = as_object(as_object(header.get("plan")).get("config"))
    merged = of_model | {name: value for name, value in of_task.items() if value is not None}
    sampling = {name: value for name, value in merged.items() if name not in _NOT_SAMPLING}
    return shortened(settings_text(sampling), _MAX_TEXT)


def elicitation_text(header: Mapping[str, object]) -> str:
    """Return the solvers in order, the tools and the limits, in words.

    Prompts are left out: their length is given, their text may be hazardous.
    """
    plan, eval_spec = as_object(header.get("plan")), as_object(header.get("eval"))
    steps = [as_object(step) for step in as_list(plan.get("steps"))]
    solvers = [name for step in steps if (name := as_text(step.get("solver")))]
    config = as_object(eval_spec.get("config"))
    parts = [f"solvers {' > '.join(solvers)}" if solvers else "", _tools_text(steps)]
    parts += [_message_text(step) for step in steps]
    sandbox = as_text(as_object(eval_spec.get("sandbox")).get("type"))
    parts.append(f"sandbox {sandbox}" if sandbox else "")
    parts += [f"{n.replace('_', ' ')} {v}" for n in _LIMITS if (v := as_count(config.get(n)))]
    return shortened("; ".join(part for part in parts if part), _MAX_TEXT)


def _tools_text(steps: list[dict[str, object]]) -> str:
    listed = [t for s in steps for t in as_list(as_object(s.get("params")).get("tools"))]
    names = sorted({as_text(as_object(tool).get("name")) or as_text(tool) for tool in listed})
    known = ", ".join(name for name in names if name)
    plural = "s" if len(listed) != 1 else ""
    return f"{len(listed)} tool{plural} ({known or 'unnamed'})" if listed else ""


def _message_text(step: Mapping[str, object]) -> str:
    message = as_text(as_object(step.get("params")).get("template"))
    solver = as_text(step.get("solver")).rpartition("/")[2]
    return f"{solver} of {len(message)} characters" if message else ""


def binding(header: Mapping[str, object], where: str, *, served_by_others: bool) -> Binding:
    """Return what the header says about the weights.

    Args:
        header: the header of the log.
        where: how messages name the log.
        served_by_others: whether other models answered some of the requests; what the
            header says about the weights then does not hold for the whole log.

    Raises:
        EvidenceError: a root digest is malformed, or two differ.
    """
    eval_spec = as_object(header.get("eval"))
    arguments = as_object(eval_spec.get("model_args"))
    # Only what stood at the start of the run: metadata that was edited in later is not here.
    metadata = as_object(eval_spec.get("metadata"))
    variant = stated_digest({f"eval.metadata.{VARIANT_FIELD}": metadata.get(VARIANT_FIELD)}, where)
    digest = stated_digest(
        {
            f"eval.metadata.{DIGEST_FIELD}": metadata.get(DIGEST_FIELD),
            f"eval.model_args.{DIGEST_FIELD}": arguments.get(DIGEST_FIELD),
        },
        where,
    )
    model, path = as_text(eval_spec.get("model")), as_text(arguments.get("model_path"))
    found = bound(
        shortened(f"{model} ({path})" if path else model, 500),
        digest="" if served_by_others else digest,
        revision="" if served_by_others else as_text(arguments.get("revision")),
        path=path,
        arguments=arguments,
    )
    if not variant:
        return found
    # The model was attacked in memory, so what ran is not what was loaded.
    return replace(found, relation=Relation.SAFEGUARDS_REMOVED, measured_digest=variant)
