"""Platform tags of compiled files: each form of --compatibility, what misses a policy, and libraries from elsewhere."""

from __future__ import annotations

import dataclasses
import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import wheels

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters, Run

pytestmark = [
    pytest.mark.cargo,
    pytest.mark.skipif(
        sys.platform != "linux" or platform.machine() != "x86_64" or platform.libc_ver()[0] != "glibc",
        reason="the policies are those of x86_64 Linux with glibc",
    ),
]

NEWEST = 41  # manylinux_2_41 is the newest policy there is
MODULE, PROGRAM = "light-module", "bin-two"


@dataclasses.dataclass(frozen=True, slots=True)
class Builder:
    """Builds a crate for one interpreter, all in one target directory."""

    command: Cratewheel
    python: Path
    measured: dict[str, int]

    def __call__(self, *words: str, crate: str | Path = MODULE) -> Run:
        where = {"cwd": crate} if isinstance(crate, Path) else {"crate": crate}
        return self.command("build", "--no-sdist", "-i", self.python, *words, **where)

    def tag(self, *words: str, crate: str | Path = MODULE) -> str:
        """Return the platform tag of the wheel."""
        return wheels.tags(self(*words, crate=crate).wheel).split("-")[2]

    def lowest(self, crate: str) -> int:
        """Return the N of the manylinux_2_N that the compiled files fit on their own; it is measured once."""
        if crate not in self.measured:
            found = re.fullmatch(r"(?:manylinux2014_x86_64\.)?manylinux_2_(\d+)_x86_64", self.tag(crate=crate))
            assert found is not None
            self.measured[crate] = int(found[1])
        return self.measured[crate]


@pytest.fixture(scope="module")
def measured() -> dict[str, int]:
    """The N of the lowest manylinux_2_N of each crate."""
    return {}


@pytest.fixture
def build(run_light: Cratewheel, interpreters: Interpreters, measured: dict[str, int]) -> Builder:
    return Builder(run_light, interpreters.this, measured)


def refused(run: Run, status: int = 1) -> str:
    """Return the error of a run that left nothing."""
    assert (run.status, run.stdout) == (status, ""), run.stderr
    assert list(run.out.iterdir() if run.out.exists() else ()) == []
    assert "Traceback" not in run.stderr
    return run.stderr[run.stderr.rindex("error: ") :]


WORDS = {
    "": "manylinux_2_{lowest}_x86_64",
    "--compatibility pypi": "manylinux_2_{lowest}_x86_64",
    "--compatibility linux": "linux_x86_64",
    "--compatibility off": "linux_x86_64",
    "--compatibility OFF": "linux_x86_64",
    "--manylinux off": "linux_x86_64",
    "--skip-auditwheel": "linux_x86_64",
    "--auditwheel skip": "linux_x86_64",
    "--auditwheel check": "manylinux_2_{lowest}_x86_64",
    "--auditwheel warn": "manylinux_2_{lowest}_x86_64",
    "--auditwheel repair": "manylinux_2_{lowest}_x86_64",
    "--compatibility 2_{lowest}": "manylinux_2_{lowest}_x86_64",
    "--compatibility manylinux_2_{lowest}": "manylinux_2_{lowest}_x86_64",
    "--compatibility Manylinux_2_{lowest}": "manylinux_2_{lowest}_x86_64",
    "--compatibility manylinux_2_{newest}": "manylinux_2_{newest}_x86_64",
    "--compatibility 2_{newest} pypi": "manylinux_2_{newest}_x86_64",
    "--compatibility=pypi --compatibility=2_{newest}": "manylinux_2_{newest}_x86_64",
    "--compatibility 2_{newest} --auditwheel check": "manylinux_2_{newest}_x86_64",
    "--compatibility linux --auditwheel check": "linux_x86_64",
    "--compatibility 2014 --skip-auditwheel": "manylinux2014_x86_64.manylinux_2_17_x86_64",
    "--compatibility manylinux2014 --skip-auditwheel": "manylinux2014_x86_64.manylinux_2_17_x86_64",
    "--compatibility 2010 --skip-auditwheel": "manylinux2010_x86_64.manylinux_2_12_x86_64",
    "--compatibility 1 --skip-auditwheel": "manylinux1_x86_64.manylinux_2_5_x86_64",
    "--compatibility musllinux_1_2 --skip-auditwheel": "musllinux_1_2_x86_64",
}


@pytest.mark.parametrize("words", WORDS)
def test_the_tag_that_is_asked_for(build: Builder, words: str) -> None:
    n = build.lowest(MODULE)
    given = words.format(lowest=n, newest=NEWEST).split()
    assert build.tag(*given) == WORDS[words].format(lowest=n, newest=NEWEST)


@pytest.mark.parity
@pytest.mark.parametrize("words", WORDS)
def test_the_peer_gives_the_same_tag(build: Builder, words: str, peer: Path, tmp_path: Path) -> None:
    n = build.lowest(MODULE)
    given = words.format(lowest=n, newest=NEWEST).split()
    done = subprocess.run(
        [peer, "build", "-i", build.python, "--out", tmp_path / "peer", *given],
        cwd=build.command.copy(MODULE), env=build.command.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (wheel,) = (tmp_path / "peer").iterdir()
    assert wheels.tags(wheel).split("-")[2] == WORDS[words].format(lowest=n, newest=NEWEST)


@pytest.mark.parametrize("words", ["", "--compatibility off", "--compatibility 2_{newest}", "--compatibility pypi"])
def test_the_tag_of_programs(build: Builder, words: str) -> None:
    n = build.lowest(PROGRAM)
    found = build.tag(*words.format(newest=NEWEST).split(), crate=PROGRAM)
    expected = {"--compatibility off": "linux_x86_64", "--compatibility 2_{newest}": f"manylinux_2_{NEWEST}_x86_64"}
    assert found == expected.get(words, build.tag(crate=PROGRAM))
    assert n >= 17


@pytest.mark.parametrize("key", ["compatibility", "manylinux"])
def test_the_key_is_a_default_for_the_flag(build: Builder, key: str) -> None:
    project = build.command.copy(MODULE)
    with (project / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(f'\n[tool.maturin]\n{key} = "2_{NEWEST}"\n')
    assert build.tag(crate=project) == f"manylinux_2_{NEWEST}_x86_64"
    assert build.tag("--compatibility", "off", crate=project) == "linux_x86_64"


@pytest.mark.parametrize("crate", [MODULE, PROGRAM])
@pytest.mark.parametrize(("word", "policy"), [("1", "manylinux_2_5"), ("2010", "manylinux_2_12")])
def test_a_file_that_misses_the_policy_is_an_error_that_names_symbols(
    build: Builder, crate: str, word: str, policy: str
) -> None:
    run = build("--compatibility", word, crate=crate)

    assert f"today's Rust needs a newer glibc than {policy} allows" in run.stderr
    said = refused(run)
    file = "liblight_module.so" if crate == MODULE else "bin-two"
    # many reasons have a line each
    assert re.match(rf"error: {file} does not fit {policy}(:|\n      ) it needs GLIBC_2\.", said)
    version, symbols = re.findall(r"it needs GLIBC_([\d.]+) \(([^)]+)\) of libc\.so\.6", said)[0]
    assert tuple(map(int, version.split("."))) > tuple(map(int, policy.split("_")[1:]))
    assert set(symbols.split(", ")) <= {
        *undefined(Path(build.command.environ["CARGO_TARGET_DIR"]) / "debug" / file),
        "…",
    }
    assert f"help: it fits manylinux_2_{build.lowest(crate)}: use --compatibility" in said


def undefined(path: Path) -> set[str]:
    """Return the names that a file takes from elsewhere, as nm knows them."""
    said = subprocess.run(["nm", "-D", "--undefined-only", path], capture_output=True, text=True, check=True).stdout
    return {line.split()[-1].partition("@")[0] for line in said.splitlines()}


@pytest.mark.parametrize(
    ("words", "crate", "status", "said"),
    [
        ("--compatibility 2_18", MODULE, 2, "error: manylinux_2_18 is not defined for x86_64\n help: the manylinux "),
        (
            "--compatibility musllinux_1_9",
            MODULE,
            2,
            "error: musllinux_1_9 is not defined for x86_64\n help: the musll",
        ),
        (
            "--compatibility musllinux_1_2",
            PROGRAM,
            2,
            "error: a program for x86_64-unknown-linux-gnu needs glibc, so it",
        ),
        (
            "--compatibility 2_28 musllinux_1_2",
            PROGRAM,
            2,
            "error: a program for x86_64-unknown-linux-gnu needs glibc, so it",
        ),
        ("--compatibility 2_28 2_31", PROGRAM, 2, "error: a wheel has one platform policy, and 2 were requested"),
        (
            "--compatibility 2_28 musllinux_1_2",
            MODULE,
            2,
            "error: a wheel has one platform policy, and 2 were requested",
        ),
        ("--compatibility linux 2_28", MODULE, 2, "error: a wheel has one platform policy, and 2 were requested"),
        ("--compatibility pypi --skip-auditwheel", MODULE, 2, "error: PyPI rejects the tag `linux`"),
    ],
)
def test_an_impossible_policy_is_refused_before_anything_is_compiled(
    build: Builder, words: str, crate: str, status: int, said: str
) -> None:
    target = build.command.folder / "target"
    run = build(*words.split(), "--target-dir", str(target), crate=crate)

    assert refused(run, status).startswith(said)
    assert not list(target.rglob("*.rlib")) + list(target.rglob("*.d"))


def test_a_policy_in_the_project_that_does_not_exist_is_the_project_s_fault(build: Builder) -> None:
    project = build.command.copy(MODULE)
    with (project / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write('\n[tool.maturin]\ncompatibility = "manylinux_2_99"\n')
    assert refused(build(crate=project), 1).startswith("error: manylinux_2_99 is not defined for x86_64\n")


def test_musl_is_asked_for_in_vain_where_the_file_links_glibc(build: Builder) -> None:
    run = build("--compatibility", "musllinux_1_2")

    assert "x86_64-unknown-linux-gnu links glibc, which musllinux_1_2 does not have" in run.stderr
    assert refused(run).startswith(
        "error: liblight_module.so does not fit musllinux_1_2: it is linked to libc.so.6, which is the C library of "
        f"other systems\n help: the file fits manylinux_2_{build.lowest(MODULE)}: use --compatibility "
    )


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """A library that no policy promises: `link` makes a crate link it; `name` is how its files ask for it."""

    name: str
    symbol: str
    link: str = ""
    folder: Path | None = None

    def linked(self, project: Path) -> Path:
        """Make the module or program of the project use the library."""
        where = f'println!("cargo:rustc-link-search=native={self.folder}");' if self.folder else ""
        script = f'fn main() {{ {where} println!("cargo:rustc-link-lib=dylib={self.link}"); }}\n'
        (project / "build.rs").write_text(script, encoding="utf-8")
        use = (
            f'extern "C" {{ fn {self.symbol}() -> usize; }}\n'
            f'#[no_mangle] pub extern "C" fn use_it() -> usize {{ unsafe {{ {self.symbol}() }} }}\n'
        )
        for name in ("src/lib.rs", "src/main.rs"):
            path = project / name
            if path.exists():
                text = path.read_text(encoding="utf-8")
                called = text.replace("fn main() {", "fn main() { if std::env::args().count() > 9 { use_it(); }")
                path.write_text(called + use, encoding="utf-8")
        return project


@pytest.fixture
def ssl() -> Foreign:
    """A library whose symbols carry versions of its own."""
    found = subprocess.run(["cc", "-print-file-name=libssl.so"], capture_output=True, text=True, check=True).stdout
    if not Path(found.strip()).is_absolute():
        pytest.skip("the library of OpenSSL is not there to link with")
    name = Path(found.strip()).resolve().name
    return Foreign(name=name, link="ssl", symbol="TLS_method")


def compiled_library(folder: Path, soname: str, symbol: str) -> Foreign:
    folder.mkdir()
    link = soname.removeprefix("lib").partition(".so")[0]
    source = folder / "foreign.c"
    source.write_text(f"unsigned long {symbol}(void) {{ return 42; }}\n", encoding="utf-8")
    words: list[str | Path] = [
        "cc",
        "-shared",
        "-fPIC",
        f"-Wl,-soname,{soname}",
        "-o",
        folder / f"lib{link}.so",
        source,
    ]
    subprocess.run(words, check=True)
    return Foreign(name=soname, link=link, symbol=symbol, folder=folder)


@pytest.fixture
def unversioned(tmp_path: Path) -> Foreign:
    """A small library that lies beside the project."""
    return compiled_library(tmp_path / "foreign", "libforeign.so.1", "foreign_answer")


@pytest.fixture(params=["ssl", "unversioned"])
def foreign(request: pytest.FixtureRequest) -> Foreign:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Foreign)
    return found


@pytest.fixture(params=[MODULE, PROGRAM])
def linked(request: pytest.FixtureRequest, build: Builder, foreign: Foreign) -> Path:
    """A project whose module or program needs the foreign library."""
    return foreign.linked(build.command.copy(request.param))


def file_name(project: Path) -> str:
    return "liblight_module.so" if project.name == MODULE else "bin-two"


def test_a_library_from_elsewhere_is_named(build: Builder, linked: Path, foreign: Foreign) -> None:
    needs = f"       {file_name(linked)} needs {foreign.name}\n"
    n = build.lowest(linked.name)

    checked = refused(build("--auditwheel", "check", crate=linked))
    assert checked.startswith(
        f"error: the wheel needs libraries that manylinux_2_{n}_x86_64 does not guarantee\n{needs} help: link them"
    )
    asked = refused(build("--auditwheel", "check", "--compatibility", f"2_{NEWEST}", crate=linked))
    assert asked.startswith(
        f"error: the wheel needs libraries that manylinux_2_{NEWEST}_x86_64 does not guarantee\n{needs}"
    )

    warned = build("--auditwheel", "warn", crate=linked).ok()
    assert f"warning: {file_name(linked)} needs {foreign.name}, which is not on every system" in warned.stderr
    assert wheels.tags(warned.wheel).split("-")[2] == f"manylinux_2_{n}_x86_64"

    skipped = build("--skip-auditwheel", crate=linked).ok()
    of_libraries = [line for line in skipped.stderr.splitlines() if "warning" in line and "bin-two-extra" not in line]
    assert of_libraries == []
    assert wheels.tags(skipped.wheel).split("-")[2] == "linux_x86_64"


@pytest.mark.parametrize("words", ["", "--compatibility 2_41", "--auditwheel warn"])
def test_a_module_must_not_link_the_library_of_python(build: Builder, tmp_path: Path, words: str) -> None:
    libpython = compiled_library(tmp_path / "libpython", "libpython3.11.so.1.0", "Py_Foreign")
    said = refused(build(*words.split(), crate=libpython.linked(build.command.copy(MODULE))))

    assert said.startswith(
        "error: liblight_module.so is linked to libpython3.11.so.1.0, but the interpreter that loads"
    )
    assert said.endswith("help: turn on the feature `extension-module` of pyo3 (or of cpython)\n")


def test_a_program_may_link_the_library_of_python(build: Builder, tmp_path: Path) -> None:
    libpython = compiled_library(tmp_path / "libpython", "libpython3.11.so.1.0", "Py_Foreign")
    project = libpython.linked(build.command.copy(PROGRAM))

    assert build.tag(crate=project).startswith("manylinux_2_")


@pytest.mark.parametrize("crate", [MODULE, PROGRAM])
def test_auditwheel_shows_the_same_tag(build: Builder, crate: str) -> None:
    pytest.importorskip("auditwheel")
    run = build(crate=crate)
    shown = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "auditwheel", "show", run.wheel],
        capture_output=True,
        text=True,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
    (tag,) = re.findall(r'platform tag: "([^"]+)"', " ".join(shown.stdout.split()))
    assert tag in wheels.tags(run.wheel).split("-")[2].split(".")


def test_the_reasons_are_told_when_asked_for(build: Builder) -> None:
    n = build.lowest(MODULE)
    told = build("--explain", crate=MODULE).ok().stderr
    assert re.search(rf"Because liblight_module\.so: not manylinux_2_\d+: it needs GLIBC_2\.{n} \(", told)
