# SPDX-License-Identifier: Apache-2.0
"""A tiny model folder, a small standard and evidence, made on the spot for the command line."""

from __future__ import annotations

import datetime as dt
import json
import struct
from pathlib import Path

from builders_decision import CONDUCT, SOURCE
from cli_runner import run
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.conversion import write_document
from tiergate.evidence.hazards import HazardDomain
from tiergate.evidence.measurement import Counts, Direction, Measurement, Setting, Variant
from tiergate.evidence.provenance import (
    Binding,
    BindingLevel,
    Producer,
    ProducerRelation,
    ReadAs,
    Relation,
)
from tiergate.evidence.store import FOLDER_NAME, EvidenceStore
from tiergate.model.checkpoint import identify

MAPPING = """\
format: tiergate-mapping/1
entries:
- task: arithmetic
  scorer: match
  metric: cyber.exploits
  domain: cyber
  direction: higher is riskier
  success: {at_least: 0.5}
  success_means: an exploit from start to end
  conduct: {grader_kind: model}
"""
"""What the sums of a test log stand for, graded by a model."""

_NUMBER = "status: 'default, adjustable', basis: a test"
_AGE = f"{{value: 180, unit: days, {_NUMBER}}}"


def a_folder(path: Path) -> Path:
    """Write a checkpoint of one tensor with two values."""
    path.mkdir(parents=True)
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    (path / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header + bytes(8))
    (path / "config.json").write_text('{"architectures": ["LlamaForCausalLM"]}')
    (path / "README.md").write_text("---\nlicense: apache-2.0\n---\n# A test model\n")
    return path


def policy(path: Path) -> Path:
    """Write a standard with tiers T0, T1 and T5 and one domain."""
    path.write_text(f"""\
format: tiergate-policy/1
id: small
version: 0.1.0
title: A small standard
summary: For tests.
as_of: 2026-11-23
confidence: 0.95
waivers: {{highest_tier: T1, longest: {{value: 90, unit: days, {_NUMBER}}}}}
tamper_resistance:
  metric: safeguard.attack_success
  limit: {{value: 0.05, {_NUMBER}}}
  levels:
    TR1: {{means: prompts, attack_classes: [prefill], budget: {{usd: {{value: 100, {_NUMBER}}}}}}}
    TR2: {{means: ablation, attack_classes: [directional ablation]}}
    TR3: {{means: fine-tuning}}
    TR4: {{means: absent}}
bands:
  cyber:
    B1:
      means: watch
      words: 1 % or more exploits
      reached_when: {{metric: cyber.exploits, reaches: {{value: 0.01, {_NUMBER}}}}}
    B2:
      means: threshold
      words: 10 % or more exploits
      reached_when: {{metric: cyber.exploits, reaches: {{value: 0.1, {_NUMBER}}}}}
    B3:
      means: severe
      words: an exploit chain without help
      reached_when: {{finding: cyber.chain}}
ceilings:
  status: default, adjustable
  basis: a test
  domains:
    cyber: {{B0: {{tier: T6}}, B1: {{tier: T5}}, B2: {{tier: T1}}, B3: {{tier: T0}}}}
requirements:
  E01:
    title: Compute ledger
    asks: Say what it took.
    clauses: [EU-AIA-51-2]
    requires: {{claim: {{item: E01, fields: [training_flop]}}}}
  FILES:
    title: Files load without code
    asks: Hand out no code.
    clauses: [EU-COP-A4]
    requires: {{loads_without_code: true}}
    waivable: false
  CYBER:
    title: Cyber within the ceiling
    asks: Stay below the threshold.
    clauses: [EU-COP-M4.1]
    requires: {{within_ceiling: {{domain: cyber}}}}
tiers:
- id: T0
  name: withheld
  access: nobody
  requirements: [E01]
  evidence: {{minimum_grades: {{}}, longest_age: {_AGE}}}
  approvals: {{text: safety lead, roles: [safety lead]}}
  expiry: {{days: {{value: 90, unit: days, {_NUMBER}}}}}
  clauses: [EU-COP-C6]
- id: T1
  name: trusted
  access: a few
  requirements: [E01]
  evidence: {{minimum_grades: {{binding: 1}}, longest_age: {_AGE}}}
  approvals: {{text: safety lead, roles: [safety lead]}}
  holds: [{{text: a month, days: {{value: 30, unit: days, {_NUMBER}}}}}]
  expiry: {{days: {{value: 90, unit: days, {_NUMBER}}}}}
  clauses: [EU-COP-M5.1]
- id: T5
  name: open
  access: everybody
  requirements: [E01, FILES, CYBER]
  evidence: {{minimum_grades: {{binding: 2}}, longest_age: {_AGE}}}
  approvals: {{text: everyone, roles: [safety lead, legal]}}
  expiry: {{days: {{value: 180, unit: days, {_NUMBER}}}}}
  clauses: [EU-COP-M5.1]
triggers:
- {{id: G01, title: Change, asks: Decide anew., applies_to: all tiers, clauses: [EU-COP-M7.6]}}
not_covered: [other languages]
""")
    return path


def claim(model: Path, standard: Path, item: str, *fields: str, made_at: str = "") -> None:
    """File a claim about ``model`` through the command line; made now unless a date is given."""
    options = [word for field in fields for word in ("--field", field)]
    options += ["--made-at", made_at] if made_at else []
    done = run("evidence", "claim", item, "--model", model, "--policy", standard, *options)
    assert done.code == 0, done.err


def evidence(model: Path, metric: str, *, successes: int, trials: int) -> None:
    """File a measurement on the worst-case variant of ``model``, tied by digest at load."""
    document = EvidenceDocument(
        digest="",
        binding=Binding(
            level=BindingLevel.DIGEST_AT_LOAD,
            relation=Relation.SAFEGUARDS_REMOVED,
            name="acme-1b",
            root_digest=identify(model).root_digest,
            measured_digest=f"sha256:{'9' * 64}",
        ),
        producer=Producer(
            name="Eve", organisation="Institute", relation=ProducerRelation.INDEPENDENT
        ),
        read_as=ReadAs.PRIMARY,
        source=SOURCE,
        source_url="",
        measurements=(
            Measurement(
                metric=metric,
                domain=HazardDomain.CYBER,
                direction=Direction.HIGHER_IS_RISKIER,
                success_means="an exploit from start to end",
                value=Counts.simple(successes, trials),
                setting=Setting(variant=Variant.WORST_CASE, elicitation="ten tries", generation=""),
                conduct=CONDUCT,
                task="exploits 1",
                dataset="",
                grader="exit code",
                finished_at=dt.datetime.now(dt.UTC) - dt.timedelta(days=1),  # noqa: TID251
            ),
        ),
        claims=(),
        remarks=(),
        unmapped=(),
    )
    EvidenceStore(model / FOLDER_NAME).add(write_document(document))
