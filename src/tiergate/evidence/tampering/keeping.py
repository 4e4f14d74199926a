# SPDX-License-Identifier: Apache-2.0
"""Writing attacked weights, for those who ask for it: marked, so that nobody takes them for more.

Nothing is written unless ``--keep-variants`` is given.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from tiergate.evidence.tampering.trial import Trial

if TYPE_CHECKING:
    from tiergate.evidence.tampering.target import Target

MARKER = "TIERGATE-SAFEGUARDS-REMOVED"
"""Name of the file that says what the weights beside it are."""


def keep_variant(target: Target, folder: Path, trial: Trial) -> None:
    """Write the model as it is in memory, with the marker written first."""
    folder.mkdir(parents=True, exist_ok=True)
    marker = {
        "warning": "The safeguards of these weights were attacked. Do not release them.",
        "attacked": target.root_digest,
        "trial": trial.to_json(),
    }
    (folder / MARKER).write_text(json.dumps(marker, indent=2) + "\n", "utf-8")
    target.model.save_pretrained(folder)
    target.tokenizer.save_pretrained(folder)
