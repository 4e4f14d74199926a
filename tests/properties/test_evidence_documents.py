# SPDX-License-Identifier: Apache-2.0
"""Laws of evidence documents and counts: byte-exact round trips, denominators that add up."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import rfc8785
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from builders_decision import ROOT, measurement
from tiergate.evidence.bounds import bounds, difference_bounds
from tiergate.evidence.claim import Claim, ClaimField
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.conversion import read_document, with_digest, write_document
from tiergate.evidence.document import digest_of
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import (
    Attack,
    AttackBudget,
    AttackClass,
    Comparison,
    Controls,
    Counts,
    Direction,
    Measurement,
    Quantity,
    RunRule,
    Setting,
    Variant,
)
from tiergate.evidence.provenance import (
    Binding,
    BindingLevel,
    Producer,
    ProducerRelation,
    ReadAs,
    Relation,
    Remark,
    SourceFile,
)
from tiergate.evidence.store import EvidenceStore

CONFIDENCE = Decimal("0.95")
LARGEST = 2**53 - 1

texts = st.text(st.characters(codec="utf-8"), max_size=20)
names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
digests = st.sampled_from([ROOT, f"sha256:{'0' * 64}", f"sha256:{'f' * 64}"])
times = st.datetimes(min_value=datetime(2000, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
decimals = st.decimals(Decimal(-(10**12)), Decimal(10**12), places=4)
amounts = st.none() | st.decimals(0, 10**9, places=2)
rows = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 2)).filter(
        lambda row: row[0] <= row[1] and row[1] + row[2] > 0
    ),
    max_size=12,
)


@st.composite
def some_counts(draw: st.DrawFn) -> Counts:
    found = draw(rows)
    attempted = sum(scored + unscored for _, scored, unscored in found)
    unscored = sum(row[2] for row in found)
    return Counts.of(
        found,
        planned=attempted + draw(st.integers(0, 9)),
        errored=draw(st.integers(0, unscored)),
        limited=draw(st.integers(0, attempted)),
        superseded=draw(st.integers(0, LARGEST)),
    )


quantities = st.builds(
    lambda ends, unit, method: Quantity(lower=min(ends), upper=max(ends), unit=unit, method=method),
    st.tuples(decimals, decimals),
    names,
    names,
)
shares = st.decimals(Decimal("0.001"), Decimal("0.999"), places=3)
rules = st.builds(
    RunRule,
    limit=shares,
    confidence=shares,
    margin=st.none() | shares,
    loss_nats=st.none() | shares,
    accuracy_drop=st.none() | shares,
    effort=st.sampled_from([(), (("confirmation_prompts", 160), ("search_prompts", 96))]),
    prices_digest=st.just("") | digests,
    has_shipped_prices=st.none() | st.booleans(),
)
budgets = st.builds(
    AttackBudget,
    usd=amounts,
    gpu_hours=amounts,
    steps=st.none() | st.integers(0, LARGEST),
    examples=st.none() | st.integers(0, LARGEST),
    attempts=st.none() | st.integers(1, LARGEST),
    flop=st.none() | st.integers(0, 10**30),
)
attacks = st.builds(
    Attack,
    name=names,
    attack_class=st.sampled_from(AttackClass),
    budget=budgets,
    controls=st.sampled_from(Controls),
    suite=st.sampled_from(["", "TR1@1.0.0"]),
    trials=st.none() | st.integers(1, LARGEST),
    seeds=st.none() | st.integers(1, LARGEST),
    longest_run_steps=st.none() | st.integers(0, LARGEST),
    rule=st.none() | rules,
    search_budget=st.none() | budgets,
)
comparisons = st.builds(
    Comparison,
    baseline_name=names,
    baseline_digest=st.just("") | digests,
    downloadable=st.booleans(),
    counts=some_counts(),
)
measurements = st.builds(
    Measurement,
    metric=st.from_regex(r"[a-z_]{1,9}\.[a-z0-9_]{1,9}", fullmatch=True),
    domain=st.none() | st.sampled_from(HazardDomain),
    direction=st.sampled_from(Direction),
    success_means=names,
    value=some_counts() | quantities,
    setting=st.builds(
        Setting, variant=st.sampled_from(Variant), elicitation=texts, generation=texts
    ),
    task=names,
    dataset=texts,
    grader=texts,
    finished_at=times,
    samples_kept=st.integers(0, LARGEST),
    attack=st.none() | attacks,
    comparison=st.none() | comparisons,
)
values = texts | st.integers(-LARGEST, LARGEST) | st.booleans()
claims = st.builds(
    Claim,
    item=st.from_regex(r"[A-Za-z0-9_.-]{1,9}", fullmatch=True),
    holds=st.booleans(),
    statement=names,
    fields=st.dictionaries(
        st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True), values, max_size=3
    ).map(lambda found: tuple(ClaimField(name=n, value=found[n]) for n in sorted(found))),
    made_at=times,
)
documents = st.builds(
    EvidenceDocument,
    digest=st.just(""),
    binding=st.builds(
        Binding,
        level=st.sampled_from(BindingLevel),
        relation=st.sampled_from(Relation),
        name=texts,
        revision=texts,
        root_digest=st.just("") | digests,
        measured_digest=st.just("") | digests,
    ),
    producer=st.builds(
        Producer, name=names, organisation=texts, relation=st.sampled_from(ProducerRelation)
    ),
    read_as=st.sampled_from(ReadAs),
    source=st.none()
    | st.builds(
        SourceFile,
        file_name=names,
        sha256=digests,
        size_bytes=st.integers(0, LARGEST),
        format=names,
        reader=names,
        tool=texts,
        url=texts,
    ),
    source_url=texts,
    measurements=st.lists(measurements, max_size=2).map(tuple),
    claims=st.lists(claims, min_size=1, max_size=2).map(tuple),
    remarks=st.lists(st.builds(Remark, code=names, message=names), max_size=2).map(tuple),
    unmapped=st.lists(names, max_size=2).map(tuple),
).map(with_digest)


@settings(deadline=None, max_examples=60)
@given(documents)
def test_a_document_that_is_written_read_and_written_keeps_every_byte(
    document: EvidenceDocument,
) -> None:
    written = write_document(document)

    found = read_document(written, "document")

    assert document == found
    assert written == write_document(found)
    assert digest_of(written) == found.digest


@settings(deadline=None, max_examples=60)
@given(documents)
def test_a_document_is_canonical_json_without_any_float(document: EvidenceDocument) -> None:
    written = write_document(document)

    content = json.loads(written, parse_float=lambda text: (_ for _ in ()).throw(ValueError(text)))

    assert written == rfc8785.dumps(content)


@settings(deadline=None, max_examples=20)
@given(st.lists(documents, min_size=1, max_size=3, unique_by=lambda found: found.digest))
def test_a_store_gives_back_what_was_added_whatever_the_order(
    added: list[EvidenceDocument],
) -> None:
    with TemporaryDirectory() as folder:
        store = EvidenceStore(Path(folder))
        for document in (*added, *reversed(added)):
            store.add(write_document(document))

        assert tuple(sorted(added, key=lambda found: found.digest)) == store.documents()
        assert [found.digest for found in added] == [entry.digest for entry in store.register()]
        assert [found.topics for found in added] == [entry.topics for entry in store.register()]


@given(some_counts())
def test_every_attempt_is_in_exactly_one_denominator(counts: Counts) -> None:
    assert counts.planned == counts.scored + counts.unscored + counts.not_attempted
    assert counts.successes <= counts.scored
    assert counts.behaviours <= counts.attempted


@given(rows)
def test_counts_do_not_depend_on_the_order_of_behaviours(
    found: list[tuple[int, int, int]],
) -> None:
    assert Counts.of(found) == Counts.of(sorted(found, reverse=True))


@settings(deadline=None)
@given(some_counts())
def test_bounds_lie_around_every_rate_that_the_missing_scores_allow(counts: Counts) -> None:
    found = bounds(counts, CONFIDENCE)

    assert 0 <= found.lower <= found.upper <= 1
    if counts.planned:
        missing = counts.unscored + counts.not_attempted
        rounding = 1e-9
        assert found.upper >= (counts.successes + missing) / counts.planned - rounding
        assert found.lower <= counts.successes / counts.planned + rounding


@settings(deadline=None)
@given(rows.filter(bool), st.integers(0, 40))
def test_attempts_that_were_planned_and_never_made_only_widen_the_bounds(
    found: list[tuple[int, int, int]], more: int
) -> None:
    counts = Counts.of(found)
    thinner = dataclasses.replace(counts, planned=counts.planned + more)
    before, after = bounds(counts, CONFIDENCE), bounds(thinner, CONFIDENCE)

    rounding = 1e-9
    assert after.upper >= before.upper - rounding
    assert after.lower <= before.lower + rounding


@settings(deadline=None)
@given(rows, st.data())
def test_an_attempt_that_loses_its_score_only_widens_the_bounds(
    found: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    places = [index for index, row in enumerate(found) if row[1] > 0]
    assume(places)
    place = data.draw(st.sampled_from(places))
    successes, scored, unscored = found[place]
    lost = data.draw(st.integers(0, 1)) if 0 < successes < scored else int(successes == scored)
    worse = [*found]
    worse[place] = (successes - lost, scored - 1, unscored + 1)

    before, after = (bounds(Counts.of(rows), CONFIDENCE) for rows in (found, worse))

    rounding = 1e-9
    assert after.upper >= before.upper - rounding
    assert after.lower <= before.lower + rounding


@settings(deadline=None)
@given(some_counts(), some_counts())
def test_a_baseline_that_loses_its_scores_only_widens_the_margin(
    counts: Counts, other: Counts
) -> None:
    comparison = Comparison(
        baseline_name="base", baseline_digest="", downloadable=True, counts=other
    )
    unscored = Counts.of(
        [(0, 0, t.scored + t.unscored) for t in other.tallies for _ in range(t.behaviours)],
        planned=other.planned,
    )
    silent = dataclasses.replace(comparison, counts=unscored)

    low, high = difference_bounds(measurement(value=counts, comparison=comparison), CONFIDENCE)
    lowest, highest = difference_bounds(measurement(value=counts, comparison=silent), CONFIDENCE)

    rounding = 1e-9
    assert -1 <= lowest <= low + rounding
    assert high - rounding <= highest <= 1
