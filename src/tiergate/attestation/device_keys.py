# SPDX-License-Identifier: Apache-2.0
"""Keys that stay where they are: on a PKCS#11 token, or with a cloud's key service.

Known by a URI, and reached through the signers of ``securesystemslib`` (extra
``tiergate[hsm]``; the key services need its own extras besides)::

    pkcs11:token=release;id=%02?module-path=/usr/lib/softhsm/libsofthsm2.so   (RFC 7512)
    awskms:alias/release
    gcpkms:projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/1
    azurekms://VAULT.vault.azure.net/keys/NAME

What a device signs is verified with the public key that it gave, before anybody gets it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, unquote_to_bytes, urlsplit

from tiergate.attestation.keys import RECORD_ALGORITHMS, Algorithm, PublicKey, read_public
from tiergate.errors import ExtensionError, InputError

if TYPE_CHECKING:
    from securesystemslib.signer import Signer as TheirSigner
    from securesystemslib.signer import SSlibKey

SCHEMES = ("pkcs11", "awskms", "gcpkms", "azurekms")
"""How a URI of a key begins."""
MODULE_VARIABLE = "PYKCS11LIB"
"""Where the library of the token is, when the URI does not say it."""

AskPin = Callable[[str], str]
"""Asks for the secret that its argument names, and returns it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceKey:
    """A key that signs and cannot be read."""

    public: PublicKey
    """The key that verifies."""
    uri: str
    """Where the key is."""
    handle: TheirSigner = field(repr=False, compare=False)
    """What reaches it."""

    def sign(self, data: bytes) -> bytes:
        """Return a signature over ``data``.

        Raises:
            ExtensionError: the device gives none, or one that does not hold.
        """
        try:
            value = bytes.fromhex(self.handle.sign(data).signature)
        except Exception as error:
            raise _unreachable(self.uri, error) from error
        if not self.public.verifies(value, data):
            found = "a signature that the public key of the device does not verify"
            raise ExtensionError(self.uri, found, "one that holds")
        return value


def is_key_uri(text: str) -> bool:
    """Tell whether a key is named by a URI rather than by a path.

    >>> is_key_uri("pkcs11:token=release;id=%02"), is_key_uri("ada.key")
    (True, False)
    """
    scheme, colon, _ = text.partition(":")
    return bool(colon) and scheme in SCHEMES


def open_device_key(
    uri: str, ask_pin: AskPin, accepted: tuple[Algorithm, ...] = RECORD_ALGORITHMS
) -> DeviceKey:
    """Reach the key of a URI, and get its public half.

    Args:
        uri: where it is; ``is_key_uri`` holds.
        ask_pin: asked when the device wants a PIN.
        accepted: what it may sign with.

    Raises:
        InputError: the URI names no key, or one of another kind.
        ExtensionError: an extra is missing, or the device cannot be reached.
    """
    parts = _parts_of(uri)
    try:
        from securesystemslib.exceptions import UnsupportedLibraryError
        from securesystemslib.signer import Signer
    except ImportError:
        raise _missing_extra(uri, "no securesystemslib") from None
    try:
        theirs, public = _imported(uri, parts, ask_pin)
        handle = Signer.from_priv_key_uri(theirs, public, ask_pin)
    except UnsupportedLibraryError as error:
        raise _missing_extra(uri, str(error)) from None
    except Exception as error:
        raise _unreachable(uri, error) from error
    pem = str(public.keyval["public"]).encode()
    return DeviceKey(public=read_public(pem, uri, accepted), uri=uri, handle=handle)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What a URI names."""

    scheme: str
    container: str | None
    """Label of the token, or host name of the vault; None when any will do."""
    name: str
    """Name of the key; for a token its number."""


def _imported(uri: str, parts: _Parts, ask_pin: AskPin) -> tuple[str, SSlibKey]:
    """Get the public key, and the URI by which ``securesystemslib`` knows the private one."""
    from securesystemslib.signer import AWSSigner, AzureSigner, GCPSigner, HSMSigner

    match parts.scheme:
        case "pkcs11":
            return HSMSigner.import_(int(parts.name), parts.container, ask_pin)
        case "awskms":
            return AWSSigner.import_(parts.name)
        case "gcpkms":
            return GCPSigner.import_(parts.name)
        case _:
            return AzureSigner.import_(parts.container or uri, parts.name)


def _parts_of(uri: str) -> _Parts:
    scheme, _, rest = uri.partition(":")
    if scheme == "pkcs11":
        return _token(uri, rest)
    if scheme == "azurekms":
        split = urlsplit(f"https:{rest}")
        vault, dot, _ = (split.hostname or "").partition(".")
        steps = split.path.strip("/").split("/")
        if not dot or len(steps) != 2 or steps[0] != "keys":
            expected = "azurekms://VAULT.vault.azure.net/keys/NAME"
            raise InputError("key", f"{uri!r}", expected)
        return _Parts(scheme=scheme, container=vault, name=steps[1])
    if not rest:
        raise InputError("key", f"{uri!r}", f"{scheme}: and the name of a key")
    return _Parts(scheme=scheme, container=None, name=rest)


def _token(uri: str, rest: str) -> _Parts:
    """Read a PKCS#11 URI: token and id of the key, and where the library is (RFC 7512)."""
    path, _, query = rest.partition("?")
    attributes = dict(row.partition("=")[::2] for row in path.split(";") if row)
    options = dict(parse_qsl(query, keep_blank_values=True))
    if "pin-value" in options:
        remedy = "Take it out, and set TIERGATE_KEY_PIN or type it."
        raise InputError("key", "a PIN in the URI, where others can read it", "none", remedy)
    unknown = sorted((attributes.keys() - {"token", "id", "type"}) | (options.keys() - _OPTIONS))
    if unknown:
        expected = "token and id, and module-path after a question mark"
        raise InputError("key", f"{unknown[0]!r} in {uri!r}", expected)
    number = unquote_to_bytes(attributes.get("id", ""))
    if not number or number[0] == 0:
        expected = "id=%02 or the like: the bytes of the key's id, the first of them not zero"
        raise InputError("key", f"{uri!r}", expected)
    module = options.get("module-path") or os.environ.get(MODULE_VARIABLE)
    if not module or not os.path.isfile(module):  # noqa: PTH113 - a path as it stands
        remedy = f"Give ?module-path=/PATH/TO/LIBRARY.so in the URI, or set {MODULE_VARIABLE}."
        raise InputError("key", f"no library of a token at {module!r}", "a library", remedy)
    # Where securesystemslib looks for it; there is no other way to tell it.
    os.environ[MODULE_VARIABLE] = module
    label = attributes.get("token")
    return _Parts(
        scheme="pkcs11",
        container=None if label is None else unquote(label),
        name=str(int.from_bytes(number, "big")),
    )


_OPTIONS = {"module-path"}


def _missing_extra(uri: str, found: str) -> ExtensionError:
    remedy = "Install it: pip install 'tiergate[hsm]' (for key services see docs/how-to)."
    return ExtensionError(uri, found, "the library that reaches the key", remedy)


def _unreachable(uri: str, error: Exception) -> ExtensionError:
    words = str(error) or type(error).__name__
    remedy = "Check the URI, the PIN and that the device or the service can be reached."
    return ExtensionError(uri, f"no key that can be used ({words})", "a key", remedy)
