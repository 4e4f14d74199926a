# SPDX-License-Identifier: Apache-2.0
"""Logs with a planted fault: ``evidence read`` names each one, and a clean log none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cli_runner import run
from logs.inspect_logs import (
    a_header,
    a_sample,
    json_member,
    sample_member,
    samples,
    summary_of,
    write_eval,
    write_members,
)
from logs.lm_eval_logs import rows, some_results, write_run

DIGEST = f"sha256:{'ab' * 32}"
BOUND = {"tiergate_root_digest": DIGEST}
TEN = ("C", *["I"] * 9)


def header(count: int = 10, **changes: object) -> dict[str, object]:
    return a_header(count, eval__metadata=BOUND, **changes)


def clean(folder: Path) -> Path:
    return write_eval(folder / "run.eval", samples(*TEN), header())


def limited(folder: Path) -> Path:
    return write_eval(
        folder / "run.eval",
        samples(*TEN),
        header(eval__dataset__samples=400, eval__config__limit=10),
    )


def cancelled(folder: Path) -> Path:
    return write_eval(folder / "run.eval", samples("I", "I", "I"), header(status="cancelled"))


def picked_again(folder: Path) -> Path:
    kept = samples(*TEN)
    again = a_sample(1, "I")
    members = [sample_member(sample) for sample in kept]
    members.append(sample_member(again))
    summaries = [summary_of(sample) for sample in [again, *kept[1:]]]
    members.append(json_member("summaries.json", summaries))
    members.append(json_member("header.json", header()))
    return write_members(folder / "run.eval", members)


def flattering_header(folder: Path) -> Path:
    scores = [
        {
            "name": "match",
            "scorer": "match",
            "metrics": {"accuracy": {"name": "accuracy", "value": 0.0}},
        }
    ]
    results = {"total_samples": 10, "completed_samples": 10, "scores": scores}
    return write_eval(folder / "run.eval", samples(*TEN), header(results=results))


def flattering_summary(folder: Path) -> Path:
    kept = samples(*TEN)
    summaries = [summary_of(sample) for sample in samples(*["I"] * 10)]
    return write_eval(folder / "run.eval", kept, header(), summaries=summaries)


def unscored_refusals(folder: Path) -> Path:
    return write_eval(folder / "run.eval", samples(*["I"] * 4, *[float("nan")] * 6), header())


def graded_by_its_own_family(folder: Path) -> Path:
    scorers = [{"name": "match", "options": {"model": "acme/falcon-180b"}}]
    return write_eval(
        folder / "run.eval",
        samples(*TEN),
        header(eval__model="hf/acme/Falcon-7b", eval__scorers=scorers),
    )


def edited_afterwards(folder: Path) -> Path:
    kept = samples(*TEN)
    kept[0]["scores"] = {"match": {"value": "I", "history": [{"value": "C"}, {"value": "I"}]}}
    return write_eval(folder / "run.eval", kept, header())


def served_by_others(folder: Path) -> Path:
    kept = samples(*TEN)
    kept[3]["model_fallbacks"] = [{"fallback_model": "openai/other"}]
    return write_eval(folder / "run.eval", kept, header())


def from_tomorrow(folder: Path) -> Path:
    return write_eval(
        folder / "run.eval",
        samples(*TEN),
        header(stats__completed_at="2999-01-01T00:00:00+00:00"),
    )


def killed(folder: Path) -> Path:
    kept = samples("I", "I")
    members = [sample_member(sample) for sample in kept]
    members.append(json_member("_journal/start.json", header()))
    return write_members(folder / "run.eval", members)


def quantised_and_unnamed(folder: Path) -> Path:
    return write_eval(folder / "run.eval", samples(*TEN), a_header(10))


def invalidated(folder: Path) -> Path:
    kept = samples(*TEN)
    kept[0]["invalidation"] = {"author": "a person", "reason": "it was adverse"}
    return write_eval(folder / "run.eval", kept, header())


def ten_of_five_thousand(folder: Path) -> Path:
    results = some_results({"sums": (5000, {"exact_match,none": 0.0})})
    return write_run(folder, {"sums": rows(*[0.0] * 10)}, results)


def from_a_cache(folder: Path) -> Path:
    results = some_results(
        {"sums": (2, {"exact_match,none": 0.5})},
        config={"model": "hf", "model_args": "pretrained=org/model", "use_cache": "cache.db"},
    )
    return write_run(folder, {"sums": rows(1.0, 0.0)}, results)


def commit_looked_up_later(folder: Path) -> Path:
    results = some_results(
        {"sums": (2, {"exact_match,none": 0.5})},
        config={"model": "hf", "model_args": "pretrained=org/model", "model_sha": "0" * 40},
    )
    return write_run(folder, {"sums": rows(1.0, 0.0)}, results)


def a_document_twice(folder: Path) -> Path:
    kept = [*rows(1.0, 0.0), *rows(0.0)]
    return write_run(
        folder, {"sums": kept}, some_results({"sums": (2, {"exact_match,none": 1 / 3})})
    )


PLANTED: dict[str, tuple[Callable[[Path], Path], tuple[str, ...], str, str]] = {
    "another model": (
        clean,
        ("--model", "acme/eagle"),
        "another-model",
        "calls its model hf/example; acme/eagle was asked about",
    ),
    "a limit": (limited, (), "limited", "limited to 10 of the 400 samples"),
    "a cancelled run": (cancelled, (), "not-finished", "its status is cancelled"),
    "a sample that was run until it passed": (
        picked_again,
        (),
        "superseded",
        "1 of 10 samples were replaced by a later try",
    ),
    "a header that flatters": (
        flattering_header,
        (),
        "header-disagrees",
        "states 0.0 for accuracy of match; the samples give 0.1",
    ),
    "a summary that flatters": (
        flattering_summary,
        (),
        "summary-disagrees",
        "1 of 10 samples have another score",
    ),
    "refusals without a score": (
        unscored_refusals,
        (),
        "unscored-share",
        "6 of 10 planned attempts have no score",
    ),
    "a grader of the model's own family": (
        graded_by_its_own_family,
        (),
        "own-family-grader",
        "graded by acme/falcon-180b, of the same family",
    ),
    "scores that were edited": (edited_afterwards, (), "edited-scores", "1 of 10 samples"),
    "requests that another model served": (
        served_by_others,
        (),
        "model-fallbacks",
        "openai/other",
    ),
    "a clock in the future": (from_tomorrow, (), "dated-in-the-future", "2999-01-01"),
    "a run that was killed": (killed, (), "not-finished", "has no header"),
    "no digest of the weights": (
        quantised_and_unnamed,
        (),
        "no-digest",
        "it can count against a checkpoint and never for one",
    ),
    "an adverse sample that was declared invalid": (
        invalidated,
        (),
        "invalidated",
        "1 of 10 samples are invalidated",
    ),
    "ten samples that claim to be five thousand": (
        ten_of_five_thousand,
        (),
        "fewer-samples-than-claimed",
        "claims 5000 samples; its file has 10",
    ),
    "responses from a cache": (from_a_cache, (), "cached-responses", "earlier run"),
    "a commit that was looked up later": (
        commit_looked_up_later,
        (),
        "revision-looked-up-later",
        "no digest of the weights that were loaded",
    ),
    "a document that was tried twice": (
        a_document_twice,
        (),
        "repeated-documents",
        "3 samples of 2 documents",
    ),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_named(fault: str, tmp_path: Path) -> None:
    make, options, code, words = PLANTED[fault]

    done = run("evidence", "read", make(tmp_path), *options)

    assert 0 == done.code, done.err
    findings = done.flat.partition("FINDINGS")[2].partition("COUNTED FROM SAMPLES")[0]
    assert f" {code}: " in findings
    assert words in findings


def test_a_clean_log_has_no_findings(tmp_path: Path) -> None:
    done = run("evidence", "read", clean(tmp_path), "--model", "acme/example")

    assert "FINDINGS none" in done.flat


def test_findings_are_stored_with_the_evidence(tmp_path: Path) -> None:
    found = run("evidence", "read", picked_again(tmp_path), "--json").json

    assert ["superseded"] == [remark["code"] for remark in found["remarks"]]
