# SPDX-License-Identifier: Apache-2.0
"""``tiergate verify``: whether a record holds, with nothing but itself, trust and files."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from tiergate.cli import options
from tiergate.cli.clock import UtcTime

if TYPE_CHECKING:
    from tiergate.attestation.trust import Trust
    from tiergate.cli.exit_codes import ExitCode
    from tiergate.model.manifest import Manifest
    from tiergate.release.record import Record
    from tiergate.release.record_checks import RecordReport


@click.command("verify")
@click.argument("record", type=click.Path(path_type=str))
@click.argument("directory", required=False, type=click.Path(exists=True, path_type=str))
@click.option(
    "--trust",
    "trust_path",
    required=True,
    type=click.Path(path_type=str),
    help="Whom you believe: keys, roles, dates, and whose signatures a record needs.",
)
@click.option(
    "--trusted-root",
    type=click.Path(path_type=str),
    default=None,
    help="Sigstore's trusted_root.json, or that of your own Sigstore, for signed identities.",
)
@click.option(
    "--tier",
    type=click.Choice([f"T{n}" for n in range(7)]),
    default=None,
    help="End with 0 only if the record also says that this tier is met.",
)
@click.option("--at", type=UtcTime(), default=None, help="Time of verifying; default: now.")
@options.json_option
def command(  # noqa: PLR0913 - options of the command line
    record: str,
    directory: str | None,
    *,
    trust_path: str,
    trusted_root: str | None,
    tier: str | None,
    at: datetime | None,
    as_json: bool,
) -> int:
    """Say whether RECORD holds: signatures, roles, dates, contents, and the files.

    DIRECTORY is the checkpoint that you have, a folder or a weights file; every byte of
    it is hashed. Without it the record alone is looked at. Nothing is fetched. The exit
    code is 5 when anything does not hold; the text says what.
    """
    from pathlib import Path

    from tiergate.cli import clock, record_documents, record_text
    from tiergate.cli.exit_codes import ExitCode
    from tiergate.cli.record_files import record_at
    from tiergate.release.trust_file import load_trust

    trust, read, now = load_trust(Path(trust_path)), record_at(Path(record)), at or clock.now()
    report = _examined(read, directory, (trust, trusted_root), now)
    code = _code(read, report, tier)
    if as_json:
        document = record_documents.VerificationDocument(
            record=record_documents.record_part(read),
            trust_digest=trust.digest,
            now=now,
            holds=report.holds,
            checks=record_documents.checks_part(report),
            exit_code=code,
        )
        click.echo(document.model_dump_json(indent=2))
        return code
    for line in record_text.record_lines(read, record):
        click.echo(line)
    without = tier if code in {ExitCode.NOT_MET, ExitCode.UNDETERMINED} else None
    for line in record_text.report_lines(report, code, without=without):
        click.echo(line)
    return code


def _examined(
    record: Record, directory: str | None, believed: tuple[Trust, str | None], now: datetime
) -> RecordReport:
    """Hold a record against what is believed; an identity's signature first of all."""
    import dataclasses
    from pathlib import Path

    from tiergate.attestation.keyless import with_identities
    from tiergate.release.record_checks import Check, examine_record

    trust, root = believed
    trust, problem = with_identities(trust, record.envelope, None if root is None else Path(root))
    found, weights = _files(record, directory)
    report = examine_record(record, trust, now=now, found=found, weights=weights)
    if not problem:
        return report
    identity = Check(name="identity", done=True, problems=(problem,))
    return dataclasses.replace(report, checks=(identity, *report.checks))


def _files(record: Record, directory: str | None) -> tuple[Manifest | None, str | None]:
    """Hash the files; the tensors too when the record has a digest of them, and all else holds."""
    from pathlib import Path

    from tiergate.cli import progress
    from tiergate.model.checkpoint import identify
    from tiergate.release.rehash import manifest_at

    if directory is None:
        return None, None
    with progress.hashing() as on_progress:
        found = manifest_at(Path(directory), on_progress=on_progress)
        stated = record.predicate.checkpoint
        if stated.weights_digest is None or found.root_digest != stated.root_digest:
            return found, None
        whole = identify(directory, with_weights_digest=True, on_progress=on_progress)
        return whole.manifest, whole.weights_digest


def _code(record: Record, report: RecordReport, tier: str | None) -> ExitCode:
    from tiergate.cli.commands.check import OUTCOME_CODES
    from tiergate.cli.exit_codes import ExitCode

    if not report.holds:
        return ExitCode.VERIFICATION_FAILED
    if tier is None:
        return ExitCode.SUPPORTED
    outcomes = {part.tier: part.outcome for part in record.predicate.decision.tiers}
    found = next((outcome for name, outcome in outcomes.items() if name == tier), None)
    return ExitCode.NOT_MET if found is None else OUTCOME_CODES[found]
