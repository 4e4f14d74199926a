# SPDX-License-Identifier: Apache-2.0
"""From one judged tier to the argument about it.

Steps, in order:

1. The topmost claim is that the tier may be opened. It is argued by the ladder, or by the ladder
   or the fast path where the tier has one.
2. Each way argues over the hazards, by their templates; over what open weights need besides,
   where weights leave the house; and over everything else that is asked.
3. A requirement is argued from the parts of its expression, down to single checks.
4. What no requirement speaks of becomes an assumption of the claim that it belongs to.

Everything that a way asks for stands below it, and nothing else that has a status does. Standing
there more than once changes nothing, because all of it is needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tiergate.decision.explanation import Explanation
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import AllOf, AnyOf, AtLeast, Expression, Named
from tiergate.decision.requirements.measured import Measured
from tiergate.decision.safety_case import Combination, Kind, Node, SafetyCase, numbered, rolled_up
from tiergate.decision.safety_case_judged import JudgedTier, parts
from tiergate.decision.safety_case_nodes import Nodes, check_node
from tiergate.decision.safety_case_pieces import Piece, askers, pieces_of
from tiergate.decision.safety_case_topics import OPEN_WEIGHTS, TEMPLATES, Template, Topic
from tiergate.errors import InputError

SILENT = "No requirement of the policy speaks of it."
"""Why something is an assumption that a requirement could make into a claim."""
BEYOND = "No requirement can show it."
"""Why something is an assumption under every policy."""


def safety_case(judged: JudgedTier, templates: Sequence[Template] = TEMPLATES) -> SafetyCase:
    """Build the argument about one tier.

    ``templates`` are the hazards that are argued by themselves; requirements about others stand
    with everything else that is asked.

    Raises:
        InputError: the decision does not follow its policy, or its parts do not come to it.
    """
    built = _Argument(judged, templates).case()
    if rolled_up(built)[built.root] is not judged.outcome:
        raise InputError(
            "decision",
            f"requirements that come to {built.top.status} at {judged.tier}",
            f"requirements that come to {judged.outcome}, as it says",
            "Take the decision anew.",
        )
    return built


class _Argument:
    """The argument while it is built."""

    def __init__(self, judged: JudgedTier, templates: Sequence[Template]) -> None:
        self._judged = judged
        self._policy = judged.policy
        self._templates = templates
        self._nodes = Nodes()
        self._known: dict[Explanation, str] = {}
        self._asked = askers(judged)

    def case(self) -> SafetyCase:
        """Return the whole argument."""
        judged, tier = self._judged, self._judged.tier
        rung = self._policy.tier(tier)
        claim = f"What {tier} asks for, and what every tier below it does, is met."
        ways = [self._way(claim, tuple(row for _, row in judged.rows), self._silent())]
        how, combines = "The ladder: everything is needed.", Combination.ALL_OF
        if judged.fast_path:
            ways.append(
                self._way(f"What the fast path to {tier} asks for is met.", judged.fast_path)
            )
            how, combines = "The ladder or the fast path: either is enough.", Combination.ANY_OF
        argued = self._nodes.strategy(how, ways, combines)
        top = self._nodes.add(
            Node(
                id="",
                kind=Kind.GOAL,
                text=f"{judged.subject_name} may be released at {tier} {rung.name if rung else ''}",
                combines=Combination.ALL_OF,
                supported_by=(argued,),
                in_context_of=(*self._contexts(), *self._not_assessed()),
                challenged_by=tuple(self._triggers()),
            )
        )
        return numbered(self._nodes.case(top))

    def _contexts(self) -> Iterator[str]:
        judged, policy = self._judged, self._policy
        seen = f"Checkpoint {judged.root_digest or 'not read: only a name was given'}"
        by = f"Policy {policy.id} {policy.version}, {policy.digest}; decided {judged.at:%Y-%m-%d}"
        less = (f"The policy asks for less: {found.summary}" for found in policy.loosenings)
        hosted = (
            f"At {judged.tier} nobody outside receives the weights, so nothing is argued about "
            "what others do with them"
        )
        texts = (seen, by, *less, *(() if judged.tier.hands_out_weights else (hosted,)))
        for text in texts:
            yield self._nodes.add(Node(id="", kind=Kind.CONTEXT, text=text))

    def _not_assessed(self) -> Iterator[str]:
        gaps = self._judged.not_assessed
        if gaps:
            yield self._nodes.assumption("What nothing here assesses changes nothing.", gaps)

    def _triggers(self) -> Iterator[str]:
        events = self._policy.triggers
        if events:
            yield self._nodes.add(
                Node(
                    id="",
                    kind=Kind.DEFEATER,
                    text="An event after which the policy wants a new decision.",
                    details=tuple(f"{e.id} {e.title} ({e.applies_to}): {e.asks}" for e in events),
                    clauses=tuple(dict.fromkeys(clause for e in events for clause in e.clauses)),
                )
            )

    def _silent(self) -> tuple[str, ...]:
        """Return a check for each tier of the ladder that asks for nothing, which shows nothing."""
        return tuple(
            self._nodes.add(
                Node(
                    id="",
                    kind=Kind.EVIDENCE,
                    text=f"{tier} asks for nothing, and so nothing is shown",
                    status=Outcome.UNDETERMINED,
                )
            )
            for tier, rows in self._judged.ladder
            if not rows
        )

    # ------------------------------------------------------------------ ways and their branches

    def _way(
        self, claim: str, asked: tuple[Explanation, ...], besides: tuple[str, ...] = ()
    ) -> str:
        rows = tuple(dict.fromkeys(asked))
        assumed: list[str] = []
        hazards, in_hazards = self._hazards(rows, assumed)
        weights, in_weights = self._weights(rows, assumed)
        placed = in_hazards | in_weights
        rest = [self._requirement(row) for row in rows if row not in placed]
        how = (
            ("Argue over the hazards.", hazards),
            ("Argue over what open weights need besides.", weights),
            ("Argue over everything else that is asked.", [*rest, *besides]),
        )
        below = [self._nodes.strategy(text, found) for text, found in how if found]
        return self._nodes.goal(claim, below, assumed)

    def _hazards(
        self, rows: tuple[Explanation, ...], assumed: list[str]
    ) -> tuple[list[str], set[Explanation]]:
        pieces = tuple(piece for row in rows for piece in pieces_of(row, self._policy))
        goals, placed = [], set()
        for template in self._templates:
            mine = [piece for piece in pieces if self._is_about(piece, template)]
            if mine:
                goals.append(self._hazard(template, mine))
                placed |= {piece.row for piece in mine if piece.is_whole}
            else:
                claim = template.claim.format(tier=self._judged.tier)
                assumed.append(self._nodes.assumption(claim, (SILENT,)))
        return goals, placed

    def _is_about(self, piece: Piece, template: Template) -> bool:
        """Tell whether a piece is about this hazard alone, or cannot be met without it."""
        if piece.domains == {template.domain}:
            return True
        return template.domain in piece.domains and any(
            topic.is_spoken_of(piece.asked, self._policy, template.domain)
            for topic in template.topics
        )

    def _hazard(self, template: Template, pieces: list[Piece]) -> str:
        below: list[str] = []
        assumed: list[str] = []
        spoken: set[int] = set()
        for topic in template.topics:
            mine = {n for n, piece in enumerate(pieces) if self._speaks_in(topic, piece, template)}
            spoken |= mine
            if mine:
                found = [self._piece(pieces[number]) for number in sorted(mine)]
                below.append(self._nodes.goal(topic.claim, found))
            else:
                assumed.append(self._nodes.assumption(topic.assumption, (SILENT,)))
        below += [self._piece(piece) for n, piece in enumerate(pieces) if n not in spoken]
        assumed += [self._nodes.assumption(text, (BEYOND,)) for text in template.takes_for_granted]
        against = [self._nodes.possible(text) for text in template.would_defeat]
        claim = template.claim.format(tier=self._judged.tier)
        return self._nodes.goal(claim, below, assumed, against)

    def _weights(
        self, rows: tuple[Explanation, ...], assumed: list[str]
    ) -> tuple[list[str], set[Explanation]]:
        goals, placed = [], set()
        for topic in OPEN_WEIGHTS if self._judged.tier.hands_out_weights else ():
            backing = [row for row in rows if self._speaks(topic, row)]
            placed |= set(backing)
            if backing:
                below = [self._requirement(row) for row in backing]
                goals.append(self._nodes.goal(topic.claim, below))
            else:
                assumed.append(self._nodes.assumption(topic.assumption, (SILENT,)))
        return goals, placed

    def _speaks_in(self, topic: Topic, piece: Piece, template: Template) -> bool:
        # A claim about one hazard need not name it, where the requirement does.
        domain = None if piece.domains == {template.domain} else template.domain
        return topic.is_spoken_of(piece.asked, self._policy, domain)

    def _speaks(self, topic: Topic, row: Explanation) -> bool:
        answers = topic.clauses & set(self._policy.requirements[row.id].clauses)
        return bool(answers) or topic.is_spoken_of(Named(id=row.id), self._policy)

    # ------------------------------------------------------------------ requirements and checks

    def _piece(self, piece: Piece) -> str:
        if piece.is_whole:
            return self._requirement(piece.row)
        if isinstance(piece.asked, Measured):
            return self._check(piece.found)
        about = " and ".join(domain.label for domain in sorted(piece.domains))
        body = self._body(piece.asked, piece.found)
        return self._nodes.goal(f"{piece.row.id}, as far as it is about {about}", [body])

    def _requirement(self, row: Explanation) -> str:
        if row in self._known:
            return self._known[row]
        asked = self._policy.requirements[row.id]
        ((expression, found),) = parts(Named(id=row.id), row, self._policy)
        waived = [self._nodes.assumption(f"Waived by {row.waived}")] if row.waived else []
        self._known[row] = self._nodes.add(
            Node(
                id="",
                kind=Kind.GOAL,
                text=f"{row.id} {asked.title} ({self._asked.words(row)})",
                combines=Combination.ALL_OF,
                supported_by=(self._body(expression, found),),
                in_context_of=tuple(waived),
                requirement=row.id,
                waived=row.waived,
                clauses=row.clauses,
                details=(asked.asks,) if asked.asks else (),
            )
        )
        return self._known[row]

    def _body(self, asked: Expression, found: Explanation) -> str:
        below = [
            self._body(part, child)
            for part, child in parts(asked, found, self._policy)
            if not isinstance(asked, Named)
        ]
        match asked:
            case Named():
                return self._requirement(found)
            case AllOf():
                return self._nodes.strategy("All of these are needed.", below)
            case AnyOf():
                text = "Any one of these is enough."
                return self._nodes.strategy(text, below, Combination.ANY_OF)
            case AtLeast(needed=needed):
                text = f"At least {needed} of these are needed."
                return self._nodes.strategy(text, below, Combination.AT_LEAST, needed)
            case _:
                return self._check(found)

    def _check(self, found: Explanation) -> str:
        if found not in self._known:
            self._known[found] = check_node(found, self._asked.words(found), self._nodes)
        return self._known[found]
