"""Source distributions that can be trusted: explained, checked, built from, and built with no network."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sdist_projects import LIB, crate, pyproject

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters

pytestmark = pytest.mark.cargo


def unpacked(path: Path, folder: Path) -> Path:
    """Unpack an sdist and return its top folder."""
    with tarfile.open(path) as archive:
        archive.extractall(folder, filter="data")
    return folder / path.name.removesuffix(".tar.gz")


def names(wheel: Path) -> list[str]:
    """Return what a wheel holds."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def write(root: Path, tree: dict[str, str]) -> Path:
    """Write the files and return the folder."""
    for name, text in tree.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def git(folder: Path, *words: str) -> None:
    """Run git in the folder."""
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *words], cwd=folder, check=True)


def test_vendored_crates_build_with_no_network_and_an_empty_cargo_home(run_light: Cratewheel, tmp_path: Path) -> None:
    far = write(tmp_path / "far", {"Cargo.toml": crate("far"), "src/lib.rs": "pub fn far() -> i32 { 42 }\n"})
    git(far, "init", "-q")
    git(far, "add", "--all")
    git(far, "commit", "-qm", "far")
    dependency = f'\n[dependencies]\nfar = {{ git = "{far.as_uri()}" }}\n'
    project = write(
        tmp_path / "tree",
        {
            "pyproject.toml": pyproject(),
            "Cargo.toml": crate("demo", LIB + dependency),
            "src/lib.rs": "#[no_mangle]\npub extern \"C\" fn answer() -> i32 { far::far() }\n",
            ".cargo/config.toml": "[net]\nretry = 3\n",
        },
    )  # fmt: skip
    git(project, "init", "-q")
    git(project, "add", "--all")
    homes = [tmp_path / "home", tmp_path / "empty"]
    subprocess.run(
        ["cargo", "generate-lockfile"], cwd=project, check=True, env={**os.environ, "CARGO_HOME": str(homes[0])}
    )
    run = run_light("sdist", "--vendor", cwd=project, env={"CARGO_HOME": str(homes[0])}).ok()
    top = unpacked(run.sdists[0], tmp_path / "unpacked")
    shutil.rmtree(far)
    built = subprocess.run(
        ["cargo", "build", "--offline", "--locked", "--target-dir", tmp_path / "target"],
        cwd=top,
        env={**os.environ, "CARGO_HOME": str(homes[1]), "CARGO_NET_OFFLINE": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    assert sorted(path.relative_to(top).as_posix() for path in (top / "vendor").rglob("*") if path.is_file()) == [
        "vendor/far-1.0.0/.cargo-checksum.json",
        "vendor/far-1.0.0/Cargo.toml",
        "vendor/far-1.0.0/src/lib.rs",
    ]
    assert (top / ".cargo/config.toml").read_text() == (
        "[net]\n"
        "retry = 3\n"
        "\n"
        f'[source."git+{far.as_uri()}"]\n'
        f'git = "{far.as_uri()}"\n'
        'replace-with = "vendored-sources"\n'
        "\n"
        "[source.vendored-sources]\n"
        'directory = "vendor"\n'
    )


def test_explain_says_of_each_file_why_it_is_in_or_out(run_light: Cratewheel, tmp_path: Path) -> None:
    keys = '\n[tool.cratewheel]\nexclude = ["*.snap"]\ninclude = [{ path = "data/*", format = "sdist" }]\n'
    project = write(
        tmp_path / "tree",
        {
            "pyproject.toml": pyproject(keys),
            "Cargo.lock": 'version = 4\n\n[[package]]\nname = "demo"\nversion = "1.0.0"\n',
            "Cargo.toml": crate("demo", LIB, package='exclude = ["notes.txt", "data"]\n'),
            "data/a.json": "{}",
            "notes.txt": "",
            "src/lib.rs": "",
            "src/a.snap": "",
        },
    )  # fmt: skip
    run = run_light("sdist", "--explain", cwd=project).ok()
    explained = [line for line in run.stderr.splitlines() if line.startswith(("  + ", "  - "))]
    assert explained == [
        "  + Cargo.lock      the locked versions",
        "  + Cargo.toml      the crate",
        "  + PKG-INFO        core metadata",
        "  + data/a.json     include = 'data/*'",
        "  + pyproject.toml  the project",
        "  + src/lib.rs      cargo package --list",
        "  - notes.txt       not in cargo's list of the crate's files, a Python package or `include`",
        "  - src/a.snap      excluded by `exclude`, or an archive of the project",
    ]


def test_check_passes_where_the_wheels_are_equal(run_light: Cratewheel) -> None:
    run = run_light("sdist", "--check", crate="light-module").ok()
    assert run.stdout.splitlines() == [str(run.sdists[0])]
    assert "is the same from the sdist and the source tree" in run.stderr


def test_check_names_what_the_sdist_lacks(run_light: Cratewheel) -> None:
    project = run_light.copy("light-module")
    (project / "extra.txt").write_text("in the wheel only")
    with (project / "pyproject.toml").open("a") as stream:
        stream.write('\n[tool.cratewheel]\ninclude = [{ path = "extra.txt", format = "wheel" }]\n')
        stream.write('exclude = [{ path = "extra.txt", format = "sdist" }]\n')
    run = run_light("sdist", "--check", cwd=project)
    assert run.status == 1
    assert "error: the wheel built from the sdist differs from the one built from the source tree" in run.stderr
    assert "missing: extra.txt" in run.stderr


@pytest.mark.parametrize("flag", ["--sdist-first", "--sdist"])
def test_wheels_come_from_the_sdist(flag: str, run_light: Cratewheel, interpreters: Interpreters) -> None:
    project = run_light.copy("light-module")
    (project / "extra.txt").write_text("in the tree only")
    with (project / "pyproject.toml").open("a") as stream:
        stream.write('\n[tool.cratewheel]\ninclude = [{ path = "extra.txt", format = "wheel" }]\n')
        stream.write('exclude = [{ path = "extra.txt", format = "sdist" }]\n')
    run = run_light("build", flag, "-i", interpreters.this, cwd=project).ok()
    assert [Path(line) for line in run.stdout.splitlines()] == [*run.sdists, *run.wheels]
    assert "extra.txt" not in names(run.wheel)
    direct = run_light("build", "--no-sdist", "-i", interpreters.this, cwd=project)
    assert sorted(names(direct.wheel)) == sorted([*names(run.wheel), "extra.txt"])


def test_wheels_from_the_sdist_are_equal_each_time_and_compiled_only_after_an_edit(
    run_light: Cratewheel, interpreters: Interpreters
) -> None:
    project = run_light.copy("light-module")

    def built(*flags: str) -> tuple[bytes, bool]:
        run = run_light("build", *flags, "-i", interpreters.this, cwd=project).ok()
        return run.wheel.read_bytes(), "Compiling light-module" in run.stderr

    first, compiled = built("--sdist")
    assert compiled
    assert built("--sdist") == built("--sdist-first") == (first, False)
    (project / "src" / "lib.rs").write_text((project / "src" / "lib.rs").read_text() + "// the end\n")
    assert built("--sdist")[1]
    shutil.rmtree(run_light.environ["CARGO_TARGET_DIR"] + "/cratewheel/from-sdist")
    again, compiled = built("--sdist")
    assert compiled
    assert again == built("--sdist")[0]


def test_two_builds_from_the_sdist_at_once_make_equal_wheels(
    run_light: Cratewheel, interpreters: Interpreters, tmp_path: Path
) -> None:
    project = run_light.copy("light-module")
    words = [sys.executable, "-m", "cratewheel", "build", "--sdist", "-i", str(interpreters.this), "--out"]
    running = [
        subprocess.Popen([*words, tmp_path / name], cwd=project, env=run_light.environ, stderr=subprocess.PIPE)
        for name in ("one", "other")
    ]
    assert [(one.communicate(timeout=300)[1], one.returncode)[1] for one in running] == [0, 0]
    (one,), (other,) = ((tmp_path / name).glob("*.whl") for name in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()


def test_without_a_cache_that_can_be_used_the_sdist_is_built_elsewhere_with_a_warning(
    run_light: Cratewheel, interpreters: Interpreters, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    (cache / "cratewheel").mkdir(parents=True)
    (cache / "cratewheel" / "from-sdist").touch()
    project, env = run_light.copy("light-module"), {"XDG_CACHE_HOME": str(cache)}
    run = run_light("build", "--sdist", "-i", interpreters.this, cwd=project, env=env).ok()
    refused = cache / "cratewheel" / "from-sdist"
    assert (
        f"warning: {refused} is no folder: the build will not be reproducible, since compiled files contain the path"
        in run.stderr
    )
    assert names(run.wheel)


@pytest.mark.parametrize("name", ["light-module"])
def test_the_preview_is_what_is_built(name: str, run_light: Cratewheel, interpreters: Interpreters) -> None:
    project = run_light.copy(name)
    sdist = run_light("list-files", "--sdist", cwd=project).ok().stdout.splitlines()
    wheel = run_light("list-files", "--wheel", "-i", interpreters.this, cwd=project).ok().stdout.splitlines()
    run = run_light("build", "-i", interpreters.this, cwd=project).ok()
    assert sorted(wheel) == sorted(names(run.wheel))
    with tarfile.open(run.sdists[0]) as archive:
        assert sorted(sdist) == sorted(member.name.partition("/")[2] for member in archive)
