# SPDX-License-Identifier: Apache-2.0
"""``tiergate release`` and ``tiergate ledger``: what is entered, what is refused, what is shown."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli_runner import Run, run
from record_fixtures import day as record_day
from release_fixtures import EXAMPLE, Release, day, public_file
from tiergate.attestation.merkle import proves_consistency, proves_inclusion

ADA, BEA, CEM, EVE, DUA = (f"{n}-ed25519" for n in ("ada", "bea", "cem", "eve", "dua"))


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a release whose first stage is open; tests change copies of it."""
    folder = tmp_path_factory.mktemp("release")
    Release(folder).opened()
    return folder


@pytest.fixture
def opened(made_once: Path, tmp_path: Path) -> Release:
    """Return a release of the test's own, with five events."""
    shutil.copytree(made_once, tmp_path / "own")
    return Release(tmp_path / "own")


@pytest.fixture
def fresh(opened: Release) -> Release:
    """Return one before its submission."""
    opened.ledger.unlink()
    shutil.rmtree(opened.heads)
    return opened


def test_a_release_goes_through_its_stages(opened: Release) -> None:
    early = opened.act(ADA, "advance", "researchers", at=day(29))
    frozen = opened.act(CEM, "freeze", at=day(29))
    alone = opened.act(ADA, "thaw", at=day(29))
    approvals = [opened.act(n, "approve", "--thaw", 6, at=day(29)) for n in (BEA, CEM)]
    thawed = opened.act(ADA, "thaw", at=day(29))
    advanced = opened.act(ADA, "advance", "researchers", at=day(30))

    assert (early.code, "time lock" in early.out) == (6, True)
    assert (alone.code, "quorum" in alone.out) == (6, True)
    assert [r.code for r in (frozen, *approvals, thawed, advanced)] == [0] * 5
    log = run("release", "log", *opened.where)
    assert (log.code, opened.size()) == (0, 10)
    assert "10  " in log.out
    assert "advanced to researchers, by Ada as release owner: because" in log.flat
    assert run("ledger", "verify", *opened.where).code == 0


def test_the_lane_is_drawn_with_gates_signers_and_what_is_missing(opened: Release) -> None:
    shown = run("release", "status", *opened.where, "--at", day(1)).out

    assert "acme-1b: waiting" in shown
    assert "[x] defenders" in shown
    assert "[>] researchers" in shown
    assert "shut time lock" in shown
    assert "ok   quorum" in shown
    assert "signed      Bea as safety lead, Cem as legal" in shown


def test_who_approves_twice_is_shown_once(opened: Release) -> None:
    assert 0 == opened.approve("bea-ed25519", at=day(0.5)).code

    shown = run("release", "status", *opened.where, "--at", day(1)).out

    assert 1 == shown.count("Bea as safety lead")


def test_whatever_stands_is_shown(opened: Release) -> None:
    acts: tuple[tuple[str, ...], ...] = (
        ("hold",),
        ("freeze",),
        ("incident", "--severity", "imminent harm", "--jurisdiction", "EU"),
        ("object",),
    )
    for words in acts:
        assert opened.act(CEM, *words).code == 0
    shown = run("release", "status", *opened.where, "--at", day(0)).flat

    for line in ("acme-1b: frozen", "held event 6", "frozen event 7", "incidents event 8"):
        assert line in shown
    assert "objections event 9, Cem: because" in shown
    assert "serves nothing" in shown


def test_acts_print_json_when_asked(opened: Release) -> None:
    done = opened.act(CEM, "hold", "--json")
    refused = opened.act(ADA, "advance", "researchers", "--json")

    assert done.json["event"]["body"] == {"kind": "held"}
    assert (done.json["event"]["sequence"], done.json["event"]["clock"]) == (6, "given")
    assert {r["rule"] for r in refused.json["refused"]} == {"hold", "time lock"}
    assert refused.json["exit_code"] == refused.code == 6


def test_an_event_without_a_given_time_has_that_of_the_clock(opened: Release) -> None:
    who = ("--as", "legal", "--key", opened.folder / f"{CEM}.key", "--reason", "because")
    done = run("release", "hold", *who, *opened.where, "--json")

    assert (done.code, done.json["event"]["clock"]) == (0, "system")


def test_a_grant_is_given_listed_and_revoked(opened: Release) -> None:
    given = opened.act(ADA, "grant", "team-7", "--until", day(9))
    listed = [g["body"]["identity"] for g in opened.status()["grants"]]
    revoked = opened.act(CEM, "revoke", 6)

    assert (given.code, revoked.code, listed) == (0, 0, ["team-7"])
    assert opened.status()["grants"] == []


def test_an_incident_is_closed_by_those_who_may(opened: Release) -> None:
    opened.act(CEM, "incident")
    closed = opened.act(BEA, "incident", "--close", 6)

    assert closed.code == 0, closed.out
    assert opened.status()["incidents"] == []


def test_a_hold_is_lifted_by_whoever_placed_it_or_with_the_people_of_the_policy(
    opened: Release,
) -> None:
    opened.act(BEA, "hold")
    alone = opened.act(ADA, "resume")
    own = opened.act(BEA, "resume")
    opened.act(BEA, "hold")
    for name in (BEA, CEM):
        assert opened.act(name, "approve", "--resume", 8).code == 0
    together = opened.act(ADA, "resume", "--event", 8)

    assert (alone.code, own.code, together.code) == (6, 0, 0)


def test_nothing_to_lift_is_said(opened: Release) -> None:
    done = opened.act(ADA, "thaw")

    assert (done.code, "no freeze that stands" in done.err) == (4, True)


def test_a_withdrawn_release_is_over(opened: Release) -> None:
    assert opened.act(ADA, "withdraw").code == 0
    assert opened.act(CEM, "hold").code == 6
    assert opened.status()["standing"] == "withdrawn"


def test_a_newer_decision_needs_new_approvals(opened: Release) -> None:
    newer = opened.decide(opened.folder / "newer.json", day(1))
    done = opened.submit(newer, at=day(2))

    assert done.code == 0, done.err
    assert opened.status(day(2))["missing"] == ["safety lead", "legal"]
    old = opened.approve(BEA, at=day(2))
    assert (old.code, "newest decision" in old.err) == (5, True)


def test_who_signed_the_record_as_evaluator_cannot_approve(fresh: Release) -> None:
    assert fresh.submit(None, "--evaluator", "  bea ").code == 0
    done = fresh.approve(BEA)

    assert (done.code, "own evaluation" in done.out) == (6, True)
    assert fresh.size() == 2


def test_an_approver_who_is_shown_something_else_than_was_entered_is_stopped(
    fresh: Release,
) -> None:
    other = fresh.folder / "other.yaml"
    other.write_text(
        fresh.policy.read_text().replace("roles: [safety lead, legal]", "roles: [legal]")
    )
    fresh.submit()
    done = fresh.act(BEA, "approve", fresh.record, "--policy", other)

    assert (done.code, fresh.size()) == (5, 2)


def _expired(own: Release) -> None:
    own.believe(valid_until=record_day(-1))


def _not_yet(own: Release) -> None:
    own.believe(valid_from=record_day(200))


def _stranger(own: Release) -> None:
    text = own.trust.read_text()
    own.trust.write_text(text[: text.index("- key_id", text.index("person: Cem"))])


def _nothing(own: Release) -> None:
    del own


Act = Callable[[Release], Run]
BAD: dict[str, tuple[Callable[[Release], object], Act, int]] = {
    "a key that the trust file does not have": (
        _stranger,
        lambda r: r.act(EVE, "hold"),
        5,
    ),
    "the right key in a role that is not its person's": (
        _nothing,
        lambda r: r.act(CEM, "hold", role="safety lead"),
        5,
    ),
    "a key that is valid later": (_nothing, lambda r: r.act(BEA, "hold", at=record_day(-301)), 5),
    "a key that is valid no longer": (
        _nothing,
        lambda r: r.act(BEA, "hold", at=record_day(300)),
        5,
    ),
    "a ledger with an event of a key that was not valid then": (
        _expired,
        lambda r: r.act(CEM, "hold"),
        5,
    ),
    "a ledger with an event of a key that is valid later": (
        _not_yet,
        lambda r: r.act(CEM, "hold"),
        5,
    ),
    "a clock that was set back": (_nothing, lambda r: r.act(CEM, "hold", at=day(-1)), 6),
    "a record for another policy": (
        _nothing,
        lambda r: r.act(ADA, "submit", r.record, "--policy", "default"),
        5,
    ),
    "a record for a policy that is not shipped and not given": (
        _nothing,
        lambda r: r.act(ADA, "submit", r.record),
        4,
    ),
    "the same decision again": (_nothing, lambda r: r.submit(), 6),
    "a record that was changed": (
        lambda r: _edit(r.record),
        lambda r: r.approve(BEA),
        5,
    ),
    "a record of somebody who is not needed": (
        lambda r: r.decide(r.folder / "wrong.json", day(1), BEA),
        lambda r: r.submit(r.folder / "wrong.json", at=day(2)),
        5,
    ),
    "a decision that lapsed": (_nothing, lambda r: r.approve(BEA, at=day(100)), 5),
    "a truncated ledger": (
        lambda r: r.tamper("DELETE FROM entries WHERE sequence = 5"),
        lambda r: r.act(CEM, "hold"),
        5,
    ),
    "an edited ledger": (
        lambda r: r.tamper("UPDATE entries SET entry = x'00' WHERE sequence = 3"),
        lambda r: r.act(CEM, "hold"),
        5,
    ),
    "a key that cannot sign heads, and no other": (
        _nothing,
        lambda r: r.act("dua-p256", "hold"),
        4,
    ),
    "a release that is not there": (
        _nothing,
        lambda r: r.act(CEM, "hold", "--release", "other"),
        4,
    ),
    "a ledger that is not there": (
        lambda r: r.ledger.rename(r.folder / "away"),
        lambda r: r.act(CEM, "hold"),
        4,
    ),
    "an approval of nothing": (_nothing, lambda r: r.act(BEA, "approve"), 2),
}


def _edit(path: Path) -> None:
    document = json.loads(path.read_text())
    payload = document["dsseEnvelope"]["payload"]
    document["dsseEnvelope"]["payload"] = payload[:-8] + payload[-8:].swapcase()
    path.write_text(json.dumps(document))


@pytest.mark.parametrize("what", BAD)
def test_is_refused_with_its_code_and_nothing_is_written(opened: Release, what: str) -> None:
    prepare, act, code = BAD[what]
    prepare(opened)
    files = _files(opened.folder)

    done = act(opened)

    assert done.code == code, done.out + done.err
    assert _files(opened.folder) == files


def _files(folder: Path) -> dict[str, int]:
    return {
        str(p.relative_to(folder)): p.stat().st_size
        for p in folder.rglob("*")
        if p.is_file() and p.suffix not in {".key", ".sqlite-shm", ".sqlite-wal"}
    }


def test_one_person_with_two_keys_is_one(fresh: Release) -> None:
    fresh.submit()
    plan = fresh.act(ADA, "open", "defenders")
    for name, role in ((BEA, "safety lead"), (BEA, "legal")):
        assert fresh.approve(name, role=role).code == 0
    still = fresh.act(ADA, "open", "defenders")

    assert (plan.code, still.code) == (6, 6)
    assert "1 of 2 people approve" in still.flat


def test_a_key_of_another_kind_acts_with_a_key_for_heads(opened: Release) -> None:
    done = opened.act("dua-p256", "hold", "--head-key", opened.folder / f"{ADA}.key")

    assert done.code == 0, done.err
    assert run("ledger", "verify", *opened.where).code == 0


def test_heads_go_to_every_folder_that_is_named(opened: Release) -> None:
    folders = [opened.folder / "one", opened.folder / "two"]
    done = opened.act(CEM, "hold", *(w for f in folders for w in ("--heads", f)))

    assert done.code == 0
    for folder in folders:
        assert [p.name for p in folder.iterdir()] == ["head-0000000006.txt"]
        assert run("ledger", "verify", *opened.where, "--heads", folder).code == 0


def test_a_submission_that_is_refused_leaves_no_ledger(fresh: Release) -> None:
    done = fresh.act(
        "dua-p256", "submit", fresh.record, "--policy", fresh.policy, "--plan", fresh.plan
    )

    assert done.code == 4
    assert not fresh.ledger.exists()


def test_a_second_submission_is_refused(opened: Release) -> None:
    words = ("submit", opened.record, "--policy", opened.policy, "--plan", opened.plan)
    done = opened.act(ADA, *words)

    assert (done.code, "submitted once" in done.out) == (6, True)


def test_a_plan_is_shown(tmp_path: Path) -> None:
    shown = run("release", "plan", EXAMPLE / "plan.yaml")
    as_json = run("release", "plan", EXAMPLE / "plan.yaml", "--json").json

    assert "researchers      T1  30 days · no open incident · watch clean" in shown.out
    assert [stage["name"] for stage in as_json["stages"]] == ["defenders", "researchers"]
    late = tmp_path / "plan.yaml"
    dated = (
        (EXAMPLE / "plan.yaml")
        .read_text()
        .replace("  minimum_days: 30", '  not_before: "2026-12-24T00:00:00Z"')
    )
    late.write_text(dated)
    assert "not before 2026-12-24" in run("release", "plan", late).out


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("name: researchers", "name: defenders", "stands here twice"),
        ("people: 2", "people: 0", "greater than or equal to 1"),
        ("tier: T1", "tier: T0", "nothing to open"),
        ("stages:", "stages: []\nother:", "at least one stage"),
        ("format: ", "format: [", "no valid YAML"),
    ],
)
def test_a_mistake_in_a_plan_is_said_with_its_line(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text((EXAMPLE / "plan.yaml").read_text().replace(old, new))

    done = run("release", "plan", path)

    assert (done.code, said in done.err) == (4, True), done.err


def test_a_plan_that_is_not_there_is_said(tmp_path: Path) -> None:
    assert run("release", "plan", tmp_path / "plan.yaml").code == 4


def test_the_log_is_printed_as_json_and_for_one_release(opened: Release) -> None:
    every = run("release", "log", *opened.where, "--json").json["events"]
    some = run("release", "log", *opened.where, "--json", "--release", "acme-1b").json["events"]

    assert [event["body"]["kind"] for event in every] == [
        "submitted",
        "decided",
        "approved",
        "approved",
        "opened",
    ]
    assert some == every


def test_verify_names_the_first_event_that_disagrees(opened: Release) -> None:
    opened.tamper("UPDATE entries SET entry = x'00' WHERE sequence = 3")
    done = run("ledger", "verify", *opened.where)
    as_json = run("ledger", "verify", *opened.where, "--json").json

    assert (done.code, "Event 3 is the first to disagree" in done.out) == (5, True)
    assert (as_json["first"], as_json["exit_code"]) == (3, 5)


def test_verify_finds_a_truncated_ledger_with_heads_alone(opened: Release) -> None:
    opened.tamper("DELETE FROM entries WHERE sequence = 5")
    shutil.move(opened.heads, opened.folder / "kept")
    without = run("ledger", "verify", *opened.where)
    done = run("ledger", "verify", *opened.where, "--heads", opened.folder / "kept")

    assert (without.code, "Without a head from elsewhere" in without.out) == (0, True)
    assert (done.code, "event 5 is missing" in done.out) == (5, True)


def test_heads_of_a_key_outside_of_the_trust_file_are_believed_when_it_is_given(
    opened: Release,
) -> None:
    from record_fixtures import key_file

    other = key_file(opened.folder, "notary-ed25519")
    assert opened.act(CEM, "hold", "--head-key", other).code == 0
    public = public_file(opened.folder, "notary-ed25519")

    assert run("ledger", "verify", *opened.where).code == 5
    assert run("ledger", "verify", *opened.where, "--head-key", public).code == 0


def test_a_proof_of_an_event_holds_against_the_newest_head(opened: Release) -> None:
    for event in range(1, 6):
        proof = run("ledger", "prove", "--ledger", opened.ledger, "--event", event).json
        assert proves_inclusion(
            bytes.fromhex(proof["leaf_hash"]),
            proof["leaf_index"],
            proof["size"],
            [bytes.fromhex(each) for each in proof["path"]],
            bytes.fromhex(proof["root"]),
        )


def test_a_proof_of_the_beginning_holds(opened: Release) -> None:
    for since in range(1, 6):
        proof = run("ledger", "prove", "--ledger", opened.ledger, "--since", since).json
        assert proves_consistency(
            since,
            proof["size"],
            [bytes.fromhex(each) for each in proof["path"]],
            bytes.fromhex(proof["first_root"]),
            bytes.fromhex(proof["root"]),
        )


@pytest.mark.parametrize(
    ("words", "code"),
    [(("--event", 6), 4), (("--since", 6), 4), ((), 2), (("--event", 1, "--since", 1), 2)],
)
def test_what_is_not_there_cannot_be_proved(
    opened: Release, words: tuple[Any, ...], code: int
) -> None:
    assert run("ledger", "prove", "--ledger", opened.ledger, *words).code == code


def test_the_export_is_what_was_signed_line_by_line(opened: Release) -> None:
    lines = run("ledger", "export", "--ledger", opened.ledger).out.splitlines()

    assert len(lines) == 5
    assert all(
        json.loads(line)["payloadType"] == "application/vnd.tiergate.release-event+json"
        for line in lines
    )


def test_the_worked_example_runs_to_its_end(tmp_path: Path) -> None:
    command = [sys.executable, str(EXAMPLE / "run.py"), "--output", str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.endswith("10 events, and the ledger holds.\n")


def test_a_review_ends_with_a_decision_that_was_taken_after_it_began(opened: Release) -> None:
    tripped = opened.act(CEM, "trip", "tamper breakthrough", "--days", 20)
    early = opened.act(BEA, "reassess")
    newer = opened.decide(opened.folder / "newer.json", day(1))
    assert opened.submit(newer, at=day(2)).code == 0
    ended = opened.act(BEA, "reassess", at=day(2))

    assert (tripped.code, early.code, ended.code) == (0, 6, 0)
    assert opened.status(day(2))["reviews"] == []


def test_a_decision_that_is_declared_lapsed_serves_nothing(opened: Release) -> None:
    assert opened.status()["serves"] == "T1"
    assert opened.act(CEM, "expire").code == 0
    assert opened.status()["serves"] is None
