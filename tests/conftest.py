# SPDX-License-Identifier: Apache-2.0
"""What every test shares: no deadlines on a busy machine, and scripts that are no tests."""

from __future__ import annotations

from hypothesis import settings

# Run by tests or by make in a process of their own; importing them starts their work.
collect_ignore = ["bare_install.py", "tools/run_inspect_ai.py"]

settings.register_profile("shared", deadline=None)
settings.load_profile("shared")

# Programs of their own, run by the interpreters that have the tools they import.
collect_ignore_glob = ["tools/run_*.py"]
