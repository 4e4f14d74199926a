# SPDX-License-Identifier: Apache-2.0
"""Keys on devices: a token in software, and what is refused before any device is asked.

The key services of the clouds are not asked: there is nothing here that answers like them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from securesystemslib.signer import AWSSigner, AzureSigner, CryptoSigner, GCPSigner, SSlibKey

from builders_token import MODULE, PIN, import_key, needs_token, new_token
from tiergate.attestation.device_keys import (
    MODULE_VARIABLE,
    DeviceKey,
    is_key_uri,
    open_device_key,
)
from tiergate.attestation.keys import (
    MODEL_ALGORITHMS,
    Algorithm,
    generate,
    read_public,
)
from tiergate.errors import ExtensionError, InputError

DATA = b"what is signed"
KEYS = {1: Algorithm.ECDSA_P256, 2: Algorithm.ECDSA_P384}


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, str]]:
    """Make a token with a key of each kind; return their public keys by number."""
    folder = tmp_path_factory.mktemp("token")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(new_token(folder)))
        patch.delenv(MODULE_VARIABLE, raising=False)
        publics = {}
        for number, algorithm in KEYS.items():
            made = generate(algorithm)
            import_key(folder, number, made)
            publics[number] = made.public.pem
        yield publics


def _uri(number: int, label: str = "release") -> str:
    return f"pkcs11:token={label};id=%{number:02}?module-path={MODULE}"


def _pin(secret: str) -> str:
    assert secret == "pin"  # noqa: S105 - what is asked for, not what it is
    return PIN


@needs_token
@pytest.mark.parametrize("number", KEYS)
def test_a_key_on_a_token_signs_and_its_public_half_verifies(
    number: int, token: dict[int, str]
) -> None:
    made = open_device_key(_uri(number), _pin, MODEL_ALGORITHMS)

    assert made.public.pem == token[number]
    assert made.public.verifies(made.sign(DATA), DATA)
    assert made.public.algorithm is KEYS[number]


@needs_token
def test_a_key_on_a_token_that_signs_no_records_is_refused_for_them(
    token: dict[int, str],
) -> None:
    with pytest.raises(InputError, match="a key on secp384r1"):
        open_device_key(_uri(2), _pin)


@needs_token
def test_the_library_may_be_named_by_the_environment(
    token: dict[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MODULE_VARIABLE, str(MODULE))

    made = open_device_key("pkcs11:token=release;id=%01", _pin)

    assert made.public.pem == token[1]


@needs_token
def test_a_token_or_a_key_that_is_not_there_is_named(token: dict[int, str]) -> None:
    with pytest.raises(ExtensionError, match="No PKCS#11 token found for label other"):
        open_device_key(_uri(1, "other"), _pin)
    with pytest.raises(ExtensionError, match="could not find ECDSA key"):
        open_device_key(_uri(9), _pin)


@needs_token
def test_a_wrong_pin_signs_nothing(token: dict[int, str]) -> None:
    made = open_device_key(_uri(1), lambda _: "9999")

    with pytest.raises(ExtensionError, match=r"no key that can be used \(PinIncorrect\)"):
        made.sign(DATA)


def _in_memory(claimed: Algorithm | None = None) -> DeviceKey:
    """Return a key that securesystemslib holds, with a public half of its own or another's."""
    theirs = CryptoSigner.generate_ecdsa()
    public = read_public(str(theirs.public_key.keyval["public"]).encode(), "theirs")
    if claimed is not None:
        public = generate(claimed).public
    return DeviceKey(public=public, uri="file:memory", handle=theirs)


def test_what_another_signer_made_is_verified_before_anybody_gets_it() -> None:
    good, bad = _in_memory(), _in_memory(Algorithm.ECDSA_P256)

    assert good.public.verifies(good.sign(DATA), DATA)
    with pytest.raises(ExtensionError, match="does not verify"):
        bad.sign(DATA)


def test_a_key_that_is_opened_signs_with_what_the_service_gave(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = generate(Algorithm.ECDSA_P256)
    path = tmp_path / "key.pem"
    path.write_bytes(made.to_pem(None))
    public = SSlibKey.from_crypto(made.public.handle)
    asked: list[tuple[str, ...]] = []

    def import_(*name: str) -> tuple[str, SSlibKey]:
        asked.append(name)
        return f"file2:{path}", public

    for service in (AWSSigner, GCPSigner, AzureSigner):
        monkeypatch.setattr(service, "import_", import_)
    monkeypatch.setenv("CRYPTO_SIGNER_PATH_PREFIX", "")

    for uri in (
        "awskms:alias/release",
        "gcpkms:projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1",
        "azurekms://vault.vault.azure.net/keys/release",
    ):
        opened = open_device_key(uri, _pin)
        assert made.public.verifies(opened.sign(DATA), DATA)
    assert asked == [
        ("alias/release",),
        ("projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1",),
        ("vault", "release"),
    ]


NO_URI = {
    "a token without the id of a key": ("pkcs11:token=release", "id=%02"),
    "an id of nothing": ("pkcs11:id=", "id=%02"),
    "an id that begins with zero": ("pkcs11:id=%00%01", "the first of them not zero"),
    "no library": ("pkcs11:id=%01?module-path=/no/such/library.so", "no library of a token"),
    "a PIN for all to read": ("pkcs11:id=%01?pin-value=1234", "where others can read it"),
    "an attribute that is not known": ("pkcs11:object=k;id=%01", "'object'"),
    "an option that is not known": ("pkcs11:id=%01?slot=1", "'slot'"),
    "a service without a key": ("awskms:", "the name of a key"),
    "a vault without a key": ("azurekms://vault.vault.azure.net", "/keys/NAME"),
    "a vault that is no host": ("azurekms:keys/name", "/keys/NAME"),
}


@pytest.mark.parametrize(("uri", "words"), NO_URI.values(), ids=NO_URI)
def test_a_uri_is_refused_that_names(uri: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(MODULE_VARIABLE, raising=False)

    with pytest.raises(InputError, match=words):
        open_device_key(uri, _pin)


@pytest.mark.parametrize("module", ["securesystemslib.signer", "securesystemslib.exceptions"])
def test_a_missing_extra_is_named(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(ExtensionError, match=r"pip install 'tiergate\[hsm\]'"):
        open_device_key("awskms:release", _pin)


def test_a_missing_library_of_a_service_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("securesystemslib.signer._gcp_signer.GCP_IMPORT_ERROR", "not there")

    with pytest.raises(ExtensionError, match=r"not there.*pip install"):
        open_device_key("gcpkms:release", _pin)


@pytest.mark.parametrize(
    "path", ["ada.key", "/keys/pkcs11", "keys/awskms:x", "pkcs12:x", "C:\\keys\\ada.key"]
)
def test_a_path_is_no_uri(path: str) -> None:
    assert not is_key_uri(path)
