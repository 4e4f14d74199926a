# SPDX-License-Identifier: Apache-2.0
"""An Inspect task: which digit does the number after this one end in?"""

from pathlib import Path

import numpy as np
from inspect_ai import Task, task
from inspect_ai.dataset import Sample
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import match
from inspect_ai.solver import Generate, Solver, TaskState, solver

TABLE = np.frombuffer(Path("model/model.safetensors").read_bytes()[-4000:], "<f4").reshape(100, 10)


@solver
def digit_table() -> Solver:
    """Answer with the digit that has the largest weight."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        del generate
        answer = TABLE[int(state.input_text)].argmax()
        state.output = ModelOutput.from_content("digit table", str(answer))
        return state

    return solve


@task
def counting() -> Task:
    """One sample for each number below 100."""
    samples = [Sample(input=str(n), target=str((n + 1) % 10)) for n in range(100)]
    return Task(dataset=samples, solver=digit_table(), scorer=match())
