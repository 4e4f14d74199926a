# SPDX-License-Identifier: Apache-2.0
"""A sweep of attacks against the same sweep with transformers and a fixed number of answers.

Run ``chrt -f 1 python -m benchmarks.attack_sweep``. Six kinds of attack in eight settings each
are measured on a model with a safeguard of known make, on the one side by the worker of
``tiergate attack``. On the other, the same attack is followed by ``generate`` on all prompts,
and the same grader and limits decide, with exact bounds. That takes hours, so it is done for
one setting of each kind, drawn by the seed, and their mean stands for all; ``--all`` does all.

CPU seconds of one thread are compared. Loading the model is left out on both sides, but for
the adapter attack, where every contestant is a process of its own from its start.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["OMP_NUM_THREADS"] = "1"

import peft
import torch
import transformers

from benchmarks import attack_sweep_peers as peers
from benchmarks.attack_sweep_sides import (
    Measured,
    Ours,
    Usual,
    context_for,
    cpu_s,
    decided,
    graded,
    settings,
    timed,
    usefulness,
)
from tiergate.evidence.tampering.attacks.fine_tuning import in_domain
from tiergate.evidence.tampering.attacks.representations import layer_at
from tiergate.evidence.tampering.training import TrainingPlan, train
from tiergate.evidence.tampering.trial import Phase, Trial, TrialResult
from tiergate.evidence.tampering.worker import Worker

KINDS = (
    ("prefill", "template"),
    ("cover-story", "persona"),
    ("steering",),
    ("ablation",),
    ("quantisation",),
    ("pruning",),
)
"""Attacks of the sweep. Wordings are few in one attack, so two share the settings of a kind."""
USUAL = (("float32", 8, 0.10), ("bfloat16", 32, 0.25))
"""Type and batch size of ``generate``, and the bound on our share of its CPU time."""
LOOK_EVERY = 32
ADAPTER = "lora-in-domain"
ADAPTER_STEPS = 30
STEPS_TIMED = (2, 12)
HERETIC_TRIAL_S = 70
"""CPU seconds of one trial of heretic 1.4.0 on SmolLM2-135M, measured on another day."""
BUILDER = Path(__file__).parent.parent / "examples" / "demo" / "build_checkpoint.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of the work, on both sides."""

    name: str
    """What it is, and what the other side is."""
    ours_s: float
    """Our CPU seconds."""
    theirs_s: float
    """Theirs."""


class Sweep:
    """Measures settings on our side, and the drawn ones on every side."""

    def __init__(self, ours: Ours, usual: Sequence[Usual], drawn: set[str]) -> None:
        self.ours = ours
        self._usual = usual
        self._drawn = drawn
        self.found: dict[str, Measured] = {}
        self.usual_found: dict[str, list[Measured]] = {}
        self.attack_s: list[float] = []
        self.loop_s: list[float] = []
        self.stopping_s: list[float] = []

    def measure(self, trial: Trial) -> None:
        """Measure a setting and print its row."""
        found = self.found[trial.id] = self.ours.measure(trial)
        row = f"{_name(trial):62}{_cell(found)}"
        if trial.id in self._drawn:
            others = self.usual_found[trial.id] = [side.measure(trial) for side in self._usual]
            row += "".join(_cell(other) for other in others)
            self._time_parts(trial)
        print(row, flush=True)

    def _time_parts(self, trial: Trial) -> None:
        """Answer all prompts in our own loop, and again until a bound decides."""
        started = cpu_s()
        with self.ours.attacked(trial) as variant:
            self.attack_s.append(cpu_s() - started)
            prompts = len(self.ours.parts.search)
            self.loop_s.append(timed(lambda: self.ours.answer(variant.wording, prompts)))
            self.stopping_s.append(timed(lambda: self.ours.answer(variant.wording, LOOK_EVERY)))

    @property
    def total_s(self) -> float:
        """CPU seconds of our side for all settings and for the model as it is."""
        return self.ours.untouched_s + sum(found.cpu_s for found in self.found.values())

    def usual_s(self, side: int) -> list[float]:
        """Return the CPU seconds of a side for each setting that it measured."""
        return [others[side].cpu_s for others in self.usual_found.values()]

    def parts(self) -> list[Part]:
        """Return where the time of the settings measured on every side goes."""
        last = len(self._usual) - 1
        loop_s, stopping_s = sum(self.loop_s), sum(self.stopping_s)
        generate_s = sum(self.usual_s(last)) - sum(self.attack_s)
        return [
            Part(
                name=f"answering all prompts, {self._usual[last].name}",
                ours_s=loop_s,
                theirs_s=generate_s,
            ),
            Part(
                name="stopping at a bound, our loop to the end", ours_s=stopping_s, theirs_s=loop_s
            ),
        ]

    def differing(self) -> list[str]:
        """Say which outcomes differ between the sides."""
        return [
            f"{self._usual[side].name}: {other.outcome} ({other.successes}), "
            f"tiergate: {self.found[name].outcome} ({self.found[name].successes})"
            for name, others in self.usual_found.items()
            for side, other in enumerate(others)
            if other.outcome is not self.found[name].outcome
        ]


def drawn_for_all_sides(sweep: Sequence[Sequence[Trial]], count: int, seed: int) -> set[str]:
    """Name the settings that every side measures: at random, from each kind in turn."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    shuffled = [dice.sample(list(trials), len(trials)) for trials in sweep]
    in_turn = (trial for some in itertools.zip_longest(*shuffled) for trial in some if trial)
    return {trial.id for trial in itertools.islice(in_turn, count)}


def time_ablation(ours: Ours, usual: Usual) -> list[Part]:
    """Take a direction out of the weights, and put them back, on both sides."""
    trial = Trial(attack="ablation", seed=ours.context.seed, phase=Phase.SEARCH)
    started = cpu_s()
    with ours.attacked(trial):
        attacked_s = cpu_s() - started
        started = cpu_s()
    restored_s = cpu_s() - started
    layer = layer_at(usual.target, 0.55)
    with usual.target.edited():
        pairs = usual.parts.attacker[:32]
        theirs_s = timed(lambda: peers.ablate_all_layers(usual.target, pairs, layer))
    loaded_s = timed(
        lambda: transformers.AutoModelForCausalLM.from_pretrained(
            ours.target.path, dtype=torch.bfloat16
        )
    )
    return [
        Part(name="ablation, output_hidden_states", ours_s=attacked_s, theirs_s=theirs_s),
        Part(name="putting back with digests, loading again", ours_s=restored_s, theirs_s=loaded_s),
    ]


def time_step(ours: Ours, their_step_s: float) -> Part:
    """Time steps of adapter training."""
    plan = TrainingPlan(learning_rate=peers.LEARNING_RATE, rank=peers.RANK)
    with ours.target.edited():
        run = train(ours.target, _examples(ours), plan, STEPS_TIMED, seed=0)
        next(run)
        taken_s = timed(lambda: next(run))
        run.close()
    first, last = STEPS_TIMED
    return Part(name="adapter step, PEFT", ours_s=taken_s / (last - first), theirs_s=their_step_s)


def adapter_attack(ours: Ours, scratch: Path) -> tuple[dict[str, Measured], float]:
    """Attack with an adapter and measure, each contestant from the start of its process.

    Returns:
        What each found, and the CPU seconds of one of the peer's training steps.
    """
    guarded = str(ours.target.path)
    found: dict[str, Measured] = {}
    for name, point in (
        (f"tiergate, {ADAPTER_STEPS} steps", f"{ADAPTER_STEPS} steps"),
        ("tiergate, until it breaks", ""),
    ):
        started = cpu_s()
        shown = _python(
            "benchmarks.attack_sweep",
            *("--guarded", guarded, "--prompts", str(len(ours.parts.search))),
            *("--seed", str(ours.context.seed), f"--adapter-point={point}"),
        )
        result = TrialResult.from_json(json.loads(shown))
        found[name] = ours.judged(result, cpu_s() - started)
    job, merged, texts = scratch / "job.json", scratch / "merged", scratch / "answers.json"
    examples = [[each.prompt, each.answer] for each in _examples(ours)]
    prompts = [pair.guarded for pair in ours.parts.search]
    job.write_text(
        json.dumps({"examples": examples, "steps": ADAPTER_STEPS, "prompts": prompts}), "utf-8"
    )
    started = cpu_s()
    step_s = float(_python(peers.__name__, "train", guarded, str(job), str(merged)))
    _python(peers.__name__, "answer", str(merged), str(job), str(texts))
    taken_s = cpu_s() - started
    counts = graded(json.loads(texts.read_text("utf-8")), ours.parts)
    target = peers.as_it_comes(merged, "bfloat16")
    name = f"PEFT and transformers, {ADAPTER_STEPS} steps"
    found[name] = decided(counts, usefulness(ours.target), usefulness(target), taken_s)
    target.close()
    return found, step_s


def attack_with_adapter(context: Any, point: str) -> None:  # noqa: ANN401 - a run context
    """Carry out the adapter attack alone and print its result."""
    setting = (("layers", "all"), ("learning_rate", peers.LEARNING_RATE), ("steps", ADAPTER_STEPS))
    trial = Trial(
        attack=ADAPTER, setting=setting, seed=context.seed, phase=Phase.SEARCH, point=point
    )
    print(json.dumps(Worker(context).run(trial).to_json()))


def _examples(ours: Ours) -> list[Any]:
    return in_domain(ours.material, "openers, twins and chat", ours.context.seed)


def _python(module: str, *arguments: str) -> str:
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _name(trial: Trial) -> str:
    return ", ".join([trial.attack, *(f"{name} {value}" for name, value in trial.setting)])


def _cell(found: Measured) -> str:
    return f"  {found.cpu_s:6.1f} s {found.successes:>7} {found.outcome:9}"


def report(sweep: Sweep, usual: Sequence[Usual], parts: Sequence[Part]) -> bool:
    """Print sums, parts and bounds; return whether every bound holds."""
    count, both = len(sweep.found), len(sweep.usual_found)
    ours_s = sweep.total_s
    both_s = sum(sweep.found[name].cpu_s for name in sweep.usual_found)
    print(f"\n{count} settings and the model as it is, tiergate: {ours_s:.0f} CPU s")
    ratios = []
    for place, (side, (_, _, bound)) in enumerate(zip(usual, USUAL, strict=True)):
        each = sweep.usual_s(place)
        total_s = statistics.mean(each) * count
        ratios.append((side.name, ours_s / total_s, bound))
        print(
            f"{count} settings, {side.name}: {total_s:.0f} CPU s, the mean of {both} times {count}"
            f" ({min(each):.0f} to {max(each):.0f} each)"
        )
        for what, theirs_s in (
            ("guarded prompts alone", sum(each)),
            ("with the usefulness that outcomes need", sum(each) + side.usefulness_s),
        ):
            row = f"{both_s:.0f} of {theirs_s:.0f} CPU s, {both_s / theirs_s:.3f}"
            print(f"  on the {both} measured on both sides, {what}: {row}")
    differing = sweep.differing()
    print(
        f"outcomes on {both} settings, two peers: {2 * both - len(differing)} of {2 * both} equal"
    )
    for row in differing:
        print(f"  differs: {row}")
    print(f"\n{'part':58}{'ours':>9}{'theirs':>9}{'ratio':>7}   CPU s")
    for part in parts:
        shown = f"{part.ours_s / part.theirs_s:7.2f}" if part.theirs_s else ""
        print(f"{part.name:58}{part.ours_s:9.1f}{part.theirs_s:9.1f}{shown}")
    for name, ratio, bound in ratios:
        print(f"attack_sweep against {name} ratio={ratio:.3f} target={bound:.2f}")
    worst = max(ratio / bound for _, ratio, bound in ratios)
    print(f"attack_sweep ratio={worst:.2f} target=1.00")
    return worst <= 1


def run(given: argparse.Namespace, guarded: Path, scratch: Path) -> bool:
    """Measure everything and report."""
    context = context_for(guarded, given.prompts, given.seed)
    trials = [settings(kind, given.settings, given.seed) for kind in KINDS]
    count = sum(map(len, trials)) if given.all else given.baseline_variants
    ours = Ours(context)
    usual = [Usual(context, dtype, size) for dtype, size, _ in USUAL]
    sweep = Sweep(ours, usual, drawn_for_all_sides(trials, count, given.seed))
    print(f"{'setting':62}{'  tiergate':27}" + "".join(f"  {side.name:25}" for side in usual))
    for trial in itertools.chain(*trials):
        sweep.measure(trial)
    adapters, step_s = adapter_attack(ours, scratch)
    print("\nadapter attack with evaluation, whole processes")
    theirs_s = list(adapters.values())[-1].cpu_s
    for name, found in adapters.items():
        print(f"{name:62}{_cell(found)}  ratio {found.cpu_s / theirs_s:.2f}")
    ablation_s = statistics.mean(
        sweep.found[trial.id].cpu_s
        for some in trials
        for trial in some
        if trial.attack == "ablation"
    )
    parts = [
        *sweep.parts(),
        *time_ablation(ours, usual[-1]),
        time_step(ours, step_s),
        Part(
            name="ablation, measured; a trial of heretic, another day",
            ours_s=ablation_s,
            theirs_s=HERETIC_TRIAL_S,
        ),
    ]
    return report(sweep, usual, parts)


def models(given: argparse.Namespace, scratch: Path) -> Path:
    """Return the guarded model, made from the installed package where none was given."""
    if given.guarded:
        return Path(given.guarded)
    checkpoint, guarded = given.checkpoint or scratch / "smollm2", scratch / "guarded"
    if given.checkpoint is None:
        subprocess.run([sys.executable, BUILDER, checkpoint], check=True, stdout=subprocess.DEVNULL)
    command = [sys.executable, "-m", "tiergate", "canary", checkpoint, "--output", guarded]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return guarded


def main() -> int:
    """Set up, measure, report; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, help="chat model that the safeguard goes into")
    parser.add_argument("--guarded", type=Path, help="model with the canary safeguard")
    parser.add_argument("--prompts", type=int, default=200)
    parser.add_argument("--settings", type=int, default=8, help="of each kind of attack")
    parser.add_argument("--baseline-variants", type=int, default=len(KINDS))
    parser.add_argument("--all", action="store_true", help="every setting on every side")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--adapter-point", help=argparse.SUPPRESS)
    given = parser.parse_args()
    torch.set_num_threads(1)
    if given.adapter_point is not None:
        attack_with_adapter(
            context_for(given.guarded, given.prompts, given.seed), given.adapter_point
        )
        return 0
    print(
        f"{platform.machine()}, python {platform.python_version()}, torch {torch.__version__},"
        f" transformers {transformers.__version__}, peft {peft.__version__}; one thread,"
        f" {given.prompts} prompts, seed {given.seed}"
    )
    with tempfile.TemporaryDirectory(prefix="tiergate-benchmark-") as folder:
        scratch = Path(folder)
        return 0 if run(given, models(given, scratch), scratch) else 1


if __name__ == "__main__":
    sys.exit(main())
