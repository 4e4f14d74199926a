# SPDX-License-Identifier: Apache-2.0
"""From the command line to the terms of a gateway's grants, and to the marks of its recipients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from tiergate.cli.exit_codes import ExitCode
from tiergate.cli.gateway_house import open_house
from tiergate.cli.text import plural
from tiergate.errors import InputError
from tiergate.evidence.small_file import read_small_file
from tiergate.model.digest import unreadable

if TYPE_CHECKING:
    from tiergate.gateway.house import House
    from tiergate.gateway.marks import Head, Mark
    from tiergate.gateway.terms import Terms

_MADE_FROM = "It shows from which copy this one was made, and not who passed it on."
_NOTHING_OF_ANYBODY = (
    "It says nothing about the account: whoever has seen a marked file can put its mark into"
    " another one."
)
_WORDS: Mapping[ExitCode, tuple[str, str, str]] = MappingProxyType(
    {
        ExitCode.SUPPORTED: ("the mark holds.", "those of the original", _MADE_FROM),
        ExitCode.UNDETERMINED: (
            "a mark of this gateway, which was held against no original.",
            "not compared: the original is not here any more",
            "Whoever has a marked file can put its mark into another one.",
        ),
        ExitCode.VERIFICATION_FAILED: (
            "a mark of this gateway, in front of tensors that it was not made for.",
            "others than those of the original",
            _NOTHING_OF_ANYBODY,
        ),
    }
)
"""What is said of a mark: first, of the tensors, and last."""
_LARGEST_CRITERIA = 100_000
_CHUNK_BYTES = 1 << 20


def changed_terms(  # noqa: PLR0913 - one for each option
    folder: str,
    repository: str,
    *,
    criteria: str | None,
    reviewers: int | None,
    grant_days: int | None,
    downloads: int | None,
    is_pinned: bool | None,
    is_marked: bool | None,
) -> Iterator[str]:
    """Change what is not None, and yield the terms of a repository as they are then.

    Args:
        folder: of the gateway.
        repository: whose terms.
        criteria: a text file; empty to say nothing any more.
        reviewers: how many people have to be for a request.
        grant_days: how long a grant lasts.
        downloads: how often each file may be downloaded; 0 for any number.
        is_pinned: whether a grant is for one revision.
        is_marked: whether the weights of each recipient name their grant.

    Raises:
        InputError: there is no such repository, or something is out of bounds.
    """
    with closing(open_house(folder)) as house:
        if house.catalogue.repository(repository) is None:
            raise InputError(repository, "no repository of that name", "one that is offered")
        terms = house.requests.terms(repository)
        given = {
            "criteria": None if criteria is None else _read_criteria(criteria),
            "reviewers": reviewers,
            "grant_days": grant_days,
            "is_pinned": is_pinned,
            "is_marked": is_marked,
        }
        changed = replace(terms, **{k: v for k, v in given.items() if v is not None})  # type: ignore[arg-type]
        if downloads is not None:
            changed = replace(changed, downloads=downloads or None)
        if changed != terms:
            house.requests.set_terms(repository, changed)
        yield from _lines(repository, changed)


def _read_criteria(path: str) -> str:
    if not path:
        return ""
    try:
        return read_small_file(Path(path), _LARGEST_CRITERIA).decode("utf-8").strip()
    except UnicodeDecodeError:
        raise InputError(path, "no text", "a text file in UTF-8") from None
    except OSError as error:
        raise unreadable(path, error) from error


def _lines(repository: str, terms: Terms) -> Iterator[str]:
    yield repository
    yield (
        f"  criteria   {len(terms.criteria)} characters" if terms.criteria else "  criteria   none"
    )
    yield f"  reviewers  {terms.reviewers}"
    yield f"  a grant    lasts {plural(terms.grant_days, 'day')}"
    yield f"  downloads  {terms.downloads or 'any number'} of each file"
    yield f"  revisions  {'the current one' if terms.is_pinned else 'every one'}"
    yield f"  weights    {'marked for each recipient' if terms.is_marked else 'not marked'}"


def whose(file: str, folder: str) -> tuple[ExitCode, tuple[str, ...]]:
    """Read the mark of a file of weights, and say under which grant it was handed out.

    Returns:
        Whether it has a mark that holds, in front of the tensors that it was made for; and the
        lines to print.

    Raises:
        InputError: it is no safetensors file.
        VerificationError: the mark was changed, or is of another gateway.
    """
    head = _head(file)
    with closing(open_house(folder)) as house:
        from tiergate.gateway.marks import mark_in, read_mark

        text = mark_in(head)
        if text is None:
            return ExitCode.UNDETERMINED, (
                f"{file}: no mark.",
                "  It was taken out, or was never there. That says nothing about anybody.",
            )
        mark = read_mark(text, house.ready().public, file)
        compared = _compared(house, Path(file), head, mark)
        code = ExitCode.UNDETERMINED if compared is None else ExitCode.SUPPORTED
        code = ExitCode.VERIFICATION_FAILED if compared is False else code
        return code, tuple(_found(house, file, mark, code))


def _head(file: str) -> Head:
    from tiergate.gateway.marks import read_head

    try:
        with Path(file).open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(0)
            head = read_head(stream, size, file)
    except OSError as error:
        raise unreadable(file, error) from error
    if head is None:
        raise InputError(file, "no safetensors file by the letter", "a file of weights")
    return head


def _found(house: House, file: str, mark: Mark, code: ExitCode) -> Iterator[str]:
    first, tensors, last = _WORDS[code]
    yield f"{file}: {first}"
    yield f"  grant       {mark.grant}, given {mark.at}"
    given = house.requests.grant(mark.grant)
    if given is None:
        yield "  account     not known: this gateway has no such grant"
    else:
        yield f"  account     {_called(house, given.person, mark.who)}"
        yield f"  given by    {' and '.join(house.requests.givers(given))}"
    yield f"  repository  {mark.repository}, {mark.path}"
    yield f"  original    {mark.root_digest}"
    yield f"  tensors     {tensors}"
    yield f"  {last}"


def _called(house: House, name: str, who: str) -> str:
    """Return what is known of the holder of a grant."""
    from tiergate.gateway.erasing import is_erased_name

    if is_erased_name(name):
        return f"{name}, who was erased"
    account = house.accounts.account(name)
    full_name = "" if account is None else f" ({account.person.full_name})"
    erased = "" if house.pseudonyms.known(name) == who else "; what the log called them was erased"
    return f"{name}{full_name}{erased}"


def _compared(house: House, path: Path, head: Head, mark: Mark) -> bool | None:
    """Tell whether what stands behind the mark is what was handed out with it.

    None where the original is not here any more.
    """
    from tiergate.gateway.marks import read_head

    if not house.objects.has(mark.original):
        return None
    with path.open("rb") as ours, house.objects.opened(mark.original) as theirs:
        size = house.objects.size_of(mark.original)
        original = read_head(theirs, size, mark.path)
        if original is None or size - original.skipped != head.size_bytes - head.skipped:
            return False
        ours.seek(head.skipped)
        while chunk := ours.read(_CHUNK_BYTES):
            if chunk != theirs.read(len(chunk)):
                return False
    return True
