"""Layouts of projects: which files a wheel has of each, whether they import, and whether the peer packs the same."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import wheels

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters, Run

pytestmark = [pytest.mark.cargo, pytest.mark.skipif(os.name == "nt", reason="modes and names of POSIX")]

SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")
DIST_INFO = ("METADATA", "RECORD", "WHEEL", "sboms/light-module.cyclonedx.json")
PROJECT = """
[build-system]
requires = ["cratewheel"]
build-backend = "cratewheel"

[project]
name = "light-module"
dynamic = ["version"]

[tool.maturin]
"""
ANSWER = "from {} import answer; print(answer())"
WRITES_FILES = """
fn main() {
    let out = std::path::PathBuf::from(std::env::var_os("OUT_DIR").unwrap());
    std::fs::create_dir_all(out.join("deep")).unwrap();
    std::fs::write(out.join("made.py"), "from .deep import made\\n").unwrap();
    std::fs::write(out.join("deep/made.py"), "text = 'made'\\n").unwrap();
    std::fs::write(out.join("other.txt"), "not for the wheel").unwrap();
}
"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A project around the light crate.

    `tree` is what it has besides, `settings` its [tool.maturin]; `moved` is the folder that the crate moves to. `files`
    is the whole wheel but for the metadata folder, `{so}` the ending of an extension module; `code` prints `prints`.
    `warned` says that the build warns.
    """

    files: tuple[str, ...]
    code: str
    prints: str = "42"
    settings: str = ""
    tree: Mapping[str, str] = dataclasses.field(default_factory=dict)
    moved: str = ""
    warned: bool = False

    def lay_out(self, crate: Path) -> None:
        """Turn a copy of the crate into the project."""
        if self.moved:
            (crate / self.moved).mkdir()
            for path in list(crate.iterdir()):
                if path.name not in (self.moved, "pyproject.toml"):
                    path.rename(crate / self.moved / path.name)
        for name, text in self.tree.items():
            path = crate / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        (crate / "pyproject.toml").write_text(PROJECT + self.settings, encoding="utf-8")

    @property
    def expected(self) -> list[str]:
        """The names in the wheel, sorted."""
        info = [f"light_module-1.2.3.dist-info/{name}" for name in DIST_INFO]
        return sorted([*(name.format(so=SUFFIX) for name in self.files), *info])


NATIVE = ANSWER.format("light_module._native")
MIXED = {"light_module/__init__.py": ""}

CASES = {
    "a crate alone": Case(
        files=("light_module/__init__.py", "light_module/light_module{so}"),
        code=ANSWER.format("light_module"),
    ),
    "a crate with a stub": Case(
        tree={"light_module.pyi": "def answer() -> int: ...\n"},
        files=(
            "light_module/__init__.py",
            "light_module/__init__.pyi",
            "light_module/light_module{so}",
            "light_module/py.typed",
        ),
        code="import light_module as m; print(m.answer(), m.__doc__)",
        prints="42 What is the answer?",
    ),
    "a crate alone with a folder of stubs": Case(
        tree={
            "light_module/__init__.pyi": "def answer() -> int: ...\n",
            "light_module/__pycache__/old.cpython-311.pyc": "",
            "light_module.pyi": "not taken\n",
        },
        files=(
            "light_module/__init__.py",
            "light_module/__init__.pyi",
            "light_module/light_module{so}",
            "light_module/py.typed",
        ),
        code=ANSWER.format("light_module"),
    ),
    "a crate alone with a mark for type checkers": Case(
        tree={"light_module/py.typed": "partial\n", "light_module/more/__init__.pyi": ""},
        files=(
            "light_module/__init__.py",
            "light_module/light_module{so}",
            "light_module/more/__init__.pyi",
            "light_module/py.typed",
        ),
        code=ANSWER.format("light_module"),
    ),
    "a crate alone beside what is left of a package": Case(
        tree={"light_module/__pycache__/old.cpython-311.pyc": "", "light_module/sub/.DS_Store": ""},
        files=("light_module/__init__.py", "light_module/light_module{so}"),
        code=ANSWER.format("light_module"),
    ),
    "a crate alone with a dotted module": Case(
        settings='module-name = "far.away.light_module"\n',
        files=("light_module/__init__.py", "light_module/light_module{so}"),
        code=ANSWER.format("light_module"),
        warned=True,  # it is imported under another name
    ),
    "a package of the module's name": Case(
        tree={
            "light_module/__init__.py": "from .light_module import answer\n",
            "light_module/py.typed": "",
            "light_module/light_module.pyi": "def answer() -> int: ...\n",
            "light_module/data/table.csv": "1,2\n",
            "light_module/.hidden": "",
            "light_module.pyi": "ignored: the package is not generated\n",
            "tests/test_it.py": "not packed\n",
        },
        files=(
            "light_module/.hidden",
            "light_module/__init__.py",
            "light_module/data/table.csv",
            "light_module/light_module.pyi",
            "light_module/light_module{so}",
            "light_module/py.typed",
        ),
        code=ANSWER.format("light_module"),
    ),
    "a module in a package": Case(
        settings='module-name = "light_module._native"\n',
        tree=MIXED,
        files=("light_module/__init__.py", "light_module/_native{so}"),
        code=NATIVE,
    ),
    "python-source": Case(
        settings='python-source = "python"\nmodule-name = "light_module.inner._native"\n',
        tree={
            "python/light_module/__init__.py": "from .inner._native import answer\n",
            "python/light_module/inner/__init__.py": "",
            "python/other/__init__.py": "not packed\n",
            "light_module/__init__.py": "raise SystemExit('not the one meant')\n",
        },
        files=(
            "light_module/__init__.py",
            "light_module/inner/__init__.py",
            "light_module/inner/_native{so}",
        ),
        code=ANSWER.format("light_module"),
        warned=True,
    ),
    "python-packages": Case(
        settings=(
            'python-source = "python"\nmodule-name = "light_module._native"\n'
            'python-packages = ["light_module", "more", "deep/deeper", "single.py"]\n'
        ),
        tree={
            "python/light_module/__init__.py": "",
            "python/more/__init__.py": "from light_module._native import answer\n",
            "python/deep/deeper/__init__.py": "",
            "python/deep/not_this.py": "",
            "python/single.py": "",
        },
        files=(
            "deep/deeper/__init__.py",
            "light_module/__init__.py",
            "light_module/_native{so}",
            "more/__init__.py",
            "single.py",
        ),
        code="import deep.deeper, single; from more import answer; print(answer())",
    ),
    "python-packages of a crate alone": Case(
        settings='python-packages = ["more"]\n',
        tree={"more/__init__.py": "from light_module import answer\n"},
        files=("light_module/__init__.py", "light_module/light_module{so}", "more/__init__.py"),
        code=ANSWER.format("more"),
    ),
    "rust beside src": Case(
        settings='module-name = "light_module._native"\n',
        moved="rust",
        tree={"src/light_module/__init__.py": "", "src/other/__init__.py": "not packed\n"},
        files=("light_module/__init__.py", "light_module/_native{so}"),
        code=NATIVE,
    ),
    "rust beside src, by its name": Case(
        settings='module-name = "light_module._native"\nmanifest-path = "rust/Cargo.toml"\n',
        moved="rust",
        tree={"src/light_module/__init__.py": ""},
        files=("light_module/__init__.py", "light_module/_native{so}"),
        code=NATIVE,
    ),
    "manifest-path": Case(
        settings='manifest-path = "native/Cargo.toml"\nmodule-name = "light_module._native"\n',
        moved="native",
        tree=MIXED,
        files=("light_module/__init__.py", "light_module/_native{so}"),
        code=NATIVE,
    ),
    "a namespace package": Case(
        settings='module-name = "space.light._native"\n',
        tree={"space/light/__init__.py": "from ._native import answer\n"},
        files=("space/light/__init__.py", "space/light/_native{so}"),
        code="import space.light; print(space.light.answer(), getattr(space, '__file__', None))",
        prints="42 None",
    ),
    "a namespace of the module alone": Case(
        settings='python-source = "python"\nmodule-name = "space._native"\n',
        tree={"python/space/pure.py": "from space._native import answer\n"},
        files=("space/_native{so}", "space/pure.py"),
        code=ANSWER.format("space.pure"),
    ),
    "ignored files stay out": Case(
        settings='module-name = "light_module._native"\n',
        tree={
            **MIXED,
            ".git/HEAD": "ref: refs/heads/main\n",
            ".gitignore": "*.log\n/light_module/scratch/\n",
            "light_module/.gitignore": "!kept.log\n",
            "light_module/a.log": "",
            "light_module/kept.log": "",
            "light_module/scratch/b.py": "",
        },
        files=(
            "light_module/.gitignore",
            "light_module/__init__.py",
            "light_module/_native{so}",
            "light_module/kept.log",
        ),
        code=NATIVE,
    ),
    "what an earlier install left stays out": Case(
        settings='module-name = "light_module._native"\n',
        tree={
            **MIXED,
            f"light_module/_native{SUFFIX}": "old",
            "light_module/_native.abi3.so": "old",
            "light_module/_native.pypy39-pp73-x86_64-linux-gnu.so": "old",
            "light_module/lib_native.so": "old",
            "light_module/_native.pyd": "old",
            "light_module/_native.dSYM/Contents/Info.plist": "old",
            "light_module/prebuilt.so": "a library of the project",
        },
        files=("light_module/__init__.py", "light_module/_native{so}", "light_module/prebuilt.so"),
        code=NATIVE,
    ),
    "include": Case(
        settings="""
            module-name = "light_module._native"
            python-source = "python"
            include = [
                "assets/*.txt",
                { path = "python/light_module/made/**/*", format = "wheel" },
                { path = "light_module/shown.py", format = ["wheel", "sdist"] },
                { path = "only_sdist.txt", format = "sdist" },
                { path = "python/beside.py", format = ["wheel"] },
            ]
        """,
        tree={
            ".git/HEAD": "ref: refs/heads/main\n",
            ".gitignore": "made/\nshown.py\n",
            "python/light_module/__init__.py": "",
            "python/light_module/made/a.py": "",
            "python/light_module/made/b/c.bin": "",
            "python/light_module/shown.py": "from ._native import answer\n",
            "python/beside.py": "",
            "assets/a.txt": "",
            "assets/b.md": "",
            "only_sdist.txt": "",
        },
        files=(
            "assets/a.txt",
            "beside.py",
            "light_module/__init__.py",
            "light_module/_native{so}",
            "light_module/made/a.py",
            "light_module/made/b/c.bin",
            "light_module/shown.py",
        ),
        code=ANSWER.format("light_module.shown"),
    ),
    "exclude": Case(
        settings="""
            module-name = "light_module._native"
            include = ["assets/**/*"]
            exclude = [
                "light_module/tests/**",
                "*.md",
                "!light_module/KEPT.md",
                { path = "**/secret.txt", format = "wheel" },
                { path = "light_module/for_wheel.py", format = "sdist" },
                { path = "light_module/neither.py", format = ["sdist", "wheel"] },
                "light_module/_native*",
            ]
        """,
        tree={
            **MIXED,
            "light_module/tests/test_a.py": "",
            "light_module/tests/data/b.txt": "",
            "light_module/README.md": "",
            "light_module/KEPT.md": "",
            "light_module/secret.txt": "",
            "light_module/for_wheel.py": "",
            "light_module/neither.py": "",
            "assets/secret.txt": "",
            "assets/open.txt": "",
        },
        files=(
            "assets/open.txt",
            "light_module/KEPT.md",
            "light_module/__init__.py",
            "light_module/_native{so}",
            "light_module/for_wheel.py",
        ),
        code=NATIVE,
    ),
    "what a build script wrote": Case(
        settings="""
            module-name = "light_module._native"
            include = [{ path = "**/*.py", from = "out-dir", to = "light_module/out" }]
        """,
        tree={
            **MIXED,
            "light_module/out/__init__.py": "",
            "light_module/out/deep/__init__.py": "",
            "build.rs": WRITES_FILES,
        },
        files=(
            "light_module/__init__.py",
            "light_module/_native{so}",
            "light_module/out/__init__.py",
            "light_module/out/deep/__init__.py",
            "light_module/out/deep/made.py",
            "light_module/out/made.py",
        ),
        code="from light_module.out.made import made; print(made.text)",
        prints="made",
    ),
    "what the build script of a dependency wrote": Case(
        settings="""
            module-name = "light_module._native"
            include = [{ path = "made.py", from = "out-dir", to = "light_module", crate_name = "pyo3-ffi" }]
        """,
        tree={
            **MIXED,
            "light_module/deep/__init__.py": "made = 'of a dependency'\n",
            "build.rs": "fn main() {}\n",
            "pyo3-ffi/build.rs": WRITES_FILES,
        },
        files=(
            "light_module/__init__.py",
            "light_module/_native{so}",
            "light_module/deep/__init__.py",
            "light_module/made.py",
        ),
        code="from light_module.made import made; print(made)",
        prints="of a dependency",
    ),
    "the data folder": Case(
        tree={
            "light_module.data/data/share/light/a.txt": "",
            "light_module.data/scripts/light-tool": "#!python\n",
            "light_module.data/headers/light.h": "",
            "light_module.data/purelib/pure_light.py": "",
            "light_module.data/platlib/plat_light.py": "",
        },
        files=(
            "light_module-1.2.3.data/data/share/light/a.txt",
            "light_module-1.2.3.data/headers/light.h",
            "light_module-1.2.3.data/platlib/plat_light.py",
            "light_module-1.2.3.data/purelib/pure_light.py",
            "light_module-1.2.3.data/scripts/light-tool",
            "light_module/__init__.py",
            "light_module/light_module{so}",
        ),
        code=ANSWER.format("light_module"),
    ),
}  # fmt: skip

# docs/differences.md says how
DIFFERENT = {
    "a crate alone with a folder of stubs",
    "a crate alone with a mark for type checkers",
    "a crate alone beside what is left of a package",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Builder:
    """Makes a project of a case, and its wheel."""

    command: Cratewheel
    python: Path

    def project(self, case: Case) -> Path:
        root = self.command.copy("light-module")
        case.lay_out(root)
        return root

    def build(self, project: Path, *words: str) -> Run:
        return self.command("build", "--no-sdist", "-i", self.python, *words, cwd=project).ok()

    def peer(self, program: Path, project: Path) -> Path:
        """Return the wheel that the peer makes of the project."""
        out = self.command.folder / "peer"
        words: list[str | Path] = [program, "build", "--interpreter", self.python, "--out", out]
        done = subprocess.run(
            words, cwd=project, env=self.command.environ, capture_output=True, text=True, check=False, timeout=300
        )
        assert done.returncode == 0, done.stderr
        (wheel,) = out.iterdir()
        return wheel


@pytest.fixture
def builder(run_light: Cratewheel, interpreters: Interpreters) -> Builder:
    return Builder(run_light, interpreters.this)


def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return sorted(archive.namelist())


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_wheel_has_these_files_and_imports(case: Case, builder: Builder, tmp_path: Path) -> None:
    run = builder.build(builder.project(case))
    assert names(run.wheel) == case.expected
    site = wheels.site(run.wheel, tmp_path / "site")
    assert wheels.python(builder.python, case.code, path=site) == case.prints
    assert ("warning" in run.stderr) == case.warned


@pytest.mark.parametrize("case", ["rust beside src", "rust beside src, by its name"])
@pytest.mark.parametrize(
    ("folder", "words"),
    [
        ("", ("-m", "rust/Cargo.toml")),
        ("", ("-m", "rust/Cargo.toml", "--sdist")),
        ("rust", ()),
        ("rust", ("--sdist",)),
        ("src", ("-m", "../rust/Cargo.toml")),
    ],
)
def test_the_layout_does_not_depend_on_how_the_manifest_is_found(
    case: str, folder: str, words: tuple[str, ...], builder: Builder
) -> None:
    project = builder.project(CASES[case])
    run = builder.command("build", "-i", builder.python, *words, cwd=project / folder).ok()

    assert names(run.wheel) == CASES[case].expected
    with tarfile.open(run.sdists[0]) as archive:
        assert "light_module-1.2.3/src/light_module/__init__.py" in archive.getnames()


def test_a_project_with_the_backslashes_of_windows_is_built_and_packed(builder: Builder) -> None:
    case = Case(
        settings=r"""
            manifest-path = 'native\Cargo.toml'
            module-name = "light_module._native"
            python-source = 'python\code'
            python-packages = ['light_module\more', 'other']
            data = 'stuff\data'
            include = ['assets\*.txt', { path = 'notes\a.txt', format = "sdist" }]
            exclude = ['python\code\light_module\skip\**']
        """,
        tree={
            "python/code/light_module/__init__.py": "",
            "python/code/light_module/more/__init__.py": "",
            "python/code/light_module/skip/__init__.py": "",
            "python/code/other/__init__.py": "",
            "stuff/data/data/share.txt": "",
            "assets/a.txt": "",
            "notes/a.txt": "",
            "docs/readme.md": "# Read me",
        },
        moved="native",
        files=(),
        code="",
    )
    project = builder.project(case)
    text = (project / "pyproject.toml").read_text(encoding="utf-8")
    text = text.replace("[tool.maturin]", "readme = 'docs\\readme.md'\n\n[tool.maturin]")
    (project / "pyproject.toml").write_text(text, encoding="utf-8")
    run = builder.command("build", "--sdist", "-i", builder.python, cwd=project).ok()

    kept = [name for name in names(run.wheel) if ".dist-info" not in name]
    assert kept == sorted(
        [
            "assets/a.txt",
            "light_module-1.2.3.data/data/share.txt",
            "light_module/__init__.py",
            f"light_module/_native{SUFFIX}",
            "light_module/more/__init__.py",
            "other/__init__.py",
        ]
    )
    with tarfile.open(run.sdists[0]) as archive:
        packed = archive.getnames()
    assert not any("\\" in name for name in packed)
    assert {
        f"light_module-1.2.3/{name}"
        for name in ("native/src/lib.rs", "python/code/other/__init__.py", "notes/a.txt", "docs/readme.md")
    } <= set(packed)
    said = [line for line in run.stderr.splitlines() if line.startswith("warning: ")]
    assert [line.split(" in ")[0].removeprefix("warning: ") for line in said] == [
        *("tool.maturin.manifest-path", "tool.maturin.python-source", "tool.maturin.python-packages[0]"),
        *("tool.maturin.data", "tool.maturin.include[0]", "tool.maturin.include[1].path", "tool.maturin.exclude[0]"),
        "project.readme",
    ]


@pytest.mark.parity
@pytest.mark.parametrize("case", [name for name in CASES if name not in DIFFERENT])
def test_the_peer_packs_the_same_files(case: str, builder: Builder, peer: Path) -> None:
    assert names(builder.peer(peer, builder.project(CASES[case]))) == CASES[case].expected


def test_an_installer_puts_the_data_folder_where_it_belongs(builder: Builder, tmp_path: Path) -> None:
    case = dataclasses.replace(
        CASES["the data folder"],
        settings='data = "stuff/of/it"\n',
        tree={
            "stuff/of/it/data/share/a.txt": "a",
            "stuff/of/it/scripts/light-tool": "#!python\nfrom pure_light import name\nprint(name)\n",
            "stuff/of/it/headers/light.h": "",
            "stuff/of/it/purelib/pure_light.py": "name = __name__\n",
            "light_module.data/data/not_this": "",
        },
    )
    project = builder.project(case)
    (project / "stuff" / "of" / "it" / "scripts" / "light-tool").chmod(0o755)
    run = builder.build(project)
    environment = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", environment]
    subprocess.run([*pip, "install", "--quiet", "--no-index", run.wheel], check=True)

    (header,) = environment.glob("include/**/light.h")
    assert header.parent.name == "light-module"
    assert (environment / "share" / "a.txt").read_text() == "a"
    assert not (environment / "not_this").exists()
    tool = [environment / "bin" / "light-tool"]
    assert subprocess.run(tool, capture_output=True, text=True, check=True).stdout == "pure_light\n"


def test_files_that_can_be_run_stay_so(builder: Builder) -> None:
    case = CASES["a module in a package"]
    project = builder.project(case)
    for name in ("light_module/run.sh", "light_module.data/scripts/run", "light_module/plain.sh", "shared.sh"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text("#!/bin/sh\n", encoding="utf-8")
        (project / name).chmod(0o600 if "plain" in name else 0o700)
    (project / "light_module" / "linked.sh").symlink_to("../shared.sh")
    run = builder.build(project)

    with zipfile.ZipFile(run.wheel) as archive:
        modes = {info.filename: oct(info.external_attr >> 16) for info in archive.infolist()}
    assert {name for name, mode in modes.items() if mode == "0o100755"} == {
        f"light_module/_native{SUFFIX}",
        "light_module/linked.sh",
        "light_module/run.sh",
    }
    assert {mode for name, mode in modes.items() if name.endswith(("plain.sh", "METADATA", "__init__.py"))} == {
        "0o100644"
    }


def test_settings_that_pack_nothing_are_told(builder: Builder) -> None:
    case = dataclasses.replace(
        CASES["a module in a package"],
        settings="""
            module-name = "light_module._native"
            python-packages = ["light_module", "gone"]
            include = ["nothing/*", "assets/"]
            exclude = ["light_module/tests/"]
        """,
        tree={**MIXED, "light_module/tests/a.py": "", "assets/a.txt": ""},
    )
    project = builder.project(case)
    run = builder.build(project)

    said = [line.removeprefix("warning: ") for line in run.stderr.splitlines() if line.startswith("warning: ")]
    assert sorted(said) == [
        "exclude 'light_module/tests/' is a folder, and excludes nothing; write 'light_module/tests/**'",
        "include 'assets/' matches only a folder; write 'assets/**/*' for its files",
        f"include 'nothing/*' matches no file in {project}",
        f"python-packages has 'gone', but there is no {project / 'gone'}",
    ]


def test_two_files_for_one_place_are_refused(builder: Builder) -> None:
    case = dataclasses.replace(
        CASES["python-source"],
        settings=CASES["python-source"].settings + 'include = ["light_module/__init__.py"]\n',
    )
    project = builder.project(case)
    run = builder.command("build", "--no-sdist", "-i", builder.python, cwd=project)

    assert (run.status, run.stdout, run.wheels) == (1, "", ())
    said = run.stderr[run.stderr.rindex("error: ") :]
    assert "light_module/__init__.py" in said.splitlines()[0]
    assert str(project / "python" / "light_module" / "__init__.py") in said
    assert "Traceback" not in run.stderr


def test_a_package_beside_the_sources_of_the_crate_is_not_lost(builder: Builder) -> None:
    project = builder.command.folder / "project"
    crate = project / "crates" / "light"
    crate.parent.mkdir(parents=True)
    (project / ".git").mkdir()  # which makes the packages a part of the project
    builder.command.copy("light-module").rename(crate)
    case = dataclasses.replace(
        CASES["python-source"],
        settings='python-source = "../../python"\nmodule-name = "light_module._native"\n',
        tree={"../../python/light_module/__init__.py": "from ._native import answer\n"},
    )
    case.lay_out(crate)

    assert wheels.names(builder.build(crate).wheel) == ["light_module/__init__.py", f"light_module/_native{SUFFIX}"]


def test_the_same_project_in_another_folder_gives_the_same_archives(builder: Builder, tmp_path: Path) -> None:
    case = CASES["what a build script wrote"]
    found = []
    for number, name in enumerate(("here", "a rather longer way to/the same project")):
        project = tmp_path / name
        project.parent.mkdir(parents=True, exist_ok=True)
        builder.project(case).rename(project)
        for path in (project, *project.rglob("*")):
            os.utime(path, (1_000_000_000 + number, 1_000_000_000 + number))
        # a mixed wheel holds the module, in which rustc writes where the sources were unless told otherwise
        env = {
            "CARGO_TARGET_DIR": str(tmp_path / f"target-{number}"),
            "CARGO_ENCODED_RUSTFLAGS": f"--remap-path-prefix={project}=/project",
        }
        run = builder.command("build", "--release", "-i", builder.python, cwd=project, env=env)
        found.append({path.name: path.read_bytes() for path in (run.wheel, *run.sdists)})
    assert found[0].keys() == {builder.build(project).wheel.name, "light_module-1.2.3.tar.gz"}
    assert found[0] == found[1]
