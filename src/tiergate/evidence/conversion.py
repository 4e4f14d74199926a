# SPDX-License-Identifier: Apache-2.0
"""Between the evidence document at the edge and the plain types inside.

Reading reports every mistake at once and keeps the bytes' digest; writing gives RFC 8785
bytes, so that reading what was written and writing it again changes nothing.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from typing import Any

import rfc8785
from pydantic import ValidationError

from tiergate.errors import EvidenceError
from tiergate.evidence import document as edge
from tiergate.evidence.claim import Claim, ClaimField
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.measurement import (
    Attack,
    AttackBudget,
    BehaviourResult,
    Comparison,
    Counts,
    Measurement,
    Quantity,
    RunRule,
    Setting,
    Tally,
)
from tiergate.evidence.provenance import Binding, Producer, Remark, SourceFile

LARGEST_DOCUMENT_BYTES = 64 * 1024 * 1024
"""Documents hold histograms, not samples; a larger one is no evidence document."""


def read_document(data: bytes, where: str) -> EvidenceDocument:
    """Read an evidence document.

    Raises:
        EvidenceError: it is too large, no JSON, another version, or breaks the schema.
    """
    if len(data) > LARGEST_DOCUMENT_BYTES:
        raise EvidenceError(where, f"{len(data)} bytes", f"at most {LARGEST_DOCUMENT_BYTES}")
    content = _strict_json(data, where)
    found = content.get("format") if isinstance(content, dict) else None
    if found != edge.FORMAT:
        raise EvidenceError(where, f"format {found!r}", repr(edge.FORMAT), _upgrade_hint(found))
    try:
        part = edge.EvidencePart.model_validate(content)
        return _inside(part, edge.digest_of(data))
    except ValidationError as error:
        raise EvidenceError(where, _all_mistakes(error), "an evidence document") from None
    except ValueError as error:
        raise EvidenceError(where, str(error), "counts that fit together") from None


def write_document(document: EvidenceDocument) -> bytes:
    """Return the RFC 8785 bytes of ``document``; its ``digest`` field is not used.

    Raises:
        EvidenceError: it holds something that no document can, such as too long a text.
    """
    try:
        return _outside(document).to_bytes()
    except (ValidationError, ValueError, rfc8785.CanonicalizationError) as error:
        found = _all_mistakes(error) if isinstance(error, ValidationError) else str(error)
        raise EvidenceError("document", found, "what an evidence document can hold") from None


def with_digest(document: EvidenceDocument) -> EvidenceDocument:
    """Return ``document`` with the digest of the bytes it is written as."""
    return dataclasses.replace(document, digest=edge.digest_of(write_document(document)))


def measurement_part(measurement: Measurement) -> edge.MeasurementPart:
    """Return a measurement as it stands in a document."""
    return edge.MeasurementPart.model_validate(_named_value(measurement))


def claim_part(claim: Claim) -> edge.ClaimPart:
    """Return a claim as it stands in a document."""
    return edge.ClaimPart.model_validate(_named_fields(claim))


def _strict_json(data: bytes, where: str) -> object:
    def no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
        names = [name for name, _ in pairs]
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise EvidenceError(where, f"the field {twice!r} twice", "each field once")
        return dict(pairs)

    def no_floats(number: str) -> object:
        raise EvidenceError(where, number, "whole numbers, and decimals as text, as in '0.5'")

    try:
        # RFC 8785 text is UTF-8, and an escaped half of a surrogate pair cannot be written as it.
        content = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=no_duplicates,
            parse_float=no_floats,
            parse_constant=no_floats,
        )
        json.dumps(content, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise EvidenceError(where, f"no valid JSON ({error})", "a JSON document in UTF-8") from None
    return content


def _upgrade_hint(found: object) -> str:
    if isinstance(found, str) and found.startswith("tiergate-evidence/"):
        return "It was written by another version of Tiergate: use that version or newer."
    return "See docs/reference/evidence-document.md for the schema."


def _all_mistakes(error: ValidationError) -> str:
    mistakes = [
        f"{'.'.join(str(step) for step in mistake['loc']) or 'document'}: {mistake['msg']}"
        for mistake in error.errors(include_url=False, include_context=False)
    ]
    count = f"{len(mistakes)} mistake{'s' if len(mistakes) != 1 else ''}"
    return f"{count} ({'; '.join(mistakes)})"


def _inside(part: edge.EvidencePart, digest: str) -> EvidenceDocument:
    return EvidenceDocument(
        digest=digest,
        binding=Binding(**dict(part.binding)),
        producer=Producer(**dict(part.producer)),
        read_as=part.read_as,
        source=None if part.source is None else SourceFile(**dict(part.source)),
        source_url=part.source_url,
        measurements=tuple(_measurement(m) for m in part.measurements),
        claims=tuple(_claim(c) for c in part.claims),
        remarks=tuple(Remark(**dict(r)) for r in part.remarks),
        unmapped=part.unmapped,
        run=part.run,
    )


def _measurement(part: edge.MeasurementPart) -> Measurement:
    plain = dict(part)
    plain["setting"] = Setting(**dict(part.setting))
    plain["value"] = _value(part.value)
    if part.attack is not None:
        plain["attack"] = _attack(part.attack)
    if part.comparison is not None:
        plain["comparison"] = _comparison(part.comparison)
    plain["conduct"] = part.conduct.inside()
    if part.audit is not None:
        plain["audit"] = part.audit.inside()
    plain["behaviours"] = tuple(BehaviourResult(**dict(result)) for result in part.behaviours)
    return Measurement(**plain)


def _attack(part: edge.AttackPart) -> Attack:
    search = part.search_budget
    inside = {
        "budget": AttackBudget(**dict(part.budget)),
        "rule": _rule(part.rule),
        "search_budget": None if search is None else AttackBudget(**dict(search)),
    }
    return Attack(**{**dict(part), **inside})


def _comparison(part: edge.ComparisonPart) -> Comparison:
    paired = None if part.paired is None else part.paired.inside()
    return Comparison(**{**dict(part), "counts": _counts(part.counts), "paired": paired})


def _rule(part: edge.RunRulePart | None) -> RunRule | None:
    if part is None:
        return None
    return RunRule(**{**dict(part), "effort": tuple(sorted(part.effort.items()))})


def _value(part: edge.CountsPart | edge.QuantityPart) -> Counts | Quantity:
    if isinstance(part, edge.CountsPart):
        return _counts(part)
    plain = dict(part)
    del plain["kind"]
    return Quantity(**plain)


def _counts(part: edge.CountsPart) -> Counts:
    plain = dict(part)
    del plain["kind"]
    plain["tallies"] = tuple(Tally(**dict(tally)) for tally in part.tallies)
    return Counts(**plain)


def _claim(part: edge.ClaimPart) -> Claim:
    fields = tuple(ClaimField(name=n, value=v) for n, v in sorted(part.fields.items()))
    return Claim(**{**dict(part), "fields": fields})


def _outside(document: EvidenceDocument) -> edge.EvidencePart:
    plain = dataclasses.asdict(document)
    del plain["digest"]
    plain["format"] = edge.FORMAT
    plain["measurements"] = [_named_value(m) for m in document.measurements]
    plain["claims"] = [_named_fields(c) for c in document.claims]
    return edge.EvidencePart.model_validate(plain)


def _named_value(measurement: Measurement) -> dict[str, object]:
    plain = dataclasses.asdict(measurement)
    kind = "counts" if isinstance(measurement.value, Counts) else "quantity"
    plain["value"]["kind"] = kind
    if measurement.attack is not None:
        _name_attack(measurement.attack, plain["attack"])
    return plain


def _name_attack(attack: Attack, plain: dict[str, Any]) -> None:
    for name, spent in (("budget", attack.budget), ("search_budget", attack.search_budget)):
        if spent is not None and spent.flop is not None:
            plain[name]["flop"] = str(spent.flop)
    if attack.rule is not None:
        plain["rule"]["effort"] = dict(attack.rule.effort)


def _named_fields(claim: Claim) -> dict[str, object]:
    plain = dataclasses.asdict(claim)
    plain["fields"] = dict(_pairs(claim.fields))
    return plain


def _pairs(fields: Iterable[ClaimField]) -> Iterable[tuple[str, str | int | bool]]:
    return ((field.name, field.value) for field in fields)
