# SPDX-License-Identifier: Apache-2.0
"""The witness of two packs, written as files and fed back to ``tiergate check``."""

from __future__ import annotations

import itertools
import shlex
from pathlib import Path

import pytest

from cli_runner import run
from tiergate.decision.policy_document import shipped_policies

SAMPLE = {
    ("intake", "pai-2023"),
    ("california-sb53", "thinking-machines-2026"),
    ("image", "intake"),
}
PAIRS = [
    pytest.param(*pair, marks=[] if pair in SAMPLE else [pytest.mark.slow])
    for pair in itertools.combinations(shipped_policies(), 2)
]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_check_gives_the_tiers_that_the_comparison_says(
    first: str, second: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    done = run("policy", "diff", first, second, "--at", "2026-12-01", "--witness", "w")

    assert (done.code, done.err) == (1, "")
    lines = [line for line in done.unbroken.splitlines() if ": tiergate check " in line]
    found = []
    for line in lines:
        says, command = line.split(": ", 1)
        answer = run(*shlex.split(command)[1:], "--json").json["decision"]
        assert says.split()[-1] == answer["supported"]
        found.append(answer["supported"])
    assert len(set(found)) == 2
