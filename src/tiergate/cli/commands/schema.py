# SPDX-License-Identifier: Apache-2.0
"""``tiergate schema``: the JSON Schema of every document at the edge."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pydantic import BaseModel

DOCUMENTS = (
    "accrue",
    "act",
    "actions",
    "attack",
    "audit",
    "audit-state",
    "baselines",
    "benchmarks",
    "calibration",
    "case",
    "cases",
    "check",
    "claims",
    "compare",
    "compute",
    "costs",
    "developers",
    "evidence",
    "evidence-attestation",
    "evidence-signing",
    "explanation",
    "gap",
    "gateway-requests",
    "gateway-verification",
    "grades",
    "key",
    "known-models",
    "ledger-verification",
    "limits",
    "lineage",
    "lint",
    "log",
    "login",
    "mapping",
    "marginal",
    "matrix",
    "model-signature",
    "models",
    "obligations",
    "outline",
    "place",
    "plan",
    "policies",
    "policy",
    "policy-cases",
    "policy-diff",
    "policy-proof",
    "policy-test",
    "prices",
    "problems",
    "proof",
    "record",
    "release-event",
    "release-log",
    "release-status",
    "released-models",
    "replay",
    "report",
    "row",
    "runs",
    "signing",
    "store",
    "suite",
    "threat-record",
    "threat-record-check",
    "tier-plan",
    "trace",
    "trust",
    "verification",
    "vintage-update",
    "waiver",
    "waiver-signing",
    "waivers",
    "watch",
    "watch-report",
    "watch-words",
    "whatif",
)
_READ = frozenset(
    {
        "audit",
        "baselines",
        "claims",
        "evidence",
        "known-models",
        "login",
        "mapping",
        "obligations",
        "plan",
        "policy-cases",
        "prices",
        "released-models",
        "suite",
        "threat-record",
        "trust",
        "waivers",
    }
)
"""Documents that people write: their schema is that of what is read."""


@click.command("schema")
@click.argument("document", type=click.Choice(DOCUMENTS))
def command(document: str) -> None:
    """Print the JSON Schema of DOCUMENT."""
    click.echo(json.dumps(schema(document), indent=2, sort_keys=True))


def schema(document: str) -> dict[str, object]:
    """Return the JSON Schema of one document by its name."""
    from pydantic.json_schema import JsonSchemaMode

    from tiergate.cli import json_documents, listing
    from tiergate.cli.attack_document import AttackDocument
    from tiergate.cli.audit_file import AuditFile
    from tiergate.cli.calibration_document import CalibrationDocument
    from tiergate.cli.claim_file import ClaimsFile
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
        "suite": SuiteFile,
        "mapping": TaskMapping,
        **_of_arguments(),
        **_of_policies(),
        **_of_signing(),
        **_of_records(),
        **_of_releases(),
        **_of_the_landscape(),
        **_of_marginal_risk(),
        **_of_lineage(),
        **_of_the_watch(),
    }
    mode: JsonSchemaMode = "validation" if document in _READ else "serialization"
    return models[document].model_json_schema(mode=mode)


def _of_arguments() -> dict[str, type[BaseModel]]:
    from tiergate.cli.actions_documents import ActionsDocument
    from tiergate.cli.case_documents import CaseDocument
    from tiergate.cli.outline_documents import OutlineDocument

    return {"actions": ActionsDocument, "case": CaseDocument, "outline": OutlineDocument}


def _of_policies() -> dict[str, type[BaseModel]]:
    from tiergate.cli.plan_documents import TierPlanDocument, WhatIfDocument
    from tiergate.cli.policy_analysis_documents import (
        DifferenceDocument,
        LintDocument,
        ProofDocument,
    )
    from tiergate.cli.policy_cases import PolicyTestDocument
    from tiergate.cli.policy_trace import TraceDocument
    from tiergate.decision.case_file import CasesFile
    from tiergate.decision.plan_prices import PriceFile
    from tiergate.landscape.obligations import ObligationsFile

    return {
        "lint": LintDocument,
        "policy-diff": DifferenceDocument,
        "policy-proof": ProofDocument,
        "prices": PriceFile,
        "tier-plan": TierPlanDocument,
        "whatif": WhatIfDocument,
        "obligations": ObligationsFile,
        "policy-cases": CasesFile,
        "policy-test": PolicyTestDocument,
        "trace": TraceDocument,
    }


def _of_signing() -> dict[str, type[BaseModel]]:
    from tiergate.cli import store_documents
    from tiergate.decision.waiver_statement import WaiverFile, WaiverPredicate
    from tiergate.evidence.attestation_statement import EvidencePredicate

    return {
        "evidence-attestation": EvidencePredicate,
        "evidence-signing": store_documents.EvidenceSigningDocument,
        "store": store_documents.StoreDocument,
        "waiver": WaiverPredicate,
        "waiver-signing": store_documents.WaiverSigningDocument,
        "waivers": WaiverFile,
    }


def _of_records() -> dict[str, type[BaseModel]]:
    from tiergate.cli import record_documents
    from tiergate.cli.model_signature_documents import ModelSignatureDocument
    from tiergate.release.record_document import RecordPredicate
    from tiergate.release.trust_file import TrustFile

    return {
        "key": record_documents.KeyDocument,
        "model-signature": ModelSignatureDocument,
        "record": RecordPredicate,
        "replay": record_documents.ReplayDocument,
        "signing": record_documents.SignDocument,
        "trust": TrustFile,
        "verification": record_documents.VerificationDocument,
    }


def _of_releases() -> dict[str, type[BaseModel]]:
    from tiergate.cli import release_documents
    from tiergate.cli.gateway_access import GatewayRequestsDocument
    from tiergate.cli.gateway_verifying import GatewayVerificationDocument
    from tiergate.gateway.login_file import LoginFile
    from tiergate.release.events import EventPart
    from tiergate.release.plan import PlanPart

    return {
        "act": release_documents.ActDocument,
        "login": LoginFile,
        "gateway-requests": GatewayRequestsDocument,
        "gateway-verification": GatewayVerificationDocument,
        "ledger-verification": release_documents.LedgerDocument,
        "plan": PlanPart,
        "proof": release_documents.ProofDocument,
        "release-event": EventPart,
        "release-log": release_documents.LogDocument,
        "release-status": release_documents.StatusDocument,
    }


def _of_the_watch() -> dict[str, type[BaseModel]]:
    from tiergate.cli import watch_documents
    from tiergate.landscape.watch.released import ReleasedModelsFile

    return {
        "released-models": ReleasedModelsFile,
        "watch": watch_documents.WatchDocument,
        "watch-report": watch_documents.WatchReportDocument,
        "watch-words": watch_documents.WatchWordsDocument,
    }


def _of_the_landscape() -> dict[str, type[BaseModel]]:
    from tiergate.cli import (
        landscape_benchmarks,
        landscape_documents,
        landscape_place_documents,
        landscape_table_documents,
    )
    from tiergate.cli.landscape_update_documents import UpdateDocument

    return {
        "vintage-update": UpdateDocument,
        "benchmarks": landscape_benchmarks.BenchmarksDocument,
        "compute": landscape_documents.ComputeDocument,
        "gap": landscape_documents.GapDocument,
        "models": landscape_documents.ModelsDocument,
        "place": landscape_place_documents.PlaceDocument,
        "cases": landscape_table_documents.CasesDocument,
        "costs": landscape_table_documents.CostsDocument,
        "developers": landscape_table_documents.DevelopersDocument,
        "matrix": landscape_table_documents.MatrixDocument,
        "row": landscape_table_documents.RowDocument,
    }


def _of_marginal_risk() -> dict[str, type[BaseModel]]:
    from tiergate.cli.baseline_file import BaselinesFile
    from tiergate.cli.marginal_documents import MarginalDocument
    from tiergate.cli.threat_record import ThreatRecord
    from tiergate.cli.threat_record_text import ThreatRecordDocument

    return {
        "baselines": BaselinesFile,
        "marginal": MarginalDocument,
        "threat-record": ThreatRecord,
        "threat-record-check": ThreatRecordDocument,
    }


def _of_lineage() -> dict[str, type[BaseModel]]:
    from tiergate.cli.lineage_documents import LineageDocument
    from tiergate.cli.lineage_known import KnownModelsFile

    return {"lineage": LineageDocument, "known-models": KnownModelsFile}
