# SPDX-License-Identifier: Apache-2.0
"""``tiergate model-signature``: OpenSSF model signatures, written, verified and shown."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

import click

from tiergate.cli import options
from tiergate.cli.clock import UtcTime

if TYPE_CHECKING:
    from tiergate.cli.model_signature_text import Answer
    from tiergate.model.signature_bundle import ModelSignature
    from tiergate.model.signature_checks import SignerReport

_ignore_option = click.option(
    "--ignore-path",
    "ignored",
    multiple=True,
    help="A path within MODEL, with all that is below it, that is left out. May be repeated.",
)


@click.group("model-signature")
def command() -> None:
    """Sign all files of a model for other people's tools, and verify such signatures.

    The format is that of OpenSSF Model Signing 1.0 (a file often called model.sig). It says
    who signed which files, and nothing about tiers: for those, sign a decision with
    `tiergate sign`.
    """


@command.command("sign")
@click.argument("model", type=click.Path(path_type=str))
@click.option("--key", required=True, help="Private key: a file in PEM, or the URI of a key.")
@click.option(
    "--certificate",
    type=click.Path(path_type=str),
    default=None,
    help="X.509 certificate of the key, in PEM, any that lead to a root after it.",
)
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=str),
    help="Signature to write; a new file, often model.sig.",
)
@_ignore_option
@click.option(
    "--allow-symlinks", is_flag=True, help="Sign what links to files within MODEL lead to."
)
@options.json_option
def sign(  # noqa: PLR0913 - options of the command line
    model: str,
    key: str,
    certificate: str | None,
    output: str,
    ignored: tuple[str, ...],
    *,
    allow_symlinks: bool,
    as_json: bool,
) -> None:
    """Sign every file of MODEL, a folder or a file, and write the signature to OUTPUT.

    Keys are ECDSA on P-256, P-384 or P-521: the format knows no others. Left out are .git,
    .gitignore, .gitattributes, .github and the signature itself. A signature that is written
    into the folder is part of the checkpoint from then on: take a decision afterwards.
    """
    from pathlib import Path

    from tiergate.attestation.keys import MODEL_ALGORITHMS
    from tiergate.cli.key_files import read_signing_key
    from tiergate.cli.model_signature_files import certificates_at, write_signature
    from tiergate.cli.model_signature_text import Answer

    signature, root_digest = write_signature(
        Path(model),
        Path(output),
        read_signing_key(key, MODEL_ALGORITHMS),
        chain=certificates_at([Path(certificate)] if certificate else []),
        ignored=ignored,
        allow_symlinks=allow_symlinks,
    )
    answer = Answer(path=output, signature=signature, root_digest=root_digest)
    _show(answer, as_json=as_json)


@command.command("verify")
@click.argument("model", type=click.Path(path_type=str))
@click.option(
    "--signature",
    "signature_path",
    required=True,
    type=click.Path(path_type=str),
    help="The signature, often model.sig.",
)
@click.option("--key", default=None, help="Public key that you believe: a file, or a URI.")
@click.option(
    "--root",
    "roots",
    multiple=True,
    type=click.Path(path_type=str),
    help="Certificates in PEM that you believe, for signatures with a chain. May be repeated.",
)
@click.option(
    "--identity", default=None, help="E-mail address or URI that you believe, with Sigstore."
)
@click.option("--issuer", default=None, help="URL of the provider that vouches for --identity.")
@click.option(
    "--trusted-root",
    type=click.Path(path_type=str),
    default=None,
    help="Sigstore's trusted_root.json, or that of your own Sigstore, for --identity.",
)
@_ignore_option
@click.option(
    "--unsafe-ignore-unsigned",
    is_flag=True,
    help="Weakens the check: any other file may be there as well.",
)
@click.option("--at", type=UtcTime(), default=None, help="Time of verifying; default: now.")
@options.json_option
def verify(  # noqa: PLR0913 - options of the command line
    model: str,
    *,
    signature_path: str,
    key: str | None,
    roots: tuple[str, ...],
    identity: str | None,
    issuer: str | None,
    trusted_root: str | None,
    ignored: tuple[str, ...],
    at: datetime | None,
    unsafe_ignore_unsigned: bool,
    as_json: bool,
) -> int:
    """Say whether a signature holds, and whether MODEL is what was signed.

    Give one of --key, --root and --identity, the last with --issuer and --trusted-root.
    Every byte is hashed; nothing is fetched, so that no list of revoked certificates is
    asked. The exit code is 5 when anything does not hold.
    """
    from pathlib import Path

    from tiergate.cli import clock
    from tiergate.cli.model_signature_files import signature_at
    from tiergate.cli.model_signature_text import Answer

    believed = _believed(key, roots, (identity, issuer, trusted_root))
    now, signature = at or clock.now(), signature_at(Path(signature_path))
    signer = believed(signature, now)
    answer = Answer(
        path=signature_path,
        signature=signature,
        now=now,
        signer=signer.signer,
        problems=(signer.problem,) if signer.problem else (),
    )
    if not answer.problems:
        # Files are not read for a signature that nobody vouches for.
        answer = _compared(answer, model, ignored, ignore_unsigned=unsafe_ignore_unsigned)
    _show(answer, as_json=as_json)
    return answer.exit_code


@command.command("show")
@click.argument("signature", type=click.Path(path_type=str))
@options.json_option
def show(signature: str, *, as_json: bool) -> None:
    """Print what SIGNATURE says, whoever made it: nothing is verified."""
    from pathlib import Path

    from tiergate.cli.model_signature_files import signature_at
    from tiergate.cli.model_signature_text import Answer

    answer = Answer(path=signature, signature=signature_at(Path(signature)))
    _show(answer, as_json=as_json, with_files=True)


def _believed(
    key: str | None, roots: tuple[str, ...], identity: tuple[str | None, str | None, str | None]
) -> Callable[[ModelSignature, datetime], SignerReport]:
    """Read what the verifier believes; return what holds a signature against it."""
    from pathlib import Path

    from tiergate.attestation.keys import MODEL_ALGORITHMS
    from tiergate.attestation.trust import Identity
    from tiergate.cli.key_files import read_verifying_key
    from tiergate.cli.model_signature_files import certificates_at
    from tiergate.model import signature_checks

    if [key is not None, bool(roots), any(identity)].count(True) != 1:
        raise click.UsageError("Give one of --key, --root and --identity.")
    if key is not None:
        public = read_verifying_key(key, MODEL_ALGORITHMS)
        return lambda signature, _: signature_checks.examine_with_key(signature, public)
    if roots:
        certificates = certificates_at(map(Path, roots))
        return lambda signature, now: signature_checks.examine_with_certificates(
            signature, certificates, at=now
        )
    name, issuer, root = identity
    if name is None or issuer is None or root is None:
        raise click.UsageError("--identity, --issuer and --trusted-root go together.")
    somebody = Identity(name=name, issuer=issuer)
    return lambda signature, _: signature_checks.examine_with_identity(
        signature, somebody, Path(root)
    )


def _compared(
    answer: Answer, model: str, ignored: tuple[str, ...], *, ignore_unsigned: bool
) -> Answer:
    """Add what became of the files."""
    import dataclasses
    from pathlib import Path

    from tiergate.cli import progress
    from tiergate.cli.model_signature_files import place_within
    from tiergate.model.signature_files import compare_files

    with progress.hashing() as on_progress:
        report = compare_files(
            answer.signature.model,
            Path(model),
            ignored=(*ignored, *place_within(Path(model), Path(answer.path))),
            ignore_unsigned=ignore_unsigned,
            on_progress=on_progress,
        )
    return dataclasses.replace(
        answer,
        root_digest=report.root_digest,
        unsigned=report.unsigned,
        problems=report.problems,
    )


def _show(answer: Answer, *, as_json: bool, with_files: bool = False) -> None:
    if as_json:
        from tiergate.cli.model_signature_documents import document_of

        click.echo(document_of(answer).model_dump_json(indent=2))
        return
    from tiergate.cli.model_signature_text import lines

    for line in lines(answer, with_files=with_files):
        click.echo(line)
