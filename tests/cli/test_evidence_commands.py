# SPDX-License-Identifier: Apache-2.0
"""``tiergate evidence``: from a log on disk to counted evidence in the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli_fixtures import a_folder, claim, policy
from cli_runner import run
from logs.inspect_logs import a_header, a_sample, samples, write_eval
from logs.lm_eval_logs import rows, some_results, write_run
from tiergate.model.checkpoint import identify


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return a_folder(tmp_path / "acme-1b")


@pytest.fixture
def standard(tmp_path: Path) -> Path:
    return policy(tmp_path / "standard.yaml")


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "mapping.yaml"
    path.write_text("""\
format: tiergate-mapping/1
entries:
- task: arithmetic
  scorer: match
  metric: cyber.exploits
  domain: cyber
  direction: higher is riskier
  success: {equals: [C]}
  success_means: an exploit from start to end
  elicitation: ten tries
  conduct: {effort: adaptive attack, access: white box, grader_kind: exact answer}
""")
    return path


def a_log(path: Path, *values: object, digest: str = "") -> Path:
    metadata = {"tiergate_root_digest": digest} if digest else {}
    header = a_header(len(values), eval__metadata=metadata)
    return write_eval(path, samples(*values), header)


def test_reading_a_log_counts_its_samples_and_says_what_is_odd(tmp_path: Path) -> None:
    log = write_eval(
        tmp_path / "run.eval", samples("C", "I", None), a_header(3, status="cancelled")
    )

    done = run("evidence", "read", log)

    assert done.code == 0
    assert done.out.index("FINDINGS") < done.out.index("COUNTED FROM SAMPLES")
    assert "cancelled" in done.out
    assert "3 of 3 attempts · 3 behaviours · 1 unscored" in done.flat
    assert "scores: C x 1, I x 1" in done.flat
    assert "No mapping given" in done.out


def test_reading_under_a_mapping_says_what_each_count_means(tmp_path: Path, mapping: Path) -> None:
    log = a_log(tmp_path / "run.eval", "C", "I", "I")

    done = run("evidence", "read", log, "--mapping", mapping)

    assert "cyber.exploits: 1 of 3 (an exploit from start to end), 3 behaviours" in done.flat


def test_what_the_mapping_does_not_name_is_said(tmp_path: Path, mapping: Path) -> None:
    log = a_log(tmp_path / "run.eval", "C")
    mapping.write_text(mapping.read_text().replace("task: arithmetic", "task: geometry"))

    done = run("evidence", "read", log, "--mapping", mapping)

    assert "unmapped: arithmetic / match" in done.out


def test_reading_as_json_holds_counts_and_measurements(tmp_path: Path, mapping: Path) -> None:
    log = a_log(tmp_path / "run.eval", "C", "I")

    found = run("evidence", "read", log, "--mapping", mapping, "--json").json

    assert found["format"] == "tiergate-log/1"
    assert found["series"][0]["values"] == {"C": 1, "I": 1}
    assert found["measurements"][0]["value"]["tallies"] == [
        {"successes": 0, "scored": 1, "unscored": 0, "behaviours": 1},
        {"successes": 1, "scored": 1, "unscored": 0, "behaviours": 1},
    ]


def test_a_log_that_names_the_digest_supports_a_tier(
    model: Path, mapping: Path, standard: Path, tmp_path: Path
) -> None:
    log = a_log(tmp_path / "run.eval", *["I"] * 400, digest=identify(model).root_digest)
    attack = "{name: a, attack_class: jailbreak, budget: {usd: 500}, controls: passed}"
    mapping.write_text(mapping.read_text() + f"  variant: worst case\n  attack: {attack}\n")
    claim(model, standard, "E01", "training_flop=1", made_at="2026-05-01")

    by = ("--organisation", "Institute", "--relation", "independent")
    added = run("evidence", "add", log, "--model", model, "--mapping", mapping, *by)
    done = run("check", model, "--policy", standard, "--tier", "T5", "--at", "2026-06-01")

    assert (0, 0) == (added.code, done.code)
    assert "tied by digest at load cyber.exploits 0 of 400 · worst case" in done.flat
    assert "NOTHING BLOCKS T5" in done.out


def test_a_clean_log_without_a_digest_supports_nothing_and_an_adverse_one_defeats(
    model: Path, mapping: Path, standard: Path, tmp_path: Path
) -> None:
    clean = a_log(tmp_path / "clean.eval", *["I"] * 400)
    run("evidence", "add", clean, "--model", model, "--mapping", mapping)
    before = run("explain", model, "CYBER", "--policy", standard, "--tier", "T5")

    adverse = a_log(tmp_path / "adverse.eval", *["C"] * 40)
    run("evidence", "add", adverse, "--model", model, "--mapping", mapping)
    after = run("explain", model, "CYBER", "--policy", standard, "--tier", "T5")

    assert (3, 1) == (before.code, after.code)
    assert "binding graded 0, 2 asked for (name: nothing shows which files ran)" in before.flat


def test_a_log_about_other_weights_is_refused_unless_their_relation_is_said(
    model: Path, mapping: Path, tmp_path: Path
) -> None:
    log = a_log(tmp_path / "run.eval", "I", digest=f"sha256:{'1' * 64}")
    add = ("evidence", "add", log, "--model", model, "--mapping", mapping)

    refused = run(*add)
    taken = run(*add, "--weights", "safeguards removed")

    assert (4, 0) == (refused.code, taken.code)
    assert not (model / ".tiergate/documents").exists() or taken.code == 0
    assert "say with --weights how the two relate" in refused.err


def test_the_log_itself_is_kept_for_a_recount(model: Path, mapping: Path, tmp_path: Path) -> None:
    log = a_log(tmp_path / "run.eval", "C", "I")

    run("evidence", "add", log, "--model", model, "--mapping", mapping)

    (kept,) = (model / ".tiergate/sources").iterdir()
    assert log.read_bytes() == kept.read_bytes()


def test_every_file_of_a_run_is_kept_for_a_recount(model: Path, tmp_path: Path) -> None:
    results = write_run(tmp_path / "out", {"sums": rows(1.0, 0.0)}, some_results())
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text("""\
format: tiergate-mapping/1
entries:
- task: sums
  metric: cyber.exploits
  domain: cyber
  direction: higher is riskier
  success: {at_least: 1}
  success_means: an exploit from start to end
""")

    done = run("evidence", "add", results, "--model", model, "--mapping", mapping)

    written = [p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file()]
    kept = [p.read_bytes() for p in (model / ".tiergate/sources").iterdir()]
    assert done.code == 0, done.err
    assert len(kept) == 2
    assert sorted(written) == sorted(kept)


def test_adding_evidence_does_not_change_the_checkpoint(
    model: Path, mapping: Path, tmp_path: Path
) -> None:
    before = identify(model).root_digest

    run(
        "evidence", "add", a_log(tmp_path / "run.eval", "C"),
        "--model", model, "--mapping", mapping,
    )  # fmt: skip

    assert before == identify(model).root_digest


def test_listing_shows_what_was_added_and_what_is_gone(model: Path, standard: Path) -> None:
    claim(model, standard, "E01", "training_flop=1")
    claim(model, standard, "E01", "training_flop=2")
    next((model / ".tiergate/documents").glob("*.json")).unlink()

    done = run("evidence", "list", "--model", model)

    assert "2 documents" in done.out
    assert done.out.count("MISSING") == 1


def test_listing_as_json_and_an_empty_store(model: Path) -> None:
    found = run("evidence", "list", "--model", model, "--json").json

    assert found["documents"] == []


def test_a_file_of_claims_is_filed_under_its_producer(
    model: Path, standard: Path, tmp_path: Path
) -> None:
    path = tmp_path / "claims.yaml"
    path.write_text("""\
format: tiergate-claims/1
producer: {name: Ada, organisation: Acme, relation: developer}
read_as: secondary
claims:
- item: E01
  holds: true
  statement: It took little.
  fields: {training_flop: 1000}
  made_at: 2026-11-01T00:00:00Z
""")

    done = run("evidence", "claim", "--file", path, "--model", model, "--policy", standard)

    assert done.code == 0
    assert "E01 · Ada (Acme) · added" in done.flat


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("claims/1", "claims/7"), "format"),
        (("holds: true", "holds: maybe"), "claims.0.holds"),
        (("claims:\n", "claims: [\n"), "no valid YAML"),
    ],
)
def test_a_file_of_claims_with_mistakes_names_them(
    change: tuple[str, str], message: str, model: Path, standard: Path, tmp_path: Path
) -> None:
    path = tmp_path / "claims.yaml"
    text = (
        "format: tiergate-claims/1\nproducer: {name: A, organisation: B, relation: developer}\n"
        "claims:\n- {item: E01, holds: true, statement: s, made_at: 2026-11-01T00:00:00Z}\n"
    )
    path.write_text(text.replace(*change))

    done = run("evidence", "claim", "--file", path, "--model", model, "--policy", standard)

    assert done.code == 4
    assert message in done.err


def test_a_claim_needs_an_item_or_a_file(model: Path) -> None:
    done = run("evidence", "claim", "--model", model)

    assert done.code == 2
    assert "give either ITEM or --file" in done.err


@pytest.mark.parametrize(
    ("fields", "message"), [(["flop"], "name=value"), (["a=1", "a=2"], "given twice")]
)
def test_claim_fields_are_names_with_values(
    fields: list[str], message: str, model: Path, standard: Path
) -> None:
    options = [word for field in fields for word in ("--field", field)]

    done = run("evidence", "claim", "E01", "--model", model, "--policy", standard, *options)

    assert done.code == 4
    assert message in done.err


def test_adding_a_document_twice_files_it_once(model: Path, mapping: Path, tmp_path: Path) -> None:
    log = a_log(tmp_path / "run.eval", "C")

    run("evidence", "add", log, "--model", model, "--mapping", mapping)
    again = run("evidence", "add", log, "--model", model, "--mapping", mapping, "--json")

    assert len(again.json["documents"]) == 1


def test_an_epoch_is_another_attempt_on_the_same_behaviour(tmp_path: Path, mapping: Path) -> None:
    kept = [a_sample(1, "C", epoch=1), a_sample(1, "I", epoch=2)]
    log = write_eval(tmp_path / "run.eval", kept, a_header(1, eval__config__epochs=2))

    done = run("evidence", "read", log, "--mapping", mapping)

    assert "cyber.exploits: 1 of 2 (an exploit from start to end), 1 behaviour" in done.flat
