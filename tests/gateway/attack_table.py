# SPDX-License-Identifier: Apache-2.0
"""Ways to come by a file that is not one's own, each with the answer that it deserves.

Each row is a whole request, as it is sent, and what is expected: status and error code, or
several of which one is right. ``<name>`` stands for a token of that person, or for a commit.
"""

from __future__ import annotations

FILE = "/acme/gated/resolve/main/model.safetensors"
OURS = "Authorization: Bearer <gwen>"
"""Of the one who may have it."""
THEIRS = "Authorization: Bearer <nora>"
"""Of somebody who may not."""

NOWHERE = "401|404|501"
"""Of what no route is for."""


def request(target: str, *lines: str, method: str = "GET", body: str = "") -> str:
    """Return a whole request."""
    head = [f"{method} {target} HTTP/1.1", "Host: hub.example", "Connection: close", *lines]
    return "\r\n".join([*head, "", body])


def get(target: str, *lines: str) -> str:
    """Return a request of somebody who may not have the file."""
    return request(target, THEIRS, *lines)


def post(target: str, body: str, *lines: str) -> str:
    """Return a request with a body, and its length."""
    length = f"Content-Length: {len(body)}"
    return request(target, length, *lines, method="POST", body=body)


PATHS: dict[str, tuple[str, str]] = {
    "the path as it is": (get(FILE), "403 GatedRepo"),
    "the file's name, encoded": (
        get("/acme/gated/resolve/main/%6d%6f%64el.safetensors"),
        "403 GatedRepo",
    ),
    "the repository's name, encoded": (
        get("/acme/%67ated/resolve/main/model.safetensors"),
        "403 GatedRepo",
    ),
    "the word resolve, encoded": (
        get("/acme/gated/%72esolve/main/model.safetensors"),
        "403 GatedRepo",
    ),
    "the file's name, encoded twice": (
        get("/acme/gated/resolve/main/%256dodel.safetensors"),
        "403 GatedRepo",
    ),
    "a slash of the path, encoded": (get("/acme/gated%2Fresolve/main/model.safetensors"), NOWHERE),
    "every slash, encoded": (get("/acme%2Fgated%2Fresolve%2Fmain%2Fmodel.safetensors"), NOWHERE),
    "every slash, encoded twice": (get("/acme%252Fgated/resolve/main/model.safetensors"), NOWHERE),
    "up from a repository that is open": (
        get("/acme/open/../gated/resolve/main/model.safetensors"),
        NOWHERE,
    ),
    "up from a revision that may be had": (
        get("/acme/open/resolve/main/../../../gated/resolve/main/model.safetensors"),
        NOWHERE,
    ),
    "up, encoded": (get("/acme/open/resolve/main/%2e%2e/%2e%2e/gated/model.safetensors"), NOWHERE),
    "up, encoded with its slashes": (
        get("/acme/open/resolve/main/..%2f..%2f..%2fgated%2fmodel.safetensors"),
        NOWHERE,
    ),
    "up, encoded twice": (
        get("/acme/open/resolve/main/%252e%252e%252fgated%252fmodel.safetensors"),
        "404 EntryNotFound",
    ),
    "up with backslashes": (
        get("/acme/open/resolve/main/..\\..\\gated\\model.safetensors"),
        NOWHERE,
    ),
    "up with bytes that are too long for a dot": (
        get("/acme/open/resolve/main/%c0%ae%c0%ae/model.safetensors"),
        NOWHERE,
    ),
    "to a file of the system": (get("/acme/open/resolve/main/%2Fetc%2Fpasswd"), NOWHERE),
    "to where the files are kept": (get("/objects/sha256/<sha256>"), NOWHERE),
    "by the digest of the content": (get("/acme/gated/resolve/main/<sha256>"), "403 GatedRepo"),
    "by the digest, from an open repository": (
        get("/acme/open/resolve/main/<sha256>"),
        "404 EntryNotFound",
    ),
    "by the digest, as a registry would": (get("/v2/acme/gated/blobs/sha256:<sha256>"), NOWHERE),
    "by the digest, as Git LFS would": (
        get("/acme/gated.git/info/lfs/objects/<sha256>"),
        NOWHERE,
    ),
    "a dot before the file": (get("/acme/gated/resolve/main/./model.safetensors"), NOWHERE),
    "two slashes before the file": (get("/acme/gated/resolve/main//model.safetensors"), NOWHERE),
    "two slashes before the repository": (get(f"/{FILE}"), NOWHERE),
    "a slash behind the file": (get(f"{FILE}/"), NOWHERE),
    "a NUL behind the file": (get(f"{FILE}%00"), NOWHERE),
    "a NUL within the repository": (get("/acme/gated%00/resolve/main/config.json"), NOWHERE),
    "a line's end within the file": (get(f"{FILE}%0d%0aX-Access:%20yes"), NOWHERE),
    "half an escape": (get(f"{FILE}%2"), NOWHERE),
    "an escape of no digits": (get(f"{FILE}%zz"), NOWHERE),
    "a semicolon and more": (get(f"{FILE};a=b"), "403 GatedRepo"),
    "a fragment": (get(f"{FILE}#top"), "403 GatedRepo"),
    "the repository in capitals": (
        get("/ACME/GATED/resolve/main/model.safetensors"),
        "404 RepoNotFound",
    ),
    "the word resolve in capitals": (get("/acme/gated/RESOLVE/main/model.safetensors"), NOWHERE),
    "letters that look the same": (get("/acme/g%d0%b0ted/resolve/main/config.json"), NOWHERE),
    "letters that are wide": (get("/acme/%ef%bd%87ated/resolve/main/config.json"), NOWHERE),
    "a letter that turns the text around": (get(f"{FILE}%e2%80%ae"), NOWHERE),
    "the raw route of the Hub": (get("/acme/gated/raw/main/model.safetensors"), "403 GatedRepo"),
    "the blob route of the Hub": (get("/acme/gated/blob/main/model.safetensors"), NOWHERE),
    "the cache route of the Hub": (
        get("/api/resolve-cache/models/acme/gated/<commit>/model.safetensors"),
        NOWHERE,
    ),
    "the API of downloads": (get("/api/models/acme/gated/resolve/main/config.json"), NOWHERE),
    "the xet route of the Hub": (get("/api/models/acme/gated/xet-read-token/main"), NOWHERE),
    "the tree's own file": (
        get("/api/models/acme/gated/tree/main/model.safetensors"),
        "404 EntryNotFound",
    ),
    "the route of data sets": (get("/datasets/acme/gated/resolve/main/config.json"), NOWHERE),
    "another kind of repository": (get("/models/acme/gated/resolve/main/config.json"), NOWHERE),
}
"""What is written in a path."""

REVISIONS: dict[str, tuple[str, str]] = {
    "the commit in place of the branch": (
        get("/acme/gated/resolve/<commit>/model.safetensors"),
        "403 GatedRepo",
    ),
    "the commit that no decision is about, by one who has a grant": (
        request("/acme/gated/resolve/<old>/model.safetensors", OURS),
        "404 RevisionNotFound",
    ),
    "the commit that no decision is about, by one who has a grant for it": (
        request("/acme/gated/resolve/<old>/model.safetensors", "Authorization: Bearer <otto>"),
        "404 RevisionNotFound",
    ),
    "the decided commit, by one whose grant is for another": (
        request("/acme/gated/resolve/<commit>/config.json", "Authorization: Bearer <otto>"),
        "403 GatedRepo",
    ),
    "the commit of another repository": (
        get("/acme/hidden/resolve/<commit>/model.safetensors"),
        "404 RepoNotFound",
    ),
    "the alias of the branch": (
        get("/acme/gated/resolve/HEAD/model.safetensors"),
        "403 GatedRepo",
    ),
    "a pull request": (
        get("/acme/gated/resolve/refs%2Fpr%2F1/model.safetensors"),
        "404 RevisionNotFound",
    ),
    "a pull request, not encoded": (
        get("/acme/gated/resolve/refs/pr/1/model.safetensors"),
        "404 RevisionNotFound",
    ),
    "the branch by its whole name": (
        get("/acme/gated/resolve/refs%2Fheads%2Fmain/model.safetensors"),
        "404 RevisionNotFound",
    ),
    "the beginning of the commit": (
        get("/acme/gated/resolve/main%5E/model.safetensors"),
        "404 RevisionNotFound",
    ),
    "no revision": (get("/acme/gated/resolve//model.safetensors"), NOWHERE),
    "up in place of a revision": (get("/acme/gated/resolve/../model.safetensors"), NOWHERE),
    "a sentence of SQL as the revision": (
        get("/acme/gated/resolve/main'%20OR%20'1'='1/model.safetensors"),
        "404 RevisionNotFound",
    ),
}
"""What is written in place of a revision."""

CALLERS: dict[str, tuple[str, str]] = {
    "nobody known": (request(FILE), "401 GatedRepo"),
    "somebody who asked and has no answer": (
        request(FILE, "Authorization: Bearer <petra>"),
        "403 GatedRepo",
    ),
    "somebody who was turned down": (
        request(FILE, "Authorization: Bearer <ruth>"),
        "403 GatedRepo",
    ),
    "somebody whose grant was revoked": (
        request(FILE, "Authorization: Bearer <rex>"),
        "403 GatedRepo",
    ),
    "somebody whose grant has ended": (
        request(FILE, "Authorization: Bearer <exa>"),
        "403 GatedRepo",
    ),
    "somebody whose downloads are used up": (
        request(FILE, "Authorization: Bearer <ulf>"),
        "403 GatedRepo",
    ),
    "somebody whose account does not count any more": (
        request(FILE, "Authorization: Bearer <dora>"),
        "401 GatedRepo",
    ),
    "a token that has ended": (request(FILE, "Authorization: Bearer <tess>"), "401 GatedRepo"),
    "one who decides on requests, and never asked": (
        request(FILE, "Authorization: Bearer <anna>"),
        "403 GatedRepo",
    ),
    "somebody from where it is not for": (
        request("/acme/excluded/resolve/main/config.json", "Authorization: Bearer <dieter>"),
        "451 GatedRepo",
    ),
    "a grant, but only the use is open": (
        request("/acme/hosted/resolve/main/config.json", OURS),
        "403 GatedRepo",
    ),
    "a grant, but nothing is open yet": (
        request("/acme/announced/resolve/main/config.json", OURS),
        "403 GatedRepo",
    ),
    "a grant, but it is frozen": (
        request("/acme/frozen/resolve/main/config.json", OURS),
        "403 GatedRepo",
    ),
    "a grant, but it was withdrawn": (
        request("/acme/withdrawn/resolve/main/config.json", OURS),
        "403 GatedRepo",
    ),
    "a grant, but the decision lapsed": (
        request("/acme/lapsed/resolve/main/config.json", OURS),
        "403 GatedRepo",
    ),
    "a grant, but nobody submitted it": (
        request("/acme/hidden/resolve/main/config.json", OURS),
        "404 RepoNotFound",
    ),
    "the token in the query": (get(f"{FILE}?token=<gwen>&access_token=<gwen>"), "403 GatedRepo"),
    "the token in a cookie": (request(FILE, "Cookie: token=<gwen>"), "401 GatedRepo"),
    "the token as a password": (request(FILE, "Authorization: Basic <gwen>"), "401 GatedRepo"),
    "the token without its scheme": (request(FILE, "Authorization: <gwen>"), "401 GatedRepo"),
    "the token in capitals": (
        request(FILE, "Authorization: Bearer HF_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
        "401 GatedRepo",
    ),
    "the beginning of a token": (request(FILE, "Authorization: Bearer hf_"), "401 GatedRepo"),
    "two tokens, the one that counts last": (request(FILE, THEIRS, OURS), "403 GatedRepo"),
    "two tokens in one line": (
        request(FILE, "Authorization: Bearer <nora>, Bearer <gwen>"),
        "401 GatedRepo",
    ),
    "a token for a proxy": (request(FILE, "Proxy-Authorization: Bearer <gwen>"), "401 GatedRepo"),
    "a token with a NUL": (request(FILE, "Authorization: Bearer <gwen>\0"), "400"),
    "a token with letters beyond ASCII": (
        request(FILE, "Authorization: Bearer hf_\u00fc\u00e4"),
        "401 GatedRepo",
    ),
    "a name in place of a token": (request(FILE, "Authorization: Bearer gwen"), "401 GatedRepo"),
    "a token of SQL": (
        request(FILE, "Authorization: Bearer ' OR 1=1 --"),
        "401 GatedRepo",
    ),
}
"""Who asks."""
