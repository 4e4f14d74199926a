# SPDX-License-Identifier: Apache-2.0
"""The Merkle tree of RFC 6962 (section 2.1): roots, and proofs of inclusion and consistency.

An entry and an inner node are hashed with different first bytes, so that neither can pass for
the other. Indices count from 0; a tree of ``size`` leaves has the indices below ``size``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of a tree without leaves."""


def leaf_hash(entry: bytes) -> bytes:
    """Hash an entry as a leaf."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees as one."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root of a tree over leaf hashes."""
    frontier = Frontier()
    for leaf in leaves:
        frontier.add(leaf)
    return frontier.root


class Frontier:
    """The roots of the complete subtrees of a tree that grows: as many as its size has bits."""

    def __init__(self) -> None:
        self.size = 0
        self._subtrees: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        """Append a leaf hash."""
        size, found = 1, leaf
        while self._subtrees and self._subtrees[-1][0] == size:
            found = node_hash(self._subtrees.pop()[1], found)
            size *= 2
        self._subtrees.append((size, found))
        self.size += 1

    @property
    def root(self) -> bytes:
        """Root of the tree so far."""
        if not self._subtrees:
            return EMPTY_ROOT
        found = self._subtrees[-1][1]
        for _, left in reversed(self._subtrees[:-1]):
            found = node_hash(left, found)
        return found


def inclusion_proof(leaves: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Return the audit path of a leaf: its siblings on the way to the root, lowest first.

    Raises:
        IndexError: the tree has no such leaf.
    """
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    if len(leaves) == 1:
        return ()
    split = _split(len(leaves))
    if index < split:
        return (*inclusion_proof(leaves[:split], index), root_of(leaves[split:]))
    return (*inclusion_proof(leaves[split:], index - split), root_of(leaves[:split]))


def proves_inclusion(
    leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes
) -> bool:
    """Tell whether a leaf hash stands at ``index`` in the tree of this size and root."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if place % 2 or place == last:
            found = node_hash(sibling, found)
            while place % 2 == 0 and place:
                place, last = place // 2, last // 2
        else:
            found = node_hash(found, sibling)
        place, last = place // 2, last // 2
    return last == 0 and found == root


def consistency_proof(leaves: Sequence[bytes], first: int) -> tuple[bytes, ...]:
    """Return the proof that the tree over the ``first`` leaves is the beginning of this one.

    Raises:
        IndexError: ``first`` is not between 1 and the number of leaves.
    """
    if not 1 <= first <= len(leaves):
        raise IndexError(first)
    return _subproof(leaves, first, is_known=True)


def proves_consistency(
    first: int, second: int, path: Sequence[bytes], first_root: bytes, second_root: bytes
) -> bool:
    """Tell whether the tree of the first size and root is the beginning of the second."""
    if not 1 <= first <= second:
        return False
    if first == second:
        return not path and first_root == second_root
    steps = list(path)
    if first & (first - 1) == 0:
        steps.insert(0, first_root)
    if not steps:
        return False
    place, last = first - 1, second - 1
    while place % 2:
        place, last = place // 2, last // 2
    old = new = steps[0]
    for sibling in steps[1:]:
        if last == 0:
            return False
        if place % 2 or place == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while place % 2 == 0 and place:
                place, last = place // 2, last // 2
        else:
            new = node_hash(new, sibling)
        place, last = place // 2, last // 2
    return last == 0 and old == first_root and new == second_root


def _subproof(leaves: Sequence[bytes], first: int, *, is_known: bool) -> tuple[bytes, ...]:
    if first == len(leaves):
        return () if is_known else (root_of(leaves),)
    split = _split(len(leaves))
    if first <= split:
        below = _subproof(leaves[:split], first, is_known=is_known)
        return (*below, root_of(leaves[split:]))
    below = _subproof(leaves[split:], first - split, is_known=False)
    return (*below, root_of(leaves[:split]))


def _split(size: int) -> int:
    """Return the largest power of two below ``size``, which is at least 2."""
    return 1 << ((size - 1).bit_length() - 1)
