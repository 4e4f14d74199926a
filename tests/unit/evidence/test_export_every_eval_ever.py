# SPDX-License-Identifier: Apache-2.0
"""Evidence written as Every Eval Ever records: valid, without guesses, and read back the same."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from builders import ROOT, a_claim, a_document, a_measurement, an_attack
from tiergate.evidence.bounds import bounds_of
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.conversion import with_digest
from tiergate.evidence.export_every_eval_ever import export, left_out
from tiergate.evidence.measurement import (
    AttackBudget,
    AttackClass,
    Counts,
    Direction,
    Measurement,
    Quantity,
    Variant,
)
from tiergate.evidence.provenance import Binding, BindingLevel, ProducerRelation, ReadAs, Relation
from tiergate.evidence.readers.every_eval_ever import EveryEvalEverReader

AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
MEASURED_AT = datetime(2026, 11, 22, 12, 0, 0, 250_000, tzinfo=UTC)
SCHEMA = Path(__file__).parents[2] / "schemas" / "every_eval_ever" / "eval.schema.json"
VALIDATOR = Draft7Validator(json.loads(SCHEMA.read_text("utf-8")))
SOME = Counts.of([(1, 2, 0), (0, 1, 1), (0, 1, 0)], planned=7, errored=1, limited=1, superseded=2)
SCHEMA_PATH = re.compile(
    r"data/[^/]+/[^/]+/[^/]+/"
    r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\.json"
)

Json = dict[str, object]


def records(*documents: EvidenceDocument) -> list[Json]:
    return [json.loads(content) for _, content in export(documents, at=AT)]


def the_record(document: EvidenceDocument) -> Json:
    [record] = records(document)
    return record


def part(record: object, *keys: str | int) -> object:
    for key in keys:
        assert isinstance(record, dict | list)
        record = record[key]  # type: ignore[index]
    return record


def with_model(name: str) -> EvidenceDocument:
    binding = Binding(level=BindingLevel.NAME, relation=Relation.UNKNOWN, name=name)
    return with_digest(
        dataclasses.replace(a_document(measurements=[a_measurement()]), binding=binding)
    )


def test_a_record_says_everything_that_the_measurement_does() -> None:
    found = dataclasses.replace(
        a_measurement(
            value=SOME,
            variant=Variant.WORST_CASE,
            attack=dataclasses.replace(
                an_attack(AttackClass.FINE_TUNING, usd=100, steps=7),
                suite="TR3@1.0.0",
                trials=4,
                search_budget=AttackBudget(usd=Decimal(400), flop=10**20),
            ),
            samples_kept=5,
            finished_at=MEASURED_AT,
        ),
        grader_models=("org/judge",),
    )
    document = a_document(measurements=[found])
    limits = bounds_of(found, Decimal("0.95"))

    record = the_record(document)

    result = {
        "evaluation_result_id": "cyber.end_to_end_exploits",
        "evaluation_name": "cyber.end_to_end_exploits",
        "source_data": {"source_type": "other", "dataset_name": "a set"},
        "evaluation_timestamp": "1795348800.250000",
        "metric_config": {
            "evaluation_description": "the attempt did what the task asks",
            "metric_id": "tiergate.cyber.end_to_end_exploits",
            "metric_name": "cyber.end_to_end_exploits",
            "metric_kind": "success_rate",
            "metric_unit": "proportion",
            "lower_is_better": True,
            "score_type": "continuous",
            "min_score": 0,
            "max_score": 1,
            "additional_details": {
                "domain": "cyber",
                "grader": "exact match",
                "grader_models": "org/judge",
                "attack": "an attack by sustained fine-tuning",
                "attack_class": "sustained fine-tuning",
                "attack_controls": "passed",
                "attack_usd": "100",
                "attack_steps": "7",
                "attack_trials": "4",
                "attack_suite": "TR3@1.0.0",
                "attack_search_usd": "400",
                "attack_search_flop": str(10**20),
            },
        },
        "score_details": {
            "score": 0.25,
            "details": {
                "successes": "1",
                "scored": "4",
                "unscored": "1",
                "attempted": "5",
                "planned": "7",
                "errored": "1",
                "limited": "1",
                "superseded": "2",
                "behaviours": "3",
                "samples_kept": "5",
                "lower_bound": repr(limits.lower),
                "upper_bound": repr(limits.upper),
                "bound_confidence": "0.95",
                "bound_method": (
                    "one-sided, each at bound_confidence, over planned attempts by behaviour, "
                    "with everything unscored counted against it"
                ),
            },
            "uncertainty": {"num_samples": 4},
        },
        "generation_config": {
            "additional_details": {
                "variant": "worst case",
                "elicitation": "five examples",
                "generation": "temperature=1",
            }
        },
    }
    assert [result] == part(record, "evaluation_results")
    assert {
        "name": "a-model",
        "id": "a-model",
        "additional_details": {
            "deployment_type": "unknown",
            "model_availability": "unknown",
            "binding_level": "digest at load",
            "binding_relation": "identical",
            "revision": "c" * 40,
            "root_digest": ROOT,
        },
    } == part(record, "model_info")
    assert {
        "source_name": "Tiergate evidence document",
        "source_type": "evaluation_run",
        "source_organization_name": "A Lab",
        "evaluator_relationship": "first_party",
        "additional_details": {
            "tiergate_evidence": f"{document.digest}#m0",
            "producer": "safety team",
            "producer_relation": "separate team",
            "read_as": "primary",
            "source_sha256": document.source.sha256 if document.source else "",
            "source_format": "inspect-eval/2",
            "source_reader": "inspect_ai/1",
        },
    } == part(record, "source_metadata")
    assert {"name": "inspect_ai", "version": "0.3"} == part(record, "eval_library")
    assert "0.3.0" == part(record, "schema_version")
    assert "1795512600" == part(record, "retrieved_timestamp")
    assert "1795348800.250000" == part(record, "evaluation_timestamp")
    assert re.fullmatch(
        r"cyber\.end_to_end_exploits/a-model/1795512600/[0-9a-f]{12}",
        str(part(record, "evaluation_id")),
    )


def test_what_is_not_known_stands_as_unknown_or_not_at_all() -> None:
    bare = dataclasses.replace(a_measurement(samples_kept=0), dataset="", grader="", domain=None)
    document = a_document(measurements=[bare], organisation="", source=None)
    binding = Binding(level=BindingLevel.NAME, relation=Relation.UNKNOWN, name="")

    record = the_record(with_digest(dataclasses.replace(document, binding=binding)))

    result = part(record, "evaluation_results", 0)
    assert "unknown" == part(record, "source_metadata", "source_organization_name")
    assert {"name": "unknown", "version": "unknown"} == part(record, "eval_library")
    assert ("unknown", "unknown") == (
        part(record, "model_info", "name"),
        part(record, "model_info", "id"),
    )
    assert {
        "deployment_type": "unknown",
        "model_availability": "unknown",
        "binding_level": "name",
        "binding_relation": "unknown",
    } == part(record, "model_info", "additional_details")
    assert "unknown" == part(result, "source_data", "dataset_name")
    assert {} == part(result, "metric_config", "additional_details")


SOURCE_TYPES: dict[str, tuple[EvidenceDocument, str]] = {
    "counts that were formed from samples": (
        a_document(measurements=[a_measurement()]),
        "evaluation_run",
    ),
    "counts without samples": (
        a_document(measurements=[a_measurement(samples_kept=0)]),
        "documentation",
    ),
    "counts that somebody wrote down": (
        a_document(measurements=[a_measurement()], source=None),
        "documentation",
    ),
    "somebody's account of counts": (
        dataclasses.replace(a_document(measurements=[a_measurement()]), read_as=ReadAs.SECONDARY),
        "documentation",
    ),
}


@pytest.mark.parametrize("sentence", SOURCE_TYPES)
def test_the_type_of_a_record_is_that_of(sentence: str) -> None:
    document, expected = SOURCE_TYPES[sentence]

    assert expected == part(the_record(document), "source_metadata", "source_type")


RELATIONSHIPS = {
    ProducerRelation.DEVELOPER: "first_party",
    ProducerRelation.SEPARATE_TEAM: "first_party",
    ProducerRelation.COMMISSIONED: "other",
    ProducerRelation.INDEPENDENT: "third_party",
    ProducerRelation.UNKNOWN: "other",
}


@pytest.mark.parametrize("relation", ProducerRelation)
def test_nobody_is_made_more_independent_than_they_are(relation: ProducerRelation) -> None:
    record = the_record(a_document(measurements=[a_measurement()], by=relation))

    assert RELATIONSHIPS[relation] == part(record, "source_metadata", "evaluator_relationship")
    assert relation == part(record, "source_metadata", "additional_details", "producer_relation")


@pytest.mark.parametrize(
    ("direction", "lower"),
    [(Direction.HIGHER_IS_RISKIER, True), (Direction.HIGHER_IS_SAFER, False)],
)
def test_the_direction_is_kept(direction: Direction, *, lower: bool) -> None:
    record = the_record(a_document(measurements=[a_measurement(direction=direction)]))

    assert lower == part(record, "evaluation_results", 0, "metric_config", "lower_is_better")


PATHS = {
    "org/model": "data/cyber.end_to_end_exploits/org/model/",
    "org/family/model": "data/cyber.end_to_end_exploits/org/family_model/",
    "model": "data/cyber.end_to_end_exploits/unknown/model/",
    "hf/local (model)": "data/cyber.end_to_end_exploits/hf/local_model/",
    "../../etc/passwd": "data/cyber.end_to_end_exploits/unknown/.._etc_passwd/",
    "/": "data/cyber.end_to_end_exploits/unknown/unknown/",
    "": "data/cyber.end_to_end_exploits/unknown/unknown/",
    "data/con": "data/cyber.end_to_end_exploits/_data/_con/",
    "a:b/c\\d": "data/cyber.end_to_end_exploits/a_b/c_d/",
}


@pytest.mark.parametrize("name", PATHS)
def test_a_record_has_a_path_that_every_file_system_takes(name: str) -> None:
    [(path, _)] = export([with_model(name)], at=AT)

    assert path.startswith(PATHS[name])
    assert SCHEMA_PATH.fullmatch(path)


def test_the_same_evidence_has_the_same_path_and_comes_once() -> None:
    document = a_document(measurements=[a_measurement(), a_measurement(successes=3)])
    later = datetime(2027, 1, 1, tzinfo=UTC)

    first, second = export([document, document], at=AT), export([document], at=later)

    assert 2 == len(first)
    assert [path for path, _ in first] == [path for path, _ in second]
    assert len({json.loads(content)["evaluation_id"] for _, content in first}) == 2


def test_what_has_no_score_is_left_out_and_named() -> None:
    hours = Quantity(lower=Decimal(1), upper=Decimal(2), unit="hours", method="bootstrap")
    nothing = Counts.of([(0, 0, 1)], planned=5)
    document = a_document(
        measurements=[a_measurement(value=hours), a_measurement(), a_measurement(value=nothing)],
        claims=[a_claim("E01")],
    )

    assert 1 == len(export([document], at=AT))
    assert left_out([document]) == (
        f"{document.digest}#m0 (cyber.end_to_end_exploits): a quantity, which is no score",
        f"{document.digest}#m2 (cyber.end_to_end_exploits): nothing in it was scored",
        f"{document.digest}#c0 (E01): a claim, which is no evaluation",
    )


def test_the_bounds_are_those_of_the_confidence_asked_for() -> None:
    found = a_measurement(successes=3, trials=50)
    limits = bounds_of(found, Decimal("0.99"))

    [(_, content)] = export([a_document(measurements=[found])], at=AT, confidence=Decimal("0.99"))

    details = part(json.loads(content), "evaluation_results", 0, "score_details", "details")
    assert (repr(limits.lower), repr(limits.upper), "0.99") == (
        part(details, "lower_bound"),
        part(details, "upper_bound"),
        part(details, "bound_confidence"),
    )


texts = st.text(st.characters(codec="utf-8"), max_size=30)
named = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)
behaviours = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 2)).filter(
        lambda row: row[0] <= row[1] and row[1] + row[2] > 0
    ),
    max_size=6,
)


@st.composite
def measurements(draw: st.DrawFn) -> Measurement:
    return dataclasses.replace(
        a_measurement(
            draw(st.sampled_from(["cyber.exploit", "utility.refusal"])),
            value=Counts.of(draw(behaviours)),
            direction=draw(st.sampled_from(Direction)),
            samples_kept=draw(st.integers(0, 3)),
            finished_at=draw(
                st.datetimes(datetime(2000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
            ),
        ),
        task=draw(named),
        dataset=draw(texts),
        grader=draw(texts),
    )


@st.composite
def documents(draw: st.DrawFn) -> EvidenceDocument:
    plain = a_document(
        measurements=draw(st.lists(measurements(), min_size=1, max_size=3)),
        producer=draw(named),
        organisation=draw(texts),
        by=draw(st.sampled_from(ProducerRelation)),
    )
    binding = Binding(
        level=draw(st.sampled_from(BindingLevel)),
        relation=draw(st.sampled_from(Relation)),
        name=draw(texts),
        revision=draw(texts),
        root_digest=draw(st.sampled_from(["", ROOT])),
    )
    read_as = draw(st.sampled_from(ReadAs))
    return with_digest(dataclasses.replace(plain, binding=binding, read_as=read_as))


def scored(found: Iterable[EvidenceDocument]) -> list[tuple[Measurement, Counts]]:
    return [
        (measurement, measurement.value)
        for document in found
        for measurement in document.measurements
        if isinstance(measurement.value, Counts) and measurement.value.scored
    ]


@settings(max_examples=100, deadline=None)
@given(found=st.lists(documents(), max_size=2, unique_by=lambda document: document.digest))
def test_every_record_is_valid_and_reads_back_as_claims_with_the_same_numbers(
    found: list[EvidenceDocument], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("exported")
    expected = sorted(
        (f"{counts.successes / counts.scored}", counts.scored, measurement.metric)
        for measurement, counts in scored(found)
    )
    read: list[tuple[str, object, object]] = []

    for number, (path, content) in enumerate(export(found, at=AT)):
        assert SCHEMA_PATH.fullmatch(path)
        assert [] == [error.message for error in VALIDATOR.iter_errors(json.loads(content))]
        file = folder / f"{number}.json"
        file.write_bytes(content)
        log = EveryEvalEverReader().read(file)
        assert (log.series, log.binding.root_digest) == ((), "")
        [claim] = log.claims
        fields = {field.name: field.value for field in claim.fields}
        read.append((str(float(str(fields["score"]))), fields["num_samples"], fields["metric"]))

    assert expected == sorted(read)
    left = sum(len(document.measurements) for document in found) - len(read)
    assert left == len(left_out(found))
