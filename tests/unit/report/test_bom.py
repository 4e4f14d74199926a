# SPDX-License-Identifier: Apache-2.0
"""A decision as a bill of materials: valid, the same each time, and open about what is unknown."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from builders import ROOT
from builders_export import (
    FACTS,
    GONE,
    SOURCES,
    WAIVER,
    a_poor_source,
    a_source,
    an_open_source,
    bom_problems,
)
from tiergate.decision.outcome import Outcome
from tiergate.decision.tier import Tier
from tiergate.report.bom import bill_of_materials, to_bytes
from tiergate.report.bom_coverage import ELEMENTS, Filling, is_filled, missing_from
from tiergate.report.export_source import ExportSource, Standing, judged


def _bill(source: ExportSource) -> Any:  # noqa: ANN401 - JSON
    return json.loads(to_bytes(bill_of_materials(source)))


def _properties(part: Any) -> dict[str, list[str]]:  # noqa: ANN401 - JSON
    found: dict[str, list[str]] = {}
    for pair in part["properties"]:
        found.setdefault(pair["name"], []).append(pair["value"])
    return found


def _refs(place: object, name: str) -> Iterator[str]:
    if isinstance(place, dict):
        for key, value in place.items():
            if key == name and isinstance(value, str):
                yield value
            yield from _refs(value, name)
    elif isinstance(place, list):
        for item in place:
            yield from _refs(item, name)


@pytest.mark.parametrize("name", SOURCES)
def test_every_bill_follows_the_strict_schema(name: str) -> None:
    assert bom_problems(to_bytes(bill_of_materials(SOURCES[name]()))) == []


def test_the_validator_sees_what_is_wrong() -> None:
    bill = bill_of_materials(a_source())

    assert bom_problems(to_bytes({**bill, "specVersion": "1.6", "unknown": 1}))


def test_equal_decisions_give_equal_bytes_and_others_another_serial_number() -> None:
    one, two = (to_bytes(bill_of_materials(a_source())) for _ in range(2))
    other = a_source(digest=f"sha256:{'0' * 64}")

    assert one == two
    assert _bill(other)["serialNumber"] != json.loads(one)["serialNumber"]
    assert json.loads(one)["metadata"]["timestamp"] == "2026-11-23T12:00:00Z"


@pytest.mark.parametrize("name", SOURCES)
def test_every_reference_leads_somewhere_and_no_name_is_there_twice(name: str) -> None:
    bill = _bill(SOURCES[name]())
    counts = Counter(_refs(bill, "bom-ref"))
    declared = bill["declarations"]
    used = {claim["target"] for claim in declared["claims"]}
    used |= {r for claim in declared["claims"] for r in claim.get("evidence", [])}
    used |= {r for claim in declared["claims"] for r in claim.get("counterEvidence", [])}
    for row in declared["attestations"][0]["map"]:
        used |= {row["requirement"], *row.get("claims", []), *row.get("counterClaims", [])}
    used |= {
        r for s in bill["definitions"]["standards"] for v in s["levels"] for r in v["requirements"]
    }

    assert set(counts.values()) == {1}
    assert used <= counts.keys()


def test_every_file_has_its_digest_and_the_whole_its_two() -> None:
    model = _bill(a_source())["metadata"]["component"]

    assert [(f["name"], f["hashes"]) for f in model["components"]] == [
        ("config.json", [{"alg": "SHA-256", "content": "b" * 64}]),
        ("model.safetensors", [{"alg": "SHA-256", "content": "c" * 64}]),
    ]
    found = _properties(model)
    assert found["tiergate:checkpoint:root-digest"] == [ROOT]
    assert found["tiergate:checkpoint:weights-digest"] == [f"sha256:{'e' * 64}"]
    assert found["tiergate:decision:valid-until"] == ["2027-02-21T12:00:00Z"]
    assert found["tiergate:decision:digest"] == [f"sha256:{'f' * 64}"]
    assert model["version"] == "a" * 40


def test_every_requirement_of_the_policy_is_there_with_its_outcome() -> None:
    source = a_source()
    bill = _bill(source)
    rows = {row["requirement"]: row for row in bill["declarations"]["attestations"][0]["map"]}
    outcomes = set()

    for each in judged(source.decision):
        row, outcome = rows.pop(f"requirement:{each.key}"), each.row.outcome
        outcomes.add(outcome)
        assert row["conformance"]["rationale"].startswith(f"{outcome}: ")
        expected = {Outcome.MET: ("claims", 1), Outcome.NOT_MET: ("counterClaims", 0)}
        word, score = expected.get(outcome, ("", None))
        assert row["conformance"].get("score") == score
        assert [key for key in row if key.endswith(("claims", "Claims"))] == [word] * bool(word)
    assert rows == {}
    assert outcomes == set(Outcome)


def test_what_is_met_by_a_waiver_alone_has_no_score_and_is_no_claim() -> None:
    bill = _bill(a_source(waivers=[WAIVER], tier=Tier.T1))
    rows = {row["requirement"]: row for row in bill["declarations"]["attestations"][0]["map"]}
    waived = rows["requirement:T1.E03"]

    assert waived["conformance"]["rationale"].startswith("met: ")
    assert "waived: " in waived["conformance"]["rationale"]
    assert "score" not in waived["conformance"]
    assert waived.keys() == {"requirement", "conformance"}
    model = bill["metadata"]["component"]
    assert _properties(model)["tiergate:waiver"] == ["E03: the audit is booked, by Ada, unsigned"]


def test_whose_signature_stands_on_a_waiver_is_said() -> None:
    source = a_source(waivers=[WAIVER], tier=Tier.T1)
    (waiver,) = source.decision.waivers
    signed = waiver.model_copy(update={"signed_by": "Bea as legal"})
    decision = source.decision.model_copy(update={"waivers": (signed,)})
    model = _bill(dataclasses.replace(source, decision=decision))["metadata"]["component"]

    assert _properties(model)["tiergate:waiver"] == [
        "E03: the audit is booked, by Ada, signed by Bea as legal"
    ]


def test_measurements_have_counts_bounds_and_the_limits_they_were_held_against() -> None:
    card = _bill(a_source())["metadata"]["component"]["modelCard"]
    (metric,) = {
        m["value"]: m
        for m in card["quantitativeAnalysis"]["performanceMetrics"]
        if m["type"] == "cyber.end_to_end_exploits"
    }.values()

    assert metric["value"] == "200 of 410"
    low, high = metric["confidenceInterval"].values()
    assert float(low) < 200 / 410 < float(high)
    assert "at T" in metric["slice"]
    assert "e" not in (low + high).lower()


def test_quantities_say_that_their_value_is_in_the_bounds() -> None:
    card = _bill(an_open_source())["metadata"]["component"]["modelCard"]
    values = {m["value"] for m in card["quantitativeAnalysis"]["performanceMetrics"]}

    assert any(value.startswith("quantity") and "see the bounds" in value for value in values)


def test_what_was_not_assessed_is_said() -> None:
    source = a_source()
    model = _bill(source)["metadata"]["component"]
    limits = model["modelCard"]["considerations"]["technicalLimitations"]

    assert source.decision.not_assessed
    for words in source.decision.not_assessed:
        assert f"Not assessed: {words}" in limits
    assert _properties(model)["tiergate:not-assessed"] == list(source.decision.not_assessed)


def test_evidence_that_is_gone_is_said() -> None:
    bill = _bill(a_source())

    assert _properties(bill["metadata"]["component"])["tiergate:evidence:gone"] == [GONE]


def test_what_is_unknown_is_said_and_not_left_empty() -> None:
    bill = _bill(a_poor_source())
    model = bill["metadata"]["component"]
    found, card = _properties(model), model["modelCard"]

    assert found["tiergate:checkpoint:weights-digest"] == ["not computed"]
    assert found["tiergate:decision:standing"] == ["unsigned"]
    assert model["version"] == ROOT
    assert "licenses" not in model
    assert model["pedigree"]["notes"].startswith("Base models: not known")
    assert _properties(card)["tiergate:parameters"][0].startswith("not known")
    assert _properties(card)["tiergate:measurements"] == ["none was used by the decision"]
    assert "quantitativeAnalysis" not in card
    affirmed = bill["declarations"]["affirmation"]
    assert affirmed == {"statement": "Nobody signed this decision. Approvals were not looked at."}
    assert bill["declarations"]["assessors"][0]["organization"]["name"] == "not known: unsigned"


def test_a_model_whose_headers_or_base_are_not_known_says_so() -> None:
    facts = dataclasses.replace(FACTS, parameter_count=0, base_models=(), weights_formats=())
    model = _bill(a_source(facts=facts))["metadata"]["component"]

    assert "none is declared" in model["pedigree"]["notes"]
    assert _properties(model["modelCard"])["tiergate:parameters"] == [
        "not known: no header could be read"
    ]
    assert _properties(model["modelCard"])["tiergate:weights-formats"] == ["none"]


def test_base_models_are_ancestors_as_declared() -> None:
    model = _bill(a_source())["metadata"]["component"]

    assert [a["name"] for a in model["pedigree"]["ancestors"]] == ["acme/base"]
    assert "nothing here verifies it" in model["pedigree"]["notes"]


def test_who_signed_and_approved_is_named_only_when_it_was_verified() -> None:
    verified = _bill(a_source())["declarations"]["affirmation"]
    unverified = _bill(a_source(standing=Standing.NOT_VERIFIED, signers=(), approvals=None))[
        "declarations"
    ]["affirmation"]
    unapproved = _bill(a_source(approvals=()))["declarations"]["affirmation"]

    assert [(s["name"], s["role"]) for s in verified["signatories"]] == [
        ("Ada", "release owner, signed the record"),
        ("Bea", "legal, approved the release"),
    ]
    assert "signatories" not in unverified
    assert "they were not verified here" in unverified["statement"]
    assert "No approval of it stands" in unapproved["statement"]


def test_the_coverage_table_is_what_bills_hold() -> None:
    rich, poor = _bill(an_open_source()), _bill(a_poor_source())

    for element in ELEMENTS:
        in_rich, in_poor = is_filled(rich, element), is_filled(poor, element)
        expected = {
            Filling.ALWAYS: (True, True),
            Filling.WHEN_KNOWN: (True, False),
            Filling.NEVER: (False, False),
        }
        assert (in_rich, in_poor) == expected[element.filling], element.code
    assert len({element.code for element in ELEMENTS}) == len(ELEMENTS) == 50


def test_every_bill_names_the_elements_that_it_does_not_fill() -> None:
    bill = _bill(a_poor_source())
    named = _properties(bill)["tiergate:g7:not-filled"]

    assert [words.partition(" ")[0] for words in named] == [e.code for e in missing_from(bill)]
    assert any(words.startswith("KPI-01 ") for words in named)
