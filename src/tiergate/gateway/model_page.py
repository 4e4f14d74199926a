# SPDX-License-Identifier: Apache-2.0
"""The page of a model, where a refusal sends people: what it is waiting for, and how to ask.

There is a front page too, which lists what a caller may know of. Who has not logged in gives
their token in the form.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from starlette.responses import Response

from tiergate.gateway.catalogue import DATA_PREFIX, Repository
from tiergate.gateway.guards import Visit
from tiergate.gateway.questions import Form
from tiergate.gateway.rendering import rendered
from tiergate.gateway.sessions import Session
from tiergate.gateway.terms import Terms
from tiergate.model.manifest import ManifestEntry
from tiergate.release.access import Reason
from tiergate.release.facts import Rule
from tiergate.release.state import ReleaseState, StageState

_STANDING: Mapping[Reason, str] = MappingProxyType(
    {
        Reason.OPEN: "Open to everybody",
        Reason.GRANTED: "You have access",
        Reason.FROZEN: "All downloads are stopped",
        Reason.WITHDRAWN: "The release has ended",
        Reason.LAPSED: "The decision is no longer valid",
        Reason.STAGE: "Not released yet",
        Reason.HOSTED: "Use is open, the weights are not handed out",
        Reason.JURISDICTION: "Not for where you are",
    }
)
_ON_REQUEST = "For people with a grant"
_MOST_FILES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class StageView:
    """One stage, as it is shown."""

    name: str
    tier: str
    audience: str
    is_open: bool
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileView:
    """One file, as it is shown."""

    path: str
    size: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """What the page says of asking for access."""

    terms: Terms
    """On which terms it is given."""
    form: Form
    """What the card asks."""
    wording: str
    """Digest of what whoever asks agrees to; empty for nothing."""
    words: str
    """What became of the request of whoever has logged in; empty for none."""
    may_renew: bool = False
    """Whether a grant of theirs counts, so that asking again is asking to renew it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPage:
    """Everything that the page says."""

    repository: str
    download: str
    """What follows ``hf download``."""
    path: str
    url: str
    message: str
    standing: str
    detail: str
    is_open: bool
    is_asked: bool
    """Whether people can ask for access."""
    asking: Asking
    commit: str
    decision: str
    valid_until: str
    hosted_at: str
    stages: tuple[StageView, ...]
    files: tuple[FileView, ...]


def front_page(visits: Sequence[Visit], url: str, session: Session | None) -> Response:
    """Return the page that lists models.

    Args:
        visits: one for each model that the caller may know of.
        url: address of the gateway.
        session: of whoever has logged in.
    """
    rows = [
        {
            "repository": visit.known_repository.name,
            "standing": _STANDING.get(visit.access.reason, _ON_REQUEST),
            "stage": _open_stage(visit.release),
        }
        for visit in visits
    ]
    return rendered("front.html.j2", session=session, rows=rows, url=url)


def model_page(  # noqa: PLR0913 - what the page is made of
    visit: Visit,
    url: str,
    asking: Asking,
    *,
    message: str = "",
    status: int = 200,
    is_decision_shown: bool = False,
) -> Response:
    """Return the page of a model that the caller may know of.

    Args:
        visit: of whoever looks.
        url: address of the gateway.
        asking: what it says of asking for access.
        message: what is told on top; empty for nothing.
        status: of the answer.
        is_decision_shown: whether they may read the record of the decision.
    """
    page = _page(visit, url, asking, message)
    return rendered(
        "model.html.j2",
        status,
        session=visit.session,
        page=page,
        is_decision_shown=is_decision_shown,
    )


def _page(visit: Visit, url: str, asking: Asking, message: str) -> ModelPage:
    repository, access, release = visit.known_repository, visit.access, visit.release
    decided = None if release is None else release.decided
    standing = _STANDING.get(access.reason, _ON_REQUEST)
    listed = () if visit.revision is None else tuple(visit.revision.files.values())
    return ModelPage(
        repository=repository.name,
        download=_download(repository),
        path=f"/{repository.name}",
        url=url,
        message=message,
        standing=standing,
        detail=access.detail,
        is_open=access.is_allowed or standing == _ON_REQUEST,
        is_asked=standing == _ON_REQUEST or access.reason is Reason.GRANTED,
        asking=asking,
        commit="" if visit.revision is None else visit.revision.commit,
        decision="" if decided is None else decided.decision,
        valid_until="" if decided is None else f"{decided.valid_until:%Y-%m-%d %H:%M} UTC",
        hosted_at=repository.hosted_at,
        stages=_stages(release),
        files=tuple(map(_file, listed[:_MOST_FILES])),
    )


def _stages(release: ReleaseState | None) -> tuple[StageView, ...]:
    return () if release is None else tuple(map(_stage, release.stages))


def _open_stage(release: ReleaseState | None) -> str:
    opened = [s.stage for s in ([] if release is None else release.stages) if s.opened_at]
    return f"{opened[-1].name}, {opened[-1].tier}" if opened else "none"


def _stage(found: StageState) -> StageView:
    if found.opened_at is not None:
        words = f"open since {found.opened_at:%Y-%m-%d}"
    else:
        locks = [g.text for g in found.gates if g.rule is Rule.TIME_LOCK and not g.passes]
        words = f"closed; {locks[0]}" if locks else "closed"
    return StageView(
        name=found.stage.name,
        tier=found.stage.tier.value,
        audience=found.stage.audience,
        is_open=found.opened_at is not None,
        words=words,
    )


def _file(entry: ManifestEntry) -> FileView:
    digest = entry.sha256.removeprefix("sha256:")
    return FileView(path=entry.path, size=f"{entry.size_bytes:,}", sha256=digest)


def _download(repository: Repository) -> str:
    name = repository.name.removeprefix(DATA_PREFIX)
    return f"{name} --repo-type dataset" if repository.is_data else name
