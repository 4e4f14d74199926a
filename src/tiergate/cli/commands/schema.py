# SPDX-License-Identifier: Apache-2.0
"""``tiergate schema``: the JSON Schema of every document at the edge."""

from __future__ import annotations

import json

import click

DOCUMENTS = (
    "accrue",
    "attack",
    "audit",
    "audit-state",
    "calibration",
    "check",
    "claims",
    "compare",
    "evidence",
    "explanation",
    "grades",
    "limits",
    "log",
    "mapping",
    "policies",
    "policy",
    "problems",
    "report",
    "runs",
    "store",
    "suite",
    "waivers",
)


@click.command("schema")
@click.argument("document", type=click.Choice(DOCUMENTS))
def command(document: str) -> None:
    """Print the JSON Schema of DOCUMENT."""
    click.echo(json.dumps(schema(document), indent=2, sort_keys=True))


def schema(document: str) -> dict[str, object]:
    """Return the JSON Schema of one document by its name."""
    from pydantic import BaseModel
    from pydantic.json_schema import JsonSchemaMode

    from tiergate.cli import json_documents, listing
    from tiergate.cli.attack_document import AttackDocument
    from tiergate.cli.audit_file import AuditFile
    from tiergate.cli.calibration_document import CalibrationDocument
    from tiergate.cli.claim_file import ClaimsFile
    from tiergate.cli.waiver_file import WaiverFile
    from tiergate.decision import policy_document
    from tiergate.evidence.document import EvidencePart
    from tiergate.evidence.mapping import TaskMapping
    from tiergate.evidence.tampering.suite_file import SuiteFile

    if document == "policy":
        return policy_document.json_schema()
    models: dict[str, type[BaseModel]] = {
        "accrue": listing.AccrueDocument,
        "attack": AttackDocument,
        "audit": AuditFile,
        "audit-state": listing.AuditDocument,
        "calibration": CalibrationDocument,
        "grades": listing.GradesDocument,
        "check": json_documents.CheckDocument,
        "compare": listing.CompareDocument,
        "limits": listing.LimitsDocument,
        "runs": listing.RunsDocument,
        "evidence": EvidencePart,
        "explanation": json_documents.ExplainDocument,
        "claims": ClaimsFile,
        "log": listing.LogDocument,
        "policies": listing.PoliciesDocument,
        "problems": listing.ProblemsDocument,
        "report": listing.ReportDocument,
        "store": listing.StoreDocument,
        "suite": SuiteFile,
        "mapping": TaskMapping,
        "waivers": WaiverFile,
    }
    read = {"audit", "claims", "evidence", "mapping", "suite", "waivers"}
    mode: JsonSchemaMode = "validation" if document in read else "serialization"
    return models[document].model_json_schema(mode=mode)
