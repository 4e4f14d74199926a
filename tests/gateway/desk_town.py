# SPDX-License-Identifier: Apache-2.0
"""A gateway with people of every role, whose pages are asked for as a browser does."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from builders_release import approved, decided
from gateway.town import DAY, GATED, Town
from gateway_site import START, Answer
from record_fixtures import Scene, a_scene
from tiergate.decision.tier import Tier
from tiergate.gateway.cookies import SESSION, cookie_name
from tiergate.gateway.records import record_of
from tiergate.gateway.requests import AccessRequest
from tiergate.gateway.roles import GatewayRole
from tiergate.release import bodies
from tiergate.release.bodies import Submitted
from tiergate.release.entering import payload_digest
from tiergate.release.plan import PlanPart, StagePart

STAFF: Mapping[str, GatewayRole] = {
    "olga": GatewayRole.OWNER,
    "eva": GatewayRole.EVALUATOR,
    "anna": GatewayRole.APPROVER,
    "ivan": GatewayRole.OPERATOR,
    "udo": GatewayRole.AUDITOR,
    "pia": GatewayRole.PUBLISHER,
}
"""One person of every role; Anna comes with the town."""
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}\u202etxt"
"""Text that would do something if it were not shown as text."""


class DeskTown(Town):
    """The town, with people who work there."""

    asked: AccessRequest
    scene: Scene

    def open_desk(self) -> None:
        """Make everything, with a request of Erin that waits."""
        self.settle()
        for name, role in STAFF.items():
            if name != "anna":
                self.person(name, role)
        self.person("bert", GatewayRole.APPROVER)
        self.person("erin")
        self.asked = self.ask_for("erin", purpose="red teaming")

    def ask_for(
        self, who: str, *, of: str = GATED, days_ago: int = 3, **fields: str
    ) -> AccessRequest:
        """Ask for access."""
        return self.house.requests.ask(of, who, fields, self.now - days_ago * DAY)

    def grant_of(self, who: str, of: str = GATED) -> str:
        """Return the name of somebody's newest grant."""
        return self.house.overview.given(repository=of, person=who)[0].id

    def see(self, path: str, who: str = "", *, logged_in: dt.timedelta = DAY * 0) -> Answer:
        """Open a page, as whoever logged in that long ago."""
        cookie = self._cookie(who, logged_in)[1] if who else ""
        return self.ask(path, Cookie=cookie) if who else self.ask(path)

    def send(
        self,
        path: str,
        who: str,
        fields: Mapping[str, str],
        *,
        logged_in: dt.timedelta = DAY * 0,
        key: str | None = None,
        **headers: str,
    ) -> Answer:
        """Send a form of a page, with the key of the session or with another one."""
        own, cookie = self._cookie(who, logged_in)
        body = urlencode({"form_key": own if key is None else key, **fields}).encode()
        kind = "application/x-www-form-urlencoded"
        return self.ask(path, method="POST", body=body, Cookie=cookie, Content_Type=kind, **headers)

    def key_of(self, who: str) -> str:
        """Return the key of the forms of a new session of somebody."""
        return self._cookie(who, DAY * 0)[0]

    def _cookie(self, who: str, logged_in: dt.timedelta) -> tuple[str, str]:
        name = self.session(who, logged_in=logged_in)
        session = self.house.sessions.read(name, self.now)
        key = "" if session is None else session.form_key
        return key, f"{cookie_name(SESSION, 'http://hub.example')}={name}"

    def decide_by_record(
        self, of: str = "acme/recorded", *, is_announced: bool = True, is_open: bool = True
    ) -> str:
        """Offer a model whose newest decision has a record; return the digest of the decision."""
        scene = self.scene = a_scene(self.folder_for_scene())
        scene.record.unlink()
        scene.signed("ada-ed25519")
        digest = payload_digest(record_of(scene.record.read_bytes(), "record"))
        # The record is dated by its fixtures, so the time here follows.
        self.now += 3 * DAY
        release = of.removeprefix("acme/")
        revision = self.publish(name=of, of=release, model=scene.model, is_announced=is_announced)
        self._enter_decision(revision.root_digest, digest, release)
        if is_open:
            self.enter(bodies.Opened(stage="defenders", decision=digest), of=release)
        return digest

    def _enter_decision(self, root: str, digest: str, release: str) -> None:
        stage = StagePart(name="defenders", audience="defenders", tier=Tier.T1)
        plan = PlanPart(format="tiergate-plan/1", release=release, stages=(stage,))
        self.enter(Submitted(subject_name="model", root_digest=root, plan=plan), of=release)
        body = decided(at=START, days=300, root=root, evaluators=(), supported=Tier.T1)
        place = self.enter(body.model_copy(update={"decision": digest}), of=release)
        for who in ("bea", "cem"):
            approval = approved(place).model_copy(update={"decision": digest})
            self.enter(approval, who, of=release)

    def folder_for_scene(self) -> Path:
        """Return an empty folder."""
        folder = self.folder / "scene"
        folder.mkdir()
        return folder


def version_in(page: Answer) -> str:
    """Return what a page says that its reader has seen."""
    found = re.search(rb'name="seen" value="([^"]*)"', page.body)
    assert found is not None
    return found[1].decode()


def is_login(answer: Answer) -> bool:
    """Tell whether an answer leads to the login."""
    return answer.status == 303 and answer.headers["location"].startswith("/-/login")
