# SPDX-License-Identifier: Apache-2.0
"""What the supporting files say about how the weights behave when loaded.

Architectures, code that a loader would be asked to run, chat templates. Output modalities
are derived only where the architecture leaves no doubt; otherwise they are unknown.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from tiergate.errors import CheckpointError
from tiergate.model.files import FileRole
from tiergate.model.strict_json import read_json_object

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXT_ENDINGS = (
    "ForCausalLM",
    "ForMaskedLM",
    "ForSequenceClassification",
    "ForTokenClassification",
    "ForQuestionAnswering",
    "ForMultipleChoice",
    "ForNextSentencePrediction",
    "LMHeadModel",
)
_NOT_ONLY_TEXT = re.compile(
    r"Emu|Musicgen|Moshi|Parler|Janus|Chameleon|Talker|Omni|Speech|Audio|Voice|TTS|Tts|Bark"
    r"|Image|Vision|Wav|Csm|Codec"
)
_TEXT_GGUF = frozenset(
    [
        "arcee",
        "baichuan",
        "bert",
        "bloom",
        "bitnet",
        "chatglm",
        "cohere2",
        "command-r",
        "dbrx",
        "deepseek",
        "deepseek2",
        "ernie4_5",
        "exaone",
        "exaone4",
        "falcon",
        "falcon-h1",
        "gemma",
        "gemma2",
        "glm4",
        "glm4moe",
        "gpt-oss",
        "gpt2",
        "gptj",
        "gptneox",
        "granite",
        "granitehybrid",
        "granitemoe",
        "grok",
        "internlm2",
        "jamba",
        "lfm2",
        "llama",
        "mamba",
        "mamba2",
        "minicpm",
        "mistral3",
        "mpt",
        "nemotron",
        "nemotron_h",
        "nomic-bert",
        "olmo",
        "olmo2",
        "olmoe",
        "orion",
        "phi2",
        "phi3",
        "phimoe",
        "plamo",
        "qwen",
        "qwen2",
        "qwen2moe",
        "qwen3",
        "qwen3moe",
        "refact",
        "rwkv6",
        "rwkv7",
        "seed_oss",
        "smollm3",
        "stablelm",
        "starcoder",
        "starcoder2",
        "t5",
        "xverse",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What configuration, tokenizer and templates say."""

    architectures: tuple[str, ...]
    """Classes named by config.json and ``general.architecture`` of GGUF files, sorted."""
    output_modalities: frozenset[str]
    """{"text"} when every architecture is a text one; empty means unknown. A text model whose
    tokens stand for sound or pixels cannot be told apart from here."""
    auto_map: tuple[str, ...]
    """"class: module.Class" entries that ask a loader to run code, sorted."""
    templates: tuple[str, ...]
    """Supporting files that hold a chat template, sorted."""
    notes: tuple[str, ...]
    """What a person should know."""


def read_behaviour(
    documents: Mapping[str, bytes],
    roles: Mapping[str, FileRole],
    gguf: Mapping[str, Mapping[str, str]],
) -> Behaviour:
    """Derive behaviour from the bytes of the supporting files.

    Args:
        documents: bytes of configuration, tokenizer configuration and templates, by path.
        roles: role of each of these files.
        gguf: the text values of each GGUF header, by path of the file.

    Raises:
        CheckpointError: a JSON configuration is broken, with file and line.
    """
    configurations = {
        path: read_json_object(data, path)
        for path, data in documents.items()
        if _is_configuration(path, roles[path])
    }
    auto_map = tuple(sorted({e for c in configurations.values() for e in _auto_map(c)}))
    classes = {
        path: _strings(content.get("architectures"), path)
        for path, content in configurations.items()
        if PurePosixPath(path).name in {"config.json", "model_index.json"}
    }
    named = {name for names in classes.values() for name in names}
    gguf_named = {
        text["general.architecture"] for text in gguf.values() if "general.architecture" in text
    }
    adapters = [path for path in documents if PurePosixPath(path).name == "adapter_config.json"]
    notes = [f"{path}: these weights are an adapter; its base model is needed" for path in adapters]
    templates = _templates(documents, configurations, gguf)
    notes += _template_notes(templates)
    only_text = (
        not auto_map
        and not adapters
        and bool(named | gguf_named)
        # A component that names no class (a U-Net, a vocoder) leaves the output unknown.
        and all(classes.values())
        and all(_gives_only_text(name) for name in named)
        and gguf_named <= _TEXT_GGUF
    )
    return Behaviour(
        architectures=tuple(sorted(named | gguf_named)),
        output_modalities=frozenset({"text"}) if only_text else frozenset(),
        auto_map=auto_map,
        templates=tuple(sorted(templates.keys() - gguf.keys())),
        notes=tuple(notes),
    )


def needs_reading(path: str, role: FileRole) -> bool:
    """Whether ``read_behaviour`` wants the bytes of this file."""
    return role is FileRole.CHAT_TEMPLATE or _is_configuration(path, role)


def _is_configuration(path: str, role: FileRole) -> bool:
    is_tokenizer = role is FileRole.TOKENIZER and path.endswith("tokenizer_config.json")
    is_template = role is FileRole.CHAT_TEMPLATE
    return path.endswith(".json") and (role is FileRole.CONFIG or is_tokenizer or is_template)


def _gives_only_text(architecture: str) -> bool:
    return architecture.endswith(_TEXT_ENDINGS) and _NOT_ONLY_TEXT.search(architecture) is None


def _strings(value: object, where: str) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise CheckpointError(
            where, "architectures that is not a list of names", "a list of class names"
        )
    return value


def _auto_map(configuration: Mapping[str, object]) -> list[str]:
    entries: list[str] = []
    auto_map = configuration.get("auto_map")
    if isinstance(auto_map, dict):
        for name, target in auto_map.items():
            targets = target if isinstance(target, list) else [target]
            entries += [f"{name}: {item}" for item in targets if isinstance(item, str)]
    elif auto_map is not None:
        entries.append(f"auto_map: {json.dumps(auto_map):.200}")
    pipelines = configuration.get("custom_pipelines")
    if pipelines:
        entries.append(f"custom_pipelines: {json.dumps(pipelines):.200}")
    return entries


def _templates(
    documents: Mapping[str, bytes],
    configurations: Mapping[str, Mapping[str, object]],
    gguf: Mapping[str, Mapping[str, str]],
) -> dict[str, str]:
    """Return the default chat template of each file that holds one, by path."""
    found = {
        path: _default_template(content.get("chat_template"))
        for path, content in configurations.items()
    }
    found |= {path: text.get("tokenizer.chat_template") for path, text in gguf.items()}
    found |= {
        path: data.decode("utf-8", errors="replace")
        for path, data in documents.items()
        if PurePosixPath(path).name == "chat_template.jinja"
    }
    return {path: template for path, template in found.items() if template is not None}


def _template_notes(templates: Mapping[str, str]) -> list[str]:
    """Compare the templates that loaders may take from one folder."""
    folders: dict[str, list[str]] = {}
    for path in sorted(templates):
        folders.setdefault(str(PurePosixPath(path).parent), []).append(path)
    return [
        f"the chat templates in {', '.join(paths)} differ; which one is used depends on the loader"
        for paths in folders.values()
        if len({templates[path] for path in paths}) > 1
    ]


def _default_template(value: object) -> str | None:
    if isinstance(value, list):
        named = [item for item in value if isinstance(item, dict)]
        value = next(
            (item.get("template") for item in named if item.get("name") == "default"), None
        )
    return value if isinstance(value, str) else None
