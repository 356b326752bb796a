"""With zig, a module that is linked here runs where glibc is old."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import wheels

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters

pytestmark = [
    pytest.mark.cargo,
    pytest.mark.network,
    pytest.mark.skipif(sys.platform != "linux", reason="glibc is Linux's"),
]


def with_c(project: Path) -> Path:
    """Add C code to the light crate, compiled by the crate `cc` in a build script."""
    manifest = project / "Cargo.toml"
    manifest.write_text(f'{manifest.read_text(encoding="utf-8")}\n[build-dependencies]\ncc = "1"\n', encoding="utf-8")
    (project / "build.rs").write_text('fn main() { cc::Build::new().file("src/now.c").compile("now"); }\n', "utf-8")
    # glibc has had clock_gettime in libc.so since 2.17, and a newer fstat since 2.33
    (project / "src" / "now.c").write_text(
        "#include <sys/stat.h>\n#include <time.h>\n"
        "long now(void) {\n    struct timespec t;\n    struct stat s;\n"
        "    clock_gettime(CLOCK_REALTIME, &t);\n    fstat(0, &s);\n    return t.tv_sec;\n}\n",
        encoding="utf-8",
    )
    library = project / "src" / "lib.rs"
    text = library.read_text(encoding="utf-8").replace(
        "PyLong_FromLong(if",
        'extern "C" { fn now() -> std::ffi::c_long; }\n    assert!(now() > 0);\n    PyLong_FromLong(if',
    )
    library.write_text(text, encoding="utf-8")
    return project


def test_a_crate_with_c_code_fits_an_old_policy_with_zig_and_only_with_it(
    run_light: Cratewheel, interpreters: Interpreters, tmp_path: Path
) -> None:
    project = with_c(run_light.copy("light-module"))
    words = ("build", "--no-sdist", "-i", interpreters.this, "--compatibility", "manylinux_2_17", "--target-dir")
    refused = run_light(*words, tmp_path / "without", cwd=project)
    assert refused.status == 1
    assert "does not fit manylinux_2_17" in refused.stderr
    assert "it needs GLIBC_2." in refused.stderr

    run = run_light(*words, tmp_path / "with", "--zig", cwd=project)
    assert run.wheel.name.endswith("-manylinux2014_x86_64.manylinux_2_17_x86_64.whl")
    shown = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "auditwheel", "show", run.wheel],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    (tag,) = re.findall(r'platform tag:\s+"manylinux_2_(\d+)_x86_64"', shown)
    assert int(tag) <= 17
    site = wheels.site(run.wheel, tmp_path / "site")
    assert wheels.python(interpreters.this, "import light_module; print(light_module.answer())", path=site) == "42"


def test_a_library_that_cmake_builds_is_compiled_by_zig_and_the_build_script_is_not(
    run_light: Cratewheel, interpreters: Interpreters, tmp_path: Path
) -> None:
    if shutil.which("cmake") is None:
        pytest.skip("no cmake")
    project = with_c(run_light.copy("light-module"))
    manifest = project / "Cargo.toml"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace('cc = "1"', 'cmake = "0.1"'), encoding="utf-8")
    (project / "build.rs").write_text(
        "fn main() {\n"
        '    let out = cmake::build("src");\n'
        '    println!("cargo:rustc-link-search=native={}/lib", out.display());\n'
        '    println!("cargo:rustc-link-lib=static=now");\n'
        "}\n",
        encoding="utf-8",
    )
    (project / "src" / "CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.10)\nproject(now C)\nadd_library(now STATIC now.c)\n"
        "install(TARGETS now ARCHIVE DESTINATION lib)\n",
        encoding="utf-8",
    )
    words = ("build", "--no-sdist", "-i", interpreters.this, "--compatibility", "manylinux_2_17", "--zig")
    run = run_light(*words, "--target-dir", tmp_path / "target", cwd=project)
    assert run.wheel.name.endswith("-manylinux2014_x86_64.manylinux_2_17_x86_64.whl")
    scripts = [
        path
        for path in (tmp_path / "target").glob("**/build/light-module-*/build_script_build-*")
        if path.is_file() and not path.suffix
    ]
    assert [path for path in scripts if b"GLIBC_2.3" in path.read_bytes()] == scripts != []


@pytest.mark.long
def test_bindgen_reads_the_headers_that_zig_links_for(run_light: Cratewheel, tmp_path: Path) -> None:
    found = importlib.util.find_spec("clang")
    folders = [Path(place) / "native" for place in (found.submodule_search_locations or ())] if found else []
    if not any((folder / "libclang.so").is_file() for folder in folders):
        pytest.skip("the package libclang is not installed")
    project = tmp_path / "headers"
    (project / "src").mkdir(parents=True)
    (project / "Cargo.toml").write_text(
        '[package]\nname = "headers"\nversion = "0.1.0"\nedition = "2021"\n[build-dependencies]\n'
        'bindgen = { version = "0.71", default-features = false, features = ["runtime"] }\n[workspace]\n',
        encoding="utf-8",
    )
    (project / "headers.h").write_text(
        "#include <stddef.h>\n#include <sys/stat.h>\n#include <gnu/libc-version.h>\n"
        "enum { MINOR = __GLIBC_MINOR__ };\n",
        encoding="utf-8",
    )
    (project / "build.rs").write_text(
        "fn main() {\n"
        '    let out = std::path::PathBuf::from(std::env::var("OUT_DIR").unwrap()).join("headers.rs");\n'
        '    let builder = bindgen::builder().header("headers.h").allowlist_var("MINOR");\n'
        "    builder.generate().unwrap().write_to_file(out).unwrap();\n"
        "}\n",
        encoding="utf-8",
    )
    (project / "src" / "main.rs").write_text(
        'include!(concat!(env!("OUT_DIR"), "/headers.rs"));\nfn main() { println!("2.{MINOR}"); }\n', encoding="utf-8"
    )
    words = ("build", "--no-sdist", "--zig", "--compatibility", "manylinux_2_17", "--target-dir", tmp_path / "target")
    run_light(*words, cwd=project, env={"LIBCLANG_PATH": str(folders[0])}).ok()
    program = tmp_path / "target" / "debug" / "headers"
    assert subprocess.run([program], capture_output=True, text=True, check=True).stdout == "2.17\n"
