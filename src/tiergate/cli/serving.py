# SPDX-License-Identifier: Apache-2.0
"""From the command line to a gateway."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import signal
import socket
import stat
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tiergate.cli import clock
from tiergate.cli.gateway_house import open_house, require_extra
from tiergate.errors import InputError

if TYPE_CHECKING:
    from tiergate.gateway.application import Application
    from tiergate.gateway.catalogue import Revision
    from tiergate.gateway.house import House, Watched
    from tiergate.gateway.login_file import LoginRules

_ENVIRONMENT = "TIERGATE_GATEWAY"
_LAST_SECONDS = 10
"""How long downloads may go on once the gateway is told to end; clients go on where they were."""
_REPOSITORY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a gateway serves, and how."""

    folder: str
    """Its folder."""
    database: str
    """Address of its database; empty for the file in the folder."""
    ledger: str
    """The ledger of releases; empty for the one in the folder."""
    trust: str
    """Whose events count; empty for the file in the folder, which need not be there."""
    heads: tuple[str, ...]
    """Folders of heads; empty for the one beside the ledger."""
    url: str
    """Address as people write it."""
    nginx: str
    """Where the nginx in front finds the objects; empty for none."""
    nginx_for_all: bool = False
    """Whether nginx sends also what needs a grant."""
    login: str = ""
    """The login file; empty for passwords alone."""
    objects: str = ""
    """Address of the bucket with the files; empty for those in the folder."""


def serve(served: Served, *, host: str, port: int, workers: int) -> None:
    """Serve until interrupted.

    Raises:
        ExtensionError: the packages of the gateway are missing.
        InputError: options do not go together, or a database or bucket cannot be used.
        OSError: the folder cannot be written, or a database or bucket does not answer.
        MistakesError: the trust file has mistakes.
    """
    if served.objects and served.nginx:
        raise InputError("--nginx", "files in a bucket", "files in the folder of the gateway")
    with closing(_opened(served)) as house:
        from tiergate.gateway.house import OWNER

        # What is wrong is said here, and not by each worker or by the first request.
        _require_free(host, port)
        if not served.ledger:
            _make_ledger(ledger_of(served))
        _require_ledger(_watched(served))
        _login(served)
        house.ready()
        token = house.first_token(clock.now())
        link = house.login_link(OWNER, clock.now()) if token else ""
        has_models = bool(house.catalogue.repositories())
        for line in _greeting(served, token, link, has_models=has_models):
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
        timeout_graceful_shutdown=_LAST_SECONDS,
    )


def _opened(served: Served) -> House:
    return open_house(served.folder, served.database, served.objects, may_be_new=True)


def worker() -> Application:
    """Return what one process of a gateway answers with, as ``tiergate serve`` set it up."""
    from tiergate.gateway.application import Application

    _end_with_parent()
    fields = json.loads(os.environ[_ENVIRONMENT])
    served = Served(**{**fields, "heads": tuple(fields["heads"])})
    house = open_house(served.folder, served.database, served.objects)
    parts = house.parts(
        _watched(served),
        served.url,
        clock.now,
        served.nginx,
        accelerates_all=served.nginx_for_all,
        login=_login(served),
    )
    return Application(parts)


def _end_with_parent() -> None:
    """End this process when the one that started it is gone, or it would serve for ever."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return

    def wait() -> None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


def _require_free(host: str, port: int) -> None:
    """Refuse an address that cannot be listened on.

    Raises:
        InputError: it is none of this machine, or taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind((host, port))
    except OSError as error:
        found = f"cannot be listened on ({error.strerror or error})"
        raise InputError(f"{host}:{port}", found, "a free address of this machine") from None


def _require_ledger(watched: Watched) -> None:
    """Refuse a ledger that nothing can be served by.

    Raises:
        InputError: there is none.
        VerificationError: it does not hold.
    """
    from tiergate.release.ledger import Ledger

    with Ledger.open(watched.ledger, read_only=True) as ledger:
        deque(ledger.verified(watched.heads), maxlen=0)


def _watched(served: Served) -> Watched:
    from tiergate.cli.release_acting import head_folders
    from tiergate.gateway.believed import TrustFile
    from tiergate.gateway.house import Watched

    heads = tuple(head_folders(ledger_of(served), served.heads))
    believed = TrustFile(Path(trust_of(served)), may_be_absent=not served.trust)
    believed.read()
    return Watched(ledger=ledger_of(served), heads=heads, trust=believed.read)


def ledger_of(served: Served) -> str:
    """Return where the ledger is."""
    return served.ledger or str(Path(served.folder) / "releases" / "ledger.sqlite")


def trust_of(served: Served) -> str:
    """Return where the trust file is, or would be."""
    return served.trust or str(Path(served.folder) / "releases" / "trust.yaml")


def _make_ledger(place: str) -> None:
    from tiergate.release.ledger import Ledger

    if not Path(place).exists():
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        Ledger.create(Path(place)).close()


def _login(served: Served) -> LoginRules | None:
    from tiergate.gateway.login_file import load_login

    return load_login(Path(served.login), os.environ) if served.login else None


def _greeting(served: Served, token: str, link: str, *, has_models: bool) -> Iterable[str]:
    yield f"Tiergate serves {served.folder} at {served.url}"
    if token:
        yield f"Token of the owner, for 24 hours, shown once: {token}"
        yield f"Login of the owner, for 24 hours, counts once: {served.url}{link}"
    if is_readable(Path(served.folder)):
        yield f"Everybody on this machine may look into it: chmod o-rwx {served.folder}"
    if not served.trust and not Path(trust_of(served)).exists():
        yield f"Nobody is believed, so nothing opens: write {trust_of(served)}."
    if not has_models:
        yield "Nothing is offered yet. To publish and fetch a first model, of which you have a"
        yield "signed decision record (docs/how-to/release-in-stages.md; approvals come between):"
        offer = f"--folder {served.folder} --repository acme/model --release model"
        yield f"  tiergate gateway publish ./model {offer}"
        where = f"--ledger {ledger_of(served)} --trust {trust_of(served)}"
        who = "--as 'release owner' --key owner.key --reason first"
        submit = "tiergate release submit record.json --release model --plan plan.yaml"
        yield f"  {submit} {where} {who}"
        yield f"  HF_ENDPOINT={served.url} hf download acme/model"


def is_readable(folder: Path) -> bool:
    """Tell whether anybody on this machine may enter a folder."""
    return bool(folder.stat().st_mode & (stat.S_IROTH | stat.S_IXOTH))


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
    with closing(open_house(folder, may_be_new=True)) as house:
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


def published_data(
    data: str, folder: str, repository: str, *, is_announced: bool, excluded: Iterable[str]
) -> tuple[str, Revision]:
    """Take in a folder of data, and return under which name.

    Raises:
        CheckpointError: a file cannot be used.
        InputError: the name is none, or there is no such folder, or nothing in it.
    """
    _require_name("--repository", repository)
    if not Path(data).is_dir():
        raise InputError(data, "no folder", "a folder of data")
    with closing(open_house(folder, may_be_new=True)) as house:
        from tiergate.gateway.catalogue import DATA_PREFIX, Repository
        from tiergate.model.checkpoint import manifest_of

        manifest = manifest_of(Path(data))
        if not manifest.entries:
            raise InputError(data, "no files", "a folder of data")
        offered = Repository(
            name=DATA_PREFIX + repository,
            release="",
            is_announced=is_announced,
            hosted_at="",
            excluded=frozenset(excluded),
            created_at=clock.now(),
        )
        return offered.name, house.publish_files(Path(data), manifest, offered, clock.now())


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
    with closing(open_house(folder, may_be_new=True)) as house:
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


def log_lines(folder: str, repository: str, person: str) -> Iterator[str]:
    """Yield the log of downloads as text, and at the end what has left.

    Raises:
        VerificationError: it does not hold.
    """
    with closing(open_house(folder)) as house:
        from tiergate.gateway.log import copies
        from tiergate.gateway.rendering import counted

        who = _who(house, person) if person else ""
        shown = []
        for line in house.downloads():
            if repository in ("", line.repository) and who in {"", line.who}:
                shown.append(line)
                yield (
                    f"{line.at}  {line.method:<4}  {line.who[:12] or 'nobody known':<12}"
                    f"  {line.repository}@{line.commit[:8]}/{line.path}"
                    f"  bytes {line.first}-{line.last}  {line.reason}  {line.grant}".rstrip()
                )
        if repository and not shown and house.catalogue.repository(repository) is None:
            raise InputError(repository, "no repository of that name", "one that is offered")
        for each in copies(shown):
            yield (
                f"{each.repository}: {counted(each.requests, 'request')} for files by"
                f" {counted(each.people, 'person', 'people')} and {each.unknown} by nobody known,"
                f" {each.first} to {each.last}: {counted(each.copies, 'copy', 'copies')} at most."
                " No freeze and no revocation reaches them."
            )
        yield "The log holds." if house.log.exists() else "Nothing was written yet."


def _who(house: House, person: str) -> str:
    """Return what the log calls somebody; nothing that it calls anybody when it never did."""
    known = house.pseudonyms.known(person)
    if not known and house.accounts.person(person) is None:
        raise InputError(person, "no account", "one that is or was there")
    return known or "nobody"


def backed_up(folder: str, copy: str) -> int:
    """Copy a gateway, and return how many files of models were copied.

    Raises:
        InputError: there is no gateway, or the copy would be within it.
        OSError: something cannot be read or written.
    """
    require_extra()
    from tiergate.gateway.backup import back_up

    return back_up(Path(folder), Path(copy), clock.now())
