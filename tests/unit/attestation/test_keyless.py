# SPDX-License-Identifier: Apache-2.0
"""Signatures of identities: what stands between the bundle and ``sigstore``.

What holds and what does not is tried on a published signature in
``tests/cli/test_model_signature.py``.
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest
import sigstore

from builders_attestation import FROM, UNTIL, envelope, trust, trusted
from builders_signature import read_vector, vector
from tiergate.attestation.bundle import read_bundle
from tiergate.attestation.keyless import (
    problem_of_identity,
    sign_with_identity,
    with_identities,
)
from tiergate.attestation.trust import Identity, Role, TrustedIdentity
from tiergate.errors import ExtensionError, InputError

ROOT = next(Path(sigstore.__file__).parent.glob("_store/*sigstore.dev/trusted_root.json"))
SOMEBODY = Identity(name="stefanb@us.ibm.com", issuer="https://sigstore.verify.ibm.com/oauth2")
ENVELOPE = read_vector("sigstore").envelope


def test_the_published_signature_is_of_the_identity_that_made_it() -> None:
    assert problem_of_identity(vector("sigstore"), ENVELOPE, SOMEBODY, ROOT) == ""


def test_what_we_read_must_be_what_sigstore_verified() -> None:
    other = dataclasses.replace(ENVELOPE, payload=b"{}")

    problem = problem_of_identity(vector("sigstore"), other, SOMEBODY, ROOT)

    assert problem == "two readers of the file see different payloads"


def test_another_identity_is_named_with_what_sigstore_says() -> None:
    other = Identity(name="other@example.org", issuer=SOMEBODY.issuer)

    problem = problem_of_identity(vector("sigstore"), ENVELOPE, other, ROOT)

    assert problem.startswith("it was not signed by other@example.org, vouched for by https://")


def test_a_trusted_root_that_is_not_there_is_wrong_input() -> None:
    with pytest.raises(InputError, match=r"trusted_root\.json"):
        problem_of_identity(vector("sigstore"), ENVELOPE, SOMEBODY, Path("/no/such/file"))


def test_the_extra_is_named_when_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sigstore.verify", None)

    with pytest.raises(ExtensionError, match=r"tiergate\[sigstore\]"):
        problem_of_identity(vector("sigstore"), ENVELOPE, SOMEBODY, ROOT)


@pytest.mark.parametrize("module", ["sigstore.sign", "sigstore.dsse"])
def test_the_extra_is_named_when_it_is_missing_to_sign(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(ExtensionError, match=r"tiergate\[sigstore\]"):
        sign_with_identity(b"{}", "token", Path("services.json"))


def test_an_envelope_of_keys_changes_nothing_about_who_is_believed() -> None:
    believed = trust(trusted("ada", Role.RELEASE_OWNER))

    assert with_identities(believed, envelope("ada"), None) == (believed, "")


def test_the_key_of_a_trusted_identity_is_believed_for_this_envelope_alone() -> None:
    read = read_bundle(vector("sigstore"), "a.json", identities=True)
    somebody = TrustedIdentity(
        identity=SOMEBODY,
        person="Ada",
        organisation="Lab",
        roles=frozenset({Role.AUDITOR}),
        valid_from=FROM,
        valid_until=UNTIL,
    )
    believed = dataclasses.replace(trust(), identities=(somebody,))

    wider, problem = with_identities(believed, read, ROOT)

    assert (problem, believed.keys) == ("", ())
    (known,) = wider.keys
    assert known.person == "Ada"
    assert known.key.verifies(read.signatures[0].value, read.signed_bytes)
