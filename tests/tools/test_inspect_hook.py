# SPDX-License-Identifier: Apache-2.0
"""The hook of examples/inspect-hook in a real Inspect, on real transformers models."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tiergate.evidence.provenance import Binding, BindingLevel, Relation
from tiergate.evidence.readers.binding import DIGEST_FIELD
from tiergate.evidence.readers.builtin import read_log
from tiergate.model.checkpoint import identify
from tools.foreign import run_tool

pytestmark = pytest.mark.foreign

ERROR_FIELD = f"{DIGEST_FIELD}_error"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("inspect_hook")
    run_tool("inspect_hook", Path(__file__).with_name("run_inspect_hook.py"), folder)
    return folder


def binding(runs: Path, name: str) -> Binding:
    return read_log(runs / f"{name}.eval").binding


def metadata(runs: Path, name: str, when: str = "end") -> dict[str, object]:
    found = json.loads((runs / f"{name}.metadata").read_text("utf-8"))[when]
    assert isinstance(found, dict)
    return found


# From each log to the folder that its model was loaded from.
BOUND = {
    "relative": "model",
    "absolute": "model",
    "hub": "fetched",
    "by_itself": "model",
    "before": "model",
}


@pytest.mark.parametrize("name", BOUND)
def test_a_log_is_bound_to_the_files_that_were_loaded(name: str, runs: Path) -> None:
    found = binding(runs, name)

    assert (BindingLevel.DIGEST_AT_LOAD, Relation.IDENTICAL) == (found.level, found.relation)
    assert identify(runs / BOUND[name]).root_digest == found.root_digest


def test_what_was_loaded_holds_against_what_the_run_was_told(runs: Path) -> None:
    assert identify(runs / "model").root_digest == metadata(runs, "stated")[DIGEST_FIELD]


def test_other_metadata_stays(runs: Path) -> None:
    assert {"kept", DIGEST_FIELD} == metadata(runs, "relative").keys()
    assert "as it was" == metadata(runs, "relative")["kept"]


def test_a_model_behind_an_api_has_no_digest_and_no_error(runs: Path) -> None:
    assert {"kept": "as it was"} == metadata(runs, "api")
    assert BindingLevel.NAME is binding(runs, "api").level


# From each log to words of the reason that it must state.
NOT_IDENTIFIED = {
    "broken": "more.safetensors: found a header of",
    "adapter": "an adapter was loaded on it, so two sets of files ran",
}


@pytest.mark.parametrize("name", NOT_IDENTIFIED)
def test_files_that_cannot_be_identified_do_not_stop_the_run_and_are_said(
    name: str, runs: Path
) -> None:
    found = metadata(runs, name)

    assert NOT_IDENTIFIED[name] in str(found[ERROR_FIELD])
    assert DIGEST_FIELD not in found
    assert BindingLevel.NAME is binding(runs, name).level


def test_a_model_in_memory_is_what_its_files_were_when_it_was_loaded(runs: Path) -> None:
    assert identify(runs / "changed").root_digest != identify(runs / "model").root_digest
    assert identify(runs / "model").root_digest == binding(runs, "after").root_digest


def test_a_task_that_states_its_weights_itself_does_so_from_the_start(runs: Path) -> None:
    assert DIGEST_FIELD in metadata(runs, "by_itself", "start")
    assert DIGEST_FIELD not in metadata(runs, "relative", "start")
