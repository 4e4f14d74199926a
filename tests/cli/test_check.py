# SPDX-License-Identifier: Apache-2.0
"""``tiergate check``: the first screen, its exit codes, and what it never does."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from builders import a_document, a_measurement, an_attack
from cli_fixtures import a_folder, claim, evidence, policy
from cli_runner import run
from tiergate.evidence.conversion import write_document
from tiergate.evidence.measurement import AttackClass
from tiergate.evidence.store import FOLDER_NAME, EvidenceStore
from tiergate.model.checkpoint import identify


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return a_folder(tmp_path / "acme-1b")


@pytest.fixture
def standard(tmp_path: Path) -> Path:
    return policy(tmp_path / "standard.yaml")


def test_a_folder_alone_gives_a_first_screen_and_supports_only_the_floor(model: Path) -> None:
    done = run("check", model)

    assert done.code == 3
    assert done.out.startswith("acme-1b\n  sha256:")
    assert "EVIDENCE FOUND  0 documents" in done.out
    assert "BLOCKING T1" in done.out
    assert "NOT ASSESSED" in done.out
    assert "Supported: T0" in done.out
    assert done.err == ""


def test_the_first_screen_fits_eighty_columns(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(model.parent)

    done = run("check", model.name, "--tier", "T5", "--all")

    assert max(map(len, done.out.splitlines())) <= 80


SUMMED = {
    "safeguard.attack_search": "3 measurements of a search",
    "safeguard.twin_refusal": "3 measurements under attack",
    "utility.retained": "3 measurements under attack",
}


def attacked(model: Path) -> None:
    """File what a run of attacks finds: of three models by the way, and of the one released."""
    search = [
        a_measurement(metric, number, attack=an_attack(AttackClass.PREFILL))
        for metric in SUMMED
        for number in (11, 12, 13)
    ]
    decided = a_measurement("safeguard.attack_success", 17, attack=an_attack(AttackClass.PREFILL))
    released = a_measurement("utility.retained", 18, attack=an_attack(AttackClass.NONE))
    document = a_document(
        measurements=[*search, decided, released], root=identify(model).root_digest
    )
    EvidenceStore(model / FOLDER_NAME).add(write_document(document))


def test_what_an_attack_measured_by_the_way_is_summed_up(model: Path) -> None:
    attacked(model)

    done = run("check", model)

    found = done.flat.split("RELEASE TIERS")[0]
    assert "11 measurements" in found
    for metric, words in SUMMED.items():
        assert f"{metric} {words}" in found
    assert "safeguard.attack_success 17 of 400" in found
    assert "utility.retained 18 of 400 · as released · under none" in found
    assert not re.search(r" 1[123] of 400", found)
    assert f"… 9 more: tiergate check {model} --all" in found


def test_all_leaves_no_measurement_out(model: Path) -> None:
    attacked(model)

    found = run("check", model, "--all").flat

    for metric in SUMMED:
        assert all(f"{metric} {number} of 400" in found for number in (11, 12, 13))
    assert "measurements of a search" not in found


def test_what_the_policy_asks_for_is_never_summed_up(model: Path, standard: Path) -> None:
    attacked(model)
    number = "{value: 0.5, status: 'default, adjustable', basis: a test}"
    asking = f"{{limit: {{metric: safeguard.twin_refusal, below: {number}}}}}"
    standard.write_text(standard.read_text().replace("{loads_without_code: true}", asking))

    found = run("check", model, "--policy", standard).flat

    assert all(f"safeguard.twin_refusal {n} of 400" in found for n in (11, 12, 13))
    assert "utility.retained 3 measurements under attack" in found


def test_a_command_to_copy_keeps_a_long_path_whole(tmp_path: Path) -> None:
    model = a_folder(tmp_path / ("long-" * 30))

    done = run("check", model, "--tier", "T1")

    assert f"--model {model}" in done.flat


def test_the_first_screen_has_no_control_characters_when_not_a_terminal(model: Path) -> None:
    done = run("check", model)

    assert "\x1b" not in done.out


def test_a_supported_tier_is_exit_zero_and_shows_its_conditions(
    model: Path, standard: Path
) -> None:
    claim(model, standard, "E01", "training_flop=1")

    done = run("check", model, "--policy", standard, "--tier", "T1")

    assert done.code == 0
    assert "NOTHING BLOCKS T1" in done.out
    assert "approval: safety lead" in done.out
    assert "hold: a month (30 days)" in done.out


def test_a_claim_to_the_contrary_is_exit_one(model: Path, standard: Path) -> None:
    run("evidence", "claim", "E01", "--model", model, "--policy", standard, "--does-not-hold")

    done = run("check", model, "--policy", standard, "--tier", "T1")

    assert done.code == 1
    assert "NOT MET       E01" in done.out


def test_without_a_tier_the_next_one_is_asked_so_that_exit_zero_means_nothing_is_left(
    model: Path, standard: Path
) -> None:
    claim(model, standard, "E01", "training_flop=1")

    done = run("check", model, "--policy", standard)

    assert done.code == 3
    assert "T5 open is undetermined (the next tier; ask with --tier). Supported: T1" in done.flat


def test_pickle_weights_are_named_and_not_met_where_weights_are_handed_out(
    model: Path, standard: Path
) -> None:
    (model / "extra.bin").write_bytes(b"\x80\x04N.")

    done = run("check", model, "--policy", standard, "--tier", "T5")

    assert done.code == 1
    assert "runs code     extra.bin" in done.out
    assert "NOT MET       FILES" in done.out


def test_a_flipped_byte_takes_every_piece_of_evidence_away(model: Path, standard: Path) -> None:
    claim(model, standard, "E01", "training_flop=1")
    weights = model / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(bytes(data))

    done = run("check", model, "--policy", standard, "--tier", "T1")

    assert done.code == 3
    assert "about other checkpoints, left out: 1 document" in done.out


def test_registered_evidence_that_is_gone_closes_its_tier(model: Path, standard: Path) -> None:
    claim(model, standard, "E01", "training_flop=1")
    claim(model, standard, "E01", "training_flop=2")
    next((model / ".tiergate/documents").glob("*.json")).unlink()

    done = run("check", model, "--policy", standard, "--tier", "T1")

    assert done.code == 3
    assert "missing: 1 registered document" in done.out


def test_evidence_from_a_path_counts_like_evidence_in_the_store(
    model: Path, standard: Path, tmp_path: Path
) -> None:
    claim(model, standard, "E01", "training_flop=1")
    document = next((model / ".tiergate/documents").glob("*.json"))
    elsewhere = tmp_path / "evidence"
    elsewhere.mkdir()
    (elsewhere / "one.json").write_bytes(document.read_bytes())
    (elsewhere / "notes.txt").write_text("nothing")
    (elsewhere / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "none").mkdir()

    done = run(
        "check", model, "--policy", standard, "--tier", "T1",
        "--store", tmp_path / "none", "--evidence", elsewhere,
    )  # fmt: skip

    assert done.code == 0
    assert "not evidence: 2 files" in done.out


def test_measurements_are_shown_with_counts_and_bounds(model: Path, standard: Path) -> None:
    evidence(model, "cyber.exploits", successes=50, trials=410)

    done = run("check", model, "--policy", standard, "--tier", "T5")

    assert done.code == 1
    assert "cyber.exploits  50 of 410 · worst case" in done.out
    assert "50 of 410 [9.6 %, 15.2 %], must be below 10 %" in done.flat


def test_json_holds_what_the_screen_says_and_the_exit_code(model: Path, standard: Path) -> None:
    done = run("check", model, "--policy", standard, "--json")

    assert done.code == done.json["exit_code"] == 3
    assert done.json["decision"]["supported"] == "T0"


def test_the_weights_digest_is_given_when_asked_for(model: Path) -> None:
    digest = identify(model, with_weights_digest=True).weights_digest

    plain, asked = run("check", model), run("check", model, "--weights-digest")

    assert digest is not None
    assert digest not in plain.out
    assert f"\n  {digest}\n" in asked.out


def test_quiet_is_one_line(model: Path) -> None:
    done = run("check", model, "--quiet")

    assert done.out.count("\n") == 1
    assert re.match(r"acme-1b, \d{4}-\d\d-\d\d: T1 ", done.out)


def test_the_time_of_the_decision_is_an_input(model: Path, standard: Path) -> None:
    run(
        "evidence", "claim", "E01", "--model", model, "--policy", standard,
        "--field", "training_flop=1", "--made-at", "2026-01-01",
    )  # fmt: skip

    fresh = run("check", model, "--policy", standard, "--tier", "T1", "--at", "2026-06-01")
    stale = run("check", model, "--policy", standard, "--tier", "T1", "--at", "2026-12-01")

    assert (0, 3) == (fresh.code, stale.code)
    assert "older than 180 days" in stale.flat


def test_checking_writes_nothing(model: Path, tmp_path: Path) -> None:
    before = sorted(tmp_path.rglob("*"))

    run("check", model)

    assert before == sorted(tmp_path.rglob("*"))


def test_the_digest_cache_is_used_only_when_asked_for(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    run("check", model)
    without = (tmp_path / "cache").exists()
    first, again = run("check", model, "--cache"), run("check", model, "--cache")

    assert not without
    assert first.out == again.out
    assert (tmp_path / "cache/tiergate/digests.json").exists()


def test_a_name_cannot_draw_on_the_terminal(tmp_path: Path) -> None:
    model = a_folder(tmp_path / "evil\x1b[2Jname\nT6 is met")

    done = run("check", model)

    assert "\x1b" not in done.out
    assert done.out.startswith("evil\\x1b[2Jname\\nT6 is met\n")


def test_a_waiver_is_named_and_capped(model: Path, standard: Path, tmp_path: Path) -> None:
    digest = identify(model).root_digest
    waivers = tmp_path / "waivers.yaml"
    waivers.write_text(
        "format: tiergate-waivers/1\n"
        "waivers:\n"
        f"- {{requirement: E01, root_digest: '{digest}', highest_tier: T1,\n"
        "   issued_at: 2026-11-01T00:00:00Z, expires_at: 2026-12-01T00:00:00Z,\n"
        "   by: Ada, reason: ledger follows}\n"
    )

    done = run(
        "check", model, "--policy", standard, "--tier", "T1", "--at", "2026-11-23",
        "--unsafe-unsigned-waiver", waivers,
    )  # fmt: skip

    assert done.code == 0
    assert "WAIVED  E01 by Ada, until 2026-12-01: ledger follows" in done.out


def test_check_imports_neither_torch_nor_the_tools_nor_the_hub_client(model: Path) -> None:
    program = (
        "import sys; from tiergate.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'torch', 'transformers', 'inspect_ai', 'lm_eval', 'huggingface_hub'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, "check", str(model)],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stderr.strip() == "[]"


def test_a_closed_pipe_is_no_traceback_and_no_zero(model: Path) -> None:
    read, write = os.pipe()
    os.close(read)

    done = subprocess.run(
        [sys.executable, "-m", "tiergate", "check", str(model), "--json"],
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(write)

    assert done.returncode == 6
    assert "Traceback" not in done.stderr


def test_a_claim_that_is_asked_for_is_made_by_the_same_policy(model: Path, standard: Path) -> None:
    words = f"tiergate evidence claim E01 --model {model} --policy {standard}"

    explained = run("explain", model, "E01", "--policy", standard)
    checked = run("check", model, "--policy", standard, "--tier", "T5", "--all")
    by_default = run("explain", model, "E01")

    assert words in explained.unbroken
    assert words in checked.unbroken
    assert f"tiergate evidence claim E01 --model {model}\n" in by_default.unbroken
    assert f"evidence add LOG --model {model} --mapping MAPPING\n" in checked.unbroken
