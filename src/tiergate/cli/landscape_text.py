# SPDX-License-Identifier: Apache-2.0
"""What the landscape commands print for people."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from tiergate.cli.landscape_benchmarks import BenchmarkPart, BenchmarksDocument
from tiergate.cli.landscape_documents import (
    ComputeDocument,
    GapDocument,
    LagPart,
    ModelPart,
    ModelsDocument,
    RunPart,
)
from tiergate.cli.landscape_place_documents import PlaceDocument
from tiergate.cli.text import command, plural, shortened, wrapped

_NAMES = 12
_ROW = re.compile(r"[,;] row \d+")
_BAND = (
    "The band is wider above: benchmarks' parameters are older than the model, and new models"
    " came out too low. In 2025 the truth was outside twice in a hundred placements, which were of"
    " few models: of another it may be outside in up to 9 of a hundred."
)
_CAUTION = (
    "General capability says nothing about a hazard domain: those stay undetermined until the"
    " candidate and what can be downloaded are measured in the same harness."
)


def place_lines(found: PlaceDocument) -> Iterator[str]:
    """Say where a model stands."""
    yield from _stands(found)
    if found.unknown:
        names = (_with_meant(name, found.meant.get(name)) for name in found.unknown)
        yield from _under(f"Without parameters, and left out: {', '.join(names)}")
    yield from _ends_before(found.vintage, found.at)
    yield _age(found.age, found.vintage, found.at)
    if found.pace is not None:
        yield from wrapped(
            f"It is {found.pace.points} points below the best closed model ({found.pace.best}):"
            f" {found.pace.months} months at the {found.pace.points_per_month} points a month of"
            " the two years before.",
            "",
        )
    yield ""
    yield from _downloadable(found)
    yield ""
    yield from wrapped(_CAUTION, "")
    yield from _credit(found.downloadable, found.vintage)


def _stands(found: PlaceDocument) -> Iterator[str]:
    if found.index is None:
        yield from _one_end(found)
        return
    band = {
        (True, True): f"between {found.lowest} and {found.highest}",
        (True, False): f"at least {found.lowest}; no upper bound",
        (False, True): f"at most {found.highest}; no lower bound",
        (False, False): "no bound on either side",
    }[found.lowest is not None, found.highest is not None]
    yield f"General capability {found.index}, {band}"
    yield from _under(f"from {', '.join(found.used)}")
    yield from _measured(found)
    if found.lowest is not None and found.highest is not None:
        yield from _under(_BAND)
    for end, names in (("top", found.top), ("bottom", found.bottom)):
        if names:
            yield from _under(
                f"Left out, for a score at the {end} of its benchmark: {', '.join(names)}"
            )
    if found.highest is None and found.top:
        yield from _under("One of them is harder than the band: the model may be above it.")
    elif found.highest is None:
        yield from _under("So few attempts do not bound it from above.")
    if found.lowest is None and found.bottom:
        yield from _under("One of them is easier than the band: the model may be below it.")
    elif found.lowest is None:
        yield from _under("So few attempts do not bound it from below.")


def _measured(found: PlaceDocument) -> Iterator[str]:
    for score in found.measured:
        beyond = "" if score.guessing == "0" else f"; {score.guessing} is guessing"
        yield from _under(
            f"{score.benchmark} {score.score}: {score.successes} of {score.scored}"
            f" ({score.metric}: {score.success_means}{beyond})"
        )
    if found.measured:
        yield from _under(
            "The band holds the sampling error of these counts too, with 95 % confidence each way."
        )


def _one_end(found: PlaceDocument) -> Iterator[str]:
    if found.lowest is not None:
        yield f"General capability at least {found.lowest}; no upper bound:"
        yield "every score is at or near the top of its benchmark"
        yield from _under(f"from {', '.join(found.top)}: there a model gets half of the hardest")
    else:
        yield f"General capability at most {found.highest}; no lower bound:"
        yield "every score is at or near the bottom of its benchmark"
        yield from _under(f"from {', '.join(found.bottom)}: there one gets half of the easiest")
    yield from _under("Scores from 0.02 to 0.98 on three benchmarks would place it.")


def _with_meant(name: str, meant: str | None) -> str:
    return name if meant is None else f"{name} (did you mean {meant}?)"


def _downloadable(found: PlaceDocument) -> Iterator[str]:
    models = found.downloadable
    which = f"at {found.level} or above"
    verb, is_known = "can be", "is known"
    if _is_before(found):
        verb, is_known = "could be", f"was out on {found.at}"
    if not models:
        yield f"No model {which} {is_known} that {verb} downloaded."
        return
    classes = Counter(model.weights for model in models)
    owners = len({model.organisation for model in models})
    when = f"by {found.at}" if _is_before(found) else "already"
    yield f"{plural(len(models), 'model')} {which} {verb} downloaded {when},"
    counts = ", ".join(f"{count} {name}" for name, count in sorted(classes.items()))
    yield from wrapped(f"of {plural(owners, 'organisation')}: {counts}", "")
    yield from map(_model, models[:_NAMES])
    if len(models) > _NAMES:
        yield f"  and {len(models) - _NAMES} more (--json)"
    if found.highest is None:
        yield "The model may be above all of them."


def models_lines(found: ModelsDocument) -> Iterator[str]:
    """List models."""
    yield from map(_model, found.models)
    yield from _credit(found.models, found.vintage)


def benchmarks_lines(found: BenchmarksDocument) -> Iterator[str]:
    """List benchmarks."""
    for each in found.benchmarks:
        yield f"{each.difficulty:>6}  {each.name}"
    yield from _credit(found.benchmarks, found.vintage)


def gap_lines(found: GapDocument) -> Iterator[str]:
    """Say how far apart closed and open models are, by each definition."""
    yield "Best closed and best that can be downloaded"
    closed, best = found.best_closed, found.best_open
    out = f"was out by {found.at}, as far as the vintage knows."
    yield f"  No closed model {out}" if closed is None else _model(closed)
    yield f"  No open model {out}" if best is None else _model(best)
    if found.points is not None:
        ahead = ", the open one ahead" if found.points.startswith("-") else ""
        yield f"  {found.points.removeprefix('-')} points apart{ahead}"
    yield from _ends_before(found.vintage, found.at)
    if found.age is not None:
        yield _age(found.age, found.vintage, found.at)
    yield ""
    if found.records:
        yield "Open models that set a record, and how long closed ones had been there"
    else:
        yield f"No open model had set a record by {found.at}."
    for record in found.records[:_NAMES]:
        months = record.lag.months
        model = record.model
        words = "not before it" if months is None else f"{months:>4} months ({record.lag.first})"
        yield f"  {model.index:>5}  {model.released}  {shortened(model.name, 28):<28}  {words}"
    yield from _credit([model for model in (closed, best) if model is not None], found.vintage)


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
    yield ""
    yield from wrapped(f"Facts about laws are of {found.as_of}.", "")
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


def _age(lag: LagPart, vintage: str, at: str) -> str:
    if lag.months is None:
        by = f" by {at}" if at < vintage else ""
        return f"No closed model is known at or above it{by}."
    ago = f"before {at}" if at < vintage else "ago"
    return f"A closed model was there {lag.months} months {ago} ({lag.first})."


def _is_before(found: PlaceDocument) -> bool:
    """Whether it is said as of a day before that of the data; days are ISO dates."""
    return found.at < found.vintage


def _ends_before(vintage: str, at: str) -> Iterator[str]:
    if at > vintage:
        yield from _under(
            f"The vintage ends on {vintage}: models released from then to {at} are not in it."
        )


def _under(words: str) -> list[str]:
    return wrapped(words, "  ")


def _credit(printed: Sequence[ModelPart | BenchmarkPart], vintage: str) -> Iterator[str]:
    """Say whose figures these are: the source of a row without the number of the row."""
    yield ""
    source = _ROW.sub("", printed[0].source) if printed else "Epoch AI (CC-BY-4.0)"
    yield from wrapped(f"Vintage {vintage}. {source}.", "")
