# SPDX-License-Identifier: Apache-2.0
"""What safeguards survive, measured on these weights against an attacker with a stated budget."""
