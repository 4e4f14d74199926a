# SPDX-License-Identifier: Apache-2.0
"""Other people's logs, one module per tool. Readers import nothing of the tool they read."""
