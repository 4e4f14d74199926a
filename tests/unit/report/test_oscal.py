# SPDX-License-Identifier: Apache-2.0
"""A decision as OSCAL assessment results: valid, stable, and nothing satisfied without evidence."""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from builders_export import ADA, GONE, SOURCES, WAIVER, a_poor_source, a_source, oscal_problems
from tiergate.decision.outcome import Outcome
from tiergate.decision.tier import Tier
from tiergate.report.bom import to_bytes
from tiergate.report.export_source import ExportSource, digests_of, every_digest, judged
from tiergate.report.oscal import assessment_results

STATES = {
    Outcome.MET: ("satisfied", "pass"),
    Outcome.NOT_MET: ("not-satisfied", "fail"),
    Outcome.UNDETERMINED: ("not-satisfied", "other"),
}


def _results(source: ExportSource) -> Any:  # noqa: ANN401 - JSON
    return json.loads(to_bytes(assessment_results(source)))["assessment-results"]


def _props(part: Any, name: str) -> list[str]:  # noqa: ANN401 - JSON
    return [prop["value"] for prop in part["props"] if prop["name"] == name]


def _uuids(place: object) -> Iterator[str]:
    if isinstance(place, dict):
        if "uuid" in place:
            yield place["uuid"]
        for value in place.values():
            yield from _uuids(value)
    elif isinstance(place, list):
        for item in place:
            yield from _uuids(item)


@pytest.mark.parametrize("name", SOURCES)
def test_the_results_follow_the_schema(name: str) -> None:
    assert oscal_problems(to_bytes(assessment_results(SOURCES[name]()))) == []


def test_the_schema_sees_what_is_wrong() -> None:
    found = assessment_results(a_source())

    assert oscal_problems(to_bytes({"assessment-results": {**found, "uuid": "1"}}))


def test_identifiers_are_stable_of_version_five_and_there_once() -> None:
    one, two = (to_bytes(assessment_results(a_source())) for _ in range(2))
    found = list(_uuids(json.loads(one)))

    assert one == two
    assert len(found) == len(set(found))
    assert {uuid.UUID(value).version for value in found} == {5}
    assert not set(found) & set(_uuids(_results(a_source(digest=f"sha256:{'0' * 64}"))))


def test_every_requirement_is_a_finding_with_its_outcome_and_its_evidence() -> None:
    source = a_source()
    (result,) = _results(source)["results"]
    findings = {f["target"]["target-id"]: f for f in result["findings"]}
    titles = {o["uuid"]: o["title"] for o in result["observations"]}
    outcomes = set()

    for each in judged(source.decision):
        finding = findings.pop(each.key)
        outcomes.add(each.row.outcome)
        status = finding["target"]["status"]
        assert (status["state"], status["reason"]) == STATES[each.row.outcome]
        assert _props(finding, "outcome") == [each.row.outcome]
        related = [r["observation-uuid"] for r in finding.get("related-observations", [])]
        assert [titles[r] for r in related] == [f"Evidence {d}" for d in digests_of(each.row)]
    assert findings == {}
    assert outcomes == set(Outcome)


def test_what_is_met_by_a_waiver_alone_is_not_satisfied() -> None:
    (result,) = _results(a_source(waivers=[WAIVER], tier=Tier.T1))["results"]
    (finding,) = (f for f in result["findings"] if f["target"]["target-id"] == "T1.E03")

    assert finding["target"]["status"]["state"] == "not-satisfied"
    assert finding["target"]["status"]["reason"] == "other"
    assert _props(finding, "outcome") == ["met"]
    assert len(_props(finding, "waived")) == 1
    assert "Waiver of E03 until 2026-12-23T12:00:00Z: the audit is booked" in result["description"]


def test_every_document_of_evidence_is_observed_with_what_was_read_in_it() -> None:
    source = a_source()
    (result,) = _results(source)["results"]
    titles = [o["title"] for o in result["observations"]]

    assert titles == [f"Evidence {digest}" for digest in every_digest(source.decision)]
    assert any("200 of 410, bounds 0." in o["description"] for o in result["observations"])
    assert {tuple(o["methods"]) for o in result["observations"]} == {("TEST",), ("EXAMINE",)}


def test_what_was_not_assessed_and_what_is_gone_is_said() -> None:
    source = a_source()
    results = _results(source)
    (result,) = results["results"]

    for words in source.decision.not_assessed:
        assert f"Not assessed: {words}" in result["description"]
    assert f"Evidence that is gone: {GONE}" in result["description"]
    assert _props(results["metadata"], "not-assessed") == list(source.decision.not_assessed)


def test_a_poor_source_says_what_is_not_known() -> None:
    results = _results(a_poor_source())
    (result,) = results["results"]
    component = result["local-definitions"]["components"][0]

    assert _props(results["metadata"], "signatures") == ["unsigned"]
    assert _props(results["metadata"], "approvals") == ["not looked at"]
    assert "parties" not in results["metadata"]
    assert _props(component, "weights-digest") == ["not computed"]
    assert _props(component, "revision") == ["not known"]
    assert {f["target"]["status"]["state"] for f in result["findings"]} >= {"not-satisfied"}


def test_people_are_parties_with_their_roles() -> None:
    metadata = _results(a_source())["metadata"]
    names = {party["uuid"]: party["name"] for party in metadata["parties"]}

    assert sorted(names.values()) == ["Ada", "Bea"]
    assert {
        (row["role-id"], names[row["party-uuids"][0]], row["remarks"])
        for row in metadata["responsible-parties"]
    } == {
        ("release-owner", "Ada", "signed the record"),
        ("legal", "Bea", "approved the release"),
    }


def test_names_that_tokens_and_lines_cannot_hold_are_written_so_that_they_can() -> None:
    odd = dataclasses.replace(ADA, name=" A\nda ", role="7 of 9")
    data = to_bytes(assessment_results(a_source(signers=(odd,))))

    assert oscal_problems(data) == []
    metadata = json.loads(data)["assessment-results"]["metadata"]
    assert {"id": "_7-of-9", "title": "7 of 9"} in metadata["roles"]
    assert "A da" in {party["name"] for party in metadata["parties"]}
