# SPDX-License-Identifier: Apache-2.0
"""The report in the system's Chromium, scripts disabled: wide and narrow, light and dark."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, Page

from builders import AT, a_subject, all_signed, an_attack, full_evidence
from builders_default import POLICY
from builders_report import a_log, a_run, named
from cli_fixtures import a_folder, evidence
from cli_runner import run
from tiergate.decision.evaluate import evaluate
from tiergate.decision.tier import Tier
from tiergate.evidence.collection import collect
from tiergate.evidence.measurement import AttackClass, Variant
from tiergate.evidence.provenance import Remark
from tiergate.report.facts import FileFact, ReportFacts
from tiergate.report.page import render_report

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket]

WIDE, TABLET, PHONE, PAPER = 1280, 820, 390, 680
SCHEMES: tuple[Literal["light"], Literal["dark"]] = ("light", "dark")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A report that was opened, and what the browser did besides."""

    page: Page
    """The page."""
    asked: list[str]
    """Addresses that were requested and messages that were printed."""
    width: int
    """Width of the window in pixels."""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the report of a model with one damning measurement, as a user does."""
    folder = tmp_path_factory.mktemp("report")
    model = a_folder(folder / "a-model-with-a-rather-long-name-that-must-not-widen-a-phone")
    evidence(model, "cyber.end_to_end_exploits", successes=50, trials=410)
    page = folder / "report.html"
    assert run("report", model, "--tier", "T5", "-o", page).code == 3
    return page


@pytest.fixture(scope="module")
def full_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the report of a model with all evidence that open weights need."""
    found = all_signed(full_evidence(POLICY, Tier.T5))
    decision = evaluate(POLICY, found, at=AT, asked=Tier.T5)
    long = "x" * 300
    facts = ReportFacts(
        rows=(("licence", long),),
        notes=(long,),
        files=(FileFact(path=long, role="weights", size="8 bytes", sha256=long),),
    )
    page = tmp_path_factory.mktemp("full") / "report.html"
    text = render_report(decision, found, facts=facts, commands=(f"tiergate check {long}",))
    page.write_text(text, encoding="utf-8")
    return page


@pytest.fixture(scope="module")
def attacked_report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the report of several attacks on the same behaviours, with findings and a ledger."""
    shown = {f"behaviour-{n:03}": (n % 4, 5, 0) for n in range(120)}
    hidden = {f"behaviour-{n:03}": (0, n % 3, 5 - n % 3) for n in range(0, 120, 2)}
    crowd = {f"behaviour-{n:04}": (int(n < 9), 1, 0) for n in range(500)}
    remarks = (Remark(code="limited", message="x" * 200),)
    runs = (a_run(1, behaviours=120), a_run(2))
    logs = (
        a_log(
            named(shown, attack=an_attack(AttackClass.PREFILL)), remarks=remarks, run=f"{1:016x}"
        ),
        a_log(named(hidden, attack=an_attack(AttackClass.JAILBREAK)), name=f"{'y' * 120}.eval"),
        a_log(named(crowd, "cyber.exploits_of_services", variant=Variant.WORST_CASE)),
    )
    found = collect(a_subject(), logs, runs=runs)
    decision = evaluate(POLICY, found, at=AT, asked=Tier.T5)
    page = tmp_path_factory.mktemp("attacked") / "report.html"
    facts = ReportFacts(rows=(), notes=(), files=())
    page.write_text(render_report(decision, found, facts=facts, commands=()), encoding="utf-8")
    return page


@pytest.fixture(params=[(width, scheme) for width in (WIDE, PHONE) for scheme in SCHEMES])
def opened(request: pytest.FixtureRequest, browser: Browser, report: Path) -> Iterator[Opened]:
    width, scheme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=False
    )
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: asked.append(message.text))
    page.on("pageerror", lambda error: asked.append(str(error)))
    page.goto(report.as_uri())
    yield Opened(page=page, asked=asked, width=width)
    context.close()


def test_it_opens_without_scripts_or_requests(opened: Opened, report: Path) -> None:
    page = opened.page

    assert page.get_by_role("heading", level=1).is_visible()
    assert page.get_by_role("heading", name="Not assessed").is_visible()
    assert page.get_by_role("main").is_visible()
    assert [report.as_uri()] == opened.asked


def test_the_plot_that_fits_is_shown_and_the_other_is_not(opened: Opened) -> None:
    shown = {
        name: opened.page.locator(f".plot.{name} svg").is_visible() for name in ("wide", "narrow")
    }

    assert {"wide": opened.width == WIDE, "narrow": opened.width == PHONE} == shown


def test_a_requirement_opens_without_scripts(opened: Opened) -> None:
    requirement = opened.page.locator("[id='T5-E01']")
    reason = requirement.get_by_text("nobody has stated it").first

    before = reason.is_visible()
    requirement.locator("summary").click()

    assert (False, True) == (before, reason.is_visible())


def test_a_link_to_a_requirement_opens_the_tier_that_holds_it(opened: Opened) -> None:
    opened.page.goto(f"{opened.page.url}#T1-E01")

    assert opened.page.locator("[id='T1-E01']").is_visible()


@pytest.mark.parametrize("width", [WIDE, TABLET, PHONE])
@pytest.mark.parametrize("name", ["report", "full_report", "attacked_report"])
def test_it_does_not_scroll_sideways(
    width: int, name: str, browser: Browser, request: pytest.FixtureRequest
) -> None:
    path: Path = request.getfixturevalue(name)
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(path.as_uri())
    # What is folded away must not be too wide either once somebody opens it.
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")

    needed = page.evaluate("document.documentElement.scrollWidth")
    context.close()

    assert width >= needed


@pytest.mark.parametrize("width", [WIDE, PHONE])
@pytest.mark.parametrize("name", ["measurements", "grades"])
def test_tables_stay_tables_to_a_screen_reader(
    name: str, width: int, browser: Browser, full_report: Path
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(full_report.as_uri())

    table = page.locator(f"table.{name}")
    rows = table.get_by_role("row").count()
    headers = table.get_by_role("columnheader").count()
    named = table.get_by_role("rowheader").count()
    context.close()

    assert {"measurements": 10, "grades": 11}[name] == headers
    assert 1 + 2 * named == rows


@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_every_strip_of_behaviours_fits_and_is_drawn_once(
    width: int, browser: Browser, attacked_report: Path
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(attacked_report.as_uri())

    drawings = page.locator("section[aria-labelledby=behaviours] .plot svg:visible")
    sizes = [box["width"] for drawing in drawings.all() if (box := drawing.bounding_box())]
    cells = drawings.last.locator("path[fill-opacity]").first.bounding_box()
    context.close()

    assert 2 == len(sizes)
    assert max(sizes) <= width
    assert cells is not None
    assert cells["width"] >= 4


def test_the_reasons_of_a_grade_open_without_scripts(
    browser: Browser, attacked_report: Path
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(attacked_report.as_uri())
    reason = page.locator("table.grades").get_by_text("separate team, as stated by itself").first

    before = reason.is_visible()
    page.get_by_text("Why these grades").first.click()
    after = reason.is_visible()
    context.close()

    assert (False, True) == (before, after)


@pytest.mark.parametrize("width", [WIDE, PHONE])
def test_what_a_tier_asks_of_a_grade_can_be_read_at_every_width(
    width: int, browser: Browser, attacked_report: Path
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(attacked_report.as_uri())

    head = page.locator("table.grades thead").bounding_box()
    beside = page.evaluate(
        "getComputedStyle(document.querySelector('.grades td[data-asked]'), '::after').content"
    )
    context.close()

    assert head is not None
    assert (width == WIDE) == (head["height"] > 10)
    assert {WIDE: "none", PHONE: '"T5 asks 2"'}[width] == beside


def test_the_grades_print_with_their_reasons(browser: Browser, attacked_report: Path) -> None:
    context = browser.new_context(viewport={"width": PAPER, "height": 960})
    page = context.new_page()
    page.goto(attacked_report.as_uri())
    page.emulate_media(media="print")

    reason = page.locator("dl.reasons").first.bounding_box()
    needed = page.evaluate("document.documentElement.scrollWidth")
    context.close()

    assert reason is not None
    assert reason["height"] > 10
    assert needed <= PAPER


def test_dark_is_dark_and_light_is_light(browser: Browser, report: Path) -> None:
    colours = {}
    for scheme in SCHEMES:
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto(report.as_uri())
        style = "(s => [s.backgroundColor, s.color])(getComputedStyle(document.body))"
        colours[scheme] = page.evaluate(style)
        context.close()

    assert ["rgb(255, 255, 255)", "rgb(28, 31, 35)"] == colours["light"]
    assert ["rgb(20, 23, 27)", "rgb(230, 232, 235)"] == colours["dark"]


def test_the_plot_takes_the_colour_of_the_page(browser: Browser, report: Path) -> None:
    inks = {}
    for scheme in SCHEMES:
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        page.goto(report.as_uri())
        inks[scheme] = page.evaluate("getComputedStyle(document.querySelector('.plot text')).fill")
        context.close()

    assert {"light": "rgb(28, 31, 35)", "dark": "rgb(230, 232, 235)"} == inks


def test_it_prints_dark_on_white_and_does_not_run_off_the_paper(
    browser: Browser, full_report: Path
) -> None:
    context = browser.new_context(
        viewport={"width": PAPER, "height": 960}, color_scheme="dark", java_script_enabled=False
    )
    page = context.new_page()
    page.goto(full_report.as_uri())
    page.emulate_media(media="print", color_scheme="dark")

    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    needed = page.evaluate("document.documentElement.scrollWidth")
    printed = page.pdf(format="A4")
    context.close()

    assert "rgb(255, 255, 255)" == background
    assert needed <= PAPER
    assert printed.startswith(b"%PDF")
    assert 2 <= printed.count(b"/Type /Page\n") <= 40
