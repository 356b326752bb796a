"""Wheels with several artifacts, of crates that compile in a second."""

from __future__ import annotations

import ctypes
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters, Run

pytestmark = pytest.mark.cargo

ROOT = """\
[workspace]
members = ["second", "tool", "clib"]
"""
SECOND = """\
[package]
name = "second"
version = "1.0.0"
edition = "2021"

[lib]
crate-type = ["cdylib"]

[features]
answer = []
loud = []
stable = ["pyo3-ffi/abi3-py38"]

[dependencies]
pyo3-ffi = { path = "../pyo3-ffi", features = ["extension-module"] }
"""
TOOL = """\
[package]
name = "tool"
version = "1.0.0"
edition = "2021"

[[bin]]
name = "light-tool"
path = "main.rs"

[[bin]]
name = "helper"
path = "main.rs"

[[example]]
name = "shown"
path = "../clib/lib.rs"
crate-type = ["cdylib"]
"""
CLIB = """\
[package]
name = "clib"
version = "1.0.0"
edition = "2021"

[lib]
name = "light"
path = "lib.rs"
crate-type = ["cdylib"]
"""
PYPROJECT = """\
[build-system]
requires = ["cratewheel"]
build-backend = "cratewheel"

[project]
name = "light-module"
dynamic = ["version"]

[tool.cratewheel]
python-source = "python"
"""
FULL = """
[[tool.cratewheel.artifacts]]
module = "px._native"
{0}
[[tool.cratewheel.artifacts]]
crate = "second"
module = "px.inner._native"
{1}
[[tool.cratewheel.artifacts]]
crate = "tool"
target = "light-tool"

[[tool.cratewheel.artifacts]]
crate = "clib"
path = "px/c"
"""


def table(**values: str | list[str]) -> str:
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
    return f"\n[[tool.cratewheel.artifacts]]\n{lines}"


def workspace(run: Cratewheel, artifacts: str) -> Path:
    """Return a workspace of two modules, a program and a library, with a package `px`."""
    root = run.copy("light-module")
    manifest = root / "Cargo.toml"
    text = manifest.read_text("utf-8").replace('crate-type = ["cdylib"]', 'crate-type = ["cdylib", "rlib"]')
    manifest.write_text(f"{text}\n{ROOT}", "utf-8")
    files = {
        "pyproject.toml": PYPROJECT + artifacts,
        "src/main.rs": 'fn main() { println!("main") }\n',
        "second/Cargo.toml": SECOND,
        "second/src/lib.rs": 'include!("../../src/lib.rs");\n'.replace("//!", "//"),
        "tool/Cargo.toml": TOOL,
        "tool/main.rs": 'fn main() { println!("tool") }\n',
        "clib/Cargo.toml": CLIB,
        "clib/lib.rs": '#[no_mangle]\npub extern "C" fn light_answer() -> i32 { 42 }\n',
        "python/px/__init__.py": "from px._native import answer\n",
        "python/px/inner/__init__.py": "",
        "python/px/c/light.h": "int light_answer(void);\n",
    }
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    source = (root / "src" / "lib.rs").read_text("utf-8")
    (root / "second" / "src" / "lib.rs").write_text(source.replace("4200", "4300").replace(" 42\n", " 43\n"), "utf-8")
    (root / "Cargo.lock").unlink(missing_ok=True)
    return root


def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return sorted(archive.namelist())


def build(run: Cratewheel, root: Path, *words: str | Path, **env: str) -> Run:
    return run("build", "--no-sdist", *words, cwd=root, env=env)


def test_two_modules_a_program_and_a_library_are_one_wheel(
    run_light: Cratewheel, interpreters: Interpreters, tmp_path: Path
) -> None:
    stable = 'features = ["stable"]\n'
    root = workspace(run_light, FULL.format(stable, stable))
    run = build(run_light, root, "-i", interpreters.this)
    wheel = run.wheel
    assert wheel.name.startswith("light_module-1.2.3-cp38-abi3-manylinux")
    said = "the module px._native, the module px.inner._native, the program light-tool, the library light in px/c"
    assert f"Artifacts {said}, with Python packages in {root / 'python'}\n" in run.stderr
    data, info = "light_module-1.2.3.data", "light_module-1.2.3.dist-info"
    assert names(wheel) == [
        f"{data}/scripts/light-tool",
        *(f"{info}/{name}" for name in ("METADATA", "RECORD", "WHEEL")),
        *(f"{info}/sboms/{name}.cyclonedx.json" for name in ("clib", "light-module", "second", "tool")),
        "px/__init__.py",
        "px/_native.abi3.so",
        "px/c/liblight.so",
        "px/c/light.h",
        "px/inner/__init__.py",
        "px/inner/_native.abi3.so",
    ]
    listed = run_light("list-files", "--json", "--wheel", "-i", interpreters.this, cwd=root).ok()
    assert json.loads(listed.stdout)["wheel"] == names(wheel)

    site = tmp_path / "site"
    install(interpreters.this, wheel, site)
    code = "import px, px.inner._native as inner; print(px.answer(), inner.answer())"
    assert output(interpreters.this, "-c", code, cwd=site) == "42 0\n"
    assert output(site / "bin" / "light-tool", cwd=site) == "tool\n"
    assert ctypes.CDLL(str(site / "px/c/liblight.so")).light_answer() == 42


def install(python: Path, wheel: Path, target: Path) -> None:
    words = ("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", target, wheel)
    subprocess.run((python, *words), check=True, timeout=120)


def output(*words: str | Path, cwd: Path) -> str:
    return subprocess.run(words, cwd=cwd, capture_output=True, text=True, check=True, timeout=60).stdout


def test_a_module_that_keeps_the_wheel_from_the_stable_abi_is_named(run_light: Cratewheel) -> None:
    root = workspace(run_light, FULL.format('features = ["stable"]\n', ""))
    hint = 'write `features = ["pyo3/{0}"]` into the table of second, or turn it on in Cargo.toml'
    for words, error, feature in (
        (["--only-abi3"], "--only-abi3 is not possible: no stable ABI feature of pyo3 is on for second", "abi3-py39"),
        (
            ["--abi", "abi3-py38"],
            "--abi names abi3-py38, but the feature abi3 of pyo3 is not on for second",
            "abi3-py38",
        ),
    ):
        run = build(run_light, root, "--dry-run", *words)
        assert (run.status, run.stderr.splitlines()[-2:]) == (2, [f"error: {error}", f" help: {hint.format(feature)}"])


def test_hooks_make_sources_of_any_artifact_and_see_all_compiled_files(
    run_light: Cratewheel, interpreters: Interpreters, tmp_path: Path
) -> None:
    root = workspace(run_light, FULL.format("", ""))
    seen = tmp_path / "seen"
    hooks = (
        '\n[[tool.cratewheel.hooks]]\nrun = ["python", "made.py"]\noutputs = ["clib/made.rs"]\n'
        '\n[[tool.cratewheel.hooks]]\nrun = ["python", "seen.py"]\nwhen = "before-pack"\n'
    )
    with (root / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(hooks)
    (root / "made.py").write_text("open('clib/made.rs', 'w').write('// made')\n", "utf-8")
    (root / "seen.py").write_text(
        f"import os\nopen({str(seen)!r}, 'w').write(os.environ['CRATEWHEEL_HOOK_COMPILED'])\n", "utf-8"
    )
    with (root / "clib" / "lib.rs").open("a", encoding="utf-8") as file:
        file.write("mod made;\n")
    run = run_light("build", "--sdist", "-i", interpreters.this, cwd=root).ok()

    (sdist,) = run.sdists
    with tarfile.open(sdist) as archive:
        assert "light_module-1.2.3/clib/made.rs" in archive.getnames()
    assert len(seen.read_text("utf-8").split(os.pathsep)) == 4


def test_a_module_for_one_python_makes_the_wheel_for_one(run_light: Cratewheel, interpreters: Interpreters) -> None:
    root = workspace(run_light, FULL.format("", 'features = ["stable"]\n'))
    run = build(run_light, root, "-i", interpreters["3.12"], "--explain")
    assert run.wheel.name.startswith("light_module-1.2.3-cp312-cp312-")
    assert "second would load into more Pythons, but light_module is for one" in run.stderr
    assert [name for name in names(run.wheel) if name.endswith(".so")] == [
        "px/_native.cpython-312-x86_64-linux-gnu.so",
        "px/c/liblight.so",
        "px/inner/_native.abi3.so",
    ]


ONCE = {
    "Cargo.toml": '[workspace]\nmembers = ["common", "first", "second", "both", "user"]\nresolver = "2"\n',
    "common/src/lib.rs": "pub fn answer() -> i32 { 42 }\n",
    "first/src/lib.rs": '#[no_mangle]\npub extern "C" fn first() -> i32 { common::answer() }\n',
    "second/src/lib.rs": '#[no_mangle]\npub extern "C" fn second() -> i32 { common::answer() }\n',
    "both/src/lib.rs": '#[no_mangle]\npub extern "C" fn both() -> i32 { common::answer() }\n',
    "both/src/main.rs": 'fn main() { println!("{}", both::both()) }\n',
    "user/src/main.rs": 'fn main() { println!("{}", both::both() + 1) }\n',
    "python/px/__init__.py": "",
}


def shared_crates(folder: Path) -> Path:
    """Return a workspace of two libraries with one dependency, and of a library that two programs are linked with."""
    for name, content in ONCE.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    for name, types, uses in (
        ("common", ("lib",), ""),
        ("first", ("cdylib",), "common"),
        ("second", ("cdylib",), "common"),
        ("both", ("cdylib", "lib"), "common"),
        ("user", (), "both"),
    ):
        text = f'[package]\nname = "{name}"\nversion = "1.0.0"\nedition = "2021"\n'
        text += f"[lib]\ncrate-type = {json.dumps(types)}\n" if types else ""
        text += f'[dependencies]\n{uses} = {{ path = "../{uses}" }}\n' if uses else ""
        (folder / name / "Cargo.toml").write_text(text, "utf-8")
    tables = [table(crate=name, kind="library", path="px/c") for name in ("first", "second", "both")]
    tables += [table(crate="both", kind="bin"), table(crate="user")]
    pyproject = PYPROJECT.replace('dynamic = ["version"]', 'version = "1.0"') + "".join(tables)
    (folder / "pyproject.toml").write_text(pyproject, "utf-8")
    return folder


def crates_compiled(run: Run) -> list[str]:
    """Return the name of each crate that cargo started rustc for, once for each time."""
    return sorted(re.findall(r"rustc --crate-name (\w+) ", run.ok().stderr))


@pytest.mark.parametrize("words", [(), ("--release", "--strip")])
def test_nothing_is_compiled_twice(run_light: Cratewheel, words: tuple[str, ...]) -> None:
    root = shared_crates(run_light.folder / "once")
    env = {"CARGO_TARGET_DIR": str(root / "target")}
    first = build(run_light, root, "-vv", *words, **env)
    assert crates_compiled(first) == ["both", "both", "common", "first", "second", "user"]  # the program both, too
    again = build(run_light, root, "-vv", *words, **env)
    assert crates_compiled(again) == []
    site = run_light.folder / "site"
    install(Path(sys.executable), again.wheel, site)
    assert output(site / "bin" / "both", cwd=site) == "42\n"
    assert output(site / "bin" / "user", cwd=site) == "43\n"
    assert ctypes.CDLL(str(site / "px/c/libfirst.so")).first() == 42
    if words:
        files = (site / "px/c/libfirst.so", site / "px/c/libboth.so", site / "bin" / "both")
        shown = [subprocess.run(["nm", file], capture_output=True, text=True, check=False) for file in files]
        assert [done.stdout for done in shown] == ["", "", ""]  # no symbols


def test_a_program_with_other_features_than_its_library_is_compiled_once(run_light: Cratewheel) -> None:
    root = shared_crates(run_light.folder / "once")
    manifest = root / "both" / "Cargo.toml"
    manifest.write_text(f"{manifest.read_text('utf-8')}[features]\nmore = []\n", "utf-8")
    tables = table(crate="both", kind="library", path="px/c", features=["more"]) + table(crate="both", kind="bin")
    (root / "pyproject.toml").write_text(
        PYPROJECT.replace('dynamic = ["version"]', 'version = "1.0"') + tables, "utf-8"
    )
    env = {"CARGO_TARGET_DIR": str(root / "target")}
    assert crates_compiled(build(run_light, root, "-vv", **env)) == ["both", "both", "both", "common"]
    assert crates_compiled(build(run_light, root, "-vv", **env)) == []


def test_a_program_of_a_crate_with_pyo3_is_compiled_beside_it_once(
    run_light: Cratewheel, interpreters: Interpreters
) -> None:
    root = workspace(run_light, table(module="px._native") + table(target="light-module"))
    (root / "src" / "main.rs").write_text('fn main() { println!("{}", light_module::VALUE) }\n', "utf-8")
    lib = root / "src" / "lib.rs"
    lib.write_text(f"{lib.read_text('utf-8')}\npub const VALUE: i32 = 7;\n", "utf-8")
    script = 'fn main() { println!("cargo:rerun-if-env-changed=PYO3_BUILD_EXTENSION_MODULE"); }\n'
    (root / "pyo3-ffi" / "build.rs").write_text(script, "utf-8")  # as that of the real one
    env = {"CARGO_TARGET_DIR": str(root / "target")}
    words = ("-vv", "-i", interpreters["3.12"])
    assert crates_compiled(build(run_light, root, *words, **env)).count("pyo3_ffi") == 2
    again = build(run_light, root, *words, **env)
    assert crates_compiled(again) == []
    site = run_light.folder / "site"
    install(interpreters["3.12"], again.wheel, site)
    assert output(site / "bin" / "light-module", cwd=site) == "7\n"


def test_a_program_beside_the_library_is_named_with_what_packs_it(
    run_light: Cratewheel, interpreters: Interpreters
) -> None:
    root = workspace(run_light, "")
    (root / "pyproject.toml").write_text(PYPROJECT.partition("[tool")[0], "utf-8")
    alone = build(run_light, root, "-i", interpreters["3.12"])
    table = 'artifacts = [{}, { target = "light-module", kind = "bin" }]'
    assert f"warning: the program light-module is not packed beside the library of the crate; `{table}` below" in (
        alone.ok().stderr
    )

    (root / "pyproject.toml").write_text(f"{PYPROJECT.partition('[tool')[0]}[tool.cratewheel]\n{table}\n", "utf-8")
    both = build(run_light, root, "-i", interpreters["3.12"])
    assert "is not packed" not in both.ok().stderr
    assert names(both.wheel) == sorted([*names(alone.wheel), "light_module-1.2.3.data/scripts/light-module"])


def venv(python: Path, folder: Path) -> Path:
    subprocess.run((python, "-m", "venv", "--without-pip", folder), check=True, timeout=120)
    return folder


@pytest.mark.parametrize("mode", ["redirect", "inplace"])
def test_develop_installs_all(run_light: Cratewheel, interpreters: Interpreters, mode: str) -> None:
    root = workspace(run_light, f'editable-mode = "{mode}"\n' + FULL.format("", ""))
    environment = venv(interpreters["3.12"], run_light.folder / "venv")
    run_light("develop", cwd=root, env={"VIRTUAL_ENV": str(environment)}).ok()
    python = environment / "bin" / "python"
    code = (
        "import ctypes, px, px.inner._native as inner; from importlib.resources import files; "
        "library = files('px') / 'c' / 'liblight.so'; "
        "print(px.answer(), inner.answer(), ctypes.CDLL(str(library)).light_answer(), px.__file__)"
    )
    expected = f"42 0 42 {root / 'python' / 'px' / '__init__.py'}\n"
    assert output(python, "-c", code, cwd=run_light.folder) == expected
    assert output(environment / "bin" / "light-tool", cwd=run_light.folder) == "tool\n"
    assert (root / "python/px/c/liblight.so").exists() == (mode == "inplace")


def test_pip_installs_it_and_the_sdist_makes_the_same_wheel(run_light: Cratewheel, interpreters: Interpreters) -> None:
    root = workspace(run_light, FULL.format("", ""))
    run = run_light("build", "-i", interpreters.this, cwd=root).ok()
    (sdist,) = run.sdists
    with tarfile.open(sdist) as archive:
        archive.extractall(run_light.folder / "unpacked", filter="data")
    unpacked = run_light.folder / "unpacked" / "light_module-1.2.3"
    again = build(run_light, unpacked, "-i", interpreters.this)
    assert names(again.wheel) == names(run.wheel)
    assert again.wheel.name == run.wheel.name
    environment = venv(interpreters.this, run_light.folder / "venv")
    pip = (environment / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation")
    # with pip and the backend that are installed here
    env = {**run_light.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    subprocess.run((*pip, "--editable", root), check=True, timeout=300, env=env)
    assert output(environment / "bin" / "light-tool", cwd=run_light.folder) == "tool\n"
    code = "import px, px.inner._native as inner; print(px.answer(), inner.answer())"
    assert output(environment / "bin" / "python", "-c", code, cwd=run_light.folder) == "42 0\n"


def test_programs_and_examples_may_lie_in_the_package(run_light: Cratewheel) -> None:
    root = workspace(
        run_light,
        table(crate="tool", target="light-tool", path="px/bin")
        + table(crate="tool", target="shown", kind="library", path="px/plugins/shown.plugin"),
    )
    run = build(run_light, root)
    assert run.wheel.name.startswith("light_module-1.2.3-py3-none-")
    placed = [name for name in names(run.wheel) if name.startswith(("px/bin", "px/plugins"))]
    assert placed == ["px/bin/light-tool", "px/plugins/shown.plugin"]
    with zipfile.ZipFile(run.wheel) as archive:
        assert archive.getinfo("px/bin/light-tool").external_attr >> 16 & 0o111


@pytest.mark.parametrize(
    ("artifacts", "message"),
    [
        (
            table(module="px._native") + table(crate="second", module="px._native"),
            "tool.cratewheel.artifacts[0] and tool.cratewheel.artifacts[1] are both the module px._native",
        ),
        (
            table(crate="tool", target="light-tool") + table(crate="tool", target="light-tool"),
            "tool.cratewheel.artifacts[0] and tool.cratewheel.artifacts[1] are both the program light-tool",
        ),
        (
            table(crate="clib", path="px/x.so") + table(crate="tool", target="light-tool", path="px/x.so"),
            "tool.cratewheel.artifacts[0] and tool.cratewheel.artifacts[1] are both the file px/x.so",
        ),
        (table(crate="secnd"), "tool.cratewheel.artifacts[0].crate is `secnd`, which is no crate of the workspace"),
        (table(crate="clib", kind="extension"), "clib depends neither on pyo3 nor on rust-cpython"),
        (table(crate="clib", kind="library"), "tool.cratewheel.artifacts[0] is a library, and has no `path`"),
        (table(crate="clib", path="../px"), "must be a folder of the wheel"),
        (table(crate="clib", path="/px"), "must be a folder of the wheel"),
        (table(path="px"), "light-module is an extension module, which lies where its name says"),
        (table(crate="tool", target="helper", module="px.helper"), "`helper` is a program, and has a `module`"),
        (table(module="px.1x"), "the module name 'px.1x' could not be imported"),
        (table(module="px.a-b"), 'set `module = "px.a_b"` in tool.cratewheel.artifacts[0], or `name` in [lib]'),
        (table(module="px.class"), "set `module` in tool.cratewheel.artifacts[0], or `name` in [lib]"),
        (table(crate="light"), "write `clib`, whose library it is"),
    ],
)
def test_a_wrong_table_is_an_error_before_anything_is_compiled(
    run_light: Cratewheel, artifacts: str, message: str
) -> None:
    root = workspace(run_light, artifacts)
    run = build(run_light, root)
    assert run.status != 0
    assert message in run.stderr
    assert "Compiling" not in run.stderr
    assert "Traceback" not in run.stderr


def test_libraries_for_cffi_have_declarations_of_their_own(run_light: Cratewheel) -> None:
    root = shared_crates(run_light.folder / "declared")
    for name in ("first", "second"):
        header = f'format!("{{}}/header.h", std::env::var("OUT_DIR").unwrap()), "int32_t {name}(void);\\n"'
        (root / name / "build.rs").write_text(f"fn main() {{ std::fs::write({header}).unwrap(); }}\n", "utf-8")
    tables = [table(crate=name, kind="cffi", module=f"px.{name}") for name in ("first", "second")]
    text = PYPROJECT.replace('dynamic = ["version"]', 'version = "1.0"\ndependencies = ["cffi"]')
    (root / "pyproject.toml").write_text(text + "".join(tables) + table(crate="user"), "utf-8")
    wheel = build(run_light, root, CARGO_TARGET_DIR=str(root / "target")).wheel
    assert [name for name in names(wheel) if name.startswith("px/")] == [
        "px/__init__.py",
        "px/first/__init__.py", "px/first/ffi.py", "px/first/libfirst.so",
        "px/second/__init__.py", "px/second/ffi.py", "px/second/libsecond.so",
    ]  # fmt: skip
    site = run_light.folder / "site"
    install(Path(sys.executable), wheel, site)
    code = "import px.first, px.second; print(px.first.lib.first(), px.second.lib.second())"
    assert output(Path(sys.executable), "-c", code, cwd=site) == "42 42\n"


def test_python_files_with_the_name_of_a_compiled_module_are_named(
    run_light: Cratewheel, interpreters: Interpreters
) -> None:
    root = workspace(run_light, table(module="px.inner"))
    words = ("-i", interpreters["3.12"])
    hidden = build(run_light, root, *words)
    assert (hidden.status, "Compiling" in hidden.stderr) == (1, False)
    assert "the compiled module px.inner could not be imported: Python finds the package of that name first" in (
        hidden.stderr
    )
    # without its folder the module has the name for itself
    (root / "pyproject.toml").write_text(
        PYPROJECT + 'exclude = ["python/px/inner/**"]\n' + table(module="px.inner"), "utf-8"
    )
    excluded = build(run_light, root, *words)
    assert "does not export PyInit_inner" in excluded.stderr  # it was compiled

    (root / "pyproject.toml").write_text(PYPROJECT + table(module="px._native"), "utf-8")
    (root / "python" / "px" / "_native.py").write_text("", "utf-8")
    beside = build(run_light, root, *words).ok()
    assert (
        "warning: px/_native.py is in the wheel, but is not imported: the compiled module px._native is found first"
        in beside.stderr
    )
    fallback = PYPROJECT + "\n[[tool.cratewheel.artifacts]]\nmodule = 'px._native'\noptional = true\n"
    (root / "pyproject.toml").write_text(fallback, "utf-8")
    assert "is not imported" not in build(run_light, root, *words).ok().stderr


def test_a_module_with_another_name_than_its_init_function_is_an_error(
    run_light: Cratewheel, interpreters: Interpreters
) -> None:
    root = workspace(run_light, table(module="px._native") + table(crate="second", module="px._other"))
    run = build(run_light, root, "-i", interpreters["3.12"])
    assert run.status == 1
    assert "does not export PyInit__other or PyModExport__other" in run.stderr
    assert "correct `module` in tool.cratewheel.artifacts[1], or the name of the #[pymodule]" in run.stderr
    assert run.wheels == ()


def test_a_library_that_several_need_is_copied_once(run_light: Cratewheel, interpreters: Interpreters) -> None:
    root, folder = workspace(run_light, FULL.format("", "")), run_light.folder / "shared"
    folder.mkdir()
    (folder / "shared.c").write_text("int shared_answer(void) { return 7; }\n", "utf-8")
    library = folder / "libshared.so"
    words = ("cc", "-shared", "-fPIC", "-Wl,-soname,libshared.so", "-o", library, folder / "shared.c")
    subprocess.run(words, check=True, timeout=60)
    script = f'fn main() {{ println!("cargo:rustc-link-search={folder}"); println!("cargo:rustc-link-lib=shared"); }}\n'
    use = 'extern "C" { fn shared_answer() -> i32; }\n'
    for crate, source, code in (
        ("clib", "lib.rs", '#[no_mangle]\npub extern "C" fn light_answer() -> i32 { unsafe { shared_answer() } }\n'),
        ("tool", "main.rs", 'fn main() { println!("tool {}", unsafe { shared_answer() }) }\n'),
    ):
        (root / crate / "build.rs").write_text(script, "utf-8")
        (root / crate / source).write_text(use + code, "utf-8")
    wheel = build(run_light, root, "-i", interpreters["3.12"], LD_LIBRARY_PATH=str(folder)).wheel
    (copy,) = (name for name in names(wheel) if "libshared" in name)
    assert copy.startswith("light_module.libs/libshared-")
    site = run_light.folder / "site"
    install(interpreters["3.12"], wheel, site)
    library.unlink()
    assert ctypes.CDLL(str(site / "px/c/liblight.so")).light_answer() == 7
    assert output(site / "bin" / "light-tool", cwd=site) == "tool 7\n"
