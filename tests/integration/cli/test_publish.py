"""`cratewheel publish`: what it builds, and that it uploads it."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import zipfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from elftools.elf.elffile import ELFFile

import uploads

if TYPE_CHECKING:
    from integration.conftest import Cratewheel

pytestmark = pytest.mark.cargo
pytest.importorskip("urllib3")

THIS = f"{sys.version_info[0]}.{sys.version_info[1]}"
TOKEN = "pypi-s3cretTOKEN"
# what a build script sees: the build fails where it could read the token
BUILD_SCRIPT = """
fn main() {
    for name in ["MATURIN_PYPI_TOKEN", "MATURIN_PASSWORD"] {
        assert!(std::env::var(name).is_err(), "{name} is there");
    }
    assert_eq!(std::env::var("PROFILE").unwrap(), std::env::var("EXPECTED").unwrap());
}
"""


def publish(command: Cratewheel, *words: str, expected: str = "release") -> tuple[int, str, list[uploads.Received]]:
    """Run the command over a crate and return its status, what it said, and what the server got."""
    project = command.copy("light-module")
    (project / "build.rs").write_text(BUILD_SCRIPT)
    with uploads.serving() as server:
        done = command(
            "publish", "-i", THIS, "--repository-url", server.url, *words, cwd=project,
            env={"MATURIN_PYPI_TOKEN": TOKEN, "MATURIN_PASSWORD": "x", "EXPECTED": expected},
        )  # fmt: skip
    assert TOKEN not in done.stdout + done.stderr
    return done.status, done.stderr, server.received


def test_the_wheel_is_made_from_the_sdist_and_goes_first(run_light: Cratewheel) -> None:
    status, said, received = publish(run_light)
    assert status == 0, said
    wheel, sdist = received
    assert (wheel.user, sdist.user) == (f"__token__:{TOKEN}",) * 2
    assert (wheel.file or "").endswith(".whl")
    assert (sdist.file or "").endswith(".tar.gz")
    with zipfile.ZipFile(BytesIO(wheel.content)) as archive:
        (module,) = [archive.read(name) for name in archive.namelist() if name.endswith(".so")]
    assert ELFFile(BytesIO(module)).get_section_by_name(".symtab") is None
    with tarfile.open(fileobj=BytesIO(sdist.content)) as archive:
        assert any(name.endswith("/build.rs") for name in archive.getnames())


def test_debug_without_sdist(run_light: Cratewheel) -> None:
    status, said, received = publish(run_light, "--no-sdist", "--debug", "--no-strip", expected="debug")
    assert status == 0, said
    assert [one.file is not None and one.file.endswith(".whl") for one in received] == [True]
    assert "what is published is not optimised, because of --debug" in said


def test_a_dry_run_builds_and_sends_nothing(run_light: Cratewheel) -> None:
    status, said, received = publish(run_light, "--dry-run")
    assert (status, received) == (0, []), said
    assert said.count("Would upload") == 2
    assert said.splitlines()[-1] == "Would publish 2 files to 127.0.0.1; nothing was uploaded"


def test_missing_credentials_end_it_before_anything_is_built(run_light: Cratewheel) -> None:
    done = run_light("publish", crate="light-module", env={"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"})
    assert done.status == 2
    assert "there are no credentials for upload.pypi.org" in done.stderr
    assert "Compiling" not in done.stderr


@pytest.mark.parametrize("words", [("--debug", "--profile", "dist"), ("-r", "nowhere"), ("--timeout", "0")])
def test_wrong_words_end_it_before_anything_is_built(run_light: Cratewheel, words: tuple[str, ...]) -> None:
    done = run_light("publish", *words, crate="light-module", env={"MATURIN_PYPI_TOKEN": TOKEN})
    assert (done.status, "Compiling" in done.stderr) == (2, False)


def test_pip_installs_what_was_published(run_light: Cratewheel, tmp_path: Path) -> None:
    with uploads.pypiserver(tmp_path / "index") as url:
        words = ["publish", "-i", THIS, "--compatibility", "linux", "--repository-url", url, "-u", "ann"]
        first = run_light(*words, crate="light-module", env={"MATURIN_PASSWORD": "pw"})
        again = run_light(*words, "--skip-existing", cwd=first.project, env={"MATURIN_PASSWORD": "pw"})
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--only-binary", ":all:", "--target", "site"]
        subprocess.run([*pip, "--index-url", f"{url}simple/", "light-module"], cwd=tmp_path, check=True, timeout=120)
    assert first.status == again.status == 0, first.stderr + again.stderr
    assert again.stderr.count("Skipped") == 2
    assert re.fullmatch(r"   Published 2 files to 127\.0\.0\.1 in .*s", first.stderr.splitlines()[-1])
    assert re.fullmatch(
        r"   Published 0 files to 127\.0\.0\.1 in .*s; 2 were there already", again.stderr.splitlines()[-1]
    )
    assert len(list((tmp_path / "index").iterdir())) == 2
    assert len(list((tmp_path / "site" / "light_module").glob("light_module*"))) == 1
