# SPDX-License-Identifier: Apache-2.0
"""A long ledger for measuring: a release that is opened, frozen, thawed and granted for years."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from pathlib import Path

from tiergate.attestation.keys import Algorithm, PrivateKey, generate, read_private
from tiergate.attestation.merkle import Frontier, leaf_hash
from tiergate.attestation.tree_head import TreeHead, sign_head
from tiergate.attestation.trust import Role, Trust, TrustedKey
from tiergate.decision.tier import Tier
from tiergate.release import bodies
from tiergate.release.bodies import Body, Matter
from tiergate.release.events import Act, Clock, sign_event
from tiergate.release.head_files import stage_head
from tiergate.release.ledger import Ledger
from tiergate.release.ledger_entry import Entry, Position, chained, start_of
from tiergate.release.plan import PlanPart, StagePart

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
END = dt.datetime(2126, 1, 1, tzinfo=dt.UTC)
PEOPLE = {
    "Ada": (Role.RELEASE_OWNER, Algorithm.ED25519),
    "Bea": (Role.SAFETY_LEAD, Algorithm.ECDSA_P256),
    "Cem": (Role.LEGAL, Algorithm.ECDSA_P256),
}
CYCLES_OF_A_DECISION = 50
_ROOT = f"sha256:{'1' * 64}"


def trust(folder: Path) -> Trust:
    """Return whom the reader believes."""
    keys = tuple(
        TrustedKey(
            key=_key(folder, name).public,
            person=name,
            organisation="Lab",
            roles=frozenset({role}),
            valid_from=START,
            valid_until=END,
        )
        for name, (role, _) in PEOPLE.items()
    )
    return Trust(digest=_ROOT, keys=keys, needed=(Role.RELEASE_OWNER,))


def write(place: str, folder: Path, count: int, every: int) -> None:
    """Fill an empty ledger, and write the head of every so manieth event.

    Args:
        place: path or address.
        folder: gets the keys, and ``heads``.
        count: number of events.
        every: events from one head to the next.
    """
    for name, (_, algorithm) in PEOPLE.items():
        (folder / f"{name}.key").write_bytes(generate(algorithm).to_pem(None))
    keys = {name: _key(folder, name) for name in PEOPLE}
    tree = Frontier()
    with Ledger.open(place) as ledger:
        store, last = ledger._store, start_of(ledger.origin)  # noqa: SLF001 - in one transaction
        with store.writing():
            for number, (name, body) in enumerate(itertools.islice(life(), count), start=1):
                position = Position(origin=ledger.origin, sequence=number, previous=last)
                data = _entry(position, name, body, keys[name])
                chain = chained(last, leaf_hash(data))
                store.insert(Entry(sequence=number, previous=last, data=data, chain=chain))
                last = chain
                tree.add(leaf_hash(data))
                if number % every == 0:
                    head = TreeHead(origin=ledger.origin, size=number, root=tree.root)
                    stage_head(folder / "heads", number, sign_head(head, keys["Ada"])).publish()


def life() -> Iterator[tuple[str, Body]]:
    """Yield who enters what, without end; the rules allow all of it."""
    names = ("defenders", "gated", "everybody")
    stages = tuple(StagePart(name=name, audience="some", tier=Tier.T4) for name in names)
    plan = PlanPart(format="tiergate-plan/1", release="acme", stages=stages)
    yield "Ada", bodies.Submitted(subject_name="acme-1b", root_digest=_ROOT, plan=plan)
    sequence = itertools.count(2)
    for number in itertools.count(1):
        digest, decided_at = f"sha256:{number:064x}", START + number * dt.timedelta(hours=1)
        event = next(sequence)
        yield "Ada", _decided(digest, decided_at)
        for name in ("Bea", "Cem"):
            next(sequence)
            yield name, bodies.Approved(matter=Matter.RELEASE, target=event, decision=digest)
        if number <= len(names):
            next(sequence)
            kind = bodies.Opened if number == 1 else bodies.Advanced
            yield "Ada", kind(stage=names[number - 1], decision=digest)
        for _ in range(CYCLES_OF_A_DECISION):
            for name, body in _cycle(digest, sequence):
                yield name, body


def _cycle(digest: str, sequence: Iterator[int]) -> Iterator[tuple[str, Body]]:
    grant = next(sequence)
    yield "Ada", bodies.Granted(identity=f"somebody-{grant}", until=END)
    freeze = next(sequence)
    yield "Cem", bodies.Frozen()
    for name in ("Bea", "Cem"):
        next(sequence)
        yield name, bodies.Approved(matter=Matter.THAW, target=freeze, decision=digest)
    next(sequence)
    yield "Ada", bodies.Thawed(freezes=(freeze,))
    hold = next(sequence)
    yield "Bea", bodies.Held()
    next(sequence)
    yield "Bea", bodies.Resumed(holds=(hold,))
    incident = next(sequence)
    yield "Cem", _incident(None)
    next(sequence)
    yield "Bea", _incident(incident)
    next(sequence)
    yield "Cem", bodies.Revoked(grant=grant)


def _incident(closes: int | None) -> bodies.Incident:
    return bodies.Incident(severity=bodies.Severity.SERIOUS, known_at=START, closes=closes)


def _decided(digest: str, at: dt.datetime) -> bodies.Decided:
    roles = (Role.SAFETY_LEAD, Role.LEGAL)
    terms = tuple(
        bodies.TierTerms(tier=tier, roles=roles, hold_days=0, hold_business_days=0)
        for tier in (Tier.T4, Tier.T5)
    )
    return bodies.Decided(
        decision=digest,
        root_digest=_ROOT,
        policy_digest=_ROOT,
        decided_at=at,
        valid_until=END,
        supported=Tier.T4,
        terms=terms,
        evaluators=("Eve",),
    )


def _entry(position: Position, name: str, body: Body, key: PrivateKey) -> bytes:
    act = Act(
        release="acme",
        at=START + position.sequence * dt.timedelta(minutes=10),
        clock=Clock.SYSTEM,
        role=PEOPLE[name][0],
        reason="what was agreed in the meeting of the day",
        body=body,
    )
    return sign_event(act.at_position(position), key)


def _key(folder: Path, name: str) -> PrivateKey:
    return read_private((folder / f"{name}.key").read_bytes(), name)
