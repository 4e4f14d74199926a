# SPDX-License-Identifier: Apache-2.0
"""``tiergate``: the command line. Commands are loaded only when they are called."""

from __future__ import annotations

import importlib
import io
import sys

import click

from tiergate import __version__

_COMMANDS = {
    "check": "The tier that the evidence supports, what blocks the next one, what to run.",
    "plan": "The cheapest evidence that would open a tier, and what cannot be had.",
    "whatif": "The tier that another limit would give, on the evidence at hand.",
    "explain": "Why one requirement, or the whole decision, came out as it did.",
    "report": "The decision as one self-contained HTML file.",
    "sign": "A decision as a signed record, or one more signature on a record.",
    "verify": "Whether a record holds: signatures, roles, dates, files. Works offline.",
    "replay": "Compute a recorded decision again, from its evidence and its policy.",
    "case": "The argument for a release as a graph: claims, evidence, assumptions.",
    "actions": "What is open about a decision, sorted by who can act.",
    "export": "A decision for other tools: bill of materials, model card, OSCAL.",
    "release": "Who gets it, when: submit, approve, open in stages, hold, freeze.",
    "ledger": "Verify what happened to releases, prove it, export it.",
    "serve": "A hub that hands out what the ledger and the grants allow, and nothing else.",
    "gateway": "Offer a checkpoint on a gateway, make accounts and tokens.",
    "push": "A checkpoint to a gateway, over HTTP; verified by its digest there.",
    "ask": "Access to a model of a gateway, over HTTP.",
    "model-signature": "OpenSSF model signatures (model.sig): sign all files, verify, show.",
    "waiver": "Sign human exceptions from single requirements.",
    "keys": "Make keys that sign, and show what others need to know of them.",
    "attack": "What a safeguard survives: attack it on these weights, file the evidence.",
    "canary": "A copy of a model with a harmless safeguard, to try attacks on.",
    "calibrate": "How far `attack` can be believed: models of known resistance.",
    "evidence": "Read logs, add evidence and claims, list what is there.",
    "policy": "Read, compare, lint, prove and test release policies.",
    "lineage": "Which models a checkpoint descends from, as its weights show.",
    "landscape": "What is already downloadable, who does what about safety, who asks for what.",
    "watch": "Copies and derivatives of released models, and how soon they came.",
    "schema": "Print the JSON Schema of a document that Tiergate reads or writes.",
}


class LazyGroup(click.Group):
    """Loads a command's module when the command is called, so that help is fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of a first visit."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import ``tiergate.cli.commands.<name>`` and return its ``command``."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        found = importlib.import_module(_module(cmd_name)).command
        assert isinstance(found, click.Command)  # noqa: S101 - our own modules
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List commands from the table, without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


def _module(command: str) -> str:
    return f"tiergate.cli.commands.{command.replace('-', '_')}"


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
)
@click.version_option(__version__, prog_name="tiergate")
def cli() -> None:
    """Decide how open an AI model's weights may be, from evidence.

    Exit codes: 0 the tier asked for is supported, 1 not met, 2 usage error,
    3 undetermined, 4 unusable input, 5 verification failed, 6 not possible now,
    70 a bug. Only 0 opens anything.
    """


def main() -> None:
    """Run the program and exit with one of the documented codes."""
    from tiergate.cli import failures
    from tiergate.cli.exit_codes import ExitCode

    _never_fail_on_a_character()
    try:
        code = cli.main(prog_name="tiergate", standalone_mode=False)
    except SystemExit:
        # click ends like this when whoever reads our output stopped: nothing is opened.
        sys.exit(ExitCode.NOT_POSSIBLE_NOW)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BaseException as error:  # noqa: BLE001 - the outermost handler
        sys.exit(failures.report(error))
    sys.exit(code if isinstance(code, int) else 0)


def _never_fail_on_a_character() -> None:
    # A terminal that is not UTF-8 shows a question mark instead of ending the program.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
