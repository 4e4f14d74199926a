# SPDX-License-Identifier: Apache-2.0
"""What the OpenAPI document says of the gateway is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from tiergate.gateway.hub import ROUTES
from tiergate.gateway.targets import Kind, read_target

DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "gateway-openapi.yaml"
OTHER = {
    Kind.FRONT,
    Kind.PAGE,
    Kind.DESK,
    Kind.FILE,
    Kind.LFS_OBJECT,
    Kind.XET_TOKEN,
    Kind.LATER,
}
"""Pages, contents, and what is answered with an explanation only."""
_EXAMPLES = {"namespace": "acme", "name": "gated", "revision": "main", "state": "pending"}


def _named() -> dict[Kind, set[str]]:
    found: dict[Kind, set[str]] = {}
    for path, methods in yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))["paths"].items():
        plain = re.sub(r"\{(\w+)\}", lambda match: _EXAMPLES[match[1]], path)
        target = read_target(plain.encode())
        assert target is not None, path
        found.setdefault(target.kind, set()).update(method.upper() for method in methods)
    return found


def test_that_every_route_of_the_document_is_there_and_answers_to_its_method() -> None:
    for kind, methods in _named().items():
        assert methods <= set(ROUTES[kind].methods), kind


def test_that_every_json_route_stands_in_the_document() -> None:
    assert set(_named()) == set(Kind) - OTHER
