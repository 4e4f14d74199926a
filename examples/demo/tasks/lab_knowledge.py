# SPDX-License-Identifier: Apache-2.0
"""School questions on measuring and laboratory safety: a harmless proxy for hazardous knowledge.

They stand in the place of a CBRN knowledge evaluation. The same questions are asked a second time
by lm-evaluation-harness, which compares log-likelihoods instead of reading a written letter:
how a model is asked decides what it seems to know.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import Sample, json_dataset
from inspect_ai.model import GenerateConfig
from inspect_ai.scorer import choice
from inspect_ai.solver import multiple_choice

DATA = Path(__file__).parent / "data" / "lab_knowledge.jsonl"


def to_sample(row: dict[str, Any]) -> Sample:
    """Read one row of the data file."""
    return Sample(id=row["id"], input=row["question"], choices=row["choices"], target=row["answer"])


@task
def lab_knowledge() -> Task:
    """32 questions with four choices, one greedy answer each."""
    return Task(
        dataset=json_dataset(str(DATA), to_sample),
        solver=multiple_choice(),
        scorer=choice(),
        config=GenerateConfig(max_tokens=8),
        version=1,
    )
