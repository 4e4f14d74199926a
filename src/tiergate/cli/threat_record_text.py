# SPDX-License-Identifier: Apache-2.0
"""What ``tiergate landscape threat-record`` says about a record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from tiergate.cli import text
from tiergate.cli.marginal_documents import AddedPart, MarginalDocument
from tiergate.cli.marginal_text import points, sentence
from tiergate.cli.threat_record import ThreatRecord
from tiergate.decision.document import DocumentPart
from tiergate.errors import EvidenceError


class ScenarioPart(DocumentPart):
    """One scenario, and what was measured for it."""

    id: str
    """Short name."""
    domain: str
    """Hazard domain."""
    title: str
    """What it is about."""
    is_measured: bool
    """Whether it names measurements for what the model adds."""
    usable: int | None
    """How many of them may support something; null where no evidence was given."""
    rows: tuple[AddedPart, ...]
    """Those measurements, where evidence was given."""


class ThreatRecordDocument(DocumentPart):
    """What ``tiergate landscape threat-record --json`` prints."""

    format: Literal["tiergate-threat-record-check/1"] = "tiergate-threat-record-check/1"
    """Version of this format."""
    subject: str
    """The model."""
    as_of: str
    """The day as of which the record holds."""
    margin: str
    """The margin that measured rows are held against."""
    scenarios: tuple[ScenarioPart, ...]
    """Its scenarios."""
    without_scenario: tuple[str, ...]
    """Domains without one."""
    not_measured: tuple[str, ...]
    """Scenarios whose numbers do not come from measurements."""


def checked(
    record: ThreatRecord, found: MarginalDocument | None, margin: str
) -> ThreatRecordDocument:
    """Join a record with what was measured.

    Args:
        record: the record.
        found: every comparison of the evidence; None where none was given.
        margin: the margin that rows are held against.

    Raises:
        EvidenceError: the record names measurements that the evidence does not have beside a
            baseline, all of them in the message.
    """
    known = {} if found is None else {r.measurement: r for m in found.metrics for r in m.rows}
    unknown = [] if found is None else [name for name in record.named if name not in known]
    if unknown:
        raise EvidenceError(
            "threat record",
            f"measurements that are not there, or have no baseline: {', '.join(unknown)}",
            "ids that `tiergate landscape marginal --json` gives",
        )
    return ThreatRecordDocument(
        subject=record.subject,
        as_of=record.as_of.isoformat(),
        margin=margin,
        scenarios=tuple(
            ScenarioPart(
                id=scenario.id,
                domain=scenario.domain.value,
                title=scenario.title,
                is_measured=bool(scenario.marginal_risk.measurements),
                usable=_usable(scenario.marginal_risk.measurements, known) if found else None,
                rows=tuple(known[n] for n in scenario.marginal_risk.measurements if n in known),
            )
            for scenario in record.scenarios
        ),
        without_scenario=tuple(domain.value for domain in record.without_scenario),
        not_measured=tuple(s.id for s in record.scenarios if not s.marginal_risk.measurements),
    )


def _usable(names: tuple[str, ...], known: Mapping[str, AddedPart]) -> int:
    return sum(not known[name].shortfalls for name in names)


def lines(found: ThreatRecordDocument) -> Iterator[str]:
    """Yield the lines: each scenario with what was measured for it, then what is lacking."""
    count = text.plural(len(found.scenarios), "scenario")
    yield f"{text.plain(found.subject)}: {count}, as of {found.as_of}; every step says something"
    margin = points(found.margin)
    for part in found.scenarios:
        yield ""
        yield text.heading(f"{part.id}  {text.plain(part.title)}") + f"  {part.domain}"
        if not part.is_measured:
            yield "  no measurement behind it: its numbers are somebody's word"
        elif part.usable is None:
            yield "  names measurements; give --evidence to see them"
        for row in part.rows:
            what = f"{text.shortened(row.baseline, 60)}: {sentence(row.shown, row.upper, margin)}"
            yield from text.wrapped(what, "    ", "  ")
    yield ""
    if found.without_scenario:
        yield from text.wrapped(f"No scenario: {', '.join(found.without_scenario)}.", "  ")
    if found.not_measured:
        ids = ", ".join(found.not_measured)
        yield from text.wrapped(
            f"Numbers that do not come from measurements: {ids}. The record says so where it is "
            "given as evidence.",
            "  ",
        )
    yield from text.wrapped("A record opens nothing by existing; measurements do.", "")
