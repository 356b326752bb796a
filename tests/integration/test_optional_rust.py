"""Wheels of the Python part alone: where Rust cannot be compiled, and on purpose."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters, Run

pytestmark = [pytest.mark.cargo, pytest.mark.skipif(os.name == "nt", reason="folders are named as on POSIX")]

NO_RUST: dict[str, str | None] = {"PATH": "/usr/bin:/bin"}
PURE = "light_module-1.2.3-py3-none-any.whl"
WITHOUT = "light-module 1.2.3 is built without Rust, as a wheel of its Python part for every system (py3-none-any): "
HINT = "--require-rust makes this an error"
PYPROJECT = """\
[build-system]
requires = ["cratewheel"]
build-backend = "cratewheel"

[project]
name = "light-module"
dynamic = ["version"]
requires-python = ">=3.7"

[tool.cratewheel]
module-name = "light_module._native"
"""
INIT = """\
try:
    from light_module import _native

    answer = _native.answer
except ImportError:
    from light_module.slow import answer
"""


@pytest.fixture
def light(run_light: Cratewheel) -> Path:
    """The light crate with a Python package around it; Rust is not yet optional."""
    root = run_light.copy("light-module")
    (root / "pyproject.toml").write_text(PYPROJECT)
    package = root / "light_module"
    package.mkdir()
    (package / "__init__.py").write_text(INIT)
    (package / "slow.py").write_text("def answer():\n    return 'slow'\n")
    return root


@pytest.fixture
def optional(light: Path) -> Path:
    """The same, where all failures of Rust are tolerated."""
    add(light, "optional = true\n")
    return light


def add(root: Path, text: str) -> None:
    path = root / "pyproject.toml"
    path.write_text(path.read_text() + text)


def break_rust(root: Path) -> None:
    source = root / "src" / "lib.rs"
    source.write_text(f"{source.read_text()}\nfn broken( {{\n")


def names(run: Run) -> list[str]:
    return [path.name for path in run.wheels]


def files(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return sorted(archive.namelist())


def read(wheel: Path, name: str) -> str:
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(f"light_module-1.2.3.dist-info/{name}").decode()


def imported(wheel: Path, folder: Path) -> str:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    code = "import light_module; print(light_module.answer.__module__)"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_without_cargo_the_wheel_has_the_python_part(run_light: Cratewheel, optional: Path, tmp_path: Path) -> None:
    run = run_light("build", "--message-format", "json", cwd=optional, env=NO_RUST)
    assert run.ok().stderr.count("warning:") == 2
    assert f"warning: {WITHOUT}the Rust compiler (rustc) was not found\n" in run.stderr
    assert HINT in run.stderr
    assert "warning: no source distribution is built: cargo lists its files\n" in run.stderr
    assert "     Without the module light_module._native\n" in run.stderr
    assert names(run) == [PURE]
    assert run.sdists == ()
    assert files(run.wheel) == [
        "light_module-1.2.3.dist-info/METADATA",
        "light_module-1.2.3.dist-info/RECORD",
        "light_module-1.2.3.dist-info/WHEEL",
        "light_module/__init__.py",
        "light_module/slow.py",
    ]
    assert "Root-Is-Purelib: true\nTag: py3-none-any\n" in read(run.wheel, "WHEEL")
    event = json.loads(run.stdout)
    assert (event["event"], event["tag"], event["serves"]) == ("artifact", "py3-none-any", [])
    assert imported(run.wheel, tmp_path / "site") == "light_module.slow"


@pytest.mark.parametrize(
    ("rustc", "said"),
    [("exit 1", "`rustc -vV` failed"), ("echo rustup has no toolchain >&2; exit 1", "rustup has no toolchain")],
)
def test_a_rustc_that_does_not_run_is_as_none(
    run_light: Cratewheel, optional: Path, tmp_path: Path, rustc: str, said: str
) -> None:
    program = tmp_path / "bin" / "rustc"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{rustc}\n")
    program.chmod(0o755)
    run = run_light("build", "--no-sdist", cwd=optional, env={"PATH": f"{program.parent}:/usr/bin:/bin"})
    assert names(run.ok()) == [PURE]
    (line,) = [line for line in run.stderr.splitlines() if line.startswith("warning:")]
    assert said in line


def test_after_an_error_of_the_compiler_the_wheel_has_the_python_part(
    run_light: Cratewheel, optional: Path, interpreters: Interpreters
) -> None:
    break_rust(optional)
    two = [interpreters[one] for one in interpreters.cpythons[-2:]]
    run = run_light("build", "--no-sdist", "-i", *two, cwd=optional)
    assert names(run.ok()) == [PURE]
    assert "this file contains an unclosed delimiter" in run.stderr
    assert f"warning: {WITHOUT}cargo could not build the crate for CPython " in run.stderr
    assert run.stdout == f"{run.out / PURE}\n"  # once, though two wheels failed


def test_a_linker_that_is_not_there_is_an_error_of_the_compiler(run_light: Cratewheel, optional: Path) -> None:
    env: dict[str, str | None] = {"CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER": "/nowhere/cc"}
    run = run_light("build", "--no-sdist", "-i", sys.executable, cwd=optional, env=env)
    assert names(run.ok()) == [PURE]


@pytest.mark.parametrize("offline", [(), ("--offline",)])
def test_crates_that_cannot_be_downloaded_are_tolerated(
    run_light: Cratewheel, optional: Path, offline: tuple[str, ...]
) -> None:
    manifest = optional / "Cargo.toml"
    manifest.write_text(f'{manifest.read_text()}no-such-crate-anywhere = "7"\n')
    env: dict[str, str | None] = {"CARGO_HTTP_PROXY": "http://127.0.0.1:9", "CARGO_NET_RETRY": "0"}
    run = run_light("build", "--no-sdist", *offline, cwd=optional, env=env)
    assert names(run.ok()) == [PURE]
    assert f"warning: {WITHOUT}cargo cannot resolve {manifest}" in run.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--target", "riscv64gc-unknown-linux-gnu"], "Rust's standard library for riscv64gc-unknown-linux-gnu is not"),
        (
            ["--target", "riscv64gc-unknown-linux-gnu", "--target", "s390x-unknown-linux-gnu"],
            "standard library for s390",
        ),
    ],
)
def test_a_target_without_a_standard_library_gets_the_python_part(
    run_light: Cratewheel, light: Path, words: list[str], said: str
) -> None:
    add(light, 'optional = { when = ["no-std"] }\n')
    run = run_light("build", "--no-sdist", "-i", "3.12", *words, cwd=light)
    assert names(run.ok()) == [PURE]
    assert said in run.stderr
    assert run.stdout == f"{run.out / PURE}\n"


def test_the_other_targets_have_their_wheels(run_light: Cratewheel, optional: Path) -> None:
    targets = ["--target", "riscv64gc-unknown-linux-gnu", "--target", "x86_64-unknown-linux-gnu"]
    run = run_light("build", "--no-sdist", "-i", "3.12", *targets, cwd=optional)
    assert len(run.ok().wheels) == 2
    assert PURE in names(run)
    assert any("cp312-cp312-manylinux" in name for name in names(run))


@pytest.mark.parametrize("kind", ["no-cargo", "no-std", "compile-error"])
def test_a_failure_that_is_not_listed_is_an_error(run_light: Cratewheel, light: Path, kind: str) -> None:
    others = [one for one in ("no-cargo", "no-std", "compile-error") if one != kind]
    add(light, f"optional = {{ when = {others} }}\n")
    break_rust(light)
    words = ["--target", "riscv64gc-unknown-linux-gnu"] if kind == "no-std" else []
    run = run_light("build", "--no-sdist", "-i", "3.12", *words, cwd=light, env=NO_RUST if kind == "no-cargo" else {})
    assert (run.status, run.wheels) == (1, ())


@pytest.mark.parametrize(
    ("words", "env", "key"),
    [
        (["--require-rust"], {}, ""),
        (["--require-rust"], {"CRATEWHEEL_PURE": "1"}, ""),
        ([], {"CRATEWHEEL_REQUIRE_RUST": "1"}, ""),
        ([], {}, "require-rust = true\n"),
        (["--pgo"], {}, 'pgo-command = "true"\n'),
    ],
)
@pytest.mark.parametrize("broken", [True, False], ids=["broken", "no-cargo"])
def test_what_requires_rust_makes_each_failure_an_error(
    run_light: Cratewheel, optional: Path, words: list[str], env: dict[str, str | None], key: str, broken: bool
) -> None:
    add(optional, key)
    break_rust(optional)
    run = run_light("build", *words, "-i", "3.12", cwd=optional, env={**env, **({} if broken else NO_RUST)})
    assert (run.status, run.wheels) == (1, ())
    assert "is built without Rust" not in run.stderr


@pytest.mark.long
def test_publish_requires_rust_unless_pure_is_asked_for(run_light: Cratewheel, optional: Path) -> None:
    env = {**NO_RUST, "MATURIN_PYPI_TOKEN": "pypi-x"}
    there = ("--repository-url", "http://127.0.0.1:9/")
    failed = run_light("publish", "--no-sdist", *there, cwd=optional, env=env)
    assert "rustc) was not found" in failed.stderr
    assert "Packed" not in failed.stderr
    for words in (["--pure"], ["--require-rust=false"]):
        run = run_light("publish", "--no-sdist", *there, *words, cwd=optional, env=env)
        assert f"Packed {PURE}" in run.stderr or f"Fresh {PURE}" in run.stderr


@pytest.mark.parametrize(
    "words", [[], ["-i", "3.12", "3.13"], ["--target", "aarch64-apple-darwin", "--target", "x86_64-pc-windows-msvc"]]
)
def test_pure_is_one_wheel_without_rust_whatever_else_is_asked(
    run_light: Cratewheel, light: Path, words: list[str]
) -> None:
    run = run_light("build", "--pure", *words, cwd=light, env=NO_RUST)
    assert names(run.ok()) == [PURE]
    assert run.sdists == ()
    assert "warning" not in run.stderr
    dry = run_light("build", "--pure", "--dry-run", *words, cwd=light, env=NO_RUST)
    assert dry.ok().stdout.splitlines()[1:] == ["wheel py3-none-any", "  packs   the Python part alone"]
    listed = run_light("list-files", "--pure", "--wheel", cwd=light, env=NO_RUST)
    assert sorted(listed.ok().stdout.split()) == files(run.wheel)


def test_pure_with_an_sdist_is_built_from_it_and_is_the_same(run_light: Cratewheel, light: Path) -> None:
    run = run_light("build", "--pure", "--sdist", cwd=light)
    plain = run_light("build", "--pure", cwd=light)
    assert [path.name for path in run.ok().sdists] == ["light_module-1.2.3.tar.gz"]
    assert run.wheel.read_bytes() == plain.ok().wheel.read_bytes()


def test_both_wheels_have_the_same_metadata_and_stay_fresh(run_light: Cratewheel, optional: Path) -> None:
    out = optional.parent / "dist"
    words = ("build", "--no-sdist", "-i", "3.12", "--out", out)
    pure = run_light(*words, "--pure", cwd=optional)
    both = run_light(*words, cwd=optional)
    assert len(both.ok().wheels) == 2
    one, other = sorted(both.wheels, key=lambda path: path.name != PURE)
    assert (one.name, pure.ok().wheels) == (PURE, (one,))
    assert read(one, "METADATA") == read(other, "METADATA")
    assert f"Fresh {PURE}" in run_light(*words, "--pure", cwd=optional).stderr
    assert f"Fresh {other.name}" in run_light(*words, cwd=optional).stderr
    break_rust(optional)
    failed = run_light(*words, cwd=optional).ok()
    assert failed.stdout == f"{one}\n"


def test_pure_needs_a_python_part(run_light: Cratewheel) -> None:
    for crate, name in (("light-module", "light_module"), ("bin-two", "bin-two")):
        run = run_light("build", "--pure", crate=crate)
        assert (run.status, run.wheels) == (1, ())
        assert f"--pure needs a Python part, and the project has none: there is no package {name} in " in run.stderr
    mixed = run_light("build", "--pure", crate="bin-mixed", env=NO_RUST)
    assert "Without the programs of bin-mixed" in mixed.ok().stderr


@pytest.mark.parametrize(
    ("key", "status", "said"),
    [
        ('optional = "yes"\n', 1, "tool.cratewheel.optional must be true, false or a table, found 'yes'"),
        ("[tool.cratewheel.optional]\nwhn = []\n", 1, "did you mean `when`?"),
        ('[tool.cratewheel.optional]\nwhen = ["no-crago"]\n', 1, "did you mean `no-cargo`?"),
        ('optional = true\nfeatures = ["nope"]\n', 1, "cannot resolve"),
        ('optional = true\npython-source = "nowhere"\n', 1, "nowhere"),
        ('optional = true\nprofile = "nope"\n', 1, "nope"),
    ],
)
def test_wrong_settings_are_errors(run_light: Cratewheel, light: Path, key: str, status: int, said: str) -> None:
    add(light, key)
    run = run_light("build", "--no-sdist", "-i", "3.12", cwd=light)
    assert (run.status, run.wheels) == (status, ())
    assert said in run.stderr


def test_a_package_without_a_fallback_is_warned_of(run_light: Cratewheel, light: Path) -> None:
    (light / "light_module" / "__init__.py").write_text("from light_module._native import answer\n")
    run = run_light("build", "--pure", cwd=light)
    assert "light_module/__init__.py cannot be imported from this wheel: it imports the compiled module" in run.stderr


@pytest.mark.parametrize(
    "said",
    ["error: rustc 1.60.0 is not supported by the following packages:", "error: could not compile `x` (lib)"],
)
def test_a_rust_that_is_too_old_or_fails_is_tolerated(
    run_light: Cratewheel, optional: Path, tmp_path: Path, said: str
) -> None:
    run = run_light(
        "build", "--no-sdist", "-i", "3.12", cwd=optional, env=fake_cargo(tmp_path, f"echo {said!r} >&2; exit 101")
    )
    assert names(run.ok()) == [PURE]


def fake_cargo(folder: Path, end: str) -> dict[str, str | None]:
    """Return variables for a cargo that ends this way instead of compiling."""
    program = folder / "bin" / "cargo"
    program.parent.mkdir()
    real = subprocess.run(["which", "cargo"], capture_output=True, text=True, check=True).stdout.strip()
    program.write_text(f'#!/bin/sh\nif [ "$1" = rustc ]; then {end}; fi\nexec {real} "$@"\n')
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:{os.environ['PATH']}"}


@pytest.mark.parametrize(
    "end",
    [
        "kill -INT $$",
        "kill -KILL $$",
        "exit 130",
        "echo 'error: could not compile x: No space left on device (os error 28)' >&2; exit 101",
    ],
)
def test_an_interrupted_cargo_or_a_full_disk_is_an_error(
    run_light: Cratewheel, optional: Path, tmp_path: Path, end: str
) -> None:
    run = run_light("build", "--no-sdist", "-i", "3.12", cwd=optional, env=fake_cargo(tmp_path, end))
    assert (run.status, run.wheels) == (1, ())
    assert "is built without Rust" not in run.stderr


def test_a_tag_that_the_module_does_not_fit_is_an_error(run_light: Cratewheel, optional: Path) -> None:
    source = optional / "src" / "lib.rs"
    extern = 'extern "C" { fn gnu_get_libc_release() -> *const u8; fn arc4random() -> u32; }'
    used = "#[no_mangle] pub extern fn newer() -> u32 { unsafe { arc4random() } }"
    source.write_text(f"{source.read_text()}\n{extern}\n{used}\n")
    words = ("--no-sdist", "-i", "3.12", "--compatibility", "manylinux2014")
    run = run_light("build", *words, cwd=optional)
    assert (run.status, run.wheels) == (1, ())
    assert "arc4random" in run.stderr


SECOND = """\
[package]
name = "second"
version = "1.0.0"
edition = "2021"

[lib]
crate-type = ["cdylib"]
path = "lib.rs"
"""
ARTIFACTS = """
[[tool.cratewheel.artifacts]]
module = "light_module._native"
{first}
[[tool.cratewheel.artifacts]]
crate = "second"
kind = "library"
path = "light_module/lib"
optional = true
"""


def with_second(root: Path, *, first: str = "", code: str) -> None:
    manifest = root / "Cargo.toml"
    manifest.write_text(f'{manifest.read_text()}\n[workspace]\nmembers = ["second"]\n')
    (root / "second").mkdir()
    (root / "second" / "Cargo.toml").write_text(SECOND)
    (root / "second" / "lib.rs").write_text(code)
    add(root, ARTIFACTS.format(first=first))


def test_an_optional_artifact_that_fails_is_left_out(run_light: Cratewheel, light: Path) -> None:
    with_second(light, code="fn broken( {")
    run = run_light("build", "--no-sdist", "-i", "3.12", cwd=light)
    (name,) = names(run.ok())
    assert name.startswith("light_module-1.2.3-cp312-cp312-manylinux")
    assert "warning: the wheel has no library second in light_module/lib, which is optional: cargo could" in run.stderr
    assert not any("light_module/lib" in path or "second" in path for path in files(run.wheel))
    assert "light_module-1.2.3.dist-info/sboms/light-module.cyclonedx.json" in files(run.wheel)
    strict = run_light("build", "--no-sdist", "-i", "3.12", "--require-rust", cwd=light)
    assert (strict.status, strict.wheels) == (1, ())
    (light / "second" / "lib.rs").write_text("")
    assert "light_module/lib/libsecond.so" in files(
        run_light("build", "--no-sdist", "-i", "3.12", cwd=light).ok().wheel
    )


def test_an_artifact_that_is_not_optional_is_required(run_light: Cratewheel, light: Path) -> None:
    with_second(light, code="")
    break_rust(light)
    run = run_light("build", "--no-sdist", "-i", "3.12", cwd=light)
    assert (run.status, run.wheels) == (1, ())
    assert run_light("build", "--no-sdist", cwd=light, env=NO_RUST).status == 1


def test_a_wheel_without_any_of_its_optional_artifacts_is_for_every_system(run_light: Cratewheel, light: Path) -> None:
    with_second(light, first="optional = true", code="fn broken( {")
    break_rust(light)
    run = run_light("build", "--no-sdist", "-i", "3.12", cwd=light)
    assert names(run.ok()) == [PURE]
    assert names(run_light("build", "--no-sdist", cwd=light, env=NO_RUST).ok()) == [PURE]


def test_hooks_make_their_files_for_it(run_light: Cratewheel, optional: Path) -> None:
    script = "import os, sys; open('light_module/made.py', 'w').write('x = 1')"
    add(
        optional, f'[[tool.cratewheel.hooks]]\nrun = ["python", "-c", "{script}"]\noutputs = ["light_module/made.py"]\n'
    )
    run = run_light("build", "--pure", cwd=optional, env=NO_RUST)
    assert "light_module/made.py" in files(run.ok().wheel)


def python_of_environment(root: Path) -> Path:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", root], check=True)
    return root / "bin" / "python"


def test_develop_installs_the_python_part_in_editable_mode(run_light: Cratewheel, optional: Path) -> None:
    python = python_of_environment(optional.parent / "env")
    code = "import light_module; print(light_module.answer())"
    for env in (NO_RUST, {"CRATEWHEEL_PURE": "1"}):
        run = run_light("develop", "-i", python, cwd=optional, env=env)
        assert "Installed light-module 1.2.3" in run.ok().stderr
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout == "slow\n"
    assert "Without the module" not in run_light("develop", "-i", python, cwd=optional).ok().stderr
    failed = run_light("develop", "-i", python, "--require-rust", cwd=optional, env=NO_RUST)
    assert failed.status == 1


def test_a_module_of_an_earlier_build_in_place_is_named(run_light: Cratewheel, optional: Path) -> None:
    python = python_of_environment(optional.parent / "env")
    assert "Compiled" in run_light("develop", "--skip-install", "-i", python, cwd=optional).ok().stderr
    run = run_light("develop", "--skip-install", "-i", python, cwd=optional, env=NO_RUST)
    assert "is from an earlier build, and Python imports it" in run.ok().stderr
    assert "Compiled" not in run.stderr


@pytest.mark.parametrize("other", [["--require-rust"], ["--prebuilt", "x.so"], ["--pgo"], ["--only-abi3"]])
def test_pure_contradicts_what_is_about_rust(run_light: Cratewheel, light: Path, other: list[str]) -> None:
    run = run_light("build", "--pure", *other, cwd=light)
    assert (run.status, run.wheels) == (2, ())
    assert f"--pure and {other[0]} cannot be used together" in run.stderr


def pip(run_light: Cratewheel, root: Path, *words: str | Path, env: dict[str, str | None]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, words)],
        cwd=root,
        env={name: value for name, value in {**run_light.environ, **env}.items() if value is not None},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


WHEEL = ("wheel", "--no-build-isolation", "--no-deps", "--wheel-dir", "out", ".")


def test_pip_builds_it_where_there_is_no_cargo_and_says_so_with_v(run_light: Cratewheel, optional: Path) -> None:
    out = optional / "out"
    said = pip(run_light, optional, *WHEEL, "-v", env=NO_RUST)
    assert f"warning: {WITHOUT}the Rust compiler (rustc) was not found" in said
    assert [path.name for path in out.iterdir()] == [PURE]
    built = out / PURE
    prepared = optional / "prepared"
    prepared.mkdir()
    code = f"import cratewheel; print(cratewheel.prepare_metadata_for_build_wheel({str(prepared)!r}))"
    env = {name: value for name, value in {**run_light.environ, **NO_RUST}.items() if value is not None}
    subprocess.run([sys.executable, "-c", code], cwd=optional, env=env, check=True, capture_output=True)
    text = (prepared / "light_module-1.2.3.dist-info" / "METADATA").read_text()
    assert text == read(built, "METADATA")


def test_who_installs_can_choose(run_light: Cratewheel, light: Path) -> None:
    out = light / "out"
    pip(run_light, light, *WHEEL, "--config-settings", "pure=true", env=NO_RUST)
    assert [path.name for path in out.iterdir()] == [PURE]
    (out / PURE).unlink()
    pip(run_light, light, *WHEEL, env={"CRATEWHEEL_PURE": "1"})
    assert [path.name for path in out.iterdir()] == [PURE]


def test_pip_installs_an_editable_wheel_without_cargo(run_light: Cratewheel, optional: Path) -> None:
    target = optional.parent / "target"
    pip(run_light, optional, "install", "--no-build-isolation", "--no-deps", "--target", target, "-e", ".", env=NO_RUST)
    assert (target / "light_module.pth").read_text() == f"{optional}\n"


def test_pip_prefers_the_wheel_with_rust_and_takes_the_other_elsewhere(
    run_light: Cratewheel, optional: Path, interpreters: Interpreters
) -> None:
    dist = optional.parent / "dist"
    this = interpreters.this
    run_light("build", "--no-sdist", "-i", this, "--out", dist, cwd=optional).ok()
    both = run_light("build", "--pure", "--out", dist, cwd=optional).ok()
    (native,) = (name for name in names(both) if name != PURE)

    def chosen(folder: str, *words: str) -> list[str]:
        index = ("--no-index", "--find-links", dist, "--only-binary", ":all:", "--dest", folder)
        pip(run_light, optional.parent, "download", *index, *words, "light-module", env={})
        return [path.name for path in (optional.parent / folder).iterdir()]

    assert chosen("here") == [native]
    assert chosen("windows", "--platform", "win_amd64") == [PURE]
    assert chosen("macos", "--platform", "macosx_11_0_arm64", "--python-version", "3.13") == [PURE]
    assert chosen("pypy", "--implementation", "pp", "--python-version", "3.11") == [PURE]
