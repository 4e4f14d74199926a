# SPDX-License-Identifier: Apache-2.0
"""What a model signature says: OpenSSF Model Signing (OMS) 1.0, without keys and files.

A statement about one subject, whose digest is computed from the digests of the files and not
from their names (section 6.5.1): two folders in which the same contents have other names have
the same digest there. What Tiergate relies on is the root digest of ``model.manifest``, which
covers the names.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from tiergate.attestation.statement import Statement, Subject
from tiergate.attestation.strict_json import first_repeated, text_of
from tiergate.errors import VerificationError
from tiergate.model.digest import ALGORITHMS

PREDICATE_TYPE = "https://model_signing/signature/v1.0"
DEFAULT_IGNORED = (".git", ".gitattributes", ".github", ".gitignore")
"""What is left out at the top of every model (section 6.2)."""
SINGLE_FILE = "."
"""How ``model_signing`` names the file of a model that is one file."""
_LONGEST_NAME = 4096
_DIGITS = {"sha256": 64, "blake2b": 128, "blake3": 64}
_RANGE = re.compile(r"(?s)(.+):(0|[1-9][0-9]{0,15}):([1-9][0-9]{0,15})")
# What model_signing 1.1 writes in place of the name of the hash when it signs shards.
_SHARDED = re.compile(r"(sha256|blake2b|blake3)-sharded-([1-9][0-9]{0,15})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One file, or one part of a file, and its digest."""

    name: str
    """As it stands there: a path, or for a part ``path:start:end``."""
    path: str
    """Path within the model, with forward slashes."""
    part: tuple[int, int] | None
    """First byte and the one after the last; None for the whole file."""
    digest: str
    """Digest in lower-case hexadecimal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Serialization:
    """How files became resources."""

    hash_type: str
    """With what they are hashed: one of ``digest.ALGORITHMS``."""
    shard_size: int | None
    """Length of a part in bytes; None when files are hashed whole."""
    allow_symlinks: bool
    """Whether symbolic links were followed."""
    ignore_paths: tuple[str, ...]
    """Paths that were left out, relative to the model."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedModel:
    """What is signed about a model."""

    name: str
    """What the model was called; nothing is derived from it."""
    resources: tuple[Resource, ...]
    """In the order in which they were signed; never empty."""
    serialization: Serialization
    """How they came about."""

    @property
    def root_digest(self) -> str:
        """The subject's digest, ``sha256:<64 hex>``: it does not cover the names of the files."""
        return f"sha256:{_root(self.resources)}"

    def to_statement(self) -> Statement:
        """Return what is signed. Only whole files in SHA-256 are written."""
        made = self.serialization
        return Statement(
            subjects=(Subject(name=self.name, digest={"sha256": _root(self.resources)}),),
            predicate_type=PREDICATE_TYPE,
            predicate={
                "resources": [
                    {"name": r.name, "digest": r.digest, "algorithm": made.hash_type}
                    for r in self.resources
                ],
                "serialization": {
                    "method": "files",
                    "hash_type": made.hash_type,
                    "allow_symlinks": made.allow_symlinks,
                    "ignore_paths": list(made.ignore_paths),
                },
            },
        )


def read_signed_model(statement: Statement, where: str) -> SignedModel:
    """Read what is signed; whoever signed it. Fields that OMS does not know are passed over.

    Raises:
        VerificationError: it is no statement of OMS 1.0, or contradicts itself.
    """
    if statement.predicate_type != PREDICATE_TYPE:
        found = f"a statement of type {statement.predicate_type[:100]!r}"
        raise VerificationError(where, found, PREDICATE_TYPE)
    if len(statement.subjects) != 1:
        raise VerificationError(f"{where}.subject", f"{len(statement.subjects)} of them", "one")
    serialization = _serialization(
        statement.predicate.get("serialization"), f"{where}.serialization"
    )
    rows = statement.predicate.get("resources")
    if not isinstance(rows, list) or not rows:
        raise VerificationError(f"{where}.resources", "none", "the files of the model")
    subject = statement.subjects[0]
    model = SignedModel(
        name=subject.name,
        resources=tuple(
            _resource(row, serialization, f"{where}.resources.{index}")
            for index, row in enumerate(rows)
        ),
        serialization=serialization,
    )
    twice = first_repeated(resource.name for resource in model.resources)
    if twice is not None:
        raise VerificationError(f"{where}.resources", f"{twice!r} twice", "every name once")
    if subject.digest.get("sha256") != _root(model.resources):
        found = f"the digest {subject.digest.get('sha256', 'none')[:64]!r}"
        expected = f"that of the resources, {_root(model.resources)}"
        raise VerificationError(f"{where}.subject", found, expected)
    return model


def whole_files(digests: Iterable[tuple[str, str]]) -> tuple[Resource, ...]:
    """Return the resources of files that are signed whole, in the order of the format.

    Args:
        digests: path, and SHA-256 as ``sha256:<64 hex>``.
    """
    return tuple(
        Resource(name=path, path=path, part=None, digest=digest.removeprefix("sha256:"))
        for path, digest in sorted(digests)
    )


def is_ignored(path: str, ignored: Iterable[str]) -> bool:
    """Tell whether a path is one of those, or below one of them (section 6.2.1)."""
    return any(path == one or path.startswith(f"{one}/") for one in ignored)


def _root(resources: Iterable[Resource]) -> str:
    whole = hashlib.sha256()
    for resource in resources:
        whole.update(bytes.fromhex(resource.digest))
    return whole.hexdigest()


def _serialization(value: object, where: str) -> Serialization:
    if not isinstance(value, dict):
        raise VerificationError(where, "none", "how the files were hashed")
    method, size = value.get("method"), value.get("shard_size")
    if method not in {"files", "shards"}:
        raise VerificationError(f"{where}.method", f"{str(method)[:40]!r}", "files or shards")
    is_size = type(size) is int and size > 0
    if (size is None) if method == "shards" else (size is not None):
        raise VerificationError(f"{where}.shard_size", f"{size} with {method}", "only with shards")
    if size is not None and not is_size:
        raise VerificationError(f"{where}.shard_size", f"{str(size)[:40]!r}", "a number of bytes")
    links, ignored = value.get("allow_symlinks"), value.get("ignore_paths", [])
    if not isinstance(links, bool):
        raise VerificationError(f"{where}.allow_symlinks", f"{str(links)[:40]!r}", "true or false")
    if not isinstance(ignored, list):
        raise VerificationError(f"{where}.ignore_paths", "no list", "a list of paths")
    return Serialization(
        hash_type=_hash_type(value.get("hash_type"), f"{where}.hash_type", size),
        shard_size=size if is_size else None,
        allow_symlinks=links,
        ignore_paths=tuple(
            text_of(path, f"{where}.ignore_paths", _LONGEST_NAME).rstrip("/") for path in ignored
        ),
    )


def _hash_type(value: object, where: str, shard_size: object) -> str:
    text = text_of(value, where, 100)
    sharded = _SHARDED.fullmatch(text)
    if sharded is not None and int(sharded[2]) == shard_size:
        text = sharded[1]
    if text not in ALGORITHMS:
        raise VerificationError(where, f"{text!r}", f"one of {', '.join(ALGORITHMS)}")
    return text


def _resource(row: object, made: Serialization, where: str) -> Resource:
    if not isinstance(row, dict):
        raise VerificationError(where, f"a {type(row).__name__}", "name, digest and algorithm")
    name = text_of(row.get("name"), f"{where}.name", _LONGEST_NAME)
    algorithm = _hash_type(row.get("algorithm"), f"{where}.algorithm", made.shard_size)
    if algorithm != made.hash_type:
        raise VerificationError(f"{where}.algorithm", f"{algorithm!r}", made.hash_type)
    digest = text_of(row.get("digest"), f"{where}.digest", 200)
    if not re.fullmatch(f"[0-9a-f]{{{_DIGITS[algorithm]}}}", digest):
        expected = f"{_DIGITS[algorithm]} hexadecimal digits"
        raise VerificationError(f"{where}.digest", "something else", expected)
    path, part = name, None
    if made.shard_size is not None:
        found = _RANGE.fullmatch(name)
        if found is None:
            raise VerificationError(f"{where}.name", f"{name[:100]!r}", "path:start:end")
        path, part = found[1], (int(found[2]), int(found[3]))
    _check_path(path, f"{where}.name")
    return Resource(name=name, path=path, part=part, digest=digest)


def _check_path(path: str, where: str) -> None:
    """Refuse what could lead out of the model, or be written in two ways."""
    steps = path.split("/")
    if path != SINGLE_FILE and ("\0" in path or not {"", ".", ".."}.isdisjoint(steps)):
        raise VerificationError(where, f"the path {path[:100]!r}", "a path within the model")
