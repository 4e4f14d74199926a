# SPDX-License-Identifier: Apache-2.0
"""Answers for modeldna, one line for each pair of folders on standard input.

Runs in an environment that has modeldna and not Tiergate.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys


def answer(candidate: str, base: str) -> str:
    """Return its word for the pair and its probability."""
    from modeldna.scan import compare_pair  # type: ignore[import-not-found]

    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        found = compare_pair(candidate, base, mode="fast")
    verdict = found[3].to_dict()
    return f"{verdict.get('label') or verdict.get('verdict')} {verdict.get('probability')}"


def main() -> None:
    """Answer until the input ends."""
    for line in sys.stdin:
        candidate, base = json.loads(line)
        try:
            said = answer(candidate, base)
        except Exception as error:  # noqa: BLE001 - whatever it fails with is its answer
            said = f"ERROR {type(error).__name__}"
        print(said.replace("\n", " "), flush=True)


if __name__ == "__main__":
    main()
