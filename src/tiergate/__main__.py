# SPDX-License-Identifier: Apache-2.0
"""``python -m tiergate``."""

from tiergate.cli.main import main

if __name__ == "__main__":
    main()
