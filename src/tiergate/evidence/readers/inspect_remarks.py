# SPDX-License-Identifier: Apache-2.0
"""What a person should know about how an Inspect run ended and what became of its samples."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from tiergate.evidence.provenance import Remark
from tiergate.evidence.readers.inspect_container import InspectLog
from tiergate.evidence.readers.inspect_sample import Outcome
from tiergate.evidence.readers.values import as_list, as_object, as_text, listed

_STATUSES = frozenset({"started", "success", "cancelled", "error"})
_EXCEPTION = re.compile(r"[A-Za-z_]{1,60}\(")


def declared_void(log: InspectLog, tally: Counter[Outcome]) -> bool:
    """Tell whether the log is invalidated as a whole: flagged, and no sample says it is the one."""
    flagged = log.header.get("invalidated") is True
    return flagged and not any(outcome.invalidated for outcome in tally)


def status_remarks(log: InspectLog, tally: Counter[Outcome]) -> Iterator[Remark]:
    """Yield remarks about the end of the run and what was changed of the log afterwards."""
    stated = as_text(log.header.get("status")) or "started"
    status = stated if stated in _STATUSES else "unknown"
    if not log.has_header or status != "success":
        # What an exception says may quote a prompt or a response; its kind does not.
        said = as_text(as_object(log.header.get("error")).get("message"))
        reason = said.partition("(")[0] if _EXCEPTION.match(said) else ""
        yield Remark(
            code="not-finished",
            message=f"The run did not finish: its status is {status}"
            + ("" if log.has_header else " and the log has no header; it may still go on")
            + (f" ({reason})" if reason else "")
            + ".",
        )
    for key, code, what in (
        ("log_updates", "edited-log", "edited after the run (tags or metadata)"),
        ("config_updates", "changed-while-running", "changed while it ran (its configuration)"),
    ):
        if updates := as_list(log.header.get(key)):
            yield Remark(code=code, message=f"The log was {what}, {len(updates)} times.")
    if declared_void(log, tally):
        yield Remark(
            code="invalidated",
            message="The log is marked as invalidated and no sample says which; "
            "none of its scores counts.",
        )


def sample_remarks(log: InspectLog, tally: Counter[Outcome]) -> Iterator[Remark]:
    """Yield remarks about edits, retries and whatever else befell samples, with their numbers."""
    found: Counter[str] = Counter()
    for outcome, count in tally.items():
        found["edited-scores"] += count * (outcome.edited > 0)
        found["invalidated"] += count * outcome.invalidated
        found["retried-samples"] += count * (outcome.retries > 0)
        found["model-fallbacks"] += count * bool(outcome.fallbacks)
    fallbacks = {name for outcome in tally for name in outcome.fallbacks}
    samples = tally.total()
    found["sample-missing"] = len(log.attempts) - samples
    found["superseded"] = log.superseded
    served = f"served in part by other models ({listed(fallbacks)}); what the header says about "
    for code, what in (
        ("edited-scores", "have scores edited after the run"),
        ("invalidated", "are invalidated; they have no value"),
        ("retried-samples", "were tried again after an error"),
        ("model-fallbacks", f"were {served}weights fails"),
        ("sample-missing", "are only in the summary; they have no value"),
        ("superseded", "were replaced by a later try in the same log"),
    ):
        if count := found[code]:
            yield Remark(code=code, message=f"{count} of {samples} samples {what}.")
