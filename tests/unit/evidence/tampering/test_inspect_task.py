# SPDX-License-Identifier: Apache-2.0
"""A real Inspect asks the attacked model in memory, and its log says what ran."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tiergate.errors import MeasurementError
from tiergate.evidence.provenance import BindingLevel, Relation
from tiergate.evidence.readers.base import ForeignLog
from tiergate.evidence.readers.builtin import read_log
from tiergate.evidence.tampering.adversary import Cost
from tiergate.evidence.tampering.generation import Generator
from tiergate.evidence.tampering.inspect_task import require_scored, run_task
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.task_files import TaskFile
from tiergate.evidence.tampering.trial import KeptLog, Phase, Trial
from tiergate.evidence.tampering.variant import Sampling, Variant, Wording
from unit.evidence.tampering.tiny import tiny_target

pytestmark = [
    pytest.mark.tools,
    # What Inspect and its own dependencies leave open is theirs to close.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
TASKS = """\
import json
from pathlib import Path

from inspect_ai import Task, task
from inspect_ai.dataset import Sample, json_dataset
from inspect_ai.model import GenerateConfig
from inspect_ai.scorer import includes, match
from inspect_ai.solver import generate, system_message, use_tools
from inspect_ai.tool import think

SHORT = GenerateConfig(max_tokens=6)


@task
def pieces():
    return Task(
        dataset=json_dataset("pieces.jsonl"),
        solver=[system_message("Be brief."), generate()],
        scorer=includes(),
        config=SHORT,
    )


@task
def unscored():
    return Task(dataset=[Sample(input="Praise piece 1.")], solver=generate(), config=SHORT)


@task
def with_tools():
    return Task(
        dataset=[Sample(input="Praise piece 1.", target="a")],
        solver=[use_tools(think()), generate()],
        scorer=match(),
        config=SHORT,
    )


@task
def with_penalty():
    return Task(
        dataset=[Sample(input="Praise piece 1.", target="a")],
        solver=generate(),
        scorer=match(),
        config=GenerateConfig(max_tokens=6, frequency_penalty=0.5),
    )
"""
BROKEN = """\
from inspect_ai import task


@task
def any():
    return 1 / 0
"""
WORDING = Wording(prefill="Sure! ")
TRIAL = Trial(attack="prefill", phase=Phase.TASK, setting=(("opening", "Sure! "),))
DIGEST = "sha256:" + "ab" * 32


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("tasks")
    rows = [{"id": f"p{n}", "input": f"Praise piece {n}.", "target": "e"} for n in range(4)]
    (found / "pieces.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (found / "mine.py").write_text(TASKS)
    return found


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    found = tiny_target(tmp_path_factory.mktemp("served") / "tiny")
    yield found
    found.close()


def ran(target: Target, folder: Path, name: str, sampling: Sampling) -> tuple[KeptLog, ...]:
    return run_task(
        target,
        Variant(point="opening", cost=Cost(), wording=WORDING, sampling=sampling),
        task=TaskFile.of(f"{folder / 'mine.py'}@{name}"),
        trial=TRIAL,
        weights_digest=DIGEST,
        folder=folder / "logs",
    )


@pytest.fixture(scope="module")
def kept(target: Target, folder: Path) -> KeptLog:
    (found,) = ran(target, folder, "pieces", Sampling())
    return found


@pytest.fixture(scope="module")
def log(kept: KeptLog, folder: Path) -> ForeignLog:
    return read_log(folder / "logs" / kept.file)


def member(folder: Path, kept: KeptLog, name: str) -> Any:  # noqa: ANN401 - JSON of any depth
    with zipfile.ZipFile(folder / "logs" / kept.file) as archive:
        return json.loads(archive.read(name))


def test_the_log_is_about_the_attacked_model_of_this_checkpoint(
    target: Target, log: ForeignLog
) -> None:
    found = log.binding

    assert (BindingLevel.DIGEST_AT_LOAD, Relation.SAFEGUARDS_REMOVED) == (
        found.level,
        found.relation,
    )
    assert (target.root_digest, DIGEST) == (found.root_digest, found.measured_digest)


def test_the_log_says_how_the_model_was_attacked(folder: Path, kept: KeptLog) -> None:
    metadata = member(folder, kept, "header.json")["eval"]["metadata"]

    assert TRIAL == Trial.from_json(json.loads(metadata["tiergate_recipe"]))


def test_every_sample_is_scored_and_the_file_is_the_one_that_was_kept(
    log: ForeignLog, kept: KeptLog
) -> None:
    (series,) = log.series

    assert 4 == series.planned == sum(row.value in {"C", "I"} for row in series.rows)
    assert kept.sha256 == log.source.sha256
    assert not log.remarks


def test_the_answers_are_those_of_the_model_under_the_attack(
    target: Target, folder: Path, kept: KeptLog
) -> None:
    prompts = [f"Praise piece {n}." for n in range(4)]
    wording = Wording(prefill=WORDING.prefill, system="Be brief.")
    expected = Generator(target, max_new_tokens=6).answers(prompts, wording, Sampling(), seed=0)

    found = [
        member(folder, kept, f"samples/p{n}_epoch_1.json")["output"]["choices"][0]["message"]
        for n in range(4)
    ]

    assert [answers[0].text for answers in expected] == [one["content"] for one in found]


def test_the_weights_are_as_they_were(target: Target, kept: KeptLog) -> None:
    assert kept.file
    assert target.is_untouched


def test_an_attacker_who_draws_several_answers_has_so_many_epochs(
    target: Target, folder: Path
) -> None:
    (kept,) = ran(target, folder, "pieces", Sampling(attempts=3, temperature=Decimal(1)))

    (series,) = read_log(folder / "logs" / kept.file).series
    assert {(f"p{n}", epoch) for n in range(4) for epoch in (1, 2, 3)} == {
        (row.sample, row.attempt) for row in series.rows
    }


FAILING = {
    "with_tools": "tools, which an attacked model is not served with",
    "with_penalty": "frequency_penalty",
    "unscored": "no scorer in the task unscored",
}


@pytest.mark.parametrize("name", FAILING)
def test_what_cannot_be_measured_is_an_error_that_says_why(
    name: str, target: Target, folder: Path
) -> None:
    with pytest.raises(MeasurementError, match=FAILING[name]):
        ran(target, folder, name, Sampling())


LOADED = {
    "mine.py@nowhere": "nowhere",
    "mine.py@unscored": "no scorer in the task unscored",
    "mine.py": "no scorer in the task unscored",
    "broken.py@any": "division by zero",
    "empty.py": "no tasks",
}


@pytest.mark.parametrize("words", LOADED)
def test_a_task_that_can_give_no_scores_is_found_before_a_model_is_asked(
    words: str, folder: Path
) -> None:
    (folder / "broken.py").write_text(BROKEN)
    (folder / "empty.py").write_text("")

    with pytest.raises(MeasurementError, match=LOADED[words]):
        require_scored(TaskFile.of(str(folder / words)))


def test_a_task_with_scores_is_let_through(folder: Path) -> None:
    require_scored(TaskFile.of(str(folder / "mine.py@pieces")))
