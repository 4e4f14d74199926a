# SPDX-License-Identifier: Apache-2.0
"""What ``tiergate model-signature`` prints for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tiergate.cli import text
from tiergate.cli.exit_codes import ExitCode
from tiergate.model.signature_bundle import ModelSignature

_INDENT = "                "
_MOST_UNSIGNED = 10
_KINDS = {"key": "a bare key", "certificate": "a certificate", "identity": "an identity"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A signature, and what came of it."""

    path: str
    """The signature's file."""
    signature: ModelSignature
    """What stands in it."""
    root_digest: str | None = None
    """Tiergate's own root digest of the files; None when they were not read."""
    unsigned: tuple[str, ...] = ()
    """Files that are there and that the signature does not cover."""
    now: datetime | None = None
    """The verifier's time; None when nothing was verified."""
    signer: str = ""
    """Who signed, once a verifier's key or certificate was held against it."""
    problems: tuple[str, ...] = ()
    """What does not hold."""

    @property
    def holds(self) -> bool | None:
        """Whether signature and files hold; None when nothing was verified."""
        return None if self.now is None else not self.problems

    @property
    def exit_code(self) -> ExitCode:
        """The exit code."""
        return ExitCode.VERIFICATION_FAILED if self.problems else ExitCode.SUPPORTED


def kind_of(signature: ModelSignature) -> str:
    """Return what is said to vouch for the signer: key, certificate or identity."""
    if signature.is_keyless:
        return "identity"
    return "certificate" if signature.chain else "key"


def claimed_signer(signature: ModelSignature) -> str:
    """Return who is said to have signed; nobody vouches for it."""
    if signature.chain:
        from tiergate.attestation.certificates import called

        return called(signature.chain[0])
    return f"hint {signature.hint}" if signature.hint else "without a hint"


def lines(answer: Answer, *, with_files: bool = False) -> Iterator[str]:
    """Say what a signature says, and what came of verifying it."""
    signature, model = answer.signature, answer.signature.model
    yield text.plain(answer.path)
    yield from _row("model", model.name)
    signer = answer.signer or claimed_signer(signature)
    yield from _row("made with", f"{_KINDS[kind_of(signature)]}: {signer}")
    yield from _row("covers", _covers(signature))
    yield from _row("leaves out", ", ".join(model.serialization.ignore_paths) or "nothing by name")
    yield from _row("OMS digest", f"{model.root_digest} (without file names)")
    if answer.root_digest is not None:
        yield from _row("root digest", f"{answer.root_digest} (with file names)")
        yield f"{_INDENT}Rely on the root digest: the OMS digest stays when files are renamed."
    if answer.unsigned:
        yield from _row("not covered", _some(answer.unsigned))
    if with_files:
        for one in model.resources:
            yield text.plain(f"  {model.serialization.hash_type}:{one.digest}  {one.name}")
    if answer.holds is not None:
        yield from _outcome(answer)


def _covers(signature: ModelSignature) -> str:
    made, count = signature.model.serialization, len(signature.model.resources)
    if made.shard_size is None:
        return f"{count} file{'s' if count != 1 else ''}, {made.hash_type}"
    return f"{count} parts of at most {made.shard_size} bytes, {made.hash_type}"


def _outcome(answer: Answer) -> Iterator[str]:
    yield ""
    for problem in answer.problems:
        yield from text.wrapped(problem, "          ", "  FAILED  ", keep_words=True)
    code = answer.exit_code
    if answer.holds:
        yield f"The signature holds, and the files are those that were signed. Exit {code:d}."
    else:
        yield f"The signature does not hold for these files. Exit {code:d}."


def _some(names: tuple[str, ...]) -> str:
    more = len(names) - _MOST_UNSIGNED
    named = ", ".join(names[:_MOST_UNSIGNED])
    return f"{named} and {more} more" if more > 0 else named


def _row(name: str, words: str) -> Iterator[str]:
    yield from text.wrapped(words, _INDENT, f"  {name.ljust(14)}", keep_words=True)
