"""Where a wheel's module goes, as the layout of a project says it; and entries laid out on the disk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cratewheel.archive.layout import Entry, FromFile, layout


@dataclass(frozen=True, slots=True, kw_only=True)
class SimpleModulePlace:
    """As much of a `ModuleLayout` as bindings look at."""

    extension_name: str
    extension_dir: PurePosixPath
    mixed: bool


PURE = SimpleModulePlace(extension_name="demo", extension_dir=PurePosixPath("demo"), mixed=False)
MIXED = SimpleModulePlace(extension_name="_native", extension_dir=PurePosixPath("pkg/inner"), mixed=True)


def lay_out(entries: Iterable[Entry], root: Path) -> None:
    """Write the files that a wheel with `entries` would install."""
    for entry in layout(entries):
        path = root / entry.path
        path.parent.mkdir(parents=True, exist_ok=True)
        source = entry.source
        path.write_bytes(Path(source.path).read_bytes() if isinstance(source, FromFile) else source.data)
        path.chmod(0o755 if source.executable else 0o644)
