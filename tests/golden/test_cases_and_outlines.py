# SPDX-License-Identifier: Apache-2.0
"""Cases, lists of actions and outlines of one small decision, byte for byte as they were.

After a change that is meant: ``python tests/golden/test_cases_and_outlines.py``, and read the
difference.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

import cli_fixtures
from builders import AT, ROOT, a_claim, a_document, a_measurement, a_subject
from builders_export import FACTS, a_checkpoint
from tiergate.decision.action import Action
from tiergate.decision.actions import actions
from tiergate.decision.document import decision_document
from tiergate.decision.evaluate import evaluate
from tiergate.decision.policy import Policy
from tiergate.decision.policy_document import load_policy
from tiergate.decision.safety_case import outline
from tiergate.decision.safety_case_build import safety_case
from tiergate.decision.safety_case_judged import of_decision
from tiergate.decision.tier import Tier
from tiergate.evidence.collection import Collection, collect
from tiergate.evidence.measurement import Variant
from tiergate.evidence.provenance import Relation
from tiergate.report.case_gsn import gsn_yaml
from tiergate.report.case_mermaid import mermaid
from tiergate.report.case_svg import draw
from tiergate.report.export_source import ExportSource, Standing
from tiergate.report.outline import markdown
from tiergate.report.outline_source import OutlineSource
from tiergate.report.outlines import OUTLINES

HERE = Path(__file__).parent / "cases"
FILES = (
    "case.mmd",
    "case.svg",
    "case.gsn.yaml",
    "actions.txt",
    *(f"{form}.md" for form in OUTLINES),
)


def _evidence() -> Collection:
    measured = a_measurement("cyber.exploits", 7, 400, variant=Variant.WORST_CASE)
    document = a_document(measurements=(measured,), relation=Relation.SAFEGUARDS_REMOVED)
    claimed = a_document(claims=(a_claim("E01", training_flop=1000),))
    return collect(a_subject(root=ROOT), (document, claimed))


def _made(policy: Policy) -> dict[str, str]:
    evidence = _evidence()
    decision = evaluate(policy, evidence, at=AT, asked=Tier.T5)
    judged = of_decision(decision, policy)
    case = safety_case(judged)
    export = ExportSource(
        decision=decision_document(decision),
        checkpoint=a_checkpoint(),
        facts=FACTS,
        digest=f"sha256:{'f' * 64}",
        valid_until=AT,
        standing=Standing.UNSIGNED,
        key_ids=(),
        signers=(),
        approvals=None,
    )
    source = OutlineSource(
        export=export,
        policy=policy,
        documents=evidence.documents,
        not_at_hand=(),
        card=None,
        front_matter=None,
    )
    return {
        "case.mmd": mermaid(outline(case)),
        "case.svg": draw(outline(case)),
        "case.gsn.yaml": gsn_yaml(case),
        "actions.txt": "".join(map(_line, actions(judged, is_signed=False))),
        **{f"{form}.md": markdown(fill(source)) for form, fill in OUTLINES.items()},
    }


def _line(each: Action) -> str:
    about, clauses = ", ".join(each.about), ", ".join(each.clauses)
    return f"{each.actor} | {each.outcome} | {about} | {each.words} | {each.command} | {clauses}\n"


@pytest.mark.parametrize("name", FILES)
def test_what_is_written_is_what_was_written_before(name: str, tmp_path: Path) -> None:
    made = _made(load_policy(str(cli_fixtures.policy(tmp_path / "policy.yaml"))))

    assert (HERE / name).read_text(encoding="utf-8") == made[name]
    assert set(made) == set(FILES)


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        small = load_policy(str(cli_fixtures.policy(Path(folder) / "policy.yaml")))
        for file, text in _made(small).items():
            (HERE / file).write_text(text, encoding="utf-8")
