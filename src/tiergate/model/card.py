# SPDX-License-Identifier: Apache-2.0
"""The model card, read as claims.

A card says what its author wants to say; nothing here is a fact about the weights. A card
that cannot be read is a note, never an error, because no card ever opens anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yaml.events import Event

MAX_CARD_BYTES = 8 * 1024 * 1024
"""A longer card is not read."""
MAX_FRONT_MATTER_BYTES = 1024 * 1024
"""Longer front matter is not parsed."""
MAX_DEPTH = 50
"""Deepest nesting of the front matter."""
MAX_ITEMS = 1000
"""Most items kept of one list."""
MAX_TEXT = 10_000
"""Most characters kept of one value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """What the front matter of README.md claims; empty values mean "does not say"."""

    licence: str | None = None
    """``license``: an identifier of the hub, such as "apache-2.0" or "other"."""
    licence_name: str | None = None
    """``license_name``: given when the licence is "other"."""
    base_models: tuple[str, ...] = ()
    """``base_model``: what the author says this was derived from, in the order given."""
    base_model_relation: str | None = None
    """``base_model_relation``: finetune, quantized, adapter or merge."""
    tags: tuple[str, ...] = ()
    """``tags``, in the order given."""
    pipeline_tag: str | None = None
    """``pipeline_tag``: the task."""
    languages: tuple[str, ...] = ()
    """``language``: one or several codes."""
    gated_prompt: str | None = None
    """``extra_gated_prompt``: what a person is asked to accept before a download."""
    gated_fields: tuple[str, ...] = ()
    """Names in ``extra_gated_fields``."""
    notes: tuple[str, ...] = ()
    """Why parts of the card could not be read."""


def read_card(data: bytes) -> ModelCard:
    r"""Read a README.md; whatever it holds, this gives a card.

    >>> read_card(b"---\nlicense: mit\nlanguage: no\n---\nText").languages
    ('no',)
    """
    fields, notes = read_front_matter(data)
    gated_fields = fields.get("extra_gated_fields")
    return ModelCard(
        licence=_text(fields.get("license")),
        licence_name=_text(fields.get("license_name")),
        base_models=_texts(fields.get("base_model")),
        base_model_relation=_text(fields.get("base_model_relation")),
        tags=_texts(fields.get("tags")),
        pipeline_tag=_text(fields.get("pipeline_tag")),
        languages=_texts(fields.get("language")),
        gated_prompt=_text(fields.get("extra_gated_prompt")),
        gated_fields=_texts(list(gated_fields)) if isinstance(gated_fields, dict) else (),
        notes=notes,
    )


def read_front_matter(data: bytes) -> tuple[dict[str, object], tuple[str, ...]]:
    r"""Return what stands in front of a README.md, and why it could not be read; never an error.

    Every value is a text, a list or a mapping from texts, as it was written.

    >>> read_front_matter(b"---\nlanguage: no\n---\nText")
    ({'language': 'no'}, ())
    """
    if len(data) > MAX_CARD_BYTES:
        return {}, (f"the card is longer than {MAX_CARD_BYTES} bytes; not read",)
    front = _front_matter(data.decode("utf-8", errors="replace"))
    if front is None:
        return {}, ("the card has no front matter",)
    if len(front) > MAX_FRONT_MATTER_BYTES:
        return {}, ("the front matter of the card is too long; not read",)
    return _parse(front)


def _front_matter(text: str) -> str | None:
    lines = text.removeprefix("\ufeff").splitlines()
    if not lines or lines[0].rstrip() != "---":
        return None
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == "---":
            return "\n".join(lines[1:number])
    return None


def _parse(front: str) -> tuple[dict[str, object], tuple[str, ...]]:
    import yaml  # most commands never see a card

    # Events only: nothing is built that the text asks for, nothing recurses, and "no" stays
    # Norwegian. The C form is wanted because some cards hold thousands of benchmark results.
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        fields = _build(yaml.parse(front, Loader=loader))
    except (yaml.YAMLError, ValueError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        return {}, (f"the front matter of the card is broken YAML ({reason:.200})",)
    if not isinstance(fields, dict):
        return {}, ("the front matter of the card is not a mapping",)
    return fields, ()


def _build(events: Iterable[Event]) -> object:
    """Turn events into lists, mappings and texts; aliases and odd keys are dropped."""
    from yaml import events as kinds

    open_nodes: list[list[object]] = [[]]
    for event in events:
        if isinstance(event, kinds.CollectionStartEvent):
            if len(open_nodes) > MAX_DEPTH:
                raise ValueError(f"nested more than {MAX_DEPTH} deep")
            open_nodes.append([])
        elif isinstance(event, kinds.MappingEndEvent):
            items = open_nodes.pop()
            pairs = zip(items[::2], items[1::2], strict=True)
            open_nodes[-1].append({key: item for key, item in pairs if isinstance(key, str)})
        elif isinstance(event, kinds.SequenceEndEvent):
            items = open_nodes.pop()
            open_nodes[-1].append(items)
        elif isinstance(event, kinds.NodeEvent):
            open_nodes[-1].append(getattr(event, "value", None))
    return next(iter(open_nodes[0]), None)


def _text(value: object) -> str | None:
    if isinstance(value, list) and value:
        value = value[0]
    if not isinstance(value, str) or not value.strip():
        return None
    return value.strip()[:MAX_TEXT]


def _texts(value: object) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [value]
    texts = (_text(item) for item in items[:MAX_ITEMS] if isinstance(item, str))
    return tuple(text for text in texts if text is not None)
