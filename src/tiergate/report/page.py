# SPDX-License-Identifier: Apache-2.0
"""The page: one HTML file that needs no script, makes no request and prints well."""

from __future__ import annotations

from datetime import UTC
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from tiergate.decision.decision import Decision
from tiergate.decision.outcome import Outcome
from tiergate.decision.words import bounds_words, limit_words, reading_words
from tiergate.evidence.collection import Collection
from tiergate.report import documents, forest, held, measured, plot, view
from tiergate.report.escaping import breakable, is_link, shown
from tiergate.report.facts import ReportFacts


def render_report(
    decision: Decision, evidence: Collection, *, facts: ReportFacts, commands: tuple[str, ...]
) -> str:
    """Return the whole document. The same input gives the same bytes."""
    rows = forest.forest_rows(decision, evidence)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            decision=decision,
            decided=f"{decision.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC",
            last_day=measured.day(decision.at),
            asked=decision.verdict(decision.asked),
            supported=decision.verdict(decision.supported),
            sentences=view.sentences(decision),
            blockers=view.blockers(decision),
            trees=view.trees(decision),
            place_of=view.first_places(decision),
            conditions=view.conditions_of(decision),
            references=documents.references(evidence),
            evidence_counts=documents.evidence_counts(decision, evidence),
            measurements=measured.measurement_rows(decision, evidence),
            held=held.held(decision),
            claims=documents.claim_rows(evidence),
            documents=documents.document_rows(evidence.documents),
            elsewhere=documents.document_rows(evidence.elsewhere),
            missing=documents.missing_rows(evidence),
            # Drawn and serialised from numbers and names that SVG and JSON escape themselves.
            plots=[
                (name, Markup(plot.draw(rows, width)))  # noqa: S704
                for name, width in (("wide", plot.WIDE), ("narrow", plot.NARROW))
                if rows
            ],
            specification=Markup(plot.specification_text(rows)),  # noqa: S704
            facts=facts,
            commands=commands,
        )
    )


@cache
def _environment() -> Environment:
    loader = PackageLoader("tiergate.report")
    environment = Environment(
        loader=loader,
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=shown,
    )
    environment.globals.update(
        Outcome=Outcome,
        style=Markup(loader.get_source(environment, "style.css")[0]),  # noqa: S704
        bounds_words=bounds_words,
        count_words=view.count_words,
        limit_words=limit_words,
        looked_at=documents.looked_at,
        number_words=view.number_words,
        reading_words=reading_words,
        short_digest=view.short_digest,
        step_of=view.step_of,
        tier_words=held.tier_words,
    )
    environment.filters["breakable"] = breakable
    environment.tests["link"] = is_link
    return environment
