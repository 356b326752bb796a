"""Sphinx configuration: furo, MyST, and reference pages made from the settings model."""

import sys
from pathlib import Path

from cratewheel import __version__

sys.path.insert(0, str(Path(__file__).parent))

project = "cratewheel"
author = "The cratewheel authors"
project_copyright = author
version = release = __version__

extensions = ["myst_parser", "reference_directive"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nitpicky = True

html_theme = "furo"
html_title = "cratewheel"
html_static_path = ["_static"]
