# SPDX-License-Identifier: Apache-2.0
"""What a search for parents found, as evidence: what a policy can ask of it and what it cannot."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from builders_lineage import llama, rotated, tuned, write
from cli_runner import Run, run

KNOWN = """\
format: tiergate-known-models/1
models:
  - name: acme/base
    aliases: [base]
    tier: T3
    licence: mit
"""
POLICY = """\
format: tiergate-policy/1
id: parents
version: 1.0.0
title: Parents
summary: One tier that asks for a search.
as_of: 2026-11-23
confidence: 0.95
tiers:
- id: T0
  name: Withheld
  access: nobody
  requirements: [FILES]
  evidence:
    minimum_grades: {}
    longest_age: {value: 180, unit: days, status: "default, adjustable", basis: an example}
  approvals: {text: the owner, roles: [owner]}
  expiry: {days: {value: 90, unit: days, status: "default, adjustable", basis: an example}}
  clauses: [EXAMPLE]
- id: T5
  name: Open weights
  access: anybody
  requirements: [PARENTS]
  evidence:
    minimum_grades: {}
    longest_age: {value: 180, unit: days, status: "default, adjustable", basis: an example}
  approvals: {text: the owner, roles: [owner]}
  expiry: {days: {value: 90, unit: days, status: "default, adjustable", basis: an example}}
  clauses: [EXAMPLE]
requirements:
  FILES:
    title: Files that run no code
    asks: Loading the checkpoint runs no code.
    clauses: [EXAMPLE]
    requires: {loads_without_code: true}
  PARENTS:
    title: Parents are declared, and none is held lower
    asks: Look for parents, name them, and be no more open than they are.
    clauses: [EXAMPLE]
    requires:
      claim:
        item: lineage
        limits:
        - field: bases_compared
          at_least: {value: 1, status: "default, adjustable", basis: an example}
        - field: undeclared_parents
          at_most: {value: 0, status: "default, adjustable", basis: an example}
        - field: parents_held_below_t5
          at_most: {value: 0, status: "default, adjustable", basis: an example}
tamper_resistance:
  metric: safeguard.attack_success
  limit: {value: 0.05, status: "default, adjustable", basis: an example}
  levels:
    TR1: {means: prompts, attack_classes: [jailbreak, prefill]}
    TR2: {means: a small adapter, attack_classes: [small adapter]}
    TR3: {means: sustained fine-tuning, attack_classes: [sustained fine-tuning]}
    TR4: {means: the capability was never there}
waivers:
  highest_tier: T4
  longest: {value: 90, unit: days, status: "default, adjustable", basis: an example}
bands: {}
ceilings: {status: "default, adjustable", basis: an example, domains: {}}
not_covered: [everything else]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A base, a tuned model that names it, one that does not, a rotated one and a stranger."""
    write(tmp_path / "base", llama(0), "license: mit")
    write(tmp_path / "tuned", tuned(llama(0)), "license: mit\nbase_model: acme/base")
    write(tmp_path / "silent", tuned(llama(0)), "license: apache-2.0")
    write(tmp_path / "turned", rotated(llama(0)), "license: mit")
    write(tmp_path / "stranger", llama(1), "license: mit")
    (tmp_path / "known.yaml").write_text(KNOWN)
    (tmp_path / "policy.yaml").write_text(POLICY)
    return tmp_path


def search(folder: Path, name: str, *more: object, base: str = "base") -> dict[str, object]:
    """Search for parents and return the claim."""
    out = folder / f"{name}.json"
    done = run("lineage", folder / name, folder / base, *more, "--evidence", out)
    assert f"Evidence: {out}" in done.flat, done.err
    document = json.loads(out.read_text())
    (claim,) = document["claims"]
    return {**claim, "remarks": [remark["code"] for remark in document["remarks"]]}


def check(folder: Path, name: str, *evidence: str) -> Run:
    """Ask the policy for T5."""
    given = [word for path in evidence for word in ("--evidence", folder / path)]
    policy = ("--policy", folder / "policy.yaml", "--tier", "T5")
    return run("check", folder / name, *policy, *given)


def test_a_search_says_what_it_looked_at_and_what_it_found(folder: Path) -> None:
    claim = search(folder, "silent", "--known", folder / "known.yaml")

    assert claim["item"] == "lineage"
    assert claim["holds"] is False
    assert claim["fields"] == {
        "bases_compared": 1,
        "bases_left_out": 0,
        "parents_found": 1,
        "undeclared_parents": 1,
        "parents_with_another_licence": 1,
        "parents_of_unknown_tier": 0,
        "parents_held_below_t1": 0,
        "parents_held_below_t2": 0,
        "parents_held_below_t3": 0,
        "parents_held_below_t4": 1,
        "parents_held_below_t5": 1,
        "parents_held_below_t6": 1,
    }
    assert claim["remarks"] == [
        "undeclared-parent",
        "parent-held-lower",
        "parent-under-another-licence",
    ]


def test_a_parent_whose_tier_nobody_gave_is_counted_as_that(folder: Path) -> None:
    fields = search(folder, "tuned")["fields"]

    assert isinstance(fields, dict)
    assert (fields["parents_of_unknown_tier"], fields["parents_held_below_t6"]) == (1, 0)


def test_without_a_search_nothing_is_met(folder: Path) -> None:
    done = check(folder, "stranger")

    assert done.code == 3
    assert "claims that nobody has made lineage" in done.flat


def test_an_undeclared_parent_blocks_and_is_printed_first(folder: Path) -> None:
    search(folder, "silent")

    done = check(folder, "silent", "silent.json")

    assert done.code == 1
    assert "! undeclared-parent: The card of silent names no base model" in done.flat
    assert "a claim states that lineage does not hold" in done.flat


def test_a_declared_parent_that_is_held_lower_blocks(folder: Path) -> None:
    search(folder, "tuned", "--known", folder / "known.yaml")

    done = check(folder, "tuned", "tuned.json")

    assert done.code == 1
    assert "! parent-held-lower: acme/base may be no more open than T3" in done.flat
    assert "parents_held_below_t5 1, must be at most 0" in done.flat


def test_a_parent_that_only_the_card_names_and_that_is_held_lower_blocks(folder: Path) -> None:
    write(folder / "adapter", llama(7), "license: mit\nbase_model: acme/base")
    claim = search(folder, "adapter", "--known", folder / "known.yaml", "--tier", "T5")

    fields = claim["fields"]
    assert isinstance(fields, dict)
    assert (fields["parents_found"], fields["parents_held_below_t5"]) == (0, 1)
    assert claim["remarks"] == ["parent-held-lower", "lineage-undetermined"]
    assert check(folder, "adapter", "adapter.json").code == 1


@pytest.mark.parametrize("name", ["tuned", "stranger"])
def test_a_match_and_no_match_are_worth_the_same_to_a_policy(name: str, folder: Path) -> None:
    search(folder, name)

    assert check(folder, name, f"{name}.json").code == 0


def test_no_match_is_written_down_as_undetermined(folder: Path) -> None:
    for name in ("stranger", "turned"):
        claim = search(folder, name)

        assert claim["remarks"] == ["lineage-undetermined"]
        assert "What was not found may still be there" in str(claim["statement"])
        assert "independent" not in (folder / f"{name}.json").read_text()


def test_a_second_search_that_found_nothing_hides_no_parent(folder: Path) -> None:
    search(folder, "silent")
    (folder / "silent.json").rename(folder / "found.json")
    search(folder, "silent", base="stranger")

    assert check(folder, "silent", "silent.json").code == 0
    assert check(folder, "silent", "silent.json", "found.json").code == 1


def test_evidence_is_about_the_checkpoint_that_was_searched(folder: Path) -> None:
    search(folder, "stranger")

    done = check(folder, "tuned", "stranger.json")

    assert done.code == 3
    assert "about other checkpoints, left out: 1 document" in done.flat


def test_who_searched_is_said(folder: Path) -> None:
    search(folder, "tuned", "--producer", "A lab", "--relation", "independent")

    producer = json.loads((folder / "tuned.json").read_text())["producer"]
    assert producer == {"name": "A lab", "organisation": "", "relation": "independent"}


def test_evidence_is_filed_like_any_other(folder: Path) -> None:
    search(folder, "tuned")

    filed = run("evidence", "add", folder / "tuned.json", "--model", folder / "tuned")

    assert filed.code == 0, filed.err
    assert check(folder, "tuned").code == 0


def test_json_names_the_evidence(folder: Path) -> None:
    out = folder / "x.json"
    done = run("lineage", folder / "tuned", folder / "base", "--evidence", out, "--json")

    assert done.json["evidence"] == str(out)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("tuned", "base", "--samples-only"), "leave out --samples-only"),
        (("tuned.sketch", "base"), "download the model"),
        (("tuned", "--add-to", "more"), "a search without a base"),
    ],
    ids=["samples", "a sketch", "no base"],
)
def test_evidence_is_not_written_about_what_was_not_read_in_full(
    words: tuple[str, ...], said: str, folder: Path
) -> None:
    run("lineage", folder / "tuned", "--add-to", folder / "index")
    (sketch,) = (folder / "index").glob("*.sketch")
    sketch.rename(folder / "tuned.sketch")
    places = [word if word.startswith("-") else folder / word for word in words]

    done = run("lineage", *places, "--evidence", folder / "x.json")

    assert done.code == 4
    assert said in done.err
    assert not (folder / "x.json").exists()


def test_a_model_is_no_base_that_its_evidence_counts(folder: Path) -> None:
    out = folder / "x.json"

    alone = run("lineage", folder / "tuned", folder / "tuned", "--evidence", out)
    fields = search(folder, "base", folder / "stranger", "--known", folder / "known.yaml")["fields"]

    assert alone.code == 4
    assert "a search without a base" in alone.err
    assert not out.exists()
    assert isinstance(fields, dict)
    assert (fields["bases_compared"], fields["parents_found"]) == (1, 0)
    assert (fields["undeclared_parents"], fields["parents_held_below_t5"]) == (0, 1)


def test_a_copy_under_another_name_is_undeclared(folder: Path) -> None:
    write(folder / "renamed", llama(0), "license: mit")

    claim = search(folder, "renamed")

    assert claim["holds"] is False
    assert claim["remarks"] == ["undeclared-parent"]
    done = check(folder, "renamed", "renamed.json")
    assert "The weights of renamed are those of base to the byte" in done.flat
    assert done.code == 1


def test_of_two_sets_of_weights_nobody_knows_which_the_evidence_is_about(folder: Path) -> None:
    write(folder / "other", {"w": llama(2)["model.norm.weight"]})
    (folder / "other" / "model.safetensors").rename(folder / "tuned" / "small.safetensors")

    done = run("lineage", folder / "tuned", folder / "base", "--evidence", folder / "x.json")

    assert done.code == 4
    assert "one set of weights" in done.err


def test_evidence_is_not_written_over_anything_nor_into_the_checkpoint(folder: Path) -> None:
    (folder / "there.json").write_text("mine")

    over = run("lineage", folder / "tuned", folder / "base", "--evidence", folder / "there.json")
    inside = run(
        "lineage", folder / "tuned", folder / "base", "--evidence", folder / "tuned" / "x.json"
    )

    assert (over.code, inside.code) == (4, 4)
    assert (folder / "there.json").read_text() == "mine"
