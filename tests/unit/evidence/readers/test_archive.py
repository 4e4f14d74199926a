# SPDX-License-Identifier: Apache-2.0
"""Archives from strangers: every method that logs use, and everything a hostile one tries."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from logs.zip_files import DEFLATED, STORED, ZSTANDARD, Member, packed, zip_bytes
from tiergate.errors import EvidenceError
from tiergate.evidence.readers.archive import Archive, ArchiveLimits

TEXT = b"what the model said " * 200
SMALL = ArchiveLimits(
    member_bytes=10_000, total_bytes=20_000, members=3, ratio=1000, directory_bytes=300
)


def archive_of(*members: Member, limits: ArchiveLimits | None = None) -> Archive:
    return Archive(io.BytesIO(zip_bytes(members)), "log.eval", limits or ArchiveLimits())


@pytest.mark.parametrize("method", [STORED, DEFLATED, ZSTANDARD])
def test_a_member_of_every_method_gives_its_content(method: int) -> None:
    archive = archive_of(Member(name="a.json", content=TEXT, method=method))

    assert archive.read("a.json") == TEXT


def test_zstandard_in_several_frames_is_read_to_the_end() -> None:
    frames = b"".join(zstandard.compress(part) for part in (TEXT, TEXT, b"the end"))
    member = Member(name="a.json", content=TEXT + TEXT + b"the end", method=93, packed=frames)

    assert archive_of(member).read("a.json") == TEXT + TEXT + b"the end"


def test_an_empty_member_is_empty() -> None:
    assert archive_of(Member(name="a.json", content=b"")).read("a.json") == b""


def test_of_two_members_with_one_name_the_later_one_counts() -> None:
    archive = archive_of(
        Member(name="a.json", content=b"first"),
        Member(name="b.json", content=b"other"),
        Member(name="a.json", content=b"second"),
    )

    assert archive.read("a.json") == b"second"
    assert archive.names == ("a.json", "b.json")
    assert archive.replaced == ("a.json",)


def test_a_name_outside_ascii_is_kept() -> None:
    archive = archive_of(Member(name="samples/naïve_epoch_1.json", content=b"{}"))

    assert archive.read("samples/naïve_epoch_1.json") == b"{}"


REFUSED_MEMBERS: dict[str, tuple[Member, str]] = {
    "states a larger size than the limit": (
        Member(name="a", content=b"x", size=600 * 1024**2),
        "a member of 629145600 bytes unpacked, expected at most 536870912 bytes",
    ),
    "unpacks to more than a thousand times its length": (
        Member(name="a", content=bytes(8 * 1024**2)),
        "expected at most 1000 bytes for each packed one",
    ),
    "holds more than it states": (
        Member(name="a", content=TEXT, size=10),
        "a member whose size or checksum is not the stated one",
    ),
    "holds more than it states, in Zstandard": (
        Member(name="a", content=TEXT, size=10, method=93),
        "a member whose size or checksum is not the stated one",
    ),
    "holds less than it states": (
        Member(name="a", content=b"x", size=10),
        "a member whose size or checksum is not the stated one",
    ),
    "has another checksum": (
        Member(name="a", content=TEXT, checksum=1),
        "a member whose size or checksum is not the stated one",
    ),
    "is encrypted": (Member(name="a", content=TEXT, flags=0x801), "an encrypted member"),
    "has another name in front of it": (
        Member(name="a", content=TEXT, local_name="b"),
        "a member that is not what the list of members says",
    ),
    "is packed with an unknown method": (
        Member(name="a", content=TEXT, method=14),
        "compression method 14, expected stored (0), deflate (8) or Zstandard (93)",
    ),
    "is no deflate": (
        Member(name="a", content=TEXT, packed=b"\xff" * 40),
        "a member that does not unpack",
    ),
    "is no Zstandard": (
        Member(name="a", content=TEXT, method=93, packed=b"\xff" * 40),
        "a member that does not unpack",
    ),
    "is Zstandard cut short": (
        Member(name="a", content=TEXT, method=93, packed=packed(93, TEXT)[:-9]),
        "a member whose size or checksum is not the stated one",
    ),
}


@pytest.mark.parametrize("sentence", REFUSED_MEMBERS)
def test_a_member_is_refused_that(sentence: str) -> None:
    member, expected = REFUSED_MEMBERS[sentence]
    archive = archive_of(member)

    with pytest.raises(EvidenceError) as caught:
        archive.read("a")

    assert expected in str(caught.value)
    assert caught.value.where == "log.eval:a"


def _plain(count: int, size: int) -> bytes:
    return zip_bytes([Member(name=f"m{n}", content=b"x" * size) for n in range(count)])


REFUSED_ARCHIVES: dict[str, tuple[Callable[[], bytes], str]] = {
    "is empty": (lambda: b"", "cut short or damaged"),
    "is cut in the middle": (lambda: _plain(3, 50)[:-60], "cut short or damaged"),
    "has lost its first half": (lambda: _plain(3, 50)[100:], "cut short"),
    "is no ZIP file": (lambda: b"PK\x03\x04 and then prose", "cut short or damaged"),
    "has too many members": (lambda: _plain(4, 1), "4 members of 4 bytes unpacked"),
    "unpacks to too much in all": (lambda: _plain(3, 9_000), "3 members of 27000 bytes"),
    "has too long a list of members": (
        lambda: zip_bytes([Member(name="n" * 300, content=b"")]),
        "a list of members of more than 300 bytes",
    ),
}


@pytest.mark.parametrize("sentence", REFUSED_ARCHIVES)
def test_an_archive_is_refused_that(sentence: str) -> None:
    make, expected = REFUSED_ARCHIVES[sentence]

    with pytest.raises(EvidenceError) as caught:
        Archive(io.BytesIO(make()), "log.eval", SMALL).read("m0")

    assert expected in str(caught.value)


def test_a_member_whose_header_lies_beyond_the_end_is_refused() -> None:
    whole = bytearray(zip_bytes([Member(name="a", content=b"x")]))
    offset = whole.index(b"PK\x01\x02") + 42
    whole[offset : offset + 4] = (len(whole) - 4).to_bytes(4, "little")

    with pytest.raises(EvidenceError, match="cut short"):
        Archive(io.BytesIO(bytes(whole)), "log.eval", ArchiveLimits()).read("a")


@settings(max_examples=150, deadline=None)
@given(
    method=st.sampled_from([STORED, DEFLATED, ZSTANDARD]),
    position=st.integers(0, 10_000),
    byte=st.integers(0, 255),
)
def test_a_changed_byte_gives_the_same_content_or_a_refusal(
    method: int, position: int, byte: int
) -> None:
    whole = bytearray(zip_bytes([Member(name="a.json", content=TEXT[:60], method=method)]))
    whole[position % len(whole)] = byte

    try:
        archive = Archive(io.BytesIO(bytes(whole)), "log.eval", ArchiveLimits())
        contents = [archive.read(name) for name in archive.names]
    except EvidenceError:
        return

    assert contents in ([TEXT[:60]], [])
