# SPDX-License-Identifier: Apache-2.0
"""Evaluates the harness's own dummy model with version 0.3, and writes what it returns.

A program of its own: ``python run_lm_eval_03.py FOLDER``. The tasks that come with the
harness load their data from a hub; this one is of the same classes and makes its documents
itself. The file is written as the harness's ``main.py`` wrote it, which the package leaves
out.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from lm_eval.base import MultipleChoiceTask
from lm_eval.evaluator import simple_evaluate

FOLDER = Path(sys.argv[1])
DOCUMENTS = [
    {"query": f"{n} + {n} =", "choices": [str(2 * n), "none"], "gold": n % 2} for n in range(12)
]


class TinySums(MultipleChoiceTask):  # type: ignore[misc]  # only its own environment has it
    """Twelve sums with two answers each."""

    VERSION = 3
    scored: dict[str, list[float]]

    def download(self, *_: object) -> None:
        """Download nothing."""
        self.scored = {}

    def has_training_docs(self) -> bool:
        """No."""
        return False

    def has_validation_docs(self) -> bool:
        """No."""
        return False

    def has_test_docs(self) -> bool:
        """Yes."""
        return True

    def test_docs(self) -> list[dict[str, object]]:
        """Return every document."""
        return DOCUMENTS

    def doc_to_text(self, doc: dict[str, object]) -> str:
        """Return the prompt."""
        return str(doc["query"])

    def process_results(self, doc: dict[str, object], results: list[float]) -> dict[str, float]:
        """Score a document, and keep the scores for the recount."""
        scores: dict[str, float] = super().process_results(doc, results)
        for metric, score in scores.items():
            self.scored.setdefault(metric, []).append(score)
        return scores


def evaluate(name: str, **options: object) -> None:
    task = TinySums()
    returned = simple_evaluate(
        model="dummy", tasks=[task], no_cache=True, bootstrap_iters=100, **options
    )
    (FOLDER / f"{name}.json").write_text(json.dumps(returned, indent=2), encoding="utf-8")
    (FOLDER / f"{name}.scored").write_text(json.dumps(task.scored), encoding="utf-8")


evaluate("whole", model_args="pretrained=org/tiny,revision=step0", num_fewshot=2)
evaluate("limited", model_args="", limit=5)
