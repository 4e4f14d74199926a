# SPDX-License-Identifier: Apache-2.0
"""What ``tiergate lineage`` prints for people."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import click

from tiergate.cli import text
from tiergate.cli.lineage_session import LineageAnswer
from tiergate.model.lineage.compare import (
    Comparison,
    EvidenceKind,
    LineageEvidence,
    LineageOutcome,
    MatrixMatch,
    same_bytes,
)
from tiergate.model.lineage.sketch import Sketch
from tiergate.model.lineage.trace import Traced

_SHOWN = 5
_SAME = "SAME WEIGHTS"
_INDENT = "    "
ROTATED = 0.99
"""From this likeness of tokens on, an unmatched base is pointed out; it is no evidence."""


def lines(
    answer: LineageAnswer, *, everything: bool, evidence: Path | None = None
) -> Iterator[str]:
    """Yield what is printed; ``evidence`` is the file that was written."""
    yield from _candidate(answer)
    for base in answer.itself:
        yield ""
        yield from _itself(answer.candidate, base)
    if answer.tried:
        yield ""
        shown = list(answer.derived) if answer.derived else list(answer.traced[:_SHOWN])
        for item in list(answer.traced) if everything else shown:
            yield from _base(item)
        yield from _others(
            answer.tried - len(shown) - answer.left_out, answer.left_out, everything=everything
        )
    for obligation in answer.obligations:
        words = f"{obligation.kind.upper()}: {obligation.words}."
        yield from text.wrapped(words, _INDENT, "  ! ")
    if answer.tried:
        yield ""
        yield from text.wrapped(_meaning(answer), "  ")
    if answer.added is not None:
        yield from text.wrapped(f"Sketch: {answer.added}", "  ", keep_words=True)
    if evidence is not None:
        yield from text.wrapped(f"Evidence: {evidence}", "  ", keep_words=True)


def _candidate(answer: LineageAnswer) -> Iterator[str]:
    candidate = answer.candidate
    claims = ", ".join(candidate.base_models[:3]) or "none"
    matrices = sum(matrix.counts for matrix in candidate.matrices)
    rest = text.joined(
        (
            text.plural(matrices, "matrix looked at", "matrices looked at"),
            f"base models claimed: {claims}",
        )
    )
    yield from text.wrapped(f"{candidate.name}  {rest}", "  ", "")
    if candidate.weights_digest is not None:
        yield f"  weights {candidate.weights_digest}"
    for note in candidate.notes:
        yield from text.wrapped(note, _INDENT, "  Note: ")


def _base(item: Traced) -> Iterator[str]:
    comparison, derived = item.comparison, item.outcome is LineageOutcome.DERIVED
    is_copy = derived and comparison.is_copy
    said = _SAME if is_copy else item.outcome.upper()
    word = click.style(said, fg="red" if derived else "yellow", bold=True)
    yield f"{word}  {text.shortened(comparison.base.name, 48)}  {p_words(item.log10_p)}"
    if is_copy:
        yield f"{_INDENT}{_all(comparison.equal_tensors)}: a copy, not a child"
    elif derived:
        for evidence in comparison.evidence:
            if evidence.log_e > 0 and evidence.found:
                yield f"{_INDENT}{_evidence(evidence, comparison)}"
        yield from text.wrapped(f"layers: {layer_words(comparison.matches)}", _INDENT * 2, _INDENT)
        if comparison.equal_tensors:
            same = text.plural(comparison.equal_tensors, "tensor")
            yield f"{_INDENT}{same} equal to the byte, norms and constants included"
    elif hint := rotation_words(comparison):
        yield from text.wrapped(hint, _INDENT, _INDENT)


def _itself(candidate: Sketch, base: Sketch) -> Iterator[str]:
    yield f"{click.style(_SAME, bold=True)}  {text.shortened(base.name, 48)}"
    is_all = same_bytes(candidate, base)
    equal = _all(len(candidate.tensors)) if is_all else "all that was looked at is equal"
    yield from text.wrapped(f"{equal}, and the same name", _INDENT, _INDENT)
    yield from text.wrapped(
        "A model is not its own parent: it does not count as a base.", _INDENT, _INDENT
    )


def _all(tensors: int) -> str:
    return f"{'all ' if tensors > 1 else ''}{text.plural(tensors, 'tensor')} equal to the byte"


def _evidence(evidence: LineageEvidence, comparison: Comparison) -> str:
    words = f"{evidence.kind:<40}{evidence.found:>6} of {evidence.compared}"
    if evidence.kind is EvidenceKind.MATRICES and comparison.matches:
        cosines = sorted(m.cosine for m in comparison.matches if not math.isnan(m.cosine))
        if cosines:
            words += f"  median cosine {cosines[len(cosines) // 2]:.3f}"
    return words


def p_words(log10_p: float) -> str:
    """Write a bound on a p-value, rounded up.

    >>> p_words(-207.4), p_words(-0.2), p_words(-2.3)
    ('p <= 1e-207', 'p <= 1', 'p <= 1e-2')
    """
    exponent = math.ceil(log10_p)
    return "p <= 1" if exponent >= 0 else f"p <= 1e{exponent}"


def layer_words(matches: Iterable[MatrixMatch]) -> str:
    """Say which layer of the candidate is which of the base.

    Neighbours that are moved alike are written as one range: "0-9 as in the base, 10-13 from
    6-9".
    """
    votes: dict[int, Counter[int]] = {}
    for match in matches:
        ours, theirs = match.layers
        if ours is not None and theirs is not None:
            votes.setdefault(ours, Counter())[theirs] += 1
    pairs = [(ours, votes[ours].most_common(1)[0][0]) for ours in sorted(votes)]
    parts = [
        f"{_range(first, last)} as in the base"
        if not shift
        else f"{_range(first, last)} from {_range(first + shift, last + shift)}"
        for first, last, shift in _runs(pairs)
    ]
    return ", ".join(parts) or "none by themselves"


def _runs(pairs: list[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """Yield (first, last, shift) of each run of neighbours with one shift."""
    start = 0
    for number in range(1, len(pairs) + 1):
        before = pairs[number - 1]
        here = pairs[number] if number < len(pairs) else None
        if here != (before[0] + 1, before[1] + 1):
            yield pairs[start][0], before[0], before[1] - before[0]
            start = number


def _range(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first}-{last}"


def rotation_words(comparison: Comparison) -> str:
    """Point out that tokens relate to each other as in the base; empty when they do not."""
    width = comparison.width
    if width is None or width.token_likeness < ROTATED:
        return ""
    return (
        "tokens relate to each other exactly as in the base, as they would after a rotation; "
        "unrelated models of one language come near this, so look closer"
    )


def _others(rest: int, left_out: int, *, everything: bool) -> Iterator[str]:
    if left_out:
        alike = text.plural(
            left_out, "more base looks alike and was", "more bases look alike and were"
        )
        yield from text.wrapped(f"{alike} not compared in full", "  ")
    if rest > 0 and not everything:
        yield from text.wrapped(
            f"undetermined for {text.plural(rest, 'other base')}; nothing beyond chance", "  "
        )


def _meaning(answer: LineageAnswer) -> str:
    if answer.outcome is LineageOutcome.DERIVED:
        return (
            "A match says that the weights have a common origin, not who came first. It raises "
            "obligations and never grants anything."
        )
    return (
        "Nothing found is no sign of independence: weights can be rotated, retrained or distilled "
        "without a trace that this finds. It grants nothing."
    )
