# SPDX-License-Identifier: Apache-2.0
"""Which models graded: by a scorer's own parameters, by a role, or nobody."""

from __future__ import annotations

import pytest

from logs.inspect_logs import a_header
from tiergate.evidence.readers.inspect_graders import graders

MODEL: dict[str, object] = {
    "model": "openai/judge",
    "config": {},
    "base_url": None,
    "model_args": {},
}
ROLES = {
    "grader": {"model": "openai/by-role", "config": {}},
    "panel": [{"model": "b/two"}, {"model": "a/one"}],
    "red_teamer": {"model": "openai/attacker"},
}

SCORERS: dict[str, tuple[dict[str, object], tuple[str, ...]]] = {
    "the model of its parameters": (
        {"name": "model_graded_qa", "options": {"model": MODEL}},
        ("openai/judge",),
    ),
    "the model of its parameters, as text": (
        {"name": "model_graded_qa", "options": {"model": "openai/judge"}},
        ("openai/judge",),
    ),
    "each model of a panel": (
        {"name": "model_graded_fact", "options": {"model": [MODEL, "a/second"]}},
        ("a/second", "openai/judge"),
    ),
    "the model that the run binds to its role": (
        {"name": "model_graded_qa", "options": {}},
        ("openai/by-role",),
    ),
    "the models of a role of its own": (
        {"name": "package/model_graded_qa", "options": {"model_role": "panel"}},
        ("a/one", "b/two"),
    ),
    "the models of a role that is an object": (
        {"name": "refusals", "options": {"model_role": {"name": "panel", "required": True}}},
        ("a/one", "b/two"),
    ),
    "the model of the role of graders, for a scorer of the user's": (
        {"name": "refusals", "options": {}},
        ("openai/by-role",),
    ),
    "the model under test, when the role is bound to none": (
        {"name": "model_graded_qa", "options": {"model_role": "critic"}},
        ("hf/example",),
    ),
    "nobody, when a scorer of the user's has a role that is bound to none": (
        {"name": "refusals", "options": {"model_role": "critic"}},
        (),
    ),
    "nobody, when it compares texts": ({"name": "match", "options": {}}, ()),
    "the models of the scorers that it combines": (
        {
            "name": "multi_scorer",
            "options": {
                "scorers": [
                    {"name": "model_graded_qa", "params": {"model": MODEL}},
                    {"name": "model_graded_qa", "params": {}},
                    {"name": "match", "params": {}},
                ]
            },
        },
        ("openai/by-role", "openai/judge"),
    ),
    "nobody, when its parameters are of another kind": (
        {"name": "match", "options": {"model": [None, 3, {"model": []}], "scorers": "all"}},
        (),
    ),
}


@pytest.mark.parametrize("sentence", SCORERS)
def test_a_scorer_is_graded_by(sentence: str) -> None:
    scorer, expected = SCORERS[sentence]
    header = a_header(eval__scorers=[scorer], eval__model_roles=ROLES)

    name = str(scorer["name"]).rpartition("/")[2]

    assert expected == graders(header, name)
    assert expected == graders(header, f"{name}.part")
    assert graders(header, f"{name}s") == ()


def test_a_log_whose_scorers_are_only_in_its_results_names_their_graders() -> None:
    entry = {"name": "harm", "scorer": "model_graded_qa", "params": {"model": MODEL}}
    header = a_header(eval__scorers=None, results__scores=[entry])

    assert graders(header, "model_graded_qa.harm") == ("openai/judge",)


def test_scorers_within_scorers_are_followed_only_so_far() -> None:
    inner: dict[str, object] = {"name": "model_graded_qa", "params": {"model": MODEL}}
    for _ in range(50):
        inner = {"name": "multi_scorer", "params": {"scorers": [inner]}}
    header = a_header(eval__scorers=[{"name": "multi_scorer", "options": inner["params"]}])

    assert graders(header, "multi_scorer") == ()
