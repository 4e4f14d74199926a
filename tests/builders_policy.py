# SPDX-License-Identifier: Apache-2.0
"""A small policy file for tests, and ways to spoil it."""

from __future__ import annotations

import pytest

from tiergate.decision.policy_document import parse_policy
from tiergate.errors import PolicyError, Problem

MINIMAL = """\
format: tiergate-policy/1
id: tiny
version: 0.1.0
title: Tiny
summary: The smallest policy that says something
as_of: 2026-11-23
confidence: 0.95
waivers:
  highest_tier: T4
  longest: {value: 90, unit: days, status: "default, adjustable", basis: judgement}
tamper_resistance:
  metric: safeguard.attack_success
  limit: {value: 0.05, status: "default, adjustable", basis: judgement}
  levels:
    TR1: {means: prompts, attack_classes: [prefill]}
    TR2: {means: small edits}
    TR3: {means: long training}
    TR4: {means: absent}
bands:
  cyber:
    B1:
      means: watch
      words: some exploits
      reached_when:
        any:
        - metric: cyber.exploits
          reaches: {value: 0.01, status: published, basis: a report,
            source: {url: "https://example.org", date: 2026, read_as: secondary}}
    B2:
      means: threshold
      words: many exploits
      reached_when:
        all:
        - {metric: cyber.exploits, exceeds: {value: 0.1, status: "default, adjustable", basis: a}}
        - {finding: cyber.chain, by: [independent]}
    B3:
      means: severe
      words: a chain
      reached_when: {finding: cyber.chain}
ceilings:
  status: default, adjustable
  basis: judgement
  domains: {cyber: {B0: {tier: T6}, B1: {tier: T5}, B2: {tier: T3}, B3: {tier: T1}}}
requirements:
  E01:
    title: Compute ledger
    asks: State the compute.
    clauses: [EU-AIA-51-2]
    requires: {claim: {item: E01, fields: [training_flop]}}
  CYBER:
    title: Cyber
    asks: Stay below the ceiling.
    clauses: [EU-COP-M4.1]
    requires:
      all:
      - within_ceiling: {domain: cyber}
      - any: [E01, tamper_resistance: TR1]
      - {at_least: 1, of: [{loads_without_code: true}, {generates_only: [text]}]}
tiers:
- id: T0
  name: Withheld
  access: none
  requirements: [E01]
  evidence:
    minimum_grades: {}
    longest_age: {value: 180, unit: days, status: "default, adjustable", basis: judgement}
  approvals: {text: one person, roles: [safety lead]}
  expiry: {days: {value: 90, unit: days, status: "default, adjustable", basis: judgement}}
  clauses: [EU-COP-C6]
- id: T5
  name: Open
  access: all
  requirements: [E01, CYBER]
  fast_path: [E01]
  evidence:
    minimum_grades: {binding: 2}
    longest_age: {value: 180, unit: days, status: "default, adjustable", basis: judgement}
  approvals: {text: one person, roles: [safety lead]}
  holds:
  - text: a month
    days: {value: 30, unit: days, status: "default, adjustable", basis: judgement}
    unless: CYBER
  expiry: {days: {value: 90, unit: days, status: "default, adjustable", basis: judgement}}
  clauses: [EU-COP-M5.1]
"""
"""A policy of two tiers that has one of each kind of thing."""


def edited(old: str, new: str) -> str:
    """Return the small policy with the first ``old`` replaced by ``new``."""
    assert old in MINIMAL
    return MINIMAL.replace(old, new, 1)


def problems(text: str) -> tuple[Problem, ...]:
    """Return every mistake that is found in ``text``."""
    with pytest.raises(PolicyError) as caught:
        parse_policy(text.encode(), "policy.yaml")
    return caught.value.problems


def line_of(text: str, words: str) -> int:
    """Return the first line with ``words``, counted from 1."""
    return next(n for n, line in enumerate(text.splitlines(), 1) if words in line)
