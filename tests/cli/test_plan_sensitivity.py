# SPDX-License-Identifier: Apache-2.0
"""What ``plan`` prints below its steps: the single numbers that move the tier."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from builders_decision import AT, collection, counts, limit, measurement, policy
from builders_policy import MINIMAL
from cli_fixtures import a_folder, evidence
from cli_runner import run
from tiergate.cli.plan_documents import LapsePart, MovedPart, ShiftPart
from tiergate.cli.sensitivity_text import SHOWN, sensitivity_lines
from tiergate.decision.explanation import Scale, Side
from tiergate.decision.lapses import Lapse, lapses
from tiergate.decision.sensitivity import Change, Shift, shifts
from tiergate.decision.tier import Tier
from tiergate.decision.whatif import Moved, WhatIf
from tiergate.evidence.measurement import Variant

MOVED = Moved(
    metric="cyber.exploit",
    variant=Variant.WORST_CASE,
    scale=Scale.RATE,
    side=Side.AT_MOST,
    limit=Decimal("0.05"),
    would_be=Decimal("0.04"),
    supported=Tier.T0,
)
SHIFT = Shift(
    item="sha256:0#m0",
    metric="cyber.exploit",
    variant=Variant.WORST_CASE,
    organisation="an institute",
    adverse=1,
    behaviours=92,
    change=Change.FURTHER_CLEAN,
    count=1,
    supported=Tier.T5,
)
LAPSE = Lapse(
    supported=Tier.T4,
    until=datetime(2027, 1, 2, 3, 4, tzinfo=UTC),
    then=Tier.T1,
    topics=("E01", "E02", "E03", "E05", "cyber.exploit"),
)


def told(
    moving: tuple[Moved, ...] = (),
    changes: tuple[Shift, ...] = (),
    falls: tuple[Lapse, ...] = (),
) -> list[str]:
    return list(sensitivity_lines(Tier.T4, moving, changes, falls))


def test_what_opens_more_stands_first_and_then_what_is_nearest() -> None:
    far = dataclasses.replace(MOVED, would_be=Decimal("0.01"))
    margin = dataclasses.replace(MOVED, scale=Scale.MARGIN, limit=Decimal(0))
    up = dataclasses.replace(margin, would_be=Decimal("0.5"), supported=Tier.T5)

    lines = told((far, MOVED, up))

    assert [
        "    - cyber.exploit (margin over baseline) at most 0, worst case: with 0.5 it would be T5",
        "    - cyber.exploit at most 0.05, worst case: with 0.04 it would be T0",
        "    - cyber.exploit at most 0.05, worst case: with 0.01 it would be T0",
    ] == [" ".join(line.split()).replace("- ", "    - ", 1) for line in _joined(lines[1:])]


def _joined(lines: list[str]) -> list[str]:
    """Put together what was wrapped."""
    found: list[str] = []
    for line in lines:
        if line.startswith("    - "):
            found.append(line)
        else:
            found[-1] += " " + line.strip()
    return found


def test_one_measurement_has_one_line_with_all_that_could_happen_to_it() -> None:
    fewer = dataclasses.replace(SHIFT, change=Change.FEWER_ADVERSE)
    other = dataclasses.replace(
        SHIFT, item="sha256:1#m0", organisation="", change=Change.MORE_ADVERSE, supported=Tier.T0
    )

    lines = _joined(told(changes=(other, SHIFT, fewer))[1:])

    first, second = lines
    assert (
        "    - cyber.exploit, worst case, 1 of 92 adverse by an institute: 1 further clean, and "
        "it would be T5; 1 fewer adverse, and it would be T5"
    ) == first
    assert (
        "    - cyber.exploit, worst case, 1 of 92 adverse by somebody: 1 more adverse, and it "
        "would be T0"
    ) == second


def test_of_many_the_first_are_shown_and_the_rest_are_counted() -> None:
    many = tuple(dataclasses.replace(SHIFT, item=f"sha256:{n}#m0") for n in range(SHOWN + 3))

    assert "    - 3 more with --json" == told(changes=many)[-1]


def test_a_fall_says_until_when_where_to_and_what_is_too_old() -> None:
    (line,) = _joined(told(falls=(LAPSE,))[1:])

    assert (
        "    - T4 until 2027-01-02 03:04 UTC, then T1 (too old after it: E01, E02, E03, E05 and 1 "
        "more)"
    ) == line


def test_where_nothing_moves_the_tier_nothing_is_said() -> None:
    assert [] == told()


def test_what_is_printed_as_a_document_is_what_was_found() -> None:
    asked, evidence = policy({"R1": limit()}), collection(measurement(value=counts(0, 59)))
    found = WhatIf(asked, evidence, AT)

    moved = [MovedPart.of(m) for m in found.moving()]
    changes = [ShiftPart.model_validate(s) for s in shifts(found)]
    falls = [LapsePart.model_validate(fall) for fall in lapses(asked, evidence, AT)]

    assert [(Tier.T0, "rate")] == [(m.supported, m.scale) for m in moved]
    assert [(1, "more adverse"), (1, "further adverse")] == [(c.count, c.change) for c in changes]
    assert [(Tier.T1, Tier.T0)] == [(fall.supported, fall.then) for fall in falls]


def test_the_report_shows_what_other_limits_would_give_without_any_script(tmp_path: Path) -> None:
    model, page = a_folder(tmp_path / "model"), tmp_path / "report.html"
    policy_file = tmp_path / "tiny.yaml"
    number = "{value: 0.05, status: 'default, adjustable', basis: a}"
    asks = f"{{limit: {{metric: cyber.exploits, at_most: {number}}}}}"
    claim = "{claim: {item: E01, fields: [training_flop]}}"
    policy_file.write_text(MINIMAL.replace(claim, asks), encoding="utf-8")
    evidence(model, "cyber.exploits", successes=4, trials=100)

    done = run("report", model, "--policy", policy_file, "-o", page)

    text = page.read_text(encoding="utf-8")
    assert 3 == done.code, done.err
    assert "<script" not in text
    section = text.partition('aria-labelledby="what-if"')[2].partition("</section>")[0]
    assert "cyber.<wbr>exploits" in section
    assert "<b>T0 below 0." in section
    assert "T5 from 0." in section
