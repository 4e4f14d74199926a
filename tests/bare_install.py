# SPDX-License-Identifier: Apache-2.0
"""Run by ``make bare`` with a base install: ``check`` works without torch and the network."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

_UNREACHABLE = {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_OFFLINE": "1", "PATH": ""}


def _model(folder: Path) -> Path:
    folder.mkdir()
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    data = struct.pack("<Q", len(header)) + header + bytes(8)
    (folder / "model.safetensors").write_bytes(data)
    (folder / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}')
    return folder


def main() -> None:
    """Check a model and write a report; fail when anything heavy can be imported."""
    for name in ("torch", "transformers", "inspect_ai", "lm_eval"):
        found = subprocess.run([sys.executable, "-c", f"import {name}"], capture_output=True)  # noqa: PLW1510
        if found.returncode == 0:
            sys.exit(f"{name} is importable: this is no base install")
    with tempfile.TemporaryDirectory() as folder:
        model = _model(Path(folder) / "model")
        report = Path(folder) / "report.html"
        for arguments in (
            ["check", str(model)],
            ["report", str(model), "-o", str(report)],
            ["lineage", str(model), str(model)],
        ):
            command = [sys.executable, "-m", "tiergate", *arguments]
            done = subprocess.run(command, capture_output=True, text=True, env=_UNREACHABLE)  # noqa: PLW1510
            if done.returncode != 3:
                sys.exit(
                    f"{arguments[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
                )
        if "<!doctype html>" not in report.read_text().lower():
            sys.exit("the report is no HTML page")
        _refuses("gateway", "token", "erin", "--folder", str(Path(folder) / "hub"))
        _refuses("serve", "hub", "--ledger", "l.sqlite", "--trust", "t.yaml")
    print("base install: check, report and lineage run, the gateway names its extra")  # noqa: T201


def _refuses(*arguments: str) -> None:
    """Require that a command says which extra is missing, and writes nothing."""
    command = [sys.executable, "-m", "tiergate", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=_UNREACHABLE)  # noqa: PLW1510
    if done.returncode != 6 or "tiergate[gateway]" not in done.stderr:
        sys.exit(f"{arguments[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    main()
