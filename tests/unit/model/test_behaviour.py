# SPDX-License-Identifier: Apache-2.0
"""What configuration and templates say, and what they do not prove."""

from __future__ import annotations

import json

import pytest

from tiergate.errors import CheckpointError
from tiergate.model.behaviour import Behaviour, needs_reading, read_behaviour
from tiergate.model.files import FileRole, role_by_name

TEXT = frozenset({"text"})
UNKNOWN: frozenset[str] = frozenset()


def read(documents: dict[str, object], gguf: dict[str, dict[str, str]] | None = None) -> Behaviour:
    data = {
        path: content if isinstance(content, bytes) else json.dumps(content).encode()
        for path, content in documents.items()
    }
    return read_behaviour(data, {path: role_by_name(path)[0] for path in data}, gguf or {})


ARCHITECTURES = {
    "LlamaForCausalLM": TEXT,
    "BertForMaskedLM": TEXT,
    "BertForSequenceClassification": TEXT,
    "GPT2LMHeadModel": TEXT,
    "LlavaForConditionalGeneration": UNKNOWN,
    "Emu3ForCausalLM": UNKNOWN,
    "MusicgenForCausalLM": UNKNOWN,
    "UNet2DConditionModel": UNKNOWN,
    "BertModel": UNKNOWN,
}


@pytest.mark.parametrize(("name", "expected"), ARCHITECTURES.items())
def test_only_architectures_of_text_prove_text(name: str, expected: frozenset[str]) -> None:
    found = read({"config.json": {"architectures": [name]}})

    assert (name,) == found.architectures
    assert expected == found.output_modalities


DOUBTS: dict[str, dict[str, object]] = {
    "no configuration": {},
    "no architectures": {"config.json": {}},
    "one architecture that is unknown": {
        "config.json": {"architectures": ["LlamaForCausalLM", "Vocoder"]}
    },
    "a component that names no class": {
        "config.json": {"architectures": ["LlamaForCausalLM"]},
        "unet/config.json": {"_class_name": "UNet"},
    },
    "a pipeline around it": {
        "text_encoder/config.json": {"architectures": ["LlamaForCausalLM"]},
        "model_index.json": {"_class_name": "ImagePipeline"},
    },
    "code that decides what the class does": {
        "config.json": {
            "architectures": ["LlamaForCausalLM"],
            "auto_map": {"AutoModelForCausalLM": "modeling.LlamaForCausalLM"},
        }
    },
    "an adapter": {
        "config.json": {"architectures": ["LlamaForCausalLM"]},
        "adapter_config.json": {"peft_type": "LORA"},
    },
}


@pytest.mark.parametrize("documents", DOUBTS.values(), ids=DOUBTS.keys())
def test_a_doubt_leaves_the_output_unknown(documents: dict[str, object]) -> None:
    assert read(documents).output_modalities == UNKNOWN


@pytest.mark.parametrize(("name", "expected"), [("llama", TEXT), ("clip", UNKNOWN), ("x", UNKNOWN)])
def test_a_gguf_names_its_architecture(name: str, expected: frozenset[str]) -> None:
    found = read({}, {"m.gguf": {"general.architecture": name}})

    assert (name,) == found.architectures
    assert expected == found.output_modalities


def test_an_adapter_is_noted() -> None:
    (note,) = read({"adapter_config.json": {"peft_type": "LORA"}}).notes

    assert note == "adapter_config.json: these weights are an adapter; its base model is needed"


AUTO_MAPS: dict[str, tuple[dict[str, object], tuple[str, ...]]] = {
    "one class": (
        {"config.json": {"auto_map": {"AutoModel": "modeling_x.X"}}},
        ("AutoModel: modeling_x.X",),
    ),
    "a slow and no fast tokenizer": (
        {"tokenizer_config.json": {"auto_map": {"AutoTokenizer": ["tok.Slow", None]}}},
        ("AutoTokenizer: tok.Slow",),
    ),
    "code in another repository": (
        {"config.json": {"auto_map": {"AutoModel": "org/code--modeling.X"}}},
        ("AutoModel: org/code--modeling.X",),
    ),
    "a form that is not known": (
        {"config.json": {"auto_map": ["modeling.X"]}},
        ('auto_map: ["modeling.X"]',),
    ),
    "a pipeline of its own": (
        {"config.json": {"custom_pipelines": {"x": {"impl": "p.P"}}}},
        ('custom_pipelines: {"x": {"impl": "p.P"}}',),
    ),
    "the same twice": (
        {
            "config.json": {"auto_map": {"AutoModel": "m.X"}},
            "sub/config.json": {"auto_map": {"AutoModel": "m.X"}},
        },
        ("AutoModel: m.X",),
    ),
    "nothing": ({"config.json": {}}, ()),
}


@pytest.mark.parametrize(("documents", "expected"), AUTO_MAPS.values(), ids=AUTO_MAPS.keys())
def test_requests_to_run_code_are_found(
    documents: dict[str, object], expected: tuple[str, ...]
) -> None:
    assert expected == read(documents).auto_map


TEMPLATES: dict[
    str, tuple[dict[str, object], dict[str, dict[str, str]], tuple[str, ...] | None]
] = {
    "one in the tokenizer, another beside it": (
        {"tokenizer_config.json": {"chat_template": "A"}, "chat_template.jinja": b"B"},
        {},
        ("chat_template.jinja", "tokenizer_config.json"),
    ),
    "the same in both": (
        {"tokenizer_config.json": {"chat_template": "A"}, "chat_template.jinja": b"A"},
        {},
        None,
    ),
    "named templates, of which the default differs": (
        {
            "tokenizer_config.json": {
                "chat_template": [
                    {"name": "tool_use", "template": "B"},
                    {"name": "default", "template": "A"},
                ]
            },
            "chat_template.jinja": b"B",
        },
        {},
        ("chat_template.jinja", "tokenizer_config.json"),
    ),
    "named templates without a default": (
        {
            "tokenizer_config.json": {"chat_template": [{"name": "rag", "template": "B"}, 1]},
            "chat_template.jinja": b"A",
        },
        {},
        None,
    ),
    "another one inside the GGUF": (
        {"chat_template.jinja": b"A"},
        {"m.gguf": {"tokenizer.chat_template": "B"}},
        ("chat_template.jinja", "m.gguf"),
    ),
    "an older file format": (
        {"chat_template.json": {"chat_template": "A"}, "chat_template.jinja": b"B"},
        {},
        ("chat_template.jinja", "chat_template.json"),
    ),
    "different folders": (
        {"a/tokenizer_config.json": {"chat_template": "A"}, "chat_template.jinja": b"B"},
        {},
        None,
    ),
}


@pytest.mark.parametrize(("documents", "gguf", "named"), TEMPLATES.values(), ids=TEMPLATES.keys())
def test_chat_templates_that_differ_are_noted(
    documents: dict[str, object], gguf: dict[str, dict[str, str]], named: tuple[str, ...] | None
) -> None:
    notes = read(documents, gguf).notes

    listed = ", ".join(named or ())
    expected = f"the chat templates in {listed} differ; which one is used depends on the loader"
    assert (() if named is None else (expected,)) == notes


def test_a_broken_configuration_names_file_and_line() -> None:
    with pytest.raises(CheckpointError, match=r"^config\.json:2: found broken JSON"):
        read({"config.json": b'{\n"a" 1}'})


@pytest.mark.parametrize("value", ["LlamaForCausalLM", [1], {"a": 1}])
def test_architectures_of_another_form_are_refused(value: object) -> None:
    with pytest.raises(CheckpointError, match=r"config\.json: found architectures"):
        read({"config.json": {"architectures": value}})


WANTED = {
    "config.json": True,
    "tokenizer_config.json": True,
    "chat_template.jinja": True,
    "tokenizer.json": False,
    "model.safetensors.index.json": False,
    "README.md": False,
}


@pytest.mark.parametrize(("path", "expected"), WANTED.items())
def test_large_files_that_say_nothing_are_not_read(path: str, expected: bool) -> None:  # noqa: FBT001
    assert expected is needs_reading(path, role_by_name(path)[0])


def test_a_role_decides_and_not_the_name_alone() -> None:
    assert not needs_reading("config.json", FileRole.WEIGHTS)
