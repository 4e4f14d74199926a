# SPDX-License-Identifier: Apache-2.0
"""What a policy asks for, as a finite problem: what can open a tier, and what keeps it closed.

A policy is expanded into checks that are combined by thresholds (:mod:`.formula`). For each
metric, claim or fact there is a finite list of pieces of evidence that covers every combination
of outcomes that evidence can have (:mod:`.pieces`, :mod:`.topics`), and a search over them
(:mod:`.search`). Lint, difference, proof, export and plan are questions to this problem.
"""
