# SPDX-License-Identifier: Apache-2.0
"""``tiergate lineage``: which models a checkpoint descends from, as its weights show."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tiergate.cli import options
from tiergate.evidence.provenance import ProducerRelation

if TYPE_CHECKING:
    from tiergate.cli.lineage_session import LineageAnswer, LineageRequest


def one_thread_for_each_product() -> None:
    """Keep numpy's products of matrices on one thread; only before numpy is loaded.

    Products here are small and many, and several run side by side: threads within each of them
    would wait for each other most of the time.
    """
    for name in ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"):
        os.environ.setdefault(name, "1")


@click.command("lineage")
@click.argument("candidate", type=click.Path(path_type=str))
@click.argument("bases", nargs=-1, type=click.Path(path_type=str))
@click.option("--index", default=None, help="Folder of sketches: compare with every one.")
@click.option("--add-to", default=None, help="Write the sketch of CANDIDATE into this folder.")
@click.option("--known", default=None, help="File of known models: their tiers and licences.")
@click.option(
    "--tier",
    type=click.Choice([f"T{n}" for n in range(7)]),
    default=None,
    help="Tier that CANDIDATE is meant to have; only stricter parents oblige to anything.",
)
@click.option("--revision", default=None, help="Branch, tag or commit of CANDIDATE on a hub.")
@click.option("--endpoint", default=None, envvar="HF_ENDPOINT", help="Base URL of the hub.")
@click.option(
    "--key",
    default=None,
    envvar="TIERGATE_SKETCH_KEY",
    help="Decides which rows are looked at; default: a public key. Keep yours to yourself.",
)
@click.option(
    "--samples-only",
    is_flag=True,
    help="Read only the rows that are looked at: much faster, and no digests of tensors.",
)
@click.option("--all", "everything", is_flag=True, help="Show every base that was compared.")
@click.option("--evidence", default=None, help="Write what was found as evidence to this file.")
@click.option("--producer", default=None, help="Who searched, for --evidence.")
@click.option("--organisation", default="", help="The organisation of whoever searched.")
@click.option(
    "--relation",
    type=click.Choice([relation.value for relation in ProducerRelation]),
    default=ProducerRelation.UNKNOWN.value,
    show_default=True,
    help="How they stand to the developer of CANDIDATE.",
)
@options.json_option
def command(  # noqa: PLR0913 - options of the command line
    candidate: str,
    bases: tuple[str, ...],
    *,
    index: str | None,
    add_to: str | None,
    known: str | None,
    tier: str | None,
    revision: str | None,
    endpoint: str | None,
    key: str | None,
    samples_only: bool,
    everything: bool,
    evidence: str | None,
    producer: str | None,
    organisation: str,
    relation: str,
    as_json: bool,
) -> int:
    """Compare the weights of CANDIDATE with those of BASES, and of an index.

    Each is a folder, a .safetensors or .gguf file, a .sketch file, or org/name on a hub, of
    which only ranges are read. The outcome is derived or undetermined, and never independent.
    A match grants nothing. Exit code: 1 it raises an obligation, 3 no match, 0 neither.
    """
    one_thread_for_each_product()

    from tiergate.cli.lineage_session import LineageRequest, answer
    from tiergate.decision.tier import Tier

    if not bases and index is None and add_to is None:
        raise click.UsageError("Name a base, or give --index or --add-to.")
    request = LineageRequest(
        candidate=candidate,
        bases=bases,
        index=Path(index) if index else None,
        add_to=Path(add_to) if add_to else None,
        known=Path(known) if known else None,
        tier=Tier(tier) if tier else None,
        revision=revision,
        endpoint=endpoint,
        key=key,
        with_digests=not samples_only,
    )
    found = answer(request)
    written = _written(evidence, found, request, (producer, organisation, relation))
    _show(found, written, everything=everything, as_json=as_json)
    return found.exit_code


def _written(
    evidence: str | None,
    found: LineageAnswer,
    request: LineageRequest,
    maker: tuple[str | None, str, str],
) -> Path | None:
    """Write what was found as evidence, when that was asked for."""
    from tiergate.cli import clock, filing
    from tiergate.cli.lineage_evidence import write_evidence

    if evidence is None:
        return None
    return write_evidence(Path(evidence), found, request, filing.producer(*maker), clock.now())


def _show(found: LineageAnswer, written: Path | None, *, everything: bool, as_json: bool) -> None:
    from tiergate.cli.lineage_documents import lineage_document
    from tiergate.cli.lineage_text import lines

    if as_json:
        click.echo(lineage_document(found, written).model_dump_json(indent=2))
        return
    for line in lines(found, everything=everything, evidence=written):
        click.echo(line)
