# SPDX-License-Identifier: Apache-2.0
"""What the landscape commands print for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tiergate.cli.landscape_documents import (
    ComputeDocument,
    GapDocument,
    LagPart,
    ModelPart,
    ModelsDocument,
    PlaceDocument,
    RunPart,
)
from tiergate.cli.text import command, plural, shortened, wrapped

_NAMES = 12
_CAUTION = (
    "General capability says nothing about a hazard domain: those stay undetermined until the"
    " candidate and what can be downloaded are measured in the same harness."
)


def place_lines(found: PlaceDocument) -> Iterator[str]:
    """Say where a model stands."""
    yield f"General capability {found.index}, between {found.lowest} and {found.highest}"
    yield from _under(f"from {', '.join(found.used)}")
    yield from _under(
        "The band is wider above: benchmarks' parameters are older than the model, and new models"
        " came out too low. In 2025 the truth was outside twice in a hundred times."
    )
    if found.unknown:
        yield from _under(f"Without parameters, and left out: {', '.join(found.unknown)}")
    yield _age(found.age)
    yield ""
    yield from _downloadable(found.index, found.downloadable)
    yield ""
    yield from wrapped(_CAUTION, "")
    yield from _credit(found.downloadable, found.vintage)


def _downloadable(index: str, models: Sequence[ModelPart]) -> Iterator[str]:
    if not models:
        yield f"No model at {index} or above is known that can be downloaded."
        return
    classes = Counter(model.weights for model in models)
    owners = len({model.organisation for model in models})
    yield f"{plural(len(models), 'model')} at {index} or above can be downloaded already,"
    counts = ", ".join(f"{count} {name}" for name, count in sorted(classes.items()))
    yield from wrapped(f"of {plural(owners, 'organisation')}: {counts}", "")
    yield from map(_model, models[:_NAMES])
    if len(models) > _NAMES:
        yield f"  and {len(models) - _NAMES} more (--json)"


def models_lines(found: ModelsDocument) -> Iterator[str]:
    """List models."""
    yield from map(_model, found.models)
    yield from _credit(found.models, found.vintage)


def gap_lines(found: GapDocument) -> Iterator[str]:
    """Say how far apart closed and open models are, by each definition."""
    yield "Best closed and best that can be downloaded"
    yield _model(found.best_closed)
    yield _model(found.best_open)
    yield f"  {found.points} points apart"
    yield _age(found.age)
    yield ""
    yield "Open models that set a record, and how long closed ones had been there"
    for record in found.records[:_NAMES]:
        months = record.lag.months
        model = record.model
        words = "not before it" if months is None else f"{months:>4} months ({record.lag.first})"
        yield f"  {model.index:>5}  {model.released}  {shortened(model.name, 28):<28}  {words}"
    yield from _credit([found.best_closed], found.vintage)


def compute_lines(found: ComputeDocument) -> Iterator[str]:
    """Say what training took, and what it is above."""
    total, base = found.total, found.base
    upper = f"and {total.highest}" if total.highest else "and no known end"
    yield f"Training compute {total.flop} FLOP, between {total.lowest} {upper}"
    for run in found.runs:
        yield from _under(_run(run))
    missing = "" if base.highest else ", and what is not known"
    yield f"  own runs {found.own.flop}, base model {base.flop}{missing}"
    for row in found.thresholds:
        yield ""
        yield f"{row.above:<12}  {row.flop}  {row.place}  ({row.clause})"
        yield from _under(row.asks)
        yield from _under(row.source)
    if found.above_a_third is not None:
        yield ""
        share = "" if found.share_of_base is None else f": {found.share_of_base} of it"
        yield f"{found.above_a_third:<12}  a third of the base model's compute{share}"
        yield from _under(found.third_asks)
        yield from _under(found.third_source)
    if found.claim is not None:
        yield ""
        yield "File it:"
        yield from command(f"tiergate evidence claim E01 --model MODEL {found.claim}", "    ", "  ")


def _run(found: RunPart) -> str:
    of = "" if found.total_parameters is None else f" active of {found.total_parameters}"
    whose = "" if found.is_own else " (base model)"
    return f"{found.name}: {found.parameters}{of} parameters, {found.tokens} tokens{whose}"


def _model(model: ModelPart) -> str:
    name, owner = shortened(model.name, 20), shortened(model.organisation, 10)
    return f"  {model.index:>5}  {model.released}  {name:<20}  {owner:<10}  {model.weights}"


def _age(lag: LagPart) -> str:
    if lag.months is None:
        return "No closed model is known at or above it."
    return f"A closed model was there {lag.months} months ago ({lag.first})."


def _under(words: str) -> list[str]:
    return wrapped(words, "  ")


def _credit(models: Sequence[ModelPart], vintage: str) -> Iterator[str]:
    yield ""
    source = models[0].source.partition(", row")[0] if models else "Epoch AI"
    yield from wrapped(f"Vintage {vintage}. {source} (CC-BY-4.0).", "")
