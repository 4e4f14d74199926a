# SPDX-License-Identifier: Apache-2.0
"""Read OSCAL assessment results with compliance-trestle, whose models are those of NIST.

    python run_trestle.py FOLDER

Reads every ``*.oscal.json`` of the folder and writes beside it, as ``*.read.json``, the
findings that it sees.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from trestle.oscal import OSCAL_VERSION
from trestle.oscal.assessment_results import AssessmentResults


def main() -> None:
    """Read every file."""
    for path in sorted(Path(sys.argv[1]).glob("*.oscal.json")):
        results = AssessmentResults.oscal_read(path)
        if results is None:
            raise SystemExit(f"{path.name}: nothing was read")
        found = {
            "version": OSCAL_VERSION,
            "findings": {
                finding.target.target_id: _text(finding.target.status.state)
                for result in results.results
                for finding in result.findings
            },
        }
        path.with_name(path.name.replace(".oscal.", ".read.")).write_text(json.dumps(found))


def _text(state: object) -> str:
    return str(getattr(state, "value", state))


if __name__ == "__main__":
    main()
