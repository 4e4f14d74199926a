# SPDX-License-Identifier: Apache-2.0
"""What promptfoo calls the thing that answers, without where somebody keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from tiergate.evidence.readers.values import as_object, as_text, shortened

_LOCAL = ("/", "./", "../", "~")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Provider:
    """A provider, as results name it."""

    identity: str
    """Its id, as in ``openai:chat:gpt-4``; empty when the file does not say."""
    label: str
    """The name that the configuration gives it; empty when it gives none."""

    @property
    def name(self) -> str:
        """Label and id, where both are given."""
        if self.label and self.identity and self.label != self.identity:
            return f"{self.label} ({self.identity})"
        return self.label or self.identity


def provider_of(value: object) -> Provider:
    """Read a provider that is given as a text or as an object."""
    fields = as_object(value)
    identity = as_text(value) or as_text(fields.get("id"))
    return Provider(identity=_plain(identity), label=_plain(as_text(fields.get("label"))))


def grader_name(value: object) -> str:
    """Return the name of the model that grades; empty when none is given.

    >>> grader_name({"text": "openai:gpt-4", "embedding": "x"}), grader_name(None)
    ('openai:gpt-4', '')
    """
    named = provider_of(value).name
    inner = (provider_of(part).name for part in as_object(value).values())
    return named or next((name for name in inner if name), "")


def _plain(text: str) -> str:
    """Keep the name of a file and the host of an address.

    >>> _plain("file:///home/me/mine.py"), _plain("https://me:x@api.example.org/v1?key=1")
    ('file:mine.py', 'https://api.example.org')
    """
    scheme, colon, rest = text.partition(":")
    if scheme in ("http", "https", "ws", "wss"):
        try:
            return f"{scheme}://{urlsplit(text).hostname or ''}"
        except ValueError:
            return scheme
    if rest.startswith(_LOCAL):
        return shortened(f"{scheme}{colon}{rest.rstrip('/').rpartition('/')[2]}", 300)
    if text.startswith(_LOCAL):
        return shortened(text.rstrip("/").rpartition("/")[2], 300)
    return shortened(text, 300)
