# SPDX-License-Identifier: Apache-2.0
"""What is no mistake in a policy and worth a look all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders_policy import MINIMAL
from tiergate.decision.policy_document import load_resolved, shipped_policies
from tiergate.decision.policy_warnings import warnings

HEAD = """\
format: tiergate-policy/1
id: mine
version: 0.1.0
title: Mine
summary: Stricter in one place
as_of: 2026-11-23
extends: base.yaml
requirements:
  MORE: {title: More, asks: More., clauses: [X-1], requires: {claim: {item: MORE}}}
  BOTH: {title: Both, asks: Both., clauses: [X-1], requires: {all: [MORE, E01]}}
tiers:
"""


def warned(folder: Path, tiers: str, *, head: str = HEAD) -> list[tuple[int | None, str, str]]:
    """Return what is worth a look in an extension of the small policy."""
    (folder / "base.yaml").write_text(MINIMAL, encoding="utf-8")
    path = folder / "mine.yaml"
    path.write_text(head + tiers, encoding="utf-8")
    found = warnings(load_resolved(str(path)))
    return [(each.line, each.field, each.message) for each in found]


def test_what_an_extension_adds_and_a_fast_path_goes_past_is_named_with_its_line(
    tmp_path: Path,
) -> None:
    ((line, field, words),) = warned(tmp_path, "- id: T5\n  requirements: [BOTH]\n")

    assert (13, "tiers.T5.requirements.2") == (line, field)
    assert words.startswith("BOTH is not asked for on the fast path of T5")
    assert "fast_path_also" in words


ASKED: dict[str, str] = {
    "that lists it": "- {id: T5, requirements: [BOTH], fast_path_also: [BOTH]}",
    "that lists what asks for it": "- {id: T5, requirements: [MORE], fast_path_also: [BOTH]}",
    "that is gone": "- {id: T5, requirements: [BOTH], fast_path: []}",
    "to which the lowest tier does not lead": "- {id: T0, requirements: [BOTH]}",
}


@pytest.mark.parametrize("sentence", ASKED)
def test_nothing_is_skipped_on_a_fast_path(sentence: str, tmp_path: Path) -> None:
    assert [] == warned(tmp_path, ASKED[sentence])


def test_a_tier_that_was_not_there_is_looked_at_too(tmp_path: Path) -> None:
    head = HEAD.replace("extends:", "unsafe_loosens: true\nunsafe_reason: a test\nextends:")
    number = "{value: 9, unit: days, status: 'default, adjustable', basis: a test}"
    tier = (
        f"- {{id: T2, name: New, access: Some., requirements: [BOTH], clauses: [X-1], "
        f"evidence: {{minimum_grades: {{}}, longest_age: {number}}}, "
        f"approvals: {{text: one, roles: [legal]}}, expiry: {{days: {number}}}}}"
    )

    ((_, field, words),) = warned(tmp_path, tier, head=head)

    assert "tiers.T2.requirements.0" == field
    assert "fast path of T5" in words


def test_the_examples_of_a_draft_are_named_until_they_are_gone(tmp_path: Path) -> None:
    head = (
        HEAD.replace(
            "Stricter in one place", "Say here in a sentence what it is for and whom it is for."
        )
        .replace("MORE", "OWN-MORE")
        .replace("X-1", "OWN-CLAUSE")
    )

    found = warned(
        tmp_path,
        "- {id: T5, requirements: [BOTH], fast_path_also: [BOTH], clauses: [OWN-CLAUSE]}",
        head=head,
    )

    assert [
        "summary",
        "requirements.OWN-MORE",
        "requirements.OWN-MORE.clauses.0",
        "requirements.BOTH.clauses.0",
        "tiers.T5.clauses.1",
    ] == [field for _, field, _ in found]
    assert all("is the example of a draft" in words for _, _, words in found)


def test_what_is_taken_over_is_not_named_again(tmp_path: Path) -> None:
    warned(tmp_path, "- {id: T5, requirements: [BOTH]}")
    last = tmp_path / "last.yaml"
    last.write_text(HEAD.partition("requirements:")[0].replace("base.yaml", "mine.yaml"))

    assert () == warnings(load_resolved(str(last)))


@pytest.mark.parametrize("name", shipped_policies())
def test_nothing_that_ships_is_worth_a_look(name: str) -> None:
    assert () == warnings(load_resolved(name))
