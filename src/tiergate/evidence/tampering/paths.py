# SPDX-License-Identifier: Apache-2.0
"""Which way of generating a model supports, found by comparing logits."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import torch
from transformers import DynamicCache
from transformers.cache_utils import DynamicLayer, DynamicSlidingWindowLayer

from tiergate.evidence.tampering.batches import Batch, PaddedBatch, Reader, RollingBatch
from tiergate.evidence.tampering.decoding import Ask, Job, refuse_infinite

if TYPE_CHECKING:
    from transformers import PreTrainedModel

_TOLERANCES = {torch.float32: 1e-3, torch.float64: 1e-6}
_TOLERANCE_OF_HALVES = 0.3
"""Rounding in bfloat16 alone moved logits by up to 0.24 of their spread, on SmolLM2-135M and a
prompt cut off in the middle; a position that is off by one moved some by 0.4 to 2.7."""
_LONGEST = 24
_SHORTEST = 9
_STEPS = 3


class GenerationPath(enum.StrEnum):
    """How answers are generated, fastest first."""

    SHARED = "shared prefix"
    """The common beginning is read once, rows are replaced as they end."""
    PADDED = "padded batches"
    """Padded prompts, with the cache of transformers."""
    SINGLE = "one by one"
    """A prompt at a time, without padding."""


_found: WeakKeyDictionary[PreTrainedModel, frozenset[GenerationPath]] = WeakKeyDictionary()


def find_path(reader: Reader, ids: Sequence[int], *, plain: bool) -> GenerationPath:
    """Return the fastest way whose logits are those of reading each prompt by itself.

    What is found is kept for as long as the model exists, for it follows from the architecture.

    Args:
        reader: reads the model.
        ids: a prompt to try with; only its beginning is used.
        plain: whether to leave out the way that shares and replaces.

    Raises:
        MeasurementError: the logits are not finite.
    """
    model = reader.model
    if model not in _found:
        _found[model] = frozenset(_agreeing(reader, list(ids[:_LONGEST])))
    possible = _found[model]
    if GenerationPath.SHARED in possible and not plain:
        return GenerationPath.SHARED
    return GenerationPath.PADDED if GenerationPath.PADDED in possible else GenerationPath.SINGLE


def fits_window(model: PreTrainedModel, tokens: int) -> bool:
    """Whether every layer attends to all of so many tokens."""
    layers = DynamicCache(config=model.config).layers
    windows = [getattr(layer, "sliding_window", None) for layer in layers]
    return all(window is None or tokens <= window for window in windows)


def _agreeing(reader: Reader, ids: list[int]) -> Iterator[GenerationPath]:
    """Yield the ways whose logits agree with those of reading alone."""
    # A prompt of a few tokens shows nothing.
    ids = ids if len(ids) >= _SHORTEST else ids * _SHORTEST
    jobs = [
        Job(index=number, attempt=0, ask=Ask(prompt="", most=_STEPS), ids=tuple(tokens))
        for number, tokens in enumerate((ids, ids[: -(len(ids) // 3)]))
    ]
    wanted = [_alone(reader, job.ids) for job in jobs]
    shared = ids[: len(ids) // 3]
    if _only_attention(reader.model) and fits_window(reader.model, len(ids) + _STEPS):
        rolling = RollingBatch(
            reader,
            len(jobs),
            shared,
            longest=max(len(job.ids) for job in jobs),
            new_tokens=_STEPS,
        )
        if _agrees(rolling, jobs, wanted):
            yield GenerationPath.SHARED
    if _agrees(PaddedBatch(reader, len(jobs)), jobs, wanted):
        yield GenerationPath.PADDED


def _only_attention(model: PreTrainedModel) -> bool:
    """Whether all that a layer remembers are keys and values, and masks may be given as bias."""
    layers = DynamicCache(config=model.config).layers
    return (
        bool(layers)
        and all(type(layer) in (DynamicLayer, DynamicSlidingWindowLayer) for layer in layers)
        and getattr(model.config, "_attn_implementation", "") in ("sdpa", "eager")
    )


def _alone(reader: Reader, ids: Sequence[int]) -> torch.Tensor:
    """Return the logits after a prompt and after each token that follows, read all at once."""
    tokens = [*ids, *_following(ids)]
    logits, _ = reader.read(
        reader.tensor([tokens]), positions=None, mask=None, cache=None, keep=_STEPS + 1
    )
    refuse_infinite(logits)
    return logits[0]


def _following(ids: Sequence[int]) -> list[int]:
    return [token for token in ids if token >= 0][:_STEPS]


def _agrees(batch: Batch, jobs: Sequence[Job], wanted: Sequence[torch.Tensor]) -> bool:
    """Read two prompts together, then one token, then go on with the second prompt alone."""
    following = [_following(job.ids) for job in jobs]
    try:
        found = [batch.join(jobs), batch.step([tokens[0] for tokens in following])]
        batch.leave([0])
        found.append(batch.step([following[1][1]]))
    except (AttributeError, IndexError, NotImplementedError, RuntimeError, TypeError, ValueError):
        return False
    pairs = [
        (found[0][0], wanted[0][0]),
        (found[0][1], wanted[1][0]),
        (found[1][0], wanted[0][1]),
        (found[1][1], wanted[1][1]),
        (found[2][0], wanted[1][2]),
    ]
    return all(_is_close(one, other) for one, other in pairs)


def _is_close(one: torch.Tensor, other: torch.Tensor) -> bool:
    """Compare logits by the size of their difference against their own spread."""
    tolerance = _TOLERANCES.get(one.dtype, _TOLERANCE_OF_HALVES)
    wanted = other.float() - other.float().mean()
    return bool(((one.float() - other.float()).norm() <= tolerance * wanted.norm()).item())
