# SPDX-License-Identifier: Apache-2.0
"""The outlines that ``tiergate report --as`` fills, by their ids."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tiergate.report.outline import Outline
from tiergate.report.outline_card import hf_model_card
from tiergate.report.outline_eu import eu_model_report
from tiergate.report.outline_fmti import fmti
from tiergate.report.outline_sb53 import sb53_transparency_report
from tiergate.report.outline_source import OutlineSource

OUTLINES: Mapping[str, Callable[[OutlineSource], Outline]] = {
    "eu-model-report": eu_model_report,
    "sb53-transparency-report": sb53_transparency_report,
    "hf-model-card": hf_model_card,
    "fmti": fmti,
}
