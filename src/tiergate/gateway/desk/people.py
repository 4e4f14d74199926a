# SPDX-License-Identifier: Apache-2.0
"""Accounts: who there is, what each may do, and links to log in. Each change is written down."""

from __future__ import annotations

import re
from collections.abc import Iterable
from types import MappingProxyType

from starlette.responses import Response

from tiergate.errors import InputError
from tiergate.gateway.accounts import Account, Person, is_account_name
from tiergate.gateway.acts import Act, Deed, note
from tiergate.gateway.desk.visit import DeskVisit, see
from tiergate.gateway.erasing import is_erased_name
from tiergate.gateway.requests import jurisdiction_problem
from tiergate.gateway.roles import GatewayRole
from tiergate.gateway.targets import is_repository_name

ROLE_WORDS = MappingProxyType(
    {
        GatewayRole.OWNER: "Runs the gateway, and may do what the others do",
        GatewayRole.EVALUATOR: "Sees every release and its decision",
        GatewayRole.APPROVER: "Decides who gets access, lifts stops",
        GatewayRole.OPERATOR: "Stops downloads",
        GatewayRole.AUDITOR: "Reads the log",
        GatewayRole.PUBLISHER: "Uploads, within namespaces",
    }
)
OWN_ROLE = "your own role as owner"


def show(visit: DeskVisit) -> Response:
    """List the accounts."""
    rows = [
        (account, sorted(role.value for role in account.person.roles))
        for account in visit.parts.accounts.all()
    ]
    return visit.page("people.html.j2", rows=rows, is_erased=is_erased_name)


def new_form(visit: DeskVisit) -> Response:
    """Ask who somebody new is."""
    return visit.page("person_new.html.j2", roles=ROLE_WORDS)


def add(visit: DeskVisit) -> Response:
    """Make an account, and show the link with which its person comes in."""
    name = visit.text("name", 200)
    if not is_account_name(name):
        raise InputError("name", repr(name), "letters, digits, dots, hyphens and underscores")
    roles, within, jurisdiction = _wanted(visit)
    person = Person(
        name=name,
        full_name=visit.text("full_name", 200) or name,
        roles=roles,
        jurisdiction=jurisdiction,
        namespaces=within,
    )
    visit.parts.accounts.add(person)
    _write_down(visit, name, f"made, {_role_words(roles, within)}")
    return _linked(visit, person)


def one(visit: DeskVisit) -> Response:
    """Show an account."""
    account = _account(visit)
    return visit.page(
        "person.html.j2",
        account=account,
        person=account.person,
        roles=ROLE_WORDS,
        is_erased=is_erased_name(account.person.name),
    )


def change(visit: DeskVisit) -> Response:
    """Say what somebody may do from now on."""
    person = _account(visit).person
    roles, within, jurisdiction = _wanted(visit)
    if person.name == visit.person.name and GatewayRole.OWNER in person.roles - roles:
        raise InputError(person.name, OWN_ROLE, "another owner to take it away")
    visit.parts.accounts.change(person.name, roles=roles, within=within, jurisdiction=jurisdiction)
    _write_down(visit, person.name, _role_words(roles, within))
    return see(f"/-/people/{person.name}")


def link(visit: DeskVisit) -> Response:
    """Make a link to log in for somebody."""
    account = _account(visit)
    if account.disabled_at is not None:
        raise InputError(account.person.name, "an account that is disabled", "one that counts")
    _write_down(visit, account.person.name, "a link to log in")
    return _linked(visit, account.person)


def disable(visit: DeskVisit) -> Response:
    """Let an account count no more."""
    name = _account(visit).person.name
    if name == visit.person.name:
        raise InputError(name, "your own account", "another owner to disable it")
    visit.parts.accounts.disable(name, visit.parts.clock(), keeps_an_owner=True)
    _write_down(visit, name, "disabled")
    return see(f"/-/people/{name}")


def enable(visit: DeskVisit) -> Response:
    """Let an account count again."""
    name = _account(visit).person.name
    visit.parts.accounts.enable(name)
    _write_down(visit, name, "enabled")
    return see(f"/-/people/{name}")


def log_out(visit: DeskVisit) -> Response:
    """End every session of somebody."""
    name = _account(visit).person.name
    visit.parts.sessions.close_all(name)
    _write_down(visit, name, "logged out everywhere")
    return see(f"/-/people/{name}")


def _account(visit: DeskVisit) -> Account:
    found = visit.parts.accounts.account(visit.arguments[0])
    if found is None:
        raise InputError(visit.arguments[0][:80], "no account", "one that there is")
    return found


def _wanted(visit: DeskVisit) -> tuple[frozenset[GatewayRole], frozenset[str], str]:
    """Read roles, namespaces and jurisdiction from a form."""
    found = visit.form.get("role", [])
    words = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    roles = frozenset(role for role in GatewayRole if role.value in words)
    within = frozenset(re.split(r"[\s,]+", visit.text("namespaces"))) - {""}
    for namespace in sorted(within):
        if not is_repository_name(f"{namespace}/name"):
            raise InputError("namespaces", repr(namespace), "names as acme in acme/model")
    if within and GatewayRole.PUBLISHER not in roles:
        raise InputError("namespaces", "no publisher", "the role publisher beside them")
    jurisdiction = visit.text("jurisdiction", 8).upper()
    problem = jurisdiction_problem(jurisdiction, frozenset())
    if problem:
        raise InputError("jurisdiction", repr(jurisdiction), "a code as DE or US-CA")
    return roles, within, jurisdiction


def _role_words(roles: Iterable[GatewayRole], within: Iterable[str]) -> str:
    named = ", ".join(sorted(role.value for role in roles)) or "none"
    namespaces = ", ".join(sorted(within))
    return f"roles: {named}" + (f"; namespaces: {namespaces}" if namespaces else "")


def _linked(visit: DeskVisit, person: Person) -> Response:
    at = visit.parts.clock()
    url = visit.parts.url + visit.parts.ways_in.links.make(person.name, at)
    return visit.page("person_link.html.j2", person=person, address=url)


def _write_down(visit: DeskVisit, whom: str, words: str) -> None:
    act = Act(
        at=visit.parts.clock(), who=visit.person.name, what=Deed.ACCOUNT, whom=whom, words=words
    )
    note(visit.parts, act)
