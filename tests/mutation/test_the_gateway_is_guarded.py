# SPDX-License-Identifier: Apache-2.0
"""One wrong line in the gateway, or in who may download, is noticed by a named test.

Each row names one way in which weights would leave by mistake, or somebody would learn what
they may not know.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from mutants import Mutation, assert_all_pass, assert_noticed

ACCESS = "release/access.py"
ACCOUNTS = "gateway/accounts.py"
BODY = "gateway/body.py"
DELIVERY = "gateway/delivery.py"
GUARDS = "gateway/guards.py"
HUB = "gateway/hub.py"
OBJECTS = "gateway/objects.py"
REQUESTS = "gateway/requests.py"
TARGETS = "gateway/targets.py"
WIRE = "gateway/wire.py"

DECIDED = "release/test_access.py::test_that_it_is_decided_that"
KNOWN = "release/test_access.py::test_that_it_is_decided_who_may_know_of"
LIVE = "../gateway"
ATTACKS = f"{LIVE}/test_attacks.py::test_that_no_byte_of_the_weights_leaves_for"
NOWHERE = "gateway/test_targets.py::test_that_no_route_is_named_by"

MUTATIONS = {
    "the tier that needs a grant is open": Mutation(
        ACCESS,
        "offer.release.serves.rank > Tier.T4.rank",
        "offer.release.serves.rank >= Tier.T4.rank",
        f"{DECIDED}[a grant is needed, and nobody is known to ask]",
    ),
    "a grant holds for a moment too long": Mutation(
        ACCESS, "if at >= grant.until:", "if at > grant.until:", f"{DECIDED}[the grant has ended]"
    ),
    "a grant that was revoked holds": Mutation(
        ACCESS,
        "if grant.revoked_at is not None:",
        "if grant.revoked_at == at:",
        f"{DECIDED}[the grant was revoked]",
    ),
    "a grant is for every revision": Mutation(
        ACCESS,
        'if grant.commit not in ("", request.commit):',
        'if grant.commit in ("", request.commit) and not grant.commit and not request.commit:',
        f"{DECIDED}[the grant is for another revision]",
    ),
    "a grant of the ledger is anybody's": Mutation(
        ACCESS,
        "and event.body.identity == caller.name:",
        "and event.body.identity:",
        f"{DECIDED}[the grant in the ledger is somebody else's]",
    ),
    "other files are served under a decision": Mutation(
        ACCESS,
        "elif offer.root_digest != release.submitted.root_digest:",
        "elif not offer.root_digest:",
        f"{DECIDED}[the files are not those that were submitted]",
    ),
    "nothing is for nobody": Mutation(
        ACCESS,
        "    if elsewhere:\n",
        '    if elsewhere == "nowhere":\n',
        f"{DECIDED}[it is open, but not where the person is]",
    ),
    "what is not open yet is known of": Mutation(
        ACCESS,
        "if offer is None or not (has_opened or offer.is_announced):",
        "if offer is None:",
        f"{KNOWN}[what is not open yet]",
    ),
    "the guard of bytes lets everybody through": Mutation(
        GUARDS,
        "if guard is Guard.HAVE and not visit.access.is_allowed:",
        "if guard is Guard.HAVE and visit.repository is None:",
        f"{ATTACKS}[path: the path as it is]",
    ),
    "the guard of knowledge lets everybody through": Mutation(
        GUARDS,
        "if visit.repository is None or (reason.hides and not is_other):",
        "if visit.repository is None:",
        f"{LIVE}/test_attacks_in_time.py"
        "::test_that_nobody_can_tell_what_is_hidden_from_what_is_not_there[/api/models/{}]",
    ),
    "a commit that no decision is about is told from one that is not there": Mutation(
        GUARDS,
        "if visit.repository is None or (reason.hides and not is_other):",
        "if visit.repository is None or reason.hides:",
        f"{LIVE}/test_attacks_in_time.py"
        "::test_that_a_commit_that_no_decision_is_about_is_as_if_it_were_not_there",
    ),
    "everybody decides on requests": Mutation(
        GUARDS,
        "if guard is Guard.APPROVER and person and person.roles & _DECIDERS:",
        "if guard is Guard.APPROVER and person:",
        f"{ATTACKS}[post: the requests of others]",
    ),
    "to know of a file is to have it": Mutation(
        HUB,
        'Kind.FILE: Route(("GET", "HEAD"), Guard.HAVE, Hub.file),',
        'Kind.FILE: Route(("GET", "HEAD"), Guard.KNOW, Hub.file),',
        f"{LIVE}/test_routes.py"
        "::test_that_only_one_handler_can_send_bytes_and_its_routes_ask_for_the_right_to_them",
    ),
    "any method will do": Mutation(
        HUB,
        "if request.method not in route.methods:",
        "if request.method not in (*route.methods, 'POST'):",
        f"{ATTACKS}[method: POST]",
    ),
    "nobody asks again while bytes flow": Mutation(
        DELIVERY,
        "if gone.done() or not await self._may_go_on_now():",
        "if gone.done():",
        "gateway/test_delivery.py::test_that_nothing_more_is_sent_once_it_may_not",
    ),
    "what waits for a slow reader is sent all the same": Mutation(
        DELIVERY,
        "            _cut(send)\n",
        "            pass\n",
        f"{LIVE}/test_attacks_in_time.py::test_that_a_running_download_ends_with[a revocation]",
    ),
    "a range may begin before its file": Mutation(
        DELIVERY,
        "return Span(max(0, size - wanted), size, is_part=True)",
        "return Span(size - wanted, size, is_part=True)",
        "gateway/test_delivery.py::test_that_what_is_asked_for_is[more last bytes than there are]",
    ),
    "a path may lead up": Mutation(
        TARGETS,
        '{"", ".", ".."} & set(inner)',
        '{"", "."} & set(inner)',
        f"{NOWHERE}[two dots, encoded]",
    ),
    "a path is decoded twice": Mutation(
        TARGETS,
        'text = plain.decode("utf-8")',
        'text = plain.replace(b"%2F", b"/").decode("utf-8")',
        "gateway/test_targets.py::test_that_a_path_names[/acme/model/resolve/main/%61%252F.txt]",
    ),
    "a token does not end": Mutation(
        ACCOUNTS,
        "tokens.c.digest == self._digest(token), tokens.c.until > at",
        "tokens.c.digest == self._digest(token)",
        "gateway/test_accounts.py::test_that_a_token_ends",
    ),
    "an account that was disabled counts": Mutation(
        ACCOUNTS,
        "            .where(people.c.disabled_at.is_(None))\n",
        "",
        "gateway/test_accounts.py::test_that_an_account_that_was_disabled_is_nobodys",
    ),
    "somebody decides on their own request": Mutation(
        REQUESTS,
        "        if by == request.person:\n",
        "        if not by:\n",
        "gateway/test_requests.py::test_that_nobody_decides_on_their_own",
    ),
    "a rejection leaves the grants": Mutation(
        REQUESTS,
        "                _revoke(connection, request.repository, request.person, at)\n",
        "",
        "gateway/test_requests.py"
        "::test_that_what_is_no_longer_accepted_takes_its_grants_with_it[rejected]",
    ),
    "content is kept whatever its digest": Mutation(
        OBJECTS,
        "if arriving.sha256 != sha256:",
        "if not arriving.sha256:",
        "gateway/test_objects.py::test_that_content_with_another_digest_is_refused_and_not_kept",
    ),
    "what is kept can be written to": Mutation(
        OBJECTS,
        "0o444",
        "0o644",
        "gateway/test_objects.py::test_that_nobody_may_write_to_what_is_kept",
    ),
    "a message may begin a new header": Mutation(
        WIRE,
        '_NOT_SHOWN.sub(" ", text)',
        "text",
        "gateway/test_wire.py::test_that_a_header_says[two\\r\\nX-Access: yes-two X-Access: yes]",
    ),
    "half a letter reaches the database": Mutation(
        BODY,
        "or not _is_storable(document)",
        "or len(document) < 0",
        "gateway/test_body.py::test_that_a_body_is_refused_that_is[half a letter]",
    ),
}


@pytest.mark.parametrize("case", MUTATIONS)
def test_one_wrong_line_is_noticed(case: str, tmp_path: Path) -> None:
    assert_noticed(MUTATIONS[case], tmp_path)


def test_without_a_wrong_line_every_one_of_these_tests_passes(tmp_path: Path) -> None:
    assert_all_pass(MUTATIONS.values(), tmp_path)
