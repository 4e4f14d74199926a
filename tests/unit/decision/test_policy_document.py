# SPDX-License-Identifier: Apache-2.0
"""Policy files: a good one becomes the policy that it says."""

from __future__ import annotations

import hashlib
from pathlib import Path

import jsonschema
import pytest

from builders_policy import MINIMAL, edited
from tiergate.decision import strict_yaml
from tiergate.decision.explanation import Side
from tiergate.decision.policy import AllOf, AnyOf, AtLeast, Named
from tiergate.decision.policy_document import (
    json_schema,
    load_file,
    load_policy,
    parse_policy,
    shipped_policies,
)
from tiergate.decision.policy_file import PolicyFile
from tiergate.decision.requirements.claim import ClaimMade
from tiergate.decision.requirements.limit import LimitOnMetric
from tiergate.decision.tier import Band, Tier
from tiergate.errors import PolicyError
from tiergate.evidence.hazards import HazardDomain


def test_a_small_policy_is_read() -> None:
    policy = parse_policy(MINIMAL.encode(), "policy.yaml")

    assert ("tiny", "0.1.0", "2026-11-23") == (policy.id, policy.version, policy.as_of)
    assert [Tier.T0, Tier.T5] == [rung.tier for rung in policy.tiers]
    assert policy.tier(Tier.T3) is None
    assert ("E01",) == policy.tiers[1].fast_path


def test_the_digest_is_of_the_bytes_of_the_file() -> None:
    data = MINIMAL.encode() + b"# a remark\n"

    policy = parse_policy(data, "policy.yaml")

    assert f"sha256:{hashlib.sha256(data).hexdigest()}" == policy.digest


def test_checks_combine_as_they_are_written() -> None:
    policy = parse_policy(MINIMAL.encode(), "policy.yaml")

    expression = policy.requirements["CYBER"].expression

    assert isinstance(expression, AllOf)
    _, way, some = expression.parts
    assert isinstance(way, AnyOf)
    assert Named(id="E01") == way.parts[0]
    assert isinstance(some, AtLeast)
    assert 1 == some.needed


def test_a_band_that_any_indicator_reaches_needs_every_one_ruled_out() -> None:
    policy = parse_policy(MINIMAL.encode(), "policy.yaml")

    ruled_out = policy.bands[HazardDomain.CYBER][Band.B1].ruled_out

    assert isinstance(ruled_out, AllOf)
    (limit,) = ruled_out.parts
    assert isinstance(limit, LimitOnMetric)
    assert (Side.BELOW, True) == (limit.side, limit.reached_unless_ruled_out)


def test_a_band_that_all_indicators_reach_needs_one_ruled_out() -> None:
    policy = parse_policy(MINIMAL.encode(), "policy.yaml")

    ruled_out = policy.bands[HazardDomain.CYBER][Band.B2].ruled_out

    assert isinstance(ruled_out, AnyOf)
    limit, finding = ruled_out.parts
    assert isinstance(limit, LimitOnMetric)
    assert isinstance(finding, ClaimMade)
    assert limit.side is Side.AT_MOST
    assert not finding.expects
    assert ["0.1"] == [str(n.value) for n in policy.bands[HazardDomain.CYBER][Band.B2].numbers]


def test_a_policy_is_found_by_its_name_or_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(MINIMAL, encoding="utf-8")

    assert "default" == load_policy("default").id
    assert "tiny" == load_policy(str(path)).id
    assert "tiny" == load_file(str(path)).id


def test_a_name_that_is_nearly_right_is_suggested() -> None:
    with pytest.raises(PolicyError) as caught:
        load_policy("defualt")

    assert "Did you mean 'default'?" in str(caught.value)
    assert caught.value.problems == ()


def test_a_name_like_no_other_lists_what_there_is() -> None:
    with pytest.raises(PolicyError, match=r"one of .*default") as caught:
        load_policy("qqqqqqqq")

    assert "Did you mean" not in str(caught.value)


@pytest.mark.parametrize("name", shipped_policies())
def test_every_shipped_policy_loads_and_is_called_like_its_file(name: str) -> None:
    assert name == load_policy(name).id


def test_the_schema_refuses_what_the_reader_refuses() -> None:
    content, _, _ = strict_yaml.load(edited("title: Tiny", "titel: Tiny").encode())

    with pytest.raises(jsonschema.ValidationError, match="titel"):
        jsonschema.validate(content, json_schema())


KINDS: dict[str, tuple[str, object]] = {
    "at most": (
        "limit: {metric: cyber.exploits, at_most: {value: 0.1, JUDGED}}",
        Side.AT_MOST,
    ),
    "below": (
        "limit: {metric: cyber.exploits, below: {value: 0.1, JUDGED}}",
        Side.BELOW,
    ),
    "at least": (
        "limit: {metric: cyber.exploits, at_least: {value: 0.1, JUDGED}}",
        Side.AT_LEAST,
    ),
    "a claim's number at most": (
        "claim: {item: E1, limits: [{field: n, at_most: {value: 1, JUDGED}}]}",
        Side.AT_MOST,
    ),
    "a claim's number at least": (
        "claim: {item: E1, limits: [{field: n, at_least: {value: 1, JUDGED}}]}",
        Side.AT_LEAST,
    ),
}


@pytest.mark.parametrize("sentence", KINDS)
def test_a_limit_keeps_its_side(sentence: str) -> None:
    check, side = KINDS[sentence]
    judged = check.replace("JUDGED", "status: 'default, adjustable', basis: a")

    policy = parse_policy(edited("within_ceiling: {domain: cyber}", judged).encode(), "p")

    expression = policy.requirements["CYBER"].expression
    assert isinstance(expression, AllOf)
    first = expression.parts[0]
    assert isinstance(first, LimitOnMetric | ClaimMade)
    assert side == (first.side if isinstance(first, LimitOnMetric) else first.limits[0].side)


def test_the_parts_of_a_file_can_be_written_out_and_read_again() -> None:
    file = load_file("default")

    again = PolicyFile.model_validate_json(file.model_dump_json(exclude_none=True))

    assert file == again
