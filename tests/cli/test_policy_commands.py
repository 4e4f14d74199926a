# SPDX-License-Identifier: Apache-2.0
"""``tiergate policy`` and ``tiergate schema``: standards that people can read and check."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from cli_fixtures import a_folder, claim, policy
from cli_runner import run
from tiergate.cli.commands.schema import DOCUMENTS


@pytest.fixture
def standard(tmp_path: Path) -> Path:
    return policy(tmp_path / "standard.yaml")


def test_showing_a_policy_prints_tiers_bands_and_where_numbers_come_from(standard: Path) -> None:
    done = run("policy", "show", standard)

    assert done.code == 0
    assert "T5 open" in done.out
    assert "B2 at most T1: 10 % or more exploits" in done.flat
    assert "0.1 [default, adjustable; a test]" in done.flat
    assert max(len(line) for line in done.out.splitlines()) <= 80


def test_showing_one_requirement_says_whether_it_may_be_waived(standard: Path) -> None:
    done = run("policy", "show", standard, "--requirement", "FILES")

    assert "Hand out no code." in done.out
    assert "cannot be waived" in done.out


def test_an_unknown_requirement_names_the_known_ones(standard: Path) -> None:
    done = run("policy", "show", standard, "--requirement", "E99")

    assert done.code == 4
    assert "CYBER, E01, FILES" in done.err


def test_showing_as_json_is_valid_under_the_published_schema(standard: Path) -> None:
    schema = json.loads(run("schema", "policy").out)

    jsonschema.validate(run("policy", "show", standard, "--json").json, schema)


def test_the_default_policy_is_listed_and_valid() -> None:
    listed = run("policy", "list", "--json").json["policies"]

    assert "default" in {row["id"] for row in listed}
    assert run("policy", "validate", "default").code == 0
    assert "default" in run("policy", "list").out


def test_validating_as_json_lists_every_mistake_with_its_line(standard: Path) -> None:
    standard.write_text(standard.read_text().replace("id: T5", "id: T9"))

    done = run("policy", "validate", standard, "--json")

    (problem,) = done.json["problems"]
    assert done.code == 4
    assert problem["field"] == "tiers.2.id"
    assert standard.read_text().splitlines()[problem["line"] - 1] == "- id: T9"


def test_validating_a_good_file_says_what_it_holds(standard: Path) -> None:
    done = run("policy", "validate", standard)

    assert (0, "small 0.1.0: a policy with 3 tiers and 3 requirements\n") == (done.code, done.out)
    assert run("policy", "validate", standard, "--json").json["problems"] == []


def test_validating_a_file_that_is_not_there_is_a_problem_too() -> None:
    done = run("policy", "validate", "defualt", "--json")

    assert done.code == 4
    assert "no such policy" in str(done.json["problems"])


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_document_has_a_schema_that_explains_each_field(document: str) -> None:
    schema = json.loads(run("schema", document).out)
    parts = [schema, *schema.get("$defs", {}).values()]

    jsonschema.Draft202012Validator.check_schema(schema)
    for part in parts:
        for name, field in part.get("properties", {}).items():
            described = "$ref" in field or field.get("description")
            assert described, f"{document}: {part.get('title')}.{name}"
        assert part.get("description") or "properties" not in part


def test_what_check_prints_as_json_is_valid_under_its_schema(
    standard: Path, tmp_path: Path
) -> None:
    model = a_folder(tmp_path / "model")
    claim(model, standard, "E01", "training_flop=1")
    outputs = {
        "check": run("check", model, "--policy", standard, "--json"),
        "explanation": run("explain", model, "--policy", standard, "--json"),
        "store": run("evidence", "list", "--model", model, "--json"),
        "policies": run("policy", "list", "--json"),
        "problems": run("policy", "validate", standard, "--json"),
    }

    for name, done in outputs.items():
        jsonschema.validate(done.json, json.loads(run("schema", name).out))


def test_json_output_holds_no_floating_point_number(standard: Path, tmp_path: Path) -> None:
    model = a_folder(tmp_path / "model")

    done = run("check", model, "--policy", standard, "--json")

    json.loads(done.out, parse_float=pytest.fail)
