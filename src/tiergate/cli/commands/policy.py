# SPDX-License-Identifier: Apache-2.0
"""``tiergate policy``: read, write, trace and test release policies."""

from __future__ import annotations

import click

from tiergate.cli import options, text
from tiergate.cli.commands.policy_analysis import (
    diff_command,
    export_rego_command,
    lint_command,
    prove_command,
)
from tiergate.cli.exit_codes import ExitCode


@click.group("policy")
def command() -> None:
    """Read, write, trace and test release policies."""


@command.command("list")
@options.json_option
def list_(*, as_json: bool) -> None:
    """List the policies that come with the program."""
    from tiergate.cli.listing import PoliciesDocument, PolicySummary
    from tiergate.decision.policy_document import load_policy, shipped_policies

    found = [load_policy(name) for name in shipped_policies()]
    if as_json:
        rows = tuple(PolicySummary.model_validate(policy) for policy in found)
        click.echo(PoliciesDocument(policies=rows).model_dump_json(indent=2))
        return
    for policy in found:
        line = f"{policy.id} {policy.version}  {policy.title} (facts as of {policy.as_of})"
        if policy.extends:
            line += f"; extends {policy.extends[0]}"
        if policy.loosenings:
            line += f", UNSAFE: looser in {text.plural(len(policy.loosenings), 'place')}"
        for row in text.wrapped(line, "    ", ""):
            click.echo(row)


@command.command("show")
@click.argument("policy", default="default")
@click.option("--requirement", default=None, help="Show one requirement in full.")
@click.option("--markdown", is_flag=True, help="Print a page to publish, with every clause.")
@options.json_option
def show(policy: str, requirement: str | None, *, markdown: bool, as_json: bool) -> None:
    """Print POLICY, a shipped id or a path, as a person would read it.

    A policy that extends another is printed with everything that it takes over.
    """
    from tiergate.cli import policy_text
    from tiergate.decision.policy_document import load_file, load_policy, text_of

    if as_json:
        click.echo(load_file(policy).model_dump_json(indent=2, exclude_none=True))
        return
    if markdown:
        from tiergate.landscape.obligations import by_id, shipped_files
        from tiergate.report.policy_page import page, remarks_at_head

        found, remarks = load_policy(policy), remarks_at_head(text_of(policy))
        click.echo(page(found, remarks, by_id(shipped_files())), nl=False)
        return
    for line in policy_text.lines(load_policy(policy), requirement):
        click.echo(line)


@command.command("trace")
@click.argument("policy", required=False)
@click.option("--clause", default=None, help="Show one clause in full.")
@click.option(
    "--obligations",
    multiple=True,
    type=click.Path(path_type=str),
    help="A file with clauses of your own. May be repeated.",
)
@click.option("--place", "places", multiple=True, help="Show this place alone. May be repeated.")
@click.option("--group", "groups", multiple=True, help="Show this group alone. May be repeated.")
@options.json_option
def trace_(  # noqa: PLR0913 - options of the command line
    policy: str | None,
    clause: str | None,
    obligations: tuple[str, ...],
    places: tuple[str, ...],
    groups: tuple[str, ...],
    *,
    as_json: bool,
) -> int:
    """Show which requirement answers which clause of law, code or framework.

    The exit code is 1 when a policy names a clause that nobody knows, or when nothing answers a
    clause of an --obligations file that does not say why it is no requirement of a release.
    Without POLICY every policy that ships is traced, and the same holds for every clause that
    ships. A place is a jurisdiction, or the developer whose clause it is; a group is what the
    clauses of one file have in common.
    """
    from tiergate.cli import policy_trace
    from tiergate.decision.policy_document import load_policy, shipped_policies
    from tiergate.decision.trace import narrowed, trace
    from tiergate.landscape.obligations import by_id, shipped_files

    known = policy_trace.known_obligations(obligations)
    names = shipped_policies() if policy is None else (policy,)
    wanted = policy_trace.asked_for(known, clause, places, groups)
    found = narrowed(trace([load_policy(name) for name in names], known), wanted)
    held = known.keys() if policy is None else known.keys() - by_id(shipped_files()).keys()
    code = policy_trace.exit_code(found, held)
    if as_json:
        click.echo(policy_trace.document(found, names, code).model_dump_json(indent=2))
    elif clause is not None:
        for line in policy_trace.clause_lines(found.clauses[0], in_full=True):
            click.echo(line)
    else:
        for line in policy_trace.lines(found, known, held, is_whole=policy is None):
            click.echo(line)
    return code


@command.command("init")
@click.option("--extends", default=None, help="Shipped id, or a path; default: stands alone.")
@click.option("--id", "policy_id", default="my-policy", show_default=True, help="Its name.")
@click.option(
    "--output",
    type=click.Path(path_type=str),
    default=None,
    help="File to write; default: print it. Nothing is written over.",
)
def init(extends: str | None, policy_id: str, output: str | None) -> None:
    """Write a commented starting point for a policy of your own. It validates as it is."""
    from pathlib import Path

    from tiergate.attestation.new_file import write_new_file
    from tiergate.cli import clock
    from tiergate.cli.policy_init import starting_point

    folder = Path() if output is None else Path(output).parent
    written = starting_point(extends, policy_id, clock.now().date(), folder)
    if output is None:
        click.echo(written, nl=False)
        return
    write_new_file(Path(output), written.encode())
    click.echo(f"{output}: written. Next: tiergate policy validate {output}")


@command.command("test")
@click.argument("cases")
@click.option(
    "--policy", "policy_name", default=None, help="Shipped id, or a path; default: the table's own."
)
@click.option("--all", "everything", is_flag=True, help="Say of each case how it is to be read.")
@options.json_option
def test(cases: str, policy_name: str | None, *, everything: bool, as_json: bool) -> int:
    """Decide a table of CASES and compare with what it expects.

    CASES is a file, or the name of a table that ships, such as default. The exit code is 1
    when a case does not come out as expected. Each number is printed with its source and how
    it is known, or as assumed. The requirements that the cases show met and not met are listed.
    """
    from tiergate.cli import policy_cases
    from tiergate.decision.cases import path_of_cases, read_cases, run_cases

    table = read_cases(path_of_cases(cases))
    policy = policy_cases.policy_of(table, cases, policy_name)
    found = run_cases(table, policy, cases)
    if as_json:
        click.echo(policy_cases.document(found).model_dump_json(indent=2))
    else:
        for line in policy_cases.lines(found, everything=everything):
            click.echo(line)
    return policy_cases.exit_code(found)


@command.command("validate")
@click.argument("policy")
@options.json_option
def validate(policy: str, *, as_json: bool) -> int:
    """Check a policy file and list every mistake in it, with lines.

    What is no mistake and worth a look is a warning; the exit code is 0 all the same.
    """
    from tiergate.cli.listing import ProblemPart, ProblemsDocument
    from tiergate.decision.policy_document import load_resolved
    from tiergate.decision.policy_warnings import warnings
    from tiergate.errors import PolicyError

    try:
        read = load_resolved(policy)
    except PolicyError as error:
        if not as_json:
            raise
        problems = tuple(ProblemPart.model_validate(p) for p in error.problems)
        if not problems:
            problems = (ProblemPart(line=None, field="file", message=error.found),)
        click.echo(ProblemsDocument(file=policy, problems=problems).model_dump_json(indent=2))
        return ExitCode.UNUSABLE_INPUT
    found, noted = read.policy, warnings(read)
    if as_json:
        parts = tuple(ProblemPart.model_validate(each) for each in noted)
        document = ProblemsDocument(file=policy, problems=(), warnings=parts)
        click.echo(document.model_dump_json(indent=2))
        return ExitCode.SUPPORTED
    click.echo(
        f"{found.id} {found.version}: a policy with {text.plural(len(found.tiers), 'tier')} "
        f"and {text.plural(len(found.requirements), 'requirement')}"
    )
    for each in noted:
        click.echo(text.plain(f"warning: {policy}:{each.line}: {each.field}: {each.message}"))
    return ExitCode.SUPPORTED


for _command in (lint_command, diff_command, prove_command, export_rego_command):
    command.add_command(_command)
