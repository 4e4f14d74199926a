# SPDX-License-Identifier: Apache-2.0
"""Loading a checkpoint into memory to attack it, and refusing what cannot be attacked.

Nothing is loaded that would run code, and the memory needed is stated before it is taken.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiergate.errors import CheckpointError, MeasurementError
from tiergate.evidence.tampering.fitness import refuse_unfit
from tiergate.evidence.tampering.target import Target
from tiergate.model.checkpoint import Checkpoint, identify

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_GIB = 1024**3
# Gradients, optimiser state and activations of adapters, beside the weights themselves.
_HEADROOM = 1.5


def load_target(
    path: Path, *, device: str = "auto", dtype: str = "auto", checkpoint: Checkpoint | None = None
) -> Target:
    """Load a checkpoint.

    Args:
        path: folder of the checkpoint.
        device: ``cpu``, ``cuda`` or ``auto``, which takes what is there.
        dtype: ``bfloat16``, ``float32`` or ``auto``, which keeps bfloat16 where it is stored.
        checkpoint: what the folder holds, where that was found out already.

    Raises:
        CheckpointError: no decoder-only model, no tokenizer, weights that are quantised, not
            finite or would run code.
        MeasurementError: it does not fit into memory.
    """
    from transformers.utils import logging

    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    found = checkpoint or identify(path, with_weights_digest=True)
    folder = found.path if found.path.is_dir() else found.path.parent
    refuse_unfit(found)
    place, kind = _device(device), _dtype(dtype, found)
    _refuse_too_large(found, kind, place)
    model: Any = _model(folder, kind)
    return Target(model.to(place), _tokenizer(folder), found)


def _tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    from transformers import AutoTokenizer

    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            str(folder),
            f"no tokenizer that loads ({_first_line(error)})",
            "the tokenizer's files beside the weights",
        ) from error
    return tokenizer


def _model(folder: Path, kind: torch.dtype) -> PreTrainedModel:
    from transformers import AutoModelForCausalLM

    try:
        loaded: Any = AutoModelForCausalLM.from_pretrained(
            folder,
            dtype=kind,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise CheckpointError(
            str(folder), f"a model that does not load ({_first_line(error)})"
        ) from error
    model, report = loaded
    _refuse_made_up(report["missing_keys"], folder)
    fitted: PreTrainedModel = model
    return fitted


def _refuse_made_up(missing: Iterable[str], folder: Path) -> None:
    """Refuse weights that transformers drew at random because the files do not hold them."""
    names = sorted(missing)
    if names:
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        raise CheckpointError(
            str(folder),
            f"no tensor {names[0]}{more}",
            "every weight of the architecture",
            "Get the checkpoint again, or check config.json.",
        )


def _device(asked: str) -> torch.device:
    import torch

    if asked == "auto":
        asked = "cuda" if torch.cuda.is_available() else "cpu"
    if asked.startswith("cuda") and not torch.cuda.is_available():
        raise MeasurementError("--device", "no CUDA device", "cpu or auto")
    return torch.device(asked)


def _dtype(asked: str, checkpoint: Checkpoint) -> torch.dtype:
    import torch

    kinds = {"bfloat16": torch.bfloat16, "float32": torch.float32}
    if asked == "auto":
        stored = max(checkpoint.dtypes, key=lambda row: row[1], default=("", 0))[0]
        asked = "bfloat16" if stored == "BF16" else "float32"
    if asked not in kinds:
        raise MeasurementError("--dtype", repr(asked), f"one of {', '.join(kinds)}, auto")
    return kinds[asked]


def _refuse_too_large(checkpoint: Checkpoint, dtype: torch.dtype, device: torch.device) -> None:
    import torch

    needed = int(checkpoint.parameter_count * dtype.itemsize * _HEADROOM)
    free = torch.cuda.mem_get_info(device)[0] if device.type == "cuda" else _free_memory_bytes()
    if needed > free:
        raise MeasurementError(
            str(checkpoint.path),
            f"{checkpoint.parameter_count / 1e9:.1f} billion parameters, which need about "
            f"{needed / _GIB:.0f} GiB on {device.type}, and {free / _GIB:.0f} GiB free",
            "",
            "Use a machine with more memory.",
        )


def _free_memory_bytes() -> int:
    try:
        for line in Path("/proc/meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
