"""Libraries of the system in the wheel: it works where they are not installed."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile

import wheels

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters, Run

pytestmark = [
    pytest.mark.cargo,
    pytest.mark.skipif(sys.platform != "linux", reason="the libraries are made for Linux"),
]

MODULE, PROGRAM = "light-module", "bin-two"


class Libraries:
    """libouter.so.2, which needs libinner.so.1, in a folder of their own; both under more than one name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._compile("inner", "libinner.so.1", "unsigned long inner(void) { return 40; }\n")
        self._compile(
            "outer",
            "libouter.so.2",
            "unsigned long inner(void);\nunsigned long outer(void) { return inner() + 2; }\n",
            "-linner",
        )

    def _compile(self, name: str, soname: str, text: str, *words: str) -> None:
        source = self.folder / f"{name}.c"
        source.write_text(text, encoding="utf-8")
        real = self.folder / f"{soname}.0.0"
        command: list[str | Path] = [
            "cc",
            "-shared",
            "-fPIC",
            f"-Wl,-soname,{soname}",
            "-o",
            real,
            source,
            f"-L{self.folder}",
            *words,
        ]
        subprocess.run(command, check=True)
        for link in (soname, f"lib{name}.so"):
            (self.folder / link).symlink_to(real.name)

    def linked(self, project: Path) -> Path:
        """Make the module, or each program, of a project use libouter."""
        (project / "build.rs").write_text(
            f'fn main() {{ println!("cargo:rustc-link-search=native={self.folder}"); '
            'println!("cargo:rustc-link-lib=dylib=outer"); }\n',
            encoding="utf-8",
        )
        use = (
            'extern "C" { fn outer() -> usize; }\n'
            '#[no_mangle] pub extern "C" fn grafted_answer() -> usize { unsafe { outer() } }\n'
        )
        for path in (project / "src").rglob("*.rs"):
            text = path.read_text(encoding="utf-8")
            if path.name == "lib.rs" or "fn main() {" in text:
                called = text.replace("fn main() {", 'fn main() { println!("{}", grafted_answer());')
                path.write_text(called + use, encoding="utf-8")
        return project

    def remove(self) -> None:
        for path in self.folder.glob("*.so*"):
            path.unlink()


@pytest.fixture
def libraries(tmp_path: Path) -> Libraries:
    return Libraries(tmp_path / "libraries")


class Build(Protocol):
    def __call__(self, project: Path, *words: str) -> Run: ...


@pytest.fixture
def build(run_light: Cratewheel, interpreters: Interpreters) -> Build:
    def built(project: Path, *words: str) -> Run:
        return run_light("build", "--no-sdist", "-i", interpreters.this, *words, cwd=project)

    return built


def installed(wheel: Path, folder: Path) -> Path:
    """Install a wheel into an environment of its own and return its interpreter."""
    subprocess.run([sys.executable, "-m", "uv", "venv", "-q", "--python", sys.executable, folder], check=True)
    python = folder / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "uv", "pip", "install", "-q", "--offline", "--python", python, wheel], check=True
    )
    return python


def needs(wheel: Path, suffix: str) -> dict[str, tuple[list[str], str | None]]:
    """Return NEEDED and run-time path of the files in a wheel whose name has `suffix`, as pyelftools reads them."""
    found = {}
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if suffix in name and not name.endswith(".json"):
                with archive.open(name) as file:
                    section = ELFFile(file).get_section_by_name(".dynamic")
                    assert isinstance(section, DynamicSection)
                    tags = list(section.iter_tags())
                needed = [value(tag, "needed") for tag in tags if tag.entry.d_tag == "DT_NEEDED"]
                path = next((value(tag, "rpath") for tag in tags if tag.entry.d_tag == "DT_RPATH"), None)
                found[name] = (needed, path)
    return found


def value(tag: object, name: str) -> str:
    return str(getattr(tag, name))


def short(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]


def test_a_module_brings_its_libraries(
    build: Build, run_light: Cratewheel, libraries: Libraries, tmp_path: Path
) -> None:
    inner = f"libinner-{short(libraries.folder / 'libinner.so.1')}.so.1.0.0"
    outer = f"libouter-{short(libraries.folder / 'libouter.so.2')}.so.2.0.0"
    project = libraries.linked(run_light.copy(MODULE))

    first = build(project)
    wheel = first.wheel
    assert f"Grafting {libraries.folder}/libouter.so.2.0.0 as {outer}" in first.stderr
    libs = sorted(name for name in wheels.names(wheel) if name.startswith("light_module.libs/"))
    assert libs == [f"light_module.libs/{inner}", f"light_module.libs/{outer}"]
    module = needs(wheel, "cpython-")
    assert [(needed[0], path) for needed, path in module.values()] == [(outer, "$ORIGIN/../light_module.libs")]
    assert needs(wheel, "libouter") == {f"light_module.libs/{outer}": ([inner], "$ORIGIN")}
    assert needs(wheel, "libinner")[f"light_module.libs/{inner}"][1] is None
    assert wheels.tags(wheel).split("-")[2].startswith("manylinux")

    before = wheel.read_bytes()
    assert build(project).wheel.read_bytes() == before

    libraries.remove()
    python = installed(wheel, tmp_path / "env")
    code = "import light_module.light_module as m, ctypes; print(ctypes.CDLL(m.__file__).grafted_answer())"
    assert subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout == "42\n"


def test_the_bill_of_materials_lists_what_was_grafted(
    build: Build, run_light: Cratewheel, libraries: Libraries
) -> None:
    project = libraries.linked(run_light.copy(MODULE))
    wheel = build(project).wheel
    inner, outer = (libraries.folder / name for name in ("libinner.so.1", "libouter.so.2"))
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith("auditwheel.cdx.json")]
        document = json.loads(archive.read(name))
    assert document["metadata"]["component"]["purl"] == "pkg:pypi/light-module@1.2.3"
    assert [(one["name"], one["hashes"][0]["content"]) for one in document["components"]] == [
        (f"lib{stem}-{short(path)}.so.{number}.0.0", hashlib.sha256(path.read_bytes()).hexdigest())
        for stem, path, number in (("inner", inner, 1), ("outer", outer, 2))
    ]


def test_programs_start_with_their_libraries(
    build: Build, run_light: Cratewheel, libraries: Libraries, tmp_path: Path
) -> None:
    project = libraries.linked(run_light.copy(PROGRAM))
    wheel = build(project).wheel
    names = wheels.names(wheel)
    assert "bin_two.scripts/bin-two" in names
    assert "bin_two-1.2.3.data/scripts/bin-two" in names

    libraries.remove()
    python = installed(wheel, tmp_path / "env")
    done = subprocess.run([python.with_name("bin-two"), "a b"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("42\n")


def test_an_excluded_library_stays_outside(build: Build, run_light: Cratewheel, libraries: Libraries) -> None:
    project = libraries.linked(run_light.copy(MODULE))
    with (project / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write('\n[tool.cratewheel]\nrepair-exclude = ["libouter.so.*"]\n')
    wheel = build(project).wheel
    assert not any(".libs/" in name for name in wheels.names(wheel))
    assert [needed[0] for needed, _ in needs(wheel, "cpython-").values()] == ["libouter.so.2"]


def test_a_library_that_is_not_there_is_named(build: Build, run_light: Cratewheel, libraries: Libraries) -> None:
    project = libraries.linked(run_light.copy(MODULE))
    for path in libraries.folder.glob("libinner.so*"):
        path.rename(path.with_name(f"hidden-{path.name}"))
    (libraries.folder / "libinner.so").symlink_to("hidden-libinner.so.1.0.0")
    run = build(project)
    assert (run.status, run.stdout, run.wheels) == (1, "", ())
    assert "error: libouter.so.2.0.0 needs libinner.so.1, which was not found, so it cannot be added to" in run.stderr
    assert f"looked in {libraries.folder}" in run.stderr
    assert 'repair-exclude = ["libinner.so.1"]' in run.stderr


def shipped(project: Path, libs: Libraries, run_path: str) -> Path:
    """Make a project a mixed one that ships libouter and libinner in its package, and links with a run path."""
    package = project / "python" / "pkg"
    (package / "libs").mkdir(parents=True)
    (package / "__init__.py").write_text("", encoding="utf-8")
    for name in ("libouter.so.2", "libinner.so.1"):
        (package / "libs" / name).write_bytes((libs.folder / name).read_bytes())
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["cratewheel"]\nbuild-backend = "cratewheel"\n'
        '[project]\nname = "light-module"\ndynamic = ["version"]\n'
        '[tool.cratewheel]\nmodule-name = "pkg.light_module"\npython-source = "python"\n',
        encoding="utf-8",
    )
    script = project / "build.rs"
    text = script.read_text(encoding="utf-8").rstrip().removesuffix("}")
    script.write_text(f'{text} println!("cargo:rustc-link-arg=-Wl,-rpath,{run_path}"); }}\n', encoding="utf-8")
    return project


def test_a_library_that_the_package_ships_is_the_wheels_own(run_light: Cratewheel, tmp_path: Path) -> None:
    libs = Libraries(tmp_path / "libs")
    project = shipped(libs.linked(run_light.copy(MODULE)), libs, "$ORIGIN/libs")
    run = run_light("build", "-i", sys.executable, "--auditwheel", "repair", "--no-sdist", cwd=project).ok()
    assert "Grafting" not in run.stderr
    with zipfile.ZipFile(run.wheel) as archive:
        names = [name for name in archive.namelist() if ".so" in name]
    assert [name.partition(".so")[0] for name in names] == [
        f"pkg/libs/{'libinner'}",
        f"pkg/libs/{'libouter'}",
        f"pkg/light_module.cpython-3{sys.version_info[1]}-x86_64-linux-gnu",
    ]
    run_light("build", "-i", sys.executable, "--auditwheel", "check", "--no-sdist", cwd=project).ok()


def test_a_shipped_library_that_the_loader_does_not_find_is_put_beside_the_module(
    run_light: Cratewheel, tmp_path: Path
) -> None:
    libs = Libraries(tmp_path / "libs")
    project = shipped(libs.linked(run_light.copy(MODULE)), libs, "$ORIGIN/lib")
    run = run_light("build", "-i", sys.executable, "--auditwheel", "repair", "--no-sdist", cwd=project).ok()
    assert run.stderr.count("Grafting") == 2


@pytest.mark.parametrize("mode", ["pure", "redirect", "inplace", "program"])
def test_an_editable_install_finds_the_libraries_where_the_build_has_them(
    run_light: Cratewheel, tmp_path: Path, mode: str
) -> None:
    libs = Libraries(tmp_path / "a folder, and more")
    project = libs.linked(run_light.copy(PROGRAM if mode == "program" else MODULE))
    if mode in ("redirect", "inplace"):
        package = project / "python" / "light_module"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("from light_module._native import answer\n", encoding="utf-8")
        (project / "pyproject.toml").write_text(
            '[build-system]\nrequires = ["cratewheel"]\nbuild-backend = "cratewheel"\n'
            '[project]\nname = "light-module"\ndynamic = ["version"]\n[tool.cratewheel]\n'
            f'module-name = "light_module._native"\npython-source = "python"\neditable-mode = "{mode}"\n',
            encoding="utf-8",
        )
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin" / "python"
    env = {"PATH": "/usr/bin:/bin", "LD_LIBRARY_PATH": ""}  # and no patchelf
    for _ in range(2):
        run_light("develop", "-i", python, cwd=project).ok()
        words = (
            [str(environment / "bin" / "bin-two")] if mode == "program" else [str(python), "-c", "import light_module"]
        )
        done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    if mode != "inplace":  # the build script runs again after any change in the folder of the crate
        assert "Compiling" not in run_light("develop", "-i", python, cwd=project).ok().stderr


@pytest.mark.parametrize("crate", [MODULE, PROGRAM])
def test_build_extension_brings_the_libraries_too(
    run_light: Cratewheel, interpreters: Interpreters, libraries: Libraries, tmp_path: Path, crate: str
) -> None:
    project, out = libraries.linked(run_light.copy(crate)), tmp_path / "files"
    words = ("--message-format", "json", "-i", interpreters.this)
    run = run_light("build-extension", "-o", out, *words, cwd=project).ok()
    assert run.stderr.count("Grafting") == 2
    assert all("-manylinux_" in json.loads(line)["tag"] for line in run.stdout.splitlines())
    libraries.remove()
    env = {"PATH": "/usr/bin:/bin"}
    if crate == MODULE:
        code = "import ctypes, light_module; print(ctypes.CDLL(light_module.light_module.__file__).grafted_answer())"
        started = [str(interpreters.this), "-c", code]
    else:
        started = [str(out / "bin" / "bin-two")]
    done = subprocess.run(started, cwd=out, env=env, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines()[0] == "42"


USE = (
    'extern "C" { fn outer() -> usize; }\n'
    '#[no_mangle] pub extern "C" fn grafted_answer() -> usize { unsafe { outer() } }\n'
)
TRIPLE = "x86_64-unknown-linux-gnu"


class Case:
    """A project that tells the linker of libouter in one way, and another library of that name in LD_LIBRARY_PATH."""

    def __init__(self, run_light: Cratewheel, tmp_path: Path) -> None:
        self.run_light = run_light
        self.libs = Libraries(tmp_path / "its libs")
        decoys = Libraries(tmp_path / "decoys")
        for path in decoys.folder.glob("*.so.*.0.0"):
            path.write_bytes(path.read_bytes() + b"another")
        self.decoys = decoys.folder
        self.project = run_light.copy(MODULE)
        self.link(by_name=True)

    def link(self, *, by_name: bool) -> None:
        path = self.project / "src" / "lib.rs"
        attribute = '#[link(name = "outer")]\n' if by_name else ""
        text = path.read_text(encoding="utf-8").partition("#[link(name")[0].partition(USE)[0]
        path.write_text(f"{text}{attribute}{USE}", encoding="utf-8")

    def configure(self, text: str) -> None:
        (self.project / ".cargo").mkdir()
        (self.project / ".cargo" / "config.toml").write_text(text, encoding="utf-8")

    def build(self, *words: str, **env: str) -> Run:
        words = ("-i", sys.executable, "--no-sdist", *words)
        return self.run_light("build", *words, cwd=self.project, env={"LD_LIBRARY_PATH": str(self.decoys), **env}).ok()

    def grafted(self, run: Run) -> list[str]:
        return [line.split(" as ")[0].strip() for line in run.stderr.splitlines() if "Grafting" in line]

    @property
    def expected(self) -> list[str]:
        names = ("libinner.so.1.0.0", "libouter.so.2.0.0")  # each after what it needs
        return [f"Grafting {self.libs.folder}/{name}" for name in names]


@pytest.fixture
def case(run_light: Cratewheel, tmp_path: Path) -> Case:
    return Case(run_light, tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        'build.rustflags = ["-L", "{folder}"]',
        "[target.'cfg(unix)']\nrustflags = [\"-Lnative={folder}\"]",
        f'[target.{TRIPLE}]\nrustflags = ["-C", "link-arg=-L{{folder}}"]',
        '[build]\nrustflags = ["-Clink-arg=-Wl,-L,{folder}"]',
        '[target.\'cfg(all(target_os = "linux", not(windows)))\']\nrustflags = ["-L{folder}"]',
    ],
)
def test_a_folder_of_cargos_configuration_is_where_the_linker_found_it(case: Case, text: str) -> None:
    case.configure(text.replace("{folder}", str(case.libs.folder)))
    assert case.grafted(case.build()) == case.expected


def test_a_library_that_the_configuration_links_by_its_path_is_found_there(case: Case) -> None:
    case.link(by_name=False)
    case.configure(f'build.rustflags = ["-C", "link-arg={case.libs.folder}/libouter.so"]')
    assert case.grafted(case.build()) == case.expected


@pytest.mark.parametrize(
    "variable", ["CARGO_BUILD_RUSTFLAGS", "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS", "RUSTFLAGS"]
)
def test_a_folder_of_a_variable_is_where_the_linker_found_it(case: Case, variable: str) -> None:
    link = case.project.parent / "link"  # these variables are split at spaces
    link.symlink_to(case.libs.folder)
    assert case.grafted(case.build(**{variable: f"-L {link}"})) == case.expected


def test_a_folder_of_the_compilers_variable_is_where_the_linker_found_it(case: Case) -> None:
    assert case.grafted(case.build(LIBRARY_PATH=str(case.libs.folder))) == case.expected


def test_a_folder_of_an_option_for_cargo_is_where_the_linker_found_it(case: Case) -> None:
    run = case.build("--config", f'build.rustflags=["-L", "{case.libs.folder}"]')
    assert case.grafted(run) == case.expected


def test_an_argument_of_a_build_script_is_where_the_linker_found_it(case: Case) -> None:
    script = f'fn main() {{ println!("cargo:rustc-link-arg=-L{case.libs.folder}"); }}'
    (case.project / "build.rs").write_text(script, encoding="utf-8")
    first = case.build()
    assert case.grafted(first) == case.expected
    assert first.stderr.count("Compiling light-module") == 2
    second = case.build()
    assert case.grafted(second) == case.expected
    assert "Compiling" not in second.stderr
    assert second.wheel.read_bytes() == first.wheel.read_bytes()


def test_a_folder_that_changes_is_asked_for_again(case: Case) -> None:
    case.configure(f'build.rustflags = ["-L", "{case.decoys}"]')
    assert f"Grafting {case.decoys}/libouter.so.2.0.0" in case.grafted(case.build())
    (case.project / ".cargo" / "config.toml").write_text(f'build.rustflags = ["-L", "{case.libs.folder}"]\n')
    assert case.grafted(case.build()) == case.expected


def test_a_folder_that_a_build_script_names_is_not_asked_for(case: Case) -> None:
    case.link(by_name=False)
    case.libs.linked(case.project)
    path = case.project / "src" / "lib.rs"
    path.write_text(path.read_text(encoding="utf-8").replace(USE, "", 1), encoding="utf-8")
    run = case.build()
    assert case.grafted(run) == case.expected
    assert run.stderr.count("Compiling light-module") == 1
