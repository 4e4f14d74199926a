# SPDX-License-Identifier: Apache-2.0
"""Sketch files, folders of them, and the first look through one."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from builders_lineage import layers_of, llama, permuted_inner, permuted_width, sketched, tuned
from tiergate.errors import CheckpointError
from tiergate.model.lineage.compare import compare
from tiergate.model.lineage.first_look import FirstLook
from tiergate.model.lineage.index import (
    BY_PROFILE,
    COMPARED_IN_FULL,
    index_path,
    list_index,
    search,
)
from tiergate.model.lineage.sketch import Sketch
from tiergate.model.lineage.sketch_file import read_front, read_sketch, write_sketch

STRANGERS = 30


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Sketch:
    return sketched(tmp_path_factory.mktemp("base") / "base", llama(0))


@pytest.fixture(scope="module")
def index(base: Sketch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the base among strangers of its shape."""
    folder = tmp_path_factory.mktemp("index")
    place = tmp_path_factory.mktemp("strangers")
    for seed in range(1, STRANGERS + 1):
        sketch = sketched(place / f"stranger-{seed}", llama(seed))
        write_sketch(sketch, index_path(folder, sketch))
    write_sketch(base, index_path(folder, base))
    return folder


def test_a_sketch_comes_back_from_its_file_as_it_was(base: Sketch, tmp_path: Path) -> None:
    path = tmp_path / "base.sketch"
    write_sketch(base, path)

    found = read_sketch(path)

    assert found.tensors == base.tensors
    assert (found.name, found.weights_digest, found.key) == (
        base.name,
        base.weights_digest,
        base.key,
    )
    for one, other in zip(found.matrices, base.matrices, strict=True):
        assert dataclasses.replace(one, patch=other.patch) == other
        np.testing.assert_array_equal(one.patch, other.patch)
    assert compare(base, found).log_e == pytest.approx(compare(base, base).log_e)


def test_a_sketch_is_small_and_can_be_read_by_other_tools(base: Sketch, tmp_path: Path) -> None:
    from safetensors.numpy import load_file

    path = tmp_path / "base.sketch"
    write_sketch(base, path)

    assert path.stat().st_size < 100_000
    assert "patches" in load_file(path)
    assert not list(tmp_path.glob("*.part"))


def test_the_base_is_found_among_strangers(index: Path, tmp_path: Path) -> None:
    for number, weights in enumerate(
        (
            tuned(llama(0)),
            layers_of(llama(0), [3, 1]),
            permuted_inner(permuted_width(tuned(llama(0)))),
        )
    ):
        found = search(sketched(tmp_path / f"candidate-{number}", weights), index)

        assert STRANGERS + 1 == found.bases
        assert "base" == found.comparisons[0].base.name


def test_strangers_are_compared_in_full_only_where_that_promises_something(
    index: Path, tmp_path: Path
) -> None:
    found = search(sketched(tmp_path / "candidate", tuned(llama(0))), index)

    assert 1 <= len(found.comparisons) <= BY_PROFILE + 1


def test_the_same_weights_under_another_name_are_a_match_and_under_the_same_are_not(
    base: Sketch, index: Path
) -> None:
    copy = dataclasses.replace(base, name="copy")

    assert "base" == search(copy, index).comparisons[0].base.name
    assert "base" not in {item.base.name for item in search(base, index).comparisons}


def test_a_file_that_is_no_sketch_stops_the_search(base: Sketch, tmp_path: Path) -> None:
    write_sketch(base, tmp_path / "a.sketch")
    (tmp_path / "b.sketch").write_bytes(b"something else")

    with pytest.raises(CheckpointError, match=r"b\.sketch"):
        search(base, tmp_path)


def test_a_folder_without_sketches_and_no_folder_are_errors(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no sketches"):
        list_index(tmp_path)
    with pytest.raises(CheckpointError, match=r"no such folder.*--add-to"):
        list_index(tmp_path / "nowhere")


def test_a_sketch_of_another_key_is_refused(base: Sketch, tmp_path: Path) -> None:
    other = dataclasses.replace(base, key="mine", name="other")
    path = tmp_path / "other.sketch"
    write_sketch(other, path)

    assert b"mine" not in path.read_bytes()
    assert "mine" == read_sketch(path, "mine").key
    with pytest.raises(CheckpointError, match="another key"):
        read_sketch(path)
    with pytest.raises(CheckpointError, match="another key"):
        search(base, tmp_path)


def broken(path: Path, *, metadata: dict[str, str] | None = None, cut: int = 0) -> None:
    """Write the file again with other metadata, or without its last bytes."""
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    if metadata is not None:
        header["__metadata__"] = metadata
    text = json.dumps(header).encode()
    body = data[8 + length :]
    path.write_bytes(len(text).to_bytes(8, "little") + text + body[: len(body) - cut])


def test_a_sketch_of_another_version_cut_short_or_of_odd_parts_is_refused(
    base: Sketch, tmp_path: Path
) -> None:
    path = tmp_path / "base.sketch"
    for metadata, cut, words in (
        ({"format": "tiergate-sketch/9"}, 0, "the format"),
        ({}, 0, "of another file"),
        (None, 5, "truncated"),
        ({"format": "tiergate-sketch/1", "about": "{}"}, 0, "another key|do not fit"),
    ):
        write_sketch(base, path)
        broken(path, metadata=metadata, cut=cut)

        with pytest.raises(CheckpointError, match=words):
            read_sketch(path)
        with pytest.raises(CheckpointError):
            read_front(path)


def test_tables_that_do_not_fit_are_refused(base: Sketch, tmp_path: Path) -> None:
    path = tmp_path / "base.sketch"
    odd = dataclasses.replace(base.matrices[0], rows=9)
    write_sketch(dataclasses.replace(base, matrices=(odd, *base.matrices[1:])), path)

    with pytest.raises(CheckpointError, match="do not fit"):
        read_sketch(path)


def test_a_front_of_odd_shapes_is_refused(base: Sketch) -> None:
    from tiergate.model.lineage.first_look import first_look

    arrays = first_look(base).arrays()

    for change in ({"sizes": arrays["sizes"][:1]}, {"vocabulary": arrays["digests"]}):
        with pytest.raises(ValueError, match="another shape"):
            FirstLook.from_arrays(arrays | change)


def test_a_file_that_cannot_be_written_or_read_is_an_error(base: Sketch, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="cannot be read"):
        write_sketch(base, tmp_path / "nowhere" / "a.sketch")
    for read in (read_sketch, read_front):
        with pytest.raises(CheckpointError, match="cannot be read"):
            read(tmp_path / "nothing.sketch")


def test_a_model_without_any_matrix_has_a_sketch_that_says_nothing(
    base: Sketch, tmp_path: Path
) -> None:
    empty = sketched(tmp_path / "model", {"norm": np.ones(8, dtype=np.float32)})
    write_sketch(empty, tmp_path / "empty.sketch")

    found = search(base, tmp_path)

    assert 1 == found.bases
    assert found.comparisons[0].log_e < 0
    assert 0 == len(read_sketch(tmp_path / "empty.sketch").matrices)


def test_vocabularies_of_other_lengths_are_looked_at_where_they_agree(
    base: Sketch, index: Path, tmp_path: Path
) -> None:
    weights = tuned(llama(0))
    rows = weights["model.embed_tokens.weight"]
    longer = weights | {"model.embed_tokens.weight": np.concatenate([rows, rows[:40] + 1])}
    shorter = weights | {"model.embed_tokens.weight": rows[:170]}

    for name, changed in (("longer", longer), ("shorter", shorter)):
        found = search(sketched(tmp_path / name, changed), index)

        assert "base" == found.comparisons[0].base.name


def test_a_model_of_another_width_is_looked_at_by_its_profile(index: Path, tmp_path: Path) -> None:
    found = search(sketched(tmp_path / "narrow", llama(77, width=48)), index)

    assert BY_PROFILE == len(found.comparisons)
    assert all(item.log_e < 5 for item in found.comparisons)


def test_of_very_many_that_look_alike_the_rest_is_counted(base: Sketch, tmp_path: Path) -> None:
    for number in range(COMPARED_IN_FULL + 3):
        write_sketch(
            dataclasses.replace(base, name=f"copy-{number}"), tmp_path / f"{number}.sketch"
        )

    found = search(base, tmp_path)

    assert COMPARED_IN_FULL + 3 == found.bases
    assert found.left_out == found.bases - len(found.comparisons) > 0
