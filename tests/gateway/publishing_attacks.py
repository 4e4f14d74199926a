# SPDX-License-Identifier: Apache-2.0
"""Ways to publish what one may not, each with the answer that it deserves.

Nothing of any of them is kept. ``acme/new`` has a revision of ``pia``; ``other/secret`` has one
with :data:`SECRET`, which nobody of ``acme`` has.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable
from urllib.parse import quote

from gateway.publishing_site import (
    NEW,
    PLACE,
    STORAGE,
    Publishing,
    delete,
    inline,
    oid,
    stored,
)
from gateway.raw_http import exchange, replies

SECRET = b"content that only others have"
FRESH = b"content that nobody has"
THEIRS = "/other/secret.git/info/lfs"
Attack = tuple[Callable[[Publishing], int], str]


def raw(site: Publishing, method: str, path: str, body: bytes, *lines: str) -> int:
    """Send a request as it is, and return the status."""
    head = [f"{method} {path} HTTP/1.1", "Host: hub.example", "Connection: close", *lines]
    content = exchange(site.port, "\r\n".join([*head, "", ""]).encode() + body, patience=5)
    found = replies(content)
    return found[0].status if found else 0


def links(site: Publishing, old: str, new: str) -> str:
    """Return a link in which something was replaced."""
    found = site.link(FRESH)
    assert old in found
    return found.replace(old, new, 1)


def commit_body(
    site: Publishing,
    body: bytes,
    who: str = "pia",
    place: str = f"{PLACE}/commit/main",
    **headers: str,
) -> int:
    """Commit bytes as they are."""
    return site.post(place, body, who, **headers).status


def asked(site: Publishing, who: str) -> int:
    """Ask where to upload."""
    rows = [{"oid": oid(FRESH), "size": len(FRESH)}]
    body = {"operation": "upload", "objects": rows}
    return site.post(f"{STORAGE}/objects/batch", body, who).status


def a_link_of_another_time(site: Publishing) -> int:
    """Use a link after its end."""
    link, now = site.link(FRESH), site.now
    try:
        site.now = now.replace(year=now.year + 1)
        return site.put(link, FRESH).status
    finally:
        site.now = now


ROLES: dict[str, Attack] = {
    "a repository by nobody": (lambda s: s.create("", "acme/mine").status, "401"),
    "a repository by a reader": (lambda s: s.create("nora", "acme/mine").status, "403"),
    "a repository by an approver": (lambda s: s.create("anna", "acme/mine").status, "403"),
    "a repository in another namespace": (lambda s: s.create("una", "acme/mine").status, "403"),
    "a repository in a namespace that begins alike": (
        lambda s: s.create("pia", "acme-two/mine").status,
        "403",
    ),
    "a repository in the namespace in capitals": (
        lambda s: s.create("pia", "ACME/mine").status,
        "403",
    ),
    "a repository by somebody who names nobody's namespace": (
        lambda s: s.post("/api/repos/create", {"organization": ["acme"], "name": "x"}).status,
        "400",
    ),
    "uploads by nobody": (lambda s: asked(s, ""), "401"),
    "uploads by a reader": (lambda s: asked(s, "nora"), "403"),
    "uploads by an approver": (lambda s: asked(s, "anna"), "403"),
    "uploads by a publisher of something else": (lambda s: asked(s, "una"), "403"),
    "a commit by nobody": (lambda s: s.commit(inline("a", b"a"), who="").status, "401"),
    "a commit by a reader": (lambda s: s.commit(inline("a", b"a"), who="nora").status, "403"),
    "a commit by a publisher of something else": (
        lambda s: s.commit(inline("a", b"a"), who="una").status,
        "403",
    ),
    "a commit by a reader to what is not there": (
        lambda s: s.commit(inline("a", b"a"), who="nora", place="/api/models/acme/absent").status,
        "403",
    ),
    "a commit to what is not there": (
        lambda s: s.commit(inline("a", b"a"), place="/api/models/acme/absent").status,
        "404",
    ),
    "a token in the query": (
        lambda s: s.post(f"{PLACE}/commit/main?token={s.tokens['pia']}", b"", "").status,
        "401",
    ),
    "a token of another kind": (
        lambda s: raw(s, "POST", f"{PLACE}/commit/main", b"", "Authorization: Basic cGlhOnBpYQ=="),
        "401",
    ),
    "how to upload, by a reader": (
        lambda s: s.post(f"{PLACE}/preupload/main", {"files": []}, "nora").status,
        "403",
    ),
    "whether something arrived, by a reader": (
        lambda s: s.post(f"{STORAGE}/verify", {"oid": oid(FRESH), "size": 1}, "nora").status,
        "403",
    ),
}
"""Who may not."""

LINKS: dict[str, Attack] = {
    "a link that is none": (lambda s: s.put(f"{STORAGE}/objects/a/1/2/b/c", FRESH).status, "403"),
    "a link for a longer content": (
        lambda s: s.put(links(s, f"/{len(FRESH)}/", f"/{len(FRESH) + 1}/"), FRESH + b"x").status,
        "403",
    ),
    "a link for another content": (
        lambda s: s.put(links(s, oid(FRESH), oid(SECRET)), SECRET).status,
        "403",
    ),
    "a link of another repository": (
        lambda s: s.put(links(s, "acme/new", "other/secret"), FRESH).status,
        "403",
    ),
    "a link of another repository of the same people": (
        lambda s: s.put(links(s, "acme/new", "acme/second"), FRESH).status,
        "403",
    ),
    "a link of somebody else": (lambda s: s.put(links(s, "/pia/", "/paul/"), FRESH).status, "403"),
    "a link that lasts longer": (
        lambda s: (
            s.put(
                "/".join([*(p := s.link(FRESH).split("/"))[:-3], "9" * 12, *p[-2:]]), FRESH
            ).status
        ),
        "403",
    ),
    "a link whose end is signed as another number": (
        lambda s: (
            s.put(
                "/".join([*(p := s.link(FRESH).split("/"))[:-3], "0" + p[-3], *p[-2:]]), FRESH
            ).status
        ),
        "403",
    ),
    "a link with an empty signature": (
        lambda s: s.put(s.link(FRESH).rsplit("/", 1)[0] + "/0", FRESH).status,
        "403",
    ),
    "a link that has ended": (a_link_of_another_time, "403"),
    "a link that is posted to": (
        lambda s: s.ask(s.link(FRESH), method="POST", body=FRESH).status,
        "405",
    ),
    "a link that is read": (lambda s: s.ask(s.link(FRESH)).status, "405"),
    "a link and a content that is shorter": (
        lambda s: s.put(s.link(FRESH), FRESH[:-1]).status,
        "400",
    ),
    "a link and a content that is longer": (
        lambda s: s.put(s.link(FRESH), FRESH + b"x").status,
        "400",
    ),
    "a link and another content of that length": (
        lambda s: s.put(s.link(FRESH), b"x" * len(FRESH)).status,
        "422",
    ),
    "a link and nothing": (lambda s: s.put(s.link(FRESH), b"").status, "400"),
    "a link and an encoded content": (
        lambda s: s.put(s.link(FRESH), FRESH, Content_Encoding="gzip").status,
        "415",
    ),
    "the digest of others' content, and not the content": (
        lambda s: s.put(s.link(SECRET), b"x" * len(SECRET)).status,
        "422",
    ),
    "two lengths": (
        lambda s: raw(
            s, "PUT", s.link(FRESH), FRESH, f"Content-Length: {len(FRESH)}", "Content-Length: 1"
        ),
        "400",
    ),
    "two equal lengths and a longer content": (
        lambda s: raw(
            s,
            "PUT",
            s.link(FRESH),
            FRESH,
            f"Content-Length: {len(FRESH)}, {len(FRESH) + 1}",
        ),
        "400",
    ),
    "a length and pieces": (
        lambda s: raw(
            s,
            "PUT",
            s.link(FRESH),
            b"1\r\nx\r\n0\r\n\r\n",
            f"Content-Length: {len(FRESH)}",
            "Transfer-Encoding: chunked",
        ),
        "400",
    ),
    "pieces that are too many": (
        lambda s: raw(
            s,
            "PUT",
            s.link(FRESH),
            b"%x\r\n%s\r\n1\r\nx\r\n0\r\n\r\n" % (len(FRESH), FRESH),
            "Transfer-Encoding: chunked",
        ),
        "413",
    ),
    "pieces that are too few": (
        lambda s: raw(
            s, "PUT", s.link(FRESH), b"1\r\nx\r\n0\r\n\r\n", "Transfer-Encoding: chunked"
        ),
        "400",
    ),
    "a content that is cut off": (
        lambda s: raw(s, "PUT", s.link(FRESH), FRESH[:4], f"Content-Length: {len(FRESH)}"),
        "0|400",
    ),
}
"""What is uploaded."""

CONTENTS: dict[str, Attack] = {
    "a content that nobody has uploaded": (lambda s: s.commit(stored("a", FRESH)).status, "422"),
    "the content of others, by its digest": (
        lambda s: s.commit(stored("a", SECRET)).status,
        "422",
    ),
    "a content that another publisher has uploaded and not committed": (
        lambda s: s.commit(stored("a", b"of paul")).status,
        "422",
    ),
    "a content of one's own in another repository": (
        lambda s: s.commit(stored("a", b"in second")).status,
        "422",
    ),
    "a content with another length": (
        lambda s: (
            s.commit(
                {
                    "key": "lfsFile",
                    "value": {"path": "a", "algo": "sha256", "oid": oid(b"one"), "size": 4},
                }
            ).status
        ),
        "422",
    ),
    "a digest of another kind": (
        lambda s: (
            s.commit(
                {
                    "key": "lfsFile",
                    "value": {"path": "a", "algo": "md5", "oid": oid(b"one"), "size": 3},
                }
            ).status
        ),
        "400",
    ),
    "a digest that is a path": (
        lambda s: (
            s.commit(
                {"key": "lfsFile", "value": {"path": "a", "oid": "../../secret", "size": 3}}
            ).status
        ),
        "400",
    ),
    "a good file before a bad one": (
        lambda s: s.commit(inline("good", FRESH), stored("bad", SECRET)).status,
        "422",
    ),
    "a good line before a bad one": (
        lambda s: s.commit(inline("good", FRESH), {"key": "no", "value": {}}).status,
        "400",
    ),
    "a good file after a wrong parent": (
        lambda s: s.commit(inline("good", FRESH), parent="1" * 40).status,
        "412",
    ),
    "a parent that is none": (
        lambda s: s.commit(inline("good", FRESH), parent="main").status,
        "400",
    ),
}
"""What is committed."""

_ODD = {
    "a path out of the repository": "../a",
    "a path out of the repository, within it": "b/../../a",
    "a path from the root": "/a",
    "a path with a dot": "./a",
    "a path with an empty part": "b//a",
    "a path that ends as a folder": "a/",
    "no path": "",
    "a dot": ".",
    "a path with a backslash": "b\\a",
    "a path with NUL": "a\0b",
    "a path with a line break": "a\nb",
    "a path with a control character": "a\x1bb",
    "a path that turns letters around": "a\u202eb",
    "a path with half a letter": "a\ud800",
    "a path that is too long": "a" * 4000,
    "a path that is too deep": "/".join("a" * 80),
    "a path of git": ".git/config",
    "a path of evidence": ".tiergate/register.jsonl",
    "a path that differs in case": "ONE",
    "a path in a folder that differs in case": "Folder/b",
    "a path in a file": "one/b",
    "a path that is a folder": "folder",
    "a path that is put together otherwise": "e\u0301",
    "a path that another language folds": "STRASSE",
}
PATHS: dict[str, Attack] = {
    name: (lambda s, path=path: s.commit(inline(path, b"x")).status, "400|422")  # type: ignore[misc]
    for name, path in _ODD.items()
}
PATHS |= {
    "a path that is a list": (
        lambda s: (
            s.commit(
                {"key": "file", "value": {"path": ["a"], "content": "", "encoding": "base64"}}
            ).status
        ),
        "422",
    ),
    "a deletion out of the repository": (lambda s: s.commit(delete("../one")).status, "422"),
    "a deletion of a folder out of the repository": (
        lambda s: s.commit(delete("../", is_folder=True)).status,
        "422",
    ),
    "a deletion of everything": (
        lambda s: s.commit(delete("/", is_folder=True)).status,
        "422",
    ),
    "a deletion of nothing": (lambda s: s.commit(delete("", is_folder=True)).status, "422"),
    "how to upload out of the repository": (
        lambda s: s.post(f"{PLACE}/preupload/main", {"files": [{"path": "../a"}]}).status,
        "422",
    ),
}
"""Where it is put."""


def line(key: str, value: object) -> bytes:
    """Return one line."""
    return json.dumps({"key": key, "value": value}).encode() + b"\n"


HEADER = line("header", {"summary": "s"})

BODIES: dict[str, Attack] = {
    "no JSON": (lambda s: commit_body(s, HEADER + b"file\n"), "400"),
    "JSON that is no object": (lambda s: commit_body(s, HEADER + b"[]\n"), "400"),
    "a key that is none": (lambda s: commit_body(s, HEADER + line("chmod", {})), "400"),
    "a key that is a list": (
        lambda s: commit_body(s, HEADER + b'{"key": [], "value": {}}\n'),
        "400",
    ),
    "a value that is none": (lambda s: commit_body(s, HEADER + line("file", "x")), "400"),
    "something beside key and value": (
        lambda s: commit_body(s, b'{"key": "header", "value": {}, "more": 1}\n'),
        "400",
    ),
    "a key twice": (
        lambda s: commit_body(s, b'{"key": "file", "key": "header", "value": {}}\n'),
        "400",
    ),
    "two headers": (lambda s: commit_body(s, HEADER + HEADER), "400"),
    "a header at the end": (
        lambda s: commit_body(s, json.dumps(inline("a", b"a")).encode() + b"\n" + HEADER),
        "400",
    ),
    "JSON a million deep": (lambda s: commit_body(s, HEADER + b"[" * 1_000_000), "413"),
    "JSON that is deep": (
        lambda s: commit_body(s, HEADER + b'{"key": "file", "value": ' + b'{"a":' * 5_000),
        "400",
    ),
    "JSON that becomes large": (
        lambda s: commit_body(s, HEADER + b"[" + b"[]," * 1_000_000 + b"[]]\n"),
        "413",
    ),
    "a number that is too long": (
        lambda s: commit_body(s, HEADER + b'{"key": "header", "value": ' + b"9" * 50_000 + b"}\n"),
        "400",
    ),
    "bytes that are no text": (lambda s: commit_body(s, HEADER + b'{"\xff": 1}\n'), "400"),
    "a line that is too long": (
        lambda s: commit_body(s, HEADER + line("header", "x" * (4 << 20))),
        "413",
    ),
    "a line without an end": (lambda s: commit_body(s, HEADER + b" " * (5 << 20)), "413"),
    "lines without an end": (lambda s: commit_body(s, HEADER + b"\n" * 50_000), "413"),
    "bytes without an end": (
        lambda s: commit_body(s, HEADER + (b" " * 4000 + b"\n") * 9000),
        "413",
    ),
    "too many lines": (
        lambda s: commit_body(s, HEADER + line("deletedFile", {"path": "x"}) * 41_000),
        "413",
    ),
    "too many folders to delete": (
        lambda s: commit_body(s, HEADER + line("deletedFolder", {"path": "x"}) * 257),
        "413",
    ),
    "too many files": (
        lambda s: commit_body(
            s,
            HEADER
            + b"".join(
                line("lfsFile", {"path": f"f{n}", "oid": oid(b"one")}) for n in range(20_001)
            ),
        ),
        "413",
    ),
    "Base64 that is none": (
        lambda s: commit_body(
            s, HEADER + line("file", {"path": "a", "content": "!!!!", "encoding": "base64"})
        ),
        "400",
    ),
    "Base64 with what others skip": (
        lambda s: commit_body(
            s, HEADER + line("file", {"path": "a", "content": "eA==\n", "encoding": "base64"})
        ),
        "400",
    ),
    "Base64 of another alphabet": (
        lambda s: commit_body(
            s, HEADER + line("file", {"path": "a", "content": "-_-_", "encoding": "base64"})
        ),
        "400",
    ),
    "another encoding": (
        lambda s: commit_body(
            s, HEADER + line("file", {"path": "a", "content": "x", "encoding": "utf-8"})
        ),
        "400",
    ),
    "Base64 that is too much": (
        lambda s: commit_body(
            s,
            HEADER
            + b"".join(
                line(
                    "file",
                    {
                        "path": f"f{n}",
                        "content": base64.b64encode(bytes([n]) * (2 << 20)).decode(),
                        "encoding": "base64",
                    },
                )
                for n in range(5)
            ),
        ),
        "413",
    ),
    "lines that are packed": (
        lambda s: commit_body(s, gzip.compress(HEADER * 1_000_000), Content_Encoding="gzip"),
        "415",
    ),
    "lines that are packed and do not say so": (
        lambda s: commit_body(s, gzip.compress(HEADER)),
        "400",
    ),
    "a question that is too long": (
        lambda s: s.post(f"{STORAGE}/objects/batch", b" " * (2 << 20)).status,
        "413",
    ),
    "a question with rows that are none": (
        lambda s: (
            s.post(f"{STORAGE}/objects/batch", {"operation": "upload", "objects": [1]}).status
        ),
        "400",
    ),
    "a question with a length that is none": (
        lambda s: (
            s.post(
                f"{STORAGE}/objects/batch",
                {"operation": "upload", "objects": [{"oid": oid(b"one"), "size": True}]},
            ).status
        ),
        "400",
    ),
    "a question about another digest": (
        lambda s: (
            s.post(
                f"{STORAGE}/objects/batch",
                {"operation": "upload", "hash_algo": "md5", "objects": []},
            ).status
        ),
        "501",
    ),
    "a card that is too long": (
        lambda s: commit_body(s, b" " * (33 << 20), place="/api/validate-yaml"),
        "413",
    ),
    "a branch within a path": (
        lambda s: s.post(f"{PLACE}/commit/{quote('main/../main', safe='')}", HEADER).status,
        "401",
    ),
    "storage of a repository that is named as git names it": (
        lambda s: s.post(f"/{NEW}/info/lfs/objects/batch", {}).status,
        "401",
    ),
}
"""What it is written in."""
