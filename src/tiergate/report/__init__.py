# SPDX-License-Identifier: Apache-2.0
"""The HTML edge: one self-contained page for a decision."""
