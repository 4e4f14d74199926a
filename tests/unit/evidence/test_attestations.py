# SPDX-License-Identifier: Apache-2.0
"""Who vouches for evidence: what counts, and every way in which a signature does not."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from builders_assurance import (
    DAY,
    HOUSE,
    SIGNED_AT,
    Change,
    attestation,
    believing_eve,
    envelope_of,
    given,
)
from builders_attestation import key, trust, trusted
from builders_decision import AT, MEASURED_AT, OTHER_ROOT, claim, document, measurement
from tiergate.attestation.envelope import Envelope, Signature
from tiergate.attestation.trust import Role, Trust
from tiergate.errors import InputError, VerificationError
from tiergate.evidence.assurance import Assurance, Standing
from tiergate.evidence.attestation_statement import attestation_of
from tiergate.evidence.attestations import GivenAttestation, read_attestation, vouch
from tiergate.evidence.collection import EvidenceDocument
from tiergate.evidence.provenance import BindingLevel, Relation

DOCUMENT = document(measurement())
OTHER = document(measurement("cyber.exploit"))
EVE = believing_eve()


def standing(
    *files: GivenAttestation,
    believed: Trust | None = EVE,
    about: EvidenceDocument = DOCUMENT,
    at: datetime = AT,
) -> Standing:
    found, _ = vouch([about, OTHER], files, believed, at=at)
    return found.standing_of(about.digest)


def test_a_signature_of_its_maker_attests_a_document() -> None:
    file = attestation(DOCUMENT)

    found = standing(file)

    assert Assurance.ATTESTED is found.assurance
    assert ("eve of institute",) == found.signers
    assert (file.digest,) == found.attestations
    assert "signed by eve of institute" == found.reason


@pytest.mark.parametrize("name", [" Institute ", "INSTITUTE", "ins\u200btitute"])
def test_an_organisation_is_the_same_however_it_is_written(name: str) -> None:
    assert (
        Assurance.ATTESTED
        is standing(attestation(DOCUMENT), believed=believing_eve(organisation=name)).assurance
    )


def test_a_document_without_an_organisation_is_its_maker_s_own() -> None:
    own = document(measurement(), producer=HOUSE, organisation="")

    assert Assurance.ATTESTED is standing(attestation(own), about=own).assurance


def test_an_independent_reviewer_vouches_too() -> None:
    believed = believing_eve(Role.INDEPENDENT_REVIEWER, Role.LEGAL)

    assert Assurance.ATTESTED is standing(attestation(DOCUMENT), believed=believed).assurance


def test_without_a_trust_file_nobody_is_believed_and_nothing_is_read() -> None:
    hostile = GivenAttestation(where="a.json", data=b"\xff")

    found, doubts = vouch([DOCUMENT], [attestation(DOCUMENT), hostile], None, at=AT)

    assert ("", ()) == (found.trust_digest, doubts)
    assert "no trust file" in found.standing_of(DOCUMENT.digest).reason


def test_a_document_that_nobody_signed_is_declared() -> None:
    found = standing(attestation(OTHER))

    assert (Assurance.DECLARED, "nobody signed it") == (found.assurance, found.reason)


def _subject(statement: Any) -> None:  # noqa: ANN401 - JSON
    statement["subject"][0]["digest"]["sha256"] = OTHER.digest.removeprefix("sha256:")


def _both_subjects(statement: Any) -> None:  # noqa: ANN401 - JSON
    other = OTHER.digest.removeprefix("sha256:")
    statement["subject"].append({"name": "other.json", "digest": {"sha256": other}})


def _another_digest(statement: Any) -> None:  # noqa: ANN401 - JSON
    statement["subject"][0]["digest"]["sha512"] = "0"


def _at(*path: str, value: object) -> Change:
    def change(statement: Any) -> None:  # noqa: ANN401 - JSON
        for step in path[:-1]:
            statement = statement[step]
        statement[path[-1]] = value

    return change


def _missing(statement: Any) -> None:  # noqa: ANN401 - JSON
    del statement["predicate"]["producer"]


def _changed(change: Change) -> GivenAttestation:
    return attestation(DOCUMENT, change=change)


COUNTS_FOR_NOTHING: dict[str, tuple[GivenAttestation, Trust, str]] = {
    "a key that the trust file does not know": (
        attestation(DOCUMENT, "mallory"),
        EVE,
        "nobody whom the trust file names has it",
    ),
    "a key that was valid later": (
        attestation(DOCUMENT),
        believing_eve(valid_from=SIGNED_AT + DAY),
        "the time of signing is before",
    ),
    "a key that was valid no longer when it signed": (
        attestation(DOCUMENT),
        believing_eve(valid_until=SIGNED_AT),
        "the time of signing is later",
    ),
    "a key that is valid no longer at the decision": (
        attestation(DOCUMENT),
        believing_eve(valid_until=AT),
        "the time of the decision is later",
    ),
    "a signer with another role": (
        attestation(DOCUMENT),
        believing_eve(Role.LEGAL, Role.SAFETY_LEAD),
        "trusted as legal, safety lead, and evaluator or independent reviewer vouches",
    ),
    "a signer of another organisation": (
        attestation(DOCUMENT),
        believing_eve(organisation="Lab"),
        "belongs to Lab, and the document was made by institute",
    ),
    "a signature from after the decision": (
        attestation(DOCUMENT, at=AT + DAY),
        EVE,
        "after the time of the decision",
    ),
    "a signature from before the measurement": (
        attestation(DOCUMENT, at=MEASURED_AT - DAY),
        EVE,
        "before what it is about had ended",
    ),
    "a statement about another checkpoint than the document": (
        _changed(_at("predicate", "root_digest", value=OTHER_ROOT)),
        EVE,
        "says other things about the document",
    ),
    "a statement that names another producer": (
        _changed(_at("predicate", "producer", "organisation", value="Lab")),
        EVE,
        "says other things about the document",
    ),
}


@pytest.mark.parametrize("case", COUNTS_FOR_NOTHING)
def test_a_signature_counts_for_nothing_that_is_of(case: str) -> None:
    file, believed, expected = COUNTS_FOR_NOTHING[case]

    found, doubts = vouch([DOCUMENT], [file], believed, at=AT)

    own = found.standing_of(DOCUMENT.digest)
    assert (Assurance.DECLARED, ()) == (own.assurance, own.signers)
    assert expected in own.reason
    assert (file.digest,) == own.attestations
    assert [("a.json", own.reason)] == [(doubt.where, doubt.reason) for doubt in doubts]


def _bundle(change: Change) -> GivenAttestation:
    content = json.loads(attestation(DOCUMENT).data)
    change(content)
    return GivenAttestation(where="a.json", data=json.dumps(content).encode())


_DEEP = GivenAttestation(where="a.json", data=b"[" * 100_000)

ABOUT_NO_DOCUMENT_HERE: dict[str, tuple[GivenAttestation, str]] = {
    "a statement about a document that is not here": (
        attestation(document(measurement("cbrn.planning"))),
        "which is not here",
    ),
    "a subject that is another document": (_changed(_subject), "a subject that is not"),
    "two subjects": (_changed(_both_subjects), "2 subjects"),
    "a subject with a digest that is no sha256": (_changed(_another_digest), "a subject that is"),
    "no subject": (_changed(_at("subject", value=[])), "nothing"),
    "a payload of another type": (
        attestation(DOCUMENT, kind="text/plain"),
        "a payload of type 'text/plain'",
    ),
    "a statement of another kind": (
        _changed(_at("predicateType", value="https://tiergate.dev/release-decision/v1")),
        "a statement of type",
    ),
    "a statement of another version of in-toto": (
        _changed(_at("_type", value="https://in-toto.io/Statement/v9")),
        "expected https://in-toto.io/Statement/v1",
    ),
    "a predicate that lacks a field": (_changed(_missing), "predicate.producer: found"),
    "a predicate with a field too many": (
        _changed(_at("predicate", "more", value=1)),
        "predicate.more: found",
    ),
    "a time that is none": (
        _changed(_at("predicate", "signed_at", value="yesterday")),
        "predicate.signed_at: found",
    ),
    "a file that is no JSON": (GivenAttestation(where="a.json", data=b"\xff\xfe"), "not UTF-8"),
    "an empty file": (GivenAttestation(where="a.json", data=b""), "broken JSON"),
    "JSON that is nested without end": (_DEEP, "nested too deeply"),
    "a bundle of another version": (_bundle(_at("mediaType", value="x")), "media type 'x'"),
    "a bundle with two envelopes": (
        _bundle(_at("messageSignature", value={})),
        "an unknown field 'messageSignature'",
    ),
    "an envelope without a signature": (
        _bundle(_at("dsseEnvelope", "signatures", value=[])),
        "none or too many",
    ),
    "an envelope with too many signatures": (
        _bundle(_at("dsseEnvelope", "signatures", value=[{"sig": ""}] * 65)),
        "none or too many",
    ),
}


@pytest.mark.parametrize("case", ABOUT_NO_DOCUMENT_HERE)
def test_a_file_vouches_for_nothing_that_is(case: str) -> None:
    file, expected = ABOUT_NO_DOCUMENT_HERE[case]

    found, doubts = vouch([DOCUMENT], [file], EVE, at=AT)

    assert Assurance.DECLARED is found.standing_of(DOCUMENT.digest).assurance
    assert (1, True) == (len(doubts), expected in doubts[0].reason)


def _with(envelope: Envelope, **changes: Any) -> GivenAttestation:  # noqa: ANN401
    return given(dataclasses.replace(envelope, **changes))


def _false(value: bytes) -> Callable[[], GivenAttestation]:
    made = Signature(key_id=key("eve").public.key_id, value=value)
    return lambda: _with(envelope_of(DOCUMENT), signatures=(made,))


def _moved() -> GivenAttestation:
    return _with(envelope_of(DOCUMENT), payload=envelope_of(OTHER).payload)


def _other_type() -> GivenAttestation:
    return _with(envelope_of(DOCUMENT), payload_type="application/json")


def _one_of_two() -> GivenAttestation:
    good = envelope_of(DOCUMENT)
    bad = Signature(key_id=key("eve").public.key_id, value=b"1")
    return _with(good, signatures=(*good.signatures, bad))


FALSE: dict[str, Callable[[], GivenAttestation]] = {
    "a signature that is nonsense": _false(b"\x00" * 70),
    "an empty signature": _false(b""),
    "the signature of another document": _moved,
    "a payload type that was swapped afterwards": _other_type,
    "one false signature beside one that holds": _one_of_two,
}


@pytest.mark.parametrize("case", FALSE)
def test_it_is_an_error_when_a_trusted_key_is_named_by(case: str) -> None:
    with pytest.raises(VerificationError, match="it names the key of eve and does not hold"):
        standing(FALSE[case]())


def test_a_key_is_not_named_by_what_no_key_is_called() -> None:
    strange = Signature(key_id="\x1b[2J", value=b"1")
    file = _with(envelope_of(DOCUMENT), signatures=(strange,))

    assert standing(file).reason.startswith("a key without a usable name: ")


def test_a_key_that_is_not_named_is_found_all_the_same() -> None:
    made = envelope_of(DOCUMENT)
    file = _with(made, signatures=(dataclasses.replace(made.signatures[0], key_id=""),))

    assert Assurance.ATTESTED is standing(file).assurance


def test_one_signature_that_counts_is_enough_in_one_file_and_in_two() -> None:
    both = attestation(DOCUMENT, "mallory", "eve")
    apart = [attestation(DOCUMENT, "mallory"), attestation(DOCUMENT)]

    assert Assurance.ATTESTED is standing(both).assurance
    assert Assurance.ATTESTED is standing(*apart).assurance
    assert 2 == len(standing(*apart).attestations)


def test_two_people_are_named_in_order_and_one_person_once() -> None:
    ann, eve = (
        trusted(name, Role.EVALUATOR, organisation=HOUSE, valid_from=MEASURED_AT - DAY)
        for name in ("ann", "eve")
    )
    again = trusted(
        "eve-ed25519",
        Role.EVALUATOR,
        person="eve",
        organisation=HOUSE,
        valid_from=MEASURED_AT - DAY,
    )

    found = standing(
        attestation(DOCUMENT, "eve", "ann", "eve-ed25519"), believed=trust(eve, ann, again)
    )

    assert ("ann of institute", "eve of institute") == found.signers


def test_the_order_in_which_files_are_given_makes_no_difference() -> None:
    files = [attestation(DOCUMENT, name) for name in ("eve", "mallory", "trudy")]

    assert vouch([DOCUMENT], files, EVE, at=AT) == vouch([DOCUMENT], files[::-1], EVE, at=AT)


def test_the_same_file_in_two_places_counts_once() -> None:
    file = attestation(DOCUMENT)

    assert (file.digest,) == standing(file, dataclasses.replace(file, where="b")).attestations


INSTRUMENT = believing_eve(measures_here=True)
HERE: dict[str, tuple[EvidenceDocument, str]] = {
    "the same weights at load": (
        document(measurement(), level=BindingLevel.DIGEST_AT_LOAD),
        "",
    ),
    "other weights": (
        document(measurement(), relation=Relation.SAFEGUARDS_REMOVED),
        "other weights ran",
    ),
    "weights that name the digest of others": (
        document(measurement(), measured=OTHER_ROOT),
        "other weights ran",
    ),
    "a name alone": (document(measurement(), root=""), "other weights ran"),
    "a commit": (
        document(measurement(), level=BindingLevel.IMMUTABLE_REVISION),
        "tied by immutable revision, and no digest at load",
    ),
}


@pytest.mark.parametrize("case", HERE)
def test_an_own_instrument_measured_here_when_the_log_is_of(case: str) -> None:
    about, shortfall = HERE[case]

    found = standing(attestation(about), believed=INSTRUMENT, about=about)

    assert found.assurance is (Assurance.ATTESTED if shortfall else Assurance.MEASURED_HERE)
    assert shortfall in found.reason


def test_what_is_signed_is_about_the_file_and_nothing_else() -> None:
    made = attestation_of(DOCUMENT, signed_at=SIGNED_AT)

    sha256 = DOCUMENT.digest.removeprefix("sha256:")
    assert [(f"{sha256}.json", {"sha256": sha256})] == [(s.name, s.digest) for s in made.subjects]
    _, stated = read_attestation(attestation(DOCUMENT))
    assert (DOCUMENT.digest, SIGNED_AT) == (stated.document, stated.signed_at)


def test_nobody_vouches_for_what_has_not_happened_yet() -> None:
    stated = document(claim("E01", made_at=MEASURED_AT + DAY))

    with pytest.raises(InputError, match="Sign it when its time has come"):
        attestation_of(stated, signed_at=MEASURED_AT)


def test_a_time_at_the_end_of_the_calendar_is_only_a_time() -> None:
    file = attestation(DOCUMENT, at=datetime.max.replace(tzinfo=UTC))

    assert "after the time of the decision" in standing(file).reason
