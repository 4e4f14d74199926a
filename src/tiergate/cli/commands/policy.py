# SPDX-License-Identifier: Apache-2.0
"""``tiergate policy``: show, list and validate release policies."""

from __future__ import annotations

import click

from tiergate.cli import options, text
from tiergate.cli.exit_codes import ExitCode


@click.group("policy")
def command() -> None:
    """Show, list and validate release policies."""


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
        for row in text.wrapped(line, "    ", ""):
            click.echo(row)


@command.command("show")
@click.argument("policy", default="default")
@click.option("--requirement", default=None, help="Show one requirement in full.")
@options.json_option
def show(policy: str, requirement: str | None, *, as_json: bool) -> None:
    """Print POLICY, a shipped id or a path, as a person would read it."""
    from tiergate.cli import policy_text
    from tiergate.decision.policy_document import load_file, load_policy

    if as_json:
        click.echo(load_file(policy).model_dump_json(indent=2, exclude_none=True))
        return
    for line in policy_text.lines(load_policy(policy), requirement):
        click.echo(line)


@command.command("validate")
@click.argument("policy")
@options.json_option
def validate(policy: str, *, as_json: bool) -> int:
    """Check a policy file and list every mistake in it, with lines."""
    from tiergate.cli.listing import ProblemPart, ProblemsDocument
    from tiergate.decision.policy_document import load_policy
    from tiergate.errors import PolicyError

    try:
        found = load_policy(policy)
    except PolicyError as error:
        if not as_json:
            raise
        problems = tuple(ProblemPart.model_validate(p) for p in error.problems)
        if not problems:
            problems = (ProblemPart(line=None, field="file", message=error.found),)
        click.echo(ProblemsDocument(file=policy, problems=problems).model_dump_json(indent=2))
        return ExitCode.UNUSABLE_INPUT
    if as_json:
        click.echo(ProblemsDocument(file=policy, problems=()).model_dump_json(indent=2))
    else:
        click.echo(
            f"{found.id} {found.version}: a policy with {text.plural(len(found.tiers), 'tier')} "
            f"and {text.plural(len(found.requirements), 'requirement')}"
        )
    return ExitCode.SUPPORTED
