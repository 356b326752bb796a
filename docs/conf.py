"""Sphinx configuration: furo, MyST, and reference pages made from the settings model."""

import sys
from pathlib import Path

from cratewheel import __version__

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(Path(__file__).parent))

project = "cratewheel"
author = "The cratewheel authors"
project_copyright = author
version = release = __version__

extensions = ["myst_parser", "sphinx_copybutton", "reference_directive", "not_on_pypi"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist", "attrs_inline"]
myst_heading_anchors = 3
nitpicky = True

# The address of the repository is in pyproject.toml alone.
REPOSITORY = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]["Source"]

html_theme = "furo"
html_title = f"cratewheel {version}"
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"
html_theme_options = {
    "source_repository": REPOSITORY,
    "source_branch": "main",
    "source_directory": "docs/",
    "footer_icons": [{"name": "Repository", "url": REPOSITORY, "html": "Repository", "class": ""}],
}
