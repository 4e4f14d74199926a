# SPDX-License-Identifier: Apache-2.0
"""``tiergate replay``: compute a recorded decision again and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tiergate.cli import options

if TYPE_CHECKING:
    from tiergate.decision.policy import Policy
    from tiergate.evidence.store import EvidenceStore
    from tiergate.release.record import Record


@click.command("replay")
@click.argument("record", type=click.Path(path_type=str))
@click.option(
    "--evidence",
    "evidence_paths",
    multiple=True,
    type=click.Path(path_type=str),
    help="Evidence: a document, a log, or a folder of them. May be repeated.",
)
@click.option(
    "--store", "stores", multiple=True, type=click.Path(path_type=str), help="Folder of evidence."
)
@options.mapping_option
@options.evidence_trust_option
@click.option(
    "--waiver",
    "signed_waiver_paths",
    multiple=True,
    type=click.Path(path_type=str),
    help="A signed waiver file that the decision rests on.",
)
@click.option(
    "--policy",
    "policy_name",
    default=None,
    help="Shipped id, or a path; default: the shipped policy that the record names.",
)
@options.json_option
def command(  # noqa: PLR0913 - options of the command line
    *,
    record: str,
    evidence_paths: tuple[str, ...],
    stores: tuple[str, ...],
    mapping: str | None,
    trust_path: str | None,
    signed_waiver_paths: tuple[str, ...],
    policy_name: str | None,
    as_json: bool,
) -> int:
    """Compute the decision of RECORD again, from its evidence and its policy.

    It ends with 0 when the payload is the same byte for byte, or the same but for the
    version of the program, and with 5 when it is not; then the requirements that differ
    are named. Evidence that the decision did not see is left out. The weights are not
    needed, and no signature on RECORD is looked at: `tiergate verify` does that. Where
    signatures on evidence or waivers counted, give the trust file that was used and every
    signed file.
    """
    from pathlib import Path

    from tiergate.cli import record_documents, record_text
    from tiergate.cli.evidence_input import gather
    from tiergate.cli.exit_codes import ExitCode
    from tiergate.cli.record_files import record_at
    from tiergate.cli.waiver_file import signed_waivers
    from tiergate.release.replay import Sources, replay_record
    from tiergate.release.trust_file import load_trust

    read = record_at(Path(record))
    gathered = gather(_stores(stores), evidence_paths, mapping)
    sources = Sources(
        documents=gathered.documents,
        attestations=gathered.attestations,
        waivers=tuple(signed_waivers(Path(path)) for path in signed_waiver_paths),
        trust=None if trust_path is None else load_trust(Path(trust_path)),
    )
    again = replay_record(read, _policy(read, policy_name), sources)
    code = ExitCode.SUPPORTED if again.agrees else ExitCode.VERIFICATION_FAILED
    if as_json:
        document = record_documents.replay_document(read, again, code)
        click.echo(document.model_dump_json(indent=2))
        return code
    for line in record_text.record_lines(read, record):
        click.echo(line)
    for line in record_text.replay_lines(again, code):
        click.echo(line)
    return code


def _stores(folders: tuple[str, ...]) -> tuple[EvidenceStore, ...]:
    from pathlib import Path

    from tiergate.errors import InputError
    from tiergate.evidence.store import EvidenceStore

    for folder in folders:
        if not Path(folder).is_dir():
            raise InputError(folder, "no such folder", "a folder of evidence", "Check --store.")
    return tuple(EvidenceStore(Path(folder)) for folder in folders)


def _policy(record: Record, name: str | None) -> Policy:
    from tiergate.decision.policy_document import load_policy, policy_at, shipped_policies
    from tiergate.errors import InputError

    decision = record.predicate.decision
    stated = decision.policy_id
    if name is None and stated not in shipped_policies():
        raise InputError(
            f"policy {stated}",
            "none of that name among the policies that are shipped",
            "the file that was used",
            "Give it with --policy.",
        )
    if name is None:
        return policy_at(stated, decision.policy_version)
    return load_policy(name, is_recorded=True)
