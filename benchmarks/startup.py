# SPDX-License-Identifier: Apache-2.0
"""CPU time of ``tiergate --help``, against its bound of 0.3 s and other tools of the field.

    python -m benchmarks.startup

The peers are ``hf --help`` and ``inspect --help``, run in turn with ours.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 7
BOUND_CPU_SECONDS = 0.3


def cpu_seconds(command: list[str]) -> tuple[float, float]:
    """Run a command and return its CPU and wall seconds."""
    before, start = os.times(), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after, end = os.times(), time.perf_counter()
    cpu = after.children_user + after.children_system
    return cpu - before.children_user - before.children_system, end - start


def main() -> int:
    """Print one row per tool and whether ours is within its bound."""
    here = Path(sys.executable).parent
    found = {name: shutil.which(name, path=str(here)) for name in ("tiergate", "hf", "inspect")}
    tools = {name: [path, "--help"] for name, path in found.items() if path is not None}
    if "tiergate" not in tools:
        print("tiergate is not installed beside this Python")
        return 1
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in tools}
    for name, command in tools.items():
        cpu_seconds(command)
        del name
    for _ in range(ROUNDS):
        for name, command in tools.items():
            times[name].append(cpu_seconds(command))
    for name, rows in times.items():
        cpu = statistics.median(row[0] for row in rows)
        wall = statistics.median(row[1] for row in rows)
        print(f"{name + ' --help':18} cpu {cpu:6.3f} s  wall {wall:6.3f} s")
    ours = statistics.median(row[0] for row in times["tiergate"])
    print(f"startup ratio={ours / BOUND_CPU_SECONDS:.2f} target=1.00")
    return 0 if ours <= BOUND_CPU_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
