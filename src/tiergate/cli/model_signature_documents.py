# SPDX-License-Identifier: Apache-2.0
"""What ``tiergate model-signature`` prints with ``--json``, field by field."""

from __future__ import annotations

from typing import Literal

from tiergate.cli.exit_codes import ExitCode
from tiergate.cli.model_signature_text import Answer, claimed_signer, kind_of
from tiergate.decision.document import DocumentPart
from tiergate.evidence.document_types import UtcTime


class SignedFilePart(DocumentPart):
    """One file, or a part of one, that is signed."""

    name: str
    """Path within the model; with ``:start:end`` for a part."""
    digest: str
    """Digest in hexadecimal, with its algorithm before it."""


class SignedModelPart(DocumentPart):
    """What a model signature says."""

    name: str
    """What the model was called when it was signed."""
    made_with: str
    """What is said to vouch for the signer: `key`, `certificate` or `identity`."""
    claimed_signer: str
    """Who is said to have signed; nobody vouches for it."""
    signed_root_digest: str
    """The digest of OpenSSF Model Signing, which does not cover the names of the files."""
    hash_type: str
    """With what files are hashed."""
    shard_size_bytes: int | None
    """Length of a part; null when files are hashed whole."""
    allow_symlinks: bool
    """Whether symbolic links were followed."""
    ignore_paths: tuple[str, ...]
    """Paths that were left out."""
    files: tuple[SignedFilePart, ...]
    """What is signed, in the order of the signature."""


class ModelSignatureDocument(DocumentPart):
    """What ``tiergate model-signature sign|verify|show --json`` prints."""

    format: Literal["tiergate-model-signature/1"] = "tiergate-model-signature/1"
    """Format and version of this document."""
    path: str
    """The signature's file."""
    signed: SignedModelPart
    """What it says."""
    root_digest: str | None
    """Tiergate's own root digest of the files that are there, names included; null when they
    were not read."""
    unsigned: tuple[str, ...]
    """Files that are there and that the signature does not cover."""
    now: UtcTime | None
    """The verifier's time; null when nothing was verified."""
    signer: str | None
    """What of the verifier's was held against the signature; null when nothing was verified."""
    holds: bool | None
    """Whether signature and files hold; null when nothing was verified."""
    problems: tuple[str, ...]
    """What does not hold."""
    exit_code: ExitCode
    """The exit code."""


def document_of(answer: Answer) -> ModelSignatureDocument:
    """Take an answer into a document."""
    model, made = answer.signature.model, answer.signature.model.serialization
    signed = SignedModelPart(
        name=model.name,
        made_with=kind_of(answer.signature),
        claimed_signer=claimed_signer(answer.signature),
        signed_root_digest=model.root_digest,
        hash_type=made.hash_type,
        shard_size_bytes=made.shard_size,
        allow_symlinks=made.allow_symlinks,
        ignore_paths=made.ignore_paths,
        files=tuple(
            SignedFilePart(name=one.name, digest=f"{made.hash_type}:{one.digest}")
            for one in model.resources
        ),
    )
    return ModelSignatureDocument(
        path=answer.path,
        signed=signed,
        root_digest=answer.root_digest,
        unsigned=answer.unsigned,
        now=answer.now,
        signer=answer.signer or None,
        holds=answer.holds,
        problems=answer.problems,
        exit_code=answer.exit_code,
    )
