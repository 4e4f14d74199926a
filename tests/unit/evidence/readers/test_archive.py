# SPDX-License-Identifier: Apache-2.0
"""Archives from strangers: every method that logs use, and everything a hostile one tries."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from logs.zip_files import DEFLATED, STORED, ZSTANDARD, Member, packed, zip_bytes
from tiergate.errors import EvidenceError
from tiergate.evidence.readers.archive import Archive
from tiergate.evidence.readers.archive_limits import ArchiveLimits

TEXT = b"what the model said " * 200
# The header of a Zstandard frame that states its content: magic number, 8 bytes for the size.
FRAME_OF_TEN_GIGABYTES = (
    b"\x28\xb5\x2f\xfd\xe0" + (10 * 1024**3).to_bytes(8, "little") + b"\x01\x00\x00"
)
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
    assert [entry.name for entry in archive] == ["a.json", "b.json"]
    assert list(archive.replaced()) == ["a.json"]


def test_a_name_outside_ascii_is_kept() -> None:
    archive = archive_of(Member(name="samples/naïve_epoch_1.json", content=b"{}"))

    assert archive.read("samples/naïve_epoch_1.json") == b"{}"


def test_sizes_and_places_may_stand_in_zip64_fields() -> None:
    members = [Member(name=name, content=TEXT + name.encode(), zip64=True) for name in "ab"]
    whole = zip_bytes(members, zip64=True)

    archive = Archive(io.BytesIO(whole), "log.eval", ArchiveLimits())

    assert [TEXT + b"a", TEXT + b"b"] == [archive.read(entry) for entry in archive]


def test_a_member_may_have_its_sizes_behind_it_or_in_the_zip64_field_of_its_header() -> None:
    behind = Member(name="a", content=TEXT, flags=0x808, local_size=0)
    long = Member(name="b", content=TEXT, local_size=0xFFFFFFFF)

    archive = archive_of(behind, long)

    assert [TEXT, TEXT] == [archive.read("a"), archive.read("b")]


def test_a_name_that_is_part_of_another_is_told_apart_from_it() -> None:
    archive = archive_of(
        Member(name="old/header.json", content=b"old"),
        Member(name="header.json.bak", content=b"copy"),
        Member(name="header.json", content=b"new"),
    )

    assert archive.read("header.json") == b"new"
    assert "header" not in archive
    assert "json" not in archive


@pytest.mark.parametrize("method", [STORED, DEFLATED, ZSTANDARD])
@pytest.mark.parametrize("size", [1, 7, 4096, 10**6])
def test_the_pieces_of_a_member_make_up_its_content(method: int, size: int) -> None:
    archive = archive_of(Member(name="a.json", content=TEXT, method=method))

    pieces = list(archive.pieces("a.json", size))

    assert b"".join(pieces) == TEXT
    assert max(map(len, pieces)) <= size


def test_pieces_of_a_member_may_be_larger_than_what_is_held_in_memory_whole() -> None:
    limits = ArchiveLimits(member_bytes=100, streamed_bytes=10_000)
    archive = archive_of(Member(name="a.json", content=TEXT), limits=limits)

    assert sum(map(len, archive.pieces("a.json", 64))) == len(TEXT)
    with pytest.raises(EvidenceError, match="at most 100 bytes"):
        archive.read("a.json")


@settings(max_examples=60, deadline=None)
@given(
    contents=st.lists(st.tuples(st.text("ab/é.json", min_size=1), st.binary(max_size=300))),
    method=st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]),
    long=st.booleans(),
)
def test_an_archive_that_python_writes_is_read_as_python_reads_it(
    contents: list[tuple[str, bytes]], method: int, *, long: bool
) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as written:
        for name, content in dict(contents).items():
            with written.open(name, "w", force_zip64=long) as member:
                member.write(content)

    archive = Archive(file, "log.eval", ArchiveLimits())

    assert [entry.name for entry in archive] == list(dict(contents))
    assert [archive.read(entry) for entry in archive] == list(dict(contents).values())


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
    "has a header of another method in front of it": (
        Member(name="a", content=TEXT, method=STORED, local_method=DEFLATED),
        "a member that is not what the list of members says",
    ),
    "has a header of another size in front of it": (
        Member(name="a", content=TEXT, local_size=9),
        "a member that is not what the list of members says",
    ),
    "states ten gigabytes": (
        Member(name="a", content=b"x", size=10 * 1024**3, local_size=0, flags=0x808, zip64=True),
        "a member of 10737418240 bytes unpacked",
    ),
    "states a frame of ten gigabytes in Zstandard": (
        Member(name="a", content=TEXT, method=93, packed=FRAME_OF_TEN_GIGABYTES),
        "a member that does not unpack",
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
    "is deflate cut short": (
        Member(name="a", content=TEXT, packed=packed(DEFLATED, TEXT)[:-9]),
        "a member whose size or checksum is not the stated one",
    ),
    "is Zstandard cut short": (
        Member(name="a", content=TEXT, method=93, packed=packed(93, TEXT)[:-9]),
        "a member whose size or checksum is not the stated one",
    ),
}


@pytest.mark.parametrize("sentence", REFUSED_MEMBERS)
def test_a_member_is_refused_whole_and_in_pieces_that(sentence: str) -> None:
    member, expected = REFUSED_MEMBERS[sentence]
    archive = archive_of(member, limits=ArchiveLimits(streamed_bytes=512 * 1024**2))

    for read in (lambda: archive.read("a"), lambda: list(archive.pieces("a", 1000))):
        with pytest.raises(EvidenceError) as caught:
            read()

        assert expected in str(caught.value)
        assert caught.value.where == "log.eval:a"


def test_a_member_that_is_not_there_is_refused() -> None:
    with pytest.raises(EvidenceError, match="no member b"):
        archive_of(Member(name="a", content=TEXT)).read("b")


def _plain(count: int, size: int) -> bytes:
    return zip_bytes([Member(name=f"m{n}", content=b"x" * size) for n in range(count)])


def _plain_64() -> bytes:
    return zip_bytes([Member(name="m0", content=b"x", zip64=True)], zip64=True)


REFUSED_ARCHIVES: dict[str, tuple[Callable[[], bytes], str]] = {
    "is empty": (lambda: b"", "without its list of members: cut short, or still being written"),
    "is cut in the middle": (
        lambda: _plain(3, 50)[:-60],
        "without its list of members: cut short, or still being written",
    ),
    "has lost its first half": (lambda: _plain(3, 50)[100:], "cut short"),
    "is no ZIP file": (lambda: b"PK\x03\x04 and then prose", "without its list of members"),
    "claims more members than it lists": (
        lambda: _plain(3, 50).replace(b"\x03\x00\x03\x00", b"\x04\x00\x04\x00"),
        "a list of 3 members that claims 4",
    ),
    "has bytes in front that its list does not count in": (
        lambda: b"#!/bin/sh\n" + _plain(3, 50),
        "cut short or damaged (its parts do not fit)",
    ),
    "has bytes behind its end": (lambda: _plain(3, 50) + b"x", "without its list of members"),
    "has a list that ends within a member": (
        lambda: zip_bytes([Member(name="m0", content=b"")]).replace(
            b"\x02\x00\x00\x00\x00\x00\x00\x00", b"\x02\x00\x09\x00\x00\x00\x00\x00"
        ),
        "a list of members that is cut short or damaged",
    ),
    "has a name with a zero byte in it": (
        lambda: zip_bytes([Member(name="m0\0.json", content=b"")]),
        "a member whose name has no end",
    ),
    "has a name that is not UTF-8": (
        lambda: zip_bytes([Member(name="m\xe9", content=b"")]).replace(b"m\xc3\xa9", b"m\xff\xa9"),
        "a member whose name is not UTF-8",
    ),
    "lacks the sizes that it says are elsewhere": (
        lambda: zip_bytes([Member(name="m0", content=b"", size=0xFFFFFFFF)]),
        "a member without the sizes that it refers to",
    ),
    "is spread over several disks": (
        lambda: _plain(1, 1).replace(b"PK\x05\x06\x00\x00", b"PK\x05\x06\x01\x00"),
        "its parts do not fit",
    ),
    "has a ZIP64 record that is not where it should be": (
        lambda: _plain_64().replace(b"PK\x06\x07" + bytes(4), b"PK\x06\x07\x00\x00\x00\x01"),
        "it ends in two ways",
    ),
    "has a ZIP64 record of unusual length": (
        lambda: _plain_64().replace(b"PK\x06\x06\x2c", b"PK\x06\x06\x2d"),
        "it ends in two ways",
    ),
    "has a reference to a ZIP64 record and none": (
        lambda: _plain_64().replace(b"PK\x06\x06", b"PK\x06\x09"),
        "it ends in two ways",
    ),
    "lacks the ZIP64 record that it refers to": (
        lambda: _plain_64().replace(b"PK\x06\x07", b"PK\x06\x08"),
        "its parts do not fit",
    ),
    "ends in two ways": (
        lambda: _plain_64()[:-18] + b"\x00\x00\x00\x00\x02\x00\x02\x00" + bytes(10),
        "it ends in two ways",
    ),
    "ends in the middle of its list": (
        lambda: _plain(1, 0)[:-22] + b"x" + _plain(1, 0)[-22:].replace(b"\x30", b"\x31"),
        "a list of members that is cut short or damaged",
    ),
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
        contents = [archive.read(entry) for entry in archive]
    except EvidenceError:
        return

    assert contents in ([TEXT[:60]], [])
