# SPDX-License-Identifier: Apache-2.0
"""Which models graded, as the header of an Inspect log names them.

A scorer names its grader in its own parameters, or through a role that the run binds to a
model. Inspect's model-graded scorers take the role ``grader`` when nothing else is said, and
the model under test itself when no model is bound to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tiergate.evidence.readers.values import as_list, as_object, as_text, shortened

_GRADER_ROLE = "grader"
_MODEL_GRADED = frozenset({"model_graded_fact", "model_graded_qa"})
# The tool's own scorers that ask no model.
_WITHOUT_MODEL = frozenset(
    {"answer", "choice", "exact", "f1", "includes", "match", "math", "pattern", "perplexity"}
)
_MOST_DEPTH = 5


def graders(header: Mapping[str, object], series: str) -> tuple[str, ...]:
    """Return the models that graded a series, sorted; empty when the header names none.

    Args:
        header: the header of the log.
        series: a scorer, or ``scorer.key`` for one entry of its scores.
    """
    eval_spec = as_object(header.get("eval"))
    roles = as_object(eval_spec.get("model_roles"))
    subject = as_text(eval_spec.get("model"))
    found: set[str] = set()
    declared = [*as_list(eval_spec.get("scorers"))]
    declared += as_list(as_object(header.get("results")).get("scores"))
    for entry in map(as_object, declared):
        name = as_text(entry.get("scorer")) or as_text(entry.get("name")).rpartition("/")[2]
        if name == series or series.startswith(f"{name}."):
            parameters = entry.get("options") or entry.get("params")
            found |= set(_of_scorer(name, as_object(parameters), roles, subject))
    return tuple(sorted(shortened(name, 200) for name in found))


def _of_scorer(
    name: str,
    parameters: Mapping[str, object],
    roles: Mapping[str, object],
    subject: str,
    depth: int = 0,
) -> Iterator[str]:
    """Yield the graders of a scorer, and of the scorers that it combines."""
    parts = [as_object(part) for part in as_list(parameters.get("scorers"))]
    for part in parts if depth < _MOST_DEPTH else ():
        inner = as_text(part.get("name")).rpartition("/")[2]
        yield from _of_scorer(inner, as_object(part.get("params")), roles, subject, depth + 1)
    role = parameters.get("model_role")
    stated = [*_models(parameters.get("model")), *_models(parameters.get("models"))]
    if stated:
        yield from stated
    elif not parts and name not in _WITHOUT_MODEL:
        wanted = as_text(role) or as_text(as_object(role).get("name")) or _GRADER_ROLE
        bound = list(_models(roles.get(wanted)))
        yield from bound
        if not bound and name in _MODEL_GRADED and subject:
            yield subject


def _models(value: object) -> Iterator[str]:
    """Yield the name of a model, or of each in a list, given as text or as an object."""
    for model in value if isinstance(value, list) else [value]:
        if name := as_text(model) or as_text(as_object(model).get("model")):
            yield name
