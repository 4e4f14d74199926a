# SPDX-License-Identifier: Apache-2.0
"""PyRIT's identifiers of components: a target, a scorer, an attack with all that is inside it.

An identifier is a JSON object with ``class_name``, the component's parameters beside it,
and identifiers of other components under ``children``. Its stored hash is not trusted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tiergate.evidence.readers.target_name import name_alone
from tiergate.evidence.readers.values import (
    as_list,
    as_object,
    as_text,
    settings_text,
    shortened,
)

Identifier = Mapping[str, object]

_NOT_IDENTITY = frozenset({"hash", "eval_hash", "pyrit_version"})
_SAMPLING = (
    "temperature",
    "top_p",
    "max_tokens",
    "max_completion_tokens",
    "frequency_penalty",
    "presence_penalty",
    "seed",
    "n",
)
_MAX_DEPTH = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Whom a conversation was held with."""

    kind: str
    """Class, as in ``OpenAIChatTarget``."""
    model: str
    """Underlying model, or what the target calls it; empty when it says neither."""
    sampling: str
    """Sampling parameters, ``name=value`` separated by spaces."""

    @property
    def name(self) -> str:
        """Class and model."""
        return f"{self.kind} {self.model}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorer:
    """Who scored."""

    kind: str
    """Class, as in ``SubStringScorer``."""
    key: str
    """First 8 hexadecimal digits of the SHA-256 of its configuration."""
    graders: tuple[Target, ...]
    """Models that it asks, itself or through scorers inside it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Technique:
    """How an objective was attacked."""

    name: str
    """Class of the attack, and of the converters of its requests; empty when unknown."""
    adversaries: tuple[Target, ...]
    """Models that wrote the prompts."""
    scorer: Scorer | None
    """Scorer that decides about success."""
    datasets: tuple[str, ...]
    """Data sets that the objective comes from."""


def parse_target(value: object) -> Target | None:
    """Return the target that an identifier names; None for no identifier.

    A target that shares its requests out is named by the targets inside it.
    """
    fields = as_object(value)
    if not fields:
        return None
    inner = [as_object(child) for child in _children(fields, "targets")]
    models = sorted({model for target in (fields, *inner) if (model := _model(target))})
    sampling = {name: fields.get(name) for name in _SAMPLING}
    return Target(
        kind=_kind(fields),
        model=shortened(", ".join(models), 300),
        sampling=settings_text(sampling),
    )


def _model(fields: Identifier) -> str:
    underlying = as_text(fields.get("underlying_model_name"))
    return name_alone(underlying or as_text(fields.get("model_name")))


def parse_scorer(value: object) -> Scorer:
    """Return the scorer that an identifier names."""
    fields = as_object(value)
    return Scorer(
        kind=_kind(fields), key=_key(fields), graders=tuple(dict.fromkeys(_graders(fields)))
    )


def parse_technique(value: object) -> Technique:
    """Return how an objective was attacked, from the identifier of an atomic attack."""
    atomic = as_object(value)
    technique = _child(atomic, "attack_technique")
    # Older rows have the attack directly below.
    attack = _child(technique, "attack") or _child(atomic, "attack")
    adversary = parse_target(_child(attack, "adversarial_chat"))
    scorer = _child(attack, "objective_scorer")
    seeds = map(as_object, _children(atomic, "seed_identifiers"))
    return Technique(
        name=with_converters(_kind(attack), class_names(_children(attack, "request_converters")))
        if attack
        else "",
        adversaries=(adversary,) if adversary else (),
        scorer=parse_scorer(scorer) if scorer else None,
        datasets=tuple(sorted({n for s in seeds if (n := as_text(s.get("dataset_name")))})),
    )


def with_converters(name: str, converters: tuple[str, ...]) -> str:
    """Name an attack and the converters that its requests go through.

    >>> with_converters("PromptSendingAttack", ("Base64Converter",))
    'PromptSendingAttack with Base64Converter'
    """
    return shortened(f"{name} with {' > '.join(converters)}" if converters else name, 200)


def converter_targets(identifiers: list[object]) -> set[Target]:
    """Return the models that converters ask to change prompts."""
    asked = (parse_target(_child(as_object(one), "converter_target")) for one in identifiers)
    return {target for target in asked if target is not None}


def class_names(identifiers: list[object]) -> tuple[str, ...]:
    """Return the class of each component."""
    return tuple(_kind(as_object(identifier)) for identifier in identifiers)


def _kind(fields: Identifier) -> str:
    return shortened(as_text(fields.get("class_name")), 100) or "unnamed"


def _children(fields: Identifier, name: str) -> list[object]:
    return as_list(as_object(fields.get("children")).get(name)) or as_list(fields.get(name))


def _child(fields: Identifier, name: str) -> dict[str, object]:
    return as_object(as_object(fields.get("children")).get(name))


def _graders(fields: Identifier, depth: int = 0) -> Iterator[Target]:
    if target := parse_target(_child(fields, "prompt_target")):
        yield target
    if depth < _MAX_DEPTH:
        for inner in _children(fields, "sub_scorers"):
            yield from _graders(as_object(inner), depth + 1)


def _key(fields: Identifier) -> str:
    text = json.dumps(_configuration(fields), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _configuration(value: object, depth: int = 0) -> object:
    """Leave out what may differ between two components that work alike."""
    if depth > _MAX_DEPTH:
        return None
    if isinstance(value, list):
        return [_configuration(inner, depth + 1) for inner in value]
    if not isinstance(value, dict):
        return value
    kept = {name: inner for name, inner in value.items() if name not in _NOT_IDENTITY}
    return {name: _configuration(inner, depth + 1) for name, inner in kept.items()}
