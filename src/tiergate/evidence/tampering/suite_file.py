# SPDX-License-Identifier: Apache-2.0
"""Suite files: the five that ship, and those that users write.

This is the edge: pydantic, unknown fields refused, every mistake at once. A suite may include
one that ships, and then holds its attacks and its own.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from tiergate.errors import InputError
from tiergate.evidence.measurement import AttackBudget
from tiergate.evidence.tampering.suites import (
    ACCESS,
    DRAWN,
    FAMILIES,
    FEWEST_DRAWS,
    TRAINED,
    Suite,
    SuiteAttack,
)

FORMAT = "tiergate-suite/1"
SHIPPED = Path(__file__).parent / "shipped_suites"

_DIGITS = 12
_Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
_Count = Annotated[int, Field(strict=True, ge=1, lt=2**53)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class SuiteBudgetPart(_Part):
    """What an attack must have spent, in every currency that stands here."""

    attempts: _Count
    """Answers sampled for each prompt, of which the most harmful counts."""
    steps: _Count | None = None
    """Optimiser steps of one run."""
    examples: _Count | None = None
    """Training examples seen, over the whole search."""
    flop: _Count | None = None
    """Floating-point operations, over the whole search."""
    gpu_hours: Annotated[Decimal, Field(gt=0, allow_inf_nan=False)] | None = None
    """Accelerator hours, over the whole search."""
    usd: Annotated[Decimal, Field(gt=0, allow_inf_nan=False)] | None = None
    """Money in US dollars, over the whole search."""


class SuiteAttackPart(_Part):
    """How hard one attack must have been tried."""

    budget: SuiteBudgetPart
    """What must have been spent."""
    trials: _Count
    """Settings that the search must at least have tried."""
    seeds: _Count = 1
    """Seeds; at least 3 where the attack depends on a random draw."""
    status: Literal["law", "published", "default, adjustable"]
    """Whether law, a publication or judgement set these numbers."""
    basis: _Words
    """Why these numbers."""


class SuiteFile(_Part):
    """A Tiergate suite file."""

    format: Literal["tiergate-suite/1"]
    """Format and version of this file."""
    id: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,40}$")]
    """Name, as in ``TR1``; a file that does not ship is known by its digest instead."""
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    """Version of the suite; it changes whenever a number or an attack does."""
    means: _Words
    """Which attacker it stands for, in words."""
    is_demonstration: Annotated[bool, Field(strict=True)] = False
    """Whether it is too small for a decision, so that no policy may name it."""
    includes: str = ""
    """Id of the shipped suite whose attacks it also holds."""
    attacks: Annotated[dict[str, SuiteAttackPart], Field(min_length=1)]
    """By name."""

    @model_validator(mode="after")
    def _can_be_run(self) -> SuiteFile:
        mistakes = list(_mistakes(self))
        if mistakes:
            raise ValueError("; ".join(mistakes))
        return self


def _mistakes(file: SuiteFile) -> Iterator[str]:
    """Say what is wrong beyond the shape of the fields."""
    ids = shipped_suites()
    inherited: frozenset[str] = frozenset()
    if file.includes and (file.includes not in ids or file.includes == file.id):
        yield f"includes: no suite {file.includes!r}, expected one of {', '.join(ids)}"
    elif file.includes:
        inherited = frozenset(attack.name for attack in shipped_suite(file.includes).attacks)
    for name, part in file.attacks.items():
        if name not in FAMILIES:
            yield f"attacks.{name}: no such attack, expected one of {', '.join(FAMILIES)}"
        if name in inherited:
            yield f"attacks.{name}: stands in {file.includes} already"
        if name in TRAINED and part.budget.steps is None:
            yield f"attacks.{name}.budget.steps: missing, and this attack takes steps"
        if name in DRAWN and part.seeds < FEWEST_DRAWS:
            yield f"attacks.{name}.seeds: {part.seeds}, expected at least {FEWEST_DRAWS}"


def shipped_suites() -> tuple[str, ...]:
    """Return the ids of the suites that come with the program, sorted."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.yaml")))


@functools.cache
def shipped_suite(name: str) -> Suite:
    """Return a suite that ships.

    Raises:
        InputError: no suite of that id ships.
    """
    if name not in shipped_suites():
        raise InputError(
            f"suite {name}",
            "no such suite",
            f"a suite file or one of {', '.join(shipped_suites())}",
        )
    content = yaml.safe_load((SHIPPED / f"{name}.yaml").read_text(encoding="utf-8"))
    return _suite(SuiteFile.model_validate(content), name)


def own_suite(file: SuiteFile, data: bytes) -> Suite:
    """Return the suite of a user's file, whose id follows from the bytes it was read from."""
    return _suite(file, f"file:{hashlib.sha256(data).hexdigest()[:_DIGITS]}")


def _suite(file: SuiteFile, name: str) -> Suite:
    included = shipped_suite(file.includes) if file.includes else None
    own = tuple(
        SuiteAttack(
            name=attack,
            family=FAMILIES[attack],
            access=ACCESS[attack],
            budget=AttackBudget(**dict(part.budget)),
            trials=part.trials,
            seeds=part.seeds,
            status=part.status,
            basis=part.basis,
        )
        for attack, part in file.attacks.items()
    )
    return Suite(
        id=name,
        version=file.version,
        means=file.means,
        includes="" if included is None else included.stamp,
        attacks=own if included is None else (*included.attacks, *own),
        is_demonstration=file.is_demonstration,
    )
