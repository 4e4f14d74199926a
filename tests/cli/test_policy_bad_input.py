# SPDX-License-Identifier: Apache-2.0
"""Bad policy files: every mistake at once, with its line, and exit code 4 whoever reads them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from builders_policy import MINIMAL, edited, line_of
from cli_runner import run
from record_fixtures import key_file
from release_fixtures import Release, day

EXTENSION = """\
format: tiergate-policy/1
id: {id}
version: 0.1.0
extends: {extends}
title: An extension
summary: It changes nothing.
as_of: 2026-11-23
"""
DAYS = '{value: 90, unit: days, status: "default, adjustable", basis: judgement}'
LAUGHS = "".join(f"l{n}: &l{n} [*l{n - 1}, *l{n - 1}]\n" for n in range(1, 40))

BAD = {
    "a key that is not known": (
        edited("title: Tiny", "titel: Tiny"),
        ("titel: is no field here; did you mean title?", "title: Field required"),
        "titel",
    ),
    "an id that stands twice": (
        edited("  CYBER:\n", "  E01: # again\n"),
        ("requirements.E01: stands twice here", "no requirement is called CYBER"),
        "# again",
    ),
    "a requirement that a tier asks for twice": (
        edited("[E01, CYBER]", "[E01, E01, CYBER]"),
        ("tiers.1.requirements.1: E01 stands here twice",),
        "E01, E01",
    ),
    "a tier that stands twice": (
        edited("- id: T5", "- id: T0"),
        ("tiers: expected each tier once, from T0 upward",),
        "tiers:",
    ),
    "a limit above one": (
        edited("exceeds: {value: 0.1,", "exceeds: {value: 1.5,"),
        ("a rate at which a band is reached lies between 0 and 1",),
        "1.5",
    ),
    "a limit below nothing": (
        edited("limit: {value: 0.05,", "limit: {value: -0.05,"),
        ("tamper_resistance.limit: a proportion between 0 and 1",),
        "-0.05",
    ),
    "a confidence in percent": (
        edited("confidence: 0.95", "confidence: 95"),
        ("confidence: ", "less than 1"),
        "confidence: 95",
    ),
    "a number that is none": (
        edited("exceeds: {value: 0.1,", "exceeds: {value: .nan,"),
        ("'.nan' is not a number",),
        ".nan",
    ),
    "negative days": (
        edited(f"days: {DAYS}", f"days: {DAYS.replace('90', '-90')}"),
        ("tiers.0.expiry.days: a number of days from 0 to 36500",),
        "-90",
    ),
    "days in words": (
        edited("days: {value: 30,", "days: {value: thirty,"),
        ("tiers.1.holds.0.days.value: 'thirty' is not a number",),
        "thirty",
    ),
    "a date with dots": (
        edited("as_of: 2026-11-23", "as_of: 23.11.2026"),
        ("as_of: a day of the calendar, as in 2026-11-23",),
        "23.11",
    ),
    "a date in words": (
        edited("as_of: 2026-11-23", "as_of: Nov 23, 2026"),
        ("as_of: a day of the calendar, as in 2026-11-23",),
        "Nov 23",
    ),
    "a day that no calendar has": (
        edited("as_of: 2026-11-23", "as_of: 2026-02-30"),
        ("as_of: a day of the calendar, as in 2026-11-23",),
        "02-30",
    ),
    "a date of a source that is none": (
        edited("date: 2026,", "date: 11/2026,"),
        ("a day, month or year of the calendar, as in 2026-11-23, 2026-11 or 2026",),
        "- metric: cyber.exploits",
    ),
    "a check by what is not": (
        edited("{claim: {item: E01, fields: [training_flop]}}", "{not: {claim: {item: E01}}}"),
        ("requirements.E01.requires: is no check: expected a requirement id or one of all, any",),
        "not:",
    ),
    "an exemption for what is absent": (
        edited("{claim: {item: E01, fields: [training_flop]}}", "{absent: cyber.exploits}"),
        ("requirements.E01.requires: is no check: expected a requirement id or one of all, any",),
        "absent:",
    ),
    "a bomb of aliases": (
        f"l0: &l0 [x, x]\n{LAUGHS}{MINIMAL}",
        ("no valid YAML: an alias, expected plain values",),
        "&l1",
    ),
}


@pytest.mark.parametrize("sentence", BAD)
def test_a_policy_with_a_mistake_names_it_with_its_line(sentence: str, tmp_path: Path) -> None:
    text, says, stands = BAD[sentence]
    path = tmp_path / "policy.yaml"
    path.write_text(text, encoding="utf-8")

    done = run("policy", "validate", path)

    assert (done.code, done.out) == (4, "")
    assert all(words in done.err for words in says), done.err
    assert f"{path}:{line_of(text, stands)}: " in done.err
    assert "Traceback" not in done.err


READERS = {
    "check": ["check", "{model}", "--policy", "{policy}"],
    "explain": ["explain", "{model}", "--policy", "{policy}"],
    "plan": ["plan", "{model}", "--policy", "{policy}"],
    "show": ["policy", "show", "{policy}"],
    "lint": ["policy", "lint", "{policy}"],
    "prove": ["policy", "prove", "{policy}"],
    "trace": ["policy", "trace", "{policy}"],
    "diff": ["policy", "diff", "default", "{policy}"],
    "export-rego": ["policy", "export-rego", "{policy}"],
}


@pytest.mark.parametrize("reader", READERS)
def test_every_mistake_is_listed_at_once_by_every_command(reader: str, tmp_path: Path) -> None:
    text = edited("title: Tiny", "titel: Tiny")
    for old, new in (
        ("exceeds: {value: 0.1,", "exceeds: {value: 1.5,"),
        (f"days: {DAYS}", f"days: {DAYS.replace('90', '-90')}"),
        ("as_of: 2026-11-23", "as_of: 23.11.2026"),
    ):
        text = text.replace(old, new, 1)
    path = tmp_path / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    given = {"policy": path, "model": tmp_path}

    done = run(*(word.format(**given) for word in READERS[reader]))

    assert (done.code, done.out) == (4, "")
    assert "found 5 mistakes" in done.err
    lines = re.findall(rf"^{re.escape(str(path))}:(\d+): ", done.err, re.MULTILINE)
    assert lines == sorted(lines, key=int)
    assert {str(line_of(text, w)) for w in ("titel", "23.11", "1.5", "-90")} <= set(lines)


@pytest.mark.parametrize("names", [("one",), ("one", "two"), ("one", "two", "three")])
def test_policies_that_extend_one_another_in_a_circle_are_refused(
    names: tuple[str, ...], tmp_path: Path
) -> None:
    for name, other in zip(names, (*names[1:], names[0]), strict=True):
        text = EXTENSION.format(id=name, extends=f"{other}.yaml")
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")

    done = run("policy", "validate", tmp_path / "one.yaml")

    assert (done.code, done.out) == (4, "")
    assert f"{names[-1]}.yaml:4: extends: one.yaml leads back to itself" in done.err


def test_a_file_of_ten_megabytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_text(f"{MINIMAL}# {'x' * (10 << 20)}", encoding="utf-8")

    done = run("policy", "validate", path)

    assert (done.code, done.out) == (4, "")
    assert "found more than 4194304 bytes, expected a smaller file" in done.err


def test_a_release_stops_where_the_tier_that_it_stands_on_is_taken_out_of_the_policy(
    tmp_path: Path,
) -> None:
    release = Release(tmp_path)
    release.opened()
    assert release.status()["serves"] is not None
    without = tmp_path / "without.yaml"
    text = release.policy.read_text(encoding="utf-8")
    text = text[: text.index("- id: T1\n")].replace("highest_tier: T1", "highest_tier: T0")
    without.write_text(text, encoding="utf-8")
    model = tmp_path / "model"

    asked = run("check", model, "--policy", without, "--tier", "T1")
    assert (asked.code, asked.out) == (4, "")
    assert "found no tier T1, expected one of T0" in asked.err

    words = ("--policy", without)
    old = release.act("ada-ed25519", "submit", release.record, *words, at=day(1))
    assert (old.code, "Give the file that was used with --policy" in old.err) == (5, True)

    decided, record = tmp_path / "less.json", tmp_path / "less-record.json"
    decided.write_text(run("check", model, *words, "--at", day(1), "--json").out)
    signer = key_file(tmp_path, "ada-ed25519")
    signed = run("sign", decided, "--key", signer, "--output", record, "--at", day(1))
    assert (signed.code, signed.err) == (0, "")
    done = release.act("ada-ed25519", "submit", record, *words, at=day(1))
    assert "T0 is supported" in done.out, done.err
    shown = run("release", "status", *release.where, "--at", day(1))
    assert "serves nothing" in shown.flat
    assert "T1 is asked for, T0 is supported" in shown.flat
    opens = release.act("ada-ed25519", "open", "researchers", at=day(40))
    assert opens.code not in {0, 2}
    assert "T1 is asked for, T0 is supported" in " ".join((opens.out + opens.err).split())
