# SPDX-License-Identifier: Apache-2.0
"""The second half of the table of attacks: methods, ranges, headers and the shape of HTTP."""

from __future__ import annotations

from gateway.attack_table import FILE, NOWHERE, OURS, THEIRS, get, post, request

METHODS: dict[str, tuple[str, str]] = {
    "HEAD": (request(FILE, THEIRS, method="HEAD"), "403 GatedRepo"),
    "POST": (post(FILE, "", THEIRS), "405"),
    "PUT": (request(FILE, THEIRS, "Content-Length: 0", method="PUT"), "405"),
    "PATCH": (request(FILE, THEIRS, "Content-Length: 0", method="PATCH"), "405"),
    "DELETE": (request(FILE, THEIRS, method="DELETE"), "405"),
    "OPTIONS": (request(FILE, THEIRS, method="OPTIONS"), "405"),
    "TRACE": (request(FILE, THEIRS, method="TRACE"), "405"),
    "CONNECT": (request("hub.example:80", THEIRS, method="CONNECT"), NOWHERE),
    "PROPFIND": (request(FILE, THEIRS, method="PROPFIND"), "405"),
    "a method that is none": (request(FILE, THEIRS, method="GETT"), "405"),
    "a method in small letters": (request(FILE, THEIRS, method="get"), "405"),
    "another method by a header": (
        post(FILE, "", THEIRS, "X-HTTP-Method-Override: GET"),
        "405",
    ),
    "a GET with a body": (get(FILE, "Content-Length: 4") + "data", "403 GatedRepo"),
}
"""How it is asked for."""

RANGES: dict[str, tuple[str, str]] = {
    "one byte": (get(FILE, "Range: bytes=0-0"), "403 GatedRepo"),
    "the last byte": (get(FILE, "Range: bytes=-1"), "403 GatedRepo"),
    "several ranges": (get(FILE, "Range: bytes=0-0,2-2,4-4"), "403 GatedRepo"),
    "a thousand ranges": (get(FILE, "Range: bytes=" + ",".join(["0-"] * 1000)), "403 GatedRepo"),
    "ranges that overlap": (get(FILE, "Range: bytes=0-9,5-14"), "403 GatedRepo"),
    "a huge range": (get(FILE, f"Range: bytes=0-{10**40}"), "403 GatedRepo"),
    "a range behind the end": (get(FILE, f"Range: bytes={10**12}-"), "403 GatedRepo"),
    "a range backwards": (get(FILE, "Range: bytes=9-0"), "403 GatedRepo"),
    "a negative range": (get(FILE, "Range: bytes=--1"), "403 GatedRepo"),
    "a range of another unit": (get(FILE, "Range: lines=0-9"), "403 GatedRepo"),
    "a range on condition": (get(FILE, "Range: bytes=0-", 'If-Range: "x"'), "403 GatedRepo"),
    "a condition that holds": (get(FILE, 'If-Match: "<sha256>"'), "403 GatedRepo"),
    "a range of a HEAD": (
        request(FILE, THEIRS, "Range: bytes=0-0", method="HEAD"),
        "403 GatedRepo",
    ),
}
"""Which part of it."""

HEADERS: dict[str, tuple[str, str]] = {
    "a header of nginx that names a file": (
        get(FILE, "X-Accel-Redirect: /objects/<sha256>"),
        "403 GatedRepo",
    ),
    "a header of Apache that names a file": (
        get(FILE, "X-Sendfile: /objects/<sha256>"),
        "403 GatedRepo",
    ),
    "a header of a proxy that says who it is": (
        get(FILE, "X-Forwarded-User: gwen", "X-Remote-User: gwen", "X-Forwarded-For: 127.0.0.1"),
        "403 GatedRepo",
    ),
    "a header that names another path": (
        request("/acme/open/x", THEIRS, f"X-Original-URL: {FILE}", f"X-Rewrite-URL: {FILE}"),
        NOWHERE,
    ),
    "a header of another host": (
        get(FILE, "X-Forwarded-Host: evil.example", "X-Forwarded-Prefix: /acme/open"),
        "403 GatedRepo",
    ),
    "an answer that may be cached": (get(FILE, "Cache-Control: only-if-cached"), "403 GatedRepo"),
    "a change of protocol": (
        get(FILE, "Connection: Upgrade", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"),
        "403 GatedRepo",
    ),
    "a change to a web socket": (
        request(
            FILE,
            THEIRS,
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        ),
        "403 GatedRepo",
    ),
    "an ended grant and a clock of a year ago": (
        request(FILE, "Authorization: Bearer <exa>", "Date: Sun, 30 Nov 2025 00:00:00 GMT"),
        "403 GatedRepo",
    ),
    "a huge header": (get(FILE, f"X-Much: {'a' * 200_000}"), "400"),
    "10,000 lines of headers": (get(FILE, *["X: y"] * 10_000), "403 GatedRepo"),
    "100,000 lines of headers": (get(FILE, *["X-Many: yes"] * 100_000), "400"),
    "a header without a name": (get(FILE, ": gwen"), "400"),
    "a header with a space before its colon": (
        request(FILE, "Authorization : Bearer <gwen>"),
        "400",
    ),
    "a header over two lines": (request(FILE, "Authorization:\r\n Bearer <gwen>x"), "401"),
    "a line's end alone between headers": (
        request(FILE, "X: y\rAuthorization: Bearer <gwen>"),
        "400",
    ),
    "an expectation": (get(FILE, "Expect: 100-continue", "Content-Length: 4"), "403 GatedRepo"),
    "a path of ten thousand letters": (get(f"{FILE}{'a' * 10_000}"), NOWHERE),
    "a path of ten thousand parts": (get(f"{FILE}{'/a' * 10_000}"), NOWHERE),
    "a query of fifty thousand letters": (get(f"{FILE}?{'a' * 50_000}"), "403 GatedRepo"),
}
"""What stands beside it."""

SHAPES: dict[str, tuple[str, str]] = {
    "the whole address as target": (
        request(f"http://hub.example{FILE}", THEIRS),
        NOWHERE,
    ),
    "the whole address of another place as target": (
        request("http://127.0.0.1:1/acme/gated", OURS),
        NOWHERE,
    ),
    "a star as target": (request("*", THEIRS, method="OPTIONS"), NOWHERE),
    "no target": (request("", THEIRS), "400"),
    "a target without its first slash": (request(FILE[1:], THEIRS), NOWHERE),
    "a target with a space": (request(f"{FILE} x", THEIRS), "400"),
    "a target with a NUL": (request(f"{FILE}\0", THEIRS), "400"),
    "a target beyond ASCII": (request(f"{FILE}\u00fc", THEIRS), "400"),
    "the first version of HTTP": (f"GET {FILE}\r\n\r\n", "400"),
    "a later version of HTTP": (
        request(FILE, THEIRS).replace("HTTP/1.1", "HTTP/2.0", 1),
        "403 GatedRepo",
    ),
    "no host": (request(FILE, THEIRS).replace("Host: hub.example\r\n", ""), "400"),
    "two hosts": (get(FILE, "Host: other.example"), "400"),
    "two lengths": (
        post("/acme/gated/ask-access", "", "Content-Length: 9", THEIRS) + "{}       ",
        "400",
    ),
    "a length that is negative": (
        request(FILE, THEIRS, "Content-Length: -1", method="POST"),
        "400",
    ),
    "a length that is no number": (
        request(FILE, THEIRS, "Content-Length: 0x10", method="POST"),
        "400",
    ),
    "a length and pieces, with a request within": (
        request(
            "/acme/gated/ask-access",
            "Content-Length: 6",
            "Transfer-Encoding: chunked",
            method="POST",
            body=f"0\r\n\r\n{request(FILE)}",
        ).replace("Connection: close\r\n", "", 1),
        "401",
    ),
    "a request within a body that is too short": (
        post("/acme/gated/ask-access", "", THEIRS) + request(FILE),
        "200",
    ),
    "pieces by another name": (
        request(FILE, THEIRS, "Transfer-Encoding: xchunked", method="POST"),
        "400",
    ),
    "pieces, twice": (
        request(FILE, THEIRS, "Transfer-Encoding: chunked, chunked", method="POST"),
        "400",
    ),
    "pieces with a length that is none": (
        request(
            "/acme/gated/ask-access",
            THEIRS,
            "Transfer-Encoding: chunked",
            method="POST",
            body="zz\r\n{}\r\n0\r\n\r\n",
        ),
        "400",
    ),
    "a piece that is longer than it says": (
        request(
            "/acme/gated/ask-access",
            THEIRS,
            "Transfer-Encoding: chunked",
            method="POST",
            body="1\r\n{}\r\n0\r\n\r\n",
        ),
        "400",
    ),
    "pieces with a trailer that is a token": (
        request(
            "/acme/gated/ask-access",
            "Transfer-Encoding: chunked",
            "Trailer: Authorization",
            method="POST",
            body="2\r\n{}\r\n0\r\nAuthorization: Bearer <gwen>\r\n\r\n",
        ),
        "401",
    ),
    "two requests on one connection, the second one without a token": (
        request("/acme/gated/resolve/main/absent", OURS).replace("Connection: close\r\n", "")
        + request(FILE),
        "404 EntryNotFound",
    ),
}
"""The shape of the request itself."""

ASKING = "/acme/gated/ask-access"
HANDLE = "/api/models/acme/gated/user-access-request/handle"
GRANT = "/api/models/acme/gated/user-access-request/grant"
ANNA = "Authorization: Bearer <anna>"

POSTS: dict[str, tuple[str, str]] = {
    "a grant for oneself": (post(GRANT, '{"user": "nora"}', THEIRS), "403"),
    "a grant for oneself, by one who decides": (post(GRANT, '{"user": "anna"}', ANNA), "403"),
    "a grant without a token": (post(GRANT, '{"user": "nora"}'), "401"),
    "one's own request, accepted": (
        post(HANDLE, '{"user": "petra", "status": "accepted"}', "Authorization: Bearer <petra>"),
        "403",
    ),
    "the requests of others": (
        get("/api/models/acme/gated/user-access-request/pending"),
        "403",
    ),
    "a request that says it is accepted": (
        post(ASKING, '{"status": "accepted", "person": "gwen"}', THEIRS),
        "400",
    ),
    "a request whose answers are of the wrong kind": (
        post(
            ASKING, '{"purpose": {"a": 1}, "fields": [1], "wording": [], "share_name": {}}', THEIRS
        ),
        "400",
    ),
    "a decision on several by whoever asked": (
        post(
            "/api/models/acme/gated/user-access-request/batch",
            '{"status": "accepted", "requests": [{"user": "nora"}]}',
            THEIRS,
        ),
        "403",
    ),
    "a request about a repository that nobody may know of": (
        post("/acme/hidden/ask-access", "{}", THEIRS),
        "404 RepoNotFound",
    ),
    "JSON a hundred thousand deep": (post(ASKING, "[" * 60_000, THEIRS), "400"),
    "JSON objects that are deep": (post(ASKING, '{"a":' * 10_000, THEIRS), "400"),
    "JSON that is too long": (post(ASKING, '{"a": "' + "b" * 100_000 + '"}', THEIRS), "413"),
    "a number of JSON that is too long": (post(ASKING, f'{{"a": {"9" * 50_000}}}', THEIRS), "400"),
    "a body that says it is compressed": (
        post(ASKING, "\x1f\x8b\x08", THEIRS, "Content-Encoding: gzip"),
        "400",
    ),
    "JSON that is no object": (post(ASKING, "[]", THEIRS), "400"),
    "JSON that is no JSON": (post(ASKING, "{'a': 1}", THEIRS), "400"),
    "half a letter of JSON": (
        post(HANDLE, '{"user": "\\ud800", "status": "accepted"}', ANNA),
        "400",
    ),
    "a NUL within JSON": (post(HANDLE, '{"user": "\\u0000", "status": "accepted"}', ANNA), "400"),
    "a status that is none": (post(HANDLE, '{"user": "petra", "status": "open"}', ANNA), "400"),
    "a status that is a list": (post(HANDLE, '{"user": "petra", "status": []}', ANNA), "400"),
    "a person that is a list": (post(GRANT, '{"user": ["nora"]}', ANNA), "404"),
    "a person that is nobody": (post(GRANT, '{"user": "nobody"}', ANNA), "404"),
    "paths that are no list": (
        post("/api/models/acme/gated/paths-info/main", '{"paths": {"a": 1}}', THEIRS),
        "400",
    ),
    "paths by the thousand": (
        post(
            "/api/models/acme/gated/paths-info/main",
            '{"paths": [' + ", ".join(['"a"'] * 2000) + "]}",
            THEIRS,
        ),
        "400",
    ),
}
"""What is posted."""
