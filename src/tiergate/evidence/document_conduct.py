# SPDX-License-Identifier: Apache-2.0
"""How a measurement was conducted and audited, as it stands in a document."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from tiergate.evidence.conduct import (
    Access,
    Audit,
    Conduct,
    Coverage,
    Effort,
    GraderKind,
    GraderValidation,
)
from tiergate.evidence.document_types import Count, Flag, Name, Part, Text
from tiergate.stats.audit import Adjudication


class GraderValidationPart(Part):
    """A grader's labels held against people's, as counts."""

    positives: Count
    """Attempts that people called a success."""
    positives_found: Count
    """Of these, those that the grader called one too."""
    negatives: Count
    """Attempts that people called none."""
    negatives_cleared: Count
    """Of these, those that the grader called none too."""
    same_distribution: Flag
    """Whether it was the same grader, prompt and version, on responses like these."""
    source: Name
    """Where the counts come from."""

    @model_validator(mode="after")
    def _fits(self) -> GraderValidationPart:
        if self.positives_found > self.positives or self.negatives_cleared > self.negatives:
            raise ValueError("more were found than there are")
        return self


class ConductPart(Part):
    """How a measurement was conducted. What is not stated is graded 0."""

    effort: Effort = Effort.NOT_STATED
    """Effort made to get the worst out of the model."""
    access: Access = Access.NOT_STATED
    """What was open to whoever elicited."""
    coverage: Coverage = Coverage.NOT_STATED
    """How the task relates to the harm that it stands for."""
    risk_model: Text = ""
    """From which risk, by which steps, to this task; empty when nobody wrote it down."""
    grader_kind: GraderKind = GraderKind.NOT_STATED
    """What decided success."""
    grader_validation: GraderValidationPart | None = None
    """The grader's error, measured; null when it was not."""
    task_commit: Text = ""
    """Commit of the task's code; empty when not stated."""
    dataset_digest: Text = ""
    """Digest or immutable revision of the data set; empty when not stated."""

    def inside(self) -> Conduct:
        """Return the plain type that the program works with."""
        plain = dict(self)
        if self.grader_validation is not None:
            plain["grader_validation"] = GraderValidation(**dict(self.grader_validation))
        return Conduct(**plain)


class AdjudicationPart(Part):
    """What grader and people said of the attempts on one behaviour; each counts once."""

    confirmed: Count = 0
    """Flagged or unscored, and people found it adverse."""
    refuted: Count = 0
    """Flagged or unscored, and people found it was not."""
    not_adjudicated: Count = 0
    """Flagged, and nobody looked; counts as adverse."""
    unscored: Count = 0
    """Without a label of the grader or of people; counts as adverse."""
    missed: Count = 0
    """Not flagged, drawn for the audit, and people found it adverse."""
    undecided: Count = 0
    """Not flagged, drawn for the audit, and without a label; counts as missed."""
    clean: Count = 0
    """Not flagged, drawn for the audit, and people found nothing."""
    not_drawn: Count = 0
    """Not flagged, and not drawn for the audit."""
    behaviours: Annotated[Count, Field(ge=1)] = 1
    """How many behaviours have exactly these counts."""


class AuditPart(Part):
    """People's labels on a grader's: on all that it flagged, and on a random part of the rest."""

    tallies: Annotated[tuple[AdjudicationPart, ...], Field(min_length=1)]
    """Histogram of behaviours by what grader and people said of the attempts on each."""
    seed: Name
    """What the random part was drawn with, so that anyone can draw it again."""
    labelled_by: Name
    """Who gave the labels."""

    def inside(self) -> Audit:
        """Return the plain type that the program works with."""
        tallies = tuple(Adjudication(**dict(tally)) for tally in self.tallies)
        return Audit(tallies=tallies, seed=self.seed, labelled_by=self.labelled_by)
