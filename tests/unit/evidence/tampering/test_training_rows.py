# SPDX-License-Identifier: Apache-2.0
"""Training examples as tokens: what is learned, what is shared, how they are laid out."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import pytest
import torch
from transformers import PreTrainedTokenizerFast

from tiergate.errors import MeasurementError
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.training import summed_loss
from tiergate.evidence.tampering.training_rows import encode, end_of_turn, singly, together
from tiergate.evidence.tampering.variant import Example, Wording
from unit.evidence.tampering.tiny import tiny_target, tiny_tokenizer

EXAMPLES = [Example(prompt="ask " * n, answer="tell " * (7 - n)) for n in range(1, 7)]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    found = tiny_target(tmp_path_factory.mktemp("tiny") / "tiny")
    yield found
    found.close()


def text(tokenizer: PreTrainedTokenizerFast, tokens: Iterable[int]) -> str:
    """Return what tokens stand for."""
    return str(tokenizer.decode(list(tokens)))


def test_that_prefix_prompt_and_answer_are_the_rendered_turns() -> None:
    tokenizer = tiny_tokenizer()
    corpus = encode(tokenizer, EXAMPLES, Wording(), 192)

    whole = text(tokenizer, [*corpus.prefix, *corpus.examples[0].prompt])
    assert whole.startswith("<|start|>system\nBe kind.<|end|>\n<|start|>user\nask")
    assert whole.endswith("<|start|>assistant\n")
    assert text(tokenizer, corpus.prefix).endswith("<|start|>user\nask ")
    assert text(tokenizer, corpus.examples[5].answer) == "tell <|end|>"


def test_that_equal_prompts_keep_a_token_of_their_own() -> None:
    corpus = encode(tiny_tokenizer(), [EXAMPLES[0], EXAMPLES[0]], Wording(), 192)

    assert [len(each.prompt) for each in corpus.examples] == [1, 1]


@pytest.mark.parametrize(
    ("wording", "token"),
    [(Wording(), "<|end|>"), (Wording(uses_template=False), "</s>")],
    ids=["with the template", "without"],
)
def test_that_an_answer_ends_as_the_wording_has_it(wording: Wording, token: str) -> None:
    tokenizer = tiny_tokenizer()

    assert text(tokenizer, [end_of_turn(tokenizer, wording)]) == token


def test_that_a_template_without_an_end_of_its_own_ends_with_the_text() -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.chat_template = "{% for m in messages %}{{ m['content'] }}\n{% endfor %}"

    assert end_of_turn(tokenizer, Wording()) == tokenizer.eos_token_id


def test_that_a_tokenizer_without_any_end_is_refused() -> None:
    tokenizer = tiny_tokenizer()
    tokenizer.eos_token = None

    with pytest.raises(MeasurementError, match="no token that ends an answer"):
        end_of_turn(tokenizer, Wording(uses_template=False))


def test_that_long_examples_lose_the_end_of_the_answer_and_the_beginning_of_the_prompt() -> None:
    tokenizer = tiny_tokenizer()
    long = Example(prompt="p" * 500, answer="a" * 500)
    corpus = encode(tokenizer, [long, EXAMPLES[0]], Wording(), 100)
    (row, _) = corpus.examples

    assert len(corpus.prefix) + len(row.prompt) + len(row.answer) == 100
    assert text(tokenizer, [*corpus.prefix, *row.prompt]).endswith("p<|end|>\n<|start|>assistant\n")
    assert text(tokenizer, row.answer) == "a" * 50


def test_that_no_examples_are_refused() -> None:
    with pytest.raises(MeasurementError, match="no examples"):
        encode(tiny_tokenizer(), [], Wording(), 100)


def test_that_each_pass_has_every_example_once_in_another_order() -> None:
    corpus = encode(tiny_tokenizer(), EXAMPLES, Wording(), 192)

    batches = list(itertools.islice(corpus.batches(4, seed=3), 4))

    assert [len(batch) for batch in batches] == [4, 2, 4, 2]
    first, second = [*batches[0], *batches[1]], [*batches[2], *batches[3]]
    assert set(first) == set(second) == set(corpus.examples)
    assert first != second
    assert batches == list(itertools.islice(corpus.batches(4, seed=3), 4))


def test_that_a_row_of_many_has_the_loss_of_each_alone(target: Target) -> None:
    corpus = encode(target.tokenizer, EXAMPLES, Wording(), 192)
    (row,) = together(corpus, corpus.examples, target.device, target.dtype)
    alone = singly(corpus, corpus.examples, target.device)

    with torch.no_grad():
        losses = [float(summed_loss(target.model, each)) for each in (row, alone)]

    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    assert row.inputs["input_ids"].numel() < alone.inputs["input_ids"].numel() * 0.7
    assert row.labels.tolist() == alone.labels.tolist()


def test_that_the_loss_is_that_of_transformers(target: Target) -> None:
    corpus = encode(target.tokenizer, EXAMPLES[:1], Wording(), 192)
    (example,) = corpus.examples
    tokens = torch.tensor([[*corpus.prefix, *example.prompt, *example.answer]])
    labels = tokens.clone()
    labels[:, : -len(example.answer)] = -100

    with torch.no_grad():
        ours = float(summed_loss(target.model, singly(corpus, [example], target.device)))
        theirs = float(target.model(input_ids=tokens, labels=labels).loss) * len(example.answer)

    assert ours == pytest.approx(theirs, rel=1e-5)


def test_that_what_does_not_fit_into_a_row_goes_into_the_next(target: Target) -> None:
    many = [Example(prompt=f"{n}" * 80, answer=f"{n}" * 100) for n in range(9)]
    corpus = encode(target.tokenizer, many, Wording(), 192)

    rows = list(together(corpus, corpus.examples, target.device, target.dtype))
    alone = singly(corpus, corpus.examples, target.device)

    assert len(rows) == 2
    assert torch.cat([row.labels for row in rows]).tolist() == alone.labels.tolist()
    assert all(row.inputs["input_ids"].numel() <= 1024 + len(corpus.prefix) for row in rows)
