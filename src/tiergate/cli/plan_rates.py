# SPDX-License-Identifier: Apache-2.0
"""Rates and limits as they are written on the command line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from tiergate.cli.near_names import meant
from tiergate.decision.analysis.formula import ladder
from tiergate.decision.policy import Policy
from tiergate.decision.requirements.limit import LimitOnMetric
from tiergate.errors import InputError

_RATE = re.compile(r"([a-z_]+\.[a-z0-9_]+)=(0(?:\.[0-9]+)?|1(?:\.0+)?)")
_NUMBER = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,20})?")


def parse_rates(given: Iterable[str]) -> dict[str, float]:
    """Read ``METRIC=RATE`` texts.

    Raises:
        InputError: one is not of this form.
    """
    found: dict[str, float] = {}
    for words in given:
        match = _RATE.fullmatch(words)
        if match is None:
            raise InputError(
                "--rate", repr(words), "a metric and a share, as in cyber.exploits=0.02"
            )
        found[match[1]] = float(match[2])
    return found


def refuse_unknown_metrics(metrics: Iterable[str], policy: Policy, option: str) -> None:
    """Refuse metrics that the policy sets no limit on, that of tamper resistance included.

    A plan would leave out a mistyped one without a word, and show the rate that it assumes.

    Raises:
        InputError: there is one; ``option`` is where it was given.
    """
    atoms = (check.atom for check in ladder(policy).checks())
    known = {atom.metric for atom in atoms if isinstance(atom, LimitOnMetric)}
    known.add(policy.tamper.metric)
    for metric in metrics:
        if metric not in known:
            expected = f"a metric that {policy.id} {policy.version} sets a limit on"
            raise InputError(option, metric, expected, meant(metric, known))


def parse_number(words: str) -> Decimal:
    """Read a decimal number.

    Raises:
        InputError: it is none.
    """
    if not _NUMBER.fullmatch(words):
        raise InputError("limit", repr(words), "a decimal number, as in 0.05")
    return Decimal(words)
