# SPDX-License-Identifier: Apache-2.0
"""A model signature and the files that are there: what is signed, and what differs.

Every byte is read once, for the digests that the signature needs and for Tiergate's own root
digest.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tiergate.errors import CheckpointError
from tiergate.model.digest import Counter, FileDigests, HashJob, Progress, hash_files
from tiergate.model.files import FoundFile, found_file, hub_cache_of, is_no_part, list_files
from tiergate.model.manifest import Manifest, ManifestEntry
from tiergate.model.signature import (
    DEFAULT_IGNORED,
    SINGLE_FILE,
    Resource,
    Serialization,
    SignedModel,
    is_ignored,
    whole_files,
)
from tiergate.model.source import locate

_Ranges = tuple[tuple[int, int], ...]

MOST_PROBLEMS = 50
"""So many are named; more are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesReport:
    """What became of comparing files with a signature."""

    problems: tuple[str, ...]
    """What differs, in words; empty when nothing does."""
    unsigned: tuple[str, ...]
    """Files that are there and that the signature does not cover, sorted."""
    root_digest: str
    """Tiergate's own digest of what is there, names included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """The files of a model, hashed."""

    is_folder: bool
    files: dict[str, FoundFile]
    links: frozenset[str]
    digests: dict[str, FileDigests]
    ranges: dict[str, _Ranges]

    @property
    def manifest(self) -> Manifest:
        return Manifest(
            tuple(
                ManifestEntry(
                    path=path,
                    size_bytes=file.state.size_bytes,
                    sha256=self.digests[path].sha256,
                    role=file.role,
                )
                for path, file in self.files.items()
                if _is_part(path)
            )
        )


def sign_files(
    path: Path,
    *,
    ignored: Sequence[str] = (),
    allow_symlinks: bool = False,
    on_progress: Progress | None = None,
) -> tuple[SignedModel, Manifest]:
    """Hash a model for a signature; return what is to be signed, and its manifest.

    Args:
        path: folder or file.
        ignored: paths within the folder that are left out; the signature among them.
        allow_symlinks: whether links to files within the folder count as those files. In the
            cache of the Hugging Face client they always do.
        on_progress: told the number of bytes hashed so far.

    Raises:
        CheckpointError: unsafe to read, changed while it was read, links that are not to be
            followed, or nothing to sign.
    """
    place = _place(path)
    found = _hashed(place, _listed(place), {}, "sha256", on_progress)
    left_out = tuple(sorted({*DEFAULT_IGNORED, *ignored}))
    signed = {
        name: found.digests[name].sha256
        for name in found.files
        if not (found.is_folder and is_ignored(name, left_out)) and _is_part(name)
    }
    links = sorted(found.links & signed.keys())
    if links and not allow_symlinks and hub_cache_of(place) is None:
        raise CheckpointError(
            links[0], "a symbolic link", "files", "Give --allow-symlinks to sign what it is."
        )
    if not signed:
        raise CheckpointError(str(path), "no file to sign", "at least one")
    also = _no_parts(found.files, left_out)
    model = SignedModel(
        name=place.resolve().name,
        resources=whole_files(signed.items()),
        serialization=Serialization(
            hash_type="sha256",
            shard_size=None,
            allow_symlinks=bool(links),
            ignore_paths=tuple(sorted({*left_out, *also})) if found.is_folder else (),
        ),
    )
    return model, found.manifest


def compare_files(
    model: SignedModel,
    path: Path,
    *,
    ignored: Sequence[str] = (),
    ignore_unsigned: bool = False,
    on_progress: Progress | None = None,
) -> FilesReport:
    """Hash what is at ``path`` and hold it against what is signed (section 8.4).

    Args:
        model: what is signed.
        path: folder or file.
        ignored: more paths that may be there unsigned; the signature among them.
        ignore_unsigned: whether any file may be there unsigned (section 8.5).
        on_progress: told the number of bytes hashed so far.

    Raises:
        CheckpointError: unsafe to read, or changed while it was read.
    """
    place = _place(path)
    listed = _listed(place)
    by_path = _by_path(model, listed, is_folder=place.is_dir())
    made = model.serialization
    found = _hashed(place, listed, _ranges(made, by_path, listed), made.hash_type, on_progress)
    left_out = {*DEFAULT_IGNORED, *made.ignore_paths, *ignored}
    unsigned = sorted(name for name in found.files if name not in by_path)
    problems: list[str] = []
    if not made.allow_symlinks and hub_cache_of(place) is None:
        problems += [
            f"{name} is a symbolic link, which the signature does not allow"
            for name in sorted(found.links & by_path.keys())
        ]
    for name, resources in by_path.items():
        problems += _problems_of(name, resources, found, made)
    problems += [
        f"{name} is there and was not signed"
        for name in unsigned
        if not ignore_unsigned
        and not (found.is_folder and is_ignored(name, left_out))
        and _is_part(name)
        # A file of no bytes has no parts, so nothing can be signed of it (section 6.3.2).
        and not (made.shard_size and not found.files[name].state.size_bytes)
    ]
    return FilesReport(
        problems=_at_most(problems),
        unsigned=tuple(unsigned),
        root_digest=found.manifest.root_digest,
    )


def _place(path: Path) -> Path:
    """Return where the model is; nothing is ever fetched for a signature."""
    if not os.path.lexists(path):
        expected = "a folder or a file"
        raise CheckpointError(str(path), "no such path", expected, "Check the spelling.")
    return locate(str(path)).path


def _listed(place: Path) -> tuple[FoundFile, ...]:
    if not place.is_dir():
        return (found_file(place),)
    return list_files(place, without=lambda path, *, is_folder: is_folder and path == ".git")


def _by_path(
    model: SignedModel, listed: Iterable[FoundFile], *, is_folder: bool
) -> dict[str, list[Resource]]:
    only = None if is_folder else next(iter(listed)).path
    rows: dict[str, list[Resource]] = {}
    for resource in model.resources:
        is_whole = resource.path == SINGLE_FILE and only is not None
        rows.setdefault(only or "" if is_whole else resource.path, []).append(resource)
    return rows


def _ranges(
    made: Serialization, by_path: dict[str, list[Resource]], listed: Iterable[FoundFile]
) -> dict[str, _Ranges]:
    """Return which parts of which file have to be hashed on their own."""
    rows: dict[str, _Ranges] = {}
    for file in listed:
        size, wanted = file.state.size_bytes, by_path.get(file.path, [])
        if made.shard_size is None:
            rows[file.path] = ((0, size),) if wanted and made.hash_type != "sha256" else ()
        elif len(wanted) == -(-size // made.shard_size):
            # Fewer or more parts than the file has: its length differs, whatever is in it.
            starts = range(0, size, made.shard_size)
            rows[file.path] = tuple((at, min(at + made.shard_size, size)) for at in starts)
    return rows


def _hashed(
    place: Path,
    listed: Sequence[FoundFile],
    ranges: dict[str, _Ranges],
    algorithm: str,
    on_progress: Progress | None,
) -> _Found:
    jobs = [
        HashJob(
            path=file.location,
            label=file.path,
            state=file.state,
            sections=ranges.get(file.path, ()),
            section_algorithm=algorithm,
        )
        for file in listed
    ]
    digests = hash_files(jobs, counter=Counter(on_progress))
    is_folder = place.is_dir()
    links = [f.path for f in listed if is_folder and f.location != place / f.path]
    return _Found(
        is_folder=is_folder,
        files={file.path: file for file in listed},
        links=frozenset(links),
        digests={file.path: made for file, made in zip(listed, digests, strict=True)},
        ranges=ranges,
    )


def _problems_of(
    name: str, resources: Sequence[Resource], found: _Found, made: Serialization
) -> Iterator[str]:
    if name not in found.files:
        yield f"{name} was signed and is not there"
        return
    if name not in found.ranges:
        yield f"{name} is longer or shorter than what was signed"
        return
    digests = found.digests[name]
    hexadecimal = [digest.partition(":")[2] for digest in digests.sections or [digests.sha256]]
    parts: Sequence[tuple[int, int] | None] = found.ranges[name] if made.shard_size else [None]
    actual = dict(zip(parts, hexadecimal, strict=True))
    for resource in resources:
        if actual.get(resource.part) != resource.digest:
            yield f"{resource.name} has other bytes than what was signed"


def _no_parts(names: Iterable[str], left_out: Sequence[str]) -> Iterator[str]:
    """Return what is never part of a checkpoint and there, as paths to leave out."""
    for name in names:
        if not _is_part(name) and not is_ignored(name, left_out):
            yield ".cache/huggingface" if _is_in_cache(name) else name


def _is_part(name: str) -> bool:
    return not is_no_part(name, is_folder=False) and not _is_in_cache(name)


def _is_in_cache(name: str) -> bool:
    return name.startswith(".cache/huggingface/")


def _at_most(problems: list[str]) -> tuple[str, ...]:
    more = len(problems) - MOST_PROBLEMS
    named = problems[:MOST_PROBLEMS]
    return tuple([*named, f"and {more} more"] if more > 0 else named)
