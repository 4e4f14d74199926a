# SPDX-License-Identifier: Apache-2.0
"""From the command line to a gateway."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tiergate.cli import clock
from tiergate.errors import ExtensionError, InputError

if TYPE_CHECKING:
    from tiergate.gateway.application import Application
    from tiergate.gateway.catalogue import Revision
    from tiergate.gateway.house import House, Watched

_ENVIRONMENT = "TIERGATE_GATEWAY"
_PACKAGES = ("starlette", "uvicorn", "sqlalchemy")
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a gateway serves, and how."""

    folder: str
    """Its folder."""
    database: str
    """Address of its database; empty for the file in the folder."""
    ledger: str
    """The ledger of releases."""
    trust: str
    """Whose events count."""
    heads: tuple[str, ...]
    """Folders of heads; empty for the one beside the ledger."""
    url: str
    """Address as people write it."""
    nginx: str
    """Where the nginx in front finds the objects; empty for none."""


def serve(served: Served, *, host: str, port: int, workers: int) -> None:
    """Serve until interrupted.

    Raises:
        ExtensionError: the packages of the gateway are missing.
        OSError: the folder cannot be written.
        MistakesError: the trust file has mistakes.
    """
    with closing(_house(served.folder, served.database)) as house:
        # What is wrong with the trust file is said here, once, and not by each worker.
        _watched(served)
        token = house.first_token(clock.now())
        has_models = bool(house.catalogue.repositories())
        for line in _greeting(served.folder, served.url, token, has_models=has_models):
            click.echo(line)
    import uvicorn

    os.environ[_ENVIRONMENT] = json.dumps(asdict(served))
    uvicorn.run(
        "tiergate.cli.serving:worker",
        factory=True,
        workers=workers,
        host=host,
        port=port,
        log_level="warning",
        server_header=False,
    )


def worker() -> Application:
    """Return what one process of a gateway answers with, as ``tiergate serve`` set it up."""
    from tiergate.gateway.application import Application

    fields = json.loads(os.environ[_ENVIRONMENT])
    served = Served(**{**fields, "heads": tuple(fields["heads"])})
    house = _house(served.folder, served.database)
    return Application(house.parts(_watched(served), served.url, clock.now, served.nginx))


def _watched(served: Served) -> Watched:
    from tiergate.cli.release_acting import head_folders
    from tiergate.gateway.house import Watched
    from tiergate.release.trust_file import load_trust

    heads = tuple(head_folders(served.ledger, served.heads))
    return Watched(ledger=served.ledger, heads=heads, trust=load_trust(Path(served.trust)))


def _greeting(folder: str, url: str, token: str, *, has_models: bool) -> Iterable[str]:
    yield f"Tiergate serves {folder} at {url}"
    if token:
        yield f"Token of the owner, for 24 hours, shown once: {token}"
    if not has_models:
        yield "Nothing is offered yet. To publish and fetch a first model:"
        offer = f"--folder {folder} --repository acme/model --release NAME"
        yield f"  tiergate gateway publish ./model {offer}"
        yield "  tiergate release submit record.json --plan plan.yaml ..."
        yield f"  HF_ENDPOINT={url} hf download acme/model"


def published(  # noqa: PLR0913 - one for each option
    model: str,
    folder: str,
    repository: str,
    *,
    release: str,
    is_announced: bool,
    hosted_at: str,
    excluded: Iterable[str],
) -> Revision:
    """Take in a checkpoint.

    Raises:
        CheckpointError: it cannot be used.
        InputError: the name is none, or belongs to another release.
    """
    from tiergate.cli.session import identify_with_progress

    _require_name("--repository", repository)
    with closing(_house(folder)) as house:
        from tiergate.gateway.catalogue import Repository

        checkpoint = identify_with_progress(model, revision=None, endpoint=None, use_cache=True)
        offered = Repository(
            name=repository,
            release=release,
            is_announced=is_announced,
            hosted_at=hosted_at,
            excluded=frozenset(excluded),
            created_at=clock.now(),
        )
        return house.publish(checkpoint, offered, clock.now())


def offered(  # noqa: PLR0913 - one for each option
    folder: str,
    repository: str,
    *,
    release: str,
    is_announced: bool,
    hosted_at: str,
    excluded: Iterable[str],
) -> None:
    """Offer a model under a name, before its files are there or in another way than before.

    Raises:
        InputError: the name is none.
    """
    _require_name("REPOSITORY", repository)
    with closing(_house(folder)) as house:
        from tiergate.gateway.catalogue import Repository

        house.offer(
            Repository(
                name=repository,
                release=release,
                is_announced=is_announced,
                hosted_at=hosted_at,
                excluded=frozenset(excluded),
                created_at=clock.now(),
            )
        )


def _require_name(where: str, repository: str) -> None:
    if not _REPOSITORY.fullmatch(repository) or ".." in repository:
        raise InputError(where, repr(repository), "a name as in org/name")


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
    if not _ACCOUNT.fullmatch(name):
        raise InputError("NAME", repr(name), "letters, digits, dots, hyphens and underscores")
    with closing(_house(folder)) as house:
        from tiergate.gateway.accounts import Person
        from tiergate.gateway.roles import GatewayRole

        known = frozenset(map(GatewayRole, roles))
        given = frozenset(namespaces)
        if given and GatewayRole.PUBLISHER not in known:
            raise InputError("--namespace", "no publisher", "the role publisher beside it")
        for namespace in sorted(given):
            _require_name("--namespace", f"{namespace}/name")
        house.accounts.add(
            Person(
                name=name,
                full_name=full_name,
                roles=known,
                jurisdiction=jurisdiction,
                namespaces=given,
            )
        )


def new_token(folder: str, name: str, days: int) -> str:
    """Make a token.

    Raises:
        InputError: there is no such account.
    """
    with closing(_house(folder)) as house:
        if house.accounts.person(name) is None:
            raise InputError(name, "no account", "an account that counts")
        return house.accounts.new_token(name, clock.now() + timedelta(days=days))


def log_lines(folder: str, repository: str, person: str) -> Iterator[str]:
    """Yield the log of downloads as text, and at the end what has left.

    Raises:
        VerificationError: it does not hold.
    """
    with closing(_house(folder)) as house:
        from tiergate.gateway.log import copies

        who = house.pseudonyms.known(person) or "nobody" if person else ""
        shown = []
        for line in house.downloads():
            if repository in ("", line.repository) and who in {"", line.who}:
                shown.append(line)
                yield (
                    f"{line.at}  {line.method:<4}  {line.who[:12] or 'nobody known':<12}"
                    f"  {line.repository}@{line.commit[:8]}/{line.path}"
                    f"  bytes {line.first}-{line.last}  {line.reason}  {line.grant}".rstrip()
                )
        for each in copies(shown):
            yield (
                f"{each.repository}: {each.downloads} downloads by {each.people} people and"
                f" {each.unknown} by nobody known, {each.first} to {each.last}."
                " No freeze and no revocation reaches them."
            )
        yield "The log holds."


def erased(folder: str, name: str) -> None:
    """Forget who somebody was.

    Raises:
        InputError: there is no such account.
    """
    with closing(_house(folder)) as house:
        if house.accounts.person(name) is None:
            raise InputError(name, "no account", "an account that counts")
        house.accounts.disable(name, clock.now())
        house.pseudonyms.erase(name)


def backed_up(folder: str, copy: str) -> int:
    """Copy a gateway, and return how many files of models were copied.

    Raises:
        InputError: there is no gateway, or the copy would be within it.
        OSError: something cannot be read or written.
    """
    _require_extra()
    from tiergate.gateway.backup import back_up

    return back_up(Path(folder), Path(copy))


def _house(folder: str, database: str = "") -> House:
    _require_extra()
    from tiergate.gateway.house import House

    return House(Path(folder), database or os.environ.get("TIERGATE_DATABASE_URL", ""))


def _require_extra() -> None:
    missing = [name for name in _PACKAGES if find_spec(name) is None]
    if missing:
        raise ExtensionError(
            "tiergate serve",
            f"no {' and no '.join(missing)}",
            "the extra tiergate[gateway]",
            "Install it: pip install 'tiergate[gateway]'",
        )
