# SPDX-License-Identifier: Apache-2.0
"""The table of the lineage bench, by kind of change, as it stands in the docs."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

FOUND_TARGET = 0.99
KINDS = {
    "honest": "honest",
    "unrelated": "unrelated",
    "same start": "shared start",
    "adversarial": "disguised",
}
"""Kinds of questions in the order of the table, and what it calls them."""
LINEAGES = frozenset({"EXACT_COPY", "QUANTIZED_COPY", "FINE_TUNE", "SAME_LINEAGE", "LIKELY_MERGE"})
"""Answers of the peer that name a lineage."""
_ABSTAINED = "SAME_FAMILY_UNRESOLVED"
_PEER_SHAPES = ("llama", "SmolLM2")


@dataclass(slots=True, kw_only=True)
class Question:
    """Does the one descend from the other?"""

    candidate: str
    base: str
    change: str
    family: str
    kind: str
    """"honest", "adversarial", "unrelated" or "same start"."""
    found: bool = False
    log10_p: float = 0.0
    peer: str = ""
    """What the peer says, when it was asked."""

    @property
    def peer_word(self) -> str:
        """The peer's word; empty when it was not asked, or about a shape that it does not know."""
        is_known = self.family.startswith(_PEER_SHAPES)
        return self.peer.partition(" ")[0] if is_known else ""


def read_questions(files: Sequence[Path]) -> list[Question]:
    """Read the answers that a run wrote."""
    return [Question(**row) for file in files for row in json.loads(file.read_text())]


def report(questions: Sequence[Question]) -> bool:
    """Print the table and the closing line; tell whether the bounds hold."""
    print("\n")
    for line in _table(questions):
        print(line)
    good = [question for question in questions if question.kind == "honest"]
    bad = [question for question in questions if question.kind == "unrelated"]
    share = sum(question.found for question in good) / max(1, len(good))
    wrong = sum(question.found for question in bad)
    for question in [*(q for q in good if not q.found), *(q for q in bad if q.found)]:
        print(f"wrong: {question.candidate} of {question.base}: {question.change}")
    print(f"{len(good)} honest pairs, {len(bad)} unrelated pairs, {wrong} of those said derived")
    said = Counter(question.peer_word for question in bad)
    said.pop("", None)
    if said:
        print(
            f"modelDNA abstained in {said[_ABSTAINED]} of {said.total()} unrelated pairs that it"
            f" knows, and named a lineage in {sum(said[word] for word in LINEAGES)}"
        )
    print(f"lineage_bench ratio={share:.4f} target={FOUND_TARGET}")
    return share >= FOUND_TARGET and wrong == 0


def _table(questions: Sequence[Question]) -> Iterator[str]:
    rows: dict[tuple[str, str], list[Question]] = defaultdict(list)
    for kind in KINDS:
        for question in questions:
            if question.kind == kind:
                change = "unrelated, of one shape" if kind == "unrelated" else question.change
                rows[kind, change].append(question)
    yield "| kind | change | pairs | derived | undetermined | weakest p | modelDNA: lineage |"
    yield "|---|---|---|---|---|---|---|"
    for (kind, change), asked in rows.items():
        found = sum(question.found for question in asked)
        weakest = (max if kind == "honest" else min)(question.log10_p for question in asked)
        yield (
            f"| {KINDS[kind]} | {change} | {len(asked)} | {found} | {len(asked) - found} "
            f"| {_power(weakest)} | {_peer(asked)} |"
        )


def _power(log10_p: float) -> str:
    return f"1e{log10_p:.0f}" if round(log10_p) else "1"


def _peer(asked: Sequence[Question]) -> str:
    words = [question.peer_word for question in asked if question.peer_word]
    return f"{sum(word in LINEAGES for word in words)} of {len(words)}" if words else ""
