# SPDX-License-Identifier: Apache-2.0
"""From a prompt and its wording to the tokens that the model reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jinja2 import TemplateError

from tiergate.errors import MeasurementError
from tiergate.evidence.tampering.refusal_grader import opened_thought

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from tiergate.evidence.tampering.variant import Wording

_Message = dict[str, str]
_STAND_IN = "a prompt that stands for all"


def render(tokenizer: PreTrainedTokenizerBase, wording: Wording, prompt: str) -> list[int]:
    """Return the tokens of a prompt, up to where the answer goes on.

    With the chat template every special token comes from the template; without it, from the
    tokenizer. So the token that opens a text is there at most once.

    Raises:
        MeasurementError: the wording asks for a chat template and the tokenizer has none, or the
            template refuses the turns.
    """
    return _tokens(tokenizer, text_of(tokenizer, wording, prompt), wording)


def render_around(
    tokenizer: PreTrainedTokenizerBase, wording: Wording, prompt: str
) -> tuple[list[int], list[int]]:
    """Return the tokens before and from the user's text, for a soft prompt to stand between.

    Raises:
        MeasurementError: as for :func:`render`.
    """
    text = text_of(tokenizer, wording, prompt)
    before_prefill = len(text) - len(wording.prefill)
    # Templates strip the ends of a turn.
    place = text.rfind(wording.around(prompt).strip(), 0, before_prefill)
    place = max(place, 0)
    opened = _tokens(tokenizer, text[:place], wording)
    return opened, _tokens(tokenizer, text[place:], None)


def text_of(tokenizer: PreTrainedTokenizerBase, wording: Wording, prompt: str) -> str:
    """Return the text that the model reads, the special tokens of a template included.

    Raises:
        MeasurementError: as for :func:`render`.
    """
    if not wording.uses_template:
        turns = [turn for shot in wording.shots for turn in shot]
        parts = [wording.system or "", *turns, wording.around(prompt), wording.prefill]
        return "\n".join(part for part in parts if part)
    if not getattr(tokenizer, "chat_template", None):
        raise MeasurementError(
            "tokenizer",
            "no chat template",
            "a chat template, for a wording with turns",
            "Give the tokenizer of the instruction-tuned model, or a wording without template.",
        )
    return _apply(tokenizer, wording, prompt) + wording.prefill


def opens_thought(tokenizer: PreTrainedTokenizerBase, wording: Wording) -> str:
    """Return the tag of a chain of thought in which every answer begins; empty when in none.

    Some chat templates end with such a tag, so that the answer itself never shows where its
    thought began; a prefill may open one, or close that of the template. What is said in a
    system message or in the prompt counts for nothing.

    Raises:
        MeasurementError: as for :func:`render`.
    """
    text = text_of(tokenizer, wording, _STAND_IN)
    asked = wording.around(_STAND_IN).strip()
    _, _, after = text.rpartition(asked if asked in text else _STAND_IN)
    return opened_thought(after)


def _apply(tokenizer: PreTrainedTokenizerBase, wording: Wording, prompt: str) -> str:
    """Apply the chat template; a system message that it refuses goes into the first user turn."""
    turns: list[_Message] = []
    for user, assistant in wording.shots:
        turns += [_message("user", user), _message("assistant", assistant)]
    turns.append(_message("user", wording.around(prompt)))
    if wording.system is None:
        return _template(tokenizer, turns)
    try:
        return _template(tokenizer, [_message("system", wording.system), *turns])
    except MeasurementError:
        opening = f"{wording.system}\n\n{turns[0]['content']}".lstrip("\n")
        return _template(tokenizer, [_message("user", opening), *turns[1:]])


def _message(role: str, content: str) -> _Message:
    return {"role": role, "content": content}


def _template(tokenizer: PreTrainedTokenizerBase, messages: Sequence[_Message]) -> str:
    try:
        text = tokenizer.apply_chat_template(
            list(messages), tokenize=False, add_generation_prompt=True
        )
    except TemplateError as error:
        roles = ", ".join(message["role"] for message in messages)
        raise MeasurementError(
            "chat template", f"a refusal of turns by {roles}", "a template that takes them"
        ) from error
    return str(text)


def _tokens(tokenizer: PreTrainedTokenizerBase, text: str, wording: Wording | None) -> list[int]:
    """Tokenise; only text without a template gets the tokenizer's own special tokens."""
    adds = wording is not None and not wording.uses_template
    tokens: list[int] = tokenizer(text, add_special_tokens=adds)["input_ids"]
    return tokens
