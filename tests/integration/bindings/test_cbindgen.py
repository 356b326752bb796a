"""The program cbindgen: found, installed by cargo, or missed before anything is compiled."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cratewheel.bindings.cbindgen import VERSION, CbindgenPolicy, ensure_cbindgen
from cratewheel.errors import MissingToolError
from cratewheel.events import CallbackReporter

if TYPE_CHECKING:
    from integration.conftest import Cratewheel

POSIX = pytest.mark.skipif(os.name == "nt", reason="the cargo of these tests is a shell script")

FAKE_CARGO = """#!/bin/sh
echo "$@" >> "$LOG"
[ -z "$REFUSE" ] || { echo "no network" >&2; exit 101; }
while [ "$1" != --root ]; do shift; done
mkdir -p "$2/bin" && echo cbindgen > "$2/bin/cbindgen"
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment with a cargo that installs an empty cbindgen, and with no other."""
    (tmp_path / "bin").mkdir()
    cargo = tmp_path / "bin" / "cargo"
    cargo.write_text(FAKE_CARGO)
    cargo.chmod(0o755)
    for name in ("mkdir", "sh"):
        (tmp_path / "bin" / name).symlink_to(f"/bin/{name}")
    return {"PATH": str(tmp_path / "bin"), "LOG": str(tmp_path / "log"), "HOME": str(tmp_path), "RUSTFLAGS": "-Z odd"}


def ensure(environ: dict[str, str], tmp_path: Path, **policy: bool) -> Path:
    return ensure_cbindgen(CbindgenPolicy(**policy), environ, CallbackReporter(), cwd=tmp_path)


@POSIX
def test_cbindgen_is_installed_once_for_each_user(environ: dict[str, str], tmp_path: Path) -> None:
    first = ensure(environ, tmp_path)
    assert first == tmp_path / ".cache" / "cratewheel" / f"cbindgen-{VERSION}" / "bin" / "cbindgen"
    assert ensure(environ, tmp_path) == first
    root = first.parent.parent
    assert (tmp_path / "log").read_text().splitlines() == [
        f"install --locked --quiet --debug --root {root} cbindgen@{VERSION}"
    ]


@POSIX
@pytest.mark.parametrize(
    ("policy", "variables", "why"),
    [
        ({"offline": True}, {}, "cargo may not ask the network for it"),
        ({"install": False}, {}, "the setting `install-cbindgen` forbids that cargo installs it"),
        ({}, {"REFUSE": "1"}, "cargo could not install it"),
    ],
)
def test_where_cbindgen_cannot_be_had_the_error_names_the_other_ways(
    environ: dict[str, str], tmp_path: Path, policy: dict[str, bool], variables: dict[str, str], why: str
) -> None:
    with pytest.raises(MissingToolError) as caught:
        ensure({**environ, **variables}, tmp_path, **policy)
    assert caught.value.message == (f"no program cbindgen was found to make the C declarations for cffi, and {why}")
    assert caught.value.hint is not None
    assert "cargo install cbindgen" in caught.value.hint


MANIFEST = '[package]\nname = "plain"\nversion = "1.0.0"\nedition = "2021"\n[lib]\ncrate-type = ["cdylib"]\n'
LIBRARY = '#[no_mangle]\npub extern "C" fn one() -> u32 {\n    1\n}\n'
HEADER = "uint32_t one(void);"
RECORDING_CARGO = """#!/bin/sh
echo "$1" >> "$LOG"
[ "$1" = install ] || exec "$REAL" "$@"
[ -z "$REFUSE" ] || exit 101
while [ "$1" != --root ]; do shift; done
mkdir -p "$2/bin"
printf '#!/bin/sh\\necho "%s"\\n' "$HEADER" > "$2/bin/cbindgen"
chmod +x "$2/bin/cbindgen"
"""


@pytest.fixture
def plain(run_light: Cratewheel, tmp_path: Path) -> Cratewheel:
    """The command over a cffi crate without a header and without a build script, with no cbindgen on PATH."""
    project, programs = tmp_path / "plain", tmp_path / "programs"
    (project / "src").mkdir(parents=True)
    (project / "src" / "lib.rs").write_text(LIBRARY)
    (project / "Cargo.toml").write_text(MANIFEST)
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["cratewheel"]\nbuild-backend = "cratewheel"\n'
        '[project]\nname = "plain"\nversion = "1.0.0"\ndependencies = ["cffi"]\n'
        '[tool.cratewheel]\nbindings = "cffi"\n'
    )
    programs.mkdir()
    (programs / "cargo").write_text(RECORDING_CARGO)
    (programs / "cargo").chmod(0o755)
    for folder in os.environ["PATH"].split(os.pathsep):
        for program in Path(folder).glob("*"):
            if program.name not in ("cargo", "cbindgen") and not (programs / program.name).is_symlink():
                (programs / program.name).symlink_to(program)
    run_light.environ |= {
        "PATH": str(programs),
        "REAL": str(shutil.which("cargo")),
        "LOG": str(tmp_path / "log"),
        "HEADER": HEADER,
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "CARGO_TARGET_DIR": str(tmp_path / "target"),
    }
    return run_light


def asked(tmp_path: Path) -> list[str]:
    """Return the subcommands of cargo that ran, in order, without repetitions."""
    return list(dict.fromkeys((tmp_path / "log").read_text().split()))


@POSIX
def test_a_wheel_is_built_with_a_cbindgen_that_is_installed_before_compiling(plain: Cratewheel, tmp_path: Path) -> None:
    run = plain("build", "--no-sdist", "-i", sys.executable, cwd=tmp_path / "plain").ok()
    assert "Installing cbindgen" in run.stderr
    assert asked(tmp_path) == ["metadata", "install", "rustc"]
    (tmp_path / "log").unlink()
    plain("build", "--no-sdist", "-i", sys.executable, cwd=tmp_path / "plain").ok()
    assert "install" not in asked(tmp_path)


@POSIX
@pytest.mark.parametrize(
    ("words", "variables", "why"),
    [
        (["--offline"], {}, "cargo may not ask the network for it"),
        (["--frozen"], {}, "cargo may not ask the network for it"),
        (["--cargo-extra-args=--offline"], {}, "cargo may not ask the network for it"),
        ([], {"CRATEWHEEL_INSTALL_CBINDGEN": "0"}, "the setting `install-cbindgen` forbids that cargo installs it"),
        ([], {"REFUSE": "1"}, "cargo could not install it"),
    ],
    ids=["offline", "frozen", "cargo's offline", "forbidden", "refused"],
)
def test_nothing_is_compiled_where_cbindgen_cannot_be_had(
    plain: Cratewheel, tmp_path: Path, words: list[str], variables: dict[str, str], why: str
) -> None:
    (tmp_path / "plain" / "Cargo.lock").write_text('version = 4\n\n[[package]]\nname = "plain"\nversion = "1.0.0"\n')
    run = plain("build", *words, "-i", sys.executable, cwd=tmp_path / "plain", env=variables)
    assert run.status == 1
    assert f"no program cbindgen was found to make the C declarations for cffi, and {why}" in run.stderr
    assert "rustc" not in asked(tmp_path)


@POSIX
def test_no_cbindgen_is_installed_where_a_header_is_there_or_a_build_script_may_write_one(
    plain: Cratewheel, tmp_path: Path
) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "header.h").write_text(HEADER)
    plain("build", "--no-sdist", "-i", sys.executable, cwd=tmp_path / "plain").ok()
    (tmp_path / "target" / "header.h").unlink()
    script = 'fn main() { std::fs::write(std::env::var("OUT").unwrap(), "uint32_t one(void);").unwrap(); }'
    (tmp_path / "plain" / "build.rs").write_text(script)
    written = {"OUT": str(tmp_path / "target" / "header.h")}
    plain("build", "--no-sdist", "-i", sys.executable, cwd=tmp_path / "plain", env=written).ok()
    assert asked(tmp_path) == ["metadata", "rustc"]
