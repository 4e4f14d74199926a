# SPDX-License-Identifier: Apache-2.0
"""Does `tiergate lineage` find what descends from what, and nothing else?

Run ``python -m benchmarks.lineage_bench``. Makes models, changes them in every way that
people do, and asks of each result whether it descends from its base, and from models of the
same shape that it has nothing to do with. Takes some twenty minutes on one idle core, and 2 GB
of disk. ``--modeldna PYTHON`` asks that package the same questions. ``--keep FOLDER`` keeps
what was trained and answered, 5 GB, so that a run that was ended goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.lineage_kept import Kept
from benchmarks.lineage_kinds import STEPS, Made, adversarial, honest
from benchmarks.lineage_models import (
    Family,
    Tensors,
    Training,
    calmly,
    gpt2,
    keep_trained,
    llama,
    minilm,
    smollm2,
    train,
)
from benchmarks.lineage_table import Question, read_questions, report
from tiergate.model.lineage.compare import LineageOutcome, compare
from tiergate.model.lineage.opened import open_local
from tiergate.model.lineage.sketch import Sketch, draw
from tiergate.model.lineage.trace import trace
from tiergate.model.source import locate

FAMILIES = (
    (llama("llama-64", 64, 6, tied=True), 8),
    (llama("llama-128", 128, 4, tied=False), 4),
    (gpt2("gpt2-64", 64, 6), 5),
)
"""Shapes that are trained here, and how many models of each from different seeds."""
CHANGED = 1
"""Models of each shape that are changed in every way."""


class Bench:
    """Writes models, sketches them, asks, and forgets the large ones again."""

    def __init__(
        self,
        folder: Path,
        peer: list[str],
        kept: Kept | None = None,
        output: Path | None = None,
    ) -> None:
        self.folder = folder
        self.output = output
        self.questions: list[Question] = []
        self._sketches: dict[str, Sketch] = {}
        self._kept = kept or Kept()
        self._peer = Peer(peer) if peer else None

    def add(self, name: str, family: Family, made: Made) -> None:
        """Write a model and draw its sketch."""
        place = self.folder / name
        made.write(family, made.weights, place)
        self._sketches[name] = draw(open_local(locate(str(place))), with_digests=False)

    def change(
        self, name: str, family: Family, made: Made, asked: Sequence[tuple[str, str]]
    ) -> None:
        """Write a changed model, ask of each base whether it descends from it, and remove it.

        Args:
            name: what it is called.
            family: its shape.
            made: what was done, and to what it came.
            asked: bases, and of what kind each question is.
        """
        if not all(self._kept.has(name, base) for base, _ in asked):
            self.add(name, family, made)
        for base, kind in asked:
            self.ask(name, base, made.change, family, kind)
        shutil.rmtree(self.folder / name, ignore_errors=True)
        print(".", end="", flush=True)

    def ask(self, candidate: str, base: str, change: str, family: Family, kind: str) -> None:
        """Ask whether one model descends from another, or take the answer of an earlier run."""
        question = Question(
            candidate=candidate, base=base, change=change, family=family.name, kind=kind
        )
        if not self._kept.has(candidate, base):
            self._kept.add(candidate, base, self._answer(candidate, base))
        answer = self._kept.answer(candidate, base)
        question.found, question.log10_p = bool(answer["found"]), float(answer["log10_p"])
        question.peer = str(answer["peer"])
        self.questions.append(question)
        if self.output is not None:
            rows = [{n: getattr(q, n) for n in Question.__slots__} for q in self.questions]
            self.output.write_text(json.dumps(rows, indent=1))

    def _answer(self, candidate: str, base: str) -> dict[str, str | float | bool]:
        one, other = self._sketches[candidate], self._sketches[base]
        model = open_local(locate(str(self.folder / candidate)))
        traced = trace(one, (compare(one, other),), 1, model)[0]
        places = (self.folder / candidate, self.folder / base)
        return {
            "found": traced.outcome is LineageOutcome.DERIVED,
            "log10_p": traced.log10_p,
            "peer": "" if self._peer is None else self._peer.ask(*places),
        }


class Peer:
    """Asks modeldna, in one process of its own."""

    def __init__(self, python: list[str]) -> None:
        script = Path(__file__).with_name("lineage_peer.py")
        self._process = subprocess.Popen(
            [*python, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, candidate: Path, base: Path) -> str:
        """Return what it says of one pair."""
        assert self._process.stdin is not None  # noqa: S101
        assert self._process.stdout is not None  # noqa: S101
        self._process.stdin.write(json.dumps([str(candidate), str(base)]) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


def small_families(
    bench: Bench, families: tuple[tuple[Family, int], ...], change: int = CHANGED
) -> None:
    """Train small models, change some of them, and ask everything."""
    for family, count in families:
        models = []
        for seed in range(count):
            weights = train(family, None, Training(steps=STEPS, seed=seed))
            models.append(weights)
            bench.add(f"{family.name}-{seed}", family, Made(change="", weights=weights))
            print("+", end="", flush=True)
        for one in range(count):
            for other in range(one):
                pair = (f"{family.name}-{one}", f"{family.name}-{other}")
                bench.ask(*pair, "trained from another seed", family, "unrelated")
        base = f"{family.name}-0"
        started = train(family, None, Training(steps=STEPS, seed=0, part="second"))
        made = Made(change="same initial weights", weights=started)
        bench.change(f"{family.name}-started", family, made, [(base, "same start")])
        told = train(family, None, Training(steps=STEPS, seed=99), teacher=models[0])
        made = Made(change="distilled from its answers", weights=told)
        bench.change(f"{family.name}-told", family, made, [(base, "adversarial")])
        for seed in range(min(change, count - 2)):
            changed(bench, family, models, seed)


def changed(bench: Bench, family: Family, models: list[Tensors], seed: int) -> None:
    """Change one model in every way; ask about it, and about one that it has nothing to do with."""
    base, stranger = f"{family.name}-{seed}", f"{family.name}-{len(models) - 2}"
    made = [
        *honest(family, models[seed], models[-1:], 100 * seed, quick=False),
        *adversarial(family, models[seed], seed),
    ]
    for number, item in enumerate(made):
        kind = "honest" if item.honest else "adversarial"
        asked = [(base, kind), (stranger, "unrelated")]
        bench.change(f"{base}-change-{number}", family, item, asked)


def real_models(bench: Bench, folder: Path) -> None:
    """Change the real models out of packages, one at a time on disk."""
    for found in (minilm(), smollm2(folder)):
        if found is None:
            print("a package with a real model is not installed; left out")
            continue
        family, weights = found
        matrices = {n: v for n, v in weights.items() if v.dtype.kind == "f"}
        base, stranger = family.name, f"{family.name}-stranger"
        bench.add(base, family, Made(change="", weights=matrices))
        chance = np.random.default_rng(1)
        other = {
            name: (chance.normal(v.mean(), v.std() + 1e-6, v.shape)).astype(np.float32)
            for name, v in matrices.items()
        }
        bench.add(stranger, family, Made(change="", weights=other))
        for number, item in enumerate(_all_changes(family, matrices, other)):
            asked = [(base, "honest" if item.honest else "adversarial")]
            if item.change not in STRANGERS:
                asked.append((stranger, "unrelated"))
            bench.change(f"{base}-change-{number}", family, item, asked)


STRANGERS = ("merged half and half with a stranger", "layers, every other from a stranger")
"""Changes that bring in an unrelated model, which is then a base as well."""


def _all_changes(family: Family, weights: Tensors, stranger: Tensors) -> Iterator[Made]:
    yield from honest(family, weights, [stranger], 7, quick=True)
    yield from adversarial(family, weights, 7)


def main() -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modeldna", default="", help="a Python that has modeldna installed")
    parser.add_argument("--smollm2", type=Path, help="where its checkpoint is, or is built")
    parser.add_argument("--only", choices=["trained", "real"], help="only models of this kind")
    parser.add_argument("--changed", type=int, default=CHANGED, help="models changed of each shape")
    parser.add_argument("--keep", type=Path, help="keep here what was trained and answered")
    parser.add_argument("--output", type=Path, help="write every answer to this file, as JSON")
    parser.add_argument("--report", type=Path, nargs="+", help="report on such files, make nothing")
    asked = parser.parse_args()
    if asked.report:
        return 0 if report(read_questions(asked.report)) else 1
    with tempfile.TemporaryDirectory() as work:
        peer = asked.modeldna.split()
        kept = Kept.opened(asked.keep, with_peer=bool(peer))
        if asked.keep is not None:
            keep_trained(asked.keep)
        bench = Bench(Path(work), peer, kept, asked.output)
        if asked.only != "real":
            small_families(bench, FAMILIES, asked.changed)
        if asked.only != "trained":
            real_models(bench, asked.smollm2 or Path(work) / "smollm2")
        return 0 if report(bench.questions) else 1


if __name__ == "__main__":
    code: list[int] = []
    calmly(lambda: code.append(main()))
    sys.exit(code[0])
