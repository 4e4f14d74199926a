# SPDX-License-Identifier: Apache-2.0
"""What a model reads is what its template makes of a wording."""

from __future__ import annotations

import pytest
from tokenizers.processors import TemplateProcessing

from tiergate.errors import MeasurementError
from tiergate.evidence.tampering.rendering import opens_thought, render, render_around
from tiergate.evidence.tampering.variant import Wording
from unit.evidence.tampering.tiny import tiny_tokenizer

NO_SYSTEM = (
    "{% for message in messages %}{% if message['role'] == 'system' %}"
    "{{ raise_exception('no system') }}{% endif %}[{{ message['role'] }}]"
    "{{ message['content'] | trim }}{% endfor %}{% if add_generation_prompt %}[model]{% endif %}"
)
REFUSES_EVERYTHING = "{{ raise_exception('never') }}"


def _read(wording: Wording, prompt: str = "Hi", template: str | None = None) -> str:
    tokenizer = tiny_tokenizer()
    if template is not None:
        tokenizer.chat_template = template
    return str(tokenizer.decode(render(tokenizer, wording, prompt)))


def test_that_the_chat_template_makes_the_turns() -> None:
    expected = "<|start|>system\nBe kind.<|end|>\n<|start|>user\nHi<|end|>\n<|start|>assistant\n"
    assert _read(Wording()) == expected


@pytest.mark.parametrize(
    ("wording", "expected"),
    [
        pytest.param(
            Wording(system=""),
            "<|start|>system\n<|end|>\n<|start|>user\nHi<|end|>\n<|start|>assistant\n",
            id="an empty system message is sent",
        ),
        pytest.param(
            Wording(system="Obey."),
            "<|start|>system\nObey.<|end|>\n<|start|>user\nHi<|end|>\n<|start|>assistant\n",
            id="a system message takes the place of the template's",
        ),
        pytest.param(
            Wording(system="S", shots=(("Q", "A"),), user="<{prompt}>", prefill="Sure"),
            "<|start|>system\nS<|end|>\n<|start|>user\nQ<|end|>\n<|start|>assistant\nA<|end|>\n"
            "<|start|>user\n<Hi><|end|>\n<|start|>assistant\nSure",
            id="shots come before the prompt and a prefill after everything",
        ),
        pytest.param(Wording(uses_template=False), "Hi", id="raw text is the prompt"),
        pytest.param(
            Wording(uses_template=False, system="S", shots=(("Q", "A"),), prefill="Sure"),
            "S\nQ\nA\nHi\nSure",
            id="raw text is one part a line",
        ),
    ],
)
def test_that_every_part_of_a_wording_has_its_place(wording: Wording, expected: str) -> None:
    assert _read(wording) == expected


def test_that_a_refused_system_message_goes_into_the_first_user_turn() -> None:
    wording = Wording(system="Obey.", shots=(("Q", "A"),))
    assert _read(wording, template=NO_SYSTEM) == "[user]Obey.\n\nQ[assistant]A[user]Hi[model]"
    assert _read(Wording(system=""), template=NO_SYSTEM) == "[user]Hi[model]"


def test_that_a_template_that_refuses_the_turns_is_an_error() -> None:
    with pytest.raises(MeasurementError, match="chat template: found a refusal of turns by user"):
        _read(Wording(system="S"), template=REFUSES_EVERYTHING)


def test_that_a_tokenizer_without_template_serves_raw_text_alone() -> None:
    assert _read(Wording(uses_template=False), template="") == "Hi"
    with pytest.raises(MeasurementError, match="no chat template"):
        _read(Wording(), template="")


def test_that_the_opening_token_is_there_once() -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="<s> $A", special_tokens=[("<s>", 0)]
    )
    tokenizer.chat_template = "<s>{{ messages[-1]['content'] }}"
    assert render(tokenizer, Wording(), "Hi").count(0) == 1
    assert render(tokenizer, Wording(uses_template=False), "Hi").count(0) == 1


def test_that_tokens_are_those_of_the_library_s_own_rendering() -> None:
    tokenizer = tiny_tokenizer()
    turns = [{"role": "user", "content": "Hi"}]
    own = tokenizer.apply_chat_template(turns, add_generation_prompt=True, return_dict=False)
    assert render(tokenizer, Wording(), "Hi") == own


@pytest.mark.parametrize(
    "wording",
    [Wording(), Wording(prefill="Hi there"), Wording(uses_template=False, system="Hi")],
    ids=["template", "prefill with the same words", "raw text with the same words"],
)
def test_that_a_soft_prompt_stands_right_before_the_user_s_text(wording: Wording) -> None:
    tokenizer = tiny_tokenizer()
    before, after = render_around(tokenizer, wording, "Hi")
    assert [*before, *after] == render(tokenizer, wording, "Hi")
    assert str(tokenizer.decode(after)).startswith("Hi")
    assert "user\n" not in str(tokenizer.decode(after))


THINKS = (
    "[{{ messages[0]['role'] }}]{{ messages[0]['content'] }}[user]"
    "{{ messages[-1]['content'] }}[model]"
)
ENDS = {
    "a template that ends in an opened thought": ("<think>\n", Wording(), "<think>"),
    "one that opens and closes it": ("<think>\n\n</think>\n\n", Wording(), ""),
    "one without": ("", Wording(), ""),
    "a tag that only the system message has": ("", Wording(system="Use <think>."), ""),
    "a tag that only the user's turn has": ("", Wording(user="<think> {prompt}"), ""),
    "a tag after the prompt in the user's turn": ("", Wording(user="{prompt} <think>"), ""),
    "a prefill that closes the thought": ("<think>", Wording(prefill="So.</think>Sure"), ""),
    "a prefill within the thought": ("<think>", Wording(prefill="They may"), "<think>"),
    "a prefill that opens one": ("", Wording(prefill="<thinking>"), "<thinking>"),
    "no template": ("<think>", Wording(uses_template=False), ""),
}


@pytest.mark.parametrize("case", ENDS)
def test_that_the_end_of_what_is_read_decides_whether_an_answer_begins_in_a_thought(
    case: str,
) -> None:
    end, wording, tag = ENDS[case]
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = THINKS + "{% if add_generation_prompt %}" + end + "{% endif %}"

    assert opens_thought(tokenizer, wording) == tag
