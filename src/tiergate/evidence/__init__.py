# SPDX-License-Identifier: Apache-2.0
"""What do we know? Measurements, claims, where they come from, and the tie to weights."""
