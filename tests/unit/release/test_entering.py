# SPDX-License-Identifier: Apache-2.0
"""From a record to what the ledger keeps: who approves, how long it waits, who evaluated."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from builders_attestation import key
from record_fixtures import Scene, a_scene, day, trust_file, trusted
from tiergate.attestation.bundle import read_bundle, write_bundle
from tiergate.attestation.envelope import also_signed
from tiergate.attestation.trust import Role
from tiergate.cli.record_files import record_at
from tiergate.decision.policy_document import load_policy
from tiergate.decision.tier import Tier
from tiergate.errors import DigestMismatchError, InputError, VerificationError
from tiergate.release.bodies import Decided
from tiergate.release.entering import _role, decided_by, payload_digest, refuse_other
from tiergate.release.trust_file import load_trust

NOW = dt.datetime.fromisoformat(day(3))


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a scene; tests change copies of it."""
    folder = tmp_path_factory.mktemp("scene")
    a_scene(folder)
    return folder


@pytest.fixture
def scene(made_once: Path, tmp_path: Path) -> Scene:
    """Return a scene of the test's own, with a record that Ada signed."""
    shutil.copytree(made_once, tmp_path / "own")
    return Scene(tmp_path / "own")


def _decided(scene: Scene, *evaluators: str) -> Decided:
    trust, policy = load_trust(scene.trust), load_policy(str(scene.policy))
    record = record_at(scene.record)
    return decided_by(record, policy, trust, evaluators=evaluators, at=NOW)


def _with_policy(scene: Scene, old: str, new: str) -> None:
    """Decide and sign under a changed policy."""
    text = scene.policy.read_text()
    assert old in text
    scene.policy.write_text(text.replace(old, new))
    scene.record.unlink()
    scene.decide("--tier", "T1")
    scene.signed()


def test_the_policy_says_who_approves_and_how_long_a_tier_waits(scene: Scene) -> None:
    found = _decided(scene, "Eve")

    first, last = found.terms_of(Tier.T1), found.terms_of(Tier.T5)
    assert first is not None
    assert last is not None
    assert (first.roles, first.hold_days, first.hold_business_days) == ((Role.SAFETY_LEAD,), 30, 0)
    assert (last.roles, last.hold_days) == ((Role.SAFETY_LEAD, Role.LEGAL), 0)
    assert found.terms_of(Tier.T0) is None
    assert (found.supported, found.evaluators) == (Tier.T5, ("Eve",))


def test_whoever_signed_as_evaluator_is_one_of_those_who_evaluated(scene: Scene) -> None:
    trust_file(scene.trust, trusted("ada"), trusted("eve", "evaluator"))
    before = payload_digest(record_at(scene.record))
    envelope = read_bundle(scene.record.read_bytes(), "record")
    scene.record.write_bytes(write_bundle(also_signed(envelope, key("eve"))))

    assert _decided(scene).evaluators == ("eve",)
    assert payload_digest(record_at(scene.record)) == before


def test_business_days_are_kept_apart(scene: Scene) -> None:
    _with_policy(
        scene,
        "{text: a month, days: {value: 30, unit: days,",
        "{text: some, days: {value: 5, unit: business days,",
    )

    terms = _decided(scene).terms_of(Tier.T1)
    assert terms is not None
    assert (terms.hold_days, terms.hold_business_days) == (0, 5)


def test_a_body_of_oversight_is_oversight(scene: Scene) -> None:
    _with_policy(scene, "roles: [safety lead, legal]", "roles: [safety lead, oversight body]")

    terms = _decided(scene).terms_of(Tier.T5)
    assert terms is not None
    assert terms.roles == (Role.SAFETY_LEAD, Role.OVERSIGHT)


def test_a_role_that_nobody_can_have_is_refused(scene: Scene) -> None:
    _with_policy(scene, "roles: [safety lead, legal]", "roles: [safety lead, owner]")

    with pytest.raises(InputError, match="'owner'"):
        _decided(scene)


def test_a_record_that_does_not_hold_is_refused(scene: Scene) -> None:
    trust_file(scene.trust, trusted("eve"))

    with pytest.raises(VerificationError, match="nobody who counts signed"):
        _decided(scene)


def test_another_policy_is_refused(scene: Scene) -> None:
    scene.policy.write_text(scene.policy.read_text() + "\n")

    with pytest.raises(DigestMismatchError):
        _decided(scene)


def test_what_is_approved_is_what_the_record_says(scene: Scene) -> None:
    record, entered = record_at(scene.record), _decided(scene)

    refuse_other(entered, record, entered)
    higher = entered.model_copy(update={"supported": Tier.T6})
    with pytest.raises(VerificationError, match=r"decided\.supported"):
        refuse_other(higher, record, entered)
    other = entered.model_copy(update={"decision": f"sha256:{'0' * 64}"})
    with pytest.raises(VerificationError, match="newest decision"):
        refuse_other(other, record, entered)


def test_a_wait_in_days_of_another_kind_is_refused(scene: Scene) -> None:
    _with_policy(scene, "value: 30, unit: days", "value: 30, unit: working days")

    with pytest.raises(InputError, match="'working days'"):
        _decided(scene)


def test_every_role_of_the_shipped_policy_can_be_given_by_a_trust_file() -> None:
    names = {name for tier in load_policy("default").tiers for name in tier.approval_roles}

    assert {"oversight body", "data steward"} < names
    assert {_role(name) for name in names} <= set(Role)
