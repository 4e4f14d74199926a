# SPDX-License-Identifier: Apache-2.0
"""What happens to a model after its release, as lists of repositories show it.

Rows of metadata come from feeds; a pass over them gives findings. Every finding says what it
rests on, and finding nothing never proves that nothing is there.
"""
