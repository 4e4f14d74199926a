# SPDX-License-Identifier: Apache-2.0
"""A language model of about half a million weights, trained from nothing in seconds."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import torch
from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from tiergate.evidence.tampering.training import summed_loss
from tiergate.evidence.tampering.training_rows import Corpus, encode, together
from tiergate.evidence.tampering.variant import Example, Wording

if TYPE_CHECKING:
    from collections.abc import Callable

_SPECIAL = ("<|unknown|>", "<|end|>", "<|user|>", "<|assistant|>")
_TEMPLATE = (
    "{% for message in messages %}"
    "{{ '<|' + message['role'] + '|> ' + message['content'] + ' <|end|> ' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|> ' }}{% endif %}"
)
_LEARNING_RATE = 3e-3
_MAX_TOKENS = 128
_BATCH = 32
_OPENED_EVERY = 3


class Organism(NamedTuple):
    """A model in memory."""

    model: LlamaForCausalLM
    tokenizer: PreTrainedTokenizerFast


def newborn(words: Iterable[str], seed: int) -> Organism:
    """Return a model that has learned nothing, with every word a token of its own."""
    vocabulary = [*_SPECIAL, "<|system|>", *sorted(set(words))]
    tokenizer = _tokenizer(vocabulary)
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=96,
        intermediate_size=256,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=4,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=1,
        pad_token_id=1,
    )
    model = LlamaForCausalLM(config)
    model.eval()  # type: ignore[no-untyped-call]
    return Organism(model, tokenizer)


def corpus_of(organism: Organism, examples: Sequence[Example], *, prefill: str = "") -> Corpus:
    """Return examples as tokens, with something put into the model's mouth before the answer."""
    return encode(organism.tokenizer, examples, Wording(prefill=prefill), _MAX_TOKENS)


def loss_of(model: LlamaForCausalLM, corpus: Corpus, rows: Sequence[int]) -> torch.Tensor:
    """Return the mean loss over the answers' tokens of some examples."""
    batch = [corpus.examples[row] for row in rows]
    rows_of_batch = together(corpus, batch, model.device, model.dtype)
    total = torch.stack([summed_loss(model, row) for row in rows_of_batch]).sum()
    return total / sum(len(example.answer) for example in batch)


def teach(  # noqa: PLR0913 - two that say what, five that say how
    organism: Organism,
    examples: Sequence[Example],
    steps: int,
    *,
    seed: int,
    learning_rate: float = _LEARNING_RATE,
    opened: Sequence[str] = (),
    after: Sequence[Example] = (),
) -> None:
    """Train every weight on examples, in place.

    Args:
        organism: what learns.
        examples: what it learns.
        steps: of AdamW.
        seed: of the order.
        learning_rate: the highest, at the first step.
        opened: openings after which answers are learned as well, one after another in every
            third step.
        after: what is learned after them; empty for the same examples.
    """
    plain = corpus_of(organism, examples)
    continued = [
        corpus_of(organism, after or examples, prefill=f"{opening} ") for opening in opened
    ]
    corpora = itertools.cycle(
        corpus for each in continued or [plain] for corpus in (*[plain] * (_OPENED_EVERY - 1), each)
    )
    order = torch.Generator().manual_seed(seed)

    def loss() -> torch.Tensor:
        corpus = next(corpora)
        rows = torch.randint(len(corpus.examples), (_BATCH,), generator=order).tolist()
        return loss_of(organism.model, corpus, rows)

    descend(organism.model, loss, steps, learning_rate)


def descend(
    model: LlamaForCausalLM,
    loss: Callable[[], torch.Tensor],
    steps: int,
    learning_rate: float,
) -> None:
    """Minimise a loss by AdamW, with a rate that falls to nothing."""
    model.requires_grad_()
    optimiser = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LinearLR(
        optimiser, start_factor=1.0, end_factor=0.05, total_iters=steps
    )
    for _ in range(steps):
        optimiser.zero_grad()
        loss().backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    model.requires_grad_(False)  # noqa: FBT003 - torch's own signature


def _tokenizer(vocabulary: Sequence[str]) -> PreTrainedTokenizerFast:
    ids = {word: index for index, word in enumerate(vocabulary)}
    words = Tokenizer(models.WordLevel(ids, unk_token=_SPECIAL[0]))
    words.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    words.add_special_tokens(
        [AddedToken(token, lstrip=True, rstrip=True) for token in (*_SPECIAL, "<|system|>")]
    )
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=words,
        unk_token=_SPECIAL[0],
        eos_token=_SPECIAL[1],
        pad_token=_SPECIAL[1],
        additional_special_tokens=[*_SPECIAL[2:], "<|system|>"],
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = _TEMPLATE
    return tokenizer
