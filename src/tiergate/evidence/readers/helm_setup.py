# SPDX-License-Identifier: Apache-2.0
"""How a HELM run was set up: its run spec and its scenario, without their texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import Binding, Remark
from tiergate.evidence.readers.binding import bound
from tiergate.evidence.readers.helm_state import State, split_of
from tiergate.evidence.readers.values import (
    as_count,
    as_list,
    as_number,
    as_object,
    as_text,
    settings_text,
    shortened,
)

_MAX_TEXT = 1000
_SAMPLING = ("temperature", "max_tokens", "num_outputs", "stop_sequences", "random", "num_trials")
_MODEL_ARGUMENTS = ("model=", "model_deployment=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a run set out to do."""

    task: str
    """Name of the run without the model, as in ``mmlu:subject=anatomy``."""
    dataset: str
    """Scenario, its class and its arguments."""
    model: str
    """What the run calls the model."""
    deployment: str
    """What the run calls the place that served the model."""
    trials: int
    """Training trials: how often each input was put with other examples."""
    most_instances: int | None
    """Limit on the number of instances; None when there was none."""
    elicitation: str
    """Method, examples, instructions and perturbations, in words."""
    generation: str
    """Sampling parameters."""
    graders: tuple[str, ...]
    """Models that annotators were told to use, sorted."""


def read_setup(run_spec: object, scenario: object, where: str) -> Setup:
    """Take from a run spec and its scenario what is told about a run.

    Raises:
        EvidenceError: the run spec has another shape.
    """
    spec = as_object(run_spec)
    adapter, source = as_object(spec.get("adapter_spec")), as_object(spec.get("scenario_spec"))
    name = as_text(spec.get("name"))
    if not (name and adapter and source):
        raise EvidenceError(
            where,
            "no run spec of a known shape",
            "name, adapter_spec and scenario_spec",
            "Run the evaluation again with HELM 0.3 or newer.",
        )
    return Setup(
        task=shortened(_without_model(name), 200),
        dataset=_dataset(source, as_object(scenario)),
        model=as_text(adapter.get("model")),
        deployment=as_text(adapter.get("model_deployment")),
        trials=as_count(adapter.get("num_train_trials")) or 1,
        most_instances=as_count(adapter.get("max_eval_instances")),
        elicitation=_elicitation(adapter, as_object(spec.get("data_augmenter_spec"))),
        generation=_generation(adapter),
        graders=_graders(as_list(spec.get("annotators"))),
    )


def _without_model(name: str) -> str:
    """Take the model out of the name of a run.

    >>> _without_model("mmlu:subject=anatomy,model=org_name"), _without_model("toy:model=x")
    ('mmlu:subject=anatomy', 'toy')
    """
    task, _, arguments = name.partition(":")
    kept = [part for part in arguments.split(",") if not part.startswith(_MODEL_ARGUMENTS)]
    return f"{task}:{','.join(kept)}" if any(kept) else task


def _dataset(source: Mapping[str, object], scenario: Mapping[str, object]) -> str:
    class_name = as_text(source.get("class_name"))
    parts = [
        as_text(scenario.get("name")),
        class_name,
        settings_text(as_object(source.get("args"))),
    ]
    return shortened(" ".join(part for part in parts if part), 500)


def _elicitation(adapter: Mapping[str, object], augmenter: Mapping[str, object]) -> str:
    method, shots = as_text(adapter.get("method")), as_count(adapter.get("max_train_instances"))
    instructions = as_text(adapter.get("instructions"))
    trials = as_count(adapter.get("num_train_trials")) or 1
    specs = [as_object(spec) for spec in as_list(augmenter.get("perturbation_specs"))]
    classes = {as_text(spec.get("class_name")).rpartition(".")[2] for spec in specs}
    perturbations = ", ".join(sorted(classes - {""}))
    parts = [
        method,
        "" if shots is None else f"up to {shots} examples in the prompt",
        f"instructions of {len(instructions)} characters" if instructions else "",
        f"{trials} training trials" if trials > 1 else "",
        f"inputs also changed by {perturbations}" if perturbations else "",
    ]
    return shortened("; ".join(part for part in parts if part), _MAX_TEXT)


def _generation(adapter: Mapping[str, object]) -> str:
    return shortened(settings_text({name: adapter.get(name) for name in _SAMPLING}), _MAX_TEXT)


def _graders(annotators: Sequence[object]) -> tuple[str, ...]:
    names = set()
    for annotator in annotators:
        arguments = as_object(as_object(annotator).get("args"))
        names |= {
            shortened(as_text(value), 300) for key, value in arguments.items() if "model" in key
        }
    return tuple(sorted(names - {""}))


def announced(stats: Sequence[object]) -> dict[str, int]:
    """Return how many inputs of each split ``stats.json`` says a trial had."""
    found: dict[str, int] = {}
    for entry in stats:
        stat = as_object(entry)
        name = as_object(stat.get("name"))
        inputs = as_number(stat.get("mean"))
        if name.get("name") == "num_instances" and inputs is not None and inputs > 0:
            split = split_of(name)
            found[split] = found.get(split, 0) + int(inputs)
    return found


def binding(setup: Setup) -> Binding:
    """Return what the run says about the weights: names alone."""
    names = dict.fromkeys([setup.model, setup.deployment])
    model, *others = [name for name in names if name] or [""]
    served = f"{model} (served as {others[0]})" if others else model
    return bound(shortened(served, 500), digest="", revision="", path="", arguments={})


def setup_remarks(setup: Setup, state: State) -> Iterator[Remark]:
    """Yield remarks about limits, and about how the requests ended."""
    requests = state.requests
    if setup.most_instances is not None and len(state.instance_ids) >= setup.most_instances:
        yield Remark(
            code="limited",
            message=f"The run took {len(state.instance_ids)} instances, which is its limit; "
            "its scenario may have more.",
        )
    for code, count, what in (
        ("request-errors", state.failed, "failed; what they belong to has no value"),
        ("not-finished", state.unanswered, "have no result; what they belong to has no value"),
        ("cached-responses", state.cached, "were answered from a cache of an earlier run"),
        ("prompts-cut", state.cut, "had their prompt cut to what the model takes"),
    ):
        if count:
            yield Remark(code=code, message=f"{count} of {requests} requests {what}.")
