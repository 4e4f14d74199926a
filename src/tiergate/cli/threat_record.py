# SPDX-License-Identifier: Apache-2.0
"""Threat records: the six steps of marginal-risk analysis, as people write them.

Source: S. Kapoor, R. Bommasani and others, On the Societal Impact of Open Foundation Models
(2024), section 5, whose six steps are the fields of a scenario. A record opens nothing by
existing. Its numbers count as measured only where it names the measurements they are from.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from datetime import date
from importlib import resources
from pathlib import Path
from string import Template
from typing import Annotated, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from tiergate.cli.yaml_file import read_yaml
from tiergate.errors import InputError
from tiergate.evidence.document_pairs import Day
from tiergate.evidence.hazards import HazardDomain

ITEM = "E05"
"""Evidence item that a threat record answers in the shipped policies."""
FOUR = (
    HazardDomain.CBRN,
    HazardDomain.CYBER,
    HazardDomain.LOSS_OF_CONTROL,
    HazardDomain.MANIPULATION,
)
"""Domains that a record is about."""
_LONGEST = 4000
_WHAT = "a threat record"


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("says nothing")
    return text.strip()


Said = Annotated[str, AfterValidator(_said)]
MeasurementId = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}#m[0-9]{1,6}$")]


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class MarginalRisk(_Document):
    """Step 4: what the model adds."""

    says: Said
    """In words."""
    measurements: tuple[MeasurementId, ...]
    """Measurements beside a baseline that its numbers are from; empty where none was made."""


class Scenario(_Document):
    """One scenario, in six steps."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,30}$")]
    """Short name, as in ``S1``."""
    domain: HazardDomain
    """Hazard domain."""
    title: Said
    """What it is about."""
    threat_identification: Said
    """Step 1: who could do what with it, to whom, along which steps."""
    existing_risk: Said
    """Step 2: how large the risk is without open models."""
    existing_defences: Said
    """Step 3: what stops it today."""
    marginal_risk: MarginalRisk
    """Step 4: what the model adds."""
    ease_of_defence: Said
    """Step 5: how hard it is to defend against what it adds."""
    uncertainty_and_assumptions: Said
    """Step 6: what is not known, and what is assumed."""


class ThreatRecord(_Document):
    """A threat record."""

    format: Literal["tiergate-threat-record/1"]
    """Format and version of this file."""
    subject: Said
    """The model."""
    author: Said
    """Who wrote it."""
    as_of: Day
    """The day as of which it holds."""
    scenarios: tuple[Scenario, ...]
    """The scenarios; at least one."""

    @model_validator(mode="after")
    def _named_once(self) -> ThreatRecord:
        if not self.scenarios:
            raise ValueError("a record without any scenario")
        twice = [name for name, n in Counter(s.id for s in self.scenarios).items() if n > 1]
        if twice:
            raise ValueError(f"scenarios named twice: {', '.join(sorted(twice))}")
        return self

    @property
    def without_scenario(self) -> tuple[HazardDomain, ...]:
        """Domains that a record is about and that no scenario of this one is."""
        return tuple(d for d in FOUR if d not in {s.domain for s in self.scenarios})

    @property
    def named(self) -> tuple[str, ...]:
        """Every measurement that it names, in order, each once."""
        return tuple(
            dict.fromkeys(name for s in self.scenarios for name in s.marginal_risk.measurements)
        )


def read_threat_record(path: Path) -> ThreatRecord:
    """Read a threat record.

    Raises:
        InputError: it cannot be read or has mistakes; all of them are in the message.
    """
    return read_yaml(path, ThreatRecord, _WHAT, InputError)


def template(today: date) -> str:
    """Return an empty record with comments, to be filled in: it has mistakes until then."""
    source = resources.files(__package__).joinpath("starting_points/threat-record.yaml")
    _, _, text = source.read_text("utf-8").partition("\n")
    return Template(text).substitute(today=today)


def claims_file(record: ThreatRecord, path: Path, made_at: str) -> str:
    """Return a file of claims that gives a record as evidence item E05.

    Args:
        record: the record.
        path: where it stands; the claim names its digest.
        made_at: when the claim is made, RFC 3339 in UTC.
    """
    digest = f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"
    lacking = [s.id for s in record.scenarios if not s.marginal_risk.measurements]
    fields = {
        "scenarios": _joined(record, lambda s: f"{s.title} ({s.domain.label})"),
        "threat_identification": _joined(record, lambda s: s.threat_identification),
        "existing_risk": _joined(record, lambda s: s.existing_risk),
        "existing_defences": _joined(record, lambda s: s.existing_defences),
        "marginal_risk_evidence": _joined(record, _marginal),
        "ease_of_defence": _joined(record, lambda s: s.ease_of_defence),
        "uncertainty_and_assumptions": _joined(record, lambda s: s.uncertainty_and_assumptions),
        "not_measured": ", ".join(lacking) or "none",
        "record": digest,
    }
    content = {
        "format": "tiergate-claims/1",
        "producer": {"name": record.author, "organisation": "", "relation": "unknown"},
        "claims": [
            {
                "item": ITEM,
                "holds": True,
                "statement": f"A threat record of {record.subject} was made, as of {record.as_of}.",
                "fields": fields,
                "made_at": made_at,
            }
        ],
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)


def _marginal(scenario: Scenario) -> str:
    found = scenario.marginal_risk
    if not found.measurements:
        return f"(no measurement behind it) {found.says}"
    return f"{found.says} [{', '.join(found.measurements)}]"


def _joined(record: ThreatRecord, of: Callable[[Scenario], str]) -> str:
    """Join what all scenarios say; what a claim has no room for stands in the record."""
    text = "\n".join(f"{scenario.id}: {of(scenario)}" for scenario in record.scenarios)
    rest = " ... (in full in the record)"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - len(rest)]}{rest}"
