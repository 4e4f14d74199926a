# SPDX-License-Identifier: Apache-2.0
"""The servers of ``benchmarks.gateway``, and the folder that they serve."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import struct
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse
from starlette.routing import Route

from tiergate.attestation.keys import Algorithm, PrivateKey, generate
from tiergate.attestation.trust import Role, Trust, TrustedKey
from tiergate.decision.tier import Tier
from tiergate.gateway.application import Application
from tiergate.gateway.audit import Audit, Download
from tiergate.gateway.catalogue import Repository
from tiergate.gateway.house import House, Watched
from tiergate.model.checkpoint import identify
from tiergate.release import bodies
from tiergate.release.events import Act, Clock, sign_event
from tiergate.release.ledger import Ledger
from tiergate.release.plan import PlanPart, QuorumPart, StagePart

NAME = "acme/model"
ACCELERATED = "/objects"
_AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
_DECISION = f"sha256:{1:064x}"


def make_site(folder: Path, size: int) -> None:
    """Write a checkpoint of one file, offer it, and open its release to everybody."""
    model = folder / "model"
    model.mkdir(parents=True)
    tensor = {"dtype": "U8", "shape": [size], "data_offsets": [0, size]}
    header = json.dumps({"weight": tensor}).encode()
    with (model / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        for start in range(0, size, 1 << 20):
            file.write(os.urandom(min(1 << 20, size - start)))
    house = House(folder / "gateway")
    repository = Repository(
        name=NAME,
        release="acme",
        is_announced=False,
        hosted_at="",
        excluded=frozenset(),
        created_at=_AT,
    )
    revision = house.publish(identify(model), repository, _AT)
    house.close()
    key = generate(Algorithm.ED25519)
    (folder / "people.key").write_bytes(key.to_pem(None))
    with Ledger.create(folder / "ledger.sqlite") as ledger:
        for body in _history(revision.root_digest):
            _enter(ledger, key, body, folder)


def _history(root: str) -> tuple[bodies.Body, ...]:
    stage = StagePart(name="everybody", audience="all", tier=Tier.T5)
    quorum = QuorumPart(people=1, roles=(), vetoes=())
    plan = PlanPart(format="tiergate-plan/1", release="acme", stages=(stage,), quorum=quorum)
    terms = bodies.TierTerms(tier=Tier.T5, roles=(), hold_days=0, hold_business_days=0)
    decided = bodies.Decided(
        decision=_DECISION,
        root_digest=root,
        policy_digest=_DECISION,
        decided_at=_AT,
        valid_until=_AT + dt.timedelta(days=36_000),
        supported=Tier.T5,
        terms=(terms,),
        evaluators=(),
    )
    return (
        bodies.Submitted(subject_name="model", root_digest=root, plan=plan),
        decided,
        bodies.Approved(matter=bodies.Matter.RELEASE, target=2, decision=_DECISION),
        bodies.Opened(stage="everybody", decision=_DECISION),
    )


def _enter(ledger: Ledger, key: PrivateKey, body: bodies.Body, folder: Path) -> None:
    role = Role.SAFETY_LEAD if isinstance(body, bodies.Approved) else Role.RELEASE_OWNER
    act = Act(release="acme", at=_AT, clock=Clock.SYSTEM, role=role, reason="to measure", body=body)
    ledger.append(
        lambda position: sign_event(act.at_position(position), key),
        head_signer=key,
        folders=[folder / "heads"],
    )


def _trust(folder: Path) -> Trust:
    from tiergate.attestation.keys import read_private

    key = read_private((folder / "people.key").read_bytes(), "people.key").public
    known = TrustedKey(
        key=key,
        person="Ada",
        organisation="Lab",
        roles=frozenset({Role.RELEASE_OWNER, Role.SAFETY_LEAD}),
        valid_from=_AT - dt.timedelta(days=1),
        valid_until=_AT + dt.timedelta(days=36_000),
    )
    return Trust(digest=_DECISION, keys=(known,), needed=(Role.RELEASE_OWNER,))


async def _forget(_: Audit, __: Download) -> None:
    """Write nothing down."""


def main() -> None:
    """Serve until terminated."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--site", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--how", required=True)
    given = parser.parse_args()
    if given.how == "peer":
        file = given.site / "model" / "model.safetensors"

        async def send(_: Request) -> FileResponse:
            return FileResponse(file)

        application: object = Starlette(routes=[Route("/{path:path}", send)])
    else:
        if given.how == "without-log":
            Audit.record = _forget  # type: ignore[method-assign,assignment]
        house = House(given.site / "gateway")
        place = str(given.site / "ledger.sqlite")
        believed = _trust(given.site)
        heads = (given.site / "heads",)
        watched = Watched(ledger=place, heads=heads, trust=lambda: believed)
        inner = ACCELERATED if given.how == "accelerated" else ""
        at = _AT + dt.timedelta(days=1)
        application = Application(house.parts(watched, "http://hub.example", lambda: at, inner))
    uvicorn.run(application, host="127.0.0.1", port=given.port, log_level="warning")  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
