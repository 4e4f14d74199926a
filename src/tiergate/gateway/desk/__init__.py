# SPDX-License-Identifier: Apache-2.0
"""Pages for those who work here and for those who asked for access.

``visit`` is what a page is given, ``table`` lists every page with what it needs, ``answering``
checks that before a page does anything. The other modules are the pages themselves.
"""
