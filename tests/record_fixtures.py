# SPDX-License-Identifier: Apache-2.0
"""Keys, trust files and signed records on disk, made with the command line."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cli_fixtures
from builders_attestation import key
from cli_runner import run
from tiergate.attestation.bundle import read_bundle, write_bundle
from tiergate.attestation.envelope import also_signed, sign
from tiergate.attestation.statement import PAYLOAD_TYPE
from tiergate.cli import clock

# Evidence of the fixtures is dated by the clock, so everything else is too.
_START = clock.now()


def day(number: int) -> str:
    """Return a time that many days after the tests began."""
    return (_START + dt.timedelta(days=number)).isoformat().replace("+00:00", "Z")


DECIDED, SIGNED, NOW = day(1), day(2), day(3)

TRUSTED = """\
- key_id: {key_id}
  public_key: |
    {pem}
  person: {person}
  organisation: Lab
  roles: [{roles}]
  valid_from: "{valid_from}"
  valid_until: "{valid_until}"
"""


def key_file(folder: Path, name: str) -> Path:
    """Write the private key of that name, without a passphrase."""
    path = folder / f"{name}.key"
    path.write_bytes(key(name).to_pem(None))
    return path


def trusted(
    name: str,
    roles: str = "release owner",
    *,
    person: str = "",
    valid_from: str = day(-300),
    valid_until: str = day(300),
) -> str:
    """Return the entry of a key in a trust file."""
    return TRUSTED.format(
        key_id=key(name).public.key_id,
        pem=key(name).public.pem.strip().replace("\n", "\n    "),
        person=person or name,
        roles=roles,
        valid_from=valid_from,
        valid_until=valid_until,
    )


def trust_file(path: Path, *entries: str, signed_by: str = "release owner") -> Path:
    """Write a trust file."""
    head = f"format: tiergate-trust/1\nsigned_by: [{signed_by}]\nkeys:\n"
    path.write_text(head + "".join(entries))
    return path


class Scene:
    """A checkpoint with evidence, a standard, a decision about it and its record."""

    def __init__(self, folder: Path) -> None:
        """Make a checkpoint without evidence, a standard and a trust file, if not there."""
        self.folder = folder
        self.model = folder / "model"
        self.policy = folder / "policy.yaml"
        self.decision = folder / "decision.json"
        self.record = folder / "record.json"
        self.trust = folder / "trust.yaml"
        if not self.model.exists():
            cli_fixtures.a_folder(self.model)
            cli_fixtures.policy(self.policy)
            trust_file(self.trust, trusted("ada"))

    @property
    def store(self) -> Path:
        """The evidence beside the model."""
        return self.model / ".tiergate"

    def decide(self, *options: object) -> Path:
        """Write what ``check --json`` prints."""
        words = ("check", self.model, "--policy", self.policy, "--at", DECIDED, *options)
        self.decision.write_text(run(*words, "--json").out)
        return self.decision

    def signed(self, *names: str) -> Path:
        """Sign the decision with the keys of these names, in that order."""
        first, *others = names or ("ada",)
        words = ("sign", self.decision, "--output", self.record, "--at", SIGNED)
        done = run(*words, "--key", key_file(self.folder, first))
        assert done.code == 0, done.err
        envelope = read_bundle(self.record.read_bytes(), "record")
        for name in others:
            envelope = also_signed(envelope, key(name))
        self.record.write_bytes(write_bundle(envelope))
        return self.record

    def resigned(self, change: Callable[[Any], object], *names: str) -> Path:
        """Change the statement and sign it anew, as whoever has the key could."""
        document = json.loads(self.record.read_bytes())
        statement = json.loads(base64.b64decode(document["dsseEnvelope"]["payload"]))
        change(statement)
        payload = json.dumps(statement).encode()
        envelope = sign(payload, PAYLOAD_TYPE, key(names[0] if names else "ada"))
        self.record.write_bytes(write_bundle(envelope))
        return self.record

    def verify(self, *options: object) -> Any:  # noqa: ANN401 - a Run
        """Verify the record as of the day after it was signed."""
        return run("verify", self.record, *options, "--trust", self.trust, "--at", NOW)


def a_scene(folder: Path) -> Scene:
    """Return a scene with evidence, decided and signed by ada."""
    scene = Scene(folder)
    cli_fixtures.claim(scene.model, scene.policy, "E01", "training_flop=1")
    cli_fixtures.evidence(scene.model, "cyber.exploits", successes=0, trials=400)
    scene.decide("--tier", "T1")
    scene.signed()
    return scene
