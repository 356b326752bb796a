"""Reading the declarations of a crate for cffi, without installing cbindgen."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from cratewheel.bindings import cffi
from cratewheel.bindings.cbindgen import CbindgenPolicy
from cratewheel.system.files import project_roots
from cratewheel.ui import Ui


def declarations(root: Path, environ: Mapping[str, str]) -> tuple[str, str]:
    """Return the declarations of the crate in a folder, and what was said."""
    err = io.StringIO()
    text = cffi.read_declarations(
        target_directory=root / "target",
        crate=root,
        workspace=root,
        cwd=root,
        roots=project_roots(root),
        scratch=root / "scratch",
        environ=environ,
        reporter=Ui(out=io.StringIO(), err=err),
        policy=CbindgenPolicy(install=False),
    )
    return text, err.getvalue()
