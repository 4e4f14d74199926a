# SPDX-License-Identifier: Apache-2.0
"""The one door for extensions: named, collision-proof, frozen before use.

Evidence readers and requirement kinds are registered here, ours through the same door
as anybody else's. A name taken twice, a late registration or an unknown name is an
error, never a warning.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Generic, TypeVar

from tiergate.errors import ExtensionError

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")


class Registry(Generic[T]):
    """Names to things of one kind.

    >>> readers: Registry[str] = Registry("reader")
    >>> readers.register("inspect", "an Inspect log reader")
    >>> readers.freeze()
    >>> readers["inspect"]
    'an Inspect log reader'
    """

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._items: dict[str, T] = {}
        self._frozen = False

    def register(self, name: str, item: T) -> None:
        """Add ``item`` under ``name``.

        Raises:
            ExtensionError: the name is taken, or the registry is frozen.
        """
        if self._frozen:
            raise ExtensionError(
                f"{self._kind} {name!r}",
                "a registration after start",
                "registration before the first use",
            )
        if name in self._items:
            raise ExtensionError(
                f"{self._kind} {name!r}",
                "a name that is taken",
                "one definition per name",
                "Rename one of the two.",
            )
        self._items[name] = item

    def freeze(self) -> None:
        """Refuse every later registration."""
        self._frozen = True

    def __getitem__(self, name: str) -> T:
        """Return what is registered under ``name``.

        Raises:
            ExtensionError: nothing is.
        """
        try:
            return self._items[name]
        except KeyError:
            close = difflib.get_close_matches(name, self._items, n=1)
            hint = f"Did you mean {close[0]!r}?" if close else ""
            raise ExtensionError(
                f"{self._kind} {name!r}",
                "an unknown name",
                f"one of {', '.join(sorted(self._items)) or 'none registered'}",
                hint,
            ) from None

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._items))

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __len__(self) -> int:
        return len(self._items)
