# SPDX-License-Identifier: Apache-2.0
"""Policies with a planted fault, each named with what shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders_policy import MINIMAL, edited
from cli_runner import run
from record_fixtures import trust_file, trusted

Question = tuple[list[str], int, str]
DATE = ("--at", "2026-11-23")
ADJUSTABLE = 'status: "default, adjustable", basis: judgement'
PLAIN = MINIMAL.replace("  fast_path: [E01]\n", "")
"""The small policy without its fast path."""
SECOND = f"""\
  DAYS:
    title: Days
    asks: Wait.
    clauses: [EU-COP-M4.1]
    requires:
      claim:
        item: DAYS
        limits:
        - {{field: days, at_most: {{value: 10, unit: days, {ADJUSTABLE}}}}}
        - {{field: days, at_least: {{value: 20, unit: days, {ADJUSTABLE}}}}}
"""
T6 = f"""\
- id: T6
  name: All
  access: all
  requirements: [E01]
  fast_path: [FILES]
  evidence:
    minimum_grades: {{binding: 2}}
    longest_age: {{value: 180, unit: days, {ADJUSTABLE}}}
  approvals: {{text: one person, roles: [safety lead]}}
  expiry: {{days: {{value: 90, unit: days, {ADJUSTABLE}}}}}
  clauses: [EU-COP-M5.1]
"""
FILES = """\
  FILES:
    title: Files
    asks: Hand out no code.
    clauses: [EU-COP-M4.1]
    requires: {loads_without_code: true}
"""
LOOSER = """\
format: tiergate-policy/1
id: looser
version: 0.1.0
extends: tiny.yaml
unsafe_loosens: true
unsafe_reason: for the sake of the test
title: Looser
summary: It asks for less.
as_of: 2026-11-23
tiers:
- id: T5
  unsafe_drops: [CYBER]
  fast_path: []
"""


def planted(old: str, new: str, text: str = PLAIN) -> str:
    """Return a policy with the first ``old`` replaced."""
    assert old in text
    return text.replace(old, new, 1)


WITH_DAYS = planted("tiers:\n", f"{SECOND}tiers:\n")


def fault(text: str, *questions: Question) -> tuple[str, tuple[Question, ...]]:
    """A policy with a fault, and what names it: words of the command, exit code, what it says."""
    return text, questions


FAULTS = {
    "a not": fault(
        planted("requires: {claim: {item: E01, fields: [training_flop]}}", "requires: {not: E01}"),
        (["validate"], 4, "requirements.E01.requires: is no check"),
    ),
    "an exemption for what is absent": fault(
        planted(
            "requires: {claim: {item: E01, fields: [training_flop]}}",
            "requires: {any: [{absent: cyber.exploits}, {claim: {item: E01}}]}",
        ),
        (["validate"], 4, "requirements.E01.requires.any.0: is no check"),
    ),
    "a dead tier": fault(
        planted("requirements: [E01, CYBER]", "requirements: [E01, CYBER, DAYS]", WITH_DAYS),
        (["lint"], 1, "T5: no evidence opens it: DAYS at T5 cannot be met [dead-tier]"),
        (["prove"], 1, "DOES NOT HOLD: some evidence opens T5 no evidence was found that does"),
    ),
    "a tier that asks less of evidence than the one below": fault(
        planted(
            "- id: T5\n",
            "- id: T4\n"
            + planted("value: 180", "value: 90", T6)
            .partition("\n")[2]
            .replace("  fast_path: [FILES]\n", "")
            + "- id: T5\n",
        ),
        (
            ["lint"],
            1,
            "T5: asks less of evidence than T4: an age of up to 180 days [looser-standards]",
        ),
    ),
    "a fast path past the one below": fault(
        planted("tiers:\n", f"{FILES}tiers:\n", MINIMAL) + T6,
        (
            ["lint"],
            1,
            "T6: its fast path can be met while T5 is not, which has one too: nothing about E01",
        ),
        (["prove"], 1, "DOES NOT HOLD: the fast path to T6 opens T5 nothing about E01"),
    ),
    "a band that no rate reaches": fault(
        planted(
            "reached_when: {finding: cyber.chain}",
            f"reached_when: {{metric: cyber.exploits, exceeds: {{value: 1, {ADJUSTABLE}}}}}",
        ),
        (["validate"], 4, "bands.cyber.B3.reached_when.metric: a rate at which a band is reached"),
    ),
    "bands in the wrong order": fault(
        planted("exceeds: {value: 0.1,", "exceeds: {value: 0.001,"),
        (
            ["lint"],
            1,
            "cyber offence B2: cyber.exploits reaches it before it reaches B1 [bands-out-of-order]",
        ),
    ),
    "a limit that no sample can keep": fault(
        planted(
            "      - within_ceiling: {domain: cyber}\n",
            f"      - limit: {{metric: cyber.exploits, at_most: {{value: 0, {ADJUSTABLE}}}}}\n",
        ),
        (["lint"], 1, "no sample can be shown to keep it [limit-never-kept]"),
    ),
    "a sample that nobody can measure": fault(
        planted("reaches: {value: 0.01,", "reaches: {value: 0.0001,"),
        (["lint"], 1, "and 5000 are called feasible [sample-too-large]"),
        (["lint", "--feasible", "100000"], 0, "0 findings"),
    ),
    "an approval that nobody can give": fault(
        planted("roles: [safety lead]", "roles: [oversight body]"),
        (
            ["lint", "--trust", "trust.yaml"],
            1,
            "T0: nobody in the trust file is left to approve as oversight",
        ),
    ),
    "an extension that loosens": fault(
        planted("unsafe_loosens: true\nunsafe_reason: for the sake of the test\n", "", LOOSER),
        (["validate"], 4, "tiers.T5.unsafe_drops: asks for less than tiny"),
    ),
    "an extension that says that it loosens": fault(
        LOOSER,
        (["validate"], 0, "looser 0.1.0"),
        (
            ["prove", "--stricter-than", "tiny.yaml"],
            1,
            "DOES NOT HOLD: what opens T5 here opens it under tiny nothing about files",
        ),
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_named_with_what_shows_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text, questions = FAULTS[name]
    Path("tiny.yaml").write_text(PLAIN, encoding="utf-8")
    Path("planted.yaml").write_text(text, encoding="utf-8")
    ada = trusted("ada-ed25519", "safety lead", person="Ada")
    trust_file(Path("trust.yaml"), ada, signed_by="safety lead")

    for words, code, says in questions:
        at = () if words[0] == "validate" else DATE
        done = run("policy", words[0], "planted.yaml", *words[1:], *at)

        said = " ".join((done.out + done.err).split())
        assert code == done.code, said
        assert says in said


def test_the_policy_that_the_faults_are_planted_in_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(PLAIN, encoding="utf-8")
    ada = trusted("ada-ed25519", "safety lead", person="Ada")
    trust_file(Path("trust.yaml"), ada, signed_by="safety lead")

    linted = run("policy", "lint", "tiny.yaml", "--trust", "trust.yaml", *DATE)

    assert (linted.code, linted.out) == (0, "tiny 0.1.0: 0 findings\n")
    assert 0 == run("policy", "prove", "tiny.yaml", *DATE).code
    assert edited("  fast_path: [E01]\n", "") == PLAIN


def test_what_an_extension_that_loosens_opens_is_shown_by_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(PLAIN, encoding="utf-8")
    Path("planted.yaml").write_text(LOOSER, encoding="utf-8")

    alone = run("policy", "prove", "planted.yaml", *DATE)
    assert (alone.code, "under tiny" in alone.out) == (0, False)
    asked = ("policy", "prove", "planted.yaml", "--stricter-than", "tiny.yaml", *DATE)
    (law,) = (law for law in run(*asked, "--json").json["laws"] if law["holds"] is False)
    assert law["witness"]
    shown = run("policy", "diff", "planted.yaml", "tiny.yaml", *DATE, "--json").json
    assert "looser" == shown["overall"]
    (witness,) = shown["tiers"]["T5"]["witnesses"]
    assert ["CYBER"] == [each["requirement"] for each in witness["closed_by"]]
    assert {"Stay below the ceiling."} == {each["asks"] for each in witness["closed_by"]}
