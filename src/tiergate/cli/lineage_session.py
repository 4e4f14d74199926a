# SPDX-License-Identifier: Apache-2.0
"""``tiergate lineage``: opens what was named, compares, and says what follows from a match."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from tiergate.cli.exit_codes import ExitCode
from tiergate.cli.lineage_known import KnownModel, KnownModelsFile, read_known, same_model
from tiergate.decision.tier import Tier
from tiergate.errors import CheckpointError
from tiergate.model.hub import is_hub_id
from tiergate.model.lineage.choice import PUBLIC_KEY
from tiergate.model.lineage.compare import LineageOutcome, compare
from tiergate.model.lineage.index import index_path, is_own, search
from tiergate.model.lineage.opened import OpenedModel, open_local
from tiergate.model.lineage.sketch import Sketch, draw
from tiergate.model.lineage.sketch_file import SUFFIX, read_sketch, write_sketch
from tiergate.model.lineage.trace import Traced, trace
from tiergate.model.source import locate


class ObligationKind(StrEnum):
    """What a parent obliges to."""

    UNDECLARED = "undeclared parent"
    TIER = "parent with a stricter tier"
    LICENCE = "parent with another licence"


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """Something that follows from a match."""

    kind: ObligationKind
    """What."""
    base: str
    """From which base."""
    words: str
    """In a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageRequest:
    """What the command line asked for."""

    candidate: str
    """Path, sketch file or hub id."""
    bases: tuple[str, ...] = ()
    """Paths, sketch files or hub ids."""
    index: Path | None = None
    """Folder of sketches to look through."""
    add_to: Path | None = None
    """Folder to which the candidate's sketch is added."""
    known: Path | None = None
    """File of known models."""
    tier: Tier | None = None
    """Tier that the candidate is meant to have."""
    revision: str | None = None
    """Revision of the candidate on a hub."""
    endpoint: str | None = None
    """Base URL of the hub."""
    key: str | None = None
    """Decides which rows are looked at; None is the public key."""
    with_digests: bool = True
    """Whether every byte is read, for digests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageAnswer:
    """What is known of a candidate's lineage."""

    candidate: Sketch
    """The candidate."""
    tried: int
    """How many bases it was compared with."""
    traced: tuple[Traced, ...]
    """Those that were compared in full, strongest first."""
    itself: tuple[Sketch, ...]
    """Bases that are the candidate: the same weights under the same name, and no parent."""
    declared: tuple[KnownModel, ...]
    """Known models that the card names as bases and that were not found in the weights."""
    left_out: int
    """Bases of the index that look alike and were not compared in full: many others do."""
    obligations: tuple[Obligation, ...]
    """What follows from the matches."""
    added: Path | None
    """The sketch file that was written; None when none was asked for."""

    @property
    def derived(self) -> tuple[Traced, ...]:
        """The bases that match."""
        return tuple(item for item in self.traced if item.outcome is LineageOutcome.DERIVED)

    @property
    def outcome(self) -> LineageOutcome:
        """Whether any base matches."""
        return LineageOutcome.DERIVED if self.derived else LineageOutcome.UNDETERMINED

    @property
    def exit_code(self) -> ExitCode:
        """What the command ends with."""
        if self.obligations:
            return ExitCode.NOT_MET
        if (self.tried or self.itself) and not self.derived:
            return ExitCode.UNDETERMINED
        return ExitCode.SUPPORTED


def answer(request: LineageRequest) -> LineageAnswer:
    """Compare a candidate with all bases.

    Raises:
        InputError: a model, a sketch or the file of known models cannot be used.
        ExtensionError: a packed format needs a package that is not installed.
    """
    known = read_known(request.known) if request.known is not None else None
    candidate, model = _sketch(request.candidate, request, request.revision)
    named = [_sketch(base, request, None)[0] for base in request.bases]
    are_own = [is_own(candidate, base) for base in named]
    itself = tuple(base for base, own in zip(named, are_own, strict=True) if own)
    bases = [base for base, own in zip(named, are_own, strict=True) if not own]
    comparisons = [compare(candidate, base) for base in bases]
    tried, left_out = len(bases), 0
    if request.index is not None:
        found = search(candidate, request.index)
        comparisons += found.comparisons
        tried, left_out = tried + found.bases, found.left_out
    traced = trace(candidate, tuple(comparisons), tried, model)
    added = _add(candidate, request.add_to) if request.add_to is not None else None
    derived = [item for item in traced if item.outcome is LineageOutcome.DERIVED]
    seen = [*(item.comparison.base for item in derived), *itself]
    declared = tuple(_declared(candidate, seen, known)) if known is not None else ()
    return LineageAnswer(
        candidate=candidate,
        tried=tried,
        traced=traced,
        itself=itself,
        declared=declared,
        left_out=left_out,
        obligations=(
            *_own_tier(itself, known, request.tier),
            *_obligations(candidate, derived, known, request.tier),
            *(each for model in declared for each in _named(candidate, model, request.tier)),
        ),
        added=added,
    )


def _sketch(
    text: str, request: LineageRequest, revision: str | None
) -> tuple[Sketch, OpenedModel | None]:
    """Return a sketch, and the weights when they are on this machine."""
    key = request.key or PUBLIC_KEY
    if text.endswith(SUFFIX):
        return read_sketch(Path(text), key), None
    if is_hub_id(text) and not Path(text).exists():
        from tiergate.model.lineage.remote import open_remote

        remote = open_remote(text, revision=revision, endpoint=request.endpoint)
        return draw(remote, key=key), None
    model = open_local(locate(text, revision=revision))
    return draw(model, key=key, with_digests=request.with_digests), model


def _add(candidate: Sketch, folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CheckpointError(
            str(folder), f"a folder that cannot be made ({error.strerror})", "a folder", ""
        ) from error
    path = index_path(folder, candidate)
    write_sketch(candidate, path)
    return path


def _own_tier(
    itself: Sequence[Sketch], known: KnownModelsFile | None, tier: Tier | None
) -> Iterator[Obligation]:
    """Hold a model to what is known of it, when it was named as its own base."""
    for base in itself[:1]:
        yield from _tier(base, known.find(base.name, base.weights_digest) if known else None, tier)


def _tier(base: Sketch, model: KnownModel | None, tier: Tier | None) -> Iterator[Obligation]:
    if model is not None and model.tier is not None and _is_stricter(model.tier, tier):
        yield Obligation(
            kind=ObligationKind.TIER,
            base=base.name,
            words=f"{model.name} may be no more open than {model.tier}; hold what descends "
            f"from it to {model.tier} until its owner says otherwise",
        )


def _obligations(
    candidate: Sketch,
    derived: Sequence[Traced],
    known: KnownModelsFile | None,
    tier: Tier | None,
) -> Iterator[Obligation]:
    for item in derived:
        base = item.comparison.base
        model = known.find(base.name, base.weights_digest) if known else None
        names = [base.name, *([model.name, *model.aliases] if model else [])]
        if not any(same_model(claim, name) for claim in candidate.base_models for name in names):
            yield Obligation(
                kind=ObligationKind.UNDECLARED,
                base=base.name,
                words=_copied(candidate, base.name)
                if item.comparison.is_copy
                else _undeclared(candidate, base.name),
            )
        yield from _tier(base, model, tier)
        licence = (model.licence if model else None) or base.licence
        if licence is not None and licence != candidate.licence:
            yield Obligation(
                kind=ObligationKind.LICENCE,
                base=base.name,
                words=f"{base.name} is under {licence}, and {candidate.name} claims "
                f"{candidate.licence or 'no licence'}; settle which terms carry over",
            )


def _declared(
    candidate: Sketch, seen: Sequence[Sketch], known: KnownModelsFile
) -> Iterator[KnownModel]:
    """Yield the known models that the card names, each once, without those that were seen."""
    found = [known.find(base.name, base.weights_digest) for base in seen]
    for claim in candidate.base_models:
        model = known.find(claim, None)
        if model is not None and model not in found:
            found.append(model)
            yield model


def _named(candidate: Sketch, model: KnownModel, tier: Tier | None) -> Iterator[Obligation]:
    """Hold a model to a parent that its card names: weights that do not show it free nobody."""
    parent = f"{model.name}, which the card of {candidate.name} names,"
    if model.tier is not None and _is_stricter(model.tier, tier):
        yield Obligation(
            kind=ObligationKind.TIER,
            base=model.name,
            words=f"{parent} may be no more open than {model.tier}, whatever the weights show; "
            f"hold what descends from it to {model.tier} until its owner says otherwise",
        )
    if model.licence is not None and model.licence != candidate.licence:
        yield Obligation(
            kind=ObligationKind.LICENCE,
            base=model.name,
            words=f"{parent} is under {model.licence}, and {candidate.name} claims "
            f"{candidate.licence or 'no licence'}; settle which terms carry over",
        )


def _copied(candidate: Sketch, base: str) -> str:
    return (
        f"the weights of {candidate.name} are those of {base} to the byte, a copy and no child, "
        f"and its card does not say so; name {base}, or use one name for both"
    )


def _undeclared(candidate: Sketch, base: str) -> str:
    if candidate.base_models:
        claims = ", ".join(candidate.base_models[:3])
        said = f"the card of {candidate.name} names {claims} and not {base}"
    else:
        said = f"the card of {candidate.name} names no base model"
    return f"{said}; name {base}, or say why the weights are alike"


def _is_stricter(parent: Tier, asked: Tier | None) -> bool:
    """Whether the parent's tier is stricter than the one asked for, or none was asked for."""
    return asked is None or parent.rank < asked.rank
