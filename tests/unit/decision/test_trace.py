# SPDX-License-Identifier: Apache-2.0
"""Requirements and clauses, both ways: nothing dangles and nothing is left out in silence."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders_policy import MINIMAL
from tiergate.decision.obligation_file import read_obligations
from tiergate.decision.policy_document import load_policy, parse_policy, shipped_policies
from tiergate.decision.trace import Kind, answers_of, narrowed, trace
from tiergate.errors import MistakesError
from tiergate.landscape.obligations import by_id, shipped_files

KNOWN = by_id(shipped_files())
WHOLE = trace([load_policy(name) for name in shipped_policies()], KNOWN)

OWN = """\
format: tiergate-obligations/1
group: Ruritania
as_of: 2026-11-23
documents:
  act:
    name: AI Act of Ruritania
    place: Ruritania
    standing: law
    url: https://example.org/act
    date: 2026-05-01
obligations:
- id: RU-1
  document: act
  clause: Art. 1
  asks: Write a report.
  applies_to: all
  read_as: primary text
"""


@pytest.mark.parametrize("name", shipped_policies())
def test_no_clause_that_a_shipped_policy_names_dangles(name: str) -> None:
    found = trace([load_policy(name)], KNOWN)

    assert () == found.dangling


def test_every_obligation_is_answered_or_says_why_it_is_no_release_requirement() -> None:
    assert [] == [row.obligation.id for row in WHOLE.unsettled]


def test_none_that_is_answered_says_that_it_need_not_be() -> None:
    assert [] == [row.obligation.id for row in WHOLE.contradicted]


@pytest.mark.parametrize("name", shipped_policies())
def test_every_requirement_tier_and_trigger_answers_something(name: str) -> None:
    found = answers_of(load_policy(name))

    assert all(answer.clauses for answer in found)
    assert {Kind.REQUIREMENT, Kind.TIER} <= {answer.kind for answer in found}


def test_a_clause_that_nobody_knows_dangles() -> None:
    policy = parse_policy(MINIMAL.replace("EU-AIA-51-2", "EU-AIA-99").encode(), "p")

    ((answer, clause),) = trace([policy], KNOWN).dangling

    assert ("tiny", Kind.REQUIREMENT, "E01", "EU-AIA-99") == (
        answer.policy,
        answer.kind,
        answer.id,
        clause,
    )


def test_a_clause_that_nothing_answers_is_unsettled_unless_it_says_why() -> None:
    found = trace([parse_policy(MINIMAL.encode(), "p")], KNOWN)

    open_clauses = {row.obligation.id for row in found.unsettled}
    assert "EU-COP-A3.5" in open_clauses
    assert "EU-AIA-101" not in open_clauses
    assert "EU-AIA-51-2" not in open_clauses


def test_a_clause_that_is_answered_and_says_that_it_need_not_be_is_noticed() -> None:
    policy = parse_policy(MINIMAL.replace("EU-AIA-51-2", "EU-AIA-101").encode(), "p")

    assert ["EU-AIA-101"] == [row.obligation.id for row in trace([policy], KNOWN).contradicted]


def test_a_file_of_obligations_of_ones_own_is_read_like_those_that_ship(tmp_path: Path) -> None:
    path = tmp_path / "ruritania.yaml"
    path.write_text(OWN)

    found = by_id([read_obligations(path)])["RU-1"]

    assert ("Ruritania", "Write a report.") == (found.place, found.words)


MISTAKES: dict[str, tuple[str, str, str]] = {
    "a document without a date": ("    date: 2026-05-01\n", "", "Field required"),
    "a date in another form": ("2026-05-01", "1 May 2026", "of the calendar"),
    "a source that is no address": ("https://example.org/act", "the act", "begins with https://"),
    "a reading of no known kind": ("primary text", "hearsay", "expected one of primary text"),
    "a field that belongs elsewhere": (
        "  asks: Write",
        "  group: a\n  asks: Write",
        "is no field here; it belongs to the file itself",
    ),
    "an id in small letters": ("id: RU-1", "id: ru 1", "did you mean RU-1?"),
    "another kind of file": (
        "tiergate-obligations/1",
        "tiergate-policy-cases/1",
        "this is a table of cases, expected a file of obligations; it is read by: tiergate policy",
    ),
    "no YAML at all": ("format: ", "format: [", "no valid YAML"),
    "a name that leads nowhere": ("document: act", "document: atc", "no document is called atc"),
}


@pytest.mark.parametrize("sentence", MISTAKES)
def test_a_file_of_obligations_with_a_mistake_names_its_line(sentence: str, tmp_path: Path) -> None:
    old, new, words = MISTAKES[sentence]
    path = tmp_path / "ruritania.yaml"
    path.write_text(OWN.replace(old, new, 1))

    with pytest.raises(MistakesError) as caught:
        read_obligations(path)

    assert any(words in problem.message and problem.line for problem in caught.value.problems)


def test_a_file_of_obligations_that_is_not_there_is_one_mistake(tmp_path: Path) -> None:
    with pytest.raises(MistakesError, match="no file of obligations"):
        read_obligations(tmp_path / "gone.yaml")


def test_one_mistake_in_an_obligation_is_named_once(tmp_path: Path) -> None:
    path = tmp_path / "ruritania.yaml"
    path.write_text(OWN.replace("read_as: primary text", "read_as: hearsay"))

    with pytest.raises(MistakesError) as caught:
        read_obligations(path)

    assert ["obligations.0.read_as"] == [problem.field for problem in caught.value.problems]


def test_a_trace_can_be_narrowed_to_some_clauses_and_keeps_what_dangles() -> None:
    policy = parse_policy(MINIMAL.replace("EU-COP-M4.1", "EU-AIA-99").encode(), "p")

    found = narrowed(trace([policy], KNOWN), {"EU-AIA-51-2", "EU-COP-A3.5"})

    assert ["EU-AIA-51-2", "EU-COP-A3.5"] == [row.obligation.id for row in found.clauses]
    assert [("E01", ("EU-AIA-51-2",)), ("CYBER", ("EU-AIA-99",))] == [
        (answer.id, answer.clauses) for answer in found.answers
    ]
    assert ["EU-AIA-99"] == [name for _, name in found.dangling]
