# SPDX-License-Identifier: Apache-2.0
"""The JSON Schema of policy files: of complete ones, and of those that extend another.

An extension may leave out whatever it takes over, so its schema is the other one in which only
numbers, checks and the file's own name have to be complete. One is made from the other here, so
that they cannot drift apart.
"""

from __future__ import annotations

from copy import deepcopy

from tiergate.decision.policy_file import PolicyFile

_Schema = dict[str, object]
_MERGED = (
    "PolicyFile",
    "TierPart",
    "RequirementPart",
    "BandDefinitionPart",
    "CeilingsPart",
    "TamperPart",
    "TamperLevelPart",
    "WaiversPart",
    "EvidencePart",
    "ApprovalsPart",
    "ExpiryPart",
    "TriggerPart",
)
_STILL_NEEDED = {
    "PolicyFile": ["format", "id", "version", "extends", "title", "summary", "as_of"],
    "TierPart": ["id"],
    "TriggerPart": ["id"],
}
_REFERENCE = "#/$defs/"


def json_schema() -> _Schema:
    """Return the schema: what a file has to hold depends on whether it extends another."""
    whole = PolicyFile.model_json_schema()
    definitions = whole.pop("$defs")
    definitions["PolicyFile"] = whole
    for name in _MERGED:
        definitions[_extended(name)] = _loosely(name, definitions[name])
    return {
        "$defs": definitions,
        "title": "Policy",
        "description": "A Tiergate policy file: complete, or an extension of another.",
        "type": "object",
        "if": {"required": ["extends"]},
        "then": {"$ref": f"{_REFERENCE}{_extended('PolicyFile')}"},
        "else": {"$ref": f"{_REFERENCE}PolicyFile"},
    }


def _extended(name: str) -> str:
    return f"Extended{name}"


def _loosely(name: str, schema: _Schema) -> _Schema:
    """Return the schema of a part of which all that is not stated is taken over."""
    found = _renamed(deepcopy(schema))
    assert isinstance(found, dict)  # noqa: S101 - a schema is one
    found["title"] = _extended(name)
    found["required"] = _STILL_NEEDED.get(name, [])
    properties = found["properties"]
    assert isinstance(properties, dict)  # noqa: S101 - every part has fields
    for field in properties.values():
        # A list is added to, or says that nothing is left.
        field.pop("minItems", None)
        field.pop("default", None)
    return found


def _renamed(part: object) -> object:
    if isinstance(part, dict):
        return {
            key: _target(str(value)) if key == "$ref" else _renamed(value)
            for key, value in part.items()
        }
    if isinstance(part, list):
        return [_renamed(value) for value in part]
    return part


def _target(reference: str) -> str:
    name = reference.removeprefix(_REFERENCE)
    return f"{_REFERENCE}{_extended(name) if name in _MERGED else name}"
