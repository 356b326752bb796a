"""C libraries that need each other, compiled once, and a repair of files that need them."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pytest

from cratewheel.audit import binary, check
from cratewheel.repair import graft
from cratewheel.repair.model import Grafted, Repair, Subject
from cratewheel.targets.triples import parse
from cratewheel.ui import Ui

BAR = '#include <stdlib.h>\nint bar(void) { return getenv("NO SUCH") ? 0 : 40; }\n'  # needs the C library
MODULE = """
#include <stdlib.h>
int foo(void);
int answer(void) { return foo() + atoi(getenv("MORE") ? getenv("MORE") : "0"); }
void *PyInit_module(void) { return 0; }
"""
X86_64 = "x86_64-unknown-linux-gnu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """How to compile for a target: `words` start the compiler, `folder` gets what it makes."""

    folder: Path
    triple: str = X86_64
    words: tuple[str, ...] = ("cc",)

    def library(
        self, name: str, code: str, *words: str, needs: tuple[str, ...] = (), soname: str | None = None
    ) -> Path:
        """Compile `lib<name>.so.<soname's end>.0` with its links, and return the file; without soname, a plain file."""
        self.folder.mkdir(exist_ok=True)
        source = self.folder / f"{name}.c"
        source.write_text(code, encoding="utf-8")
        real = self.folder / (f"{soname}.0" if soname else f"{name}.so")
        named = (f"-Wl,-soname,{soname}",) if soname else ()
        linked = (f"-L{self.folder}", *(f"-l{need}" for need in needs))
        shared = ("-shared", "-fPIC", "-O1", "-o", str(real), str(source))
        subprocess.run([*self.words, *shared, *named, *linked, *words], check=True)
        source.unlink()
        if soname:
            for link in (soname, f"lib{name}.so"):
                (self.folder / link).unlink(missing_ok=True)
                (self.folder / link).symlink_to(real.name)
        return real

    def family(self) -> None:
        """Compile libbar.so.1, libfoo.so.2 that needs it, and module.so that needs libfoo."""
        self.library("bar", BAR, soname="libbar.so.1")
        self.library(
            "foo", "int bar(void);\nint foo(void) { return bar() + 2; }\n", needs=("bar",), soname="libfoo.so.2"
        )
        self.library("module", MODULE, needs=("foo",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A folder of libraries that a test may change, and the repair of a copy of one of its files."""

    folder: Path
    scratch: Path
    triple: str = X86_64
    environ: Mapping[str, str] = field(default_factory=lambda: {"PATH": os.environ["PATH"]})

    def machine(self) -> Machine:
        return Machine(folder=self.folder)

    def repaired(
        self,
        *,
        file: str = "module.so",
        place: str = "pkg",
        search: tuple[Path, ...] | None = None,
        exclude: tuple[str, ...] = (),
        native: bool = True,
        origin: Path | None = None,
        site: str = "site",
    ) -> Repaired:
        """Return the repair of a copy of `file`, in a folder that looks like site-packages."""
        target = parse(self.triple)
        path = self.scratch / site / place / file
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.folder / file, path)
        needs = check.external_libraries(binary.read(path), target)
        libraries = graft.repair(
            [Subject(path=path, folder=PurePosixPath(place), needs=needs, origin=origin)],
            Repair(
                target=target,
                native=native,
                dist="demo",
                search=(self.folder,) if search is None else search,
                exclude=exclude,
                scratch=self.scratch / site,
                environ=self.environ,
                reporter=Ui(out=io.StringIO(), err=io.StringIO()),
            ),
        )
        return Repaired(path=path, libraries=libraries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    path: Path
    libraries: tuple[Grafted, ...]

    def answer(self) -> str:
        """Return what the module's function gives in a process of its own."""
        code = f"import ctypes; print(ctypes.CDLL({str(self.path)!r}).answer())"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        return done.stdout.strip() or done.stderr.strip()

    def links(self) -> dict[str, tuple[str | None, tuple[str, ...], tuple[str, ...]]]:
        """Return soname, needed libraries and run-time paths of the repaired file and of each library."""
        files = (self.path, *(library.path for library in self.libraries))
        facts = {path.name: binary.read(path) for path in files}
        return {name: (one.soname, one.needed, (*one.rpath, *one.runpath)) for name, one in facts.items()}

    def contents(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (self.path, *(one.path for one in self.libraries))}


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return a function that gives the folder of a target's libraries, compiled at the first call."""
    made: dict[str, Path] = {}

    def family(triple: str) -> Path:
        if triple not in made:
            folder = tmp_path_factory.mktemp(triple) / "lib"
            Machine(folder=folder, triple=triple, words=_compiler(triple)).family()
            made[triple] = folder
        return made[triple]

    return family


def _compiler(triple: str) -> tuple[str, ...]:
    if triple == X86_64:
        return ("cc",)
    pytest.importorskip("ziglang", reason="ziglang, which compiles for other systems, is not installed")
    return (
        sys.executable,
        "-m",
        "ziglang",
        "cc",
        "-target",
        triple.replace("-unknown", "").replace("-gnu", "-gnu.2.17"),
    )


@pytest.fixture
def at_work(compiled: Callable[[str], Path], tmp_path: Path) -> Callable[[str], Work]:
    """Return a function that gives a test its own copy of a target's libraries."""

    def work(triple: str) -> Work:
        folder = tmp_path / "originals"
        shutil.copytree(compiled(triple), folder, symlinks=True)
        return Work(folder=folder, scratch=tmp_path / "scratch", triple=triple)

    return work


@pytest.fixture
def work(at_work: Callable[[str], Work]) -> Work:
    return at_work(X86_64)
