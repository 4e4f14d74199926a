# SPDX-License-Identifier: Apache-2.0
"""The watch on the command line: what is looked for, found, kept, reported and entered."""

from __future__ import annotations

import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import cli_fixtures
from builders_lineage import llama, tuned, write
from cli_runner import Run, run
from record_fixtures import key_file
from release_fixtures import Release, day

WATCHED = """triggers:
- id: G04
  title: Tamper breakthrough
  asks: Decide anew.
  applies_to: all tiers
  clauses: [EU-COP-M7.6]
  watch:
    findings: [uncensored variant, renamed copy]
    strengths: [bytes, by its name]
    review: {value: 14, unit: days, status: "default, adjustable", basis: a test}
"""
BASE = "acme/lantern-7b"
ROWS: list[dict[str, object]] = [
    {"id": BASE, "createdAt": "2026-08-20T00:00:00.000Z"},
    {"id": "mira/lantern-ft", "createdAt": "2026-08-31T10:00:00.000Z", "base_model": BASE},
    {
        "id": "oz/Torch-Abl1terated",
        "createdAt": "2026-09-02T10:00:00.000Z",
        "tags": ["base_model:finetune:mira/lantern-ft"],
    },
    {"id": "q/lantern-7b-v2", "createdAt": "2026-09-03T10:00:00.000Z"},
    {"id": "r/unrelated", "createdAt": "2026-09-03T10:00:00.000Z"},
]


class Watch:
    """A folder with a released model, an export and a state."""

    def __init__(self, folder: Path) -> None:
        """Describe the model and write the export."""
        self.folder = folder
        self.model = folder / "model"
        self.released = folder / "released.yaml"
        self.state = folder / "state"
        self.export = folder / "models.jsonl"
        if not self.model.exists():
            cli_fixtures.a_folder(self.model)
        words = ("--name", BASE, "--released-at", "2026-08-28", "--add-to", self.released)
        done = run("watch", "describe", self.model, *words, "--sketch")
        assert done.code == 0, done.err
        self.write(ROWS)

    def write(self, rows: list[dict[str, object]]) -> None:
        """Write the export."""
        self.export.write_text("".join(f"{json.dumps(row)}\n" for row in rows))

    def run(self, *words: object, at: str = "2026-11-01") -> Run:
        """Run ``watch run``."""
        return run("watch", "run", *words, "--released", self.released, "--at", at)


@pytest.fixture
def watch(tmp_path: Path) -> Watch:
    return Watch(tmp_path)


def _found(done: Run) -> set[tuple[str, str, str]]:
    return {(f["repository"], f["kind"], f["strength"]) for f in done.json["findings"]}


EXPECTED = {
    ("mira/lantern-ft", "derivative", "declared"),
    ("oz/Torch-Abl1terated", "fine-tune", "declared"),
    ("oz/Torch-Abl1terated", "uncensored variant", "by its name"),
    ("q/lantern-7b-v2", "lead by name", "by its name"),
}


@pytest.mark.parametrize("how", [(), ("--pass", "plain"), ("--pass", "columns"), ("--ray",)])
def test_every_pass_finds_the_same_in_an_export(
    how: tuple[str, ...], watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Several pieces, so that a chain goes from one into another.
    monkeypatch.setattr("tiergate.cli.watch_session._PIECE_ROWS", 2)
    done = watch.run(watch.export, *how, "--json")

    assert done.code == 1, done.err
    assert _found(done) == EXPECTED
    (feed,) = done.json["feeds"]
    assert (feed["rows"], feed["declaring"], feed["unreadable"]) == (5, 2, 0)


@pytest.mark.parametrize("how", [(), ("--pass", "plain"), ("--ray",)])
def test_every_pass_finds_the_same_in_a_parquet_export(how: tuple[str, ...], watch: Watch) -> None:
    path = watch.folder / "models.parquet"
    pl.DataFrame(ROWS).write_parquet(path)
    done = watch.run(path, *how, "--json")

    assert _found(done) == EXPECTED


def test_people_are_told_what_was_found_what_it_rests_on_and_what_it_does_not_prove(
    watch: Watch,
) -> None:
    watch.export.write_text(watch.export.read_text() + '{"id": \n')
    shown = watch.run(watch.export).flat

    assert "models.jsonl 5 rows; 2 name a base; 0 with digests of files" in shown
    assert "! NOT READ: 1 row line 6: " in shown
    assert "MATCHES 3, 3 new" in shown
    assert "oz/torch-abl1terated -> mira/lantern-ft -> acme/lantern-7b (2 steps)" in shown
    assert "by its name only: what the weights do was not measured" in shown
    assert "LEADS 1, 1 new" in shown
    assert "Finding nothing never proves that nothing is there" in shown


def test_nothing_found_is_undetermined(watch: Watch) -> None:
    watch.write([{"id": "r/unrelated"}])
    nothing = watch.run(watch.export)
    watch.write([{"id": "q/lantern-7b-v2"}])
    lead = watch.run(watch.export)

    assert (nothing.code, lead.code) == (3, 3)
    assert "Nothing was found." in nothing.flat
    assert "A lead says where to look and is no match." in lead.flat


def test_only_so_many_are_shown(watch: Watch) -> None:
    watch.write([{"id": f"b/x{n}", "base_model": BASE} for n in range(5)])

    assert "... and 3 more: --json lists all" in watch.run(watch.export, "--show", 2).flat


def test_with_a_state_a_finding_is_new_once_and_keeps_its_first_date(watch: Watch) -> None:
    first = watch.run(watch.export, "--state", watch.state)
    second = watch.run(watch.export, "--state", watch.state, "--json", at="2026-11-05")
    report = run(
        "watch", "report", "--released", watch.released, "--state", watch.state, "--json"
    ).json

    assert (first.code, second.code) == (1, 3)
    assert {f["is_new"] for f in second.json["findings"]} == {False}
    (times,) = report["models"]
    assert times["first"]["first_seen_at"] == "2026-11-01T00:00:00Z"
    assert (report["feeds"][0]["rows"], times["days_covered"]) == (5, 69)


def test_a_later_feed_is_joined_to_what_an_earlier_one_showed(watch: Watch) -> None:
    watch.run(watch.export, "--state", watch.state)
    later = watch.folder / "later.jsonl"
    later.write_text(json.dumps({"id": "z/last", "base_model": "oz/torch-abl1terated"}) + "\n")
    done = watch.run(later, "--state", watch.state, "--json")

    new = {f["repository"] for f in done.json["findings"] if f["is_new"]}
    assert new == {"z/last"}


def test_the_report_says_how_long_it_took(watch: Watch) -> None:
    watch.run(watch.export, "--state", watch.state)
    shown = run("watch", "report", "--released", watch.released, "--state", watch.state).flat

    assert "first copy or derivative 3 days: mira/lantern-ft, derivative (declared)" in shown
    assert "first uncensored variant 5 days: oz/Torch-Abl1terated, uncensored variant" in shown
    assert "models.jsonl 5 rows, created 2026-08-20 to 2026-09-03, 0 with digests" in shown


def test_the_report_says_as_of_when_none_was_seen_and_in_what(watch: Watch) -> None:
    watch.write(ROWS[:1])
    watch.run(watch.export, "--state", watch.state)
    shown = run("watch", "report", "--released", watch.released, "--state", watch.state).flat

    assert (
        "first uncensored variant none seen by 2026-11-01 (65 days) in feeds that cover 1 row; "
        "the time is longer, or they do not show it"
    ) in shown
    assert "seen nothing" in shown


def test_a_report_of_a_state_without_feeds_claims_nothing(watch: Watch) -> None:
    from tiergate.cli.watch_state import WatchState

    WatchState(watch.state).close()
    shown = run("watch", "report", "--released", watch.released, "--state", watch.state).flat

    assert "not known: no feed was read" in shown
    assert "none was read yet" in shown


def test_a_date_before_the_release_and_a_missing_one_are_said(watch: Watch) -> None:
    watch.write(
        [
            {"id": "b/early", "base_model": BASE, "createdAt": "2026-08-01T00:00:00Z"},
            {"id": "b/heretic", "tags": [f"base_model:{BASE}"]},
        ]
    )
    watch.run(watch.export, "--state", watch.state)
    shown = run("watch", "report", "--released", watch.released, "--state", watch.state).flat

    assert "-27 days: b/early" in shown
    assert "dated before the release: its hub's date is wrong, or it leaked" in shown
    assert "that is when the watch saw it, it may be older" in shown


def _header_only(path: Path, shape: list[int], size: int) -> None:
    entry = {"w": {"dtype": "F32", "shape": shape, "data_offsets": [0, size]}}
    text = json.dumps(entry).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text)


def test_a_folder_of_models_headers_and_sketches_is_a_feed(watch: Watch) -> None:
    feed = watch.folder / "feed"
    shutil.copytree(watch.model, feed / "x" / "copy")
    (feed / "y").mkdir()
    shutil.copy(watch.model / "model.safetensors", feed / "solo--file.safetensors")
    shutil.copy(watch.folder / "acme--lantern-7b.sketch", feed / "z--sketched.sketch")
    shape = _shape(watch.model / "model.safetensors")
    (feed / "h").mkdir()
    (feed / "h--headers.safetensors").write_bytes(shape)
    (feed / "cut--off.safetensors").write_bytes(shape[:-3])
    _header_only(feed / "other--shape.safetensors", [2, 2], 16)
    (feed / "notes.txt").write_text("passed over")
    done = watch.run(feed, "--json")

    kinds = {(f["repository"], f["kind"]) for f in done.json["findings"]}
    assert kinds == {
        ("x/copy", "renamed copy"),
        ("solo/file", "renamed copy"),
        ("z/sketched", "renamed copy"),
        ("h/headers", "lead by shape"),
    }
    assert done.json["feeds"][0]["unreadable"] == 1
    assert "a header that is cut off" in done.json["feeds"][0]["reasons"][0]
    assert done.json["feeds"][0]["reasons"][0].startswith("cut/off: ")


def test_a_folder_that_is_named_by_a_dot_has_the_name_of_the_folder(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(watch.model, watch.folder / "feed" / "x" / "copy")
    monkeypatch.chdir(watch.folder / "feed")

    assert watch.run(".", "--json").json["feeds"][0]["source"] == "feed"


def _shape(path: Path) -> bytes:
    data = path.read_bytes()
    return data[: 8 + int.from_bytes(data[:8], "little")]


def test_weights_with_a_common_origin_are_a_lineage_match(tmp_path: Path) -> None:
    weights = llama(1)
    write(tmp_path / "model", weights)
    watch = Watch(tmp_path)
    feed = tmp_path / "feed"
    write(feed / "b" / "tuned", tuned(weights))
    write(feed / "b" / "other", llama(3))
    done = watch.run(feed, "--json")

    matches = {
        (f["repository"], f["kind"], f["strength"])
        for f in done.json["findings"]
        if not f["is_lead"]
    }
    assert matches == {("b/tuned", "lineage match", "weights")}
    (evidence,) = [f["evidence"] for f in done.json["findings"] if f["kind"] == "lineage match"]
    assert evidence[0].startswith("the weights have a common origin, p <= 1e-")
    assert evidence[0].endswith("over 2 comparisons")


REFUSED: dict[str, tuple[tuple[str, ...], int, str]] = {
    "no feed": ((), 4, "no feed"),
    "a feed that is not there": (("none.jsonl",), 4, "no such file or folder"),
    "an empty folder": (("empty",), 4, "no models"),
    "a hub without a state": (("--hub", "https://hub.example.org"), 4, "no --state"),
    "two passes at once": (("models.jsonl", "--ray", "--pass", "plain"), 2, "name one"),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_a_run_is_refused_with(
    sentence: str, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(watch.folder)
    (watch.folder / "empty").mkdir()
    words, code, said = REFUSED[sentence]
    done = watch.run(*words)

    assert done.code == code
    assert said in " ".join(done.err.split())


def test_without_polars_rows_go_one_by_one_and_parquet_is_refused(
    watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "polars" else find(name)
    )
    path = watch.folder / "models.parquet"
    pl.DataFrame(ROWS).write_parquet(path)

    assert _found(watch.run(watch.export, "--json")) == EXPECTED
    refused = watch.run(path)
    assert refused.code == 6
    assert "tiergate[watch]" in refused.err


@pytest.mark.parametrize("name", ["no name", "a/b/c", ""])
def test_a_name_that_is_none_is_refused(name: str, watch: Watch) -> None:
    words = ("--name", name, "--released-at", "2026-08-28")

    done = run("watch", "describe", watch.model, *words)

    assert done.code == 4
    assert f"found name {name!r}, expected names of the form org/name" in done.err


def test_a_name_that_is_none_leaves_no_sketch(watch: Watch) -> None:
    words = ("--name", "a/b/c", "--released-at", "2026-08-28", "--add-to", watch.released)
    before = sorted(watch.folder.iterdir())

    assert run("watch", "describe", watch.model, *words, "--sketch").code == 4
    assert sorted(watch.folder.iterdir()) == before


def test_what_is_looked_for_is_printed_or_added_to_a_file(watch: Watch) -> None:
    words = ("--released-at", "2026-08-28")
    printed = run("watch", "describe", watch.model, "--name", "b/x", *words)
    again = run(
        "watch", "describe", watch.model, "--name", BASE, *words, "--add-to", watch.released
    )
    other = run(
        *("watch", "describe", watch.model, "--name", "b/x", *words),
        *("--alias", "b/y", "--release", "acme", "--add-to", watch.released),
    )

    assert "format: tiergate-released-models/1\nmodels:\n- name: b/x\n" in printed.out
    assert again.code == other.code == 0
    text = watch.released.read_text()
    assert (text.count(BASE), text.count("- name: b/x")) == (1, 1)
    refused = run("watch", "describe", watch.model, "--name", "b/z", *words, "--sketch")
    assert "no --add-to" in refused.err


def test_the_words_are_listed_with_their_sources() -> None:
    shown = run("watch", "words")
    listed = run("watch", "words", "--json").json

    assert "abliterat" in shown.out
    assert "(not checked)" in shown.out
    assert all(word["source"].startswith("https://") for word in listed["words"])


class Entering(Watch):
    """A release in a ledger whose policy has a trigger for the watch."""

    def __init__(self, folder: Path) -> None:
        """Open the first stage."""
        self.release = Release(folder)
        text = self.release.policy.read_text().partition("triggers:")[0]
        self.release.policy = folder / "watched.yaml"
        self.release.policy.write_text(f"{text}{WATCHED}not_covered: [everything else]\n")
        self.release.record = self.release.decide(folder / "watched.json", day(-1))
        self.release.opened()
        super().__init__(folder)
        assert self.run(self.export, "--state", self.state, at=day(0)).code == 1

    def enter(self, *words: object, policy: Path | None = None) -> Run:
        """Enter what was found."""
        key = key_file(self.folder, "cem-ed25519")
        who = ("--as", "legal", "--key", key, "--reason", "seen by the watch")
        where = ("--released", self.released, "--state", self.state)
        which = ("--policy", policy or self.release.policy)
        options = (*who, *where, *which, *self.release.where, "--unsafe-at", day(0))
        return run("watch", "enter", *options, *words)

    def status(self) -> Any:  # noqa: ANN401 - JSON
        """Return the status of the release."""
        return self.release.status(day(1))


@pytest.fixture
def entering(tmp_path: Path) -> Entering:
    return Entering(tmp_path)


def test_what_was_found_is_entered_once_and_fires_the_triggers_of_the_policy(
    entering: Entering,
) -> None:
    first, size = entering.enter(), entering.release.size()
    second = entering.enter()
    status = entering.status()

    assert (first.code, second.code) == (0, 0), first.out + first.err
    assert "saw oz/Torch-Abl1terated: uncensored variant (by its name), fires G04" in first.flat
    assert "0 findings were there already; 1 leads stay out." in first.flat
    assert second.flat == "3 findings were there already; 1 leads stay out."
    assert [size, entering.release.size()] == [8, 8]
    assert status["standing"] == "under review"
    assert len(status["derivatives"]) == 3
    (review,) = status["reviews"]
    assert review["body"]["review"] == {"triggers": ["G04"], "days": 14}
    assert review["body"]["source"] == "models.jsonl"
    assert "by its name only" in review["body"]["evidence"][-1]
    shown = run("release", "status", *entering.release.where, "--at", day(1)).flat
    assert "derivatives 3 seen elsewhere: 1 derivative, 1 fine-tune, 1 uncensored variant" in shown
    assert run("ledger", "verify", *entering.release.where).code == 0


def test_entering_prints_json(entering: Entering) -> None:
    done = entering.enter("--json")

    assert '"kind": "derivative seen"' in done.out
    assert "findings were there already" not in done.out


def test_the_triggers_of_another_policy_do_not_count(entering: Entering) -> None:
    done = entering.enter(policy=Path(__file__).parents[2] / "examples/release/policy.yaml")

    assert done.code == 5
    assert "the policy of the newest decision" in " ".join(done.err.split())
    assert entering.status()["derivatives"] == []


def test_entering_ends_at_the_first_that_is_refused(entering: Entering) -> None:
    key = key_file(entering.folder, "cem-ed25519")
    who = ("--as", "legal", "--key", key, "--reason", "x", "--unsafe-at", day(-2))
    where = ("--released", entering.released, "--state", entering.state)
    which = ("--policy", entering.release.policy)
    done = run("watch", "enter", *who, *where, *which, *entering.release.where)

    assert done.code == 6
    assert "Not allowed, and nothing was entered" in done.out


def test_findings_about_another_release_stay_out(entering: Entering) -> None:
    text = entering.released.read_text()
    entering.released.write_text(text.replace(f"name: {BASE}\n", f"name: {BASE}\n  release: b\n"))
    done = entering.enter()

    assert done.code == 4
    assert "no model of the release acme" in " ".join(done.err.split())


def test_a_state_that_is_not_there_is_refused_and_not_made(entering: Entering) -> None:
    entering.state.unlink()

    assert entering.enter().code == 4
    assert not entering.state.exists()
    report = ("--released", entering.released, "--state", entering.state)
    assert run("watch", "report", *report).code == 4


def test_a_run_that_is_killed_keeps_whole_feeds_or_nothing(watch: Watch) -> None:
    rows: list[dict[str, object]] = [{"id": f"b/x{n}", "base_model": BASE} for n in range(20_000)]
    watch.write(rows)
    command = [sys.executable, "-m", "tiergate", "watch", "run", str(watch.export)]
    command += ["--released", str(watch.released), "--state", str(watch.state)]
    for wait in (0.3, 0.8, 1.3):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        time.sleep(wait)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        if watch.state.exists():
            counts = run(
                *("watch", "report", "--released", watch.released, "--state", watch.state),
                "--json",
            ).json["models"][0]["counts"]
            assert counts in ([], [{"kind": "derivative", "count": 20_000}])
    watch.run(watch.export, "--state", watch.state)
    report = run("watch", "report", "--released", watch.released, "--state", watch.state, "--json")
    assert report.json["models"][0]["counts"] == [{"kind": "derivative", "count": 20_000}]
