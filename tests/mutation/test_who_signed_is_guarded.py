# SPDX-License-Identifier: Apache-2.0
"""One wrong line in what judges signatures on evidence and on waivers is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from mutants import Mutation, assert_all_pass, assert_noticed

ATTESTATIONS = "evidence/attestations.py"
STATEMENT = "evidence/attestation_statement.py"
COLLECTION = "evidence/collection.py"
WAIVERS = "decision/waiver_signing.py"
CLAIM = "decision/requirements/claim.py"

TEST_ATTESTATIONS = "evidence/test_attestations.py"
TEST_ASSURANCE = "evidence/test_assurance.py"
TEST_WAIVERS = "decision/test_waiver_signing.py"
COUNTS_FOR_NOTHING = f"{TEST_ATTESTATIONS}::test_a_signature_counts_for_nothing_that_is_of"
VOUCHES_FOR_NOTHING = f"{TEST_ATTESTATIONS}::test_a_file_vouches_for_nothing_that_is"
WITHOUT_EFFECT = f"{TEST_WAIVERS}::test_a_waiver_has_no_effect_with"

MUTATIONS = {
    "anybody vouches, whatever their role": Mutation(
        ATTESTATIONS,
        "or _problem_of_role(signer)\n",
        "or ''\n",
        f"{COUNTS_FOR_NOTHING}[a signer with another role]",
    ),
    "anybody vouches, wherever they belong": Mutation(
        ATTESTATIONS,
        "or _problem_of_house(signer, document)\n",
        "or ''\n",
        f"{COUNTS_FOR_NOTHING}[a signer of another organisation]",
    ),
    "a key is believed when it is no longer valid": Mutation(
        ATTESTATIONS,
        'or signer.problem_at(at, "the time of the decision")\n',
        "or ''\n",
        f"{COUNTS_FOR_NOTHING}[a key that is valid no longer at the decision]",
    ),
    "a signature counts before it was made": Mutation(
        ATTESTATIONS,
        "if signed_at > at:",
        "if False:",
        f"{COUNTS_FOR_NOTHING}[a signature from after the decision]",
    ),
    "a false signature is only a weak one": Mutation(
        ATTESTATIONS,
        "if finding.is_failure:",
        "if False:",
        f"{TEST_ATTESTATIONS}::test_it_is_an_error_when_a_trusted_key_is_named_by"
        "[the signature of another document]",
    ),
    "a statement may be about a document that it does not name": Mutation(
        STATEMENT,
        "if statement.subjects[0].digest != _subject(predicate.document).digest:",
        "if False:",
        f"{VOUCHES_FOR_NOTHING}[a subject that is another document]",
    ),
    "a statement may be about two documents": Mutation(
        STATEMENT,
        "if len(statement.subjects) != 1:",
        "if False:",
        f"{VOUCHES_FOR_NOTHING}[two subjects]",
    ),
    "another kind of statement vouches too": Mutation(
        STATEMENT,
        "if statement.predicate_type != PREDICATE_TYPE:",
        "if False:",
        f"{VOUCHES_FOR_NOTHING}[a statement of another kind]",
    ),
    "an own instrument is believed about other weights": Mutation(
        ATTESTATIONS,
        "if shortfalls:",
        "if False:",
        f"{TEST_ATTESTATIONS}::test_an_own_instrument_measured_here_when_the_log_is_of"
        "[other weights]",
    ),
    "the developer is independent when the document says so": Mutation(
        COLLECTION,
        "or not developer or document.producer.maker != developer:",
        "or True:",
        f"{TEST_ASSURANCE}::test_the_developer_measures_nothing_from_outside",
    ),
    "a claim from outside needs no signature": Mutation(
        CLAIM,
        "reasons += reasons_against_maker(item.document, scene)",
        "pass",
        f"{TEST_ASSURANCE}::test_a_claim_that_only_some_may_make_needs_the_assurance_too",
    ),
    "anybody may waive": Mutation(
        WAIVERS,
        "if signer.roles.isdisjoint(roles):",
        "if False:",
        f"{WITHOUT_EFFECT}[a signer with another role]",
    ),
    "whoever made the evidence may waive": Mutation(
        WAIVERS,
        "    if vouching:\n",
        "    if False:\n",
        f"{WITHOUT_EFFECT}[a signer who may vouch for evidence with another key]",
    ),
    "a waiver is signed in somebody else's name": Mutation(
        WAIVERS,
        "return _told(part.by) == signer.holder",
        "return True",
        f"{WITHOUT_EFFECT}[a signer who is not the giver]",
    ),
}


@pytest.mark.parametrize("case", MUTATIONS)
def test_one_wrong_line_is_noticed(case: str, tmp_path: Path) -> None:
    assert_noticed(MUTATIONS[case], tmp_path)


def test_without_a_wrong_line_every_one_of_these_tests_passes(tmp_path: Path) -> None:
    assert_all_pass(MUTATIONS.values(), tmp_path)
