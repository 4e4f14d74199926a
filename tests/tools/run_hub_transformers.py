# SPDX-License-Identifier: Apache-2.0
"""Load what can be loaded without torch by ``from_pretrained``, and write what came of it."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import AutoConfig, AutoTokenizer
from transformers.utils.hub import cached_file

FOLDER = Path(sys.argv[1])
GIVEN = json.loads((FOLDER / "given.json").read_text())


def _config(**options: Any) -> str:  # noqa: ANN401 - as transformers has them
    return str(AutoConfig.from_pretrained(GIVEN["repository"], **options).model_type)


def _tokens(**options: Any) -> str:  # noqa: ANN401 - likewise
    return str(
        AutoTokenizer.from_pretrained(GIVEN["repository"], **options)("one two")["input_ids"]
    )


def _weights(**options: Any) -> str:  # noqa: ANN401 - likewise
    path = cached_file(GIVEN["repository"], "model.safetensors", **options)
    return hashlib.sha256(Path(str(path)).read_bytes()).hexdigest()


def _said(load: Callable[..., str], **options: Any) -> str:  # noqa: ANN401 - likewise
    try:
        return load(**options)
    except (OSError, ValueError) as error:
        return f"{type(error).__name__}: {' '.join(str(error).split())}"


def main() -> None:
    """Do each thing as somebody who may, and as somebody who may not."""
    found = {}
    for who, token in GIVEN["tokens"].items():
        loads = {"config": _config, "tokens": _tokens, "weights": _weights}
        found[who] = {
            name: _said(load, token=token, cache_dir=str(FOLDER / who))
            for name, load in loads.items()
        }
    (FOLDER / "found.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
