# SPDX-License-Identifier: Apache-2.0
"""What a Hugging Face repository states about its model: claims, and what is odd about them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from huggingface_hub import (
    EvalResult,
    EvalResultEntry,
    ModelCard,
    ModelCardData,
    eval_result_entries_to_yaml,
    parse_eval_result_entries,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from logs.disturbed import disturbed
from tiergate.errors import EvidenceError
from tiergate.evidence.claim import Claim
from tiergate.evidence.document import ClaimPart
from tiergate.evidence.provenance import BindingLevel
from tiergate.evidence.readers.base import ForeignLog
from tiergate.evidence.readers.builtin import read_log
from tiergate.evidence.readers.hf_claims import HfClaimsReader

Json = dict[str, object]

READER = HfClaimsReader()
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
PROOF = "eyJ.x.y"
HUB = "https://huggingface.co/"


def dumped(content: object) -> str:
    """Write YAML; of one object that stands twice it would make an alias."""
    return yaml.safe_dump(json.loads(json.dumps(content)))


def entries_file(folder: Path, text: str | bytes, name: str = "sums.yaml") -> Path:
    path = folder / "tiny" / ".eval_results" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def card(folder: Path, front: str | bytes, place: str = "tiny") -> Path:
    path = folder / place / "README.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = front.encode() if isinstance(front, str) else front
    path.write_bytes(b"---\n" + content + b"\n---\n# Tiny\nmodel-index: not here\n")
    return path


ENTRY: Json = {
    "dataset": {"id": "org/sums", "task_id": "hard", "revision": "abc"},
    "value": 20.9,
    "date": "2026-01-15T10:30:00Z",
    "verifyToken": PROOF,
    "source": {"url": HUB + "org/tiny", "name": "Logs", "org": "org", "user": "ann"},
    "notes": "no-tools",
}

RESULT: Json = {
    "task": {"type": "text-generation", "name": "Text"},
    "dataset": {"type": "org/sums", "name": "Sums", "config": "main", "split": "test"},
    "metrics": [{"type": "acc", "name": "Accuracy", "value": 0.5, "verified": True}],
    "source": {"name": "Board", "url": HUB + "spaces/org/board"},
}


def an_index(*results: Json, name: object = "tiny") -> str:
    return dumped({"model-index": [{"name": name, "results": list(results or [RESULT])}]})


def fields(claim: Claim) -> dict[str, object]:
    return {field.name: field.value for field in claim.fields}


def messages(log: ForeignLog, code: str) -> list[str]:
    return [remark.message for remark in log.remarks if remark.code == code]


def codes(log: ForeignLog) -> set[str]:
    return {remark.code for remark in log.remarks}


def test_an_entry_becomes_a_claim_with_everything_it_says(tmp_path: Path) -> None:
    path = entries_file(tmp_path, dumped([ENTRY]))

    log = READER.read(path)

    [claim] = log.claims
    assert (claim.item, claim.holds) == ("benchmark.org-sums-hard", True)
    assert claim.statement == "org/sums/hard: the value is 20.9."
    assert claim.made_at == datetime(2026, 1, 15, 10, 30, tzinfo=UTC)
    assert fields(claim) == {
        "dataset": "org/sums",
        "notes": "no-tools",
        "revision": "abc",
        "source_name": "Logs",
        "source_org": "org",
        "source_url": "https://huggingface.co/org/tiny",
        "source_user": "ann",
        "task": "hard",
        "value": "20.9",
        "verify_token": "stated, not checkable here",
    }
    assert (log.series, log.files) == ((), (path,))


def test_an_entry_of_the_older_shape_has_a_configuration_for_its_task(tmp_path: Path) -> None:
    dataset = {"id": "org/sums", "config": "hard", "split": "test"}

    [claim] = READER.read(entries_file(tmp_path, dumped([{"dataset": dataset, "value": 1}]))).claims

    assert claim.item == "benchmark.org-sums-hard"
    assert fields(claim) == {
        "config": "hard",
        "dataset": "org/sums",
        "split": "test",
        "value": "1",
    }


def test_a_metric_of_a_card_becomes_a_claim_with_everything_around_it(tmp_path: Path) -> None:
    log = READER.read(card(tmp_path, an_index()))

    [claim] = log.claims
    assert claim.item == "benchmark.org-sums-text-generation"
    assert claim.statement == "org/sums/text-generation: acc is 0.5."
    assert claim.made_at == EPOCH
    assert fields(claim) == {
        "config": "main",
        "dataset": "org/sums",
        "dataset_name": "Sums",
        "metric": "acc",
        "metric_name": "Accuracy",
        "source_name": "Board",
        "source_url": "https://huggingface.co/spaces/org/board",
        "split": "test",
        "task": "text-generation",
        "value": "0.5",
        "verified": "stated, not checkable here",
    }


def test_the_source_says_which_parts_of_the_file_were_read(tmp_path: Path) -> None:
    path = card(tmp_path, an_index())

    card_source = READER.read(path).source
    entries_source = READER.read(entries_file(tmp_path, dumped([ENTRY]))).source

    assert card_source.sha256 == "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    assert (card_source.format, card_source.reader) == ("hf-model-index", "hugging_face/1")
    assert card_source.read == ("every metric of the model-index",)
    assert card_source.left_out == ("other front matter", "text of the card")
    assert (entries_source.format, entries_source.read) == ("hf-eval-results", ("every entry",))


def test_entries_that_the_library_wrote_have_the_values_that_the_library_reads(
    tmp_path: Path,
) -> None:
    written = [
        EvalResultEntry(dataset_id="cais/hle", task_id="default", value=20.90),
        EvalResultEntry(dataset_id="org/small", task_id="a", value=1e-05),
        EvalResultEntry(dataset_id="org/whole", task_id="b", value=7),
        EvalResultEntry(
            dataset_id="Idavidrein/gpqa",
            task_id="gpqa_diamond",
            value=0.412,
            dataset_revision="5503434ddd753f426f4b38109466949a1217c2bb",
            verify_token=PROOF,
            date="2025-01-15T10:30:00Z",
            source_url=HUB + "datasets/cais/hle",
            source_name="CAIS: HLE",
            source_org="cais",
            notes="no-tools: see #3 ä",
        ),
    ]
    path = entries_file(tmp_path, yaml.dump(eval_result_entries_to_yaml(written)))
    library = parse_eval_result_entries(yaml.safe_load(path.read_text("utf-8")))

    log = read_log(path)

    assert log.source.reader == "hugging_face/1"
    assert len(library) == len(log.claims)
    for entry, claim in zip(library, log.claims, strict=True):
        stated = fields(claim)
        assert Decimal(str(entry.value)) == Decimal(str(stated["value"]))
        assert {
            "dataset": entry.dataset_id,
            "task": entry.task_id,
            "revision": entry.dataset_revision,
            "source_url": entry.source_url,
            "source_name": entry.source_name,
            "source_org": entry.source_org,
            "notes": entry.notes,
        } == {
            name: stated.get(name)
            for name in (
                "dataset",
                "task",
                "revision",
                "source_url",
                "source_name",
                "source_org",
                "notes",
            )
        }
        assert ("verify_token" in stated) == (entry.verify_token is not None)
        assert claim.made_at == (datetime(2025, 1, 15, 10, 30, tzinfo=UTC) if entry.date else EPOCH)


def test_a_card_that_the_library_wrote_has_the_values_that_the_library_reads(
    tmp_path: Path,
) -> None:
    results = [
        EvalResult(
            task_type="text-generation",
            dataset_type="org/sums",
            dataset_name="Sums: easy",
            metric_type="acc",
            metric_value=0.1 + 0.2,
            metric_name="Accuracy",
            dataset_config="main",
            dataset_split="test",
            dataset_revision="abc",
            source_name="Board",
            source_url=HUB + "spaces/org/board",
        ),
        EvalResult(
            task_type="text-generation",
            dataset_type="org/sums",
            dataset_name="Sums: easy",
            metric_type="wer",
            metric_value="20.0 ± 1.2",
            verified=True,
            verify_token=PROOF,
        ),
    ]
    data = ModelCardData(model_name="tiny", eval_results=results, license="mit", language="no")
    path = tmp_path / "tiny" / "README.md"
    path.parent.mkdir()
    ModelCard(f"---\n{data.to_yaml()}\n---\n# Tiny\n").save(path)
    library = ModelCard.load(path).data

    log = read_log(path)

    assert log.binding.name == library.model_name == "tiny"
    assert len(library.eval_results) == len(log.claims)
    for result, claim in zip(library.eval_results, log.claims, strict=True):
        stated = fields(claim)
        assert str(result.metric_value) == stated["value"]
        assert [
            result.metric_type,
            result.metric_name,
            result.dataset_type,
            result.dataset_name,
            result.dataset_config,
            result.dataset_split,
            result.dataset_revision,
            result.task_type,
            result.source_name,
            result.source_url,
        ] == [
            stated.get(name)
            for name in (
                "metric",
                "metric_name",
                "dataset",
                "dataset_name",
                "config",
                "split",
                "revision",
                "task",
                "source_name",
                "source_url",
            )
        ]
        assert ("verified" in stated, "verify_token" in stated) == (
            bool(result.verified),
            result.verify_token is not None,
        )


# From what is written to the value of the claim; None when nothing is claimed.
VALUES: dict[str, tuple[str, str | None]] = {
    "a decimal, whose digits are kept": ("20.90", "20.90"),
    "a whole number": ("7", "7"),
    "a number in quotes": ('"0.5"', "0.5"),
    "a word for null in quotes": ('"null"', "null"),
    "a truth value in quotes": ("'true'", "true"),
    "a negative number": ("-0.5", "-0.5"),
    "an exponent as YAML writes it": ("1.0e-05", "0.000010"),
    "an exponent as people write it": ("1e-5", "0.00001"),
    "a bare decimal point": (".5", "0.5"),
    "a sign": ("+5", "5"),
    "an error bar": ("20.0 ± 1.2", "20.0 ± 1.2"),
    "a per cent sign": ("20 %", "20 %"),
    "digits that other readers take for octal": ("017", "017"),
    "digits that other readers take for minutes": ("12:30", "12:30"),
    "digits that other readers take for hexadecimal": ("0x1F", "0x1F"),
    "infinity": (".inf", None),
    "minus infinity": ("-.Inf", None),
    "not a number": (".NaN", None),
    "not a number, as Python writes it": ("nan", None),
    "null": ("null", None),
    "nothing": ("", None),
    "a truth value": ("true", None),
    "a list": ("[0.5]", None),
    "a mapping": ("{a: 0.5}", None),
}


@pytest.mark.parametrize("sentence", VALUES)
def test_the_value_of_a_claim_is_plain_when_what_is_written_is(
    sentence: str, tmp_path: Path
) -> None:
    written, expected = VALUES[sentence]
    one = "- dataset: {id: org/sums, task_id: a}\n  value: "
    path = entries_file(tmp_path, f"{one}{written}\n{one}1\n")

    log = READER.read(path)

    assert ([expected] if expected else []) + ["1"] == [fields(c)["value"] for c in log.claims]
    assert messages(log, "no-value") == (
        [] if expected else ["No value is stated in entry 1; nothing is claimed of it."]
    )


def test_it_is_always_remarked_that_there_are_no_samples(tmp_path: Path) -> None:
    log = READER.read(entries_file(tmp_path, dumped([ENTRY, ENTRY])))

    assert messages(log, "aggregate-only") == [
        (
            "The file has no samples; what it states (2 in number) are claims and count as no "
            "measurement."
        )
    ]


SIZES: dict[str, tuple[Json, bool]] = {
    "nothing": ({}, False),
    "a standard error": ({"stderr": 0.1}, True),
    "a number of samples": ({"num_samples": 100}, True),
    "an error bar in the value": ({"value": "20.0 +/- 1.2"}, True),
    "a size that is a word": ({"n": "many"}, False),
    "a size that is null": ({"n": None}, False),
}


@pytest.mark.parametrize("sentence", SIZES)
def test_a_missing_sample_size_is_remarked_when_beside_the_value_stands(
    sentence: str, tmp_path: Path
) -> None:
    changes, sized = SIZES[sentence]

    log = READER.read(entries_file(tmp_path, dumped([ENTRY, ENTRY | changes])))

    count = 1 if sized else 2
    assert messages(log, "no-sample-size") == [
        f"{count} of 2 values come with neither a sample size nor a standard error."
    ]


def test_a_sample_size_and_a_standard_error_are_part_of_the_claim(tmp_path: Path) -> None:
    metric = {"type": "acc", "value": 0.5, "sample_size": 200, "standard_error": 0.035}
    front = an_index(RESULT | {"metrics": [metric]})

    log = READER.read(card(tmp_path, front))

    assert (fields(log.claims[0])["n"], fields(log.claims[0])["stderr"]) == ("200", "0.035")
    assert "no-sample-size" not in codes(log)


DATES: dict[str, tuple[str, datetime | None]] = {
    "a time": ('"2026-01-15T10:30:00Z"', datetime(2026, 1, 15, 10, 30, tzinfo=UTC)),
    "a time without quotes": (
        "2026-01-15T10:30:00+01:00",
        datetime(2026, 1, 15, 9, 30, tzinfo=UTC),
    ),
    "a day": ("2026-01-15", datetime(2026, 1, 15, tzinfo=UTC)),
    "a word": ("yesterday", None),
    "null": ("null", None),
    "a list": ("[2026]", None),
}


@pytest.mark.parametrize("sentence", DATES)
def test_a_claim_without_a_usable_date_counts_as_older_than_anything_when_the_date_is(
    sentence: str, tmp_path: Path
) -> None:
    written, expected = DATES[sentence]
    text = f"- dataset: {{id: org/sums, task_id: a}}\n  value: 1\n  date: {written}\n"

    log = READER.read(entries_file(tmp_path, text))

    assert log.claims[0].made_at == (expected or EPOCH)
    assert messages(log, "no-date") == (
        []
        if expected
        else [
            "1 of 1 values do not say when they were measured; they count as older than anything."
        ]
    )


def at(place: str) -> Callable[[Path, str], Path]:
    def write(folder: Path, url: str) -> Path:
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dumped([ENTRY | {"source": {"url": url}}]), encoding="utf-8")
        return path

    return write


def in_card(place: str, name: str) -> Callable[[Path, str], Path]:
    def write(folder: Path, url: str) -> Path:
        return card(folder, an_index(RESULT | {"source": {"url": url}}, name=name), place)

    return write


CLONE = at("tiny/.eval_results/sums.yaml")
CACHE = at("models--org--tiny/snapshots/main/.eval_results/sums.yaml")
LOOSE = at("sums.yaml")

SOURCES: dict[str, tuple[Callable[[Path, str], Path], str, str]] = {
    "its own card": (CACHE, HUB + "org/tiny", ""),
    "its own card, written differently": (CACHE, "https://hf.co/Org/Tiny/blob/main/README.md", ""),
    "another organisation's model of that name": (
        CACHE,
        HUB + "other/tiny",
        "1 values have other/tiny as their source; the file belongs to org/tiny.",
    ),
    "another model": (
        CLONE,
        HUB + "org/large/discussions/3",
        "1 values have org/large as their source; the file belongs to tiny.",
    ),
    "a model of that name, where only the name is known": (CLONE, HUB + "org/tiny", ""),
    "a model without an organisation": (
        CLONE,
        HUB + "gpt2/tree/main",
        "1 values have gpt2 as their source; the file belongs to tiny.",
    ),
    "a leaderboard that is asked for another model": (
        CLONE,
        HUB + "spaces/org/board?query=org%2Flarge",
        "1 values have org/large as their source; the file belongs to tiny.",
    ),
    "a leaderboard": (CLONE, HUB + "spaces/org/board?tab=all/models", ""),
    "a data set": (CLONE, HUB + "datasets/org/large", ""),
    "somewhere else": (CLONE, "https://example.org/org/large", ""),
    "no URL": (CLONE, "org/large", ""),
    "a URL that is none": (CLONE, "https://[huggingface.co/org/large", ""),
    "another model, in a place that says nothing": (LOOSE, HUB + "org/large", ""),
    "another model, in the card of a model in its folder": (
        in_card("tiny", "tiny"),
        HUB + "org/large",
        "1 values have org/large as their source; the file belongs to tiny.",
    ),
    "a card that was copied from another model": (
        in_card("models--org--tiny/snapshots/main", "Large"),
        HUB + "org/tiny",
        "The model-index is about Large; the file lies in org/tiny.",
    ),
    "a card whose name is written differently": (
        in_card("models--org--tiny-1b/snapshots/main", "Tiny 1B"),
        HUB + "org/tiny-1b",
        "",
    ),
}


@pytest.mark.parametrize("sentence", SOURCES)
def test_a_source_that_is_another_models_is_remarked_when_it_is(
    sentence: str, tmp_path: Path
) -> None:
    write, url, expected = SOURCES[sentence]

    log = READER.read(write(tmp_path, url))

    assert messages(log, "source-names-another-model") == ([expected] if expected else [])


BINDINGS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a card": (lambda folder: card(folder, an_index(name="Tiny 1B")), "Tiny 1B"),
    "a card about two models": (
        lambda folder: card(
            folder,
            dumped({"model-index": [{"name": n, "results": [RESULT]} for n in "ab"]}),
        ),
        "tiny",
    ),
    "a clone": (lambda folder: CLONE(folder, ""), "tiny"),
    "a folder for each data set": (
        lambda folder: at("tiny/.eval_results/org/sums/result.yaml")(folder, ""),
        "tiny",
    ),
    "a cache": (lambda folder: CACHE(folder, ""), "org/tiny"),
    "anywhere": (lambda folder: LOOSE(folder, ""), ""),
}


@pytest.mark.parametrize("sentence", BINDINGS)
def test_the_binding_is_a_name_at_most_for_results_in(sentence: str, tmp_path: Path) -> None:
    write, expected = BINDINGS[sentence]

    found = READER.read(write(tmp_path)).binding

    assert (found.name, found.level) == (expected, BindingLevel.NAME)
    assert (found.revision, found.root_digest) == ("", "")


def test_a_card_in_the_cache_of_the_hub_is_a_link_and_still_in_its_folder(tmp_path: Path) -> None:
    blob = card(tmp_path, an_index(name="org/tiny"), "models--org--tiny/blobs/x")
    link = tmp_path / "models--org--tiny" / "snapshots" / "main" / "README.md"
    link.parent.mkdir(parents=True)
    link.symlink_to(blob)

    assert "source-names-another-model" not in codes(READER.read(link))


BAD_YAML: dict[str, tuple[bytes, str]] = {
    "an alias": (b"- &a {dataset: {id: x}, value: 1}\n- *a\n", "found a YAML alias, line 2"),
    "aliases that expand without bound": (
        b"- dataset: {id: &a [x, x]}\n  value: &b [*a, *a]\n  c: [*b, *b]\n",
        "found a YAML alias, line 2",
    ),
    "a tag that builds an object": (
        b"- dataset: {id: x}\n  value: !!python/object/apply:os.getpid []\n",
        "found a YAML tag, line 2",
    ),
    "a tag on a number": (b"- {dataset: {id: x}, value: !!float 1}\n", "found a YAML tag, line 1"),
    "a key that stands twice": (
        b"- dataset: {id: x}\n  value: 1\n  value: 2\n",
        "found a YAML key that stands twice, in the mapping up to line 4",
    ),
    "a key that is a list": (
        b"- dataset: {id: x}\n  value: 1\n  [a]: 2\n",
        "found a YAML key that is no text",
    ),
    "nesting without end": (b"- " * 40 + b"x\n", "found YAML nested more than 30 deep, line 1"),
    "two documents": (b"- a\n---\n- b\n", "found more than one YAML document"),
    "an open bracket": (b"- {dataset: [\n", "found broken YAML ("),
    "a tab for a space": (b"- dataset:\n\tid: x\n", "found broken YAML ("),
    "bytes that are not UTF-8": (b"- \xff\n", "found bytes that are not UTF-8, at offset 2"),
    "a control character": (b"- \x07\n", "found broken YAML ("),
    "more than a mebibyte": (b"# " + b"x" * 2**20, "found YAML of 1048578 bytes"),
}


@pytest.mark.parametrize("sentence", BAD_YAML)
def test_yaml_is_refused_with(sentence: str, tmp_path: Path) -> None:
    content, expected = BAD_YAML[sentence]
    path = entries_file(tmp_path, content)

    with pytest.raises(EvidenceError) as caught:
        READER.read(path)

    assert str(caught.value).startswith(f"sums.yaml: {expected}")


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "an empty file": (
        lambda folder: entries_file(folder, ""),
        "found YAML of another shape, expected a list of entries",
    ),
    "an empty list": (lambda folder: entries_file(folder, "[]"), "found YAML of another shape"),
    "a mapping": (lambda folder: entries_file(folder, "a: 1"), "found YAML of another shape"),
    "an entry without a value": (
        lambda folder: entries_file(folder, "- dataset: {id: x}\n"),
        "found YAML of another shape",
    ),
    "a data set that is a text": (
        lambda folder: entries_file(folder, "- {dataset: x, value: 1}\n"),
        "found YAML of another shape",
    ),
    "values that are all null": (
        lambda folder: entries_file(folder, "- {dataset: {id: x}, value: null}\n"),
        "found no value of any benchmark",
    ),
    "a card without front matter": (
        lambda folder: entries_file(folder, "# Tiny\n").rename(folder / "README.md"),
        "found front matter without a model-index",
    ),
    "a card whose front matter is no text": (lambda f: card(f, b"\x00"), "found broken YAML"),
    "a card whose model-index is null": (
        lambda folder: card(folder, "model-index:\n"),
        "found front matter without a model-index",
    ),
    "a card whose model-index is a text": (
        lambda folder: card(folder, "model-index: tiny\n"),
        "found front matter without a model-index",
    ),
    "a card without results": (
        lambda folder: card(folder, "model-index:\n- name: tiny\n"),
        "found no value of any benchmark",
    ),
    "a card with an alias": (
        lambda folder: card(folder, "license: &a mit\nmodel-index: *a\n"),
        "found a YAML alias, line 2",
    ),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_a_file_is_refused_with(sentence: str, tmp_path: Path) -> None:
    write, expected = REFUSED[sentence]

    with pytest.raises(EvidenceError) as caught:
        READER.read(write(tmp_path))

    assert expected in str(caught.value)


def test_front_matter_that_is_never_closed_is_none(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text("---\n" + an_index(), encoding="utf-8")

    with pytest.raises(EvidenceError, match="front matter without a model-index"):
        READER.read(path)


def test_a_file_is_recognised_by_its_place_or_by_what_it_holds(tmp_path: Path) -> None:
    recognised = {
        "in the folder": entries_file(tmp_path, "broken: ["),
        "in a folder of the folder": entries_file(tmp_path, "broken: [", "org/result.yaml"),
        "elsewhere": LOOSE(tmp_path, ""),
        "card": card(tmp_path, an_index()),
        "card with a byte order mark": tmp_path / "bom" / "README.md",
    }
    recognised["card with a byte order mark"].parent.mkdir()
    recognised["card with a byte order mark"].write_bytes(
        b"\xef\xbb\xbf" + recognised["card"].read_bytes()
    )
    other = {
        "folder": tmp_path,
        "folder of entries": tmp_path / "tiny" / ".eval_results",
        "absent": tmp_path / ".eval_results" / "absent.yaml",
        "policy": tmp_path / "policy.yaml",
        "broken": tmp_path / "broken.yaml",
        "card without": card(tmp_path, "license: mit", "plain"),
        "card of another name": tmp_path / "CARD.md",
        "json": tmp_path / "entries.json",
    }
    other["policy"].write_text("format: x\ntiers: []\n", encoding="utf-8")
    other["broken"].write_text("- {dataset: [\n", encoding="utf-8")
    other["card of another name"].write_bytes(recognised["card"].read_bytes())
    other["json"].write_text(json.dumps([ENTRY]), encoding="utf-8")

    assert {name for name, path in recognised.items() if READER.recognises(path)} == set(recognised)
    assert not [name for name, path in other.items() if READER.recognises(path)]


def test_a_byte_order_mark_is_no_part_of_a_card(tmp_path: Path) -> None:
    path = card(tmp_path, an_index())
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())

    assert len(READER.read(path).claims) == 1


def check(log: ForeignLog) -> None:
    assert log.claims
    assert not log.series
    for claim in log.claims:
        ClaimPart.model_validate({**asdict(claim), "fields": fields(claim)})
        assert fields(claim)["value"]
    assert json.dumps(asdict(log), default=str, ensure_ascii=False).encode()


@settings(max_examples=200, deadline=None)
@given(
    entry=disturbed(ENTRY), index=disturbed({"model-index": [{"name": "a", "results": [RESULT]}]})
)
def test_whatever_a_file_holds_it_gives_claims_that_a_document_can_carry_or_an_error_of_ours(
    entry: Json, index: Json, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("any")
    # JSON is YAML, and it writes what YAML's own writer would not.
    for path in (
        entries_file(folder, json.dumps([ENTRY, entry])),
        card(folder, json.dumps(index)),
    ):
        try:
            log = READER.read(path)
        except EvidenceError:
            continue
        check(log)


@settings(max_examples=300, deadline=None)
@given(text=st.text(alphabet="-:[]{}&*!?|>'\"% \n\tab1.#", max_size=40))
def test_whatever_text_a_file_holds_it_is_read_or_refused_with_an_error_of_ours(
    text: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = entries_file(tmp_path_factory.mktemp("any"), text)

    try:
        log = READER.read(path)
    except EvidenceError:
        return
    check(log)
