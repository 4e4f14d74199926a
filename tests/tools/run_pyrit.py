# SPDX-License-Identifier: Apache-2.0
"""Runs PyRIT against targets made here, and writes beside each memory what PyRIT reads from it.

A program of its own: ``python run_pyrit.py FOLDER``. The targets answer from a fixed rule,
so that nothing is asked over a network; the prompts are greetings. Every memory is a
database of its own, ``NAME.db``, with ``NAME.truth`` beside it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from pyrit.converter import Base64Converter
from pyrit.executor.attack import (
    AttackAdversarialConfig,
    AttackConverterConfig,
    AttackExecutor,
    AttackScoringConfig,
    PromptSendingAttack,
    RedTeamingAttack,
)
from pyrit.executor.attack.core.attack_result_attribution import AttackResultAttribution
from pyrit.memory import CentralMemory, MemoryInterface
from pyrit.models import (
    Message,
    MessageScorable,
    ScenarioIdentifier,
    ScenarioResult,
    ScenarioRunState,
    TargetIdentifier,
    construct_response_from_request,
)
from pyrit.models.scenario_progress import (
    SCENARIO_RUN_PLAN_METADATA_KEY,
    ScenarioRunPlan,
    ScenarioRunPlanAtomicGroup,
    ScenarioRunPlanSeedGroup,
)
from pyrit.prompt_normalizer import ConverterConfiguration, PromptNormalizer
from pyrit.prompt_target import (
    PromptTarget,
    TargetCapabilities,
    TargetConfiguration,
)
from pyrit.score import (
    PlagiarismScorer,
    SelfAskTrueFalseScorer,
    SubStringScorer,
    TrueFalseQuestion,
)
from pyrit.setup import initialize_pyrit_async

FOLDER = Path(sys.argv[1]).resolve()
logging.disable(logging.CRITICAL)


class Scripted(PromptTarget):  # type: ignore[misc]
    """Answers by a rule; understands conversations and system prompts, as a chat model does."""

    _DEFAULT_CONFIGURATION = TargetConfiguration(
        capabilities=TargetCapabilities(
            supports_multi_turn=True,
            supports_system_prompt=True,
            supports_editable_history=True,
        )
    )

    def __init__(self, *, answer: Callable[[str], str], model_name: str) -> None:
        """Take the rule, and a name."""
        super().__init__(model_name=model_name, endpoint="http://localhost/private")
        self._answer = answer

    async def _send_prompt_to_target_async(
        self, *, normalized_conversation: list[Message]
    ) -> list[Message]:
        request = normalized_conversation[-1].message_pieces[0]
        said = request.converted_value
        if "crash" in said:
            raise RuntimeError("the target went away")
        if "filter" in said:
            return [
                construct_response_from_request(
                    request=request,
                    response_text_pieces=["filtered"],
                    response_type="error",
                    error="blocked",
                )
            ]
        return [
            construct_response_from_request(
                request=request, response_text_pieces=[self._answer(said)]
            )
        ]

    def _validate_request(self, *, normalized_conversation: list[Message]) -> None:
        """Take every request."""


def echo(said: str) -> str:
    """Repeat what was said."""
    return f"you said: {said}"


def echo_target() -> Scripted:
    return Scripted(answer=echo, model_name="echo-1")


async def attacked(attack: PromptSendingAttack | RedTeamingAttack, *objectives: str) -> None:
    """Attack objectives one after another; an error of the target ends its attack alone."""
    for objective in objectives:
        try:
            await attack.execute_async(objective=objective)
        except Exception:
            if "crash" not in objective:
                raise


def sending(scorers: AttackScoringConfig, **options: object) -> PromptSendingAttack:
    return PromptSendingAttack(
        objective_target=echo_target(),
        attack_scoring_config=scorers,
        **options,
    )


def looks_for(text: str, *categories: str) -> SubStringScorer:
    return SubStringScorer(substring=text, categories=list(categories))


async def plain() -> None:
    """Send objectives once each, one of them twice, with two scorers."""
    scorers = AttackScoringConfig(
        objective_scorer=looks_for("yes", "greeting"),
        auxiliary_scorers=[PlagiarismScorer(reference_text="you said: say hello yes")],
    )
    await attacked(sending(scorers), "say hello", "say yes", "say hello")


async def troubled() -> None:
    """Retry failures in fresh conversations; one objective is filtered, one crashes."""
    scorers = AttackScoringConfig(objective_scorer=looks_for("yes", "greeting"))
    attack = sending(scorers, max_attempts_on_failure=1)
    await attacked(attack, "say hello", "say yes", "please filter", "crash now")


async def converted() -> None:
    """Attack the same objective with a converter and without, and with no scorer."""
    scorers = AttackScoringConfig(objective_scorer=looks_for("hello"))
    converters = AttackConverterConfig(
        request_converters=ConverterConfiguration.from_converters(converters=[Base64Converter()])
    )
    await attacked(sending(scorers), "say hello")
    await attacked(sending(scorers, attack_converter_config=converters), "say hello")
    await attacked(sending(AttackScoringConfig()), "say nothing")


async def turns() -> None:
    """Let a scripted adversary go on over several turns; each turn is scored."""
    lines = [
        json.dumps({"next_message": text, "rationale": "", "last_response_summary": ""})
        for text in ("good morning", "good day", "say yes please")
    ]
    adversary = Scripted(answer=lambda _: lines.pop(0), model_name="adversary-1")
    attack = RedTeamingAttack(
        objective_target=echo_target(),
        attack_adversarial_config=AttackAdversarialConfig(target=adversary),
        attack_scoring_config=AttackScoringConfig(objective_scorer=looks_for("yes")),
        max_turns=3,
    )
    await attacked(attack, "get a yes")


async def graded() -> None:
    """Let a scripted model grade."""
    verdict = {
        "score_value": "True",
        "description": "d",
        "rationale": "r",
        "metadata": "",
    }
    grader = Scripted(answer=lambda _: json.dumps(verdict), model_name="grader-1")
    question = TrueFalseQuestion(true_description="a greeting", category="greeting")
    scorer = SelfAskTrueFalseScorer.from_question(chat_target=grader, question=question)
    await attacked(sending(AttackScoringConfig(objective_scorer=scorer)), "say hello")


async def sent() -> None:
    """Send prompts without an attack, and score some of the responses afterwards, one twice."""
    normalizer, target = PromptNormalizer(), echo_target()
    said = ("say hello", "say yes", "say hello", "say no")
    responses = [
        await normalizer.send_prompt_async(
            message=Message.from_prompt(prompt=prompt, role="user"), target=target
        )
        for prompt in said
    ]
    scorer = looks_for("yes", "greeting")
    for response in (*responses[:3], responses[1]):
        await scorer.score_async(scorable=MessageScorable.from_message(response))
    await looks_for("no").score_async(scorable=MessageScorable.from_message(responses[3]))
    await scorer.score_text_async(text="loose yes")


async def stopped() -> None:
    """Keep a scenario that plans three attacks and was stopped after two."""
    target = echo_target()
    objectives = ["say hello", "say yes", "say no"]
    groups = [
        ScenarioRunPlanSeedGroup(id=str(n), objective_sha256="", objective=objective)
        for n, objective in enumerate(objectives)
    ]
    plan = ScenarioRunPlan(
        atomic_groups=[
            ScenarioRunPlanAtomicGroup(
                id="a",
                atomic_attack_name="sending",
                display_group="sending",
                technique_eval_hash="h",
                seed_group_ids=[group.id for group in groups],
            )
        ],
        seed_groups=groups,
    )
    scenario = ScenarioResult(
        scenario_identifier=ScenarioIdentifier(
            class_name="Greetings",
            class_module="greetings",
            objective_target=TargetIdentifier.from_component_identifier(target.get_identifier()),
        ),
        attack_results={},
        scenario_run_state=ScenarioRunState.CANCELLED,
        metadata={SCENARIO_RUN_PLAN_METADATA_KEY: plan.model_dump(mode="json")},
    )
    memory = CentralMemory.get_memory_instance()
    memory.add_scenario_results_to_memory(scenario_results=[scenario])
    await AttackExecutor().execute_attack_async(
        attack=sending(AttackScoringConfig(objective_scorer=looks_for("yes"))),
        objectives=objectives[:2],
        attribution=AttackResultAttribution(
            parent_id=str(scenario.id), parent_collection="sending"
        ),
    )


RUNS: dict[str, Callable[[], Awaitable[None]]] = {
    run.__name__: run for run in (plain, troubled, converted, turns, graded, sent, stopped)
}


def as_read_by_the_tool(memory: MemoryInterface) -> dict[str, object]:
    """Return what PyRIT's own classes make of a memory, in plain values."""
    pieces = {str(piece.id): piece for piece in memory.get_message_pieces()}
    scores = []
    of_every_type = [*memory.get_scores(score_type="true_false")]
    of_every_type += memory.get_scores(score_type="float_scale")
    for score in of_every_type:
        piece = pieces.get(str(score.message_piece_id))
        scorer = score.scorer_class_identifier
        assert scorer is not None
        value = None if score.is_undetermined else score.get_value()
        scores.append(
            {
                "scorer": scorer.class_name,
                "value": value,
                "conversation": piece.conversation_id if piece else None,
                "role": piece.role if piece else None,
            }
        )
    attacks = [
        {
            "outcome": result.outcome.value,
            "objective": result.objective,
            "conversation": result.conversation_id,
            "conversations": sorted(
                {result.conversation_id}
                | {
                    reference.conversation_id
                    for reference in result.related_conversations
                    if reference.conversation_type.value == "pruned"
                }
            ),
        }
        for result in memory.get_attack_results()
    ]
    return {"scores": scores, "attacks": attacks}


async def run_everything() -> None:
    for name, run in RUNS.items():
        await initialize_pyrit_async(
            "SQLite",
            db_path=str(FOLDER / f"{name}.db"),
            load_defaults=False,
            env_files=[],
            silent=True,
        )
        memory = CentralMemory.get_memory_instance()
        await run()
        truth = json.dumps(as_read_by_the_tool(memory))
        (FOLDER / f"{name}.truth").write_text(truth, encoding="utf-8")
        memory.dispose_engine()
        type(memory)._instances.clear()  # one memory per process otherwise


if __name__ == "__main__":
    asyncio.run(run_everything())
