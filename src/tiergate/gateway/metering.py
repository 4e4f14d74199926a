# SPDX-License-Identifier: Apache-2.0
"""Counts what is sent under a grant that is for so many downloads."""

from __future__ import annotations

from dataclasses import replace

from tiergate.gateway.grants import Piece, Sent
from tiergate.gateway.guards import Guards, Refused, Visit
from tiergate.model.manifest import ManifestEntry
from tiergate.release.access import Access, Reason, bytes_of_downloads


class Metering:
    """Counts bytes before they are sent."""

    def __init__(self, sent: Sent, guards: Guards) -> None:
        self._sent = sent
        self._guards = guards

    def take(self, visit: Visit, entry: ManifestEntry, length: int) -> tuple[Visit, Piece | None]:
        """Count bytes of a file, under a grant that has so many left.

        Args:
            visit: who asks, and what they may.
            entry: the file, as they get it.
            length: how many bytes; 0 to have the file described.

        Returns:
            The visit with the grant that it rests on, and what was counted; None where nothing
            is.

        Raises:
            Refused: no grant has that many left.
        """
        while visit.given is not None and visit.given.grant.downloads_left is not None:
            downloads = visit.given.grant.downloads_left
            piece = _piece(visit, entry, length)
            # To describe a file to somebody who cannot get it any more would mislead clients.
            is_over = not length and (self._sent.of(piece) or 0) >= downloads * entry.size_bytes > 0
            budget = bytes_of_downloads(downloads, entry.size_bytes)
            if not is_over and (not length or self._sent.take(piece, budget)):
                return visit, piece if length else None
            visit = self._without(visit)
        return visit, None

    def _without(self, visit: Visit) -> Visit:
        """Look for another grant, for the same files."""
        gone = visit.used_up | {visit.access.grant}
        other = self._guards.found(replace(visit, used_up=gone, copy=None, given=None))
        if not other.access.is_allowed:
            raise Refused(self._guards.refusal(other))
        if other.is_being_copied or _commit(other) != _commit(visit):
            # Another grant has files of its own, which they can ask for by name.
            used_up = Access(reason=Reason.USED_UP, grant=visit.access.grant)
            raise Refused(self._guards.refusal(replace(visit, access=used_up)))
        return other

    def give_back(self, taken: Piece | None, unsent: int) -> None:
        """Take off what was counted and then not sent, if anything was."""
        if taken is not None and unsent:
            self._sent.give_back(taken, unsent)


def _piece(visit: Visit, entry: ManifestEntry, length: int) -> Piece:
    return Piece(grant=visit.access.grant, commit=_commit(visit), path=entry.path, length=length)


def _commit(visit: Visit) -> str:
    return "" if visit.revision is None else visit.revision.commit
