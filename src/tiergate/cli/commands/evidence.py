# SPDX-License-Identifier: Apache-2.0
"""``tiergate evidence``: read logs, file evidence and claims, list what is there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tiergate.cli import clock, options, text
from tiergate.cli.commands.evidence_audit import audit_command, limits_command
from tiergate.cli.commands.evidence_export import export_command
from tiergate.cli.commands.evidence_runs import (
    accrue_command,
    compare_command,
    grades_command,
    plan_command,
    runs_command,
)
from tiergate.cli.commands.evidence_sign import sign_command
from tiergate.evidence.provenance import ProducerRelation, Relation

if TYPE_CHECKING:
    from tiergate.cli.store_documents import FiledPart

_RELATIONS = click.Choice([relation.value for relation in ProducerRelation])
_WEIGHTS = click.Choice([relation.value for relation in Relation])
_NOBODY_SAID = (
    "note: nobody said how whoever measured stands to the developer, so its independence is "
    "graded 0, and it can count against the model and never for it. File the log again with "
    "--producer and --relation."
)


@click.group("evidence")
def command() -> None:
    """Read logs, add evidence and claims, list what is there."""


for _command in (
    accrue_command,
    audit_command,
    compare_command,
    export_command,
    grades_command,
    limits_command,
    plan_command,
    runs_command,
    sign_command,
):
    command.add_command(_command)


@command.command("read")
@click.argument("log", type=click.Path(path_type=Path))
@options.mapping_option
@click.option("--model", default=None, help="The model it should be about: a name, or a folder.")
@options.json_option
def read(log: Path, mapping: str | None, model: str | None, *, as_json: bool) -> None:
    """Read a foreign log and say what is in it, odd things first. Writes nothing."""
    from tiergate.cli import reading
    from tiergate.cli.evidence_input import read_mapping
    from tiergate.evidence.readers.builtin import read_log

    found = read_log(log)
    meaning = None if mapping is None else read_mapping(Path(mapping))
    if model is not None:
        found = reading.held_against(found, model)
    if as_json:
        document = reading.log_document(found, meaning, at=clock.now())
        click.echo(document.model_dump_json(indent=2))
        return
    for line in reading.log_lines(found, meaning, at=clock.now()):
        click.echo(line)


def _model_and_producer(function: options.Command) -> options.Command:
    for option in (
        options.json_option,
        options.store_option,
        click.option(
            "--relation",
            type=_RELATIONS,
            default=ProducerRelation.UNKNOWN.value,
            show_default=True,
            help="How the producer stands to the developer of the model.",
        ),
        click.option("--organisation", default="", help="The producer's organisation."),
        click.option("--producer", default=None, help="Who made it: person, team or tool."),
        click.option("--model", required=True, help="The checkpoint that it is about."),
    ):
        function = option(function)
    return options.model_options(function)


@command.command("add")
@click.argument("path", type=click.Path(path_type=Path))
@options.mapping_option
@click.option(
    "--weights",
    "weights_relation",
    type=_WEIGHTS,
    default=None,
    help="How the weights that ran relate to MODEL, where the log does not say identical.",
)
@click.option(
    "--audit", default=None, help="Audit file with people's labels; see `tiergate evidence audit`."
)
@click.option("--run", "run_id", default="", help="The registered run that this is the log of.")
@click.option(
    "--baselines",
    type=click.Path(path_type=Path),
    default=None,
    help="File of baselines with their logs in the same harness, to be joined by behaviour.",
)
@_model_and_producer
def add(  # noqa: PLR0913 - one parameter per option
    *,
    path: Path,
    mapping: str | None,
    weights_relation: str | None,
    audit: str | None,
    run_id: str,
    baselines: Path | None,
    model: str,
    producer: str | None,
    organisation: str,
    relation: str,
    store: str | None,
    as_json: bool,
    revision: str | None,
    endpoint: str | None,
    use_cache: bool,
) -> None:
    """Count a log under a mapping and file the result, or file a document or an attestation.

    An attestation is about a document of the store, whoever signed it. Unmapped tasks are
    said, not guessed. A log that names the digest of other weights is refused unless
    --weights says how they relate.
    """
    from tiergate.cli import filing
    from tiergate.cli.evidence_input import is_attestation
    from tiergate.cli.session import identify_with_progress, store_folder

    checkpoint = identify_with_progress(
        model, revision=revision, endpoint=endpoint, use_cache=use_cache
    )
    folder = store_folder(checkpoint, store)
    if is_attestation(path):
        _show(filing.file_attestation(folder, path), as_json=as_json)
        return
    maker = filing.producer(producer, organisation, relation)
    related = None if weights_relation is None else Relation(weights_relation)
    how = filing.How(
        mapping=mapping,
        maker=maker,
        related=related,
        audit=audit,
        run=run_id,
        folder=folder,
        baselines=baselines,
    )
    prepared = filing.prepare(path, how, checkpoint)
    filed = filing.file(folder, prepared)
    _show(filed, as_json=as_json)
    _note(is_unsaid=relation == ProducerRelation.UNKNOWN and filing.measures(prepared, path))


def _note(*, is_unsaid: bool) -> None:
    """Note that nobody said who measured: no log says it, and a grade of 0 supports nothing."""
    if is_unsaid:
        click.echo(_NOBODY_SAID, err=True)


@command.command("claim")
@click.argument("item", required=False)
@click.option("--file", "path", type=click.Path(path_type=Path), help="A file of claims instead.")
@click.option("--statement", default="", help="The claim in one sentence.")
@click.option("--field", "fields", multiple=True, metavar="NAME=VALUE", help="A detail of it.")
@click.option("--does-not-hold", is_flag=True, help="State that it does not hold.")
@click.option("--made-at", type=clock.UtcTime(), default=None, help="When; default: now.")
@options.policy_option
@_model_and_producer
def claim(  # noqa: PLR0913 - one parameter per option
    *,
    item: str | None,
    path: Path | None,
    statement: str,
    fields: tuple[str, ...],
    does_not_hold: bool,
    made_at: datetime | None,
    policy_name: str,
    model: str,
    producer: str | None,
    organisation: str,
    relation: str,
    store: str | None,
    as_json: bool,
    revision: str | None,
    endpoint: str | None,
    use_cache: bool,
) -> None:
    """File a claim about MODEL that answers ITEM, as in E01.

    A claim is only filed when it says something in every field that the policy asks for.
    """
    from tiergate.cli import claim_file, filing
    from tiergate.cli.session import identify_with_progress, store_folder
    from tiergate.decision.policy_document import load_policy

    if (item is None) == (path is None):
        raise click.UsageError("give either ITEM or --file")
    policy = load_policy(policy_name)
    if path is not None:
        prepared = filing.claims_from_file(path)
    else:
        made = claim_file.claim_from_options(
            item or "",
            statement or f"{item} as detailed",
            fields,
            holds=not does_not_hold,
            made_at=made_at or clock.now(),
        )
        prepared = filing.Claims(
            producer=filing.producer(producer, organisation, relation), claims=(made,)
        )
    for one in prepared.claims:
        claim_file.refuse_empty(one, policy)
    checkpoint = identify_with_progress(
        model, revision=revision, endpoint=endpoint, use_cache=use_cache
    )
    folder = store_folder(checkpoint, store)
    _show(filing.file(folder, filing.claims_document(prepared, checkpoint)), as_json=as_json)


@command.command("list")
@click.option("--model", required=True, help="The checkpoint beside which the store is.")
@options.store_option
@options.evidence_trust_option
@options.at_option
@options.json_option
def list_(
    *, model: str, store: str | None, trust_path: str | None, at: datetime | None, as_json: bool
) -> None:
    """List every document of a store, missing ones too, and who signed. Hashes no weights."""
    from tiergate.cli import filing, store_listing
    from tiergate.release.trust_file import load_trust

    trust = None if trust_path is None else load_trust(Path(trust_path))
    folder = filing.store_beside(model, store)
    _show(store_listing.listed(folder, trust=trust, at=at or clock.now()), as_json=as_json)


def _show(found: object, *, as_json: bool) -> None:
    from tiergate.cli.store_documents import StoreDocument

    assert isinstance(found, StoreDocument)  # noqa: S101 - typed as object to stay lazy
    if as_json:
        click.echo(found.model_dump_json(indent=2))
        return
    click.echo(f"{found.folder}: {text.plural(len(found.documents), 'document')}")
    for document in found.documents:
        mark = "added" if document.digest in found.added else ""
        state = "" if document.is_there else "MISSING"
        line = text.joined(
            (
                text.short_digest(document.digest),
                ", ".join(document.topics),
                document.producer,
                mark,
                state,
            )
        )
        for row in text.wrapped(line, "      ", "  "):
            click.echo(row)
        for row in _signing_lines(document) if document.signatures else ():
            click.echo(row)
        for remark in document.remarks if mark else ():
            for row in text.wrapped(f"{remark.code}: {remark.message}", "        ", "      "):
                click.echo(row)
    for doubt in found.doubts:
        for row in text.wrapped(
            f"{doubt.where}: {doubt.reason}", "      ", "  counts for nothing: "
        ):
            click.echo(row)


def _signing_lines(document: FiledPart) -> Iterator[str]:
    """Say who signed, as they say, and what that is worth for the trust file given."""
    for made in document.signatures:
        keys = ", ".join(key[:16] or "no name" for key in made.key_ids)
        words = f"signed {made.signed_at:%Y-%m-%d} with {keys}"
        yield from text.wrapped(words, "        ", "      ")
    words = f"{document.assurance}: {document.assurance_reason}"
    yield from text.wrapped(words, "        ", "      ")
