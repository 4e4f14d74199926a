# SPDX-License-Identifier: Apache-2.0
"""From the command line to the accounts of a gateway."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

from tiergate.cli import clock
from tiergate.cli.gateway_house import open_house
from tiergate.errors import InputError

if TYPE_CHECKING:
    from tiergate.gateway.house import House


def new_person(  # noqa: PLR0913 - one for each option
    folder: str,
    name: str,
    full_name: str,
    roles: Iterable[str],
    jurisdiction: str,
    *,
    namespaces: Iterable[str] = (),
) -> None:
    """Make an account.

    Raises:
        InputError: the name is none, or taken.
    """
    with closing(open_house(folder, may_be_new=True)) as house:
        from tiergate.gateway.accounts import Person, is_account_name
        from tiergate.gateway.roles import GatewayRole
        from tiergate.gateway.targets import is_repository_name

        if not is_account_name(name):
            raise InputError("NAME", repr(name), "letters, digits, dots, hyphens and underscores")
        known = frozenset(map(GatewayRole, roles))
        given = frozenset(namespaces)
        if given and GatewayRole.PUBLISHER not in known:
            raise InputError("--namespace", "no publisher", "the role publisher beside it")
        for namespace in sorted(given):
            if not is_repository_name(f"{namespace}/name"):
                raise InputError("--namespace", repr(namespace), "a name as acme in acme/model")
        house.accounts.add(
            Person(
                name=name,
                full_name=full_name,
                roles=known,
                jurisdiction=jurisdiction,
                namespaces=given,
            )
        )


def new_token(
    folder: str, name: str, days: int, *, label: str = "", scopes: Iterable[str] = ()
) -> str:
    """Make a token.

    Args:
        folder: of the gateway.
        name: whose it is.
        days: how long it counts.
        label: what it is called.
        scopes: what it counts for; empty for everything.

    Raises:
        InputError: there is no such account.
    """
    with closing(open_house(folder)) as house:
        from tiergate.gateway.scopes import EVERY_SCOPE, Scope
        from tiergate.gateway.tokens import Token

        _require(house, name)
        at = clock.now()
        return house.accounts.tokens.make(
            Token(
                person=name,
                until=at + timedelta(days=days),
                label=label,
                scopes=frozenset(map(Scope, scopes)) or EVERY_SCOPE,
                created_at=at,
            )
        )


def login_link(folder: str, name: str, url: str) -> str:
    """Make a link with which somebody chooses a password.

    Raises:
        InputError: there is no such account.
    """
    with closing(open_house(folder)) as house:
        _require(house, name)
        return url.rstrip("/") + house.login_link(name, clock.now())


def token_lines(folder: str, name: str, revoke: Iterable[str]) -> Iterator[str]:
    """End tokens of an account, and yield a line for each that counts.

    Raises:
        InputError: there is no such account, or no such token.
    """
    with closing(open_house(folder)) as house:
        from tiergate.gateway.scopes import scope_words

        _require(house, name)
        for each in revoke:
            if not house.accounts.tokens.revoke(name, each):
                raise InputError(each, f"no token of {name}", "an id that this command prints")
        for token in house.accounts.tokens.of(name, clock.now()):
            where = f"  only {token.repository}" if token.repository else ""
            line = f"{token.id}  until {token.until:%Y-%m-%d}  {scope_words(token.scopes)}{where}"
            yield f"{line}  {token.label}".rstrip()


def erased(folder: str, name: str) -> Iterator[str]:
    """Erase somebody, and yield what is gone and what is not.

    Raises:
        InputError: there is no such account, or it was erased already.
    """
    with closing(open_house(folder)) as house:
        from tiergate.gateway.accounts import NAME_OF_ERASED, NAME_STAYS
        from tiergate.gateway.erasing import is_erased_name

        if house.accounts.was_erased(name) or is_erased_name(name):
            # A request that was being answered meanwhile may have brought a salt back.
            house.pseudonyms.erase(name)
            raise InputError(name, NAME_OF_ERASED, "the name of an account", NAME_STAYS)
        if house.accounts.account(name) is None:
            raise InputError(name, "no account", "an account, which may be disabled")
        other, is_gone = house.accounts.erase(name, clock.now())
        yield f"Erased {name}, who is {other} from now on; nothing leads back from that name."
        yield "  gone   logins, tokens, names, what was stated and said to it, the salt in the log"
        yield "  stays  that there were requests and grants, their dates, which copies are out"
        if not is_gone:
            yield "Somebody else used the database: what was erased may stand in its files still."
            yield "  in a file    VACUUM; PRAGMA wal_checkpoint(TRUNCATE);"
            yield "  on a server  VACUUM FULL;"
        yield "Copies of the gateway that were made before have all of it."


def _require(house: House, name: str) -> None:
    """Refuse a name of no account that counts, and say what it is instead."""
    if house.accounts.person(name) is not None:
        return
    from tiergate.gateway.accounts import NAME_OF_ERASED
    from tiergate.gateway.erasing import is_erased_name

    found = "no account"
    if house.accounts.was_erased(name) or is_erased_name(name):
        found = NAME_OF_ERASED
    elif house.accounts.account(name) is not None:
        found = "an account that is disabled"
    raise InputError(name, found, "an account that counts")
