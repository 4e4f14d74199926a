# SPDX-License-Identifier: Apache-2.0
"""The terminal edge: one module per command group; the only place that reads the clock."""
