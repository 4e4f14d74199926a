# SPDX-License-Identifier: Apache-2.0
"""From a policy file to a policy, or to every mistake in it at once, with lines.

YAML is read strictly: no aliases, no key twice, decimals kept as written. A file that extends
another is laid over it first. After the schema, names are resolved
(:mod:`tiergate.decision.policy_mistakes`); an extension that asks for less than the policy it
extends has a mistake in each such place, unless it says that it does.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tiergate.decision import policy_compile, policy_json_schema, policy_mistakes, strict_yaml
from tiergate.decision.file_formats import another_format
from tiergate.decision.loosening import Loosening
from tiergate.decision.policy import Policy
from tiergate.decision.policy_file import PolicyFile
from tiergate.decision.policy_merge import merge
from tiergate.decision.policy_resolved import Resolved, by_name
from tiergate.decision.policy_suggestions import did_you_mean, messages
from tiergate.decision.strict_yaml import Location, ordered, problem_at
from tiergate.decision.tightening import looser
from tiergate.errors import PolicyError, Problem
from tiergate.evidence.small_file import read_small_file

SHIPPED = Path(__file__).parent / "policies"
EARLIER = SHIPPED / "earlier"
DEEPEST = 8
"""How many policies may extend one another."""


def shipped_policies() -> tuple[str, ...]:
    """Return the ids of the policies that come with the program, sorted."""
    return tuple(sorted(path.stem for path in SHIPPED.glob("*.yaml")))


def load_policy(name_or_path: str, *, is_recorded: bool = False) -> Policy:
    """Read a shipped policy by its id, or a policy file by its path.

    ``ID@VERSION`` is an earlier version of a shipped one, for decisions that were taken by it.

    Args:
        name_or_path: the id or the path.
        is_recorded: whether a decision was taken by it, so that it is read by the rules that held
            then: numbers of laws and publications need not say where they are from.

    Raises:
        PolicyError: there is no such policy, or it has mistakes.
    """
    return load_resolved(name_or_path, is_recorded=is_recorded).policy


def load_file(name_or_path: str) -> PolicyFile:
    """Read the same as :func:`load_policy`, and return the file's own parts.

    Raises:
        PolicyError: there is no such policy, or it has mistakes.
    """
    return load_resolved(name_or_path).file


def load_resolved(name_or_path: str, *, is_recorded: bool = False) -> Resolved:
    """Read the same as :func:`load_policy`, and return all that is known of it.

    Raises:
        PolicyError: there is no such policy, or it has mistakes.
    """
    path = _path_of(name_or_path)
    file = _File(
        where=name_or_path,
        folder=path.parent,
        trail=(path.resolve(),),
        is_recorded=is_recorded or path.parent == EARLIER,
    )
    return _resolved(_bytes(path, name_or_path), file)


def text_of(name_or_path: str) -> str:
    """Return the text of a policy's own file.

    Raises:
        PolicyError: there is no such policy.
    """
    return _bytes(_path_of(name_or_path), name_or_path).decode("utf-8", "replace")


def policy_at(policy_id: str, version: str) -> Policy:
    """Return the shipped policy by which a decision was taken, an earlier version if need be.

    Raises:
        PolicyError: no policy of that id ships.
    """
    earlier = f"{policy_id}@{version}"
    is_there = (EARLIER / f"{earlier}.yaml").is_file()
    return load_policy(earlier if is_there else policy_id, is_recorded=True)


def parse_policy(data: bytes, where: str) -> Policy:
    """Read a policy from the bytes of its file. It can extend policies that ship.

    Raises:
        PolicyError: with every mistake, its line and what was expected.
    """
    return _resolved(data, _File(where=where)).policy


def json_schema() -> dict[str, object]:
    """Return the JSON Schema of policy files, complete ones and extensions."""
    return policy_json_schema.json_schema()


def _path_of(name: str) -> Path:
    if name in shipped_policies():
        return SHIPPED / f"{name}.yaml"
    earlier = EARLIER / f"{name}.yaml"
    return earlier if "/" not in name and earlier.is_file() else Path(name)


def _bytes(path: Path, where: str) -> bytes:
    try:
        return read_small_file(path, strict_yaml.LARGEST_BYTES)
    except OSError as error:
        close = difflib.get_close_matches(where, shipped_policies(), n=1)
        raise PolicyError(
            where,
            f"no such policy ({error.strerror})",
            f"a path to a policy file or one of {', '.join(shipped_policies())}",
            f"Did you mean {close[0]!r}?" if close else "",
        ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    """A policy file that is being read."""

    where: str
    """How messages name it."""
    folder: Path | None = None
    """Where a path that it extends begins; None where only shipped ids can be extended."""
    trail: tuple[Path, ...] = ()
    """The files that led here, to notice a circle."""
    is_recorded: bool = False
    """Whether a decision was taken by it, so that later rules do not hold for it."""


def _resolved(data: bytes, read: _File) -> Resolved:
    """Read a file and what it extends."""
    content, lines, problems = strict_yaml.load(data)
    if content is None:
        raise PolicyError.of(read.where, problems)
    other = another_format(content, PolicyFile)
    if other:
        raise PolicyError.of(read.where, (problem_at(("format",), other, lines, "policy"),))
    below = None
    if isinstance(content, dict) and isinstance(content.get("extends"), str):
        below = _extended(content["extends"], read, (lines.get(("extends",)), problems))
        merged = merge(below.content, content, lines)
        content, lines = merged.content, merged.lines
        wrong = tuple(problem_at(place, text, lines, "policy") for place, text in merged.mistakes)
        problems = (*problems, *wrong)
    file = _validated(content, lines, problems, read)
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    policy = policy_compile.compile_policy(file, digest)
    assert isinstance(content, dict)  # noqa: S101 - the schema leaves nothing else
    if below is not None:
        policy = _loosened(file, policy, below.policy, lines, read.where)
    return Resolved(file=file, policy=policy, content=content, lines=lines, below=below)


def _extended(name: str, read: _File, so_far: tuple[int | None, tuple[Problem, ...]]) -> Resolved:
    """Read the policy that a file extends."""
    line, problems = so_far
    is_shipped = name in shipped_policies()
    path = SHIPPED / f"{name}.yaml" if is_shipped else (read.folder or Path()) / name
    wrong = ""
    if not is_shipped and (read.folder is None or not path.is_file()):
        wrong = f"no policy is called {name}{did_you_mean(name, shipped_policies())}"
    elif path.resolve() in read.trail:
        wrong = f"{name} leads back to itself"
    elif len(read.trail) >= DEEPEST:
        wrong = f"more than {DEEPEST} policies extend one another"
    if wrong:
        problem = Problem(line=line, field="extends", message=wrong)
        raise PolicyError.of(read.where, ordered((*problems, problem)))
    below = replace(
        read,
        where=name if is_shipped else str(path),
        folder=path.parent,
        trail=(*read.trail, path.resolve()),
    )
    return _resolved(_bytes(path, name), below)


def _validated(
    content: object, lines: Mapping[Location, int], problems: tuple[Problem, ...], read: _File
) -> PolicyFile:
    try:
        file = PolicyFile.model_validate(content)
    except ValidationError as error:
        wrong = messages(error.errors(), PolicyFile)
        found = tuple(problem_at(*each, lines, "policy") for each in wrong)
        raise PolicyError.of(read.where, ordered((*problems, *found))) from None
    misnamed = [*policy_mistakes.mistakes(file)]
    if not read.is_recorded:
        misnamed += policy_mistakes.without_source(file)
    problems = (*problems, *(problem_at(*each, lines, "policy") for each in misnamed))
    if problems:
        raise PolicyError.of(read.where, ordered(problems))
    return file


def _loosened(
    file: PolicyFile, policy: Policy, below: Policy, lines: Mapping[Location, int], where: str
) -> Policy:
    """Return the policy with what it loosens; a mistake where it may not."""
    name = f"{below.id} {below.version}"
    found = dict.fromkeys(problem_at(*each, lines, "policy") for each in looser(policy, below))
    if found and not file.unsafe_loosens:
        told = (_not_allowed(problem, name, file) for problem in found)
        raise PolicyError.of(where, ordered(told), f"a policy that asks for no less than {name}")
    if file.unsafe_loosens and not found:
        text = f"loosens nothing: it asks for no less than {name}"
        problem = problem_at(("unsafe_loosens",), text, lines, "policy")
        raise PolicyError.of(where, (problem,))
    own = tuple(
        Loosening(
            policy=f"{policy.id} {policy.version}",
            field=by_name(problem.field, file),
            what=f"{problem.message} ({name})",
            reason=" ".join(file.unsafe_reason.split()),
        )
        for problem in found
    )
    extends, loosenings = (name, *below.extends), (*own, *below.loosenings)
    return replace(
        policy,
        digest=_digest(file, extends, loosenings),
        extends=extends,
        loosenings=loosenings,
    )


def _digest(file: PolicyFile, extends: tuple[str, ...], loosenings: tuple[Loosening, ...]) -> str:
    """Digest what an extension came to; the file alone says only where it differs."""
    import rfc8785

    came_to: dict[str, Any] = {
        "policy": file.model_dump(mode="json", exclude_defaults=True),
        "extends": list(extends),
        "loosenings": [each.summary for each in loosenings],
    }
    return f"sha256:{hashlib.sha256(rfc8785.dumps(came_to)).hexdigest()}"


def _not_allowed(problem: Problem, name: str, file: PolicyFile) -> Problem:
    text = f"asks for less than {name}: {problem.message}"
    return replace(
        problem,
        field=by_name(problem.field, file),
        message=f"{text}; ask for as much, or say unsafe_loosens: true and why",
    )
