# SPDX-License-Identifier: Apache-2.0
"""What promptfoo's assertions said of one answer, under the names of the assertions.

An assertion is named by its metric, or else by its type. Further ones of the same name
in one test are numbered, as in ``contains 2``. A set of assertions stands before its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tiergate.evidence.readers.promptfoo_provider import grader_name
from tiergate.evidence.readers.values import as_list, as_object, as_text, shortened

_SET = "assert-set"
_NEGATED = "not-"
_MODEL_GRADED = frozenset(
    {
        "agent-rubric",
        "answer-relevance",
        "classifier",
        "context-faithfulness",
        "context-recall",
        "context-relevance",
        "conversation-relevance",
        "factuality",
        "g-eval",
        "llm-rubric",
        "model-graded-closedqa",
        "model-graded-factuality",
        "moderation",
        "pi",
        "search-rubric",
        "select-best",
        "similar",
        "trajectory:goal-success",
    }
)
_RED_TEAM = "promptfoo:redteam:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one assertion said."""

    passed: bool | None
    """Whether it held; None when it does not say."""
    grader_failed: bool
    """Whether the model that grades gave no verdict."""


def asserted_names(case: Mapping[str, object]) -> tuple[str, ...]:
    """Return the names of the assertions of a test, in order."""
    return tuple(name for name, _ in _named(_flat(as_list(case.get("assert")))))


def verdicts_of(grading: Mapping[str, object]) -> dict[str, Verdict]:
    """Return the verdict of every assertion that ran."""
    components = [as_object(c) for c in as_list(grading.get("componentResults"))]
    named = _named(_assertion_of(component) for component in components)
    return {
        name: Verdict(
            passed=passed if isinstance(passed := component.get("pass"), bool) else None,
            grader_failed=as_object(component.get("metadata")).get("graderError") is True,
        )
        for (name, _), component in zip(named, components, strict=True)
    }


def graders_of(
    case: Mapping[str, object], grading: Mapping[str, object]
) -> frozenset[tuple[str, str]]:
    """Return every assertion that asks a model, and the model; empty where it is not named."""
    ran = [_assertion_of(as_object(c)) for c in as_list(grading.get("componentResults"))]
    default = as_object(case.get("options")).get("provider")
    assertions = ran or list(_flat(as_list(case.get("assert"))))
    return frozenset(
        (name, grader_name(assertion.get("provider")) or grader_name(default))
        for name, assertion in _named(assertions)
        if _asks_a_model(as_text(assertion.get("type")))
    )


def _asks_a_model(kind: str) -> bool:
    return kind.removeprefix(_NEGATED) in _MODEL_GRADED or kind.startswith(_RED_TEAM)


def _assertion_of(component: Mapping[str, object]) -> Mapping[str, object]:
    # The result of a set does not repeat the set.
    whole = "assertion" not in component and "componentResults" in component
    return {"type": _SET} if whole else as_object(component.get("assertion"))


def _flat(assertions: Iterable[object]) -> Iterator[Mapping[str, object]]:
    for entry in assertions:
        assertion = as_object(entry)
        if assertion.get("type") == _SET:
            yield {"type": _SET}
            yield from (as_object(inner) for inner in as_list(assertion.get("assert")))
        else:
            yield assertion


def _named(
    assertions: Iterable[Mapping[str, object]],
) -> list[tuple[str, Mapping[str, object]]]:
    seen: Counter[str] = Counter()
    named = []
    for assertion in assertions:
        text = as_text(assertion.get("metric")) or as_text(assertion.get("type")) or "assertion"
        name = shortened(text, 200)
        seen[name] += 1
        named.append((name if seen[name] == 1 else f"{name} {seen[name]}", assertion))
    return named
