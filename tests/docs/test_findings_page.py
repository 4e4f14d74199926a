# SPDX-License-Identifier: Apache-2.0
"""The page of findings has every code that the program can print, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.finding_codes import Untraceable, codes_in, codes_of
from tiergate.evidence import grades

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "findings.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `([a-z-]+)` \|.*\| ?(\d?) \|$", PAGE, re.MULTILINE)
PRINTED = codes_in(ROOT / "src" / "tiergate")


def test_every_finding_is_on_the_page_once_and_the_page_has_no_other() -> None:
    assert sorted(PRINTED) == sorted(code for code, _ in ROWS)


def test_the_page_says_how_far_a_finding_lowers_internal_validity() -> None:
    lowered = {code: str(most) for code, (most, _) in grades._DOUBTS.items()}

    assert lowered == {code: most for code, most in ROWS if most}


def test_a_finding_that_lowers_a_grade_is_one_that_something_prints() -> None:
    assert set() == grades._DOUBTS.keys() - PRINTED


WAYS = {
    "a literal": "Remark(code='a-b', message='')",
    "either of two literals": "Remark(code='a-b' if x else 'a-b', message='')",
    "a constant of the module": "A = 'a-b'\ndef f():\n    return Remark(code=A, message='')",
    "a name in a function": "def f():\n    code = 'a-b'\n    return Remark(code=code, message='')",
    "the column of a table": (
        "def f():\n    for n, code in ((1, 'a-b'), (2, 'a-b')):\n        yield Remark(code=code)"
    ),
    "the column of a table in a comprehension": (
        "x = [Remark(code=code) for code, n in (('a-b', 1),)]"
    ),
    "a parameter": "def f(n, code):\n    return Remark(code=code)\nf(1, 'a-b')",
    "a keyword": "def f(*, code):\n    return Remark(code=code)\nf(code='a-b')",
}


@pytest.mark.parametrize("source", WAYS.values(), ids=WAYS.keys())
def test_a_code_is_found_however_it_is_written(source: str) -> None:
    assert {"a-b"} == codes_of(source, "x.py")


def test_a_code_that_is_read_from_another_finding_is_no_new_one() -> None:
    assert set() == codes_of("Remark(code=other.code, message='')", "x.py")


def test_a_code_that_cannot_be_followed_is_an_error() -> None:
    with pytest.raises(Untraceable, match=r"x\.py:2: code"):
        codes_of("def f(code):\n    return Remark(code=code)", "x.py")
