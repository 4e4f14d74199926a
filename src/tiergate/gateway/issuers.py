# SPDX-License-Identifier: Apache-2.0
"""What an issuer publishes: its addresses and its keys. All of it is input, and read as such."""

from __future__ import annotations

import base64
import json
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.error import URLError
from urllib.parse import urlencode

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, RSAKey

from tiergate.evidence.no_redirects import OPENER
from tiergate.gateway.login_file import address_problem

LARGEST_BYTES = 256 * 1024
"""Of anything that an issuer answers."""
PATIENCE_SECONDS = 5.0
"""How long an issuer may be silent, and how long an answer may take in all, twice that."""
_COUNTS_SECONDS = 3600.0
_FORCED_SECONDS = 30.0
_MOST_KEYS = 50
_SMALLEST_RSA_BITS = 2048
_KINDS: Mapping[str, type[RSAKey | ECKey]] = {"RSA": RSAKey, "EC": ECKey}
_CURVES = frozenset({"P-256", "P-384", "P-521"})


class IssuerError(Exception):
    """An issuer does not answer, or answers what cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """Where an issuer is asked for what."""

    issuer: str
    """Its name."""
    authorization: str
    """Where people are sent to."""
    token: str
    """Where a code is redeemed."""
    keys: str
    """Where its keys are."""
    secret_in_body: bool
    """Whether a secret is sent in the form, because it is not taken in the header."""
    names_itself: bool
    """Whether it names itself in answers that go by the browser."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A key of an issuer."""

    key: Key
    """The key."""
    id: str
    """What tokens call it; empty for nothing."""
    algorithm: str
    """The one algorithm that it is for; empty for those of its kind."""


Fetch = Callable[[urllib.request.Request], Mapping[str, Any]]
"""Asks an issuer, and returns the JSON object that it answers; raises IssuerError."""


class Issuer:
    """One issuer. What it publishes is kept for an hour; a key that is not known is looked for."""

    def __init__(self, url: str, fetch: Fetch | None = None) -> None:
        self.url = url
        self._fetch = fetch or fetched
        self._lock = threading.Lock()
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, tuple[PublicKey, ...]] | None = None

    def metadata(self) -> Metadata:
        """Return where it is asked for what.

        Raises:
            IssuerError: it cannot be known.
        """
        with self._lock:
            now = time.monotonic()
            if self._metadata is None or now - self._metadata[0] > _COUNTS_SECONDS:
                self._metadata = (now, self._discovered())
            return self._metadata[1]

    def keys(self, name: str) -> tuple[PublicKey, ...]:
        """Return the keys of that name; all of them for no name.

        Raises:
            IssuerError: they cannot be known.
        """
        place = self.metadata().keys
        with self._lock:
            now = time.monotonic()
            age = _COUNTS_SECONDS + 1 if self._keys is None else now - self._keys[0]
            known = () if self._keys is None else _named(self._keys[1], name)
            if age > _COUNTS_SECONDS or (not known and age > _FORCED_SECONDS):
                found = _read_keys(self._fetch(urllib.request.Request(place)))  # noqa: S310 - checked
                self._keys = (now, found)
                known = _named(found, name)
            return known

    def redeem(self, fields: Mapping[str, str], authorization: str) -> Mapping[str, Any]:
        """Redeem a code.

        Args:
            fields: of the form.
            authorization: header with the client's secret; empty for none.

        Raises:
            IssuerError: nothing usable came back.
        """
        request = urllib.request.Request(  # noqa: S310 - the address is checked
            self.metadata().token, data=urlencode(fields).encode(), method="POST"
        )
        request.add_header("Accept", "application/json")
        if authorization:
            request.add_header("Authorization", authorization)
        return self._fetch(request)

    def _discovered(self) -> Metadata:
        place = self.url.rstrip("/") + "/.well-known/openid-configuration"
        document = self._fetch(urllib.request.Request(place))  # noqa: S310 - checked
        if document.get("issuer") != self.url:
            raise IssuerError(f"{place} is about another issuer")
        ways = document.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        in_body = isinstance(ways, list) and "client_secret_basic" not in ways
        return Metadata(
            issuer=self.url,
            authorization=_address(document, "authorization_endpoint", self.url, needed=False),
            token=_address(document, "token_endpoint", self.url, needed=False),
            keys=_address(document, "jwks_uri", self.url),
            secret_in_body=in_body,
            names_itself=document.get("authorization_response_iss_parameter_supported") is True,
        )


class Issuers:
    """The issuers that a gateway knows."""

    def __init__(self, fetch: Fetch | None = None) -> None:
        self._fetch = fetch
        self._lock = threading.Lock()
        self._known: dict[str, Issuer] = {}

    def of(self, url: str) -> Issuer:
        """Return an issuer; its name has been read from a file, and never from a token."""
        with self._lock:
            if url not in self._known:
                self._known[url] = Issuer(url, self._fetch)
            return self._known[url]


def fetched(request: urllib.request.Request) -> Mapping[str, Any]:
    """Ask an issuer, follow no redirect, and read no more than there may be.

    Raises:
        IssuerError: no JSON object came back in time.
    """
    end = time.monotonic() + 2 * PATIENCE_SECONDS
    content = bytearray()
    try:
        with OPENER.open(request, timeout=PATIENCE_SECONDS) as answer:
            while chunk := answer.read1(LARGEST_BYTES):
                content += chunk
                if len(content) > LARGEST_BYTES:
                    raise IssuerError(f"{request.full_url} answers too much")
                if time.monotonic() > end:
                    raise IssuerError(f"{request.full_url} is too slow")
        document = json.loads(content)
    except (URLError, OSError, ValueError, RecursionError) as error:
        raise IssuerError(f"{request.full_url} gives no answer ({error})") from None
    if not isinstance(document, dict):
        raise IssuerError(f"{request.full_url} answers no object")
    return cast("dict[str, Any]", document)


def _address(document: Mapping[str, Any], name: str, issuer: str, *, needed: bool = True) -> str:
    found = document.get(name, "")
    if not needed and not found:
        return ""
    if not isinstance(found, str) or address_problem(found.partition("?")[0]):
        raise IssuerError(f"{issuer} names no usable {name}")
    if issuer.startswith("https:") and not found.startswith("https:"):
        raise IssuerError(f"{issuer} names a {name} without TLS")
    return found


def _named(keys: tuple[PublicKey, ...], name: str) -> tuple[PublicKey, ...]:
    return tuple(key for key in keys if not name or key.id == name)


def _read_keys(document: Mapping[str, Any]) -> tuple[PublicKey, ...]:
    """Return the public keys for signatures that a set has; others are left out."""
    rows = document.get("keys")
    if not isinstance(rows, list) or len(rows) > _MOST_KEYS:
        raise IssuerError("the issuer's set of keys is none")
    return tuple(key for row in rows if (key := _key(row)) is not None)


def _key(row: object) -> PublicKey | None:
    if not isinstance(row, dict) or row.get("use", "sig") != "sig":
        return None
    kind = _KINDS.get(str(row.get("kty")))
    if kind is None or (kind is ECKey and row.get("crv") not in _CURVES):
        return None
    public = {name: row[name] for name in ("kty", "n", "e", "crv", "x", "y") if name in row}
    try:
        if kind is RSAKey and _bits(public) < _SMALLEST_RSA_BITS:
            return None
        key = kind.import_key(public)
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    name, algorithm = row.get("kid", ""), row.get("alg", "")
    if not isinstance(name, str) or not isinstance(algorithm, str):
        return None
    return PublicKey(key=key, id=name, algorithm=algorithm)


def _bits(public: Mapping[str, Any]) -> int:
    """Return how long the modulus of an RSA key is."""
    text = str(public["n"])
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))).bit_length()
