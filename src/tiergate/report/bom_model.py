# SPDX-License-Identifier: Apache-2.0
"""The checkpoint in a bill of materials: files, model card, pedigree, what was decided of it."""

from __future__ import annotations

from collections.abc import Iterator

from tiergate.decision.document import BandReadingPart, FilePart, ReadingPart, WaiverPart
from tiergate.report.export_source import ExportSource, Standing, moment, plain, readings

MODEL_REF = "model"

_Object = dict[str, object]
_Pair = tuple[str, str]


def model_component(source: ExportSource) -> _Object:
    """Make the component of the model."""
    checkpoint, facts = source.checkpoint, source.facts
    component: _Object = {
        "type": "machine-learning-model",
        "bom-ref": MODEL_REF,
        "name": checkpoint.name,
        "version": checkpoint.revision or checkpoint.root_digest,
        "components": [_file(file) for file in checkpoint.files],
        "modelCard": _model_card(source),
        "pedigree": _pedigree(source),
        "externalReferences": [_reference(source)],
        "properties": properties(_decided(source)),
    }
    if facts is not None and facts.licences:
        component["licenses"] = [
            {"license": {"name": words, "acknowledgement": "declared"}} for words in facts.licences
        ]
    return component


def properties(pairs: Iterator[_Pair]) -> list[_Object]:
    """Write pairs as properties, in the namespace of this program."""
    return [{"name": f"tiergate:{name}", "value": value} for name, value in pairs]


def reference_to_record(source: ExportSource) -> _Object:
    """Name what the bill was made from."""
    return _reference(source)


def _reference(source: ExportSource) -> _Object:
    comment = {
        Standing.UNSIGNED: "The decision, by the digest of its canonical JSON. It is unsigned.",
        Standing.NOT_VERIFIED: "The decision record, by the digest of its signed payload. Its "
        "signatures were not verified when this document was made.",
        Standing.VERIFIED: "The decision record, by the digest of its signed payload.",
    }
    return {"type": "attestation", "url": source.record_uri, "comment": comment[source.standing]}


def _file(file: FilePart) -> _Object:
    return {
        "type": "file",
        "bom-ref": f"file:{file.path}",
        "name": file.path,
        "hashes": [{"alg": "SHA-256", "content": file.sha256.removeprefix("sha256:")}],
        "properties": properties(
            iter((("file:role", file.role), ("file:size-bytes", str(file.size_bytes))))
        ),
    }


def _decided(source: ExportSource) -> Iterator[_Pair]:
    decision, checkpoint = source.decision, source.checkpoint
    yield "tier:supported", decision.supported
    yield "tier:asked", decision.asked
    yield "tier:asked-outcome", decision.outcome
    yield "decision:digest", source.digest
    yield "decision:at", moment(decision.at)
    yield "decision:valid-until", moment(source.valid_until)
    yield "decision:standing", source.standing
    yield "policy:id", f"{decision.policy_id} {decision.policy_version}"
    yield "policy:digest", decision.policy_digest
    yield "checkpoint:root-digest", checkpoint.root_digest
    yield "checkpoint:weights-digest", checkpoint.weights_digest or "not computed"
    yield "checkpoint:code-files", ", ".join(checkpoint.code_files) or "none"
    yield from (("signature:key-id", key_id) for key_id in source.key_ids)
    yield from (("policy:loosened", f"{it.field}: {it.what}") for it in decision.loosenings)
    yield from (("waiver", _waiver(waiver)) for waiver in decision.waivers)
    yield from (("not-assessed", words) for words in decision.not_assessed)
    yield from (("evidence:gone", digest) for digest in decision.missing)


def _waiver(waiver: WaiverPart) -> str:
    signed = f"signed by {waiver.signed_by}" if waiver.signed_by else "unsigned"
    return f"{waiver.requirement}: {waiver.reason}, by {waiver.by}, {signed}"


def _pedigree(source: ExportSource) -> _Object:
    if source.facts is None:
        return {"notes": "Base models: not known, only a decision record was at hand."}
    if not source.facts.base_models:
        return {"notes": "Base models: none is declared, which says nothing of whether there are."}
    return {
        "ancestors": [
            {"type": "machine-learning-model", "name": name} for name in source.facts.base_models
        ],
        "notes": "Base models as the model card declares them; nothing here verifies it.",
    }


def _model_card(source: ExportSource) -> _Object:
    card: _Object = {
        "bom-ref": "model-card",
        "modelParameters": _parameters(source),
        "considerations": _considerations(source),
    }
    metrics = [_metric(*found) for found in readings(source.decision)]
    if metrics:
        card["quantitativeAnalysis"] = {"performanceMetrics": metrics}
    pairs = list(_facts(source))
    if not metrics:
        pairs.append(("measurements", "none was used by the decision"))
    card["properties"] = properties(iter(pairs))
    return card


def _parameters(source: ExportSource) -> _Object:
    found: _Object = {}
    if source.facts is not None and source.facts.architectures:
        found["modelArchitecture"] = ", ".join(source.facts.architectures)
    if source.checkpoint.output_modalities:
        found["outputs"] = [{"format": name} for name in source.checkpoint.output_modalities]
    return found


def _facts(source: ExportSource) -> Iterator[_Pair]:
    facts = source.facts
    if facts is None:
        yield "parameters", "not known: only a decision record was at hand"
        return
    yield "parameters", str(facts.parameter_count or "not known: no header could be read")
    for name, count in sorted(facts.dtypes.items()):
        yield f"parameters:{name}", str(count)
    yield "weights-formats", ", ".join(facts.weights_formats) or "none"


def _metric(reading: ReadingPart, held: tuple[str, ...]) -> _Object:
    counts = None if reading.trials is None else f"{reading.successes} of {reading.trials}"
    unit = f" {reading.unit}" if reading.unit else ""
    return {
        "type": reading.label,
        "value": counts or f"{reading.scale}{unit}, see the bounds",
        "slice": f"{reading.variant}; {reading.item}; {'; '.join(held)}",
        "confidenceInterval": {
            "lowerBound": plain(reading.lower),
            "upperBound": plain(reading.upper),
        },
    }


def _considerations(source: ExportSource) -> _Object:
    decision = source.decision
    limits = [f"Not assessed: {words}" for words in decision.not_assessed]
    limits.append("Not assessed here: intended users, intended uses and training data.")
    found: _Object = {"technicalLimitations": limits}
    if decision.bands:
        found["ethicalConsiderations"] = [_risk(band) for band in decision.bands]
    return found


def _risk(band: BandReadingPart) -> _Object:
    return {
        "name": f"{band.domain}, {band.variant}: reached {band.reached}, "
        f"not ruled out {band.not_ruled_out}"
    }
