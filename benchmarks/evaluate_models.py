# SPDX-License-Identifier: Apache-2.0
"""Evidence of very many models in one Parquet file: counts and claims, decided by the evaluator.

A column stands for a measurement on one form of the model, with its adverse results, or for a claim
and whether it was made; who measured, how well and how long ago is the same for all. Whatever is
alike in many models is held against the checks once, with bounds, grades and all.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tiergate.decision.analysis.compiled import Compiled
from tiergate.decision.analysis.formula import ladder, state_of
from tiergate.decision.analysis.pieces import Piece, Place, gathered
from tiergate.decision.analysis.search import Problem
from tiergate.decision.analysis.topics import topics_of
from tiergate.decision.evaluate import evaluate
from tiergate.decision.memo import Memo
from tiergate.decision.policy import Policy
from tiergate.evidence.collection import Collection, EvidenceDocument
from tiergate.evidence.measurement import Counts, Direction, Measurement

MOST_ADVERSE = 20
_WIDE = MOST_ADVERSE + 1
Column = NDArray[np.uint8]


class Models:
    """Evidence about many models, and the policy that it is held against."""

    def __init__(self, policy: Policy, at: datetime) -> None:
        self.policy, self.at = policy, at
        self.compiled = Compiled(policy)
        place = Place(at=at)
        problem = Problem(topics_of(ladder(policy).checks(), place))
        best = problem.pieces(problem.best())
        self.everything = gathered(best, place)
        self._checks: dict[str, list[int]] = {}
        for number, check in enumerate(self.compiled.checks):
            self._checks.setdefault(check.topic, []).append(number)
        by_topic: dict[str, list[Piece]] = {}
        for piece in best:
            by_topic.setdefault(piece.topic, []).append(piece)
        self._good = {topic: gathered(by_topic.get(topic, []), place) for topic in self._checks}
        self.columns = {topic: _columns_of(topic, good) for topic, good in self._good.items()}

    def write(self, path: Path, many: int) -> None:
        """Draw the evidence of many models, nearly all of it good, and write it."""
        chance = np.random.default_rng(1)
        drawn: dict[str, Column] = {}
        for name in sorted(name for names in self.columns.values() for name in names):
            if name.startswith("claim:"):
                drawn[name] = (chance.random(many) > 0.0005).astype(np.uint8)
            else:
                bad = np.where(chance.random(many) < 0.03, 0.005, 0.0)
                drawn[name] = np.minimum(chance.poisson(bad * 400), MOST_ADVERSE).astype(np.uint8)
        pq.write_table(pa.table(drawn), path)

    def ranks(self, path: Path) -> Column:
        """Read the file and return the rank of the tier that each model's evidence supports."""
        read = pq.read_table(path, use_threads=False)
        many = read.num_rows
        states = np.zeros((len(self.compiled.checks), many), dtype=np.uint8)
        for topic, names in self.columns.items():
            codes = np.zeros(many, dtype=np.int64)
            for name in names:
                codes = codes * _WIDE + read.column(name).to_numpy()
            each, which = np.unique(codes, return_inverse=True)
            found = np.array([list(self._states(topic, int(code))) for code in each], np.uint8)
            for place, number in enumerate(self._checks[topic]):
                states[number] = found[which, place]
        return self.compiled.supported_ranks(states)

    def _states(self, topic: str, code: int) -> Iterator[int]:
        evidence, memo = self._changed(self._good[topic], topic, code), Memo()
        for number in self._checks[topic]:
            check = self.compiled.checks[number]
            yield state_of(check.atom.judge(check.scene(evidence, self.at, memo)))

    def _changed(self, evidence: Collection, topic: str, code: int) -> Collection:
        values: dict[str, int] = {}
        for name in reversed(self.columns[topic]):
            code, values[name] = divmod(code, _WIDE)
        kept = (_with(document, values) for document in evidence.documents)
        documents = tuple(d for d in kept if d.measurements or d.claims)
        return dataclasses.replace(evidence, documents=documents)

    def rank_by_the_evaluator(self, path: Path, row: int) -> int:
        """Return what the whole evaluator says about the evidence of one model."""
        read = pq.read_table(path).slice(row, 1).to_pylist()[0]
        kept = (_with(document, read) for document in self.everything.documents)
        documents = tuple(d for d in kept if d.measurements or d.claims)
        evidence = dataclasses.replace(self.everything, documents=documents)
        return evaluate(self.policy, evidence, at=self.at).supported.rank


def _columns_of(topic: str, good: Collection) -> tuple[str, ...]:
    if topic.startswith("claim:"):
        return (topic,)
    counted = {
        _column(m)
        for document in good.documents
        for m in document.measurements
        if isinstance(m.value, Counts)
    }
    return tuple(sorted(counted))


def _column(found: Measurement) -> str:
    return f"{found.metric}, {found.setting.variant}"


def _with(document: EvidenceDocument, values: dict[str, int]) -> EvidenceDocument:
    measured = tuple(
        _came_out(m, values[_column(m)]) if _column(m) in values else m
        for m in document.measurements
    )
    claims = tuple(c for c in document.claims if values.get(f"claim:{c.item}", 1))
    return dataclasses.replace(document, measurements=measured, claims=claims)


def _came_out(found: Measurement, adverse: int) -> Measurement:
    value = found.value
    if not isinstance(value, Counts):
        return found
    safer = found.direction is Direction.HIGHER_IS_SAFER
    successes = value.planned - adverse if safer else adverse
    return dataclasses.replace(found, value=Counts.simple(successes, value.planned))
