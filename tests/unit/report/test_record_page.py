# SPDX-License-Identifier: Apache-2.0
"""The trees of a record are those of the report about the same decision."""

from __future__ import annotations

import re

from builders import AT, a_subject, all_signed, full_evidence
from builders_default import POLICY
from tiergate.decision.document import decision_document
from tiergate.decision.evaluate import evaluate
from tiergate.decision.tier import Tier
from tiergate.evidence.collection import collect
from tiergate.report.facts import ReportFacts
from tiergate.report.page import render_report
from tiergate.report.record_page import requirement_trees


def _trees(html: str) -> list[tuple[str, str]]:
    """Return every requirement with its outcome, in the order of the page."""
    return re.findall(r'<span class="mark [^"]*">([^<]*)</span> <b>([A-Z0-9-]+)</b>', html)


def test_that_a_record_shows_every_tree_of_the_report() -> None:
    found = all_signed(full_evidence(POLICY, Tier.T5))
    decision = evaluate(POLICY, found, at=AT, asked=Tier.T5)
    facts = ReportFacts(rows=(), notes=(), files=())
    report = render_report(decision, found, facts=facts, commands=())

    trees = str(requirement_trees(decision_document(decision)))

    part = report.partition('id="requirements"')[2].partition('id="bands"')[0]
    assert _trees(trees) == _trees(part)
    assert len(_trees(trees)) > 50
    assert trees.count('class="flag">supported<') == 1


def test_that_evidence_is_named_by_its_digest_and_text_is_shown_as_text() -> None:
    decision = evaluate(POLICY, collect(a_subject(), ()), at=AT, asked=Tier.T1)
    document = decision_document(decision)
    tiers = tuple(
        tier.model_copy(
            update={
                "requirements": tuple(
                    row.model_copy(
                        update={"reason": "<script>", "used": ("sha256:ab#m0",), "children": ()}
                    )
                    for row in tier.requirements
                )
            }
        )
        for tier in document.tiers
    )

    trees = str(requirement_trees(document.model_copy(update={"tiers": tiers})))

    assert "<script>" not in trees
    assert "&lt;script&gt;" in trees
    assert '<span class="digest">sha256:ab#m0</span>' in trees
    assert 'href="#measurement' not in trees
