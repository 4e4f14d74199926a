# SPDX-License-Identifier: Apache-2.0
"""Deciding on what was read, with less than the terms, and the acts that are kept of it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from gateway_site import NAME, Site
from tiergate.decision.tier import Tier
from tiergate.gateway.acts import Act, Acts, Deed, note
from tiergate.gateway.request_rows import DecidedMeanwhileError, Status
from tiergate.gateway.terms import Less, Terms

DAY = dt.timedelta(days=1)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    found = Site(folder=tmp_path)
    found.release(found.publish(), Tier.T2, Tier.T4)
    found.person("erin")
    return found


@pytest.mark.parametrize("first", [Status.ACCEPTED, Status.REJECTED])
def test_that_what_somebody_else_decided_meanwhile_stands(first: Status, site: Site) -> None:
    requests = site.house.requests
    read = requests.ask(NAME, "erin", {}, site.now)
    requests.answer(read, first, by="anna", at=site.now)

    for second in (Status.ACCEPTED, Status.REJECTED):
        with pytest.raises(DecidedMeanwhileError, match="by anna"):
            requests.answer(read, second, by="bert", at=site.now, as_read=True)

    now = requests.of(NAME, "erin")
    assert now is not None
    assert (now.status, now.answered_by) == (first, "anna")
    assert len(requests.grants(NAME, "erin")) == (first is Status.ACCEPTED)


LESS = {
    "nothing": (Less(), (90, 5, False)),
    "fewer days": (Less(days=10), (10, 5, False)),
    "more days": (Less(days=1000), (90, 5, False)),
    "fewer downloads": (Less(downloads=2), (90, 2, False)),
    "more downloads": (Less(downloads=9), (90, 5, False)),
    "one revision": (Less(is_pinned=True), (90, 5, True)),
}


@pytest.mark.parametrize("case", LESS)
def test_that_never_more_is_given_than_the_terms_say_by(case: str) -> None:
    less, expected = LESS[case]

    terms = less.of(Terms(downloads=5))

    assert (terms.grant_days, terms.downloads, terms.is_pinned) == expected


def test_that_terms_that_pin_are_not_loosened() -> None:
    assert Less().of(Terms(is_pinned=True)).is_pinned
    assert Less(downloads=3).of(Terms()).downloads == 3


def test_that_acts_are_kept_under_digests_and_found_by_them(site: Site) -> None:
    house = site.house
    for minute, (who, what, whom) in enumerate(
        (("anna", Deed.GRANTED, "erin"), ("ivan", Deed.STOPPED, ""))
    ):
        at = site.now + dt.timedelta(minutes=minute)
        note(house, Act(at=at, who=who, what=what, whom=whom, about=NAME, words="x" * 3000))

    found = house.acts.newest(5)
    assert [act.what for act in found] == [Deed.STOPPED, Deed.GRANTED]
    assert {len(act.words) for act in found} == {2000}
    assert found[1].who == house.pseudonyms.known("anna")
    assert "anna" not in str(found)
    by_erin = house.acts.newest(5, who=house.pseudonyms.known("erin"))
    assert [act.what for act in by_erin] == [Deed.GRANTED]
    assert house.acts.newest(5, what=Deed.STOPPED, about=NAME) == found[:1]
    assert house.acts.newest(1) == found[:1]
    assert Acts(house._database).newest(5) == found
