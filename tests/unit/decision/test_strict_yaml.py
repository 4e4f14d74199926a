# SPDX-License-Identifier: Apache-2.0
"""Strict YAML: what people write is kept as written, and what could mislead is refused."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tiergate.decision.strict_yaml import LARGEST_BYTES, load


def content(text: str) -> object:
    found, _, problems = load(text.encode())
    assert problems == ()
    return found


KEPT: dict[str, tuple[str, object]] = {
    "a decimal stays text": ("0.05", "0.05"),
    "a date stays text": ("2026-11-23", "2026-11-23"),
    "a whole number is one": ("600", 600),
    "a negative number is one": ("-3", -3),
    "a leading zero makes no octal number": ("010", 10),
    "a hexadecimal number stays text": ("0x1F", "0x1F"),
    "a number with underscores stays text": ("1_000", "1_000"),
    "minutes and seconds stay text": ("1:30", "1:30"),
    "an exponent stays text": ("1e25", "1e25"),
    "true is true": ("true", True),
    "false is false": ("false", False),
    "yes is a word": ("yes", "yes"),
    "no is a word, as for Norway": ("no", "no"),
    "a quoted true is a word": ("'true'", "true"),
    "a quoted number is a word": ('"7"', "7"),
    "nothing is null": ("null", None),
    "not a number stays text": (".nan", ".nan"),
    "a byte order mark is skipped": ("\ufeffa", "a"),
}


@pytest.mark.parametrize("sentence", KEPT)
def test_a_value_is_read_as_written(sentence: str) -> None:
    text, expected = KEPT[sentence]

    found = content(f"key: {text}\n" if not text.startswith("\ufeff") else f"\ufeffkey: {text[1:]}")

    assert isinstance(found, dict)
    assert (type(expected), expected) == (type(found["key"]), found["key"])


REFUSED: dict[str, tuple[bytes, int | None, str]] = {
    "an alias": (b"a: &x [1]\nb: *x\n", 2, "an alias"),
    "aliases that multiply": (
        b"a: &a [x,x,x,x]\nb: &b [*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b]\n",
        2,
        "an alias",
    ),
    "a tag on a value": (b"a: 1\nb: !!float 2\n", 2, "a tag"),
    "a tag on a list": (b"a: !mine [1]\n", 1, "a tag"),
    "a tag that would make an object": (b"!!python/object/apply:os.system [ls]\n", 1, "a tag"),
    "brackets without end": (b"[" * 20_000, 1, "nested more than"),
    "an indent without end": (
        b"".join(b" " * depth + b"- \n" for depth in range(90)),
        62,
        "nested more than",
    ),
    "two documents": (b"a: 1\n---\nb: 2\n", 2, "another document"),
    "an open quote": (b'a: "x\n', 2, "end of stream"),
    "a tab as indent": (b"a:\n\tb: 1\n", 2, "cannot start any token"),
    "an empty file": (b"", None, "an empty file"),
    "comments alone": (b"# nothing\n", None, "an empty file"),
    "text that is no UTF-8": (b"a: \xff\n", None, "utf-8"),
    "UTF-16": ("a: 1".encode("utf-16"), None, "utf-8"),
    "a control character": (b"a: \x00\n", None, "unacceptable character"),
    "too many bytes": (b"#" * (LARGEST_BYTES + 1), None, "expected at most"),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_a_file_that_cannot_be_trusted_is_refused_whole(sentence: str) -> None:
    data, line, words = REFUSED[sentence]

    found, _, problems = load(data)

    assert found is None
    assert [line] == [problem.line for problem in problems]
    assert words in problems[0].message
    assert "\n" not in problems[0].message


def test_a_key_that_stands_twice_is_a_mistake_with_its_line() -> None:
    _, _, problems = load(b"a: 1\nb:\n  c: 1\n  c: 2\na: 3\n")

    assert [(4, "b.c"), (5, "a")] == [(p.line, p.field) for p in problems]


def test_keys_that_only_look_different_stand_twice() -> None:
    _, _, problems = load(b"a: 1\n'a': 2\n")

    assert [2] == [problem.line for problem in problems]


def test_a_key_that_is_a_list_is_a_mistake() -> None:
    _, _, problems = load(b"? [a, b]\n: 1\n")

    assert ["a key that is no plain word"] == [problem.message for problem in problems]


def test_every_place_has_its_line() -> None:
    _, lines, _ = load(b"a: 1\nb:\n- c: 2\n- d\n")

    assert 2 == lines["b",]
    assert 3 == lines["b", 0, "c"]
    assert 4 == lines["b", 1]


plain = st.recursive(
    st.booleans() | st.integers(-(10**9), 10**9) | st.text(st.characters(codec="ascii")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abcdefgh", min_size=1), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(plain)
def test_what_a_yaml_writer_writes_is_read_back(value: object) -> None:
    text = yaml.dump({"value": value}, Dumper=_Written)

    assert {"value": value} == content(text)


class _Written(yaml.SafeDumper):
    """Writes shared parts out instead of naming them."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the library's signature
        return True


@given(st.binary(max_size=200))
def test_no_bytes_at_all_make_it_fall_over(data: bytes) -> None:
    _, lines, problems = load(data)

    assert all(line >= 1 for line in lines.values())
    assert all(problem.message for problem in problems)
