# SPDX-License-Identifier: Apache-2.0
"""Every exception that Tiergate raises on purpose.

A "no" is a value (an outcome), never an exception. These mean that we could not do
what was asked::

    TiergateError
    ├── InputError              something we were given cannot be used
    │   ├── CheckpointError       weights: missing, unreadable, malformed
    │   ├── EvidenceError         a log or document: unknown version, no counts, another checkpoint
    │   └── MistakesError         a file that people write: every problem, with file and line
    │       └── PolicyError         a policy file
    ├── VerificationError       a digest, signature, identity or chain does not hold
    │   └── DigestMismatchError
    ├── MeasurementError        one of our measurements could not be completed
    └── ExtensionError          an extension or an optional extra is missing or failed

Exceptions carry data and know nothing about terminals; ``tiergate.cli.failures`` maps
them to exit codes. The text has the form *where: what was found, what was expected.
What to do.*
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self


@dataclass(slots=True, eq=False)
class TiergateError(Exception):
    """The root: something that was asked for could not be done.

    >>> print(TiergateError(where="model/", found="an empty folder", expected="weights"))
    model/: found an empty folder, expected weights.
    """

    where: str
    """File, line, field or object that the problem is about."""
    found: str
    """What is there, as a noun phrase."""
    expected: str = ""
    """What should be there, as a noun phrase; empty when there is nothing to add."""
    remedy: str = ""
    """One imperative sentence: what to do next."""

    def __str__(self) -> str:
        expected = f", expected {self.expected}" if self.expected else ""
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{self.where}: found {self.found}{expected}.{remedy}"


class InputError(TiergateError):
    """Something we were given cannot be used."""


class CheckpointError(InputError):
    """Weights are missing, unreadable or malformed."""


class EvidenceError(InputError):
    """A log or an evidence document cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake in a file that people write."""

    line: int | None
    """Line in the file, counted from 1; None when the problem has no single line."""
    field: str
    """Dotted path of the field."""
    message: str
    """What is wrong and what is expected."""


class MistakesError(InputError):
    """A file that people write has mistakes; all of them are kept, not the first."""

    problems: tuple[Problem, ...] = ()

    @classmethod
    def of(
        cls, where: str, problems: tuple[Problem, ...], expected: str = "a file without any"
    ) -> Self:
        """Make one error out of every problem found in the file ``where``."""
        count = f"{len(problems)} mistake{'s' if len(problems) != 1 else ''}"
        error = cls(where, count, expected)
        error.problems = problems
        return error

    def __str__(self) -> str:
        lines = [TiergateError.__str__(self)]
        for problem in self.problems:
            place = self.where if problem.line is None else f"{self.where}:{problem.line}"
            lines.append(f"{place}: {problem.field}: {problem.message}")
        return "\n".join(lines)


class PolicyError(MistakesError):
    """A policy file has mistakes; all of them are kept, not the first."""

    @classmethod
    def of(
        cls,
        where: str,
        problems: tuple[Problem, ...],
        expected: str = "a policy that follows the schema",
    ) -> Self:
        """Make one error out of every problem found in the policy file ``where``."""
        return super().of(where, problems, expected)


class VerificationError(TiergateError):
    """A digest, signature, identity or chain does not hold."""


class DigestMismatchError(VerificationError):
    """Bytes do not have the digest that was stated for them."""


class MeasurementError(TiergateError):
    """One of our measurements could not be completed."""


class ExtensionError(TiergateError):
    """An extension or an optional extra is missing or failed to load."""
