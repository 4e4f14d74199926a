# SPDX-License-Identifier: Apache-2.0
"""Declarations in a bill of materials: the policy as a standard, and what is claimed of it.

A requirement that is met is a claim with its evidence; one that is not met a counter-claim.
One that is undetermined has neither and no score, and so has one that is met by a waiver
alone: a reader who looks for scores finds none where nothing was shown.
"""

from __future__ import annotations

from tiergate.decision.document import TierPart
from tiergate.decision.outcome import Outcome
from tiergate.report.bom_model import MODEL_REF, reference_to_record
from tiergate.report.export_source import (
    ExportSource,
    Judged,
    Person,
    Standing,
    digests_of,
    every_digest,
    judged,
)

_Object = dict[str, object]


def standard(source: ExportSource) -> _Object:
    """Make the standard that the policy is."""
    decision = source.decision
    return {
        "bom-ref": "policy",
        "name": decision.policy_id,
        "version": decision.policy_version,
        "description": f"Release policy, known by the digest of its file: {decision.policy_digest}",
        "requirements": [_requirement(each) for each in judged(decision)],
        "levels": [_level(tier, source) for tier in decision.tiers],
    }


def declarations(source: ExportSource) -> _Object:
    """Make what is declared."""
    every = judged(source.decision)
    found: _Object = {
        "assessors": [_assessor(source)],
        "attestations": [
            {
                "summary": _summary(source),
                "assessor": "assessor",
                "map": [_conformance(each) for each in every],
            }
        ],
        "claims": [_claim(each) for each in every if _claimed(each) is not None],
        "affirmation": _affirmation(source),
    }
    evidence = [_evidence(digest, source) for digest in every_digest(source.decision)]
    if evidence:
        found["evidence"] = evidence
    return found


def _requirement(each: Judged) -> _Object:
    clauses = [{"name": "tiergate:clause", "value": clause} for clause in each.row.clauses]
    return {
        "bom-ref": f"requirement:{each.key}",
        "identifier": each.key,
        "title": each.row.title,
        **({"properties": clauses} if clauses else {}),
    }


def _level(tier: TierPart, source: ExportSource) -> _Object:
    own = [each for each in judged(source.decision) if each.tier is tier.tier]
    return {
        "bom-ref": f"tier:{tier.tier}",
        "identifier": tier.tier,
        "title": tier.name,
        "description": f"{tier.outcome} with the tiers below it or its fast path",
        "requirements": [f"requirement:{each.key}" for each in own],
    }


def _summary(source: ExportSource) -> str:
    decision = source.decision
    asked = f"{decision.asked} is {decision.outcome}"
    return f"{decision.supported} is the most open tier that the evidence supports; {asked}."


def _claimed(each: Judged) -> bool | None:
    """Tell whether meeting or failing is claimed; None where neither is."""
    if each.row.outcome is Outcome.MET and not each.waivers:
        return True
    return False if each.row.outcome is Outcome.NOT_MET else None


def _conformance(each: Judged) -> _Object:
    found: _Object = {"requirement": f"requirement:{each.key}"}
    claimed = _claimed(each)
    conformance: _Object = {"rationale": each.rationale}
    if claimed is not None:
        found["claims" if claimed else "counterClaims"] = [f"claim:{each.key}"]
        conformance["score"] = int(claimed)
    found["conformance"] = conformance
    return found


def _claim(each: Judged) -> _Object:
    refs = [f"evidence:{digest}" for digest in digests_of(each.row)]
    word = "evidence" if _claimed(each) else "counterEvidence"
    return {
        "bom-ref": f"claim:{each.key}",
        "target": MODEL_REF,
        "predicate": f"{each.place} is {each.row.outcome}: {each.row.title}",
        "reasoning": each.rationale,
        **({word: refs} if refs else {}),
    }


def _evidence(digest: str, source: ExportSource) -> _Object:
    gone = " Its document is gone." if digest in source.decision.missing else ""
    return {
        "bom-ref": f"evidence:{digest}",
        "description": f"Evidence, known by the digest of its document.{gone}",
        "data": [{"name": digest, "contents": {"url": f"urn:tiergate:evidence:{digest}"}}],
    }


def _assessor(source: ExportSource) -> _Object:
    names = dict.fromkeys(person.organisation for person in source.signers)
    return {
        "bom-ref": "assessor",
        "organization": {"name": ", ".join(names) or f"not known: {source.standing}"},
    }


def _affirmation(source: ExportSource) -> _Object:
    found: _Object = {"statement": " ".join((_who_signed(source), _who_approved(source)))}
    people = [_signatory(person, source) for person in source.people]
    if people:
        found["signatories"] = people
    return found


def _who_signed(source: ExportSource) -> str:
    if source.standing is Standing.UNSIGNED:
        return "Nobody signed this decision."
    if source.standing is Standing.NOT_VERIFIED:
        keys = ", ".join(source.key_ids)
        return f"The record names signatures of {keys}; they were not verified here."
    return "The signatures of those who are named as signing the record hold."


def _who_approved(source: ExportSource) -> str:
    if source.approvals is None:
        return "Approvals were not looked at."
    if not source.approvals:
        return "No approval of it stands in the ledger that was looked at."
    return "Approvals are those that stand in its ledger."


def _signatory(person: Person, source: ExportSource) -> _Object:
    return {
        "name": person.name,
        "role": f"{person.role}, {person.what}",
        "organization": {"name": person.organisation},
        "externalReference": reference_to_record(source),
    }
