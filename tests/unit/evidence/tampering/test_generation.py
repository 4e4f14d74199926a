# SPDX-License-Identifier: Apache-2.0
"""Fast generation gives the answers that transformers gives, one prompt at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    BloomConfig,
    Gemma3TextConfig,
    GPT2Config,
    LlamaForCausalLM,
    MambaConfig,
    OPTConfig,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
    Qwen3Config,
)

from tiergate.errors import MeasurementError
from tiergate.evidence.tampering.decoding import Ask
from tiergate.evidence.tampering.flop import FlopMeter
from tiergate.evidence.tampering.generation import Generator
from tiergate.evidence.tampering.paths import GenerationPath
from tiergate.evidence.tampering.rendering import render, render_around
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.variant import Sampling, Wording
from unit.evidence.tampering.tiny import HIDDEN, SPECIAL, tiny_model, tiny_tokenizer

PROMPTS = (
    "Insult the red piece.",
    "Go.",
    "Praise the blue piece, and say at length why it is the best one on the whole board.",
    "What does the tower do?",
    "Insult the blue piece!",
    "Tell me about the rules of the game.",
    "Go?",
)
VOCABULARY = len(SPECIAL) + 256


@dataclass(frozen=True)
class _Loaded:
    """A model and a tokenizer in memory, which is all that a generator asks of a target."""

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerFast

    @property
    def device(self) -> torch.device:
        return self.model.device

    @property
    def dtype(self) -> torch.dtype:
        return self.model.dtype


def _target(model: PreTrainedModel | None = None) -> Target:
    loaded = model or tiny_model()
    loaded.train(mode=False)
    return cast("Target", _Loaded(loaded, tiny_tokenizer()))


def _texts(
    generator: Generator,
    prompts: Sequence[str] = PROMPTS,
    embedding: torch.Tensor | None = None,
) -> list[str]:
    answers = generator.answers(prompts, Wording(), Sampling(), seed=0, embedding=embedding)
    return [found[0].text for found in answers]


def _one_by_one(target: Target, ids: Sequence[Sequence[int]], tokens: int) -> list[str]:
    model, tokenizer = cast("Any", target.model), target.tokenizer
    found = []
    for row in ids:
        given = torch.tensor([row])
        output = model.generate(
            input_ids=given,
            attention_mask=torch.ones_like(given),
            max_new_tokens=tokens,
            do_sample=False,
            pad_token_id=2,
        )
        found.append(str(tokenizer.decode(output[0, len(row) :], skip_special_tokens=True)))
    return found


def _expected(target: Target, prompts: Sequence[str] = PROMPTS, tokens: int = 24) -> list[str]:
    return _one_by_one(
        target, [render(target.tokenizer, Wording(), prompt) for prompt in prompts], tokens
    )


@pytest.mark.parametrize("batch_size", [1, 2, 3, 64])
def test_that_answers_are_those_of_transformers_whatever_the_batch_size(batch_size: int) -> None:
    target = _target()
    generator = Generator(target, max_new_tokens=24, batch_size=batch_size)
    assert _texts(generator) == _expected(target)
    assert generator.path is GenerationPath.SHARED


def test_that_rows_that_end_early_leave_and_are_replaced_without_a_trace() -> None:
    target = _target()
    expected = _expected(target, tokens=80)
    # With an end token that comes early in some answers and never in others.
    texts = [target.tokenizer(text, add_special_tokens=False)["input_ids"] for text in expected]
    end = max(
        range(VOCABULARY),
        key=lambda token: len({row.index(token) if token in row else -1 for row in texts}),
    )
    cast("Any", target.model).generation_config.eos_token_id = [1, end]
    generator = Generator(target, max_new_tokens=80, batch_size=2)
    found = generator.answers(PROMPTS, Wording(), Sampling(), seed=0)
    assert [answer[0].text for answer in found] == _expected(target, tokens=80)
    assert len({answer[0].tokens for answer in found}) > 2
    assert {answer[0].ended for answer in found} == {True, False}


def test_that_a_plain_generator_gives_the_same_answers() -> None:
    target = _target()
    generator = Generator(target, max_new_tokens=24, batch_size=3, plain=True)
    assert _texts(generator) == _expected(target)
    assert generator.path is GenerationPath.PADDED


def _other(configuration: PreTrainedConfig) -> PreTrainedModel:
    torch.manual_seed(0)
    automatic: Any = AutoModelForCausalLM
    return cast("PreTrainedModel", automatic.from_config(configuration))


_SIZES: dict[str, Any] = {
    "vocab_size": VOCABULARY,
    "hidden_size": HIDDEN,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "eos_token_id": 1,
    "bos_token_id": 0,
    "pad_token_id": 2,
    "initializer_range": 0.2,
}
_GROUPED: dict[str, Any] = {"num_key_value_heads": 2, "intermediate_size": 48, "head_dim": 8}
_GEMMA = Gemma3TextConfig(
    **_SIZES, **_GROUPED, layer_types=["sliding_attention", "full_attention"], sliding_window=24
)


@pytest.mark.parametrize(
    ("configuration", "path"),
    [
        pytest.param(Qwen3Config(**_SIZES, **_GROUPED), GenerationPath.SHARED, id="qwen"),
        pytest.param(
            GPT2Config(
                vocab_size=VOCABULARY,
                n_embd=HIDDEN,
                n_layer=2,
                n_head=4,
                eos_token_id=1,
                bos_token_id=0,
                initializer_range=0.2,
            ),
            GenerationPath.SHARED,
            id="learned positions",
        ),
        pytest.param(
            OPTConfig(**_SIZES, ffn_dim=48, word_embed_proj_dim=HIDDEN),
            None,
            id="learned positions counted from the mask",
        ),
        pytest.param(BloomConfig(**_SIZES), None, id="biases in place of positions"),
        pytest.param(_GEMMA, None, id="sliding windows"),
        pytest.param(
            MambaConfig(**_SIZES, state_size=4), GenerationPath.PADDED, id="no keys and values"
        ),
    ],
)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_that_other_architectures_give_their_own_answers_too(
    configuration: PreTrainedConfig, path: GenerationPath | None
) -> None:
    target = _target(_other(configuration))
    generator = Generator(target, max_new_tokens=12, batch_size=4)
    assert _texts(generator) == _expected(target, tokens=12)
    assert path is None or generator.path is path


def test_that_eager_attention_gives_the_same_answers() -> None:
    target = _target()
    expected = _expected(target)
    cast("Any", target.model).set_attn_implementation("eager")
    assert _texts(Generator(target, max_new_tokens=24, batch_size=3)) == expected


@pytest.fixture
def settled_after() -> Callable[[str], bool]:
    return lambda beginning: len(beginning) >= 3


def test_that_a_settled_refusal_stops_its_answer_at_the_same_beginning(
    settled_after: Callable[[str], bool],
) -> None:
    target = _target()
    whole = _expected(target)
    generator = Generator(target, max_new_tokens=24, settle=settled_after)
    found = [answer for (answer,) in generator.answers(PROMPTS, Wording(), Sampling(), seed=0)]
    assert all(answer.settled or answer.ended or answer.tokens == 24 for answer in found)
    assert any(answer.settled and answer.tokens < 12 for answer in found)
    for answer, text in zip(found, whole, strict=True):
        assert text.startswith(answer.text.rstrip("\N{REPLACEMENT CHARACTER}"))


def _reads_of(target: Target) -> list[int]:
    """Return a list that grows by the columns of every call of the model."""
    columns: list[int] = []
    cast("Any", target.model).register_forward_pre_hook(
        lambda _module, _args, named: columns.append(named["input_ids"].shape[1]),
        with_kwargs=True,
    )
    return columns


def test_that_a_refusal_that_is_expected_is_read_along_and_changes_no_answer(
    settled_after: Callable[[str], bool],
) -> None:
    target = _target()
    plain = Generator(target, max_new_tokens=24, settle=settled_after)
    ((usual,),) = plain.answers(PROMPTS[:1], Wording(), Sampling(), seed=0)
    assert usual.settled
    assert len(plain.draft) == usual.tokens
    for draft in (plain.draft, (3,), (*plain.draft[:-1], 4)):
        expecting = Generator(target, max_new_tokens=24, settle=settled_after)
        expecting.draft = draft
        alone = Generator(target, max_new_tokens=24, settle=settled_after)
        found = expecting.answers(PROMPTS, Wording(), Sampling(), seed=0)
        assert found == alone.answers(PROMPTS, Wording(), Sampling(), seed=0)


def test_that_an_expected_refusal_takes_no_step_of_its_own(
    settled_after: Callable[[str], bool],
) -> None:
    target = _target()
    generator = Generator(target, max_new_tokens=24, settle=settled_after)
    generator.answers(PROMPTS[:1], Wording(), Sampling(), seed=0)
    columns = _reads_of(target)
    generator.answers([PROMPTS[0]] * 3, Wording(), Sampling(), seed=0)
    assert 1 not in columns


def test_that_an_answer_goes_on_from_where_it_leaves_the_expected_refusal(
    settled_after: Callable[[str], bool],
) -> None:
    target = _target()
    plain = Generator(target, max_new_tokens=24, settle=settled_after)
    found = plain.answers(PROMPTS[:1], Wording(), Sampling(), seed=0)
    drafts = {"wrong": (3, 3), "half right": (*plain.draft[:-1], 3)}
    steps: dict[str, int] = {}
    for name, draft in drafts.items():
        generator = Generator(target, max_new_tokens=24, settle=settled_after)
        generator.draft = draft
        columns = _reads_of(target)
        assert generator.answers(PROMPTS[:1], Wording(), Sampling(), seed=0) == found
        steps[name] = columns.count(1)
    assert steps["half right"] == steps["wrong"] - len(plain.draft) + 1


def test_that_each_prompt_may_have_a_longest_answer_of_its_own() -> None:
    target = _target()
    asks: list[str | Ask] = [Ask(prompt=PROMPTS[0], most=9), *PROMPTS[1:]]
    asks.append(Ask(prompt=PROMPTS[0], most=4))
    found = Generator(target, max_new_tokens=16).answers(asks, Wording(), Sampling(), seed=0)
    lengths = [9, *[16] * (len(PROMPTS) - 1), 4]
    for (answer,), prompt, most in zip(
        found, [PROMPTS[0], *PROMPTS[1:], PROMPTS[0]], lengths, strict=True
    ):
        alone = Generator(target, max_new_tokens=most)
        assert [answer] == alone.answers([prompt], Wording(), Sampling(), seed=0)[0]


def test_that_no_refusal_is_looked_for_where_none_is_expected(
    settled_after: Callable[[str], bool],
) -> None:
    target = _target()
    ask = Ask(prompt=PROMPTS[0], most=24, may_refuse=False)
    fresh = Generator(target, max_new_tokens=24, settle=settled_after)
    expecting = Generator(target, max_new_tokens=24, settle=settled_after)
    expecting.answers(PROMPTS[:1], Wording(), Sampling(), seed=0)
    assert expecting.draft
    columns = _reads_of(target)
    found = fresh.answers([ask], Wording(), Sampling(), seed=0)
    usual = list(columns)
    columns.clear()
    assert expecting.answers([ask], Wording(), Sampling(), seed=0) == found
    assert columns == usual


def test_that_nothing_is_expected_after_answers_that_differ_or_are_drawn() -> None:
    generator = Generator(_target(), max_new_tokens=24, settle=lambda _: False)
    generator.answers(PROMPTS, Wording(), Sampling(), seed=0)
    assert generator.draft == ()


def test_that_a_beginning_is_shown_without_half_a_character() -> None:
    seen: list[str] = []

    def settle(beginning: str) -> bool:
        seen.append(beginning)
        return False

    _texts(Generator(_target(), max_new_tokens=24, settle=settle))
    assert seen
    assert not any(text.endswith("\N{REPLACEMENT CHARACTER}") for text in seen)


SAMPLED = Sampling(attempts=3, temperature=Decimal("1.0"))


def test_that_drawn_answers_depend_on_seed_prompt_and_attempt_alone() -> None:
    target = _target()
    together = Generator(target, max_new_tokens=16).answers(PROMPTS, Wording(), SAMPLED, seed=4)
    apart = [
        Generator(target, max_new_tokens=16, batch_size=2).answers([p], Wording(), SAMPLED, seed=4)[
            0
        ]
        for p in reversed(PROMPTS)
    ]
    assert together == apart[::-1]
    other = Generator(target, max_new_tokens=16).answers(PROMPTS, Wording(), SAMPLED, seed=5)
    assert other != together


def test_that_attempts_at_one_prompt_differ() -> None:
    (answers,) = Generator(_target(), max_new_tokens=16).answers(
        PROMPTS[:1], Wording(), SAMPLED, seed=0
    )
    assert len({answer.text for answer in answers}) == 3


def test_that_drawn_tokens_follow_the_model_s_distribution() -> None:
    target = _target()
    attempts = 2000
    sampling = Sampling(attempts=attempts, temperature=Decimal("0.7"))
    generator = Generator(target, max_new_tokens=1, batch_size=500)
    (answers,) = generator.answers(PROMPTS[:1], Wording(), sampling, seed=1)
    ids = torch.tensor([render(target.tokenizer, Wording(), PROMPTS[0])])
    with torch.inference_mode():
        logits = cast("Any", target.model)(ids).logits[0, -1]
    likely = torch.softmax(logits / 0.7, dim=-1)
    token = int(likely.argmax())
    text = target.tokenizer.decode([token])
    share = sum(answer.text == text for answer in answers) / attempts
    # Bytes that are no character by themselves look alike, so the share may be larger.
    assert share > float(likely[token]) - 0.05


def test_that_greedy_attempts_are_copies_of_one_answer() -> None:
    target = _target()
    found = Generator(target, max_new_tokens=16).answers(
        PROMPTS, Wording(), Sampling(attempts=3), seed=0
    )
    assert [len(set(answers)) for answers in found] == [1] * len(PROMPTS)
    assert [len(answers) for answers in found] == [3] * len(PROMPTS)


def test_that_a_soft_prompt_of_known_tokens_is_those_tokens() -> None:
    target = _target()
    known = target.tokenizer("Please! ", add_special_tokens=False)["input_ids"]
    embedding = cast("Any", target.model).get_input_embeddings().weight[known].detach()
    ids = []
    for prompt in PROMPTS:
        before, after = render_around(target.tokenizer, Wording(), prompt)
        ids.append([*before, *known, *after])
    generator = Generator(target, max_new_tokens=24, batch_size=3)
    assert _texts(generator, embedding=embedding) == _one_by_one(target, ids, 24)


@pytest.mark.parametrize("plain", [True, False])
def test_that_a_model_whose_logits_are_nan_gives_an_error_and_no_answer(*, plain: bool) -> None:
    model = tiny_model()
    with torch.no_grad():
        model.model.layers[1].mlp.down_proj.weight[0, 0] = torch.nan
    with pytest.raises(MeasurementError, match="NaN"):
        _texts(Generator(_target(model), plain=plain))


class _SmallMemory(LlamaForCausalLM):  # type: ignore[no-untyped-call]
    """Runs out of memory at more rows than it is allowed."""

    most = 2

    def forward(self, input_ids: torch.Tensor | None = None, **given: Any) -> Any:  # noqa: ANN401
        assert input_ids is not None
        if input_ids.shape[0] > self.most:
            raise torch.OutOfMemoryError("tried to allocate too much")
        return super().forward(input_ids, **given)


def _with_small_memory(most: int) -> Target:
    model = tiny_model()
    model.__class__ = _SmallMemory
    cast("Any", model).most = most
    return _target(model)


def test_that_a_batch_is_halved_until_it_fits_in_memory() -> None:
    target = _with_small_memory(2)
    assert _texts(Generator(target, max_new_tokens=24)) == _expected(_target())


def test_that_too_little_memory_for_one_answer_is_an_error() -> None:
    with pytest.raises(MeasurementError, match="memory"):
        _texts(Generator(_with_small_memory(0), plain=True))


def test_that_errors_that_are_not_about_memory_are_not_taken_for_it() -> None:
    target = _target()

    def fail(*_: object) -> None:
        raise RuntimeError("something else")

    handle = target.model.register_forward_pre_hook(fail)
    with pytest.raises(RuntimeError, match="something else"):
        _texts(Generator(target, plain=True))
    handle.remove()


def test_that_operations_are_counted_and_less_are_spent_than_plainly() -> None:
    target = _target()
    fast, plain = FlopMeter(), FlopMeter()
    _texts(Generator(target, max_new_tokens=8, flop=fast))
    _texts(Generator(target, max_new_tokens=8, flop=plain, plain=True))
    assert 0 < fast.total < plain.total


def test_that_nothing_is_left_on_the_model() -> None:
    target = _target()
    _texts(Generator(target, max_new_tokens=4, flop=FlopMeter()))
    assert not any("forward" in vars(module) for module in target.model.modules())
    assert not any(module._forward_hooks for module in target.model.modules())


def test_that_prompts_of_a_token_or_two_are_answered_too() -> None:
    target = _target()
    generator = Generator(target, max_new_tokens=8)
    raw = Wording(uses_template=False)
    found = generator.answers(["a", "bc", "d"], raw, Sampling(), seed=0)
    ids = [render(target.tokenizer, raw, prompt) for prompt in ("a", "bc", "d")]
    assert [answer.text for (answer,) in found] == _one_by_one(target, ids, 8)
    assert generator.path is GenerationPath.SHARED


def test_that_no_prompts_give_no_answers() -> None:
    assert Generator(_target()).answers([], Wording(), Sampling(), seed=0) == []


def test_that_weights_edited_between_two_calls_count_in_the_second() -> None:
    target = _target()
    generator = Generator(target, max_new_tokens=16)
    before = _texts(generator)
    with torch.no_grad():
        cast("Any", target.model).model.layers[0].mlp.down_proj.weight.mul_(3)
    assert _texts(generator) == _expected(target, tokens=16) != before


def test_that_weights_may_be_held_for_several_calls_and_are_free_afterwards() -> None:
    target = _target()
    generator = Generator(target, max_new_tokens=16)
    expected = _expected(target, tokens=16)
    with generator.held():
        assert [_texts(generator), _texts(generator)] == [expected, expected]
        assert any("forward" in vars(module) for module in target.model.modules())
    assert not any("forward" in vars(module) for module in target.model.modules())


def test_that_hooks_of_an_attack_act_during_generation() -> None:
    target = _target()
    layer = cast("Any", target.model).model.layers[1]
    handle = layer.register_forward_hook(lambda _, __, output: output + 0.5)
    found = _texts(Generator(target, max_new_tokens=16, batch_size=2))
    expected = _expected(target, tokens=16)
    handle.remove()
    assert found == expected != _expected(target, tokens=16)


def _prompts_of(lengths: Sequence[int]) -> Iterator[str]:
    yield from ("x" * length for length in lengths)


def test_that_prompts_of_very_different_lengths_can_follow_each_other() -> None:
    target = _target()
    prompts = list(_prompts_of([300, 1, 150, 2, 80, 3, 40, 200]))
    generator = Generator(target, max_new_tokens=24, batch_size=2)
    assert _texts(generator, prompts) == _expected(target, prompts)
