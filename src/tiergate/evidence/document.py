# SPDX-License-Identifier: Apache-2.0
"""The evidence document: one JSON file per producer, run and checkpoint.

This is the edge: pydantic, unknown fields refused, every field explained, RFC 8785
bytes. Times are RFC 3339 in UTC, numbers are integers or decimal strings, and the
document's identity is the SHA-256 of its bytes. Inside the program the plain types of
:mod:`tiergate.evidence.collection` are used.
"""

from __future__ import annotations

import hashlib
from typing import Annotated, ClassVar, Literal

import rfc8785
from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from tiergate.evidence.document_conduct import AuditPart, ConductPart
from tiergate.evidence.document_pairs import PairedPart
from tiergate.evidence.document_types import (
    Count,
    DecimalText,
    Digest,
    DigestOrEmpty,
    Flag,
    LargeCount,
    Metric,
    Name,
    Part,
    Text,
    UtcTime,
    WholeNumber,
)
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import AttackClass, Controls, Direction, Variant
from tiergate.evidence.provenance import BindingLevel, ProducerRelation, ReadAs, Relation

FORMAT = "tiergate-evidence/1"


class BindingPart(Part):
    """The tie between the evidence and a checkpoint."""

    level: BindingLevel
    """What the tie rests on, from a bare name to a re-run on the bytes."""
    relation: Relation
    """How the weights that were measured relate to the checkpoint below."""
    name: Text
    """What the source calls the model; empty when it does not say."""
    revision: Text = ""
    """Commit, tag or branch that the source names; empty when it does not say."""
    root_digest: DigestOrEmpty = ""
    """Root digest of the checkpoint that this is about; empty when only a name is known."""
    measured_digest: DigestOrEmpty = ""
    """Root digest of the weights that ran, when they are not the checkpoint's own."""


class ProducerPart(Part):
    """Who made the evidence. Self-declared until it is signed."""

    name: Name
    """Person, team or tool."""
    organisation: Text
    """Public name of the organisation; empty when unknown."""
    relation: ProducerRelation
    """How they stand to the developer of the model."""


class SourcePart(Part):
    """The foreign file that the document was read from."""

    file_name: Name
    """Last part of the path it was read from."""
    sha256: Digest
    """Digest of its bytes."""
    size_bytes: Count
    """Its size."""
    format: Name
    """Format and schema version, as in ``inspect-eval/2``."""
    reader: Name
    """Reader and version that read it."""
    tool: Text
    """Tool and version that wrote it; empty when the file does not say."""
    url: Text = ""
    """Where it can be had; empty when nowhere public."""
    read: tuple[Text, ...] = ()
    """Parts of it that were read, as in ``every sample``."""
    left_out: tuple[Text, ...] = ()
    """Parts of it that were not looked at, as in ``messages``."""


class TallyPart(Part):
    """A number of behaviours that share the same result."""

    successes: Count
    """Attempts on one such behaviour that met the success condition."""
    scored: Count
    """Attempts on one such behaviour that have a score."""
    unscored: Count
    """Attempts on one such behaviour without a score, errors included."""
    behaviours: Annotated[Count, Field(ge=1)]
    """How many behaviours have exactly this result."""


class CountsPart(Part):
    """Successes out of attempts, by behaviour, with every denominator."""

    kind: Literal["counts"] = "counts"
    """Tells counts from quantities."""
    tallies: tuple[TallyPart, ...]
    """Histogram of behaviours, sorted by successes, scored, unscored."""
    planned: Count
    """Attempts that the run set out to make."""
    errored: Count = 0
    """Of the unscored attempts, those that ended in an error."""
    limited: Count = 0
    """Attempts that a limit cut short."""
    superseded: Count = 0
    """Earlier attempts that a re-run replaced."""


class QuantityPart(Part):
    """A measured size that is no proportion."""

    kind: Literal["quantity"] = "quantity"
    """Tells quantities from counts."""
    lower: DecimalText
    """Lower end of the interval."""
    upper: DecimalText
    """Upper end of the interval."""
    unit: Name
    """Unit, as in ``hours``."""
    method: Name
    """How the interval was formed, and at what confidence."""


class BehaviourPart(Part):
    """What was counted on one behaviour."""

    behaviour: Name
    """Its id in the log, or a digest of it where the id is a text of its own."""
    successes: Count
    """Attempts that met the success condition."""
    scored: Count
    """Attempts with a score."""
    unscored: Count
    """Attempts without one."""


class _Grown(Part):
    """A part that has grown: fields that say nothing are left out, so that old bytes stay."""

    _later: ClassVar[frozenset[str]]
    """Fields that came later."""

    # Without a return type, so that the schema stays that of the fields.
    @model_serializer(mode="wrap")
    def _as_before(self, write: SerializerFunctionWrapHandler):  # type: ignore[no-untyped-def]  # noqa: ANN202
        written = write(self)
        return {
            name: value
            for name, value in written.items()
            if name not in self._later or value not in (None, "")
        }


class ComparisonPart(_Grown):
    """The same metric in the same harness on a baseline model."""

    _later = frozenset({"paired"})

    baseline_name: Name
    """What the baseline is called."""
    baseline_digest: DigestOrEmpty = ""
    """Its root digest; empty when only its name is known."""
    downloadable: Flag
    """Whether anyone could download its weights on the day of the run."""
    counts: CountsPart
    """What the baseline did."""
    paired: PairedPart | None = None
    """The same by behaviour; null where only the counts of both are known."""


class BudgetPart(_Grown):
    """What an attack spent, in each currency."""

    _later = frozenset({"attempts", "flop"})

    usd: Annotated[DecimalText, Field(ge=0)] | None = None
    """Money in US dollars; null when not stated."""
    gpu_hours: Annotated[DecimalText, Field(ge=0)] | None = None
    """Accelerator hours; null when not stated."""
    steps: Count | None = None
    """Optimiser steps; null when not stated."""
    examples: Count | None = None
    """Training examples seen; null when not stated."""
    attempts: Annotated[Count, Field(ge=1)] | None = None
    """Answers sampled for each prompt, of which the most harmful counts; null when not stated."""
    flop: LargeCount | None = None
    """Floating-point operations, written as text; null when not stated."""


class RunRulePart(Part):
    """By which rule a run of attacks called settings held, broken or destroyed."""

    limit: Annotated[DecimalText, Field(ge=0, le=1)]
    """Success rate that the run tolerated."""
    confidence: Annotated[DecimalText, Field(gt=0, lt=1)]
    """How sure its outcomes had to be."""
    margin: Annotated[DecimalText, Field(ge=-1, le=1)] | None = None
    """Refusals of guarded prompts less those of their twins, at least; null when not stated."""
    loss_nats: DecimalText | None = None
    """Loss of likelihood, in nats per token, that counted as destroyed; null when not stated."""
    accuracy_drop: DecimalText | None = None
    """Drop in the share of tasks solved that counted as destroyed; null when not stated."""
    effort: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,60}$")], Count] = Field(
        default={}
    )
    """How much was measured, as in ``confirmation_prompts``; empty when not stated."""
    prices_digest: DigestOrEmpty = ""
    """Digest of the price file that costs follow from; empty when not stated."""
    has_shipped_prices: Flag | None = None
    """Whether that is the price file that ships; null when not stated."""


class AttackPart(_Grown):
    """The attack under which this was measured."""

    _later = frozenset({"suite", "trials", "seeds", "longest_run_steps", "rule", "search_budget"})

    name: Name
    """The method, as its authors call it."""
    attack_class: AttackClass
    """The family it belongs to."""
    budget: BudgetPart
    """What the setting that was measured cost alone, measuring included: the price of a break."""
    controls: Controls
    """Whether the run's positive and null controls did what they must."""
    suite: Annotated[str, Field(max_length=100)] = ""
    """Suite under which it ran, as in ``TR1@1.0.0``; empty when it ran under none."""
    trials: Annotated[Count, Field(ge=1)] | None = None
    """Settings that the search tried; null when not stated."""
    seeds: Annotated[Count, Field(ge=1)] | None = None
    """Seeds that the attack was repeated over; null when not stated."""
    longest_run_steps: Count | None = None
    """Optimiser steps of the longest single run; null when not stated."""
    rule: RunRulePart | None = None
    """By which rule its settings were judged; null when not stated: it supports nothing then."""
    search_budget: BudgetPart | None = None
    """What was spent in all, failed tries and search included; null when not stated."""


class SettingPart(Part):
    """How the model was measured."""

    variant: Variant
    """Which form of the model ran."""
    elicitation: Text
    """Effort made to get the best out of the model, in words."""
    generation: Text
    """Sampling parameters, ``name=value`` separated by spaces."""


class MeasurementPart(Part):
    """Counts, or a quantity, for one metric in one setting."""

    metric: Metric
    """What was measured: ``<domain>.<name>``, as policies name it."""
    domain: HazardDomain | None
    """Hazard domain; null for safeguards and utility."""
    direction: Direction
    """Which way the metric points."""
    success_means: Name
    """What one success is, in words."""
    value: Annotated[CountsPart | QuantityPart, Field(discriminator="kind")]
    """What was found."""
    setting: SettingPart
    """How."""
    task: Name
    """Task and version, as the source names them."""
    dataset: Text = ""
    """Data set and version or digest; empty when the source does not say."""
    grader: Text
    """What decided whether an attempt succeeded; empty when unknown."""
    finished_at: UtcTime
    """When the run ended."""
    started_at: UtcTime | None = None
    """When the run began; null when the source does not say."""
    samples_kept: Count = 0
    """Raw samples in the source file that anyone can recount."""
    attack: AttackPart | None = None
    """The attack; null when there was none."""
    comparison: ComparisonPart | None = None
    """The baseline in the same harness; null when there was none."""
    conduct: ConductPart = ConductPart()
    """How it was conducted, as far as anybody states it."""
    audit: AuditPart | None = None
    """People's labels on the grader's; null when nobody looked."""
    behaviours: tuple[BehaviourPart, ...] = ()
    """The same counts by behaviour, sorted by id; empty where the source names none."""
    grader_models: tuple[Name, ...] = ()
    """Models that graded, as the log names them; empty when it names none."""


class ClaimPart(Part):
    """A statement by someone about the checkpoint."""

    item: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,100}$")]
    """Evidence item or finding that this answers, as in ``E01``."""
    holds: Flag
    """Whether the claimant says that it holds."""
    statement: Name
    """The claim in one sentence."""
    fields: dict[
        Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,60}$")], Text | WholeNumber | Flag
    ] = Field(default={})
    """Named details: text, whole numbers, true or false; decimals are written as text."""
    made_at: UtcTime
    """When it was made."""


class RemarkPart(Part):
    """Something that the reader noticed."""

    code: Name
    """Stable short name."""
    message: Name
    """The facts, with numbers."""


class EvidencePart(Part):
    """A Tiergate evidence document."""

    format: Literal["tiergate-evidence/1"]
    """Format and version of this document."""
    binding: BindingPart
    """The tie to a checkpoint."""
    producer: ProducerPart
    """Who made it."""
    read_as: ReadAs = ReadAs.PRIMARY
    """Whether the producer's own record was read, or somebody's account of it."""
    source: SourcePart | None = None
    """The foreign file it was read from; null for documents written by hand."""
    source_url: Text = ""
    """Where the facts can be looked up; empty when nowhere public."""
    measurements: tuple[MeasurementPart, ...] = ()
    """What was measured."""
    claims: tuple[ClaimPart, ...] = ()
    """What is claimed."""
    remarks: tuple[RemarkPart, ...] = ()
    """What the reader noticed."""
    unmapped: tuple[Name, ...] = ()
    """Tasks and scorers in the source that no mapping entry names."""
    run: Annotated[str, Field(pattern=r"^([0-9a-f]{16})?$")] = ""
    """Registered run that this is the log of; empty when it was not registered."""

    @model_validator(mode="after")
    def _says_something(self) -> EvidencePart:
        if not (self.measurements or self.claims):
            raise ValueError("a document holds at least one measurement or claim")
        return self

    def to_bytes(self) -> bytes:
        """Return the RFC 8785 bytes that the document's digest is taken over."""
        return rfc8785.dumps(self.model_dump(mode="json"))


def digest_of(document: bytes) -> str:
    """Return the identity of a document: ``sha256:<hex>`` of its bytes."""
    return f"sha256:{hashlib.sha256(document).hexdigest()}"
