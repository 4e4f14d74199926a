# SPDX-License-Identifier: Apache-2.0
"""What every attack needs: its setting checked, its time taken, its sample drawn."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

from tiergate.errors import InputError, MeasurementError
from tiergate.evidence.tampering.variant import Setting

T = TypeVar("T")

Space = Mapping[str, tuple[str | int | float, ...]]
"""Every value of each hyper-parameter, the usual one first."""

_POINTS = (5, 10, 20, 30, 50, 100, 200, 300, 500, 1000, 2000, 3000, 5000, 10_000)


class Chosen:
    """The values of one trial, by name, each of the kind that the space has."""

    def __init__(self, attack: str, space: Space, setting: Setting) -> None:
        """Complete a setting with the usual values.

        Words have to be in the space; numbers may lie outside of it, because a suite may ask
        for more steps than is usual.

        Raises:
            InputError: a name that the attack does not have, a word that it does not know, or
                a number where it has a word.
        """
        unknown = sorted(setting.keys() - space.keys())
        if unknown:
            raise InputError(
                f"setting of {attack}",
                f"the unknown name {unknown[0]!r}",
                f"some of {', '.join(space) or 'nothing'}",
            )
        self._attack = attack
        self._values = {name: setting.get(name, values[0]) for name, values in space.items()}
        for name, values in space.items():
            _refuse_strange(f"{name} of {attack}", self._values[name], values)

    def text(self, name: str) -> str:
        """Return a value that is a word."""
        return str(self._values[name])

    def whole(self, name: str) -> int:
        """Return a value that is a whole number."""
        return int(self._values[name])

    def count(self, name: str) -> int:
        """Return a value that counts something, of which there is at least one.

        Raises:
            InputError: it is less than one.
        """
        value = self.whole(name)
        if value < 1:
            raise InputError(f"{name} of {self._attack}", str(value), "at least one")
        return value

    def number(self, name: str) -> float:
        """Return a value that is a number."""
        return float(self._values[name])


def _refuse_strange(where: str, value: str | float, values: tuple[str | int | float, ...]) -> None:
    if isinstance(values[0], str):
        if value not in values:
            raise InputError(where, repr(value), f"one of {', '.join(map(repr, values))}")
    elif isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(where, repr(value), "a number")
    elif isinstance(values[0], int) and value != int(value):
        raise InputError(where, repr(value), "a whole number")


class Clock:
    """Wall time that an attack takes; while a variant is measured the clock has to stand."""

    def __init__(self) -> None:
        self._before = 0.0
        self._start = time.perf_counter()

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        """Count the block only, with the blocks before it, and not what is between them."""
        self._start = time.perf_counter()
        try:
            yield
        finally:
            self._before += time.perf_counter() - self._start

    def seconds(self) -> Decimal:
        """Return the seconds of the blocks; since it was made, where there were none."""
        taken = self._before or time.perf_counter() - self._start
        return Decimal(f"{taken:.3f}")


def sample(items: Sequence[T], most: int, seed: int, *, what: str) -> list[T]:
    """Draw at most ``most`` items without replacement, and never all where two are to differ.

    Where there are fewer than twice as many items, half of them are drawn, so that another
    seed draws others.

    Raises:
        MeasurementError: there are none.
    """
    if not items:
        raise MeasurementError(what, "none", "at least one to attack with")
    count = min(most, max(1, len(items) // 2))
    return random.Random(seed).sample(list(items), count)  # noqa: S311 - no secret


def points_up_to(most: int) -> tuple[int, ...]:
    """Return the steps at which a run of ``most`` steps is measured.

    >>> points_up_to(40)
    (5, 10, 20, 30, 40)
    """
    return (*(point for point in _POINTS if point < most), most)


def steps(count: int) -> str:
    """Return the name of a point after so many steps.

    >>> steps(1), steps(20)
    ('1 step', '20 steps')
    """
    return f"{count} step{'s' * (count != 1)}"
