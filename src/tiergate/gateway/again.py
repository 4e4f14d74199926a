# SPDX-License-Identifier: Apache-2.0
"""Whether what was allowed still is: asked for every running download, every other second.

Hundreds of downloads of one file ask at the same moment, also those of one client who reads
slowly on purpose. They are given one answer, so that nobody's download ends because the answer
came too late.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace

from tiergate.gateway.guards import Guards, Parts, Visit

SHARED_SECONDS = 0.25
"""How much older than the question an answer may be."""
_MOST_KEPT = 1024


class Again:
    """Asks again."""

    def __init__(self, parts: Parts, guards: Guards) -> None:
        self._parts = parts
        self._guards = guards
        self._answers = Answers()

    def found(self, visit: Visit) -> Visit:
        """Look up what was found before, with the token and the clock as they are now."""
        with self._parts.together():
            return self._guards.found(self._now(visit))

    def allows(self, visit: Visit) -> bool:
        """Tell whether it still is allowed; whoever asks for the same is given the same answer.

        Raises:
            OSError: nobody can say.
        """
        with self._parts.together():
            now = self._now(visit)
            what = (now.person, now.target, now.used_up)
            return self._answers.of(what, lambda: self._guards.found(now).access.is_allowed)

    def _now(self, visit: Visit) -> Visit:
        at, asked_at = self._parts.clock(), time.monotonic()
        commit = "" if visit.revision is None else visit.revision.commit
        target = replace(visit.target, revision=commit)
        person = self._guards.person(visit.request, at)
        return replace(visit, at=at, asked_at=asked_at, person=person, target=target)


@dataclass(slots=True)
class _Answer:
    """The newest answer to one question."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    asked_at: float = float("-inf")
    is_yes: bool = False
    problem: OSError | None = None


class Answers:
    """Answers to those who ask the same thing at the same time."""

    def __init__(self) -> None:
        self._known: dict[Hashable, _Answer] = {}
        self._lock = threading.Lock()

    def of(self, what: Hashable, ask: Callable[[], bool]) -> bool:
        """Return the answer to a question, which is asked unless somebody just did.

        Args:
            what: tells the question from others.
            ask: asks it.

        Raises:
            OSError: there is no answer.
        """
        since = time.monotonic() - SHARED_SECONDS
        with self._lock:
            if len(self._known) >= _MOST_KEPT:
                self._known.clear()
            answer = self._known.setdefault(what, _Answer())
        with answer.lock:
            if answer.asked_at < since:
                answer.asked_at, answer.problem = time.monotonic(), None
                try:
                    answer.is_yes = ask()
                except OSError as error:
                    answer.problem = error
            if answer.problem is not None:
                raise OSError(*answer.problem.args) from answer.problem
            return answer.is_yes
