# SPDX-License-Identifier: Apache-2.0
"""identify: one path in, one identity out."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from builders_model import (
    COMMIT,
    gguf_bytes,
    gguf_text,
    safetensors_bytes,
    safetensors_header,
    tensors,
    torch_zip,
    write_checkpoint,
    write_hub_cache,
    write_safetensors,
)
from tiergate.errors import CheckpointError
from tiergate.model.cache import FILE_NAME, DigestCache
from tiergate.model.checkpoint import identify, weights_digest_of
from tiergate.model.files import FileRole, WeightsFormat
from tiergate.model.licence import LicenceClaim

CARD = "---\nlicense: apache-2.0\nbase_model: org/base\n---\n# Model\n"
WEIGHTS = safetensors_bytes(
    safetensors_header(tensors()), b"".join(item.data for item in tensors())
)


def test_a_folder_becomes_a_checkpoint(tmp_path: Path) -> None:
    folder = write_checkpoint(
        tmp_path / "model",
        files={
            "README.md": CARD,
            "LICENSE": "MIT License",
            "chat_template.jinja": "A",
            "tokenizer_config.json": '{"chat_template": "B"}',
        },
    )

    found = identify(folder)

    assert ("model", folder, None) == (found.name, found.path, found.revision)
    assert found.manifest.root_digest == found.root_digest
    assert found.weights_digest is None
    assert found.parameter_count == 2 * (1 + 2 + 3 + 4)
    assert found.dtypes == (("F32", 20),)
    assert sum(path.stat().st_size for path in folder.iterdir()) == found.size_bytes
    assert frozenset({WeightsFormat.SAFETENSORS}) == found.weights_formats
    assert found.architectures == ("LlamaForCausalLM",)
    assert found.output_modalities == {"text"}
    assert found.base_model_claims == ("org/base",)
    assert found.card is not None
    assert (
        LicenceClaim(source="card", identifier="apache-2.0"),
        LicenceClaim(source="LICENSE", identifier="mit"),
    ) == found.licence_claims
    assert found.behaviour_files == ("chat_template.jinja", "tokenizer_config.json")
    assert found.loads_without_code
    assert len(found.notes) == 2
    assert "differ" in found.notes[0]
    assert found.notes[1].startswith("the card says the licence is apache-2.0")


def test_the_manifest_has_the_digest_and_role_of_every_file(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "model", shards=2, files={"sub/README.md": "x"})

    entries = {entry.path: entry for entry in identify(folder).manifest.entries}

    assert entries.keys() == {
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    }
    for path, entry in entries.items():
        data = (folder / path).read_bytes()
        assert "sha256:" + hashlib.sha256(data).hexdigest() == entry.sha256
        assert len(data) == entry.size_bytes
    assert entries["model.safetensors.index.json"].role is FileRole.WEIGHTS_INDEX


@pytest.mark.parametrize("shards", [1, 3])
def test_the_weights_digest_is_the_same_now_or_later(tmp_path: Path, shards: int) -> None:
    folder = write_checkpoint(tmp_path / "model", shards=shards)

    now = identify(folder, with_weights_digest=True)
    later = weights_digest_of(identify(folder))

    assert now.weights_digest == later == weights_digest_of(now)
    assert identify(folder).root_digest == now.root_digest


def test_an_index_joins_files_with_any_names_into_one_set(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "model", items=tensors(1))
    write_safetensors(folder / "more.safetensors", tensors(2)[1:])
    names = [item.name for item in tensors(2)]
    index = {"weight_map": dict(zip(names, ["model.safetensors", "more.safetensors"], strict=True))}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    whole = write_checkpoint(tmp_path / "whole", items=tensors(2))

    expected = identify(whole, with_weights_digest=True).weights_digest

    assert expected == identify(folder, with_weights_digest=True).weights_digest
    assert expected == weights_digest_of(identify(folder))


def test_the_weights_digest_is_the_one_that_the_definition_gives(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "model")
    rows = [
        [item.name, "F32", list(item.shape), "sha256:" + hashlib.sha256(item.data).hexdigest()]
        for item in tensors()
    ]
    expected = hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode()).hexdigest()

    assert f"sha256:{expected}" == identify(folder, with_weights_digest=True).weights_digest


def test_a_weights_digest_asked_for_later_is_about_the_same_bytes(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "model")
    found = identify(folder)
    write_safetensors(folder / "model.safetensors", tensors(seed=1))

    with pytest.raises(CheckpointError, match=r"model\.safetensors: found a file that changed"):
        weights_digest_of(found)


def test_weights_that_appear_later_are_noticed(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "model")
    found = identify(folder)
    (folder / "more.bin").write_bytes(torch_zip())

    with pytest.raises(CheckpointError, match=r"more\.bin: found a file that changed"):
        weights_digest_of(found)


def test_a_single_safetensors_file_is_a_checkpoint(tmp_path: Path) -> None:
    path = write_safetensors(tmp_path / "m.safetensors", tensors())

    found = identify(str(path), with_weights_digest=True)

    assert ("m.safetensors", path) == (found.name, found.path)
    assert [entry.path for entry in found.manifest.entries] == ["m.safetensors"]
    assert found.card is None
    assert found.weights_digest == weights_digest_of(replace(found, weights_digest=None))


def test_a_single_gguf_file_is_a_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(gguf_bytes(keys=[gguf_text("general.architecture", "qwen2")]))

    found = identify(path)

    assert found.architectures == ("qwen2",)
    assert found.output_modalities == {"text"}
    assert found.dtypes == (("F32", 4),)
    assert found.loads_without_code


def test_a_link_to_a_single_file_is_followed_and_keeps_its_name(tmp_path: Path) -> None:
    target = write_safetensors(tmp_path / "target.safetensors", tensors())
    (tmp_path / "link.safetensors").symlink_to(target)

    assert identify(tmp_path / "link.safetensors").name == "link.safetensors"


def test_pickles_alone_still_have_an_identity(tmp_path: Path) -> None:
    (tmp_path / "pytorch_model.bin").write_bytes(torch_zip())
    size = (tmp_path / "pytorch_model.bin").stat().st_size

    found = identify(tmp_path, with_weights_digest=True)

    sha256 = found.manifest.entries[0].sha256
    row = json.dumps([["pytorch_model.bin", "file:pickle", [size], sha256]], separators=(",", ":"))
    assert "sha256:" + hashlib.sha256(row.encode()).hexdigest() == found.weights_digest
    assert found.pickle_files == ("pytorch_model.bin",)
    assert found.parameter_count == 0
    assert not found.loads_without_code


RUNS_CODE: dict[str, dict[str, str | bytes]] = {
    "a pickle beside": {"training_args.bin": torch_zip()},
    "a pickle in disguise": {"notes.txt": b"\x80\x02}."},
    "code": {"modeling.py": "import os"},
    "a request for code": {"tokenizer_config.json": '{"auto_map": {"AutoTokenizer": "x.Y"}}'},
    "another format": {"tf_model.h5": b"\x89HDF"},
}


@pytest.mark.parametrize("files", RUNS_CODE.values(), ids=RUNS_CODE.keys())
def test_what_may_run_code_is_not_loaded_without_code(
    tmp_path: Path, files: dict[str, str | bytes]
) -> None:
    assert identify(write_checkpoint(tmp_path / "without")).loads_without_code

    assert not identify(write_checkpoint(tmp_path / "with", files=files)).loads_without_code


def test_code_and_templates_are_listed_as_behaviour(tmp_path: Path) -> None:
    files = {"modeling.py": "x", "chat_template.jinja": "x"}

    found = identify(write_checkpoint(tmp_path / "model", files=files))

    assert found.code_files == ("modeling.py",)
    assert found.behaviour_files == ("chat_template.jinja", "modeling.py")


@pytest.mark.parametrize("revision", [None, "main", COMMIT])
def test_a_hub_cache_is_entered_by_its_reference(tmp_path: Path, revision: str | None) -> None:
    model = write_hub_cache(tmp_path, {"model.safetensors": WEIGHTS, "config.json": b"{}"})

    found = identify(model, revision=revision)

    assert (found.name, found.revision) == ("org/name", COMMIT)
    assert model / "snapshots" / COMMIT == found.path
    assert identify(model / "snapshots" / COMMIT, revision=COMMIT) == found


def test_a_copied_snapshot_has_the_same_root_digest(tmp_path: Path) -> None:
    model = write_hub_cache(tmp_path, {"model.safetensors": WEIGHTS})
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "model.safetensors").write_bytes(WEIGHTS)

    assert identify(model).root_digest == identify(tmp_path / "copy").root_digest


@pytest.mark.parametrize("revision", ["other", "f" * 40, "../snapshots"])
def test_a_revision_that_the_cache_does_not_hold_is_an_error(tmp_path: Path, revision: str) -> None:
    model = write_hub_cache(tmp_path, {"model.safetensors": WEIGHTS})

    with pytest.raises(CheckpointError, match="no snapshot for the revision") as caught:
        identify(model, revision=revision)

    assert COMMIT in caught.value.expected


def test_a_cache_without_snapshots_is_an_error(tmp_path: Path) -> None:
    model = tmp_path / "models--org--name"
    (model / "snapshots").mkdir(parents=True)

    with pytest.raises(CheckpointError, match="expected a snapshot"):
        identify(model)


def test_a_revision_does_not_apply_to_a_folder(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="the revision 'main' for a local path"):
        identify(write_checkpoint(tmp_path / "model"), revision="main")


def test_a_cache_is_used_only_when_it_is_given(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "model")
    first = identify(folder, cache=DigestCache(tmp_path / "cache"), with_weights_digest=True)
    lie = "sha256:" + "0" * 64
    path = tmp_path / "cache" / FILE_NAME
    document = json.loads(path.read_bytes())
    document["files"][str(folder / "model.safetensors")]["sha256"] = lie
    path.write_text(json.dumps(document))

    assert identify(folder).root_digest == first.root_digest
    fooled = identify(folder, cache=DigestCache(tmp_path / "cache"), with_weights_digest=True)
    assert lie in {entry.sha256 for entry in fooled.manifest.entries}
    assert fooled.weights_digest == first.weights_digest


def test_an_edited_file_is_read_again_in_spite_of_the_cache(tmp_path: Path) -> None:
    folder = write_checkpoint(tmp_path / "model")
    identify(folder, cache=DigestCache(tmp_path / "cache"))
    (folder / "config.json").write_text('{"architectures": ["BertForMaskedLM"]}')

    cached = identify(folder, cache=DigestCache(tmp_path / "cache"))

    assert identify(folder) == cached
    assert cached.architectures == ("BertForMaskedLM",)


@pytest.mark.parametrize("cached", [False, True])
def test_progress_ends_at_the_size_of_the_checkpoint(tmp_path: Path, *, cached: bool) -> None:
    folder = write_checkpoint(tmp_path / "model", shards=2)
    if cached:
        identify(folder, cache=DigestCache(tmp_path / "cache"))
    seen: list[int] = []

    found = identify(
        folder, cache=DigestCache(tmp_path / "cache"), on_progress=seen.append, workers=2
    )

    assert found.size_bytes == seen[-1]


def test_identifying_imports_nothing_slow() -> None:
    slow = {"huggingface_hub", "yaml", "numpy", "scipy", "pydantic", "torch", "rfc8785"}
    code = "import sys, tiergate.model.checkpoint; print(*sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "tiergate.model.checkpoint" in done.stdout.split()
    assert not slow & set(done.stdout.split())
