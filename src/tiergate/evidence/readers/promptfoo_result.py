# SPDX-License-Identifier: Apache-2.0
"""One result of a promptfoo export, reduced to what is counted.

Prompts and variables are kept as digests; responses and the reasons of verdicts not at all.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.promptfoo_grading import (
    Verdict,
    asserted_names,
    graders_of,
    verdicts_of,
)
from tiergate.evidence.readers.promptfoo_provider import Provider, provider_of
from tiergate.evidence.readers.values import (
    Score,
    as_count,
    as_list,
    as_number,
    as_object,
    as_text,
)

_SUCCESS, _SCORE = "success", "score"
_FAILED_BY_ERROR = 2
_BY_HAND = "human"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One answer of the provider and what the assertions made of it."""

    prompt: int
    """Number of the prompt template, from 0."""
    test: int
    """Number of the test, from 0."""
    sample: str
    """Digest of the prompt as it was sent."""
    attempt: int
    """Number of the result among those with the same prompt, from 1."""
    cluster: str
    """Digest of the text that an attack strategy started from; empty when there is none."""
    provider: Provider
    """What answered."""
    errored: bool
    """Whether the result ended in an error."""
    limited: bool
    """Whether the limit on tokens cut the answer short."""
    cached: bool
    """Whether a cache answered."""
    passed: bool | None
    """Whether the result counts as a success; None when it does not say."""
    score: Score | None
    """The tool's own weighing of the assertions."""
    assertions: tuple[str, ...]
    """Names of the assertions that the test has."""
    verdicts: Mapping[str, Verdict]
    """From each assertion that ran to its verdict."""
    graders: frozenset[tuple[str, str]]
    """Assertion and model, for those that ask a model; the model is empty where not named."""
    strategies: frozenset[str]
    """Attack strategies that made the test."""

    @property
    def grader_failed(self) -> bool:
        """Whether a grader failed and nothing else decides the result."""
        failed = [v for v in self.verdicts.values() if v.grader_failed]
        others = [v for v in self.verdicts.values() if not v.grader_failed]
        return bool(failed) and all(v.passed for v in others)

    @property
    def judged_by_hand(self) -> bool:
        """Whether a person overrode the verdict."""
        return _BY_HAND in self.assertions

    def value(self, scorer: str) -> Score | None:
        """Return the raw score under ``success``, ``score`` or an assertion."""
        if self.errored or not self.assertions:
            return None
        if scorer == _SUCCESS:
            return None if self.grader_failed else self.passed
        if scorer == _SCORE:
            failed = any(v.grader_failed for v in self.verdicts.values())
            return None if failed else self.score
        verdict = self.verdicts.get(scorer)
        return None if verdict is None or verdict.grader_failed else verdict.passed


def read_results(export: Mapping[str, object], where: str) -> tuple[Result, ...]:
    """Read every result, ordered by prompt and test.

    Raises:
        EvidenceError: there are none, or one does not say its prompt and test.
    """
    entries = [as_object(entry) for entry in as_list(export.get("results"))]
    if not entries:
        raise EvidenceError(
            where, "no results", "results.results with an entry for every test and prompt"
        )
    originals = frozenset(text for entry in entries if (text := _original(entry)))
    parsed = [_parsed(entry, originals, where) for entry in entries]
    attempts: Counter[tuple[int, str]] = Counter()
    numbered = []
    for result in sorted(parsed, key=lambda result: (result.prompt, result.test)):
        attempts[result.prompt, result.sample] += 1
        attempt = attempts[result.prompt, result.sample]
        numbered.append(dataclasses.replace(result, attempt=attempt))
    return tuple(numbered)


def _parsed(entry: Mapping[str, object], originals: frozenset[str], where: str) -> Result:
    prompt, test = as_count(entry.get("promptIdx")), as_count(entry.get("testIdx"))
    if prompt is None or test is None:
        raise EvidenceError(where, "a result without promptIdx or testIdx", "both, from 0")
    case, grading = as_object(entry.get("testCase")), as_object(entry.get("gradingResult"))
    verdicts = verdicts_of(grading)
    response = as_object(entry.get("response"))
    errored = as_count(entry.get("failureReason")) == _FAILED_BY_ERROR
    strategy = as_text(as_object(case.get("metadata")).get("strategyId"))
    return Result(
        prompt=prompt,
        test=test,
        sample=_sample(entry),
        attempt=1,
        cluster=_cluster(entry, originals),
        provider=provider_of(entry.get("provider")),
        errored=errored or bool(entry.get("error") and not grading and not verdicts),
        limited=response.get("finishReason") == "length",
        cached=response.get("cached") is True,
        passed=_truth(entry.get(_SUCCESS)),
        score=as_number(entry.get(_SCORE)),
        assertions=tuple(dict.fromkeys([*asserted_names(case), *verdicts])),
        verdicts=verdicts,
        graders=graders_of(case, grading),
        strategies=frozenset({strategy} - {""}),
    )


def _truth(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _sample(entry: Mapping[str, object]) -> str:
    raw = as_object(entry.get("prompt")).get("raw")
    return _digest(raw if isinstance(raw, str) else entry.get("vars"))


def _original(entry: Mapping[str, object]) -> str:
    return as_text(as_object(as_object(entry.get("testCase")).get("metadata")).get("originalText"))


def _cluster(entry: Mapping[str, object], originals: frozenset[str]) -> str:
    """Return what a text was made from by a strategy; the text itself, if others were."""
    own = _original(entry)
    texts = sorted(as_text(value) for value in as_object(entry.get("vars")).values())
    found = own or next((text for text in texts if text in originals), "")
    return _digest(found) if found else ""


def _digest(value: object) -> str:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]


def totals(results: Sequence[Result]) -> tuple[int, int, int]:
    """Return how many results succeeded, failed and ended in an error, as the tool counts."""
    errors = sum(result.errored for result in results)
    successes = sum(result.passed is True and not result.errored for result in results)
    return successes, len(results) - successes - errors, errors


def by_prompt(results: Sequence[Result]) -> Iterator[tuple[int, list[Result]]]:
    """Yield each prompt with its results."""
    for prompt in sorted({result.prompt for result in results}):
        yield prompt, [result for result in results if result.prompt == prompt]
