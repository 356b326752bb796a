"""A wheel is never tagged for another machine or Python than its files are for, whatever is asked for the audit."""

from __future__ import annotations

import platform
import shutil
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
        reason="the files are those of x86_64 Linux with glibc",
    ),
]

AUDITS = ["", "--skip-auditwheel", "--auditwheel=skip", "--auditwheel=warn", "--compatibility=linux"]
FOREIGN = "is an ELF file for {arch}, which is not what {what} says"
X86_64 = "x86_64 (64 bits)"


def refused(run: Run) -> str:
    """Return the error of a run, which has made nothing."""
    assert (run.status, run.wheels, run.sdists) == (1, (), ()), run.stderr
    (line,) = (line for line in run.stderr.splitlines() if line.startswith("error: "))
    return line.removeprefix("error: ")


PLATFORMS = ["linux-i686", "macosx-11.0-arm64", "win-amd64", "freebsd-14.1-amd64"]


@pytest.mark.parametrize(
    ("said", "audit"), [*(("linux-aarch64", audit) for audit in AUDITS), *((one, AUDITS[1]) for one in PLATFORMS)]
)
def test_a_platform_from_a_variable(run_light: Cratewheel, interpreters: Interpreters, said: str, audit: str) -> None:
    environ = {"_PYTHON_HOST_PLATFORM": said}
    words: list[str | Path] = ["build", "--no-sdist", "-i", interpreters.this, *audit.split()]
    tag = said.replace("-", "_").replace(".", "_")
    arch = f"linux {X86_64}" if said.startswith("freebsd") else X86_64  # both have ELF files
    error = refused(run_light(*words, crate="light-module", env=environ))
    assert error == f"liblight_module.so {FOREIGN.format(arch=arch, what=f'the tag {tag}')}"


@pytest.mark.parametrize(
    ("crate", "words"), [("bin-two", ""), ("light-module", "--features stable"), ("cffi-pure", "")]
)
def test_every_kind_of_bindings(run_cratewheel: Cratewheel, interpreters: Interpreters, crate: str, words: str) -> None:
    python = ("-i", interpreters.this) if crate != "bin-two" else ()
    environ = {"_PYTHON_HOST_PLATFORM": "linux-aarch64"}
    run = run_cratewheel("build", "--no-sdist", *python, *words.split(), crate=crate, env=environ)
    assert refused(run).endswith(FOREIGN.format(arch=X86_64, what="the tag linux_aarch64"))


@pytest.mark.skipif(shutil.which("setarch") is None, reason="util-linux is not here")
def test_an_answer_under_another_machine_is_not_believed_later(
    run_light: Cratewheel, interpreters: Interpreters, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_light.environ["XDG_CACHE_HOME"] = str(tmp_path / "cache")
    words: list[str | Path] = ["build", "--no-sdist", "-i", interpreters.this, "--compatibility=linux"]
    wrapper = tmp_path / "python"
    wrapper.write_text(f'#!/bin/sh\nexec setarch i686 {sys.executable} "$@"\n', encoding="utf-8")
    wrapper.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", str(wrapper))
        assert refused(run_light(*words, crate="light-module")).endswith(
            FOREIGN.format(arch=X86_64, what="the tag linux_i686")
        )
    assert wheels.tags(run_light(*words, crate="light-module").wheel).endswith("linux_x86_64")


# a linker that writes another word into the header of the library
LINKER = """\
#!{python}
import subprocess, sys
status = subprocess.run(["cc", *sys.argv[1:]]).returncode
out = sys.argv[sys.argv.index("-o") + 1]
if "light_module" in out:
    with open(out, "r+b") as file:
        file.seek({at})
        file.write(bytes({value}))
sys.exit(status)
"""


@pytest.mark.parametrize(
    ("at", "value", "arch", "audit"),
    [
        *((18, [183, 0], "aarch64 (64 bits)", audit) for audit in AUDITS),
        (18, [243, 0], "riscv64 (64 bits)", AUDITS[1]),
        (7, [9], f"freebsd {X86_64}", AUDITS[1]),
    ],
)
def test_a_file_that_cargo_was_configured_to_make_for_another_machine(
    run_light: Cratewheel, interpreters: Interpreters, tmp_path: Path, at: int, value: list[int], arch: str, audit: str
) -> None:
    linker = tmp_path / "linker"
    linker.write_text(LINKER.format(python=sys.executable, at=at, value=value), encoding="utf-8")
    linker.chmod(0o755)
    project = run_light.copy("light-module")
    (project / ".cargo").mkdir()
    config = f'[target.x86_64-unknown-linux-gnu]\nlinker = "{linker}"\n'
    (project / ".cargo" / "config.toml").write_text(config, encoding="utf-8")
    environ = {"CARGO_TARGET_DIR": str(tmp_path / "target")}
    run = run_light("build", "--no-sdist", "-i", interpreters.this, *audit.split(), cwd=project, env=environ)
    what = "x86_64-unknown-linux-gnu"
    assert refused(run) == f"liblight_module.so {FOREIGN.format(arch=arch, what=what)}"


@pytest.mark.parametrize("audit", AUDITS[:2])
def test_a_symbol_that_the_stable_abi_does_not_have(
    run_light: Cratewheel, interpreters: Interpreters, audit: str
) -> None:
    project = run_light.copy("light-module")
    with (project / "src" / "lib.rs").open("a", encoding="utf-8") as file:
        file.write(
            'extern "C" { fn PyCode_NewEmpty(file: *const c_char, name: *const c_char, line: i32) -> *mut PyObject; }\n'
            "/// # Safety\n/// None.\n#[no_mangle]\n"
            'pub unsafe extern "C" fn code() -> *mut PyObject { PyCode_NewEmpty(ptr::null(), ptr::null(), 0) }\n'
        )
    words: list[str | Path] = ["build", "--no-sdist", "-i", interpreters.this, *audit.split()]
    assert run_light(*words, cwd=project).wheel.name.startswith("light_module-1.2.3-cp3")
    assert refused(run_light(*words, "--features", "stable", cwd=project)).startswith(
        "liblight_module.so uses symbols outside of the stable ABI (PyCode_NewEmpty), which does not fit the tag "
        "cp38-abi3-"
    )
