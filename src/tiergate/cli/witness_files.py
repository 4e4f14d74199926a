# SPDX-License-Identifier: Apache-2.0
"""A witness as files: a tiny checkpoint, evidence about it, signatures, and whom to believe.

``tiergate check`` gives the different tiers with them. Keys are made on the spot and thrown
away: they are believed by the trust file that is written beside them, and by nobody else.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import yaml

from tiergate.attestation.bundle import write_bundle
from tiergate.attestation.envelope import sign
from tiergate.attestation.keys import Algorithm, PrivateKey, generate
from tiergate.attestation.statement import PAYLOAD_TYPE
from tiergate.attestation.trust import Role
from tiergate.decision.analysis.pieces import (
    Files,
    Outputs,
    Piece,
    Place,
    house_name,
    written_documents_of,
)
from tiergate.errors import InputError
from tiergate.evidence.attestation_statement import attestation_of
from tiergate.evidence.conversion import write_document
from tiergate.evidence.grades import Dimension
from tiergate.model.checkpoint import identify

_TEXT = {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}
_OTHER = {"architectures": ["UnknownModel"], "model_type": "unknown"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessFiles:
    """Where a witness was written."""

    model: Path
    """The checkpoint, with its evidence in another folder."""
    evidence: Path
    """Evidence documents and their signatures."""
    trust: Path | None
    """Whom to believe; None when nothing is signed."""

    def command(self, policy: str, at: datetime) -> str:
        """Return what shows which tier a policy supports with it."""
        trust = "" if self.trust is None else f" --trust {self.trust}"
        when = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        return (
            f"tiergate check {self.model} --policy {policy} --evidence {self.evidence}{trust} "
            f"--at {when}"
        )


def write_witness(pieces: Iterable[Piece], at: datetime, folder: Path) -> WitnessFiles:
    """Write evidence that consists of these pieces, about a checkpoint that is written too.

    Raises:
        InputError: the folder is there already.
    """
    if folder.exists():
        raise InputError(str(folder), "a folder that is there", "a new one", "Choose another.")
    found = tuple(pieces)
    model = folder / "model"
    model.mkdir(parents=True)
    _write_model(found, model)
    place = Place(at=at, root=identify(str(model)).root_digest, name="model")
    evidence = folder / "evidence"
    evidence.mkdir()
    signers: dict[tuple[str, bool], PrivateKey] = {}
    for piece in found:
        for house, document in enumerate(written_documents_of(piece, place)):
            stem = document.digest.removeprefix("sha256:")[:24]
            (evidence / f"{stem}.json").write_bytes(write_document(document))
            grade = piece.quality.grade(Dimension.ASSURANCE)
            if grade > 1:
                who = (house_name(piece, house), grade > 2)
                key = signers.setdefault(who, generate(Algorithm.ED25519))
                statement = attestation_of(document, signed_at=at)
                data = write_bundle(sign(statement.to_bytes(), PAYLOAD_TYPE, key))
                (evidence / f"{stem}.attestation.json").write_bytes(data)
    trust = folder / "trust.yaml" if signers else None
    if trust is not None:
        trust.write_text(_trust(signers, at), encoding="utf-8")
    return WitnessFiles(model=model, evidence=evidence, trust=trust)


def _write_model(pieces: tuple[Piece, ...], folder: Path) -> None:
    outputs = [p.found for p in pieces if isinstance(p.found, Outputs)]
    only_text = bool(outputs) and outputs[0].modalities == {"text"}
    files = [p.found for p in pieces if isinstance(p.found, Files)]
    config = _TEXT if only_text else _OTHER
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    header += b" " * (-len(header) % 8)
    data = struct.pack("<Q", len(header)) + header + bytes(4)
    (folder / "model.safetensors").write_bytes(data)
    if not files or files[0].code:
        (folder / "modeling_own.py").write_text("# code that comes with the model\n", "utf-8")


def _trust(signers: dict[tuple[str, bool], PrivateKey], at: datetime) -> str:
    start, end = at - timedelta(days=3650), at + timedelta(days=3650)
    keys = [
        {
            "key_id": key.public.key_id,
            "public_key": key.public.pem,
            "person": f"somebody at {maker}",
            "organisation": maker,
            "roles": [Role.EVALUATOR.value],
            "valid_from": start.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "valid_until": end.strftime("%Y-%m-%dT%H:%M:%SZ"),
            **({"measures_here": True} if here else {}),
        }
        for (maker, here), key in signers.items()
    ]
    content = {"format": "tiergate-trust/1", "signed_by": [Role.EVALUATOR.value], "keys": keys}
    return yaml.safe_dump(content, sort_keys=False)
