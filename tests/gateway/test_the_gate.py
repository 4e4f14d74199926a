# SPDX-License-Identifier: Apache-2.0
"""What leaves a running gateway, and what does not."""

from __future__ import annotations

import hashlib
import time

import pytest

from gateway_site import NAME, Site
from tiergate.decision.tier import Tier
from tiergate.errors import InputError
from tiergate.gateway import house
from tiergate.release import bodies

FILE = f"/{NAME}/resolve/main/config.json"


def test_that_a_model_that_nobody_submitted_is_as_if_it_were_not_there(site: Site) -> None:
    site.publish()
    with site.served():
        found, absent = site.ask(FILE), site.ask("/acme/other/resolve/main/config.json")

    assert (found.status, found.code) == (absent.status, absent.code) == (401, "RepoNotFound")
    assert found.body == absent.body


def test_that_open_weights_are_for_everybody(site: Site) -> None:
    revision = site.publish()
    site.release(revision, Tier.T2, Tier.T4, Tier.T5)
    with site.served():
        found = site.ask(FILE)

    assert found.status == 200
    content = (site.folder / "model" / "config.json").read_bytes()
    assert found.body == content
    assert found.headers["etag"] == f'"{hashlib.sha256(content).hexdigest()}"'
    assert found.headers["x-repo-commit"] == revision.commit


def test_that_a_freeze_stops_what_was_open(site: Site) -> None:
    site.release(site.publish(), Tier.T2, Tier.T4, Tier.T5)
    with site.served():
        before = site.ask(FILE).status
        site.enter(bodies.Frozen(), "bea")
        after, until = site.ask(FILE), time.monotonic() + 10
        while after.status == 200 and time.monotonic() < until:
            after = site.ask(FILE)

    assert before == 200
    assert (after.status, after.code) == (403, "GatedRepo")
    assert "Downloads of acme/model are stopped. Frozen on" in after.said


def test_that_a_file_that_no_client_would_fetch_is_not_taken_in(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house, "LARGEST_FILE_BYTES", 42)
    with pytest.raises(InputError, match=r"README\.md: found 43 bytes, expected at most 42"):
        site.publish()
    assert site.house.catalogue.repository(NAME) is None
