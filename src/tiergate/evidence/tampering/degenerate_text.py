# SPDX-License-Identifier: Apache-2.0
"""Text that is no answer: it goes round in circles, or is not made of words.

A broken model often says neither yes nor no. These rules are cautious: what they call broken
counts for nobody, so text in any language and script, lists, tables and code must pass, and
a salad of real words does too. Whether a model is still of use is measured apart from this.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_LEAST_WORDS = 8
_LONGEST_PERIOD = 12
_LEAST_SIGNS = 24
_ENDINGS = re.compile(
    r"(?:a?ble|ability|a?tion|e[dr]|ess|ful|ible|ing(?:ly)?|ish|ity|ly|ment|ness|ous|ry)"
)
_WORD = re.compile(r"[^\W_]+")
_LIST_NUMBER = re.compile(r"\d+[.):]")


def is_looping(text: str) -> bool:
    """Tell whether one phrase, said at least three times in a row, is half of the text or more.

    >>> is_looping("I love it. I love it. I love it. I love it. I love it.")
    True
    >>> is_looping("Row, row, row your boat gently down the stream.")
    False
    """
    words = [_LIST_NUMBER.sub("0", word) for word in text.casefold().split()]
    if len(words) >= _LEAST_WORDS and _longest_loop(words) * 2 >= len(words):
        return True
    signs = "".join(words)
    return len(signs) >= _LEAST_SIGNS and _longest_loop(signs) * 4 >= len(signs) * 3


def is_incoherent(text: str) -> bool:
    """Tell whether the text is not made of words.

    >>> is_incoherent("trwq pldfk bnmx zzrt wqpk")
    True
    >>> is_incoherent("42")
    False
    """
    signs = [sign for sign in text if not sign.isspace()]
    if not any(sign.isalnum() for sign in signs):
        return True
    if sum(sign == "\ufffd" for sign in signs) * 10 > len(signs):
        return True
    letters = sum(sign.isalpha() for sign in signs)
    symbols = {sign for sign in signs if not sign.isalnum()}
    if len(signs) > 16 and letters * 10 < len(signs) * 3 and len(symbols) > 4:
        return True
    return _is_made_of_fragments(_WORD.findall(text.casefold()))


def _is_made_of_fragments(words: Sequence[str]) -> bool:
    long_words = [word for word in words if len(word) > 1]
    if len(long_words) < 4:
        return False
    return sum(map(_is_fragment, long_words)) * 5 >= len(long_words) * 2


def _is_fragment(word: str) -> bool:
    if not word.isascii():
        return False
    if word.isalpha():
        return bool(_ENDINGS.fullmatch(word)) or (len(word) > 2 and not set(word) & set("aeiouy"))
    return not word.isdigit() and any(sign.isdigit() for sign in word[1:-1])


def _longest_loop(items: Sequence[str]) -> int:
    """Return the length of the longest stretch that repeats itself three times or more."""
    longest = 0
    for period in range(1, min(_LONGEST_PERIOD, len(items) // 3) + 1):
        run = 0
        for index in range(period, len(items)):
            run = run + 1 if items[index] == items[index - period] else 0
            if run >= 2 * period:
                longest = max(longest, run + period)
    return longest
