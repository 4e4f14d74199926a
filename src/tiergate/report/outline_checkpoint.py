# SPDX-License-Identifier: Apache-2.0
"""What outlines say about the files: what they are, and what their author claims of them."""

from __future__ import annotations

from tiergate.report.outline import Filled, Missing
from tiergate.report.outline_source import Found, OutlineSource


def checkpoint_facts(source: OutlineSource) -> list[Filled]:
    """Say what the files are."""
    checkpoint, facts = source.export.checkpoint, source.export.facts
    rows = [
        ("Name", checkpoint.name),
        ("Root digest", checkpoint.root_digest),
        ("Weights digest", checkpoint.weights_digest or ""),
        ("Revision", checkpoint.revision or ""),
        ("Files", str(len(checkpoint.files))),
        ("Code that a loader would run", ", ".join(checkpoint.code_files)),
    ]
    if facts is not None:
        rows += [
            ("Parameters", str(facts.parameter_count) if facts.parameter_count else ""),
            ("Formats of the weights", ", ".join(facts.weights_formats)),
            ("Architecture", ", ".join(facts.architectures)),
        ]
    return [
        Filled(sentence=f"{label}: {text}", rests_on=("the files of the checkpoint",))
        for label, text in rows
        if text
    ]


def modalities(source: OutlineSource) -> Found:
    """Say what the architecture generates."""
    found = ", ".join(source.export.checkpoint.output_modalities)
    if found:
        rests = ("the architecture that the configuration names",)
        return [Filled(sentence=f"Generates: {found}", rests_on=rests)], []
    return [], [
        Missing(what="output modalities", remedy="name a known architecture in config.json")
    ]


def licence(source: OutlineSource) -> Found:
    """Say under which licence the files say that they stand."""
    facts = source.export.facts
    found = () if facts is None else facts.licences
    if found:
        sentence = f"Licence: {', '.join(found)}"
        return [Filled(sentence=sentence, rests_on=("model card and licence files",))], []
    return [], [Missing(what="licence", remedy="put a licence file beside the weights")]


def base_models(source: OutlineSource) -> Found:
    """Say what the card names as base models."""
    facts = source.export.facts
    found = () if facts is None else facts.base_models
    if found:
        rests = ("model card, where its author names them",)
        return [Filled(sentence=f"Base models: {', '.join(found)}", rests_on=rests)], []
    remedy = "name base_model in the model card, or say there that there is none"
    return [], [Missing(what="what it was derived from", remedy=remedy)]


def languages(source: OutlineSource) -> Found:
    """Say which languages the card names."""
    found = () if source.card is None else source.card.languages
    if found:
        rests = ("model card, where its author names them",)
        return [Filled(sentence=f"Languages: {', '.join(found)}", rests_on=rests)], []
    return [], [Missing(what="languages", remedy="name language in the model card")]
