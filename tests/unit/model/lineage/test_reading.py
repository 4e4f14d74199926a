# SPDX-License-Identifier: Apache-2.0
"""Weights as numbers, whatever they are stored in, and the parts of them that are looked at."""

from __future__ import annotations

import builtins
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from builders_lineage import bfloat16, llama, safetensors_file, tuned, write
from builders_model import gguf_bytes, gguf_tensor
from tiergate.errors import CheckpointError, ExtensionError
from tiergate.model.lineage.choice import chosen_columns, chosen_rows
from tiergate.model.lineage.compare import LineageOutcome, compare
from tiergate.model.lineage.decoding import decode, row_bytes
from tiergate.model.lineage.matrices import Matrix, list_matrices
from tiergate.model.lineage.opened import OpenedModel, open_local
from tiergate.model.lineage.sketch import draw
from tiergate.model.lineage.structure import is_structured
from tiergate.model.lineage.trace import trace
from tiergate.model.source import locate

Arrays = dict[str, npt.NDArray[np.generic]]
CHANCE = np.random.default_rng(3)
VALUES = CHANCE.standard_normal((32, 64), dtype=np.float32)


def opened(folder: Path) -> OpenedModel:
    return open_local(locate(str(folder)))


def only(folder: Path, arrays: Arrays) -> Matrix:
    """Write tensors that make up one matrix; return it."""
    (matrix,) = list_matrices(opened(write(folder, arrays)))
    return matrix


def words(codes: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """Pack eight numbers of 4 bits into each word along the rows."""
    parts = codes.reshape(len(codes), -1, 8).astype(np.uint32)
    shifted = parts << (np.arange(8, dtype=np.uint32) * np.uint32(4))
    return np.asarray(shifted.sum(axis=2, dtype=np.uint32).view(np.int32))


def alike(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    left, right = one.ravel(), other.ravel()
    return float(left @ right / np.sqrt((left @ left) * (right @ right)))


def test_a_longer_vocabulary_has_nearly_the_same_chosen_rows() -> None:
    short, long = chosen_rows(49152, 64), chosen_rows(49160, 64)

    assert len(np.intersect1d(short, long)) >= 56
    assert (np.diff(short.reshape(-1, 8), axis=1) == 1).all()


def test_another_key_looks_at_other_rows() -> None:
    assert set(chosen_rows(4096)) != set(chosen_rows(4096, key="mine"))
    assert chosen_columns(4096).tolist() == chosen_columns(4096).tolist()


def test_fewer_chosen_columns_are_part_of_more() -> None:
    assert set(chosen_columns(1000, 32)) <= set(chosen_columns(1000, 256))


@pytest.mark.parametrize("kind", ["f8", "f4", "f2"])
def test_plain_floats_are_read_as_they_are(kind: str, tmp_path: Path) -> None:
    matrix = only(tmp_path / "m", {"w": VALUES.astype(f"<{kind}")})

    np.testing.assert_allclose(matrix.read(None), VALUES, atol=2e-3)
    np.testing.assert_array_equal(matrix.read(np.array([3, 4, 9])), matrix.read(None)[[3, 4, 9]])


def test_bfloat16_is_the_upper_half_of_a_float(tmp_path: Path) -> None:
    matrix = only(tmp_path / "m", {"w": bfloat16(VALUES)})

    np.testing.assert_allclose(matrix.read(None), VALUES, rtol=1e-2)


def test_eight_bit_floats_are_read_as_torch_reads_them() -> None:
    import torch

    every = bytes(range(256))
    for name, kind in (("F8_E4M3", torch.float8_e4m3fn), ("F8_E5M2", torch.float8_e5m2)):
        wanted = torch.frombuffer(bytearray(every), dtype=kind).float().numpy()
        finite = np.isfinite(wanted)

        found = decode(every, name, 256)[0]

        np.testing.assert_array_equal(found[finite], wanted[finite])
        assert np.isnan(found[~finite]).all()


@pytest.mark.parametrize("kind", ["Q8_0", "Q5_1", "Q4_0", "Q4_1"])
def test_packed_types_of_gguf_are_read_row_by_row(kind: str, tmp_path: Path) -> None:
    import gguf

    wanted = gguf.GGMLQuantizationType[kind]
    data = gguf.quants.quantize(VALUES, wanted)
    path = tmp_path / "model.gguf"
    described = gguf_tensor("blk.0.ffn_up.weight", (64, 32), int(wanted), 0)
    path.write_bytes(gguf_bytes(described=[described], data=data.tobytes()))
    (matrix,) = list_matrices(opened(path))

    assert (32, 64) == (matrix.rows, matrix.columns)
    assert alike(matrix.read(None), VALUES) > 0.99
    np.testing.assert_array_equal(matrix.read(np.array([8, 9])), matrix.read(None)[[8, 9]])
    assert data.nbytes == 32 * row_bytes(kind, 64)


def test_bits_that_hold_packed_numbers_are_not_read_as_numbers(tmp_path: Path) -> None:
    odd: Arrays = {"w": VALUES, "positions": np.zeros((64, 64), np.int64)}

    assert ["w"] == [matrix.name for matrix in list_matrices(opened(write(tmp_path / "m", odd)))]


def test_without_its_package_a_packed_type_of_gguf_names_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: object) -> object:
        if name.startswith("gguf"):
            raise ImportError(name)
        return real(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", refuse)

    with pytest.raises(ExtensionError, match=r"tiergate\[gguf\]"):
        decode(bytes(34), "Q8_0", 32)


def test_a_type_that_the_package_cannot_decode_is_an_error() -> None:
    with pytest.raises(ExtensionError, match="no way to decode"):
        decode(bytes(40), "Q8_1", 32)


def test_the_gptq_layout_is_undone(tmp_path: Path) -> None:
    groups = VALUES.reshape(32, 2, 32)
    low = groups.min(axis=2)
    scale = (groups.max(axis=2) - low) / 15
    zero = np.clip(np.rint(-low / scale), 1, 15).astype(np.int64)
    codes = np.clip(np.rint(groups / scale[..., None]) + zero[..., None], 0, 15)
    arrays: Arrays = {
        "up.qweight": words(codes.reshape(32, 64).astype(np.int64)).T.copy(),
        "up.qzeros": words(zero.T - 1),
        "up.scales": scale.T.astype(np.float16).copy(),
        "up.g_idx": (np.arange(64) // 32).astype(np.int32),
    }

    matrix = only(tmp_path / "m", arrays)

    assert ("up.weight", 32, 64) == (matrix.name, matrix.rows, matrix.columns)
    assert alike(matrix.read(None), VALUES) > 0.99


def test_the_layout_of_compressed_tensors_is_undone(tmp_path: Path) -> None:
    groups = VALUES.reshape(32, 2, 32)
    scale = np.abs(groups).max(axis=2) / 7
    codes = np.clip(np.rint(groups / scale[..., None]), -8, 7).astype(np.int64) + 8
    arrays: Arrays = {
        "up.weight_packed": words(codes.reshape(32, 64)),
        "up.weight_scale": scale.astype(np.float32),
        "up.weight_shape": np.array([32, 64]),
    }

    matrix = only(tmp_path / "m", arrays)

    assert alike(matrix.read(np.array([0, 1])), VALUES[:2]) > 0.98


@pytest.mark.parametrize("nested", [False, True], ids=["plain scales", "nested scales"])
def test_the_four_bit_layout_of_bitsandbytes_is_undone(tmp_path: Path, *, nested: bool) -> None:
    table = np.linspace(-1, 1, 16).astype(np.float32)
    blocks = VALUES.reshape(-1, 64)
    top = np.abs(blocks).max(axis=1)
    codes = np.abs((blocks / top[:, None])[..., None] - table).argmin(axis=2).ravel()
    state: dict[str, object] = {"shape": [32, 64], "blocksize": 64}
    scales: Arrays = {"up.weight.absmax": top.astype(np.float32)}
    if nested:
        state["nested_offset"] = 1.0
        scales = {
            "up.weight.absmax": np.rint((top - 1) * 64).astype(np.uint8),
            "up.weight.nested_absmax": np.array([4.0], dtype=np.float32),
            "up.weight.nested_quant_map": (np.arange(256) / 256).astype(np.float32),
        }
    text = np.frombuffer(json.dumps(state).encode(), dtype=np.uint8)
    arrays: Arrays = {
        "up.weight": (codes[::2] << 4 | codes[1::2]).astype(np.uint8)[:, None],
        "up.weight.quant_map": table,
        "up.weight.quant_state.bitsandbytes__nf4": text,
        **scales,
    }

    found = next(m for m in list_matrices(opened(write(tmp_path / "m", arrays))) if m.columns == 64)

    assert ("up.weight", "BNB4") == (found.name, found.dtype)
    assert alike(found.read(None), VALUES) > 0.98


GPTQ_PARTS: Arrays = {
    "up.scales": np.zeros((2, 32), np.float16),
    "up.qzeros": np.zeros((2, 4), np.int32),
}


def four_bit(
    *,
    shape: list[int] | None = None,
    blocksize: int = 64,
    absmax: npt.NDArray[np.generic] | None = None,
) -> Arrays:
    """Return the tensors of a 4-bit matrix of 16 rows and 8 columns, one of them odd."""
    state = {"shape": shape or [16, 8], "blocksize": blocksize}
    return {
        "up.weight": np.zeros((64, 1), np.uint8),
        "up.weight.absmax": np.zeros(2, np.float32) if absmax is None else absmax,
        "up.weight.quant_map": np.zeros(16, np.float32),
        "up.weight.quant_state.bitsandbytes__nf4": np.frombuffer(
            json.dumps(state).encode(), dtype=np.uint8
        ),
    }


@pytest.mark.parametrize(
    "arrays",
    [
        {"up.qweight": np.zeros((8, 32), np.int32)},
        {
            "up.qweight": np.zeros((8, 32), np.int32),
            "up.scales": np.zeros((3, 32), np.float16),
            "up.qzeros": np.zeros((3, 4), np.int32),
        },
        {"up.weight_packed": np.zeros((32, 8), np.int32)},
        {
            "up.weight_packed": np.zeros((32, 8), np.int32),
            "up.weight_scale": np.zeros((32, 7), np.float16),
        },
        {"up.weight": np.zeros((64, 1), np.uint8), "up.weight.absmax": np.zeros(2, np.float32)},
        four_bit(shape=[16]),
        four_bit(shape=[16, 9]),
        four_bit(blocksize=32),
        four_bit(absmax=np.zeros(2, np.uint8)),
        {"up.qweight": np.zeros((8, 32), np.int64), **GPTQ_PARTS},
    ],
    ids=[
        "no scales",
        "odd groups",
        "no scale",
        "odd scale",
        "no table",
        "no shape",
        "another size",
        "other blocks",
        "no nested table",
        "other words",
    ],
)
def test_a_packing_that_lacks_a_part_is_left_out_not_guessed(
    arrays: Arrays, tmp_path: Path
) -> None:
    found = list_matrices(opened(write(tmp_path / "m", arrays)))

    assert [] == [m for m in found if m.dtype in {"GPTQ", "PACKED4", "BNB4"}]


def test_tensors_that_are_packed_in_an_unknown_way_are_pointed_out(tmp_path: Path) -> None:
    arrays: Arrays = {f"layers.{n}.codes": np.zeros((64, 64), np.int32) for n in range(4)}

    sketch = draw(opened(write(tmp_path / "m", arrays)))

    assert "4 tensors are packed in a way that is not read" in sketch.notes[0]


def test_two_of_many_experts_are_looked_at(tmp_path: Path) -> None:
    stacked: Arrays = {
        "layers.0.experts.up": CHANCE.standard_normal((6, 16, 32)).astype(np.float32),
        "layers.1.conv": CHANCE.standard_normal((16, 8, 2)).astype(np.float32),
        "layers.2.kernel": CHANCE.standard_normal((16, 4, 3, 3)).astype(np.float32),
        **{
            f"layers.3.experts.{n}.up": CHANCE.standard_normal((16, 16)).astype(np.float32)
            for n in range(5)
        },
    }

    found = list_matrices(opened(write(tmp_path / "m", stacked)))

    names = [matrix.name.partition("[")[0] for matrix in found]
    assert 2 == names.count("layers.0.experts.up")
    assert 2 == sum(".experts." in name and "layers.3" in name for name in names)
    sizes = {m.name: (m.rows, m.columns) for m in found}
    assert (16, 16) == sizes["layers.1.conv"]
    assert (16, 36) == sizes["layers.2.kernel"]


@pytest.mark.parametrize(
    ("what", "rows"),
    [
        ("a constant", np.ones((32, 64))),
        ("a mask", np.tril(np.ones((32, 64)))),
        ("waves of one frequency each", np.sin(np.outer(np.linspace(0.3, 3, 32), np.arange(64)))),
        ("a slope", np.add.outer(np.arange(32.0), np.arange(64.0))),
        ("nothing but NaN", np.full((32, 64), np.nan)),
        ("zeros with one entry", np.eye(32, 64)),
        ("what began as the identity", np.eye(32, 64) + 0.05 * VALUES),
    ],
)
def test_what_a_formula_makes_is_structured(what: str, rows: npt.NDArray[np.float64]) -> None:
    assert what
    assert is_structured(rows.astype(np.float32))


@pytest.mark.parametrize(
    ("what", "rows"),
    [
        ("noise", VALUES),
        ("rows around one direction", VALUES + 5 * VALUES[0]),
        ("columns of various sizes", VALUES * np.exp(3 * VALUES[0])),
        ("half of it zero", np.where(np.abs(VALUES) > 0.6, VALUES, 0)),
    ],
)
def test_what_training_makes_is_not_structured(what: str, rows: npt.NDArray[np.float32]) -> None:
    assert what
    assert not is_structured(rows)


def test_of_several_sets_the_largest_of_safetensors_is_looked_at(tmp_path: Path) -> None:
    folder = write(tmp_path / "m", llama(1))
    safetensors_file(folder / "small.safetensors", {"w": VALUES})

    sketch = draw(opened(folder))

    assert (
        "2 sets of weights; looked at model.safetensors, not at small.safetensors"
        in (sketch.notes[0])
    )
    assert "w" not in {tensor.name for tensor in sketch.tensors}


def test_a_folder_of_pickles_cannot_be_looked_at(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80\x02}.")

    with pytest.raises(CheckpointError, match="no safetensors and no GGUF"):
        opened(tmp_path)


def test_a_truncated_shard_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "m", llama(1)) / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])

    with pytest.raises(CheckpointError, match="truncated"):
        opened(path.parent)


def test_weights_that_change_while_they_are_read_are_an_error(tmp_path: Path) -> None:
    folder = write(tmp_path / "m", llama(1))
    model = opened(folder)
    safetensors_file(folder / "model.safetensors", llama(2))

    with pytest.raises(CheckpointError, match="changed while it was read"):
        draw(model)

    (folder / "model.safetensors").unlink()
    with pytest.raises(CheckpointError, match="cannot be read"):
        draw(model)


def test_the_weights_digest_of_a_sketch_is_that_of_the_checkpoint(tmp_path: Path) -> None:
    from tiergate.model.checkpoint import identify

    folder = write(tmp_path / "m", llama(1))

    assert identify(folder, with_weights_digest=True).weights_digest == (
        draw(opened(folder)).weights_digest
    )


def test_samples_alone_find_what_digests_find(tmp_path: Path) -> None:
    one, other = write(tmp_path / "1", llama(1)), write(tmp_path / "2", tuned(llama(1)))

    sketches = [draw(opened(folder), with_digests=False) for folder in (one, other)]

    assert sketches[0].weights_digest is None
    found = trace(sketches[1], (compare(sketches[1], sketches[0]),), 1, None)[0]
    assert LineageOutcome.DERIVED == found.outcome


def test_units_of_the_model_are_told_from_tokens_labels_and_pixels(tmp_path: Path) -> None:
    arrays: Arrays = {
        **llama(1),
        "classifier.weight": CHANCE.standard_normal((64, 64)).astype(np.float32),
        "patches.weight": CHANCE.standard_normal((64, 48)).astype(np.float32),
    }

    found = {m.name: m for m in draw(opened(write(tmp_path / "m", arrays))).matrices}

    sides = {name: (m.inner_rows, m.inner_columns) for name, m in found.items()}
    assert (False, True) == sides["model.embed_tokens.weight"]
    assert (True, True) == sides["model.layers.0.mlp.up_proj.weight"]
    assert (True, True) == sides["model.layers.0.mlp.down_proj.weight"]
    assert (False, True) == sides["classifier.weight"]
    assert (True, False) == sides["patches.weight"]


LLAMA, GPT2, BERT = (
    "model.layers.0.self_attn.",
    "transformer.h.0.attn.",
    "encoder.layer.0.attention.",
)


@pytest.mark.parametrize(
    ("name", "shape", "free"),
    [
        (f"{LLAMA}q_proj.weight", (64, 64), (False, True)),
        (f"{LLAMA}k_proj.weight", (32, 64), (False, True)),
        (f"{LLAMA}v_proj.weight", (32, 64), (False, True)),
        (f"{LLAMA}qkv_proj.weight", (128, 64), (False, True)),
        (f"{LLAMA}kv_a_proj_with_mqa.weight", (32, 64), (False, True)),
        (f"{LLAMA}o_proj.weight", (64, 64), (True, False)),
        ("blk.0.attn_q.weight", (64, 64), (False, True)),
        ("blk.0.attn_output.weight", (64, 64), (True, False)),
        ("layers.0.attention.wk.weight", (32, 64), (False, True)),
        ("layers.0.attention.wo.weight", (64, 64), (True, False)),
        (f"{GPT2}c_attn.weight", (64, 192), (True, False)),
        (f"{GPT2}c_attn.weight", (192, 64), (False, True)),
        (f"{GPT2}c_proj.weight", (64, 64), (False, False)),
        (f"{BERT}self.query.weight", (64, 64), (False, True)),
        (f"{BERT}output.dense.weight", (64, 64), (True, False)),
        ("encoder.layer.0.output.dense.weight", (64, 128), (True, True)),
        ("model.layers.0.mlp.gate_up_proj.weight", (128, 64), (False, False)),
    ],
)
def test_heads_and_stacked_parts_are_no_units_in_any_order(
    name: str, shape: tuple[int, int], free: tuple[bool, bool], tmp_path: Path
) -> None:
    # Every length is that of many sides, so that only the name tells.
    others = [(64, 64)] * 4 + [(32, 128)] * 4 + [(192, 192)] * 2
    arrays: Arrays = {
        f"blocks.{n}.weight": CHANCE.standard_normal(own).astype(np.float32)
        for n, own in enumerate(others)
    }
    arrays[name] = CHANCE.standard_normal(shape).astype(np.float32)

    found = {m.name: m for m in draw(opened(write(tmp_path / "m", arrays))).matrices}

    assert free == (found[name].inner_rows, found[name].inner_columns)
