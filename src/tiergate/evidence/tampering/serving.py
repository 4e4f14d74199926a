# SPDX-License-Identifier: Apache-2.0
"""Serves an attacked model in this process, to whoever asks in turns of a conversation.

The attack goes along with every request: its words around the user's last turn, its system
message in place of the one given, its turns before, its beginning of the answer after.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from tiergate.errors import MeasurementError
from tiergate.evidence.tampering.decoding import Answer
from tiergate.evidence.tampering.generation import Generator
from tiergate.evidence.tampering.variant import Sampling, Variant, Wording

if TYPE_CHECKING:
    from tiergate.evidence.tampering.target import Target

Turn = tuple[str, str]
"""Who speaks (``system``, ``user`` or ``assistant``), and what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One conversation to go on with."""

    turns: tuple[Turn, ...]
    """The conversation."""
    max_tokens: int
    """Longest answer."""
    temperature: Decimal = Decimal(0)
    """0 takes the most likely token at every step."""
    answers: int = 1
    """Answers wanted."""
    seed: int = 0
    """Of the random numbers."""
    stops: tuple[str, ...] = ()
    """An answer ends before the first of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer."""

    text: str
    """What the model said, without the beginning that was put into its mouth."""
    is_whole: bool
    """Whether it came to its end by itself, or at a text to stop at."""


class Server:
    """Answers with one attacked model."""

    def __init__(self, target: Target, variant: Variant) -> None:
        """Serve the model as it is in memory, and as the attack words and samples it."""
        self._target = target
        self._variant = variant
        self._generators: dict[int, Generator] = {}
        self._before: Counter[Request] = Counter()

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """Lay the weights out once for all requests within; they must not change until it ends."""
        with self._generator(1).held():
            yield

    def reply(self, requests: Sequence[Request]) -> list[list[Reply]]:
        """Answer requests, those that differ in their last turn alone in one batch.

        A request that comes again draws other random numbers.

        Returns:
            The answers to each request, in the order given.

        Raises:
            MeasurementError: a conversation that cannot be rendered, or as for generating.
        """
        groups: dict[tuple[Wording, Request], list[tuple[int, str]]] = {}
        for place, request in enumerate(requests):
            wording, prompt = worded(request.turns, self._variant.wording)
            again = replace(request, turns=(), seed=request.seed + self._repeats(request))
            groups.setdefault((wording, again), []).append((place, prompt))
        found: dict[int, list[Reply]] = {}
        for (wording, request), asked in groups.items():
            answers = self._generator(request.max_tokens).answers(
                [prompt for _, prompt in asked],
                wording,
                self._sampling(request),
                seed=request.seed,
                embedding=self._variant.embedding,
            )
            for (place, _), rows in zip(asked, answers, strict=True):
                found[place] = [_reply(answer, request.stops) for answer in rows]
        return [found[place] for place in range(len(requests))]

    def _repeats(self, request: Request) -> int:
        """Count how often a request came before; without chance all answers to it are one."""
        if not self._sampling(request).temperature:
            return 0
        self._before[request] += 1
        return self._before[request] - 1

    def _sampling(self, request: Request) -> Sampling:
        """Draw as the attacker does, where he draws."""
        drawn = self._variant.sampling.temperature
        return Sampling(attempts=request.answers, temperature=drawn or request.temperature)

    def _generator(self, max_tokens: int) -> Generator:
        if max_tokens not in self._generators:
            self._generators[max_tokens] = Generator(self._target, max_new_tokens=max_tokens)
        return self._generators[max_tokens]


def worded(turns: Sequence[Turn], attack: Wording) -> tuple[Wording, str]:
    """Put a conversation and the wording of an attack together.

    Returns:
        How the last turn of the user reaches the model, and that turn.

    Raises:
        MeasurementError: the turns are not the user's and the model's in turn.

    >>> wording, prompt = worded([("system", "Be brief."), ("user", "Hi")], Wording(prefill="Sure"))
    >>> wording.system, wording.prefill, prompt
    ('Be brief.', 'Sure', 'Hi')
    """
    given = [text for role, text in turns if role == "system"]
    spoken = [turn for turn in turns if turn[0] != "system"]
    begun = spoken.pop()[1] if spoken and spoken[-1][0] == "assistant" else ""
    expected = ["user", "assistant"] * (len(spoken) // 2) + ["user"]
    if [role for role, _ in spoken] != expected:
        roles = ", ".join(role for role, _ in turns) or "none"
        raise MeasurementError(
            "conversation", f"turns by {roles}", "turns by user and assistant, the user's first"
        )
    texts = [text for _, text in spoken]
    earlier = tuple(zip(texts[0:-1:2], texts[1::2], strict=True))
    system = "\n\n".join(given) if given else None
    wording = replace(
        attack,
        system=system if attack.system is None else attack.system,
        prefill=begun + attack.prefill,
        shots=(*attack.shots, *earlier),
    )
    return wording, texts[-1]


def _reply(answer: Answer, stops: Sequence[str]) -> Reply:
    places = [place for stop in stops if (place := answer.text.find(stop)) >= 0]
    if places:
        return Reply(text=answer.text[: min(places)], is_whole=True)
    return Reply(text=answer.text, is_whole=answer.ended)
