# SPDX-License-Identifier: Apache-2.0
"""From the command line to what people on duty do with a gateway when no browser is at hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from tiergate.attestation.bundle import LARGEST_BYTES
from tiergate.cli import clock
from tiergate.cli.gateway_house import open_house
from tiergate.errors import DigestMismatchError, InputError, VerificationError
from tiergate.evidence.small_file import read_small_file

if TYPE_CHECKING:
    from tiergate.decision.document import DecisionPart
    from tiergate.gateway.house import House
    from tiergate.gateway.roles import Right


def stopped(folder: str, repository: str, *, reason: str, by: str) -> Iterator[str]:
    """Stop downloads, and yield what to know and to do then.

    Args:
        folder: of the gateway.
        repository: which model; empty for everything.
        reason: why.
        by: the account of whoever does it; whoever can write to the folder is believed.

    Raises:
        InputError: there is no such model, or the account may not stop.
    """
    with closing(open_house(folder)) as house:
        from tiergate.gateway.acts import Act, Deed, note
        from tiergate.gateway.lanes import freeze_command
        from tiergate.gateway.roles import Right

        require_right(house, by, Right.STOP)
        known = [each for each in house.catalogue.repositories() if repository in ("", each.name)]
        if repository and not known:
            raise InputError(repository, "no repository of that name", "one that is offered")
        before = house.stops.also(repository)
        for each in before:
            yield f"Stands already: {each.named}."
        if any(each.repository == repository and each.stopped_by == by for each in before):
            yield f"Nothing was changed: {by} has stopped {repository or 'everything'} already."
            return
        at = clock.now()
        made = house.stops.stop(repository, by=by, reason=reason, at=at)
        about = f"{made.id} of {repository or 'everything'}"
        note(house, Act(at=at, who=by, what=Deed.STOPPED, about=about, words=reason))
        yield f"Stopped {repository or 'everything'}: {made.id}"
        yield "Copies that were made before are out of reach. Somebody else lifts it:"
        yield f"  tiergate gateway lift {made.id} --by ACCOUNT --folder {folder}"
        if before:
            yield "Each stop that stands has to be lifted by itself."
        yield "In the ledger, which outlives the gateway:"
        for name in sorted({each.release for each in known}):
            yield f"  {freeze_command(name)}"


def lifted(folder: str, name: str, *, by: str) -> Iterator[str]:
    """Lift a stop, and yield which ones stand in the same way still.

    Raises:
        InputError: there is none, the account may not lift one, or it made this one.
    """
    with closing(open_house(folder)) as house:
        from tiergate.gateway.acts import Act, Deed, note
        from tiergate.gateway.roles import Right

        require_right(house, by, Right.LIFT)
        at = clock.now()
        made = next((each for each in house.stops.standing() if each.id == name), None)
        house.stops.lift(name, by=by, at=at)
        about = name if made is None else f"{name} of {made.repository or 'everything'}"
        note(house, Act(at=at, who=by, what=Deed.LIFTED, about=about))
        yield f"Lifted {name}."
        for each in () if made is None else house.stops.also(made.repository):
            yield f"Stands still: {each.named}. It has to be lifted, too."


def require_right(house: House, name: str, right: Right) -> None:
    """Refuse an account that may not do something, or does not count.

    Raises:
        InputError: it may not.
    """
    person = house.accounts.person(name)
    if person is None or right not in person.rights:
        found = "no account" if person is None else "an account that may not"
        raise InputError(name, found, f"one that may {right.value}")


def bring_record(folder: str, path: str, policy: str | None, *, is_public: bool) -> Iterator[str]:
    """Take a decision record in, and yield what was.

    Args:
        folder: of the gateway.
        path: of the record.
        policy: shipped id or path of the policy; None for the shipped one that it names.
        is_public: whether everybody may read it who may know of the model.

    Raises:
        InputError: there is no record.
        VerificationError: it does not agree with itself.
        DigestMismatchError: the policy is another one.
    """
    data = _bytes(path)
    with closing(open_house(folder)) as house:
        from tiergate.gateway.records import record_of
        from tiergate.release.record import contradictions

        record = record_of(data, path)
        problems = contradictions(record.predicate)
        if problems:
            raise VerificationError(path, problems[0], "a record that agrees with itself")
        text = _policy(record.predicate.decision, policy)
        at = clock.now()
        decision = house.records.keep(data, policy=text, is_public=is_public, at=at)
    yield f"Decision {decision}"
    yield f"  page    /-/decisions/{decision.removeprefix('sha256:')}"
    yield f"  policy  {'with its text' if text else 'without its text: give it with --policy'}"
    who = "everybody who may know of the model" if is_public else "those who see every release"
    yield f"  shown   to {who}"


def _policy(decision: DecisionPart, name: str | None) -> str:
    """Return the text of the policy that decided; empty when it is not at hand."""
    from tiergate.decision.policy_document import EARLIER, SHIPPED, load_policy, shipped_policies
    from tiergate.decision.strict_yaml import LARGEST_BYTES as LARGEST_POLICY

    stated, version = decision.policy_id, decision.policy_version
    if name is None:
        earlier = EARLIER / f"{stated}@{version}.yaml"
        path = earlier if earlier.is_file() else SHIPPED / f"{stated}.yaml"
        if (
            not path.is_file()
            or load_policy(str(path), is_recorded=True).digest != decision.policy_digest
        ):
            return ""
    else:
        path = SHIPPED / f"{name}.yaml" if name in shipped_policies() else Path(name)
        found = load_policy(str(path), is_recorded=True).digest
        if found != decision.policy_digest:
            remedy = "Give the file that was used."
            raise DigestMismatchError(f"policy {name}", found, decision.policy_digest, remedy)
    return read_small_file(path, LARGEST_POLICY).decode()


def _bytes(path: str) -> bytes:
    try:
        return read_small_file(Path(path), LARGEST_BYTES)
    except OSError as error:
        raise InputError(path, f"no file ({error.strerror})", "a decision record") from None
