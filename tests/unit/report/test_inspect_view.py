# SPDX-License-Identifier: Apache-2.0
"""How to open a log in Inspect View, and that no file is said to be where nobody saw it."""

from __future__ import annotations

import dataclasses
import shlex

import pytest

from builders import SOURCE
from tiergate.report.facts import LogPlace
from tiergate.report.inspect_view import ADDRESS, InspectView, view_of

OTHER = LogPlace(sha256=f"sha256:{'e' * 64}", path="logs/other.eval")


def a_view(name: str = "run.eval", path: str = "") -> InspectView:
    places = (OTHER, LogPlace(sha256=SOURCE.sha256, path=path)) if path else (OTHER,)
    found = view_of(dataclasses.replace(SOURCE, file_name=name), places)
    assert found is not None
    return found


def test_a_log_that_is_known_by_digest_only_is_nowhere() -> None:
    found = a_view()

    assert ("", "") == (found.path, found.link)
    assert ("inspect view start --log-dir FOLDER",) == found.commands
    assert f"{ADDRESS}/#/logs/run.eval" == found.address
    assert f"{ADDRESS}/#/logs/run.eval/samples/sample/ID/EPOCH" == found.sample_address


PLACES: dict[str, tuple[str, tuple[str, ...]]] = {
    "logs/run.eval": ("./logs/run.eval", ("inspect view start --log-dir logs",)),
    "run.json": ("./run.json", ("inspect view start --log-dir .",)),
    "../my logs/a:b.eval": (
        "../my%20logs/a%3Ab.eval",
        ("inspect view start --log-dir '../my logs'",),
    ),
    "javascript:alert(1).eval": (
        "./javascript%3Aalert%281%29.eval",
        ("inspect view start --log-dir .",),
    ),
    ".tiergate/sources/0123": (
        "./.tiergate/sources/0123",
        (
            "mkdir -p inspect-logs",
            "cp .tiergate/sources/0123 inspect-logs/run.eval",
            "inspect view start --log-dir inspect-logs",
        ),
    ),
}


@pytest.mark.parametrize("path", PLACES)
def test_a_log_that_was_found_is_linked_and_its_folder_served(path: str) -> None:
    link, commands = PLACES[path]

    found = a_view(path=path)

    assert (path, link, commands) == (found.path, found.link, found.commands)


def test_a_log_that_has_another_name_by_now_is_addressed_by_that_name() -> None:
    assert f"{ADDRESS}/#/logs/renamed.eval" == a_view(path="logs/renamed.eval").address


NAMES: dict[str, str] = {
    "a run.eval": f"{ADDRESS}/#/logs/a%20run.eval",
    "a%20run.eval": f"{ADDRESS}/#/logs/a%2520run.eval",
    "é.json": f"{ADDRESS}/#/logs/%C3%A9.json",
    "a#b.eval": "",
    "a?b.eval": "",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_quoted_in_an_address_and_one_that_the_viewer_cuts_has_none(name: str) -> None:
    found = a_view(name)

    assert NAMES[name] == found.address
    assert (NAMES[name] and f"{NAMES[name]}/samples/sample/ID/EPOCH") == found.sample_address


@pytest.mark.parametrize("name", ["../../.profile.eval", "/etc/run.eval", "x; rm -r ~;.eval"])
def test_a_name_that_somebody_made_up_leads_nowhere_else(name: str) -> None:
    copy = a_view(name, path="sources/0123").commands[1]

    target = shlex.split(copy)[2]
    assert 3 == len(shlex.split(copy))
    assert f"inspect-logs/{name.rsplit('/', 1)[-1]}" == target


NOT_SHOWN = {
    "another tool's log": dataclasses.replace(SOURCE, format="lm-eval/1"),
    "a name that the viewer passes over": dataclasses.replace(SOURCE, file_name="run.txt"),
    "no name at all": dataclasses.replace(SOURCE, file_name=".."),
    "written by hand": None,
}


@pytest.mark.parametrize("sentence", NOT_SHOWN)
def test_what_the_viewer_cannot_show_is_not_offered(sentence: str) -> None:
    assert view_of(NOT_SHOWN[sentence], ()) is None
