# SPDX-License-Identifier: Apache-2.0
"""The kinds of value that a document at the edge is made of, and what all its parts share."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
DigestOrEmpty = Annotated[str, Field(pattern=r"^(sha256:[0-9a-f]{64})?$")]
Count = Annotated[int, Field(strict=True, ge=0, lt=2**53)]
Flag = Annotated[bool, Field(strict=True)]
WholeNumber = Annotated[int, Field(strict=True, gt=-(2**53), lt=2**53)]
Metric = Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z0-9_]+$", max_length=100)]
Name = Annotated[str, Field(min_length=1, max_length=500)]
Text = Annotated[str, Field(max_length=4000)]

_DECIMAL = re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?")
_WHOLE = re.compile(r"0|[1-9][0-9]{0,39}")


def _decimal_from_text(value: object) -> object:
    if isinstance(value, Decimal) and value.is_finite():
        value = format(value, "f")
    if isinstance(value, str):
        if not _DECIMAL.fullmatch(value):
            raise ValueError(f"{value!r} is not a decimal number, as in '0.5'")
        return Decimal(value)
    raise ValueError("a decimal number is written as text, as in '0.5'")


DecimalText = Annotated[
    Decimal,
    BeforeValidator(_decimal_from_text, json_schema_input_type=str),
    PlainSerializer(lambda number: format(number, "f"), return_type=str),
]


def _whole_from_text(value: object) -> object:
    if not isinstance(value, str) or not _WHOLE.fullmatch(value):
        raise ValueError("a number that may be large is written as text, as in '1000'")
    return int(value)


LargeCount = Annotated[
    int,
    BeforeValidator(_whole_from_text, json_schema_input_type=str),
    PlainSerializer(str, return_type=str),
]
"""A count beyond what every reader of JSON can hold."""


def _utc_from_text(value: object) -> object:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            raise ValueError(f"{value!r} is not an RFC 3339 time") from None
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError("a time is RFC 3339 with an offset, as in 2026-11-23T09:00:00Z")
    if value.utcoffset():
        raise ValueError("a time is given in UTC, as in 2026-11-23T09:00:00Z")
    return value


UtcTime = Annotated[
    datetime,
    BeforeValidator(_utc_from_text, json_schema_input_type=str),
    PlainSerializer(lambda t: t.isoformat().replace("+00:00", "Z"), return_type=str),
]


class Part(BaseModel):
    """Part of a document: unknown fields refused, nothing changed after reading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=False, use_attribute_docstrings=True
    )
