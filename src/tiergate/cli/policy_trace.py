# SPDX-License-Identifier: Apache-2.0
"""The matrix of requirements and clauses, in words and as a document.

Whatever is printed of a clause carries the mark of how it is known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal

from tiergate.cli import text
from tiergate.cli.exit_codes import ExitCode
from tiergate.decision.document import DocumentPart
from tiergate.decision.obligation_file import read_obligations
from tiergate.decision.policy_suggestions import did_you_mean
from tiergate.decision.trace import Answer, Trace, Traced
from tiergate.errors import InputError
from tiergate.landscape.obligations import Obligation, by_id, shipped_files


class AnswerPart(DocumentPart):
    """A part of a policy that answers clauses."""

    policy: str
    """Id of the policy."""
    kind: str
    """requirement, tier or trigger."""
    id: str
    """Its id."""
    title: str
    """What it is about."""
    clauses: tuple[str, ...]
    """Ids of the clauses that it answers."""


class ClausePart(DocumentPart):
    """A clause, and what answers it."""

    id: str
    """Its id."""
    place: str
    """Jurisdiction in which it holds, or the developer whose it is."""
    document: str
    """The document."""
    clause: str
    """Where in the document."""
    standing: str
    """law, voluntary, guidance, draft, published or practice."""
    asks: str
    """What it asks, in words of this project, with the mark of how it is known."""
    applies_to: str
    """Of whom, or of what."""
    source_url: str
    """Where it stands."""
    source_date: str
    """Day, month or year of the document."""
    read_as: str
    """primary text, secondary or background."""
    mark: str
    """What a reader has to know of how it is known; empty for primary text."""
    in_force_from: str
    """From when it holds; empty when no date belongs to it."""
    answered_by: tuple[str, ...]
    """What answers it, as policy and id."""
    not_required: str
    """Why it is no requirement of a release; empty when it is one."""


class TraceDocument(DocumentPart):
    """What ``tiergate policy trace --json`` prints."""

    format: Literal["tiergate-trace/1"] = "tiergate-trace/1"
    """Format and version of this document."""
    policies: tuple[str, ...]
    """Ids of the policies that were traced."""
    answers: tuple[AnswerPart, ...]
    """From requirements, tiers and triggers to clauses."""
    clauses: tuple[ClausePart, ...]
    """From clauses to what answers them."""
    dangling: tuple[str, ...]
    """Ids of clauses that a policy names and nobody knows."""
    unsettled: tuple[str, ...]
    """Ids of clauses that nothing answers and that do not say why."""
    exit_code: int
    """The exit code of the command."""


def known_obligations(paths: Iterable[str]) -> dict[str, Obligation]:
    """Return what the files at ``paths`` add to what ships, after it.

    Raises:
        MistakesError: a file has mistakes.
        InputError: a file names a clause that is known already.
    """
    found = dict(by_id(shipped_files()))
    for path in paths:
        for name, obligation in by_id([read_obligations(Path(path))]).items():
            if name in found:
                raise InputError(
                    path, f"a clause {name}, which is known already", "ids of one's own"
                )
            found[name] = obligation
    return found


def asked_for(
    known: Mapping[str, Obligation],
    clause: str | None,
    places: Collection[str],
    groups: Collection[str],
) -> frozenset[str]:
    """Return the ids of the clauses that are to be shown: all of them where nothing is said.

    Raises:
        InputError: there is no such clause, place or group.
    """
    if clause is not None:
        _known("clause", clause, known)
        return frozenset([clause])
    found = set(known)
    for called, words, of in (
        ("place", places, {name: one.place for name, one in known.items()}),
        ("group", groups, {name: one.group for name, one in known.items()}),
    ):
        for word in words:
            _known(called, word, set(of.values()))
        wanted = {word.casefold() for word in words}
        found = {name for name in found if not wanted or of[name].casefold() in wanted}
    return frozenset(found)


def _known(called: str, word: str, known: Collection[str]) -> None:
    if word.casefold() in {each.casefold() for each in known}:
        return
    hint = did_you_mean(word, known)
    expected = "an id of a clause" if called == "clause" else f"one of {', '.join(sorted(known))}"
    raise InputError(word, f"no {called} of that name{hint}", expected)


def still_open(traced: Trace, held: Collection[str]) -> tuple[Traced, ...]:
    """Return the clauses among ``held`` that nothing answers and that do not say why."""
    return tuple(row for row in traced.unsettled if row.obligation.id in held)


def exit_code(traced: Trace, held: Collection[str]) -> ExitCode:
    """Return 0 when every id leads somewhere and every clause among ``held`` is settled."""
    is_open = bool(still_open(traced, held))
    return ExitCode.NOT_MET if traced.dangling or is_open else ExitCode.SUPPORTED


def document(found: Trace, policies: Iterable[str], code: ExitCode) -> TraceDocument:
    """Build what ``--json`` prints."""
    return TraceDocument(
        policies=tuple(policies),
        answers=tuple(AnswerPart.model_validate(answer) for answer in found.answers),
        clauses=tuple(_clause(row) for row in found.clauses),
        dangling=tuple(sorted({name for _, name in found.dangling})),
        unsettled=tuple(row.obligation.id for row in found.unsettled),
        exit_code=int(code),
    )


def _clause(row: Traced) -> ClausePart:
    asked = row.obligation
    return ClausePart(
        id=asked.id,
        place=asked.place,
        document=asked.document.name,
        clause=asked.clause,
        standing=asked.document.standing,
        asks=asked.words,
        applies_to=asked.applies_to,
        source_url=asked.document.url,
        source_date=asked.document.date,
        read_as=asked.read_as,
        mark=asked.read_as.mark,
        in_force_from="" if asked.in_force_from is None else asked.in_force_from.isoformat(),
        answered_by=tuple(_name(answer) for answer in row.answers),
        not_required=asked.not_required,
    )


def lines(
    found: Trace, obligations: Mapping[str, Obligation], held: Collection[str], *, is_whole: bool
) -> Iterator[str]:
    """Yield the matrix: clauses and, for a single policy, requirements before them.

    What no part of a single policy answers is left out, but for clauses among ``held``.
    """
    if not is_whole:
        yield text.heading("FROM REQUIREMENTS TO CLAUSES")
        for answer in found.answers:
            yield from _answer(answer, obligations)
        yield ""
    yield text.heading("FROM CLAUSES TO REQUIREMENTS")
    heading = ""
    for row in found.clauses:
        if not row.answers and row.obligation.id not in held:
            continue
        if _place(row.obligation) != heading:
            heading = _place(row.obligation)
            yield f"  {heading}"
        yield from clause_lines(row, in_full=False)
    yield ""
    yield from _ends(found, held)


def _place(asked: Obligation) -> str:
    """Write the group of a clause, and its place where the group does not say it."""
    return asked.group if asked.group == asked.place else f"{asked.group}: {asked.place}"


def _answer(answer: Answer, obligations: Mapping[str, Obligation]) -> Iterator[str]:
    yield from text.wrapped(f"{answer.kind} {answer.id}  {answer.title}", "      ", "  ")
    for name in answer.clauses:
        asked = obligations.get(name)
        words = "NOBODY KNOWS THIS CLAUSE" if asked is None else asked.words
        yield from text.wrapped(f"{name}  {words}", "          ", "      ")


def clause_lines(row: Traced, *, in_full: bool) -> Iterator[str]:
    """Yield one clause with what answers it."""
    asked = row.obligation
    yield from text.wrapped(f"{asked.id}  {asked.words}", "        ", "    ")
    if in_full:
        yield from text.wrapped(f"place: {asked.place}", "        ")
        yield from text.wrapped(f"applies to {asked.applies_to}", "        ")
        yield from text.wrapped(asked.source, "        ", keep_words=True)
        if asked.note:
            yield from text.wrapped(f"{asked.note}{asked.mark}", "        ")
    if row.answers:
        yield from text.wrapped(f"answered by {_grouped(row.answers)}", "        ")
    elif asked.not_required:
        words = f"not a release requirement: {asked.not_required}"
        yield from text.wrapped(words, "        ")
    else:
        yield "        NOTHING ANSWERS IT, AND IT DOES NOT SAY WHY"


def _grouped(answers: Iterable[Answer]) -> str:
    """Write each id once, with the policies that have it: an extension has those below too."""
    policies: dict[str, list[str]] = {}
    for answer in answers:
        policies.setdefault(answer.id, []).append(answer.policy)
    by_policies: dict[tuple[str, ...], list[str]] = {}
    for name, found in policies.items():
        by_policies.setdefault(tuple(dict.fromkeys(found)), []).append(name)
    return "; ".join(
        f"{', '.join(names)} ({', '.join(found)})" for found, names in by_policies.items()
    )


def _name(answer: Answer) -> str:
    return f"{answer.policy}/{answer.id}"


def _ends(found: Trace, held: Collection[str]) -> Iterator[str]:
    answered = sum(bool(row.answers) for row in found.clauses)
    mine = (row for row in found.clauses if row.obligation.id in held)
    reasons = sum(not row.answers and row.is_settled for row in mine)
    words = f"{text.plural(len(found.clauses), 'clause')}: {answered} answered"
    if held:
        words += f", {reasons} not a release requirement"
        words += f", {len(still_open(found, held))} open"
    yield f"{words}. {text.plural(len(found.dangling), 'dangling id')}."
    yield "Sentences are this project's own. What is marked was not read at first hand."
