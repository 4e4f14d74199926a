# SPDX-License-Identifier: Apache-2.0
"""Files in a bucket are what they were, whole, and taken up again where they break off."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import obstore
import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from obstore.store import MemoryStore

from tiergate.errors import DigestMismatchError, InputError
from tiergate.gateway import object_store
from tiergate.gateway.object_store import Bucket
from tiergate.gateway.objects import CHUNK_BYTES, Source, name_of

CONTENT = bytes(range(256)) * (5 * CHUNK_BYTES // 512) + b"end"
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
ABSENT = f"sha256:{1:064x}"


@pytest.fixture
def bucket(tmp_path: Path) -> Bucket:
    found = Bucket(MemoryStore(), tmp_path)
    found.add([CONTENT[:1000], CONTENT[1000:]], DIGEST, "a file")
    return found


def _read(source: Source, first: int, end: int, size: int = CHUNK_BYTES) -> list[bytes]:
    content = source(first, end)
    chunks = list(iter(lambda: content.read(size), b""))
    content.close()
    return chunks


def test_that_what_is_kept_is_there_whole_and_nothing_stays_in_the_folder(
    bucket: Bucket, tmp_path: Path
) -> None:
    assert bucket.has(DIGEST)
    assert not bucket.has(ABSENT)
    assert bucket.size_of(DIGEST) == len(CONTENT)
    assert list((tmp_path / "incoming").iterdir()) == []
    with bucket.opened(DIGEST) as file:
        assert file.read(4) == CONTENT[:4]
        file.seek(-3, 2)
        assert file.tell() == len(CONTENT) - 3
        assert file.read() == b"end"


def test_that_content_with_another_digest_is_refused_and_not_kept(bucket: Bucket) -> None:
    with pytest.raises(DigestMismatchError):
        bucket.add([b"something else"], ABSENT, "a file")

    assert not bucket.has(ABSENT)


def test_that_what_is_there_already_is_not_sent_again(bucket: Bucket) -> None:
    obstore.put(bucket._store, name_of(DIGEST), b"a mark")
    bucket.add([CONTENT], DIGEST, "a file")
    with bucket.arriving() as arriving:
        arriving.write(CONTENT)
        bucket.keep(arriving, DIGEST, "a file")

    assert bucket.size_of(DIGEST) == len(b"a mark")


def test_that_a_bucket_that_keeps_less_than_it_was_sent_is_noticed(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = obstore.put

    def cut(store: MemoryStore, name: str, path: Path, **_: object) -> object:
        return put(store, name, path.read_bytes()[:-1])

    monkeypatch.setattr(obstore, "put", cut)
    content = b"new"
    with pytest.raises(OSError, match="another length"):
        bucket.add([content], f"sha256:{hashlib.sha256(content).hexdigest()}", "a file")


@pytest.mark.parametrize(
    ("first", "end"),
    [(0, len(CONTENT)), (0, 1), (len(CONTENT) - 1, len(CONTENT)), (7, CHUNK_BYTES + 9), (5, 5)],
)
def test_that_part_of_a_content_is_read(first: int, end: int, bucket: Bucket) -> None:
    chunks = _read(bucket.source(DIGEST), first, end)

    assert b"".join(chunks) == CONTENT[first:end]
    assert max(map(len, chunks), default=0) <= CHUNK_BYTES


def test_that_no_more_is_returned_than_was_asked_for(bucket: Bucket) -> None:
    chunks = _read(bucket.source(DIGEST), 0, 100, size=30)

    assert [len(chunk) for chunk in chunks] == [30, 30, 30, 10]


class Breaking:
    """An answer that ends after some bytes, as many times as it is asked for."""

    def __init__(self, real: Any, chunks: int) -> None:  # noqa: ANN401 - a class without a name
        self._real = real
        self._chunks = chunks
        self.meta = real.meta

    def stream(self, min_chunk_size: int) -> Iterator[object]:
        """Yield some of it."""
        found = iter(self._real.stream(min_chunk_size=min_chunk_size))
        for _ in range(self._chunks):
            yield next(found)
        raise object_store_error()


def object_store_error() -> Exception:
    from obstore.exceptions import GenericError

    return GenericError("the connection was lost")


def _breaks_after(monkeypatch: pytest.MonkeyPatch, chunks: int) -> None:
    get = obstore.get
    monkeypatch.setattr(
        obstore, "get", lambda *words, **named: Breaking(get(*words, **named), chunks)
    )


def test_that_a_content_is_taken_up_where_it_breaks_off(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    _breaks_after(monkeypatch, 1)

    assert b"".join(_read(bucket.source(DIGEST), 3, len(CONTENT))) == CONTENT[3:]


def test_that_a_content_that_only_breaks_off_is_given_up(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    _breaks_after(monkeypatch, 0)
    content = bucket.source(DIGEST)(0, 10)
    with pytest.raises(OSError, match="breaks off"):
        content.read(10)


def test_that_a_content_that_is_not_there_cannot_be_read(bucket: Bucket) -> None:
    with pytest.raises(FileNotFoundError):
        bucket.source(ABSENT)(0, 1)
    with pytest.raises(FileNotFoundError), bucket.opened(ABSENT):
        pass
    with pytest.raises(NotImplementedError):
        bucket.place_of(ABSENT)


@pytest.mark.parametrize("part", [(0, len(CONTENT)), (7, 8)])
@pytest.mark.parametrize("size", [len(CONTENT) - 1, len(CONTENT) + 1])
def test_that_a_content_of_another_length_is_not_opened(
    part: tuple[int, int], size: int, bucket: Bucket
) -> None:
    assert b"".join(_read(bucket.source(DIGEST, len(CONTENT)), *part)) == CONTENT[slice(*part)]
    with pytest.raises(OSError, match=f"{len(CONTENT)} bytes, where there should be {size}"):
        bucket.source(DIGEST, size)(*part)


def test_that_a_content_is_not_opened_for_more_than_there_is(bucket: Bucket) -> None:
    with pytest.raises(OSError, match=f"{len(CONTENT)} bytes, where there should be"):
        bucket.source(DIGEST)(3, len(CONTENT) + 1)


def test_that_everything_that_is_kept_is_listed_whatever_it_is(bucket: Bucket) -> None:
    obstore.put(bucket._store, "sha256/left", b"1")
    obstore.put(bucket._store, "elsewhere", b"of somebody else")

    found = {(each.sha256, each.size_bytes, each.name) for each in bucket.stored()}

    assert found == {(DIGEST, len(CONTENT), name_of(DIGEST)), ("", 1, "sha256/left")}


def test_that_a_store_that_signs_nothing_gives_no_address(bucket: Bucket) -> None:
    assert bucket.temporary_url(DIGEST) == ""


@pytest.mark.parametrize("url", ["", "bucket", "http://example.org/bucket", "s3://"])
def test_that_what_is_no_address_of_a_bucket_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--objects"):
        Bucket.at(url, tmp_path)


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A bucket on a server that is not there."""
    for name, value in (
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_ACCESS_KEY_ID", "somebody"),
        ("AWS_SECRET_ACCESS_KEY", "a word that opens it"),
        ("AWS_REGION", "eu-central-1"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(object_store._QUICKLY, "max_retries", 0)
    return Bucket.at("s3://models/some/prefix", tmp_path)


def test_that_a_bucket_that_does_not_answer_is_said(elsewhere: Bucket) -> None:
    with pytest.raises(OSError, match="no answer of the bucket"):
        elsewhere.require()


def test_that_an_address_is_signed_for_one_file_and_one_minute_as_s3_has_it(
    elsewhere: Bucket,
) -> None:
    url = elsewhere.temporary_url(DIGEST)
    place, _, query = url.partition("?")
    given = dict(pair.split("=", 1) for pair in query.split("&"))
    signer = S3SigV4QueryAuth(
        Credentials("somebody", "a word that opens it"), "s3", "eu-central-1", expires=60
    )
    request = AWSRequest("GET", url.rpartition("&X-Amz-Signature=")[0])
    request.context["timestamp"] = given["X-Amz-Date"]
    expected = signer.signature(
        signer.string_to_sign(request, signer.canonical_request(request)), request
    )

    assert place == f"http://127.0.0.1:9/models/some/prefix/{name_of(DIGEST)}"
    assert given["X-Amz-Expires"] == "60"
    assert given["X-Amz-SignedHeaders"] == "host"
    assert given["X-Amz-Signature"] == expected
