# SPDX-License-Identifier: Apache-2.0
"""Where evidence comes from, and how it is tied to weights.

A log never identifies weights by itself, so the tie is an object of its own, the
*binding*. Levels follow what can be shown, from a bare name to a re-run on the bytes.
"""

from __future__ import annotations

import enum
import unicodedata
from dataclasses import dataclass


class BindingLevel(enum.StrEnum):
    """How well a result is tied to the weights, weakest first."""

    NAME = "name"
    MUTABLE_REVISION = "mutable revision"
    IMMUTABLE_REVISION = "immutable revision"
    DIGEST_AT_LOAD = "digest at load"
    SIGNED = "signed"
    RERUN = "re-run"

    @property
    def rank(self) -> int:
        """Position from 0 (a bare name) to 5 (a re-run on these bytes)."""
        return list(BindingLevel).index(self)


class Relation(enum.StrEnum):
    """How the weights that were measured relate to the checkpoint the evidence is about."""

    IDENTICAL = "identical"
    RESHARDED = "resharded"
    QUANTISED_FROM = "quantised from"
    ADAPTER_ON = "adapter on"
    FINE_TUNED_FROM = "fine-tuned from"
    BASE_OF = "base of"
    SAFEGUARDS_REMOVED = "safeguards removed"
    SERVED_ALIAS = "served alias"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """The tie between a result and a checkpoint."""

    level: BindingLevel
    """What the tie rests on."""
    relation: Relation
    """How the weights measured relate to the checkpoint below."""
    name: str
    """What the source calls the model; empty when it does not say."""
    revision: str = ""
    """Commit, tag or branch the source names; empty when it does not say."""
    root_digest: str = ""
    """Root digest of the checkpoint that this is about; empty when only a name is known."""
    measured_digest: str = ""
    """Root digest of the weights that ran, when they are not the checkpoint's own."""


class ProducerRelation(enum.StrEnum):
    """How the producer of evidence stands to the developer of the model."""

    DEVELOPER = "developer"
    SEPARATE_TEAM = "separate team"
    COMMISSIONED = "commissioned"
    INDEPENDENT = "independent"
    UNKNOWN = "unknown"


class ReadAs(enum.StrEnum):
    """How the fact behind a piece of evidence was read."""

    PRIMARY = "primary"
    SECONDARY = "secondary"


def maker_called(name: str) -> str:
    r"""Return a name as it is compared: case, spaces, width and what is invisible do not count.

    >>> maker_called(" Acme\tLABS ")
    'acme labs'
    """
    visible = (c for c in unicodedata.normalize("NFKC", name) if unicodedata.category(c) != "Cf")
    return " ".join("".join(visible).casefold().split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Producer:
    """Who made a piece of evidence. Self-declared until it is signed."""

    name: str
    """Person, team or tool."""
    organisation: str
    """Legal or public name of the organisation; empty when unknown."""
    relation: ProducerRelation
    """How they stand to the model's developer."""

    @property
    def maker(self) -> str:
        """Who counts as one maker: the organisation, else the name, however it is written."""
        return maker_called(self.organisation or self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """The foreign file that a document was read from; its content is never trusted for identity."""

    file_name: str
    """Last part of the path it was read from."""
    sha256: str
    """Digest of its bytes, ``sha256:<hex>``."""
    size_bytes: int
    """Its size."""
    format: str
    """Format and schema version, as in ``inspect-eval/2``."""
    reader: str
    """Reader and version that read it."""
    tool: str
    """Tool and version that wrote it, as the file states; empty when it does not."""
    url: str = ""
    """Where it can be had; empty when nowhere public."""
    read: tuple[str, ...] = ()
    """Parts of it that were read, as in ``every sample``."""
    left_out: tuple[str, ...] = ()
    """Parts of it that were not looked at, as in ``messages``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something that a reader noticed and a person should know."""

    code: str
    """Stable short name, as in ``header-disagrees``."""
    message: str
    """The facts, with numbers."""
