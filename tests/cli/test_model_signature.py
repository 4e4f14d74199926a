# SPDX-License-Identifier: Apache-2.0
"""``tiergate model-signature``: signing, verifying, showing, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sigstore

from builders_signature import (
    DAY,
    MULTI,
    NOW,
    certificate,
    changed,
    key,
    pem_file,
    signed,
    vector,
    with_payload,
    write_model,
)
from cli_runner import Run, run
from tiergate.attestation.bundle import LARGEST_BYTES
from tiergate.model.checkpoint import identify

AT = NOW.isoformat()
FILES = {**MULTI, "model.safetensors": b"\x02" + b"\0" * 7 + b"{}"}


class Bench:
    """A model, keys and certificates in one folder."""

    def __init__(self, folder: Path) -> None:
        """Write them."""
        self.folder = folder
        self.model = write_model(folder / "model", FILES)
        self.signature = folder / "model.sig"

    def private(self, name: str = "ada") -> Path:
        """Write the private key of that name."""
        path = self.folder / f"{name}.key"
        path.write_bytes(key(name).to_pem(None))
        return path

    def public(self, name: str = "ada") -> Path:
        """Write the public key of that name."""
        path = self.folder / f"{name}.pub"
        path.write_text(key(name).public.pem)
        return path

    def sign(self, *options: object, name: str = "ada") -> Run:
        """Sign the model."""
        words = ("--key", self.private(name), "--output", self.signature, *options)
        return run("model-signature", "sign", self.model, *words)

    def verify(self, *options: object, name: str = "ada") -> Run:
        """Verify the model with the public key of that name, unless options say with what."""
        how = options or ("--key", self.public(name))
        words = ("--signature", self.signature, "--at", AT, *how)
        return run("model-signature", "verify", self.model, *words)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize("name", ["ada", "ada-p384", "ada-p521"])
def test_what_was_signed_is_verified_with_the_public_key(name: str, bench: Bench) -> None:
    assert bench.sign(name=name).code == 0

    done = bench.verify(name=name)

    assert done.code == 0, done.err
    assert f"a bare key: key {key(name).public.key_id}" in done.flat
    assert "The signature holds, and the files are those that were signed. Exit 0." in done.out


def test_both_digests_are_shown_and_which_one_to_rely_on(bench: Bench) -> None:
    made = bench.sign()

    root = identify(str(bench.model)).root_digest
    assert f"root digest {root} (with file names)" in made.flat
    assert "(without file names)" in made.flat
    assert "Rely on the root digest" in made.flat
    assert f"root digest {root}" in bench.verify().flat


def test_a_signature_within_the_model_leaves_itself_out(bench: Bench) -> None:
    bench.signature = bench.model / "model.sig"

    made = bench.sign()

    root = identify(str(bench.model)).root_digest
    assert f"root digest {root}" in made.flat
    done = bench.verify()
    assert done.code == 0
    assert "not covered model.sig" in done.flat


def test_a_certificate_vouches_for_the_key(bench: Bench) -> None:
    middle = certificate("middle", "root", is_authority=True)
    chain = pem_file(bench.folder / "chain.pem", certificate("ada", "middle"), middle)
    root = pem_file(bench.folder / "root.pem", certificate("root", is_authority=True))

    assert bench.sign("--certificate", chain).code == 0

    done = bench.verify("--root", root)
    assert done.code == 0, done.err
    assert "a certificate: CN=ada" in done.flat


def test_a_certificate_of_another_key_signs_nothing(bench: Bench) -> None:
    chain = pem_file(bench.folder / "chain.pem", certificate("bea", "root"))

    done = bench.sign("--certificate", chain)

    assert (done.code, bench.signature.exists()) == (4, False)
    assert "a certificate of another key" in done.err


def test_show_verifies_nothing_and_lists_every_file(bench: Bench) -> None:
    bench.sign()

    done = run("model-signature", "show", bench.signature)

    assert done.code == 0
    assert all(name in done.out for name in FILES)
    assert "Exit" not in done.out


def test_json_says_what_the_text_says(bench: Bench) -> None:
    made = bench.sign("--json").json
    verified = run(
        *("model-signature", "verify", bench.model, "--signature", bench.signature),
        *("--key", bench.public(), "--at", AT, "--json"),
    ).json
    shown = run("model-signature", "show", bench.signature, "--json").json

    assert made["format"] == "tiergate-model-signature/1"
    assert verified["holds"] is True
    assert verified["root_digest"] == made["root_digest"]
    assert verified["signer"] == f"key {key('ada').public.key_id}"
    assert sorted(FILES) == [one["name"] for one in shown["signed"]["files"]]
    assert (shown["holds"], shown["root_digest"], shown["now"]) == (None, None, None)


def test_a_published_signature_is_shown(bench: Bench) -> None:
    for name, words in (
        ("key", "a bare key: hint e8450dec"),
        ("v1.0.0-elliptic-key", "a bare key: without a hint"),
        ("certificate", "a certificate: CN=intermediate-ca"),
        ("sigstore", "an identity: no name"),
    ):
        bench.signature.write_bytes(vector(name))
        assert words in run("model-signature", "show", bench.signature).flat


def test_parts_are_shown_as_parts(bench: Bench) -> None:
    bench.signature.write_bytes(
        with_payload(
            vector("key-single-file"),
            lambda s: (
                s["predicate"]["serialization"].update(method="shards", shard_size=256.0),
                s["predicate"]["resources"][0].update(name="model.bin:0:256"),
            ),
            key("ada"),
        )
    )

    done = run("model-signature", "show", bench.signature)

    assert "1 parts of at most 256 bytes, sha256" in done.flat


def test_many_files_that_are_not_covered_are_counted(bench: Bench) -> None:
    bench.sign()
    write_model(bench.model, {f"more/{number}": b"" for number in range(12)})

    done = bench.verify("--key", bench.public(), "--unsafe-ignore-unsigned")

    assert done.code == 0
    assert "and 2 more" in done.flat


def _flip(bench: Bench) -> None:
    path = bench.model / "weights.bin"
    path.write_bytes(b"\xac" + path.read_bytes()[1:])


def _rename(bench: Bench) -> None:
    (bench.model / "config.json").rename(bench.model / "modeling_evil.py")


def _write(data: Callable[[bytes], bytes]) -> Callable[[Bench], None]:
    def write(bench: Bench) -> None:
        bench.signature.write_bytes(data(bench.signature.read_bytes()))

    return write


def _name(name: str) -> Callable[[Bench], None]:
    """Sign a statement in which a file has another name."""
    return _write(
        lambda data: with_payload(
            data, lambda s: s["predicate"]["resources"][0].update(name=name), key("ada")
        )
    )


def _shards(size: int) -> Callable[[Bench], None]:
    return _write(
        lambda data: with_payload(
            data,
            lambda s: s["predicate"]["serialization"].update(method="shards", shard_size=size),
            key("ada"),
        )
    )


BAD: dict[str, tuple[Callable[[Bench], object], str]] = {
    "one byte of a file is flipped": (_flip, "weights.bin has other bytes"),
    "a file has another name": (_rename, "modeling_evil.py is there and was not signed"),
    "a file was added": (
        lambda b: (b.model / "extra.bin").write_bytes(b"x"),
        "extra.bin is there and was not signed",
    ),
    "a file is missing": (
        lambda b: (b.model / "weights.bin").unlink(),
        "weights.bin was signed and is not there",
    ),
    "one byte of the signature is flipped": (
        _write(
            lambda data: changed(
                data, lambda d: d["dsseEnvelope"]["signatures"][0].update(sig="MEUCIQAA")
            )
        ),
        "not one of this key",
    ),
    "the file holds two signatures": (
        _write(
            lambda data: changed(
                data,
                lambda d: d["dsseEnvelope"]["signatures"].append(
                    d["dsseEnvelope"]["signatures"][0]
                ),
            )
        ),
        "2 signatures, expected one",
    ),
    "the payload is called something else": (
        _write(
            lambda data: changed(data, lambda d: d["dsseEnvelope"].update(payloadType="text/plain"))
        ),
        "a payload of type 'text/plain'",
    ),
    "the payload was signed as something else": (
        _write(lambda _: signed(b"{}", key("ada"), "text/plain")),
        "a payload of type 'text/plain'",
    ),
    "a name leads out of the model": (_name("../../etc/passwd"), "a path within the model"),
    "a name is absolute": (_name("/etc/passwd"), "a path within the model"),
    "the length of a part is absurd": (_shards(10**30), "not every reader can hold"),
    "the file is absurdly long": (
        _write(lambda data: data + b" " * LARGEST_BYTES),
        "at most",
    ),
    "the file is cut": (_write(lambda data: data[:100]), "a model signature"),
    "the file is empty": (_write(lambda _: b""), "a model signature"),
    "it was signed by way of Sigstore": (_write(lambda _: vector("sigstore")), "not a bare key"),
    "it was signed with a certificate": (
        _write(lambda _: vector("certificate")),
        "not a bare key",
    ),
}


@pytest.mark.parametrize(("change", "words"), BAD.values(), ids=BAD)
def test_verification_fails_when(
    change: Callable[[Bench], object], words: str, bench: Bench
) -> None:
    bench.sign()
    change(bench)
    public = bench.public()
    before = _everything(bench.folder)

    done = run(
        *("model-signature", "verify", bench.model, "--signature", bench.signature),
        *("--key", public, "--at", AT),
    )

    assert done.code == 5
    assert words in " ".join(f"{done.flat} {done.err}".split())
    assert "Exit 0" not in done.out
    assert _everything(bench.folder) == before


def test_the_key_of_somebody_else_verifies_nothing(bench: Bench) -> None:
    bench.sign()

    done = bench.verify(name="bea")

    assert done.code == 5
    assert "the signature is not one of this key over these bytes" in done.flat
    assert "root digest" not in done.out


CERTIFICATES = {
    "the certificate has expired": (
        certificate("ada", "root", valid=(NOW - 9 * DAY, NOW - DAY)),
        certificate("root", is_authority=True),
        "and now is not within",
    ),
    "its issuer is not trusted": (
        certificate("ada", "root"),
        certificate("stranger", is_authority=True),
        "no path leads from CN=ada",
    ),
    "it is not meant for signing": (
        certificate("ada", "root", digital_signature=False),
        certificate("root", is_authority=True),
        "is not for signing",
    ),
}


@pytest.mark.parametrize(("leaf", "root", "words"), CERTIFICATES.values(), ids=CERTIFICATES)
def test_verification_with_a_certificate_fails_when(
    leaf: object, root: object, words: str, bench: Bench
) -> None:
    bench.sign("--certificate", pem_file(bench.folder / "leaf.pem", leaf))  # type: ignore[arg-type]

    done = bench.verify("--root", pem_file(bench.folder / "root.pem", root))  # type: ignore[arg-type]

    assert done.code == 5
    assert words in done.flat


def test_a_bare_key_is_not_taken_for_a_certificate(bench: Bench) -> None:
    bench.sign()
    root = pem_file(bench.folder / "root.pem", certificate("root", is_authority=True))

    assert "with a bare key" in bench.verify("--root", root).flat


SIGSTORE_ROOT = next(Path(sigstore.__file__).parent.glob("_store/*sigstore.dev/trusted_root.json"))
"""The trusted root of the public Sigstore, as its own client brings it along."""
SOMEBODY = ("stefanb@us.ibm.com", "https://sigstore.verify.ibm.com/oauth2")
OLD = {"signme-1": b"signme-1", "signme-2": b"signme-2"}


def _by_identity(
    bench: Bench,
    name: str = SOMEBODY[0],
    issuer: str = SOMEBODY[1],
    root: Path = SIGSTORE_ROOT,
    data: bytes = vector("sigstore"),
) -> Run:
    """Verify the published signature of an identity, on its model."""
    model = write_model(bench.folder / "old", OLD)
    path = bench.folder / "sigstore.sig"
    path.write_bytes(data)
    who = ("--identity", name, "--issuer", issuer, "--trusted-root", root)
    return run("model-signature", "verify", model, "--signature", path, *who)


def test_the_published_signature_of_an_identity_holds_without_a_network(bench: Bench) -> None:
    done = _by_identity(bench)

    assert done.code == 0, done.out + done.err
    assert "an identity: stefanb@us.ibm.com, vouched for by https://sigstore" in done.flat


def _entry(change: Callable[[dict[str, Any]], object]) -> bytes:
    return changed(
        vector("sigstore"), lambda d: change(d["verificationMaterial"]["tlogEntries"][0])
    )


IDENTITIES: dict[str, Callable[[Bench], Run]] = {
    "somebody else is believed": lambda b: _by_identity(b, name="other@us.ibm.com"),
    "another provider is believed": lambda b: _by_identity(b, issuer="https://accounts.test"),
    "another Sigstore is believed": lambda b: _by_identity(
        b,
        root=next(Path(sigstore.__file__).parent.glob("_store/*sigstage.dev/trusted_root.json")),
    ),
    "it was signed with a bare key": lambda b: _by_identity(b, data=vector("key")),
    "it was signed with a certificate": lambda b: _by_identity(b, data=vector("certificate")),
    "it is in no log": lambda b: _by_identity(
        b,
        data=changed(
            vector("sigstore"), lambda d: d["verificationMaterial"].update(tlogEntries=[])
        ),
    ),
    "the log says another time": lambda b: _by_identity(
        b, data=_entry(lambda e: e.update(integratedTime="1760062341"))
    ),
    "the log has another root": lambda b: _by_identity(
        b, data=_entry(lambda e: e["inclusionProof"].update(rootHash="AAAA"))
    ),
    "the payload is another": lambda b: _by_identity(
        b,
        data=changed(
            vector("sigstore"),
            lambda d: d["dsseEnvelope"].update(
                payload=json.loads(vector("key"))["dsseEnvelope"]["payload"]
            ),
        ),
    ),
}


@pytest.mark.parametrize("act", IDENTITIES.values(), ids=IDENTITIES)
def test_the_published_signature_of_an_identity_does_not_hold_when(
    act: Callable[[Bench], Run], bench: Bench
) -> None:
    done = act(bench)

    assert done.code == 5, done.out + done.err
    assert "FAILED" in done.out


def test_a_file_of_an_identity_that_changed_is_named(bench: Bench) -> None:
    _by_identity(bench)
    (bench.folder / "old" / "extra").write_bytes(b"x")

    assert "extra is there and was not signed" in _by_identity(bench).flat


UNUSABLE: dict[str, tuple[Callable[[Bench], Run], int, str]] = {
    "neither a key nor a root is given": (
        lambda b: b.verify("--ignore-path", "x"),
        2,
        "one of --key, --root and --identity",
    ),
    "both are given": (
        lambda b: b.verify("--key", b.public(), "--root", b.public()),
        2,
        "one of --key, --root and --identity",
    ),
    "an identity is given without its provider": (
        lambda b: b.verify("--identity", "a@example.org"),
        2,
        "go together",
    ),
    "there is no such trusted root": (
        lambda b: _by_identity(b, root=b.folder / "no.json"),
        4,
        "no usable file (FileNotFoundError)",
    ),
    "the trusted root is something else": (
        lambda b: _by_identity(b, root=b.public()),
        4,
        "trusted_root.json",
    ),
    "there is no such model": (
        lambda b: run(
            *("model-signature", "verify", "org/name", "--signature", b.signature),
            *("--key", b.public()),
        ),
        4,
        "org/name: found no such path",
    ),
    "there is no such signature": (
        lambda b: run(
            *("model-signature", "verify", b.model, "--signature", b.folder / "no.sig"),
            *("--key", b.public()),
        ),
        4,
        "no file",
    ),
    "there is no such root": (lambda b: b.verify("--root", b.folder / "no.pem"), 4, "no file"),
    "the root is no certificate": (
        lambda b: b.verify("--root", b.public()),
        4,
        "no readable certificate",
    ),
    "the signature is there already": (lambda b: b.sign(), 4, "something that is there already"),
}


@pytest.mark.parametrize(("act", "code", "words"), UNUSABLE.values(), ids=UNUSABLE)
def test_nothing_is_done_when(
    act: Callable[[Bench], Run], code: int, words: str, bench: Bench
) -> None:
    bench.sign()
    before = bench.signature.read_bytes()

    done = act(bench)

    assert done.code == code
    assert words in done.err
    assert bench.signature.read_bytes() == before


def test_a_key_of_ed25519_signs_no_model_since_the_format_knows_none(bench: Bench) -> None:
    path = bench.folder / "ed.key"
    assert (
        run("keys", "generate", path, "--algorithm", "ed25519", "--unsafe-no-passphrase").code == 0
    )

    done = run("model-signature", "sign", bench.model, "--key", path, "--output", bench.signature)

    assert (done.code, bench.signature.exists()) == (4, False)
    assert "expected ECDSA on P-256, ECDSA on P-384 or ECDSA on P-521" in done.err


def _everything(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
