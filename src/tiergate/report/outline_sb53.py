# SPDX-License-Identifier: Apache-2.0
"""The transparency report of California's SB 53, section 22757.12(c).

Every frontier developer publishes the first part before or with the deployment of a new frontier
model, open weights included; large frontier developers add the second. The act is known
second-hand here, and the report says so.
"""

from __future__ import annotations

from tiergate.evidence.hazards import HazardDomain
from tiergate.report.outline import Outline, Section
from tiergate.report.outline_checkpoint import checkpoint_facts, languages, licence, modalities
from tiergate.report.outline_measured import from_outside, measured
from tiergate.report.outline_source import (
    Asked,
    OutlineSource,
    decided,
    not_assessed,
    one_of,
    preface,
    section,
    stated,
)

_CAVEAT = (
    "The outline follows SB 53 as others describe it; the text of the act itself was not read. "
    "Whether the act covers this model and its developer was not looked at."
)
_CATASTROPHIC = (HazardDomain.CBRN, HazardDomain.CYBER, HazardDomain.LOSS_OF_CONTROL)


def sb53_transparency_report(source: OutlineSource) -> Outline:
    """Fill the transparency report."""
    return Outline(
        id="sb53-transparency-report",
        title=f"Transparency report: {source.export.checkpoint.name}",
        preface=(
            *preface(source),
            _CAVEAT,
        ),
        front_matter="",
        sections=(
            _facts(source),
            _scope(source),
            _assessments(source),
            _third_parties(source),
            _framework(source),
            _left_out(source),
        ),
    )


def _facts(source: OutlineSource) -> Section:
    return section(
        "1. The model and how to reach its developer",
        "Give the website, a way to reach a person, the release date, languages, modalities, "
        "intended uses and restrictions.",
        ("CA-SB53-12C1", "CA-SB53-11-DEPLOY"),
        checkpoint_facts(source),
        stated(source, Asked(label="Website", item="E24", field="website")),
        one_of(
            source,
            Asked(label="Contact", item="E24", field="contact"),
            Asked(label="Contact for incidents", item="E18", field="intake_address"),
        ),
        stated(source, Asked(label="Release date", item="E24", field="release_date")),
        languages(source),
        modalities(source),
        stated(source, Asked(label="Intended uses", item="E24", field="intended_uses")),
        licence(source),
        one_of(
            source,
            Asked(label="Restrictions and conditions", item="E02", field="restrictions"),
            Asked(label="Restrictions and conditions", item="E24", field="restrictions"),
        ),
    )


def _scope(source: OutlineSource) -> Section:
    return section(
        "2. Training compute",
        "Count the original run and every later change towards 1e26 operations.",
        ("CA-SB53-11-FM",),
        stated(
            source,
            Asked(label="Training compute, FLOP", item="E01", field="training_flop"),
            Asked(label="Its upper estimate, FLOP", item="E01", field="training_flop_upper"),
            Asked(label="How it was estimated", item="E01", field="method"),
        ),
    )


def _assessments(source: OutlineSource) -> Section:
    return section(
        "3. Assessments of catastrophic risk, and their results",
        "Large frontier developers sum up what they assessed and what came out.",
        ("CA-SB53-12C2", "CA-SB53-11-CATRISK"),
        stated(
            source,
            Asked(label="Scenarios", item="E05", field="scenarios"),
            Asked(label="Marginal risk", item="E05", field="marginal_risk_evidence"),
        ),
        *(measured(source, domain) for domain in _CATASTROPHIC),
        decided(source),
        not_assessed(source),
    )


def _third_parties(source: OutlineSource) -> Section:
    return section(
        "4. Third parties",
        "Say how far evaluators from outside were involved.",
        ("CA-SB53-12C2",),
        from_outside(source),
        stated(
            source,
            Asked(label="Evaluation report", item="E10", field="report"),
            Asked(label="Access given", item="E10", field="access_given"),
        ),
    )


def _framework(source: OutlineSource) -> Section:
    return section(
        "5. Other steps under the framework",
        "Say what else was done under the published frontier AI framework.",
        ("CA-SB53-12C2", "CA-SB53-12A"),
        stated(
            source,
            Asked(label="Framework", item="E25", field="framework"),
            Asked(label="Its version", item="E25", field="framework_version"),
            Asked(label="Thresholds", item="E25", field="thresholds"),
            Asked(label="Incident clocks", item="E18", field="clock_table"),
            Asked(label="Security of the weights", item="E16", field="control_matrix"),
        ),
    )


def _left_out(source: OutlineSource) -> Section:
    return section(
        "6. What was left out",
        "Describe every redaction and give its reason; keep the whole for five years. State "
        "nothing that is false or misleading.",
        ("CA-SB53-12F", "CA-SB53-12E"),
        stated(source, Asked(label="Redactions", item="E24", field="redaction_log")),
    )
