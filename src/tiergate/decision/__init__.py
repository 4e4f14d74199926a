# SPDX-License-Identifier: Apache-2.0
"""What does the policy say? Outcomes, tiers, requirements, and the pure evaluation of them."""
