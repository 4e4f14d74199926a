# SPDX-License-Identifier: Apache-2.0
"""An attacked model answers conversations as the attack has it."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from tiergate.errors import MeasurementError
from tiergate.evidence.tampering.adversary import Cost
from tiergate.evidence.tampering.generation import Generator
from tiergate.evidence.tampering.serving import Request, Server, Turn, worded
from tiergate.evidence.tampering.target import Target
from tiergate.evidence.tampering.variant import Sampling, Variant, Wording
from unit.evidence.tampering.tiny import tiny_target

TOKENS = 6
ASK: Turn = ("user", "Ask.")
SHOT = ("Before.", "Sure.")

WORDED: dict[str, tuple[tuple[Turn, ...], Wording, Wording, str]] = {
    "a question alone is asked as the attack words it": (
        (ASK,),
        Wording(user="Play: {prompt}", prefill="Sure"),
        Wording(user="Play: {prompt}", prefill="Sure"),
        "Ask.",
    ),
    "system messages are those of the conversation": (
        (("system", "Be brief."), ("system", "Be kind."), ASK),
        Wording(),
        Wording(system="Be brief.\n\nBe kind."),
        "Ask.",
    ),
    "an attack that takes the system message away takes it from a conversation too": (
        (("system", "Refuse."), ASK),
        Wording(system=""),
        Wording(system=""),
        "Ask.",
    ),
    "earlier turns come after those that the attack shows": (
        (("user", "One."), ("assistant", "1"), ASK),
        Wording(shots=(SHOT,)),
        Wording(shots=(SHOT, ("One.", "1"))),
        "Ask.",
    ),
    "an answer that was begun goes on where the attack goes on": (
        (ASK, ("assistant", "Well, ")),
        Wording(prefill="sure"),
        Wording(prefill="Well, sure"),
        "Ask.",
    ),
}


@pytest.mark.parametrize("sentence", WORDED)
def test_that(sentence: str) -> None:
    turns, attack, expected, prompt = WORDED[sentence]

    assert (expected, prompt) == worded(turns, attack)


@pytest.mark.parametrize(
    "turns",
    [
        (),
        (("system", "Alone."),),
        (("assistant", "First."), ASK),
        (ASK, ASK),
        (("user", "One."), ("tool", "2"), ASK),
    ],
)
def test_turns_out_of_order_are_refused(turns: tuple[Turn, ...]) -> None:
    with pytest.raises(MeasurementError, match="turns by"):
        worded(turns, Wording())


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    found = tiny_target(tmp_path_factory.mktemp("served") / "tiny")
    yield found
    found.close()


def server(target: Target, wording: Wording | None = None, temperature: str = "0") -> Server:
    sampling = Sampling(temperature=Decimal(temperature))
    variant = Variant(point="p", cost=Cost(), wording=wording or Wording(), sampling=sampling)
    return Server(target, variant)


def request(text: str, *, temperature: str = "0", seed: int = 0, tokens: int = TOKENS) -> Request:
    return Request(
        turns=(("user", text),), max_tokens=tokens, temperature=Decimal(temperature), seed=seed
    )


def said(target: Target, wording: Wording, *prompts: str) -> list[str]:
    found = Generator(target, max_new_tokens=TOKENS).answers(prompts, wording, Sampling(), seed=0)
    return [answers[0].text for answers in found]


def test_answers_are_those_of_the_model_under_the_attack_in_the_order_of_asking(
    target: Target,
) -> None:
    wording = Wording(prefill="Sure! ")
    serving = server(target, wording)

    with serving.open():
        found = serving.reply(
            [request("One."), request("Two, longer.", tokens=TOKENS), request("3")]
        )

    assert said(target, wording, "One.", "Two, longer.", "3") == [rows[0].text for rows in found]
    assert target.is_untouched


def test_requests_of_several_lengths_are_answered_together(target: Target) -> None:
    long, short = server(target).reply([request("One."), request("One.", tokens=2)])

    assert long[0].text.startswith(short[0].text)
    assert len(short[0].text) < len(long[0].text)
    assert not short[0].is_whole


def test_an_answer_ends_before_the_first_text_to_stop_at(target: Target) -> None:
    (whole,) = said(target, Wording(), "One.")
    stop = whole[2]
    asked = Request(turns=(("user", "One."),), max_tokens=TOKENS, stops=("not there", stop))

    ((found,),) = server(target).reply([asked])

    assert whole[: whole.index(stop)] == found.text
    assert found.is_whole


def test_a_question_that_comes_again_is_answered_anew_where_chance_plays(target: Target) -> None:
    asked = [request("One.", temperature="1", tokens=12)] * 3

    first, again = server(target).reply(asked), server(target).reply(asked)

    assert 3 == len({rows[0].text for rows in first})
    assert first == again


def test_an_attacker_who_draws_answers_draws_them_whatever_is_asked_for(target: Target) -> None:
    asked = [request("One.", tokens=12)] * 2

    drawn, greedy = server(target, temperature="1").reply(asked), server(target).reply(asked)

    assert drawn[0] != drawn[1]
    assert greedy[0] == greedy[1]


def test_several_answers_to_a_request_are_several(target: Target) -> None:
    asked = Request(turns=(ASK,), max_tokens=12, temperature=Decimal(1), answers=3)

    (found,) = server(target).reply([asked])

    assert 3 == len({reply.text for reply in found})
