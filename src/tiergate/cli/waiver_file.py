# SPDX-License-Identifier: Apache-2.0
"""Waiver files on the command line: as people write them, and signed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from tiergate.attestation.bundle import write_bundle
from tiergate.attestation.envelope import sign
from tiergate.attestation.keys import Signer
from tiergate.attestation.new_file import write_new_file
from tiergate.attestation.statement import PAYLOAD_TYPE
from tiergate.attestation.trust import Trust
from tiergate.cli.yaml_file import read_yaml
from tiergate.decision.policy import Policy
from tiergate.decision.policy_suggestions import did_you_mean
from tiergate.decision.waiver import Waiver
from tiergate.decision.waiver_signing import GivenWaivers, RefusedWaiver, counted
from tiergate.decision.waiver_statement import WaiverFile, waiver_statement
from tiergate.errors import InputError
from tiergate.evidence.small_file import read_small_file

_LARGEST_BYTES = 1024 * 1024
_UNTRUSTED = "no trust file says whose signature counts: give it with --trust"
_UNSIGNED = "it is unsigned, and --trust asks for a signature: tiergate waiver sign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waivers:
    """What became of the waivers that were given."""

    placed: tuple[tuple[str, Waiver], ...]
    """Those that the decision may rest on, each with the file that it stands in."""
    refused: tuple[RefusedWaiver, ...]
    """Those without effect, and why."""

    @property
    def given(self) -> tuple[Waiver, ...]:
        """Return those that the decision may rest on."""
        return tuple(waiver for _, waiver in self.placed)


def waivers_given(
    signed: Iterable[str],
    unsigned: Iterable[str],
    trust: Trust | None,
    policy: Policy,
    *,
    at: datetime,
) -> Waivers:
    """Read waiver files, and tell those that count from those that do not.

    Without a trust file the unsigned ones count, and nobody's signature does. With one it is
    the other way round.

    Raises:
        InputError: a file cannot be read, or one that should be unsigned has mistakes.
    """
    files = tuple(signed_waivers(Path(path)) for path in signed)
    plain = tuple((path, waiver) for path in unsigned for waiver in read_waivers(Path(path)))
    if trust is None:
        refused = (
            RefusedWaiver(where=file.where, requirement="", reason=_UNTRUSTED) for file in files
        )
        return Waivers(placed=plain, refused=tuple(refused))
    signing = [(file.where, counted((file,), trust, policy.waivers.roles, at=at)) for file in files]
    without = (
        RefusedWaiver(where=path, requirement=waiver.requirement, reason=_UNSIGNED)
        for path, waiver in plain
    )
    return Waivers(
        placed=tuple((where, waiver) for where, (found, _) in signing for waiver in found),
        refused=(*(one for _, (_, doubtful) in signing for one in doubtful), *without),
    )


def without_effect(
    placed: Iterable[tuple[str, Waiver]], policy: Policy, root_digest: str, *, at: datetime
) -> Iterator[RefusedWaiver]:
    """Yield the waivers that could not stand in for anything here, and why.

    The decision leaves them out by itself; without a word a mistyped one would look like one
    that nothing needs.
    """
    for where, waiver in placed:
        reason = _why_without_effect(waiver, policy, root_digest, at)
        if reason:
            yield RefusedWaiver(where=where, requirement=waiver.requirement, reason=reason)


def _why_without_effect(waiver: Waiver, policy: Policy, root_digest: str, at: datetime) -> str:
    requirement = policy.requirements.get(waiver.requirement)
    if requirement is None:
        near = did_you_mean(waiver.requirement, policy.requirements)
        return f"policy {policy.id} has no such requirement{near}"
    if not requirement.waivable:
        return f"policy {policy.id} lets nobody waive it"
    if waiver.root_digest != root_digest:
        return f"it is for another checkpoint, {waiver.root_digest}"
    if not waiver.issued_at <= at < waiver.expires_at:
        return f"it counts from {waiver.issued_at:%Y-%m-%d} to {waiver.expires_at:%Y-%m-%d} alone"
    longest = policy.waivers.longest_days.value
    if waiver.expires_at - waiver.issued_at > timedelta(days=float(longest)):
        return f"it is for longer than the {longest} days that policy {policy.id} allows"
    return ""


def read_waivers(path: Path) -> tuple[Waiver, ...]:
    """Read a waiver file.

    Raises:
        InputError: it cannot be read or has mistakes; all of them are in the message.
    """
    return tuple(Waiver(**dict(part)) for part in _file(path).waivers)


def signed_waivers(path: Path) -> GivenWaivers:
    """Read a signed file. Nothing about it is known afterwards.

    Raises:
        InputError: there is no such file, or it is too large.
    """
    try:
        data = read_small_file(path, _LARGEST_BYTES)
    except OSError as error:
        found = f"no file ({error.strerror})"
        raise InputError(str(path), found, "what tiergate waiver sign wrote") from None
    return GivenWaivers(where=str(path), data=data)


def sign_waivers(path: Path, output: Path, signer: Signer, *, at: datetime) -> WaiverFile:
    """Sign the waivers of a file that people wrote, and return them.

    Raises:
        InputError: the file cannot be used, or ``output`` is there already.
        OSError: the folder does not take it.
    """
    file = _file(path)
    statement = waiver_statement(file.waivers, signed_at=at)
    envelope = sign(statement.to_bytes(), PAYLOAD_TYPE, signer)
    write_new_file(output, write_bundle(envelope))
    return file


def _file(path: Path) -> WaiverFile:
    return read_yaml(path, WaiverFile, "a waiver file", InputError)
