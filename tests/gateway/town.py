# SPDX-License-Identifier: Apache-2.0
"""One gateway with a repository in every state and a person of every kind.

All repositories have the same files, so whatever leaks from one is a leak from all, and a
digest says nothing about who may have it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import random
import struct
from pathlib import Path

from builders_release import decided
from gateway_site import START, Site
from tiergate.decision.tier import Tier
from tiergate.gateway.catalogue import Repository, Revision
from tiergate.gateway.roles import GatewayRole
from tiergate.gateway.tables import grants
from tiergate.model.checkpoint import manifest_of
from tiergate.release import bodies

WEIGHTS = "model.safetensors"
HEADER_NAME = "layer.0.proj"
"""A word that stands in the weights and nowhere else."""
DAY = dt.timedelta(days=1)

OPEN = "acme/open"
GATED = "acme/gated"
HOSTED = "acme/hosted"
HIDDEN = "acme/hidden"
ANNOUNCED = "acme/announced"
FROZEN = "acme/frozen"
WITHDRAWN = "acme/withdrawn"
LAPSED = "acme/lapsed"
EXCLUDED = "acme/excluded"
DATA = "datasets/acme/prompts"
ABSENT = "acme/absent"
"""Of this one there is nothing."""
REPOSITORIES = (OPEN, GATED, HOSTED, HIDDEN, ANNOUNCED, FROZEN, WITHDRAWN, LAPSED, EXCLUDED)

PEOPLE = (
    *("gwen", "nora", "petra", "ruth", "rex", "exa", "otto", "ulf", "dora", "tess"),
    *("dieter", "anna"),
)
"""Granted, nothing, pending, rejected, revoked, expired, for another revision, used up, account
disabled, token ended; somewhere else, and an approver."""
EVERYBODY = frozenset({"", *PEOPLE})
MAY_HAVE: dict[str, frozenset[str]] = {
    OPEN: EVERYBODY,
    EXCLUDED: EVERYBODY - {"dieter"},
    GATED: frozenset({"gwen", "dieter"}),
}
"""Who may have files of which repository: nobody else, and of no other."""


def a_model(folder: Path, length: int = 24 * 1024, seed: int = 1) -> Path:
    """Write a checkpoint of which every value of the weights has its highest bit set.

    Answers of the gateway are text, so that bytes of the weights in one are seen.
    """
    folder.mkdir(parents=True)
    values = bytes(byte | 0x80 for byte in random.Random(seed).randbytes(length))  # noqa: S311
    tensor = {"dtype": "U8", "shape": [length], "data_offsets": [0, length]}
    header = json.dumps({HEADER_NAME: tensor}).encode()
    (folder / WEIGHTS).write_bytes(struct.pack("<Q", len(header)) + header + values)
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\n# A test model\n")
    (folder / "extra").mkdir()
    (folder / "extra" / "notes.txt").write_text("One line.\n")
    return folder


def _add_tokenizer(folder: Path) -> None:
    words = {"type": "WordLevel", "vocab": {"[UNK]": 0, "one": 1, "two": 2}, "unk_token": "[UNK]"}
    rules: dict[str, object] = {
        "version": "1.0",
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": words,
    }
    kind = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]"}
    (folder / "tokenizer.json").write_text(json.dumps(rules))
    (folder / "tokenizer_config.json").write_text(json.dumps(kind))


def has_weights(content: bytes) -> bool:
    """Tell whether an answer holds bytes of the weights, or a word of the other files."""
    words = (HEADER_NAME.encode(), b"data_offsets", b"LlamaForCausalLM")
    try:
        content.decode()
    except UnicodeDecodeError:
        return True
    return any(word in content for word in words)


class Town(Site):
    """The gateway, ready to be served."""

    def settle(self) -> None:
        """Make the repositories and the people."""
        self.model = a_model(self.folder / "model")
        self.old = self.publish(
            name=GATED, of="gated", model=a_model(self.folder / "old-model", seed=2)
        )
        self._releases()
        self._people()

    def settle_one(self, length: int = 24 * 1024, *, tokenizer: bool = False) -> None:
        """Make one repository that needs a grant, and the people of one story about it.

        Args:
            length: bytes of its weights.
            tokenizer: whether it has one, of two words.
        """
        self.model = a_model(self.folder / "model", length)
        if tokenizer:
            _add_tokenizer(self.model)
        self.revision = self.old = self.publish(name=GATED, of="gated", model=self.model)
        self.release(self.revision, Tier.T2, Tier.T4, of="gated")
        for name in ("gwen", "nora"):
            self.person(name)
        self.person("anna", GatewayRole.APPROVER)
        self.house.requests.give(GATED, "gwen", by="anna", at=self.now)

    def publish_data(self, *, is_announced: bool = True, excluded: tuple[str, ...] = ()) -> bytes:
        """Publish a folder with one file of data, and return its content."""
        folder, content = self.folder / "prompts", b'{"prompt": "one"}\n'
        (folder / "part").mkdir(parents=True, exist_ok=True)
        (folder / "part" / "one.jsonl").write_bytes(content)
        offered = Repository(
            name=DATA,
            release="",
            is_announced=is_announced,
            hosted_at="",
            excluded=frozenset(excluded),
            created_at=self.now,
        )
        self.house.publish_files(folder, manifest_of(folder), offered, self.now)
        return content

    @property
    def weights(self) -> bytes:
        """Content of the file of weights."""
        return (self.model / WEIGHTS).read_bytes()

    def _offer(self, name: str, *tiers: Tier, excluded: tuple[str, ...] = ()) -> Revision:
        of = name.removeprefix("acme/")
        revision = self.publish(
            name=name,
            of=of,
            model=self.model,
            excluded=excluded,
            is_announced=name == ANNOUNCED,
        )
        if name != HIDDEN:
            self.release(revision, *tiers, of=of)
        return revision

    def _releases(self) -> None:
        everything = (Tier.T2, Tier.T4, Tier.T5)
        self.revision = self._offer(GATED, Tier.T2, Tier.T4)
        self._offer(OPEN, *everything)
        self._offer(HOSTED, Tier.T2)
        self._offer(HIDDEN)
        self._offer(ANNOUNCED)
        for name in (FROZEN, WITHDRAWN, LAPSED):
            self._offer(name, *everything)
        self._offer(EXCLUDED, *everything, excluded=("DE",))
        self.enter(bodies.Frozen(), "bea", of="frozen")
        self.enter(bodies.Withdrawn(), of="withdrawn")
        self.enter(bodies.Expired(decision=decided().decision), of="lapsed")

    def _people(self) -> None:
        for name in PEOPLE[:-2]:
            self.person(name)
        self.person("dieter", jurisdiction="DE")
        self.person("anna", GatewayRole.APPROVER)
        requests = self.house.requests
        for repository in (name for name in REPOSITORIES if name != OPEN):
            for name in ("gwen", "dieter", "dora", "tess"):
                requests.give(repository, name, by="anna", at=self.now)
        requests.ask(GATED, "petra", {}, self.now)
        asked = requests.ask(GATED, "ruth", {}, self.now)
        requests.answer(asked, type(asked.status)("rejected"), by="anna", at=self.now)
        requests.give(GATED, "rex", by="anna", at=self.now - 2 * DAY)
        requests.revoke(GATED, "rex", self.now - DAY)
        requests.give(GATED, "exa", by="anna", at=self.now - 400 * DAY)
        self.grant("otto", commit=self.old.commit)
        self.grant("ulf", downloads_left=0)
        self.house.accounts.disable("dora", self.now)
        self.tokens["tess"] = self.house.accounts.new_token("tess", self.now - DAY)

    def grant(self, person: str, *, commit: str = "", downloads_left: int | None = None) -> None:
        """Give a grant with conditions."""
        row = {
            "id": f"grant-{person}",
            "repository": GATED,
            "person": person,
            "commit": commit,
            "jurisdiction": "",
            "given_by": "anna",
            "given_at": START,
            "until": self.now + 90 * DAY,
            "downloads_left": downloads_left,
            "revoked_at": None,
        }
        with self.house._database.writing() as connection:
            connection.execute(grants.insert(), row)

    def fill(self, text: str | bytes) -> bytes:
        """Put tokens and commits in the places that are marked for them, as in ``<gwen>``."""
        content = text.encode() if isinstance(text, str) else text
        marks = {
            **self.tokens,
            "commit": self.revision.commit,
            "old": self.old.commit,
            "sha256": self.sha256,
        }
        for mark, value in marks.items():
            content = content.replace(f"<{mark}>".encode(), value.encode())
        return content

    @property
    def sha256(self) -> str:
        """Digest of the weights."""
        return hashlib.sha256(self.weights).hexdigest()
