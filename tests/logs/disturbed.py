# SPDX-License-Identifier: Apache-2.0
"""Documents with one value somewhere in them replaced by anything that JSON can hold."""

from __future__ import annotations

import copy
import math

from hypothesis import strategies as st

Json = dict[str, object]

ANYTHING: st.SearchStrategy[object] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([2**60, -(10**400), 1e300, -0.0, math.nan, math.inf]),
    st.sampled_from(["", "x", "\ud800", "1e999999999", "sha256:", "0000-00-00", "nan"]),
    st.sampled_from([[], [[]], [None, 3], {}, {"": {}}, {"name": [], "value": {}, "id": None}]),
)


def paths(document: object) -> list[tuple[str | int, ...]]:
    """Return the way to every value inside ``document``."""
    if isinstance(document, dict):
        below: list[tuple[str | int, object]] = list(document.items())
    elif isinstance(document, list):
        below = list(enumerate(document))
    else:
        return []
    return [(key, *rest) for key, value in below for rest in [(), *paths(value)]]


@st.composite
def disturbed(draw: st.DrawFn, document: Json) -> Json:
    """Draw ``document`` with one to three of its values replaced."""
    made: object = copy.deepcopy(document)
    for _ in range(draw(st.integers(1, 3))):
        way = draw(st.sampled_from(paths(made) or [("x",)]))
        place: object = made
        for key in way[:-1]:
            assert isinstance(place, dict | list)
            place = place[key]  # type: ignore[index]
        place[way[-1]] = copy.deepcopy(draw(ANYTHING))  # type: ignore[index]
    assert isinstance(made, dict)
    return made
