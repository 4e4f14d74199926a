# SPDX-License-Identifier: Apache-2.0
"""The data of the worked example: answers are right, twins are twins, proxies say so."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import yaml

from tiergate.cli.claim_file import claims_of, producer_of, read_claims
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.mapping import TaskMapping
from tiergate.evidence.provenance import ProducerRelation

DEMO = Path(__file__).parents[2] / "examples" / "demo"
DATA = DEMO / "tasks" / "data"
FILES = ("code_reading", "courtesy", "lab_knowledge", "plan_following")


def rows(name: str) -> list[dict[str, Any]]:
    lines = (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def builder() -> ModuleType:
    specification = importlib.util.spec_from_file_location(
        "build_checkpoint", DEMO / "build_checkpoint.py"
    )
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", FILES)
def test_every_data_file_holds_20_to_40_samples_with_ids_of_their_own(name: str) -> None:
    ids = [row["id"] for row in rows(name)]

    assert 20 <= len(ids) <= 40
    assert len(ids) == len(set(ids))


def test_every_program_prints_its_target() -> None:
    samples = rows("code_reading")
    # One process for all of them: a separator that no program prints keeps them apart.
    source = "\nprint('<end>')\n".join(sample["input"] for sample in samples)

    printed = subprocess.run(
        [sys.executable, "-I", "-c", source], capture_output=True, text=True, check=True
    ).stdout

    assert [sample["target"] for sample in samples] == [
        part.strip() for part in printed.split("<end>\n")
    ]


def test_every_program_fits_in_the_first_week_of_a_course() -> None:
    assert not [
        sample["id"]
        for sample in rows("code_reading")
        if "import" in sample["input"] or len(sample["input"]) > 80
    ]


def test_every_knowledge_question_has_four_choices_and_no_letter_is_favoured() -> None:
    questions = rows("lab_knowledge")

    assert {4} == {len(set(question["choices"])) for question in questions}
    assert Counter(q["answer"] for q in questions) == {"A": 8, "B": 8, "C": 8, "D": 8}


def test_a_friendly_request_differs_from_its_twin_in_the_tone_alone() -> None:
    for row in rows("courtesy"):
        assert row["friendly"] == [
            wording.replace("annoy", "please")
            .replace("an unfriendly", "a friendly")
            .replace("unfriendly", "friendly")
            for wording in row["unfriendly"]
        ]
        assert len(row["friendly"]) == 2


def test_plan_targets_are_answers_that_the_grader_can_read() -> None:
    targets = [row["target"] for row in rows("plan_following")]

    assert not [t for t in targets if not (t.isdigit() or t.endswith(".txt"))]


def demo_mapping() -> TaskMapping:
    text = (DEMO / "mapping.yaml").read_text(encoding="utf-8")
    return TaskMapping.model_validate(yaml.safe_load(text))


def test_the_mapping_names_every_task_of_the_example() -> None:
    inspect_tasks = {
        line.split()[1].split("(")[0]
        for file in (DEMO / "tasks").glob("*.py")
        for previous, line in _pairs_of_lines(file)
        if previous == "@task"
    }
    harness_tasks = {
        yaml.safe_load(file.read_text(encoding="utf-8"))["task"]
        for file in (DEMO / "lm_eval_task").glob("*.yaml")
    }

    assert inspect_tasks | harness_tasks == {entry.task for entry in demo_mapping().entries}


def _pairs_of_lines(file: Path) -> list[tuple[str, str]]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return list(pairwise(lines))


def test_whatever_touches_a_hazard_domain_is_called_a_proxy() -> None:
    for entry in demo_mapping().entries:
        if entry.domain is not None:
            assert entry.metric.endswith("_proxy")
            assert "(a proxy" in entry.success_means


def test_manipulation_and_images_are_left_without_evidence() -> None:
    measured = {entry.domain for entry in demo_mapping().entries if entry.domain is not None}

    assert {HazardDomain.CBRN, HazardDomain.CYBER, HazardDomain.LOSS_OF_CONTROL} == measured


@pytest.mark.parametrize("name", ["compute-ledger", "licence-label", "model-card"])
def test_every_claim_file_is_one_that_the_command_line_reads(name: str) -> None:
    file = read_claims(DEMO / "claims" / f"{name}.yaml")

    assert producer_of(file).relation is ProducerRelation.INDEPENDENT
    assert all(claim.fields for claim in claims_of(file))


def test_the_compute_ledger_states_the_product_that_it_names() -> None:
    claim = claims_of(read_claims(DEMO / "claims" / "compute-ledger.yaml"))[0]
    flop = claim.field("training_flop")

    assert flop is not None
    assert flop.number is not None
    assert Decimal("0.01") > abs(6 * 134_515_008 * 2 * 10**12 / flop.number - 1)


def test_rotary_rows_return_to_the_order_in_which_transformers_keeps_them() -> None:
    heads, half, width = 3, 4, 2
    original = np.arange(heads * 2 * half * width, dtype=np.float32).reshape(-1, width)
    # What a converter to GGUF does: the two halves of each head are interleaved.
    in_gguf = original.reshape(heads, 2, half, width).swapaxes(1, 2).reshape(original.shape)

    restored = builder().rotary_order(in_gguf, heads=heads)

    assert original.tolist() == restored.tolist()
    assert original.tolist() != in_gguf.tolist()


def test_tensor_names_are_those_of_transformers() -> None:
    name = builder().transformers_name

    assert name("token_embd.weight") == "model.embed_tokens.weight"
    assert name("blk.7.ffn_up.weight") == "model.layers.7.mlp.up_proj.weight"
    assert name("blk.29.attn_q.weight") == "model.layers.29.self_attn.q_proj.weight"
