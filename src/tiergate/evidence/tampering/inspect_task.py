# SPDX-License-Identifier: Apache-2.0
"""Runs a user's own Inspect AI task on an attacked model, whose weights never leave the process.

The model is a provider of Inspect in this process, and requests that come together are answered
together. The log says which checkpoint was attacked, how, and the digest of what ran.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import url2pathname

import anyio
import inspect_ai
from anyio import to_thread
from inspect_ai.log import EvalLog
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageTool,
    GenerateConfig,
    Model,
    ModelAPI,
    ModelOutput,
    modelapi,
)
from inspect_ai.tool import ToolChoice, ToolInfo

from tiergate.errors import MeasurementError, TiergateError
from tiergate.evidence.readers.binding import DIGEST_FIELD, RECIPE_FIELD, VARIANT_FIELD
from tiergate.evidence.tampering.serving import Reply, Request, Server, Turn
from tiergate.evidence.tampering.task_files import TaskFile
from tiergate.evidence.tampering.trial import KeptLog, Trial
from tiergate.model.digest import sha256_digest

if TYPE_CHECKING:
    from tiergate.evidence.tampering.target import Target
    from tiergate.evidence.tampering.variant import Variant

MAX_TOKENS = 512
"""Longest answer, in tokens, where the task does not say."""
_AT_ONCE = 64
_GATHER_SECONDS = 0.01
_NOT_SERVED = (
    "best_of", "frequency_penalty", "logit_bias", "logprobs", "presence_penalty",
    "response_schema", "top_k", "top_logprobs", "top_p",
)  # fmt: skip
_WORDS = 300


@dataclass(slots=True, kw_only=True, eq=False)
class _Waiting:
    """A request that somebody waits for."""

    request: Request
    replies: list[Reply] | None = None
    error: Exception | None = None


@dataclass(slots=True, kw_only=True)
class _Batches:
    """Gathers what is asked at about the same time."""

    server: Server
    waiting: list[_Waiting] = field(default_factory=list)
    turn: anyio.Lock = field(default_factory=anyio.Lock)

    async def reply(self, request: Request) -> list[Reply]:
        """Wait for others who ask now, and for whoever is being answered; then for an answer."""
        mine = _Waiting(request=request)
        self.waiting.append(mine)
        await anyio.sleep(_GATHER_SECONDS)
        async with self.turn:
            if mine in self.waiting:
                asked, self.waiting = self.waiting, []
                await to_thread.run_sync(self._answer, asked)
        if mine.error is not None:
            raise mine.error
        return mine.replies or []

    def _answer(self, asked: Sequence[_Waiting]) -> None:
        try:
            found = self.server.reply([one.request for one in asked])
        except Exception as error:  # noqa: BLE001 - whatever it is, all who asked must know
            for one in asked:
                one.error = error
            return
        for one, replies in zip(asked, found, strict=True):
            one.replies = replies


class Attacked(ModelAPI):
    """The attacked model, as Inspect asks it."""

    batches: _Batches

    async def generate(
        self,
        input: list[ChatMessage],  # noqa: A002 - the signature is Inspect's
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        """Answer a conversation.

        Raises:
            MeasurementError: it asks for what is not served, as tools or images.
        """
        _refuse_unserved(tools if tool_choice != "none" else [], config)
        request = Request(
            turns=tuple(_turn(message) for message in input),
            max_tokens=config.max_tokens or MAX_TOKENS,
            temperature=Decimal(str(config.temperature or 0)),
            answers=config.num_choices or 1,
            seed=config.seed or 0,
            stops=tuple(config.stop_seqs or ()),
        )
        replies = await self.batches.reply(request)
        return ModelOutput(
            model=self.model_name,
            choices=[
                ChatCompletionChoice(
                    message=ChatMessageAssistant(
                        content=reply.text, model=self.model_name, source="generate"
                    ),
                    stop_reason="stop" if reply.is_whole else "max_tokens",
                )
                for reply in replies
            ],
        )

    def max_connections(self) -> int:
        """Let so many requests come together."""
        return _AT_ONCE

    def collapse_user_messages(self) -> bool:
        """Have turns of the user that follow each other made one."""
        return True

    def collapse_assistant_messages(self) -> bool:
        """Have turns of the model that follow each other made one."""
        return True


_provider = modelapi(name="tiergate")(Attacked)


def run_task(  # noqa: PLR0913 - what a run is made of, by name
    target: Target,
    variant: Variant,
    *,
    task: TaskFile,
    trial: Trial,
    weights_digest: str,
    folder: Path,
) -> tuple[KeptLog, ...]:
    """Run every task that is named on the model in memory, and keep its log.

    Where the attacker draws several answers, every sample has so many epochs.

    Args:
        target: the model as attacked.
        variant: how it is worded and sampled.
        task: what is run.
        trial: how it was attacked, which the log keeps.
        weights_digest: of the weights in memory.
        folder: where logs are kept.

    Raises:
        MeasurementError: the task cannot be run, fails, or gives no scores.
    """
    server = Server(target, variant)
    # Its decorator keeps what a provider is made with, and a model is nothing to keep.
    api: ModelAPI = _provider(f"{target.path.name}+{trial.attack}")
    assert isinstance(api, Attacked)  # noqa: S101 - made the line before
    api.batches = _Batches(server=server)
    folder.mkdir(parents=True, exist_ok=True)
    attempts = variant.sampling.attempts
    with server.open():
        logs = _evaluated(
            task,
            model=Model(api, GenerateConfig(max_tokens=MAX_TOKENS, temperature=0.0)),
            log_dir=str(folder),
            epochs=attempts if attempts > 1 else None,
            max_samples=_AT_ONCE,
            metadata={
                DIGEST_FIELD: target.root_digest,
                VARIANT_FIELD: weights_digest,
                RECIPE_FIELD: json.dumps(trial.to_json(), sort_keys=True),
            },
        )
    return tuple(_kept(log, task, weights_digest) for log in logs)


def require_scored(task: TaskFile) -> None:
    """Load the tasks, ask no model, and refuse those that give no scores.

    Raises:
        MeasurementError: there is no such task, or it has no scorer.
    """
    with tempfile.TemporaryDirectory() as folder:
        logs = _evaluated(task, model="mockllm/model", log_dir=folder, run_samples=False)
    for log in logs:
        if not log.eval.scorers:
            raise _no_scores(task, log)


def _evaluated(task: TaskFile, **how: object) -> list[EvalLog]:
    """Run Inspect, and turn whatever it raises into one error that says where."""
    try:
        logs = inspect_ai.eval(
            [f"{task.path}@{name}" for name in _names(task)],
            display="none",
            log_format="eval",
            **how,  # type: ignore[arg-type]
        )
    except TiergateError:
        raise
    except Exception as error:
        raise _failed(task, f"{type(error).__name__}: {error}") from error
    return list(logs)


def _names(task: TaskFile) -> list[str]:
    """Return the names of the tasks, found without running the file."""
    if task.name:
        return [task.name]
    listed = inspect_ai.list_tasks(task.path.name, root_dir=task.path.parent)
    if not listed:
        raise _failed(task, "no tasks")
    return [one.name for one in listed]


def _kept(log: EvalLog, task: TaskFile, weights_digest: str) -> KeptLog:
    if log.status == "cancelled":
        raise KeyboardInterrupt
    if log.status != "success":
        raise _failed(task, log.error.message if log.error else f"status {log.status}")
    if not (log.results and log.results.scores):
        raise _no_scores(task, log)
    parts = urlsplit(log.location)
    path = Path(url2pathname(parts.path) if parts.scheme == "file" else log.location)
    digest = sha256_digest(path.read_bytes())
    return KeptLog(file=path.name, sha256=digest, weights_digest=weights_digest)


def _failed(task: TaskFile, found: str) -> MeasurementError:
    return MeasurementError(
        task.specification,
        " ".join(found.split())[:_WORDS],
        "a task that Inspect AI runs to its end",
        "Try it alone: inspect eval.",
    )


def _no_scores(task: TaskFile, log: EvalLog) -> MeasurementError:
    return MeasurementError(
        task.specification,
        f"no scorer in the task {log.eval.task}",
        "a task that scores its samples",
        "Give it a scorer.",
    )


def _refuse_unserved(tools: Sequence[ToolInfo], config: GenerateConfig) -> None:
    asked = [name for name in _NOT_SERVED if getattr(config, name, None) not in (None, False)]
    if config.top_p == 1 and "top_p" in asked:
        asked.remove("top_p")
    asked += ["tools"] if tools else []
    if asked:
        raise MeasurementError(
            "request",
            f"{', '.join(asked)}, which an attacked model is not served with",
            "turns of text, with temperature, seed, stops and a number of tokens",
            "Leave it out of the task.",
        )


def _turn(message: ChatMessage) -> Turn:
    is_text = isinstance(message.content, str) or all(
        part.type in {"text", "reasoning"} for part in message.content
    )
    if isinstance(message, ChatMessageTool) or not is_text:
        raise MeasurementError(
            "request", f"a turn of {message.role} that is not text", "turns of text"
        )
    return message.role, message.text
