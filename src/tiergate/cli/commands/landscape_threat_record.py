# SPDX-License-Identifier: Apache-2.0
"""``tiergate landscape threat-record``: six steps for each scenario, checked against evidence."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tiergate.cli import options

if TYPE_CHECKING:
    from tiergate.cli.marginal_documents import MarginalDocument

_MARGIN = Decimal("0.05")


@click.command("threat-record")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--init", is_flag=True, help="Write an empty record to FILE, to be filled in.")
@click.option(
    "--evidence",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Store or document that has the measurements it names. May be repeated.",
)
@click.option(
    "--claim",
    "claim_path",
    type=click.Path(path_type=Path),
    default=None,
    help="Write a file of claims that gives the record as evidence item E05.",
)
@options.json_option
def threat_record_command(
    file: Path,
    *,
    init: bool,
    evidence: tuple[Path, ...],
    claim_path: Path | None,
    as_json: bool,
) -> None:
    """Check a threat record: the six steps of marginal-risk analysis for each scenario.

    It says which scenarios rest on measurements and which on somebody's word. It decides nothing.
    """
    from tiergate.attestation.new_file import write_new_file
    from tiergate.cli import clock, threat_record, threat_record_text

    if init:
        write_new_file(file, threat_record.template(clock.now().date()).encode())
        click.echo(f"{file}: written, to be filled in")
        return
    record = threat_record.read_threat_record(file)
    found = _measured(evidence) if evidence else None
    document = threat_record_text.checked(record, found, f"{_MARGIN:f}")
    if claim_path is not None:
        made_at = clock.now().isoformat().replace("+00:00", "Z")
        made = threat_record.claims_file(record, file, made_at)
        write_new_file(claim_path, made.encode())
    if as_json:
        click.echo(document.model_dump_json(indent=2))
        return
    for line in threat_record_text.lines(document):
        click.echo(line)
    if claim_path is not None:
        click.echo(f"{claim_path}: written; file it with: tiergate evidence claim --file")


def _measured(evidence: tuple[Path, ...]) -> MarginalDocument:
    from tiergate.cli.marginal_evidence import measured

    return measured(evidence, margin=_MARGIN, confidence=Decimal("0.95"), among=3)
