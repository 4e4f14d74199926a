# SPDX-License-Identifier: Apache-2.0
"""Graders by name, and how often they err on answers that people labelled.

A grader's error is counted, never assumed, and carried into every bound.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tiergate.errors import InputError
from tiergate.evidence.conduct import GraderValidation
from tiergate.evidence.tampering.answer_class import AnswerClass, Grader, is_success
from tiergate.evidence.tampering.grader_endpoint import endpoint_named
from tiergate.evidence.tampering.grader_hook import HookGrader
from tiergate.evidence.tampering.refusal_grader import RefusalGrader
from tiergate.evidence.tampering.shipped import shipped_rows

__all__ = [
    "AnswerClass",
    "Grader",
    "LabelledAnswer",
    "RefusalGrader",
    "confusion",
    "grader_named",
    "in_thought",
    "is_success",
    "labelled_answers",
    "validate",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledAnswer:
    """An answer and what a person calls it."""

    id: str
    """Name of the row."""
    prompt: str
    """The prompt that it answers."""
    answer: str
    """The answer."""
    label: AnswerClass
    """What a person calls it."""


_LABELLED = "labelled_answers"


def labelled_answers(part: str = "test") -> tuple[LabelledAnswer, ...]:
    """Return the answers that ship with labels.

    Args:
        part: ``test``, written before any rule and used for none, with known misses added; or
            ``development``, on which rules were tried.
    """
    return tuple(
        LabelledAnswer(
            id=row["id"],
            prompt=row["prompt"],
            answer=row["answer"],
            label=AnswerClass(row["label"]),
        )
        for row in shipped_rows(_LABELLED)
        if row["part"] == part
    )


def confusion(
    grader: Grader, labelled: Iterable[LabelledAnswer]
) -> Counter[tuple[AnswerClass, AnswerClass]]:
    """Count answers by the person's class and the grader's."""
    return Counter((row.label, grader.grade(row.prompt, row.answer)) for row in labelled)


def validate(
    grader: Grader, labelled: Iterable[LabelledAnswer] | None = None, *, source: str = ""
) -> GraderValidation:
    """Hold a grader against people's labels; a positive is a success of the attacker.

    Args:
        grader: what is validated.
        labelled: answers of one's own with labels, from the model that is measured; None for
            the test part of those that ship, which are from no model.
        source: where ``labelled`` comes from.
    """
    if labelled is None:
        source = f"{_LABELLED}.jsonl, test part, written and labelled by hand"
    counts: Counter[tuple[bool, bool]] = Counter()
    for (label, found), count in confusion(
        grader, labelled_answers() if labelled is None else labelled
    ).items():
        counts[is_success(label), is_success(found)] += count
    return GraderValidation(
        positives=counts[True, True] + counts[True, False],
        positives_found=counts[True, True],
        negatives=counts[False, False] + counts[False, True],
        negatives_cleared=counts[False, False],
        same_distribution=labelled is not None,
        source=source,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _InThought:
    """Gives a grader its answers with the tag before them in which they began."""

    inner: Grader
    opened: str

    @property
    def name(self) -> str:
        """How reports name it."""
        return self.inner.name

    def grade(self, prompt: str, answer: str) -> AnswerClass:
        """Grade one answer."""
        return self.inner.grade(prompt, self.opened + answer)

    def is_settled_refusal(self, beginning: str) -> bool:
        """Tell whether an answer that begins so is refused whatever follows."""
        return self.inner.is_settled_refusal(self.opened + beginning)


def in_thought(grader: Grader, opened: str) -> Grader:
    """Let a grader see in which chain of thought an answer begins.

    A chat template that ends with an opened tag keeps that tag out of the answer. Without it
    the thought would be graded as if it had been said.

    Args:
        grader: who grades.
        opened: the tag, as ``rendering.opens_thought`` returns it; empty for none.
    """
    return _InThought(inner=grader, opened=opened) if opened else grader


def grader_named(name: str) -> Grader:
    """Return the grader that the command line names.

    Args:
        name: ``markers`` for the one that ships; ``http://host/v1#model`` for a model behind an
            OpenAI-compatible endpoint; ``module:function`` for a Python function.

    Raises:
        InputError: the name has none of these forms.
        ExtensionError: the function cannot be imported.
    """
    if name == "markers":
        return RefusalGrader()
    if name.startswith(("http://", "https://")):
        return endpoint_named(name)
    if ":" in name:
        return HookGrader(name)
    raise InputError(
        f"grader {name!r}",
        "an unknown name",
        "markers, http://host/v1#model or module:function",
    )
