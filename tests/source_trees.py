"""The syntax trees of our modules, each parsed when it is first asked for."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "cratewheel"


class Trees(Mapping[str, ast.Module]):
    """The syntax tree of every module by its path below src/cratewheel."""

    def __init__(self) -> None:
        self.paths = [path.relative_to(SOURCE).as_posix() for path in sorted(SOURCE.rglob("*.py"))]
        self.parsed: dict[str, ast.Module] = {}

    def __getitem__(self, path: str) -> ast.Module:
        if path not in self.parsed and path in self.paths:
            self.parsed[path] = ast.parse((SOURCE / path).read_text(encoding="utf-8"), filename=path)
        return self.parsed[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self.paths)

    def __len__(self) -> int:
        return len(self.paths)

    def __contains__(self, path: object) -> bool:
        return path in self.paths


MODULES = Trees()
