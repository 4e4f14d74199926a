# SPDX-License-Identifier: Apache-2.0
"""Signatures of an identity in place of a key, by way of Sigstore (extra ``tiergate[sigstore]``).

An identity provider said who somebody is, a certificate authority gave a key of theirs a
certificate for some minutes, and a public log shows that the key signed within them. All of
that is in the bundle; ``sigstore`` verifies it against a trusted root that the verifier gives
as a file. Nothing is fetched to verify; to sign, the authority and the log have to be reached.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from tiergate.attestation.envelope import Envelope
from tiergate.attestation.keys import public_key
from tiergate.attestation.trust import Identity, Trust
from tiergate.errors import ExtensionError, InputError


def problem_of_identity(
    bundle: bytes, envelope: Envelope, identity: Identity, trusted_root: Path
) -> str:
    """Say why a bundle was not signed by an identity; empty when it was.

    Args:
        bundle: the file as it stands.
        envelope: what was read from it; both readers must have seen the same.
        identity: who is to have signed.
        trusted_root: authorities and logs that the verifier believes, in Sigstore's format.

    Raises:
        InputError: there is no such trusted root.
        ExtensionError: the extra is missing.
    """
    try:
        from sigstore.errors import Error
        from sigstore.models import Bundle, TrustedRoot
        from sigstore.verify import Verifier
        from sigstore.verify.policy import Identity as Policy
    except ImportError:
        raise _missing_extra() from None
    try:
        verifier = Verifier(trusted_root=TrustedRoot.from_file(str(trusted_root)))
    except (OSError, ValueError, Error) as error:
        expected = "a trusted root in Sigstore's format (trusted_root.json)"
        found = f"no usable file ({type(error).__name__})"
        raise InputError(str(trusted_root), found, expected) from None
    try:
        policy = Policy(identity=identity.name, issuer=identity.issuer)
        seen = verifier.verify_dsse(Bundle.from_json(bundle), policy)
    except Exception as error:  # noqa: BLE001 - whatever keeps it from verifying
        return f"it was not signed by {identity.words} ({str(error) or type(error).__name__})"
    if seen != (envelope.payload_type, envelope.payload):
        return "two readers of the file see different payloads"
    return ""


def with_identities(
    trust: Trust, envelope: Envelope, trusted_root: Path | None
) -> tuple[Trust, str]:
    """Add the key of an identity's signature to what is believed, if one that is trusted made it.

    What then is asked of a key is asked of this one: that it signed these bytes, and that its
    dates, its person and its roles suffice.

    Args:
        trust: whom the verifier believes.
        envelope: read with identities; one of keys changes nothing.
        trusted_root: authorities and logs that the verifier believes; None when none is given.

    Returns:
        What is believed for this envelope alone, and why nothing was added; empty when
        something was, or when keys signed it.

    Raises:
        InputError: there is no such trusted root.
        ExtensionError: the extra is missing.
    """
    bundle = envelope.identity_bundle
    if bundle is None:
        return trust, ""
    if trusted_root is None:
        return trust, "an identity signed it, and no trusted root was given to verify that"
    problems = []
    for known in trust.identities:
        problem = problem_of_identity(bundle, envelope, known.identity, trusted_root)
        if not problem:
            from sigstore.models import Bundle

            certificate = Bundle.from_json(bundle).signing_certificate
            key = public_key(certificate.public_key(), known.identity.name)
            keys = (*trust.keys, known.with_key(key))
            return dataclasses.replace(trust, keys=keys), ""
        problems.append(problem)
    return trust, "; ".join(problems) or "an identity signed it, and the trust file names none"


def sign_with_identity(payload: bytes, token: str, services: Path) -> bytes:
    """Sign an in-toto statement as whoever an identity token is of; return the bundle.

    Args:
        payload: the statement.
        token: what the identity provider gave, a few minutes old at most.
        services: authority and log to use, as Sigstore's client trust configuration.

    Raises:
        InputError: the configuration or the token cannot be used.
        ExtensionError: the extra is missing, or a service does not do what is asked.
    """
    try:
        from sigstore.dsse import Statement
        from sigstore.models import ClientTrustConfig
        from sigstore.oidc import IdentityError, IdentityToken
        from sigstore.sign import SigningContext
    except ImportError:
        raise _missing_extra() from None
    try:
        configuration = ClientTrustConfig.from_json(services.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        found = f"no usable file ({type(error).__name__})"
        expected = "a client trust configuration in Sigstore's format"
        raise InputError(str(services), found, expected) from None
    try:
        context = SigningContext.from_trust_config(configuration)
        # The check of a statement is left out: it knows no digests but those of files, and
        # a record has the digests of the whole checkpoint too. What is signed are the bytes.
        statement = Statement.__new__(Statement)
        statement._contents = payload  # noqa: SLF001
        with context.signer(IdentityToken(token)) as signer:
            return signer.sign_dsse(statement).to_json().encode()
    except IdentityError as error:
        raise InputError("identity token", f"none that counts ({error})", "a new one") from None
    except Exception as error:
        found = f"no signature ({str(error) or type(error).__name__})"
        remedy = "Check that the services of the configuration can be reached."
        raise ExtensionError("sigstore", found, "a signature", remedy) from error


def _missing_extra() -> ExtensionError:
    remedy = "Install it: pip install 'tiergate[sigstore]'"
    return ExtensionError("sigstore", "no such package", "Sigstore", remedy)
