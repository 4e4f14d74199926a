# SPDX-License-Identifier: Apache-2.0
"""Does one checkpoint descend from another? Statistical evidence, never a permission.

Read in this order: ``choice`` (which rows and columns are looked at), ``matrices`` (how they
are read, whatever the format), ``sketch`` (what is kept of a model), ``evidence`` (what chance
can do), ``fixed_points`` and ``signs`` (the two tests), ``repeats`` (what counts once),
``compare``, ``index``. A match raises obligations; nothing here opens anything, and nothing here
ever says "independent".
"""
