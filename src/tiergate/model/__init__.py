# SPDX-License-Identifier: Apache-2.0
"""What is it? Files in, one identity out.

Read in this order: ``digest``, ``files``, ``manifest``, ``tensors`` with its two header
readers, ``card``, ``checkpoint``. Nothing in this package runs code from a model.
"""
