# SPDX-License-Identifier: Apache-2.0
"""``tiergate evidence sign`` and ``--trust``: who vouches for evidence, and what that opens."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from builders_attestation import key
from cli_runner import run
from record_fixtures import DECIDED, Scene, a_scene, day, key_file, trust_file, trusted

_MEASURED, _CLAIMED = "cyber.exploits", "E01"


def _asking(scene: Scene, grade: int = 2) -> None:
    """Let the standard's T5 ask for an assurance."""
    text = scene.policy.read_text()
    asked = f"minimum_grades: {{binding: 2, assurance: {grade}}}"
    scene.policy.write_text(text.replace("minimum_grades: {binding: 2}", asked))


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a scene whose T5 asks for signatures; tests change copies of it."""
    scene = a_scene(tmp_path_factory.mktemp("scene"))
    _asking(scene)
    scene.record.unlink()
    trust_file(scene.trust, _eve(), trusted("ada"))
    return scene.folder


@pytest.fixture
def scene(made_once: Path, tmp_path: Path) -> Scene:
    """Return a scene of the test's own."""
    shutil.copytree(made_once, tmp_path / "own")
    return Scene(tmp_path / "own")


def _eve(roles: str = "evaluator", organisation: str = "institute", **how: str) -> str:
    entry = trusted("eve", roles, person="Eve", **how)
    return entry.replace("organisation: Lab", f"organisation: {organisation}")


def _document(scene: Scene, topic: str = _MEASURED) -> Path:
    found = (scene.store / "documents").glob("*.json")
    return next(path for path in found if topic in path.read_text())


def _sign(scene: Scene, *what: object, name: str = "eve", at: str = DECIDED) -> Any:  # noqa: ANN401
    words = what or (_document(scene),)
    return run("evidence", "sign", *words, "--key", key_file(scene.folder, name), "--at", at)


def _check(scene: Scene, *options: object, command: str = "check") -> Any:  # noqa: ANN401 - a Run
    words = (command, scene.model, "--policy", scene.policy, "--at", DECIDED, "--tier", "T5")
    return run(*words, *options)


def _trusting(scene: Scene, *options: object, command: str = "check") -> Any:  # noqa: ANN401
    return _check(scene, "--trust", scene.trust, *options, command=command)


def test_a_signature_of_who_measured_opens_what_asks_for_it(scene: Scene) -> None:
    before = _trusting(scene)
    _sign(scene)

    done = _trusting(scene)

    assert (3, 0) == (before.code, done.code)
    assert "1 declared · 1 attested" in done.out
    assert "by Eve (independent), tied by digest at load, attested" in done.out


def test_what_nobody_signed_says_what_to_do(scene: Scene) -> None:
    done = _trusting(scene)

    assert "assurance graded 1, 2 asked for (declared: nobody signed it)" in done.flat
    assert "have whoever made it sign it (tiergate evidence sign)" in done.flat


def test_without_a_trust_file_it_is_said_once_that_no_signature_was_looked_at(
    scene: Scene,
) -> None:
    _sign(scene)

    done = _check(scene)

    assert 3 == done.code
    assert 1 == done.out.count("1 signature, not looked at: no --trust")


def test_the_document_stays_as_it_is_and_the_statement_is_in_the_store(scene: Scene) -> None:
    document = _document(scene)
    before = document.read_bytes()

    done = _sign(scene, document)

    (written,) = (scene.store / "attestations").iterdir()
    assert (0, before) == (done.code, document.read_bytes())
    assert f"{document.stem}.{key('eve').public.key_id[:16]}.json" == written.name
    assert [document] == [p for p in (scene.store / "documents").iterdir() if p == document]


def test_a_document_outside_a_store_is_signed_beside_it(scene: Scene) -> None:
    loose = scene.folder / "loose"
    loose.mkdir()
    shutil.copy(_document(scene), loose / "run.json")
    shutil.rmtree(scene.store / "documents")

    assert 0 == _sign(scene, loose / "run.json").code

    beside = loose / f"run.attestation-{key('eve').public.key_id[:16]}.json"
    assert beside.exists()
    for words in (("--evidence", loose), ("--evidence", loose / "run.json", "--evidence", beside)):
        assert "1 attested" in _trusting(scene, *words).out


def test_an_output_can_be_named_for_one_document(scene: Scene, tmp_path: Path) -> None:
    wanted = tmp_path / "who.json"

    done = _sign(scene, _document(scene), "--output", wanted)

    assert (0, True, False) == (done.code, wanted.exists(), (scene.store / "attestations").exists())
    both = (_document(scene), _document(scene, _CLAIMED))
    refused = _sign(scene, *both, "--output", tmp_path / "both.json")
    assert (2, True) == (refused.code, "--output is for a single DOCUMENT" in refused.err)


def test_a_document_of_a_store_is_known_by_its_digest(scene: Scene) -> None:
    digest = f"sha256:{_document(scene).stem}"

    one = _sign(scene, digest, "--store", scene.store, "--json")
    two = _sign(scene, digest[7:15], "--store", scene.store, name="bob")

    assert (0, 0) == (one.code, two.code)
    assert [digest] == [part["document"] for part in one.json["written"]]
    assert key("eve").public.key_id == one.json["key_id"]
    assert 2 == len(list((scene.store / "attestations").iterdir()))


REFUSED: dict[str, tuple[Callable[[Scene], tuple[object, ...]], int, str]] = {
    "the same document twice by one key": (
        lambda s: (_sign(s) and _document(s),),
        4,
        "something that is there already",
    ),
    "a document that is not there": (lambda _: ("none.json",), 4, "no document"),
    "a file that is no document": (lambda s: (s.policy,), 4, "expected"),
    "a digest that no document has": (
        lambda s: ("0" * 64, "--store", s.store),
        4,
        "no documents '000",
    ),
    "too short a beginning of a digest": (
        lambda s: (_document(s).stem[:4], "--store", s.store),
        4,
        "at least eight digits",
    ),
    "a store that is not there": (lambda _: ("0" * 64, "--store", "none"), 4, "no such folder"),
    "no document at all": (lambda s: ("--store", s.store), 2, "Missing argument"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_nothing_is_signed_with(case: str, scene: Scene) -> None:
    words, code, expected = REFUSED[case]
    given = words(scene)
    before = sorted(scene.folder.rglob("*.json"))

    done = _sign(scene, *given)

    assert (code, True) == (done.code, expected in done.err), done.err
    assert before == sorted(scene.folder.rglob("*.json"))


def test_nobody_vouches_for_the_future(scene: Scene) -> None:
    done = _sign(scene, at=day(-30))

    assert (4, True) == (done.code, "Sign it when its time has come." in done.err)


def test_one_that_cannot_be_signed_keeps_the_others_from_being_signed(scene: Scene) -> None:
    both = (_document(scene, _CLAIMED), _document(scene))
    _sign(scene, both[1])

    done = _sign(scene, *both)

    assert (4, 1) == (done.code, len(list((scene.store / "attestations").iterdir())))


def _believing(*entries: str, developer: str = "") -> Callable[[Scene], None]:
    def change(scene: Scene) -> None:
        _sign(scene)
        trust_file(scene.trust, *entries, trusted("ada"))
        if developer:
            scene.trust.write_text(f"developer: {developer}\n" + scene.trust.read_text())

    return change


def _by_somebody_else(scene: Scene) -> None:
    _sign(scene, name="mallory")


def _of_another_document(scene: Scene) -> None:
    _sign(scene, _document(scene, _CLAIMED))


def _late(scene: Scene) -> None:
    _sign(scene, at=day(2))


def _nonsense(scene: Scene) -> None:
    folder = scene.store / "attestations"
    folder.mkdir()
    (folder / f"{'0' * 64}.{'0' * 16}.json").write_bytes(b"\x00\xff{")


def _record(scene: Scene) -> None:
    scene.decide("--tier", "T1")
    scene.signed()
    folder = scene.store / "attestations"
    folder.mkdir()
    shutil.copy(scene.record, folder / f"{'0' * 64}.{'0' * 16}.json")


STAYS_CLOSED: dict[str, tuple[Callable[[Scene], object], str]] = {
    "a key that nobody knows": (_by_somebody_else, "nobody whom the trust file names has it"),
    "a key of another role": (_believing(_eve("legal")), "vouches"),
    "a key of another organisation": (_believing(_eve(organisation="Lab")), "belongs to Lab"),
    "a key that had expired": (_believing(_eve(valid_until=day(-1))), "is later"),
    "a key that is not valid yet": (_believing(_eve(valid_from=day(200))), "is before"),
    "a signature under another document": (_of_another_document, "belongs to institute"),
    "a signature from after the decision": (_late, "after the time of the decision"),
    "a file of nonsense": (_nonsense, "not UTF-8"),
    "a record in place of an attestation": (_record, "a statement of type"),
    "the developer's own house": (
        _believing(_eve(), developer="INSTITUTE"),
        "independent is stated, and INSTITUTE is the developer",
    ),
}


@pytest.mark.parametrize("case", STAYS_CLOSED)
def test_a_tier_stays_closed_with(case: str, scene: Scene) -> None:
    change, expected = STAYS_CLOSED[case]
    change(scene)

    done = _trusting(scene)

    assert (3, True) == (done.code, expected in done.flat), done.out


def _edited(scene: Scene) -> None:
    _sign(scene)
    (file,) = (scene.store / "attestations").iterdir()
    content = json.loads(file.read_text())
    content["dsseEnvelope"]["payloadType"] = "text/plain"
    file.write_text(json.dumps(content))


def _swapped(scene: Scene) -> None:
    _sign(scene, _document(scene), _document(scene, _CLAIMED))
    one, two = (json.loads(p.read_text()) for p in sorted((scene.store / "attestations").iterdir()))
    one["dsseEnvelope"]["signatures"] = two["dsseEnvelope"]["signatures"]
    min((scene.store / "attestations").iterdir()).write_text(json.dumps(one))


@pytest.mark.parametrize("change", [_edited, _swapped])
@pytest.mark.parametrize("command", ["check", "explain", "report"])
def test_a_trusted_key_s_signature_that_does_not_hold_is_an_error(
    change: Callable[[Scene], None], command: str, scene: Scene
) -> None:
    change(scene)
    page = scene.folder / "report.html"

    done = _trusting(scene, *(("-o", page) if command == "report" else ()), command=command)

    assert (5, "", False) == (done.code, done.out, page.exists())
    assert "it names the key of Eve and does not hold" in done.err


def test_a_trust_file_with_mistakes_is_one_error(scene: Scene) -> None:
    scene.trust.write_text("format: tiergate-trust/1\nkeys: []\n")

    assert 4 == _trusting(scene).code


def test_what_an_own_instrument_measured_is_measured_here_only_on_these_weights(
    scene: Scene,
) -> None:
    _believing(_eve() + "  measures_here: true\n")(scene)

    done = _trusting(scene)

    assert (0, True) == (done.code, "1 declared · 1 attested" in done.out)
    grades = run(
        "evidence", "grades", "--model", scene.model, "--trust", scene.trust, "--at", DECIDED
    )
    assert "attested: signed by Eve of institute; not measured here: other weights" in grades.flat


def test_everything_is_in_what_is_printed_for_programs(scene: Scene) -> None:
    _sign(scene)
    _sign(scene, _document(scene, _CLAIMED))

    document = _trusting(scene, "--json").json

    inputs = document["inputs"]
    assert 2 == len(inputs["attestations"])
    assert inputs["trust_digest"].startswith("sha256:")
    assert {"declared", "attested"} == {part["assurance"] for part in document["assurances"]}
    assert 1 == len(document["evidence_doubts"])
    assert [] == document["waivers_refused"]


def test_what_is_printed_for_programs_is_as_before_where_nobody_is_believed(scene: Scene) -> None:
    document = _check(scene, "--json").json

    assert {"missing", "runs"} == set(document["inputs"])
    assert ([], [], []) == tuple(
        document[name] for name in ("assurances", "evidence_doubts", "waivers_refused")
    )


def test_the_store_is_listed_with_who_signed(scene: Scene) -> None:
    _sign(scene)
    words = ("evidence", "list", "--model", scene.model)

    plain, known = (run(*words, *more, "--at", DECIDED) for more in ((), ("--trust", scene.trust)))

    assert f"with {key('eve').public.key_id[:16]}" in plain.out
    assert "declared: no trust file says whose signature counts" in plain.flat
    assert "attested: signed by Eve of institute" in known.flat
    rows = {row["assurance"]: row for row in run(*words, "--json").json["documents"]}
    assert [] != rows["declared"]["signatures"] or len(rows) == 1


def test_the_store_is_listed_with_what_counts_for_nothing(scene: Scene) -> None:
    _nonsense(scene)
    words = ("evidence", "list", "--model", scene.model, "--trust", scene.trust)

    done = run(*words)

    assert (0, True) == (done.code, "counts for nothing: " in done.out)
    assert 1 == len(run(*words, "--json").json["doubts"])


def test_the_report_says_whose_signatures_count(scene: Scene) -> None:
    _sign(scene)
    _sign(scene, _document(scene, _CLAIMED))
    page = scene.folder / "report.html"

    done = _trusting(scene, "-o", page, command="report")

    text = page.read_text()
    assert 0 == done.code
    assert "attested: signed by Eve of institute" in text
    assert "independent, signed for by Eve of institute" in text
    assert "trust file" in text
    assert "counts for nothing: " in text


def test_a_decision_by_name_knows_signatures_too(scene: Scene) -> None:
    _nonsense(scene)
    page = scene.folder / "report.html"
    words = ("--without-weights", "--store", scene.store, "-o", page)

    assert 3 == _trusting(scene, *words, command="report").code
    assert "counts for nothing: " in page.read_text()


def test_a_claim_that_counts_says_who_signed_it(scene: Scene) -> None:
    house = _eve(organisation="not stated")
    trust_file(scene.trust, house, trusted("ada"))
    _sign(scene, _document(scene, _CLAIMED))

    done = _trusting(scene, "E01", command="explain")

    assert "stated, signed by Eve of not stated" in done.flat


def _recorded(scene: Scene) -> Scene:
    _sign(scene)
    scene.decision.write_text(_trusting(scene, "--json").out)
    scene.signed()
    return scene


def _replay(scene: Scene, *options: object) -> Any:  # noqa: ANN401 - a Run
    return run("replay", scene.record, "--policy", scene.policy, *options)


def test_a_decision_that_rests_on_signatures_is_computed_again(scene: Scene) -> None:
    _recorded(scene)
    _by_somebody_else(scene)

    done = _replay(scene, "--store", scene.store, "--trust", scene.trust)

    assert (0, True) == (done.code, "byte for byte" in done.out)
    assert 1 == done.flat.count("left out: sha256:")


LACKING: dict[str, tuple[Callable[[Scene], object], bool, int, str]] = {
    "no trust file": (lambda _: None, False, 4, "Give it with --trust."),
    "another trust file": (
        lambda s: trust_file(s.trust, _eve(), trusted("ada"), trusted("bob")),
        True,
        5,
        "Give the file that was used with --trust.",
    ),
    "an attestation that is gone": (
        lambda s: shutil.rmtree(s.store / "attestations"),
        True,
        4,
        "nothing with digest sha256:",
    ),
}


@pytest.mark.parametrize("case", LACKING)
def test_a_replay_says_what_is_missing_with(case: str, scene: Scene) -> None:
    change, with_trust, code, expected = LACKING[case]
    _recorded(scene)
    change(scene)

    options = ("--trust", scene.trust) if with_trust else ()
    done = _replay(scene, "--store", scene.store, *options)

    assert (code, True) == (done.code, expected in done.err), done.err


def test_a_trust_file_is_not_used_where_the_decision_used_none(scene: Scene) -> None:
    scene.decide("--tier", "T1")
    scene.signed()

    done = _replay(scene, "--store", scene.store, "--trust", scene.trust, "--json")

    assert (0, True, 1) == (done.code, done.json["is_identical"], len(done.json["left_out"]))


def _apart(scene: Scene) -> Path:
    """Sign a document of the store, and return the attestation outside the store."""
    _sign(scene, _document(scene), "--output", scene.folder / "from-eve.json")
    return scene.folder / "from-eve.json"


def _add(scene: Scene, path: Path) -> Any:  # noqa: ANN401 - a Run
    return run("evidence", "add", path, "--model", scene.model)


def test_an_attestation_that_somebody_sends_is_filed(scene: Scene) -> None:
    sent = _apart(scene)

    done = _add(scene, sent)

    assert (0, 0) == (done.code, _trusting(scene).code), done.err
    assert key("eve").public.key_id[:16] in done.out


def _of_nothing_here(scene: Scene) -> Path:
    sent = _apart(scene)
    shutil.rmtree(scene.store)
    return sent


def _twice(scene: Scene) -> Path:
    sent = _apart(scene)
    _add(scene, sent)
    return sent


def _without_a_key(scene: Scene) -> Path:
    sent = _apart(scene)
    sent.write_text(sent.read_text().replace('"keyid": "', '"keyid": "x'))
    return sent


def _a_record(scene: Scene) -> Path:
    scene.decide("--tier", "T1")
    return scene.signed()


NOT_FILED: dict[str, tuple[Callable[[Scene], Path], int, str]] = {
    "a document that is not in the store": (_of_nothing_here, 4, "Add that first."),
    "a document, and is there already": (_twice, 4, "nothing is written over"),
    "a document, by a key that it does not name": (_without_a_key, 4, "names no key"),
    "a decision": (_a_record, 5, "a statement of type"),
}


@pytest.mark.parametrize("case", NOT_FILED)
def test_an_attestation_is_not_filed_that_is_about(case: str, scene: Scene) -> None:
    make, code, expected = NOT_FILED[case]
    sent = make(scene)
    before = sorted(scene.model.rglob("*"))

    done = _add(scene, sent)

    assert (code, True) == (done.code, expected in done.err), done.err
    assert before == sorted(scene.model.rglob("*"))


def test_what_is_signed_in_a_store_is_no_part_of_the_checkpoint(scene: Scene) -> None:
    before = _check(scene, "--json").json["checkpoint"]["root_digest"]
    _sign(scene)

    assert before == _check(scene, "--json").json["checkpoint"]["root_digest"]
