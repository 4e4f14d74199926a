# SPDX-License-Identifier: Apache-2.0
"""Does `tiergate lineage` find what descends from what, and nothing else?

Run ``python -m benchmarks.lineage_bench``. Makes models, changes them in every way that
people do, and asks of each result whether it descends from its base, and from models of the
same shape that it has nothing to do with. Takes some twenty minutes on one core, and 2 GB
of disk. ``--modeldna PYTHON`` asks that package the same questions.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import lineage_changes as ch
from benchmarks import lineage_formats as fm
from benchmarks.lineage_models import (
    Family,
    Tensors,
    Training,
    calmly,
    gpt2,
    llama,
    minilm,
    smollm2,
    train,
)
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
STEPS = 200
FOUND_TARGET = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """One changed model."""

    change: str
    """What was done."""
    weights: Tensors
    """The result."""
    write: fm.Writer = fm.write_plain
    """How it is written."""
    honest: bool = True
    """Whether it is something people do without wanting to hide anything."""


@dataclass(slots=True, kw_only=True)
class Question:
    """Does the one descend from the other?"""

    candidate: str
    base: str
    change: str
    family: str
    kind: str
    """"honest", "adversarial", "unrelated" or "same start"."""
    found: bool = False
    log10_p: float = 0.0
    peer: str = ""
    """What the peer says, when it was asked."""


def honest(
    family: Family, base: Tensors, others: list[Tensors], seed: int, *, quick: bool
) -> Iterator[Made]:
    """Change a model in every honest way.

    Args:
        family: its shape.
        base: its weights.
        others: unrelated models of its shape; may be empty.
        seed: of everything random.
        quick: train for a few steps only, for a model that is not small.
    """
    tune = partial(train, family, base)
    few, rate, batch = (6, 2e-4, 4) if quick else (80, 1e-3, 16)
    tuned = tune(Training(steps=few, rate=rate, seed=seed, part="second", batch=batch))
    again = tune(Training(steps=few, rate=rate, seed=seed + 1, batch=batch))
    yield Made(change="copied", weights=base, write=fm.write_single)
    yield Made(change="fine-tuned", weights=tuned)
    if not quick:
        long = tune(Training(steps=3 * STEPS, rate=3e-3, seed=seed + 2, part="second"))
        yield Made(change="trained on three times as long", weights=long)
    adapted = tune(
        Training(steps=few, rate=5 * rate, seed=seed, part="second", lora_rank=8, batch=batch)
    )
    yield Made(change="adapter merged (LoRA)", weights=adapted)
    yield Made(change="merged, average", weights=ch.merge(tuned, again))
    yield Made(change="merged, along the arc", weights=ch.merge_spherical(tuned, again))
    yield Made(change="merged, TIES", weights=ch.merge_ties(base, [tuned, again]))
    if others:
        yield Made(
            change="merged half and half with a stranger", weights=ch.merge(tuned, others[0])
        )
    yield from _rounded(family, base, tuned)
    yield from _cut(family, base, tuned, np.random.default_rng(seed))
    yield from _moved(family, base, tuned, np.random.default_rng(seed))
    yield from _layers(family, base, tuned, others)


def _rounded(family: Family, base: Tensors, tuned: Tensors) -> Iterator[Made]:
    writers: list[tuple[str, fm.Writer]] = [("int8", fm.write_int8), ("float8", fm.write_float8)]
    if family.kind != "gpt2":
        # GPT-2 keeps its matrices the other way round, which these formats do not.
        writers += [
            ("4-bit GPTQ layout", fm.write_gptq),
            ("4-bit compressed-tensors layout", fm.write_packed),
            ("4-bit NF4 layout", fm.write_nf4),
        ]
        writers += [
            (f"GGUF {kind}", fm.gguf_writer(kind))
            for kind in ("F16", "Q8_0", "Q5_1", "Q4_0", "Q4_1", "Q4_K")
        ]
    for name, write in writers:
        yield Made(change=f"quantised, {name}", weights=base, write=write)
    if family.kind != "gpt2":
        yield Made(change="fine-tuned, then GGUF Q4_0", weights=tuned, write=fm.gguf_writer("Q4_0"))


def _cut(
    family: Family, base: Tensors, tuned: Tensors, chance: np.random.Generator
) -> Iterator[Made]:
    yield Made(change="pruned, half of all weights", weights=ch.prune_magnitude(base, 0.5))
    yield Made(change="pruned, 2 of 4", weights=ch.prune_two_of_four(base))
    yield Made(change="pruned, 80 % of all weights", weights=ch.prune_magnitude(tuned, 0.8))
    yield Made(change="pruned, a quarter of inner units", weights=ch.prune_inner(family, base))
    yield Made(
        change="pruned, an eighth of the width", weights=ch.prune_width(family, base, chance)
    )
    yield Made(change="vocabulary extended", weights=ch.extend_vocabulary(tuned, chance, 24))
    yield Made(change="vocabulary trimmed", weights=ch.trim_vocabulary(base, chance))
    yield Made(change="vocabulary replaced", weights=ch.replace_vocabulary(tuned, chance))


def _moved(
    family: Family, base: Tensors, tuned: Tensors, chance: np.random.Generator
) -> Iterator[Made]:
    yield Made(change="permuted, width", weights=ch.permute_width(family, base, chance))
    yield Made(change="permuted, inner units", weights=ch.permute_inner(family, base, chance))
    if family.kind != "gpt2":
        yield Made(change="permuted, heads", weights=ch.permute_heads(family, base, chance))
    everything = ch.permute_all(family, tuned, chance)
    yield Made(change="fine-tuned, then all permuted", weights=everything)
    pruned = ch.permute_all(family, ch.prune_inner(family, base), chance)
    yield Made(change="inner units pruned, then all permuted", weights=pruned)
    yield Made(change="renamed and resharded", weights=tuned, write=fm.write_renamed)


def _layers(family: Family, base: Tensors, tuned: Tensors, others: list[Tensors]) -> Iterator[Made]:
    count = ch.layer_count(family, base)
    third = [n for n in range(count) if n % 3 != 1]
    twice = [*range(count * 2 // 3), *range(count // 3, count)]
    yield Made(change="layers, a third left out", weights=ch.layers(family, tuned, third))
    yield Made(change="layers, the middle third twice", weights=ch.layers(family, base, twice))
    yield Made(
        change="layers, in reverse", weights=ch.layers(family, tuned, range(count - 1, -1, -1))
    )
    if others:
        mixed = [(base if n % 2 else others[0], n) for n in range(count)]
        yield Made(
            change="layers, every other from a stranger",
            weights=ch.layers_of(family, mixed, others[0]),
        )


def adversarial(family: Family, base: Tensors, seed: int) -> Iterator[Made]:
    """Change a model so that it is not recognised."""
    chance = np.random.default_rng(seed)
    hidden = partial(Made, honest=False)
    for ratio in (0.5, 1.0, 2.0, 4.0):
        noisy = ch.add_noise(base, chance, ratio)
        yield hidden(change=f"noise, {ratio:g} times the weights", weights=noisy)
    everything = ch.permute_all(family, base, chance)
    yield hidden(
        change="all permuted and vocabulary replaced",
        weights=ch.replace_vocabulary(everything, chance),
    )
    yield hidden(
        change="all permuted and vocabulary trimmed",
        weights=ch.trim_vocabulary(everything, chance),
    )
    if family.kind == "llama":
        yield hidden(change="width flipped in sign", weights=ch.flip_width(family, base, chance))
        flipped = ch.flip_width(family, everything, chance)
        yield hidden(change="all permuted and width flipped", weights=flipped)
        turned = ch.rotate_width(family, base, chance)
        yield hidden(change="width rotated", weights=turned)
        yield hidden(
            change="width rotated, inner units permuted",
            weights=ch.permute_inner(family, turned, chance),
        )


class Bench:
    """Writes models, sketches them, asks, and forgets the large ones again."""

    def __init__(self, folder: Path, peer: list[str], output: Path | None = None) -> None:
        self.folder = folder
        self.output = output
        self.questions: list[Question] = []
        self.sketches: dict[str, Sketch] = {}
        self._peer = Peer(peer) if peer else None

    def add(self, name: str, family: Family, made: Made) -> Path:
        """Write a model and draw its sketch."""
        place = self.folder / name
        made.write(family, made.weights, place)
        self.sketches[name] = draw(open_local(locate(str(place))), with_digests=False)
        return place

    def ask(self, candidate: str, base: str, change: str, family: Family, kind: str) -> None:
        """Ask whether one model descends from another; its weights are at hand."""
        one, other = self.sketches[candidate], self.sketches[base]
        model = open_local(locate(str(self.folder / candidate)))
        traced = trace(one, (compare(one, other),), 1, model)[0]
        question = Question(
            candidate=candidate, base=base, change=change, family=family.name, kind=kind
        )
        question.found = traced.outcome is LineageOutcome.DERIVED
        question.log10_p = traced.log10_p
        if self._peer is not None:
            question.peer = self._peer.ask(self.folder / candidate, self.folder / base)
        self.questions.append(question)
        if self.output is not None:
            rows = [{n: getattr(q, n) for n in Question.__slots__} for q in self.questions]
            self.output.write_text(json.dumps(rows, indent=1))


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
        for one in range(count):
            for other in range(one):
                bench.ask(
                    f"{family.name}-{one}",
                    f"{family.name}-{other}",
                    "trained from another seed",
                    family,
                    "unrelated",
                )
        started = train(family, None, Training(steps=STEPS, seed=0, part="second"))
        bench.add(f"{family.name}-started", family, Made(change="", weights=started))
        bench.ask(
            f"{family.name}-started",
            f"{family.name}-0",
            "same initial weights",
            family,
            "same start",
        )
        told = train(family, None, Training(steps=STEPS, seed=99), teacher=models[0])
        bench.add(f"{family.name}-told", family, Made(change="", weights=told))
        bench.ask(
            f"{family.name}-told",
            f"{family.name}-0",
            "distilled from its answers",
            family,
            "adversarial",
        )
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
        name = f"{base}-change-{number}"
        bench.add(name, family, item)
        kind = "honest" if item.honest else "adversarial"
        bench.ask(name, base, item.change, family, kind)
        bench.ask(name, stranger, item.change, family, "unrelated")
        print(".", end="", flush=True)


def real_models(bench: Bench, folder: Path) -> None:
    """Change the real models out of packages, one at a time on disk."""
    for found in (minilm(), smollm2(folder)):
        if found is None:
            print("a package with a real model is not installed; left out")
            continue
        family, weights = found
        matrices = {n: v for n, v in weights.items() if v.dtype.kind == "f"}
        base = f"{family.name}"
        bench.add(base, family, Made(change="", weights=matrices))
        chance = np.random.default_rng(1)
        stranger = {
            name: (chance.normal(v.mean(), v.std() + 1e-6, v.shape)).astype(np.float32)
            for name, v in matrices.items()
        }
        bench.add(f"{base}-stranger", family, Made(change="", weights=stranger))
        for number, item in enumerate(_all_changes(family, matrices, stranger)):
            name = f"{base}-change-{number}"
            place = bench.add(name, family, item)
            kind = "honest" if item.honest else "adversarial"
            bench.ask(name, base, item.change, family, kind)
            if item.change not in STRANGERS:
                bench.ask(name, f"{base}-stranger", item.change, family, "unrelated")
            shutil.rmtree(place)
            print(".", end="", flush=True)


STRANGERS = ("merged half and half with a stranger", "layers, every other from a stranger")
"""Changes that bring in an unrelated model, which is then a base as well."""


def _all_changes(family: Family, weights: Tensors, stranger: Tensors) -> Iterator[Made]:
    yield from honest(family, weights, [stranger], 7, quick=True)
    yield from adversarial(family, weights, 7)


def report(questions: list[Question]) -> bool:
    """Print the table by kind of change, then the closing line."""
    rows: dict[tuple[str, str], list[Question]] = defaultdict(list)
    for question in questions:
        change = question.change if question.kind != "unrelated" else "of one shape, unrelated"
        rows[question.kind, change].append(question)
    print("\n\n| kind | change | pairs | derived | undetermined | weakest p | modeldna says |")
    print("|---|---|---|---|---|---|---|")
    for (kind, change), asked in rows.items():
        found = sum(question.found for question in asked)
        weakest = (max if kind == "honest" else min)(question.log10_p for question in asked)
        print(
            f"| {kind} | {change} | {len(asked)} | {found} | {len(asked) - found} "
            f"| 1e{weakest:.0f} | {_said(asked)} |"
        )
    good = [question for question in questions if question.kind == "honest"]
    bad = [question for question in questions if question.kind == "unrelated"]
    share = sum(question.found for question in good) / max(1, len(good))
    wrong = sum(question.found for question in bad)
    for question in [*(q for q in good if not q.found), *(q for q in bad if q.found)]:
        print(f"wrong: {question.candidate} of {question.base}: {question.change}")
    print(f"{len(good)} honest pairs, {len(bad)} unrelated pairs, {wrong} of those said derived")
    print(f"lineage_bench ratio={share:.4f} target={FOUND_TARGET}")
    return share >= FOUND_TARGET and wrong == 0


def _said(asked: list[Question]) -> str:
    counts: dict[str, int] = defaultdict(int)
    for question in asked:
        counts[question.peer.partition(" ")[0]] += 1
    return ", ".join(f"{word} {n}" for word, n in sorted(counts.items()) if word)


def _rows(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(path.read_text())
    return rows


def main() -> int:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modeldna", default="", help="a Python that has modeldna installed")
    parser.add_argument("--smollm2", type=Path, help="where its checkpoint is, or is built")
    parser.add_argument("--only", choices=["trained", "real"], help="only models of this kind")
    parser.add_argument("--changed", type=int, default=CHANGED, help="models changed of each shape")
    parser.add_argument("--output", type=Path, help="write every answer to this file, as JSON")
    parser.add_argument("--report", type=Path, nargs="+", help="report on such files, make nothing")
    asked = parser.parse_args()
    if asked.report:
        return 0 if report([Question(**row) for f in asked.report for row in _rows(f)]) else 1
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(Path(work), asked.modeldna.split(), asked.output)
        if asked.only != "real":
            small_families(bench, FAMILIES, asked.changed)
        if asked.only != "trained":
            real_models(bench, asked.smollm2 or Path(work) / "smollm2")
        return 0 if report(bench.questions) else 1


if __name__ == "__main__":
    code: list[int] = []
    calmly(lambda: code.append(main()))
    sys.exit(code[0])
