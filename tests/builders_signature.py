# SPDX-License-Identifier: Apache-2.0
"""Models, keys, certificates and published vectors for tests of model signatures."""

from __future__ import annotations

import base64
import datetime as dt
import functools
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tiergate.attestation.bundle import MEDIA_TYPE
from tiergate.attestation.certificates import key_of
from tiergate.attestation.envelope import sign
from tiergate.attestation.keys import Algorithm, PrivateKey, PublicKey, generate
from tiergate.attestation.statement import PAYLOAD_TYPE
from tiergate.model.signature_bundle import ModelSignature, read_model_signature

VECTORS = Path(__file__).parent / "vectors" / "oms"
NOW = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
"""A time at which the certificates of the vectors are valid."""
DAY = dt.timedelta(days=1)

SIMPLE = {"signme-1": b"signme-1\n", "signme-2": b"signme-2", "ignore-me": b""}
"""The model of most vectors."""
MULTI = {
    "config.json": b'{"model": "test", "version": "1.0"}',
    "weights.bin": b"\xab" * 1024,
    "subdir/adapter.bin": b"\xcd" * 512,
}
"""The model of the vector with several files."""


def write_model(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files into a folder and return it."""
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def vector(name: str) -> bytes:
    """Return a published signature."""
    return (VECTORS / f"{name}.bundle.json").read_bytes()


def read_vector(name: str) -> ModelSignature:
    """Return a published signature, read."""
    return read_model_signature(vector(name), name)


def vector_key() -> PublicKey:
    """Return the key that made the vectors: it stands in the certificate of one of them."""
    return key_of(read_vector("certificate").chain[0], "vector")


@functools.cache
def key(name: str) -> PrivateKey:
    """Return the key of that name, the same one whenever it is asked for."""
    curve = name.rpartition("-")[2]
    return generate(
        {"p384": Algorithm.ECDSA_P384, "p521": Algorithm.ECDSA_P521}.get(
            curve, Algorithm.ECDSA_P256
        )
    )


def changed(data: bytes, change: Callable[[Any], object]) -> bytes:
    """Return a signature whose file somebody changed; what is signed stays."""
    document = json.loads(data)
    change(document)
    return json.dumps(document).encode()


def with_payload(data: bytes, change: Callable[[Any], object], signer: PrivateKey) -> bytes:
    """Return a signature whose statement is changed, and signed anew with a bare key."""
    document = json.loads(data)
    statement = json.loads(base64.b64decode(document["dsseEnvelope"]["payload"]))
    change(statement)
    return signed(json.dumps(statement).encode(), signer)


def signed(payload: bytes, signer: PrivateKey, kind: str = PAYLOAD_TYPE) -> bytes:
    """Return a signature with a bare key over any bytes."""
    value = sign(payload, kind, signer).signatures[0].value
    document = {
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": {"publicKey": {"hint": ""}},
        "dsseEnvelope": {
            "payload": base64.b64encode(payload).decode(),
            "payloadType": kind,
            "signatures": [{"sig": base64.b64encode(value).decode()}],
        },
    }
    return json.dumps(document).encode()


def certificate(
    name: str,
    issuer: str = "",
    *,
    is_authority: bool = False,
    usage: Sequence[x509.ObjectIdentifier] | None = (ExtendedKeyUsageOID.CODE_SIGNING,),
    digital_signature: bool | None = True,
    public_key: Any = None,  # noqa: ANN401 - a key of any kind
    valid: tuple[dt.datetime, dt.datetime] = (NOW - 30 * DAY, NOW + 30 * DAY),
) -> x509.Certificate:
    """Return a certificate for the key of that name, of an issuer or self-signed."""
    by, public = issuer or name, public_key or key(name).public.handle
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name(by))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(key(by).public.handle),
            critical=False,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )
    if digital_signature is not None or is_authority:
        builder = builder.add_extension(
            _key_usage(signs=bool(digital_signature), is_authority=is_authority), critical=True
        )
    if usage is not None and not is_authority:
        builder = builder.add_extension(x509.ExtendedKeyUsage(usage), critical=False)
    private = key(by).handle
    return builder.sign(private, hashes.SHA256())


def pem_file(path: Path, *certificates: x509.Certificate) -> Path:
    """Write certificates and return the path."""
    path.write_bytes(b"".join(one.public_bytes(Encoding.PEM) for one in certificates))
    return path


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _key_usage(*, signs: bool, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )
