# SPDX-License-Identifier: Apache-2.0
"""Verify a decision record without Tiergate: python verify_record.py RECORD KEY.pub [FOLDER].

It needs Python's standard library and openssl. It believes one key for everything: roles,
several signers and dates of keys are for ``tiergate verify``. Ends with 0 when all holds.
"""

import base64
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def unique(pairs):  # noqa: ANN001, ANN201, D103
    if len(dict(pairs)) != len(pairs):
        sys.exit("FAILED: a field twice")
    return dict(pairs)


record, key = json.loads(Path(sys.argv[1]).read_bytes(), object_pairs_hook=unique), sys.argv[2]
envelope = record["dsseEnvelope"]
payload, kind = base64.b64decode(envelope["payload"], validate=True), envelope["payloadType"]
signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
held = False
with tempfile.TemporaryDirectory() as folder:
    data, signature = Path(folder, "data"), Path(folder, "signature")
    data.write_bytes(signed)
    for row in envelope["signatures"]:
        signature.write_bytes(base64.b64decode(row["sig"], validate=True))
        ecdsa = ["dgst", "-sha256", "-verify", key, "-signature", signature, data]
        ed25519 = ["pkeyutl", "-verify", "-pubin", "-inkey", key, "-rawin"]
        for words in (ecdsa, [*ed25519, "-in", data, "-sigfile", signature]):
            done = subprocess.run(["openssl", *words], capture_output=True, check=False)  # noqa: S603, S607
            held = held or done.returncode == 0
statement = json.loads(payload, object_pairs_hook=unique)
predicate = statement["predicate"]
problems = [] if held else ["no signature of this key"]
if kind != "application/vnd.in-toto+json":
    problems.append(f"payload type {kind}")
if statement["predicateType"] != "https://tiergate.dev/release-decision/v1":
    problems.append(f"statement type {statement['predicateType']}")
if predicate["valid_until"] <= time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()):
    problems.append(f"lapsed at {predicate['valid_until']}")
if len(sys.argv) > 3:
    base = Path(sys.argv[3])
    own = {
        s["name"]: s["digest"]["sha256"] for s in statement["subject"] if "sha256" in s["digest"]
    }
    paths = {str(p.relative_to(base)): p for p in base.rglob("*") if p.is_file()}
    found = {n: p for n, p in paths.items() if not n.startswith((".tiergate/", ".git/"))}
    problems += [f"missing or added: {name}" for name in sorted(own.keys() ^ found.keys())]
    problems += [
        f"changed: {name}"
        for name in sorted(own.keys() & found.keys())
        if hashlib.sha256(found[name].read_bytes()).hexdigest() != own[name]
    ]
sys.stdout.write(f"{predicate['decision']['supported']} supported, {sys.argv[1]}\n")
sys.exit("\n".join(f"FAILED: {problem}" for problem in problems) or None)
