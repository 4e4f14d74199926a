# SPDX-License-Identifier: Apache-2.0
"""Reading a long evaluation log, against Inspect AI's own readers and a bare JSON loop.

Run ``python -m benchmarks.read_log``, on a machine that others use with ``chrt -f 1`` before it.
Every contestant is a process of its own, started cold, in turn with the others; the files are
in the page cache. Ours hashes the file with SHA-256, reads the header, decodes every sample,
compares it with its summary and counts again what the header claims. A helper process reads half
of a long log; the peak is that of the larger process, and counts twice against the peers.
``--folder`` keeps the logs for the next run: writing them takes minutes.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from importlib import metadata
from pathlib import Path

from benchmarks.identify import Contestant

SAMPLES = 10_000
MANY_SAMPLES = 200_000
ROWS = 50_000
ROUNDS = 3
WALL_BOUND = 0.10
MEMORY_BOUND = 0.20
BYTES_PER_SAMPLE_BOUND = 400
TIME_PER_SAMPLE_BOUND = 1.30
JSON_LOOP_BOUND = 1.20
# Ours are two; so many times the peak of the larger one is no less than what they take.
PROCESSES = 2
# What takes a third of a second is disturbed by less, and so is run more often, in turn.
SHORT = ("rows", "loop")
SHORT_RUNS = 7

OURS = (
    "from pathlib import Path; from tiergate.evidence.readers.builtin import read_log; "
    "log = read_log(Path('{path}')); assert len(log.series[0].rows) == {count}"
)
FULL = "from inspect_ai.log import read_eval_log; log = read_eval_log('{path}')"
FRAME = "from inspect_ai.analysis import samples_df; frame = samples_df('{path}', quiet=True)"
LOOP = "import orjson\nfor line in open('{path}', 'rb'): orjson.loads(line)"


def contestants(folder: Path, samples: int, many: int, rows: int) -> dict[str, Contestant]:
    """Return everything that is timed, by key, in the order of a round."""
    [lines] = (folder / "lm_eval").glob("*.jsonl")

    def python(code: str, path: Path, count: int) -> list[str]:
        return [sys.executable, "-c", code.format(path=path, count=count)]

    large, few = folder / "large.eval", folder / "few.eval"
    return {
        "ours": Contestant(f"tiergate, {samples} samples", python(OURS, large, samples)),
        "frame": Contestant("inspect_ai samples_df", python(FRAME, large, samples)),
        "full": Contestant("inspect_ai read_eval_log", python(FULL, large, samples)),
        "few": Contestant(f"tiergate, {samples} small samples", python(OURS, few, samples)),
        "many": Contestant(
            f"tiergate, {many} small samples", python(OURS, folder / "many.eval", many)
        ),
        "rows": Contestant(f"tiergate, {rows} lm-eval rows", python(OURS, lines, rows)),
        "loop": Contestant("orjson.loads on every row", python(LOOP, lines, rows)),
    }


def write_inputs(folder: Path, counts: list[int]) -> None:
    """Write the logs in a process of its own, unless they are there."""
    if not (folder / "lm_eval").exists():
        command = [sys.executable, "-m", "benchmarks.read_log_inputs", str(folder)]
        subprocess.run([*command, *map(str, counts)], check=True)
    # A first reading brings them into the page cache.
    for path in [*folder.glob("*.eval"), *folder.glob("lm_eval/*")]:
        with path.open("rb") as file:
            while file.read(1 << 20):
                pass


def report(rows: dict[str, Contestant], samples: int, many: int) -> bool:
    """Print the table and the bounds; return whether every bound holds."""
    print(f"{'what':<34} {'wall s':>7} {'spread':>13} {'cpu s':>6} {'peak MB':>8}")
    for row in rows.values():
        spread = f"{min(row.wall_s):.2f}..{max(row.wall_s):.2f}"
        wall_s, cpu_s = statistics.median(row.wall_s), statistics.median(row.cpu_s)
        print(f"{row.name:<34} {wall_s:>7.2f} {spread:>13} {cpu_s:>6.2f} {row.peak_mb:>8.0f}")
    wall = {key: statistics.median(row.wall_s) for key, row in rows.items()}
    ours_mb = PROCESSES * rows["ours"].peak_mb
    more_bytes = (rows["many"].peak_mb - rows["few"].peak_mb) * 1024 * 1024
    bounds = {
        "wall against read_eval_log": (wall["ours"] / wall["full"], WALL_BOUND),
        "wall against samples_df": (wall["ours"] / wall["frame"], WALL_BOUND),
        "memory against read_eval_log": (ours_mb / rows["full"].peak_mb, MEMORY_BOUND),
        "memory against samples_df": (ours_mb / rows["frame"].peak_mb, MEMORY_BOUND),
        "bytes for each further sample, larger process": (
            more_bytes / (many - samples),
            BYTES_PER_SAMPLE_BOUND,
        ),
        "time for each sample of many": (
            wall["many"] / many / (wall["few"] / samples),
            TIME_PER_SAMPLE_BOUND,
        ),
        "rows against orjson": (wall["rows"] / wall["loop"], JSON_LOOP_BOUND),
    }
    for name, (measured, bound) in bounds.items():
        print(f"read_log {name} ratio={measured:.3g} target={bound:.3g}")
    return all(measured <= bound for measured, bound in bounds.values())


def main() -> int:
    """Set up, measure, report; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--samples", type=int, default=SAMPLES)
    parser.add_argument("--many", type=int, default=MANY_SAMPLES)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--folder", type=Path, help="keep the logs here, or read those that are")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder: Path = given.folder or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="tiergate-benchmark-"))
        )
        folder.mkdir(exist_ok=True)
        write_inputs(folder, [given.samples, given.many, given.rows])
        rows = contestants(folder, given.samples, given.many, given.rows)
        # Installed packages come with their bytecode; ours is made by a first run.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        for key in ("few", "rows"):
            subprocess.run(rows[key].command, check=True)
        for _ in range(given.rounds):
            for key, row in rows.items():
                if key not in SHORT:
                    row.run()
            for key in SHORT * SHORT_RUNS:
                rows[key].run()
    print(
        f"{len(os.sched_getaffinity(0))} cores, {platform.machine()}, Python"
        f" {platform.python_version()}, inspect_ai {metadata.version('inspect-ai')},"
        f" orjson {metadata.version('orjson')}, zlib-ng {metadata.version('zlib-ng')};"
        f" {given.rounds} rounds, {SHORT_RUNS} times that for rows, medians, page cache warm"
    )
    return 0 if report(rows, given.samples, given.many) else 1


if __name__ == "__main__":
    sys.exit(main())
