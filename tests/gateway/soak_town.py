# SPDX-License-Identifier: Apache-2.0
"""The gateway of the soak: what is offered, and somebody who changes who may have it."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.soak_checks import Allowed
from gateway.town import a_model
from gateway_site import Site
from tiergate.decision.tier import Tier
from tiergate.gateway.roles import GatewayRole
from tiergate.gateway.stops import EVERYTHING

GATED = ("acme/one", "acme/two")
OPEN = "acme/three"
REPOSITORIES = (*GATED, OPEN)
EVERY_SECONDS = 0.3
"""How often something is changed, about."""


def settle(site: Site, people: int, length: int) -> None:
    """Make the models and the people."""
    for index, name in enumerate(REPOSITORIES):
        folder = a_model(site.folder / f"model-{index}", length, seed=index)
        revision = site.publish(name=name, of=name.replace("/", "-"), model=folder)
        opened = (Tier.T2, Tier.T4, Tier.T5) if name == OPEN else (Tier.T2, Tier.T4)
        site.release(revision, *opened, of=name.replace("/", "-"))
    site.person("anna", GatewayRole.APPROVER)
    for index in range(people):
        site.person(f"person-{index}")


def sizes(folder: Path) -> dict[str, int]:
    """Return the length of the files that are asked for."""
    return {
        path.name: path.stat().st_size
        for path in folder.iterdir()
        if path.name in {"model.safetensors", "config.json"}
    }


class Changer:
    """Grants, revokes, stops and lifts, and keeps when what was allowed.

    What begins is noted before it is done and what ends after, so that what is noted as allowed
    is never less than what was.
    """

    def __init__(self, site: Site, seed: int) -> None:
        self._site = site
        self._chance = random.Random(seed)  # noqa: S311 - which grant is given is no secret
        people = sorted(set(site.tokens) - {"anna"})
        self._grants: dict[tuple[str, str], bool] = {
            (person, repository): False for person in people for repository in GATED
        }
        for key in self._grants:
            if self._chance.random() < 0.6:
                site.house.requests.give(key[1], key[0], by="anna", at=site.now)
                self._grants[key] = True
        self._stopped: set[str] = set()
        self.allowed = {
            (person, repository): Allowed() for person in site.tokens for repository in REPOSITORIES
        }
        self.changes = 0
        self.failures = 0
        self._is_over = threading.Event()
        self._note()

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Change something all the time while the block runs."""
        thread = threading.Thread(target=self._run)
        thread.start()
        try:
            yield
        finally:
            self._is_over.set()
            thread.join()

    def _run(self) -> None:
        while not self._is_over.wait(self._chance.random() * 2 * EVERY_SECONDS):
            change = self._chance.choices((self._grant, self._stop), (20, 1))[0]
            change()
            self.changes += 1

    def _grant(self) -> None:
        key = self._chance.choice(sorted(self._grants))
        person, repository = key
        requests = self._site.house.requests
        if self._grants[key]:
            self._surely(lambda: requests.revoke(repository, person, self._site.now))
            self._grants[key] = False
            self._note()
        else:
            self._grants[key] = True
            self._note()
            self._surely(lambda: requests.give(repository, person, by="anna", at=self._site.now))

    def _stop(self) -> None:
        about = self._chance.choice((*REPOSITORIES, EVERYTHING))
        if about in self._stopped:
            self._lift(about)
            return
        stops = self._site.house.stops
        self._surely(lambda: stops.stop(about, by="anna", reason="", at=self._site.now))
        self._stopped.add(about)
        self._note()
        # Downloads are what is tried here; everything stands still only for a moment.
        if about == EVERYTHING:
            self._is_over.wait(1)
            self._lift(about)

    def _lift(self, about: str) -> None:
        self._stopped.discard(about)
        self._note()
        self._surely(lambda: self._lift_all(about))

    def _lift_all(self, about: str) -> None:
        """Lift what stands; it is more than one when the database was killed after it was told."""
        stops = self._site.house.stops
        for stop in stops.standing():
            if stop.repository == about:
                stops.lift(stop.id, by="bert", at=self._site.now)

    def _surely(self, change: Callable[[], object]) -> None:
        """Do it until it is done: the database is killed now and then."""
        while True:
            try:
                change()
            except Exception:  # noqa: BLE001 - the driver's errors have no common base
                self.failures += 1
                time.sleep(0.2)
            else:
                return

    def _note(self) -> None:
        """Keep what is allowed from now on."""
        at = time.monotonic()
        everything = EVERYTHING in self._stopped
        for (person, repository), allowed in self.allowed.items():
            is_given = repository == OPEN or self._grants.get((person, repository), False)
            if is_given and not everything and repository not in self._stopped:
                allowed.begin(at)
            else:
                allowed.end(at)
