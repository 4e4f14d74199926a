# SPDX-License-Identifier: Apache-2.0
"""Reading and writing evidence documents: a table of bad input, and what good input keeps."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from decimal import Decimal

import pytest
import rfc8785

from builders_decision import attacked, baseline, claim, counts, document, measurement, quantity
from tiergate.errors import EvidenceError
from tiergate.evidence.conversion import (
    LARGEST_DOCUMENT_BYTES,
    measurement_part,
    read_document,
    with_digest,
    write_document,
)
from tiergate.evidence.document import digest_of
from tiergate.evidence.measurement import AttackBudget, RunRule

Content = dict[str, object]

PLAIN = document(
    measurement(value=counts(3, 100), comparison=baseline(counts(1, 50)), samples_kept=9),
    measurement("loss_of_control.horizon", quantity("1.50", "3")),
    attacked(counts(0, 60), steps=10, rule=None),
    claim("E01", who="a person", tested=True, days="45"),
)
GOOD = write_document(PLAIN)


def _bytes(content: object) -> bytes:
    return json.dumps(content).encode()


def _changed(path: str, value: object) -> bytes:
    """The good document with ``value`` at ``path``, whose steps are divided by slashes."""
    content = copy.deepcopy(json.loads(GOOD))
    *steps, last = (int(step) if step.isdigit() else step for step in path.split("/"))
    part = content
    for step in steps:
        part = part[step]
    part[last] = value
    return _bytes(content)


def _without(path: str) -> bytes:
    content = copy.deepcopy(json.loads(GOOD))
    del content[path]
    return _bytes(content)


def _tallies(*rows: Mapping[str, object]) -> list[Content]:
    plain = {"successes": 0, "scored": 1, "unscored": 0, "behaviours": 1}
    return [{**plain, **row} for row in rows]


_FIRST = "measurements/0/value"

BAD: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "no valid JSON"),
    "no JSON": (b"evidence: good", "no valid JSON"),
    "half a document": (GOOD[:200], "no valid JSON"),
    "two documents": (GOOD + GOOD, "no valid JSON"),
    "a byte order mark": (b"\xef\xbb\xbf" + GOOD, "no valid JSON"),
    "UTF-16": (GOOD.decode().encode("utf-16"), "no valid JSON"),
    "Latin-1": (_changed("source_url", "x").replace(b'"x"', b'"\xe9"'), "no valid JSON"),
    "half of a surrogate pair": (_changed("source_url", "\ud800"), "no valid JSON"),
    "half of a surrogate pair in a claim": (_changed("claims/0/fields/who", "\udfff"), "no valid"),
    "nested a hundred thousand deep": (b"[" * 100_000, "no valid JSON"),
    "a number of ten thousand digits": (b'{"format":' + b"1" * 10_000 + b"}", "no valid JSON"),
    "a list": (_bytes([1]), "format None"),
    "text": (_bytes("tiergate-evidence/1"), "format None"),
    "another format": (_changed("format", "inspect-eval/2"), "format 'inspect-eval/2'"),
    "a later version": (_changed("format", "tiergate-evidence/2"), "another version of Tiergate"),
    "no format": (_without("format"), "format None"),
    "a field twice": (
        GOOD.replace(b'"source_url":', b'"source_url":"x","source_url":', 1),
        "the field 'source_url' twice",
    ),
    "a field twice inside": (
        GOOD.replace(b'"holds":true', b'"holds":false,"holds":true', 1),
        "the field 'holds' twice",
    ),
    "not a number": (GOOD.replace(b'"planned":50', b'"planned":NaN', 1), "found NaN"),
    "infinity": (GOOD.replace(b'"planned":50', b'"planned":-Infinity', 1), "found -Infinity"),
    "a float": (GOOD.replace(b'"planned":50', b'"planned":50.0', 1), "found 50.0"),
    "a float with an exponent": (GOOD.replace(b'"planned":50', b'"planned":5e1', 1), "found 5e1"),
    "a float in a claim": (_changed("claims/0/fields/days", 0.5), "found 0.5"),
    "an unknown field": (_changed("confidence", "high"), "confidence: Extra inputs"),
    "an unknown field inside": (_changed("binding/trusted", value=True), "binding.trusted: Extra"),
    "a field that is missing": (_without("binding"), "binding: Field required"),
    "nothing said": (
        _bytes({**json.loads(GOOD), "measurements": [], "claims": []}),
        "at least one measurement or claim",
    ),
    "null for a list": (_changed("claims", None), "claims"),
    "a word that is no level": (_changed("binding/level", "certain"), "binding.level"),
    "a word that is no relation": (_changed("binding/relation", "Identical"), "binding.relation"),
    "a digest without its algorithm": (_changed("binding/root_digest", "a" * 64), "root_digest"),
    "a digest in capitals": (
        _changed("binding/root_digest", "sha256:" + "A" * 64),
        "root_digest",
    ),
    "a digest that is too short": (
        _changed("binding/root_digest", "sha256:" + "a" * 63),
        "root_digest",
    ),
    "a digest with a line end": (
        _changed("binding/root_digest", "sha256:" + "a" * 64 + "\n"),
        "root_digest",
    ),
    "a time without a zone": (
        _changed("claims/0/made_at", "2026-06-01T12:00:00"),
        "a time is RFC 3339 with an offset",
    ),
    "a time in another zone": (
        _changed("claims/0/made_at", "2026-06-01T12:00:00+02:00"),
        "a time is given in UTC",
    ),
    "a date without a time": (_changed("claims/0/made_at", "2026-06-01"), "RFC 3339 with"),
    "no time at all": (_changed("claims/0/made_at", "yesterday"), "is not an RFC 3339 time"),
    "seconds since 1970": (_changed("claims/0/made_at", 1_780_000_000), "RFC 3339"),
    "a day that does not exist": (_changed("claims/0/made_at", "2026-02-30T00:00:00Z"), "RFC 3339"),
    "fewer than no attempts": (_changed(f"{_FIRST}/planned", -1), "greater than or equal to 0"),
    "more attempts than a document can carry": (_changed(f"{_FIRST}/planned", 2**53), "less than"),
    "text for a count": (_changed(f"{_FIRST}/planned", "100"), "valid integer"),
    "true for a count": (_changed(f"{_FIRST}/planned", value=True), "valid integer"),
    "one for true": (_changed("claims/0/holds", 1), "valid boolean"),
    "yes for true": (_changed("claims/0/holds", "yes"), "valid boolean"),
    "yes for downloadable": (
        _changed("measurements/0/comparison/downloadable", "yes"),
        "valid boolean",
    ),
    "more successes than scores": (
        _changed(f"{_FIRST}/tallies", _tallies({"successes": 2})),
        "impossible tally",
    ),
    "a behaviour never attempted": (
        _changed(f"{_FIRST}/tallies", _tallies({"scored": 0})),
        "a tally without attempts",
    ),
    "a bar of no behaviours": (
        _changed(f"{_FIRST}/tallies", _tallies({"behaviours": 0})),
        "greater than or equal to 1",
    ),
    "tallies out of order": (
        _changed(f"{_FIRST}/tallies", _tallies({"successes": 1}, {})),
        "not sorted",
    ),
    "a result twice": (_changed(f"{_FIRST}/tallies", _tallies({}, {})), "repeat a result"),
    "more attempted than planned": (_changed(f"{_FIRST}/planned", 99), "attempted 100"),
    "more errors than unscored": (_changed(f"{_FIRST}/errored", 1), "more errors or limits"),
    "a value of no kind": (_changed(f"{_FIRST}/kind", "percentage"), "kind"),
    "an interval upside down": (_changed("measurements/1/value/lower", "9"), "impossible interval"),
    "a decimal that is a whole number": (_changed("measurements/1/value/lower", 1), "as text"),
    "a decimal in words": (_changed("measurements/1/value/lower", "one"), "no"),
    "a decimal with an exponent": (_changed("measurements/1/value/upper", "1e9"), "not a decimal"),
    "a decimal of a billion digits": (
        _changed("measurements/1/value/upper", "1e999999999"),
        "not a decimal number",
    ),
    "an infinite decimal": (_changed("measurements/1/value/upper", "Infinity"), "not a decimal"),
    "a decimal that is not a number": (_changed("measurements/1/value/upper", "NaN"), "not a dec"),
    "a decimal with a blank": (_changed("measurements/1/value/upper", " 3"), "not a decimal"),
    "a decimal with underscores": (_changed("measurements/1/value/upper", "1_0"), "not a decimal"),
    "a decimal in other digits": (_changed("measurements/1/value/upper", "٣"), "not a decimal"),
    "money paid to the attacker": (
        _changed("measurements/2/attack/budget/usd", "-1"),
        "greater than or equal to 0",
    ),
    "operations as a number": (_changed("measurements/2/attack/budget/flop", 5), "as text"),
    "operations with a leading zero": (
        _changed("measurements/2/attack/budget/flop", "05"),
        "as text",
    ),
    "operations below none": (_changed("measurements/2/attack/budget/flop", "-5"), "as text"),
    "no answer to a prompt": (_changed("measurements/2/attack/budget/attempts", 0), "equal to 1"),
    "no setting tried": (_changed("measurements/2/attack/trials", 0), "equal to 1"),
    "no seed": (_changed("measurements/2/attack/seeds", 0), "equal to 1"),
    "a metric without a domain": (_changed("measurements/0/metric", "uplift"), "metric"),
    "a metric in capitals": (_changed("measurements/0/metric", "CBRN.uplift"), "metric"),
    "an item with blanks": (_changed("claims/0/item", "E 01"), "item"),
    "a field name in capitals": (_changed("claims/0/fields", {"Who": "x"}), "fields"),
    "a whole number that JSON cannot carry": (_changed("claims/0/fields/days", 2**53), "fields"),
    "a list in a claim": (_changed("claims/0/fields/days", ["1"]), "fields"),
    "null in a claim": (_changed("claims/0/fields/days", None), "fields"),
    "no producer": (_changed("producer/name", ""), "producer.name"),
    "text that is too long": (_changed("source_url", "x" * 4001), "source_url"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_with_its_place(case: str) -> None:
    data, message = BAD[case]

    with pytest.raises(EvidenceError) as caught:
        read_document(data, "evidence.json")

    assert str(caught.value).startswith("evidence.json: found ")
    assert message in str(caught.value)
    str(caught.value).encode("utf-8")


def test_a_document_that_is_too_large_is_refused_unread() -> None:
    with pytest.raises(EvidenceError, match=f"at most {LARGEST_DOCUMENT_BYTES}"):
        read_document(b" " * (LARGEST_DOCUMENT_BYTES + 1), "evidence.json")


def test_every_mistake_is_reported_at_once() -> None:
    content = json.loads(GOOD)
    content["binding"]["level"] = "certain"
    content["claims"][0]["holds"] = "perhaps"
    content["more"] = 1

    with pytest.raises(EvidenceError) as caught:
        read_document(_bytes(content), "evidence.json")

    assert "3 mistakes" in caught.value.found
    assert all(field in caught.value.found for field in ("binding.level", "claims.0.holds", "more"))


def test_a_single_mistake_is_not_called_mistakes() -> None:
    with pytest.raises(EvidenceError, match=r"found 1 mistake \("):
        read_document(_changed("more", 1), "evidence.json")


def test_a_mistake_in_the_whole_document_is_named_as_one() -> None:
    data, _ = BAD["nothing said"]

    with pytest.raises(EvidenceError, match="document: Value error"):
        read_document(data, "evidence.json")


HINTS = {
    "tiergate-evidence/9": "use that version or newer",
    "something else": "evidence-document.md",
}


@pytest.mark.parametrize("found", HINTS)
def test_another_format_says_what_to_do(found: str) -> None:
    with pytest.raises(EvidenceError) as caught:
        read_document(_changed("format", found), "evidence.json")

    assert HINTS[found] in caught.value.remedy


def test_a_document_keeps_everything_on_the_way_through() -> None:
    found = read_document(GOOD, "evidence.json")

    assert PLAIN == found
    assert GOOD == write_document(found)
    assert GOOD == rfc8785.dumps(json.loads(GOOD))
    assert digest_of(GOOD) == found.digest


EFFORT = attacked(
    counts(0, 60),
    name="lora-in-domain",
    attempts=16,
    flop=10**21,
    trials=4,
    seeds=3,
    longest_run_steps=1000,
    under="TR2@1.0.0",
    rule=RunRule(
        limit=Decimal("0.05"),
        confidence=Decimal("0.95"),
        margin=Decimal("0.5"),
        loss_nats=Decimal("0.25"),
        accuracy_drop=Decimal("0.10"),
        effort=(("confirmation_prompts", 160), ("search_prompts", 96)),
        prices_digest="sha256:" + "c" * 64,
        has_shipped_prices=True,
    ),
    search=AttackBudget(usd=Decimal("1500.5"), flop=10**22),
)


def test_how_hard_an_attack_was_tried_is_kept_on_the_way_through() -> None:
    written = write_document(document(EFFORT))

    found = read_document(written, "evidence.json")

    assert (EFFORT,) == found.measurements
    assert written == write_document(found)
    attack = json.loads(written)["measurements"][0]["attack"]
    assert str(10**21) == attack["budget"]["flop"]
    assert ["1500.5", str(10**22)] == [attack["search_budget"][name] for name in ("usd", "flop")]
    assert ["TR2@1.0.0", 4, 3, 1000] == [
        attack[name] for name in ("suite", "trials", "seeds", "longest_run_steps")
    ]
    assert ["0.05", "0.95", {"confirmation_prompts": 160, "search_prompts": 96}] == [
        attack["rule"][name] for name in ("limit", "confidence", "effort")
    ]


def test_what_is_not_stated_about_an_attack_is_not_written() -> None:
    attack = json.loads(GOOD)["measurements"][2]["attack"]

    assert ["attack_class", "budget", "controls", "name"] == list(attack)
    assert ["examples", "gpu_hours", "steps", "usd"] == list(attack["budget"])


def test_the_same_content_in_other_bytes_is_another_document() -> None:
    spaced = json.dumps(json.loads(GOOD), indent=1).encode()

    found = read_document(spaced, "evidence.json")

    assert digest_of(spaced) == found.digest != PLAIN.digest
    assert PLAIN == with_digest(found)


def test_what_may_be_left_out_is_empty() -> None:
    content = {
        "format": "tiergate-evidence/1",
        "binding": {"level": "name", "relation": "unknown", "name": "model"},
        "producer": {"name": "a", "organisation": "", "relation": "unknown"},
        "claims": [
            {
                "item": "E01",
                "holds": True,
                "statement": "it holds",
                "made_at": "2026-06-01T00:00:00Z",
            }
        ],
    }

    found = read_document(_bytes(content), "evidence.json")

    assert ("", "", None, "", ()) == (
        found.binding.root_digest,
        found.binding.revision,
        found.source,
        found.source_url,
        found.measurements,
    )
    assert () == found.claims[0].fields
    assert "primary" == found.read_as


def test_a_measurement_alone_is_written_as_it_stands_in_a_document() -> None:
    parts = [measurement_part(found).model_dump(mode="json") for found in PLAIN.measurements]

    assert json.loads(GOOD)["measurements"] == parts


def test_a_time_in_utc_may_be_written_either_way() -> None:
    either = [
        read_document(_changed("claims/0/made_at", f"2026-06-01T00:00:00{zone}"), "x").claims
        for zone in ("Z", "+00:00")
    ]

    assert either[0] == either[1]


def test_topics_are_metrics_and_items() -> None:
    expected = {"cbrn.uplift", "loss_of_control.horizon", "safeguard.attack_success", "E01"}

    assert expected == PLAIN.topics


WRITTEN: dict[str, tuple[Callable[[], object], bool]] = {
    "a plain decimal": (lambda: quantity("1.50", "3"), True),
    "a decimal with an exponent is written out": (lambda: quantity("0", "1E+3"), True),
}


@pytest.mark.parametrize("case", WRITTEN)
def test_a_decimal_is_written_without_an_exponent(case: str) -> None:
    make, _ = WRITTEN[case]

    written = write_document(document(measurement(value=make())))  # type: ignore[arg-type]

    upper = json.loads(written)["measurements"][0]["value"]["upper"]
    assert upper in {"3", "1000"}
