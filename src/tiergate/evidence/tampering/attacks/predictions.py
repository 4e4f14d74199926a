# SPDX-License-Identifier: Apache-2.0
"""Predictions at chosen places only: with a large vocabulary most of the time goes there."""

from __future__ import annotations

import torch

from tiergate.evidence.tampering.target import Target


def logits_at(target: Target, places: torch.Tensor, **inputs: torch.Tensor) -> torch.Tensor:
    """Run the model and return its logits where ``places`` says, in single precision.

    Args:
        target: the model; gradients are kept where they are asked for.
        places: mask over batch x tokens.
        inputs: what the model reads, ``input_ids`` or ``inputs_embeds``.

    Returns:
        As many rows as the mask has places, in its order, x vocabulary.
    """
    head: torch.nn.Module = target.model.get_output_embeddings()  # type: ignore[no-untyped-call]
    # Given as one flat, packed matrix: a slice of a batch would have the weight of the output
    # layer copied for every row.
    handle = head.register_forward_pre_hook(lambda _, given: (given[0][places],))
    try:
        logits: torch.Tensor = target.model(**inputs, use_cache=False).logits
    finally:
        handle.remove()
    return logits.float()
