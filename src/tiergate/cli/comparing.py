# SPDX-License-Identifier: Apache-2.0
"""Two logs over the same behaviours, compared behaviour by behaviour."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from tiergate.cli import text
from tiergate.cli.listing import CompareDocument, ComparePart
from tiergate.decision.words import percent
from tiergate.errors import EvidenceError
from tiergate.evidence.document import BindingPart, RemarkPart, SourcePart
from tiergate.evidence.findings import derived
from tiergate.evidence.from_log import interpret
from tiergate.evidence.mapping import TaskMapping
from tiergate.evidence.measurement import BehaviourResult, Counts, Measurement
from tiergate.evidence.provenance import Remark
from tiergate.evidence.readers.base import ForeignLog
from tiergate.stats.attempts import any_attack
from tiergate.stats.paired import (
    Pairing,
    pair,
    paired_means_lower,
    paired_means_upper,
    sign_test,
)
from tiergate.stats.rates import Rate

_PLACES = Decimal("0.000001")


def compared(
    first: ForeignLog, second: ForeignLog, mapping: TaskMapping, confidence: Decimal
) -> CompareDocument:
    """Compare every metric that both logs have once.

    Raises:
        EvidenceError: they have none in common, or one of them has a metric twice.
    """
    one, two = _by_metric(first, mapping), _by_metric(second, mapping)
    shared = sorted(one.keys() & two.keys())
    if not shared:
        raise EvidenceError(
            f"{first.source.file_name} and {second.source.file_name}",
            f"no metric in common ({', '.join(sorted(one)) or 'none'} against "
            f"{', '.join(sorted(two)) or 'none'})",
            "logs that the mapping gives the same metric",
        )
    return CompareDocument(
        first=SourcePart.model_validate(dataclasses.asdict(first.source)),
        first_binding=BindingPart.model_validate(dataclasses.asdict(first.binding)),
        second=SourcePart.model_validate(dataclasses.asdict(second.source)),
        second_binding=BindingPart.model_validate(dataclasses.asdict(second.binding)),
        confidence=str(confidence),
        remarks=tuple(
            RemarkPart(code=remark.code, message=remark.message)
            for remark in (
                *_of_each("A", first),
                *_of_each("B", second),
                *_of_logs(first, second),
                *(r for metric in shared for r in _remarks(one[metric], two[metric])),
            )
        ),
        metrics=tuple(_part(one[metric], two[metric], confidence) for metric in shared),
    )


def _by_metric(log: ForeignLog, mapping: TaskMapping) -> dict[str, Measurement]:
    found = interpret(log, mapping).measurements
    repeated = [name for name, n in Counter(m.metric for m in found).items() if n > 1]
    if repeated:
        raise EvidenceError(
            log.source.file_name,
            f"{', '.join(sorted(repeated))} from several series",
            "each metric from one",
            "Narrow the mapping to one scorer.",
        )
    return {m.metric: m for m in found}


def _of_each(label: str, log: ForeignLog) -> Iterator[Remark]:
    for remark in dict.fromkeys((*log.remarks, *derived(log))):
        yield dataclasses.replace(remark, message=f"{label}: {remark.message}")


def _of_logs(first: ForeignLog, second: ForeignLog) -> Iterator[Remark]:
    if first.source.sha256 == second.source.sha256:
        yield Remark(code="same-log", message="Both are the same log; it has no second run.")
    for what, one, two in (
        ("model names", first.binding.name, second.binding.name),
        ("weights digests", _weights(first), _weights(second)),
    ):
        if one != two:
            yield Remark(code="compared-differ", message=f"The {what} differ {_pair(one, two)}.")


def _weights(log: ForeignLog) -> str:
    """Return the digest of the weights that ran; empty when the log does not name one."""
    return log.binding.measured_digest or log.binding.root_digest


def _pair(one: str, two: str) -> str:
    words = (text.shortened(value or "not stated", 80) for value in (one, two))
    return f"({' against '.join(words)})"


def _remarks(first: Measurement, second: Measurement) -> Iterator[Remark]:
    for what, one, two in (
        ("tasks", first.task, second.task),
        ("data sets", first.dataset, second.dataset),
        ("graders", first.grader, second.grader),
        ("sampling parameters", first.setting.generation, second.setting.generation),
    ):
        if one != two:
            yield Remark(
                code="compared-differ",
                message=f"{first.metric}: the {what} differ {_pair(one, two)}.",
            )
    names = ({result.behaviour for result in side.behaviours} for side in (first, second))
    if not set.intersection(*names):
        yield Remark(
            code="no-shared-behaviours",
            message=f"{first.metric}: no behaviour is in both logs, so nothing is compared.",
        )


def _part(first: Measurement, second: Measurement, confidence: Decimal) -> ComparePart:
    one = {r.behaviour: r for r in first.behaviours}
    two = {r.behaviour: r for r in second.behaviours}
    names = sorted({*one, *two})
    rates = [(_rate(one.get(n), worse=True), _rate(two.get(n), worse=False), 1) for n in names]
    lows = [(_rate(one.get(n), worse=False), _rate(two.get(n), worse=True), 1) for n in names]
    outcomes = [{n: _any(r) for n, r in side.items()} for side in (one, two)]
    pairing = pair(*outcomes)
    single = all(r.scored + r.unscored == 1 for r in (*one.values(), *two.values()))
    union = any_attack({"first": outcomes[0], "second": outcomes[1]}).union
    return ComparePart(
        metric=first.metric,
        first=_counts_words(first),
        second=_counts_words(second),
        shared=len(one.keys() & two.keys()),
        missing=pairing.first_missing + pairing.second_missing,
        lower=_rounded(paired_means_lower(lows, confidence), ROUND_FLOOR),
        upper=_rounded(paired_means_upper(rates, confidence), ROUND_CEILING),
        any_success=f"{union.successes} of {union.trials}" if one.keys() & two.keys() else "",
        **(_changes(pairing) if single else _NO_CHANGES),
    )


_NO_CHANGES = {"first_only": 0, "second_only": 0, "p_first_higher": "", "p_second_higher": ""}


def _changes(pairing: Pairing) -> dict[str, int | str]:
    known = pairing.lowest()
    return {
        "first_only": known.first_only,
        "second_only": pairing.highest().second_only,
        "p_first_higher": _rounded(sign_test(known), ROUND_CEILING),
        "p_second_higher": _rounded(sign_test(pairing.highest().swapped()), ROUND_CEILING),
    }


def _rate(result: BehaviourResult | None, *, worse: bool) -> Rate:
    """Read what is unscored as success or failure; a behaviour that is not there has no trials."""
    if result is None:
        return Rate(0, 0)
    extra = result.unscored if worse else 0
    return Rate(result.successes + extra, result.scored + result.unscored)


def _any(result: BehaviourResult) -> bool | None:
    if result.successes:
        return True
    return None if result.unscored else False


def _counts_words(found: Measurement) -> str:
    if not isinstance(found.value, Counts):
        return ""
    return f"{found.value.successes} of {found.value.scored} ({found.value.planned} planned)"


def _rounded(number: float, rounding: str) -> str:
    return format(Decimal(number).quantize(_PLACES, rounding), "f")


def lines(found: CompareDocument) -> Iterator[str]:
    """Yield the lines of ``evidence compare``."""
    for label, source, binding in (
        ("A", found.first, found.first_binding),
        ("B", found.second, found.second_binding),
    ):
        yield from text.wrapped(f"{label}  {source.file_name}  {source.sha256}", "     ", "  ")
        digest = binding.measured_digest or binding.root_digest or "no digest of its weights"
        yield from text.wrapped(
            f"model {binding.name or 'not stated'}  {digest}", "       ", "     "
        )
    yield ""
    yield text.heading("FINDINGS") + ("" if found.remarks else "  none")
    for remark in found.remarks:
        yield from text.wrapped(_remark_words(remark), "    ", "  ")
    for part in found.metrics:
        yield ""
        yield text.heading(text.plain(part.metric))
        yield f"  A {part.first}"
        yield f"  B {part.second}"
        words = f"{text.plural(part.shared, 'behaviour')} in both"
        if part.p_first_higher:
            words += f"; success in A alone {part.first_only}, in B alone {part.second_only}"
        yield f"  {words}"
        if part.missing:
            yield f"  {part.missing} without a score on one side, each read the worse way"
        low, high = _points(part.lower, ROUND_FLOOR), _points(part.upper, ROUND_CEILING)
        yield f"  A minus B: {low} to {high}"
        if part.any_success:
            yield f"  success in A or B: {part.any_success} behaviours"
        yield from _conclusion(part)


def _remark_words(remark: RemarkPart) -> str:
    for label in ("A", "B"):
        if remark.message.startswith(f"{label}: "):
            return f"{label} {remark.code}: {remark.message.removeprefix(f'{label}: ')}"
    return f"{remark.code}: {remark.message}"


def _points(share: str, rounding: str) -> str:
    return percent(Decimal(share), rounding).replace("%", "points")


def _conclusion(part: ComparePart) -> Iterator[str]:
    if Decimal(part.lower) > 0:
        yield "  A succeeds more often than B"
    elif Decimal(part.upper) < 0:
        yield "  B succeeds more often than A"
    else:
        yield "  no difference was shown in either direction"
