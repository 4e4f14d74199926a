# SPDX-License-Identifier: Apache-2.0
"""Evidence in, release tier out, enforced at download."""

__version__ = "0.1.0"
