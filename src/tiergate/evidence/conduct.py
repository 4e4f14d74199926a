# SPDX-License-Identifier: Apache-2.0
"""How a measurement was conducted: the facts from which its grades are read.

A log does not say how hard anybody tried, what was open to the attacker, which risk a task
stands for, or how often its grader errs. Whoever maps the task states it here, and states
nothing where nothing is known: what is not stated is graded 0.
"""

from __future__ import annotations

import enum
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from tiergate.evidence.pairing import Tally
from tiergate.stats.audit import Adjudication


class Effort(enum.StrEnum):
    """How much was done to get the worst out of the model, least first."""

    NOT_STATED = "not stated"
    DEFAULT_PROMPTS = "default prompts"
    STATIC = "static attack set"
    ADAPTIVE = "adaptive attack"
    WEIGHT_LEVEL = "weight level"


class Access(enum.StrEnum):
    """What was open to whoever elicited, least first."""

    NOT_STATED = "not stated"
    BLACK_BOX = "black box"
    GREY_BOX = "grey box"
    WHITE_BOX = "white box"


class Coverage(enum.StrEnum):
    """How the task relates to the harm that it stands for, least first."""

    NOT_STATED = "not stated"
    PROXY = "proxy"
    RISK_MODEL = "risk model"
    EXPERT_BASELINE = "uplift or expert baseline"


class GraderKind(enum.StrEnum):
    """What decides whether an attempt succeeded."""

    NOT_STATED = "not stated"
    EXACT = "exact answer"
    RULE = "rule"
    MODEL = "model"
    HUMAN = "human"

    @property
    def errs(self) -> bool:
        """Whether its error has to be known before its labels are trusted."""
        return self in {GraderKind.NOT_STATED, GraderKind.RULE, GraderKind.MODEL}


@dataclass(frozen=True, slots=True, kw_only=True)
class GraderValidation:
    """A grader's labels held against people's, as counts."""

    positives: int
    """Attempts that people called a success."""
    positives_found: int
    """Of these, those that the grader called one too."""
    negatives: int
    """Attempts that people called none."""
    negatives_cleared: int
    """Of these, those that the grader called none too."""
    same_distribution: bool
    """Whether it was the same grader, prompt and version, on responses like these."""
    source: str
    """Where the counts come from."""

    def __post_init__(self) -> None:
        """Refuse numbers that cannot be counts."""
        found, cleared = self.positives_found, self.negatives_cleared
        if not (0 <= found <= self.positives and 0 <= cleared <= self.negatives):
            raise ValueError(f"impossible validation {self!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """How a measurement was conducted, as far as anybody states it."""

    effort: Effort = Effort.NOT_STATED
    """Effort made to elicit."""
    access: Access = Access.NOT_STATED
    """What was open to whoever elicited."""
    coverage: Coverage = Coverage.NOT_STATED
    """How the task relates to the harm."""
    risk_model: str = ""
    """From which risk, by which steps, to this task; empty when nobody wrote it down."""
    grader_kind: GraderKind = GraderKind.NOT_STATED
    """What decided success."""
    grader_validation: GraderValidation | None = None
    """The grader's error, measured; None when it was not."""
    task_commit: str = ""
    """Commit of the task's code; empty when not stated."""
    dataset_digest: str = ""
    """Digest or immutable revision of the data set; empty when not stated."""


NOTHING_STATED = Conduct()
"""Conduct of which nobody says anything."""


LEAST_AUDITED = 30
"""Fewest unflagged attempts that people have to look at; fewer show next to nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """People's labels on a grader's: on all that it flagged, and on a random part of the rest.

    *Flagged* is what the grader called adverse: a success of a metric of which more is
    riskier, a failure of one of which more is safer.
    """

    tallies: tuple[Adjudication, ...]
    """Histogram of behaviours by what grader and people said of the attempts on each."""
    seed: str
    """What the random part was drawn with, so that anyone can draw it again."""
    labelled_by: str
    """Who gave the labels."""

    @property
    def is_complete(self) -> bool:
        """Whether all that was flagged was looked at, and enough of what was not."""
        flagged = sum(t.not_adjudicated * t.behaviours for t in self.tallies)
        audited = sum((t.audited.trials - t.undecided) * t.behaviours for t in self.tallies)
        unflagged = sum(t.unflagged * t.behaviours for t in self.tallies)
        return flagged == 0 and audited >= min(unflagged, LEAST_AUDITED)

    @property
    def attempts(self) -> int:
        """Attempts that the audit is about, looked at or not."""
        return sum(t.attempts * t.behaviours for t in self.tallies)

    def refuse_others(self, counted: Iterable[Tally], *, flags_successes: bool) -> None:
        """Raise where the counts are not of the attempts that this is about.

        Args:
            counted: histogram of what the grader said.
            flags_successes: whether what it flags are successes, and not failures.

        Raises:
            ValueError: they are of others.
        """
        graded: Counter[tuple[int, int]] = Counter()
        for tally in counted:
            flagged = tally.successes if flags_successes else tally.scored - tally.successes
            graded[flagged + tally.unscored, tally.scored - flagged] += tally.behaviours
        labelled: Counter[tuple[int, int]] = Counter()
        for own in self.tallies:
            labelled[own.attempts - own.unflagged, own.unflagged] += own.behaviours
        if graded != labelled:
            raise ValueError("the audit is not about the attempts that were counted")
