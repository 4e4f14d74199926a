# SPDX-License-Identifier: Apache-2.0
"""Evaluating a policy of 100 requirements against Rego (regorus) and CEL, from the same facts.

Run ``python -m benchmarks.evaluate``. Every contestant is given what became of each check and
says which tier is supported, and once more with what each requirement came to. The same facts
for 100,000 models are read from one Parquet file and evaluated against ``default`` on one core;
so is their evidence, counts and claims, of which some is decided by the whole evaluator as well.
A row of its own shows the whole way from evidence, statistics and all, which the others cannot do.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import cel
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import regorus

from benchmarks.evaluate_models import Models
from tiergate.decision.analysis.compiled import Compiled
from tiergate.decision.analysis.formula import Formula, Literal, State, ladder
from tiergate.decision.analysis.pieces import Place, gathered
from tiergate.decision.analysis.rego import RegoExport
from tiergate.decision.analysis.search import Problem
from tiergate.decision.analysis.topics import topics_of
from tiergate.decision.evaluate import evaluate
from tiergate.decision.policy import Policy
from tiergate.decision.policy_document import SHIPPED, load_policy, parse_policy
from tiergate.decision.requirements.limit import LimitOnMetric
from tiergate.decision.tier import Tier
from tiergate.decision.whatif import WhatIf

REQUIREMENTS = 100
MODELS = 100_000
BOUND_WITHOUT = 10.0
BOUND_WITH = 1.0
CHECKED = 10
AT = datetime(2026, 11, 23, tzinfo=UTC)
Call = Callable[[int], object]


def pack() -> Policy:
    """Return a policy of 100 requirements, half of them limits and half claims, at two tiers."""
    head = (SHIPPED / "thinking-machines-2026.yaml").read_text(encoding="utf-8")
    head = head.split("\nrequirements:")[0].replace("id: thinking-machines-2026", "id: bench")
    number = '{value: 0.05, status: "default, adjustable", basis: a benchmark}'
    rows = []
    for place in range(REQUIREMENTS):
        check = (
            f"{{limit: {{metric: cyber.metric_{place}, at_most: {number}}}}}"
            if place % 2
            else f"{{any: [{{claim: {{item: E{place:03}, fields: [a, b]}}}}, "
            f"{{claim: {{item: F{place:03}}}}}]}}"
        )
        rows.append(
            f"  R{place:03}:\n    title: t\n    asks: a\n    clauses: [C]\n    requires: {check}"
        )
    days = '{value: 180, unit: days, status: "default, adjustable", basis: a benchmark}'
    tiers = "\n".join(
        f"- id: {tier}\n  name: n\n  access: a\n  requirements: [{', '.join(names)}]\n"
        f"  evidence: {{minimum_grades: {{}}, longest_age: {days}}}\n"
        "  approvals: {text: one person, roles: [safety lead]}\n"
        f"  expiry: {{days: {days}}}\n  clauses: [C]"
        for tier, names in (
            ("T0", ["R000"]),
            ("T1", [f"R{n:03}" for n in range(REQUIREMENTS // 2)]),
            ("T5", [f"R{n:03}" for n in range(REQUIREMENTS // 2, REQUIREMENTS)]),
        )
    )
    text = f"{head}\nrequirements:\n" + "\n".join(rows) + f"\ntiers:\n{tiers}\n"
    return parse_policy(text.encode(), "bench")


def cel_expression(formula: Formula, ids: dict[str, str]) -> str:
    """Write a formula as CEL."""
    if isinstance(formula, Literal):
        check = f"checks.{ids[formula.check.key]}"
        return f'{check} == "met"' if formula.at_least is State.MET else f'{check} != "adverse"'
    word = " && " if formula.needed == len(formula.parts) else " || "
    return f"({word.join(cel_expression(part, ids) for part in formula.parts)})"


def facts(compiled: Compiled, many: int) -> list[tuple[State, ...]]:
    """Draw the states of every check for many models, most of them good."""
    chance = random.Random(1)  # noqa: S311 - evidence is drawn, no key
    rows = []
    for _ in range(many):
        good = chance.choice([0.9, 0.99, 1.0])
        rows.append(
            tuple(
                State.MET if chance.random() < good else State(chance.randrange(2))
                for _ in compiled.checks
            )
        )
    return rows


def microseconds(call: Call, rows: int, rounds: int) -> float:
    """Return the median over rounds of the mean time of one call."""
    found = []
    for _ in range(rounds):
        started = time.perf_counter()
        for row in range(rows):
            call(row)
        found.append((time.perf_counter() - started) / rows * 1e6)
    return statistics.median(found)


def peers(standard: Policy, compiled: Compiled, rows: list[tuple[State, ...]]) -> dict[str, Call]:
    """Return each contestant by name; every one takes the number of a model."""
    export = RegoExport(standard)
    ids = {key: f"C{n:04}" for n, key in enumerate(sorted(c.key for c in compiled.checks), 1)}
    words = ("adverse", "quiet", "met")
    given = [
        {ids[c.key]: words[state] for c, state in zip(compiled.checks, row, strict=True)}
        for row in rows
    ]
    mappings = [
        {c.key: int(state) for c, state in zip(compiled.checks, row, strict=True)} for row in rows
    ]
    texts = [json.dumps({"checks": row}) for row in given]
    engine = regorus.Engine()
    engine.add_policy("bench.rego", export.module())

    def rego(row: int) -> object:
        engine.set_input_json(texts[row])
        return engine.eval_rule(export.query)

    def rego_all(row: int) -> object:
        engine.set_input_json(texts[row])
        return engine.eval_query(f"data.{export.package}")

    found = ladder(standard)
    programs = [
        (tier, cel.compile(cel_expression(found.met(tier), ids)))
        for tier in sorted(found.long, key=lambda tier: -tier.rank)
    ]

    def cel_tier(row: int) -> object:
        context = {"checks": given[row]}
        return next((t for t, program in programs if program.execute(context)), Tier.T0)

    return {
        "tiergate": lambda row: compiled.supported(mappings[row]),
        "regorus": rego,
        "cel": cel_tier,
        "tiergate, each requirement": lambda row: compiled.explained(mappings[row]),
        "regorus, each rule": rego_all,
    }


def many_models(folder: Path, rounds: int) -> float:
    """Write facts about many models to Parquet; return models per second on one core."""
    compiled = Compiled(load_policy("default"))
    chance = np.random.default_rng(1)
    path = folder / "facts.parquet"
    states = np.array([0, 1, 2], dtype=np.uint8)
    table = pa.table(
        {
            str(n): chance.choice(states, size=MODELS, p=[0.0005, 0.0015, 0.998])
            for n in range(len(compiled.checks))
        }
    )
    pq.write_table(table, path)
    pa.set_cpu_count(1)
    times = []
    ranks = np.zeros(MODELS, dtype=np.uint8)
    for _ in range(rounds):
        started = time.perf_counter()
        read = pq.read_table(path, use_threads=False)
        columns = np.stack([column.to_numpy() for column in read.columns])
        ranks = compiled.supported_ranks(columns)
        times.append(time.perf_counter() - started)
    print(f"tiers of {MODELS} models: {np.bincount(ranks, minlength=7).tolist()}")
    return MODELS / statistics.median(times)


def many_from_evidence(folder: Path) -> float:
    """Write evidence of many models to Parquet; return models per CPU second, all included.

    Some of them, those with less than the highest tier first, are decided by the evaluator too.
    """
    models = Models(load_policy("default"), AT)
    path = folder / "evidence.parquet"
    models.write(path, MODELS)
    pa.set_cpu_count(1)
    started = time.process_time()
    ranks = models.ranks(path)
    took = time.process_time() - started
    lower = np.flatnonzero(ranks < ranks.max())[:CHECKED]
    for row in (*range(CHECKED), *(int(row) for row in lower)):
        if int(ranks[row]) != models.rank_by_the_evaluator(path, row):
            raise SystemExit(f"the evaluator disagrees about model {row}")
    print(f"tiers of {MODELS} models by evidence: {np.bincount(ranks, minlength=7).tolist()}")
    return MODELS / took


def variants() -> float:
    """Return how many other limits of ``default`` are looked at in a CPU second."""
    standard = load_policy("default")
    problem = Problem(topics_of(ladder(standard).checks(), Place(at=AT)))
    found = WhatIf(standard, gathered(problem.pieces(problem.best()), Place(at=AT)), AT)
    limits = {
        (check.atom.metric, check.atom.limit.value)
        for check in found.checks.values()
        if isinstance(check.atom, LimitOnMetric)
    }
    started, many = time.process_time(), 0
    for metric, limit in sorted(limits):
        for tenth in range(11):
            found.with_limit(metric, limit, Decimal(tenth) / 10)
            many += 1
    return many / (time.process_time() - started)


def whole_way(standard: Policy) -> float:
    """Return microseconds of one evaluation from evidence, with all reasons."""
    problem = Problem(topics_of(ladder(standard).checks(), Place(at=AT)))
    evidence = gathered(problem.pieces(problem.best()), Place(at=AT))
    return microseconds(lambda _: evaluate(standard, evidence, at=AT), 5, 3)


def main() -> int:
    """Print the rows; 0 when the bounds hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=300)
    options = parser.parse_args()
    standard = pack()
    compiled = Compiled(standard)
    rows = facts(compiled, options.rows)
    calls = peers(standard, compiled, rows)
    for row in range(options.rows):
        said = {str(calls[name](row)) for name in ("tiergate", "regorus", "cel")}
        if len(said) != 1:
            raise SystemExit(f"the contestants disagree about model {row}: {said}")
    took = {name: microseconds(call, options.rows, options.rounds) for name, call in calls.items()}
    for name, value in took.items():
        print(f"{name:32} {value:10.1f} us")
    print(f"{'tiergate, from evidence':32} {whole_way(standard):10.1f} us, with statistics")
    with tempfile.TemporaryDirectory() as folder:
        print(
            f"default, from Parquet: {many_models(Path(folder), 3):,.0f} models a second and core"
        )
        print(
            f"default, evidence from Parquet: {many_from_evidence(Path(folder)):,.0f} models a "
            "CPU second"
        )
    print(f"what if another limit: {variants():,.0f} variants a CPU second")
    without = took["regorus"] / took["tiergate"]
    explained = took["regorus, each rule"] / took["tiergate, each requirement"]
    print(f"against cel: {took['cel'] / took['tiergate']:.1f} times as fast")
    print(f"with each requirement: ratio={explained:.1f} target={BOUND_WITH:.0f}")
    print(f"evaluate ratio={without:.1f} target={BOUND_WITHOUT:.0f}")
    return 0 if without >= BOUND_WITHOUT and explained >= BOUND_WITH else 1


if __name__ == "__main__":
    raise SystemExit(main())
