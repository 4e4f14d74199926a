# SPDX-License-Identifier: Apache-2.0
"""An extension laid over the policy that it extends, as both are written.

Mappings are merged key by key. Numbers and checks are replaced whole. Tiers and triggers are found
by their id; what a tier asks for, clauses and what is not covered are added to, and so is a fast
path or a list of holds by a field of its own. Everything keeps the line of the extension's file,
so that a mistake is named where it was made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tiergate.decision.strict_yaml import Location

OWN = frozenset(
    {
        "format",
        "id",
        "version",
        "title",
        "summary",
        "as_of",
        "extends",
        "unsafe_loosens",
        "unsafe_reason",
    }
)
"""What a file says about itself; never taken over."""
_WHOLE = frozenset({"requires", "unless", "reached_when"})
_BY_ID = frozenset({"tiers", "triggers"})
_ADDED = frozenset({"requirements", "clauses", "not_covered"})
_DROPS = "unsafe_drops"
_ALSO = {"fast_path_also": "fast_path", "holds_also": "holds"}
"""Fields of a tier that add to a list of it, which would be replaced under its own name."""


@dataclass(slots=True, kw_only=True)
class Merged:
    """What came out of laying one file over another."""

    content: dict[str, object]
    """The whole policy, as it would be written."""
    lines: dict[Location, int]
    """Lines of the extension's file, by where things stand now."""
    mistakes: list[tuple[Location, str]] = field(default_factory=list)
    """What cannot be laid over."""


def merge(
    below: Mapping[str, object], above: Mapping[str, object], lines: Mapping[Location, int]
) -> Merged:
    """Lay ``above`` over ``below``.

    Args:
        below: the policy extended, complete.
        above: the extension, as it is written.
        lines: the line of each location in the extension.
    """
    laid = _Laid(lines)
    kept = {name: value for name, value in below.items() if name not in OWN}
    content = laid.over(_without_drops(kept), above, (), ())
    assert isinstance(content, dict)  # noqa: S101 - two mappings make one
    laid.mistakes += _drop(content)
    _prune(content, written=above.get("requirements"))
    return Merged(content=content, lines=laid.lines, mistakes=laid.mistakes)


class _Laid:
    def __init__(self, lines: Mapping[Location, int]) -> None:
        self._written = lines
        self.lines: dict[Location, int] = {}
        self.mistakes: list[tuple[Location, str]] = []

    def over(self, below: object, above: object, old: Location, new: Location) -> object:
        """Lay ``above``, which stands at ``old`` in its file, over what stands at ``new``."""
        self._line(old, new)
        if isinstance(below, dict) and isinstance(above, dict):
            if not _is_whole(new, below, above):
                return self._mapping(below, above, old, new)
        elif isinstance(below, list) and isinstance(above, list):
            if new[-1] in _BY_ID:
                return self._by_id(below, above, old, new)
            if new[-1] in _ADDED:
                return self._added(below, above, old, new)
        return self._placed(above, old, new)

    def _mapping(
        self, below: dict[str, object], above: dict[str, object], old: Location, new: Location
    ) -> dict[str, object]:
        found = dict(below)
        adds = _additions(above, new)
        for key, value in above.items():
            places = ((*old, key), (*new, key))
            if key in adds:
                continue
            if key in below:
                found[key] = self.over(below[key], value, *places)
            else:
                found[key] = self._placed(value, *places)
        for key, value in adds.items():
            name = _ALSO[key]
            self.lines.setdefault((*new, name), self._written[(*old, key)])
            found[name] = self._added(_list(found.get(name)), value, (*old, key), (*new, name))
        return found

    def _by_id(
        self, below: list[object], above: list[object], old: Location, new: Location
    ) -> list[object]:
        own = {id_: index for index, item in enumerate(above) if (id_ := _id(item))}
        known = {_id(item) for item in below}
        more = [item for item in above if _id(item) not in known]
        found = [*below, *more]
        if all(_id(item) for item in found):
            found.sort(key=_id)
        places = {id(item): index for index, item in enumerate(above)}
        for index, item in enumerate(found):
            place = (*new, index)
            if id(item) in places:
                found[index] = self._placed(item, (*old, places[id(item)]), place)
            elif _id(item) in own:
                above_index = own[_id(item)]
                found[index] = self.over(item, above[above_index], (*old, above_index), place)
        for index, item in enumerate(above):
            if _id(item) and own[_id(item)] != index and _id(item) in known:
                at = next(n for n, there in enumerate(found) if _id(there) == _id(item))
                self.mistakes.append(((*new, at), f"{_id(item)} stands here twice"))
        return found

    def _added(
        self, below: list[object], above: list[object], old: Location, new: Location
    ) -> list[object]:
        found = list(below)
        for index, item in enumerate(above):
            if item not in below:
                found.append(self._placed(item, (*old, index), (*new, len(found))))
        return found

    def _placed(self, content: object, old: Location, new: Location) -> object:
        self._line(old, new)
        if isinstance(content, dict):
            for key, value in content.items():
                self._placed(value, (*old, key), (*new, key))
        elif isinstance(content, list):
            for index, value in enumerate(content):
                self._placed(value, (*old, index), (*new, index))
        return content

    def _line(self, old: Location, new: Location) -> None:
        self.lines[new] = self._written[old]


def _additions(above: Mapping[str, object], place: Location) -> dict[str, list[object]]:
    """Return what a tier adds to lists of the tier below it, by the field that says so."""
    if place[:-1] != ("tiers",):
        return {}
    return {key: value for key in _ALSO if isinstance(value := above.get(key), list)}


def _is_whole(place: Location, below: Mapping[str, object], above: Mapping[str, object]) -> bool:
    is_check = bool(place) and place[-1] in _WHOLE
    return is_check or "value" in below or "value" in above


def _id(item: object) -> str:
    found = item.get("id") if isinstance(item, dict) else None
    return found if isinstance(found, str) else ""


def _without_drops(content: dict[str, object]) -> dict[str, object]:
    tiers = [
        {name: value for name, value in tier.items() if name != _DROPS}
        for tier in _mappings(content.get("tiers"))
    ]
    return {**content, "tiers": tiers}


def _drop(content: dict[str, object]) -> Iterator[tuple[Location, str]]:
    """Take out of each tier what it drops."""
    for index, tier in enumerate(_mappings(content.get("tiers"))):
        asked = _list(tier.get("requirements"))
        drops = _list(tier.get(_DROPS))
        for position, name in enumerate(drops):
            if name not in asked:
                yield ("tiers", index, _DROPS, position), f"{name} is not asked for here"
        if drops:
            tier["requirements"] = [name for name in asked if name not in drops]


def _prune(content: dict[str, object], written: object) -> None:
    """Take out requirements of the policy extended that no tier asks for any more."""
    known = content.get("requirements")
    if not isinstance(known, dict):
        return
    todo: list[object] = []
    for tier in _mappings(content.get("tiers")):
        todo += [*_list(tier.get("requirements")), *_list(tier.get("fast_path"))]
        todo += [hold.get("unless") for hold in _mappings(tier.get("holds"))]
    own = written if isinstance(written, dict) else {}
    todo += list(own)
    used: set[str] = set()
    while todo:
        match todo.pop():
            case str() as name if name in known and name not in used:
                used.add(name)
                requirement = known[name]
                todo.append(requirement.get("requires") if isinstance(requirement, dict) else None)
            case {"all": list(parts)} | {"any": list(parts)} | {"of": list(parts)}:
                todo += parts
            case _:
                continue
    content["requirements"] = {name: value for name, value in known.items() if name in used}


def _mappings(value: object) -> Sequence[dict[str, object]]:
    return [item for item in _list(value) if isinstance(item, dict)]


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
