# SPDX-License-Identifier: Apache-2.0
"""How one measurement was made, and what is known of its grader, as label and text."""

from __future__ import annotations

from collections.abc import Iterator

from tiergate.evidence.collection import Collection, MeasurementItem
from tiergate.evidence.conduct import Audit, Conduct, GraderValidation
from tiergate.evidence.measurement import Counts, Measurement, Quantity
from tiergate.report.level import Level, level_words
from tiergate.report.wording import baseline_words, day

_NOT_STATED = "not stated"


def details_of(
    item: MeasurementItem, level: Level, evidence: Collection
) -> tuple[tuple[str, str], ...]:
    """Return further facts about a measurement; a label without text is left out."""
    rows = (
        *_how(item.measurement),
        *_grading(item.measurement),
        *_conduct(item.measurement.conduct),
        *_numbers(item.measurement, level),
        *_origin(item, evidence),
    )
    return tuple((label, text) for label, text in rows if text)


def _how(found: Measurement) -> Iterator[tuple[str, str]]:
    yield "task", found.task
    yield "data set", found.dataset or _NOT_STATED
    yield "elicitation", found.setting.elicitation or _NOT_STATED
    yield "generation", found.setting.generation


def _grading(found: Measurement) -> Iterator[tuple[str, str]]:
    conduct = found.conduct
    yield "grader", found.grader or _NOT_STATED
    yield "kind of grader", conduct.grader_kind
    yield "grader models", ", ".join(found.grader_models)
    if conduct.grader_kind.errs or conduct.grader_validation or found.audit:
        validation = conduct.grader_validation
        yield "grader's error", "not measured" if validation is None else error_words(validation)
        yield "audit", "none" if found.audit is None else audit_words(found.audit)


def _conduct(conduct: Conduct) -> Iterator[tuple[str, str]]:
    yield "effort (stated)", conduct.effort
    yield "access (stated)", conduct.access
    yield "coverage (stated)", conduct.coverage
    yield "risk model", conduct.risk_model
    yield "code of the task", conduct.task_commit
    yield "digest of the data", conduct.dataset_digest


def _numbers(found: Measurement, level: Level) -> Iterator[tuple[str, str]]:
    if isinstance(found.value, Quantity):
        yield "interval", found.value.method
    else:
        yield "behaviours", f"{found.value.behaviours}"
        yield "attempts", attempts_words(found.value)
        yield "confidence", level_words(level)
    yield "baseline", "" if found.comparison is None else baseline_words(found.comparison)


def _origin(item: MeasurementItem, evidence: Collection) -> Iterator[tuple[str, str]]:
    found, document = item.measurement, item.document
    run = evidence.run_of(item)
    if run is not None:
        yield "registered run", f"{run.id}, registered {day(run.registered_at)}"
    else:
        named = f"no (names {document.run}, and is not that run)" if document.run else "no"
        yield "registered run", named
    yield "raw samples", f"{found.samples_kept} kept" if found.samples_kept else "none kept"
    if document.source is not None:
        yield "tool", document.source.tool or _NOT_STATED
        yield "source", f"{document.source.file_name}, {document.source.sha256}"


def attempts_words(counts: Counts) -> str:
    """Count the attempts that went another way than planned; empty when none did."""
    parts = (
        (counts.not_attempted, "never made"),
        (counts.errored, "ended in an error"),
        (counts.limited, "cut short by a limit"),
        (counts.superseded, "replaced by a re-run"),
    )
    return ", ".join(f"{n} {words}" for n, words in parts if n)


def error_words(found: GraderValidation) -> str:
    """Write a grader's labels held against people's."""
    like = "on responses like these" if found.same_distribution else "on other responses"
    return (
        f"saw {found.positives_found} of {found.positives} that people called a success and "
        f"cleared {found.negatives_cleared} of {found.negatives} that they called none, {like} "
        f"({found.source})"
    )


def audit_words(audit: Audit) -> str:
    """Write what people were shown of a grader's labels, and what they said."""

    def total(*names: str) -> int:
        return sum(getattr(t, name) * t.behaviours for t in audit.tallies for name in names)

    seen, open_ = total("confirmed", "refuted"), total("not_adjudicated", "unscored")
    drawn = total("missed", "undecided", "clean")
    parts = (
        f"of {seen + open_} that the grader flagged or did not score, people looked at {seen}",
        f"{total('confirmed')} of these adverse",
        f"of {drawn + total('not_drawn')} that it did not flag, {drawn} were drawn",
        f"{total('missed')} of these adverse, {total('undecided')} undecided",
        f"seed {audit.seed}",
        f"by {audit.labelled_by}",
        "" if audit.is_complete else "not complete",
    )
    return "; ".join(part for part in parts if part)
