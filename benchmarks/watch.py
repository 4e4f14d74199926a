# SPDX-License-Identifier: Apache-2.0
"""The watch over three million rows of hub metadata, against the obvious pass with pandas.

Run ``python -m benchmarks.watch``. Writes a Parquet export of so many rows to a temporary folder
and reads it once, so that the page cache is warm. Both sides read the same file and have to find
the same; sides take turns, each in a process of its own; imports are left out. The peer reads the
columns that it needs, explodes tags and files, follows declarations in rounds of ``isin``, and
hands the rows that are left to the function that says what they are, as the watch does.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC
from pathlib import Path
from typing import Any

from benchmarks.watch_rows import question, write_rows

ROWS = 3_000_000
ROUNDS = 1
BOUND = 0.33
"""The watch may take this share of the time of the obvious pass."""


def ours(path: Path) -> list[str]:
    """Return the ids of what the watch finds."""
    from tiergate.landscape.watch.frames import scan
    from tiergate.landscape.watch.polars_pass import polars_pass

    lazy, _ = scan(path)
    return [finding.id for finding in polars_pass(lazy, question()).findings]


def theirs(path: Path) -> list[str]:
    """Return the ids of what the obvious pass finds."""
    import pandas as pd

    from tiergate.landscape.watch.findings import findings_of, settled
    from tiergate.landscape.watch.plain_pass import descents_of
    from tiergate.landscape.watch.released import long_names

    asked = question()
    columns = [
        "id",
        "sha",
        "createdAt",
        "tags",
        "cardData",
        "siblings",
        "library_name",
        "downloads",
    ]
    table = pd.read_parquet(path, columns=columns)
    key = table["id"].str.lower()

    tags = table["tags"].explode()
    named = tags[tags.str.startswith("base_model:", na=False)].str.rsplit(":", n=1).str[-1]
    carded = table["cardData"].str.get("base_model").dropna()
    parents = pd.concat([named, carded]).str.lower()
    edges = pd.DataFrame({"child": key.loc[parents.index].to_numpy(), "parent": parents.to_numpy()})
    edges = edges.drop_duplicates()

    reached = set(asked.roots)
    front = reached
    while front:
        found = set(edges.loc[edges["parent"].isin(front), "child"])
        front = found - reached
        reached |= front

    files = table["siblings"].explode().dropna()
    digest = files.map(lambda file: (file.get("lfs") or {}).get("sha256"))
    equal = digest[digest.isin(asked.digests)].index
    plain = key.str.rpartition("/")[2].str.replace("[^a-z0-9]", "", regex=True)
    alike = plain.str.contains("|".join(long_names(asked.models)), regex=True)
    left = table[key.isin(reached) | alike | table.index.isin(equal)]

    near = edges[edges["parent"].isin(reached)]
    descents = descents_of(zip(near["child"], near["parent"], strict=True), asked)
    rows = [_row(each) for each in left.to_dict("records")]
    found_rows = (finding for row in rows for finding in findings_of(row, asked, descents))
    return [finding.id for finding in settled(found_rows)]


def _row(found: dict[str, Any]) -> Any:  # noqa: ANN401 - a row of the watch
    from tiergate.landscape.watch.row import FileRow, Row

    base = (found["cardData"] or {}).get("base_model")
    return Row(
        repository=found["id"],
        revision=found["sha"],
        created_at=found["createdAt"].to_pydatetime().replace(tzinfo=UTC),
        base_models=() if base is None else (base,),
        tags=tuple(found["tags"]),
        library=found["library_name"],
        files=tuple(
            FileRow(name=file["rfilename"], sha256=(file["lfs"] or {}).get("sha256"))
            for file in found["siblings"]
        ),
        downloads=int(found["downloads"]),
    )


SIDES = {"tiergate watch": ours, "pandas": theirs}


def _one(side: str, path: Path) -> None:
    # Imports are left out of the time of both sides.
    import pandas as pd
    import polars as pl

    del pd, pl
    question()
    started, used = time.perf_counter(), time.process_time()
    found = SIDES[side](path)
    print(
        json.dumps(
            {
                "wall": time.perf_counter() - started,
                "cpu": time.process_time() - used,
                "peak_mb": _peak_mb(),
                "findings": found,
            }
        )
    )


def _peak_mb() -> float:
    # The peak that getrusage gives begins with that of the process that started this one.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def main() -> int:
    """Measure, print the rows and say whether the bound holds."""
    parser = argparse.ArgumentParser(description="The watch against the obvious pass with pandas.")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--side", choices=SIDES, help="for the processes that it starts")
    parser.add_argument("--file", type=Path)
    given = parser.parse_args()
    if given.side:
        _one(given.side, given.file)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "models.parquet"
        write_rows(path, given.rows)
        path.read_bytes()
        return _compared(path, given.rows, given.rounds)


def _compared(path: Path, rows: int, rounds: int) -> int:
    results: dict[str, list[dict[str, Any]]] = {side: [] for side in SIDES}
    for _ in range(rounds):
        for side in SIDES:
            command = [
                sys.executable,
                "-m",
                "benchmarks.watch",
                "--side",
                side,
                "--file",
                str(path),
            ]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            results[side].append(json.loads(done.stdout))
    first = results["tiergate watch"][0]["findings"]
    same = all(each["findings"] == first for found in results.values() for each in found)
    print(f"{rows} rows, {path.stat().st_size / 1e6:.0f} MB, {len(first)} findings, same: {same}")
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores")
    middle = {}
    for side, found in results.items():
        wall = statistics.median(each["wall"] for each in found)
        cpu = statistics.median(each["cpu"] for each in found)
        peak = max(each["peak_mb"] for each in found)
        middle[side] = wall
        print(
            f"{side:16} wall {wall:7.2f} s  cpu {cpu:7.2f} s  {rows / wall:12,.0f} rows/s"
            f"  peak {peak:6.0f} MB"
        )
    ratio = middle["tiergate watch"] / middle["pandas"]
    print(f"watch ratio={ratio:.3f} target={BOUND}")
    return 0 if same and first and ratio <= BOUND else 1


if __name__ == "__main__":
    sys.exit(main())
