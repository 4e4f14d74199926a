# SPDX-License-Identifier: Apache-2.0
"""Answers of a model to many prompts, several times cheaper than one by one.

What is saved, none of which changes an answer: the common beginning of the prompts is read
once; attempts at one prompt share its reading; a row leaves the batch when its answer is over,
or is a refusal that nothing said later can undo, and a waiting prompt takes its place; the
refusal that came most often is read along with further prompts, and counts where the model
would have said it token by token; weights are laid out for the processor once; logits are
computed for the newest token only. In float32 the answers are those of ``transformers``' own
greedy generation. In bfloat16 the rounding of a row depends on its company, as it does there.
"""

from __future__ import annotations

import contextlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import torch

from tiergate.errors import MeasurementError
from tiergate.evidence.tampering.batches import Batch, PaddedBatch, Reader, RollingBatch
from tiergate.evidence.tampering.branches import shared_beginning
from tiergate.evidence.tampering.decoding import Answer, Ask, Decoder, Job, Row
from tiergate.evidence.tampering.packing import packed
from tiergate.evidence.tampering.paths import GenerationPath, find_path, fits_window
from tiergate.evidence.tampering.rendering import render, render_around

if TYPE_CHECKING:
    from tiergate.evidence.tampering.flop import FlopMeter
    from tiergate.evidence.tampering.target import Target
    from tiergate.evidence.tampering.variant import Sampling, Wording

_REFILL_SHARE = 8
"""A batch is filled up when one in so many of its rows is free."""
_MOST_JOINING = 32
"""Prompts read at once; they come by length, so that little is padded."""
_DRAFT_SHARE = 0.6
"""Share of answers that may refuse that must be one refusal, word for word, to expect it again."""
_DRAFT_LOGITS = 2**28
"""Largest number of logits that reading a draft along may take; more than that takes memory."""


class Generator:
    """Generates answers; one for each way of generating, used for any number of variants."""

    def __init__(  # noqa: PLR0913 - each of them is one thing to choose
        self,
        target: Target,
        *,
        max_new_tokens: int = 64,
        batch_size: int = 64,
        settle: Callable[[str], bool] | None = None,
        plain: bool = False,
        flop: FlopMeter | None = None,
    ) -> None:
        """Choose how to generate.

        Args:
            target: the model and its tokenizer, in the type that it is to run in.
            max_new_tokens: longest answer.
            batch_size: rows at a time; halved while memory does not suffice.
            settle: whether the beginning of an answer decides that it is a refusal; the answer
                then stops there. None lets every answer go on to its end.
            plain: padded batches with nothing shared, packed or refilled, for confirmation.
            flop: counts the operations, when given.
        """
        self._target = target
        self._max_new_tokens = max_new_tokens
        self._size = batch_size
        self._settle = settle
        self._plain = plain
        self._flop = flop
        self._path: GenerationPath | None = None
        self._draft: tuple[int, ...] = ()

    @property
    def path(self) -> GenerationPath | None:
        """How answers were generated; None before the first."""
        return self._path

    @property
    def draft(self) -> tuple[int, ...]:
        """Tokens of the refusal that is expected, because it came most often; empty for none.

        Set it where it is known beforehand. A wrong one costs time and changes no answer.
        """
        return self._draft

    @draft.setter
    def draft(self, tokens: tuple[int, ...]) -> None:
        self._draft = tokens

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Lay the weights out once for every call within; they must not change until it ends.

        Each call does so by itself otherwise, which is dear when it asks only a few prompts.
        """
        # Layers that are served already are left alone, so blocks may stand in each other.
        with contextlib.nullcontext() if self._plain else packed(self._target.model, self._size):
            yield

    def answers(
        self,
        prompts: Sequence[str | Ask],
        wording: Wording,
        sampling: Sampling,
        *,
        seed: int,
        embedding: torch.Tensor | None = None,
    ) -> list[list[Answer]]:
        """Answer every prompt ``sampling.attempts`` times.

        Args:
            prompts: what is asked, before wording, with wishes of its own or without.
            wording: how it reaches the model.
            sampling: attempts and temperature; at temperature 0 all attempts are one.
            seed: of the random numbers; those of an answer follow from seed, prompt and attempt.
            embedding: soft prompt, tokens x hidden size, before the user's text.

        Returns:
            For each prompt, in the order given, its answers.

        Raises:
            MeasurementError: the logits are not finite, memory does not suffice for one row, or
                the prompt cannot be rendered.
        """
        temperature = float(sampling.temperature)
        drawn = sampling.attempts if temperature else 1
        soft = [] if embedding is None else [-1 - row for row in range(len(embedding))]
        asks = [
            Ask(prompt=prompt, most=self._max_new_tokens) if isinstance(prompt, str) else prompt
            for prompt in prompts
        ]
        jobs = [
            Job(index=index, attempt=attempt, ask=ask, ids=ids)
            for index, ask in enumerate(asks)
            for ids in [self._ids(wording, ask.prompt, soft)]
            for attempt in range(drawn)
        ]
        found = self._generate(jobs, temperature, seed, embedding)
        copies = sampling.attempts // drawn
        return [
            [found[index, attempt] for attempt in range(drawn)] * copies
            for index in range(len(prompts))
        ]

    def _ids(self, wording: Wording, prompt: str, soft: Sequence[int]) -> tuple[int, ...]:
        tokenizer = self._target.tokenizer
        if not soft:
            return tuple(render(tokenizer, wording, prompt))
        before, after = render_around(tokenizer, wording, prompt)
        return (*before, *soft, *after)

    def _generate(
        self, jobs: list[Job], temperature: float, seed: int, embedding: torch.Tensor | None
    ) -> dict[tuple[int, int], Answer]:
        """Run batches until every job has its answer, smaller ones when memory runs out."""
        found: dict[tuple[int, int], Answer] = {}
        model, size = self._target.model, self._size
        decoder = Decoder(model, self._target.tokenizer, self._settle)
        waiting = sorted(jobs, key=_turn)
        with torch.inference_mode(), self.held(), self._counting():
            reader = Reader(model, embedding)
            refusals: Counter[tuple[int, ...]] = Counter()
            while waiting:
                try:
                    draft = () if temperature else self._draft_for(size)
                    batch = self._batch(reader, waiting, size, len(draft))
                    rows = (decoder.row(job, temperature, seed) for job in waiting)
                    for row in _run(batch, rows, decoder, temperature, size, draft=draft):
                        found[row.job.index, row.job.attempt] = decoder.answer(row)
                        refusals[tuple(row.tokens)] += row.settled
                except RuntimeError as error:
                    size = _smaller(size, error)
                waiting = [job for job in waiting if (job.index, job.attempt) not in found]
        self._expect(refusals, sum(job.ask.may_refuse for job in jobs))
        return found

    def _expect(self, refusals: Counter[tuple[int, ...]], answers: int) -> None:
        """Expect the refusal that came most often, when it came often enough to be worth it."""
        ((tokens, count),) = refusals.most_common(1) or (((), 0),)
        self._draft = tokens if count > _DRAFT_SHARE * answers else ()

    def _draft_for(self, rows: int) -> tuple[int, ...]:
        logits = rows * (len(self._draft) + 1) * int(self._target.model.config.vocab_size)
        return self._draft if logits <= _DRAFT_LOGITS else ()

    def _counting(self) -> contextlib.AbstractContextManager[None]:
        if self._flop is None:
            return contextlib.nullcontext()
        return self._flop.counting(self._target.model)

    def _batch(self, reader: Reader, jobs: Sequence[Job], size: int, draft: int) -> Batch:
        if self._path is None:
            self._path = find_path(reader, jobs[0].ids, plain=self._plain)
        longest = max(len(job.ids) for job in jobs) + draft
        most = max(job.ask.most for job in jobs)
        if self._path is GenerationPath.SHARED and fits_window(reader.model, longest + most):
            shared = jobs[0].ids[: shared_beginning([job.ids for job in jobs])]
            return RollingBatch(reader, size, shared, longest=longest, new_tokens=most)
        return PaddedBatch(reader, 1 if self._path is GenerationPath.SINGLE else size)


def _run(  # noqa: PLR0913 - what a batch needs
    batch: Batch,
    rows: Iterable[Row],
    decoder: Decoder,
    temperature: float,
    size: int,
    *,
    draft: tuple[int, ...],
) -> Iterator[Row]:
    """Answer rows, longest prompts first, and yield each when it is over.

    Args:
        batch: reads them.
        rows: answers that are asked for; those that may be refused first.
        decoder: chooses tokens.
        temperature: 0 for the most likely token.
        size: rows of the batch.
        draft: tokens of a refusal that may be the answer; empty for none.
    """
    waiting = deque(rows)
    active: list[Row] = []
    while waiting or active:
        room = min(batch.room, len(waiting), _MOST_JOINING)
        joins = room > 0 and (not active or batch.room * _REFILL_SHARE >= size)
        if joins:
            chosen, foreseen, logits = _joined(batch, *_next_to_join(waiting, room, draft))
            yield from foreseen
            if not chosen:
                continue
        else:
            chosen = active
            logits = batch.step([row.tokens[-1] for row in active])
        first = len(active) if joins else 0
        over = [first + place for place in decoder.extend(chosen, logits, temperature)]
        active = [*active, *chosen] if joins else active
        if over:
            yield from (active[place] for place in over)
            active = [active[place] for place in batch.leave(over)]


def _turn(job: Job) -> tuple[bool, int, int, int]:
    """Order prompts alike together, those that may be refused first and the longest before."""
    return not job.ask.may_refuse, -len(job.ids), job.index, job.attempt


def _next_to_join(
    waiting: deque[Row], room: int, draft: tuple[int, ...]
) -> tuple[list[Row], tuple[int, ...]]:
    """Take the next rows that can be read together, and what they may say."""
    chosen = [waiting.popleft()]
    may_refuse = chosen[0].job.ask.may_refuse
    while waiting and len(chosen) < room and waiting[0].job.ask.may_refuse == may_refuse:
        chosen.append(waiting.popleft())
    is_drafted = may_refuse and all(row.job.ask.most >= len(draft) for row in chosen)
    return chosen, draft if is_drafted else ()


def _joined(
    batch: Batch, rows: Sequence[Row], draft: tuple[int, ...]
) -> tuple[list[Row], list[Row], torch.Tensor]:
    """Let rows join a batch, as far into the draft as they say it.

    Returns:
        The rows that have joined, those that are over with the whole draft, and the logits after
        the first of these.
    """
    joined = batch.join_unless([row.job for row in rows], draft)
    foreseen = [rows[place] for place in sorted(set(range(len(rows))) - set(joined.places))]
    for row in foreseen:
        row.tokens, row.settled = list(draft), True
    chosen = [rows[place] for place in joined.places]
    for row, said in zip(chosen, joined.said, strict=True):
        row.tokens = list(draft[:said])
    return chosen, foreseen, joined.logits


def _smaller(size: int, error: RuntimeError) -> int:
    """Return half the batch size after an error about memory, and raise every other error."""
    is_memory = isinstance(error, torch.OutOfMemoryError) or "allocate memory" in str(error)
    if not is_memory:
        raise error
    if size == 1:
        raise MeasurementError(
            "memory",
            "too little for one answer at a time",
            "room for the model and one row of keys and values",
            "Use a machine with more memory, or a lower number of new tokens.",
        ) from error
    return size // 2
