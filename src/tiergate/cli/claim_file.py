# SPDX-License-Identifier: Apache-2.0
"""Claims as people write them: a YAML file, or options of ``tiergate evidence claim``."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from tiergate.cli.near_names import meant
from tiergate.cli.yaml_file import read_yaml
from tiergate.decision.policy import AllOf, AnyOf, AtLeast, Expression, Policy
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.errors import EvidenceError
from tiergate.evidence.claim import Claim, ClaimField
from tiergate.evidence.document import ClaimPart, ProducerPart
from tiergate.evidence.document_types import Text
from tiergate.evidence.provenance import Producer, ReadAs

_LONGEST_COUNT = 15
"""Digits of a whole number that every JSON reader keeps exactly; longer ones stay text."""


class ClaimsFile(BaseModel):
    """A file of claims by one producer; the checkpoint is given on the command line."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    format: Literal["tiergate-claims/1"]
    """Format and version of this file."""
    producer: ProducerPart
    """Who makes the claims."""
    read_as: ReadAs = ReadAs.PRIMARY
    """Whether this is the producer's own record, or somebody's account of it."""
    source_url: Text = ""
    """Where the facts can be looked up."""
    claims: Annotated[tuple[ClaimPart, ...], Field(min_length=1)]
    """The claims."""


def read_claims(path: Path) -> ClaimsFile:
    """Read a file of claims.

    Raises:
        EvidenceError: it cannot be read or has mistakes; all of them are in the message.
    """
    return read_yaml(path, ClaimsFile, "a file of claims", EvidenceError)


def producer_of(file: ClaimsFile) -> Producer:
    """Return the file's producer."""
    return Producer(**dict(file.producer))


def claims_of(file: ClaimsFile) -> tuple[Claim, ...]:
    """Return the file's claims."""
    return tuple(
        Claim(
            **{
                **dict(part),
                "fields": tuple(
                    ClaimField(name=name, value=value)
                    for name, value in sorted(part.fields.items())
                ),
            }
        )
        for part in file.claims
    )


def claim_from_options(
    item: str, statement: str, fields: tuple[str, ...], *, holds: bool, made_at: datetime
) -> Claim:
    """Make a claim from ``name=value`` options.

    Raises:
        EvidenceError: an option has no ``=``, or a name stands twice.
    """
    pairs = dict(_pairs(fields))
    if len(pairs) != len(fields):
        raise EvidenceError("--field", "a name given twice", "each name once")
    return Claim(
        item=item,
        holds=holds,
        statement=statement,
        fields=tuple(ClaimField(name=n, value=v) for n, v in sorted(pairs.items())),
        made_at=made_at,
    )


def _pairs(fields: tuple[str, ...]) -> Iterator[tuple[str, str | int | bool]]:
    for field in fields:
        name, equals, value = field.partition("=")
        if not equals:
            raise EvidenceError("--field", repr(field), "name=value")
        yield name, _plain(value)


def _plain(value: str) -> str | int | bool:
    if value in {"true", "false"}:
        return value == "true"
    is_count = value.isascii() and value.isdecimal() and len(value) <= _LONGEST_COUNT
    return int(value) if is_count else value


def refuse_empty(claim: Claim, policy: Policy) -> None:
    """Refuse a claim that says nothing about what the policy asks for.

    A field that merely exists is no evidence, so such a claim is not even filed.

    Raises:
        EvidenceError: fields are missing or empty, all of them named, or the policy does
            not read such a claim at all.
    """
    checks = list(_checks(policy, claim.item))
    if not checks:
        known = sorted({check.item for check in _all_checks(policy)})
        raise EvidenceError(
            f"claim {claim.item}",
            f"an item that policy {policy.id} {policy.version} does not read",
            f"one of {', '.join(known)}",
            meant(claim.item, known) or "Give the policy that reads it.",
        )
    if not claim.holds:
        return
    missing = {
        name
        for check in checks
        for name in (*check.fields, *(limit.field for limit in check.limits))
        if (field := claim.field(name)) is None or str(field.value).strip() == ""
    }
    if missing:
        options = " ".join(f"--field {name}=…" for name in sorted(missing))
        raise EvidenceError(
            f"claim {claim.item}",
            f"nothing about {', '.join(sorted(missing))}",
            f"what policy {policy.id} {policy.version} asks for",
            f"Add {options}",
        )


def _checks(policy: Policy, item: str) -> Iterator[ClaimMade]:
    yield from (check for check in _all_checks(policy) if check.item == item)


def _all_checks(policy: Policy) -> Iterator[ClaimMade]:
    for requirement in policy.requirements.values():
        yield from _claim_checks(requirement.expression)
    for bands in policy.bands.values():
        for definition in bands.values():
            yield from _claim_checks(definition.ruled_out)


def _claim_checks(expression: Expression) -> Iterator[ClaimMade]:
    match expression:
        case AllOf(parts=parts) | AnyOf(parts=parts) | AtLeast(parts=parts):
            for part in parts:
                yield from _claim_checks(part)
        case ClaimMade():
            yield expression
        case _:
            return
