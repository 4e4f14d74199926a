# SPDX-License-Identifier: Apache-2.0
"""Bad input, as a table: each gets a message, an exit code, no traceback, nothing written."""

from __future__ import annotations

import json
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from cli_fixtures import a_folder, claim, evidence, policy
from cli_runner import run

Prepare = Callable[[Path], list[object]]


def _check(path: Path, *more: object) -> list[object]:
    return ["check", path, "--policy", _standard(path), *more]


def _standard(path: Path) -> Path:
    found = path.parent / "standard.yaml"
    return found if found.exists() else policy(found)


def _safetensors(header: bytes, data: bytes, *, length: int | None = None) -> bytes:
    return struct.pack("<Q", len(header) if length is None else length) + header + data


def _with_weights(tmp: Path, content: bytes) -> list[object]:
    model = a_folder(tmp / "model")
    (model / "model.safetensors").write_bytes(content)
    return _check(model)


def _no_such_path(tmp: Path) -> list[object]:
    return _check(tmp / "nothing-here")


def _empty_folder(tmp: Path) -> list[object]:
    (tmp / "model").mkdir()
    return _check(tmp / "model")


def _missing_shard(tmp: Path) -> list[object]:
    model = a_folder(tmp / "model")
    index = {"weight_map": {"w": "model.safetensors", "v": "model-00002-of-00002.safetensors"}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index))
    return _check(model)


def _truncated(tmp: Path) -> list[object]:
    header = b'{"w":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}'
    return _with_weights(tmp, _safetensors(header, bytes(7)))


def _absurd_header(tmp: Path) -> list[object]:
    return _with_weights(tmp, _safetensors(b"{}", b"", length=2**63))


def _duplicate_keys(tmp: Path) -> list[object]:
    one = b'"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}'
    return _with_weights(tmp, _safetensors(b"{" + one + b"," + one + b"}", bytes(4)))


def _symlink_out(tmp: Path) -> list[object]:
    model = a_folder(tmp / "model")
    (tmp / "secret").write_text("secret")
    (model / "notes.txt").symlink_to(tmp / "secret")
    return _check(model)


def _fifo(tmp: Path) -> list[object]:
    model = a_folder(tmp / "model")
    os.mkfifo(model / "pipe")
    return _check(model)


def _unreadable(tmp: Path) -> list[object]:
    model = a_folder(tmp / "model")
    (model / "loop.txt").symlink_to(model / "loop.txt")
    return _check(model)


def _broken_config(tmp: Path) -> list[object]:
    model = a_folder(tmp / "model")
    (model / "config.json").write_text('{"architectures": [\n}')
    return _check(model)


def _evidence(tmp: Path, name: str, content: bytes) -> list[object]:
    model = a_folder(tmp / "model")
    (tmp / name).write_bytes(content)
    return _check(model, "--evidence", tmp / name)


def _newer_document(tmp: Path) -> list[object]:
    return _evidence(tmp, "one.json", b'{"format":"tiergate-evidence/2"}')


def _broken_document(tmp: Path) -> list[object]:
    return _evidence(tmp, "one.json", b'{"format":"tiergate-evidence/1","claims":[{}]}')


def _nan_in_a_document(tmp: Path) -> list[object]:
    return _evidence(tmp, "one.json", b'{"format":"tiergate-evidence/1","claims":NaN}')


def _document_about_another(tmp: Path) -> list[object]:
    other, model = a_folder(tmp / "other"), a_folder(tmp / "model")
    (other / "README.md").write_text("another model")
    evidence(other, "cyber.exploits", successes=0, trials=500)
    document = next((other / ".tiergate/documents").glob("*.json"))
    return ["evidence", "add", document, "--model", model]


def _changed_document(tmp: Path) -> list[object]:
    model = a_folder(tmp / "model")
    claim(model, _standard(model), "E01", "training_flop=1")
    document = next((model / ".tiergate/documents").glob("*.json"))
    document.write_bytes(document.read_bytes().replace(b'"holds":true', b'"holds":true '))
    return _check(model)


def _damaged_register(tmp: Path) -> list[object]:
    model = a_folder(tmp / "model")
    claim(model, _standard(model), "E01", "training_flop=1")
    (model / ".tiergate/register.jsonl").write_text("{}\n")
    return _check(model)


def _log(tmp: Path, content: bytes, name: str = "run.eval") -> list[object]:
    (tmp / name).write_bytes(content)
    return ["evidence", "read", tmp / name]


def _zip(members: dict[str, bytes]) -> Callable[[Path], bytes]:
    def build(tmp: Path) -> bytes:
        path = tmp / "made.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members.items():
                archive.writestr(name, data)
        data = path.read_bytes()
        path.unlink()
        return data

    return build


_HEADER = {
    "version": 2,
    "status": "success",
    "eval": {
        "created": "2026-11-01T00:00:00+00:00",
        "task": "t",
        "model": "m",
        "dataset": {"samples": 1, "sample_ids": [1]},
        "config": {"epochs": 1},
    },
    "stats": {"completed_at": "2026-11-01T00:01:00+00:00"},
}


def _log_cut_in_the_middle(tmp: Path) -> list[object]:
    data = _zip({"header.json": json.dumps(_HEADER).encode()})(tmp)
    return _log(tmp, data[: len(data) // 2])


def _newer_log(tmp: Path) -> list[object]:
    newer = json.dumps({**_HEADER, "version": 99}).encode()
    return _log(tmp, _zip({"header.json": newer, "summaries.json": b"[]"})(tmp))


def _log_without_samples(tmp: Path) -> list[object]:
    members = {"header.json": json.dumps(_HEADER).encode(), "summaries.json": b"[]"}
    return _log(tmp, _zip(members)(tmp))


def _zip_bomb(tmp: Path) -> list[object]:
    members = {
        "header.json": json.dumps(_HEADER).encode(),
        "summaries.json": b"[" + b" " * (600 * 1024 * 1024) + b"]",
    }
    return _log(tmp, _zip(members)(tmp))


def _no_log(tmp: Path) -> list[object]:
    return _log(tmp, b"hello", "hello.txt")


def _log_without_a_mapping(tmp: Path) -> list[object]:
    model = a_folder(tmp / "model")
    sample = {"id": 1, "epoch": 1, "scores": {"s": {"value": "C"}}}
    members = {
        "header.json": json.dumps(_HEADER).encode(),
        "summaries.json": json.dumps([sample]).encode(),
        "samples/1_epoch_1.json": json.dumps(sample).encode(),
    }
    (tmp / "run.eval").write_bytes(_zip(members)(tmp))
    return ["evidence", "add", tmp / "run.eval", "--model", model]


def _policy_with_mistakes(tmp: Path) -> list[object]:
    path = policy(tmp / "standard.yaml")
    text = path.read_text()
    text = text.replace("confidence: 0.95", "confidence: 95").replace("id: T5", "id: T9")
    path.write_text(text.replace("clauses: [EU-COP-A4]", "clauses: []"))
    return ["policy", "validate", path]


def _empty_claim(tmp: Path) -> list[object]:
    model = a_folder(tmp / "model")
    return ["evidence", "claim", "E01", "--model", model, "--policy", _standard(model)]


def _waiver_that_ends_first(tmp: Path) -> list[object]:
    model = a_folder(tmp / "model")
    (tmp / "waivers.yaml").write_text(
        "format: tiergate-waivers/1\nwaivers:\n"
        f"- {{requirement: E01, root_digest: 'sha256:{'0' * 64}', highest_tier: T1,\n"
        "   issued_at: 2026-11-01T00:00:00Z, expires_at: 2026-10-01T00:00:00Z,\n"
        "   by: Ada, reason: none}\n"
    )
    return _check(model, "--unsafe-unsigned-waiver", tmp / "waivers.yaml")


def _full_disk(tmp: Path) -> list[object]:
    model = a_folder(tmp / "model")
    return ["report", model, "--policy", _standard(model), "-o", "/dev/full"]


def _unknown_tier_of_the_policy(tmp: Path) -> list[object]:
    return _check(a_folder(tmp / "model"), "--tier", "T3")


def _no_command(tmp: Path) -> list[object]:
    del tmp
    return ["frobnicate"]


TABLE: dict[str, tuple[Prepare, int, str]] = {
    "no such path": (_no_such_path, 4, "nothing-here: found no such path"),
    "an empty folder": (_empty_folder, 4, "/model: found an empty folder"),
    "a shard that the index names is missing": (_missing_shard, 4, "model-00002-of-00002"),
    "a truncated file": (_truncated, 4, "model.safetensors: found"),
    "a header of 2^63 bytes": (_absurd_header, 4, "model.safetensors: found"),
    "a tensor named twice": (_duplicate_keys, 4, "model.safetensors: found"),
    "a symlink out of the folder": (_symlink_out, 4, "notes.txt: found"),
    "a FIFO": (_fifo, 4, "pipe: found"),
    "a file that cannot be opened": (_unreadable, 4, "loop.txt: found"),
    "a broken config": (_broken_config, 4, "config.json"),
    "an evidence document of a newer version": (_newer_document, 4, "'tiergate-evidence/2'"),
    "an evidence document with mistakes": (_broken_document, 4, "claims.0.item: Field required"),
    "NaN in an evidence document": (_nan_in_a_document, 4, "found NaN"),
    "an evidence document about another checkpoint": (
        _document_about_another,
        4,
        "expected evidence about sha256:",
    ),
    "a filed document that was changed": (_changed_document, 5, "was changed after it was filed"),
    "a damaged register": (_damaged_register, 4, "register.jsonl:1: found a damaged line"),
    "a log cut in the middle": (_log_cut_in_the_middle, 4, "run.eval"),
    "a log whose schema is newer": (_newer_log, 4, "99"),
    "a log without samples": (_log_without_samples, 4, "run.eval"),
    "a zip bomb": (_zip_bomb, 4, "summaries.json"),
    "a file that is no log": (_no_log, 4, "no reader recognises"),
    "a log without a mapping": (_log_without_a_mapping, 4, "Give --mapping"),
    "a policy with mistakes": (_policy_with_mistakes, 4, "3 mistakes"),
    "a claim that says nothing": (_empty_claim, 4, "--field training_flop="),
    "a waiver that ends before it starts": (_waiver_that_ends_first, 4, "expires_at"),
    "a full disk": (_full_disk, 6, "No space left"),
    "a tier that the policy does not have": (_unknown_tier_of_the_policy, 4, "no tier T3"),
    "an unknown command": (_no_command, 2, "No such command"),
}


@pytest.mark.parametrize("sentence", TABLE)
def test_bad_input_is_refused_with_a_message(sentence: str, tmp_path: Path) -> None:
    prepare, code, message = TABLE[sentence]
    arguments = prepare(tmp_path)
    before = _listing(tmp_path)

    done = run(*arguments)

    assert (code, "") == (done.code, done.out)
    assert message in done.err
    assert "Traceback" not in done.err
    assert before == _listing(tmp_path)


def _listing(folder: Path) -> list[tuple[str, int]]:
    return sorted((str(p), p.lstat().st_size) for p in folder.rglob("*"))
