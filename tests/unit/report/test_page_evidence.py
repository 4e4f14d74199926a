# SPDX-License-Identifier: Apache-2.0
"""Findings, grades, runs, behaviours and logs on the page, where and as they are looked for."""

from __future__ import annotations

import dataclasses
import html
import re
from functools import cache

import pytest

from builders import AT, SOURCE, a_claim, a_document, a_measurement, a_subject, an_attack
from builders_default import POLICY
from builders_report import ATTACKS, a_log, a_run, named
from tiergate.decision.evaluate import evaluate
from tiergate.decision.tier import Tier
from tiergate.evidence.collection import Collection, collect
from tiergate.evidence.measurement import AttackClass, Variant
from tiergate.evidence.provenance import Remark
from tiergate.report.facts import LogPlace, ReportFacts
from tiergate.report.page import render_report

FINDINGS = (
    Remark(code="limited", message="the run was limited to 2 of 100"),
    Remark(code="header-disagrees", message="the header says 3 of 4"),
)
RUNS = (a_run(1, behaviours=2), a_run(2), a_run(3, behaviours=9))


@cache
def some_evidence() -> Collection:
    results = {"first": (1, 2, 0), "second": (0, 2, 0)}
    documents = (
        a_log(named(results), name="plain.eval", remarks=FINDINGS, run=RUNS[0].id),
        a_log(
            named(results, attack=an_attack(AttackClass.PREFILL)),
            a_measurement("cyber.end_to_end_exploits", 50, 410, variant=Variant.WORST_CASE),
            name="attacked.eval",
            run=RUNS[2].id,
        ),
        a_log(named({"first": (0, 1, 1)}, variant=Variant.WORST_CASE), name="worst.eval"),
        a_document(claims=[a_claim("E01")], source=None, producer="release team"),
        a_log(a_measurement(ATTACKS, 1, 3), name="unnamed.eval"),
    )
    return collect(a_subject(), documents, runs=RUNS)


def a_page(evidence: Collection | None = None, logs: tuple[LogPlace, ...] = ()) -> str:
    found = evidence or some_evidence()
    decision = evaluate(POLICY, found, at=AT, asked=Tier.T5)
    facts = ReportFacts(rows=(), notes=(), files=(), logs=logs)
    return render_report(decision, found, facts=facts, commands=())


def words(part: str) -> str:
    text = html.unescape(re.sub(r"<[^>]+>", " ", part.replace("<wbr>", "")))
    return " ".join(text.split()).replace(" ,", ",").replace(" ;", ";").replace(" :", ":")


def section(name: str, page: str | None = None) -> str:
    return words((page or a_page()).partition(f'<h2 id="{name}">')[2].partition("</section>")[0])


def test_findings_stand_before_the_first_number_by_document() -> None:
    found = section("evidence")

    number = [d.digest for d in some_evidence().documents].index(
        next(d.digest for d in some_evidence().documents if d.remarks)
    )
    first = f"document {number + 1} plain.eval made by safety team, A Lab"
    assert found.index("What the readers found") < found.index(first)
    assert found.index(first) < found.index("limited the run was limited to 2 of 100")
    assert found.index("limited the") < found.index("header-disagrees the header says 3 of 4")
    assert found.index("header-disagrees") < found.index("Measurements (5)")
    assert 1 == found.count("the header says 3 of 4")


def test_evidence_without_findings_says_so() -> None:
    quiet = collect(a_subject(), (a_document(claims=[a_claim("E01")]),))
    empty = collect(a_subject(), ())

    assert "What the readers found Nothing. Measurements" in section("evidence", a_page(quiet))
    assert "What the readers found Nothing was read." in section("evidence", a_page(empty))


def test_findings_about_another_checkpoint_stand_with_its_document() -> None:
    other = dataclasses.replace(
        a_document(measurements=[a_measurement()], root=f"sha256:{'4' * 64}"), remarks=FINDINGS
    )

    found = section("evidence", a_page(collect(a_subject(), (other,))))

    before, _, after = found.partition("About other checkpoints, left out (1)")
    assert "the header says 3 of 4" in after
    assert "the header says 3 of 4" not in before


def test_the_first_lines_count_findings_and_runs_that_are_not_shown() -> None:
    assert (
        "evidence 5 documents, 5 measurements, 1 claim, 2 findings, "
        "2 registered runs not shown as registered" in section("decision")
    )


def test_grades_stand_under_what_the_tier_asks_for_with_their_reasons() -> None:
    found = section("grades")

    assert "binding T5 asks 2 elicitation T5 asks 3 access T5 asks 1" in found
    assert "The fast path of T5 asks otherwise: independence 1, assurance 1." in found
    assert "independence 1, 2 asked for separate team, as stated by itself" in found
    assert "binding 2 digest at load: nobody ran it again on these files" in found
    assert 5 == found.count("Why these grades")


def test_the_weakest_grade_is_marked_for_eyes_and_for_ears() -> None:
    page = a_page()

    framed = page.count('<b class="grade weakest">')
    assert 5 <= framed
    assert framed == page.count('<span class="hidden"> weakest</span>')


def test_registered_runs_are_listed_with_what_became_of_them() -> None:
    found = section("evidence")

    assert "Registered runs (3)" in found
    assert re.search(rf"{RUNS[0].id} .* 2026-11-21 shown document \d {RUNS[1].id}", found)
    assert re.search(rf"{RUNS[1].id} .* 2026-11-21 not shown {RUNS[2].id}", found)
    assert "not as registered document" in found
    assert "2 of 9 behaviours were tried" in found


def test_documents_about_a_registered_claim_of_no_run_are_linked() -> None:
    page = a_page()

    listed = page.partition("and the log of no registered run:")[2].partition("</ul>")[0]
    digest = next(
        d.digest
        for d in some_evidence().documents
        if d.source and d.source.file_name == "unnamed.eval"
    )
    number = [d.digest for d in some_evidence().documents].index(digest) + 1
    assert f'<a href="#document-{number}">document {number}</a>' in listed
    assert 1 == listed.count("<li>")


def test_without_a_ledger_the_page_says_what_nothing_shows() -> None:
    found = section("evidence", a_page(collect(a_subject(), ())))

    assert "Registered runs (0) No run was registered before it started" in found


def test_behaviours_are_counted_before_any_share_is_given() -> None:
    found = section("behaviours")

    assert f"{ATTACKS} a set, 2 behaviours; counted: succeeded" in found
    assert re.search(
        r"as released measurement \d, measurement \d 1 of 2 behaviours measurement \d "
        r"1 of 2 behaviours at most 99\.2 % of such behaviours "
        r"\(98\.33 %: 95 % shared with 2 registered runs not shown as registered\) "
        r"2 of 4 pairs of a measurement and a behaviour",
        found,
    )
    assert re.search(
        r"worst case measurement (\d) 0 of 1 behaviours measurement \1; 1 more not known "
        r"0 of 1 behaviours "
        r"1 of 1 with what was not scored",
        found,
    )
    assert "within 2 attempts: 1 of 2 behaviours; at most" in found


def test_behaviours_are_also_listed_in_words() -> None:
    listed = section("behaviours").partition("on which an attempt succeeded or has no score")[2]

    assert re.search(r"first (\d: [\d of,withouascre]+; )+\d: 1 of 2", listed)
    assert "0 of 2, 1 without a score" in listed
    assert "second" not in listed.partition("Specification")[0]


def test_a_histogram_is_also_written_in_words() -> None:
    many = {f"b{n:04}": (int(n < 3), 1, 0) for n in range(401)}
    page = a_page(collect(a_subject(), (a_log(named(many)),)))

    found = section("behaviours", page)

    assert "measurement 1: 1 of 1 on 3 behaviours; 0 of 1 on 398 behaviours" in found
    assert "b0001" not in found.partition("Specification")[0]


def test_evidence_that_names_no_behaviour_says_so() -> None:
    found = section("behaviours", a_page(collect(a_subject(), ())))

    assert "Behaviour by behaviour No measurement names its behaviours." == found


def test_a_measurement_leads_to_its_document() -> None:
    page = a_page()

    assert 5 == len(re.findall(r'from <a href="#document-\d">document \d</a>', page))
    places = set(re.findall(r'\sid="([^"]+)"', page))
    assert set() == set(re.findall(r'href="#([^"]+)"', page)) - places


def test_what_was_read_of_a_file_is_shown() -> None:
    source = dataclasses.replace(SOURCE, read=("every score",), left_out=("prompts", "responses"))
    document = a_document(measurements=[a_measurement()], source=source)

    found = section("evidence", a_page(collect(a_subject(), (document,))))

    assert "read of it every score not looked at prompts, responses" in found


@pytest.mark.parametrize("is_found", [False, True])
def test_a_log_is_only_said_to_be_where_it_was_found(*, is_found: bool) -> None:
    document = a_document(measurements=[a_measurement()], source=dataclasses.replace(SOURCE))
    place = LogPlace(sha256=SOURCE.sha256, path="../logs/run.eval")
    page = a_page(collect(a_subject(), (document,)), (place,) if is_found else ())

    found = section("evidence", page)

    assert is_found is ('<a href="../logs/run.eval">' in page)
    assert is_found is ("inspect view start --log-dir ../logs" in found)
    assert is_found is not ("inspect view start --log-dir FOLDER" in found)
    assert is_found is not ("This page knows its log by name and digest only." in found)
    assert '<a href="http://127.0.0.1:7575/#/logs/run.eval" rel="noreferrer noopener">' in page


def test_another_tool_s_log_is_not_offered_to_inspect_view() -> None:
    source = dataclasses.replace(SOURCE, format="lm-eval/1")
    document = a_document(measurements=[a_measurement()], source=source)

    assert "Inspect View" not in a_page(collect(a_subject(), (document,)))


def test_a_page_with_many_attacks_on_many_behaviours_stays_readable_in_size() -> None:
    kinds = [kind for kind in AttackClass if kind is not AttackClass.NONE]
    results = {f"b{n:04}": (n % 3, 5, 0) for n in range(400)}
    logs = [a_log(named(results, attack=an_attack(kind)), name=f"{kind}.eval") for kind in kinds]

    assert 2_000_000 > len(a_page(collect(a_subject(), logs)).encode())
