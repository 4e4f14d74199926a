# SPDX-License-Identifier: Apache-2.0
"""Polling a hub: page by page, only what is new, nothing lost or doubled, the token kept safe."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from builders_watch import LANTERN, ONE, TWO, WORDS
from list_hub import Answer, ListHub, model, serve
from tiergate.cli.watch_hub import WatchedHub, watched_hub
from tiergate.cli.watch_polling import Limits, PolledPage, poll
from tiergate.cli.watch_state import Position, WatchState
from tiergate.errors import InputError
from tiergate.landscape.watch.findings import Question
from tiergate.landscape.watch.kinds import FindingKind

AT = dt.datetime(2026, 10, 1, tzinfo=dt.UTC)
QUESTION = Question(models=(LANTERN,), words=WORDS, at=AT)
BASE = "acme/Lantern-7B"
EVERYTHING = Limits(since=LANTERN.released_at, most_pages=None, with_files=False)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[WatchState]:
    with WatchState(tmp_path / "state") as found:
        yield found


def _watched(hub: ListHub, waited: list[float] | None = None) -> WatchedHub:
    sleep = (waited if waited is not None else []).append
    return WatchedHub(hub.url, sleep=sleep, now=lambda: AT)


def _poll(hub: ListHub, state: WatchState, limits: Limits = EVERYTHING) -> list[PolledPage]:
    return list(poll(_watched(hub), state, QUESTION, limits, AT))


def _repositories(state: WatchState) -> list[str]:
    return sorted(seen.finding.repository for seen in state.findings())


TEN = [model(f"b/x{n}", n + 1, *([BASE] if n % 2 else [])) for n in range(10)]


def test_every_page_is_read_and_the_second_poll_reads_only_what_is_new(state: WatchState) -> None:
    with serve(*TEN) as hub:
        first = _poll(hub, state)
        before = len(hub.requests)
        second = _poll(hub, state)
        hub.models.append(model("b/new", 20, BASE))
        third = _poll(hub, state)

    assert [len(first), before] == [4, 4]
    assert first[-1].is_last
    assert sum(page.passed.tally.rows for page in first) == 10
    assert [len(second), [page.new for page in second]] == [1, [()]]
    assert [f.repository for page in third for f in page.new] == ["b/new"]
    assert _repositories(state) == ["b/new", "b/x1", "b/x3", "b/x5", "b/x7", "b/x9"]


def test_a_first_poll_ends_at_the_release(state: WatchState) -> None:
    old = {**model("b/old", 1, BASE), "lastModified": "2025-01-01T00:00:00.000Z"}
    older = {**model("b/older", 1), "lastModified": "2024-01-01T00:00:00.000Z"}
    with serve(*TEN[:2], old, older, page_rows=1) as hub:
        pages = _poll(hub, state)

    assert len(pages) == 3
    assert pages[-1].is_last


@pytest.mark.parametrize("killed_after", range(5))
def test_a_poll_that_is_killed_loses_nothing_and_doubles_nothing(
    killed_after: int, state: WatchState
) -> None:
    with serve(*TEN, page_rows=2) as hub:
        pages = poll(_watched(hub), state, QUESTION, EVERYTHING, AT)
        for _ in range(killed_after):
            next(pages)
        pages.close()
        hub.models.append(model("b/meanwhile", 15, BASE))
        _poll(hub, state)
        _poll(hub, state)

        asked = hub.requests[killed_after:]
    assert _repositories(state) == ["b/meanwhile", "b/x1", "b/x3", "b/x5", "b/x7", "b/x9"]
    # What was read before is not read again: the rest of the stretch, and then the new one.
    assert len(asked) <= 7


def test_a_poll_that_fails_in_the_middle_goes_on_there(state: WatchState) -> None:
    with serve(*TEN, page_rows=2) as hub:
        hub.fault = lambda _: (403, {}, b"{}") if len(hub.requests) == 3 else None
        with pytest.raises(InputError, match="HTTP status 403"):
            _poll(hub, state)
        hub.fault = None
        rest = _poll(hub, state)

    assert len(rest) == 3
    assert _repositories(state) == ["b/x1", "b/x3", "b/x5", "b/x7", "b/x9"]


def test_a_page_that_the_hub_forgot_begins_the_stretch_anew(state: WatchState) -> None:
    with serve(*TEN, page_rows=2) as hub:
        _poll(hub, state, Limits(since=EVERYTHING.since, most_pages=2, with_files=False))
        gone = state.position(hub.url).next_url
        hub.fault = lambda path: (400, {}, b"{}") if gone and gone.endswith(path) else None
        # A new row moves every later page to another place.
        hub.models.append(model("b/new", 20))
        pages = _poll(hub, state)

    assert pages[-1].is_last
    assert _repositories(state) == ["b/x1", "b/x3", "b/x5", "b/x7", "b/x9"]


def test_a_hub_that_knows_no_list_is_refused(state: WatchState) -> None:
    with serve() as hub:
        hub.fault = lambda _: (404, {}, b"{}")
        with pytest.raises(InputError, match="HTTP status 404"):
            _poll(hub, state)


def test_a_child_that_came_before_its_parent_is_found_once_the_parent_is_known(
    state: WatchState,
) -> None:
    child, parent = model("c/child-heretic", 9, "b/parent"), model("b/parent", 2, BASE)
    with serve(child, *TEN[2:8:2], parent, page_rows=1) as hub:
        pages = _poll(hub, state)

    assert pages[0].new == ()
    assert {f.kind for f in pages[-1].new} == {FindingKind.DERIVATIVE, FindingKind.UNCENSORED}
    assert _repositories(state) == ["b/parent", "c/child-heretic", "c/child-heretic"]


def test_a_hub_that_asks_for_time_is_given_it(state: WatchState) -> None:
    answers: list[Answer] = [
        (429, {"Retry-After": "7"}, b""),
        (503, {"Retry-After": "Thu, 01 Oct 2026 00:01:00 GMT"}, b""),
        (500, {}, b""),
        (502, {"Retry-After": "soon"}, b""),
    ]
    waited: list[float] = []
    with serve(*TEN[:2]) as hub:
        hub.fault = lambda _: answers.pop(0) if answers else None
        pages = list(poll(_watched(hub, waited), state, QUESTION, EVERYTHING, AT))

    assert waited == [7.0, 60.0, 4.0, 8.0]
    assert [page.passed.tally.rows for page in pages] == [2]


_UNSORTED = (
    b'[{"id": "b/x", "lastModified": "2026-01-01T00:00:00Z"},'
    b' {"id": "b/y", "lastModified": "2026-02-01T00:00:00Z"}]'
)
FAULTS: dict[str, tuple[Answer, str]] = {
    "never answers": ((500, {}, b""), "HTTP status 500"),
    "asks for an hour": ((429, {"Retry-After": "3600"}, b""), "asks for 3600 seconds"),
    "asks for a token": ((401, {}, b""), "TIERGATE_TOKEN or HF_TOKEN"),
    "redirects": ((302, {"Location": "http://127.0.0.1:9/x"}, b""), "a redirect to"),
    "answers with no list": ((200, {}, b'{"error": 1}'), "no list"),
    "answers with no JSON": ((200, {}, b"<html>"), "no list"),
    "names a page elsewhere": (
        (200, {"Link": '<http://127.0.0.1:9/api/models?cursor=1>; rel="next"'}, b"[]"),
        "a next page at another address",
    ),
    "does not sort": (
        (
            200,
            {"Link": '</api/models?cursor=1>; rel="next"'},
            _UNSORTED,
        ),
        "not sorted",
    ),
    "gives no dates": (
        (200, {"Link": '</api/models?cursor=1>; rel="next"'}, b'[{"id": "b/x"}]'),
        "not sorted",
    ),
}


@pytest.mark.parametrize("sentence", FAULTS)
def test_a_hub_is_refused_that(sentence: str, state: WatchState) -> None:
    answer, words = FAULTS[sentence]
    with serve(*TEN) as hub:
        hub.fault = lambda _: answer
        with pytest.raises(InputError, match=words):
            _poll(hub, state)

    assert state.position(hub.url) == Position()
    assert state.covered() == ()


@pytest.mark.parametrize("other", ["a", "b"], ids=["to itself", "to the one before"])
def test_a_hub_whose_pages_lead_back_is_refused(other: str, state: WatchState) -> None:
    def circle(path: str) -> Answer:
        after = other if "cursor=a" in path else "a"
        return 200, {"Link": f'</api/models?cursor={after}>; rel="next"'}, b"[]"

    with serve() as hub:
        hub.fault = circle
        with pytest.raises(InputError, match="pages that lead back to one that was read"):
            _poll(hub, state)

    assert len(hub.requests) < 30


def test_a_hub_that_cannot_be_reached_is_tried_again_and_then_refused(state: WatchState) -> None:
    with serve() as hub:
        pass
    waited: list[float] = []
    with pytest.raises(InputError, match="no answer"):
        list(poll(_watched(hub, waited), state, QUESTION, EVERYTHING, AT))

    assert waited == [1.0, 2.0, 4.0, 8.0, 16.0]


def test_a_place_at_another_address_is_not_followed_from_a_state(state: WatchState) -> None:
    with serve(*TEN) as hub, serve() as other:
        with state.writing():
            state.move(hub.url, Position(next_url=f"{other.url}/api/models"))
        with pytest.raises(InputError, match="another address"):
            _poll(hub, state)

        assert other.requests == []


def test_items_that_cannot_be_read_are_counted(state: WatchState) -> None:
    with serve(*TEN[:1]) as hub:
        hub.fault = lambda _: (200, {}, b'[{"id": "../x"}, {"id": "b/y", "tags": 1}, 7]')
        (page,) = _poll(hub, state)

    assert page.passed.tally.unreadable == 3
    assert page.passed.tally.reasons[0].startswith("item 1: an id that names no repository")


def test_digests_are_asked_for_where_a_row_can_be_a_finding(state: WatchState) -> None:
    named = model("b/Lantern-7B-copy", 3)
    limits = Limits(since=EVERYTHING.since, most_pages=None, with_files=True)
    with serve(named, model("b/else", 2), model("b/Lantern-7B-gone", 1)) as hub:
        hub.files["b/Lantern-7B-copy"] = [
            {"rfilename": f"w{n}", "size": 10, "lfs": {"sha256": digest, "size": 10}}
            for n, digest in enumerate((ONE, TWO))
        ]
        _poll(hub, state, limits)

    kinds = {s.finding.repository: s.finding.kind for s in state.findings()}
    assert kinds == {
        "b/Lantern-7B-copy": FindingKind.RENAMED_COPY,
        "b/Lantern-7B-gone": FindingKind.NAME_LEAD,
    }
    assert len(hub.requests) == 3


def test_the_token_comes_from_the_environment_and_goes_to_the_hub_alone(
    state: WatchState, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_x")
    with serve(*TEN[:1]) as hub:
        named = watched_hub(hub.url, may_be_plain=False, sleep=lambda _: None, now=lambda: AT)
        list(poll(named, state, QUESTION, EVERYTHING, AT))

    assert hub.tokens == ["Bearer hf_x"]
    monkeypatch.setenv("HF_TOKEN", "ä")
    with pytest.raises(InputError, match="a token that no header can carry"):
        watched_hub(hub.url, may_be_plain=False, sleep=lambda _: None, now=lambda: AT)


def test_http_to_another_machine_needs_a_word() -> None:
    with pytest.raises(InputError, match="--unsafe-plain-http"):
        watched_hub(
            "http://hub.example.org", may_be_plain=False, sleep=lambda _: None, now=lambda: AT
        )


def test_two_polls_at_once_find_everything_once(tmp_path: Path) -> None:
    with serve(*TEN, page_rows=2) as hub:

        def read() -> None:
            with WatchState(tmp_path / "state") as own:
                _poll(hub, own)

        threads = [threading.Thread(target=read) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with WatchState(tmp_path / "state") as own:
            assert _repositories(own) == ["b/x1", "b/x3", "b/x5", "b/x7", "b/x9"]


def test_a_state_of_something_else_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"not a database" * 100)

    with pytest.raises(InputError, match="cannot be used"):
        WatchState(other)


def test_a_model_that_is_watched_later_is_found_in_what_was_read_before(state: WatchState) -> None:
    late = LANTERN.model_copy(update={"name": "acme/Late", "aliases": (), "files": ()})
    other = Question(models=(LANTERN, late), words=WORDS, at=AT)
    with serve(model("b/x", 2, "acme/Late")) as hub:
        _poll(hub, state)
        before = _repositories(state)
        hub.models.append(model("b/else", 3))
        list(poll(_watched(hub), state, other, EVERYTHING, AT))

    assert [before, _repositories(state)] == [[], ["b/x"]]


def test_what_another_run_read_in_the_meantime_takes_part(tmp_path: Path) -> None:
    parent, child = model("b/parent", 2, BASE), model("c/child", 9, "b/parent")
    with (
        WatchState(tmp_path / "state") as one,
        WatchState(tmp_path / "state") as two,
        serve(*TEN[2:8:2], parent, page_rows=1) as hub,
        serve(child) as other,
    ):
        pages = poll(_watched(hub), one, QUESTION, EVERYTHING, AT)
        next(pages)
        _poll(other, two)
        list(pages)

        assert _repositories(one) == ["b/parent", "c/child"]


def test_what_was_linked_is_not_found_again_on_every_page(state: WatchState) -> None:
    with serve(*TEN, page_rows=2) as hub:
        pages = _poll(hub, state)

    assert [len(page.passed.findings) for page in pages] == [1, 1, 1, 1, 1]
