# SPDX-License-Identifier: Apache-2.0
"""What the gateway knows when a grant is given, and has to do then."""

from __future__ import annotations

from datetime import datetime

from tiergate.gateway.catalogue import Catalogue, commit_of
from tiergate.gateway.copies import Copies
from tiergate.gateway.grants import Given
from tiergate.gateway.releases import Releases


class Giving:
    """What is current, and the copies of recipients."""

    def __init__(self, catalogue: Catalogue, releases: Releases, copies: Copies) -> None:
        self._catalogue = catalogue
        self._releases = releases
        self._copies = copies

    def current(self, repository: str, at: datetime) -> str:
        """Return the revision that a repository's release is about; empty for none."""
        found = self._catalogue.repository(repository)
        if found is None:
            return ""
        state = self._releases.state(found.release, at)
        return "" if state.submitted is None else commit_of(state.submitted.root_digest)

    def prepare(self, given: Given) -> None:
        """Begin to make the copy of somebody who was given a grant now."""
        commit = given.grant.commit or self.current(given.repository, given.given_at)
        if commit:
            self._copies.begin(given, commit)
