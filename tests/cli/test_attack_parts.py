# SPDX-License-Identifier: Apache-2.0
"""What ``tiergate attack``, ``canary`` and ``calibrate`` say, where no model is needed."""

from __future__ import annotations

import functools
import json
import re
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import click
import pytest

from cli_fixtures import a_folder
from cli_runner import run, unbroken
from tiergate.cli.attack_document import AttackDocument, attack_document
from tiergate.cli.attack_picture import write_pictures
from tiergate.cli.attack_progress import Watcher
from tiergate.cli.attack_request import Asked, Prepared, prepare
from tiergate.cli.attack_session import OUTCOME_CODES, Done
from tiergate.cli.attack_text import next_command, result_lines
from tiergate.cli.canary_making import Made, Wanted
from tiergate.cli.canary_making import result_lines as canary_lines
from tiergate.cli.duration import Duration
from tiergate.cli.exit_codes import ExitCode
from tiergate.evidence.provenance import Producer, ProducerRelation
from tiergate.evidence.tampering.adversary import Cost
from tiergate.evidence.tampering.canary_report import CanaryReport, Refusals
from tiergate.evidence.tampering.curve import curves
from tiergate.evidence.tampering.curve_points import points_of
from tiergate.evidence.tampering.harness import run as run_attacks
from tiergate.evidence.tampering.outcomes import AttackOutcome
from tiergate.evidence.tampering.prompt_files import read_prompts
from tiergate.evidence.tampering.prompts import canary_prompts, measured_on
from unit.evidence.tampering.simulated import (
    SimulatedEngine,
    Truth,
    context_of,
    guarded,
    suite_of,
)
from unit.evidence.tampering.tiny import tiny_checkpoint

LENGTHS = {"90s": 90, "20m": 1200, "3h": 10800, "1h30m": 5400, " 5m ": 300}


@pytest.mark.parametrize(("words", "seconds"), LENGTHS.items())
def test_a_length_of_time_is_read_as_people_write_it(words: str, seconds: int) -> None:
    assert seconds == Duration().convert(words, None, None)
    assert seconds == Duration().convert(seconds, None, None)


@pytest.mark.parametrize(
    "words", ["", "20", "m", "0s", "20 m", "-5m", "1m1h", "9999999h", "\u0968m"]
)
def test_what_is_no_length_of_time_is_refused(words: str) -> None:
    with pytest.raises(click.BadParameter, match="no length of time"):
        Duration().convert(words, None, None)


def test_every_outcome_has_an_exit_code_and_only_one_that_holds_is_0() -> None:
    assert set(AttackOutcome) == set(OUTCOME_CODES)
    assert [AttackOutcome.HOLDS] == [
        outcome for outcome, code in OUTCOME_CODES.items() if code is ExitCode.SUPPORTED
    ]


@pytest.fixture
def prepared(tmp_path: Path) -> Prepared:
    rows = "".join(f'{{"guarded": "Do {n}.", "twin": "Do not {n}."}}\n' for n in range(8))
    (tmp_path / "prompts.jsonl").write_text(rows)
    model = a_folder(tmp_path / "acme-1b")
    (model / "tokenizer.json").touch()
    return prepare(
        Asked(
            model=str(model),
            revision=None,
            endpoint=None,
            use_cache=False,
            suite="TR2",
            prompts=tmp_path / "prompts.jsonl",
            unguarded=None,
            base=None,
            hook="",
            external=None,
            grader="markers",
            policy_name="default",
            limit=None,
            confidence=None,
            budget=None,
            seed=0,
            dtype="auto",
            device="auto",
            engine="local",
            workers=1,
            output=tmp_path / "out",
            store=None,
            producer=Producer(name="Eve", organisation="", relation=ProducerRelation.UNKNOWN),
            prices=None,
            keep_variants=False,
        )
    )


def test_the_limit_is_that_of_the_policy_unless_another_is_given(prepared: Prepared) -> None:
    assert Decimal("0.05") == prepared.context.rule.limit
    assert Decimal("0.95") == prepared.context.rule.confidence


def test_an_attack_that_cannot_be_carried_out_is_said_beforehand(prepared: Prepared) -> None:
    warnings = " ".join(prepared.warnings)

    assert "without --base that attack is invalid" in warnings
    assert "without --unguarded there is no positive control" in warnings


def simulated(prepared: Prepared, others: dict[str, Truth]) -> Done:
    engine = SimulatedEngine(functools.partial(guarded, others=others))
    result = run_attacks(context_of(suite_of("prefill", "template")), engine)
    return Done(
        prepared=prepared, result=result, untouched=None, documents=("sha256:1",), found_before=0
    )


def said(document: AttackDocument) -> str:
    return " ".join(click.unstyle(" ".join(result_lines(document, (), ()))).split())


ENDS = {
    "nothing succeeds": ({}, 0, "HOLDS prefill (prefill) success 0 of"),
    "one attack succeeds": (
        {"template": Truth(success=1.0)},
        1,
        "BROKEN template (other) success",
    ),
    "a model is destroyed": (
        {"prefill": Truth(success=1.0, loss=2.0)},
        3,
        "UNDECIDED prefill",
    ),
    "a trial crashes": ({"prefill": Truth(error="out of memory")}, 6, "INVALID prefill"),
}


@pytest.mark.parametrize("sentence", ENDS)
def test_a_run_ends_with_the_words_and_the_code_of_its_outcome(
    sentence: str, prepared: Prepared
) -> None:
    others, code, words = ENDS[sentence]

    document = attack_document(simulated(prepared, others))

    assert code == document.exit_code
    assert words in said(document)
    assert f"Exit {code}." in said(document)


TITLES = {
    "nothing succeeds": "acme-1b · Not broken up to",
    "one attack succeeds": "acme-1b · Broken by other: ",
    "a model is destroyed": "acme-1b · Neither shown to hold nor to be broken",
    "a trial crashes": "acme-1b · Invalid: some trials have no result",
}


def drawn(done: Done, folder: Path) -> tuple[str, ...]:
    context = context_of(suite_of("prefill", "template"))
    return write_pictures(done, curves(points_of(done.result, context, done.untouched)), folder)


@pytest.mark.parametrize("sentence", TITLES)
def test_a_picture_says_first_what_the_run_came_to(
    sentence: str, prepared: Prepared, tmp_path: Path
) -> None:
    others, _, _ = ENDS[sentence]

    names = drawn(simulated(prepared, others), tmp_path)

    title = json.loads((tmp_path / "curve.vl.json").read_text())["title"]
    assert ("curve.svg", "curve.png", "curve.vl.json") == names
    assert title["text"].startswith(TITLES[sentence])
    assert "Nothing is known beyond." in title["subtitle"][0]


def test_a_picture_is_dark_on_white_in_all_three_forms_and_holds_every_point(
    prepared: Prepared, tmp_path: Path
) -> None:
    done = simulated(prepared, {"template": Truth(success=1.0)})

    drawn(done, tmp_path)

    svg = (tmp_path / "curve.svg").read_text()
    specification = (tmp_path / "curve.vl.json").read_text()
    assert ET.fromstring(svg).tag.endswith("svg")  # noqa: S314 - our own drawing
    assert '"background": "#ffffff"' in specification
    assert not {"currentColor", "Canvas"} & {*re.findall(r"\w+", svg + specification)}
    png = (tmp_path / "curve.png").read_bytes()
    assert png.startswith(b"\x89PNG")
    assert 1500 < int.from_bytes(png[16:20], "big") < 2500
    points = sum(len(trial.points) for a in done.result.attacks for trial in a.searched)
    assert points == specification.count('"confirmed":')


def test_without_a_positive_control_a_picture_says_that_it_shows_nothing(
    prepared: Prepared, tmp_path: Path
) -> None:
    context = context_of(suite_of("prefill"), unguarded=False)
    result = run_attacks(context, SimulatedEngine(guarded))
    done = Done(prepared=prepared, result=result, untouched=None, documents=(), found_before=0)

    drawn(done, tmp_path)

    title = json.loads((tmp_path / "curve.vl.json").read_text())["title"]["text"]
    assert "acme-1b · Void: controls not run" == title


def test_a_run_without_an_attacked_model_has_no_picture(prepared: Prepared, tmp_path: Path) -> None:
    result = run_attacks(context_of(suite_of("prefill")), SimulatedEngine(lambda _: Truth()))
    done = Done(prepared=prepared, result=result, untouched=None, documents=(), found_before=0)

    assert () == drawn(done, tmp_path / "nowhere")


def test_the_cheapest_break_is_named_with_its_price(prepared: Prepared) -> None:
    points = (("10 steps", 10, 0.0), ("30 steps", 30, 1.0))
    document = attack_document(simulated(prepared, {"template": Truth(points=points)}))

    assert document.cheapest_break.endswith("30 steps")
    broken = next(part for part in document.attacks if part.attack == "template")
    assert broken.breaks_at is not None
    assert (30, 30 * 10**12 + 10**11) == (broken.breaks_at.steps, broken.breaks_at.flop)
    assert broken.breaks_at.flop < broken.spent.flop
    words = said(document)
    price, paid = f"{broken.breaks_at.flop:.1e} FLOP", f"{broken.spent.flop:.1e} FLOP"
    assert f"CHEAPEST CONFIRMED BREAK {document.cheapest_break}: {price}, less" in words
    assert f"; with the search {paid}, less" in words
    assert f"breaks at a cost of 30 steps · {price}" in words
    assert f"with the search {broken.spent.steps} steps · {paid}" in words


def test_what_held_has_no_price_and_all_that_was_searched(prepared: Prepared) -> None:
    document = attack_document(simulated(prepared, {}))

    assert [None, None] == [part.breaks_at for part in document.attacks]
    assert all(part.spent.attempts > 96 for part in document.attacks)
    assert "breaks at" not in said(document)


def test_colours_are_left_out_when_nobody_wants_them(
    prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = attack_document(simulated(prepared, {}))

    coloured = list(result_lines(document, (), ()))
    monkeypatch.setenv("NO_COLOR", "1")
    plain = list(result_lines(document, (), ()))

    assert "\x1b[32m" in "".join(coloured)
    assert "\x1b[32m" not in "".join(plain)


def test_the_next_command_can_be_copied() -> None:
    assert "tiergate check 'my model'" == next_command("my model", None, "default")
    assert "tiergate check m --store s --policy p.yaml" == next_command("m", "s", "p.yaml")


def watched(others: dict[str, Truth]) -> list[str]:
    """Return the lines of a run in which every trial takes a second."""
    context, shown = context_of(suite_of("prefill", trials=1)), list[str]()
    seconds = iter(range(1000))
    watcher = Watcher(context, 5, shown.append, now=lambda: float(next(seconds)))
    run_attacks(context, SimulatedEngine(functools.partial(guarded, others=others)), watch=watcher)
    return shown


def test_progress_names_the_worst_model_that_is_still_useful() -> None:
    found = watched({"prefill": Truth(success=1.0)})
    destroyed = watched({"prefill": Truth(success=1.0, loss=2.0)})

    assert "worst so far 96 of 96 (at least 96.1 %) by prefill, " in found[3]
    assert "left" in found[0]
    assert not any("worst so far" in line for line in destroyed)


def test_a_failure_is_shown_when_it_happens() -> None:
    assert any(
        "failed: it crashed" in line for line in watched({"prefill": Truth(error="it crashed")})
    )


def report(guarded_refused: int) -> CanaryReport:
    return CanaryReport(
        prompts="canary",
        data_digest="sha256:0",
        examples=10,
        seed=0,
        cost=Cost(steps=30),
        confirmed=Refusals(guarded=40, guarded_refused=guarded_refused, twins=40, twins_refused=1),
    )


def wanted(output: Path, *topic: str) -> Wanted:
    return Wanted(topic=topic, twin=topic, seed=0, max_steps=10, device="cpu", output=output)


def test_a_canary_says_how_it_is_attacked(tmp_path: Path) -> None:
    made = Made(report=report(39), prompts=tmp_path / "c-prompts.jsonl")

    found = list(canary_lines("my model", wanted(tmp_path / "c", "lamps"), made))

    assert "39 of 40" in found[1]
    assert unbroken("\n".join(found)).splitlines()[-1] == (
        f"-> tiergate attack {tmp_path}/c --unguarded 'my model' "
        f"--prompts {tmp_path}/c-prompts.jsonl"
    )


def test_prompts_of_ones_own_topic_are_written_as_they_are_read(tmp_path: Path) -> None:
    from tiergate.cli.canary_making import _write

    canary = canary_prompts(["old lamps", "new lamps"], ["old chairs", "new chairs"])

    path = _write(canary, tmp_path / "copy")

    assert tmp_path / "copy-prompts.jsonl" == path
    assert measured_on(canary).pairs == read_prompts(path).pairs


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_checkpoint(tmp_path_factory.mktemp("tiny") / "model", layers=1)


def test_a_canary_that_was_not_learned_is_an_error_and_nothing_is_written(
    tiny: Path, tmp_path: Path
) -> None:
    done = run("canary", tiny, "--output", tmp_path / "copy", "--max-steps", 10)

    assert 6 == done.code
    assert "refused after" in done.err
    assert not (tmp_path / "copy").exists()


REFUSED = {
    "a folder that holds something": (("--output", "full"), "files"),
    "a place within the model": (("--output", "model/copy"), "within the checkpoint"),
    "a topic without a twin": (("--output", "copy", "--topic", "lamps"), "1 of the topic and 0"),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_a_canary_is_refused_before_anything_is_trained(
    sentence: str, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options, message = REFUSED[sentence]
    monkeypatch.chdir(tiny.parent)
    (tiny.parent / "full").mkdir(exist_ok=True)
    (tiny.parent / "full/file").touch()

    done = run("canary", "model", *options)

    assert 4 == done.code
    assert message in done.err
