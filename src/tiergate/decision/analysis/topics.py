# SPDX-License-Identifier: Apache-2.0
"""Topics: for each metric, claim or fact the pieces of evidence that tell its checks apart.

Pieces about a metric or a claim come together in any number: a check is adverse when one piece
is, else met when one meets it. Of a fact, and of a check that is not known here, exactly one
thing is the case.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tiergate.decision.analysis.eligibility import Eligibility
from tiergate.decision.analysis.formula import Check, State, state_of
from tiergate.decision.analysis.pieces import PLAIN, Files, Outputs, Piece, Place, gathered
from tiergate.decision.analysis.single import MetricTopic, States, claims
from tiergate.decision.requirements.checkpoint_facts import GeneratesOnly
from tiergate.evidence.measurement import Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What can be known about one metric, claim or fact."""

    name: str
    """As checks name it."""
    checks: tuple[Check, ...]
    """Every check about it, each once."""
    pieces: tuple[Piece | None, ...]
    """Evidence that tells them apart, best first; None where nothing is known."""
    states: tuple[States, ...]
    """What each piece does to each check."""
    is_joined: bool
    """Whether any number of pieces can be there, or exactly one is."""
    is_complete: bool
    """Whether these are all that can be."""
    met: Mapping[str, int]
    """By the key of a check: the pieces that meet it, as bits."""
    adverse: Mapping[str, int]
    """By the key of a check: the pieces that are adverse to it, as bits."""

    @property
    def every(self) -> int:
        """All pieces, as bits."""
        return (1 << len(self.pieces)) - 1

    @property
    def best(self) -> int:
        """Of a joined topic the best piece for each form of the model, of another the best one.

        What is adverse to anything is never best.
        """
        if not self.is_joined:
            return 1
        forms: dict[Variant, int] = {}
        for place, piece in enumerate(self.pieces):
            if piece is not None and State.ADVERSE not in self.states[place]:
                forms.setdefault(piece.variant, 1 << place)
        return sum(forms.values())


def topics_of(checks: Iterable[Check], place: Place, *, is_plain: bool = False) -> dict[str, Topic]:
    """Return the topic of every check, by its name.

    Args:
        checks: the checks.
        place: what evidence is about, and the time of the decision.
        is_plain: whether of pieces that do the same the plainest stands for all, not the best.
    """
    by_topic: dict[str, dict[str, Check]] = {}
    for check in checks:
        by_topic.setdefault(check.topic, {})[check.key] = check
    eligibility = Eligibility(place, is_plain=is_plain)
    return {
        name: _topic(name, tuple(found[key] for key in sorted(found)), eligibility)
        for name, found in sorted(by_topic.items())
    }


def freed(topic: Topic) -> Iterator[Topic]:
    """Yield a topic for each check, in any state: more than evidence can ever bring."""
    for check in topic.checks:
        states = [((state,), None) for state in reversed(State)]
        yield _made(f"{topic.name}|{check.key}", (check,), states, joined=False, complete=True)


def _topic(name: str, checks: tuple[Check, ...], eligibility: Eligibility) -> Topic:
    kind, place = name.partition(":")[0], eligibility.place
    if kind == "metric":
        metric = MetricTopic(checks=checks, eligibility=eligibility)
        return _made(name, checks, metric.single(), joined=True, complete=metric.is_complete)
    if kind == "claim":
        return _made(name, checks, claims(checks, eligibility), joined=True, complete=True)
    nothing = (_states_of(checks, None, place), None)
    is_known = kind in {"files", "outputs"}
    facts = _facts(checks, place) if is_known else ()
    return _made(name, checks, [*facts, nothing], joined=False, complete=is_known)


def _made(
    name: str,
    checks: tuple[Check, ...],
    found: Iterable[tuple[States, Piece | None]],
    *,
    joined: bool,
    complete: bool,
) -> Topic:
    kept: dict[States, Piece | None] = {}
    for states, piece in found:
        # What changes nothing is the same as nothing where pieces are joined.
        if not joined or any(state is not State.QUIET for state in states):
            kept.setdefault(states, piece)
    order = sorted(kept, key=lambda states: -sum(states))
    return Topic(
        name=name,
        checks=checks,
        pieces=tuple(kept[states] for states in order),
        states=tuple(order),
        is_joined=joined,
        is_complete=complete,
        met={c.key: _bits(order, n, State.MET) for n, c in enumerate(checks)},
        adverse={c.key: _bits(order, n, State.ADVERSE) for n, c in enumerate(checks)},
    )


def _bits(rows: list[States], place: int, state: State) -> int:
    return sum(1 << number for number, row in enumerate(rows) if row[place] is state)


def _states_of(checks: tuple[Check, ...], piece: Piece | None, place: Place) -> States:
    evidence = gathered([] if piece is None else [piece], place)
    return tuple(state_of(check.judge(evidence, place.at)) for check in checks)


def _facts(checks: tuple[Check, ...], place: Place) -> Iterator[tuple[States, Piece]]:
    values: list[Files] | list[Outputs] = _outputs(checks)
    if checks[0].topic == "files":
        values = [Files(code=()), Files(code=("model.bin",))]
    for value in values:
        piece = Piece(
            topic=checks[0].topic, found=value, variant=Variant.AS_RELEASED, quality=PLAIN
        )
        yield _states_of(checks, piece, place), piece


def _outputs(checks: tuple[Check, ...]) -> list[Outputs]:
    """Return the sets of modalities that tell the checks apart."""
    asked = [c.atom.modalities for c in checks if isinstance(c.atom, GeneratesOnly)]
    every = frozenset[str]().union(*asked)
    found = {frozenset({name}) for name in every} | {every | {"other"}, frozenset({"other"})}
    for modalities in asked:
        found |= {modalities | other for other in found}
    return [Outputs(modalities=m) for m in sorted(found, key=lambda m: (len(m), sorted(m)))]
