# SPDX-License-Identifier: Apache-2.0
"""The weights digest and the sums over tensors."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from tiergate.errors import CheckpointError
from tiergate.model.tensors import (
    HashedTensor,
    TensorEntry,
    dtype_counts,
    parameter_count,
    weights_digest,
)

ZERO = "sha256:" + "0" * 64
ONE = "sha256:" + "1" * 64
A = HashedTensor(name="a", dtype="F32", shape=(2, 3), sha256=ZERO, file="x")
B = HashedTensor(name="b", dtype="BF16", shape=(), sha256=ONE, file="y")


def test_the_weights_digest_is_over_the_canonical_sorted_list() -> None:
    expected = f'[["a","F32",[2,3],"{ZERO}"],["b","BF16",[],"{ONE}"]]'.encode()

    assert "sha256:" + hashlib.sha256(expected).hexdigest() == weights_digest([B, A])


def test_the_file_that_holds_a_tensor_does_not_matter() -> None:
    assert weights_digest([A, B]) == weights_digest([replace(A, file="z"), replace(B, file="z")])


CHANGES = {
    "another name": replace(A, name="c"),
    "another dtype": replace(A, dtype="I32"),
    "another shape": replace(A, shape=(3, 2)),
    "other bytes": replace(A, sha256=ONE),
    "another set": replace(A, weight_set="other"),
}


@pytest.mark.parametrize("changed", CHANGES.values(), ids=CHANGES.keys())
def test_what_a_tensor_is_changes_the_weights_digest(changed: HashedTensor) -> None:
    assert weights_digest([A, B]) != weights_digest([changed, B])


def test_one_tensor_less_changes_the_weights_digest() -> None:
    assert weights_digest([A, B]) != weights_digest([A])


def test_sets_are_told_apart_by_their_labels() -> None:
    left = [A, replace(A, weight_set="q4", sha256=ONE)]
    right = [replace(A, sha256=ONE), replace(A, weight_set="q4")]

    assert weights_digest(left) != weights_digest(right)


def test_the_label_of_the_only_set_does_not_matter() -> None:
    assert weights_digest([A]) == weights_digest([replace(A, weight_set="renamed")])


@pytest.mark.parametrize("file", ["x", "y"])
def test_a_tensor_held_twice_is_refused(file: str) -> None:
    with pytest.raises(CheckpointError, match=f"{file}: found the tensor 'a', which x holds too"):
        weights_digest([A, replace(A, file=file)])


def test_no_tensors_have_no_digest() -> None:
    with pytest.raises(CheckpointError, match="no tensors"):
        weights_digest([])


def test_sums_count_elements_and_a_scalar_is_one() -> None:
    entries = [
        TensorEntry(name="a", dtype="F32", shape=(2, 3), start=0, end=24, file="x"),
        TensorEntry(name="b", dtype="BF16", shape=(), start=24, end=26, file="x"),
        TensorEntry(name="c", dtype="BF16", shape=(4,), start=26, end=34, file="x"),
        TensorEntry(name="d", dtype="BF16", shape=(0, 9), start=34, end=34, file="x"),
    ]

    assert parameter_count(entries) == 11
    assert dtype_counts(entries) == (("BF16", 5), ("F32", 6))
