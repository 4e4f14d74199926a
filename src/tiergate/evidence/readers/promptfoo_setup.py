# SPDX-License-Identifier: Apache-2.0
"""How a promptfoo evaluation was set up, and the totals that its export states."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import Binding
from tiergate.evidence.readers.binding import bound
from tiergate.evidence.readers.promptfoo_provider import Provider, provider_of
from tiergate.evidence.readers.promptfoo_result import Result
from tiergate.evidence.readers.values import (
    as_count,
    as_list,
    as_object,
    as_text,
    as_time,
    listed,
    settings_text,
    shortened,
)

_UNNAMED = "promptfoo"
_PROMPT_TOTALS = ("testPassCount", "testFailCount", "testErrorCount")
_TOTALS = ("successes", "failures", "errors")
# Keys of access and system prompts travel in the same object, so only these are taken.
_SAMPLING = (
    "frequency_penalty",
    "max_completion_tokens",
    "max_new_tokens",
    "max_tokens",
    "num_predict",
    "presence_penalty",
    "reasoning_effort",
    "seed",
    "temperature",
    "top_k",
    "top_p",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptTotals:
    """What the export states about one prompt template."""

    counts: tuple[int, int, int] | None
    """Tests passed, failed and in error; None when not stated."""
    characters: int
    """Length of the template."""

    @property
    def tests(self) -> int:
        """Tests in total."""
        return sum(self.counts or ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What an evaluation set out to do."""

    description: str
    """What its author calls it; empty when it has no name."""
    started_at: datetime | None
    """When it began; None when the file does not say."""
    generation: str
    """Sampling parameters of the provider."""
    prompts: tuple[PromptTotals, ...]
    """One for every prompt template that the export states, in order."""
    prompt_count: int
    """Prompt templates, those that only results tell of among them."""
    totals: tuple[int, int, int] | None
    """Successes, failures and errors that the export states; None when not stated."""
    configured_tests: int
    """Tests that the configuration lists for every prompt, repeats included."""

    def task(self, prompt: int) -> str:
        """Name a prompt template as a task."""
        name = self.description or _UNNAMED
        return name if self.prompt_count < 2 else f"{name} / prompt {prompt + 1}"

    def planned(self, prompt: int, results: Sequence[Result]) -> int:
        """Return how many results of a prompt the file announces anywhere."""
        found = sum(result.prompt == prompt for result in results)
        stated = self.prompts[prompt].tests if prompt < len(self.prompts) else 0
        # Whose prompt a result that is missing from the totals had is not known.
        unaccounted = max(0, sum(self.totals or ()) - len(results))
        return max(found + unaccounted, stated, self.configured_tests)

    def elicitation(self, results: Sequence[Result]) -> str:
        """Return prompt and attack strategies, in words, without their texts."""
        prompt = results[0].prompt
        characters = self.prompts[prompt].characters if prompt < len(self.prompts) else 0
        strategies = sorted({name for result in results for name in result.strategies})
        parts = [
            f"prompt template of {characters} characters" if characters else "",
            f"attack strategies {', '.join(strategies)}" if strategies else "",
        ]
        return shortened("; ".join(part for part in parts if part), 1000)


def only_provider(results: Sequence[Result], where: str) -> Provider:
    """Return the provider that gave every result.

    Raises:
        EvidenceError: several did.
    """
    providers = sorted({result.provider for result in results})
    if len(providers) > 1:
        raise EvidenceError(
            where,
            f"results of {len(providers)} providers ({listed(p.name for p in providers)})",
            "results of one, since evidence is about one model",
            "Run `promptfoo eval --filter-providers NAME -o FILE.json` for each of them.",
        )
    return providers[0]


def binding(provider: Provider) -> Binding:
    """Return what the export says about the weights: the name of the provider."""
    return bound(provider.name, digest="", revision="", path="", arguments={})


def read_setup(
    document: Mapping[str, object], provider: Provider, results: Sequence[Result]
) -> Setup:
    """Take from a whole export what is told about the evaluation."""
    export, config = as_object(document.get("results")), as_object(document.get("config"))
    metadata, runtime = (
        as_object(document.get("metadata")),
        as_object(document.get("runtimeOptions")),
    )
    options = as_object(config.get("evaluateOptions"))
    repeats = max(as_count(runtime.get("repeat")) or 1, as_count(options.get("repeat")) or 1)
    # The time of the export can be years after the run; that of its beginning is never newer.
    started = as_time(export.get("timestamp")) or as_time(metadata.get("evaluationCreatedAt"))
    prompts = tuple(_prompt(as_object(p)) for p in as_list(export.get("prompts")))
    return Setup(
        description=shortened(as_text(config.get("description")), 200),
        started_at=started,
        generation=_generation(as_list(config.get("providers")), provider),
        prompts=prompts,
        prompt_count=max(len(prompts), *(result.prompt + 1 for result in results)),
        totals=_counts(as_object(export.get("stats")), _TOTALS),
        configured_tests=repeats * _configured(config),
    )


def _prompt(prompt: Mapping[str, object]) -> PromptTotals:
    return PromptTotals(
        counts=_counts(as_object(prompt.get("metrics")), _PROMPT_TOTALS),
        characters=len(as_text(prompt.get("raw"))),
    )


def _counts(fields: Mapping[str, object], names: Sequence[str]) -> tuple[int, int, int] | None:
    counts = [as_count(fields.get(name)) for name in names]
    if all(count is None for count in counts):
        return None
    passed, failed, errors = (count or 0 for count in counts)
    return passed, failed, errors


def _configured(config: Mapping[str, object]) -> int:
    """Count the tests that stand in the configuration itself and run under every prompt."""
    default = as_object(as_object(config.get("defaultTest")).get("options"))
    tests = [as_object(test) for test in as_list(config.get("tests"))]
    return sum(_combinations(test, default) for test in tests if test)


def _combinations(test: Mapping[str, object], default: Mapping[str, object]) -> int:
    if test.get("prompts") or test.get("providers"):
        return 0
    options = {**default, **as_object(test.get("options"))}
    lists = [v for v in as_object(test.get("vars")).values() if isinstance(v, list)]
    expanded = options.get("disableVarExpansion") is not True
    return math.prod(len(values) for values in lists) if expanded else 1


def _generation(providers: Sequence[object], used: Provider) -> str:
    objects = [as_object(provider) for provider in providers]
    fitting = [p for p in objects if p and (len(objects) == 1 or provider_of(p) == used)]
    settings = as_object(fitting[0].get("config")) if fitting else {}
    return shortened(settings_text({name: settings.get(name) for name in _SAMPLING}), 1000)
