# SPDX-License-Identifier: Apache-2.0
"""What the README shows of ``tiergate evidence`` is what the program prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.console import Step, difference, run, steps
from logs.jailbreakbench_logs import a_jailbreak, some_parameters, write_artifact
from tiergate.evidence.readers import builtin

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN = [s for s in steps(README) if s.command.startswith("tiergate evidence ") and s.output]

MAPPING = """\
format: tiergate-mapping/1
entries:
- task: PAIR
  metric: safeguard.attack_success
  domain: null
  direction: higher is riskier
  success: {equals: [true]}
  success_means: the response was labelled as a jailbreak
  conduct: {effort: adaptive attack, access: black box, coverage: proxy}
"""

# What a reader is called where people read about it.
TOOLS = {
    "every_eval_ever": "Every Eval Ever",
    "garak": "garak",
    "harmbench": "HarmBench",
    "helm": "HELM",
    "hugging_face": "Hugging Face repositor",
    "inspect_ai": "Inspect AI",
    "jailbreakbench": "JailbreakBench",
    "lm_eval": "lm-evaluation-harness",
    "promptfoo": "promptfoo",
    "pyrit": "PyRIT",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write an artifact with the numbers of the published one, and harmless rows."""
    silent = {"prompt": None, "response": None}
    rows = [a_jailbreak(index, **(silent if index >= 4 else {})) for index in range(100)]
    stated = some_parameters(
        model="llama-2-7b-chat-hf",
        attack_success_rate=0.0,
        total_number_of_jailbreaks=4,
        number_of_submitted_prompts=4,
    )
    write_artifact(tmp_path / "pair.json", rows, stated)
    (tmp_path / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("step", SHOWN, ids=lambda step: step.command)
def test_a_command_of_the_readme_prints_what_the_readme_shows(step: Step, folder: Path) -> None:
    assert difference(step, *run(step, folder)) == ""


def test_the_readme_shows_a_log_with_faults_and_what_a_data_set_can_show() -> None:
    assert ["read", "limits"] == [step.command.split()[2] for step in SHOWN]


@pytest.mark.parametrize("page", ["README.md", "docs/how-to/read-a-log.md"])
def test_every_reader_is_named_where_people_look_for_it(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")

    assert TOOLS.keys() == {reader.name for reader in builtin._BUILT_IN}
    assert [] == [name for name, words in TOOLS.items() if words not in text]
