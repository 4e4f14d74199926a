# SPDX-License-Identifier: Apache-2.0
"""Baselines beside a model's log, what it adds to them, and threat records that say so."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from cli_fixtures import MAPPING, a_folder
from cli_runner import Run, run
from logs.inspect_logs import a_header, samples, write_eval
from tiergate.evidence.store import FOLDER_NAME
from tiergate.model.checkpoint import identify

_NUMBER = "status: 'default, adjustable', basis: a test"
POLICY = f"""\
format: tiergate-policy/1
id: added
version: 0.1.0
title: Rare, or there already
summary: For tests.
as_of: 2026-11-23
confidence: 0.95
waivers: {{highest_tier: T0, longest: {{value: 90, unit: days, {_NUMBER}}}}}
tiers:
- id: T0
  name: Withheld
  access: nobody
  requirements: [FILES]
  evidence:
    minimum_grades: {{}}
    longest_age: {{value: 36500, unit: days, {_NUMBER}}}
  approvals: {{text: the owner, roles: [owner]}}
  expiry: {{days: {{value: 90, unit: days, {_NUMBER}}}}}
  clauses: [TEST]
- id: T1
  name: Open
  access: anybody
  requirements: [RARE]
  evidence:
    minimum_grades: {{}}
    longest_age: {{value: 36500, unit: days, {_NUMBER}}}
  approvals: {{text: the owner, roles: [owner]}}
  expiry: {{days: {{value: 90, unit: days, {_NUMBER}}}}}
  clauses: [TEST]
requirements:
  FILES:
    title: No code
    asks: Loading runs no code.
    clauses: [TEST]
    requires: {{loads_without_code: true}}
  RARE:
    title: Rare, or there already
    asks: Exploits are rare, or as frequent as in what anyone can download.
    clauses: [TEST]
    requires:
      any:
      - limit:
          metric: cyber.exploits
          variant: as released
          below: {{value: 0.10, {_NUMBER}}}
      - marginal:
          metrics: [cyber.exploits]
          variant: as released
          at_most: {{value: 0.05, {_NUMBER}}}
"""
LONG_AGO = "2020-01-31"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A model and a public one, with a log of each over the same 120 sums."""
    for name, folder in (("own", "own"), ("public", "public")):
        path = a_folder(tmp_path / folder)
        (path / "README.md").write_text(f"---\nlicense: mit\n---\n# {name}\n")
    (tmp_path / "mapping.yaml").write_text(
        MAPPING.replace(
            "grader_kind: model",
            "grader_kind: exact answer, effort: static attack set, access: white box, "
            "coverage: proxy",
        )
    )
    (tmp_path / "policy.yaml").write_text(POLICY)
    a_log(tmp_path / "own.eval", tmp_path / "own", 30)
    a_log(tmp_path / "public.eval", tmp_path / "public", 30)
    baselines(tmp_path, {"log": "public.eval", "model": "public"})
    return tmp_path


def a_log(path: Path, model: Path, solved: int, **header: object) -> Path:
    metadata = {"tiergate_root_digest": identify(model).root_digest}
    values = [1] * solved + [0] * (120 - solved)
    return write_eval(path, samples(*values), a_header(120, eval__metadata=metadata, **header))


def baselines(folder: Path, *entries: dict[str, object]) -> Path:
    path = folder / "baselines.yaml"
    content = {
        "format": "tiergate-baselines/1",
        "baselines": [{"downloadable_since": LONG_AGO, **entry} for entry in entries],
    }
    path.write_text(yaml.safe_dump(content))
    return path


def add(folder: Path, *more: object) -> Run:
    return run(
        *("evidence", "add", folder / "own.eval", "--model", folder / "own"),
        *("--mapping", folder / "mapping.yaml", "--relation", "independent", *more),
    )


def check(folder: Path) -> Run:
    return run("check", folder / "own", "--policy", folder / "policy.yaml", "--tier", "T1")


def test_that_it_adds_little_to_what_is_out_changes_a_decision(folder: Path) -> None:
    add(folder)
    before = check(folder)
    added = add(folder, "--baselines", folder / "baselines.yaml")
    after = check(folder)

    assert (3, 0, 0) == (before.code, added.code, after.code), added.err
    assert "T1 Open is met" in after.flat
    words = run(
        "explain", folder / "own", "RARE", "--policy", folder / "policy.yaml", "--tier", "T1"
    ).flat
    assert "at most 5 points over the best downloadable baseline" in words


def test_the_log_of_a_baseline_is_kept_for_a_recount(folder: Path) -> None:
    add(folder, "--baselines", folder / "baselines.yaml")

    assert 2 == len(list((folder / "own" / FOLDER_NAME / "sources").iterdir()))


def test_a_view_says_what_it_adds_in_a_sentence(folder: Path) -> None:
    add(folder, "--baselines", folder / "baselines.yaml")

    shown = run("landscape", "marginal", folder / "own" / FOLDER_NAME)

    assert 0 == shown.code
    assert "30 of 120 against 30 of 120" in shown.flat
    assert "It adds no more than 5 points." in shown.flat
    assert "every one adds no more than 5 points, at 95.0 %" in shown.flat


SAID: dict[str, tuple[int, str, str, str]] = {
    "it does far more": (90, "0.05", "It adds more than 5 points.", "was not shown"),
    "it does more": (
        39,
        "0.05",
        "It adds something; that it is no more than 5 points was not shown.",
        "was not shown",
    ),
    "a margin that the sample cannot show": (
        30,
        "0.01",
        "No difference was shown, which is not equivalence: up to",
        "no more than 1 point was not shown",
    ),
}


@pytest.mark.parametrize("case", SAID)
def test_no_difference_shown_is_never_called_equivalence(case: str, folder: Path) -> None:
    solved, margin, sentence, together = SAID[case]
    a_log(folder / "own.eval", folder / "own", solved)
    add(folder, "--baselines", folder / "baselines.yaml")

    shown = run("landscape", "marginal", folder / "own" / FOLDER_NAME, "--margin", margin)

    assert sentence in shown.flat
    assert together in shown.flat


def test_a_view_for_programs_has_counts_pairs_and_bounds(folder: Path) -> None:
    add(folder, "--baselines", folder / "baselines.yaml")

    shown = run("landscape", "marginal", folder / "own" / FOLDER_NAME, "--json").json

    (metric,) = shown["metrics"]
    (row,) = metric["rows"]
    assert (0, 0, 120) == (row["model_alone"], row["baseline_alone"], row["alike"])
    assert ["0.000000", "0.000000"] == row["bootstrap"]
    assert shown["all_within"]
    assert metric["on_its_own"]


def test_a_baseline_that_nobody_dates_supports_nothing_and_says_so(folder: Path) -> None:
    path = baselines(folder, {"log": "public.eval", "model": "public", "downloadable_since": None})
    add(folder, "--baselines", path)

    shown = run("landscape", "marginal", folder / "own" / FOLDER_NAME)

    assert "Undetermined: the comparison can support nothing." in shown.flat
    assert "The baseline cannot be downloaded; nobody says since when" in shown.flat
    assert 3 == check(folder).code


def test_one_metric_of_two_is_named_with_a_correction(folder: Path) -> None:
    both = (folder / "mapping.yaml").read_text()
    entry = both.partition("entries:\n")[2]
    other = entry.replace("cyber.exploits", "cyber.failures").replace(
        "{at_least: 0.5}", "{at_most: 0.5}"
    )
    (folder / "mapping.yaml").write_text(both + other)
    a_log(folder / "own.eval", folder / "own", 5)
    add(folder, "--baselines", folder / "baselines.yaml")

    shown = run("landscape", "marginal", folder / "own" / FOLDER_NAME)

    assert "That every one of 2 metrics adds no more than 5 points was not shown" in shown.flat
    assert "corrected for having been picked out of 2: cyber.exploits (as released)" in shown.flat


def test_without_any_baseline_what_it_adds_is_undetermined(folder: Path) -> None:
    add(folder)

    shown = run("landscape", "marginal", folder / "own" / FOLDER_NAME)

    assert "Nothing is compared with a baseline" in shown.flat


def test_a_document_alone_can_be_looked_at(folder: Path) -> None:
    add(folder, "--baselines", folder / "baselines.yaml")
    (document,) = (folder / "own" / FOLDER_NAME / "documents").iterdir()

    assert "It adds no more than 5 points." in run("landscape", "marginal", document).flat


def test_evidence_that_is_gone_is_said(folder: Path) -> None:
    add(folder, "--baselines", folder / "baselines.yaml")
    add(folder)
    store = folder / "own" / FOLDER_NAME
    kept = [p for p in (store / "documents").iterdir() if b'"paired"' not in p.read_bytes()]
    kept[0].unlink()

    shown = run("landscape", "marginal", store)

    assert "Registered and gone: sha256:" in shown.flat
    assert "was not shown" in shown.flat


@pytest.mark.parametrize(
    ("option", "value"), [("--margin", "5"), ("--margin", "x"), ("--confidence", "1")]
)
def test_a_margin_is_a_share(option: str, value: str, folder: Path) -> None:
    done = run("landscape", "marginal", folder / "own", option, value)

    assert 4 == done.code
    assert "a share above 0 and below 1" in done.err


REFUSED: dict[str, tuple[dict[str, object], str]] = {
    "a log of another model": ({"log": "public.eval", "model": "own"}, "a run of sha256:"),
    "the model itself": ({"log": "own.eval"}, "the model's own log"),
    "files and a digest": (
        {"log": "public.eval", "model": "public", "digest": f"sha256:{'0' * 64}"},
        "give either the model or its digest",
    ),
    "no log": ({"log": "none.eval"}, "none.eval"),
    "a day that is none": (
        {"log": "public.eval", "downloadable_since": "last year"},
        "is no day, as in 2026-11-23",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_baseline_that_is_none_is_refused(case: str, folder: Path) -> None:
    entry, reason = REFUSED[case]

    done = add(folder, "--baselines", baselines(folder, entry))

    assert 4 == done.code
    assert reason in done.err
    assert not (folder / "own" / FOLDER_NAME).exists()


def test_a_baseline_in_another_harness_is_refused(folder: Path) -> None:
    a_log(folder / "public.eval", folder / "public", 30, eval__task_version=7)

    done = add(folder, "--baselines", folder / "baselines.yaml")

    assert 4 == done.code
    assert "another harness: the task differs" in done.err


def test_a_document_takes_no_baselines(folder: Path) -> None:
    add(folder, "--baselines", folder / "baselines.yaml")
    (document,) = (folder / "own" / FOLDER_NAME / "documents").iterdir()

    done = run(
        *("evidence", "add", document, "--model", folder / "own"),
        *("--baselines", folder / "baselines.yaml"),
    )

    assert 4 == done.code
    assert "--baselines" in done.err


def test_the_report_draws_differences_with_their_margins(folder: Path) -> None:
    add(folder, "--baselines", folder / "baselines.yaml")

    run(
        *("report", folder / "own", "--policy", folder / "policy.yaml", "--tier", "T1"),
        *("--output", folder / "report.html"),
    )

    page = (folder / "report.html").read_text()
    assert "What it adds to what can be downloaded" in page
    assert "adds no more than 5 points" in page
    assert 'id="marginal-specification"' in page


# ---------------------------------------------------------------------------- threat records


def record(folder: Path, **changes: object) -> Path:
    path = folder / "threats.yaml"
    scenario = {
        "id": "S1",
        "domain": "cyber",
        "title": "Sums at scale",
        "threat_identification": "Somebody sums what nobody should.",
        "existing_risk": "Calculators are everywhere.",
        "existing_defences": "Nobody needs the sums.",
        "marginal_risk": {"says": "30 of 120, as in public models.", "measurements": []},
        "ease_of_defence": "Easy: change the sums.",
        "uncertainty_and_assumptions": "Sums stand for worse.",
    }
    content = {
        "format": "tiergate-threat-record/1",
        "subject": "own",
        "author": "Ada Example",
        "as_of": "2026-11-23",
        "scenarios": [{**scenario, **changes}],
    }
    path.write_text(yaml.safe_dump(content))
    return path


def test_an_empty_record_is_written_once_and_has_mistakes_until_it_is_filled_in(
    folder: Path,
) -> None:
    path = folder / "empty.yaml"

    written = run("landscape", "threat-record", path, "--init")
    checked = run("landscape", "threat-record", path)
    again = run("landscape", "threat-record", path, "--init")

    assert (0, 4, 4) == (written.code, checked.code, again.code)
    for field in ("subject", "title", "existing_risk", "marginal_risk.says", "ease_of_defence"):
        assert field in checked.err


def test_a_record_whose_numbers_are_somebodys_word_says_so(folder: Path) -> None:
    done = run("landscape", "threat-record", record(folder))

    assert 0 == done.code
    assert "no measurement behind it: its numbers are somebody's word" in done.flat
    assert "Numbers that do not come from measurements: S1." in done.flat
    assert "No scenario: cbrn, loss_of_control, manipulation." in done.flat
    assert "opens nothing by existing" in done.flat


def measured(folder: Path) -> tuple[Path, str]:
    add(folder, "--baselines", folder / "baselines.yaml")
    store = folder / "own" / FOLDER_NAME
    rows = run("landscape", "marginal", store, "--json").json["metrics"][0]["rows"]
    return store, rows[0]["measurement"]


def test_a_record_is_joined_with_the_measurements_that_it_names(folder: Path) -> None:
    store, name = measured(folder)
    path = record(folder, marginal_risk={"says": "Nothing much.", "measurements": [name]})

    alone = run("landscape", "threat-record", path)
    joined = run("landscape", "threat-record", path, "--evidence", store)
    shown = run("landscape", "threat-record", path, "--evidence", store, "--json").json

    assert "names measurements; give --evidence to see them" in alone.flat
    assert "It adds no more than 5 points." in joined.flat
    assert (1, [], True) == (
        shown["scenarios"][0]["usable"],
        shown["not_measured"],
        shown["scenarios"][0]["is_measured"],
    )


def test_measurements_that_are_not_there_are_a_mistake(folder: Path) -> None:
    store, _ = measured(folder)
    names = [f"sha256:{'0' * 64}#m{at}" for at in (0, 1)]
    path = record(folder, marginal_risk={"says": "Nothing much.", "measurements": names})

    done = run("landscape", "threat-record", path, "--evidence", store)

    assert 4 == done.code
    assert all(name in done.err for name in names)


def test_a_record_is_given_as_evidence_and_says_what_was_not_measured(folder: Path) -> None:
    claims = folder / "claims.yaml"
    made = run("landscape", "threat-record", record(folder), "--claim", claims)
    filed = run(
        *("evidence", "claim", "--file", claims, "--model", folder / "own"),
        *("--policy", "default", "--json"),
    )

    (claim,) = yaml.safe_load(claims.read_text())["claims"]
    assert (0, 0) == (made.code, filed.code), filed.err
    assert "S1: (no measurement behind it) 30 of 120" in claim["fields"]["marginal_risk_evidence"]
    assert "S1" == claim["fields"]["not_measured"]
    assert claim["fields"]["record"].startswith("sha256:")


def test_what_a_claim_has_no_room_for_stands_in_the_record(folder: Path) -> None:
    store, name = measured(folder)
    path = record(
        folder,
        existing_risk="word " * 2000,
        marginal_risk={"says": "Little.", "measurements": [name]},
    )
    claims = folder / "claims.yaml"

    run("landscape", "threat-record", path, "--evidence", store, "--claim", claims)

    (claim,) = yaml.safe_load(claims.read_text())["claims"]
    assert claim["fields"]["existing_risk"].endswith("(in full in the record)")
    assert 4000 >= len(claim["fields"]["existing_risk"])
    assert f"Little. [{name}]" in claim["fields"]["marginal_risk_evidence"]
    assert "none" == claim["fields"]["not_measured"]


def test_a_record_without_scenarios_or_with_one_twice_is_refused(folder: Path) -> None:
    path = record(folder)
    content = yaml.safe_load(path.read_text())
    twice = [*content["scenarios"], *yaml.safe_load(path.read_text())["scenarios"]]
    alternatives = {"without any scenario": [], "scenarios named twice: S1": twice}
    for reason, scenarios in alternatives.items():
        path.write_text(yaml.safe_dump({**content, "scenarios": scenarios}))

        done = run("landscape", "threat-record", path)

        assert 4 == done.code
        assert reason in done.err


def test_a_record_of_every_domain_lacks_none(folder: Path) -> None:
    path = record(folder)
    content = yaml.safe_load(path.read_text())
    (scenario,) = content["scenarios"]
    content["scenarios"] = [
        {**scenario, "id": domain, "domain": domain}
        for domain in ("cbrn", "cyber", "loss_of_control", "manipulation")
    ]
    path.write_text(yaml.safe_dump(content).replace("id: loss_of_control", "id: loss"))

    assert "No scenario" not in run("landscape", "threat-record", path).flat
