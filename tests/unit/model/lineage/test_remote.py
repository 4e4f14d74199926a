# SPDX-License-Identifier: Apache-2.0
"""A model on a hub, looked at by ranges with the real client."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from builders_lineage import llama, safetensors_file, sketched, tuned
from builders_model import gguf_bytes, gguf_tensor
from range_hub import COMMIT, serve
from tiergate.errors import CheckpointError
from tiergate.model.lineage.compare import compare
from tiergate.model.lineage.remote import open_remote
from tiergate.model.lineage.sketch import draw

CARD = b"---\nlicense: mit\nbase_model: org/base\n---\nText.\n"


def large(seed: int) -> bytes:
    """Return a model whose vocabulary is most of it."""
    chance = np.random.default_rng(seed)
    rows = chance.standard_normal((8192, 64), dtype=np.float32)
    return _file(llama(seed, layers=1) | {"model.embed_tokens.weight": rows})


def _file(weights: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        safetensors_file(path, weights)
        return path.read_bytes()


def test_the_sketch_of_a_model_on_a_hub_is_that_of_its_files(tmp_path: Path) -> None:
    local = sketched(tmp_path / "model", llama(1))

    with serve({"model.safetensors": _file(llama(1)), "README.md": CARD}) as hub:
        found = draw(open_remote("org/name", endpoint=hub.url))

    assert ("org/name", COMMIT, None) == (found.name, found.revision, found.weights_digest)
    assert (("org/base",), "mit") == (found.base_models, found.licence)
    for one, other in zip(found.matrices, local.matrices, strict=True):
        np.testing.assert_array_equal(one.patch, other.patch)
    assert compare(found, local).log_e > 50


def test_of_a_large_model_only_a_part_is_fetched() -> None:
    data = large(2)

    with serve({"model.safetensors": data}) as hub:
        draw(open_remote("org/name", endpoint=hub.url))

    # The front of the file is fetched whole, and then rows.
    assert hub.sent_bytes < 0.8 * len(data)


def test_shards_and_a_later_header_are_read(tmp_path: Path) -> None:
    weights = tuned(llama(1))
    names = list(weights)
    shards = {
        f"model-{n + 1:05}-of-00002.safetensors": _file({k: weights[k] for k in names[n::2]})
        for n in range(2)
    }

    with serve(shards) as hub:
        found = draw(open_remote("org/name", endpoint=hub.url, revision="main"))

    assert len(names) == len(found.tensors)
    assert compare(found, sketched(tmp_path / "model", llama(1))).log_e > 50


def test_a_gguf_file_is_read_by_ranges() -> None:
    rows = np.random.default_rng(1).standard_normal((16, 32), dtype=np.float32)
    described = gguf_tensor("output.weight", (32, 16), 0, 0)
    data = gguf_bytes(described=[described], data=rows.tobytes())

    with serve({"model.gguf": data}) as hub:
        found = draw(open_remote("org/name", endpoint=hub.url))

    assert [("output.weight", 16, 32)] == [(m.name, m.rows, m.columns) for m in found.matrices]


def test_a_hub_that_sends_whole_files_is_refused() -> None:
    with serve({"model.safetensors": _file(llama(1))}) as hub:
        hub.whole_files = True

        with pytest.raises(CheckpointError, match="a hub that serves ranges"):
            open_remote("org/name", endpoint=hub.url)


def test_a_hub_that_sends_more_than_asked_for_is_refused() -> None:
    with serve({"model.safetensors": _file(llama(1))}) as hub:
        hub.extra_bytes = 1

        with pytest.raises(CheckpointError, match="exactly the range"):
            open_remote("org/name", endpoint=hub.url)


def test_a_model_without_one_of_its_shards_is_refused() -> None:
    with (
        serve({"model-00001-of-00002.safetensors": _file(llama(1))}) as hub,
        pytest.raises(CheckpointError, match="1 of 2 shards"),
    ):
        open_remote("org/name", endpoint=hub.url)


@pytest.mark.parametrize("data", [b"123", (2**40).to_bytes(8, "little") + b"{}"])
def test_a_file_that_is_no_safetensors_is_refused(data: bytes) -> None:
    with (
        serve({"model.safetensors": data}) as hub,
        pytest.raises(CheckpointError, match="a header within the file"),
    ):
        open_remote("org/name", endpoint=hub.url)


def test_a_model_that_does_not_exist_is_said_so() -> None:
    with serve({}) as hub, pytest.raises(CheckpointError):
        open_remote("org/other", endpoint=hub.url)


def test_a_header_longer_than_the_first_range_is_fetched_too() -> None:
    many = {f"layers.{n}.norm.weight": np.ones(2, dtype=np.float32) for n in range(14_000)}
    data = _file(many | {"up": np.eye(16, dtype=np.float32)})

    with serve({"model.safetensors": data}) as hub:
        model = open_remote("org/name", endpoint=hub.url)

    assert 14_001 == len(model.tensors)
