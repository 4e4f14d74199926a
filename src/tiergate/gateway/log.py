# SPDX-License-Identifier: Apache-2.0
"""Reading the log of downloads, which is believed only as far as it verifies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from tiergate.attestation.bundle import from_base64
from tiergate.attestation.envelope import Envelope, Signature
from tiergate.attestation.keys import PublicKey
from tiergate.attestation.strict_json import read_object
from tiergate.errors import InputError, VerificationError
from tiergate.gateway.audit import FORMAT, PAYLOAD_TYPE, Download
from tiergate.gateway.log_place import LogPlace
from tiergate.release.ledger_entry import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What has left of one repository, as far as lines say it.

    A line is written before the first byte leaves: it says which bytes were allowed, and not
    whether all of them arrived.
    """

    repository: str
    """Its name."""
    requests: int
    """Requests for bytes that were allowed. A file in pieces is as many of them."""
    copies: int
    """Different files to different people, which is how many copies there are at most. Of
    somebody unknown each request is another."""
    people: int
    """Different people among those who were known."""
    unknown: int
    """Requests of nobody known."""
    first: str
    """When the first one was."""
    last: str
    """When the newest one was."""


def read_downloads(place: LogPlace, key: PublicKey) -> Iterator[Download]:
    """Yield every line of a log, in order; only at the end is it known that all of them hold.

    Steps: the chain holds and every head of this machine agrees; each entry is signed with the
    gateway's key, for its place in this log.

    Raises:
        VerificationError: one of them does not hold.
    """
    for where, document in _documents(place, key):
        try:
            yield from (Download(**row) for row in document["downloads"])
        except (KeyError, TypeError) as error:
            raise VerificationError(where, f"a line that is none ({error})", FORMAT) from None


def read_acts(place: LogPlace, key: PublicKey) -> Iterator[dict[str, str]]:
    """Yield what people did, as it was written, in order; as far as :func:`read_downloads`.

    Raises:
        VerificationError: something does not hold.
    """
    for where, document in _documents(place, key):
        acts = document.get("acts", [])
        if not isinstance(acts, list) or not all(isinstance(act, dict) for act in acts):
            raise VerificationError(where, "acts that are none", FORMAT)
        yield from acts


def _documents(place: LogPlace, key: PublicKey) -> Iterator[tuple[str, dict[str, Any]]]:
    with place.open(read_only=True) as ledger:
        for entry in ledger.verified([place.heads]):
            yield f"entry {entry.sequence}", _document(entry, ledger.origin, key)


def copies(downloads: Iterable[Download]) -> tuple[Left, ...]:
    """Count what has left, by repository: what no freeze and no revocation reaches."""
    of: dict[str, list[Download]] = {}
    for download in downloads:
        if download.method == "GET" and download.last >= download.first:
            of.setdefault(download.repository, []).append(download)
    return tuple(_left(name, found) for name, found in sorted(of.items()))


def _left(name: str, found: Sequence[Download]) -> Left:
    known = [each for each in found if each.who]
    # Of a marked copy the same file has another digest under each grant.
    files = {(each.who, each.original or each.sha256) for each in known}
    unknown = len(found) - len(known)
    return Left(
        repository=name,
        requests=len(found),
        copies=len(files) + unknown,
        people=len({each.who for each in known}),
        unknown=unknown,
        first=min(each.at for each in found),
        last=max(each.at for each in found),
    )


def _document(entry: Entry, origin: str, key: PublicKey) -> dict[str, Any]:
    where = f"entry {entry.sequence}"
    try:
        envelope = _envelope(cast("dict[str, Any]", read_object(entry.data, where)), where)
        document = cast("dict[str, Any]", read_object(envelope.payload, where))
    except (InputError, KeyError, IndexError, TypeError) as error:
        raise VerificationError(where, f"no entry of this log ({error})", FORMAT) from None
    if not key.verifies(envelope.signatures[0].value, envelope.signed_bytes):
        raise VerificationError(where, "another signature", "one of the gateway's key")
    place = (document.get("ledger"), document.get("sequence"), document.get("previous"))
    if document.get("format") != FORMAT or place != (
        origin,
        entry.sequence,
        entry.previous.hex(),
    ):
        raise VerificationError(where, f"an entry for {place}", "its own place in this log")
    return document


def _envelope(document: dict[str, Any], where: str) -> Envelope:
    if document["payloadType"] != PAYLOAD_TYPE:
        raise VerificationError(
            where, f"a payload of type {document['payloadType']!r}", PAYLOAD_TYPE
        )
    (row,) = document["signatures"]
    value = from_base64(row["sig"], where, 1024)
    return Envelope(
        payload=from_base64(document["payload"], where, 8 * 1024 * 1024),
        payload_type=PAYLOAD_TYPE,
        signatures=(Signature(key_id=row["keyid"], value=value),),
    )
