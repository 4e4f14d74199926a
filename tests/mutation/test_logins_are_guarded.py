# SPDX-License-Identifier: Apache-2.0
"""One wrong line in how people and programs log in is noticed by a named test."""

from __future__ import annotations

from pathlib import Path

import pytest

from mutants import Mutation, assert_all_pass, assert_noticed

ACCOUNTS = "gateway/accounts.py"
ANSWERING = "gateway/desk/answering.py"
ATTEMPTS = "gateway/attempts.py"
DEVICES = "gateway/devices.py"
EXCHANGE = "gateway/exchange.py"
ID_TOKENS = "gateway/id_tokens.py"
IDENTITIES = "gateway/identities.py"
ISSUERS = "gateway/issuers.py"
LINKS = "gateway/login_links.py"
LOGIN = "gateway/desk/login.py"
ELSEWHERE = "gateway/logins_elsewhere.py"
OIDC = "gateway/oidc.py"
PASSWORDS = "gateway/passwords.py"
PEOPLE = "gateway/desk/people.py"
SCOPES = "gateway/scopes.py"
SESSIONS = "gateway/sessions.py"
VISIT = "gateway/desk/visit.py"

LIVE = "../gateway"
OIDC_ATTACKS = f"{LIVE}/test_oidc.py::test_that_nobody_is_logged_in_by"
FORMS = f"{LIVE}/test_login_attacks.py::test_that_no_form_counts_that_was_sent_from"
NO_TOKEN = f"{LIVE}/test_exchange.py::test_that_no_token_is_given_for"

MUTATIONS = {
    "a form may come from another site": Mutation(
        ANSWERING,
        "return origin is None or origin in ours",
        "return origin is None or bool(ours)",
        f"{FORMS}[another site, in a browser that says only one thing]",
    ),
    "a form may come from another host of the domain": Mutation(
        ANSWERING,
        'frozenset({"same-origin", "none"})',
        'frozenset({"same-origin", "none", "cross-site"})',
        f"{FORMS}[another site, in a browser that says only the other]",
    ),
    "a form needs no key": Mutation(
        ANSWERING,
        'if is_post and not session.sent(form.get("form_key")):',
        'if is_post and not session.sent(form.get("form_key", session.form_key)):',
        f"{LIVE}/test_login_attacks.py"
        "::test_that_no_form_of_somebody_logged_in_counts[without its key]",
    ),
    "an old login is fresh": Mutation(
        ANSWERING,
        "is_stale = page.is_fresh and not session.is_fresh(at)",
        "is_stale = page.is_fresh and at < session.logged_in_at",
        f"{LIVE}/test_people.py::test_that_a_change_asks_for_a_fresh_login",
    ),
    "everybody sees every page": Mutation(
        ANSWERING,
        "if page.needs is not Needs.LOGIN and page.needs not in session.person.rights:",
        "if page.needs is not Needs.LOGIN and page.needs in session.person.rights:",
        f"{LIVE}/test_people.py::test_that_only_an_owner_sees_and_changes_accounts[erin]",
    ),
    "a login leads anywhere": Mutation(
        VISIT,
        'if not is_plain or not path.startswith("/") or path.startswith("//"):',
        'if not is_plain or not path.startswith("/"):',
        f"{LIVE}/test_login_attacks.py"
        "::test_that_a_login_leads_to_no_other_place[///evil.example/]",
    ),
    "a session keeps its name": Mutation(
        SESSIONS,
        "sessions.delete().filter_by(digest=self._digest(before))",
        'sessions.delete().filter_by(digest="")',
        f"{LIVE}/test_login_attacks.py"
        "::test_that_nobody_is_logged_in_by[a name from before a login again]",
    ),
    "somebody else makes a login fresh": Mutation(
        LOGIN,
        'name = visit.person.name if is_again else visit.text("name", 200)',
        'name = visit.text("name", 200)',
        f"{LIVE}/test_login.py::test_that_an_old_login_stays_that_of_the_same_person",
    ),
    "a link counts twice": Mutation(
        LINKS,
        "codes.delete().where(codes.c.digest == digest, codes.c.until > at)",
        "codes.update().where(codes.c.digest == digest).values(until=codes.c.until)",
        f"{LIVE}/test_oidc.py::test_that_an_account_of_here_is_connected_by_its_login_link",
    ),
    "a password leaves older logins": Mutation(
        PASSWORDS,
        "for table in (passwords, sessions, codes):",
        "for table in (passwords, codes):",
        f"{LIVE}/test_login.py::test_that_a_used_link_ends_the_sessions_from_before",
    ),
    "a name that there is not costs nothing": Mutation(
        PASSWORDS,
        "known, nobodys = self._hash(name), _nobodys(self._hasher)",
        "known, nobodys = self._hash(name), _nobodys(self._hasher)\n"
        "        if known is None:\n"
        "            return False",
        f"{LIVE}/test_login_attacks.py"
        "::test_that_a_name_that_there_is_not_costs_what_a_wrong_password_costs",
    ),
    "a guess is counted only when it is over": Mutation(
        ATTEMPTS,
        "is_over = any(_count(connection, about) > limit.most for _, about, limit in wanted)",
        "is_over = any(_count(connection, about) > 99 * limit.most for _, about, limit in wanted)",
        f"{LIVE}/test_login_attacks.py::test_that_guesses_at_the_same_time_are_counted_as_many",
    ),
    "a disabled account keeps its tokens": Mutation(
        ACCOUNTS,
        "for table in (sessions, tokens, codes):",
        "for table in (sessions, codes):",
        f"{LIVE}/test_login.py::test_that_a_disabled_account_is_out_at_once_and_stays_out",
    ),
    "nobody is left who runs the gateway": Mutation(
        ACCOUNTS,
        "if had_one and not _has_owner(connection):",
        "if not had_one and not _has_owner(connection):",
        f"{LIVE}/test_people.py::test_that_the_last_owner_stays_one",
    ),
    "an owner stops being one by mistake": Mutation(
        PEOPLE,
        "if person.name == visit.person.name and GatewayRole.OWNER in person.roles - roles:",
        "if not person.name:",
        f"{LIVE}/test_people.py"
        "::test_that_a_change_is_refused[olga-roles-fields0-your own role as owner]",
    ),
    "a scope limits no right": Mutation(
        SCOPES,
        "return frozenset(right for right in rights if _OF.get(right) in scopes)",
        "return frozenset(rights)",
        f"{LIVE}/test_me.py::test_that[a token to read decides nothing]",
    ),
    "every token publishes": Mutation(
        ACCOUNTS,
        "return is_one and Scope.PUBLISH in self.scopes",
        "return is_one",
        f"{LIVE}/test_me.py::test_that[a token to read uploads nothing]",
    ),
    "every token downloads": Mutation(
        ACCOUNTS,
        'return Scope.READ in self.scopes and self.only in {"", repository}',
        'return self.only in {"", repository}',
        f"{LIVE}/test_me.py::test_that[a token to publish downloads nothing]",
    ),
    "a token for one repository is for all": Mutation(
        ACCOUNTS,
        'return Scope.READ in self.scopes and self.only in {"", repository}',
        "return Scope.READ in self.scopes",
        f"{LIVE}/test_me.py::test_that_a_token_for_one_repository_counts_for_no_other",
    ),
    "another issuer's ID token counts": Mutation(
        ID_TOKENS,
        'if claims.get("iss") != expected.issuer.url:',
        'if claims.get("iss") == "":',
        f"{OIDC_ATTACKS}[an ID token of another issuer]",
    ),
    "an ID token for somebody else counts": Mutation(
        ID_TOKENS,
        "if not isinstance(named, list) or expected.audience not in named:",
        "if not isinstance(named, list):",
        f"{OIDC_ATTACKS}[an ID token for somebody else]",
    ),
    "an ID token counts in any login": Mutation(
        ID_TOKENS,
        "if not hmac.compare_digest(given, expected.nonce.encode()):",
        "if not expected.nonce:",
        f"{OIDC_ATTACKS}[an ID token with another nonce]",
    ),
    "an ID token does not end": Mutation(
        ID_TOKENS,
        "if end is None or at >= end + LEEWAY:",
        "if end is None:",
        f"{OIDC_ATTACKS}[an ID token that has ended]",
    ),
    "a key is for every algorithm": Mutation(
        ID_TOKENS,
        'if known.algorithm in {"", algorithm}:',
        "if known.id:",
        f"{OIDC_ATTACKS}[an ID token by another algorithm than that of the key]",
    ),
    "one is as good as true": Mutation(
        ID_TOKENS,
        "if type(found) is not type(value) or found != value:",
        "if found != value:",
        f"{LIVE}/test_oidc.py::test_that_only_those_log_in_whom_the_file_lets_in[wished7-claims7-"
        "You may not log in here with that account.]",
    ),
    "an issuer answers without end": Mutation(
        ISSUERS,
        "if len(content) > LARGEST_BYTES:",
        "if len(content) < 0:",
        f"{OIDC_ATTACKS}[an answer of a million bytes]",
    ),
    "an answer counts in every browser": Mutation(
        ELSEWHERE,
        "            logins_elsewhere.c.browser == self._digest(browser),\n",
        "",
        f"{LIVE}/test_oidc.py"
        "::test_that_an_answer_counts_in_the_browser_that_asked_and_in_no_other",
    ),
    "a code of another issuer is redeemed": Mutation(
        OIDC,
        "if (told is None and metadata.names_itself) or told not in {None, metadata.issuer}:",
        "if told is None and metadata.names_itself:",
        f"{OIDC_ATTACKS}[an answer of another issuer]",
    ),
    "an address that nobody has verified counts": Mutation(
        OIDC,
        "return is_verified and domain in part.email_domains",
        "return domain in part.email_domains",
        f"{LIVE}/test_oidc.py::test_that_only_those_log_in_whom_the_file_lets_in[wished2-claims2-"
        "You may not log in here with that account.]",
    ),
    "a provider need not ask again": Mutation(
        OIDC,
        "if begun.again and (shown_at is None or at - shown_at > _AGAIN):",
        "if begun.again and shown_at is None:",
        f"{LIVE}/test_oidc.py"
        "::test_that_a_login_is_not_fresh_where_the_issuer_did_not_ask[auth_time]",
    ),
    "an account with the same name is taken over": Mutation(
        IDENTITIES,
        "if self._accounts.account(name) is None and not self._accounts.was_erased(name):",
        "if attempt == 0:",
        f"{LIVE}/test_oidc.py::test_that_a_name_that_is_taken_is_not_taken_over",
    ),
    "a program gets its token twice": Mutation(
        DEVICES,
        "            connection.execute(devices.delete().where(mine))\n",
        "",
        f"{LIVE}/test_devices.py::test_that_a_code_gives_one_token",
    ),
    "a job needs only some of its claims": Mutation(
        EXCHANGE,
        "        if wrong:\n",
        '        if wrong == "repository":\n',
        f"{NO_TOKEN}[another branch]",
    ),
    "a job gets a token for any repository": Mutation(
        EXCHANGE,
        "elif resource in rule.repositories:",
        "elif resource:",
        f"{LIVE}/test_exchange.py"
        "::test_that_a_right_job_gets_no_token_for_another_resource[acme/other-fields0]",
    ),
    "an ID token for several is for a job": Mutation(
        ID_TOKENS,
        'if len(named) > 1 and (expected.nonce is None or "azp" not in claims):',
        'if len(named) > 1 and (expected.nonce is not None and "azp" not in claims):',
        f"{NO_TOKEN}[two audiences]",
    ),
}


@pytest.mark.parametrize("case", MUTATIONS)
def test_one_wrong_line_is_noticed(case: str, tmp_path: Path) -> None:
    assert_noticed(MUTATIONS[case], tmp_path)


def test_without_a_wrong_line_every_one_of_these_tests_passes(tmp_path: Path) -> None:
    assert_all_pass(MUTATIONS.values(), tmp_path)
