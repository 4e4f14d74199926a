# SPDX-License-Identifier: Apache-2.0
"""One module per command, loaded when it is called; each has a ``command``."""
