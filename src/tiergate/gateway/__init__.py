# SPDX-License-Identifier: Apache-2.0
"""The hub that enforces decisions: it speaks the Hugging Face Hub API to unmodified clients.

Read in this order: ``targets`` (what a request names), ``wire`` (what an answer looks like),
``objects`` and ``catalogue`` (what there is), ``releases`` (where releases stand), ``audit``
(what left), ``delivery`` (bytes), ``guards`` (who may), ``hub`` (the routes) and
``application``.
"""
