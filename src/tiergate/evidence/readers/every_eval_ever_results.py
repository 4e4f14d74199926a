# SPDX-License-Identifier: Apache-2.0
"""The aggregate of an Every Eval Ever record: which model, by whom, when and how, and what for.

Each result has settings of its own. What the scores are is compared, never used.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import Binding, BindingLevel, Remark
from tiergate.evidence.readers.binding import bound
from tiergate.evidence.readers.values import (
    as_count,
    as_label,
    as_list,
    as_object,
    as_text,
    as_time,
    listed,
    settings_text,
    shortened,
)

Json = Mapping[str, object]

_MAX_TEXT = 1000
_MAX_NAME = 200
_COMMIT_FIELDS = ("sha", "model_sha", "commit", "commit_hash", "revision", "model_revision")
_ARGUMENT = re.compile(r"""['"]?(\w+)['"]?\s*[=:]\s*['"]?([^,'"{}]*)""")
_NOT_CHANGED = frozenset({"", "none", "no", "false", "null"})
_SAMPLING = ("temperature", "top_p", "top_k", "max_tokens", "reasoning")
# Requests carry keys of access in settings too, so only names that are known are taken over.
_MORE_SAMPLING = frozenset(
    {
        "best_of",
        "do_sample",
        "frequency_penalty",
        "max_gen_toks",
        "num_choices",
        "presence_penalty",
        "reasoning_effort",
        "reasoning_tokens",
        "repetition_penalty",
        "seed",
        "stop_seqs",
        "until",
    }
)
_DIGITS = re.compile(r"\d{1,12}(\.\d{1,9})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One entry of ``evaluation_results``."""

    evaluation: str
    """Name of the evaluation."""
    identity: str
    """``evaluation_result_id``; empty when there is none."""
    content: Json
    """The entry."""

    @property
    def metric(self) -> Json:
        """Its ``metric_config``."""
        return as_object(self.content.get("metric_config"))

    @property
    def metric_name(self) -> str:
        """What the metric is called; empty when it has no name."""
        names = (self.metric.get("metric_name"), self.metric.get("metric_id"))
        return next((text for name in names if (text := as_text(name))), "")

    @property
    def scorer(self) -> str:
        """What rows of this result are scored by: its identity, else its metric."""
        return self.identity or self.metric_name or "score"

    @property
    def stated(self) -> Json:
        """Its ``score_details``."""
        return as_object(self.content.get("score_details"))

    @property
    def dataset(self) -> Json:
        """Its ``source_data``."""
        return as_object(self.content.get("source_data"))


def results_of(record: Json) -> tuple[Result, ...]:
    """Return the results of an aggregate, in its order; entries without a name are left out."""
    entries = [as_object(entry) for entry in as_list(record.get("evaluation_results"))]
    return tuple(
        Result(
            evaluation=name,
            identity=as_text(entry.get("evaluation_result_id")),
            content=entry,
        )
        for entry in entries
        if (name := as_text(entry.get("evaluation_name")))
    )


def library(record: Json) -> str:
    """Return the tool that ran the evaluation; empty when the aggregate does not say."""
    return as_text(as_object(record.get("eval_library")).get("name"))


def tool_text(record: Json) -> str:
    """Return the tool that ran the evaluation and its version, as the aggregate has them."""
    version = as_text(as_object(record.get("eval_library")).get("version"))
    return shortened(f"{library(record)} {version}".strip(), 500)


def only_documented(record: Json) -> bool:
    """Tell whether the record is somebody's account of numbers, such as a leaderboard."""
    return as_object(record.get("source_metadata")).get("source_type") == "documentation"


def producer_remark(record: Json) -> Remark:
    """Say who the record says it is from, which nobody has signed."""
    source = as_object(record.get("source_metadata"))
    organisation = as_text(source.get("source_organization_name")) or "not named"
    relation = as_text(source.get("evaluator_relationship")) or "not stated"
    return Remark(
        code="producer-self-declared",
        message=f"By its own word the record is from: {shortened(organisation, 200)}; relation of "
        f"the evaluator to the model: {shortened(relation, 40)}.",
    )


def binding(record: Json) -> Binding:
    """Return what the aggregate says about the weights: a name, at best with a commit."""
    model = as_object(record.get("model_info"))
    details = as_object(model.get("additional_details"))
    arguments = {**details, **_arguments(as_text(details.get("model_args")))}
    revision = next((text for f in _COMMIT_FIELDS if (text := as_text(arguments.get(f)))), "")
    name = as_text(model.get("id")) or as_text(model.get("name"))
    return bound(
        shortened(name, 500),
        digest="",
        revision=revision,
        path=as_text(arguments.get("pretrained")) or name,
        arguments={
            field: value
            for field, value in arguments.items()
            if as_label(value).strip().lower() not in _NOT_CHANGED
        },
    )


def _arguments(text: str) -> dict[str, object]:
    """Return loading arguments from ``a=1,b=2`` or from a dictionary as Python prints it."""
    return {found[1]: found[2].strip() for found in _ARGUMENT.finditer(text[:10_000])}


def binding_remarks(record: Json, found: Binding) -> Iterator[Remark]:
    """Yield a remark when the commit was looked up after the run, as lm_eval does."""
    details = as_object(as_object(record.get("model_info")).get("additional_details"))
    if found.level is BindingLevel.IMMUTABLE_REVISION and details.get("sha") == found.revision:
        yield Remark(
            code="revision-looked-up-later",
            message=f"Commit {found.revision} was looked up when the results were saved; it is no "
            "digest of the weights that were loaded.",
        )


def run_time(record: Json, result: Result | None, where: str) -> datetime:
    """Return when an evaluation ran.

    The time at which the record was made is no substitute: it is later, and would let
    evidence look newer than it is.

    Raises:
        EvidenceError: the aggregate does not say.
    """
    stated = result.content.get("evaluation_timestamp") if result else None
    time = _time(stated) or _time(record.get("evaluation_timestamp"))
    if time is None:
        raise EvidenceError(
            where,
            "no time of the run",
            "evaluation_timestamp",
            "Read the log of the tool that ran the evaluation.",
        )
    return time


def stated_at(record: Json, result: Result, where: str) -> datetime:
    """Return when a result was stated: at its run, else when the record was made.

    Raises:
        EvidenceError: the aggregate says neither.
    """
    made = _time(record.get("retrieved_timestamp"))
    try:
        return run_time(record, result, where)
    except EvidenceError:
        if made is None:
            raise
        return made


def _time(value: object) -> datetime | None:
    text = as_label(value)
    if not _DIGITS.fullmatch(text):
        return as_time(text)
    try:
        return datetime.fromtimestamp(float(text), tz=UTC)
    except (OverflowError, ValueError, OSError):
        return None


def dataset_text(result: Result) -> str:
    """Return the data set with its repository or address and split."""
    data = result.dataset
    details = as_object(data.get("additional_details"))
    place = [as_text(data.get("hf_repo")), *(as_text(url) for url in as_list(data.get("url")))]
    place.append(as_text(details.get("inspect_dataset_location")))
    parts = [as_text(data.get("dataset_name")), " ".join(filter(None, place))]
    named = " at ".join(dict.fromkeys(part for part in parts if part))
    return shortened(" ".join(filter(None, [named, as_text(data.get("hf_split"))])), 500)


def sample_ids(result: Result) -> frozenset[str]:
    """Return the samples that the run was to be on; empty when the aggregate does not list them."""
    listing = as_list(result.dataset.get("sample_ids"))
    details = as_object(result.dataset.get("additional_details"))
    joined = as_text(details.get("sample_ids"))
    return frozenset(filter(None, [as_label(one) for one in listing] or joined.split(",")))


def dataset_size(result: Result) -> int:
    """Return how many samples the data set has; 0 when the aggregate does not say."""
    details = as_object(result.dataset.get("additional_details"))
    stated = as_text(details.get("samples_number"))
    inside = int(stated) if re.fullmatch(r"[0-9]{1,12}", stated) else 0
    return as_count(result.dataset.get("samples_number")) or inside


def samples_averaged(result: Result) -> int:
    """Return how many samples the stated score is the average of; 0 when not stated."""
    uncertainty = as_object(result.stated.get("uncertainty"))
    return as_count(uncertainty.get("num_samples")) or 0


def graders(result: Result) -> tuple[str, ...]:
    """Return the models that graded, sorted."""
    judges = as_list(as_object(result.metric.get("llm_scoring")).get("judges"))
    models = [as_object(as_object(judge).get("model_info")) for judge in judges]
    names = (as_text(model.get("id")) or as_text(model.get("name")) for model in models)
    return tuple(sorted({shortened(name, _MAX_NAME) for name in names if name}))


def elicitation_text(result: Result) -> str:
    """Return solvers, tools, limits and shots, in words, without the text of prompts."""
    config = as_object(result.content.get("generation_config"))
    arguments = as_object(config.get("generation_args"))
    shots = as_label(as_object(config.get("additional_details")).get("num_fewshot"))
    steps = as_list(as_object(arguments.get("eval_plan")).get("steps"))
    solvers = [name for step in steps if (name := as_text(_step(step).get("solver")))]
    tools = as_list(as_object(arguments.get("agentic_eval_config")).get("available_tools"))
    names = [as_text(as_object(tool).get("name")) for tool in tools]
    template = as_text(arguments.get("prompt_template"))
    sandbox = as_text(as_object(arguments.get("sandbox")).get("type"))
    limits = as_object(arguments.get("eval_limits"))
    attempts = as_count(arguments.get("max_attempts"))
    parts = [
        f"{shots}-shot" if shots.isdigit() else "",
        f"solvers {' > '.join(solvers)}" if solvers else "",
        f"{len(tools)} tools ({listed(filter(None, names)) or 'unnamed'})" if tools else "",
        f"prompt template of {len(template)} characters" if template else "",
        f"sandbox {sandbox}" if sandbox else "",
        *(f"{n.replace('_', ' ')} {v}" for n in sorted(limits) if (v := as_count(limits[n]))),
        f"at most {attempts} attempts" if attempts else "",
    ]
    return shortened("; ".join(part for part in parts if part), _MAX_TEXT)


def _step(step: object) -> dict[str, object]:
    """Return a step of the plan, which the format keeps as JSON inside a string."""
    try:
        return as_object(json.loads(step) if isinstance(step, str) else step)
    except (ValueError, RecursionError):
        return {}


def generation_text(result: Result) -> str:
    """Return the sampling parameters."""
    config = as_object(result.content.get("generation_config"))
    arguments = as_object(config.get("generation_args"))
    details = as_object(config.get("additional_details"))
    settings = {name: value for name, value in details.items() if name in _MORE_SAMPLING}
    settings |= {name: arguments[name] for name in _SAMPLING if arguments.get(name) is not None}
    return shortened(settings_text(settings), _MAX_TEXT)
