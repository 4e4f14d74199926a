# SPDX-License-Identifier: Apache-2.0
"""A decision as OSCAL assessment results (NIST, JSON): findings and what was observed.

Plain dictionaries. OSCAL knows *satisfied* and *not-satisfied* alone. What is undetermined is
not satisfied, with the reason *other*, and a property that holds the outcome itself.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator

from tiergate.decision.outcome import Outcome
from tiergate.report.bom import NAMESPACE
from tiergate.report.export_source import (
    ExportSource,
    Judged,
    digests_of,
    every_digest,
    judged,
    moment,
    one_line,
    plain,
    readings,
)

OSCAL_VERSION = "1.1.3"
PROPERTIES = "https://tiergate.dev/ns/oscal"
"""Namespace of the properties."""

_Object = dict[str, object]
_REASONS = {Outcome.MET: "pass", Outcome.NOT_MET: "fail", Outcome.UNDETERMINED: "other"}


def assessment_results(source: ExportSource) -> _Object:
    """Make the assessment results."""
    decision = source.decision
    metadata: _Object = {
        "title": one_line(f"Release decision about {decision.subject_name}"),
        "last-modified": moment(decision.at),
        "version": source.digest,
        "oscal-version": OSCAL_VERSION,
        "props": list(_props(source)),
        **_parties(source),
    }
    return {
        "assessment-results": {
            "uuid": _uuid(source, "results"),
            "metadata": metadata,
            "import-ap": {
                "href": f"urn:tiergate:policy:{decision.policy_digest}",
                "remarks": "No assessment plan: the policy says what is asked. It is known by the "
                "digest of its file.",
            },
            "results": [_result(source)],
        }
    }


def _result(source: ExportSource) -> _Object:
    decision, every = source.decision, judged(source.decision)
    controls = [{"control-id": _token(each.key)} for each in every]
    found: _Object = {
        "uuid": _uuid(source, "result"),
        "title": one_line(
            f"{decision.supported} is supported; {decision.asked} is {decision.outcome}"
        ),
        "description": _description(source),
        "start": moment(decision.at),
        "end": moment(decision.at),
        "props": list(_props(source)),
        "local-definitions": {"components": [_component(source), _tool(source)]},
        "reviewed-controls": {
            "description": "Every requirement of every tier of the policy, by tier and id.",
            "control-selections": [{"include-controls": controls}],
        },
        "findings": [_finding(each, source) for each in every],
    }
    observations = list(_observations(source))
    if observations:
        found["observations"] = observations
    return found


def _description(source: ExportSource) -> str:
    lines = [f"Signatures: {source.standing}.", f"Valid until {moment(source.valid_until)}."]
    lines += [f"Policy loosened: {it.field}: {it.what}" for it in source.decision.loosenings]
    lines += [f"Not assessed: {words}" for words in source.decision.not_assessed]
    lines += [f"Evidence that is gone: {digest}" for digest in source.decision.missing]
    lines += [
        f"Waiver of {waiver.requirement} until {moment(waiver.expires_at)}: {waiver.reason}"
        for waiver in source.decision.waivers
    ]
    return "\n\n".join(lines)


def _finding(each: Judged, source: ExportSource) -> _Object:
    outcome = each.row.outcome
    is_shown = outcome is Outcome.MET and not each.waivers
    found: _Object = {
        "uuid": _uuid(source, f"finding {each.key}"),
        "title": one_line(f"{each.place}: {each.row.title}"),
        "description": each.rationale,
        "props": list(_finding_props(each)),
        "target": {
            "type": "objective-id",
            "target-id": _token(each.key),
            "status": {
                "state": "satisfied" if is_shown else "not-satisfied",
                "reason": _REASONS[outcome] if not each.waivers else "other",
                "remarks": each.rationale,
            },
        },
    }
    related = [
        {"observation-uuid": _uuid(source, f"evidence {digest}")} for digest in digests_of(each.row)
    ]
    if related:
        found["related-observations"] = related
    return found


def _finding_props(each: Judged) -> Iterator[_Object]:
    yield _prop("outcome", each.row.outcome)
    yield from (_prop("clause", clause) for clause in each.row.clauses)
    yield from (_prop("waived", waiver) for waiver in each.waivers)


def _observations(source: ExportSource) -> Iterator[_Object]:
    """Yield one for each document of evidence, with what was read in it."""
    measured = readings(source.decision)
    for digest in every_digest(source.decision):
        lines = [
            f"{reading.label} ({reading.variant}): {_counts(reading.successes, reading.trials)}"
            f"bounds {plain(reading.lower)} to {plain(reading.upper)} {reading.unit}".rstrip()
            for reading, _ in measured
            if reading.item.startswith(digest)
        ]
        is_gone = digest in source.decision.missing
        yield {
            "uuid": _uuid(source, f"evidence {digest}"),
            "title": f"Evidence {digest}",
            "description": "\n\n".join(lines) or "No measurement was read in it.",
            "methods": ["TEST" if lines else "EXAMINE"],
            "types": ["control-objective"],
            "subjects": [{"subject-uuid": _uuid(source, "checkpoint"), "type": "component"}],
            "relevant-evidence": [
                {
                    "href": f"urn:tiergate:evidence:{digest}",
                    "description": "Its document is gone." if is_gone else "Its document.",
                }
            ],
            "collected": moment(source.decision.at),
            "remarks": "Collected says when the decision looked at it, not when it was measured.",
        }


def _counts(successes: int | None, trials: int | None) -> str:
    return "" if trials is None else f"{successes} of {trials}, "


def _component(source: ExportSource) -> _Object:
    checkpoint = source.checkpoint
    pairs = [
        ("root-digest", checkpoint.root_digest),
        ("weights-digest", checkpoint.weights_digest or "not computed"),
        ("revision", checkpoint.revision or "not known"),
    ]
    files = [("file", f"{file.path} {file.sha256}") for file in checkpoint.files]
    return {
        "uuid": _uuid(source, "checkpoint"),
        "type": "software",
        "title": one_line(checkpoint.name),
        "description": "The checkpoint: weights with configuration and tokenizer.",
        "props": [_prop(name, value) for name, value in (*pairs, *files)],
        "status": {"state": "other", "remarks": "Not assessed: where it is in use, if at all."},
    }


def _tool(source: ExportSource) -> _Object:
    return {
        "uuid": _uuid(source, "tool"),
        "type": "software",
        "title": "tiergate",
        "description": "What computed the decision.",
        "props": [_prop("version", source.decision.engine_version)],
        "status": {"state": "operational"},
    }


def _props(source: ExportSource) -> Iterator[_Object]:
    decision = source.decision
    yield _prop("tier-supported", decision.supported)
    yield _prop("tier-asked", decision.asked)
    yield _prop("tier-asked-outcome", decision.outcome)
    yield _prop("decision-digest", source.digest)
    yield _prop("valid-until", moment(source.valid_until))
    yield _prop("signatures", source.standing)
    yield _prop("policy", f"{decision.policy_id} {decision.policy_version}")
    yield from (_prop("key-id", key_id) for key_id in source.key_ids)
    yield from (_prop("not-assessed", words) for words in decision.not_assessed)
    if source.approvals is None:
        yield _prop("approvals", "not looked at")


def _parties(source: ExportSource) -> _Object:
    """Return who signed and approved; nothing when nobody is known."""
    if not source.people:
        return {}
    roles = {_token(person.role): person.role for person in source.people}
    parties = {
        _uuid(source, f"party {person.name} {person.organisation}"): person
        for person in source.people
    }
    return {
        "roles": [{"id": name, "title": title} for name, title in sorted(roles.items())],
        "parties": [
            {
                "uuid": key,
                "type": "person",
                "name": one_line(person.name),
                "props": [_prop("organisation", person.organisation)],
            }
            for key, person in parties.items()
        ],
        "responsible-parties": [
            {
                "role-id": _token(person.role),
                "party-uuids": [_uuid(source, f"party {person.name} {person.organisation}")],
                "remarks": person.what,
            }
            for person in source.people
        ],
    }


def _prop(name: str, value: str) -> _Object:
    return {"name": name, "ns": PROPERTIES, "value": one_line(value)}


def _token(words: str) -> str:
    """Write a name as OSCAL's tokens are: no space, and a letter or low line first."""
    found = re.sub(r"[^\w.-]", "-", words)
    return found if re.match(r"[^\W\d]", found) else f"_{found}"


def _uuid(source: ExportSource, what: str) -> str:
    return str(uuid.uuid5(NAMESPACE, f"oscal {source.record_uri} {what}"))
