# SPDX-License-Identifier: Apache-2.0
"""The page: one HTML file that needs no script, makes no request and prints well."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from tiergate.decision.decision import Decision
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import FROM_OUTSIDE
from tiergate.decision.words import bounds_words, limit_words, reading_words
from tiergate.evidence.collection import Collection
from tiergate.report import (
    behaviour_words,
    behaviours,
    break_cost_view,
    charts,
    documents,
    forest,
    graded,
    held,
    ledger,
    marginal_view,
    measured,
    view,
    wording,
)
from tiergate.report.escaping import breakable, is_link, shown
from tiergate.report.facts import ReportFacts


def render_report(
    decision: Decision, evidence: Collection, *, facts: ReportFacts, commands: tuple[str, ...]
) -> str:
    """Return the whole document. The same input gives the same bytes."""
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            **_about_decision(decision),
            **_about_evidence(decision, evidence, facts),
            facts=facts,
            commands=commands,
        )
    )


def _about_decision(decision: Decision) -> Mapping[str, object]:
    return {
        "decision": decision,
        "decided": f"{decision.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
        "last_day": wording.day(decision.at),
        "asked": decision.verdict(decision.asked),
        "supported": decision.verdict(decision.supported),
        "sentences": view.sentences(decision),
        "blockers": view.blockers(decision),
        "trees": view.trees(decision),
        "place_of": view.first_places(decision),
        "conditions": view.conditions_of(decision),
        "held": held.held(decision),
    }


def _about_evidence(
    decision: Decision, evidence: Collection, facts: ReportFacts
) -> Mapping[str, object]:
    own = documents.document_rows(evidence.documents, facts.logs)
    return {
        "references": documents.references(evidence),
        "evidence_counts": documents.evidence_counts(decision, evidence),
        "measurements": measured.measurement_rows(decision, evidence),
        "claims": documents.claim_rows(evidence),
        "documents": own,
        "place_of_document": {row.digest: row for row in own},
        "elsewhere": documents.document_rows(evidence.elsewhere, facts.logs),
        "missing": documents.missing_rows(evidence),
        "runs": ledger.run_rows(evidence),
        "unregistered": ledger.unregistered(evidence),
        "grades": graded.grade_rows(decision, evidence),
        "grades_asked": graded.asked_for(decision),
        "grades_asked_fast": graded.asked_on_fast_path(decision),
        "behaviours": behaviour_words.behaviour_views(decision, evidence),
        "break_cost": break_cost_view.break_cost_view(decision, evidence),
        "marginal": marginal_view.marginal_view(decision, evidence),
        "forest": charts.forest_chart(forest.forest_rows(decision, evidence)),
    }


@cache
def environment() -> Environment:
    """Return what the templates are rendered with."""
    loader = PackageLoader("tiergate.report")
    made = Environment(
        loader=loader,
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=shown,
    )
    made.globals.update(
        Outcome=Outcome,
        RunState=ledger.RunState,
        style=Markup(loader.get_source(made, "style.css")[0]),  # noqa: S704
        adverse_word=behaviour_words.adverse_word,
        bounds_words=bounds_words,
        cell_words=behaviour_words.cell_words,
        count_words=view.count_words,
        eventful=behaviours.eventful,
        from_outside=FROM_OUTSIDE,
        histogram=behaviours.histogram,
        limit_words=limit_words,
        looked_at=documents.looked_at,
        many=wording.many,
        number_words=view.number_words,
        of_words=behaviour_words.of_words,
        open_words=behaviour_words.open_words,
        points_words=marginal_view.points_words,
        reading_words=reading_words,
        repeated_words=behaviour_words.repeated_words,
        short_digest=view.short_digest,
        step_of=view.step_of,
        tier_words=held.tier_words,
        union_words=behaviour_words.union_words,
    )
    made.filters["breakable"] = breakable
    made.tests["link"] = is_link
    return made
