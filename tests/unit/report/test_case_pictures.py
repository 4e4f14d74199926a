# SPDX-License-Identifier: Apache-2.0
"""The four forms of a safety case: each whole, each valid, none says more than the case does."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import pytest
import yaml

from builders import AT, a_claim, a_document, a_measurement, all_signed, full_evidence
from builders_decision import claim, counts, limit, measurement
from builders_decision import waiver as a_waiver
from builders_default import POLICY
from decision_cases import judged_small
from tiergate.decision.evaluate import evaluate
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.safety_case import Kind, SafetyCase, outline, shallow
from tiergate.decision.safety_case_build import safety_case
from tiergate.decision.safety_case_judged import of_decision
from tiergate.decision.tier import Tier
from tiergate.evidence.collection import EvidenceDocument
from tiergate.report.case_gsn import gsn_yaml
from tiergate.report.case_mermaid import mermaid
from tiergate.report.case_page import render_case
from tiergate.report.case_svg import draw
from tiergate.report.case_tone import Tone, tone

SVG = "{http://www.w3.org/2000/svg}"


def _default(*documents: EvidenceDocument) -> SafetyCase:
    decision = evaluate(POLICY, all_signed(documents), at=AT, asked=Tier.T5)
    return safety_case(of_decision(decision, POLICY))


def _damning() -> SafetyCase:
    measured = a_measurement("cyber.end_to_end_exploits", 200, 410)
    return _default(a_document(measurements=(measured,)), a_document(claims=(a_claim("E01"),)))


def _waived() -> SafetyCase:
    waivers = (a_waiver("R1", Tier.T4),)
    return safety_case(judged_small({"R1": ClaimMade(item="E01")}, waivers=waivers))


def _rude() -> SafetyCase:
    judged = judged_small(
        {"R1": limit("cyber.exploits")}, measurement("cyber.exploits", counts(50, 60)), claim("E9")
    )
    name = '"]:::met <script>alert(1)</script> & `#` |\u202e\n]]>'
    return safety_case(dataclasses.replace(judged, subject_name=name))


CASES = {
    "nothing known": _default,
    "all met": lambda: _default(*full_evidence(POLICY, Tier.T5)),
    "damning": _damning,
    "waived": _waived,
    "a rude name": _rude,
}


@functools.cache
def _case(name: str) -> SafetyCase:
    return CASES[name]()


@pytest.fixture(params=CASES)
def case(request: pytest.FixtureRequest) -> SafetyCase:
    return _case(request.param)


def test_only_what_is_met_without_a_waiver_is_drawn_as_met(case: SafetyCase) -> None:
    for node in case.nodes.values():
        is_met = node.status == "met" and not node.rests_on_waiver
        assert (tone(node) is Tone.MET) == is_met


# ---------------------------------------------------------------------- svg


def _boxes(root: ET.Element) -> Iterator[tuple[float, float, float, float]]:
    for group in root.iter(f"{SVG}g"):
        for shape in group.iter(f"{SVG}rect"):
            x, y, width, height = (float(shape.get(k, "0")) for k in ("x", "y", "width", "height"))
            yield x, y, x + width, y + height
        for shape in group.iter(f"{SVG}polygon"):
            points = [p.split(",") for p in shape.get("points", "").split()]
            xs, ys = [float(x) for x, _ in points], [float(y) for _, y in points]
            yield min(xs), min(ys), max(xs), max(ys)


def test_the_svg_is_well_formed_and_draws_every_element(case: SafetyCase) -> None:
    root = ET.fromstring(draw(case))  # noqa: S314 - our own drawing
    heads = [e.text or "" for e in root.iter(f"{SVG}text") if e.get("class") == "head"]

    drawn = {head.split()[0] for head in heads if not head.startswith("again:")}
    assert drawn == set(case.nodes)
    again = {head.split()[1].rstrip(",") for head in heads if head.startswith("again:")}
    assert again <= set(case.nodes)


def test_no_two_boxes_of_the_svg_lie_on_each_other_and_none_sticks_out(case: SafetyCase) -> None:
    root = ET.fromstring(draw(case))  # noqa: S314 - our own drawing
    boxes = sorted(_boxes(root))
    width, height = float(root.get("width", "0")), float(root.get("height", "0"))

    for number, (left, top, right, bottom) in enumerate(boxes):
        assert 0 <= left < right <= width
        assert 0 <= top < bottom <= height
        for other in boxes[number + 1 :]:
            if other[0] >= right:
                break
            assert other[1] >= bottom or other[3] <= top


def test_the_svg_says_what_it_is_to_those_who_do_not_see_it(case: SafetyCase) -> None:
    root = ET.fromstring(draw(case))  # noqa: S314 - our own drawing

    assert root.get("role") == "img"
    title, described = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert described is not None
    assert (title.text or "").endswith(case.top.standing)
    assert f"{len(case.open_assumptions())} of them assumptions" in (described.text or "")


def test_every_box_of_the_svg_has_the_standing_in_words(case: SafetyCase) -> None:
    text = draw(case)

    for node in case.nodes.values():
        if node.standing:
            assert f"{node.id} {node.kind}: {node.standing}</text>" in text


def test_a_picture_shortens_digests(case: SafetyCase) -> None:
    assert not re.search(r">[^<]*sha256:[0-9a-f]{64}[^<]*</text>", draw(case))
    assert "sha256:" in draw(case)


# ---------------------------------------------------------------------- mermaid


def test_the_flowchart_has_a_line_for_every_element_and_every_tie(case: SafetyCase) -> None:
    lines = mermaid(case).splitlines()
    drawn = {
        line.split("[")[0].split("(")[0].split("{")[0].strip() for line in lines if ":::" in line
    }
    ties = [line for line in lines if re.search(r" (-->|--o|-\.-x) ", line)]

    assert lines[0] == "flowchart LR"
    assert drawn == set(case.nodes)
    assert len(ties) == sum(
        len(set(n.supported_by)) + len(n.in_context_of) + len(n.challenged_by)
        for n in case.nodes.values()
    )


def test_no_text_of_the_flowchart_can_leave_its_box(case: SafetyCase) -> None:
    pattern = re.compile(
        r'  (\w+)(\["|\[/"|\("|\(\["|\[\("|\{\{")[^"<>`]*((<br/>)[^"<>`]*)*'
        r'("\]|"/\]|"\)|"\]\)|"\)\]|"\}\}):::[a-z-]+'
    )
    for line in mermaid(case).splitlines():
        if ":::" in line:
            assert pattern.fullmatch(line), line


# ---------------------------------------------------------------------- gsn2x

PREFIXES = {
    Kind.GOAL: "G",
    Kind.STRATEGY: "S",
    Kind.CONTEXT: "C",
    Kind.ASSUMPTION: "A",
    Kind.EVIDENCE: "Sn",
}
SUPPORTS = re.compile(r"(G|Sn|S)\d+")
AROUND = re.compile(r"[JAC]\d+")


@pytest.mark.parametrize("less", [False, True])
def test_the_yaml_keeps_what_gsn2x_checks(case: SafetyCase, less: bool) -> None:  # noqa: FBT001 - a parameter
    document = yaml.safe_load(gsn_yaml(outline(case) if less else case))
    assert set(document.pop("module")) == {"name", "brief"}
    referenced = set()

    for name, element in document.items():
        below, around = element.get("supportedBy", []), element.get("inContextOf", [])
        referenced |= {*below, *around}
        # V02 to V06: developed or said not to be, right kinds, none twice, none itself.
        assert element["text"]
        assert all(SUPPORTS.fullmatch(other) for other in below)
        assert all(AROUND.fullmatch(other) for other in around)
        assert len(set(below)) == len(below)
        assert len(set(around)) == len(around)
        assert name not in {*below, *around}
        if re.fullmatch(r"(G|S|CG)\d+", name):
            assert bool(below) != element.get("undeveloped", False)
        # V10, V12 to V14, C03: challenges lead somewhere, and what is defeated is challenged.
        assert {*below, *around} <= document.keys()
        if "challenges" in element:
            assert name.startswith("C")
            assert element["challenges"] in document
    # C01, C02: one topmost element, a goal; counter elements stand by themselves.
    tops = [n for n in document if n not in referenced and not n.startswith(("CG", "CSn"))]
    assert tops == ["G1"]
    challenged = {e["challenges"] for e in document.values() if "challenges" in e}
    assert {n for n, e in document.items() if e.get("defeated")} <= challenged


def test_the_yaml_has_every_element_under_its_kind(case: SafetyCase) -> None:
    document = yaml.safe_load(gsn_yaml(case))

    for node in case.nodes.values():
        if node.kind is Kind.DEFEATER:
            name = f"{'CSn' if node.is_raised else 'CG'}{node.id[1:]}"
            assert document[name]["challenges"] in case.nodes
        else:
            assert node.id.startswith(PREFIXES[node.kind])
            assert document[node.id]["text"].startswith(
                f"[{node.standing}]" if node.standing else ""
            )


def test_what_was_shown_to_fail_is_marked_as_defeated() -> None:
    document = yaml.safe_load(gsn_yaml(_damning()))

    defeated = [element for element in document.values() if element.get("defeated")]
    assert defeated
    assert all(element["text"].startswith("[not met]") for element in defeated)


# ---------------------------------------------------------------------- html


def test_the_page_has_every_element_once_and_every_link_leads_somewhere(case: SafetyCase) -> None:
    page = render_case(case, commands=())
    anchors = re.findall(r' id="([^"]+)"', page)
    links = re.findall(r'href="#([^"]+)"', page)

    assert len(anchors) == len(set(anchors))
    assert set(case.nodes) <= set(anchors)
    assert set(links) <= set(anchors)


def test_the_page_needs_no_script_and_nothing_from_elsewhere(case: SafetyCase) -> None:
    page = render_case(case, commands=("tiergate check x",))

    assert "<script" not in page
    assert not re.search(r'(src|href)="(?!#)', page)
    assert "default-src 'none'" in page
    assert "tiergate check x" in page


def test_the_page_begins_with_the_answer_and_with_what_it_leans_on(case: SafetyCase) -> None:
    page = render_case(case, commands=())
    places = [page.index(f'id="{name}"') for name in ("assumptions", "raised", "argument")]

    assert places == sorted(places)
    assert f"{len(case.open_assumptions())} assumptions that nothing shows" in page
    assert page.index(case.top.standing.capitalize()) < places[0]


def test_what_is_left_out_of_the_page_is_counted() -> None:
    page = render_case(shallow(_default(), 2), commands=())

    assert "elements below are left out" in page


def test_equal_cases_give_equal_bytes(case: SafetyCase) -> None:
    for form in (draw, mermaid, gsn_yaml):
        assert form(case) == form(case)
    assert render_case(case, commands=()) == render_case(case, commands=())
