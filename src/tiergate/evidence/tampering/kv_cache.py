# SPDX-License-Identifier: Apache-2.0
"""Keys and values of a batch whose rows leave and are replaced while it runs.

Columns of the cache, for a batch of rows with a common beginning of ``shared`` tokens::

    0 .. shared | unused, masked | the row's own tokens, ending in the newest

Every row ends in the same column, so that one step writes one column of all rows in place.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers.cache_utils import Cache, DynamicLayer


class RowLayer(DynamicLayer):  # type: ignore[no-untyped-call]
    """A layer's keys and values, in memory that is set aside beforehand.

    Buffers have the shape rows x heads x columns x head size; the first ``rows`` rows and the
    first ``filled`` columns are in use.
    """

    def __init__(self, rows: int, capacity: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.rows = rows
        self.capacity = capacity
        self.filled = 0
        self.buffers: tuple[torch.Tensor, torch.Tensor] | None = None

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Set memory aside for keys and values like these."""
        shapes = [
            (self.rows, states.shape[1], self.capacity, states.shape[3])
            for states in (key_states, value_states)
        ]
        self.buffers = key_states.new_zeros(shapes[0]), value_states.new_zeros(shapes[1])
        self.dtype, self.device = key_states.dtype, key_states.device
        self.is_initialized = True

    @property
    def pair(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Both buffers, once there are some."""
        if self.buffers is None:
            raise ValueError("the layer has not been written to")
        return self.buffers

    def show(self, rows: int, filled: int) -> None:
        """Make the first rows and columns the ones in use."""
        self.rows, self.filled = rows, filled
        self.keys, self.values = self.used

    @property
    def used(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Keys and values in use, which share memory with the buffers."""
        keys, values = self.pair
        return keys[: self.rows, :, : self.filled], values[: self.rows, :, : self.filled]

    def update(
        self,
        key_states: torch.Tensor,
        value_states: torch.Tensor,
        *_: object,
        **__: object,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write the columns that follow and return everything in use."""
        if self.buffers is None:
            self.lazy_initialization(key_states, value_states)
        start, end = self.filled, self.filled + key_states.shape[-2]
        for buffer, states in zip(self.pair, (key_states, value_states), strict=True):
            buffer[: self.rows, :, start:end] = states
        self.show(self.rows, end)
        return self.used


class RowCache(Cache):
    """The layers of a batch, changed together."""

    layers: list[RowLayer]  # type: ignore[assignment]

    @classmethod
    def of(cls, layers: int, rows: int, capacity: int) -> RowCache:
        """Return an empty cache with room for so many rows, all in use, and columns."""
        return cls(layers=[RowLayer(rows, capacity) for _ in range(layers)])

    def spread(self, rows: int, capacity: int) -> RowCache:
        """Return a cache in which so many rows begin with what this cache of one row holds."""
        cache = self.of(len(self.layers), rows, capacity)
        for layer, source in zip(cache.layers, self.layers, strict=True):
            keys, values = source.used
            layer.update(keys.expand(rows, -1, -1, -1), values.expand(rows, -1, -1, -1))
        return cache

    def empty_like(self, rows: int, capacity: int) -> RowCache:
        """Return a cache of the same kind with room for so many rows, none of them in use."""
        cache = self.of(len(self.layers), rows, capacity)
        for layer, source in zip(cache.layers, self.layers, strict=True):
            layer.lazy_initialization(*source.pair)
            layer.show(0, 0)
        return cache

    @property
    def capacity(self) -> int:
        """Columns that there is room for."""
        return self.layers[0].capacity

    def show(self, rows: int, filled: int) -> None:
        """Make the first rows and columns the ones in use."""
        for layer in self.layers:
            layer.show(rows, filled)

    def copy_rows(self, sources: Sequence[int], places: Sequence[int]) -> None:
        """Copy whole rows within the cache."""
        for layer in self.layers:
            for buffer in layer.pair:
                buffer[list(places), :, : layer.filled] = buffer[list(sources), :, : layer.filled]

    def take_in(
        self, other: RowCache, sources: Sequence[int], first: int, *, shared: int, end: int
    ) -> None:
        """Copy rows of another cache behind the rows in use.

        Args:
            other: where the rows come from.
            sources: which of its rows, in order; one may be taken several times.
            first: where the first one goes.
            shared: columns at the beginning that stay at the beginning.
            end: column that the rest of a row shall end before.
        """
        index = torch.tensor(sources, device=other.layers[0].device)
        to = slice(first, first + len(sources))
        for mine, theirs in zip(self.layers, other.layers, strict=True):
            own = theirs.filled - shared
            for buffer, states in zip(mine.pair, theirs.used, strict=True):
                rows = states.index_select(0, index)
                buffer[to, :, :shared] = rows[:, :, :shared]
                buffer[to, :, end - own : end] = rows[:, :, shared:]

    def close_gap(self, start: int, width: int) -> None:
        """Drop columns that no row uses, and move the rest to the left."""
        for layer in self.layers:
            for buffer in layer.pair:
                kept = buffer[: layer.rows, :, start + width : layer.filled].clone()
                buffer[: layer.rows, :, start : layer.filled - width] = kept
            layer.show(layer.rows, layer.filled - width)
