# SPDX-License-Identifier: Apache-2.0
"""What a piece of evidence says to the checks of its metric, however good it is.

A plain limit reads numbers alone, so that each finding is held against it once, whichever form
of the model it is about and whoever found it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from tiergate.decision.analysis.formula import Check, State, state_of
from tiergate.decision.analysis.pieces import Found, Piece, Place, Rate, domain_of, gathered
from tiergate.decision.judging import judge
from tiergate.decision.memo import Memo
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Scene
from tiergate.decision.requirements.limit import LimitOnMetric
from tiergate.decision.requirements.measured import Measured
from tiergate.decision.requirements.tampering import TamperResistance
from tiergate.evidence.measurement import Variant


@dataclass(frozen=True, slots=True)
class _Says:
    """Checks that a piece meets, and to which it is adverse, as bits."""

    met: int
    adverse: int


class Reader:
    """The checks that read one metric, ready to be held against pieces.

    Args:
        checks: the checks; the first is bit 0.
        place: what evidence is about, and the time of the decision.
    """

    def __init__(self, checks: tuple[Check, ...], place: Place) -> None:
        self._metric = checks[0].topic.partition(":")[2]
        self._place = place
        alike = _read_alike(checks)
        self._plain = [(c, bits) for c, bits in alike if type(c.atom) is LimitOnMetric]
        self._other = [(c, bits) for c, bits in alike if type(c.atom) is not LimitOnMetric]
        self._known: dict[Found, dict[Variant, _Says]] = {}

    def says(self, piece: Piece) -> tuple[int, int]:
        """Return the checks that a piece meets where it may support them, and is adverse to."""
        if piece.found not in self._known:
            self._known[piece.found] = self._numbers(piece)
        plain = self._known[piece.found][piece.variant]
        met, adverse = plain.met, plain.adverse
        scenes: dict[int, tuple[Scene, Memo]] = {}
        for check, bits in self._other:
            state = self._state(check, piece, scenes)
            met |= bits if state is State.MET else 0
            adverse |= bits if state is State.ADVERSE else 0
        return met, adverse

    def _numbers(self, piece: Piece) -> dict[Variant, _Says]:
        """Hold what was found against every plain limit, by the form of the model it is about."""
        met, adverse = 0, dict.fromkeys(Variant, 0)
        scenes: dict[int, tuple[Scene, Memo]] = {}
        for check, bits in self._plain:
            for variant in Variant:
                state = self._limit(check, self._scene(check, piece, scenes), variant)
                met |= bits if state is State.MET else 0
                adverse[variant] |= bits if state is State.ADVERSE else 0
        return {variant: _Says(met, found) for variant, found in adverse.items()}

    def _state(self, check: Check, piece: Piece, scenes: dict[int, tuple[Scene, Memo]]) -> State:
        atom = check.atom
        if isinstance(atom, Measured):
            enough = piece.samples >= atom.samples_kept and piece.houses >= atom.producers
            found = piece.found
            compared = isinstance(found, Rate) and found.baseline is not None
            same = domain_of(self._metric) is atom.domains[0]
            is_met = enough and same and (compared or not atom.with_baseline)
            return State.MET if is_met else State.QUIET
        scene = self._scene(check, piece, scenes)
        if isinstance(atom, TamperResistance):
            return state_of(judge(atom, scene))
        return self._limit(check, scene, piece.variant)

    def _limit(self, check: Check, scene: Scene, variant: Variant) -> State:
        """Hold what was found about a form of the model against a limit."""
        atom = check.atom
        assert isinstance(atom, LimitOnMetric)  # noqa: S101 - nothing else reads a metric
        item = scene.measurements(self._metric)[0]
        reading = atom.read_bounds(item, scene, check.variant)
        if reading is None:
            return State.QUIET
        if reading.outcome is Outcome.MET:
            same = item.measurement.direction is atom.direction
            return State.MET if same else State.QUIET
        speaks = check.variant is Variant.WORST_CASE or variant is Variant.AS_RELEASED
        return State.ADVERSE if speaks and not reading.is_neutral else State.QUIET

    def _scene(self, check: Check, piece: Piece, scenes: dict[int, tuple[Scene, Memo]]) -> Scene:
        """Return the scene of a check; what is found out in it is kept for those of its policy."""
        known = scenes.get(id(check.policy))
        if known is None:
            memo = Memo()
            evidence = next((s.evidence for s, _ in scenes.values()), None)
            evidence = gathered([piece], self._place) if evidence is None else evidence
            known = (check.scene(evidence, self._place.at, memo), memo)
            scenes[id(check.policy)] = known
        scene, memo = known
        return check.scene(scene.evidence, self._place.at, memo)


def _read_alike(checks: tuple[Check, ...]) -> list[tuple[Check, int]]:
    """Return one check, with bits, for all that differ in nothing but how good a piece has to be.

    Levels of tamper resistance look at that themselves, so they are asked without it.
    """
    found: dict[str, tuple[Check, int]] = {}
    for place, check in enumerate(checks):
        key = f"{check.key.rpartition('|')[0]}|{check.standards.confidence}"
        one, bits = found.get(key, (check, 0))
        if not bits and isinstance(check.atom, TamperResistance):
            easy = dataclasses.replace(check.standards, minimum_grades={})
            one = dataclasses.replace(check, standards=easy)
        found[key] = (one, bits | 1 << place)
    return list(found.values())
