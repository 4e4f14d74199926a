# SPDX-License-Identifier: Apache-2.0
"""Reading another checkpoint's weights, one tensor at a time, beside the model in memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from tiergate.errors import MeasurementError
from tiergate.evidence.tampering.target import Target

_NAMED = 3


def blend_in(
    target: Target, folder: Path, blend: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
) -> None:
    """Replace each parameter by a blend of itself and the tensor of its name in a folder.

    Args:
        target: the model; parameters stay in their own type.
        folder: folder with safetensors files, or one such file.
        blend: takes the parameter and the other tensor, both in single precision.

    Raises:
        MeasurementError: files that cannot be read, tensors that are missing, of another
            shape, or for which the model has no place, and nothing was changed; or one that is
            not finite.
    """
    places = _places(folder)
    parameters = dict(target.model.named_parameters())
    _refuse_other_names(target, folder, set(parameters), set(places))
    _refuse_other_shapes(folder, parameters, places)
    with torch.no_grad():
        for name, parameter in parameters.items():
            other = _read(places[name], name).to(parameter.device, torch.float32)
            if not torch.isfinite(other).all():
                raise MeasurementError(
                    str(folder), f"the tensor {name} that is not a finite number somewhere"
                )
            parameter.copy_(blend(parameter.float(), other))


def _places(folder: Path) -> dict[str, Path]:
    """Return the file of each tensor, by name."""
    files = sorted(folder.glob("*.safetensors")) if folder.is_dir() else [folder]
    places: dict[str, Path] = {}
    for file in files:
        try:
            with safe_open(file, framework="pt") as opened:
                places.update(dict.fromkeys(opened.keys(), file))
        except (OSError, SafetensorError) as error:
            raise MeasurementError(
                str(file), f"no safetensors file that can be read ({error})"
            ) from error
    if not places:
        raise MeasurementError(
            str(folder), "no safetensors files", "the weights of a checkpoint in safetensors"
        )
    return places


def _read(file: Path, name: str) -> torch.Tensor:
    with safe_open(file, framework="pt") as opened:
        tensor: torch.Tensor = opened.get_tensor(name)
    return tensor


def _refuse_other_names(target: Target, folder: Path, own: set[str], other: set[str]) -> None:
    """Tensors that are tied to others in memory may stand in the file a second time."""
    tied = {name for name, _ in target.model.named_parameters(remove_duplicate=False)}
    buffers = {name for name, _ in target.model.named_buffers()}
    for names, what in (
        (own - other, "no tensors for"),
        (other - own - tied - buffers, "tensors that the model does not have, as"),
    ):
        if names:
            some = ", ".join(sorted(names)[:_NAMED])
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            raise MeasurementError(
                str(folder), f"{what} {some}{more}", "a checkpoint of the same architecture"
            )


def _refuse_other_shapes(
    folder: Path, own: dict[str, torch.nn.Parameter], places: dict[str, Path]
) -> None:
    for name, parameter in own.items():
        with safe_open(places[name], framework="pt") as opened:
            shape = tuple(opened.get_slice(name).get_shape())
        if shape != tuple(parameter.shape):
            raise MeasurementError(
                str(folder),
                f"the shape {shape} for {name}",
                f"{tuple(parameter.shape)}, as in the model",
            )
