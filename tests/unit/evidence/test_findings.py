# SPDX-License-Identifier: Apache-2.0
"""Findings that follow from a log as a whole, whichever tool wrote it."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal

import pytest

from builders_decision import AT, ROOT, SOURCE
from tiergate.evidence.findings import derived
from tiergate.evidence.provenance import Binding, BindingLevel, Relation
from tiergate.evidence.readers.base import ForeignLog, Row, Series

CLEAN = Series(
    task="refusals",
    task_version="1",
    dataset="a set",
    scorer="complied",
    rows=tuple(Row(sample=str(n), attempt=1, value=Decimal(0)) for n in range(100)),
    planned=100,
    superseded=0,
    elicitation="",
    generation="",
    finished_at=AT,
    samples_kept=100,
)


def log(
    *series: Series, name: str = "acme/Falcon-7b (/models/falcon)", digest: str = ROOT
) -> ForeignLog:
    level = BindingLevel.DIGEST_AT_LOAD if digest else BindingLevel.NAME
    binding = Binding(level=level, relation=Relation.IDENTICAL, name=name, root_digest=digest)
    return ForeignLog(source=SOURCE, binding=binding, series=series or (CLEAN,), remarks=())


def graded_by(*models: str) -> Series:
    return dataclasses.replace(CLEAN, graders=models)


def unscored(count: int) -> Series:
    rows = tuple(
        dataclasses.replace(row, value=None) if index < count else row
        for index, row in enumerate(CLEAN.rows)
    )
    return dataclasses.replace(CLEAN, rows=rows)


FINDINGS: dict[str, tuple[ForeignLog, list[str]]] = {
    "a clean log": (log(), []),
    "no digest of weights": (log(digest=""), ["no-digest"]),
    "a grader of another family": (log(graded_by("other/Eagle-70b")), []),
    "a grader of the same family": (log(graded_by("acme/falcon-180b")), ["own-family-grader"]),
    "the model grades itself": (
        log(graded_by("acme/Falcon-7b"), name="acme/Falcon-7b"),
        ["own-family-grader"],
    ),
    "one of several graders is of the family": (
        log(graded_by("other/eagle", "x/falcon-2")),
        ["own-family-grader"],
    ),
    "five of a hundred without a score": (log(unscored(5)), []),
    "six of a hundred without a score": (log(unscored(6)), ["unscored-share"]),
    "a tenth of what was planned": (
        log(dataclasses.replace(CLEAN, planned=1000)),
        ["unscored-share"],
    ),
    "less than a tenth of what was planned": (
        log(dataclasses.replace(CLEAN, planned=1001)),
        ["small-part", "unscored-share"],
    ),
    "a clock in the future": (
        log(dataclasses.replace(CLEAN, finished_at=AT + timedelta(minutes=1))),
        ["dated-in-the-future"],
    ),
    "two series with the same trouble": (
        log(unscored(9), dataclasses.replace(unscored(9), scorer="refused")),
        ["unscored-share", "unscored-share"],
    ),
}


@pytest.mark.parametrize("sentence", FINDINGS)
def test_a_log_shows_what_it_shows(sentence: str) -> None:
    found, codes = FINDINGS[sentence]

    assert codes == [remark.code for remark in derived(found, at=AT)]


def test_a_commit_is_more_than_a_name_and_less_than_a_digest() -> None:
    plain = log(digest="")
    binding = dataclasses.replace(plain.binding, level=BindingLevel.IMMUTABLE_REVISION)

    [found] = derived(dataclasses.replace(plain, binding=binding), at=AT)

    assert "only where that was resolved from the same commit" in found.message


def test_without_a_clock_no_date_is_in_the_future() -> None:
    ahead = log(dataclasses.replace(CLEAN, finished_at=AT + timedelta(days=900)))

    assert () == derived(ahead)


def test_a_file_of_statements_has_no_weights_to_name() -> None:
    empty = dataclasses.replace(log(digest=""), series=())

    assert () == derived(empty, at=AT)


def test_a_finding_gives_the_numbers() -> None:
    [found] = derived(log(unscored(9)), at=AT)

    assert "refusals / complied: 9 of 100 planned attempts have no score" in found.message


RELATED: dict[str, tuple[str, str, bool]] = {
    "two sizes of one model": ("meta-llama/Llama-2-7b", "meta-llama/Llama-3.1-70B", True),
    "another version, served elsewhere": ("hf/meta-llama/Llama-2-7b", "groq/llama-3.3-70b", True),
    "two names of one house": ("openai/gpt-4o", "openai/o3-mini", True),
    "a name inside another": ("THUDM/chatglm3-6b", "zai-org/glm-4.5", True),
    "a distillation into it": ("Qwen/Qwen2.5-7B", "deepseek/R1-Distill-Qwen-7B", True),
    "two houses": ("Qwen2.5-7B", "openai/gpt-4o", False),
    "two models behind one server": ("together/acme/falcon", "together/other/eagle", False),
    "the stand-in of a test": ("mockllm/model", "mockllm/model-2", False),
}


@pytest.mark.parametrize("sentence", RELATED)
def test_a_grader_of_the_same_family_or_house_is_noticed(sentence: str) -> None:
    model, grader, is_related = RELATED[sentence]

    found = derived(log(graded_by(grader), name=model), at=AT)

    assert is_related is ("own-family-grader" in {remark.code for remark in found})


def test_weights_that_were_changed_when_they_were_loaded_are_named() -> None:
    plain = log()
    binding = dataclasses.replace(plain.binding, relation=Relation.ADAPTER_ON)

    [found] = derived(dataclasses.replace(plain, binding=binding), at=AT)

    assert "changed-weights" == found.code
    assert "adapter on" in found.message
