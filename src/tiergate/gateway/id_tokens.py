# SPDX-License-Identifier: Apache-2.0
"""ID tokens of issuers: signature first, then each claim. OpenID Connect Core 1.0, 3.1.3.7."""

from __future__ import annotations

import hmac
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jws import JWSRegistry

from tiergate.gateway.issuers import Issuer, PublicKey

ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512"),
)
"""Signatures that count. None is made with a secret, and ``none`` is not one."""
LEEWAY = timedelta(seconds=60)
"""How far the clock of an issuer may be off."""
OLDEST = timedelta(minutes=10)
"""How old an ID token of a login may be."""
_LONGEST = 16 * 1024
_LONGEST_SUBJECT = 255
REGISTRY = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
"""How tokens are taken apart: headers that nobody here knows say nothing, critical ones refuse."""
REGISTRY.max_header_length = 4 * 1024


class TokenError(Exception):
    """An ID token does not count. The message is for a log, and not for whoever sent it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What an ID token has to be."""

    issuer: Issuer
    """Who issued it."""
    audience: str
    """Whom it is for."""
    nonce: str | None
    """What it has to bring back; None where a job and not a login asked for it."""


def read_id_token(token: str, expected: Expected, at: datetime) -> Mapping[str, Any]:
    """Return the claims of an ID token.

    Steps: the algorithm is one of those that count; a key of the issuer verifies it; ``iss``,
    ``aud``, ``azp``; ``exp``, ``iat``, ``nbf``; ``sub``; ``nonce``.

    Raises:
        TokenError: one of them does not hold.
        IssuerError: its keys cannot be known.
    """
    claims = _verified(token, expected.issuer)
    if claims.get("iss") != expected.issuer.url:
        raise TokenError("another issuer")
    _check_audience(claims, expected)
    _check_times(claims, at, is_login=expected.nonce is not None)
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
        raise TokenError("no subject")
    if expected.nonce is not None:
        found = claims.get("nonce")
        given = found.encode() if isinstance(found, str) else b""
        if not hmac.compare_digest(given, expected.nonce.encode()):
            raise TokenError("another nonce")
    return claims


def time_of(claims: Mapping[str, Any], name: str) -> datetime | None:
    """Return a claim that is a time; None for none."""
    found = claims.get(name)
    if isinstance(found, bool) or not isinstance(found, int | float) or not math.isfinite(found):
        return None
    try:
        return datetime.fromtimestamp(found, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def lacks(claims: Mapping[str, Any], wanted: Mapping[str, object]) -> str:
    """Return the name of the first claim that is not exactly as wanted; empty for none.

    >>> lacks({"ref": "main", "n": 1}, {"ref": "main", "n": True}), lacks({"a": "x"}, {"a": "x"})
    ('n', '')
    """
    for name, value in wanted.items():
        found = claims.get(name)
        if type(found) is not type(value) or found != value:
            return name
    return ""


def _verified(token: str, issuer: Issuer) -> Mapping[str, Any]:
    if len(token) > _LONGEST or not token.isascii():
        raise TokenError("no token")
    try:
        header = jws.extract_compact(token.encode(), registry=REGISTRY).headers()
    except (JoseError, ValueError, RecursionError) as error:
        raise TokenError(f"no token ({error})") from None
    algorithm, name = header.get("alg"), header.get("kid", "")
    if algorithm not in ALGORITHMS or not isinstance(name, str):
        raise TokenError("a signature of a kind that does not count")
    for known in issuer.keys(name):
        if known.algorithm in {"", algorithm}:
            claims = _claims(token, known)
            if claims is not None:
                return claims
    raise TokenError("no key of the issuer has signed it")


def _claims(token: str, known: PublicKey) -> Mapping[str, Any] | None:
    """Return the claims of a token that a key verifies; None when it does not."""
    try:
        return jwt.decode(token, known.key, algorithms=ALGORITHMS, registry=REGISTRY).claims
    except (JoseError, ValueError, TypeError, RecursionError):
        return None


def _check_audience(claims: Mapping[str, Any], expected: Expected) -> None:
    audience = claims.get("aud")
    named = [audience] if isinstance(audience, str) else audience
    if not isinstance(named, list) or expected.audience not in named:
        raise TokenError("another audience")
    if len(named) > 1 and (expected.nonce is None or "azp" not in claims):
        raise TokenError("several audiences")
    # In the token of a job it names whoever asked for it, which its rule can name too.
    if expected.nonce is not None and claims.get("azp", expected.audience) != expected.audience:
        raise TokenError("another authorized party")


def _check_times(claims: Mapping[str, Any], at: datetime, *, is_login: bool) -> None:
    end, start = time_of(claims, "exp"), time_of(claims, "iat")
    if end is None or at >= end + LEEWAY:
        raise TokenError("it has ended")
    if start is None or start > at + LEEWAY:
        raise TokenError("it is from the future")
    if is_login and at - start > OLDEST:
        raise TokenError("it is old")
    if "nbf" in claims:
        first = time_of(claims, "nbf")
        if first is None or first > at + LEEWAY:
            raise TokenError("it does not count yet")
