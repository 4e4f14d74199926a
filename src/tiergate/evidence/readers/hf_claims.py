# SPDX-License-Identifier: Apache-2.0
"""Reader of evaluation results that a Hugging Face repository states about its model.

They are values without samples, counts or weights, so they become claims and never
measurements.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.base import ForeignLog
from tiergate.evidence.readers.source import first_bytes, opened

_CARD = "README.md"
_EVAL_RESULTS = ".eval_results"
_INDEX = re.compile(rb"^model-index[ \t]*:", re.MULTILINE)
_MAX_BYTES = 8 * 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class HfClaimsReader:
    """Reads ``.eval_results/*.yaml`` and the ``model-index`` of a README.md."""

    @property
    def name(self) -> str:
        """Name of the reader; no single tool writes these files."""
        return "hugging_face"

    def recognises(self, path: Path) -> bool:
        """Tell whether ``path`` is a README.md with a model-index, or a file of entries."""
        if path.name == _CARD:
            front = first_bytes(path, _MAX_BYTES).partition(b"\n---")[0]
            return front.startswith((b"---", b"\xef\xbb\xbf---")) and bool(_INDEX.search(front))
        if path.suffix != ".yaml" or not path.is_file():
            return False
        return _EVAL_RESULTS in path.absolute().parent.parts or _holds_entries(path)

    def read(self, path: Path) -> ForeignLog:
        """Read what the file states.

        Raises:
            EvidenceError: no plain YAML, of another shape, or without any value.
        """
        # Most commands read no such file, and YAML is slow to import.
        from tiergate.evidence.readers.hf_claims_formats import read_card, read_entries
        from tiergate.evidence.readers.hf_claims_log import log_of

        with opened(path) as file:
            content = file.read_all(most_bytes=_MAX_BYTES)
        read = read_card if path.name == _CARD else read_entries
        return log_of(read(content, file.name), path, file)


def _holds_entries(path: Path) -> bool:
    from tiergate.evidence.readers.hf_claims_formats import read_entries
    from tiergate.evidence.readers.hf_claims_yaml import MAX_YAML_BYTES

    try:
        read_entries(first_bytes(path, MAX_YAML_BYTES + 1), path.name)
    except EvidenceError:
        return False
    return True
