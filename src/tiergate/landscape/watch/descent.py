# SPDX-License-Identifier: Apache-2.0
"""Chains of declarations: who descends from whom, through how many others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Descent:
    """What descends from one released model, as the repositories declare it."""

    parent_of: Mapping[str, str]
    """Of each descendant, the next repository on a shortest way to the model."""

    def __contains__(self, repository: str) -> bool:
        """Whether a repository, in lower case, descends from the model."""
        return repository in self.parent_of

    def chain(self, repository: str) -> tuple[str, ...]:
        """Return the way from a descendant to the model, both included."""
        way = [repository]
        while way[-1] in self.parent_of:
            way.append(self.parent_of[way[-1]])
        return tuple(way)


def children_of(edges: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Return of each repository those that name it as their base.

    Args:
        edges: pairs of a repository and one that it names as its base, in lower case.
    """
    children: dict[str, list[str]] = {}
    for child, parent in edges:
        children.setdefault(parent, []).append(child)
    return children


def descent(children: Mapping[str, Iterable[str]], roots: Iterable[str]) -> Descent:
    """Follow declarations from a model outwards; circles end where they close.

    Args:
        children: of each repository those that name it as their base, in lower case.
        roots: names of the released model, in lower case. They descend from nothing here.

    The result does not depend on the order of the edges: among shortest ways the one with
    the parent that comes first in the alphabet is taken.
    """
    reached = set(roots)
    parent_of: dict[str, str] = {}
    front = sorted(reached)
    while front:
        following: dict[str, str] = {}
        for parent in front:
            for child in children.get(parent, ()):
                if child not in reached:
                    following.setdefault(child, parent)
        parent_of |= following
        reached |= following.keys()
        front = sorted(following)
    return Descent(parent_of=parent_of)
