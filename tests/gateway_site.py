# SPDX-License-Identifier: Apache-2.0
"""A gateway for tests: a real server on loopback over a real ledger, signed by real keys."""

from __future__ import annotations

import datetime as dt
import http.client
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

import cli_fixtures
from builders_attestation import key
from builders_release import approved, decided
from record_fixtures import trust_file, trusted
from tiergate.attestation.trust import Role
from tiergate.cli import clock
from tiergate.decision.tier import Tier
from tiergate.gateway.accounts import Person
from tiergate.gateway.application import Application
from tiergate.gateway.believed import TrustFile
from tiergate.gateway.catalogue import Repository, Revision
from tiergate.gateway.guards import Parts
from tiergate.gateway.house import House, Watched
from tiergate.gateway.login_file import LoginRules
from tiergate.gateway.roles import GatewayRole
from tiergate.model.checkpoint import identify
from tiergate.release import bodies
from tiergate.release.bodies import Body, Submitted
from tiergate.release.events import Act, Clock, sign_event
from tiergate.release.ledger import Ledger
from tiergate.release.plan import PlanPart, QuorumPart, StagePart

START = clock.now() - dt.timedelta(days=60)
PEOPLE: dict[str, tuple[str, str, Role]] = {
    "ada": ("ada-ed25519", "release owner", Role.RELEASE_OWNER),
    "bea": ("bea-ed25519", "safety lead", Role.SAFETY_LEAD),
    "cem": ("cem-ed25519", "legal", Role.LEGAL),
}
"""Key, roles in the trust file, and as what each acts."""
NAME = "acme/model"


@dataclass(slots=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()
    """What the browser is to keep."""

    @property
    def code(self) -> str:
        """The error code of the Hub."""
        return self.headers.get("x-error-code", "")

    @property
    def said(self) -> str:
        """The error message."""
        return self.headers.get("x-error-message", "")


@dataclass(kw_only=True)
class Site:
    """A folder with a checkpoint, a ledger, a trust file and a gateway."""

    folder: Path
    now: dt.datetime = field(default_factory=clock.now)
    port: int = 0
    accelerated: str = ""
    url: str = "http://hub.example"
    """Address of the gateway as people write it."""
    at_port: int = 0
    """Where it is served; 0 for anywhere."""
    login: LoginRules | None = None
    """How people can log in; None for passwords alone."""

    def __post_init__(self) -> None:
        """Make the keys, the ledger and the gateway's folder."""
        entries = [trusted(name, roles) for name, roles, _ in PEOPLE.values()]
        trust_file(self.folder / "trust.yaml", *entries)
        self.ledger = self.folder / "ledger.sqlite"
        self.heads = self.folder / "ledger.sqlite.heads"
        Ledger.create(self.ledger).close()
        self.house = House(self.folder / "gateway")
        self.tokens: dict[str, str] = {}

    def enter(
        self, body: Body, who: str = "ada", *, at: dt.datetime | None = None, of: str = "acme"
    ) -> int:
        """Enter an event of a release, and return its place."""
        name, _, role = PEOPLE[who]
        act = Act(
            release=of,
            at=at or START,
            clock=Clock.SYSTEM,
            role=role,
            reason="because",
            body=body,
        )
        with Ledger.open(self.ledger) as ledger:
            head = ledger.append(
                lambda position: sign_event(act.at_position(position), key(name)),
                head_signer=key("ada-ed25519"),
                folders=[self.heads],
            )
        return head.size

    def publish(
        self,
        *,
        is_announced: bool = False,
        excluded: tuple[str, ...] = (),
        name: str = NAME,
        of: str = "acme",
        model: Path | None = None,
    ) -> Revision:
        """Offer the checkpoint under a name, as a release says."""
        model = model or self.folder / "model"
        if not model.exists():
            cli_fixtures.a_folder(model)
        repository = Repository(
            name=name,
            release=of,
            is_announced=is_announced,
            hosted_at="https://api.example.org",
            excluded=frozenset(excluded),
            created_at=START,
        )
        return self.house.publish(identify(model), repository, START)

    def release(self, revision: Revision, *tiers: Tier, of: str = "acme") -> None:
        """Submit, decide and approve, then open as many stages as there are tiers."""
        plan = PlanPart(
            format="tiergate-plan/1",
            release=of,
            stages=(
                StagePart(name="hosted", audience="users", tier=Tier.T2),
                StagePart(name="vetted", audience="defenders", tier=Tier.T4),
                StagePart(name="everybody", audience="all", tier=Tier.T5),
            ),
            quorum=QuorumPart(people=2),
        )
        root = revision.root_digest
        self.enter(Submitted(subject_name="model", root_digest=root, plan=plan), of=of)
        place = self.enter(decided(at=START, days=300, root=root, evaluators=()), of=of)
        self.enter(approved(place), "bea", of=of)
        self.enter(approved(place), "cem", of=of)
        names = {Tier.T2: "hosted", Tier.T4: "vetted", Tier.T5: "everybody"}
        for tier in tiers:
            kind = bodies.Opened if tier is Tier.T2 else bodies.Advanced
            self.enter(kind(stage=names[tier], decision=decided().decision), of=of)

    def person(self, name: str, *roles: GatewayRole, jurisdiction: str = "") -> str:
        """Make an account, and return a token."""
        self.house.accounts.add(
            Person(name=name, full_name=name, roles=frozenset(roles), jurisdiction=jurisdiction)
        )
        token = self.house.accounts.new_token(name, self.now + dt.timedelta(days=1))
        self.tokens[name] = token
        return token

    def session(self, name: str, *, logged_in: dt.timedelta = dt.timedelta(0)) -> str:
        """Log somebody in, as long ago as that, and return the name of their session."""
        return self.house.sessions.open(name, self.now - logged_in)

    def application(self, parts: Parts) -> ASGIApp:
        """Return what is served."""
        return Application(parts)

    @contextmanager
    def served(self) -> Iterator[str]:
        """Serve, and yield the address."""
        watched = Watched(
            ledger=str(self.ledger),
            heads=(self.heads,),
            trust=TrustFile(self.folder / "trust.yaml").read,
        )
        parts = self.house.parts(
            watched, self.url, lambda: self.now, self.accelerated, login=self.login
        )
        config = uvicorn.Config(
            self.application(parts),
            host="127.0.0.1",
            port=self.at_port,
            log_level="error",
            server_header=False,
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            self.port = server.servers[0].sockets[0].getsockname()[1]
            yield f"http://127.0.0.1:{self.port}"
        finally:
            server.should_exit = True
            thread.join()
            parts.audit.close()

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        who: str = "",
        body: bytes | None = None,
        **headers: str,
    ) -> Answer:
        """Ask, with the path as it stands."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if who:
            named["Authorization"] = f"Bearer {self.tokens[who]}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body=body, headers=named)
            found = connection.getresponse()
            content = found.read()
        finally:
            connection.close()
        lower = {name.lower(): value for name, value in found.getheaders()}
        cookies = tuple(found.headers.get_all("Set-Cookie", []))
        return Answer(status=found.status, headers=lower, body=content, cookies=cookies)
