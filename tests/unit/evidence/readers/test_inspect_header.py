# SPDX-License-Identifier: Apache-2.0
"""What the header of an Inspect log claims: what was planned, on which weights, with which sums."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from logs.inspect_logs import Json, a_header, a_sample, samples, summary_of, write_eval
from tiergate.errors import EvidenceError
from tiergate.evidence.provenance import Binding, BindingLevel, Relation
from tiergate.evidence.readers.base import ForeignLog
from tiergate.evidence.readers.inspect_ai import InspectReader
from tiergate.evidence.readers.inspect_header import (
    elicitation_text,
    generation_text,
    planned,
)

DIGEST = "sha256:" + "ab" * 32
VARIANT = "sha256:" + "cd" * 32
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def read(tmp_path: Path, kept: list[Json], header: Json) -> ForeignLog:
    return InspectReader().read(write_eval(tmp_path / "run.eval", kept, header))


def found_remarks(log: ForeignLog) -> dict[str, str]:
    return {remark.code: remark.message for remark in log.remarks}


ALL: dict[str, object] = {"eval__dataset__sample_ids": ...}

PLANS: dict[str, tuple[dict[str, object], int]] = {
    "the chosen samples": ({}, 10),
    "the chosen samples times the epochs": ({"eval__config__epochs": 3}, 30),
    "the chosen samples, of a larger data set": ({"eval__dataset__samples": 100}, 10),
    "the data set, when no samples are named": (ALL, 10),
    "the limit, when no samples are named": (ALL | {"eval__config__limit": 4}, 4),
    "a range of the data set": (ALL | {"eval__config__limit": [2, 7]}, 5),
    "a range that ends beyond the data set": (ALL | {"eval__config__limit": [8, 70]}, 2),
    "a range that starts beyond the data set": (ALL | {"eval__config__limit": [20, 30]}, 2),
    "the data set, when the limit is larger": (ALL | {"eval__config__limit": 40}, 10),
    "what the results claim, when that is more": ({"results__total_samples": 50}, 50),
    "the chosen samples, when the results claim less": ({"results__total_samples": 2}, 10),
    "what was attempted, when nothing is announced": (ALL | {"eval__dataset__samples": ...}, 2),
}


@pytest.mark.parametrize("sentence", PLANS)
def test_what_was_planned_is(sentence: str) -> None:
    changes, expected = PLANS[sentence]

    plan = planned(a_header(10, **changes), [("1", 1), ("2", 1)], "run.eval")

    assert plan.attempts == expected


def test_attempts_that_nothing_announced_cannot_stand_for_missing_ones() -> None:
    header = a_header(3)
    ran = [("1", 1), ("x", 1), ("y", 1), ("1", 2)]

    plan = planned(header, ran, "run.eval")

    assert plan.attempts == 6
    assert [(r.code, r.message[:10]) for r in plan.remarks] == [
        ("more-samples-than-planned", "3 attempts")
    ]


def test_a_limit_is_remarked_with_both_numbers(tmp_path: Path) -> None:
    header = a_header(2, eval__dataset__samples=100, eval__config__limit=2)

    log = read(tmp_path, samples("C", "I"), header)

    assert log.series[0].planned == 2
    assert found_remarks(log) == {
        "limited": "The run was limited to 2 of the 100 samples of its data set."
    }


def test_a_header_without_any_plan_is_remarked(tmp_path: Path) -> None:
    header = a_header(2, eval__dataset={})

    assert list(found_remarks(read(tmp_path, samples("C"), header))) == ["planned-unknown"]


STATUSES: dict[str, tuple[dict[str, object], str]] = {
    "was cancelled": ({"status": "cancelled"}, "its status is cancelled."),
    "ended in an error": (
        {"status": "error", "error": {"message": "MemoryError('at the prompt …')"}},
        "its status is error (MemoryError).",
    ),
    "ended in an error that it tells at length": (
        {"status": "error", "error": {"message": "no memory for the prompt …"}},
        "its status is error.",
    ),
    "has a status of its own": ({"status": "the prompt was …"}, "its status is unknown."),
    "is still under way": ({"status": "started"}, "its status is started."),
    "does not say how it ended": ({"status": ...}, "its status is started."),
}


@pytest.mark.parametrize("sentence", STATUSES)
def test_a_run_is_not_finished_that(sentence: str, tmp_path: Path) -> None:
    changes, expected = STATUSES[sentence]

    log = read(tmp_path, samples("C"), a_header(3, **changes))

    assert found_remarks(log)["not-finished"].endswith(expected)
    assert (log.series[0].planned, len(log.series[0].rows)) == (3, 1)


def bound(level: BindingLevel, relation: Relation = Relation.UNKNOWN, **more: str) -> Binding:
    return Binding(level=level, relation=relation, **({"name": "hf/example"} | more))


BINDINGS: dict[str, tuple[dict[str, object], Binding]] = {
    "nothing but a name": ({}, bound(BindingLevel.NAME)),
    "a branch": (
        {"revision": "main"},
        bound(BindingLevel.MUTABLE_REVISION, revision="main"),
    ),
    "a commit": ({"revision": COMMIT}, bound(BindingLevel.IMMUTABLE_REVISION, revision=COMMIT)),
    "a commit in capitals, which is no commit": (
        {"revision": COMMIT.upper()},
        bound(BindingLevel.MUTABLE_REVISION, revision=COMMIT.upper()),
    ),
    "a commit beside a folder, which loaders ignore": (
        {"revision": COMMIT, "model_path": "/models/x"},
        bound(BindingLevel.NAME, name="hf/example (/models/x)"),
    ),
    "a commit of a named repository": (
        {"revision": COMMIT, "model_path": "org/x"},
        bound(BindingLevel.IMMUTABLE_REVISION, revision=COMMIT, name="hf/example (org/x)"),
    ),
    "a digest at load": (
        {"tiergate_root_digest": DIGEST},
        bound(BindingLevel.DIGEST_AT_LOAD, Relation.IDENTICAL, root_digest=DIGEST),
    ),
    "a digest at load of weights that were then quantised": (
        {"tiergate_root_digest": DIGEST, "load_in_4bit": True},
        bound(BindingLevel.DIGEST_AT_LOAD, Relation.QUANTISED_FROM, root_digest=DIGEST),
    ),
    "a commit with an adapter on it": (
        {"revision": COMMIT, "peft": "org/adapter"},
        bound(BindingLevel.IMMUTABLE_REVISION, Relation.ADAPTER_ON, revision=COMMIT),
    ),
}


@pytest.mark.parametrize("sentence", BINDINGS)
def test_the_binding_is_no_more_than(sentence: str, tmp_path: Path) -> None:
    arguments, expected = BINDINGS[sentence]

    log = read(tmp_path, samples("C"), a_header(eval__model_args=arguments))

    assert expected == log.binding


def test_the_digest_may_stand_in_the_metadata_of_the_run(tmp_path: Path) -> None:
    metadata = {"tiergate_root_digest": DIGEST}

    log = read(tmp_path, samples("C"), a_header(eval__metadata=metadata))

    assert (log.binding.level, log.binding.root_digest) == (BindingLevel.DIGEST_AT_LOAD, DIGEST)


def test_a_log_of_an_attacked_model_is_about_other_weights_than_the_checkpoint(
    tmp_path: Path,
) -> None:
    metadata = {"tiergate_root_digest": DIGEST, "tiergate_variant_digest": VARIANT}

    found = read(tmp_path, samples("C"), a_header(eval__metadata=metadata)).binding

    assert (Relation.SAFEGUARDS_REMOVED, DIGEST, VARIANT) == (
        found.relation,
        found.root_digest,
        found.measured_digest,
    )


def test_an_attacked_model_with_no_digest_is_no_release(tmp_path: Path) -> None:
    with pytest.raises(EvidenceError, match="tiergate_variant_digest"):
        read(tmp_path, samples("C"), a_header(eval__metadata={"tiergate_variant_digest": "?"}))


def test_a_digest_that_was_edited_in_after_the_run_is_none(tmp_path: Path) -> None:
    edited = a_header(
        metadata={"tiergate_root_digest": DIGEST}, log_updates=[{"edits": [], "provenance": {}}]
    )

    log = read(tmp_path, samples("C"), edited)

    assert log.binding.level is BindingLevel.NAME
    assert list(found_remarks(log)) == ["edited-log"]


BAD_DIGESTS: dict[str, object] = {
    "is too short": "sha256:abc",
    "has no algorithm": "ab" * 32,
    "is in capitals": DIGEST.upper(),
    "has a line after it": DIGEST + "\n",
    "is a number": 7,
    "is an object": {"sha256": "ab" * 32},
    "is empty": "",
}


@pytest.mark.parametrize("sentence", BAD_DIGESTS)
def test_a_root_digest_is_refused_that(sentence: str, tmp_path: Path) -> None:
    header = a_header(eval__metadata={"tiergate_root_digest": BAD_DIGESTS[sentence]})

    with pytest.raises(EvidenceError, match="expected sha256: and 64 lower-case") as caught:
        read(tmp_path, samples("C"), header)

    assert caught.value.where == "run.eval: eval.metadata.tiergate_root_digest"


def test_two_root_digests_in_one_log_are_refused(tmp_path: Path) -> None:
    header = a_header(
        eval__metadata={"tiergate_root_digest": DIGEST},
        eval__model_args={"tiergate_root_digest": "sha256:" + "cd" * 32},
    )

    with pytest.raises(EvidenceError, match="2 different root digests"):
        read(tmp_path, samples("C"), header)


def test_a_log_served_in_part_by_another_model_is_bound_by_name_only(tmp_path: Path) -> None:
    fallback = {"model": "example", "fallback_model": "smaller", "count": 2}
    kept = [a_sample(1, "C", model_fallbacks=[fallback]), a_sample(2, "C", model_fallbacks=None)]
    header = a_header(2, eval__metadata={"tiergate_root_digest": DIGEST})

    log = read(tmp_path, kept, header)

    assert log.binding == bound(BindingLevel.NAME)
    assert (
        "1 of 2 samples were served in part by other models (smaller)"
        in (found_remarks(log)["model-fallbacks"])
    )


def test_edits_retries_and_changes_are_remarked(tmp_path: Path) -> None:
    kept = samples("C", "I", "C")
    kept[0]["scores"] = {"match": {"value": "C", "history": [{"value": "I"}, {"value": "C"}]}}
    kept[1]["error_retries"] = [{"message": "boom"}]
    header = a_header(3, config_updates=[{"path": "message_limit"}])

    remarks = found_remarks(read(tmp_path, kept, header))

    assert remarks["edited-scores"] == "1 of 3 samples have scores edited after the run."
    assert remarks["retried-samples"] == "1 of 3 samples were tried again after an error."
    assert "1 times" in remarks["changed-while-running"]
    assert len(remarks) == 3


def results(
    *, name: str = "match", scored: int = 4, value: object = 0.5, **more: object
) -> dict[str, object]:
    accuracy = {"name": "inspect_ai/accuracy", "value": value, "params": {}}
    entry = {"name": name, "scorer": "match", "scored_samples": scored} | more
    return {"results__scores": [entry | {"metrics": {"accuracy": accuracy}}]}


EPOCHS = [
    a_sample(n, v, epoch=e) for n, e, v in ((1, 1, "C"), (1, 2, "C"), (2, 1, "I"), (2, 2, "C"))
]

HEADERS: dict[str, tuple[list[Json], dict[str, object], str | None]] = {
    "agrees with the samples": (samples("C", "I", "P", "N"), results(value=0.375), None),
    "agrees up to rounding": (samples("C", "C", "I"), results(scored=3, value=0.6666667), None),
    "counts unscored samples out": (samples("C", None), results(scored=1, value=1.0), None),
    "counts words and numbers in texts": (
        samples(*("yes", "False", "0.5", True)),
        results(value=0.625),
        None,
    ),
    "averages the epochs of a sample first": (EPOCHS, results(scored=2, value=0.75), None),
    "counts every epoch on its own": (EPOCHS, results(scored=4, value=0.75), None),
    "reduces the epochs in a way that is not recounted": (
        EPOCHS,
        results(scored=1, value=0.1, reducer="at_least_2"),
        None,
    ),
    "scores the parts of a score as one": ([a_sample(1, {"harm": 1})], results(scored=1), None),
    "takes the median of the epochs, which is counted and not averaged": (
        EPOCHS,
        results(scored=2, value=0.1, reducer="median"),
        None,
    ),
    "claims scores of a kind that no sample has": (
        samples("C"),
        results(name="other", scored=9),
        "The header states 9 for samples scored by match.other; the samples give 0.",
    ),
    "claims scores where no sample has any": (
        samples(None, None),
        results(scored=2, value=1.0),
        "The header states 2 for samples scored by match; the samples give 0.",
    ),
    "has an accuracy of texts that are no numbers": (
        samples("good", "Infinity"),
        results(scored=2, value=0.1),
        None,
    ),
    "has no number for the accuracy": (samples("C"), results(scored=1, value=None), None),
    "claims another accuracy": (
        samples("C", "I", "I", "I"),
        results(value=0.5),
        "The header states 0.5 for accuracy of match; the samples give 0.25.",
    ),
    "claims more scored samples": (
        samples("C", "I"),
        results(scored=40),
        "The header states 40 for samples scored by match; the samples give 2.",
    ),
    "claims another accuracy of an entry of the score": (
        [a_sample(1, {"harm": 1}), a_sample(2, {"harm": 0})],
        results(name="harm", scored=2, value=0.1),
        "The header states 0.1 for accuracy of match.harm; the samples give 0.5.",
    ),
    "claims more completed samples": (
        samples("C", "I"),
        {"results__completed_samples": 7},
        "The header states 7 for completed samples; the samples give 2.",
    ),
    "claims another total": (
        samples("C", "I"),
        {"results__total_samples": 9},
        (
            "The header's results claim 9 attempts in total; its data set, limit and epochs "
            "make 2. The larger number counts as planned."
        ),
    ),
}


@pytest.mark.parametrize("sentence", HEADERS)
def test_a_recount_is_compared_with_a_header_that(sentence: str, tmp_path: Path) -> None:
    kept, changes, expected = HEADERS[sentence]
    ids = {"eval__dataset__sample_ids": sorted({str(sample["id"]) for sample in kept})}
    epochs = {"eval__config__epochs": 2 if kept is EPOCHS else 1}

    log = read(tmp_path, kept, a_header(len(kept), **(ids | epochs | changes)))

    disagreements = [r.message for r in log.remarks if r.code == "header-disagrees"]
    assert disagreements == ([expected] if expected else [])


SUMMARIES: dict[str, tuple[list[Json], str]] = {
    "has another score": (
        [summary_of(a_sample(1, "I")), summary_of(a_sample(2, "I"))],
        (
            "1 of 2 samples have another score or another error in the summary; the samples count: "
            "1 epoch 1."
        ),
    ),
    "has an error that the sample has not": (
        [summary_of(a_sample(1, "C", error={"message": "x"})), summary_of(a_sample(2, "I"))],
        (
            "1 of 2 samples have another score or another error in the summary; the samples count: "
            "1 epoch 1."
        ),
    ),
    "lacks a sample": (
        [summary_of(a_sample(1, "C"))],
        "1 of 2 samples are not in the summary; the samples count: 2 epoch 1.",
    ),
}


@pytest.mark.parametrize("sentence", SUMMARIES)
def test_the_samples_win_over_a_summary_that(sentence: str, tmp_path: Path) -> None:
    summaries, expected = SUMMARIES[sentence]
    path = write_eval(tmp_path / "run.eval", samples("C", "I"), summaries=summaries)

    log = InspectReader().read(path)

    assert [row.value for row in log.series[0].rows] == ["C", "I"]
    assert found_remarks(log) == {"summary-disagrees": expected}


def test_keys_of_access_and_the_sending_of_requests_are_no_generation_settings() -> None:
    header = a_header(plan__config__extra_body={"key": "secret"}, plan__config__max_connections=9)

    text = generation_text(header)

    assert text == "max_tokens=8 temperature=0.0"


def test_the_elicitation_names_sandbox_and_limits_and_no_prompt() -> None:
    header = a_header(
        eval__sandbox={"type": "docker"},
        eval__config__message_limit=30,
        eval__config__token_limit=5000,
        plan__steps=[{"solver": "react", "params": {"tools": ["bash"], "template": "secret"}}],
    )

    assert elicitation_text(header) == (
        "solvers react; 1 tool (bash); react of 6 characters; sandbox docker; "
        "message limit 30; token limit 5000"
    )


def test_a_header_that_says_nothing_gives_empty_texts_and_no_error(tmp_path: Path) -> None:
    bare: Json = {"version": 2, "status": "success", "eval": {"created": "2026-01-01T00:00:00Z"}}

    log = read(tmp_path, samples(1), bare)

    series = log.series[0]
    assert (series.task, series.dataset, series.elicitation) == ("unnamed task", "", "")
    assert (series.generation, series.task_version, log.source.tool) == ("", "", "inspect_ai")
    assert series.rows[0].value == Decimal(1)
