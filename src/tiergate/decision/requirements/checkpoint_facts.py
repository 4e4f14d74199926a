# SPDX-License-Identifier: Apache-2.0
"""Facts about the checkpoint itself, read from its files and from nothing anybody says."""

from __future__ import annotations

from dataclasses import dataclass

from tiergate.decision.explanation import Explanation
from tiergate.decision.outcome import Outcome
from tiergate.decision.policy import Scene

_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadsWithoutCode:
    """Loading the files must not run code that came with them."""

    def judge(self, scene: Scene) -> Explanation:
        """Not met when there are pickle weights, code files or settings that load code."""
        files = scene.evidence.subject.code_files
        if files is None:
            return Explanation(
                id="",
                title="files load without running code",
                outcome=Outcome.UNDETERMINED,
                reason="no files were read",
            )
        shown = ", ".join(repr(name) for name in files[:_SHOWN])
        more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
        return Explanation(
            id="",
            title="files load without running code",
            outcome=Outcome.NOT_MET if files else Outcome.MET,
            reason=f"code can run from {shown}{more}" if files else "no pickle, no code file",
            next_step="convert pickles to safetensors and take code files out" if files else "",
            is_adverse=bool(files),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratesOnly:
    """The architecture must generate nothing beyond these modalities."""

    modalities: frozenset[str]
    """Allowed modalities, as in ``text``."""

    def judge(self, scene: Scene) -> Explanation:
        """Undetermined when the architecture is not a known one."""
        found = scene.evidence.subject.output_modalities
        if not found:
            outcome, reason = Outcome.UNDETERMINED, "the architecture is not a known one"
        elif found <= self.modalities:
            outcome, reason = Outcome.MET, f"generates {', '.join(sorted(found))}"
        else:
            outcome, reason = Outcome.NOT_MET, f"generates {', '.join(sorted(found))}"
        return Explanation(
            id="",
            title=f"generates only {', '.join(sorted(self.modalities))}",
            outcome=outcome,
            reason=reason,
            is_adverse=outcome is Outcome.NOT_MET,
        )
