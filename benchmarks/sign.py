# SPDX-License-Identifier: Apache-2.0
"""Signing and verifying a 1 GB checkpoint against model_signing.

Run ``python -m benchmarks.sign``. Writes four files of random bytes to a temporary folder,
reads them once so that the page cache is warm, then lets the two programs sign and verify in
turn, each as a whole process, with a bare key on P-256 and SHA-256. The ratios are those of
the pairs of one round; their median is compared with the bound.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from benchmarks.identify import Contestant

FILES = 4
FILE_BYTES = 256 * 1024 * 1024
ROUNDS = 7
BOUND = 0.60
STEPS = ("sign", "verify")


def write_checkpoint(folder: Path) -> None:
    """Write the files, every byte of them random, and read them once."""
    for number in range(1, FILES + 1):
        path = folder / f"model-{number:05}-of-{FILES:05}.safetensors"
        with path.open("wb") as stream:
            for _ in range(FILE_BYTES >> 20):
                stream.write(os.urandom(1 << 20))
        with path.open("rb") as stream:
            while stream.read(1 << 20):
                pass
    (folder / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}')


def write_keys(work: Path) -> tuple[Path, Path]:
    """Make a key on P-256 with openssl; return private and public half."""
    private, public = work / "key.pem", work / "key.pub"
    make = ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
    subprocess.run([*make, "-out", str(private)], check=True, capture_output=True)
    subprocess.run(
        ["openssl", "pkey", "-in", str(private), "-pubout", "-out", str(public)], check=True
    )
    return private, public


def contestants(folder: Path, work: Path) -> dict[str, Contestant]:
    """Return both programs doing both steps, by what they are called."""
    private, public = map(str, write_keys(work))
    ours, theirs = str(work / "ours.sig"), str(work / "theirs.sig")
    tiergate = [str(Path(sys.executable).with_name("tiergate")), "model-signature"]
    peer = [str(Path(sys.executable).with_name("model_signing"))]
    model = str(folder)
    commands = {
        "tiergate sign": [*tiergate, "sign", model, "--key", private, "--output", ours],
        "tiergate verify": [*tiergate, "verify", model, "--key", public, "--signature", ours],
        "model_signing sign": [*peer, "sign", "key", model, "--private_key", private],
        "model_signing verify": [*peer, "verify", "key", model, "--public_key", public],
    }
    for step in STEPS:
        commands[f"model_signing {step}"] += ["--signature", theirs]
    return {name: Contestant(name, command) for name, command in commands.items()}


def measure(rows: dict[str, Contestant], work: Path, rounds: int) -> None:
    """Let both programs do both steps, who is first changing from round to round."""
    for number in range(rounds):
        programs = ["tiergate", "model_signing"]
        if number % 2:
            programs.reverse()
        for step in STEPS:
            for program in programs:
                if (program, step) == ("tiergate", "sign"):
                    # It writes over nothing.
                    (work / "ours.sig").unlink(missing_ok=True)
                rows[f"{program} {step}"].run()


def report(rows: dict[str, Contestant]) -> bool:
    """Print the table and the bounds; return whether every bound holds."""
    print(f"{'what':<24} {'wall s':>7} {'spread':>13} {'cpu s':>6} {'peak MB':>8}")
    for row in rows.values():
        spread = f"{min(row.wall_s):.2f}..{max(row.wall_s):.2f}"
        wall_s, cpu_s = statistics.median(row.wall_s), statistics.median(row.cpu_s)
        print(f"{row.name:<24} {wall_s:>7.2f} {spread:>13} {cpu_s:>6.2f} {row.peak_mb:>8.0f}")
    worst = 0.0
    for step in STEPS:
        ours, theirs = rows[f"tiergate {step}"], rows[f"model_signing {step}"]
        wall, cpu = (
            statistics.median(a / b for a, b in zip(one, two, strict=True))
            for one, two in ((ours.wall_s, theirs.wall_s), (ours.cpu_s, theirs.cpu_s))
        )
        print(f"{step}: wall ratio {wall:.2f}, CPU ratio {cpu:.2f}")
        worst = max(worst, wall)
    print(f"sign ratio={worst:.2f} target={BOUND:.2f}")
    return worst <= BOUND


def main() -> int:
    """Set up, measure, report; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds: int = parser.parse_args().rounds
    work = Path(tempfile.mkdtemp(prefix="tiergate-benchmark-"))
    try:
        folder = work / "checkpoint"
        folder.mkdir()
        write_checkpoint(folder)
        rows = contestants(folder, work)
        measure(rows, work, rounds)
    finally:
        shutil.rmtree(work)
    print(
        f"{len(os.sched_getaffinity(0))} cores, {platform.machine()}, Python"
        f" {platform.python_version()}, model_signing {metadata.version('model-signing')};"
        f" {rounds} rounds, medians, page cache warm"
    )
    return 0 if report(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
