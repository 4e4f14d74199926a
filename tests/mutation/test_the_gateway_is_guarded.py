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
APPLICATION = "gateway/application.py"
AUDIT = "gateway/audit.py"
FINGERPRINTS = "gateway/fingerprints.py"
MIGRATIONS = "gateway/migrations/__init__.py"
MIRROR = "gateway/mirror.py"
OBJECT_STORE = "gateway/object_store.py"
ACCOUNTS = "gateway/accounts.py"
BODY = "gateway/body.py"
DELIVERY = "gateway/delivery.py"
GUARDS = "gateway/guards.py"
HUB = "gateway/hub.py"
OBJECTS = "gateway/objects.py"
REQUESTS = "gateway/requests.py"
REQUEST_ROWS = "gateway/request_rows.py"
ASKING = "gateway/asking.py"
COPIES = "gateway/copies.py"
GRANTS = "gateway/grants.py"
MARKS = "gateway/marks.py"
QUESTIONS = "gateway/questions.py"
REVIEWING = "gateway/reviewing.py"
VOTES = "gateway/votes.py"
TARGETS = "gateway/targets.py"
WIRE = "gateway/wire.py"

DECIDED = "release/test_access.py::test_that_it_is_decided_that"
KNOWN = "release/test_access.py::test_that_it_is_decided_who_may_know_of"
LIVE = "../gateway"
BETWEEN = "test_that_a_first_piece_of_somebody_else_in_between_refuses_nothing"
ENDS = f"{LIVE}/test_attacks_in_time.py::test_that_a_running_download_ends_with"
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
        "        yield _not_open(release)\n    elsewhere = _excluded(request, offer)\n",
        "        yield _not_open(release)\n    elsewhere = _excluded(request, offer) and None\n",
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
        "if guard is Guard.APPROVER and person and _decides(person, target.repository):",
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
    "an answer that took long counts from when it came": Mutation(
        DELIVERY,
        "        self._known_at = self._asked_at = now\n",
        "        self._known_at, self._asked_at = now, time.monotonic()\n",
        "gateway/test_delivery.py::test_that_an_answer_is_as_old_as_its_question",
    ),
    "what took long to write down is sent unasked": Mutation(
        HUB,
        "            visit = await self._not_long_ago(visit)\n",
        "",
        f"{LIVE}/test_the_log.py"
        "::test_that_who_was_revoked_while_it_was_written_down_gets_nothing[HEAD]",
    ),
    "what was sent flows on while the next piece is waited for": Mutation(
        DELIVERY,
        '(chunk,) = await self._has_come(asyncio.ensure_future(reading), gone) or (b"",)',
        "chunk = await reading",
        f"{LIVE}/test_attacks_in_time.py"
        "::test_that_a_download_ends_while_its_next_piece_is_waited_for",
    ),
    "a body that is held back acts on what was allowed when it began": Mutation(
        HUB,
        "                visit = await self._with_body(visit, route.guard)\n",
        "                pass\n",
        f"{LIVE}/test_forms_held_back.py",
    ),
    "what waits for a slow reader is sent all the same": Mutation(
        DELIVERY,
        "            connection.cut(send)\n",
        "            pass\n",
        f"{ENDS}[a revocation-long]",
    ),
    "whoever is second with the first piece is refused": Mutation(
        GRANTS,
        "                if known + piece.length > budget:\n                    return False\n",
        "                return False\n",
        f"{LIVE}/test_at_once.py::{BETWEEN}[sqlite]",
    ),
    "an answer is over when the system has all of it": Mutation(
        DELIVERY,
        "        while connection.waiting_bytes(send):\n",
        "        while False:\n",
        f"{ENDS}[a revocation-short]",
    ),
    "the system goes on sending for a process that was killed": Mutation(
        DELIVERY,
        "        connection.hold(send)\n",
        "",
        f"{LIVE}/test_serving.py::test_that_a_process_that_is_killed_leaves_nothing_on_its_way",
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
        "tokens.c.digest == self.tokens.digest(token), tokens.c.until > at",
        "tokens.c.digest == self.tokens.digest(token)",
        "gateway/test_accounts.py::test_that_a_token_ends",
    ),
    "an account that was disabled counts": Mutation(
        ACCOUNTS,
        "_STANDS = people.c.disabled_at.is_(None)",
        "_STANDS = sa.true()",
        f"{LIVE}/test_login.py::test_that_a_disabled_account_is_out_at_once_and_stays_out",
    ),
    "somebody decides on their own request": Mutation(
        REQUESTS,
        "        if by == request.person:\n",
        "        if not by:\n",
        "gateway/test_requests.py::test_that_nobody_decides_on_their_own",
    ),
    "a rejection leaves the grants": Mutation(
        REQUEST_ROWS,
        "    revoke(connection, found.repository, found.person, at)\n",
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
    "a grant for no downloads is for one": Mutation(
        ACCESS,
        "if downloads > 0 else 0",
        "if downloads else 0",
        "release/test_access.py::test_that_so_many_bytes_are_so_many_downloads[-1-10000-0]",
    ),
    "one of two reviewers is enough": Mutation(
        REQUEST_ROWS,
        "if len(those) < terms.reviewers:",
        "if not those:",
        "gateway/test_requests.py::test_that_one_of_two_reviewers_is_not_enough",
    ),
    "the vote of somebody whose account ended counts": Mutation(
        VOTES,
        "people.c.disabled_at.is_(None)",
        "sa.true()",
        "gateway/test_requests.py::test_that_who_may_not_decide_any_more_does_not_count",
    ),
    "everybody's vote counts": Mutation(
        VOTES,
        "if Right.DECIDE in rights_of(map(GatewayRole, roles))",
        "if roles is not None",
        "gateway/test_requests.py::test_that_who_has_no_right_to_decide_does_not_count",
    ),
    "a vote is for whatever is asked later": Mutation(
        REQUESTS,
        '"wording": wording, "shares_name": shares_name}',
        '"wording": wording, "shares_name": shares_name}\n'
        '        row |= {"id": before.id} if before else {}',
        "gateway/test_requests.py"
        "::test_that_votes_are_for_what_was_asked_and_not_for_what_is_asked_later",
    ),
    "one person gives what two decide": Mutation(
        REQUESTS,
        "if terms.reviewers > 1:",
        "if terms.reviewers > 2:",
        "gateway/test_requests.py::test_that_one_person_gives_no_grant_where_two_decide",
    ),
    "a grant for one revision is for all": Mutation(
        GRANTS,
        'giving.commit if giving.terms.is_pinned else ""',
        '"" if giving.terms.is_pinned else giving.commit',
        "gateway/test_requests.py::test_that_a_pinned_grant_is_for_the_revision_that_is_current",
    ),
    "pieces are not added up": Mutation(
        GRANTS,
        ".where(more <= budget)",
        ".where(more > 0)",
        f"{LIVE}/test_download_limits.py::test_that_pieces_add_up_to_one_download_and_to_no_more",
    ),
    "whoever hangs up has got nothing": Mutation(
        DELIVERY,
        'self._unsent -= len(body["body"])',
        "self._unsent -= 0",
        f"{LIVE}/test_download_limits.py"
        "::test_that_whoever_hangs_up_again_and_again_gets_no_more_than_they_may",
    ),
    "a copy is whoever's knows its name": Mutation(
        COPIES,
        '{"repository": repository, "commit": commit, "person": person}',
        '{"repository": repository, "commit": commit}',
        f"{LIVE}/test_marked_copies.py::test_that_a_copy_is_nobody_elses",
    ),
    "a copy lasts as long as any grant": Mutation(
        GUARDS,
        "if copy is None or g.grant.id == copy.grant",
        "if copy is None or g.grant.id",
        f"{LIVE}/test_marked_copies.py::test_that_a_copy_ends_with_its_grant",
    ),
    "a recipient of a mark gets the original": Mutation(
        GUARDS,
        "copy is None and given is not None and given.is_marked and",
        "copy is None and given is not None and not given.is_marked and",
        f"{LIVE}/test_marked_copies.py"
        "::test_that_two_recipients_get_different_files_with_equal_tensors",
    ),
    "anybody signs a mark": Mutation(
        MARKS,
        "if not key.verifies(envelope.signatures[0].value, envelope.signed_bytes):",
        "if not envelope.signatures[0].value:",
        f"{LIVE}/test_marked_copies.py::test_that_a_mark_of_another_gateway_does_not_hold",
    ),
    "nginx sends what can be revoked": Mutation(
        HUB,
        "(is_open or self._parts.accelerates_all)",
        "(is_open or not self._parts.accelerates_all)",
        f"{LIVE}/test_gated_behind_nginx.py::test_that_the_gateway_sends_itself_what_needs_a_grant",
    ),
    "another site asks for somebody who has logged in": Mutation(
        ASKING,
        'if not is_ours_too or not visit.session.sent(content.get("form_key")):',
        "if not is_ours_too:",
        f"{LIVE}/test_asking.py::test_that_a_login_asks_by_the_form_of_the_page_alone",
    ),
    "nobody has to have read what they agree to": Mutation(
        ASKING,
        "if sent == agreed.digest:",
        'if sent in {agreed.digest, ""}:',
        f"{LIVE}/test_asking.py::test_that_nobody_asks[without having read it]",
    ),
    "a token that only reads asks": Mutation(
        ASKING,
        "if Scope.REQUEST not in person.scopes or",
        "if not person.scopes or",
        f"{LIVE}/test_asking.py::test_that_a_token_that_is_not_for_asking_does_not_ask",
    ),
    "a box that is not ticked counts": Mutation(
        QUESTIONS,
        "return text.lower() in _TICKED",
        "return bool(text)",
        "gateway/test_questions.py::test_that_no_answer_is[a box that is not ticked]",
    ),
    "a card answers for where somebody is": Mutation(
        QUESTIONS,
        "if name.casefold() in _RESERVED else name",
        "if not name else name",
        "gateway/test_questions.py"
        "::test_that_a_card_cannot_answer_in_place_of_the_page[jurisdiction]",
    ),
    "a name is shown that nobody shared": Mutation(
        REVIEWING,
        "if row.shares_name else None",
        "if row.person else None",
        f"{LIVE}/test_asking.py::test_that_a_name_is_shown_only_to_those_with_whom_it_is_shared",
    ),
    "a token for one repository decides on another": Mutation(
        GUARDS,
        'return Right.DECIDE in person.rights and person.only in {"", repository}',
        "return Right.DECIDE in person.rights and bool(repository)",
        f"{LIVE}/test_reviewing.py::test_that_a_token_decides_on_nothing_that_it_does_not_count_for",
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
    "a database that does not answer is no refusal": Mutation(
        APPLICATION,
        "        except OSError as error:\n",
        "        except KeyError as error:\n",
        f"{LIVE}/test_database_down.py"
        "::test_that_a_file_that_somebody_keeps_is_not_waited_for_for_ever[gateway.sqlite]",
    ),
    "a download goes on though nobody can be asked": Mutation(
        DELIVERY,
        "            return not is_long\n",
        "            return True\n",
        "gateway/test_delivery.py::test_that_a_download_ends_when_nobody_can_say_for_long",
    ),
    "an answer does not wait for its line in the log": Mutation(
        AUDIT,
        "                await written\n",
        "                await asyncio.sleep(0)\n",
        f"{LIVE}/test_the_log.py::test_that_nothing_leaves_when_the_log_cannot_be_written",
    ),
    "what needs a grant is fetched from the bucket": Mutation(
        HUB,
        "        if visit.access.reason is Reason.OPEN and marked is None:\n"
        "            url = await asyncio.to_thread(objects.temporary_url, entry.sha256)\n"
        "            if url and (await self._not_long_ago(visit)).access.reason is Reason.OPEN:\n",
        "        if visit.access.is_allowed and marked is None:\n"
        "            url = await asyncio.to_thread(objects.temporary_url, entry.sha256)\n"
        "            if url:\n",
        f"{LIVE}/test_elsewhere.py"
        "::test_that_nobody_learns_the_place_of_what_needs_a_grant[gwen-GET]",
    ),
    "the address of an open file counts for an hour": Mutation(
        OBJECT_STORE,
        "URL_SECONDS = 60\n",
        "URL_SECONDS = 3600\n",
        "gateway/test_object_store.py"
        "::test_that_an_address_is_signed_for_one_file_and_one_minute_as_s3_has_it",
    ),
    "a machine with other keys than the database is served from": Mutation(
        FINGERPRINTS,
        "if _known(database, path.name) != fingerprint:",
        "if not fingerprint:",
        "gateway/test_fingerprints.py::test_that_the_first_key_is_taken_and_another_refused",
    ),
    "tables of a newer version are written to": Mutation(
        MIGRATIONS,
        "if number is not None and number > NEWEST:",
        "if number is not None and number > NEWEST + 1:",
        f"{LIVE}/test_upgrade.py"
        "::test_that_a_database_of_a_newer_version_is_refused_and_not_touched[sqlite]",
    ),
    "a mirror takes what the other hub did not state": Mutation(
        MIRROR,
        "        if found != expected:\n",
        "        if not found:\n",
        f"{LIVE}/test_mirror.py"
        "::test_that_bytes_other_than_stated_are_refused_and_fetched_again_the_next_time",
    ),
    "a mirror takes files that run code": Mutation(
        MIRROR,
        "    if not checkpoint.loads_without_code:\n",
        "    if not checkpoint.root_digest:\n",
        f"{LIVE}/test_mirror.py"
        "::test_that_files_that_run_code_are_refused[a program without an ending]",
    ),
    "a file of another length is sent": Mutation(
        HUB,
        "objects.source(entry.sha256, size)",
        "objects.source(entry.sha256)",
        f"{LIVE}/test_verifying.py"
        "::test_that_no_byte_is_sent_of_a_file_that_is_not_as_long_as_it_was[its start-cut]",
    ),
    "a file that was changed is what was published": Mutation(
        "gateway/verifying.py",
        "if digest != use.sha256:",
        "if not digest:",
        f"{LIVE}/test_verifying.py::test_that_a_file_is_found_that_is_not_as_it_was"
        "_while_the_gateway_serves[a flipped bit]",
    ),
}


@pytest.mark.parametrize("case", MUTATIONS)
def test_one_wrong_line_is_noticed(case: str, tmp_path: Path) -> None:
    assert_noticed(MUTATIONS[case], tmp_path)


def test_without_a_wrong_line_every_one_of_these_tests_passes(tmp_path: Path) -> None:
    assert_all_pass(MUTATIONS.values(), tmp_path)
