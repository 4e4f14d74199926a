# SPDX-License-Identifier: Apache-2.0
"""Wrong input to the evidence commands: each is named by its option or path, with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli_fixtures import MAPPING, a_folder, evidence
from cli_runner import Run, run
from logs.inspect_logs import a_header, samples, write_eval
from tiergate.model.checkpoint import identify

LATER = "2999-01-01T00:00:00+00:00"
LONGEST_LINE = 80


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return a_folder(tmp_path / "acme-1b")


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "mapping.yaml"
    path.write_text(MAPPING)
    return path


def a_log(path: Path, model: Path, *values: object, **header: object) -> Path:
    metadata = {"tiergate_root_digest": identify(model).root_digest}
    return write_eval(
        path, samples(*values), a_header(len(values), eval__metadata=metadata, **header)
    )


def plan(model: Path, metric: object = "cyber.exploits", **options: object) -> Run:
    given = {"task": "arithmetic", "behaviours": 4, "model": model, **options}
    words = [word for name, value in given.items() for word in (f"--{name}", value)]
    return run("evidence", "plan", metric, *words, "--json")


NO_LIMIT = {
    "no number": "nan",
    "without end": "inf",
    "Arabic digits": "\u0660.\u0660\u0665",
    "full-width digits": "\uff10.\uff10\uff15",
    "an exponent": "5e-2",
    "two points": "0.0.5",
    "nothing": "0",
}


@pytest.mark.parametrize("words", NO_LIMIT.values(), ids=NO_LIMIT.keys())
def test_a_limit_that_is_no_share_is_a_usage_error(words: str) -> None:
    done = run("evidence", "limits", 100, "--limit", words)

    assert 2 == done.code
    assert "--limit" in done.err


NO_CONFIDENCE = {
    "a percentage": ("95", "95"),
    "no number": ("nan", "'nan'"),
    "without end": ("inf", "'inf'"),
    "Arabic digits": ("\u0660.95", "'\u0660.95'"),
    "a coin": ("0.5", "0.5"),
    "a certainty": ("1.0", "1.0"),
    "a point": (".", "'.'"),
}


@pytest.mark.parametrize(("words", "found"), NO_CONFIDENCE.values(), ids=NO_CONFIDENCE.keys())
def test_a_confidence_that_is_none_is_named_with_what_is_expected(words: str, found: str) -> None:
    done = run("evidence", "limits", 100, "--confidence", words)

    expected = "a share above 0.5 and below 1, as in 0.95"
    assert (4, f"error: --confidence: found {found}, expected {expected}.\n") == (
        done.code,
        done.err,
    )


@pytest.mark.parametrize(("words", "found"), [("25", "25"), ("25 %", "'25 %'"), ("nan", "'nan'")])
def test_accrue_names_the_limit_when_the_limit_is_wrong(
    words: str, found: str, model: Path, mapping: Path, tmp_path: Path
) -> None:
    log = a_log(tmp_path / "a.eval", model, 0)

    done = run("evidence", "accrue", log, "--mapping", mapping, "--limit", words)

    assert 4 == done.code
    assert f"--limit: found {found}, expected a share above 0 and below 1" in done.err


def test_a_limit_that_cannot_be_shown_is_said_within_the_screen() -> None:
    done = run("evidence", "limits", 10, "--limit", "0.000123456789")

    assert "CANNOT be shown, whatever is found; needs" in done.flat
    assert LONGEST_LINE >= max(len(line) for line in done.out.splitlines())


SHOWS_A_STORE = {
    "runs": ("runs",),
    "grades": ("grades",),
    "list": ("list",),
    "export": ("export", "out"),
}


@pytest.mark.parametrize("words", SHOWS_A_STORE.values(), ids=SHOWS_A_STORE.keys())
def test_a_model_that_is_not_there_is_no_empty_store(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    done = run("evidence", *words, "--model", tmp_path / "nowhere")

    assert (4, "") == (done.code, done.out)
    assert "nowhere: found no such file or folder, expected the checkpoint" in done.err
    assert "Check --model" in done.err


@pytest.mark.parametrize("words", SHOWS_A_STORE.values(), ids=SHOWS_A_STORE.keys())
@pytest.mark.parametrize("name", ["nothing", "acme-1b/config.json"])
def test_a_store_that_is_no_folder_is_no_empty_store(
    name: str, words: tuple[str, ...], model: Path, tmp_path: Path
) -> None:
    done = run("evidence", *words, "--model", model, "--store", tmp_path / name)

    assert (4, "") == (done.code, done.out)
    assert f"{name}: found no such folder, expected a folder of evidence. Check --store." in (
        done.err
    )


@pytest.mark.parametrize("command", ["runs", "grades", "list"])
def test_a_model_without_a_store_has_an_empty_one(command: str, model: Path) -> None:
    done = run("evidence", command, "--model", model)

    assert 0 == done.code
    assert ": 0 " in done.out


@pytest.mark.parametrize("words", SHOWS_A_STORE.values(), ids=SHOWS_A_STORE.keys())
def test_a_registered_document_that_is_gone_is_said(
    words: tuple[str, ...], model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    evidence(model, "cyber.exploits", successes=3, trials=400)
    before = run("evidence", *words, "--model", model)
    [document] = (model / ".tiergate/documents").iterdir()
    document.unlink()

    after = run("evidence", *words, "--model", model)

    assert "MISSING" not in before.out
    assert 0 == after.code
    assert "MISSING" in after.out
    assert document.stem[:12] in after.out


@pytest.mark.parametrize("command", ["runs", "grades"])
def test_a_document_that_is_gone_stands_in_the_json(command: str, model: Path) -> None:
    evidence(model, "cyber.exploits", successes=3, trials=400)
    [document] = (model / ".tiergate/documents").iterdir()
    document.unlink()

    found = run("evidence", command, "--model", model, "--json").json

    assert [f"sha256:{document.stem}"] == found["missing"]


def test_findings_of_each_log_stand_before_a_comparison(
    model: Path, mapping: Path, tmp_path: Path
) -> None:
    first = a_log(tmp_path / "a.eval", model, 0, 1)
    second = write_eval(tmp_path / "b.eval", samples(1, 1), a_header(2, eval__model="other/m"))

    words = ("evidence", "compare", first, second, "--mapping", mapping)
    shown, found = run(*words), run(*words, "--json").json

    [unbound] = [r for r in found["remarks"] if r["code"] == "no-digest"]
    differ = [r["message"] for r in found["remarks"] if r["code"] == "compared-differ"]
    digest = identify(model).root_digest
    assert unbound["message"].startswith("B: The log names no digest")
    assert "B no-digest: The log names no digest" in shown.flat
    assert ["The model names differ", "The weights digests differ"] == [
        message.partition(" (")[0] for message in differ
    ]
    assert f"{digest} against not stated" in differ[1]
    assert digest in shown.flat.partition("FINDINGS")[0]
    assert "model other/m no digest of its weights" in shown.flat
    assert ("", digest) == (
        found["second_binding"]["root_digest"],
        found["first_binding"]["root_digest"],
    )


def test_a_log_that_is_compared_with_itself_is_noticed(
    model: Path, mapping: Path, tmp_path: Path
) -> None:
    log = a_log(tmp_path / "a.eval", model, 0, 1)

    found = run("evidence", "compare", log, log, "--mapping", mapping, "--json").json

    assert ["same-log"] == [remark["code"] for remark in found["remarks"]]


def test_logs_without_a_behaviour_in_common_show_nothing_together(
    model: Path, mapping: Path, tmp_path: Path
) -> None:
    mapping.write_text(MAPPING + "  behaviour: '^(.+)$'\n")
    first = a_log(tmp_path / "a.eval", model, 0, 1)
    moved = [{**sample, "id": f"other-{n}"} for n, sample in enumerate(samples(0, 1))]
    metadata = {"tiergate_root_digest": identify(model).root_digest}
    second = write_eval(tmp_path / "b.eval", moved, a_header(2, eval__metadata=metadata))

    words = ("evidence", "compare", first, second, "--mapping", mapping)
    shown, found = run(*words), run(*words, "--json").json

    assert "no-shared-behaviours: cyber.exploits: no behaviour is in both" in shown.flat
    assert "success in A or B" not in shown.out
    assert [(0, "")] == [(part["shared"], part["any_success"]) for part in found["metrics"]]


WRONG_MAPPINGS = {
    "a folder": (".", "found a folder, expected a mapping file. Give the path of a mapping file."),
    "nothing": (
        "none.yaml",
        "none.yaml: found no such file, expected a mapping file. Give the path of a mapping file.",
    ),
    "a policy": (
        "policy.yaml",
        "found format 'tiergate-policy/1', expected 'tiergate-mapping/1'. Give a mapping file of",
    ),
}


@pytest.mark.parametrize("sentence", WRONG_MAPPINGS)
def test_a_mapping_that_is_none_is_named_by_its_path(
    sentence: str, model: Path, tmp_path: Path
) -> None:
    name, expected = WRONG_MAPPINGS[sentence]
    (tmp_path / "policy.yaml").write_text("format: tiergate-policy/1\nid: small\n")
    log = a_log(tmp_path / "a.eval", model, 0)

    done = run("evidence", "read", log, "--mapping", tmp_path / name)

    assert 4 == done.code
    assert done.err.startswith(f"error: {tmp_path / name}: found ")
    assert expected in done.err


def test_a_folder_given_for_labels_is_named_by_its_path(
    model: Path, mapping: Path, tmp_path: Path
) -> None:
    log = a_log(tmp_path / "a.eval", model, 0)

    done = run("evidence", "audit", log, "--mapping", mapping, "--labels", model)

    assert 4 == done.code
    assert f"{model}: found a folder, expected an audit file." in done.err


UNDECODABLE = "no text \udcff"
BAD_PLANS: dict[str, tuple[dict[str, object], str]] = {
    "a metric of two words": (
        {"metric": "Bad Metric"},
        "METRIC: found 'Bad Metric', expected <domain>.<name> in lower case, as in cyber.exploits.",
    ),
    "a metric that cannot be decoded": ({"metric": UNDECODABLE}, "METRIC: found 'no text"),
    "no task": ({"task": ""}, "--task: found 0 characters, expected 1 to 500."),
    "a task that cannot be decoded": ({"task": UNDECODABLE}, "--task: found 'no text"),
    "a plan that cannot be decoded": ({"plan": UNDECODABLE}, "--plan: found 'no text"),
    "a plan that is too long": ({"plan": "a" * 4001}, "--plan: found 4001 characters"),
}


@pytest.mark.parametrize("sentence", BAD_PLANS)
def test_a_plan_that_cannot_be_registered_is_refused_by_name(sentence: str, model: Path) -> None:
    options, expected = BAD_PLANS[sentence]

    done = plan(model, **options)

    assert 4 == done.code
    assert expected in done.err
    assert not (model / ".tiergate").exists()


@pytest.mark.parametrize("option", ["--by", "--seed"])
@pytest.mark.parametrize("words", [UNDECODABLE, "a" * 501], ids=["undecodable", "too long"])
def test_an_audit_refuses_words_that_no_file_can_hold(
    option: str, words: str, model: Path, mapping: Path, tmp_path: Path
) -> None:
    log, labels = a_log(tmp_path / "a.eval", model, 0), tmp_path / "labels.yaml"

    done = run("evidence", "audit", log, "--mapping", mapping, "--labels", labels, option, words)

    assert 4 == done.code
    assert f"error: {option}: found " in done.err
    assert not labels.exists()


OTHER_RUNS: dict[str, tuple[dict[str, object], dict[str, object], str]] = {
    "another task": ({"task": "geometry"}, {}, "it is of another task (arithmetic 3)"),
    "fewer behaviours": ({"behaviours": 5}, {}, "it tried 4 of 5 behaviours"),
    "another metric": ({"metric": "cyber.other"}, {}, "it does not give cyber.other"),
    "begun before": (
        {},
        {"stats__completed_at": "2020-01-01T00:00:00+00:00"},
        "it began at 2020-01-01 00:00 UTC, before it was registered",
    ),
}


@pytest.mark.parametrize("sentence", OTHER_RUNS)
def test_why_a_document_is_not_the_run_as_registered_is_said(
    sentence: str, model: Path, mapping: Path, tmp_path: Path
) -> None:
    options, header, reason = OTHER_RUNS[sentence]
    planned = plan(model, **options).json["added"]
    times = {"stats__completed_at": LATER, **header}
    log = a_log(tmp_path / "run.eval", model, 0, 0, 0, 1, **times)
    added = run("evidence", "add", log, "--model", model, "--mapping", mapping, "--run", planned)

    shown = run("evidence", "runs", "--model", model)
    [listed] = run("evidence", "runs", "--model", model, "--json").json["runs"]

    assert 0 == added.code, added.err
    assert f"NOT the run as registered: {reason}" in shown.flat
    assert (False, True) == (listed["counts"], listed["reason"].startswith(reason))


def test_a_run_that_two_documents_name_says_so(model: Path, mapping: Path, tmp_path: Path) -> None:
    planned = plan(model).json["added"]
    times = {"stats__completed_at": LATER}
    for name, values in (("a", (0, 0, 0, 1)), ("b", (0, 0, 0, 0))):
        log = a_log(tmp_path / f"{name}.eval", model, *values, **times)
        run("evidence", "add", log, "--model", model, "--mapping", mapping, "--run", planned)

    [listed] = run("evidence", "runs", "--model", model, "--json").json["runs"]

    assert "2 documents name this run" == listed["reason"]


def test_a_log_that_is_filed_under_two_runs_is_the_result_of_neither(
    model: Path, mapping: Path, tmp_path: Path
) -> None:
    log = a_log(tmp_path / "run.eval", model, 0, 0, 0, 1, stats__completed_at=LATER)
    for behaviours in (3, 4):
        planned = plan(model, behaviours=behaviours).json["added"]
        run("evidence", "add", log, "--model", model, "--mapping", mapping, "--run", planned)

    runs = run("evidence", "runs", "--model", model, "--json").json["runs"]

    assert ["its log is filed under another run too"] * 2 == [found["reason"] for found in runs]


def test_a_log_that_is_tied_by_name_only_is_not_the_run_as_registered(
    model: Path, mapping: Path, tmp_path: Path
) -> None:
    planned = plan(model).json["added"]
    header = a_header(4, stats__completed_at=LATER)
    log = write_eval(tmp_path / "run.eval", samples(0, 0, 0, 1), header)
    run("evidence", "add", log, "--model", model, "--mapping", mapping, "--run", planned)

    [listed] = run("evidence", "runs", "--model", model, "--json").json["runs"]

    assert listed["reason"].endswith("its tie to the weights is no more than a name")
