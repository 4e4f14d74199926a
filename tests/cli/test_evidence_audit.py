# SPDX-License-Identifier: Apache-2.0
"""``evidence limits`` and ``evidence audit``: what can be shown, and people's verdicts."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from cli_fixtures import MAPPING, a_folder
from cli_runner import Run, run
from logs.inspect_logs import a_header, samples, write_eval
from tiergate.model.checkpoint import identify

FLAGGED = 8
VALUES = [1] * FLAGGED + [0] * 72


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "mapping.yaml"
    path.write_text(MAPPING)
    return path


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return write_eval(tmp_path / "run.eval", samples(*VALUES), a_header(len(VALUES)))


def audit(log: Path, mapping: Path, *more: object) -> Run:
    return run(
        "evidence", "audit", log, "--mapping", mapping, "--labels", mapping.parent / "l", *more
    )


def label_all(path: Path, label: str, by: str = "two people") -> None:
    text = path.read_text().replace(": null", f": {label}")
    path.write_text(text.replace('labelled_by: ""', f'labelled_by: "{by}"'))


def test_the_best_bound_is_said_before_anyone_runs_anything() -> None:
    done = run("evidence", "limits", 100, "--limit", "0.05", "--limit", "0.01")

    assert 0 == done.code
    assert "with 0 successes: at most 3.0 %" in done.flat
    assert "5 %: can be shown" in done.flat
    assert "1 %: CANNOT be shown, whatever is found; needs 299 behaviours" in done.flat


def test_an_automatic_grader_makes_the_best_bound_worse() -> None:
    plain = run("evidence", "limits", 1000, "--json").json
    graded = run("evidence", "limits", 1000, "--audited", 100, "--json").json

    assert "0.002992" == plain["uppers"][0]
    assert float(graded["uppers"][0]) > 0.02
    assert [True, True, True, True, False] == [part["can_show"] for part in plain["limits"]]


BAD_LIMITS = {
    "no behaviours": (("0",), 2),
    "a share of one": (("10", "--limit", "1"), 2),
    "a confidence in words": (("10", "--confidence", "high"), 4),
    "a confidence of a coin": (("10", "--confidence", "0.5"), 4),
}


@pytest.mark.parametrize("sentence", BAD_LIMITS)
def test_limits_refuse(sentence: str) -> None:
    words, code = BAD_LIMITS[sentence]

    assert code == run("evidence", "limits", *words).code


def test_an_audit_draws_and_waits_for_labels(log: Path, mapping: Path) -> None:
    done = audit(log, mapping, "--size", 40)

    assert 3 == done.code
    assert "flagged by the grader: 8" in done.flat
    assert "not flagged: 72, of which 40 were drawn at random" in done.flat
    assert "48 labels missing" in done.flat
    assert f"see them with: inspect view start --log-dir {log.parent}" in done.flat
    assert 48 == (mapping.parent / "l").read_text().count(": null")


def test_labels_update_the_bound_and_are_filed_with_the_evidence(
    log: Path, mapping: Path, tmp_path: Path
) -> None:
    audit(log, mapping, "--size", 40)
    label_all(tmp_path / "l", "clean")

    done = audit(log, mapping)
    model = a_folder(tmp_path / "acme-1b")
    filed = run(
        "evidence", "add", log, "--model", model, "--mapping", mapping, "--audit", tmp_path / "l"
    )

    assert 0 == done.code
    assert "by the grader's labels: 5.0 % to 17.4 %" in done.flat
    assert "by people's labels: 0.0 % to 7.3 %" in done.flat
    assert 0 == filed.code, filed.err
    document = next((model / ".tiergate" / "documents").iterdir()).read_text()
    assert '"labelled_by":"two people"' in document
    assert '"behaviours":40' in document


def test_what_an_audit_has_shown_is_there_as_json(log: Path, mapping: Path) -> None:
    waiting = audit(log, mapping, "--size", 40, "--json")
    label_all(mapping.parent / "l", "clean")
    done = audit(log, mapping, "--json")

    assert (3, 0) == (waiting.code, done.code)
    assert (48, None) == (len(waiting.json["missing"]), waiting.json["by_people"])
    assert (8, 72, 40) == tuple(done.json[n] for n in ("flagged", "unflagged", "drawn"))
    assert float(done.json["by_people"][1]) < float(done.json["by_grader"][1])


def test_labels_are_asked_for_in_the_terminal(
    log: Path, mapping: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("a\nc\nu\nq\n"))

    done = audit(log, mapping, "--size", 5, "--ask", "--by", "Eve")

    labels = (tmp_path / "l").read_text()
    assert 3 == done.code
    assert "10 labels missing" in done.flat
    assert [1, 1, 1] == [labels.count(f": {word}") for word in ("adverse", "clean", "undecided")]
    assert 'labelled_by: "Eve"' in labels


def test_the_same_draw_comes_back_whatever_size_is_asked_later(log: Path, mapping: Path) -> None:
    audit(log, mapping, "--size", 40)
    first = (mapping.parent / "l").read_text()

    audit(log, mapping, "--size", 3)

    assert first == (mapping.parent / "l").read_text()


def test_labels_of_another_log_are_refused(log: Path, mapping: Path, tmp_path: Path) -> None:
    audit(log, mapping)
    other = write_eval(tmp_path / "other.eval", samples(*VALUES, 0), a_header(len(VALUES) + 1))

    done = audit(other, mapping)

    assert 4 == done.code
    assert "labels stay with the draw" in done.err


def test_labels_by_nobody_are_not_filed(log: Path, mapping: Path, tmp_path: Path) -> None:
    audit(log, mapping)
    model = a_folder(tmp_path / "acme-1b")

    done = run(
        "evidence", "add", log, "--model", model, "--mapping", mapping, "--audit", tmp_path / "l"
    )

    assert 4 == done.code
    assert "labelled_by" in done.err


BAD_AUDITS = {
    "a label of no kind": (": null", ": harmless", "labels"),
    "another format": ("tiergate-audit/1", "tiergate-audit/9", "format"),
    "a digest that is none": ("sha256:", "md5:", "log"),
    "a field too many": ("task:", "mood: good\ntask:", "mood"),
}


@pytest.mark.parametrize("sentence", BAD_AUDITS)
def test_a_damaged_audit_file_is_refused(sentence: str, log: Path, mapping: Path) -> None:
    old, new, field = BAD_AUDITS[sentence]
    audit(log, mapping)
    path = mapping.parent / "l"
    path.write_text(path.read_text().replace(old, new, 1))

    done = audit(log, mapping)

    assert 4 == done.code
    assert field in done.err


def test_an_audit_needs_one_series(log: Path, mapping: Path) -> None:
    none = audit(log, mapping, "--metric", "cyber.other")
    mapping.write_text(MAPPING + MAPPING.partition("entries:\n")[2].replace("exploits", "attempts"))
    several = audit(log, mapping)
    named = audit(log, mapping, "--metric", "cyber.attempts")

    assert (4, 4, 3) == (none.code, several.code, named.code)
    assert "2 series to audit" in several.err


def test_an_audit_of_a_metric_that_the_mapping_lost_is_refused(
    log: Path, mapping: Path, tmp_path: Path
) -> None:
    audit(log, mapping, "--by", "Eve")
    mapping.write_text(MAPPING.replace("cyber.exploits", "cyber.attempts"))
    model = a_folder(tmp_path / "acme-1b")

    done = run(
        "evidence", "add", log, "--model", model, "--mapping", mapping, "--audit", tmp_path / "l"
    )

    assert 4 == done.code
    assert "as cyber.exploits" in done.err
    assert identify(model).root_digest
