# SPDX-License-Identifier: Apache-2.0
"""Options that several commands share, and what they stand for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from tiergate.cli.clock import UtcTime

Command = TypeVar("Command", bound=Callable[..., Any])

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON and nothing else.")
at_option = click.option(
    "--at", type=UtcTime(), default=None, help="Time of the decision; default: now."
)
policy_option = click.option(
    "--policy", "policy_name", default="default", show_default=True, help="Shipped id, or a path."
)
store_option = click.option(
    "--store",
    type=click.Path(path_type=str),
    default=None,
    envvar="TIERGATE_STORE",
    help="Folder of evidence; default: .tiergate in or beside the model.",
)
evidence_trust_option = click.option(
    "--trust",
    "trust_path",
    type=click.Path(path_type=str),
    default=None,
    help="Whose signatures on evidence you believe; default: nobody's.",
)
mapping_option = click.option(
    "--mapping",
    type=click.Path(path_type=str),
    default=None,
    help="Mapping file: which foreign task and scorer measures what.",
)


def model_options(command: Command) -> Command:
    """Add the options that say which model, and where it is."""
    for option in (
        click.option("--revision", default=None, help="Branch, tag or commit of a hub model."),
        click.option("--endpoint", default=None, envvar="HF_ENDPOINT", help="Base URL of the hub."),
        click.option(
            "--cache",
            "use_cache",
            is_flag=True,
            help="Trust digests of files untouched since an earlier run. Never when signing.",
        ),
    ):
        command = option(command)
    return command


def decision_options(command: Command) -> Command:
    """Add the options of every command that takes a decision."""
    for option in (
        click.option(
            "--weights-digest",
            "with_weights_digest",
            is_flag=True,
            help="Also digest every tensor, which survives resharding; twice the hashing.",
        ),
        click.option(
            "--without-weights",
            is_flag=True,
            help="MODEL is only a name: hold public findings against the policy. Supports nothing.",
        ),
        click.option(
            "--unsafe-unsigned-waiver",
            "waiver_paths",
            multiple=True,
            type=click.Path(path_type=str),
            help="A waiver file. Weakens the gate; shows in every output. No effect with --trust.",
        ),
        click.option(
            "--waiver",
            "signed_waiver_paths",
            multiple=True,
            type=click.Path(path_type=str),
            help="A signed waiver file, for --trust. Weakens the gate; shows in every output.",
        ),
        evidence_trust_option,
        store_option,
        mapping_option,
        click.option(
            "--evidence",
            "evidence_paths",
            multiple=True,
            type=click.Path(path_type=str),
            help="More evidence: a document, a log, or a folder of them. May be repeated.",
        ),
        at_option,
        policy_option,
        click.option(
            "--tier",
            type=click.Choice([f"T{n}" for n in range(7)]),
            default=None,
            help="The tier in question; default: the one above the supported tier.",
        ),
    ):
        command = option(command)
    return model_options(command)
