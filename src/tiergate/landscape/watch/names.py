# SPDX-License-Identifier: Apache-2.0
"""Names as they are compared: small letters, without what separates, digits read as letters."""

from __future__ import annotations

import re
import unicodedata

SHORTEST_KEY = 5
"""A released name with fewer letters and digits is a lead only where all of it is equal."""
_NOT_PLAIN = re.compile(r"[^a-z0-9]")
_SEPARATORS = re.compile(r"[^a-z0-9@$!]+")
_LEET = str.maketrans({"0": "o", "1": "i", "!": "i", "l": "i", "3": "e", "4": "a", "@": "a"})
_MORE_LEET = str.maketrans({"5": "s", "$": "s", "7": "t", "8": "b"})
_BETWEEN_LETTERS = re.compile(r"(?<=[a-z])[0-9@$!]+(?=[a-z])")


def own_name(repository: str) -> str:
    """Return the part after the organisation.

    >>> own_name("org/Model-7B"), own_name("model")
    ('Model-7B', 'model')
    """
    return repository.rpartition("/")[2]


def plain(name: str) -> str:
    """Return small letters a to z and digits of a name, nothing else.

    >>> plain("Model-7B_v0.1")
    'model7bv01'
    """
    return _NOT_PLAIN.sub("", name.lower())


def readings(text: str) -> tuple[str, ...]:
    """Return how a text can be read by somebody who takes digits for letters.

    As a whole, with separators left out and digits between letters read as letters; and word
    by word, with every digit read so. Not both at once: ``4B-literate`` is no other word. The
    letter l and the digit 1 are read as i, in what is looked for as well.

    >>> readings("unc3n-sored")
    ('uncensored', 'uncen', 'sored')
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = [word for word in _SEPARATORS.split(folded) if word]
    joined = "".join(_BETWEEN_LETTERS.sub(lambda m: leet(m[0]), word) for word in words)
    return (joined.translate(_LETTERS), *(leet(word) for word in words))


def leet(word: str) -> str:
    """Read every digit of a word as the letter that it looks like.

    >>> leet("4bl1ter8d")
    'abiiterbd'
    """
    return word.translate(_LEET).translate(_MORE_LEET)


_LETTERS = str.maketrans({"l": "i"})
