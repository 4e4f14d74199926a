# SPDX-License-Identifier: Apache-2.0
"""What a repository declares: from which others it was made, and how."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from tiergate.landscape.watch.kinds import FindingKind
from tiergate.landscape.watch.row import REPOSITORY, Row

TAG = "base_model:"
"""How a tag begins that names a base model: ``base_model:quantized:org/name``."""
BLANKS = " \t\r\n"
"""What may stand around a name."""

_RELATIONS: Mapping[str, FindingKind] = MappingProxyType(
    {
        "quantized": FindingKind.QUANTISATION,
        "adapter": FindingKind.ADAPTER,
        "merge": FindingKind.MERGE,
        "finetune": FindingKind.FINE_TUNE,
    }
)
_TYPE_TAGS: Mapping[str, FindingKind] = MappingProxyType(
    {
        **dict.fromkeys(
            ("gguf", "gptq", "awq", "exl2", "exl3", "bitsandbytes", "compressed-tensors"),
            FindingKind.QUANTISATION,
        ),
        **dict.fromkeys(("peft", "lora", "adapter"), FindingKind.ADAPTER),
        **dict.fromkeys(("mergekit", "merge"), FindingKind.MERGE),
    }
)


def parents_of(row: Row) -> Mapping[str, str | None]:
    """Return the repositories that a row names as its base, in lower case, each with how.

    A relation in a tag counts before that of the card. What is no name of a repository, as
    a path is none, is left out.

    >>> parents_of(Row(repository="a/b", tags=("base_model:adapter:Org/Base",)))
    {'org/base': 'adapter'}
    """
    found: dict[str, str | None] = {}
    for relation, name in _named(row):
        if REPOSITORY.fullmatch(name):
            known = found.get(name.lower())
            found[name.lower()] = known or relation
    return found


def kind_of(row: Row, relation: str | None, parents: int) -> FindingKind:
    """Say what a row declares itself to be to one of its parents.

    In this order: the relation that it states; several parents are a merge; a tag or library
    that belongs to one kind. Otherwise how is not said.
    """
    stated = _RELATIONS.get((relation or "").strip().lower())
    if stated is not None:
        return stated
    if parents > 1:
        return FindingKind.MERGE
    for word in (row.library or "", *row.tags):
        found = _TYPE_TAGS.get(word.lower())
        if found is not None:
            return found
    return FindingKind.DERIVATIVE


def _named(row: Row) -> Iterator[tuple[str | None, str]]:
    for tag in row.tags:
        if tag.startswith(TAG):
            relation, colon, name = tag.removeprefix(TAG).rpartition(":")
            yield (relation if colon else None), name.strip(BLANKS)
    for name in row.base_models:
        yield row.relation, name.strip(BLANKS)
