# SPDX-License-Identifier: Apache-2.0
"""The readers that come with Tiergate, and reading a log without saying which tool wrote it."""

from __future__ import annotations

from pathlib import Path

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.base import READERS, ForeignLog, Reader
from tiergate.evidence.readers.every_eval_ever import EveryEvalEverReader
from tiergate.evidence.readers.garak import GarakReader
from tiergate.evidence.readers.harmbench import HarmBenchReader
from tiergate.evidence.readers.helm import HelmReader
from tiergate.evidence.readers.hf_claims import HfClaimsReader
from tiergate.evidence.readers.inspect_ai import InspectReader
from tiergate.evidence.readers.jailbreakbench import JailbreakBenchReader
from tiergate.evidence.readers.lm_eval import LmEvalReader
from tiergate.evidence.readers.promptfoo import PromptfooReader
from tiergate.evidence.readers.pyrit import PyritReader
from tiergate.extension import Registry

_BUILT_IN: tuple[Reader, ...] = (
    EveryEvalEverReader(),
    GarakReader(),
    HarmBenchReader(),
    HelmReader(),
    HfClaimsReader(),
    InspectReader(),
    JailbreakBenchReader(),
    LmEvalReader(),
    PromptfooReader(),
    PyritReader(),
)

for _reader in _BUILT_IN:
    READERS.register(_reader.name, _reader)


def reader_for(path: Path, *, readers: Registry[Reader] = READERS) -> Reader:
    """Return the one reader that recognises ``path``.

    Raises:
        EvidenceError: no reader does, or several do.
    """
    fitting = [name for name in readers if readers[name].recognises(path)]
    if len(fitting) == 1:
        return readers[fitting[0]]
    if not path.exists():
        raise EvidenceError(str(path), "nothing", "a log", "Check the path.")
    if fitting:
        raise EvidenceError(
            path.name,
            f"a log that several readers take for theirs ({', '.join(fitting)})",
            "a log of one tool",
            "Name the reader.",
        )
    raise EvidenceError(
        path.name,
        "a log that no reader recognises",
        f"a log of {', '.join(readers) or 'a tool that has a reader'}",
        "Give the file or folder that the tool wrote, under the name that it gave.",
    )


def read_log(path: Path, *, readers: Registry[Reader] = READERS) -> ForeignLog:
    """Read a log of any tool that has a reader.

    Raises:
        EvidenceError: no reader recognises it, several do, or it cannot be used.
    """
    return reader_for(path, readers=readers).read(path)
