# SPDX-License-Identifier: Apache-2.0
"""Which files make up a checkpoint, and what each of them is for.

A role comes from the name and from the first bytes, because a pickle is a pickle under
any name. Anything that could make two machines see different files is refused.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tiergate.errors import CheckpointError
from tiergate.model.digest import FileState, unreadable
from tiergate.model.sniff import HEAD_BYTES, Content, sniff

if TYPE_CHECKING:
    from collections.abc import Iterator

EXCLUDED_FOLDERS = (".git", ".cache/huggingface")
"""Folders directly below the checkpoint that are not part of it."""
_STORE_FILE = re.compile(
    r"\.tiergate/(documents/[0-9a-f]{64}\.json|sources/[0-9a-f]{64}|register\.jsonl|runs\.jsonl"
    r"|attestations/[0-9a-f]{64}\.[0-9a-f]{16}\.json|(documents|sources|attestations)/\.part-\w+)"
)
"""Files of an evidence store; anything else in its folder is part of the checkpoint."""


class LeftOut(Protocol):
    """Tells whether something below a folder is left out."""

    def __call__(self, path: str, /, *, is_folder: bool) -> bool:
        """Return whether it is."""
        ...


class FileRole(StrEnum):
    """What a file is for."""

    WEIGHTS = "weights"
    WEIGHTS_INDEX = "weights-index"
    CONFIG = "config"
    TOKENIZER = "tokenizer"
    CHAT_TEMPLATE = "chat-template"
    CODE = "code"
    CARD = "card"
    LICENCE = "licence"
    OTHER = "other"


class WeightsFormat(StrEnum):
    """How a weights file is written."""

    SAFETENSORS = "safetensors"
    GGUF = "gguf"
    PICKLE = "pickle"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """One regular file of a checkpoint."""

    path: str
    """Path within the checkpoint, with forward slashes."""
    location: Path
    """Where the bytes are; symbolic links are resolved."""
    state: FileState
    """Size, times and inode when the file was found."""
    role: FileRole
    """What the file is for."""
    weights_format: WeightsFormat | None
    """Format of a file with the role weights; None for every other role."""


_PICKLE_SUFFIXES = frozenset(
    [
        ".bin",
        ".pt",
        ".pth",
        ".ckpt",
        ".pkl",
        ".pickle",
        ".joblib",
        ".dill",
        ".pdparams",
        ".distcp",
        ".nemo",
        ".mar",
        ".pt2",
    ]
)
_OTHER_WEIGHTS_SUFFIXES = frozenset(
    [
        ".onnx",
        ".onnx_data",
        ".h5",
        ".hdf5",
        ".keras",
        ".msgpack",
        ".tflite",
        ".pb",
        ".npz",
        ".npy",
        ".ot",
        ".mlmodel",
        ".engine",
        ".plan",
        ".ggml",
        ".params",
        ".pdiparams",
    ]
)
_CODE_SUFFIXES = frozenset(
    [
        ".py",
        ".pyc",
        ".pyi",
        ".pyd",
        ".so",
        ".dylib",
        ".dll",
        ".exe",
        ".sh",
        ".bash",
        ".zsh",
        ".fish",
        ".bat",
        ".cmd",
        ".ps1",
        ".ipynb",
        ".js",
        ".mjs",
        ".cjs",
        ".ts",
        ".jar",
        ".class",
        ".wasm",
        ".rb",
        ".pl",
        ".lua",
        ".php",
        ".r",
        ".jl",
        ".go",
        ".rs",
        ".c",
        ".cc",
        ".cpp",
        ".cu",
        ".h",
        ".hpp",
        ".ptx",
        ".cubin",
        ".desktop",
        ".whl",
        ".egg",
    ]
)
_CONFIG_NAMES = frozenset(
    ["params.json", "model_index.json", "configuration.json", "quant_strategy.json"]
)
_TOKENIZER_NAMES = frozenset(
    [
        "tokenizer.json",
        "tokenizer_config.json",
        "vocab.json",
        "vocab.txt",
        "merges.txt",
        "special_tokens_map.json",
        "added_tokens.json",
        "tekken.json",
    ]
)
_TOKENIZER_SUFFIXES = frozenset(
    [
        ".model",
        ".tiktoken",
        ".spm",
        ".vocab",
    ]
)
_CARD_NAMES = frozenset(["readme.md", "readme", "modelcard.md", "model_card.md"])
_LICENCE_STEMS = ("license", "licence", "copying", "notice", "use_policy", "unlicense")


def role_by_name(path: str) -> tuple[FileRole, WeightsFormat | None]:
    """Return the role that a name suggests.

    >>> role_by_name("model-00001-of-00002.safetensors")[0]
    <FileRole.WEIGHTS: 'weights'>
    >>> role_by_name("modeling_custom.py")
    (<FileRole.CODE: 'code'>, None)
    """
    name = path.rpartition("/")[2].lower()
    suffix = os.path.splitext(name)[1]  # noqa: PTH122 - called for every file, so kept cheap
    if name.endswith(".index.json"):
        return FileRole.WEIGHTS_INDEX, None
    if suffix in {".safetensors", ".gguf"}:
        return FileRole.WEIGHTS, WeightsFormat(suffix[1:])
    if suffix in _PICKLE_SUFFIXES:
        return FileRole.WEIGHTS, WeightsFormat.PICKLE
    if suffix in _OTHER_WEIGHTS_SUFFIXES:
        return FileRole.WEIGHTS, WeightsFormat.OTHER
    return _supporting_role(name, suffix), None


def _supporting_role(name: str, suffix: str) -> FileRole:
    is_tokenizer = name in _TOKENIZER_NAMES or suffix in _TOKENIZER_SUFFIXES
    is_licence = name.replace("-", "_").startswith(_LICENCE_STEMS)
    rows = (
        (suffix in _CODE_SUFFIXES, FileRole.CODE),
        (is_tokenizer, FileRole.TOKENIZER),
        (suffix == ".jinja" or name == "chat_template.json", FileRole.CHAT_TEMPLATE),
        (name in _CONFIG_NAMES or name.endswith("config.json"), FileRole.CONFIG),
        (name in _CARD_NAMES, FileRole.CARD),
        (is_licence, FileRole.LICENCE),
    )
    return next((role for applies, role in rows if applies), FileRole.OTHER)


def classify(path: str, content: Content) -> tuple[FileRole, WeightsFormat | None]:
    """Return the role of a file from its name and from what its bytes are.

    Bytes win over the name when they are weights or can run; a name that loaders unpickle
    stays a pickle unless the bytes are GGUF.
    """
    role, weights_format = role_by_name(path)
    match content:
        case Content.PICKLE:
            return FileRole.WEIGHTS, WeightsFormat.PICKLE
        case Content.GGUF:
            return FileRole.WEIGHTS, WeightsFormat.GGUF
        case Content.SAFETENSORS if weights_format in {None, WeightsFormat.OTHER}:
            return FileRole.WEIGHTS, WeightsFormat.SAFETENSORS
        case Content.PROGRAM if role is not FileRole.WEIGHTS:
            return FileRole.CODE, None
        case Content.PROGRAM | Content.SAFETENSORS | Content.UNKNOWN:
            return role, weights_format


def is_no_part(path: str, *, is_folder: bool) -> bool:
    """Tell whether a file or a folder within a checkpoint is not part of it.

    That are exactly ``.git/``, ``.cache/huggingface/`` and the files of an evidence store.
    """
    return path in EXCLUDED_FOLDERS if is_folder else _STORE_FILE.fullmatch(path) is not None


def list_files(folder: Path, *, without: LeftOut = is_no_part) -> tuple[FoundFile, ...]:
    """Return every file below ``folder``, sorted by path (UTF-8 bytes).

    A link to a file within ``folder`` counts as that file. In the cache of the Hugging Face
    client (``snapshots/<commit>``) links may also point into ``blobs/`` of the same model.

    Args:
        folder: where to look.
        without: what is left out, and not looked at.

    Raises:
        CheckpointError: a link leaves the folder, points nowhere or to a folder; a device,
            pipe or socket; a file that cannot be read; a name that is not UTF-8.
    """
    roots = [Path(os.path.realpath(folder))]
    blobs = hub_cache_of(folder)
    if blobs is not None:
        roots.append(Path(os.path.realpath(blobs / "blobs")))
    found = [_found(entry, path, roots) for path, entry in _walk(folder, without)]
    return tuple(sorted(found, key=lambda file: file.path.encode()))


def found_file(path: Path) -> FoundFile:
    """Return a single file as a checkpoint of its own, named by its last part.

    Raises:
        CheckpointError: not a readable regular file.
    """
    label = path.name
    _check_name(label, label)
    return _describe(label, _resolve(path, label))


def hub_cache_of(folder: Path) -> Path | None:
    """Return ``models--org--name`` when ``folder`` is a snapshot in a Hugging Face cache."""
    absolute = Path(os.path.abspath(folder))  # noqa: PTH100 - resolve() would follow links
    model = absolute.parent.parent
    if absolute.parent.name == "snapshots" and model.name.startswith("models--"):
        return model
    return None


def _walk(folder: Path, without: LeftOut) -> Iterator[tuple[str, os.DirEntry[str]]]:
    pending = [(folder, "")]
    while pending:
        place, prefix = pending.pop()
        try:
            with os.scandir(place) as entries:
                listed = list(entries)
        except OSError as error:
            raise unreadable(prefix or str(folder), error) from error
        for entry in listed:
            path = prefix + entry.name
            _check_name(entry.name, path)
            is_folder = entry.is_dir(follow_symlinks=False)
            if without(path, is_folder=is_folder):
                continue
            if is_folder:
                pending.append((Path(entry.path), path + "/"))
            else:
                yield path, entry


def _check_name(name: str, path: str) -> None:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError as error:
        raise CheckpointError(
            repr(path), "a file name that is not UTF-8", "UTF-8 names", "Rename the file."
        ) from error


def _found(entry: os.DirEntry[str], path: str, roots: list[Path]) -> FoundFile:
    if not entry.is_symlink():
        return _describe(path, Path(entry.path))
    location = _resolve(Path(entry.path), path)
    if not any(location.is_relative_to(root) for root in roots):
        raise CheckpointError(
            path,
            f"a symbolic link out of the folder, to {location}",
            "files within the folder",
            "Copy the file into the folder, or remove the link.",
        )
    return _describe(path, location)


def _resolve(link: Path, label: str) -> Path:
    try:
        return link.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise CheckpointError(
            label,
            "a symbolic link that leads nowhere",
            "a link to a file of the checkpoint",
            "Fetch the missing file or remove the link.",
        ) from error


def _describe(path: str, location: Path) -> FoundFile:
    try:
        status = location.lstat()
        if not stat.S_ISREG(status.st_mode):
            raise CheckpointError(
                path,
                _kind(status.st_mode),
                "regular files and plain folders only",
                "Remove it from the checkpoint.",
            )
        # Not blocking: a pipe that takes the place of the file must not hang the reader.
        descriptor = os.open(location, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with open(descriptor, "rb", buffering=0) as stream:  # noqa: PTH123 - from a descriptor
            content = sniff(stream, stream.read(HEAD_BYTES) or b"", status.st_size)
    except OSError as error:
        raise unreadable(path, error) from error
    role, weights_format = classify(path, content)
    return FoundFile(
        path=path,
        location=location,
        state=FileState.of(status),
        role=role,
        weights_format=weights_format,
    )


def _kind(mode: int) -> str:
    kinds = (
        (stat.S_ISFIFO, "a named pipe"),
        (stat.S_ISSOCK, "a socket"),
        (stat.S_ISDIR, "a link to a folder"),
    )
    return next((name for test, name in kinds if test(mode)), "a device")
