# SPDX-License-Identifier: Apache-2.0
"""Tokens for jobs of a CI (RFC 8693): an ID token of theirs in, a short-lived token of ours out."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError

from tiergate.gateway.accounts import Accounts
from tiergate.gateway.id_tokens import REGISTRY, Expected, TokenError, lacks, read_id_token
from tiergate.gateway.issuers import IssuerError, Issuers
from tiergate.gateway.login_file import CiPart, LoginRules
from tiergate.gateway.scopes import USUAL, Scope
from tiergate.gateway.tokens import Token

_log = logging.getLogger(__name__)
_LONGEST = 16 * 1024
NO_RULE = "No rule of this gateway gives that job a token for that."
NOT_NOW = "The issuer of that token does not answer now. Try again later."


class ExchangeError(Exception):
    """A job gets no token; the message is for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged:
    """A job gets a token."""

    token: str
    """The token."""
    seconds: int
    """How long it counts."""
    scopes: frozenset[Scope]
    """What it counts for."""


class Exchange:
    """Which jobs get which tokens."""

    def __init__(self, rules: LoginRules, issuers: Issuers, accounts: Accounts) -> None:
        self._rules = rules
        self._issuers = issuers
        self._accounts = accounts

    def exchange(self, id_token: str, resource: str, at: datetime) -> Exchanged:
        """Exchange an ID token.

        Args:
            id_token: of the job.
            resource: what the token is wanted for: a repository, or the name of the account.
            at: the time.

        Raises:
            ExchangeError: no rule is for it, or it does not count.
        """
        said: list[str] = []
        for rule in self._of_issuer(id_token):
            expected = Expected(
                issuer=self._issuers.of(rule.issuer), audience=rule.audience, nonce=None
            )
            try:
                claims = read_id_token(id_token, expected, at)
            except TokenError as error:
                said.append(f"{rule.name}: {error}")
                continue
            except IssuerError as error:
                _log.warning("token for a job by the rule %s: %s", rule.name, error)
                raise ExchangeError(NOT_NOW) from None
            found = self._by(rule, claims, resource, at)
            if isinstance(found, Exchanged):
                return found
            said.append(f"{rule.name}: {found}")
        _log.warning("no token for a job: %s", "; ".join(said) or "an issuer that is not known")
        raise ExchangeError(NO_RULE)

    def _of_issuer(self, id_token: str) -> Iterator[CiPart]:
        """Yield the rules of the issuer that a token names, which is not believed by that."""
        issuer = _named_issuer(id_token)
        yield from (rule for rule in self._rules.ci if rule.issuer == issuer)

    def _by(
        self, rule: CiPart, claims: Mapping[str, Any], resource: str, at: datetime
    ) -> Exchanged | str:
        """Return the token that a rule gives, or why it gives none."""
        wrong = lacks(claims, rule.claims)
        if wrong:
            return f"another {wrong}"
        scopes = frozenset(rule.scopes)
        if resource == rule.account:
            scopes, only = scopes & frozenset(USUAL), ""
        elif resource in rule.repositories:
            only = resource
        else:
            return "another resource"
        if not scopes:
            return "no scope is left"
        if self._accounts.person(rule.account) is None:
            return "no account that counts"
        lasts = timedelta(minutes=rule.minutes)
        token = Token(
            person=rule.account,
            until=at + lasts,
            label=f"CI {rule.name}: {claims['sub']}",
            scopes=scopes,
            repository=only,
            created_at=at,
        )
        made = self._accounts.tokens.make(token)
        return Exchanged(token=made, seconds=int(lasts.total_seconds()), scopes=scopes)


def _named_issuer(id_token: str) -> str:
    """Return what a token says of its issuer; empty for nothing."""
    if len(id_token) > _LONGEST or not id_token.isascii():
        return ""
    try:
        claims = json.loads(jws.extract_compact(id_token.encode(), registry=REGISTRY).payload)
    except (JoseError, ValueError, RecursionError):
        return ""
    found = claims.get("iss") if isinstance(claims, dict) else None
    return found if isinstance(found, str) else ""
