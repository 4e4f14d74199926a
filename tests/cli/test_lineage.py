# SPDX-License-Identifier: Apache-2.0
"""``tiergate lineage``: what it prints, what it ends with, and what follows from a match."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders_lineage import (
    layers_of,
    llama,
    permuted_inner,
    permuted_width,
    rotated,
    safetensors_file,
    tuned,
    write,
)
from cli_runner import run
from range_hub import serve
from tiergate.cli.lineage_known import same_model
from tiergate.cli.lineage_text import _others, layer_words, p_words
from tiergate.model.lineage.compare import MatrixMatch

KNOWN = """\
format: tiergate-known-models/1
models:
  - name: acme/base
    aliases: [base]
    tier: T3
    licence: mit
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A base, a tuned model that names it, one that does not, and a stranger."""
    write(tmp_path / "base", llama(0), "license: mit")
    write(tmp_path / "tuned", tuned(llama(0)), "license: mit\nbase_model: acme/base")
    write(tmp_path / "silent", tuned(llama(0)), "license: apache-2.0")
    write(tmp_path / "stranger", llama(1), "license: mit")
    (tmp_path / "known.yaml").write_text(KNOWN)
    return tmp_path


def test_a_parent_that_the_card_names_obliges_to_nothing(folder: Path) -> None:
    done = run("lineage", folder / "tuned", folder / "base")

    assert 0 == done.code, done.err
    assert "DERIVED base p <= 1e-" in done.flat
    assert "layers: 0-3 as in the base" in done.flat
    assert "base models claimed: acme/base" in done.flat
    assert "never grants anything" in done.flat


def test_a_parent_that_the_card_does_not_name_raises_obligations(folder: Path) -> None:
    done = run("lineage", folder / "silent", folder / "base")

    assert 1 == done.code
    assert "UNDECLARED PARENT: the card of silent names no base model; name base" in done.flat
    assert "PARENT WITH ANOTHER LICENCE: base is under mit, and silent claims apache-2.0" in (
        done.flat
    )


def test_another_parent_than_the_card_names_is_undeclared(folder: Path) -> None:
    (folder / "silent" / "README.md").write_text("---\nlicense: mit\nbase_model: acme/x\n---\n")

    done = run("lineage", folder / "silent", folder / "base")

    assert 1 == done.code
    assert "the card of silent names acme/x and not base" in done.flat


def test_a_parent_with_a_stricter_tier_raises_an_obligation(folder: Path) -> None:
    known = ("--known", folder / "known.yaml")

    alone = run("lineage", folder / "tuned", folder / "base", *known)
    stricter = run("lineage", folder / "tuned", folder / "base", *known, "--tier", "T5")
    same = run("lineage", folder / "tuned", folder / "base", *known, "--tier", "T3")

    assert (1, 1, 0) == (alone.code, stricter.code, same.code)
    assert "PARENT WITH A STRICTER TIER: acme/base may be no more open than T3" in alone.flat
    assert "STRICTER" not in same.out


def test_a_parent_that_the_card_names_obliges_though_the_weights_do_not_show_it(
    folder: Path,
) -> None:
    write(folder / "adapter", llama(7), "license: apache-2.0\nbase_model: acme/base")
    words = ("lineage", folder / "adapter", folder / "stranger")
    known = ("--known", folder / "known.yaml")

    stricter, same = run(*words, *known, "--tier", "T5"), run(*words, *known, "--tier", "T3")

    assert (stricter.code, same.code, run(*words).code) == (1, 1, 3)
    assert "UNDETERMINED stranger" in stricter.flat
    assert (
        "PARENT WITH A STRICTER TIER: acme/base, which the card of adapter names, may be no more"
        " open than T3, whatever the weights show"
    ) in stricter.flat
    assert "STRICTER" not in same.out
    assert "acme/base, which the card of adapter names, is under mit" in same.flat


def test_a_parent_that_the_card_names_and_the_weights_show_obliges_once(folder: Path) -> None:
    known = ("--known", folder / "known.yaml", "--tier", "T5")

    done = run("lineage", folder / "tuned", folder / "base", *known)

    assert done.out.count("PARENT WITH A STRICTER TIER") == 1
    assert "which the card" not in done.out


def test_a_known_model_is_known_by_its_weights_under_any_name(folder: Path) -> None:
    digest = run("lineage", folder / "base", folder / "stranger", "--json").json["candidate"]
    known = folder / "by-digest.yaml"
    known.write_text(
        "format: tiergate-known-models/1\nmodels:\n  - name: acme/secret\n"
        f"    weights_digest: {digest['weights_digest']}\n    tier: T1\n"
    )

    done = run("lineage", folder / "silent", folder / "base", "--known", known)

    assert "acme/secret may be no more open than T1" in done.flat


def test_no_match_is_undetermined_and_no_sign_of_independence(folder: Path) -> None:
    done = run("lineage", folder / "stranger", folder / "base")

    assert 3 == done.code
    assert "UNDETERMINED base p <= 1" in done.flat
    assert "no sign of independence" in done.flat
    assert "independent" not in done.out


def test_a_rotation_is_pointed_out(folder: Path) -> None:
    write(folder / "turned", rotated(llama(0)))

    done = run("lineage", folder / "turned", folder / "base")

    assert 3 == done.code
    assert "as they would after a rotation" in done.flat


def test_permuted_weights_say_by_which_test_they_were_found(folder: Path) -> None:
    write(folder / "moved", permuted_inner(permuted_width(llama(0))))

    done = run("lineage", folder / "moved", folder / "base")

    assert "vocabulary after undoing a permutation 64 of 64" in done.flat
    assert "rows found at other places" in done.flat


def test_an_index_is_made_and_looked_through(folder: Path) -> None:
    for name in ("base", "stranger"):
        added = run("lineage", folder / name, "--add-to", folder / "index")
        assert 0 == added.code, added.err
        assert ".sketch" in added.out

    done = run("lineage", folder / "silent", "--index", folder / "index", "--all")
    short = run("lineage", folder / "silent", "--index", folder / "index")

    assert 1 == done.code
    assert "DERIVED base" in done.flat
    assert "UNDETERMINED stranger" in done.flat
    assert "undetermined for 1 other base" in short.flat


def test_a_model_is_not_its_own_parent(folder: Path) -> None:
    for name in ("base", "tuned"):
        run("lineage", folder / name, "--add-to", folder / "index")

    for more in ((), ("--samples-only",)):
        done = run("lineage", folder / "tuned", "--index", folder / "index", *more)

        assert 0 == done.code, done.out
        assert "DERIVED tuned" not in done.flat


def test_a_model_against_itself_is_the_same_weights_and_no_parent(folder: Path) -> None:
    done = run("lineage", folder / "base", folder / "base")
    beside = run("lineage", folder / "tuned", folder / "tuned", folder / "base")
    sampled = run("lineage", folder / "base", folder / "base", "--samples-only")

    tensors = len(llama(0))
    assert f"SAME WEIGHTS base all {tensors} tensors equal to the byte, and the same name" in (
        done.flat
    )
    assert "SAME WEIGHTS base all that was looked at is equal, and the same name" in sampled.flat
    for each in (done, sampled):
        assert 3 == each.code
        assert "A model is not its own parent" in each.flat
        assert "PARENT:" not in each.out
        assert "DERIVED" not in each.out
    assert 0 == beside.code
    assert "DERIVED base" in beside.flat
    assert "PARENT:" not in beside.out


def test_a_model_against_itself_is_held_to_its_own_tier(folder: Path) -> None:
    words = ("lineage", folder / "base", folder / "base", "--known", folder / "known.yaml")

    done = run(*words)

    assert 1 == done.code
    assert "acme/base may be no more open than T3" in done.flat
    assert 3 == run(*words, "--tier", "T3").code


def test_a_model_of_the_same_name_and_other_weights_is_compared(folder: Path) -> None:
    other = write(folder / "elsewhere" / "base", tuned(llama(0)), "license: mit")

    done = run("lineage", other, folder / "base")

    assert "DERIVED base" in done.flat
    assert "UNDETERMINED" not in done.out


def test_the_same_weights_under_another_name_are_a_copy_and_no_child(folder: Path) -> None:
    write(folder / "renamed", llama(0), "license: mit")

    done = run("lineage", folder / "renamed", folder / "base")
    words = run("lineage", folder / "renamed", folder / "base", "--json").json

    tensors = len(llama(0))
    assert 1 == done.code
    assert "SAME WEIGHTS base p <= 1e-" in done.flat
    assert f"all {tensors} tensors equal to the byte: a copy, not a child" in done.flat
    assert "the weights of renamed are those of base to the byte, a copy and no child" in done.flat
    assert "DERIVED base" not in done.flat
    assert (True, "derived") == (words["bases"][0]["is_copy"], words["outcome"])
    (folder / "renamed" / "README.md").write_text("---\nlicense: mit\nbase_model: base\n---\n")
    assert 0 == run("lineage", folder / "renamed", folder / "base").code


@pytest.mark.parametrize("left_out", ["model.norm.weight", "model.embed_tokens.weight"])
def test_a_part_of_the_weights_is_no_copy_of_them(left_out: str, folder: Path) -> None:
    part = {name: value for name, value in llama(0).items() if name != left_out}
    write(folder / "part", part, "license: mit")

    for one, other in (("part", "base"), ("base", "part")):
        done = run("lineage", folder / one, folder / other)

        assert "SAME WEIGHTS" not in done.out
        assert f"DERIVED {other}" in done.flat


def test_an_index_that_is_not_there_is_told_from_one_that_cannot_be_read(folder: Path) -> None:
    absent = run("lineage", folder / "base", "--index", folder / "nowhere")
    a_file = run("lineage", folder / "base", "--index", folder / "known.yaml")

    assert (4, 4) == (absent.code, a_file.code)
    assert "nowhere: found no such folder" in absent.err
    assert "known.yaml: found a file" in a_file.err
    for done in (absent, a_file):
        assert "tiergate lineage MODEL --add-to FOLDER" in done.err
        assert "permissions" not in done.err


def test_sketches_stand_for_models_on_both_sides(folder: Path) -> None:
    for name in ("base", "tuned"):
        run("lineage", folder / name, "--add-to", folder / name / ".." / "index")
    (base,) = (folder / "index").glob("base-*.sketch")
    (candidate,) = (folder / "index").glob("tuned-*.sketch")

    assert 0 == run("lineage", candidate, base).code


def test_a_key_of_ones_own_has_to_be_given_again(folder: Path) -> None:
    run("lineage", folder / "base", "--add-to", folder / "index", "--key", "mine")

    other = run("lineage", folder / "tuned", "--index", folder / "index")
    same = run("lineage", folder / "tuned", "--index", folder / "index", "--key", "mine")

    assert 4 == other.code
    assert "another key" in other.err
    assert 0 == same.code, same.err


def test_json_has_no_fraction_and_every_test(folder: Path) -> None:
    write(folder / "cut", layers_of(llama(0), [2, 0]), "license: mit")

    found = run("lineage", folder / "cut", folder / "base", "--samples-only", "--json").json

    assert ("derived", 1, 1) == (found["outcome"], found["tried"], found["exit_code"])
    base = found["bases"][0]
    assert base["p_exponent"] < -20
    assert {"matrices as they are", "vocabulary as it is"} <= {e["kind"] for e in base["evidence"]}
    assert "1.0000" == base["matches"][0]["cosine"]
    assert found["candidate"]["weights_digest"] is None
    assert "." not in str([e["p_exponent"] for e in base["evidence"]])


def test_a_model_on_a_hub_is_compared_by_ranges(folder: Path) -> None:
    path = folder / "hub.safetensors"
    safetensors_file(path, tuned(llama(0), seed=4))
    card = b"---\nlicense: mit\nbase_model: base\n---\n"

    with serve({"model.safetensors": path.read_bytes(), "README.md": card}) as hub:
        done = run("lineage", "org/name", folder / "base", "--endpoint", hub.url)

    assert 0 == done.code, done.err
    assert "DERIVED base" in done.flat


def test_nothing_to_compare_with_is_a_usage_error(folder: Path) -> None:
    done = run("lineage", folder / "base")

    assert 2 == done.code
    assert "--index" in done.err


def test_a_known_file_with_mistakes_is_refused_with_all_of_them(folder: Path) -> None:
    (folder / "known.yaml").write_text(
        "format: tiergate-known-models/1\nmodels:\n  - tier: T9\n    licence: 3\n"
    )

    done = run("lineage", folder / "tuned", folder / "base", "--known", folder / "known.yaml")

    assert 4 == done.code
    assert "models.0.name" in done.err
    assert "models.0.tier" in done.err


@pytest.mark.parametrize(
    ("second", "said"),
    [
        ("name: base, tier: T5", "twice.yaml: found base stands here twice, expected"),
        ("name: other, aliases: [Base], tier: T5", "found base stands here twice"),
        ("name: other, weights_digest: abc", "models.1.weights_digest"),
    ],
)
def test_a_known_file_that_says_two_things_of_one_model_is_refused(
    second: str, said: str, folder: Path
) -> None:
    known = folder / "twice.yaml"
    known.write_text(
        f"format: tiergate-known-models/1\nmodels:\n- {{name: base, tier: T2}}\n- {{{second}}}\n"
    )

    done = run("lineage", folder / "tuned", folder / "base", "--known", known)

    assert 4 == done.code
    assert said in done.err


@pytest.mark.parametrize("tiers", [("T5", "T2"), ("T2", "T5"), (None, "T2")])
def test_of_several_models_that_a_name_may_mean_the_strictest_tier_counts(
    tiers: tuple[str | None, str | None], folder: Path
) -> None:
    lines = [
        f"- {{name: {owner}/base{'' if tier is None else f', tier: {tier}'}}}\n"
        for owner, tier in zip(("x", "y"), tiers, strict=True)
    ]
    known = folder / "several.yaml"
    known.write_text(f"format: tiergate-known-models/1\nmodels:\n{''.join(lines)}")

    done = run("lineage", folder / "tuned", folder / "base", "--known", known, "--tier", "T5")

    assert "may be no more open than T2" in done.flat


def test_a_known_file_that_is_no_text_is_refused_without_a_line(folder: Path) -> None:
    (folder / "known.yaml").write_bytes(b"\xff\xfe")

    done = run("lineage", folder / "tuned", folder / "base", "--known", folder / "known.yaml")

    assert 4 == done.code
    assert "no valid YAML" in done.err
    assert "line None" not in done.err


def test_an_index_that_cannot_be_made_is_an_error(folder: Path) -> None:
    done = run("lineage", folder / "base", "--add-to", folder / "known.yaml")

    assert 4 == done.code
    assert "known.yaml" in done.err


def test_names_mean_one_model_with_or_without_the_organisation() -> None:
    assert same_model("Acme/Base", "base")
    assert not same_model("acme/base", "other/base")
    assert not same_model("base", "base-2")


def test_p_values_are_rounded_up() -> None:
    assert "p <= 1e-2" == p_words(-2.9)
    assert "p <= 1" == p_words(0.0)


def test_layers_are_written_as_runs() -> None:
    places = [(0, 0), (1, 1), (2, 1), (3, 2), (5, 9)]
    matches = [
        MatrixMatch(candidate=f"l.{a}.up", base=f"l.{b}.up", cosine=1.0, log_e=9.0)
        for a, b in places
    ]

    assert "0-1 as in the base, 2-3 from 1-2, 5 from 9" == layer_words(matches)
    assert "none by themselves" == layer_words([])


def test_notes_about_a_candidate_are_printed(folder: Path) -> None:
    safetensors_file(folder / "tuned" / "small.safetensors", {"w": llama(0)["model.norm.weight"]})

    done = run("lineage", folder / "tuned", folder / "base")

    assert "Note: 2 sets of weights" in done.flat


def test_a_parent_that_is_not_in_the_file_of_known_models_obliges_to_no_tier(
    folder: Path,
) -> None:
    known = folder / "others.yaml"
    known.write_text(
        "format: tiergate-known-models/1\nmodels:\n  - name: acme/other\n    tier: T0\n"
    )

    done = run("lineage", folder / "tuned", folder / "base", "--known", known)

    assert 0 == done.code
    assert "T0" not in done.out


def test_what_was_not_compared_in_full_is_said() -> None:
    words = " ".join(_others(0, 2, everything=True))

    assert "2 more bases look alike and were not compared in full" in words
