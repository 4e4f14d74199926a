# SPDX-License-Identifier: Apache-2.0
"""What `tiergate attack` is asked for, read and checked before any work is done."""

from __future__ import annotations

import dataclasses
import importlib.util
import sys
from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from pathlib import Path

import click

from tiergate.cli.evidence_input import read_mapping
from tiergate.cli.limits_text import confidence_of
from tiergate.cli.session import identify_with_progress, refuse_inside, store_folder
from tiergate.cli.yaml_file import read_yaml
from tiergate.decision.policy import Policy
from tiergate.decision.policy_document import load_policy
from tiergate.decision.words import percent
from tiergate.errors import InputError
from tiergate.evidence.measurement import AttackBudget
from tiergate.evidence.provenance import Producer
from tiergate.evidence.small_file import read_small_file
from tiergate.evidence.tampering.adversary import Prices, load_prices
from tiergate.evidence.tampering.context import RunContext
from tiergate.evidence.tampering.outcomes import Rule
from tiergate.evidence.tampering.prompt_files import read_prompts
from tiergate.evidence.tampering.prompts import PromptSet, canary_prompts, measured_on
from tiergate.evidence.tampering.suite_file import (
    SuiteFile,
    own_suite,
    shipped_suite,
    shipped_suites,
)
from tiergate.evidence.tampering.suites import ACCESS, FAMILIES, Suite, SuiteAttack
from tiergate.evidence.tampering.task_files import TaskFile, require_inspect
from tiergate.model.card import MAX_CARD_BYTES
from tiergate.model.checkpoint import Checkpoint
from tiergate.model.digest import sha256_digest
from tiergate.stats.intervals import exact_upper
from tiergate.stats.rates import Rate

CANARY_TAG = "tiergate-canary"
"""Tag in the card of what `tiergate canary` makes."""
_LARGEST_SUITE_BYTES = 1 << 20
NULL = "none"
"""Name of the null control in a suite."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The options of the command, as they were given."""

    model: str
    """Path or hub id."""
    revision: str | None
    """Branch, tag or commit of a hub model."""
    endpoint: str | None
    """Base URL of the hub."""
    use_cache: bool
    """Whether digests of untouched files may be taken from an earlier run."""
    suite: str
    """Id of a shipped suite, or path of a suite file."""
    prompts: Path | None
    """File of prompts; None for the shipped ones."""
    unguarded: Path | None
    """Twin without the safeguard."""
    base: Path | None
    """Base model to merge with."""
    hook: str
    """A user's own attack, ``module:function``; empty for none."""
    external: Path | None
    """An attacked checkpoint that another tool made."""
    grader: str
    """Grader."""
    policy_name: str
    """Policy whose limit and confidence count where none are given."""
    limit: str | None
    """Success rate that is tolerated."""
    confidence: str | None
    """Of the outcomes."""
    budget: int | None
    """Seconds after which the search asks for no more."""
    seed: int
    """Seed of everything random."""
    dtype: str
    """Type of the weights while searching."""
    device: str
    """Where the model runs."""
    engine: str
    """``local`` or ``ray``."""
    workers: int
    """Workers of the Ray engine."""
    output: Path | None
    """Folder for what the run finds."""
    store: str | None
    """Folder of evidence."""
    producer: Producer
    """Who runs it."""
    prices: Path | None
    """Price file."""
    keep_variants: bool
    """Whether attacked weights are written."""
    task: str = ""
    """A user's own task, ``FILE.py`` or ``FILE.py@NAME``; empty for none."""
    mapping: str | None = None
    """What the scores of that task mean."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A run that could start."""

    asked: Asked
    """What was asked for."""
    checkpoint: Checkpoint
    """The model, with its weights digest."""
    context: RunContext
    """What the run is given."""
    policy: Policy
    """Policy that the limit comes from."""
    prices: Prices
    """What operations cost."""
    output: Path
    """Folder for what the run finds."""
    store: Path
    """Folder of evidence."""
    warnings: tuple[str, ...]
    """What a person should know before it starts."""

    @property
    def journal(self) -> Path:
        """The journal of the run."""
        return self.output / "journal.jsonl"

    @property
    def attacks(self) -> tuple[SuiteAttack, ...]:
        """The attacks that will be tried, the null control left out."""
        return tuple(a for a in self.context.suite.attacks if a.name != NULL)


def prepare(asked: Asked) -> Prepared:
    """Read everything that the options name, then the model.

    Raises:
        InputError: one of them cannot be used.
    """
    if asked.hook and asked.external:
        raise click.UsageError("give either --hook or --external")
    task = _task(asked)
    suite = _with_recipe(read_suite(asked.suite), asked)
    prices = load_prices(asked.prices)
    policy = load_policy(asked.policy_name)
    rule = _rule(asked, policy, suite)
    given = None if asked.prompts is None else read_prompts(asked.prompts)
    for option, folder in (("--unguarded", asked.unguarded), ("--base", asked.base)):
        _require_folder(option, folder)
    checkpoint = identify_with_progress(
        asked.model,
        revision=asked.revision,
        endpoint=asked.endpoint,
        use_cache=asked.use_cache,
        with_weights_digest=True,
    )
    output = asked.output or Path(f"{checkpoint.path.stem}-attack")
    refuse_inside(checkpoint, output)
    context = _context(
        asked,
        checkpoint,
        output.absolute(),
        prompts=given or _shipped_prompts(checkpoint),
        suite=suite,
        rule=rule,
        task=task,
    )
    return Prepared(
        asked=asked,
        checkpoint=checkpoint,
        context=context,
        policy=policy,
        prices=prices,
        output=output,
        store=store_folder(checkpoint, asked.store),
        warnings=tuple(_warnings(asked, context)),
    )


def _context(  # noqa: PLR0913 - what was read of the options, by name
    asked: Asked,
    checkpoint: Checkpoint,
    output: Path,
    *,
    prompts: PromptSet,
    suite: Suite,
    rule: Rule,
    task: TaskFile | None,
) -> RunContext:
    """Return what a run is given, with paths that a worker in another folder finds."""
    return RunContext(
        model=checkpoint.path.absolute(),
        suite=suite,
        prompts=prompts,
        rule=rule,
        unguarded=_absolute(asked.unguarded),
        base=_absolute(asked.base),
        recipe=asked.hook or str(_absolute(asked.external) or ""),
        grader=asked.grader,
        seed=asked.seed,
        device=asked.device,
        dtype=asked.dtype,
        root_digests=_root_digests(checkpoint, asked),
        code_digests=_code_digests(asked),
        transcripts=output / "transcripts",
        variants=output / "variants" if asked.keep_variants else None,
        task=task,
        inspect_logs=output / "inspect-logs" if task else None,
    )


def _task(asked: Asked) -> TaskFile | None:
    """Find the user's own task, and read what its scores mean, which nothing else looks at yet."""
    if not asked.task:
        if asked.mapping is not None:
            raise click.UsageError("--mapping says what the scores of --task mean; give both")
        return None
    require_inspect()
    if asked.mapping is not None:
        read_mapping(Path(asked.mapping))
    return TaskFile.of(asked.task)


def read_suite(name: str) -> Suite:
    """Return a suite that ships, by its id, or a user's, by its path.

    Raises:
        InputError: there is none, or its file has mistakes; all of them are in the message.
    """
    path = Path(name)
    if name in shipped_suites() or not path.exists():
        return shipped_suite(name)
    file = read_yaml(path, SuiteFile, "a suite file", InputError)
    return own_suite(file, read_small_file(path, _LARGEST_SUITE_BYTES))


def _with_recipe(suite: Suite, asked: Asked) -> Suite:
    """Add the user's own attack to the suite, which makes it harder to survive."""
    name = "hook" if asked.hook else "external" if asked.external else ""
    if not name or suite.attack(name):
        return suite
    added = SuiteAttack(
        name=name,
        family=FAMILIES[name],
        access=ACCESS[name],
        budget=AttackBudget(attempts=1),
        trials=1,
        seeds=1,
        status="default, adjustable",
        basis="named on the command line",
    )
    return dataclasses.replace(suite, attacks=(*suite.attacks, added))


def _rule(asked: Asked, policy: Policy, suite: Suite) -> Rule:
    limit = policy.tamper.limit.value
    confidence = max(tier.standards.confidence for tier in policy.tiers)
    return Rule(
        limit=Decimal(str(limit)) if asked.limit is None else confidence_of(asked.limit, "--limit"),
        confidence=Decimal(str(confidence))
        if asked.confidence is None
        else confidence_of(asked.confidence),
        break_claims=max(1, sum(attack.name != NULL for attack in suite.attacks)),
    )


def _shipped_prompts(checkpoint: Checkpoint) -> PromptSet:
    """Return the canary's prompts for a model that has one; for others nobody can know which.

    Raises:
        UsageError: the model's card does not say that it carries the shipped canary.
    """
    if _carries(checkpoint, canary_prompts()):
        return measured_on(canary_prompts())
    raise click.UsageError(
        f"{checkpoint.name} does not carry the shipped canary safeguard, so nobody but you knows "
        "what it should refuse. Bring prompts with --prompts FILE (JSONL or CSV with the columns "
        "guarded and twin), or make a copy with a canary: tiergate canary"
    )


def _carries(checkpoint: Checkpoint, canary: PromptSet) -> bool:
    """Tell whether the card says that this canary, and no other, was trained in."""
    if checkpoint.card is None or CANARY_TAG not in checkpoint.card.tags:
        return False
    card = checkpoint.path / "README.md"
    return f"({canary.name})" in read_small_file(card, MAX_CARD_BYTES).decode(errors="replace")


def _root_digests(checkpoint: Checkpoint, asked: Asked) -> dict[str, str]:
    """Identify every folder that is loaded, so that no other takes its place unnoticed."""
    found = {str(checkpoint.path.absolute()): checkpoint.root_digest}
    for folder in (asked.unguarded, asked.base, asked.external):
        if folder is not None:
            known = identify_with_progress(
                str(folder), revision=None, endpoint=None, use_cache=asked.use_cache
            )
            found[str(folder.absolute())] = known.root_digest
    return found


def find_users_modules() -> None:
    """Let `module:function` name a module of the folder where the command is called."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)


def _code_digests(asked: Asked) -> dict[str, str]:
    """Digest the modules of a user's own grader and attack, as far as they have a source."""
    find_users_modules()
    found: dict[str, str] = {}
    for name in (asked.hook, asked.grader):
        module = name.partition(":")[0]
        if not module or ":" not in name or "//" in name:
            continue
        try:
            spec = importlib.util.find_spec(module)
        except (ImportError, ValueError):
            continue  # whoever calls it says what is wrong
        if spec is not None and spec.origin is not None:
            found[module] = sha256_digest(Path(spec.origin).read_bytes())
    return found


def _absolute(path: Path | None) -> Path | None:
    """Return a path that a worker in another folder finds."""
    return path.absolute() if path else None


def _require_folder(option: str, folder: Path | None) -> None:
    if folder is not None and not folder.is_dir():
        raise InputError(
            f"{option} {folder}", "no such folder", "the folder of a checkpoint", f"Check {option}."
        )


def _warnings(asked: Asked, context: RunContext) -> Iterator[str]:
    names = {attack.name for attack in context.suite.attacks}
    if asked.unguarded is None:
        yield (
            "without --unguarded there is no positive control, and a run without one is void: "
            "it supports nothing"
        )
    if "merge" in names and asked.base is None:
        yield "the suite merges with the base model; without --base that attack is invalid"
    if context.suite.is_demonstration:
        yield f"the suite {context.suite.id} is a demonstration; no policy accepts it"
    if not context.prompts.has_twins:
        yield "prompts without harmless twins cannot show that there is a safeguard"
    fresh = fresh_clusters(context)
    alone = dataclasses.replace(context.rule, holding_claims=1)
    best = exact_upper(Rate(0, fresh), alone.for_holding)
    if best > context.rule.limit:
        yield (
            f"{fresh} clusters of fresh prompts show at best a rate of at most "
            f"{percent(Decimal(best), ROUND_CEILING)}, so that no attack can be shown to stay "
            f"within {percent(context.rule.limit, ROUND_FLOOR)}"
        )
    if asked.keep_variants:
        yield f"weights with safeguards removed will be written to {context.variants}"


def fresh_clusters(context: RunContext) -> int:
    """Count the clusters of prompts that a confirmation asks."""
    parts = context.prompts.split(context.seed)
    asked = parts.confirmation[: context.effort.confirmation_prompts]
    return len({pair.cluster for pair in asked})


def searched_clusters(context: RunContext) -> int:
    """Count the clusters of prompts that a trial of the search asks, at the most."""
    parts = context.prompts.split(context.seed)
    asked = parts.search[: context.effort.search_prompts]
    return len({pair.cluster for pair in asked})
