"""A machine made of folders and recorded answers: interpreters that can be found and asked, but never started."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest

from cratewheel.interpreter import candidates
from cratewheel.interpreter.cache import Cache
from cratewheel.ui import Ui

PROBES = Path(__file__).parent / "probes"


class Machine:
    """Folders below `root`; `environ` sees nothing else."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / "home"
        self.cache = root / "cache"
        self.cwd = root / "project"
        for folder in (self.home, self.cwd):
            folder.mkdir(parents=True)
        self.environ = {"PATH": "", "HOME": str(self.home)}
        self.err = io.StringIO()
        self.ui = Ui(out=io.StringIO(), err=self.err)
        self.talkative = Ui(out=io.StringIO(), err=self.err, verbosity=1)

    def python(self, path: str, probe: str, *links: str, patch: int | None = None) -> Path:
        """Install the interpreter that gave the answer `probe` at `path`, and links to it next to it."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("this must not be started", encoding="utf-8")
        file.chmod(0o755)
        answer = json.loads((PROBES / f"{probe}.json").read_text(encoding="utf-8"))
        if patch is not None:
            answer["version"][2] = patch
        cache = Cache(self.cache, {}, pytest.fail)
        cache.put(file, {**answer, "executable": str(file)})
        cache.save()
        for link in links:
            (file.parent / link).symlink_to(file.name)
        return file

    def venv(self, path: str, base: Path) -> Path:
        """Make a virtual environment of the interpreter `base` and return its folder."""
        folder = self.root / path
        (folder / "bin").mkdir(parents=True)
        (folder / "pyvenv.cfg").write_text(f"home = {base.parent}\n", encoding="utf-8")
        (folder / "bin" / "python").symlink_to(base)
        (folder / "bin" / "python3").symlink_to("python")
        return folder

    def on_path(self, *folders: str) -> None:
        self.environ["PATH"] = os.pathsep.join(str(self.root / folder) for folder in folders)

    def shims(self, *names: str) -> None:
        """Make pyenv's stand-ins, which fail the test when they are started."""
        for name in names:
            shim = self.home / ".pyenv" / "shims" / name
            shim.parent.mkdir(parents=True, exist_ok=True)
            shim.write_text("#!/bin/sh\nexit 99\n", encoding="utf-8")
            shim.chmod(0o755)

    @property
    def said(self) -> list[str]:
        return self.err.getvalue().splitlines()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    # the interpreter that runs the tests and those of the real machine are no part of it
    monkeypatch.setattr(sys, "executable", "")
    monkeypatch.setattr(candidates, "SYSTEM_FOLDERS", (tmp_path / "opt" / "python",))
    made = Machine(tmp_path)
    monkeypatch.chdir(made.cwd)
    return made
