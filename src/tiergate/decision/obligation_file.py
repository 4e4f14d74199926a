# SPDX-License-Identifier: Apache-2.0
"""A file of obligations that somebody writes beside a policy, read strictly.

The files that ship are of the same format; see :mod:`tiergate.landscape.obligations`.
"""

from __future__ import annotations

from pathlib import Path

from tiergate.decision.yaml_document import parse_yaml, read_yaml_file
from tiergate.landscape.obligations import ObligationsFile, misnamed

_CALLED = "file of obligations"


def read_obligations(path: Path) -> ObligationsFile:
    """Read a file of obligations.

    Raises:
        MistakesError: there is no such file, or with every mistake and its line.
    """
    data = read_yaml_file(path, _CALLED)
    return parse_yaml(
        data, str(path), ObligationsFile, called=_CALLED, root="file", mistakes=misnamed
    )
