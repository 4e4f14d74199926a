# SPDX-License-Identifier: Apache-2.0
"""A JailbreakBench artifact, reduced to what is counted and to how the attack was run.

Goals, prompts and responses are not kept; of a response, only whether there is one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.values import (
    Score,
    as_count,
    as_label,
    as_list,
    as_number,
    as_object,
    as_score,
    as_text,
    as_time,
    shortened,
)

BEHAVIOURS = 100
"""Behaviours of the benchmark, numbered from 0."""

_KNOWN = frozenset(str(index) for index in range(BEHAVIOURS))
_LABEL = "jailbroken"
_OLDER_LABEL = "jailbroken_"
_DENIALS = frozenset({"", "0", "false", "no", "none", "safe"})
_MAX_SETTING = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Jailbreak:
    """One row."""

    index: str
    """Number of the behaviour in the benchmark, as text."""
    attempt: int
    """Number of the row among those with this index, from 1."""
    prompted: bool
    """Whether the attack has a prompt for the behaviour."""
    responded: bool
    """Whether the row has a response."""
    labels: Mapping[str, Score | None]
    """From each column of labels to the label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One attack on one model."""

    method: str
    """The attack; ``unnamed method`` when the file does not say."""
    attack_type: str
    """What the attacker sees, as in ``black_box``; empty when the file does not say."""
    model: str
    """What the file calls the model; empty when it does not say."""
    defence: str
    """What stood between the attack and the model; empty when nothing did."""
    provider: str
    """Service or engine that ran the model; empty when the file does not say."""
    method_parameters: Mapping[str, object]
    """Settings of the attack; a longer text is reduced to its length."""
    evaluated_at: datetime | None
    """Day of the evaluation; None when the file does not say."""
    queries: int | None
    """Queries to the model in total; None when the file does not say."""
    claimed_jailbreaks: int | None
    """Jailbreaks that the parameters claim."""
    claimed_rate: Decimal | None
    """Success rate that the parameters claim."""
    claimed_prompts: int | None
    """Prompts that the parameters claim were submitted."""
    rows: tuple[Jailbreak, ...]
    """Every row, by index."""
    graders: tuple[str, ...]
    """Columns of labels, sorted."""

    @property
    def known(self) -> frozenset[str]:
        """Indices of the rows that are indices of the benchmark."""
        return _KNOWN & {row.index for row in self.rows}


def denies(label: Score | None) -> bool:
    """Tell whether a label says that there was no jailbreak, or says nothing.

    >>> denies(False), denies("False"), denies(Decimal(0)), denies(None), denies("True")
    (True, True, True, True, False)
    """
    if isinstance(label, str):
        return label.strip().casefold() in _DENIALS
    return not label


def read_artifact(document: Mapping[str, object], where: str) -> Artifact:
    """Take from an artifact what is counted.

    Args:
        document: the whole file.
        where: how messages name it.

    Raises:
        EvidenceError: no rows, a row without an index, or no column of labels.
    """
    parameters = as_object(document.get("parameters"))
    rows = tuple(_rows(as_list(document.get("jailbreaks")), where))
    graders = sorted({grader for row in rows for grader in row.labels})
    if not graders:
        raise EvidenceError(
            where,
            f"{len(rows)} rows and no label",
            "rows with an index and a column jailbroken",
            "Have the responses graded, and give the artifact that results.",
        )
    return Artifact(
        method=shortened(as_text(parameters.get("method")), 200) or "unnamed method",
        attack_type=shortened(as_text(parameters.get("attack_type")), 100),
        model=shortened(_first_text(parameters, "model", "model_name"), 500),
        defence=shortened(as_text(parameters.get("defense")), 100),
        provider=shortened(as_text(parameters.get("evaluation_llm_provider")), 100),
        method_parameters=_settings(as_object(parameters.get("method_parameters"))),
        evaluated_at=as_time(_first_text(parameters, "evaluation_date", "run_date")),
        queries=as_count(parameters.get("total_number_of_queries")),
        claimed_jailbreaks=_first_count(
            parameters, "total_number_of_jailbreaks", "attack_success_count"
        ),
        claimed_rate=as_number(parameters.get("attack_success_rate")),
        claimed_prompts=as_count(parameters.get("number_of_submitted_prompts")),
        rows=rows,
        graders=tuple(graders),
    )


def _rows(entries: list[object], where: str) -> Iterator[Jailbreak]:
    attempts: Counter[str] = Counter()
    fields = [as_object(entry) for entry in entries]
    for row in sorted(fields, key=lambda row: _order(as_label(row.get("index")))):
        index = as_label(row.get("index"))
        if not index:
            raise EvidenceError(where, "a row without an index", "the number of its behaviour")
        attempts[index] += 1
        yield Jailbreak(
            index=index,
            attempt=attempts[index],
            prompted=row.get("prompt") is not None,
            responded=row.get("response") is not None,
            labels={
                as_text(name): as_score(value)
                for name, value in row.items()
                if name == _LABEL or name.startswith(_OLDER_LABEL)
            },
        )


def _order(index: str) -> tuple[int, str]:
    return len(index), index


def _first_text(fields: Mapping[str, object], *names: str) -> str:
    return next((text for name in names if (text := as_text(fields.get(name)))), "")


def _first_count(fields: Mapping[str, object], *names: str) -> int | None:
    return next((n for name in names if (n := as_count(fields.get(name))) is not None), None)


def _settings(parameters: Mapping[str, object]) -> dict[str, object]:
    """Keep numbers and single words; a longer text may be a prompt, and only its length is kept."""
    kept: dict[str, object] = {}
    for name, value in parameters.items():
        if isinstance(value, dict | list):
            continue
        plain = not isinstance(value, str) or (
            len(value) <= _MAX_SETTING and not any(c.isspace() for c in value)
        )
        kept[name] = value if plain else f"<{len(str(value))} characters>"
    return kept
