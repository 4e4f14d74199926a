# SPDX-License-Identifier: Apache-2.0
"""Release cases, and what removing safeguards cost."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tiergate.errors import InputError
from tiergate.landscape.cases import USD_PER_GPU_HOUR, cases, costs
from tiergate.landscape.practice import disparities
from tiergate.landscape.vintage import Vintage, shipped


def changed(**values: str) -> Vintage:
    first, *rest = shipped().rows("safeguard removal")
    row = replace(first, values={**first.values, **values})
    return Vintage(id="2026-08-11", tables={"safeguard removal": (row, *rest)})


def test_that_cases_come_newest_first() -> None:
    found = cases(shipped())

    assert len(found) == 10
    assert [case.date for case in found] == sorted((c.date for c in found), reverse=True)
    assert {case.who for case in found} >= {"Z.ai", "OpenAI", "Moonshot AI"}


def test_that_a_case_without_a_date_is_refused() -> None:
    first, *rest = shipped().rows("release cases")
    row = replace(first, values={**first.values, "date": "someday"})

    with pytest.raises(InputError, match="row 1: found date 'someday'"):
        cases(Vintage(id="2026-08-11", tables={"release cases": (row, *rest)}))


def test_that_hours_become_dollars_at_the_price_that_is_named() -> None:
    by_hours = [cost for cost in costs(shipped()) if cost.is_computed]

    assert [cost.row["id"] for cost in by_hours] == ["heretic-qwen3-4b"]
    assert by_hours[0].usd == 0.5 * USD_PER_GPU_HOUR


def test_that_published_dollars_are_kept_and_that_others_have_none() -> None:
    found = {cost.row["id"]: cost for cost in costs(shipped())}

    assert found["glm53-ablit"].usd == 4400
    assert found["glm53-cover"].usd == 0
    assert found["deep-ignorance"].usd is None
    assert not found["glm53-ablit"].is_computed


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"unit": "euro"}, "unit 'euro'"),
        ({"amount": "many"}, "amount 'many'"),
        ({"amount": ""}, "amount ''"),
        ({"amount": "inf"}, "amount 'inf'"),
    ],
)
def test_that_an_amount_that_is_none_is_refused(values: dict[str, str], said: str) -> None:
    with pytest.raises(InputError, match=f"row 1: found {said}"):
        costs(changed(**values))


def test_that_computed_quantities_follow_from_the_tables_beside_them() -> None:
    vintage = shipped()
    said = {row["id"]: row["value"] for row in vintage.rows("quantities")}
    index = {row["model"]: row for row in vintage.rows("capability index")}
    large = [
        row
        for row in vintage.rows("large models")
        if row["compute_flop"] and row.number("compute_flop") >= 1e25
    ]
    opened = [row for row in large if row["access"].startswith("Open weights")]
    disclosed = {
        count.topic: f"{count.number} of {count.of}"
        for count in disparities(vintage)
        if count.among == "developers of the transparency index"
    }

    def points(above: str, below: str) -> str:
        return f"{index[above].number('index') - index[below].number('index'):.1f}"

    def months(later: str, earlier: str) -> float:
        return (index[later].day("released") - index[earlier].day("released")).days / 30.4375

    assert said["gap-eci-2026-08-11"] == points("GPT-5.6 Sol", "Kimi K3")
    assert said["gap-eci-2026-08-11-osi"] == points("GPT-5.6 Sol", "DeepSeek V4 Flash 0731")
    assert said["catchup-kimi-k3"] == f"{months('Kimi K3', 'GPT-5.4 Pro'):.1f}"
    assert said["catchup-glm52"] == f"{months('GLM-5.2', 'Gemini 3 Pro'):.1f}"
    rate = float(points("GPT-5.6 Sol", "o1")) / months("GPT-5.6 Sol", "o1")
    assert said["frontier-rate"] == f"{rate:.1f}"
    assert said["flop-1e25-open"] == f"{len(opened)} of {len(large)}"
    for name, topic in (
        ("fmti-mit-repro", "External reproducibility of mitigations evaluation"),
        ("fmti-mit-eff", "Mitigations efficacy"),
        ("fmti-stages", "Release stages"),
        ("fmti-predeploy", "Pre-deployment risk evaluation"),
    ):
        assert said[name].startswith(disclosed[topic])
