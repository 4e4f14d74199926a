# SPDX-License-Identifier: Apache-2.0
"""The worked example of a release: from a decision to two stages, by signed steps in a ledger.

    python examples/release/run.py [--output demo-release-output] [--model CHECKPOINT]

Every step prints its command. Nothing uses the network, and it takes some seconds.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import shlex
import shutil
import struct
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAM = str(Path(sys.executable).with_name("tiergate"))
PEOPLE = {"ada": "release owner", "bea": "safety lead", "cem": "legal"}
NOT_ALLOWED = 6
LATER = dt.timedelta(days=31)

ENTRY = """\
  person: {person}
  organisation: Example Lab
  roles: [{role}]
  valid_from: "2026-01-01T00:00:00Z"
  valid_until: "2099-01-01T00:00:00Z"
"""


def tiergate(*words: object, code: int = 0) -> str:
    """Run the program, show what it prints, and require its exit code."""
    command = [PROGRAM, *map(str, words)]
    print(f"$ {shlex.join(['tiergate', *command[1:]])}", flush=True)
    environment = {**os.environ, "PYTHONUTF8": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603 - all written here
    print(done.stdout + done.stderr, flush=True)
    if done.returncode != code:
        sys.exit(f"ended with {done.returncode}, expected {code}")
    return done.stdout


def main() -> None:
    """Run the example in a folder of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--output", type=Path, default=Path("demo-release-output"))
    parser.add_argument("--model", type=Path, help="a checkpoint; default: one of one tensor")
    given = parser.parse_args()
    model = given.model and given.model.resolve(strict=True)
    place = given.output.resolve()
    place.mkdir(parents=True)
    os.chdir(place)
    for name in ("policy.yaml", "plan.yaml"):
        shutil.copy(HERE / name, place)
    if model:
        (place / "model").symlink_to(model, target_is_directory=True)
    else:
        make_checkpoint(place / "model")
    make_people(place)
    decide(place)
    release()


def make_checkpoint(folder: Path) -> None:
    """Write a checkpoint of one tensor."""
    folder.mkdir()
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    weights = struct.pack("<Q", len(header)) + header + bytes(8)
    (folder / "model.safetensors").write_bytes(weights)
    (folder / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}')


def make_people(place: Path) -> None:
    """Make a key for each person, and the trust file that names them."""
    text = "format: tiergate-trust/1\nsigned_by: [release owner]\nkeys:\n"
    for name, role in PEOPLE.items():
        words = ("--algorithm", "ed25519", "--unsafe-no-passphrase")
        shown = tiergate("keys", "generate", f"{name}.key", *words)
        text += shown + ENTRY.format(person=name.title(), role=role)
    (place / "trust.yaml").write_text(text)


def decide(place: Path) -> None:
    """Decide and sign."""
    decision = tiergate("check", "model", "--policy", "policy.yaml", "--tier", "T1", "--json")
    (place / "decision.json").write_text(decision)
    tiergate("sign", "decision.json", "--key", "ada.key", "--output", "record.json")


def act(name: str, *words: str, reason: str, code: int = 0) -> None:
    """Let somebody act in their role."""
    who = ("--as", PEOPLE[name], "--key", f"{name}.key", "--reason", reason)
    where = ("--ledger", "ledger.sqlite", "--trust", "trust.yaml")
    tiergate("release", *words, *who, *where, code=code)


def release() -> None:
    """Take the checkpoint through its stages."""
    where = ("--ledger", "ledger.sqlite", "--trust", "trust.yaml")
    record = ("record.json", "--policy", "policy.yaml")
    later = (dt.datetime.now(dt.UTC) + LATER).replace(microsecond=0).isoformat()  # noqa: TID251 - a script
    act("ada", "submit", *record, "--plan", "plan.yaml", reason="ready for review")
    act("ada", "open", "defenders", reason="too early", code=NOT_ALLOWED)
    act("bea", "approve", *record, reason="read the record")
    act("cem", "approve", *record, reason="licence and contracts are in place")
    act("ada", "open", "defenders", reason="defenders first")
    act("ada", "advance", "researchers", reason="too early", code=NOT_ALLOWED)
    act("bea", "freeze", reason="an odd report")
    act("ada", "thaw", reason="nobody agreed", code=NOT_ALLOWED)
    frozen = json.loads(tiergate("release", "status", *where, "--json"))["freezes"][0]["sequence"]
    act("bea", "approve", "--thaw", str(frozen), reason="the report was about another model")
    act("cem", "approve", "--thaw", str(frozen), reason="as Bea says")
    act("ada", "thaw", reason="the report was about another model")
    tiergate("release", "status", *where)
    words = ("advance", "researchers", "--unsafe-at", later)
    act("ada", *words, reason="a month without incidents")
    tiergate("release", "status", *where, "--at", later)
    logged = tiergate("release", "log", *where)
    verified = tiergate("ledger", "verify", *where, "--json")
    events = sum(line[:4].strip().isdigit() for line in logged.splitlines())
    if json.loads(verified)["size"] != events:
        sys.exit("the log and the ledger disagree")
    print(f"{events} events, and the ledger holds.")


if __name__ == "__main__":
    main()
