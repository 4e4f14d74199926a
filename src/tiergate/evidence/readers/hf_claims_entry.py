# SPDX-License-Identifier: Apache-2.0
"""One value that a model repository states about a benchmark, in whichever file it stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tiergate.evidence.claim import Claim
from tiergate.evidence.readers.benchmark_claims import benchmark_claim
from tiergate.evidence.readers.hf_claims_yaml import Yaml
from tiergate.evidence.readers.stated import NO_DATE
from tiergate.evidence.readers.values import as_text, as_time

_NUMBER = re.compile(r"[-+]?(0|[1-9][0-9]*|(?=\.[0-9]))(\.[0-9]*)?([eE][-+]?[0-9]{1,3})?")
_NO_NUMBER = re.compile(r"[-+]?\.(inf|nan)|nan", re.IGNORECASE)
_ERROR_BAR = re.compile(r"±|\+/-|\+-")
_NOT_CHECKABLE = "stated, not checkable here"

_SIZES = ("n", "num_samples", "sample_size")
_ERROR_BARS = ("stderr", "standard_error")

Json = Mapping[str, Yaml]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A value and what stands around it."""

    place: str
    """Where it stands in the file, as in ``entry 1``."""
    benchmark: str
    """The data set and the task; empty when neither is named."""
    value: str
    """The value as written, a number in plain form; empty when there is none."""
    words: Mapping[str, str]
    """Further details by the name of their claim field; an empty text says nothing."""
    source_url: str
    """Where the value comes from; empty when the file does not say."""
    made_at: datetime | None
    """When it was stated, in UTC; None when the file does not say."""
    sized: bool
    """Whether a sample size or a standard error stands beside the value."""

    def claim(self) -> Claim:
        """Return the claim that this makes."""
        stated = {**self.words, "value": self.value, "source_url": self.source_url}
        metric = self.words.get("metric", "")
        return benchmark_claim(self.benchmark, metric, stated, self.made_at or NO_DATE)


def value_text(value: Yaml) -> str:
    """Return a value as text, or an empty one for null, NaN, infinity and anything structured.

    >>> [value_text(v) for v in ("20.90", "+.5", "20.0 ± 1.2", ".nan", None, ["1"])]
    ['20.90', '0.5', '20.0 ± 1.2', '', '', '']
    """
    if not isinstance(value, str) or _NO_NUMBER.fullmatch(value.strip()):
        return ""
    text = as_text(value.strip())
    return str(Decimal(text)) if _NUMBER.fullmatch(text) else text


def is_sized(value: Yaml, *places: Json) -> bool:
    """Tell whether a sample size or a standard error stands in a value or in places beside it."""
    beside = (place.get(name) for place in places for name in (*_SIZES, *_ERROR_BARS))
    in_text = isinstance(value, str) and _ERROR_BAR.search(value) is not None
    return in_text or any(_NUMBER.fullmatch(text_of(text)) for text in beside)


def sizes(*places: Json) -> dict[str, str]:
    """Return sample sizes and standard errors that stand in some places, under one name each."""
    found = {}
    for field, names in (("n", _SIZES), ("stderr", _ERROR_BARS)):
        texts = [text_of(place.get(name)) for place in places for name in names]
        found[field] = next((text for text in texts if _NUMBER.fullmatch(text)), "")
    return found


def verification(place: Json) -> dict[str, str]:
    """Return what an entry says about its own verification, which nobody here can check."""
    token = isinstance(place.get("verifyToken"), str)
    return {
        "verified": _NOT_CHECKABLE if place.get("verified") is True else "",
        "verify_token": _NOT_CHECKABLE if token else "",
    }


def mapping_of(value: Yaml) -> dict[str, Yaml]:
    """Return the mapping, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def list_of(value: Yaml) -> list[Yaml]:
    """Return the list, or an empty one for anything else."""
    return value if isinstance(value, list) else []


def text_of(value: Yaml) -> str:
    """Return the text, or an empty one for anything else."""
    return as_text(value).strip()


def time_of(value: Yaml) -> datetime | None:
    """Return the ISO 8601 time in UTC, or None."""
    return as_time(text_of(value))
