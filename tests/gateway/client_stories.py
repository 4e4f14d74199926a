# SPDX-License-Identifier: Apache-2.0
"""What unmodified clients of the Hub do with the gateway, told once for every release of them."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable

from gateway.clients import Client, Outcome, Watched, do
from gateway.town import (
    ABSENT,
    ANNOUNCED,
    DATA,
    EXCLUDED,
    FROZEN,
    GATED,
    HIDDEN,
    HOSTED,
    LAPSED,
    OPEN,
    REPOSITORIES,
    WEIGHTS,
    WITHDRAWN,
)
from tiergate.release import bodies

FILES = ("README.md", "config.json", "extra/notes.txt", WEIGHTS)
_LARGE = 24 * 1024 * 1024
"""More than twice what the client reads before it can go on from where it was."""


def _digests(town: Watched) -> dict[str, str]:
    """Return the true digests of the files."""
    return {n: hashlib.sha256((town.model / n).read_bytes()).hexdigest() for n in FILES}


def _is_gated(outcome: Outcome, *words: str) -> bool:
    """Tell whether a client tells a refusal as such, with the words of the gateway."""
    return outcome.error == "GatedRepoError" and all(word in outcome.said for word in words)


def what_may_be_had_is_had_whole(client: Client, town: Watched) -> None:
    """Every way to download gives the true bytes, and the client's own check agrees."""
    found = client.run(
        town,
        do("download", GATED, WEIGHTS),
        do("snapshot", GATED),
        do("verify", GATED),
        do("fs_read", f"{GATED}/{WEIGHTS}"),
        do("fs_read", f"{GATED}/{WEIGHTS}", 10, 2000),
        do("fs_seek", f"{GATED}/{WEIGHTS}", 5000, 1000),
        do("snapshot_wide", OPEN, local_dir=str(town.folder / "wide" / client.version)),
        do("command", "download", OPEN, "--local-dir", "here"),
        do("auth_check", GATED),
        who="gwen",
    )
    digests = _digests(town)
    parts = [town.weights[10:2000], town.weights[5000:6000]]

    assert [each for each in found if each.error] == []
    assert found[0].found == digests[WEIGHTS]
    assert found[1].found == digests
    assert found[2].found in ([], None)
    assert found[3].found == digests[WEIGHTS]
    assert [each.found for each in found[4:6]] == [hashlib.sha256(p).hexdigest() for p in parts]
    assert found[6].found == digests
    assert found[7].found["code"] == 0, found[7].found["err"]


def nothing_of_it_changes_what_open_weights_are(client: Client, town: Watched) -> None:
    """What is for everybody is had without a token."""
    found = client.run(town, do("download", OPEN, WEIGHTS), do("snapshot", OPEN))

    assert [found[0].found, found[1].found] == [_digests(town)[WEIGHTS], _digests(town)]


def a_refusal_is_told_in_our_words(client: Client, town: Watched) -> None:
    """A client without a token is told to log in, and where to ask."""
    words = ("Access to acme/gated is restricted: log in", "http://hub.example/acme/gated")
    found = client.run(
        town,
        do("download", GATED, WEIGHTS),
        do("snapshot", GATED),
        do("auth_check", GATED),
        do("fs_read", f"{GATED}/{WEIGHTS}"),
        do("command", "download", GATED, WEIGHTS, "--local-dir", "here"),
    )

    assert all(_is_gated(each, *words) for each in found[:4]), found
    assert found[4].found["code"] == 1


def each_state_is_told_by_its_reason(client: Client, town: Watched) -> None:
    """The words differ, and say what is so; somebody with a grant is told them as well."""
    words = {
        HOSTED: "The weights of acme/hosted are not handed out. It can be used at",
        ANNOUNCED: "acme/announced is not released yet. The first stage is hosted",
        FROZEN: "Downloads of acme/frozen are stopped. Frozen on",
        WITHDRAWN: "The release of acme/withdrawn has ended. Copies made before",
        LAPSED: "The decision to release acme/lapsed is no longer valid.",
    }
    elsewhere = do("download", EXCLUDED, WEIGHTS, who="dieter")
    found = client.run(
        town, *(do("download", name, WEIGHTS) for name in words), elsewhere, who="gwen"
    )
    for outcome, text in zip(found, words.values(), strict=False):
        assert _is_gated(outcome, text), outcome
    assert _is_gated(found[-1], "acme/excluded cannot be downloaded from where you are.")


def each_person_is_told_their_own(client: Client, town: Watched) -> None:
    """Somebody without a grant is told what became of theirs, or of their request."""
    words = {
        "nora": "restricted: ask at http://hub.example/acme/gated",
        "petra": "Your request for acme/gated is not decided yet.",
        "rex": "Your grant for acme/gated was revoked.",
        "exa": "Your grant for acme/gated has ended.",
        "otto": "Your grant for acme/gated is for another revision.",
        "ulf": "The downloads of your grant for acme/gated are used up.",
        "dora": "restricted: log in",
    }
    found = client.run(town, *(do("download", GATED, WEIGHTS, who=name) for name in words))
    for outcome, text in zip(found, words.values(), strict=True):
        assert _is_gated(outcome, text), outcome


def what_is_hidden_is_not_there(client: Client, town: Watched) -> None:
    """A client cannot tell a hidden repository from one that does not exist."""
    actions = [
        action
        for who in ("", "nora")
        for name in (HIDDEN, ABSENT)
        for action in (
            do("download", name, WEIGHTS, who=who),
            do("snapshot", name, who=who),
            do("auth_check", name, who=who),
            do("info", name, who=who),
        )
    ]
    found = client.run(town, *actions)
    assert {each.error for each in found} == {"RepositoryNotFoundError"}
    for first in (0, 8):
        for hidden, absent in zip(found[first : first + 4], found[first + 4 :], strict=False):
            assert hidden.said.replace(HIDDEN, ABSENT) == absent.said


def what_is_not_there_is_told_as_such(client: Client, town: Watched) -> None:
    """A missing file, a missing revision and one that no decision is about."""
    found = client.run(
        town,
        do("download", GATED, "absent.txt"),
        do("download", GATED, WEIGHTS, revision="absent"),
        do("download", GATED, WEIGHTS, revision=town.old.commit),
        do("file_exists", GATED, "absent.txt"),
        do("file_exists", GATED, WEIGHTS),
        do("revision_exists", GATED, "absent"),
        do("fs_read", f"{GATED}/absent.txt"),
        do("download", GATED, WEIGHTS, revision=town.revision.commit),
        who="gwen",
    )

    assert "EntryNotFoundError" in found[0].kinds
    assert [each.error for each in found[1:3]] == ["RevisionNotFoundError"] * 2
    assert [each.found for each in found[3:6]] == [False, True, False]
    assert found[6].error == "FileNotFoundError"
    assert found[7].found == _digests(town)[WEIGHTS]


def a_repository_is_described(client: Client, town: Watched) -> None:
    """Info, sizes, tree, paths, refs, lists: what a client asks for beside the files."""
    sizes = {name: (town.model / name).stat().st_size for name in FILES}
    known = sorted(set(REPOSITORIES) - {HIDDEN})
    found = client.run(
        town,
        do("whoami"),
        do("info", GATED),
        do("info", GATED, files_metadata=True),
        do("list_files", GATED),
        do("paths", GATED, "extra", "config.json", "absent"),
        do("refs", GATED),
        do("fs_files", GATED),
        do("fs_facts", f"{GATED}/{WEIGHTS}"),
        do("fs_facts", f"{GATED}/extra"),
        do("models"),
        do("models", limit=2),
        do("models", author="acme", search="gated"),
        do("models", author="other"),
        who="nora",
    )
    names = sorted([*(n for n in FILES if "/" not in n), "extra"])

    assert [each.found for each in found] == [
        "nora",
        {"sha": town.revision.commit, "gated": "manual", "siblings": dict.fromkeys(FILES)},
        {"sha": town.revision.commit, "gated": "manual", "siblings": sizes},
        sorted(FILES),
        {"extra": None, "config.json": sizes["config.json"]},
        [["main", town.revision.commit]],
        [f"{GATED}/{name}" for name in names],
        {"type": "file", "size": sizes[WEIGHTS]},
        {"type": "directory", "size": 0},
        known,
        known[:2],
        [GATED],
        [],
    ]


READING: dict[str, Callable[[Client, Watched], None]] = {
    story.__name__: story
    for story in (
        what_may_be_had_is_had_whole,
        nothing_of_it_changes_what_open_weights_are,
        a_refusal_is_told_in_our_words,
        each_state_is_told_by_its_reason,
        each_person_is_told_their_own,
        what_is_hidden_is_not_there,
        what_is_not_there_is_told_as_such,
        a_repository_is_described,
    )
}
"""Stories that change nothing, so that one gateway does for all of them."""


def a_request_goes_its_way(client: Client, town: Watched) -> None:
    """Asked, refused, accepted, allowed, revoked, granted: by the methods of the client."""
    town.settle_one()
    with town.served():
        town.ask(f"/{GATED}/ask-access", method="POST", who="nora", body=b'{"purpose": "a test"}')
        file = do("download", GATED, WEIGHTS, force_download=True, who="nora")
        found = client.run(
            town,
            file,
            do("requests", GATED, "pending"),
            do("accept", GATED, "nora"),
            do("requests", GATED, "accepted"),
            do("accept", GATED, "absent"),
            file,
            do("reject", GATED, "nora", rejection_reason="a reason"),
            do("requests", GATED, "rejected"),
            file,
            do("cancel", GATED, "nora"),
            file,
            do("grant", GATED, "nora"),
            file,
            do("requests", GATED, "pending", who="nora"),
            do("accept", GATED, "nora", who="nora"),
            do("grant", GATED, "nora", who="nora"),
            who="anna",
        )

    waiting, revoked = "is not decided yet", "Your grant for acme/gated was revoked."
    assert waiting in found[0].said
    assert found[1].found == [["nora", "nora", "pending", {"purpose": "a test"}]]
    assert [row[2] for row in found[3].found] == ["accepted"]
    assert found[4].error
    assert found[5].found == town.sha256
    assert [row[0] for row in found[7].found] == ["nora"]
    assert [bool(found[place].error) for place in (2, 6, 9, 11)] == [False] * 4
    for refused, text in ((found[8], revoked), (found[10], waiting)):
        assert refused.error
        assert text in refused.said
    assert found[12].found == town.sha256
    assert [bool(each.error) for each in found[13:]] == [True, True, True]


def a_freeze_stops_the_second_of_two_calls(client: Client, town: Watched) -> None:
    """What was had stays; nothing more is."""
    town.settle_one()

    def freeze() -> None:
        town.enter(bodies.Frozen(), "bea", of="gated")
        time.sleep(1)  # a freeze takes effect within a second

    with town.served():
        found = client.run(
            town,
            do("download", GATED, "config.json"),
            do("download", GATED, WEIGHTS),
            do("snapshot", GATED, local_dir=str(town.folder / "frozen")),
            who="gwen",
            before={1: freeze},
        )

    assert not found[0].error
    assert all(_is_gated(each, "are stopped. Frozen on") for each in found[1:])
    assert not [path for path in (town.folder / "frozen").glob("*.*") if path.is_file()]


def a_freeze_stops_a_running_download(client: Client, town: Watched) -> None:
    """The client is told why when it comes back for the rest, and keeps no file."""
    town.settle_one(_LARGE)

    happened = []

    def freeze() -> None:
        happened.append(town.enter(bodies.Frozen(), "bea", of="gated"))
        time.sleep(2)  # longer than bytes flow unasked

    folder = town.folder / "frozen"
    with town.served():
        town.front.during = freeze
        (found,) = client.run(
            town, do("download", GATED, WEIGHTS, local_dir=str(folder)), who="gwen"
        )

    assert happened
    assert found.error
    assert not (folder / WEIGHTS).exists()


def a_revocation_stops_a_running_download(client: Client, town: Watched) -> None:
    """As with a freeze; the request that follows is refused."""
    town.settle_one(_LARGE)

    def revoke() -> None:
        town.house.requests.revoke(GATED, "gwen", town.now)
        time.sleep(2)  # longer than bytes flow unasked

    folder = town.folder / "revoked"
    with town.served():
        town.front.during = revoke
        found = client.run(
            town,
            do("download", GATED, WEIGHTS, local_dir=str(folder)),
            do("download", GATED, "config.json"),
            who="gwen",
        )

    assert found[0].error
    assert not (folder / WEIGHTS).exists()
    assert _is_gated(found[1], "Your grant for acme/gated was revoked.")


def a_download_that_was_cut_goes_on_from_where_it_was(client: Client, town: Watched) -> None:
    """The rest is asked for by one range, at once or with the next call, and the file is whole.

    Releases from 1.18 to before 1.33 begin again.
    """
    town.settle_one(_LARGE)
    file = do("download", GATED, WEIGHTS)
    with town.served():
        town.front.cut_after = 15 * 1024 * 1024
        found = client.run(town, file, file, who="gwen")
        lines = [line for action in client.requests(town) for line in action]

    ranges = [line.partition("[")[2].rstrip("]") for line in lines if "[" in line]
    assert found[-1].found == town.sha256, found
    assert ranges == ([] if client.version == "1.19.0" else ["bytes=10485760-"])


def a_refusal_leaves_a_folder_as_it_was(client: Client, town: Watched) -> None:
    """A folder with older files does not make a refusal look like success."""
    town.settle_one()
    folder = town.folder / "older"
    folder.mkdir()
    (folder / "config.json").write_text("older")
    with town.served():
        (found,) = client.run(town, do("snapshot", GATED, local_dir=str(folder)), who="nora")

    assert _is_gated(found, "restricted: ask at")
    assert [(p.name, p.read_text()) for p in folder.glob("*.*") if p.is_file()] == [
        ("config.json", "older")
    ]


def data_is_had_with_a_grant_alone(client: Client, town: Watched) -> None:
    """A data set is asked for as one, and refused as a model is."""
    town.settle_one()
    one = town.publish_data()
    town.house.requests.give(DATA, "gwen", by="anna", at=town.now)
    snapshot = do("snapshot", "acme/prompts", repo_type="dataset")
    with town.served():
        (given,) = client.run(town, snapshot, who="gwen")
        (refused,) = client.run(town, snapshot, who="nora")

    assert given.found == {"part/one.jsonl": hashlib.sha256(one).hexdigest()}, given
    assert _is_gated(refused, "restricted: ask at")


CHANGING: dict[str, Callable[[Client, Watched], None]] = {
    story.__name__: story
    for story in (
        a_request_goes_its_way,
        a_freeze_stops_the_second_of_two_calls,
        a_freeze_stops_a_running_download,
        a_revocation_stops_a_running_download,
        a_download_that_was_cut_goes_on_from_where_it_was,
        a_refusal_leaves_a_folder_as_it_was,
        data_is_had_with_a_grant_alone,
    )
}
"""Stories that need a gateway of their own."""
