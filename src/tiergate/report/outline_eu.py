# SPDX-License-Identifier: Apache-2.0
"""The Model Report of the EU code of practice for general-purpose AI, Safety and Security chapter.

Commitment 7 asks signatories for it: measures 7.1 to 7.4 say what stands in it, 7.6 when it is
renewed, 7.7 when it is handed over. The measures were read in the code's own text; 7.5 is in none
of the shipped records, and its section says so.
"""

from __future__ import annotations

from tiergate.evidence.hazards import HazardDomain
from tiergate.report.outline import Filled, Outline, Section
from tiergate.report.outline_checkpoint import (
    base_models,
    checkpoint_facts,
    languages,
    licence,
    modalities,
)
from tiergate.report.outline_measured import (
    from_outside,
    measured,
    measured_safeguards,
    measurements,
)
from tiergate.report.outline_source import (
    Asked,
    OutlineSource,
    decided,
    not_assessed,
    nothing,
    one_of,
    outcomes_of,
    preface,
    section,
    stated,
)
from tiergate.report.view import short_digest

_RISKS = (
    HazardDomain.CBRN,
    HazardDomain.LOSS_OF_CONTROL,
    HazardDomain.CYBER,
    HazardDomain.MANIPULATION,
)
_ADD = "tiergate evidence add LOG --model MODEL --mapping MAPPING"


def eu_model_report(source: OutlineSource) -> Outline:
    """Fill the Model Report."""
    return Outline(
        id="eu-model-report",
        title=f"Model Report: {source.export.checkpoint.name}",
        preface=preface(source),
        front_matter="",
        sections=(
            _description(source),
            _reasons(source),
            *_risks(source),
            _methods(source),
            _mitigations(source),
            _outside(source),
            _landscape(),
            _updates(source),
            _delivery(source),
        ),
    )


def _description(source: OutlineSource) -> Section:
    return section(
        "1. The model",
        "Describe the model, its intended use, its versions and its specification.",
        ("EU-COP-M7.1",),
        checkpoint_facts(source),
        modalities(source),
        licence(source),
        base_models(source),
        languages(source),
        stated(
            source,
            Asked(label="Documentation", item="E03", field="documentation"),
            Asked(label="Intended use", item="E03", field="intended_use"),
            Asked(label="Model specification", item="E03", field="model_specification"),
            Asked(label="Training compute, FLOP", item="E01", field="training_flop"),
            Asked(label="Its upper estimate, FLOP", item="E01", field="training_flop_upper"),
            Asked(label="How it was estimated", item="E01", field="method"),
        ),
    )


def _reasons(source: OutlineSource) -> Section:
    triggers = [
        Filled(
            sentence=f"The policy wants a new decision after {each.id} {each.title}: {each.asks}",
            rests_on=(source.policy_words,),
        )
        for each in source.policy.triggers
    ]
    return section(
        "2. Reasons for proceeding",
        "Say why the risks are acceptable, under which conditions that fails, and how it was "
        "decided.",
        ("EU-COP-M7.2", "EU-COP-M4.1", "EU-COP-M4.2"),
        decided(source),
        stated(
            source,
            Asked(label="Argument", item="E13", field="argument"),
            Asked(label="Safety margin", item="E13", field="safety_margin"),
            Asked(label="Conditions under which it fails", item="E13", field="kill_conditions"),
            Asked(label="Who decided", item="E23", field="raci"),
            Asked(label="How independent they were", item="E23", field="independence"),
            Asked(label="Who disagreed", item="E23", field="dissent_log"),
        ),
        _people(source),
        triggers,
    )


def _people(source: OutlineSource) -> list[Filled]:
    return [
        Filled(
            sentence=f"{person.name}, {person.organisation}, as {person.role}: {person.what}",
            rests_on=(source.decision_words,),
        )
        for person in source.export.people
    ]


def _risks(source: OutlineSource) -> tuple[Section, ...]:
    return tuple(
        section(
            f"3.{number} Evidence: {domain.label}",
            "Report the results for this risk, with safeguards and with all of them taken away.",
            ("EU-COP-M7.3", "EU-COP-M3.2", "EU-COP-A3.2"),
            measured(source, domain),
            _bands(source, domain),
        )
        for number, domain in enumerate(_RISKS, start=1)
    )


def _bands(source: OutlineSource, domain: HazardDomain) -> list[Filled]:
    found = [each for each in source.export.decision.bands if each.domain is domain]
    return [
        Filled(
            sentence=f"Capability band, {each.variant}: {each.reached} reached or counted as "
            f"reached, up to {each.not_ruled_out} not ruled out",
            rests_on=(source.decision_words, source.policy_words),
        )
        for each in found
    ]


def _methods(source: OutlineSource) -> Section:
    samples = [
        Filled(
            sentence=f"{found.metric}, {found.setting.variant}: {found.samples_kept} raw samples "
            f"kept, task \u201c{found.task}\u201d, grader \u201c{found.grader}\u201d",
            rests_on=(f"measurement {short_digest(document.digest)}",),
        )
        for _, document, found in measurements(source)
    ]
    return section(
        "4. How it was evaluated",
        "Say how risks were modelled, evaluations run and abilities elicited; give at least five "
        "random samples of each evaluation.",
        ("EU-COP-M7.3", "EU-COP-M3.3", "EU-COP-M3.4", "EU-COP-A3.2", "EU-COP-A3.4"),
        stated(
            source,
            Asked(label="Scenarios", item="E05", field="scenarios"),
            Asked(label="Marginal risk", item="E05", field="marginal_risk_evidence"),
            Asked(label="Uncertainty", item="E05", field="uncertainty_and_assumptions"),
            Asked(label="Elicitation", item="E11", field="elicitation_log"),
            Asked(label="Awareness of being tested", item="E11", field="evaluation_awareness"),
            Asked(label="Review of transcripts", item="E11", field="transcript_review"),
        ),
        samples,
        [] if samples else nothing("raw samples", _ADD),
        outcomes_of(source, ("E26",)),
    )


def _mitigations(source: OutlineSource) -> Section:
    return section(
        "5. Mitigations and their limits",
        "Describe the safety and security mitigations and where they end.",
        ("EU-COP-M7.3", "EU-COP-M5.1", "EU-COP-A3.3", "EU-COP-C6", "EU-COP-M6.1", "EU-COP-M6.2"),
        measured_safeguards(source),
        stated(
            source,
            Asked(label="Cheapest attack that worked", item="E09", field="cheapest_attack"),
            Asked(label="Tamper resistance, as claimed", item="E09", field="verified_level"),
            Asked(label="Security goal", item="E16", field="security_goal"),
            Asked(label="Security controls", item="E16", field="control_matrix"),
            Asked(
                label="What makes up for no calling back", item="E19", field="compensating_measures"
            ),
        ),
        not_assessed(source),
    )


def _outside(source: OutlineSource) -> Section:
    return section(
        "6. Reports from outside",
        "Attach reports of independent evaluators and of security reviews, or say why there are "
        "none.",
        ("EU-COP-M7.4", "EU-COP-A3.5", "EU-COP-A3.4"),
        from_outside(source),
        stated(
            source,
            Asked(label="Evaluation report", item="E10", field="report"),
            Asked(label="Independence", item="E10", field="independence_statement"),
            Asked(label="Access given", item="E10", field="access_given"),
            Asked(label="Business days of access", item="E10", field="access_business_days"),
            Asked(label="Security review", item="E16", field="audit"),
        ),
    )


def _landscape() -> Section:
    return section(
        "7. What measure 7.5 asks for",
        "",
        (),
        nothing("this part of the report", "read measure 7.5 of the code; no record of it ships"),
    )


def _updates(source: OutlineSource) -> Section:
    return section(
        "8. Updates",
        "Renew the report when its reasons are undermined, and every six months at the latest for "
        "the most capable models.",
        ("EU-COP-M7.6", "EU-COP-M3.5"),
        decided(source)[1:2],
        stated(
            source,
            Asked(label="What is watched", item="E17", field="indicators"),
            Asked(label="How often", item="E17", field="cadence"),
            Asked(
                label="Reading at which it is decided anew",
                item="E17",
                field="reassessment_reading",
            ),
            Asked(label="Framework", item="E25", field="framework"),
            Asked(label="Its version", item="E25", field="framework_version"),
        ),
    )


def _delivery(source: OutlineSource) -> Section:
    return section(
        "9. Delivery",
        "Hand the report over by placement on the market, publish a summary where it is needed, "
        "and keep it for ten years.",
        ("EU-COP-M7.7", "EU-COP-M10.1", "EU-COP-M10.2"),
        one_of(
            source,
            Asked(label="Public report", item="E24", field="report"),
            Asked(label="Public report", item="E24", field="public_summary"),
        ),
        stated(
            source, Asked(label="What was left out, and why", item="E24", field="redaction_log")
        ),
        nothing("when it was handed over", "write it down when it is"),
    )
