# SPDX-License-Identifier: Apache-2.0
"""Sketching 1.75 GB against reading it, and one candidate against 10,000 sketches.

Run ``python -m benchmarks.lineage``. Writes a checkpoint of 1.75 GB and 10,000 sketches (2 GB)
to a temporary folder and reads them once, so that the page cache is warm. The peers: reading
the same file without doing anything with it, and comparing two models tensor by tensor in
full, for one base where the index is for 10,000. By ranges, the model is on a hub on this machine.
Sides take turns, several rounds, each in a process of its own; imports are left out.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import statistics
import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tiergate.model.lineage.sketch import Sketch

LAYERS = 16
WIDTH = 2048
INNER = 5504
VOCABULARY = 32000
SKETCHES = 10_000
ROUNDS = 3
DIGEST_BOUND = 12.0
"""Sketching with digests may take this many times as long as reading."""
SAMPLE_BOUND = 1.5
"""Sketching from samples may take this many times as long as reading everything."""
SEARCH_BOUND = 6.0
"""Looking through all sketches may take this many times as long as one full comparison."""

MEMORY_BOUND = 0.1
"""Memory of drawing a sketch, whichever way, as a share of the size of the weights."""

_CLOCK = "import time\nstarted = time.perf_counter()\n"
_SAY = "print(f'seconds={time.perf_counter() - started}')\n"
_SKETCH = (
    "from tiergate.model.source import locate\n"
    "from tiergate.model.lineage.opened import open_local\n"
    "from tiergate.model.lineage.sketch import draw\n"
)
_PREPARE = (
    "import sys\nfrom pathlib import Path\n"
    "from benchmarks.lineage import write_checkpoint, write_index\n"
    "write_checkpoint(Path('{folder}'))\n"
    "write_index(Path('{folder}'), Path('{index}'), Path(sys.argv[1]), int(sys.argv[2]))\n"
)
SIDES = {
    "reading the file": _CLOCK
    + "view = memoryview(bytearray(1 << 20))\n"
    + "with open('{file}', 'rb', buffering=0) as stream:\n"
    + "    while stream.readinto(view): pass\n"
    + _SAY,
    "sketch, with digests": _SKETCH + _CLOCK + "draw(open_local(locate('{folder}')))\n" + _SAY,
    "sketch, samples only": _SKETCH
    + _CLOCK
    + "draw(open_local(locate('{folder}')), with_digests=False)\n"
    + _SAY,
    "sketch, by ranges over HTTP": _SKETCH
    + "from tiergate.model.lineage.remote import open_remote\n"
    + _CLOCK
    + "draw(open_remote('org/name', endpoint='{hub}'))\n"
    + _SAY,
    "full comparison, 1 base": "from benchmarks.lineage import compare_in_full\n"
    + _CLOCK
    + "compare_in_full('{folder}', '{folder}')\n"
    + _SAY,
    "index, {count} bases": "from pathlib import Path\n"
    "from tiergate.cli.commands.lineage import one_thread_for_each_product\n"
    "one_thread_for_each_product()\n"
    "from tiergate.model.lineage.index import search\n"
    "from tiergate.model.lineage.sketch_file import read_sketch\n"
    "candidate = read_sketch(Path('{candidate}'))\n"
    + _CLOCK
    + "found = search(candidate, Path('{index}'))\n"
    + "assert found.comparisons[0].base.name == 'base-7', found.comparisons[0].base.name\n"
    + _SAY,
}


@dataclass(slots=True)
class Side:
    """One thing that is timed."""

    code: str
    """What is run."""
    wall_s: list[float] = field(default_factory=list)
    """Seconds per round, without imports."""
    cpu_s: list[float] = field(default_factory=list)
    """Seconds of all cores per round, with imports."""
    peak_mb: float = 0.0
    """Largest resident set of any round."""

    def run(self) -> None:
        """Run once and add a reading."""
        process = subprocess.Popen([sys.executable, "-c", self.code], stdout=subprocess.PIPE)
        assert process.stdout is not None  # noqa: S101
        said = process.stdout.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise SystemExit(f"failed: {self.code}")
        self.wall_s.append(float(said.partition("seconds=")[2]))
        self.cpu_s.append(usage.ru_utime + usage.ru_stime)
        self.peak_mb = max(self.peak_mb, usage.ru_maxrss / 1024)


def compare_in_full(one: str, other: str) -> float:
    """Return the mean cosine of all tensors of two models, each read and decoded in full."""
    from tiergate.model.lineage.matrices import list_matrices
    from tiergate.model.lineage.opened import open_local
    from tiergate.model.source import locate

    cosines = []
    pairs = (list_matrices(open_local(locate(folder))) for folder in (one, other))
    for left, right in zip(*pairs, strict=True):
        a, b = left.read(None).ravel(), right.read(None).ravel()
        cosines.append(float(a @ b / np.sqrt((a @ a) * (b @ b))))
    return statistics.fmean(cosines)


def shapes() -> dict[str, tuple[int, int]]:
    """Return the matrices of the checkpoint: the vocabulary and those of each layer."""
    found = {"model.embed_tokens.weight": (VOCABULARY, WIDTH)}
    for layer in range(LAYERS):
        for name in ("q", "k", "v", "o"):
            found[f"model.layers.{layer}.self_attn.{name}_proj.weight"] = (WIDTH, WIDTH)
        for name in ("gate", "up"):
            found[f"model.layers.{layer}.mlp.{name}_proj.weight"] = (INNER, WIDTH)
        found[f"model.layers.{layer}.mlp.down_proj.weight"] = (WIDTH, INNER)
    return found


def write_checkpoint(folder: Path) -> Path:
    """Write the checkpoint with random numbers, and read it once."""
    position, header = 0, {}
    for name, shape in shapes().items():
        end = position + 2 * shape[0] * shape[1]
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [position, end]}
        position = end
    text = json.dumps(header).encode()
    path = folder / "model.safetensors"
    chance = np.random.default_rng(1)
    with path.open("wb") as stream:
        stream.write(struct.pack("<Q", len(text)) + text)
        for rows, columns in shapes().values():
            values = chance.standard_normal((rows, columns), dtype=np.float32)
            stream.write((values.view(np.uint32) >> 16).astype("<u2").tobytes())
    with path.open("rb") as stream:
        while stream.read(1 << 20):
            pass
    return path


def write_index(model: Path, index: Path, candidate: Path, count: int) -> None:
    """Write sketches of unrelated models of one shape, and one that the candidate resembles."""
    from tiergate.model.lineage.opened import open_local
    from tiergate.model.lineage.sketch import draw
    from tiergate.model.lineage.sketch_file import write_sketch
    from tiergate.model.source import locate

    real = draw(open_local(locate(str(model))), with_digests=False)
    chance = np.random.default_rng(2)
    index.mkdir()
    for number in range(count):
        # Other numbers of the same kind, in one draw for each sketch.
        patches = chance.integers(-127, 128, (len(real.matrices), 32, 32), dtype=np.int8)
        tokens = chance.integers(-127, 128, real.tokens[0].values.shape, dtype=np.int8)
        matrices = tuple(
            dataclasses.replace(matrix, patch=patch, sample=f"{number:016x}{place:016x}")
            for place, (matrix, patch) in enumerate(zip(real.matrices, patches, strict=True))
        )
        other = dataclasses.replace(
            real,
            name=f"base-{number}",
            matrices=matrices,
            tokens=(dataclasses.replace(real.tokens[0], values=tokens),),
        )
        if number == 7:
            write_sketch(_tuned(other, chance), candidate)
        write_sketch(other, index / f"{number:05}.sketch")
    for path in index.iterdir():
        path.read_bytes()


def _tuned(sketch: Sketch, chance: np.random.Generator) -> Sketch:
    """Return the sketch of what training changed by a fifth."""
    matrices = tuple(
        dataclasses.replace(
            matrix,
            name=f"tuned.{matrix.name}",
            patch=np.clip(
                matrix.patch + chance.normal(0, 15, matrix.patch.shape).round(), -127, 127
            ).astype(np.int8),
            sample=f"{place:032x}"[::-1],
        )
        for place, matrix in enumerate(sketch.matrices)
    )
    return dataclasses.replace(sketch, name="candidate", matrices=matrices)


def report(sides: dict[str, Side], size: int, count: int) -> bool:
    """Print the rows and the bounds; return whether every bound holds."""
    print(f"{'what':<26} {'wall s':>8} {'spread':>14} {'GB/s':>6} {'cpu s':>7} {'peak MB':>8}")
    for name, side in sides.items():
        wall = statistics.median(side.wall_s)
        spread = f"{min(side.wall_s):.2f}..{max(side.wall_s):.2f}"
        speed = "" if "index" in name or "HTTP" in name else f"{size / wall / 1e9:.2f}"
        print(
            f"{name:<26} {wall:>8.2f} {spread:>14} {speed:>6}"
            f" {statistics.median(side.cpu_s):>7.2f} {side.peak_mb:>8.0f}"
        )
    searching = next(name for name in sides if name.startswith("index"))
    bounds = (
        ("sketch, with digests", "reading the file", DIGEST_BOUND),
        ("sketch, samples only", "reading the file", SAMPLE_BOUND),
        (searching, "full comparison, 1 base", SEARCH_BOUND),
    )
    holds, ratio = True, 0.0
    for ours, theirs, bound in bounds:
        pairs = zip(sides[ours].wall_s, sides[theirs].wall_s, strict=True)
        ratio = statistics.median(a / b for a, b in pairs)
        holds &= ratio <= bound
        print(f"{ours} against {theirs}: {ratio:.2f}, bound {bound}")
    peaks = {name: side.peak_mb for name, side in sides.items() if name.startswith("sketch")}
    most = max(peaks.values())
    holds &= most <= MEMORY_BOUND * size / 1e6
    print(f"memory of a sketch against the weights: {most * 1e6 / size:.3f}, bound {MEMORY_BOUND}")
    full = statistics.median(sides["full comparison, 1 base"].wall_s)
    found = statistics.median(sides[searching].wall_s)
    print(f"one base of the index takes 1/{full / found * count:.0f} of a full comparison")
    print(f"lineage ratio={ratio:.2f} target={SEARCH_BOUND:.2f}")
    return holds


def main() -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--sketches", type=int, default=SKETCHES)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work) / "model"
        folder.mkdir()
        file, index = folder / "model.safetensors", Path(work) / "index"
        candidate = Path(work) / "candidate.sketch"
        # In a process of its own: a child's peak memory cannot be read below that of this one.
        subprocess.run(
            [
                sys.executable,
                "-c",
                _filled(_PREPARE, {"folder": str(folder), "index": str(index)}),
                str(candidate),
                str(asked.sketches),
            ],
            check=True,
        )
        hub = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.range_server", str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert hub.stdout is not None  # noqa: S101
        names = {
            "file": str(file),
            "folder": str(folder),
            "index": str(index),
            "candidate": str(candidate),
            "hub": hub.stdout.readline().strip(),
        }
        sides = {
            name.format(count=asked.sketches): Side(_filled(code, names))
            for name, code in SIDES.items()
        }
        for _ in range(asked.rounds):
            for side in sides.values():
                side.run()
        size, kept = file.stat().st_size, candidate.stat().st_size
        sent, requests = map(int, hub.communicate()[0].split())
    holds = report(sides, size, asked.sketches)
    fetched = f"{sent / asked.rounds / 1e6:.0f} MB in {requests // asked.rounds} requests"
    print(f"a sketch is {kept / 1e3:.0f} kB of {size / 1e9:.2f} GB; by ranges {fetched}")
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
    return 0 if holds else 1


def _filled(code: str, names: dict[str, str]) -> str:
    for name, found in names.items():
        code = code.replace(f"{{{name}}}", found)
    return code


if __name__ == "__main__":
    sys.exit(main())
