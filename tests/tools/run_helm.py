# SPDX-License-Identifier: Apache-2.0
"""Runs HELM on tiny scenarios, and writes beside each run what HELM's own classes read from it.

A program of its own: ``python run_helm.py FOLDER``. The model is HELM's offline one, which
says the last word of its prompt, or a client that fails and is cut short where it is told to.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dacite import from_dict
from helm.benchmark.adaptation.adapter_spec import AdapterSpec
from helm.benchmark.adaptation.request_state import RequestState
from helm.benchmark.adaptation.scenario_state import ScenarioState
from helm.benchmark.augmentations.data_augmenter import DataAugmenterSpec
from helm.benchmark.augmentations.perturbation import PerturbationSpec
from helm.benchmark.config_registry import register_builtin_configs_from_helm_package
from helm.benchmark.executor import ExecutionSpec
from helm.benchmark.metrics.metric import Metric, MetricSpec, PerInstanceStats
from helm.benchmark.metrics.metric_name import MetricName
from helm.benchmark.metrics.metric_service import MetricService
from helm.benchmark.metrics.statistic import Stat
from helm.benchmark.model_deployment_registry import (
    ClientSpec,
    ModelDeployment,
    register_model_deployment,
)
from helm.benchmark.run_spec import RunSpec
from helm.benchmark.runner import Runner, set_benchmark_output_path
from helm.benchmark.scenarios.scenario import (
    CORRECT_TAG,
    TEST_SPLIT,
    TRAIN_SPLIT,
    VALID_SPLIT,
    Input,
    Instance,
    Output,
    Reference,
    Scenario,
    ScenarioSpec,
)
from helm.clients.client import CachingClient
from helm.common.authentication import Authentication
from helm.common.cache_backend_config import SqliteCacheBackendConfig
from helm.common.request import ErrorFlags, GeneratedOutput, Request, RequestResult

FOLDER = Path(sys.argv[1])
OFFLINE = "simple/model1"
FRAGILE = "fragile/model"

# Input, what counts as right, and the part of the data.
QUESTIONS = [
    ("say Red", "Red", TEST_SPLIT),
    ("say Blue", "Red", TEST_SPLIT),
    ("say Green", "Green", TEST_SPLIT),
    ("please fail", "fail", TEST_SPLIT),
    ("please stop", "stop", VALID_SPLIT),
    ("say Grey", "Red", VALID_SPLIT),
]


class Colours(Scenario):  # type: ignore[misc]  # HELM is not here
    """Says colours."""

    name = "colours"
    description = "Says colours."
    tags = ("harmless",)

    def get_instances(self, output_path: str) -> list[Instance]:
        """Return examples and questions."""
        del output_path
        examples = [("say White", "White", TRAIN_SPLIT), ("say Black", "Black", TRAIN_SPLIT)]
        return [
            Instance(
                input=Input(text=text),
                references=[Reference(Output(text=right), tags=[CORRECT_TAG])],
                split=split,
            )
            for text, right, split in [*examples, *QUESTIONS]
        ]


class Words(Metric):  # type: ignore[misc]  # HELM is not here
    """Compares the answer, and keeps one statistic of each awkward kind beside it."""

    def evaluate_generation(
        self,
        adapter_spec: AdapterSpec,
        request_state: RequestState,
        metric_service: MetricService,
        eval_cache_path: str,
    ) -> list[Stat]:
        """Return one statistic of each kind."""
        del adapter_spec, metric_service, eval_cache_path
        answer = request_state.result.completions[0].text
        right = request_state.instance.references[0].output.text
        letters = Stat(MetricName("letters"))
        for letter in answer + "..":
            letters.add(ord(letter))
        return [
            Stat(MetricName("exact_match")).add(answer == right),
            Stat(MetricName("length")).add(len(answer) / 7),
            Stat(MetricName("never")).add(None),
            letters,
        ]

    def derive_stats(self, stats_dict: dict[MetricName, Stat]) -> list[Stat]:
        """Return a statistic that no single instance has."""
        return [Stat(MetricName("of_all")).add(len(stats_dict))]


class FragileClient(CachingClient):  # type: ignore[misc]  # HELM is not here
    """Fails on one word, and is cut short on another."""

    def make_request(self, request: Request) -> RequestResult:
        """Say the last word of the prompt, unless it is one of two."""
        last = request.prompt.split()[-1]
        if last == "fail":
            flags = ErrorFlags(is_retriable=False, is_fatal=False)
            return RequestResult(
                success=False,
                cached=False,
                error="no answer",
                error_flags=flags,
                completions=[],
                embedding=[],
            )
        reason = {"reason": "length" if last == "stop" else "stop"}
        answer = GeneratedOutput(text=last, logprob=0, tokens=[], finish_reason=reason)
        return RequestResult(success=True, cached=False, completions=[answer], embedding=[])


def a_run(
    name: str, *, model: str = OFFLINE, augmented: bool = False, **adapter: object
) -> RunSpec:
    """Describe one run; further arguments are fields of its adapter."""
    changed = DataAugmenterSpec(
        perturbation_specs=[
            PerturbationSpec(
                class_name="helm.benchmark.augmentations.lowercase_perturbation"
                ".LowerCasePerturbation",
                args={},
            )
        ],
        should_augment_eval_instances=True,
        should_include_original_eval=True,
        should_skip_unchanged_eval=True,
    )
    settings = {
        "method": "generation",
        "input_prefix": "",
        "input_suffix": "\n",
        "output_prefix": "",
        "output_suffix": "\n",
        "instructions": "Say the last word.",
        "max_train_instances": 1,
        "num_outputs": 1,
        "temperature": 0.0,
        "max_tokens": 5,
        "model": model,
        "model_deployment": model,
    }
    return RunSpec(
        name=f"{name}:kind=toy,model={model.replace('/', '_')}",
        scenario_spec=ScenarioSpec(class_name="__main__.Colours", args={}),
        adapter_spec=AdapterSpec(**{**settings, **adapter}),
        metric_specs=[MetricSpec(class_name="__main__.Words", args={})],
        data_augmenter_spec=changed if augmented else DataAugmenterSpec(),
        groups=[name],
    )


def runner() -> Runner:
    cache = FOLDER / "cache"
    cache.mkdir(exist_ok=True)
    return Runner(
        ExecutionSpec(
            url=None,
            auth=Authentication(""),
            local_path=str(FOLDER / "local"),
            parallelism=1,
            sqlite_cache_backend_config=SqliteCacheBackendConfig(str(cache)),
        ),
        output_path=str(FOLDER),
        suite="toy",
        skip_instances=False,
        cache_instances=False,
        cache_instances_only=False,
        skip_completed_runs=False,
        exit_on_error=True,
    )


def as_read_by_the_tool(folder: Path) -> dict[str, object]:
    """Return what HELM's own classes find in a run."""
    content = {
        name: json.loads((folder / f"{name}.json").read_text("utf-8"))
        for name in ("scenario_state", "per_instance_stats", "stats")
    }
    state = from_dict(ScenarioState, content["scenario_state"])
    kept = [from_dict(PerInstanceStats, entry) for entry in content["per_instance_stats"]]
    stats = [from_dict(Stat, entry) for entry in content["stats"]]
    return {
        "requests": [
            {
                "instance": request.instance.id,
                "changed": request.instance.perturbation is not None,
                "split": request.instance.split,
                "trial": request.train_trial_index,
                "success": request.result.success,
                "limited": "length" in str(request.result.completions[0].finish_reason),
                "cached": request.result.cached,
                "asked_at": request.result.request_datetime,
            }
            for request in state.request_states
        ],
        "stats": [
            {
                "instance": entry.instance_id,
                "changed": entry.perturbation is not None,
                "trial": entry.train_trial_index,
                "metric": stat.name.name,
                "count": stat.count,
                "sum": stat.sum,
            }
            for entry in kept
            for stat in entry.stats
        ],
        "means": [
            {"metric": s.name.name, "split": s.name.split, "mean": s.mean}
            for s in stats
            if s.name.perturbation is None
        ],
    }


if __name__ == "__main__":
    register_builtin_configs_from_helm_package()
    register_model_deployment(
        ModelDeployment(
            name=FRAGILE,
            model_name=OFFLINE,
            tokenizer_name="simple/tokenizer1",
            max_sequence_length=2048,
            client_spec=ClientSpec(class_name="__main__.FragileClient"),
        )
    )
    (FOLDER / "local").mkdir()
    set_benchmark_output_path(str(FOLDER))
    runner().run_all(
        [
            a_run("plain"),
            a_run("limited", max_eval_instances=4),
            a_run("trials", num_train_trials=2),
            a_run("changed", augmented=True),
            a_run("fragile", model=FRAGILE),
        ]
    )
    for folder in sorted((FOLDER / "runs" / "toy").glob("*:*")):
        truth = json.dumps(as_read_by_the_tool(folder))
        (FOLDER / f"{folder.name.partition(':')[0]}.truth").write_text(truth, encoding="utf-8")
