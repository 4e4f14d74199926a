# SPDX-License-Identifier: Apache-2.0
"""Runs garak on harmless probes, and counts its reports by hand beside them.

A program of its own: ``python run_garak.py FOLDER``. Targets are garak's own test
generators, so that nothing is fetched. Beside every report stands ``NAME.truth``: what a
plain walk through the file counts, and what garak printed about it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path(sys.argv[1]).resolve()
HOMES = ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")
ENVIRONMENT = os.environ | {home: str(FOLDER / "home" / home.lower()) for home in HOMES}
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
PRINTED = re.compile(r"^(\S+) +(\S+): \w+ +ok on +(\d+)/ *(\d+)", re.MULTILINE)

TRIO = "always.Fail,always.Pass,always.Random"
CAPPED = {"run": {"soft_probe_prompt_cap": 5}}
WITH_ORIGINALS = {"plugins": {"buffs_include_original_prompt": True}}


def garak(module: str, *arguments: str) -> str:
    """Run one of garak's programs; return what it printed, without colours."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=FOLDER,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return COLOUR.sub("", done.stdout.replace("\r", "\n"))


def run(
    name: str,
    spec: str,
    detectors: str,
    *options: str,
    target: str = "test.Repeat",
    generations: int = 2,
    config: Mapping[str, object] | None = None,
) -> None:
    """Run probes against a target, and keep the report under ``name``."""
    settings = FOLDER / f"{name}.config.json"
    settings.write_text(json.dumps(config or {}), encoding="utf-8")
    printed = garak(
        "garak",
        *("--target_type", target, "--spec", spec, "--detectors", detectors),
        *("--generations", str(generations), "--config", str(settings)),
        *("--report_prefix", str(FOLDER / name), *options),
    )
    keep_truth(name, printed)


def keep_truth(name: str, printed: str) -> None:
    """Write what the file holds, counted by hand, and what the tool printed about it."""
    printed_counts = [[p, d, int(ok), int(n)] for p, d, ok, n in PRINTED.findall(printed)]
    truth = {"printed": printed_counts, "rows": rows_of(FOLDER / f"{name}.report.jsonl")}
    (FOLDER / f"{name}.truth").write_text(json.dumps(truth), encoding="utf-8")


def rows_of(report: Path) -> list[list[object]]:
    """Return probe, detector, prompt, score and whether there is a response, of each generation."""
    numbers: dict[str, int] = defaultdict(lambda: len(numbers))
    found: list[list[object]] = []
    for line in report.read_text("utf-8").splitlines():
        entry = json.loads(line)
        if entry["entry_type"] != "attempt" or entry["status"] != 2:
            continue
        turns = [[turn["role"], turn["content"]["text"]] for turn in entry["prompt"]["turns"]]
        prompt = numbers[json.dumps([entry["probe_classname"], turns])]
        for detector, scores in entry["detector_results"].items():
            for score, output in zip(scores, entry["outputs"], strict=True):
                answered = output is not None
                found.append([entry["probe_classname"], detector, prompt, score, answered])
    return found


def killed(name: str, source: str) -> None:
    """Write a copy of a report as it stands when the run is killed while it scores."""
    lines = (FOLDER / f"{source}.report.jsonl").read_text("utf-8").splitlines(keepends=True)
    entries = [json.loads(line) for line in lines]
    scored = [index for index, entry in enumerate(entries) if entry.get("status") == 2]
    half = lines[scored[2]][:200]
    report = FOLDER / f"{name}.report.jsonl"
    report.write_text("".join(lines[: scored[2]]), encoding="utf-8")
    keep_truth(name, "")
    with report.open("a", encoding="utf-8") as handle:
        handle.write(half)


def run_everything() -> None:
    run("plain", "probes.test.Test,probes.test.Blank", TRIO, generations=3)
    run("plain_again", "probes.test.Test", TRIO, generations=3)
    run("silent", "probes.test.Test", "always.Pass,any.AnyOutput", target="test.Nones")
    run("capped", "probes.glitch.Glitch", "always.Random", config=CAPPED)
    run(
        "buffed",
        "probes.test.Test,buffs.lowercase.Lowercase",
        "always.Random",
        *("--target_name", "/home/somebody/models/model-7b", "--seed", "3"),
        target="test.Lipsum",
        config=WITH_ORIGINALS,
    )
    run(
        "strict",
        "probes.test.Test",
        "always.Random",
        *("--eval_threshold", "0.001"),
        target="test.Blank",
        generations=5,
    )
    killed("killed", "plain_again")
    reports = [f"{name}.report.jsonl" for name in ("plain", "plain_again")]
    garak("garak.analyze.aggregate_reports", "-o", "merged.report.jsonl", *reports)
    keep_truth("merged", "")


if __name__ == "__main__":
    run_everything()
