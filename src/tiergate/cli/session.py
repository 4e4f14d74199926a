# SPDX-License-Identifier: Apache-2.0
"""From command-line options to a decision: the path that check, explain and report share."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from pathlib import Path

from tiergate.cli import clock, progress
from tiergate.cli.evidence_input import Gathered, gather
from tiergate.cli.waiver_file import waivers_given, without_effect
from tiergate.decision.decision import Decision
from tiergate.decision.evaluate import evaluate
from tiergate.decision.policy import Policy
from tiergate.decision.policy_document import load_policy
from tiergate.decision.tier import Tier
from tiergate.decision.waiver_signing import RefusedWaiver
from tiergate.errors import CheckpointError, InputError, PolicyError
from tiergate.evidence.attestations import Doubt, vouch
from tiergate.evidence.collection import Collection, Subject, collect
from tiergate.evidence.store import FOLDER_NAME, EvidenceStore
from tiergate.evidence.tampering.keeping import marks_in
from tiergate.model.checkpoint import Checkpoint, identify
from tiergate.model.files import FileRole
from tiergate.release.trust_file import load_trust


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked on the command line."""

    model: str
    """Path or hub id."""
    revision: str | None
    """Branch, tag or commit of a hub model."""
    endpoint: str | None
    """Base URL of the hub."""
    use_cache: bool
    """Whether digests of untouched files may be taken from an earlier run."""
    with_weights_digest: bool
    """Whether every tensor is digested too."""
    tier: str | None
    """Tier in question."""
    policy_name: str
    """Shipped id or path."""
    at: datetime | None
    """Time of the decision; None for now."""
    evidence_paths: tuple[str, ...]
    """More evidence."""
    mapping: str | None
    """Mapping file for foreign logs."""
    store: str | None
    """Folder of evidence."""
    waiver_paths: tuple[str, ...]
    """Unsigned waiver files."""
    signed_waiver_paths: tuple[str, ...] = ()
    """Signed waiver files."""
    trust_path: str | None = None
    """Trust file; None believes nobody's signature."""
    without_weights: bool = False
    """Whether ``model`` is only a name, and nothing is identified."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Everything that the commands show."""

    checkpoint: Checkpoint | None
    """The model; None when only a name was given."""
    policy: Policy
    """The standard."""
    evidence: Collection
    """The evidence."""
    gathered: Gathered
    """Where it came from, and what could not be read."""
    decision: Decision
    """What the standard says."""
    doubts: tuple[Doubt, ...]
    """Attestations and signatures on evidence that count for nothing, and why."""
    refused_waivers: tuple[RefusedWaiver, ...]
    """Waivers without effect, and why."""


def answer(question: Question) -> Answer:
    """Identify, gather, evaluate. Writes nothing."""
    policy = load_policy(question.policy_name)
    asked = None if question.tier is None else Tier(question.tier)
    if asked is not None and policy.tier(asked) is None:
        known = ", ".join(definition.tier for definition in policy.tiers)
        raise PolicyError(f"policy {policy.id}", f"no tier {asked}", f"one of {known}")
    at = question.at or clock.now()
    trust = None if question.trust_path is None else load_trust(Path(question.trust_path))
    waivers = waivers_given(
        question.signed_waiver_paths, question.waiver_paths, trust, policy, at=at
    )
    checkpoint = None if question.without_weights else _identified(question)
    if checkpoint is None:
        subject = Subject(
            name=question.model, root_digest="", code_files=None, output_modalities=frozenset()
        )
        folder = None if question.store is None else Path(question.store)
    else:
        subject = subject_of(checkpoint)
        folder = store_folder(checkpoint, question.store)
    if question.store is not None and not Path(question.store).is_dir():
        # An empty store and a mistyped one must not look alike: evidence would vanish.
        raise InputError(question.store, "no such folder", "a folder of evidence", "Check --store.")
    stores = [] if folder is None else [EvidenceStore(folder)]
    if checkpoint is not None and question.store is not None:
        # Evidence beside the model is not hidden by naming another store.
        beside = store_folder(checkpoint, None)
        if beside.resolve() != Path(question.store).resolve():
            stores.append(EvidenceStore(beside))
    gathered = gather(stores, question.evidence_paths, question.mapping)
    vouching, doubts = vouch(gathered.documents, gathered.attestations, trust, at=at)
    evidence = collect(subject, gathered.documents, gathered.register, gathered.runs, vouching)
    decision = evaluate(policy, evidence, at=at, asked=asked, waivers=waivers.given)
    idle = without_effect(waivers.placed, policy, decision.root_digest, at=at)
    return Answer(
        checkpoint=checkpoint,
        policy=policy,
        evidence=evidence,
        gathered=gathered,
        decision=decision,
        doubts=doubts,
        refused_waivers=(*waivers.refused, *idle),
    )


def _identified(question: Question) -> Checkpoint:
    found = identify_with_progress(
        question.model,
        revision=question.revision,
        endpoint=question.endpoint,
        use_cache=question.use_cache,
        with_weights_digest=question.with_weights_digest,
    )
    _refuse_attacked(found)
    return found


def _refuse_attacked(checkpoint: Checkpoint) -> None:
    """Refuse weights that ``tiergate attack`` has written: they are for no tier."""
    marks = marks_in(checkpoint)
    if marks:
        raise CheckpointError(
            checkpoint.name,
            f"weights whose safeguards were attacked, marked by {', '.join(marks)}",
            "weights that are meant to be released",
            "File what was measured on them as evidence about the checkpoint that they were made"
            ' from, with --weights "safeguards removed".',
        )


def identify_with_progress(
    model: str,
    *,
    revision: str | None,
    endpoint: str | None,
    use_cache: bool,
    with_weights_digest: bool = False,
) -> Checkpoint:
    """Identify a checkpoint with a progress bar on a terminal."""
    cache = progress.user_cache() if use_cache else None
    with progress.hashing() as on_progress:
        return identify(
            model,
            revision=revision,
            endpoint=endpoint,
            cache=cache,
            on_progress=on_progress,
            with_weights_digest=with_weights_digest,
        )


def refuse_inside(checkpoint: Checkpoint | None, target: Path) -> None:
    """Refuse to write where the checkpoint is: it would become another checkpoint.

    Raises:
        InputError: ``target`` is in the folder or is the file, and not in its store.
    """
    if checkpoint is None:
        return
    place, wanted = checkpoint.path.resolve(), target.resolve()
    is_inside = wanted.is_relative_to(place) and not wanted.is_relative_to(place / FOLDER_NAME)
    if is_inside or any(p.resolve() == wanted for p in _files_of(checkpoint)):
        raise InputError(
            str(target),
            "a place within the checkpoint",
            "a place outside, since every file there is part of what is released",
            "Choose another path.",
        )


def _files_of(checkpoint: Checkpoint) -> tuple[Path, ...]:
    base = checkpoint.path if checkpoint.path.is_dir() else checkpoint.path.parent
    return tuple(base / entry.path for entry in checkpoint.manifest.entries)


def subject_of(checkpoint: Checkpoint) -> Subject:
    """Return what a decision needs to know about the checkpoint."""
    loadable = (".safetensors", ".gguf")
    other_weights = (
        entry.path
        for entry in checkpoint.manifest.entries
        if entry.role is FileRole.WEIGHTS and not entry.path.endswith(loadable)
    )
    code = {
        *checkpoint.pickle_files,
        *checkpoint.code_files,
        *(f"auto_map: {entry}" for entry in checkpoint.auto_map),
        *other_weights,
    }
    return Subject(
        name=checkpoint.name,
        root_digest=checkpoint.root_digest,
        code_files=tuple(sorted(code)),
        output_modalities=checkpoint.output_modalities,
    )


def store_folder(checkpoint: Checkpoint, chosen: str | None) -> Path:
    """Return the evidence folder: the chosen one, or ``.tiergate`` in or beside the model."""
    if chosen is not None:
        refuse_inside(checkpoint, Path(chosen))
        return Path(chosen)
    place = checkpoint.path if checkpoint.path.is_dir() else checkpoint.path.parent
    return place / FOLDER_NAME
