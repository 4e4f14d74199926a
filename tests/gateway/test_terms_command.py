# SPDX-License-Identifier: Apache-2.0
"""``tiergate gateway terms`` and ``tiergate serve --nginx-for``, as people call them."""

from __future__ import annotations

import pytest

from cli_runner import run
from gateway.test_serving import started
from gateway_site import NAME, Site
from tiergate.decision.tier import Tier
from tiergate.gateway.terms import Terms

FILE = f"/{NAME}/resolve/main/model.safetensors"


def _terms(site: Site, *words: object) -> tuple[int, str]:
    done = run("gateway", "terms", NAME, "--folder", site.folder / "gateway", *words)
    return done.code, done.out + done.err


def test_that_options_change_what_they_name_and_nothing_else(site: Site) -> None:
    site.publish()
    criteria = site.folder / "criteria.txt"
    criteria.write_text("Red teams.\n")
    words = ("--criteria", criteria, "--reviewers", 2, "--downloads", 3)
    assert _terms(site, *words)[0] == 0
    assert _terms(site, "--grant-days", 30, "--pin")[0] == 0
    code, said = _terms(site)

    assert code == 0
    assert "downloads  3 of each file\n" in said
    assert site.house.requests.terms(NAME) == Terms(
        criteria="Red teams.", reviewers=2, downloads=3, grant_days=30, is_pinned=True
    )
    assert _terms(site, "--criteria", "", "--downloads", 0, "--no-pin", "--mark")[0] == 0
    assert site.house.requests.terms(NAME) == Terms(reviewers=2, grant_days=30, is_marked=True)


def test_that_publishing_again_leaves_the_terms(site: Site) -> None:
    site.publish()
    _terms(site, "--reviewers", 2)
    folder = site.folder / "gateway"
    words = ("--folder", folder, "--repository", NAME, "--release", "acme")
    assert run("gateway", "publish", site.folder / "model", *words).code == 0
    assert run("gateway", "offer", NAME, "--folder", folder, "--release", "acme").code == 0
    assert site.house.requests.terms(NAME).reviewers == 2


def test_that_terms_are_refused_that_cannot_be(site: Site) -> None:
    site.publish()
    (site.folder / "long.txt").write_text("x" * 20_001)
    (site.folder / "bytes.txt").write_bytes(b"\xff\xfe\xff")
    for words, said in (
        (("--criteria", site.folder / "absent.txt"), "absent.txt"),
        (("--criteria", site.folder / "long.txt"), "20001"),
        (("--criteria", site.folder / "bytes.txt"), "no text"),
        (("--criteria", site.folder), "directory"),
    ):
        code, found = _terms(site, *words)
        assert (code, said.lower() in found.lower()) == (4, True), found
    assert _terms(site, "--reviewers", 3)[0] == 2
    other = run("gateway", "terms", "acme/other", "--folder", site.folder / "gateway")
    assert (other.code, "no repository of that name" in other.err) == (4, True)
    assert site.house.requests.terms(NAME) == Terms()


@pytest.mark.parametrize(
    ("words", "is_sent_by_nginx"), [((), False), (("--nginx-for", "all"), True)], ids=["", "all"]
)
def test_that_nginx_sends_what_needs_a_grant_only_where_that_is_said(
    words: tuple[str, ...], *, is_sent_by_nginx: bool, site: Site
) -> None:
    site.release(site.publish(), Tier.T2, Tier.T4)
    site.person("erin")
    site.house.requests.give(NAME, "erin", by="ruth", at=site.now)
    with started(site, "--nginx", "/objects", *words):
        found = site.ask(FILE, who="erin")

    assert found.status == 200
    assert ("x-accel-redirect" in found.headers) is is_sent_by_nginx
