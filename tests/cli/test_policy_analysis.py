# SPDX-License-Identifier: Apache-2.0
"""``policy lint``, ``diff`` and ``prove``, ``plan`` and ``whatif`` on the command line."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest
import regorus

from builders_model import write_checkpoint
from builders_policy import edited
from cli_runner import run
from tiergate.decision.plan_prices import SHIPPED

SLOW = edited("  fast_path: [E01]\n", "")
"""The small policy without its fast path."""
DATE = ["--at", "2026-11-23"]


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(SLOW, encoding="utf-8")
    return path


@pytest.fixture
def looser(tmp_path: Path) -> Path:
    path = tmp_path / "looser.yaml"
    text = SLOW.replace("exceeds: {value: 0.1,", "exceeds: {value: 0.2,")
    path.write_text(text.replace("id: tiny", "id: looser"), encoding="utf-8")
    return path


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A checkpoint with nothing but its files."""
    folder = tmp_path / "model"
    write_checkpoint(folder)
    return folder


def test_a_policy_without_findings_is_clean() -> None:
    done = run("policy", "lint", "thinking-machines-2026", *DATE)

    assert (0, "thinking-machines-2026 1.0.0: 0 findings\n") == (done.code, done.out)
    found = run("policy", "lint", "thinking-machines-2026", *DATE, "--json").json
    assert ("tiergate-lint/1", []) == (found["format"], found["findings"])


def test_a_finding_is_named_with_its_code(tiny: Path, tmp_path: Path) -> None:
    done = run("policy", "lint", str(tiny), *DATE, "--feasible", "100")

    assert 1 == done.code
    assert "[sample-too-large]" in done.out
    trust = tmp_path / "trust.yaml"
    done = run("policy", "lint", str(tiny), *DATE, "--trust", str(trust))
    assert 4 == done.code


def test_a_witness_that_was_written_is_decided_differently(
    tiny: Path, looser: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)

    done = run("policy", "diff", str(tiny), str(looser), *DATE, "--witness", "w")

    assert 1 == done.code
    assert "tiny is stricter than looser" in done.out
    lines = done.unbroken.splitlines()
    commands = [line.split(": ", 1) for line in lines if "tiergate check" in line]
    assert 2 == len(commands)
    supported = []
    for says, command in commands:
        answer = run(*shlex.split(command)[1:], "--json").json
        assert says.split()[-1] == answer["decision"]["supported"]
        supported.append(says.split()[-1])
    assert ["T0", "T5"] == supported


def test_a_witness_is_never_written_over(tiny: Path, looser: Path, tmp_path: Path) -> None:
    done = run("policy", "diff", str(tiny), str(looser), *DATE, "--witness", str(tmp_path))

    assert 4 == done.code
    assert "a folder that is there" in done.err


def test_a_policy_and_itself_open_the_same(tiny: Path) -> None:
    done = run("policy", "diff", str(tiny), str(tiny), *DATE, "--witness", "none")

    assert 0 == done.code
    assert "tiny opens the same as tiny" in done.out
    assert not Path("none").exists()
    found = run("policy", "diff", str(tiny), str(tiny), *DATE, "--json").json
    assert ("equivalent", "tiergate-policy-diff/1") == (found["overall"], found["format"])


def test_laws_are_proved(tiny: Path) -> None:
    done = run("policy", "prove", str(tiny), *DATE)

    assert 0 == done.code, done.out
    assert "4 of 4 laws proved" in done.out


def test_a_law_that_does_not_hold_is_shown(tiny: Path, looser: Path) -> None:
    done = run("policy", "prove", str(looser), *DATE, "--stricter-than", str(tiny))

    assert 1 == done.code
    assert "DOES NOT HOLD" in done.out
    found = run("policy", "prove", looser, *DATE, "--stricter-than", tiny, "--json").json
    assert False in {law["holds"] for law in found["laws"]}


def test_without_the_extra_there_is_no_proof(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "z3", None)

    done = run("policy", "prove", str(tiny), *DATE)

    assert 6 == done.code
    assert "pip install 'tiergate[prove]'" in done.err


def test_a_plan_says_what_to_do_what_it_costs_and_how_likely_it_is(tiny: Path, model: Path) -> None:
    asked = ["plan", str(model), "--policy", str(tiny), "--tier", "T5", *DATE]

    done = run(*asked)

    assert 3 == done.code
    assert "claim E01: training_flop" in done.flat
    assert f"> tiergate evidence claim E01 --model {model}" in done.flat
    assert "approvals: safety lead" in done.out
    assert "hold: a month (30)" in done.out
    found = run(*asked, "--json").json
    assert ("tiergate-tier-plan/1", True) == (found["format"], found["is_possible"])
    assert [step["command"].split()[1] for step in found["steps"]] == ["evidence"] * len(
        found["steps"]
    )


def test_without_a_tier_the_next_one_is_planned(tiny: Path, model: Path) -> None:
    found = run("plan", model, "--policy", tiny, *DATE, "--json").json

    assert "T5" == found["tier"]


def test_what_is_not_possible_says_what_could_change_it(tiny: Path, model: Path) -> None:
    (model / "code.py").write_text("# code\n", encoding="utf-8")
    policy = model.parent / "files.yaml"
    both = "{at_least: 1, of: [{loads_without_code: true}, {generates_only: [text]}]}"
    policy.write_text(SLOW.replace(both, "{loads_without_code: true}"), encoding="utf-8")

    done = run("plan", model, "--policy", policy, "--tier", "T5", *DATE)

    assert 1 == done.code, done.err
    assert "no further evidence opens it" in done.out
    assert "convert the files" in done.flat


def test_the_withheld_tier_needs_no_plan(tiny: Path, model: Path) -> None:
    assert 4 == run("plan", model, "--policy", tiny, "--tier", "T0", *DATE).code


@pytest.mark.parametrize("rate", ["cyber.exploits", "cyber.exploits=2", "x=0.1"])
def test_a_rate_that_is_none_is_refused(rate: str, tiny: Path, model: Path) -> None:
    done = run("plan", model, "--policy", tiny, *DATE, "--rate", rate)

    assert 4 == done.code
    assert "as in cyber.exploits=0.02" in done.err


def test_a_rate_of_a_metric_without_a_limit_is_refused(tiny: Path, model: Path) -> None:
    done = run("plan", model, "--policy", tiny, *DATE, "--rate", "cyber.exploit=0.1")

    assert (4, "") == (done.code, done.out)
    assert "Did you mean cyber.exploits?" in done.err


def test_what_a_metric_without_a_limit_would_give_is_refused(tiny: Path, model: Path) -> None:
    asked = ["whatif", model, "--policy", tiny, *DATE, "--limit", "0.1"]

    done = run(*asked, "--metric", "cyber.exploit")

    assert 4 == done.code
    assert "--metric: found cyber.exploit, expected a metric" in done.err
    assert "Did you mean cyber.exploits?" in done.err


def test_a_rate_and_prices_of_ones_own_are_planned_with(
    tiny: Path, model: Path, tmp_path: Path
) -> None:
    prices = tmp_path / "prices.yaml"
    text = SHIPPED.read_text(encoding="utf-8").replace("own: {hours: 8", "own: {hours: 900")
    prices.write_text(text, encoding="utf-8")
    asked = ["plan", model, "--policy", tiny, "--tier", "T5", *DATE]

    done = run(*asked, "--rate", "cyber.exploits=0.001", "--prices", prices)

    assert 3 == done.code
    assert "at a rate of 0.0010, as observed or stated" in done.flat
    assert "900 h" in done.flat


def test_another_limit_gives_another_tier_or_not(tiny: Path, model: Path) -> None:
    asked = ["whatif", model, "--policy", tiny, "--metric", "cyber.exploits", *DATE]

    done = run(*asked, "--limit", "0.1")

    assert (0, "cyber.exploits, limit 0.1: T0\n  from 0: T0\n") == (done.code, done.out)
    found = run(*asked, "--limit", "0.1", "--steps", "3", "--json").json
    assert ["0", "0.5", "1"] == [row["value"] for row in found["rows"]]
    for limit in ("0.7", "x"):
        assert 4 == run(*asked, "--limit", limit).code


def test_a_policy_as_rego_decides_alike_on_the_input_that_is_printed(
    tiny: Path, model: Path
) -> None:
    module = run("policy", "export-rego", tiny)
    given = run("policy", "export-rego", tiny, "--input", model, *DATE)

    assert (0, 0) == (module.code, given.code)
    engine = regorus.Engine()
    engine.add_policy("tiny.rego", module.out)
    engine.set_input_json(given.out)
    assert "T0" == engine.eval_rule("data.tiergate.policy_tiny.supported")
