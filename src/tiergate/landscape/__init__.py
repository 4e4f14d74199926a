# SPDX-License-Identifier: Apache-2.0
"""What laws, codes and developers ask of open weights: data with sources, as of a date."""
