# SPDX-License-Identifier: Apache-2.0
"""A model on a hub, read by ranges: headers and the rows that are looked at, nothing else.

The hub client's own session makes the requests, so that its settings and its token apply.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import BinaryIO, cast

from tiergate.errors import CheckpointError
from tiergate.model.card import ModelCard, read_card
from tiergate.model.files import FileRole, WeightsFormat, role_by_name
from tiergate.model.gguf_header import read_gguf_stream
from tiergate.model.hub import explained
from tiergate.model.lineage.opened import OpenedModel, SetPart, chosen_set
from tiergate.model.safetensors_header import (
    MAX_HEADER_BYTES,
    PREFIX_BYTES,
    parse_safetensors_header,
)
from tiergate.model.tensors import TensorEntry, refuse_duplicates

_SHARD = re.compile(r"(.+)-(\d{5})-of-(\d{5})(\.[^./]+)")
_FRONT_BYTES = 1024 * 1024
_MAX_CARD_BYTES = 1024 * 1024
_PARTIAL = 206


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteBytes:
    """Files of one revision of a model on a hub."""

    repository: str
    """``org/name``."""
    commit: str
    """Commit whose files these are."""
    endpoint: str | None
    """Base URL of the hub; None uses the client's setting."""

    def read(self, file: str, start: int, end: int) -> bytes:
        """Return the bytes; see ``ByteSource``."""
        from huggingface_hub import hf_hub_url
        from huggingface_hub.utils import (
            build_hf_headers,
            hf_raise_for_status,
            http_stream_backoff,
        )

        if end <= start:
            return b""
        url = hf_hub_url(self.repository, file, revision=self.commit, endpoint=self.endpoint)
        headers = {
            **build_hf_headers(),
            "Range": f"bytes={start}-{end - 1}",
            "Accept-Encoding": "identity",
        }
        where = f"{self.repository}: {file}"
        with explained(where), http_stream_backoff("GET", url, headers=headers) as got:
            hf_raise_for_status(got)
            if got.status_code != _PARTIAL:
                raise CheckpointError(
                    where,
                    "a hub that sends a whole file for a part of it",
                    "a hub that serves ranges",
                    "Download the model, and give its path.",
                )
            data = bytearray()
            for piece in got.iter_bytes():
                data += piece
                if len(data) > end - start:
                    break
        if len(data) != end - start:
            raise CheckpointError(
                where,
                f"{len(data)} bytes or more for a range of {end - start}",
                "exactly the range",
                "Try again, or download the model and give its path.",
            )
        return bytes(data)


def open_remote(
    repository: str, *, revision: str | None = None, endpoint: str | None = None
) -> OpenedModel:
    """Open a model on a hub; only its list of files, its card and its headers are read.

    Raises:
        CheckpointError: no such model, no access, weights that are malformed or incomplete, or
            a hub that does not serve ranges.
    """
    from huggingface_hub import HfApi

    with explained(repository if revision is None else f"{repository}@{revision}"):
        info = HfApi(endpoint=endpoint).model_info(
            repository, revision=revision, files_metadata=True
        )
    source = RemoteBytes(
        repository=repository, commit=info.sha or revision or "main", endpoint=endpoint
    )
    sizes = {item.rfilename: item.size for item in info.siblings or ()}
    parts = [_part(path, sizes[path] or 0) for path in sorted(sizes)]
    paths, notes = chosen_set([part for part in parts if part is not None], repository)
    _check_complete(paths, repository)
    tensors = [t for path in sorted(paths) for t in _header(source, path, sizes[path] or 0)]
    refuse_duplicates([("", tensor.name, tensor.file) for tensor in tensors])
    return OpenedModel(
        name=repository,
        revision=source.commit,
        tensors=tuple(tensors),
        bytes_of=source,
        is_local=False,
        card=_card(source, sizes.get("README.md")),
        states={},
        notes=notes,
    )


def _part(path: str, size: int) -> SetPart | None:
    role, weights_format = role_by_name(path)
    if role is not FileRole.WEIGHTS:
        return None
    numbered = _SHARD.fullmatch(path)
    label = path if numbered is None else numbered[1] + numbered[4]
    return SetPart(path=path, label=label, weights_format=weights_format, size_bytes=size)


def _check_complete(paths: frozenset[str], repository: str) -> None:
    for path in sorted(paths):
        numbered = _SHARD.fullmatch(path)
        if numbered is not None and len(paths) < int(numbered[3]):
            raise CheckpointError(
                f"{repository}: {path}",
                f"{len(paths)} of {int(numbered[3])} shards",
                "every shard",
                "Ask whoever published the model for the others.",
            )


def _header(source: RemoteBytes, path: str, size: int) -> tuple[TensorEntry, ...]:
    if role_by_name(path)[1] is WeightsFormat.GGUF:
        ranged = io.BufferedReader(_RangedStream(source, path, size), _FRONT_BYTES)
        return read_gguf_stream(cast("BinaryIO", ranged), path).tensors
    front = source.read(path, 0, min(size, _FRONT_BYTES))
    length = int.from_bytes(front[:PREFIX_BYTES], "little")
    end = PREFIX_BYTES + length
    if len(front) < PREFIX_BYTES or length > min(MAX_HEADER_BYTES, size - PREFIX_BYTES):
        raise CheckpointError(
            f"{source.repository}: {path}",
            f"a header of {length} bytes in a file of {size} bytes",
            "a header within the file",
            "Fetch the model from where it was made.",
        )
    if end > len(front):
        front += source.read(path, len(front), end)
    header = parse_safetensors_header(front[PREFIX_BYTES:end], size_bytes=size, file=path)
    return header.tensors


def _card(source: RemoteBytes, size: int | None) -> ModelCard | None:
    if not size or size > _MAX_CARD_BYTES:
        return None
    return read_card(source.read("README.md", 0, size))


class _RangedStream(io.RawIOBase):
    """A file on a hub as a stream that can seek."""

    def __init__(self, source: RemoteBytes, path: str, size: int) -> None:
        self._source = source
        self._path = path
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: object, /) -> int:
        view = memoryview(cast("bytearray", buffer)).cast("B")
        end = min(self._size, self._position + len(view))
        data = self._source.read(self._path, self._position, end)
        view[: len(data)] = data
        self._position += len(data)
        return len(data)
