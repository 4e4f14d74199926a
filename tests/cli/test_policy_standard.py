# SPDX-License-Identifier: Apache-2.0
"""``tiergate policy`` as a standard-setter uses it: extend, trace, begin, and test by cases."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from cli_fixtures import a_folder, policy
from cli_runner import run

LOOSE = """\
format: tiergate-policy/1
id: loose
version: 0.1.0
extends: standard.yaml
unsafe_loosens: true
unsafe_reason: a pilot
title: A looser standard
summary: For tests.
as_of: 2026-11-23
tiers:
- id: T1
  holds: []
"""
MORE = """\
format: tiergate-policy/1
id: ours
version: 0.1.0
extends: default
title: Ours
summary: For tests.
as_of: 2026-11-23
requirements:
  MORE: {title: More, asks: More., clauses: [X-1], requires: {claim: {item: MORE}}}
tiers:
- id: T4
  requirements: [MORE]
"""
OWN = """\
format: tiergate-obligations/1
group: Ruritania
as_of: 2026-11-23
documents:
  act: {name: AI Act, place: Ruritania, standing: law, url: "https://example.org", date: 2026-05}
obligations:
- id: RU-1
  document: act
  clause: Art. 1
  asks: Say what it took.
  applies_to: all
  read_as: secondary
  note: It is new.
"""


@pytest.fixture
def standard(tmp_path: Path) -> Path:
    return policy(tmp_path / "standard.yaml")


@pytest.fixture
def loose(standard: Path) -> Path:
    path = standard.parent / "loose.yaml"
    path.write_text(LOOSE)
    return path


def schema(name: str) -> dict[str, object]:
    found = json.loads(run("schema", name).out)
    assert isinstance(found, dict)
    return found


def test_what_a_policy_loosens_is_shown_wherever_it_decides(loose: Path, tmp_path: Path) -> None:
    model = a_folder(tmp_path / "model")
    words = "does not keep the hold of 30 days there (small 0.1.0)"

    shown = run("policy", "show", loose)
    checked = run("check", model, "--policy", loose)
    quiet = run("check", model, "--policy", loose, "--quiet")
    report = tmp_path / "report.html"
    reported = run("report", model, "--policy", loose, "--output", report)

    assert "UNSAFE: LOOSER THAN THE POLICY THAT IT EXTENDS" in shown.out
    assert words in shown.flat
    assert "why, says loose 0.1.0: a pilot" in shown.flat
    assert "extends small 0.1.0" in shown.flat
    assert "UNSAFE: THE POLICY IS LOOSER THAN THE ONE THAT IT EXTENDS" in checked.out
    assert words in checked.flat
    assert "Policy loosened in 1 place." in quiet.out
    assert report.exists(), reported.err
    assert words in report.read_text()


def test_what_a_policy_loosens_stands_in_the_decision_and_in_no_other(
    loose: Path, standard: Path, tmp_path: Path
) -> None:
    model = a_folder(tmp_path / "model")

    decision = run("check", model, "--policy", loose, "--json").json["decision"]
    other = run("check", model, "--policy", standard, "--json").json["decision"]

    assert [
        {
            "policy": "loose 0.1.0",
            "field": "tiers.T1.holds",
            "what": "does not keep the hold of 30 days there (small 0.1.0)",
            "reason": "a pilot",
        }
    ] == decision["loosenings"]
    assert "loosenings" not in other


def test_a_record_says_what_its_policy_loosened_and_can_be_computed_again(
    loose: Path, tmp_path: Path
) -> None:
    model = a_folder(tmp_path / "model")
    key = tmp_path / "a.key"
    assert run("keys", "generate", key, "--unsafe-no-passphrase").code == 0
    decision = tmp_path / "decision.json"
    decision.write_text(run("check", model, "--policy", loose, "--json").out)
    record = tmp_path / "record.json"
    signed = run("sign", decision, "--key", key, "--output", record)

    again = run("replay", record, "--policy", loose)

    assert signed.code == 0, signed.err
    assert again.code == 0, again.err
    assert "loosened" in again.out
    assert "does not keep the hold" in again.flat


def test_what_a_policy_loosens_goes_into_every_export(loose: Path, tmp_path: Path) -> None:
    model = a_folder(tmp_path / "model")
    decision = tmp_path / "decision.json"
    decision.write_text(run("check", model, "--policy", loose, "--json").out)
    words = "does not keep the hold of 30 days there (small 0.1.0)"

    bom, oscal = run("export", "bom", decision), run("export", "oscal", decision)
    card = run("export", "card", decision)

    assert (0, 0, 0) == (bom.code, oscal.code, card.code), bom.err + oscal.err + card.err
    assert "tiergate:policy:loosened" in bom.out
    assert words in bom.out
    assert f"Policy loosened: tiers.T1.holds: {words}" in oscal.out
    assert "policy_loosened" in card.out


def test_an_extension_that_is_looser_without_saying_so_ends_with_4(loose: Path) -> None:
    loose.write_text(LOOSE.replace("unsafe_loosens: true\nunsafe_reason: a pilot\n", ""))

    done = run("policy", "validate", loose)

    assert done.code == 4
    assert f"{loose}:10: tiers.T1.holds: asks for less than small 0.1.0" in done.err


def test_what_a_fast_path_goes_past_is_a_warning_and_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "ours.yaml"
    path.write_text(MORE)

    done = run("policy", "validate", path)
    document = run("policy", "validate", path, "--json").json

    jsonschema.validate(document, schema("problems"))
    assert 0 == done.code
    assert f"warning: {path}:12: tiers.T4.requirements." in done.out
    assert "MORE is not asked for on the fast path of T5 and T6; list it there" in done.out
    assert ([], [12]) == (document["problems"], [row["line"] for row in document["warnings"]])


def test_a_band_is_shown_with_the_metrics_that_it_reads() -> None:
    shown = run("policy", "show", "default").out
    page = run("policy", "show", "default", "--markdown").out

    assert "        reads cyber.end_to_end_exploits, cyber.range_steps" in shown
    assert "- cyber offence B1 reads cyber.end_to_end_exploits, cyber.range_steps" in page


def test_the_list_says_what_extends_what_and_what_is_loosened() -> None:
    listed = run("policy", "list")
    rows = {row["id"]: row for row in run("policy", "list", "--json").json["policies"]}

    assert "extends default" in listed.flat
    assert "UNSAFE: looser in" in listed.flat
    assert rows["permissive"]["loosenings"]
    assert rows["image"]["extends"][0].startswith("default ")
    assert [] == rows["default"]["loosenings"]


@pytest.mark.parametrize("name", ["default", "intake", "california-sb53", "permissive"])
def test_every_kind_of_pack_can_decide_and_be_shown(name: str, tmp_path: Path) -> None:
    model = a_folder(tmp_path / "model")

    done = run("check", model, "--policy", name)
    shown = run("policy", "show", name)

    assert done.code == 3, done.err
    assert shown.code == 0
    assert "REQUIREMENTS" in shown.out
    assert max(len(line) for line in shown.out.splitlines()) <= 80


def test_showing_has_tiers_as_columns_and_requirements_as_sentences(standard: Path) -> None:
    shown = run("policy", "show", standard).out

    assert "  T0 T1 T5\n" in shown
    assert "  x  x  x   E01  Compute ledger\n" in shown
    assert "  .  .  x   FILES  Files load without code\n" in shown
    assert "            Hand out no code.\n" in shown


def test_one_requirement_says_when_it_is_met_and_where_its_numbers_are_from() -> None:
    shown = run("policy", "show", "default", "--requirement", "E10").flat

    assert "is met when all of these: measured, as released" in shown
    assert "20 business days [published; EU code of practice, Appendix 3.4; https://" in shown
    assert "asked for at T4, T5, T6" in shown


def test_a_page_to_publish_marks_what_was_read_second_hand() -> None:
    page = run("policy", "show", "california-sb53", "--markdown").out

    assert page.startswith("# California, Transparency in Frontier")
    assert "What this pack cannot express:" in page
    assert "[read second-hand]" in page
    assert "SPDX" not in page


def test_tracing_all_that_ships_leaves_nothing_open() -> None:
    done = run("policy", "trace")
    document = run("policy", "trace", "--json").json

    jsonschema.validate(document, schema("trace"))
    assert done.code == 0
    assert "0 open. 0 dangling ids." in done.out
    assert ([], []) == (document["dangling"], document["unsettled"])
    assert max(len(line) for line in done.out.splitlines()) <= 80


def test_whatever_was_not_read_at_first_hand_is_printed_with_its_mark() -> None:
    document = run("policy", "trace", "--json").json
    printed = run("policy", "trace").flat

    for clause in document["clauses"]:
        if clause["read_as"] != "primary text":
            assert clause["mark"]
            assert clause["asks"].endswith(f"[{clause['mark']}]")
            assert clause["asks"] in printed


def test_tracing_one_policy_goes_both_ways(standard: Path) -> None:
    done = run("policy", "trace", standard)

    assert done.code == 0
    assert "requirement E01 Compute ledger EU-AIA-51-2 Take a model" in done.flat
    assert "answered by E01 (small)" in done.flat
    assert "EU-AIA-101" not in done.out


def test_a_clause_is_shown_with_its_source_and_what_answers_it() -> None:
    done = run("policy", "trace", "--clause", "EU-AIA-5-NCII-CSAM")
    other = run("policy", "trace", "--clause", "EU-AIA-101")

    assert "in force from 2026-12-02" in done.flat
    assert "[read second-hand]" in done.flat
    assert "E22, IMAGE (default, image, permissive, precautionary)" in done.flat
    assert "not a release requirement: a penalty" in other.flat


def test_a_clause_that_nobody_knows_is_suggested() -> None:
    done = run("policy", "trace", "--clause", "EU-AIA-511-2")

    assert done.code == 4
    assert "did you mean EU-AIA-51-2?" in done.err


def test_a_policy_that_names_a_clause_nobody_knows_is_not_traced(standard: Path) -> None:
    standard.write_text(standard.read_text().replace("EU-AIA-51-2", "RU-1"))

    done = run("policy", "trace", standard)
    document = run("policy", "trace", standard, "--json").json

    assert done.code == 1
    assert "NOBODY KNOWS THIS CLAUSE" in done.out
    assert ["RU-1"] == document["dangling"]


def test_clauses_of_ones_own_are_traced_from_a_file_beside_the_policy(standard: Path) -> None:
    standard.write_text(standard.read_text().replace("EU-AIA-51-2", "RU-1"))
    own = standard.parent / "ruritania.yaml"
    own.write_text(OWN)

    done = run("policy", "trace", standard, "--obligations", own)
    shown = run("policy", "trace", standard, "--obligations", own, "--clause", "RU-1")
    whole = run("policy", "trace", "--obligations", own)

    jsonschema.validate(run("policy", "trace", "--json").json, schema("trace"))
    assert done.code == 0, done.out
    assert "RU-1 Say what it took. [read second-hand]" in done.flat
    assert "It is new. [read second-hand]" in shown.flat
    assert whole.code == 1
    assert "NOTHING ANSWERS IT" in whole.out


NOWHERE = """\
- id: RU-2
  document: act
  clause: Art. 2
  asks: Ask a neighbour.
  applies_to: all
  read_as: primary text
- {id: RU-3, document: act, clause: Art. 3, asks: Pay., applies_to: all, read_as: secondary}
not_release_requirements:
- {id: RU-3, reason: a penalty}
"""


@pytest.fixture
def ruritania(standard: Path) -> Path:
    standard.write_text(standard.read_text().replace("EU-AIA-51-2", "RU-1"))
    path = standard.parent / "ruritania.yaml"
    path.write_text(OWN + NOWHERE)
    return path


def test_a_clause_of_ones_own_that_nothing_answers_is_listed_and_ends_with_1(
    standard: Path, ruritania: Path
) -> None:
    done = run("policy", "trace", standard, "--obligations", ruritania)
    document = run("policy", "trace", standard, "--obligations", ruritania, "--json").json

    assert (1, 1) == (done.code, document["exit_code"])
    assert "RU-2 Ask a neighbour. NOTHING ANSWERS IT, AND IT DOES NOT SAY WHY" in done.flat
    assert "RU-3 Pay. [read second-hand] not a release requirement: a penalty" in done.flat
    assert "1 not a release requirement, 1 open. 0 dangling ids." in done.flat
    assert "EU-AIA-101" not in done.out


def test_one_clause_alone_ends_with_what_became_of_it(standard: Path, ruritania: Path) -> None:
    words = ("policy", "trace", standard, "--obligations", ruritania, "--clause")

    assert [0, 1, 0] == [run(*words, name).code for name in ("RU-1", "RU-2", "RU-3")]
    assert "place: Ruritania" in run(*words, "RU-1").out
    assert ["RU-1"] == [row["id"] for row in run(*words, "RU-1", "--json").json["clauses"]]


def test_a_trace_can_be_kept_to_a_place_or_a_group(standard: Path, ruritania: Path) -> None:
    words = ("policy", "trace", standard, "--obligations", ruritania)

    own = run(*words, "--group", "ruritania")
    korean = run("policy", "trace", "--place", "Korea")
    two = run("policy", "trace", "default", "--place", "korea", "--place", "eu", "--json").json
    none = run("policy", "trace", "--place", "Korea", "--group", "Developers", "--json").json

    assert 1 == own.code
    assert "  requirement E01  Compute ledger\n      RU-1  " in own.out
    assert "EU-" not in own.out
    assert len(own.out.splitlines()) < 25
    assert "  Other jurisdictions and international bodies: Korea\n    KR-AIBA-32  " in korean.out
    assert {"Korea", "EU"} == {row["place"] for row in two["clauses"]}
    assert {"KR", "EU"} == {name[:2] for row in two["answers"] for name in row["clauses"]}
    assert [] == none["clauses"]


def test_a_place_that_no_clause_has_is_suggested() -> None:
    place = run("policy", "trace", "--place", "Corea")
    group = run("policy", "trace", "--group", "Nowhere")

    assert (4, 4) == (place.code, group.code)
    assert "no place of that name; did you mean Korea?" in place.err
    assert "no group of that name, expected one of Developers, European Union" in group.err


def test_a_clause_of_ones_own_cannot_take_the_place_of_a_known_one(tmp_path: Path) -> None:
    own = tmp_path / "own.yaml"
    own.write_text(OWN.replace("RU-1", "EU-AIA-51-2"))

    done = run("policy", "trace", "--obligations", own)

    assert done.code == 4
    assert "which is known already" in done.err


@pytest.mark.parametrize("extends", ["", "default", "intake", "permissive", "eu-gpai-code-safety"])
def test_a_starting_point_validates_as_it_is(extends: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    options = ("--extends", extends) if extends else ()

    written = run("policy", "init", *options, "--output", path)
    printed = run("policy", "init", *options)

    validated = run("policy", "validate", path)
    assert written.code == 0, written.err
    assert validated.code == 0, validated.err
    assert f":{10 if extends else 9}: summary: is the example of a draft" in validated.out
    assert f"requirements.OWN-{'REQUIREMENT' if extends else 'FILES'}: is the" in validated.out
    assert run("policy", "trace", path).code == (1 if extends else 0)
    assert path.read_text() == printed.out
    assert path.read_text().count("#") > 5


def test_a_starting_point_can_extend_a_file_of_ones_own(standard: Path) -> None:
    done = run("policy", "init", "--extends", standard, "--id", "ours")

    assert done.code == 0
    assert f"extends: {standard}" in done.out
    assert "id: ours" in done.out


def test_a_starting_point_names_the_file_that_it_extends_from_its_own_folder(
    standard: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(standard.parent)
    (standard.parent / "deep").mkdir()

    done = run("policy", "init", "--extends", standard.name, "--output", "deep/mine.yaml")

    assert done.code == 0, done.err
    assert "extends: ../standard.yaml" in Path("deep/mine.yaml").read_text()
    assert run("policy", "validate", "deep/mine.yaml").code == 0


def test_a_starting_point_is_never_written_over_anything(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("mine")

    assert run("policy", "init", "--output", path).code == 4
    assert path.read_text() == "mine"


def test_a_starting_point_needs_a_name_that_a_policy_can_have() -> None:
    assert run("policy", "init", "--id", "Not A Name").code == 4


CASES = """\
format: tiergate-policy-cases/1
policy: standard.yaml
at: 2026-11-23T12:00:00Z
cases:
- id: clean
  title: All is answered
  answered: T5
  expect: {supported: T5}
- id: contrary
  title: Somebody says that it is not so
  note: An invented case.
  claims:
  - {item: E01, holds: false, source: {url: "https://example.org", date: 2026, read_as: secondary}}
  measurements:
  - metric: cyber.exploits
    successes: 3
    trials: 9
    baseline: {successes: 1, trials: 9}
    assumed: invented
  - {metric: cyber.hours, lower: 1, upper: 2, unit: hours, assumed: invented}
  expect: {supported: T0, tiers: {T5: not met}}
"""


@pytest.fixture
def cases(standard: Path) -> Path:
    path = standard.parent / "cases.yaml"
    path.write_text(CASES)
    return path


def test_a_table_of_cases_is_decided_and_says_what_it_covers(cases: Path) -> None:
    done = run("policy", "test", cases, "--all")
    document = run("policy", "test", cases, "--json").json

    jsonschema.validate(document, schema("policy-test"))
    assert done.code == 0, done.out
    assert "2 cases, all as expected. Exit 0." in done.out
    assert "supports T0, T5 not met" in done.flat
    assert "An invented case." in done.flat
    assert (
        "claim E01, that it does not hold, by an evaluator: https://example.org, 2026" in done.flat
    )
    assert "read second-hand" in done.flat
    assert "cyber.exploits 3 of 9, baseline 1 of 9, by an evaluator: ASSUMED, invented" in done.flat
    assert "cyber.hours 1 to 2 hours" in done.flat
    assert "ASSUMED, all else that is asked up to T5" in done.flat
    assert "3 requirements, 1 met and not met" in done.out
    assert ["clean", "contrary"] == [case["id"] for case in document["cases"]]


def test_a_case_that_comes_out_otherwise_ends_with_1(cases: Path) -> None:
    cases.write_text(CASES.replace("expect: {supported: T5}", "expect: {supported: T1}"))

    done = run("policy", "test", cases)

    assert done.code == 1
    assert "DIFFERS clean" in done.flat
    assert "supports T5, T1 expected" in done.flat
    assert "1 not as expected. Exit 1." in done.flat


def test_a_table_can_be_held_against_another_policy(cases: Path, loose: Path) -> None:
    assert run("policy", "test", cases, "--policy", loose).code == 0


def test_a_table_with_a_mistake_ends_with_4_and_names_its_line(cases: Path) -> None:
    cases.write_text(CASES.replace("assumed: invented", "asumed: invented", 1))

    done = run("policy", "test", cases)

    assert done.code == 4
    assert f"{cases}:19: cases.1.measurements.0.asumed" in done.err


def test_the_schema_of_cases_and_obligations_takes_what_the_program_takes(
    cases: Path, tmp_path: Path
) -> None:
    from tiergate.decision import strict_yaml

    table, _, _ = strict_yaml.load(cases.read_bytes())
    own, _, _ = strict_yaml.load(OWN.encode())

    jsonschema.validate(table, schema("policy-cases"))
    jsonschema.validate(own, schema("obligations"))
