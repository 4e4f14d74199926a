# SPDX-License-Identifier: Apache-2.0
"""Logging in at an OpenID Connect provider: authorization code with PKCE, and strict checks.

RFC 9700 says how; :mod:`id_tokens` reads what comes back.
"""

from __future__ import annotations

import base64
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from tiergate.errors import InputError
from tiergate.gateway.accounts import Accounts, Person
from tiergate.gateway.id_tokens import Expected, TokenError, lacks, read_id_token, time_of
from tiergate.gateway.identities import Identities
from tiergate.gateway.issuers import Issuer, IssuerError, Issuers
from tiergate.gateway.login_file import LoginRules, ProviderPart
from tiergate.gateway.login_links import LoginLinks
from tiergate.gateway.logins_elsewhere import Begun, LoginsElsewhere, Tickets

_log = logging.getLogger(__name__)
_AGAIN = timedelta(minutes=5)
"""How long ago somebody may have shown the provider who they are, where that has to be fresh."""
_LONGEST_CODE = 4096

FAILED = "The login did not work. Begin it again."
NOT_SILENT = "The provider does not answer now. Try again later."
NOT_YOURS = "You may not log in here with that account."
NOBODY = "No account here is yours yet. Ask whoever runs this gateway for a login link."
NOT_SAME = "That is not who was logged in here."
NOT_FRESH = "The provider did not ask you again who you are."


class LoginError(Exception):
    """Somebody is not logged in; the message is for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedIn:
    """Somebody is."""

    person: Person
    """Who."""
    back: str
    """Where they wanted to be."""
    shown_at: datetime | None
    """When they showed the provider who they are; None when that is not known."""


class Oidc:
    """Logins at the providers of a login file."""

    def __init__(  # noqa: PLR0913 - what a login touches
        self,
        *,
        rules: LoginRules,
        issuers: Issuers,
        begun: LoginsElsewhere,
        identities: Identities,
        links: LoginLinks,
        accounts: Accounts,
    ) -> None:
        self._rules = rules
        self._issuers = issuers
        self._begun = begun
        self._identities = identities
        self._links = links
        self._accounts = accounts

    def begin(  # noqa: PLR0913 - what a login is about
        self,
        name: str,
        url: str,
        at: datetime,
        *,
        back: str,
        again: str = "",
        code: str = "",
    ) -> tuple[str, str]:
        """Begin a login.

        Args:
            name: of the provider.
            url: address of the gateway as people write it.
            at: the time.
            back: where it leads to.
            again: whose login it makes fresh; empty for a new one.
            code: digest of a login link that it uses up; empty for none.

        Returns:
            Where the browser is sent to, and what it keeps.

        Raises:
            LoginError: there is no such provider, or it does not answer.
        """
        part, issuer = self._provider(name)
        try:
            place = issuer.metadata().authorization
        except IssuerError as error:
            _log.warning("login at %s: %s", name, error)
            raise LoginError(NOT_SILENT) from None
        if not place:
            raise LoginError(NOT_SILENT)
        tickets = self._begun.begin(name, at, back=back, again=again, code=code)
        fields = {
            "response_type": "code",
            "client_id": part.client_id,
            "redirect_uri": redirect_uri(url, name),
            "scope": "openid profile email",
            "state": tickets.state,
            "nonce": tickets.begun.nonce,
            "code_challenge": _challenge(tickets),
            "code_challenge_method": "S256",
            **({"prompt": "login", "max_age": "0"} if again else {}),
        }
        return f"{place}{'&' if '?' in place else '?'}{urlencode(fields)}", tickets.browser

    def finish(
        self, name: str, url: str, at: datetime, *, answer: Mapping[str, str], browser: str
    ) -> LoggedIn:
        """Finish a login.

        Args:
            name: of the provider.
            url: address of the gateway as people write it.
            at: the time.
            answer: what the provider sent along in the address.
            browser: what the browser has kept.

        Raises:
            LoginError: somebody is not logged in.
        """
        part, issuer = self._provider(name)
        begun = self._begun.finish(answer.get("state", ""), browser, name, at)
        if begun is None:
            raise LoginError(FAILED)
        try:
            claims = self._claims(part, issuer, begun, url, at, answer)
            person = self._person(part, begun, claims, at)
        except (TokenError, IssuerError, InputError) as error:
            _log.warning("login at %s: %s", name, error)
            raise LoginError(FAILED) from None
        shown_at = time_of(claims, "auth_time")
        if begun.again and (shown_at is None or at - shown_at > _AGAIN):
            raise LoginError(NOT_FRESH)
        return LoggedIn(person=person, back=begun.back, shown_at=shown_at and min(shown_at, at))

    def _provider(self, name: str) -> tuple[ProviderPart, Issuer]:
        part = self._rules.providers.get(name)
        if part is None:
            raise LoginError(FAILED)
        return part, self._issuers.of(part.issuer)

    def _claims(  # noqa: PLR0913, PLR0917 - what a code is redeemed with
        self,
        part: ProviderPart,
        issuer: Issuer,
        begun: Begun,
        url: str,
        at: datetime,
        answer: Mapping[str, str],
    ) -> Mapping[str, Any]:
        metadata = issuer.metadata()
        told = answer.get("iss")
        # RFC 9207: an answer of another provider is not redeemed at this one.
        if (told is None and metadata.names_itself) or told not in {None, metadata.issuer}:
            raise TokenError("an answer of another issuer")
        code = answer.get("code", "")
        if "error" in answer or not 0 < len(code) <= _LONGEST_CODE:
            raise TokenError("no code")
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri(url, part.name),
            "code_verifier": begun.verifier,
            "client_id": part.client_id,
        }
        secret, header = self._rules.secrets.get(part.name, ""), ""
        if secret and metadata.secret_in_body:
            fields["client_secret"] = secret
        elif secret:
            header = _basic(part.client_id, secret)
        token = issuer.redeem(fields, header).get("id_token")
        if not isinstance(token, str):
            raise TokenError("no ID token")
        expected = Expected(issuer=issuer, audience=part.client_id, nonce=begun.nonce)
        return read_id_token(token, expected, at)

    def _person(
        self, part: ProviderPart, begun: Begun, claims: Mapping[str, Any], at: datetime
    ) -> Person:
        if not _may_log_in(part, claims):
            raise LoginError(NOT_YOURS)
        name, subject = self._identities.name(part.issuer, claims["sub"]), claims["sub"]
        if begun.code:
            invited = self._links.read_digest(begun.code, at)
            if invited is None or name not in {"", invited.name}:
                raise LoginError(FAILED)
            if self._links.use(begun.code, at) is None:
                raise LoginError(FAILED)
            self._identities.connect(part.issuer, subject, invited.name)
            name = invited.name
        if not name and part.makes_accounts and not begun.again:
            name = self._identities.make(part.issuer, claims).name
        person = self._accounts.person(name) if name else None
        if person is None:
            raise LoginError(NOBODY if not name else NOT_YOURS)
        if begun.again and begun.again != person.name:
            raise LoginError(NOT_SAME)
        return self._identities.follow(person, part, claims)


def redirect_uri(url: str, name: str) -> str:
    """Return where a provider sends people back to; it has to know exactly this."""
    return f"{url}/-/oidc/{name}/callback"


def _may_log_in(part: ProviderPart, claims: Mapping[str, Any]) -> bool:
    if lacks(claims, part.claims):
        return False
    if not part.email_domains:
        return True
    address = claims.get("email")
    is_verified = claims.get("email_verified") is True
    domain = address.rpartition("@")[2].lower() if isinstance(address, str) else ""
    return is_verified and domain in part.email_domains


def _challenge(tickets: Tickets) -> str:
    digest = hashlib.sha256(tickets.begun.verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _basic(name: str, secret: str) -> str:
    """Return the header with which a client shows who it is (RFC 6749, 2.3.1)."""
    pair = f"{quote(name, safe='')}:{quote(secret, safe='')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"
