"""The fenced blocks of the documentation, and a folder in which their commands can run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import uploads
from fork_server import ForkServer

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "examples").glob("*/README.md"), *(ROOT / "compat").glob("*/README.md")]
    + [page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts]
)
FENCE = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]*?) -->\n)?^```(?P<language>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
RUN_ELSEWHERE = ("try", "test", "tutorial")  # by .ci/run, and by tests/integration/test_scaffold.py
# Commands that compile are run up to the plan.
CRATEWHEEL = """#!/bin/sh
command=$1
case "$command" in build) shift; set -- build --dry-run "$@";; esac
exec "{program}" "$@"
"""
SERVER = ForkServer()  # for the environment of the sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block: the comment before it, its language and its text."""

    page: Path
    line: int
    mark: str
    language: str
    text: str

    @property
    def name(self) -> str:
        """Where it is, for a person."""
        return f"{self.page.relative_to(ROOT).as_posix()}:{self.line}"

    @property
    def excuse(self) -> str:
        """Why it is not run here, or nothing."""
        if self.mark in RUN_ELSEWHERE:
            return self.mark
        return self.mark.removeprefix("not run: ") if self.mark.startswith("not run: ") else ""


def blocks(*languages: str) -> Iterator[Block]:
    """Return the blocks of all pages in these languages, or all."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in FENCE.finditer(text):
            if not languages or match["language"] in languages:
                line = text.count("\n", 0, match.start("language")) + 1
                yield Block(
                    page=page, line=line, mark=match["mark"] or "", language=match["language"], text=match["text"]
                )


def sandbox(folder: Path) -> dict[str, str]:
    """Make a project of a light crate in a folder, with archives in dist/, and return the environment to run in it."""
    source = ROOT / "tests" / "crates" / "light-module"
    project = folder / "demo"
    shutil.copytree(source, project, ignore=shutil.ignore_patterns("target"))
    for name in ("home", "bin", "demo/dist", "demo/target/wheels"):
        (folder / name).mkdir(parents=True)
    for place in (".", "dist", "target/wheels"):
        uploads.wheel(project / place)
        uploads.wheel(project / place, name="demo-1.1")
        uploads.sdist(project / place)
    for words in (["init", "-q"], ["-c", "user.name=x", "-c", "user.email=x@y", "commit", "-qm", "x", "--allow-empty"]):
        subprocess.run(["git", *words], cwd=project, check=True)
    subprocess.run(["git", "tag", "v1.0"], cwd=project, check=True)
    (project / ".gitignore").write_text(".venv\n", encoding="utf-8")
    venv.create(project / ".venv", symlinks=True)
    home = Path.home()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CRATEWHEEL_", "MATURIN_"))}
    environ = {
        "CARGO_HOME": str(home / ".cargo"),
        "RUSTUP_HOME": str(home / ".rustup"),
        **kept,
        "HOME": str(folder / "home"),
        "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(home / ".cache")),
        "PATH": f"{folder / 'bin'}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
        "NO_COLOR": "1",
    }
    text, _ = SERVER.program(environ)
    (folder / "program").write_text(text, encoding="utf-8")
    command = folder / "bin" / "cratewheel"
    command.write_text(CRATEWHEEL.format(program=folder / "program"), encoding="utf-8")
    for path in (folder / "program", command):
        path.chmod(0o755)
    return environ


def run_script(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the commands of a block in a new project, until one fails."""
    environ = sandbox(folder)
    _, passed = SERVER.program(environ)
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text], check=False, pass_fds=passed,
        cwd=folder / "demo", env=environ, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120,
    )  # fmt: skip
