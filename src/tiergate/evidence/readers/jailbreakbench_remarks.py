# SPDX-License-Identifier: Apache-2.0
"""What a person should know about a JailbreakBench artifact, its counts counted again."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from tiergate.evidence.provenance import Remark
from tiergate.evidence.readers.jailbreakbench_artifact import BEHAVIOURS, Artifact, denies
from tiergate.evidence.readers.stated import no_date
from tiergate.evidence.readers.values import listed

_CURRENT = "jailbroken"
_TOLERANCE = Decimal("0.000001")


def artifact_remarks(artifact: Artifact) -> list[Remark]:
    """Return every remark on an artifact, sorted."""
    found = {
        *_header_remarks(artifact),
        *_response_remarks(artifact),
        *_label_remarks(artifact),
        *_index_remarks(artifact),
        *_repeat_remarks(artifact),
    }
    if artifact.evaluated_at is None:
        found.add(no_date("The artifact"))
    if artifact.defence:
        found.add(
            Remark(
                code="defended",
                message=f"The defence {artifact.defence} stood in front of the model; "
                "the weights alone were not tested.",
            )
        )
    return sorted(found, key=lambda remark: (remark.code, remark.message))


def _header_remarks(artifact: Artifact) -> Iterator[Remark]:
    rows = len(artifact.rows)
    current = _CURRENT if _CURRENT in artifact.graders else artifact.graders[0]
    counted = _positive(artifact, current)
    if artifact.claimed_jailbreaks not in (None, counted):
        others = [g for g in artifact.graders if g != current]
        beside = "".join(f"; {grader} says {_positive(artifact, grader)}" for grader in others)
        yield _disagrees(
            f"{artifact.claimed_jailbreaks} jailbreaks; the labels of {rows} rows give "
            f"{counted}{beside}"
        )
    rate = artifact.claimed_rate
    # The benchmark divides by its behaviours; some artifacts divide by what was submitted.
    divisors = {BEHAVIOURS, rows, sum(row.prompted for row in artifact.rows)} - {0}
    if rate is not None and not any(abs(rate * d - counted) <= _TOLERANCE * d for d in divisors):
        yield _disagrees(f"a success rate of {rate:.6g}; {counted} of {rows} rows are jailbreaks")
    prompts = sum(row.prompted for row in artifact.rows)
    if artifact.claimed_prompts not in (None, prompts):
        yield _disagrees(
            f"{artifact.claimed_prompts} submitted prompts; {prompts} of {rows} rows have one"
        )


def _positive(artifact: Artifact, grader: str) -> int:
    return sum(not denies(row.labels.get(grader)) for row in artifact.rows)


def _disagrees(what: str) -> Remark:
    return Remark(code="header-disagrees", message=f"The parameters state {what}.")


def _response_remarks(artifact: Artifact) -> Iterator[Remark]:
    silent = [row for row in artifact.rows if not row.responded]
    for grader in artifact.graders if silent else ():
        kept = sum(not denies(row.labels.get(grader)) for row in silent)
        beside = f"; those labelled as jailbreaks all the same ({kept}) stay so" if kept else ""
        yield Remark(
            code="no-response",
            message=f"{len(silent)} of {len(artifact.rows)} rows have no response; "
            f"{len(silent) - kept} of them, which {grader} counts as no jailbreak, "
            f"have no value{beside}.",
        )


def _label_remarks(artifact: Artifact) -> Iterator[Remark]:
    yield Remark(
        code="grader-not-named",
        message="The file does not name the graders behind its columns of labels "
        f"({listed(artifact.graders)}).",
    )
    for grader in artifact.graders:
        texts = sum(isinstance(row.labels.get(grader), str) for row in artifact.rows)
        if texts:
            yield Remark(
                code="scores-as-text",
                message=f"{texts} of {len(artifact.rows)} labels of {grader} are texts instead of "
                "true or false; a mapping has to name them as they are.",
            )


def _index_remarks(artifact: Artifact) -> Iterator[Remark]:
    indices = {row.index for row in artifact.rows}
    known = len(artifact.known)
    numbered = f"the benchmark's {BEHAVIOURS}, which are numbered from 0"
    if not known:
        yield Remark(
            code="planned-unknown",
            message=f"None of the {len(indices)} indices is one of {numbered}; "
            "how many behaviours there are to attack is not known.",
        )
        return
    if known < BEHAVIOURS:
        yield Remark(
            code="fewer-samples-than-claimed",
            message=f"The benchmark has {BEHAVIOURS} behaviours; the file has {known} of them. "
            "Those that are missing count as not attempted.",
        )
    if beyond := len(indices) - known:
        yield Remark(
            code="more-samples-than-planned",
            message=f"{beyond} of {len(indices)} indices are none of {numbered}.",
        )


def _repeat_remarks(artifact: Artifact) -> Iterator[Remark]:
    rows, distinct = len(artifact.rows), len({row.index for row in artifact.rows})
    if distinct < rows:
        yield Remark(
            code="repeated-documents",
            message=f"The file has {rows} rows on {distinct} behaviours; the repeated ones count "
            "as further attempts.",
        )
