# SPDX-License-Identifier: Apache-2.0
"""A gateway that people publish to, and what they send."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import sqlalchemy as sa
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway_site import Answer, Site
from tiergate.gateway.accounts import Person
from tiergate.gateway.application import Application
from tiergate.gateway.guards import Parts
from tiergate.gateway.roles import GatewayRole
from tiergate.gateway.tables import branches, repositories, revisions, uploads

NEW = "acme/new"
PLACE = "/api/models/acme/new"
STORAGE = "/acme/new.git/info/lfs"
Line = dict[str, Any]


class Publishing(Site):
    """The gateway, with people."""

    def settle(self) -> None:
        """Make two publishers of one namespace, one of another, an owner and others."""
        publisher = GatewayRole.PUBLISHER
        for name, roles, namespaces in (
            ("pia", {publisher}, {"acme"}),
            ("paul", {publisher}, {"acme"}),
            ("una", {publisher}, {"other"}),
            ("olga", {GatewayRole.OWNER}, set()),
            ("anna", {GatewayRole.APPROVER, GatewayRole.AUDITOR}, set()),
            ("nora", set(), set()),
        ):
            self.publisher(name, *roles, namespaces=namespaces)
        self.seen: list[str] = []

    def publisher(self, name: str, *roles: GatewayRole, namespaces: Iterable[str]) -> None:
        """Make an account with a token."""
        person = Person(
            name=name,
            full_name=name,
            roles=frozenset(roles),
            jurisdiction="",
            namespaces=frozenset(namespaces),
        )
        self.house.accounts.add(person)
        self.tokens[name] = self.house.accounts.new_token(name, self.now.replace(year=2100))

    def application(self, parts: Parts) -> ASGIApp:
        """Return what is served, with links to where it really is."""
        found: list[Application] = []

        async def served(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http" and not found:
                url = f"http://127.0.0.1:{self.port}"
                found.append(Application(dataclasses.replace(parts, url=url)))
            if scope["type"] == "http":
                self.seen.append(f"{scope['method']} {scope['path']}")
            await (found or [Application(parts)])[0](scope, receive, send)

        return served

    def post(self, path: str, body: object, who: str = "pia", **headers: str) -> Answer:
        """Post JSON, or bytes as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.ask(path, method="POST", who=who, body=content, **headers)

    def create(self, who: str = "pia", name: str = NEW) -> Answer:
        """Make a repository."""
        namespace, _, rest = name.partition("/")
        return self.post("/api/repos/create", {"organization": namespace, "name": rest}, who)

    def batch(self, *contents: bytes, who: str = "pia", storage: str = STORAGE) -> list[Line]:
        """Ask where contents are to be uploaded."""
        rows = [{"oid": oid(content), "size": len(content)} for content in contents]
        asked = {"operation": "upload", "transfers": ["basic"], "objects": rows}
        found = self.post(f"{storage}/objects/batch", asked, who)
        assert found.status == 200, found
        return cast("list[Line]", json.loads(found.body)["objects"])

    def link(self, content: bytes, who: str = "pia", storage: str = STORAGE) -> str:
        """Return the path of a link to upload to."""
        (row,) = self.batch(content, who=who, storage=storage)
        return str(urlsplit(row["actions"]["upload"]["href"]).path)

    def put(self, link: str, body: bytes, **headers: str) -> Answer:
        """Upload, without a token."""
        return self.ask(link, method="PUT", body=body, **headers)

    def upload(self, *contents: bytes, who: str = "pia") -> None:
        """Upload what is not there yet."""
        for content in contents:
            (row,) = self.batch(content, who=who)
            if "actions" in row:
                link = urlsplit(row["actions"]["upload"]["href"]).path
                assert self.put(link, content).status == 200

    def commit(
        self, *lines: Line, who: str = "pia", parent: str | None = None, place: str = PLACE
    ) -> Answer:
        """Commit lines below a header."""
        header: Line = {"summary": "a commit", "description": ""}
        if parent is not None:
            header["parentCommit"] = parent
        rows = [{"key": "header", "value": header}, *lines]
        body = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
        return self.post(f"{place}/commit/main", body, who)

    def publish_files(self, files: dict[str, bytes], who: str = "pia") -> str:
        """Upload and commit files, and return the commit."""
        self.create(who)
        self.upload(*files.values(), who=who)
        found = self.commit(*(stored(path, content) for path, content in files.items()), who=who)
        assert found.status == 200, found
        return str(json.loads(found.body)["commitOid"])

    def kept(self) -> dict[str, object]:
        """Return everything that publishing could have changed."""
        with self.house._database.reading() as connection:
            tables = {
                table.name: [tuple(row) for row in connection.execute(sa.select(table))]
                for table in (repositories, revisions, branches, uploads)
            }
        folder = self.folder / "gateway" / "objects" / "sha256"
        files = sorted(str(path) for path in folder.rglob("*") if path.is_file())
        return {**tables, "objects": files}


def oid(content: bytes) -> str:
    """Return the name of a content in Git LFS."""
    return hashlib.sha256(content).hexdigest()


def stored(path: str, content: bytes) -> Line:
    """Return the line of a file that was uploaded."""
    value = {"path": path, "algo": "sha256", "oid": oid(content), "size": len(content)}
    return {"key": "lfsFile", "value": value}


def inline(path: str, content: bytes) -> Line:
    """Return the line of a file that stands in the commit itself."""
    text = base64.b64encode(content).decode()
    return {"key": "file", "value": {"path": path, "content": text, "encoding": "base64"}}


def delete(path: str, *, is_folder: bool = False) -> Line:
    """Return the line of a deletion."""
    return {"key": "deletedFolder" if is_folder else "deletedFile", "value": {"path": path}}


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def program() -> list[str]:
    """Return how ``tiergate`` is called."""
    return [sys.executable, "-m", "tiergate"]
