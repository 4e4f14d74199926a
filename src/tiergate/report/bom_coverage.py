# SPDX-License-Identifier: Apache-2.0
"""Which minimum elements of the G7 "SBOM for AI" a bill of materials fills, one row each.

Names and numbers of the elements are known second-hand: the paper of 12 May 2026 itself was
not read. Every bill names the elements that it does not fill.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass


class Filling(enum.StrEnum):
    """Whether an element is filled."""

    ALWAYS = "filled"
    """In every bill."""
    WHEN_KNOWN = "filled when it is known"
    """Where what the bill is made from says it; the bill says so where it does not."""
    NEVER = "not filled"
    """In no bill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """One minimum element."""

    code: str
    """Cluster and number."""
    name: str
    """What it is called."""
    filling: Filling
    """Whether it is filled."""
    path: str
    """Where, by keys from the top; ``*`` is every item of a list. Empty when never."""
    why: str
    """What stands there, or why nothing does."""


_SYSTEM = "this is a bill of one checkpoint, not of a system that uses it"
_DATASET = "no decision looks at training or test data; evidence names its tasks"
_MODEL = "metadata/component"
_CARD = f"{_MODEL}/modelCard"
_PROPERTY = f"{_MODEL}/properties/tiergate:"


def _always(code: str, name: str, path: str, why: str) -> Element:
    return Element(code=code, name=name, filling=Filling.ALWAYS, path=path, why=why)


def _known(code: str, name: str, path: str, why: str) -> Element:
    return Element(code=code, name=name, filling=Filling.WHEN_KNOWN, path=path, why=why)


def _never(code: str, name: str, why: str) -> Element:
    return Element(code=code, name=name, filling=Filling.NEVER, path="", why=why)


ELEMENTS: tuple[Element, ...] = (
    _never(
        "MD-01",
        "author of the bill",
        "whoever exports is not asked; who signed and approved is in the affirmation",
    ),
    _always(
        "MD-02", "version of the bill", "version", "always 1: another decision is another bill"
    ),
    _always("MD-03", "data format name", "bomFormat", "CycloneDX"),
    _always("MD-04", "data format version", "specVersion", "1.6"),
    _never(
        "MD-05",
        "author signature",
        "the bill is derived and not signed; the record that it names is",
    ),
    _always("MD-06", "tool name", "metadata/tools/components/*/name", "tiergate"),
    _always(
        "MD-07",
        "tool version",
        "metadata/tools/components/*/version",
        "the version that decided",
    ),
    _always("MD-08", "generation context", "metadata/lifecycles/*/name", "release decision"),
    _always("MD-09", "timestamp", "metadata/timestamp", "the time of the decision"),
    _known(
        "MD-10",
        "dependency relationship",
        f"{_MODEL}/pedigree/ancestors/*/name",
        "base models that the card declares; no other dependency is known",
    ),
    _never("SLP-01", "system name", _SYSTEM),
    _never("SLP-02", "system components", _SYSTEM),
    _never("SLP-03", "system producer", _SYSTEM),
    _never("SLP-04", "system version", _SYSTEM),
    _never("SLP-05", "system timestamp", _SYSTEM),
    _never("SLP-06", "system data flow", _SYSTEM),
    _never("SLP-07", "system data usage", _SYSTEM),
    _never("SLP-08", "system input and output properties", _SYSTEM),
    _never("SLP-09", "intended application area", _SYSTEM),
    _always("MDL-01", "model name", f"{_MODEL}/name", "the name of the checkpoint"),
    _always(
        "MDL-02",
        "model identifier",
        f"{_PROPERTY}checkpoint:root-digest",
        "digest over path, size, digest and role of every file",
    ),
    _always(
        "MDL-03",
        "model version",
        f"{_MODEL}/version",
        "the commit on the hub, and the root digest where none is known",
    ),
    _never("MDL-04", "model timestamp", "weights files do not say when they were made"),
    _never("MDL-05", "model producer", "neither the files nor a decision say who made them"),
    _never("MDL-06", "model description", "what a card says in prose is not read"),
    _always(
        "MDL-07",
        "model hash value",
        f"{_MODEL}/components/*/hashes/*/content",
        "of every file; the digest over all tensors is a property",
    ),
    _always("MDL-08", "model hash algorithm", f"{_MODEL}/components/*/hashes/*/alg", "SHA-256"),
    _known(
        "MDL-09",
        "model properties",
        f"{_CARD}/properties/tiergate:parameters",
        "parameters, dtypes, formats and architecture as `check` read them in the files",
    ),
    _known(
        "MDL-10",
        "model input and output properties",
        f"{_CARD}/modelParameters/outputs/*/format",
        "what the architecture can generate; inputs are not looked at",
    ),
    _never(
        "MDL-11",
        "training properties",
        "what was stated about training is in evidence, which is named by digest",
    ),
    _known(
        "MDL-12",
        "model licence",
        f"{_MODEL}/licenses/*/license/name",
        "what card and licence files say, as declared",
    ),
    _always(
        "MDL-13",
        "external references",
        f"{_MODEL}/externalReferences/*/url",
        "the decision or its record, by digest",
    ),
    _never("DP-01", "dataset name", _DATASET),
    _never("DP-02", "dataset description", _DATASET),
    _never("DP-03", "dataset content", _DATASET),
    _never("DP-04", "dataset identifier", _DATASET),
    _never("DP-05", "dataset hash", _DATASET),
    _never("DP-06", "dataset provenance", _DATASET),
    _never("DP-07", "dataset statistical properties", _DATASET),
    _never("DP-08", "dataset sensitivity", _DATASET),
    _never("DP-09", "dataset dependency relationship", _DATASET),
    _never("DP-10", "dataset licence", _DATASET),
    _never("INF-01", "infrastructure software", "a decision about weights is not about a machine"),
    _never("INF-02", "infrastructure hardware", "a decision about weights is not about a machine"),
    _never("SP-01", "security controls", "what a policy asks for is there, not what is in place"),
    _always(
        "SP-02",
        "security compliance",
        "declarations/attestations/*/map/*/conformance/rationale",
        "the outcome of every requirement of the policy, and why",
    ),
    _never("SP-03", "cybersecurity policy information", "no file is read that would say it"),
    _never("SP-04", "vulnerability referencing", "no list of vulnerabilities is read"),
    _known(
        "KPI-01",
        "security metric",
        f"{_CARD}/quantitativeAnalysis/performanceMetrics/*/type",
        "measurements that the decision used, with counts, bounds and limits",
    ),
    _never("KPI-02", "operational performance", "speed, accuracy and energy decide no tier"),
)
"""Every element, in the order of the paper."""


def missing_from(document: object) -> tuple[Element, ...]:
    """Return the elements that a bill does not fill."""
    return tuple(element for element in ELEMENTS if not is_filled(document, element))


def is_filled(document: object, element: Element) -> bool:
    """Tell whether a bill says something of an element: that it is not known is nothing."""
    if not element.path:
        return False
    found = list(_found(document, element.path.split("/")))
    return bool(found) and not any(str(value).startswith("not known") for value in found)


def _found(place: object, steps: list[str]) -> Iterator[object]:
    if not steps:
        yield place
        return
    step, *rest = steps
    if isinstance(place, dict) and step in place:
        yield from _found(place[step], rest)
    elif isinstance(place, list) and step == "*":
        for item in place:
            yield from _found(item, rest)
    elif isinstance(place, list):
        # In a list of properties, a step is the name of one.
        yield from (item["value"] for item in place if item.get("name") == step)
