# SPDX-License-Identifier: Apache-2.0
"""The tree of RFC 6962: known roots, and proofs that hold for what is there alone."""

from __future__ import annotations

import itertools

import pytest

from tiergate.attestation.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    proves_consistency,
    proves_inclusion,
    root_of,
)

# The entries and roots of the reference implementation's test (certificate-transparency).
ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
MANY = [leaf_hash(b"%d" % number) for number in range(33)]


@pytest.mark.parametrize("size", range(9))
def test_a_tree_has_the_root_that_others_compute(size: int) -> None:
    assert ROOTS[size] == root_of(LEAVES[:size]).hex()


def test_a_tree_without_leaves_has_a_root_and_grows_from_it() -> None:
    tree = Frontier()

    assert tree.root == EMPTY_ROOT
    tree.add(LEAVES[0])
    assert (tree.root, tree.size) == (LEAVES[0], 1)


def test_the_known_audit_path_of_the_first_of_eight_leaves_is_made() -> None:
    path = [each.hex() for each in inclusion_proof(LEAVES, 0)]

    assert path[0] == "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
    assert len(path) == 3


@pytest.mark.parametrize("size", range(1, 33))
def test_every_leaf_is_proved_and_no_other_in_its_place(size: int) -> None:
    leaves, root = MANY[:size], root_of(MANY[:size])

    for index, leaf in enumerate(leaves):
        path = inclusion_proof(leaves, index)
        assert proves_inclusion(leaf, index, size, path, root)
        assert not proves_inclusion(MANY[32], index, size, path, root)
        assert not proves_inclusion(leaf, index, size, (*path, MANY[32]), root)
        assert not proves_inclusion(leaf, index, size, path, MANY[32])
        if path:
            assert not proves_inclusion(leaf, index, size, path[:-1], root)


@pytest.mark.parametrize("index", [-1, 4])
def test_a_place_outside_of_the_tree_is_proved_by_nothing(index: int) -> None:
    assert not proves_inclusion(MANY[0], index, 4, (), root_of(MANY[:4]))
    with pytest.raises(IndexError):
        inclusion_proof(MANY[:4], index)


@pytest.mark.parametrize(
    ("first", "second"), list(itertools.combinations_with_replacement(range(1, 20), 2))
)
def test_every_beginning_is_proved_and_no_other_root(first: int, second: int) -> None:
    leaves = MANY[:second]
    old, new = root_of(leaves[:first]), root_of(leaves)
    path = consistency_proof(leaves, first)

    assert proves_consistency(first, second, path, old, new)
    assert not proves_consistency(first, second, path, MANY[32], new)
    assert not proves_consistency(first, second, path, old, MANY[32])
    assert not proves_consistency(first, second, (*path, MANY[32]), old, new)
    if path:
        assert not proves_consistency(first, second, path[:-1], old, new)


@pytest.mark.parametrize(("first", "second"), [(0, 3), (4, 3)])
def test_a_beginning_that_cannot_be_is_proved_by_nothing(first: int, second: int) -> None:
    assert not proves_consistency(first, second, (), MANY[0], MANY[0])
    with pytest.raises(IndexError):
        consistency_proof(MANY[:second], first)


def test_a_beginning_needs_some_proof() -> None:
    assert not proves_consistency(3, 4, (), MANY[0], MANY[1])
