# SPDX-License-Identifier: Apache-2.0
"""Rows out of the attempts of a garak report: one per generation, for one probe and detector.

A generation without a response has no value, whatever a detector said about it: some
detectors pass what is not there. Nor has one whose score is no number from 0 to 1.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tiergate.evidence.readers.base import Row
from tiergate.evidence.readers.garak_attempt import Attempt
from tiergate.evidence.readers.values import as_number

Asked = tuple[Attempt, int]
"""An attempt, and the generations that its run asks for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """One detector's results on one probe, counted the way the tool counts."""

    passed: int
    """Scores below the threshold."""
    fails: int
    """Scores from the threshold up."""
    nones: int
    """Generations without a score."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """Scores that do not count as values."""

    unanswered: int
    """Scores given to a generation that has no response."""
    out_of_range: int
    """Scores that are no numbers from 0 to 1."""


def by_probe(attempts: Sequence[Asked]) -> dict[str, list[Asked]]:
    """Return the attempts of each probe, in the order of the file."""
    found: dict[str, list[Asked]] = defaultdict(list)
    for asked in attempts:
        found[asked[0].probe].append(asked)
    return dict(sorted(found.items()))


def detectors_of(attempts: Sequence[Asked]) -> list[str]:
    """Return every detector that left something for at least one attempt."""
    return sorted({detector for attempt, _ in attempts for detector in attempt.scores})


def due(attempts: Sequence[Asked], detector: str) -> list[Asked]:
    """Return the attempts that a detector was to score.

    A probe may give different behaviours to different detectors. So an attempt is due where
    the detector scored another one of the same behaviour; and where no attempt of its
    behaviour was scored by any, nobody knows, and it is due for all.
    """
    meant = {attempt.intent for attempt, _ in attempts if detector in attempt.scores}
    known = {attempt.intent for attempt, _ in attempts if attempt.scores}
    return [a for a in attempts if a[0].intent in meant or a[0].intent not in known]


def planned(attempts: Sequence[Asked], detector: str) -> int:
    """Return the generations that the runs ask for, and whatever there is beyond them."""
    return sum(max(generations, _length(attempt, detector)) for attempt, generations in attempts)


def rows(attempts: Sequence[Asked], detector: str) -> tuple[Row, ...]:
    """Return one row per generation; a prompt that comes again makes further attempts."""
    taken: Counter[str] = Counter()
    made = []
    clustered = any(attempt.buff for attempt, _ in attempts)
    for attempt, _ in attempts:
        for value, answered in _generations(attempt, detector):
            taken[attempt.prompt] += 1
            made.append(
                Row(
                    sample=attempt.prompt,
                    attempt=taken[attempt.prompt],
                    value=_usable(value) if answered else None,
                    errored=not answered,
                    cluster=_cluster(attempt) if clustered else "",
                )
            )
    return tuple(sorted(made, key=lambda row: (row.sample, row.attempt, row.cluster)))


def unusable(attempts: Sequence[Asked], detector: str) -> Unusable:
    """Count the scores that were given and do not count."""
    pairs = [pair for attempt, _ in attempts for pair in _generations(attempt, detector)]
    given = [(value, answered) for value, answered in pairs if value is not None]
    return Unusable(
        unanswered=sum(not answered for _, answered in given),
        out_of_range=sum(answered and _usable(value) is None for value, answered in given),
    )


def tally(attempts: Sequence[Asked], detector: str, threshold: Decimal) -> Tally:
    """Count what the detector left, as the tool does."""
    values = [v for attempt, _ in attempts for v in attempt.scores.get(detector, ())]
    numbers = [n for n in map(_number, values) if n is not None]
    fails = sum(number >= threshold for number in numbers)
    return Tally(passed=len(numbers) - fails, fails=fails, nones=len(values) - len(numbers))


def _length(attempt: Attempt, detector: str) -> int:
    return max(len(attempt.answered), len(attempt.scores.get(detector, ())))


def _generations(attempt: Attempt, detector: str) -> Iterator[tuple[object, bool]]:
    """Yield the raw value of each generation, and whether it has a response."""
    values = attempt.scores.get(detector, ())
    # A detector may score every turn of a conversation; then scores and responses differ in
    # number, and nobody can tell which belongs to which.
    aligned = len(values) in (0, len(attempt.answered))
    for index in range(_length(attempt, detector)):
        answered = attempt.answered[index] if aligned else any(attempt.answered)
        yield (values[index] if index < len(values) else None), answered


def _number(value: object) -> Decimal | None:
    return Decimal(value) if isinstance(value, bool) else as_number(value)


def _usable(value: object) -> Decimal | None:
    number = _number(value)
    return number if number is not None and 0 <= number <= 1 else None


def _cluster(attempt: Attempt) -> str:
    """Name the prompt that a changed prompt comes from, so that both are one behaviour."""
    return "" if attempt.seq is None else f"prompt {attempt.seq}"


def repeated(attempts: Sequence[Asked]) -> int:
    """Count the attempts whose prompt another attempt had already, unchanged by a buff."""
    prompts = [attempt.prompt for attempt, _ in attempts if not attempt.buff]
    return len(prompts) - len(set(prompts))


def prompts_kept(attempts: Sequence[Asked]) -> int:
    """Count the prompts of the probe itself."""
    own: Mapping[str, None] = dict.fromkeys(a.prompt for a, _ in attempts if not a.buff)
    return len(own) or len({attempt.seq for attempt, _ in attempts})
