# SPDX-License-Identifier: Apache-2.0
"""What exports are made from, under the shipped policy, and the schemas that they must follow."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from builders import (
    AT,
    ROOT,
    a_claim,
    a_document,
    a_measurement,
    all_signed,
    full_evidence,
)
from builders_default import POLICY
from tiergate.decision.document import FilePart, decision_document
from tiergate.decision.evaluate import evaluate
from tiergate.decision.tier import Tier
from tiergate.decision.waiver import Waiver
from tiergate.evidence.collection import EvidenceDocument, RegisteredDocument
from tiergate.release.record_document import RecordedCheckpoint
from tiergate.report.export_source import ExportSource, ModelFacts, Person, Standing

GONE = f"sha256:{'d' * 64}"
OSCAL = Path(__file__).parent / "schemas" / "oscal" / "oscal_assessment-results_schema.json"
# Python's own patterns do not know \p{L}; this one takes the same tokens.
_LETTERS = r"^(\p{L}|_)(\p{L}|\p{N}|[.\-_])*$"
_SAME = r"^[^\W\d][\w.-]*\Z"

WAIVER = Waiver(
    requirement="E03",
    root_digest=ROOT,
    highest_tier=Tier.T1,
    issued_at=AT - timedelta(days=1),
    expires_at=AT + timedelta(days=30),
    by="Ada",
    reason="the audit is booked",
)
ADA = Person(name="Ada", organisation="Lab", role="release owner", what="signed the record")
BEA = Person(name="Bea", organisation="House", role="legal", what="approved the release")
FACTS = ModelFacts(
    parameter_count=2,
    dtypes={"F32": 2},
    weights_formats=("safetensors",),
    architectures=("LlamaForCausalLM",),
    licences=("apache-2.0 (card)",),
    base_models=("acme/base",),
)


def some_evidence() -> tuple[EvidenceDocument, ...]:
    """Return a measurement and a claim: some requirements met, failed and undetermined."""
    measured = a_measurement("cyber.end_to_end_exploits", 200, 410)
    claim = a_claim("E01", training_flop=1000)
    return (a_document(measurements=(measured,)), a_document(claims=(claim,)))


def a_checkpoint(**changes: object) -> RecordedCheckpoint:
    """Return a checkpoint of two files."""
    fields = {
        "name": "acme-1b",
        "root_digest": ROOT,
        "weights_digest": f"sha256:{'e' * 64}",
        "revision": "a" * 40,
        "code_files": ("modeling_acme.py",),
        "output_modalities": ("text",),
        "files": (
            FilePart(path="config.json", size_bytes=2, sha256=f"sha256:{'b' * 64}", role="config"),
            FilePart(
                path="model.safetensors", size_bytes=8, sha256=f"sha256:{'c' * 64}", role="weights"
            ),
        ),
        **changes,
    }
    return RecordedCheckpoint.model_validate(fields)


def a_source(
    evidence: Iterable[EvidenceDocument] | None = None,
    *,
    tier: Tier = Tier.T5,
    gone: bool = True,
    waivers: Iterable[Waiver] = (),
    **changes: Any,  # noqa: ANN401 - fields of a source
) -> ExportSource:
    """Return the richest source: verified, approved, with facts; ``changes`` take away."""
    documents = some_evidence() if evidence is None else tuple(evidence)
    missing = RegisteredDocument(digest=GONE, root_digest=ROOT, topics=frozenset({"E02"}))
    found = all_signed(documents, (missing,) if gone else ())
    decision = evaluate(POLICY, found, at=AT, asked=tier, waivers=waivers)
    fields = {
        "decision": decision_document(decision),
        "checkpoint": a_checkpoint(),
        "facts": FACTS,
        "digest": f"sha256:{'f' * 64}",
        "valid_until": AT + timedelta(days=90),
        "standing": Standing.VERIFIED,
        "key_ids": ("ab" * 32,),
        "signers": (ADA,),
        "approvals": (BEA,),
        **changes,
    }
    return ExportSource(**fields)


def a_poor_source(**changes: Any) -> ExportSource:  # noqa: ANN401 - fields of a source
    """Return a source of which next to nothing is known."""
    checkpoint = a_checkpoint(
        weights_digest=None, revision=None, code_files=(), output_modalities=()
    )
    fields: dict[str, Any] = {
        "checkpoint": checkpoint,
        "facts": None,
        "standing": Standing.UNSIGNED,
        "key_ids": (),
        "signers": (),
        "approvals": None,
        **changes,
    }
    return a_source((), **fields)


@functools.cache
def a_gated_source() -> ExportSource:
    """Return a source of which the evidence supports T4, which is gated."""
    return a_source(full_evidence(POLICY, Tier.T4), tier=Tier.T4, gone=False)


@functools.cache
def an_open_source() -> ExportSource:
    """Return a source of which the evidence supports T5, which is open."""
    return a_source(full_evidence(POLICY, Tier.T5), tier=Tier.T5, gone=False)


SOURCES: dict[str, Callable[[], ExportSource]] = {
    "rich": a_source,
    "poor": a_poor_source,
    "gated": a_gated_source,
    "open": an_open_source,
}


def bom_problems(data: bytes) -> list[str]:
    """Return what CycloneDX's own strict schema has against a bill, of 1.6 and of 1.7."""
    return [
        str(error)
        for version in (SchemaVersion.V1_6, SchemaVersion.V1_7)
        for error in JsonStrictValidator(version).validate_str(data.decode(), all_errors=True) or ()
    ]


def oscal_problems(data: bytes) -> list[str]:
    """Return what NIST's schema has against assessment results."""
    schema = json.loads(OSCAL.read_bytes())
    token = schema["definitions"]["TokenDatatype"]
    assert token["pattern"] == _LETTERS
    token["pattern"] = _SAME
    validator = jsonschema.Draft7Validator(schema, format_checker=jsonschema.FormatChecker())
    return [f"{list(e.path)}: {e.message[:300]}" for e in validator.iter_errors(json.loads(data))]
