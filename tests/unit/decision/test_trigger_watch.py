# SPDX-License-Identifier: Apache-2.0
"""What a policy says about the watch: which findings fire a trigger, and never less later."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders_policy import MINIMAL
from tiergate.decision.policy import Trigger, TriggerWatch
from tiergate.decision.policy_document import load_file, load_policy
from tiergate.decision.policy_words import trigger_watch_words
from tiergate.errors import PolicyError, Problem
from tiergate.landscape.watch.kinds import MatchKind, Strength
from tiergate.report.policy_page import page

NUMBER = 'status: "default, adjustable", basis: a test'
TRIGGER = "- {id: G1, title: Seen, asks: Anew., applies_to: all, clauses: [X-1], watch: "
WATCH = (
    "{findings: [re-upload, uncensored variant], strengths: [bytes, by its name], "
    f"review: {{value: 14, unit: days, {NUMBER}}}}}"
)
HEAD = """\
format: tiergate-policy/1
id: mine
version: 0.1.0
title: Mine
summary: Another
as_of: 2026-11-23
extends: base.yaml
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    path = tmp_path / "base.yaml"
    path.write_text(f"{MINIMAL}\ntriggers:\n{TRIGGER}{WATCH}}}\n", encoding="utf-8")
    return path


def _extended(base: Path, watch: str) -> Path:
    path = base.parent / "mine.yaml"
    path.write_text(f"{HEAD}triggers:\n- {{id: G1, watch: {watch}}}\n", encoding="utf-8")
    return path


def _mistakes(path: Path) -> tuple[Problem, ...]:
    with pytest.raises(PolicyError) as caught:
        load_policy(str(path))
    return caught.value.problems


def _watch(path: Path) -> TriggerWatch:
    (trigger,) = load_policy(str(path)).triggers
    assert isinstance(trigger, Trigger)
    assert trigger.watch is not None
    return trigger.watch


def test_a_trigger_says_what_fires_it(base: Path) -> None:
    watch = _watch(base)

    assert watch.findings == (MatchKind.RE_UPLOAD, MatchKind.UNCENSORED)
    assert watch.strengths == (Strength.BYTES, Strength.NAME)
    assert watch.review_days.value == 14


def test_what_fires_a_trigger_is_shown_to_people(base: Path) -> None:
    policy = load_policy(str(base))
    words = trigger_watch_words(_watch(base))

    assert "fired by the watch: re-upload, uncensored variant; on bytes, by its name" in words
    assert "review in 14 days [default, adjustable; a test]" in words
    assert words in page(policy, "", {})


UNUSABLE: dict[str, tuple[str, str]] = {
    "a lead": (WATCH.replace("re-upload", "lead by name"), "findings"),
    "a likeness of shape": (WATCH.replace("by its name", "by its shape"), "strengths"),
    "no kind at all": (WATCH.replace("re-upload, uncensored variant", ""), "findings"),
    "no strength at all": (WATCH.replace("bytes, by its name", ""), "strengths"),
}


@pytest.mark.parametrize("sentence", UNUSABLE)
def test_no_trigger_is_fired_by(sentence: str, base: Path) -> None:
    watch, field = UNUSABLE[sentence]

    assert any(field in problem.field for problem in _mistakes(_extended(base, watch)))


STRICTER: dict[str, str] = {
    "a kind more": "{findings: [re-upload, uncensored variant, merge]}",
    "a strength more": "{strengths: [declared, bytes, by its name]}",
    "a shorter review": f"{{review: {{value: 7, unit: days, {NUMBER}}}}}",
}


@pytest.mark.parametrize("sentence", STRICTER)
def test_an_extension_may_fire_for_more(sentence: str, base: Path) -> None:
    assert load_policy(str(_extended(base, STRICTER[sentence]))).loosenings == ()


LOOSER: dict[str, tuple[str, str, str]] = {
    "nothing": ("null", "watch", "fires for nothing that the watch finds"),
    "a kind less": ("{findings: [merge, re-upload]}", "findings", "uncensored variant"),
    "a strength less": ("{strengths: [bytes]}", "strengths", "by its name"),
    "a longer review": (
        f"{{review: {{value: 15, unit: days, {NUMBER}}}}}",
        "review",
        "15 days, 14 days there",
    ),
}


@pytest.mark.parametrize("sentence", LOOSER)
def test_an_extension_may_not_fire_for_less(sentence: str, base: Path) -> None:
    watch, field, words = LOOSER[sentence]
    (problem,) = _mistakes(_extended(base, watch))

    assert problem.field.startswith("triggers.0.watch")
    assert problem.field.endswith(field)
    assert words in problem.message


def test_a_trigger_of_ones_own_needs_no_watch(base: Path) -> None:
    path = base.parent / "mine.yaml"
    own = "- {id: G2, title: Other, asks: Anew., applies_to: all, clauses: [X-1]}"
    path.write_text(f"{HEAD}triggers:\n{own}\n", encoding="utf-8")

    assert [None] == [t.watch for t in load_policy(str(path)).triggers if t.id == "G2"]
    assert load_policy(str(path)).loosenings == ()


def test_policies_without_a_watch_keep_their_digests(tmp_path: Path) -> None:
    path = tmp_path / "base.yaml"
    path.write_text(
        f"{MINIMAL}\ntriggers:\n{TRIGGER.partition(', watch')[0]}}}\n", encoding="utf-8"
    )
    below = load_file(str(path))

    # What an extension comes to is digested without what it leaves out.
    assert below.triggers[0].watch is None
    assert "watch" not in below.model_dump(mode="json", exclude_defaults=True)["triggers"][0]
