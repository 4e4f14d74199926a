# SPDX-License-Identifier: Apache-2.0
"""Errors to exit codes and text: the one table."""

from __future__ import annotations

import errno
import sys
import traceback
from pathlib import Path

import click

from tiergate import __version__, errors
from tiergate.cli.exit_codes import ExitCode

EXIT_CODES: tuple[tuple[type[errors.TiergateError], ExitCode], ...] = (
    (errors.InputError, ExitCode.UNUSABLE_INPUT),
    (errors.VerificationError, ExitCode.VERIFICATION_FAILED),
    (errors.MeasurementError, ExitCode.NOT_POSSIBLE_NOW),
    (errors.ExtensionError, ExitCode.NOT_POSSIBLE_NOW),
)


_FULL = {errno.ENOSPC, errno.EDQUOT}
_CLOSED = {errno.EROFS, errno.EACCES, errno.EPERM}
_REMEDIES = {
    **dict.fromkeys(_FULL, " Make room, and run the command again."),
    **dict.fromkeys(_CLOSED, " Choose a place that you may use."),
    errno.ENOENT: " Check the path, and that its folder is there.",
}


def exit_code_for(error: errors.TiergateError) -> ExitCode:
    """Return the exit code of an error that Tiergate raised on purpose."""
    return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), ExitCode.BUG)


def report(error: BaseException) -> ExitCode:
    """Write what went wrong to standard error and return the exit code for it."""
    if isinstance(error, errors.TiergateError):
        click.echo(f"error: {visible(str(error))}", err=True)
        return exit_code_for(error)
    if isinstance(error, OSError):
        return _report_system_error(error)
    if isinstance(error, KeyboardInterrupt | click.Abort):
        click.echo("interrupted", err=True)
        return ExitCode.INTERRUPTED
    traceback.print_exception(error, file=sys.stderr)
    click.echo(
        f"error: this is a bug in tiergate {__version__}. Please report it with the lines above.",
        err=True,
    )
    return ExitCode.BUG


def visible(text: str) -> str:
    """Return ``text`` with control characters written as escapes, line breaks kept."""
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)


def _report_system_error(error: OSError) -> ExitCode:
    # Nobody knows an unfinished file by its name; its folder is what can be looked at.
    given = Path(str(error.filename or ""))
    where = given.parent if given.name.startswith(".part-") else error.filename
    nameless = "what was to be written" if error.errno in _FULL else "system"
    remedy = _REMEDIES.get(error.errno or 0, "")
    words = f"{where or nameless}: {error.strerror or error}.{remedy}"
    click.echo(f"error: {visible(words)}", err=True)
    not_now = {*_FULL, errno.EROFS, errno.EIO}
    return ExitCode.NOT_POSSIBLE_NOW if error.errno in not_now else ExitCode.UNUSABLE_INPUT
