# SPDX-License-Identifier: Apache-2.0
"""Which members of an ``.eval`` archive are samples, and what each of them left.

A sample is one member, or a folder of chunks with a ``sample.json`` at its head.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tiergate.evidence.readers.archive import Archive
from tiergate.evidence.readers.inspect_sample import Outcome, SampleKey, SampleParser

_CHUNK_HEAD = "/sample.json"
_CHUNKED = re.compile(r"(samples/.+_epoch_\d+)/sample\.json")


class SampleMembers:
    """The samples of one archive."""

    def __init__(self, archive: Archive, file_name: str) -> None:
        self._archive = archive
        self._file_name = file_name
        self._heads = self._chunk_heads()

    def outcomes(
        self, parser: SampleParser, start: int = 0, stop: int | None = None
    ) -> Iterator[tuple[SampleKey, Outcome]]:
        """Yield what the samples left that are among the members from ``start`` to ``stop``.

        Raises:
            EvidenceError: one of them is damaged, too large or no sample.
        """
        for entry in self._archive.part(start, stop):
            if self._is_sample(entry.name):
                where = f"{self._file_name}:{entry.name}"
                yield parser.of_text(self._archive.read(entry), where)

    def replaced(self) -> int:
        """Count the samples that a later member of the same name replaced."""
        return sum(1 for name in self._archive.replaced() if self._is_sample(name))

    def _chunk_heads(self) -> frozenset[str]:
        """Return the folders of samples that are kept in chunks."""
        if not self._archive.mentions(_CHUNK_HEAD):
            return frozenset()
        names = (entry.name for entry in self._archive if entry.name.endswith(_CHUNK_HEAD))
        return frozenset(match[1] for name in names if (match := _CHUNKED.fullmatch(name)))

    def _is_sample(self, name: str) -> bool:
        """Tell whether a member speaks for a sample, whole or as the head of its chunks."""
        if not (name.startswith("samples/") and name.endswith(".json")):
            return False
        if not self._heads:
            return True
        parents = (name[: slash.start()] for slash in re.finditer("/", name))
        head = next((parent for parent in parents if parent in self._heads), None)
        return head is None or name == head + _CHUNK_HEAD
