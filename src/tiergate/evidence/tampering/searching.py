# SPDX-License-Identifier: Apache-2.0
"""The search over an attack's settings, in rounds that do not depend on who carries them out.

Optuna proposes settings, after the usual ones; where there are few enough, all of them are
tried. A round is asked
for as a whole and told as a whole, in one order, so that one worker and many find the same.
What was found before the run was killed is told again from the journal and leads to the same
next question.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Mapping, Sequence
from typing import cast

import optuna

from tiergate.evidence.tampering.outcomes import AttackOutcome
from tiergate.evidence.tampering.suites import SuiteAttack
from tiergate.evidence.tampering.trial import Phase, Trial

ROUND = 4
"""Settings of one attack that are asked for at once."""
Setting = tuple[tuple[str, str | int | float], ...]


class AttackSearch:
    """The search over one attack of a suite."""

    def __init__(
        self,
        attack: SuiteAttack,
        space: Mapping[str, tuple[str | int | float, ...]],
        seed: int,
    ) -> None:
        self.attack = attack
        self._space = dict(sorted(space.items()))
        self._sweep = _swept(space)
        self._seed = seed
        self._scores: dict[Setting, float] = {}
        self._asked: list[Setting] = []
        self._study: optuna.Study | None = None
        self._open: dict[Setting, optuna.Trial] = {}
        self._ends_at_break = True
        self.is_done = False
        self.was_broken = False
        """Whether a break that was seen in the search has ended it."""

    @property
    def planned(self) -> int:
        """Trials that the search makes when nothing stops it earlier."""
        return self._settings_planned + self.attack.seeds - 1

    @property
    def _settings_planned(self) -> int:
        return min(self.attack.trials, self._combinations)

    @property
    def _combinations(self) -> int:
        total = 1
        for values in self._space.values():
            total *= len(values)
        return total

    def ask(self) -> tuple[Trial, ...]:
        """Return the next round; empty when the search is over."""
        if self.is_done:
            return ()
        left = self._settings_planned - len(self._asked)
        if left > 0:
            settings = self._propose(min(ROUND, left))
            self._asked += settings
            return tuple(self._trial(setting, 0) for setting in settings)
        self.is_done = True
        if self.attack.seeds > 1 and self._scores:
            best = max(self._scores, key=lambda setting: self._scores[setting])
            return tuple(self._trial(best, seed) for seed in range(1, self.attack.seeds))
        return ()

    def tell(self, trial: Trial, success: float, outcome: AttackOutcome) -> None:
        """Take note of the most successful useful point of a trial.

        Args:
            trial: one that was asked for.
            success: share of prompts on which it succeeded, 0 when the model was destroyed.
            outcome: outcome of that point; a break ends the search after its round.
        """
        self._scores[trial.setting] = max(success, self._scores.get(trial.setting, 0.0))
        if (asked := self._open.pop(trial.setting, None)) is not None and self._study:
            self._study.tell(asked, success)
        if outcome is AttackOutcome.BROKEN and self._ends_at_break:
            self.is_done = self.was_broken = True

    def go_on(self) -> None:
        """Take up the search again: the break that ended it was not confirmed."""
        self.is_done = self.was_broken = self._ends_at_break = False

    def _trial(self, setting: Setting, seed: int) -> Trial:
        return Trial(
            attack=self.attack.name,
            setting=setting,
            seed=self._seed + seed,
            phase=Phase.SEARCH,
        )

    def _propose(self, count: int) -> list[Setting]:
        if self._combinations <= self.attack.trials:
            return list(itertools.islice(self._grid(), len(self._asked), len(self._asked) + count))
        proposed: list[Setting] = []
        study = self._optuna()
        while len(proposed) < count:
            if self._sweep:
                study.enqueue_trial(dict(self._sweep.pop(0)))
            asked = study.ask()
            setting: Setting = tuple(
                (name, cast("str | int | float", asked.suggest_categorical(name, values)))
                for name, values in self._space.items()
            )
            if setting in self._scores or setting in proposed:
                # Told again what is known, so that the next proposal is another one.
                study.tell(asked, self._scores.get(setting, 0.0))
                setting = next(s for s in self._grid() if s not in (*self._asked, *proposed))
            else:
                self._open[setting] = asked
            proposed.append(setting)
        return proposed

    def _grid(self) -> itertools.chain[Setting]:
        names = list(self._space)
        return itertools.chain(
            tuple(zip(names, values, strict=True))
            for values in itertools.product(*self._space.values())
        )

    def _optuna(self) -> optuna.Study:
        if self._study is None:
            logging.getLogger("optuna").setLevel(logging.ERROR)
            optuna.logging.set_verbosity(optuna.logging.ERROR)
            sampler = optuna.samplers.TPESampler(seed=self._seed, n_startup_trials=ROUND)
            self._study = optuna.create_study(direction="maximize", sampler=sampler)
        return self._study


def _swept(space: Mapping[str, tuple[str | int | float, ...]]) -> list[Setting]:
    """Return the usual setting, and beside it each other value of the first hyper-parameter."""
    usual = {name: values[0] for name, values in space.items()}
    first = next(iter(space), None)
    varied = [usual | {first: value} for value in space[first]] if first is not None else [usual]
    return [tuple(sorted(setting.items())) for setting in varied]


def rounds(searches: Sequence[AttackSearch]) -> list[tuple[AttackSearch, Trial]]:
    """Ask every search for its next round, in order."""
    return [(search, trial) for search in searches for trial in search.ask()]
