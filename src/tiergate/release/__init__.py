# SPDX-License-Identifier: Apache-2.0
"""Who gets it, when: decision records and whom to believe about them."""
