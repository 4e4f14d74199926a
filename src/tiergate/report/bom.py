# SPDX-License-Identifier: Apache-2.0
"""A decision as a CycloneDX 1.6 bill of materials of its checkpoint (ECMA-424).

Plain dictionaries. Equal decisions give equal bytes: the serial number comes from the digest
of the decision, and the time is that of the decision.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

from tiergate.report.bom_coverage import missing_from
from tiergate.report.bom_declarations import declarations, standard
from tiergate.report.bom_model import MODEL_REF, model_component
from tiergate.report.export_source import ExportSource, moment

SPEC_VERSION = "1.6"
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://tiergate.dev/export")
"""Of every UUID in an export."""

_Object = dict[str, object]


def bill_of_materials(source: ExportSource) -> _Object:
    """Make the bill of materials."""
    document: _Object = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, f'bom {source.record_uri}')}",
        "version": 1,
        "metadata": _metadata(source),
        "dependencies": [{"ref": MODEL_REF}],
        "compositions": [
            {"aggregate": "complete", "assemblies": [MODEL_REF]},
            {"aggregate": "unknown", "dependencies": [MODEL_REF]},
        ],
        "definitions": {"standards": [standard(source)]},
        "declarations": declarations(source),
    }
    document["properties"] = list(_not_filled(document))
    return document


def to_bytes(document: _Object) -> bytes:
    """Write a document, the same bytes for equal documents."""
    text = json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True)
    return f"{text}\n".encode()


def _metadata(source: ExportSource) -> _Object:
    return {
        "timestamp": moment(source.decision.at),
        "lifecycles": [
            {
                "name": "release decision",
                "description": "Made from a decision about finished weights, before any release.",
            }
        ],
        "tools": {
            "components": [
                {
                    "type": "application",
                    "name": "tiergate",
                    "version": source.decision.engine_version,
                }
            ]
        },
        "component": model_component(source),
    }


def _not_filled(document: _Object) -> Iterator[_Object]:
    """Yield the G7 minimum elements that this document does not fill, each with why."""
    for element in missing_from(document):
        yield {
            "name": "tiergate:g7:not-filled",
            "value": f"{element.code} {element.name}: {element.why}",
        }
