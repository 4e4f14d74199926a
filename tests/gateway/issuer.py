# SPDX-License-Identifier: Apache-2.0
"""An OpenID Connect issuer for tests: right in every way, until it is told to do wrong."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric.padding import (
    AsymmetricPadding,
    PKCS1v15,
)
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwt
from joserfc.jwk import RSAKey

Claims = dict[str, Any]
CLIENT = "the gateway"
SECRET = "a secret with : and %"  # noqa: S105 - of nobody
KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
OTHER_KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig", "alg": "RS256"})
"""Of somebody else, under the same name."""


@dataclass(kw_only=True)
class Issuer:
    """The issuer, and what it is told to do."""

    port: int = 0
    who: Claims = field(default_factory=lambda: {"sub": "s-1", "preferred_username": "Erin B"})
    """Who logs in, as claims."""
    twists: list[Callable[[Claims], object]] = field(default_factory=list)
    """What is done to the claims of an ID token before it is signed."""
    sign: Callable[[Claims], str] | None = None
    """How it is signed; None for the key that is published."""
    published: Claims = field(default_factory=dict)
    """What the metadata say otherwise than is right."""
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    """What is answered at a path in place of what is right."""
    answer_adds: dict[str, str] = field(default_factory=dict)
    """What the answer by the browser says beside code, state and issuer."""
    asked: list[str] = field(default_factory=list)
    """Paths that were asked for."""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    """What each code was given for."""

    @property
    def url(self) -> str:
        """Its name."""
        return f"http://127.0.0.1:{self.port}"

    def metadata(self) -> Claims:
        """Return what it publishes."""
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "authorization_response_iss_parameter_supported": True,
        } | self.published

    def keys(self) -> Claims:
        """Return its public keys."""
        return {"keys": [KEY.as_dict(private=False)]}

    def allow(self, address: str) -> str:
        """Log somebody in who comes with that address, and return where they are sent back to."""
        asked = {name: found[0] for name, found in parse_qs(urlsplit(address).query).items()}
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        fields = {"code": code, "state": asked["state"], "iss": self.url} | self.answer_adds
        given = {name: value for name, value in fields.items() if value}
        return f"{asked['redirect_uri']}?{urlencode(given)}"

    def redeem(self, fields: dict[str, str], authorization: str) -> tuple[int, Claims]:
        """Return an ID token for a code, if everything is as it has to be."""
        asked = self.codes.pop(fields.get("code", ""), None)
        pair = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        expected = "the%20gateway:a%20secret%20with%20%3A%20and%20%25"
        verifier = hashlib.sha256(fields.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(verifier).rstrip(b"=").decode()
        is_right = (
            asked is not None
            and pair == expected
            and asked["code_challenge"] == challenge
            and asked["code_challenge_method"] == "S256"
            and asked["redirect_uri"] == fields["redirect_uri"]
            and asked["client_id"] == fields["client_id"] == CLIENT
        )
        if not is_right or asked is None:
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"aud": CLIENT, "nonce": asked["nonce"], "auth_time": now, **self.who}
        return 200, {"id_token": self.token(claims), "token_type": "Bearer", "access_token": "x"}

    def token(self, claims: Claims) -> str:
        """Return a signed token with these claims and the usual ones."""
        now = int(time.time())
        whole = {"iss": self.url, "iat": now, "exp": now + 300, **claims}
        for twist in self.twists:
            twist(whole)
        return (self.sign or signed)(whole)


def signed(claims: Claims, key: RSAKey = KEY, **header: object) -> str:
    """Sign claims."""
    fields = {"alg": "RS256", "kid": "one", **header}
    return jwt.encode(fields, claims, key, algorithms=[str(fields["alg"])])


def by_hand(
    claims: object, sign: Callable[[bytes], bytes] = lambda _: b"", **header: object
) -> str:
    """Return a token that no library would make.

    Args:
        claims: what it says.
        sign: makes the signature of what is signed; nobody signs it without.
        header: what stands in the header beside the name of the key; no algorithm for ``none``.
    """
    fields = {"alg": "none", "kid": "one", **header}
    parts = [json.dumps(part).encode() for part in (fields, claims)]
    begin = ".".join(map(_text, parts))
    return f"{begin}.{_text(sign(begin.encode()))}"


def with_key(content: bytes, padding: AsymmetricPadding | None = None) -> bytes:
    """Sign something with the published key."""
    key = KEY.private_key
    assert key is not None
    return key.sign(content, padding or PKCS1v15(), SHA256())


def with_public_key(content: bytes) -> bytes:
    """Sign something with the published key as if that were a secret."""
    return hmac.digest(KEY.as_pem(private=False), content, "sha256")


def _text(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


class _Server(ThreadingHTTPServer):
    """Serves one issuer."""

    daemon_threads = True

    def __init__(self, issuer: Issuer) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.issuer = issuer


class _Handler(BaseHTTPRequestHandler):
    """Answers for an issuer."""

    server: _Server

    def do_GET(self) -> None:
        issuer, path = self.server.issuer, urlsplit(self.path).path
        if not self._told(path):
            known = {"/.well-known/openid-configuration": issuer.metadata, "/keys": issuer.keys}
            if path == "/authorize":
                self._send(200, _page(issuer.allow(self.path)), {"Content-Type": "text/html"})
            else:
                self._json(200, known[path]())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        fields = {name: found[0] for name, found in parse_qs(body).items()}
        if not self._told(urlsplit(self.path).path):
            authorization = self.headers.get("Authorization", "")
            self._json(*self.server.issuer.redeem(fields, authorization))

    def _told(self, path: str) -> bool:
        """Answer as the issuer was told to, and tell whether it was."""
        issuer = self.server.issuer
        issuer.asked.append(path)
        if path not in issuer.answers:
            return False
        status, headers, content = issuer.answers[path]
        self._send(status, content, headers)
        return True

    def _json(self, status: int, document: Claims) -> None:
        self._send(status, json.dumps(document).encode(), {"Content-Type": "application/json"})

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called
        del format, args


def _page(place: str) -> bytes:
    """Return a page on which somebody says that it is them."""
    link = place.replace("&", "&amp;")
    head = '<!doctype html><html lang="en"><head><title>Issuer</title></head>'
    body = f'<body><main><h1>Issuer</h1><a href="{link}">It is me</a></main></body></html>'
    return f"{head}{body}".encode()


@contextmanager
def an_issuer() -> Iterator[Issuer]:
    """Serve an issuer on loopback."""
    issuer = Issuer()
    with _Server(issuer) as server:
        issuer.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield issuer
        server.shutdown()
        thread.join()
