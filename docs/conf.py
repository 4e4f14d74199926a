# SPDX-License-Identifier: Apache-2.0
"""How Sphinx builds the documentation: no network, no external images, warnings are errors."""

project = "Tiergate"
author = "The Tiergate authors"
project_copyright = "The Tiergate authors, Apache-2.0"

extensions = ["myst_parser"]
exclude_patterns = ["_build", "tutorial-files"]
nitpicky = True

myst_enable_extensions = ["deflist"]
myst_heading_anchors = 4

html_theme = "furo"
html_title = "Tiergate"
html_copy_source = False
html_show_sphinx = False
