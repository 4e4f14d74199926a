# SPDX-License-Identifier: Apache-2.0
"""The page about a policy: everything that it asks, in Markdown, with marks."""

from __future__ import annotations

import re

import pytest

from builders_policy import MINIMAL
from tiergate.decision.policy_document import load_policy, parse_policy, shipped_policies, text_of
from tiergate.landscape.obligations import by_id, shipped_files
from tiergate.report.policy_page import page, remarks_at_head

KNOWN = by_id(shipped_files())


@pytest.mark.parametrize("name", shipped_policies())
def test_a_page_names_every_requirement_number_and_clause_of_its_policy(name: str) -> None:
    policy = load_policy(name)

    text = page(policy, remarks_at_head(text_of(name)), KNOWN)

    for requirement in policy.requirements.values():
        assert f"### {requirement.id}: {requirement.title}\n" in text
        assert requirement.asks in text
    for trigger in policy.triggers:
        assert trigger.asks in text
    for loosening in policy.loosenings:
        assert loosening.what in text


@pytest.mark.parametrize("name", shipped_policies())
def test_a_page_prints_nothing_second_hand_without_its_mark(name: str) -> None:
    text = page(load_policy(name), "", KNOWN)

    for line in text.splitlines():
        for clause in re.findall(r"^\| ([A-Z0-9][A-Z0-9.-]+) \|", line):
            if clause in KNOWN and KNOWN[clause].mark:
                assert line.count(KNOWN[clause].mark.strip()) == 2, clause
        if line.startswith("Answers "):
            for name_of in re.findall(r"[A-Z]{2,}-[A-Z0-9.-]*[A-Z0-9]", line):
                if name_of in KNOWN:
                    assert f"{name_of}{KNOWN[name_of].mark}" in line


def test_a_page_of_a_small_policy_leaves_out_what_it_does_not_have() -> None:
    cut = MINIMAL[MINIMAL.index("tamper_resistance:\n") : MINIMAL.index("requirements:\n")]
    text = (
        MINIMAL.replace("      - any: [E01, tamper_resistance: TR1]\n", "")
        .replace("      - within_ceiling: {domain: cyber}\n", "")
        .replace(cut, "")
    )

    small = page(parse_policy(text.encode(), "p"), "", {})

    assert "## Tamper resistance" not in small
    assert "## Capability bands" not in small
    assert "## What reopens" not in small
    assert "EU-AIA-51-2 [nobody knows this clause]" in small


def test_the_remarks_at_the_head_are_the_comment_without_its_licence() -> None:
    text = "# SPDX-License-Identifier: Apache-2.0\n# One\n#\n# - two\nformat: x\n# no more\n"

    assert "One\n\n- two" == remarks_at_head(text)
