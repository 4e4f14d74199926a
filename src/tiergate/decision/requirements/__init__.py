# SPDX-License-Identifier: Apache-2.0
"""Requirement kinds, one module each: an atom of a policy and how it is judged."""
