# SPDX-License-Identifier: Apache-2.0
"""One immutable set of weights with everything that came with it.

``identify`` turns a path or a hub id into a ``Checkpoint``. The root digest is always
computed from the bytes. The weights digest hashes the same bytes a second time, tensor by
tensor, so it is computed only when asked for.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tiergate.model.behaviour import needs_reading, read_behaviour
from tiergate.model.card import ModelCard, read_card
from tiergate.model.digest import Counter, HashJob, changed_while_read, hash_files, sha256_digest
from tiergate.model.files import FileRole, FoundFile, WeightsFormat, list_files
from tiergate.model.licence import LicenceClaim, licence_claims, licence_notes
from tiergate.model.manifest import Manifest, ManifestEntry
from tiergate.model.shards import Weights, hashed_tensors, read_small, read_weights
from tiergate.model.source import list_source, locate
from tiergate.model.tensors import dtype_counts, parameter_count, weights_digest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tiergate.model.cache import DigestCache
    from tiergate.model.digest import FileDigests, Progress
    from tiergate.model.source import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """What a set of weights is; equal root digests mean equal files under equal names."""

    name: str
    """``org/name`` for a hub model, otherwise the last part of the path."""
    path: Path
    """Folder or single file that was identified."""
    manifest: Manifest
    """Every file with its digest."""
    root_digest: str
    """Digest of the manifest, ``sha256:<64 hex>``."""
    weights_digest: str | None
    """Digest over the tensors, which survives resharding; None when it was not asked for."""
    parameter_count: int
    """Elements of all tensors; 0 when no header could be read (pickles only)."""
    dtypes: tuple[tuple[str, int], ...]
    """(dtype, elements) for each dtype, sorted by dtype."""
    size_bytes: int
    """Sum of the lengths of all files."""
    weights_formats: frozenset[WeightsFormat]
    """Formats of the weights files."""
    architectures: tuple[str, ...]
    """Classes named by config.json and by GGUF headers, sorted; empty when none is named."""
    output_modalities: frozenset[str]
    """What the model can give out, as far as its architecture proves it; empty is unknown."""
    card: ModelCard | None
    """The model card; None when there is none."""
    licence_claims: tuple[LicenceClaim, ...]
    """What the card and the licence files say."""
    base_model_claims: tuple[str, ...]
    """Base models that the card names."""
    behaviour_files: tuple[str, ...]
    """Chat templates and code: files that change behaviour without changing a weight."""
    auto_map: tuple[str, ...]
    """Entries that ask a loader to run code from the checkpoint."""
    pickle_files: tuple[str, ...]
    """Weights files that run code when they are loaded."""
    code_files: tuple[str, ...]
    """Programs and scripts."""
    revision: str | None
    """Commit, when the path is a snapshot in the cache of the hub client; otherwise None."""
    notes: tuple[str, ...]
    """What a person should know, in plain sentences."""

    @property
    def loads_without_code(self) -> bool:
        """Whether only safetensors or GGUF are there, no code and nothing that asks for code."""
        return (
            self.weights_formats <= {WeightsFormat.SAFETENSORS, WeightsFormat.GGUF}
            and not self.auto_map
            and not self.code_files
        )


def identify(  # noqa: PLR0913 - every choice a caller has is here, by name
    path: str | os.PathLike[str],
    *,
    revision: str | None = None,
    endpoint: str | None = None,
    cache: DigestCache | None = None,
    on_progress: Progress | None = None,
    workers: int | None = None,
    with_weights_digest: bool = False,
) -> Checkpoint:
    """Identify a checkpoint.

    Args:
        path: a folder, a .safetensors or .gguf file, a model or snapshot folder in the cache
            of the Hugging Face client, or ``org/name`` on a hub when no such path exists.
        revision: branch, tag or commit; only for a hub model or its cache folder.
        endpoint: base URL of the hub.
        cache: digests of untouched files from earlier runs; None reads every byte.
        on_progress: told the number of bytes hashed so far.
        workers: threads that hash; None uses every core that this process may use.
        with_weights_digest: also compute ``Checkpoint.weights_digest``, in the same reading.

    Raises:
        CheckpointError: nothing there, malformed, incomplete, unsafe to read, or changed
            while it was read.
    """
    source = locate(os.fspath(path), revision=revision, endpoint=endpoint)
    files = list_source(source)
    weights = read_weights(files, os.fspath(path))
    digests = _hash(
        files,
        weights if with_weights_digest else None,
        cache=cache,
        workers=workers,
        on_progress=on_progress,
    )
    return _assemble(source, files, weights, digests, with_weights_digest=with_weights_digest)


def manifest_of(folder: Path) -> Manifest:
    """Return the manifest of a folder of any files, which need be no checkpoint.

    Raises:
        CheckpointError: a file cannot be read, or leads out of the folder.
    """
    files = list_files(folder)
    return _manifest(files, _hash(files, None))


def weights_digest_of(
    checkpoint: Checkpoint, *, on_progress: Progress | None = None, workers: int | None = None
) -> str:
    """Return the weights digest, reading the weights again when it was not computed.

    The bytes that are read are compared with the manifest, so the result is about the
    checkpoint that was identified and no other.

    Raises:
        CheckpointError: the files are no longer those of the manifest.
    """
    if checkpoint.weights_digest is not None:
        return checkpoint.weights_digest
    source = locate(os.fspath(checkpoint.path))
    # An index decides which files form one set, so its bytes have to be the same too.
    roles = {FileRole.WEIGHTS, FileRole.WEIGHTS_INDEX}
    files = [file for file in list_source(source) if file.role in roles]
    weights = read_weights(files)
    digests = _hash(files, weights, on_progress=on_progress, workers=workers)
    known = {
        entry.path: entry.sha256 for entry in checkpoint.manifest.entries if entry.role in roles
    }
    found = {path: digest.sha256 for path, digest in digests.items()}
    for label in sorted(known.keys() | found.keys()):
        if known.get(label) != found.get(label):
            raise changed_while_read(label)
    return weights_digest(hashed_tensors(weights, digests))


def _hash(
    files: Sequence[FoundFile],
    weights: Weights | None,
    *,
    cache: DigestCache | None = None,
    workers: int | None = None,
    on_progress: Progress | None = None,
) -> dict[str, FileDigests]:
    """Hash every file; with ``weights``, their tensors as well. Keys are paths."""
    sections = {
        weight.file.path: tuple((tensor.start, tensor.end) for tensor in weight.tensors)
        for weight in (weights.files if weights is not None else ())
    }
    jobs = [
        HashJob(
            path=file.location,
            label=file.path,
            state=file.state,
            sections=sections.get(file.path, ()),
        )
        for file in files
    ]
    counter = Counter(on_progress)
    found: dict[str, FileDigests] = {}
    for job, file in zip(jobs, files, strict=True):
        cached = cache.get(job) if cache is not None else None
        if cached is not None:
            found[job.label] = cached
            counter.add(file.state.size_bytes)
    missing = [job for job in jobs if job.label not in found]
    for job, digests in zip(
        missing, hash_files(missing, workers=workers, counter=counter), strict=True
    ):
        found[job.label] = digests
        if cache is not None:
            cache.put(job, digests)
    if cache is not None:
        cache.save()
    return found


def _assemble(
    source: Source,
    files: Sequence[FoundFile],
    weights: Weights,
    digests: Mapping[str, FileDigests],
    *,
    with_weights_digest: bool,
) -> Checkpoint:
    manifest = _manifest(files, digests)
    documents = _read_documents(files, digests)
    roles = {file.path: file.role for file in files}
    gguf = {weight.file.path: weight.text for weight in weights.files}
    behaviour = read_behaviour(documents, roles, gguf)
    card = read_card(documents["README.md"]) if "README.md" in documents else None
    licences = {path: data for path, data in documents.items() if roles[path] is FileRole.LICENCE}
    claims = licence_claims(card, licences)
    code = _paths(files, role=FileRole.CODE)
    card_notes = card.notes if card is not None else ()
    return Checkpoint(
        name=source.name,
        path=source.path,
        manifest=manifest,
        root_digest=manifest.root_digest,
        weights_digest=(
            weights_digest(hashed_tensors(weights, digests)) if with_weights_digest else None
        ),
        parameter_count=parameter_count(weights.tensors),
        dtypes=dtype_counts(weights.tensors),
        size_bytes=manifest.size_bytes,
        weights_formats=frozenset(
            file.weights_format for file in files if file.weights_format is not None
        ),
        architectures=behaviour.architectures,
        output_modalities=behaviour.output_modalities,
        card=card,
        licence_claims=claims,
        base_model_claims=card.base_models if card is not None else (),
        behaviour_files=tuple(
            sorted({*_paths(files, role=FileRole.CHAT_TEMPLATE), *behaviour.templates, *code})
        ),
        auto_map=behaviour.auto_map,
        pickle_files=_paths(files, weights_format=WeightsFormat.PICKLE),
        code_files=code,
        revision=source.revision,
        notes=(*weights.notes, *behaviour.notes, *licence_notes(claims), *card_notes),
    )


def _manifest(files: Sequence[FoundFile], digests: Mapping[str, FileDigests]) -> Manifest:
    return Manifest(
        tuple(
            ManifestEntry(
                path=file.path,
                size_bytes=file.state.size_bytes,
                sha256=digests[file.path].sha256,
                role=file.role,
            )
            for file in files
        )
    )


def _paths(
    files: Sequence[FoundFile],
    *,
    role: FileRole | None = None,
    weights_format: WeightsFormat | None = None,
) -> tuple[str, ...]:
    return tuple(
        file.path
        for file in files
        if (role is None or file.role is role)
        and (weights_format is None or file.weights_format is weights_format)
    )


def _read_documents(
    files: Sequence[FoundFile], digests: Mapping[str, FileDigests]
) -> dict[str, bytes]:
    """Read the supporting files; their bytes must be the ones that were hashed."""
    documents: dict[str, bytes] = {}
    for file in files:
        wanted = needs_reading(file.path, file.role) or file.role is FileRole.LICENCE
        if wanted or file.path == "README.md":
            documents[file.path] = read_small(file)
            if sha256_digest(documents[file.path]) != digests[file.path].sha256:
                raise changed_while_read(file.path)
    return documents
