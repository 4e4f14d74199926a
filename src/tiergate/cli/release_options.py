# SPDX-License-Identifier: Apache-2.0
"""Options that the commands on a ledger share."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from tiergate.cli import options
from tiergate.cli.clock import UtcTime

if TYPE_CHECKING:
    from tiergate.cli.release_acting import Given

Command = TypeVar("Command", bound=Callable[..., Any])

ROLES = (
    "evaluator",
    "safety lead",
    "security lead",
    "legal",
    "independent reviewer",
    "oversight",
    "release owner",
    "auditor",
    "data steward",
)

ledger_option = click.option(
    "--ledger",
    required=True,
    envvar="TIERGATE_LEDGER",
    type=click.Path(path_type=str),
    help="The ledger: a file, or postgresql://USER@HOST/DATABASE.",
)
trust_option = click.option(
    "--trust",
    required=True,
    envvar="TIERGATE_TRUST",
    type=click.Path(path_type=str),
    help="Whom you believe: keys, people, roles and dates.",
)
release_option = click.option(
    "--release", default=None, help="Name of the release; default: the only one in the ledger."
)
heads_option = click.option(
    "--heads",
    multiple=True,
    envvar="TIERGATE_HEADS",
    type=click.Path(path_type=str),
    help="Folder of signed heads; may be repeated. Default: LEDGER.heads, beside a file.",
)


_JURISDICTION = re.compile(r"[A-Z][A-Z-]{1,9}")


def _jurisdictions(
    context: click.Context, parameter: click.Parameter, places: tuple[str, ...]
) -> tuple[str, ...]:
    for place in places:
        if not _JURISDICTION.fullmatch(place):
            message = f"{place!r} is not written as in EU or US-CA"
            raise click.BadParameter(message, context, parameter)
    return places


def jurisdictions_option(words: str) -> Callable[[Command], Command]:
    """Return the option that names places where a law holds."""
    return click.option(
        "--jurisdiction", "places", multiple=True, callback=_jurisdictions, help=words
    )


def act_options(command: Command) -> Command:
    """Add the options of everything that is entered into a ledger."""
    for option in (
        options.json_option,
        click.option(
            "--unsafe-at",
            "at",
            type=UtcTime(),
            default=None,
            help="Weakens the time lock: a time in place of the clock's. The event says so.",
        ),
        heads_option,
        click.option(
            "--head-key",
            default=None,
            envvar="TIERGATE_HEAD_KEY",
            type=click.Path(path_type=str),
            help="Ed25519 key that signs the heads; default: the key of --key.",
        ),
        release_option,
        trust_option,
        ledger_option,
        click.option(
            "--key",
            required=True,
            help="Your private key: a file in PEM (PKCS#8), or the URI of a key.",
        ),
        click.option("--reason", required=True, help="Why; it stands in the ledger for good."),
        click.option(
            "--as", "role", required=True, type=click.Choice(ROLES), help="As what you act."
        ),
    ):
        command = option(command)
    return command


def given(options_of_act: dict[str, Any]) -> Given:
    """Take what every act is given out of the options of a command."""
    from tiergate.cli.release_acting import Given

    options_of_act.pop("as_json")
    return Given(**options_of_act)
