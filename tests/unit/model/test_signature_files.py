# SPDX-License-Identifier: Apache-2.0
"""Model signatures and the files that are there: what is signed, and what differs."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest
from blake3 import blake3

from builders_model import write_hub_cache
from builders_signature import write_model
from tiergate.errors import CheckpointError, ExtensionError
from tiergate.model.checkpoint import identify
from tiergate.model.digest import new_hash
from tiergate.model.signature import (
    DEFAULT_IGNORED,
    Resource,
    Serialization,
    SignedModel,
    whole_files,
)
from tiergate.model.signature_files import MOST_PROBLEMS, compare_files, sign_files

FILES = {
    "config.json": b"{}",
    "model.safetensors": b"\x02" + b"\0" * 7 + b"{}",
    "deep/er/weights.bin": bytes(range(256)) * 10,
    "empty": b"",
}
UNSIGNED = {
    ".git/HEAD": b"x",
    ".gitignore": b"x",
    ".gitattributes": b"x",
    ".github/ci.yml": b"x",
    ".cache/huggingface/download/config.json.lock": b"",
    ".tiergate/runs.jsonl": b"",
}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path / "model", FILES)


def _by_parts(files: dict[str, bytes], size: int, algorithm: str = "sha256") -> SignedModel:
    """Return what a signer who hashes parts would sign."""
    resources = []
    for path, data in sorted(files.items()):
        for start in range(0, len(data), size):
            end = min(start + size, len(data))
            made = new_hash(algorithm)
            made.update(memoryview(data[start:end]))
            name = f"{path}:{start}:{end}"
            resources.append(
                Resource(name=name, path=path, part=(start, end), digest=made.hexdigest())
            )
    return SignedModel(
        name="model",
        resources=tuple(resources),
        serialization=Serialization(
            hash_type=algorithm, shard_size=size, allow_symlinks=False, ignore_paths=()
        ),
    )


def _whole(files: dict[str, bytes], algorithm: str) -> SignedModel:
    """Return what a signer who hashes whole files with another hash would sign."""
    resources = []
    for path, data in sorted(files.items()):
        made = new_hash(algorithm)
        made.update(memoryview(data))
        resources.append(Resource(name=path, path=path, part=None, digest=made.hexdigest()))
    return SignedModel(
        name="model",
        resources=tuple(resources),
        serialization=Serialization(
            hash_type=algorithm, shard_size=None, allow_symlinks=False, ignore_paths=()
        ),
    )


def test_every_file_is_signed_with_its_digest(model: Path) -> None:
    made, _ = sign_files(model)

    expected = {name: hashlib.sha256(data).hexdigest() for name, data in FILES.items()}
    assert expected == {one.name: one.digest for one in made.resources}
    assert made.name == "model"
    assert set(DEFAULT_IGNORED) == set(made.serialization.ignore_paths)


def test_what_is_signed_is_what_is_there(model: Path) -> None:
    made, manifest = sign_files(model)

    report = compare_files(made, model)

    assert (report.problems, report.unsigned) == ((), ())
    assert report.root_digest == manifest.root_digest == identify(str(model)).root_digest


def test_what_belongs_to_git_and_to_tools_is_neither_signed_nor_missed(model: Path) -> None:
    made, _ = sign_files(write_model(model, UNSIGNED))

    report = compare_files(made, model)

    assert set(FILES) == {one.name for one in made.resources}
    assert report.problems == ()
    assert {".cache/huggingface", ".tiergate/runs.jsonl"} <= set(made.serialization.ignore_paths)
    assert report.root_digest == identify(str(model)).root_digest


def test_what_tools_leave_behind_after_signing_is_not_missed(model: Path) -> None:
    made, _ = sign_files(model)

    report = compare_files(made, write_model(model, UNSIGNED))

    assert report.problems == ()
    assert set(UNSIGNED) - {".git/HEAD"} == set(report.unsigned)


def test_what_belongs_to_git_further_down_is_signed(model: Path) -> None:
    made, _ = sign_files(write_model(model, {"sub/.gitignore": b"x"}))

    assert "sub/.gitignore" in {one.name for one in made.resources}


def _flip(model: Path) -> None:
    path = model / "deep/er/weights.bin"
    data = bytearray(path.read_bytes())
    data[1000] ^= 1
    path.write_bytes(data)


def _rename(model: Path) -> None:
    (model / "config.json").rename(model / "modeling.py")


def _add(model: Path) -> None:
    (model / "extra.bin").write_bytes(b"x")


def _remove(model: Path) -> None:
    (model / "empty").unlink()


def _swap(model: Path) -> None:
    one, two = model / "config.json", model / "empty"
    data = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(data)


def _link(model: Path) -> None:
    (model / "empty").unlink()
    (model / "empty").symlink_to(model / "config.json")


CHANGES = {
    "a flipped byte": (_flip, ("deep/er/weights.bin has other bytes than what was signed",)),
    "a renamed file": (
        _rename,
        ("config.json was signed and is not there", "modeling.py is there and was not signed"),
    ),
    "an added file": (_add, ("extra.bin is there and was not signed",)),
    "a missing file": (_remove, ("empty was signed and is not there",)),
    "two files that changed places": (
        _swap,
        (
            "config.json has other bytes than what was signed",
            "empty has other bytes than what was signed",
        ),
    ),
    "a link in place of a file": (
        _link,
        (
            "empty is a symbolic link, which the signature does not allow",
            "empty has other bytes than what was signed",
        ),
    ),
}


@pytest.mark.parametrize(("change", "problems"), CHANGES.values(), ids=CHANGES)
def test_every_change_is_named(change: object, problems: tuple[str, ...], model: Path) -> None:
    made, _ = sign_files(model)
    assert callable(change)
    change(model)

    assert compare_files(made, model).problems == problems


def test_files_that_were_not_signed_are_passed_over_when_that_is_asked_for(model: Path) -> None:
    made, _ = sign_files(model)
    _add(model)

    assert compare_files(made, model, ignore_unsigned=True).problems == ()
    assert compare_files(made, model, ignored=["extra.bin"]).problems == ()
    _flip(model)
    assert compare_files(made, model, ignore_unsigned=True).problems != ()


def test_a_file_that_was_signed_is_compared_even_among_paths_that_are_left_out(
    model: Path,
) -> None:
    made, _ = sign_files(model)
    _flip(model)

    assert compare_files(made, model, ignored=["deep"]).problems == (
        "deep/er/weights.bin has other bytes than what was signed",
    )


@pytest.mark.parametrize("algorithm", ["sha256", "blake2b", "blake3"])
@pytest.mark.parametrize("size", [1, 100, 256, 2560, 10**12])
def test_parts_are_verified_with_every_hash_of_the_format(
    algorithm: str, size: int, model: Path
) -> None:
    made = _by_parts(FILES, size, algorithm)

    report = compare_files(made, model)

    assert report.problems == ()
    assert report.root_digest == identify(str(model)).root_digest
    _flip(model)
    start = 1000 // size * size
    end = min(start + size, 2560)
    assert compare_files(made, model).problems == (
        f"deep/er/weights.bin:{start}:{end} has other bytes than what was signed",
    )


@pytest.mark.parametrize("change", [b"", bytes(range(256)) * 11, b"x"])
def test_a_file_of_parts_that_is_longer_or_shorter_is_named(change: bytes, model: Path) -> None:
    made = _by_parts(FILES, 256)
    (model / "deep/er/weights.bin").write_bytes(change)

    assert compare_files(made, model).problems == (
        "deep/er/weights.bin is longer or shorter than what was signed",
    )


def test_a_part_with_other_ends_than_the_file_has_is_named(model: Path) -> None:
    made = _by_parts({"config.json": FILES["config.json"]}, 1)
    shifted = [
        Resource(name="config.json:5:6", path="config.json", part=(5, 6), digest=one.digest)
        if one.part == (1, 2)
        else one
        for one in made.resources
    ]
    moved = SignedModel(name="model", resources=tuple(shifted), serialization=made.serialization)

    problems = compare_files(moved, model, ignore_unsigned=True).problems

    assert problems == ("config.json:5:6 has other bytes than what was signed",)


@pytest.mark.parametrize("algorithm", ["blake2b", "blake3"])
def test_whole_files_are_verified_with_every_hash_of_the_format(
    algorithm: str, model: Path
) -> None:
    made = _whole(FILES, algorithm)

    assert compare_files(made, model).problems == ()
    _flip(model)
    assert compare_files(made, model).problems == (
        "deep/er/weights.bin has other bytes than what was signed",
    )


def test_the_hashes_are_those_that_others_compute() -> None:
    data = b"some bytes"
    theirs = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "blake2b": hashlib.blake2b(data).hexdigest(),
        "blake3": blake3(data).hexdigest(),
    }

    for algorithm, expected in theirs.items():
        made = new_hash(algorithm)
        made.update(memoryview(data))
        assert made.hexdigest() == expected


def test_a_hash_whose_package_is_missing_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "blake3", None)

    with pytest.raises(ExtensionError, match="pip install blake3"):
        new_hash("blake3")


def test_links_are_signed_only_when_that_is_asked_for(model: Path) -> None:
    (model / "again.json").symlink_to("config.json")

    with pytest.raises(CheckpointError, match=r"again\.json: found a symbolic link"):
        sign_files(model)
    made, _ = sign_files(model, allow_symlinks=True)

    assert made.serialization.allow_symlinks
    assert compare_files(made, model).problems == ()


def test_the_links_of_a_hub_cache_are_files(tmp_path: Path) -> None:
    snapshot = write_hub_cache(tmp_path, FILES)

    made, _ = sign_files(snapshot)

    assert compare_files(made, snapshot).problems == ()
    assert compare_files(made, write_model(tmp_path / "copy", FILES)).problems == ()
    copied, _ = sign_files(tmp_path / "copy")
    assert compare_files(copied, snapshot).problems == ()


def test_a_link_out_of_the_model_is_never_followed(model: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"x")
    (model / "link").symlink_to(tmp_path / "secret")

    with pytest.raises(CheckpointError, match="out of the folder"):
        sign_files(model, allow_symlinks=True)


def test_a_model_that_is_one_file_is_called_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF")

    made, _ = sign_files(path)

    assert ["model.gguf"] == [one.name for one in made.resources]
    assert made.serialization.ignore_paths == ()
    assert compare_files(made, path).problems == ()
    path.rename(tmp_path / "other.gguf")
    assert compare_files(made, tmp_path / "other.gguf").problems == (
        "model.gguf was signed and is not there",
        "other.gguf is there and was not signed",
    )


def test_a_dot_stands_for_a_file_and_for_no_folder(model: Path) -> None:
    made = SignedModel(
        name="model",
        resources=(
            Resource(name=".", path=".", part=None, digest=hashlib.sha256(b"{}").hexdigest()),
        ),
        serialization=Serialization(
            hash_type="sha256", shard_size=None, allow_symlinks=False, ignore_paths=()
        ),
    )

    assert compare_files(made, model / "config.json").problems == ()
    assert ". was signed and is not there" in compare_files(made, model).problems


def test_a_folder_of_nothing_has_nothing_to_sign(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no file to sign"):
        sign_files(write_model(tmp_path / "model", {".gitignore": b"x"}))


def test_a_long_list_of_problems_ends(tmp_path: Path) -> None:
    files = {f"f{number}": b"" for number in range(MOST_PROBLEMS + 5)}
    made = SignedModel(
        name="model",
        resources=whole_files((name, "sha256:" + "00" * 32) for name in files),
        serialization=Serialization(
            hash_type="sha256", shard_size=None, allow_symlinks=False, ignore_paths=()
        ),
    )

    problems = compare_files(made, write_model(tmp_path / "model", files)).problems

    assert problems[-1] == "and 5 more"
    assert len(problems) == MOST_PROBLEMS + 1
