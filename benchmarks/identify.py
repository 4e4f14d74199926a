# SPDX-License-Identifier: Apache-2.0
"""Identifying a 2 GB checkpoint against model_signing and one core of OpenSSL.

Run ``python -m benchmarks.identify``. Writes four safetensors shards to a temporary
folder, reads them once so that the page cache is warm, then times every contestant in
turn, several rounds, as a whole process and (where there is a Python API) in process.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

SHARDS = 4
TENSORS_PER_SHARD = 32
TENSOR_BYTES = 16 * 1024 * 1024
ROUNDS = 5
MODEL_SIGNING_BOUND = 0.60
OPENSSL_BOUND = 0.65

IDENTIFY = "from tiergate.model.checkpoint import identify; identify('{folder}')"
IDENTIFY_BOTH = (
    "from tiergate.model.checkpoint import identify; identify('{folder}', with_weights_digest=True)"
)
MODEL_SIGNING = "from model_signing import hashing; hashing.Config().hash('{folder}')"


@dataclass(slots=True)
class Contestant:
    """One command and what it took."""

    name: str
    """Row label."""
    command: list[str]
    """What is run."""
    wall_s: list[float] = field(default_factory=list)
    """Seconds per round, or the seconds that the command printed for its API call."""
    cpu_s: list[float] = field(default_factory=list)
    """User and system seconds of the process per round."""
    peak_mb: float = 0.0
    """Largest resident set of any round."""

    def run(self) -> None:
        """Run once and add a reading; a command that prints seconds is timed by itself."""
        with tempfile.TemporaryFile() as output:
            started = time.perf_counter()
            process = subprocess.Popen(self.command, stdout=output, stderr=subprocess.STDOUT)
            _, status, usage = os.wait4(process.pid, 0)
            wall_s = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            text = output.read().decode(errors="replace")
        if process.returncode != 0:
            raise SystemExit(f"{self.name} failed: {text}")
        inside = text.removeprefix("seconds=")
        self.wall_s.append(wall_s if inside == text else float(inside))
        self.cpu_s.append(usage.ru_utime + usage.ru_stime)
        self.peak_mb = max(self.peak_mb, usage.ru_maxrss / 1024)


def write_checkpoint(folder: Path) -> None:
    """Write the shards with pseudo-random bytes and a small config."""
    # Small blocks: a child's peak memory cannot be read below that of this process.
    block = os.urandom(1 << 20)
    for shard in range(SHARDS):
        header = json.dumps(
            {
                f"layers.{shard * TENSORS_PER_SHARD + number}.weight": {
                    "dtype": "BF16",
                    "shape": [TENSOR_BYTES // 2],
                    "data_offsets": [number * TENSOR_BYTES, (number + 1) * TENSOR_BYTES],
                }
                for number in range(TENSORS_PER_SHARD)
            }
        ).encode()
        with (folder / f"model-{shard + 1:05}-of-{SHARDS:05}.safetensors").open("wb") as stream:
            stream.write(struct.pack("<Q", len(header)) + header)
            for number in range(TENSORS_PER_SHARD):
                cut = shard * TENSORS_PER_SHARD + number
                for _ in range(TENSOR_BYTES // len(block)):
                    stream.write(block[cut:])
                    stream.write(block[:cut])
    (folder / "config.json").write_text(json.dumps({"architectures": ["LlamaForCausalLM"]}))
    for path in folder.iterdir():
        with path.open("rb") as stream:
            while stream.read(1 << 20):
                pass


def timed(code: str) -> str:
    """Wrap code so that it prints how long the call took, imports left out."""
    imports, call = code.split("; ", 1)
    return (
        f"{imports}\nimport time\nstarted = time.perf_counter()\n{call}\n"
        "print(f'seconds={time.perf_counter() - started}')"
    )


def contestants(folder: Path, work: Path) -> dict[str, Contestant]:
    """Return everything that is timed, by key, in the order of a round."""
    key = work / "key.pem"
    subprocess.run(
        ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(key)],
        check=True,
    )
    shards = [str(path) for path in sorted(folder.glob("*.safetensors"))]
    sign = [str(Path(sys.executable).with_name("model_signing")), "sign", "key", str(folder)]
    sign += ["--private_key", str(key), "--signature", str(work / "model.sig")]

    def python(code: str) -> list[str]:
        return [sys.executable, "-c", code.format(folder=folder)]

    rows = {
        "root": Contestant("tiergate, root digest, process", python(IDENTIFY)),
        "signing": Contestant("model_signing API, process", python(MODEL_SIGNING)),
        "openssl": Contestant(
            "openssl dgst -sha256, process", ["openssl", "dgst", "-sha256", *shards]
        ),
        "both": Contestant("tiergate, root and weights digest, process", python(IDENTIFY_BOTH)),
        "cli": Contestant("model_signing CLI sign, process", sign),
        "root_call": Contestant("tiergate, root digest, call", python("")),
        "signing_call": Contestant("model_signing API, call", python("")),
        "both_call": Contestant("tiergate, root and weights digest, call", python("")),
    }
    for name, code in (
        ("root_call", IDENTIFY),
        ("signing_call", MODEL_SIGNING),
        ("both_call", IDENTIFY_BOTH),
    ):
        inner = timed(code.format(folder=folder))
        rows[name].command = [sys.executable, "-c", inner]
    return rows


def report(rows: dict[str, Contestant]) -> bool:
    """Print the table and the bounds; return whether every bound holds."""
    print(f"{'what':<44} {'wall s':>7} {'spread':>13} {'cpu s':>6} {'peak MB':>8}")
    median = {key: statistics.median(row.wall_s) for key, row in rows.items()}
    for key, row in rows.items():
        spread = f"{min(row.wall_s):.2f}..{max(row.wall_s):.2f}"
        cpu_s = statistics.median(row.cpu_s)
        print(f"{row.name:<44} {median[key]:>7.2f} {spread:>13} {cpu_s:>6.2f} {row.peak_mb:>8.0f}")
    for key in ("root", "both"):
        for peer in ("signing", "cli", "openssl"):
            print(f"{rows[key].name} / {rows[peer].name}: {median[key] / median[peer]:.2f}")
    calls = median["root_call"] / median["signing_call"]
    print(f"{rows['root_call'].name} / {rows['signing_call'].name}: {calls:.2f}")
    openssl, signing = (median["root"] / median[peer] for peer in ("openssl", "signing"))
    print(f"identify against openssl ratio={openssl:.2f} target={OPENSSL_BOUND:.2f}")
    print(f"identify ratio={signing:.2f} target={MODEL_SIGNING_BOUND:.2f}")
    return openssl <= OPENSSL_BOUND and signing <= MODEL_SIGNING_BOUND


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
        for _ in range(rounds):
            for row in rows.values():
                row.run()
    finally:
        shutil.rmtree(work)
    openssl = subprocess.run(["openssl", "version"], capture_output=True, text=True, check=True)
    print(
        f"{len(os.sched_getaffinity(0))} cores, {platform.machine()}, Python"
        f" {platform.python_version()}, model_signing {metadata.version('model-signing')},"
        f" {openssl.stdout.strip()}; {rounds} rounds, medians, page cache warm"
    )
    return 0 if report(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
