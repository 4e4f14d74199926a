# SPDX-License-Identifier: Apache-2.0
"""Two ways to run a batch of answers through a model.

:class:`RollingBatch` reads the common beginning of all prompts once, takes rows out the moment
they are over and fills their places with prompts that wait. :class:`PaddedBatch` is what
anyone would write: padded prompts, a growing cache, everything to its end. It needs nothing of
the architecture and is what the first is compared with.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import torch
from transformers import DynamicCache

from tiergate.evidence.tampering.decoding import Job
from tiergate.evidence.tampering.kv_cache import RowCache

if TYPE_CHECKING:
    from transformers import PreTrainedModel
    from transformers.cache_utils import Cache

_GAP = 32
"""Columns without use at which moving the cache is worth its time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Prompts that have joined a batch, each with the beginning of the draft that it says."""

    places: list[int]
    """Which of the prompts asked for have joined, in the order of the batch; of the others, the
    most likely tokens are the draft, from its first to its last."""
    said: list[int]
    """For each that joined, how many tokens of the draft are its most likely ones."""
    logits: torch.Tensor
    """After these, joined x vocabulary."""


class Batch(Protocol):
    """Rows that are answered together."""

    @property
    def room(self) -> int:
        """How many rows may join now."""
        ...

    def join(self, jobs: Sequence[Job]) -> torch.Tensor:
        """Read prompts as further rows; return the logits after them, prompts x vocabulary."""
        ...

    def join_unless(self, jobs: Sequence[Job], draft: Sequence[int]) -> Joined:
        """Read prompts with an answer that may follow; those that it follows whole do not join.

        Args:
            jobs: one for each prompt.
            draft: tokens of the answer; with none, every prompt joins.
        """
        ...

    def step(self, tokens: Sequence[int]) -> torch.Tensor:
        """Read one token for each row; return the logits after it, rows x vocabulary."""
        ...

    def leave(self, places: Sequence[int]) -> list[int]:
        """Take rows out; return the former places of those that stay, in their new order."""
        ...


class Reader:
    """Runs a model and returns logits, with what its ``forward`` understands."""

    def __init__(self, model: PreTrainedModel, embedding: torch.Tensor | None = None) -> None:
        self.model = model
        self.device = model.device
        self._embedding = embedding
        self._known = _parameters(model)

    def tensor(self, rows: Sequence[object]) -> torch.Tensor:
        """Return whole numbers as a tensor where the model is."""
        return torch.tensor(rows, dtype=torch.long, device=self.device)

    def read(
        self,
        ids: torch.Tensor,
        *,
        positions: torch.Tensor | None,
        mask: torch.Tensor | None,
        cache: Cache | None,
        keep: int | torch.Tensor = 1,
    ) -> tuple[torch.Tensor, Cache | None]:
        """Run tokens, rows x columns, and return the logits of the columns to keep.

        Args:
            ids: tokens; -1 - n stands for row n of the soft prompt.
            positions: position of each token; None to count from 0.
            mask: 1 for columns to attend to, rows x columns, or what is added to the scores,
                rows x 1 x columns x all columns; None when nothing is padded.
            cache: what was read before; it is changed.
            keep: how many columns at the end, or which ones.
        """
        given: dict[str, object] = {
            "position_ids": positions,
            "attention_mask": mask,
            "past_key_values": cache,
            "use_cache": cache is not None,
            "logits_to_keep": keep,
        }
        given = {name: value for name, value in given.items() if name in self._known}
        if self._embedding is None:
            given["input_ids"] = ids
        else:
            given["inputs_embeds"] = self._embedded(ids, self._embedding)
        model: Any = self.model
        output = model(**given)
        logits: torch.Tensor = output.logits
        if "logits_to_keep" not in self._known:
            logits = logits[:, -keep:] if isinstance(keep, int) else logits[:, keep]
        used = output.get("past_key_values") if "past_key_values" in given else None
        return logits, used

    def _embedded(self, ids: torch.Tensor, embedding: torch.Tensor) -> torch.Tensor:
        table: Any = self.model.get_input_embeddings()
        embedded: torch.Tensor = table(ids.clamp(min=0))
        soft = embedding.to(embedded)[(-1 - ids).clamp(min=0)]
        return torch.where((ids < 0)[..., None], soft, embedded)


def _joined_all(logits: torch.Tensor) -> Joined:
    rows = len(logits)
    return Joined(places=list(range(rows)), said=[0] * rows, logits=logits)


def _parameters(model: PreTrainedModel) -> frozenset[str]:
    """Return the parameters of a model's own ``forward``, below any adapter wrapped around it."""
    outer: Any = model
    inner = outer.get_base_model() if hasattr(model, "get_base_model") else outer
    forward: Callable[..., object] = inner.forward
    return frozenset(inspect.signature(forward).parameters)


class RollingBatch:
    """Rows that share a beginning, leave when they are over and are replaced."""

    def __init__(
        self, reader: Reader, rows: int, shared: Sequence[int], *, longest: int, new_tokens: int
    ) -> None:
        """Read the common beginning.

        Args:
            reader: reads the model.
            rows: rows at a time.
            shared: tokens that all prompts begin with.
            longest: tokens of the longest of all prompts that will join, with the draft if one
                will be given; every row ends at least that far to the right.
            new_tokens: most tokens of an answer.
        """
        self._reader = reader
        self._most = rows
        self._longest = longest
        self._new_tokens = new_tokens
        self._layers = len(DynamicCache(config=reader.model.config).layers)
        self._shared = len(shared)
        self._prefix: RowCache | None = None
        if shared:
            self._prefix = RowCache.of(self._layers, 1, self._shared)
            reader.read(
                reader.tensor([list(shared)]), positions=None, mask=None, cache=self._prefix
            )
        self._cache: RowCache | None = None
        self._filled = 0
        self._bias = torch.empty(0)
        self._starts: list[int] = []
        self._positions: list[int] = []

    @property
    def room(self) -> int:
        """How many rows may join now."""
        return self._most - len(self._starts)

    def join(self, jobs: Sequence[Job]) -> torch.Tensor:
        """Read prompts; one that is asked for several times is read once."""
        distinct = list({job.index: job for job in jobs}.values())
        logits, read = self._read_prompts([list(job.ids[self._shared :]) for job in distinct])
        number = {job.index: place for place, job in enumerate(distinct)}
        sources = [number[job.index] for job in jobs]
        self._take_in(read, jobs, sources)
        return logits[sources, -1]

    def join_unless(self, jobs: Sequence[Job], draft: Sequence[int]) -> Joined:
        """Read prompts and draft at once, which takes far less time than token after token."""
        if not draft:
            return _joined_all(self.join(jobs))
        rows = [[*job.ids[self._shared :], *draft] for job in jobs]
        logits, read = self._read_prompts(rows, keep=len(draft) + 1)
        largest, tokens = logits[:, :-1].max(dim=-1)
        is_said = (tokens == self._reader.tensor(list(draft))) & largest.isfinite()
        said = is_said.long().cumprod(dim=-1).sum(dim=-1).tolist()
        order = [place for place in range(len(jobs)) if said[place] < len(draft)]
        order.sort(key=said.__getitem__)
        columns = read.layers[0].filled - len(draft)
        for count, group in itertools.groupby(order, key=said.__getitem__):
            places = list(group)
            read.show(len(jobs), columns + count)
            self._take_in(read, [jobs[place] for place in places], places, said=count)
        counts = [said[place] for place in order]
        return Joined(places=order, said=counts, logits=logits[order, counts])

    def _take_in(
        self, read: RowCache, jobs: Sequence[Job], sources: Sequence[int], *, said: int = 0
    ) -> None:
        """Go on with rows of a cache in which prompts, and so much of answers, have been read."""
        if not self._starts:
            self._filled = self._longest
        cache = self._cache or self._set_aside(read)
        first = len(self._starts)
        cache.take_in(read, sources, first, shared=self._shared, end=self._filled)
        lengths = [len(job.ids) + said for job in jobs]
        self._starts += [self._filled - length + self._shared for length in lengths]
        self._positions += lengths
        cache.show(len(self._starts), self._filled)
        self._mask_rows(first)

    def step(self, tokens: Sequence[int]) -> torch.Tensor:
        """Read one token for each row."""
        cache = self._cache
        if cache is None:
            raise ValueError("no prompt has been read")
        gap = min(self._starts) - self._shared
        if gap >= _GAP or self._filled == cache.capacity:
            self._close_gap(cache, gap)
        self._filled += 1
        logits, _ = self._reader.read(
            self._reader.tensor([[token] for token in tokens]),
            positions=self._reader.tensor([[position] for position in self._positions]),
            mask=self._bias[: len(tokens), :, :, : self._filled],
            cache=cache,
        )
        self._positions = [position + 1 for position in self._positions]
        return logits[:, -1]

    def leave(self, places: Sequence[int]) -> list[int]:
        """Take rows out; the last rows move into their places."""
        gone = set(places)
        kept = len(self._starts) - len(gone)
        moving = [row for row in range(kept, len(self._starts)) if row not in gone]
        holes = [row for row in places if row < kept]
        order = list(range(kept))
        for hole, row in zip(holes, moving, strict=True):
            order[hole] = row
        if self._cache is not None:
            if holes:
                self._cache.copy_rows(moving, holes)
                self._bias[holes] = self._bias[moving]
            self._cache.show(kept, self._filled)
        self._starts = [self._starts[row] for row in order]
        self._positions = [self._positions[row] for row in order]
        return order

    def _read_prompts(
        self, prompts: Sequence[list[int]], *, keep: int = 1
    ) -> tuple[torch.Tensor, RowCache]:
        """Read what comes after the shared beginning, padded on the left.

        Returns:
            The logits of the last columns, prompts x ``keep`` x vocabulary, and the cache.
        """
        rows, width = len(prompts), max(map(len, prompts))
        columns = self._shared + width
        cache = (
            RowCache.of(self._layers, rows, columns)
            if self._prefix is None
            else self._prefix.spread(rows, columns)
        )
        pads = self._reader.tensor([[width - len(prompt)] for prompt in prompts])
        place = torch.arange(columns, device=pads.device)
        own = place[self._shared :]
        hidden = (place >= self._shared) & (place < self._shared + pads)
        mask = hidden[:, None, None, :] | (place > own[:, None])
        logits, _ = self._reader.read(
            self._reader.tensor([[0] * (width - len(prompt)) + prompt for prompt in prompts]),
            positions=(own - pads).clamp(min=0),
            mask=self._as_bias(mask),
            cache=cache,
            keep=keep,
        )
        return logits[:, -keep:], cache

    def _set_aside(self, read: RowCache) -> RowCache:
        """Make the cache: no row needs more columns than the longest prompt and its answer."""
        capacity = self._filled + self._new_tokens + _GAP
        self._cache = read.empty_like(self._most, capacity)
        self._bias = self._as_bias(
            torch.zeros(self._most, 1, 1, capacity, dtype=torch.bool, device=self._reader.device)
        )
        return self._cache

    def _mask_rows(self, first: int) -> None:
        """Hide the columns between the shared beginning and each row's own tokens."""
        starts = self._reader.tensor([[start] for start in self._starts[first:]])
        place = torch.arange(self._bias.shape[-1], device=starts.device)
        hidden = (place >= self._shared) & (place < starts)
        self._bias[first : len(self._starts)] = self._as_bias(hidden[:, None, None, :])

    def _close_gap(self, cache: RowCache, gap: int) -> None:
        cache.close_gap(self._shared, gap)
        self._filled -= gap
        self._starts = [start - gap for start in self._starts]
        self._mask_rows(0)

    def _as_bias(self, hidden: torch.Tensor) -> torch.Tensor:
        """Turn what is hidden into what is added to attention scores."""
        dtype = self._reader.model.dtype
        bias = torch.zeros(hidden.shape, dtype=dtype, device=hidden.device)
        return bias.masked_fill_(hidden, torch.finfo(dtype).min)


class PaddedBatch:
    """Prompts padded on the left, with the cache that transformers makes for the model."""

    def __init__(self, reader: Reader, rows: int) -> None:
        self._reader = reader
        self._most = rows
        self._ids = reader.tensor([[]])
        self._mask = reader.tensor([[]])
        self._cache: Cache | None = None

    @property
    def room(self) -> int:
        """How many rows may join now: as many as fit, or none while others are answered."""
        return 0 if self._ids.shape[1] else self._most

    def join(self, jobs: Sequence[Job]) -> torch.Tensor:
        """Read the prompts of all rows at once."""
        width = max(len(job.ids) for job in jobs)
        pads = [width - len(job.ids) for job in jobs]
        self._ids = self._reader.tensor(
            [[0] * pad + list(job.ids) for pad, job in zip(pads, jobs, strict=True)]
        )
        self._mask = self._reader.tensor([[0] * pad + [1] * (width - pad) for pad in pads])
        self._cache = DynamicCache(config=self._reader.model.config)
        return self._read(width)

    def join_unless(self, jobs: Sequence[Job], draft: Sequence[int]) -> Joined:
        """Read the prompts; the draft is not looked at."""
        del draft
        return _joined_all(self.join(jobs))

    def step(self, tokens: Sequence[int]) -> torch.Tensor:
        """Read one token for each row, or everything again when the model keeps no cache."""
        new = self._reader.tensor([[token] for token in tokens])
        self._ids = torch.cat([self._ids, new], dim=1)
        self._mask = torch.cat([self._mask, torch.ones_like(new)], dim=1)
        return self._read(self._ids.shape[1] if self._cache is None else 1)

    def leave(self, places: Sequence[int]) -> list[int]:
        """Take rows out."""
        order = [row for row in range(len(self._ids)) if row not in set(places)]
        if not order:
            self._ids, self._mask = self._ids[:, :0], self._mask[:, :0]
        elif len(order) < len(self._ids):
            self._ids, self._mask = self._ids[order], self._mask[order]
            if self._cache is not None:
                self._cache.batch_select_indices(self._reader.tensor(order))
        return order

    def _read(self, columns: int) -> torch.Tensor:
        positions = (self._mask.cumsum(dim=1) - 1).clamp(min=0)
        is_padded = not bool(self._mask.all())
        logits, self._cache = self._reader.read(
            self._ids[:, -columns:],
            positions=positions[:, -columns:],
            mask=self._mask if is_padded else None,
            cache=self._cache,
        )
        return logits[:, -1]
