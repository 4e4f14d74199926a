# SPDX-License-Identifier: Apache-2.0
"""From one row to what it is to the released models. Pure; every pass ends here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from tiergate.landscape.watch.declared import kind_of, parents_of
from tiergate.landscape.watch.descent import Descent
from tiergate.landscape.watch.kinds import FindingKind, Strength
from tiergate.landscape.watch.names import SHORTEST_KEY, own_name, plain
from tiergate.landscape.watch.released import ReleasedModel
from tiergate.landscape.watch.row import Row
from tiergate.landscape.watch.words import said

AHEAD = timedelta(days=1)
"""A row that is dated further ahead of the reader's clock has no date that counts."""

_SHAPE = (
    "names, types and shapes of all tensors are the same; models trained apart from each other "
    "can have that in common"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that a repository is to a released model, and what that rests on."""

    released: str
    """Name of the released model."""
    kind: FindingKind
    """What it is."""
    strength: Strength
    """What that rests on."""
    repository: str
    """Where, as the feed writes it."""
    revision: str | None
    """Commit there; None when the feed does not give it."""
    created_at: datetime | None
    """When the repository was created, as the hub says; None when that is not known."""
    digest: str | None
    """Digest that is equal, ``sha256:...``; of several the first; None without one."""
    evidence: tuple[str, ...]
    """What it rests on, one sentence each; never empty."""

    @property
    def id(self) -> str:
        """Digest that tells one finding from another: a finding made twice has it twice."""
        parts = [self.released.lower(), self.kind, self.strength, self.repository.lower()]
        whole = json.dumps([*parts, self.digest or ""], separators=(",", ":"))
        return f"sha256:{hashlib.sha256(whole.encode()).hexdigest()}"

    @property
    def order(self) -> tuple[str, ...]:
        """By what findings are sorted; a date that is not known comes last.

        No two findings that differ are equal in it, so that rows may come in any order.
        """
        when = "9999" if self.created_at is None else self.created_at.isoformat()
        first = (self.released.lower(), self.kind, self.repository.lower(), when)
        revision = "" if self.revision is None else f"={self.revision}"
        rest = (self.repository, revision, self.digest or "", self.strength)
        return (*first, "\n".join(self.evidence), *rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a pass looks for."""

    models: tuple[ReleasedModel, ...]
    """The released models."""
    words: tuple[str, ...]
    """Words for removed safeguards."""
    at: datetime
    """The reader's time, in UTC."""

    @property
    def digests(self) -> frozenset[str]:
        """Digests of all files of the released weights, in hexadecimal."""
        return frozenset(digest for model in self.models for digest in model.digests)

    @property
    def roots(self) -> frozenset[str]:
        """Names of all released models, in lower case."""
        return frozenset(key for model in self.models for key in model.keys)


def findings_of(row: Row, question: Question, descents: Mapping[str, Descent]) -> Iterator[Finding]:
    """Yield what a row is to each released model.

    Args:
        row: the row.
        question: what is looked for.
        descents: of each released model by its name, what descends from it.
    """
    for model in question.models:
        if row.key not in model.keys:
            yield from _Look(row, model, question, descents[model.name]).findings()


def settled(found: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return findings sorted and each once: of two with one id the first in order stands."""
    kept: dict[str, Finding] = {}
    for finding in sorted(found, key=lambda each: each.order):
        kept.setdefault(finding.id, finding)
    return tuple(kept.values())


@dataclass(frozen=True, slots=True)
class _Look:
    """One row beside one released model."""

    row: Row
    model: ReleasedModel
    question: Question
    descent: Descent

    def findings(self) -> Iterator[Finding]:
        matches = [*self._copies(), *self._declared()]
        yield from matches
        words = tuple(said(self.row, self.question.words))
        marked = tuple(f"{each.word!r} stands in {each.place[:120]!r}" for each in words)
        if matches:
            if words:
                linked = matches[0].evidence[0]
                by_name = "by its name only: what the weights do was not measured"
                evidence = (*marked, linked, by_name)
                yield self._finding(FindingKind.UNCENSORED, Strength.NAME, evidence)
            return
        yield from self._leads(marked)

    def _copies(self) -> Iterator[Finding]:
        row, model = self.row, self.model
        is_same_name = plain(own_name(row.repository)) in model.plain_names
        whole = FindingKind.RE_UPLOAD if is_same_name else FindingKind.RENAMED_COPY
        released = model.digests
        equal = {f.sha256: f.name for f in row.files if f.sha256 in released}
        is_equal = row.weights_digest is not None and row.weights_digest == model.weights_digest
        if is_equal and not len(equal) == len(released) > 0:
            evidence = ("every tensor is the same, whatever the files are",)
            yield self._finding(whole, Strength.BYTES, evidence, row.weights_digest)
        elif equal:
            kind = whole if len(equal) == len(released) else FindingKind.PART_COPY
            first = min(digest for digest in equal if digest is not None)
            both = (
                f"{len(equal)} of {len(released)} weight files are the same to the byte",
                f"{str(equal[first])[:200]!r} is {released[first]!r}, sha256 {first}",
            )
            yield self._finding(kind, Strength.BYTES, both, f"sha256:{first}")

    def _declared(self) -> Iterator[Finding]:
        row = self.row
        if row.key not in self.descent:
            return
        chain = self.descent.chain(row.key)
        parents = parents_of(row)
        # A chain known from an earlier row of the same repository: this one does not say how.
        relation = parents.get(chain[1])
        kind = kind_of(row, relation, len(parents))
        way = " -> ".join(name[:120] for name in chain[:12])
        more = f" ({len(chain) - 1} steps)" if len(chain) > 2 else ""
        how = f" as {relation[:40]!r}" if relation else ""
        evidence = (f"its base is declared{how}: {way}{more}",)
        yield self._finding(kind, Strength.DECLARED, evidence)

    def _leads(self, marked: tuple[str, ...]) -> Iterator[Finding]:
        row, model = self.row, self.model
        if row.structure is not None and row.structure == model.structure:
            yield self._finding(FindingKind.SHAPE_LEAD, Strength.SHAPE, (_SHAPE,), row.structure)
        name = plain(own_name(row.repository))
        alike = sorted(key for key in model.plain_names if _is_alike(name, key))
        if alike:
            kind = FindingKind.UNCENSORED_LEAD if marked else FindingKind.NAME_LEAD
            evidence = (
                f"{alike[-1]!r} stands in its name; no base is declared and no file is equal",
            )
            yield self._finding(kind, Strength.NAME, (*evidence, *marked))

    def _finding(
        self,
        kind: FindingKind,
        strength: Strength,
        evidence: tuple[str, ...],
        digest: str | None = None,
    ) -> Finding:
        row = self.row
        created = row.created_at
        if created is not None and created > self.question.at + AHEAD:
            evidence = (
                *evidence,
                f"it is dated ahead, {created:%Y-%m-%d}, which counts as no date",
            )
            created = None
        return Finding(
            released=self.model.name,
            kind=kind,
            strength=strength,
            repository=row.repository,
            revision=row.revision,
            created_at=created,
            digest=digest,
            evidence=evidence,
        )


def _is_alike(name: str, key: str) -> bool:
    return name == key or (len(key) >= SHORTEST_KEY and key in name)
