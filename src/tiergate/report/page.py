# SPDX-License-Identifier: Apache-2.0
"""The page: one HTML file that needs no script, makes no request and prints well."""

from __future__ import annotations

import json

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from tiergate.decision.decision import Decision
from tiergate.decision.outcome import Outcome
from tiergate.decision.words import reading_words
from tiergate.evidence.collection import Collection
from tiergate.report import forest, view
from tiergate.report.facts import ReportFacts


def render_report(
    decision: Decision, evidence: Collection, *, facts: ReportFacts, commands: tuple[str, ...]
) -> str:
    """Return the whole document. The same input gives the same bytes."""
    rows = forest.forest_rows(decision, evidence)
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
        reading_words=reading_words,
        limits_words=view.limits_words,
        rate_bounds=view.rate_bounds,
        Outcome=Outcome,
    )
    style = loader.get_source(environment, "style.css")[0]
    return environment.get_template("report.html.j2").render(
        decision=decision,
        asked=decision.verdict(decision.asked),
        supported=decision.verdict(decision.supported),
        blocking=decision.blocking(),
        sentences=view.sentences(decision),
        evidence=evidence,
        forest=rows,
        # Drawn and serialised here from numbers and names that JSON and SVG escape themselves.
        plot=Markup(forest.draw(rows)) if rows else "",  # noqa: S704
        specification=Markup(_json(rows)),  # noqa: S704
        measured=view.evidence_rows(evidence, rows),
        facts=facts,
        commands=commands,
        style=Markup(style),  # noqa: S704
    )


def _json(rows: tuple[forest.ForestRow, ...]) -> str:
    # Inside a script element only "</" could end the text early; JSON may write it as "<\/".
    text = json.dumps(forest.specification(rows), sort_keys=True)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def shown(value: object) -> object:
    """Return ``value`` for the page, with control and bidirectional characters as escapes."""
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in value)
