# SPDX-License-Identifier: Apache-2.0
"""Answers to the Foundation Model Transparency Index, December 2025, one for each indicator.

The index scores whether something is disclosed, per developer; here a disclosure is drafted for
one model. What a decision and its evidence hold answers about a third of the hundred indicators in
part. The others are about data, labour, compute, use and impact, which no decision looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tiergate.evidence.hazards import HazardDomain
from tiergate.report.outline import Filled, Missing, Outline, Section
from tiergate.report.outline_checkpoint import base_models, checkpoint_facts, licence
from tiergate.report.outline_fmti_indicators import INDICATORS
from tiergate.report.outline_measured import (
    from_outside,
    measured,
    measured_safeguards,
    measurements,
)
from tiergate.report.outline_source import Asked, Found, OutlineSource, preface, stated
from tiergate.report.view import short_digest

_BY_HAND = "disclose it; no evidence item holds it"
_Answer = Callable[[OutlineSource], Found]


def fmti(source: OutlineSource) -> Outline:
    """Draft answers to the index."""
    return Outline(
        id="fmti",
        title=f"Transparency indicators: {source.export.checkpoint.name}",
        preface=(*preface(source), _CREDIT),
        front_matter="",
        sections=tuple(_section(source, title, names) for title, names in INDICATORS),
    )


_CREDIT = (
    "Names of indicators: Foundation Model Transparency Index, December 2025, Stanford CRFM and "
    "others, CC BY 4.0. An answer here is a draft of a disclosure and no score; an indicator is "
    "answered in part where an answer says less than its definition asks for."
)


def _section(source: OutlineSource, title: str, names: tuple[str, ...]) -> Section:
    filled: list[Filled] = []
    missing: list[Missing] = []
    for name in names:
        answer = ANSWERS.get(name)
        found, gaps = (
            ([], [Missing(what="", remedy=_BY_HAND)]) if answer is None else answer(source)
        )
        filled += [
            Filled(sentence=f"{name}: {each.sentence}", rests_on=each.rests_on) for each in found
        ]
        missing += [_gap(name, gap) for gap in gaps]
    return Section(title=title, asks="", clauses=(), filled=tuple(filled), missing=tuple(missing))


def _gap(name: str, gap: Missing) -> Missing:
    return Missing(what=f"{name}: {gap.what}" if gap.what else name, remedy=gap.remedy)


def _of_claims(*asked: tuple[str, str, str]) -> _Answer:
    details = tuple(Asked(label=label, item=item, field=field) for label, item, field in asked)
    return lambda source: stated(source, *details)


def _facts(source: OutlineSource) -> Found:
    return checkpoint_facts(source), []


def _risks(source: OutlineSource) -> Found:
    names = ", ".join(domain.label for domain in sorted(source.policy.bands))
    if not names:
        return [], [Missing(what="", remedy=_BY_HAND)]
    sentence = f"The policy has capability bands for {names}"
    return [Filled(sentence=sentence, rests_on=(source.policy_words,))], []


def _results(source: OutlineSource) -> Found:
    found = [measured(source, domain) for domain in HazardDomain]
    return [each for filled, _ in found for each in filled], [
        gap for _, missing in found for gap in missing
    ]


def _reproduced(source: OutlineSource, *, attacks: bool) -> Found:
    filled = [
        Filled(sentence=sentence, rests_on=(f"measurement {short_digest(name)}",))
        for name, sentence in _setups(source, attacks=attacks)
    ]
    command = "tiergate attack MODEL" if attacks else "tiergate evidence add LOG --model MODEL"
    gap = Missing(what="which tasks and prompts were run", remedy=command)
    return filled, [] if filled else [gap]


def _setups(source: OutlineSource, *, attacks: bool) -> Iterator[tuple[str, str]]:
    for name, document, found in measurements(source):
        is_attack = found.metric == source.policy.tamper.metric
        if is_attack is not attacks:
            continue
        commit = f" at {found.conduct.task_commit}" if found.conduct.task_commit else ""
        log = "" if document.source is None else f", log {short_digest(document.source.sha256)}"
        attack = f", attack {found.attack.name}" if found.attack else ""
        suite = f" of suite {found.attack.suite}" if found.attack and found.attack.suite else ""
        digest = document.digest
        yield (
            name.replace(digest, short_digest(digest)),
            f"{found.metric}: task {found.task}{commit}{attack}{suite}{log}",
        )


def _tiers(source: OutlineSource) -> Found:
    decision = source.export.decision
    return [
        Filled(
            sentence=f"{found.tier} {found.name}: {found.outcome}"
            + "".join(
                f"; {each.kind}: {each.text}" for each in found.conditions if each.kind == "hold"
            ),
            rests_on=(source.decision_words, source.policy_words),
        )
        for found in decision.tiers
    ], []


def _thresholds(source: OutlineSource) -> Found:
    bands = [
        Filled(
            sentence=f"{domain.label} {band} is: {found.reached_when}",
            rests_on=(source.policy_words,),
        )
        for domain, bands in sorted(source.policy.bands.items())
        for band, found in sorted(bands.items())
    ]
    filled, missing = stated(source, Asked(label="Thresholds", item="E25", field="thresholds"))
    return [*bands, *filled], [] if bands else missing


def _versions(source: OutlineSource) -> Found:
    checkpoint = source.export.checkpoint
    revision = f", revision {checkpoint.revision}" if checkpoint.revision else ""
    sentence = f"This version is known by {checkpoint.root_digest}{revision}"
    return [Filled(sentence=sentence, rests_on=("the files of the checkpoint",))], []


def _oversight(source: OutlineSource) -> Found:
    people = [
        Filled(
            sentence=f"{person.name}, {person.organisation}, as {person.role}: {person.what}",
            rests_on=(source.decision_words,),
        )
        for person in source.export.people
    ]
    asked = Asked(label="Who decided", item="E23", field="raci")
    filled, missing = stated(source, asked)
    return [*people, *filled], [] if people else missing


ANSWERS: Mapping[str, _Answer] = {
    "Public datasets": _of_claims(("Data sets", "E04-DATA", "data_sets")),
    "Crawling": _of_claims(("Copyright policy", "E04", "copyright_policy")),
    "Data processing methods": _of_claims(("Hazard screen", "E21", "data_hazard_screen")),
    "Compute usage for final training run": _of_claims(
        ("Training compute, FLOP", "E01", "training_flop"), ("Method", "E01", "method")
    ),
    "Basic model properties": _facts,
    "Model dependencies": base_models,
    "Specialized access": _of_claims(("Access given to evaluators", "E10", "access_given")),
    "Open weights": _of_claims(("Openness class (G7)", "E02", "g7_class")),
    "Risks taxonomy": _risks,
    "Risks evaluation": _results,
    "External reproducibility of risks evaluation": lambda s: _reproduced(s, attacks=False),
    "Pre-deployment risk evaluation": from_outside,
    "External risk evaluation": _of_claims(
        ("Report", "E10", "report"), ("Independence", "E10", "independence_statement")
    ),
    "Mitigations efficacy": measured_safeguards,
    "External reproducibility of mitigations evaluation": lambda s: _reproduced(s, attacks=True),
    "Model theft prevention measures": _of_claims(("Controls", "E16", "control_matrix")),
    "Release stages": _tiers,
    "Risk thresholds": _thresholds,
    "Versioning protocol": _versions,
    "Terms of use": licence,
    "Benefits Assessment": _of_claims(("Benefit", "E14", "benefit")),
    "Security incident reporting protocol": _of_claims(("Clocks", "E18", "clock_table")),
    "Misuse incident reporting protocol": _of_claims(("Address", "E18", "intake_address")),
    "Detection of machine-generated content": _of_claims(("Method", "PROVENANCE-MARKS", "method")),
    "Permitted, restricted, and prohibited uses": _of_claims(
        ("Restrictions", "E02", "restrictions")
    ),
    "Oversight mechanism": _oversight,
}
"""What answers an indicator, in whole or in part; the others are answered by nothing here."""
