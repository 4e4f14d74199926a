# SPDX-License-Identifier: Apache-2.0
"""Evidence documents written as Every Eval Ever records, schema 0.3.0: one per measurement.

The format has a score and, for whatever else there is to say, texts under
``additional_details``; there the counts, the bounds, the binding and the digests stand, so
that the score can be formed again. What a document does not say is left out or stands as
the format's own ``unknown``; nothing is guessed. Reading a record back gives a claim: the
format has nothing that ties it to weights, and no samples come with it.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import assert_never

from tiergate.evidence.bounds import bounds_of
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.measurement import AttackBudget, Counts, Direction, Measurement
from tiergate.evidence.provenance import ProducerRelation, ReadAs

SCHEMA_VERSION = "0.3.0"
"""Version of the Every Eval Ever schemas that records are written in."""

CONFIDENCE = Decimal("0.95")
"""Confidence of each one-sided bound that a record carries."""

UNKNOWN = "unknown"
"""The format's own word for what is not known."""

Json = dict[str, object]

_NOT_IN_PATHS = re.compile(r"[^A-Za-z0-9._@+-]+")
_RESERVED = re.compile(r"(con|prn|aux|nul|com[1-9]|lpt[1-9])(\..*)?", re.IGNORECASE)


def export(
    documents: Iterable[EvidenceDocument], *, at: datetime, confidence: Decimal = CONFIDENCE
) -> list[tuple[str, bytes]]:
    """Return a record for every measurement that has a score, with the path it belongs at.

    Paths follow the format's datastore, ``data/<metric>/<developer>/<model>/<uuid>.json``.
    The uuid is formed from the document's digest, so the same evidence has the same path.

    Args:
        documents: the evidence; a document that comes twice is written once.
        at: when the records are made, aware.
        confidence: of each bound.
    """
    records = {
        _path(item): _bytes(_record(item, at, confidence))
        for document in documents
        for item in _items(document)
    }
    return sorted(records.items())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    document: EvidenceDocument
    measurement: Measurement
    counts: Counts
    identity: str


def _items(document: EvidenceDocument) -> Iterator[_Item]:
    for index, found in enumerate(document.measurements):
        if isinstance(found.value, Counts) and found.value.scored:
            yield _Item(
                document=document,
                measurement=found,
                counts=found.value,
                identity=f"{document.digest}#m{index}",
            )


def left_out(documents: Iterable[EvidenceDocument]) -> tuple[str, ...]:
    """Return, for everything that ``export`` writes no record for, what it is and why."""
    return tuple(line for document in documents for line in _left_out_of(document))


def _left_out_of(document: EvidenceDocument) -> Iterator[str]:
    written = {item.identity for item in _items(document)}
    for index, found in enumerate(document.measurements):
        identity = f"{document.digest}#m{index}"
        is_counted = isinstance(found.value, Counts)
        why = "nothing in it was scored" if is_counted else "a quantity, which is no score"
        if identity not in written:
            yield f"{identity} ({found.metric}): {why}"
    for index, claim in enumerate(document.claims):
        yield f"{document.digest}#c{index} ({claim.item}): a claim, which is no evaluation"


def _bytes(record: Json) -> bytes:
    return (json.dumps(record, ensure_ascii=False, allow_nan=False, indent=2) + "\n").encode()


def _record(item: _Item, at: datetime, confidence: Decimal) -> Json:
    name, made, metric = _model_name(item.document), _seconds(at), item.measurement.metric
    return {
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": f"{metric}/{name}/{made}/{_uuid(item.identity).hex[:12]}",
        "evaluation_timestamp": _seconds(item.measurement.finished_at),
        "retrieved_timestamp": made,
        "source_metadata": _source(item),
        "eval_library": _library(item.document),
        "model_info": _model(item.document),
        "evaluation_results": [_result(item, confidence)],
    }


def _source(item: _Item) -> Json:
    document, source = item.document, item.document.source
    counted_again = source is not None and item.measurement.samples_kept > 0
    by_run = counted_again and document.read_as is ReadAs.PRIMARY
    return {
        "source_name": "Tiergate evidence document",
        "source_type": "evaluation_run" if by_run else "documentation",
        "source_organization_name": document.producer.organisation or UNKNOWN,
        "evaluator_relationship": _relationship(document.producer.relation),
        "additional_details": _texts(
            tiergate_evidence=item.identity,
            producer=document.producer.name,
            producer_relation=document.producer.relation,
            read_as=document.read_as,
            source_sha256=source.sha256 if source else "",
            source_format=source.format if source else "",
            source_reader=source.reader if source else "",
            source_url=document.source_url,
        ),
    }


def _relationship(relation: ProducerRelation) -> str:
    match relation:
        case ProducerRelation.DEVELOPER | ProducerRelation.SEPARATE_TEAM:
            return "first_party"
        case ProducerRelation.INDEPENDENT:
            return "third_party"
        # The format has no word for an evaluator that the developer pays or chooses.
        case ProducerRelation.COMMISSIONED | ProducerRelation.UNKNOWN:
            return "other"
        case never:
            assert_never(never)


def _library(document: EvidenceDocument) -> Json:
    tool = document.source.tool if document.source else ""
    name, _, version = tool.partition(" ")
    return {"name": name or UNKNOWN, "version": version or UNKNOWN}


def _model_name(document: EvidenceDocument) -> str:
    return document.binding.name or UNKNOWN


def _model(document: EvidenceDocument) -> Json:
    binding = document.binding
    return {
        "name": _model_name(document),
        "id": _model_name(document),
        "additional_details": {
            "deployment_type": UNKNOWN,
            "model_availability": UNKNOWN,
            **_texts(
                binding_level=binding.level,
                binding_relation=binding.relation,
                revision=binding.revision,
                root_digest=binding.root_digest,
                measured_digest=binding.measured_digest,
            ),
        },
    }


def _result(item: _Item, confidence: Decimal) -> Json:
    measurement, setting = item.measurement, item.measurement.setting
    return {
        "evaluation_result_id": measurement.metric,
        "evaluation_name": measurement.task,
        "source_data": {"source_type": "other", "dataset_name": measurement.dataset or UNKNOWN},
        "evaluation_timestamp": _seconds(measurement.finished_at),
        "metric_config": {
            "evaluation_description": measurement.success_means,
            "metric_id": f"tiergate.{measurement.metric}",
            "metric_name": measurement.metric,
            "metric_kind": "success_rate",
            "metric_unit": "proportion",
            "lower_is_better": measurement.direction is Direction.HIGHER_IS_RISKIER,
            "score_type": "continuous",
            "min_score": 0,
            "max_score": 1,
            "additional_details": _texts(
                domain=measurement.domain or "",
                grader=measurement.grader,
                grader_models=", ".join(measurement.grader_models),
                **_attack(measurement),
            ),
        },
        "score_details": _score(item, confidence),
        "generation_config": {
            "additional_details": _texts(
                variant=setting.variant,
                elicitation=setting.elicitation,
                generation=setting.generation,
            )
        },
    }


def _attack(measurement: Measurement) -> dict[str, object]:
    attack = measurement.attack
    if attack is None:
        return {}
    budget = attack.budget
    spent = {
        "attack_usd": budget.usd,
        "attack_gpu_hours": budget.gpu_hours,
        "attack_steps": budget.steps,
        "attack_examples": budget.examples,
        "attack_attempts": budget.attempts,
        "attack_flop": budget.flop,
        "attack_trials": attack.trials,
        "attack_seeds": attack.seeds,
        "attack_longest_run_steps": attack.longest_run_steps,
        "attack_suite": attack.suite or None,
        **_search(attack.search_budget or AttackBudget()),
    }
    return {
        "attack": attack.name,
        "attack_class": attack.attack_class,
        "attack_controls": attack.controls,
        **{name: value for name, value in spent.items() if value is not None},
    }


def _search(budget: AttackBudget) -> dict[str, Decimal | int | None]:
    return {
        "attack_search_usd": budget.usd,
        "attack_search_gpu_hours": budget.gpu_hours,
        "attack_search_steps": budget.steps,
        "attack_search_examples": budget.examples,
        "attack_search_attempts": budget.attempts,
        "attack_search_flop": budget.flop,
    }


def _score(item: _Item, confidence: Decimal) -> Json:
    counts, limits = item.counts, bounds_of(item.measurement, confidence)
    return {
        "score": counts.successes / counts.scored,
        "details": _texts(
            successes=counts.successes,
            scored=counts.scored,
            unscored=counts.unscored,
            attempted=counts.attempted,
            planned=counts.planned,
            errored=counts.errored,
            limited=counts.limited,
            superseded=counts.superseded,
            behaviours=counts.behaviours,
            samples_kept=item.measurement.samples_kept,
            lower_bound=repr(limits.lower),
            upper_bound=repr(limits.upper),
            bound_confidence=confidence,
            bound_method="one-sided, each at bound_confidence, over planned attempts by "
            "behaviour, with everything unscored counted against it",
        ),
        "uncertainty": {"num_samples": counts.scored},
    }


def _texts(**details: object) -> dict[str, str]:
    """Return what is stated, as text; the format has nothing but text in its details."""
    written = {
        name: format(value, "f") if isinstance(value, Decimal) else str(value)
        for name, value in details.items()
    }
    return {name: text for name, text in written.items() if text}


def _seconds(time: datetime) -> str:
    """Return seconds since 1970, exact to the microsecond.

    >>> from datetime import UTC
    >>> _seconds(datetime(1970, 1, 1, 0, 1, 0, 250_000, tzinfo=UTC))
    '60.250000'
    """
    whole = int(time.replace(microsecond=0).timestamp())
    return f"{whole}.{time.microsecond:06d}" if time.microsecond else str(whole)


def _uuid(identity: str) -> uuid.UUID:
    """Return a version 4 UUID, the only kind that the format takes, made of a digest."""
    return uuid.UUID(bytes=hashlib.sha256(identity.encode()).digest()[:16], version=4)


def _path(item: _Item) -> str:
    developer, slash, model = _model_name(item.document).partition("/")
    parts = (developer, model.replace("/", "_")) if slash else (UNKNOWN, developer)
    folders = "/".join(_component(part) for part in (item.measurement.metric, *parts))
    return f"data/{folders}/{_uuid(item.identity)}.json"


def _component(text: str) -> str:
    """Return a name that any file system takes, and the format's own checks too.

    >>> _component("hf/local (model)"), _component(""), _component("data"), _component("aux.1")
    ('hf_local_model', 'unknown', '_data', '_aux.1')
    """
    plain = _NOT_IN_PATHS.sub("_", text)[:100].strip("_").rstrip(".")
    if not plain.strip("."):
        return UNKNOWN
    return f"_{plain}" if plain == "data" or _RESERVED.fullmatch(plain) else plain
