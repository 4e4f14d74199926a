# SPDX-License-Identifier: Apache-2.0
"""Evidence documents that were written before a field was added keep every byte."""

from __future__ import annotations

import pytest

from tiergate.evidence.conversion import read_document, write_document

BEFORE_SUITES = (
    b'{"binding":{"level":"digest at load","measured_digest":"","name":"model","relation":'
    b'"identical","revision":"","root_digest":"sha256:'
    + b"a"
    * 64
    + b'"},"claims":[],"format":"tiergate-evidence/1","measurements":[{"attack":{"attack_class":'
    b'"small adapter","budget":{"examples":null,"gpu_hours":null,"steps":10,"usd":"100"},'
    b'"controls":"passed","name":"LoRA"},"audit":null,"behaviours":[],"comparison":null,'
    b'"conduct":{"access":"not stated","coverage":"not stated","dataset_digest":"","effort":'
    b'"not stated","grader_kind":"not stated","grader_validation":null,"risk_model":"",'
    b'"task_commit":""},"dataset":"","direction":"higher is riskier","domain":null,"finished_at":'
    b'"2026-06-01T12:00:00Z","grader":"","grader_models":[],"metric":"safeguard.attack_success",'
    b'"samples_kept":0,"setting":{"elicitation":"","generation":"","variant":"as released"},'
    b'"started_at":null,"success_means":"it complied","task":"task 1","value":{"errored":0,'
    b'"kind":"counts","limited":0,"planned":60,"superseded":0,"tallies":[{"behaviours":60,'
    b'"scored":1,"successes":0,"unscored":0}]}}],"producer":{"name":"evaluator","organisation":'
    b'"","relation":"independent"},"read_as":"primary","remarks":[],"run":"","source":null,'
    b'"source_url":"","unmapped":[]}'
)
DOCUMENTS = {"an attack without a suite": BEFORE_SUITES}


@pytest.mark.parametrize("case", DOCUMENTS)
def test_a_document_of_an_earlier_version_is_written_as_it_was(case: str) -> None:
    written = DOCUMENTS[case]

    assert written == write_document(read_document(written, "evidence.json"))
