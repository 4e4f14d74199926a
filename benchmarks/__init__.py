# SPDX-License-Identifier: Apache-2.0
"""Speed, as ratios against a named peer in the same run; see README.md."""
