# SPDX-License-Identifier: Apache-2.0
"""The model under attack: one copy in memory, changed in place, put back exactly.

What an attack has changed is found by comparing digests of every tensor, whatever it says it
did, and read again from the checkpoint's own files. A tensor that those files do not give back
bit for bit, as some architectures are rearranged while they load, is kept in a file beside them.
"""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from tiergate.errors import CheckpointError, MeasurementError
from tiergate.model.checkpoint import Checkpoint
from tiergate.model.digest import available_cores
from tiergate.model.tensors import HashedTensor, weights_digest

if TYPE_CHECKING:
    from torch import nn
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_DTYPE_NAMES = {torch.bfloat16: "BF16", torch.float16: "F16", torch.float32: "F32"}
_LAYER_PATHS = ("model.layers", "transformer.h", "gpt_neox.layers", "model.decoder.layers")


class Target:
    """A model in memory that attacks change and that is the checkpoint again afterwards."""

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        checkpoint: Checkpoint,
    ) -> None:
        """Take a loaded model; it is put into evaluation mode, without gradients.

        Args:
            model: the model, as loaded from the checkpoint.
            tokenizer: its tokenizer.
            checkpoint: what it was loaded from, with the weights digest.

        Raises:
            CheckpointError: a weight is not a finite number.
        """
        self.model = model.requires_grad_(False)  # noqa: FBT003 - torch's own signature
        model.train(False)  # noqa: FBT003 - as above
        self.tokenizer = tokenizer
        self.path = checkpoint.path
        self.root_digest = checkpoint.root_digest
        self.weights_digest = checkpoint.weights_digest or ""
        self.dtype = model.dtype
        self._refuse_what_is_not_finite()
        _let_library_hook(model)
        _keep_head_fast(model)
        self._hooks = _hooks(model)
        self._kinds = {name: tensor.dtype for name, tensor in self._tensors()}
        self._shapes = {name: tensor.shape for name, tensor in self._tensors()}
        self._spill = tempfile.TemporaryDirectory(prefix="tiergate-")
        self._loaded = self.digests()
        self._put_back = ""
        self._origins = self._find_origins(checkpoint)

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return self.model.device

    @property
    def layers(self) -> nn.ModuleList:
        """The decoder layers, wherever the architecture keeps them.

        Raises:
            MeasurementError: they are in none of the places known.
        """
        for path in _LAYER_PATHS:
            with contextlib.suppress(AttributeError):
                found = self.model.get_submodule(path)
                if isinstance(found, torch.nn.ModuleList):
                    return found
        raise MeasurementError(
            type(self.model).__name__, "no list of decoder layers", f"one of {_LAYER_PATHS}"
        )

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of every parameter and buffer, as it is in memory, by name."""
        tensors = dict(self._tensors())
        with ThreadPoolExecutor(available_cores()) as pool:
            return dict(zip(tensors, pool.map(_sha256, tensors.values()), strict=True))

    def digest(self) -> str:
        """Return the weights digest of what is in memory.

        It equals the checkpoint's own where the weights are held in the type they are stored in
        and under the names of the file.
        """
        return self._digest_of(self.digests())

    def digest_if_untouched(self) -> str:
        """Return the weights digest where every tensor in memory is as it was loaded, else nothing.

        Each tensor is read anew for it.
        """
        return self._untouched_digest_of(self.digests())

    def _untouched_digest_of(self, digests: Mapping[str, str]) -> str:
        is_untouched = self.model.dtype is self.dtype and digests == self._loaded
        return self._digest_of(digests) if is_untouched else ""

    @property
    def put_back(self) -> str:
        """Weights digest of what the newest :meth:`edited` found in memory when it had ended.

        Every tensor was read for it, and again where it had to be put back. Nothing where some
        tensor is not as it was loaded.
        """
        return self._put_back

    @property
    def is_untouched(self) -> bool:
        """Whether every tensor in memory is as it was loaded."""
        return bool(self.digest_if_untouched())

    def _digest_of(self, digests: Mapping[str, str]) -> str:
        return weights_digest(
            HashedTensor(
                name=name,
                dtype=_DTYPE_NAMES.get(parameter.dtype, str(parameter.dtype)),
                shape=tuple(parameter.shape),
                sha256=f"sha256:{digests[name]}",
                file="memory",
            )
            for name, parameter in self.model.named_parameters()
        )

    @property
    def has_hooks(self) -> bool:
        """Whether hooks are on the model that were not there when it was loaded."""
        return _hooks(self.model) != self._hooks

    @contextlib.contextmanager
    def edited(self) -> Iterator[None]:
        """Let an attack edit parameters, and put them back when the block ends, however it does.

        Raises:
            MeasurementError: the attack left modules, hooks or another structure behind; the
                model is as loaded all the same.
        """
        self._put_back = ""
        try:
            yield
        finally:
            left = self._remove_hooks()
            self._restore()
        if left:
            raise MeasurementError(
                "attack", f"{left} hooks left on the model", "none", "Remove them in a finally."
            )

    @contextlib.contextmanager
    def widened(self) -> Iterator[None]:
        """Hold the weights, as edited until now, in single precision for the block.

        What was edited is still edited afterwards: every number of the narrower type is one of
        the wider.
        """
        if self.dtype is torch.float32:
            yield
            return
        self.model.float()  # type: ignore[no-untyped-call]
        try:
            yield
        finally:
            self._narrow()

    def original(self, name: str) -> torch.Tensor:
        """Return a parameter or buffer as it was loaded, on the CPU."""
        file, key = self._origins[name]
        with safe_open(file, framework="pt") as opened:
            tensor: torch.Tensor = opened.get_tensor(key)
        return tensor

    def close(self) -> None:
        """Delete what was kept on disk."""
        self._spill.cleanup()

    def _tensors(self) -> Iterator[tuple[str, torch.Tensor]]:
        yield from self.model.named_parameters()
        yield from self.model.named_buffers()

    def _refuse_what_is_not_finite(self) -> None:
        for name, parameter in self.model.named_parameters():
            if not torch.isfinite(parameter).all():
                raise CheckpointError(
                    str(self.path),
                    f"the weight {name} that is not a finite number somewhere",
                    "finite weights",
                    "A model with such weights answers nothing; check how it was saved.",
                )

    def _find_origins(self, checkpoint: Checkpoint) -> dict[str, tuple[str, str]]:
        """Find where each tensor can be read again, and keep those that cannot."""
        stored = _stored_tensors(checkpoint)
        origins: dict[str, tuple[str, str]] = {}
        spilled: dict[str, torch.Tensor] = {}
        for name, tensor in self._tensors():
            if name in stored and self._is_given_back(stored[name], name, tensor):
                origins[name] = (stored[name], name)
            else:
                spilled[name] = tensor.detach().to("cpu").clone().contiguous()
        if spilled:
            file = str(Path(self._spill.name) / "kept.safetensors")
            save_file(spilled, file)
            origins.update((name, (file, name)) for name in spilled)
        return origins

    def _is_given_back(self, file: str, name: str, tensor: torch.Tensor) -> bool:
        with safe_open(file, framework="pt") as opened:
            found = opened.get_tensor(name)
        return found.shape == tensor.shape and _sha256(found.to(tensor.dtype)) == self._loaded[name]

    def _narrow(self) -> None:
        """Give each tensor the type that it was loaded in, which is not the same for all."""
        for name, tensor in self._tensors():
            kind = self._kinds.get(name, tensor.dtype)
            if tensor.dtype is not kind:
                tensor.data = tensor.data.to(kind)

    def _remove_hooks(self) -> int:
        left = 0
        for name, module in self.model.named_modules():
            for kind in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks"):
                hooks = getattr(module, kind)
                for key in list(hooks):
                    if key not in self._hooks.get((name, kind), frozenset()):
                        del hooks[key]
                        left += 1
        return left

    def _restore(self) -> None:
        self._narrow()
        self.model.requires_grad_(False).train(False)  # noqa: FBT003 - torch's own signature
        tensors = dict(self._tensors())
        shapes = {name: tensor.shape for name, tensor in tensors.items()}
        if shapes != self._shapes:
            changed = sorted(dict(shapes.items() ^ self._shapes.items()))
            raise MeasurementError(
                "attack",
                f"another structure of the model, as at {changed[0]}",
                "the modules that were there before",
                "The model in memory cannot be used any more; load it again.",
            )
        digests = self.digests()
        for name, found in digests.items():
            if found != self._loaded[name]:
                with torch.no_grad():
                    tensors[name].copy_(self.original(name))
                digests[name] = _sha256(tensors[name])
                if digests[name] != self._loaded[name]:
                    raise MeasurementError(
                        str(self.path),
                        f"other bytes for {name} than were loaded",
                        "the files to stay as they are during a run",
                    )
        self._put_back = self._untouched_digest_of(digests)


def _let_library_hook(model: nn.Module) -> None:
    """Ask for hidden states once, when transformers puts hooks of its own on the model for good.

    They would be taken for an attack's if they came later, and their removal breaks the model.
    """
    with torch.no_grad():
        token = torch.zeros(1, 1, dtype=torch.long, device=next(model.parameters()).device)
        model(input_ids=token, output_hidden_states=True, use_cache=False)


def _keep_head_fast(model: PreTrainedModel) -> None:
    """Hand the output head whole blocks of memory.

    A slice of the last positions is none, and torch then copies the head's weight once for every
    row of the batch, which takes a hundred times as long as the product.
    """
    head = model.get_output_embeddings()  # type: ignore[no-untyped-call]
    if head is not None:
        head.register_forward_pre_hook(lambda _, given: (given[0].contiguous(), *given[1:]))


def _hooks(model: nn.Module) -> Mapping[tuple[str, str], frozenset[int]]:
    return {
        (name, kind): frozenset(getattr(module, kind))
        for name, module in model.named_modules()
        for kind in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks")
    }


def _stored_tensors(checkpoint: Checkpoint) -> dict[str, str]:
    """Return the file of each tensor by name, for checkpoints in safetensors."""
    folder = checkpoint.path if checkpoint.path.is_dir() else checkpoint.path.parent
    stored: dict[str, str] = {}
    for entry in checkpoint.manifest.entries:
        if entry.path.endswith(".safetensors"):
            file = str(folder / entry.path)
            with safe_open(file, framework="pt") as opened:
                stored.update(dict.fromkeys(opened.keys(), file))
    return stored


def _sha256(tensor: torch.Tensor) -> str:
    content = tensor.detach().to("cpu").contiguous().reshape(-1).view(torch.uint8)
    return hashlib.sha256(content.numpy().data).hexdigest()
