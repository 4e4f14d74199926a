# SPDX-License-Identifier: Apache-2.0
"""A model card as the Hugging Face Hub lays it out: front matter that tools read, then sections.

The front matter of the card that is in the checkpoint is kept, key by key, and the decision is
added to it as ``tiergate export card`` adds it. The prose of that card is its author's and is not
taken over.
"""

from __future__ import annotations

from tiergate.evidence.hazards import HazardDomain
from tiergate.report.model_card import card_with, front_matter_of
from tiergate.report.outline import Outline, Section
from tiergate.report.outline_checkpoint import (
    base_models,
    checkpoint_facts,
    languages,
    licence,
    modalities,
)
from tiergate.report.outline_measured import from_outside, measured, measured_safeguards
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


def hf_model_card(source: OutlineSource) -> Outline:
    """Fill a model card.

    Raises:
        InputError: the card in the checkpoint cannot be added to without losing something.
    """
    made = card_with(source.export, source.front_matter)
    return Outline(
        id="hf-model-card",
        title=f"Model card: {source.export.checkpoint.name}",
        preface=preface(source),
        front_matter=front_matter_of(made.data).decode(),
        sections=(
            _details(source),
            _uses(source),
            _risks(source),
            _training(source),
            _evaluation(source),
            _release(source),
            _contact(source),
        ),
    )


def _details(source: OutlineSource) -> Section:
    return section(
        "Model details",
        "",
        ("EU-AIA-53-1B",),
        checkpoint_facts(source),
        modalities(source),
        languages(source),
        licence(source),
        base_models(source),
        stated(
            source,
            Asked(label="Developed by", item="E03", field="developer"),
            Asked(label="Documentation", item="E03", field="documentation"),
            Asked(label="Openness class (G7)", item="E02", field="g7_class"),
            Asked(label="Openness class (MOF)", item="E02", field="mof_class"),
        ),
    )


def _uses(source: OutlineSource) -> Section:
    return section(
        "Uses",
        "Direct use, use downstream, and use that is out of scope.",
        (),
        one_of(
            source,
            Asked(label="Intended use", item="E03", field="intended_use"),
            Asked(label="Intended uses", item="E24", field="intended_uses"),
        ),
        stated(
            source,
            Asked(label="Use downstream", item="E03", field="downstream_use"),
            Asked(label="Out of scope", item="E03", field="out_of_scope_use"),
            Asked(label="Restrictions", item="E02", field="restrictions"),
        ),
    )


def _risks(source: OutlineSource) -> Section:
    return section(
        "Bias, risks and limitations",
        "",
        (),
        stated(
            source,
            Asked(label="Limitations", item="E03", field="limitations"),
            Asked(label="Scenarios of harm", item="E05", field="scenarios"),
            Asked(label="Advice to users", item="E03", field="recommendations"),
        ),
        not_assessed(source),
    )


def _training(source: OutlineSource) -> Section:
    return section(
        "Training details",
        "",
        ("EU-AIA-53-1D",),
        stated(
            source,
            Asked(label="Training data", item="E04", field="training_content_summary"),
            Asked(label="Copyright policy", item="E04", field="copyright_policy"),
            Asked(label="Training compute, FLOP", item="E01", field="training_flop"),
            Asked(label="Energy and carbon", item="E03", field="environmental_impact"),
        ),
    )


def _evaluation(source: OutlineSource) -> Section:
    return section(
        "Evaluation",
        "",
        (),
        *(measured(source, domain) for domain in HazardDomain),
        measured_safeguards(source),
        from_outside(source),
    )


def _release(source: OutlineSource) -> Section:
    return section("Release decision", "", (), decided(source))


def _contact(source: OutlineSource) -> Section:
    return section(
        "Contact and citation",
        "",
        (),
        one_of(
            source,
            Asked(label="Contact", item="E03", field="contact"),
            Asked(label="Contact for incidents", item="E18", field="intake_address"),
        ),
        stated(source, Asked(label="Citation", item="E03", field="citation")),
    )
