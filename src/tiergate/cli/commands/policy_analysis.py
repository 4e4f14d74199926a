# SPDX-License-Identifier: Apache-2.0
"""``tiergate policy lint`` and ``diff``: what policies open, without any evidence at hand."""

from __future__ import annotations

from datetime import datetime

import click

from tiergate.cli import clock, options, text
from tiergate.cli.exit_codes import ExitCode


@click.command("lint")
@click.argument("policy", default="default")
@click.option(
    "--feasible",
    type=click.IntRange(1, 10**9),
    default=5000,
    show_default=True,
    help="The largest sample that somebody could measure, in behaviours.",
)
@click.option(
    "--trust",
    "trust_path",
    type=click.Path(path_type=str),
    default=None,
    help="Who could approve; default: approvals are not looked at.",
)
@options.at_option
@options.json_option
def lint_command(
    policy: str, feasible: int, trust_path: str | None, at: datetime | None, *, as_json: bool
) -> int:
    """Find what nothing can decide in POLICY: dead tiers, limits that no sample can keep.

    The exit code is 1 when there is a finding.
    """
    from pathlib import Path

    from tiergate.cli import policy_analysis_text
    from tiergate.cli.policy_analysis_documents import LintDocument
    from tiergate.decision.analysis.lint import lint
    from tiergate.decision.analysis.pieces import Place
    from tiergate.decision.policy_document import load_policy
    from tiergate.release.trust_file import load_trust

    found = load_policy(policy)
    trust = None if trust_path is None else load_trust(Path(trust_path))
    findings = lint(found, Place(at=_time(at)), feasible=feasible, trust=trust)
    if as_json:
        document = LintDocument.of(found.id, found.version, findings)
        click.echo(document.model_dump_json(indent=2))
    else:
        for line in policy_analysis_text.lint_lines(found, findings):
            click.echo(line)
    return ExitCode.NOT_MET if findings else ExitCode.SUPPORTED


@click.command("diff")
@click.argument("first")
@click.argument("second")
@click.option(
    "--witness",
    "folder",
    type=click.Path(path_type=str),
    default=None,
    help="New folder for evidence with which the two support different tiers.",
)
@options.at_option
@options.json_option
def diff_command(
    first: str, second: str, folder: str | None, at: datetime | None, *, as_json: bool
) -> int:
    """Say how the policy FIRST relates to SECOND, with evidence that shows where they differ.

    Approvals, holds, expiries and waivers are compared beside what evidence opens. The exit code
    is 0 when the two open the same under the same conditions, 1 when they do not, and 3 when
    that could not be decided.
    """
    from pathlib import Path

    from tiergate.cli import policy_analysis_text
    from tiergate.cli.policy_analysis_documents import DifferenceDocument
    from tiergate.cli.witness_files import write_witness
    from tiergate.decision.analysis.compare import compare
    from tiergate.decision.analysis.pieces import Place
    from tiergate.decision.analysis.relation import Relation
    from tiergate.decision.policy_document import load_policy

    when = _time(at)
    found = compare(load_policy(first), load_policy(second), Place(at=when))
    if as_json:
        click.echo(DifferenceDocument.of(found).model_dump_json(indent=2))
    else:
        for line in policy_analysis_text.difference_lines(found):
            click.echo(line)
    witness = next((w for c in found.tiers.values() for w in c.witnesses), None)
    if folder is not None and witness is not None:
        files = write_witness(witness.pieces, when, Path(folder))
        if not as_json:
            click.echo("")
            for policy, tier in ((first, witness.first), (second, witness.second)):
                command = files.command(policy, when)
                for line in text.command(command, "    ", f"  supports {tier}: "):
                    click.echo(line)
    relations = {found.overall, found.besides}
    if relations - {Relation.EQUIVALENT, Relation.UNDECIDED}:
        return ExitCode.NOT_MET
    return ExitCode.UNDETERMINED if Relation.UNDECIDED in relations else ExitCode.SUPPORTED


@click.command("prove")
@click.argument("policy", default="default")
@click.option(
    "--stricter-than",
    default=None,
    help="Another policy: prove that it opens whatever POLICY opens. Default: what POLICY extends, "
    "unless POLICY says that it asks for less.",
)
@options.at_option
@options.json_option
def prove_command(
    policy: str, stricter_than: str | None, at: datetime | None, *, as_json: bool
) -> int:
    """Prove the laws of POLICY with a solver: closed without evidence, monotone, live, nested.

    Needs the extra tiergate[prove]. The exit code is 0 when every law is proved, 1 when one
    does not hold, which is shown by an example, and 3 when one could not be decided.
    """
    from tiergate.cli import policy_analysis_text
    from tiergate.cli.policy_analysis_documents import ProofDocument
    from tiergate.decision.analysis.pieces import Place
    from tiergate.decision.analysis.prove import prove, solver
    from tiergate.decision.policy_document import load_policy, load_resolved

    solver()
    read = load_resolved(policy)
    found, other = read.policy, None
    if stricter_than is not None:
        other = load_policy(stricter_than)
    elif read.below is not None and not found.loosenings:
        other = read.below.policy
    proofs = prove(found, Place(at=_time(at)), stricter_than=other)
    if as_json:
        document = ProofDocument.of(found.id, found.version, proofs)
        click.echo(document.model_dump_json(indent=2))
    else:
        for line in policy_analysis_text.proof_lines(found, proofs):
            click.echo(line)
    outcomes = {proof.holds for proof in proofs}
    if False in outcomes:
        return ExitCode.NOT_MET
    return ExitCode.UNDETERMINED if None in outcomes else ExitCode.SUPPORTED


@click.command("export-rego")
@click.argument("policy", default="default")
@click.option(
    "--input",
    "model",
    default=None,
    help="A model: print what the module is given about it, instead of the module.",
)
@click.option(
    "--evidence",
    "evidence_paths",
    multiple=True,
    type=click.Path(path_type=str),
    help="More evidence about the model: a document, or a folder. May be repeated.",
)
@options.store_option
@options.evidence_trust_option
@options.at_option
def export_rego_command(  # noqa: PLR0913, PLR0917 - one argument for each option
    policy: str,
    model: str | None,
    evidence_paths: tuple[str, ...],
    store: str | None,
    trust_path: str | None,
    at: datetime | None,
) -> None:
    """Print POLICY as a Rego module, for engines that a house runs already.

    The module is given what became of each check, which --input prints for a model: statistics,
    grades and signatures stay here. Waivers are left out.
    """
    import json

    from tiergate.cli.session import Question, answer
    from tiergate.decision.analysis.rego import RegoExport
    from tiergate.decision.policy_document import load_policy

    export = RegoExport(load_policy(policy))
    if model is None:
        click.echo(export.module(), nl=False)
        return
    question = Question(
        model=model,
        revision=None,
        endpoint=None,
        use_cache=False,
        with_weights_digest=False,
        tier=None,
        policy_name=policy,
        at=at,
        evidence_paths=evidence_paths,
        mapping=None,
        store=store,
        waiver_paths=(),
        trust_path=trust_path,
    )
    found = answer(question)
    click.echo(json.dumps(export.input(found.evidence, found.decision.at), indent=2))


def _time(at: datetime | None) -> datetime:
    return (at or clock.now()).replace(microsecond=0)
