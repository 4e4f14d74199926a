# SPDX-License-Identifier: Apache-2.0
"""Who signed what: keys, envelopes, statements, trust. Nothing here is about AI."""
