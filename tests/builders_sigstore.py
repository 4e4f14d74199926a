# SPDX-License-Identifier: Apache-2.0
"""A private Sigstore on the loopback: an authority and a log that answer as the real ones do.

The authority gives a key of a few minutes an X.509 certificate with the identity of the token
that it was shown, and has it countersigned by a log of certificates. The log of signatures
holds each entry in a tree of its own.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
import rfc8785
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from tiergate.cli import clock

ISSUER = "https://accounts.example.org"
_OLD_ISSUER = ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
_TIMESTAMPS = ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
_LONG_AGO = "2020-01-01T00:00:00Z"
_SHA256 = ec.ECDSA(hashes.SHA256())


def token(name: str, *, minutes: int = 5, audience: str = "sigstore") -> str:
    """Return what an identity provider would give to somebody."""
    now = clock.now()
    claims = {
        "iss": ISSUER,
        "sub": name,
        "aud": audience,
        "iat": now - dt.timedelta(minutes=10),
        "exp": now + dt.timedelta(minutes=minutes),
    }
    return jwt.encode(claims, "a secret of the provider, thirty-two bytes", algorithm="HS256")


class PrivateSigstore:
    """Keys of an authority and of two logs, and what they say."""

    def __init__(self) -> None:
        """Make the keys, and the X.509 certificate of the authority."""
        self.authority, self.certificates, self.log = (
            ec.generate_private_key(ec.SECP256R1()) for _ in range(3)
        )
        self.url = ""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "private sigstore")])
        now = clock.now()
        self.root = (
            x509.CertificateBuilder(name, name, self.authority.public_key(), 1)
            .not_valid_before(now - dt.timedelta(days=1))
            .not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(is_authority=True), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self.authority.public_key()),
                critical=False,
            )
            .sign(self.authority, hashes.SHA256())
        )

    def trusted_root(self) -> dict[str, object]:
        """Return what a verifier needs to know of it."""
        chain = [{"rawBytes": _text(self.root.public_bytes(Encoding.DER))}]
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [_log(self.log, self.url)],
            "certificateAuthorities": [
                {
                    "subject": {"organization": "test", "commonName": "private sigstore"},
                    "uri": self.url,
                    "certChain": {"certificates": chain},
                    "validFor": {"start": _LONG_AGO},
                }
            ],
            "ctlogs": [_log(self.certificates, self.url)],
            "timestampAuthorities": [],
        }

    def services(self) -> dict[str, object]:
        """Return what a signer needs to know of it."""
        service = {
            "url": self.url,
            "majorApiVersion": 1,
            "validFor": {"start": _LONG_AGO},
            "operator": "test",
        }
        return {
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": self.trusted_root(),
            "signingConfig": {
                "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
                "caUrls": [service],
                "oidcUrls": [],
                "rekorTlogUrls": [service],
                "tsaUrls": [],
                "rekorTlogConfig": {"selector": "ANY"},
                "tsaConfig": {"selector": "ANY"},
            },
        }

    def issued(self, request: Any, identity: str) -> dict[str, object]:  # noqa: ANN401 - JSON
        """Give the key of a request an X.509 certificate for an identity."""
        csr = x509.load_pem_x509_csr(base64.b64decode(request["certificateSigningRequest"]))
        now, authority = clock.now(), self.authority.public_key()
        builder = (
            x509.CertificateBuilder(
                self.root.subject, x509.Name([]), csr.public_key(), x509.random_serial_number()
            )
            .not_valid_before(now - dt.timedelta(minutes=1))
            .not_valid_after(now + dt.timedelta(minutes=10))
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(is_authority=False), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority), critical=False
            )
            .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(identity)]), critical=True)
            .add_extension(x509.UnrecognizedExtension(_OLD_ISSUER, ISSUER.encode()), critical=False)
        )
        before = builder.sign(self.authority, hashes.SHA256())
        stamps = x509.UnrecognizedExtension(_TIMESTAMPS, self._stamps(before, now))
        made = builder.add_extension(stamps, critical=False).sign(self.authority, hashes.SHA256())
        chain = [one.public_bytes(Encoding.PEM).decode() for one in (made, self.root)]
        return {"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}}

    def _stamps(self, before: x509.Certificate, now: dt.datetime) -> bytes:
        """Have the log of certificates countersign one (RFC 6962, section 3.2)."""
        moment = struct.pack("!Q", int(now.timestamp() * 1000))
        content = before.tbs_certificate_bytes
        entry = _key_id(self.authority) + len(content).to_bytes(3, "big") + content
        data = b"\0\0" + moment + b"\0\x01" + entry + b"\0\0"
        signature = self.certificates.sign(data, _SHA256)
        stamp = b"\0" + _key_id(self.certificates) + moment + b"\0\0" + b"\x04\x03"
        stamp += len(signature).to_bytes(2, "big") + signature
        listed = (len(stamp) + 2).to_bytes(2, "big") + len(stamp).to_bytes(2, "big") + stamp
        # An octet string in DER: its length takes one byte, as it is below 128.
        return b"\x04" + len(listed).to_bytes(1, "big") + listed

    def logged(self, request: Any) -> dict[str, object]:  # noqa: ANN401 - JSON
        """Enter a signature into the log, the only one of a tree."""
        content = request["spec"]["proposedContent"]
        envelope = json.loads(content["envelope"])
        body = rfc8785.dumps(
            {
                "apiVersion": "0.0.1",
                "kind": "dsse",
                "spec": {
                    "envelopeHash": _hash(content["envelope"].encode()),
                    "payloadHash": _hash(base64.b64decode(envelope["payload"])),
                    "signatures": [
                        {
                            "signature": envelope["signatures"][0]["sig"],
                            "verifier": content["verifiers"][0],
                        }
                    ],
                },
            }
        )
        root, key_id = hashlib.sha256(b"\0" + body).digest(), _key_id(self.log)
        text = f"private log - 1\n1\n{_text(root)}\n"
        note = _text(key_id[:4] + self.log.sign(text.encode(), _SHA256))
        moment = int(clock.now().timestamp())
        promised: dict[str, Any] = {
            "body": _text(body),
            "integratedTime": moment,
            "logID": key_id.hex(),
            "logIndex": 0,
        }
        promise = self.log.sign(rfc8785.dumps(promised), _SHA256)
        proof = {
            "logIndex": 0,
            "treeSize": 1,
            "rootHash": root.hex(),
            "hashes": [],
            "checkpoint": f"{text}\n— private-log {note}\n",
        }
        verification = {"signedEntryTimestamp": _text(promise), "inclusionProof": proof}
        return {"0": {**promised, "verification": verification}}


@contextmanager
def running(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Run one; yield the files that a signer and a verifier need."""
    sigstore = PrivateSigstore()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Answer both services."""
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path.endswith("/signingCert"):
                raw = self.headers["Authorization"].removeprefix("Bearer ")
                claims = jwt.decode(raw, options={"verify_signature": False})
                answer = sigstore.issued(request, claims["sub"])
            else:
                answer = sigstore.logged(request)
            data = json.dumps(answer).encode()
            self.send_response(201)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sigstore.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    services, root = folder / "services.json", folder / "trusted_root.json"
    services.write_text(json.dumps(sigstore.services()))
    root.write_text(json.dumps(sigstore.trusted_root()))
    try:
        yield services, root
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _log(key: ec.EllipticCurvePrivateKey, url: str) -> dict[str, object]:
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return {
        "baseUrl": url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": _text(der),
            "keyDetails": "PKIX_ECDSA_P256_SHA_256",
            "validFor": {"start": _LONG_AGO},
        },
        "logId": {"keyId": _text(_key_id(key))},
    }


def _key_id(key: ec.EllipticCurvePrivateKey) -> bytes:
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).digest()


def _hash(data: bytes) -> dict[str, str]:
    return {"algorithm": "sha256", "value": hashlib.sha256(data).hexdigest()}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )
