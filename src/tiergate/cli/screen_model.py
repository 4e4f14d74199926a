# SPDX-License-Identifier: Apache-2.0
"""The top of the first screen: the model and the evidence found about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tiergate.cli import text
from tiergate.cli.hints import Hints
from tiergate.cli.session import Answer
from tiergate.decision.decision import Decision
from tiergate.evidence.assurance import Assurance
from tiergate.evidence.collection import Collection, EvidenceDocument
from tiergate.evidence.measurement import AttackClass, Counts, Measurement
from tiergate.evidence.provenance import ReadAs
from tiergate.model.checkpoint import Checkpoint
from tiergate.model.files import FileRole

_LABEL = 12
_BESIDE_ATTACKS = {
    "safeguard.attack_search": "of a search",
    "safeguard.twin_refusal": "under attack",
    "utility.retained": "under attack",
}
"""Metrics that a run of attacks gives for every model that it tried, and how to sum them up."""
_RAISED = frozenset({"undeclared-parent", "parent-held-lower", "parent-under-another-licence"})
"""Findings that oblige to something whether or not the policy asks."""


def model_lines(answer: Answer) -> Iterator[str]:
    """Say what the model is: inventory, digest, licence, lineage, behaviour, code."""
    checkpoint = answer.checkpoint
    if checkpoint is None:
        yield from text.wrapped(answer.evidence.subject.name, "  ", "")
        yield "  no weights were read: findings can count against a tier, nothing for one"
        return
    weights = sum(e.role is FileRole.WEIGHTS for e in checkpoint.manifest.entries)
    facts = text.joined(
        (
            f"{text.parameters(checkpoint.parameter_count)} parameters"
            if checkpoint.parameter_count
            else "parameters not known",
            ", ".join(dtype for dtype, _ in checkpoint.dtypes),
            f"{text.plural(weights, 'file')} of {', '.join(sorted(checkpoint.weights_formats))}",
            text.size(checkpoint.size_bytes),
        )
    )
    yield from text.wrapped(checkpoint.name, "  ", "")
    yield f"  {checkpoint.root_digest}"
    if checkpoint.weights_digest is not None:
        yield "  over the tensors alone, which survives resharding:"
        yield f"  {checkpoint.weights_digest}"
    yield from _row("weights", facts)
    if checkpoint.revision:
        yield from _row("revision", checkpoint.revision)
    yield from _row("architecture", _architecture(checkpoint))
    yield from _row("licence", ", ".join(licence_words(checkpoint)) or "none stated")
    yield from _row("base model", ", ".join(checkpoint.base_model_claims) or "none stated")
    behaviour = ", ".join(checkpoint.behaviour_files) or "no chat template"
    yield from _row("behaviour", behaviour)
    code = answer.evidence.subject.code_files or ()
    yield from _row("runs code", _shown(code) if code else "no")
    for note in checkpoint.notes:
        yield from _row("note", note)


def licence_words(checkpoint: Checkpoint) -> tuple[str, ...]:
    """Say what each place claims about the licence."""
    return tuple(
        f"{claim.identifier or 'not recognised'} ({claim.source})"
        for claim in checkpoint.licence_claims
    )


def evidence_lines(answer: Answer, hints: Hints, *, everything: bool) -> Iterator[str]:
    """Say what evidence was found, one line per measurement, claims in one.

    What a run of attacks measured beside what the policy asks for is summed up, a line for each
    metric, unless ``everything`` is shown.
    """
    evidence = answer.evidence
    found_in = ((d, m) for d in evidence.documents for m in d.measurements)
    measured = sorted(found_in, key=lambda pair: (pair[1].metric, pair[1].setting.variant))
    claims = [c.item for d in evidence.documents for c in d.claims]
    found = text.joined(
        (
            text.plural(len(evidence.documents), "document"),
            text.plural(len(measured), "measurement"),
            text.plural(len(claims), "claim"),
        )
    )
    yield text.heading("EVIDENCE FOUND") + f"  {found}{_signed(answer)}"
    read = _metrics_read(answer.decision)
    aside = [] if everything else [m for _, m in measured if _is_beside(m) and m.metric not in read]
    for maker, rows in _by_maker(measured, evidence).items():
        yield from text.wrapped(maker, "    ", "  ")
        yield from _rows(rows, {measurement.metric for measurement in aside})
    if aside:
        yield f"  … {len(aside)} more: {hints.everything()}"
    if claims:
        yield from text.wrapped(f"claims: {', '.join(sorted(claims))}", "      ", "  ")
    for remark in {r: None for d in evidence.documents for r in d.remarks if r.code in _RAISED}:
        yield from text.wrapped(f"{remark.code}: {remark.message}", "      ", "  ! ")
    if evidence.elsewhere:
        count = text.plural(len(evidence.elsewhere), "document")
        yield f"  about other checkpoints, left out: {count}"
    if evidence.missing:
        count = text.plural(len(evidence.missing), "registered document")
        yield f"  missing: {count}; what they were about cannot be met"
    if answer.gathered.not_read:
        yield f"  not evidence: {text.plural(len(answer.gathered.not_read), 'file')}"
    for doubt in answer.doubts:
        words = f"{doubt.where}: {doubt.reason}"
        yield from text.wrapped(words, "      ", "  counts for nothing: ")


def _signed(answer: Answer) -> str:
    """Say how far signatures on the evidence were looked at, and what they are worth."""
    evidence = answer.evidence
    if not evidence.documents:
        return ""
    if not evidence.vouching.trust_digest:
        signed = text.plural(len(answer.gathered.attestations), "signature")
        return (
            f" · {signed}, not looked at: no --trust"
            if answer.gathered.attestations
            else (" · unsigned")
        )
    counts = Counter(evidence.standing_of(document).assurance for document in evidence.documents)
    words = (f"{counts[kind]} {kind}" for kind in Assurance if counts[kind])
    return f" · {text.joined(words)}"


def _metrics_read(decision: Decision) -> frozenset[str]:
    """Return every metric that some requirement of some tier read a measurement of."""
    return frozenset(
        reading.label
        for verdict in decision.tiers
        for row in (*verdict.requirements, *verdict.fast_path)
        for node in row.walk()
        for reading in node.readings
    )


def _rows(rows: list[Measurement], aside: set[str]) -> Iterator[str]:
    """Yield a line for each measurement, and for those that are summed up one for each metric."""
    summed: Counter[str] = Counter()
    for measurement in rows:
        if measurement.metric in aside and _is_beside(measurement):
            summed[measurement.metric] += 1
        else:
            yield from text.wrapped(_measured(measurement), "        ", "    ")
    for metric, count in summed.items():
        yield f"    {metric}  {text.plural(count, 'measurement')} {_BESIDE_ATTACKS[metric]}"


def _is_beside(found: Measurement) -> bool:
    attack = found.attack
    is_attacked = attack is not None and attack.attack_class is not AttackClass.NONE
    return is_attacked and found.metric in _BESIDE_ATTACKS


def _by_maker(
    measured: list[tuple[EvidenceDocument, Measurement]], evidence: Collection
) -> dict[str, list[Measurement]]:
    groups: dict[str, list[Measurement]] = {}
    for document, measurement in measured:
        maker = document.producer
        second_hand = ", read second-hand" if document.read_as is ReadAs.SECONDARY else ""
        tie = f"tied by {document.binding.level}"
        standing = evidence.standing_of(document)
        signed = f", {standing.assurance}" if standing.signers else ""
        relation = evidence.relation_of(document)
        label = f"by {maker.name} ({relation}), {tie}{second_hand}{signed}"
        groups.setdefault(label, []).append(measurement)
    return groups


def _measured(measurement: Measurement) -> str:
    value = measurement.value
    if isinstance(value, Counts):
        found = f"{value.successes} of {value.planned}"
        if lost := value.planned - value.scored:
            found += f" ({lost} without a score)"
    else:
        found = f"{value.lower} to {value.upper} {value.unit}"
    attack = "" if measurement.attack is None else f"under {measurement.attack.attack_class}"
    parts = (f"{measurement.metric}  {found}", measurement.setting.variant, attack)
    return text.joined(parts)


def _architecture(checkpoint: Checkpoint) -> str:
    names = ", ".join(checkpoint.architectures) or "not stated"
    modalities = ", ".join(sorted(checkpoint.output_modalities))
    return f"{names}, generates {modalities}" if modalities else f"{names}, output not known"


def _shown(names: tuple[str, ...], most: int = 4) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _row(label: str, words: str) -> list[str]:
    return text.wrapped(words, " " * (_LABEL + 4), f"  {label.ljust(_LABEL)}  ")
