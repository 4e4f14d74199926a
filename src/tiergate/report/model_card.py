# SPDX-License-Identifier: Apache-2.0
"""A decision in the front matter of a Hugging Face model card.

What a card says already stays, byte for byte: its text, and every key but ``tiergate`` and
those that this program added before. For a gated tier the ``extra_gated_*`` keys are added
where the card has none of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import yaml

from tiergate.decision.tier import Tier
from tiergate.errors import InputError
from tiergate.report.export_source import ExportSource, Standing, moment

OWN = "tiergate"
"""The key of this program."""
GATED_FIELDS = {
    "Name": "text",
    "Organisation": "text",
    "Country": "country",
    "What you will use the weights for": "text",
    "I will not hand the weights on to others": "checkbox",
    "I know that access ends with the grant, and that copies stay my responsibility": "checkbox",
}
"""Asked of everybody who applies; the types are the hub's."""

_FENCE = re.compile(rb"\s*---[ \t]*(\r\n|\n)")
_END = re.compile(rb"^---[ \t]*(?:\r\n|\n|\Z)", re.MULTILINE)
_WHERE = "model card"
_EXPECTED = "front matter that is one YAML mapping, a key a line"

_Keys = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A model card with the decision in it."""

    data: bytes
    """The whole card."""
    kept: tuple[str, ...]
    """Keys for a gated tier that the card had of its own; they were left as they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Split:
    head: bytes
    """Everything up to the first key: the opening fence, and the line end that is in use."""
    matter: bytes
    """The front matter."""
    rest: bytes
    """The closing fence and the text."""
    line_end: bytes
    """As the card ends its lines."""


def card_with(source: ExportSource, card: bytes | None) -> Card:
    """Put a decision into a model card; without one, make one that has nothing else.

    Raises:
        InputError: the card has front matter that cannot be changed without losing something.
    """
    split = _split(b"" if card is None else card)
    spans = _spans(split.matter)
    before = _parsed(split.matter).get(OWN)
    added = before.get("keys", []) if isinstance(before, dict) else []
    ours = {OWN, *(key for key in added if str(key).startswith("extra_gated_"))}
    matter = b"".join(text for key, text in spans if key not in ours)
    theirs = {key for key, _ in spans} - ours
    wanted = gated_keys(source)
    kept = tuple(sorted(wanted.keys() & theirs))
    new = {key: value for key, value in wanted.items() if key not in theirs}
    keys: _Keys = {**new, OWN: {**own_keys(source), "keys": sorted(new)}}
    text = yaml.safe_dump(keys, sort_keys=False, allow_unicode=True, width=10_000)
    block = text.encode().replace(b"\n", split.line_end)
    _refuse_loss(split.matter, matter + block, ours)
    return Card(data=split.head + matter + block + split.rest, kept=kept)


def front_matter_of(card: bytes) -> bytes:
    """Return the front matter of a card, without its fences.

    Raises:
        InputError: it has no end, or begins with a byte order mark.
    """
    return _split(card).matter


def own_keys(source: ExportSource) -> _Keys:
    """Return what the key of this program holds."""
    decision = source.decision
    loosened = [f"{each.field}: {each.what}" for each in decision.loosenings]
    return {
        "tier": str(decision.supported),
        "weights": _handed_out(decision.supported),
        "decision": source.digest,
        "decided_at": moment(decision.at),
        "valid_until": moment(source.valid_until),
        "signatures": str(source.standing),
        "policy": f"{decision.policy_id} {decision.policy_version}",
        "policy_digest": decision.policy_digest,
        "root_digest": source.checkpoint.root_digest,
        "weights_digest": source.checkpoint.weights_digest or "not computed",
        **({"policy_loosened": loosened} if loosened else {}),
        "waived": sorted({waiver.requirement for waiver in decision.waivers}),
        "not_assessed": list(decision.not_assessed),
    }


def gated_keys(source: ExportSource) -> _Keys:
    """Return the keys that gate a repository on the hub; none unless the tier is gated."""
    if source.decision.supported is not Tier.T4:
        return {}
    return {
        "extra_gated_heading": "Apply for access to these weights",
        "extra_gated_prompt": _prompt(source),
        "extra_gated_fields": dict(GATED_FIELDS),
        "extra_gated_button_content": "Apply",
    }


def _handed_out(tier: Tier) -> str:
    if not tier.hands_out_weights:
        return "not for download at this tier"
    return "for those who are granted access" if tier is Tier.T4 else "for everybody"


def _prompt(source: ExportSource) -> str:
    signed = {
        Standing.UNSIGNED: "Nobody signed the decision.",
        Standing.NOT_VERIFIED: "The decision is signed; its signatures were not verified here.",
        Standing.VERIFIED: "The decision is signed.",
    }
    until = f"{source.valid_until:%Y-%m-%d}"
    return (
        f"These weights are released at tier {source.decision.supported}: on application, to "
        f"those who are granted access. {signed[source.standing]} It lapses on {until}. Weights "
        "that were downloaded cannot be called back."
    )


def _split(card: bytes) -> _Split:
    if card.startswith(b"\xef\xbb\xbf"):
        raise InputError(_WHERE, "a byte order mark", "UTF-8 without one", "Remove it.")
    opening = _FENCE.match(card)
    if opening is None:
        end = b"\r\n" if b"\r\n" in card else b"\n"
        fence = b"---" + end
        return _Split(head=fence, matter=b"", rest=fence + card, line_end=end)
    closing = _END.search(card, opening.end())
    if closing is None:
        raise InputError(_WHERE, "front matter without an end", "a line of three hyphens")
    return _Split(
        head=card[: opening.end()],
        matter=card[opening.end() : closing.start()],
        rest=card[closing.start() :],
        line_end=opening[1],
    )


def _parsed(matter: bytes) -> _Keys:
    found = yaml.safe_load(matter)
    return found if isinstance(found, dict) else {}


def _refuse_loss(before: bytes, after: bytes, ours: set[str]) -> None:
    """Refuse to write a card in which a key of somebody else would read otherwise."""
    try:
        found: _Keys | None = _parsed(after)
    except yaml.YAMLError:
        found = None
    kept = {key: value for key, value in _parsed(before).items() if key not in ours}
    if found is None or any(found.get(key) != value for key, value in kept.items()):
        raise InputError(_WHERE, "front matter that cannot be added to", _EXPECTED)


def _spans(matter: bytes) -> list[tuple[str, bytes]]:
    """Cut front matter into its keys, each with its lines; comments go with the key before.

    Raises:
        InputError: it is no mapping with a key a line, or has a key twice.
    """
    try:
        text = matter.decode()
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError) as error:
        found = f"front matter that cannot be read ({type(error).__name__})"
        raise InputError(_WHERE, found, "YAML") from None
    lines = text.splitlines(keepends=True)
    if node is None:
        return [("", matter)]
    if not isinstance(node, yaml.MappingNode) or node.flow_style or text.strip().startswith("%"):
        raise InputError(_WHERE, "front matter of another form", _EXPECTED)
    starts = [(str(key.value), key.start_mark.line) for key, _ in node.value]
    names = [name for name, _ in starts]
    if len(set(names)) != len(names) or len({line for _, line in starts}) != len(starts):
        raise InputError(_WHERE, "a key that stands there twice", _EXPECTED)
    ends = [line for _, line in starts[1:]] + [len(lines)]
    first = [("", "".join(lines[: starts[0][1]]).encode())]
    return first + [
        (name, "".join(lines[start:end]).encode())
        for (name, start), end in zip(starts, ends, strict=True)
    ]
