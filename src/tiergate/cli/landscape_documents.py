# SPDX-License-Identifier: Apache-2.0
"""What the landscape commands print with ``--json``. Figures are decimal text."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Context
from typing import Literal

from tiergate.decision.document import DocumentPart
from tiergate.landscape import frontier
from tiergate.landscape.compute import Amount, ComputeLedger, Run
from tiergate.landscape.frontier import Known, Lag, Weights
from tiergate.landscape.obligations import as_of
from tiergate.landscape.vintage import Vintage


class ModelPart(DocumentPart):
    """A model of the vintage."""

    name: str
    """Its name."""
    organisation: str
    """Whose it is."""
    index: str
    """Its general capability."""
    released: str
    """When it was released."""
    weights: str
    """Whether they can be downloaded, by licence class."""
    source: str
    """Where that stands."""


class LagPart(DocumentPart):
    """How far something is behind the closed models."""

    months: str | None
    """Months; null when no closed model is known to have reached that."""
    first: str | None
    """The first closed model that had."""
    definition: str
    """What was counted."""


class ModelsDocument(DocumentPart):
    """What ``tiergate landscape models --json`` prints."""

    format: Literal["tiergate-models/1"] = "tiergate-models/1"
    """Version of this format."""
    vintage: str
    """The day of the data."""
    models: tuple[ModelPart, ...]
    """The most capable first."""


class RecordPart(DocumentPart):
    """An open model that was the most capable of its day."""

    model: ModelPart
    """The model."""
    lag: LagPart
    """How long closed models had been there."""


class GapDocument(DocumentPart):
    """What ``tiergate landscape gap --json`` prints."""

    format: Literal["tiergate-gap/1"] = "tiergate-gap/1"
    """Version of this format."""
    vintage: str
    """The day of the data."""
    at: str
    """The day as of which it is said: models that were released later do not count."""
    best_closed: ModelPart | None
    """The most capable closed model; null when none was out."""
    best_open: ModelPart | None
    """The most capable one that can be downloaded; null when none was out."""
    points: str | None
    """How far the closed one is above the open one; null without either."""
    age: LagPart | None
    """How long ago a closed model was where the best open one is; null without an open one."""
    records: tuple[RecordPart, ...]
    """Open models that set a record, the newest first."""


class AmountPart(DocumentPart):
    """Operations of training, and between what they may be."""

    flop: str
    """What was declared comes to."""
    lowest: str
    """The least that it may be."""
    highest: str | None
    """The most that it may be; null when something is missing."""


class RunPart(DocumentPart):
    """One training run."""

    name: str
    """What it is called."""
    parameters: str
    """Parameters that each token goes through."""
    total_parameters: str | None
    """All parameters of a mixture of experts; null for a dense model."""
    tokens: str
    """Tokens."""
    flop: str
    """Operations."""
    is_own: bool
    """Whether whoever releases the model did it."""


class ThresholdPart(DocumentPart):
    """How the total stands to a threshold."""

    flop: str
    """The threshold."""
    above: str
    """``above``, ``below`` or ``undetermined``."""
    clause: str
    """Id of the obligation."""
    place: str
    """Where it holds."""
    asks: str
    """What follows, with how it is known."""
    source: str
    """Where it stands."""


class ComputeDocument(DocumentPart):
    """What ``tiergate landscape compute --json`` prints."""

    format: Literal["tiergate-compute/1"] = "tiergate-compute/1"
    """Version of this format."""
    as_of: str
    """The day of the facts about laws."""
    runs: tuple[RunPart, ...]
    """Every run."""
    total: AmountPart
    """All runs."""
    own: AmountPart
    """Those of whoever releases the model."""
    base: AmountPart
    """Those of the base model."""
    thresholds: tuple[ThresholdPart, ...]
    """The lowest first."""
    share_of_base: str | None
    """The own runs as a share of the base model's; null where those are not known, or none."""
    above_a_third: str | None
    """Whether the own runs are above a third of the base model's; null without one."""
    third_asks: str
    """What follows from that, with how it is known."""
    third_source: str
    """Where that stands."""
    claim: str | None
    """Words for `tiergate evidence claim E01 --model MODEL`; null while something is missing."""


def model_part(model: Known) -> ModelPart:
    """Return a model as it is printed."""
    return ModelPart(
        name=model.name,
        organisation=model.organisation,
        index=decimal(model.index),
        released=model.released.isoformat(),
        weights=model.weights.value,
        source=model.row.source,
    )


def lag_part(lag: Lag) -> LagPart:
    """Return a lag as it is printed."""
    return LagPart(
        months=None if lag.months is None else f"{lag.months:.1f}",
        first=None if lag.first is None else lag.first.name,
        definition=lag.definition,
    )


def gap_document(vintage: Vintage, at: date) -> GapDocument:
    """Return how far apart closed and open models were on a day, as it is printed."""
    models = frontier.known(vintage, until=at)
    closed = next((each for each in models if each.weights is Weights.CLOSED), None)
    best = next((each for each in models if each.weights.is_open), None)
    return GapDocument(
        vintage=vintage.id,
        at=at.isoformat(),
        best_closed=None if closed is None else model_part(closed),
        best_open=None if best is None else model_part(best),
        points=None if closed is None or best is None else decimal(closed.index - best.index),
        age=None if best is None else lag_part(frontier.age(models, best.index, at)),
        records=tuple(
            RecordPart(model=model_part(model), lag=lag_part(lag))
            for model, lag in reversed(frontier.catch_up(models))
        ),
    )


def decimal(index: float) -> str:
    """Write a figure of the index.

    >>> decimal(150.04)
    '150.0'
    """
    return f"{index:.1f}"


def compute_document(found: ComputeLedger) -> ComputeDocument:
    """Return a compute ledger as it is printed."""
    return ComputeDocument(
        as_of=as_of(),
        runs=tuple(map(_run, found.runs)),
        total=_amount(found.total),
        own=_amount(found.own),
        base=_amount(found.base),
        thresholds=tuple(
            ThresholdPart(
                flop=f"{flag.threshold:.0e}".replace("e+", "e"),
                above=flag.above.value,
                clause=flag.obligation.id,
                place=flag.obligation.place,
                asks=flag.obligation.words,
                source=flag.obligation.source,
            )
            for flag in found.flags
        ),
        share_of_base=_share(found),
        above_a_third=None if found.modifier is None else found.modifier.value,
        third_asks=found.modifier_obligation.words,
        third_source=found.modifier_obligation.source,
        claim=_claim(found),
    )


def _run(found: Run) -> RunPart:
    total = found.total_parameters
    return RunPart(
        name=found.name,
        parameters=_flop(found.parameters),
        total_parameters=None if total is None else _flop(total),
        tokens=_flop(found.tokens),
        flop=_flop(found.flop),
        is_own=found.is_own,
    )


def _share(found: ComputeLedger) -> str | None:
    return None if found.own_to_base is None else f"{found.own_to_base:.3g}"


def _claim(found: ComputeLedger) -> str | None:
    """Write what E01 of the default policy asks for, with the largest that it may be."""
    if not found.total.is_all:
        return None
    has_base = found.modifier is not None
    fields = {
        "training_flop": _flop(found.total.flop),
        "training_flop_upper": _flop(found.total.highest, ROUND_CEILING),
        "method": f"6ND,±{found.total.error:g}x",
        "modifies_another_model": "yes" if has_base else "no",
        "share_of_base_compute": _share(found) or "0",
    }
    return " ".join(f"--field {name}={value}" for name, value in fields.items())


def _amount(found: Amount) -> AmountPart:
    return AmountPart(
        flop=_flop(found.flop),
        lowest=_flop(found.lowest, ROUND_FLOOR),
        highest=_flop(found.highest, ROUND_CEILING) if found.is_all else None,
    )


def _flop(value: float, rounding: str = ROUND_HALF_EVEN) -> str:
    """Write an amount with three digits; an end of a range away from its middle.

    >>> _flop(6.5712e24), _flop(6.5712e24, ROUND_CEILING), _flop(0)
    ('6.57e24', '6.58e24', '0')
    """
    # What a sum of floating-point numbers is off by must not move an end.
    exact = Context(prec=12).create_decimal_from_float(value)
    found = Context(prec=3, rounding=rounding).plus(exact)
    return f"{found:.2e}".replace("e+", "e") if found else "0"
