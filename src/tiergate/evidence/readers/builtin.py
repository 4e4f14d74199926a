# SPDX-License-Identifier: Apache-2.0
"""The readers that come with Tiergate, and reading a log without saying which tool wrote it."""

from __future__ import annotations

from pathlib import Path

from tiergate.errors import EvidenceError
from tiergate.evidence.readers.base import READERS, ForeignLog, Reader
from tiergate.evidence.readers.inspect_ai import InspectReader
from tiergate.evidence.readers.lm_eval import LmEvalReader
from tiergate.extension import Registry
