"""Build Python wheels and source distributions from Rust crates.

The functions of `cratewheel.api` are attributes of this module, but for `build_sdist`; so are the hooks of the build
backend (`build-backend = "cratewheel"`), of which that is one: see `cratewheel.backend`.
"""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

_API = ("BuildResult", "build", "develop", "inspect", "list_interpreters", "plan", "read_metadata")

if TYPE_CHECKING:
    from cratewheel.api import BuildResult as BuildResult
    from cratewheel.api import build as build
    from cratewheel.api import develop as develop
    from cratewheel.api import inspect as inspect
    from cratewheel.api import list_interpreters as list_interpreters
    from cratewheel.api import plan as plan
    from cratewheel.api import read_metadata as read_metadata
    from cratewheel.backend import build_editable as build_editable
    from cratewheel.backend import build_sdist as build_sdist
    from cratewheel.backend import build_wheel as build_wheel
    from cratewheel.backend import get_requires_for_build_editable as get_requires_for_build_editable
    from cratewheel.backend import get_requires_for_build_sdist as get_requires_for_build_sdist
    from cratewheel.backend import get_requires_for_build_wheel as get_requires_for_build_wheel
    from cratewheel.backend import prepare_metadata_for_build_editable as prepare_metadata_for_build_editable
    from cratewheel.backend import prepare_metadata_for_build_wheel as prepare_metadata_for_build_wheel
else:

    def __getattr__(name: str) -> object:
        """Return a function of the API or a hook of the build backend; it is imported when it is asked for."""
        import sys

        if sys.version_info < (3, 10):  # noqa: UP036  # older versions cannot read the modules
            raise ImportError(f"cratewheel needs Python 3.10 or newer, and {sys.executable} is older")
        if name in _API:
            from cratewheel import api

            return getattr(api, name)
        if name.startswith(("build_", "prepare_metadata_for_build_", "get_requires_for_build_")):
            from cratewheel.backend import HOOKS

            if name in HOOKS:
                return HOOKS[name]
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
