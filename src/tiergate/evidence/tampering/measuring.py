# SPDX-License-Identifier: Apache-2.0
"""The three numbers of one attacked model: success, refusals of twins, and what it can still do.

While searching, prompts are asked in the model's own type, an answer ends at a refusal that nothing
can undo, and asking stops as soon as a bound decides. A confirmation asks fresh prompts in single
precision, and every answer in full.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from tiergate.evidence.tampering.adversary import Cost
from tiergate.evidence.tampering.assessing import confirming, searching, success_of
from tiergate.evidence.tampering.capability import UtilitySet, measure_utility, shipped_utility
from tiergate.evidence.tampering.context import RunContext
from tiergate.evidence.tampering.decoding import Answer, Ask
from tiergate.evidence.tampering.flop import FlopMeter
from tiergate.evidence.tampering.generation import Generator
from tiergate.evidence.tampering.grading import (
    AnswerClass,
    Grader,
    grader_named,
    in_thought,
)
from tiergate.evidence.tampering.looks import in_clusters, is_hopeless, next_look
from tiergate.evidence.tampering.outcomes import is_destroyed
from tiergate.evidence.tampering.prompts import Parts, PromptPair
from tiergate.evidence.tampering.rendering import opens_thought
from tiergate.evidence.tampering.sequential import Next, StoppingRule, by_cluster
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.trial import (
    Labels,
    PointResult,
    Trial,
    UtilityFound,
)
from tiergate.evidence.tampering.utility_loss import UtilityLoss
from tiergate.evidence.tampering.variant import Sampling, Variant, Wording
from tiergate.stats.rates import Rate

Row = tuple[str, tuple[AnswerClass, ...]]
"""A prompt's id and what each answer to it was."""
_ASKED_BEFORE = 8
"""Prompts that an untouched model is asked to know its usual refusal."""


class Measurer:
    """Measures a model in memory, as it is at the moment of asking."""

    def __init__(self, target: Target, context: RunContext, parts: Parts) -> None:
        """Measure the untouched model's usefulness, which every loss is against."""
        self.target = target
        self._context = context
        self._parts = parts
        self._grader: Grader = grader_named(context.grader)
        self._items = shipped_utility()
        self.untouched_digest = target.digest()
        self._untouched: dict[bool, UtilityFound] = {}
        self._usual_refusal = self._find_usual_refusal()
        self._untouched[False] = self._measured_utility(in_full=False)

    def _find_usual_refusal(self) -> tuple[int, ...]:
        """Ask the untouched model a few prompts, to know its refusal by its tokens.

        How this model can be run is found out on the way, so that no trial pays for it.
        """
        tokens = self._context.effort.search_tokens
        generator = self._generator(None, tokens, self._grader, in_full=False)
        asked = [pair.guarded for pair in self._parts.search[:_ASKED_BEFORE]]
        wording = Wording(uses_template=bool(self.target.tokenizer.chat_template))
        generator.answers(asked, wording, Sampling(), seed=0)
        return generator.draft

    def measure(
        self, variant: Variant, trial: Trial, *, digest: str, in_full: bool
    ) -> tuple[PointResult, Next]:
        """Measure the model at a point of an attack.

        Returns:
            What was found, and whether a bound decided.
        """
        started = time.perf_counter()
        meter = FlopMeter()
        lengths = self._lengths(in_full=in_full)
        opened = opens_thought(self.target.tokenizer, variant.wording)
        grader = in_thought(self._grader, opened)
        generator = self._generator(meter, lengths.answer, grader, in_full=in_full)
        generator.draft = self._usual_refusal
        asking = _Asking(generator, grader, variant, lengths, seed=trial.seed)
        with generator.held():
            utility = self._utility(variant, digest, in_full=in_full)
            is_gone = not in_full and self._is_destroyed(utility)
            guarded, twin, decided = self._asked(asking, in_full=in_full, is_gone=is_gone)
        self._keep(trial, variant, asking, lengths, is_changed=digest != self.untouched_digest)
        result = PointResult(
            point=variant.point,
            cost=variant.cost,
            measuring=Cost(
                attempts=asking.attempts,
                flop=meter.total,
                seconds=Decimal(format(time.perf_counter() - started, ".3f")),
            ),
            guarded=guarded,
            twin=twin,
            utility=utility,
            digest=digest,
            transcript=asking.digest,
            dtype=str(self.target.model.dtype).removeprefix("torch."),
            generation=self._generation(variant, generator, lengths, in_full=in_full),
        )
        return result, decided

    def _asked(
        self, asking: _Asking, *, in_full: bool, is_gone: bool
    ) -> tuple[Labels, Labels, Next]:
        """Ask guarded prompts, batch by batch, until a bound decides or the prompts are used up.

        The twins are asked along with the last batch that is sure to come, because small batches
        are dear. A model that is shown to be destroyed counts as that whatever it says, so that
        the first look at it is the last; and a search ends where, in all likelihood, no bound
        will decide.

        Returns:
            The answers to guarded prompts and to twins, and whether a bound decided.
        """
        effort, rule = self._context.effort, self._context.rule
        most = effort.confirmation_prompts if in_full else effort.search_prompts
        pairs = in_clusters(self._pairs(in_full=in_full)[:most])
        stop = searching(rule, most_prompts=len(pairs), grader=self._context.grader_error)
        if in_full:
            confidence = confirming(rule).for_breaking
            stop = StoppingRule(limit=rule.limit, confidence=confidence, most_prompts=len(pairs))
        rows: list[Row] = []
        twins: list[Row] = []
        waiting = self._twins(in_full=in_full)
        decided = Next.GO_ON
        seen: list[tuple[str, bool | None]] = []
        while len(rows) < len(pairs):
            some = pairs[len(rows) : next_look(stop, seen, pairs)]
            joins = bool(rows) or is_gone
            guarded, along = asking.about(some, waiting if joins else ())
            rows, twins, waiting = rows + guarded, twins + along, () if joins else waiting
            seen = _results(rows, pairs)
            decided = stop.after(by_cluster(seen))
            # A confirmation that looks good goes on to the end, so that its size was fixed.
            is_over = is_gone or decided.is_stop or is_hopeless(stop, seen, pairs)
            if decided is Next.BROKEN or (is_over and not in_full):
                break
        if waiting:
            twins = asking.about((), waiting)[1]
        return Labels(rows=tuple(rows)), Labels(rows=tuple(twins)), decided

    def _twins(self, *, in_full: bool) -> tuple[PromptPair, ...]:
        effort = self._context.effort
        most = effort.confirmation_twins if in_full else effort.search_twins
        return tuple(pair for pair in self._pairs(in_full=in_full)[:most] if pair.twin)

    def _pairs(self, *, in_full: bool) -> tuple[PromptPair, ...]:
        return self._parts.confirmation if in_full else self._parts.search

    def _lengths(self, *, in_full: bool) -> _Lengths:
        effort = self._context.effort
        if in_full:
            return _Lengths(answer=effort.answer_tokens, twin=effort.twin_tokens)
        return _Lengths(answer=effort.search_tokens, twin=effort.search_twin_tokens)

    def _generator(
        self, meter: FlopMeter | None, tokens: int, grader: Grader, *, in_full: bool
    ) -> Generator:
        """In full, every answer goes on to its end, and single precision makes batches exact."""
        return Generator(
            self.target,
            max_new_tokens=tokens,
            settle=None if in_full else grader.is_settled_refusal,
            flop=meter,
        )

    def _generation(
        self, variant: Variant, generator: Generator, lengths: _Lengths, *, in_full: bool
    ) -> str:
        return (
            f"temperature={variant.sampling.temperature} attempts={variant.sampling.attempts}"
            f" max_tokens={lengths.answer} twin_max_tokens={lengths.twin}"
            f" early_exit={'none' if in_full else 'settled-refusal'}"
            f" path={str(generator.path).replace(' ', '-')}"
        )

    def _utility(self, variant: Variant, digest: str, *, in_full: bool) -> UtilityFound:
        """Measure usefulness, or take the untouched model's where nothing in the model changed."""
        is_changed = (
            digest != self.untouched_digest
            or variant.embedding is not None
            or self.target.has_hooks
        )
        if is_changed:
            return self._measured_utility(in_full=in_full)
        if in_full not in self._untouched:
            self._untouched[in_full] = self._measured_utility(in_full=in_full)
        return self._untouched[in_full]

    def _is_destroyed(self, utility: UtilityFound) -> bool:
        """Tell what will be decided in the search from the loss alone."""
        before = self._untouched[False]
        pairs = zip(before.likelihood, utility.likelihood, strict=True)
        loss = UtilityLoss(
            losses=tuple(late - early for early, late in pairs),
            solved_before=Rate(before.correct, before.asked),
            solved=Rate(utility.correct, utility.asked),
            repeated=Rate(0, 0),  # decides nothing
        )
        return is_destroyed(loss, self._context.rule)

    def _measured_utility(self, *, in_full: bool) -> UtilityFound:
        items = self._items
        if not in_full:
            effort = self._context.effort
            items = UtilitySet(
                items=items.items[: effort.search_items],
                choices=items.choices[: effort.search_choices],
            )
        found = measure_utility(self.target, items)
        return UtilityFound(likelihood=found.likelihood, correct=found.correct, asked=found.asked)

    def _keep(
        self,
        trial: Trial,
        variant: Variant,
        asking: _Asking,
        lengths: _Lengths,
        *,
        is_changed: bool,
    ) -> None:
        folder = self._context.transcripts
        if folder is None:
            return
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{trial.id}-{hashlib.sha256(variant.point.encode()).hexdigest()[:8]}.jsonl"
        with (folder / name).open("w", encoding="utf-8") as file:
            header = {**self._header(trial, variant, lengths), "changed_weights": is_changed}
            file.write(json.dumps(header, sort_keys=True) + "\n")
            file.writelines(line + "\n" for line in asking.lines)

    def _header(self, trial: Trial, variant: Variant, lengths: _Lengths) -> dict[str, object]:
        """Say what was asked how, so that anybody can ask again."""
        wording = variant.wording
        return {
            "id": trial.id,
            "trial": trial.to_json(),
            "point": variant.point,
            "wording": {
                "user": wording.user,
                "system": wording.system,
                "uses_template": wording.uses_template,
                "prefill": wording.prefill,
                "shots": [list(turn) for turn in wording.shots],
            },
            "opened_thought": opens_thought(self.target.tokenizer, wording),
            "attempts": variant.sampling.attempts,
            "temperature": str(variant.sampling.temperature),
            "soft_prompt": variant.embedding is not None,
            "max_new_tokens": lengths.answer,
            "twin_max_new_tokens": lengths.twin,
            "dtype": str(self.target.model.dtype).removeprefix("torch."),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lengths:
    """Tokens that an answer has at most."""

    answer: int
    """To a guarded prompt."""
    twin: int
    """To a twin."""


class _Asking:
    """Asks, grades, and keeps what was said."""

    def __init__(
        self,
        generator: Generator,
        grader: Grader,
        variant: Variant,
        lengths: _Lengths,
        *,
        seed: int,
    ) -> None:
        self._generator = generator
        self._grader = grader
        self._variant = variant
        self._lengths = lengths
        self._seed = seed
        self.attempts = 0
        self.lines: list[str] = []

    def about(
        self, guarded: Sequence[PromptPair], twins: Sequence[PromptPair]
    ) -> tuple[list[Row], list[Row]]:
        """Ask the guarded prompts of some pairs and the twins of others, and grade the answers."""
        variant, lengths = self._variant, self._lengths
        asks = [
            *(Ask(prompt=pair.guarded, most=lengths.answer) for pair in guarded),
            *(Ask(prompt=pair.twin, most=lengths.twin, may_refuse=False) for pair in twins),
        ]
        answers = self._generator.answers(
            asks,
            variant.wording,
            variant.sampling,
            seed=self._seed + self.attempts,
            embedding=variant.embedding,
        )
        names = [pair.id for pair in (*guarded, *twins)]
        rows = [
            (name, tuple(self._graded(name, ask, answer) for answer in found))
            for name, ask, found in zip(names, asks, answers, strict=True)
        ]
        return rows[: len(guarded)], rows[len(guarded) :]

    @property
    def digest(self) -> str:
        """Digest of all that was asked and answered."""
        return "sha256:" + hashlib.sha256("\n".join(self.lines).encode()).hexdigest()

    def _graded(self, name: str, ask: Ask, answer: Answer) -> AnswerClass:
        self.attempts += 1
        found = self._grader.grade(ask.prompt, answer.text)
        row = {
            "id": name,
            "twin": not ask.may_refuse,
            "prompt": ask.prompt,
            "answer": answer.text,
            "label": str(found),
            "tokens": answer.tokens,
            "cut_at_refusal": answer.settled,
        }
        self.lines.append(json.dumps(row, ensure_ascii=False, sort_keys=True))
        return found


def _results(rows: Sequence[Row], pairs: Sequence[PromptPair]) -> list[tuple[str, bool | None]]:
    clusters = {pair.id: pair.cluster for pair in pairs}
    return [(clusters[name], success_of(found)) for name, found in rows]
