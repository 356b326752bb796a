"""`cratewheel generate-ci` as it is typed: where the file goes, and what --check says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cratewheel.commands import ci_github

if TYPE_CHECKING:
    from integration.conftest import Cratewheel

pytestmark = [pytest.mark.cargo, pytest.mark.xdist_group("generate-ci")]


@pytest.fixture
def project(run_light: Cratewheel) -> Path:
    """A new project without a workflow."""
    run_light("new", "demo", "-b", "bin").ok()
    (run_light.folder / "demo" / ci_github.PATH).unlink()
    return run_light.folder / "demo"


def test_the_file_goes_to_stdout_unless_one_is_named(run_light: Cratewheel, project: Path) -> None:
    shown = run_light("generate-ci", "gitlab", cwd=project).ok().stdout
    assert shown.startswith("# Written by cratewheel. To write it again:\n#\n#     cratewheel generate-ci gitlab\n")
    named = run_light("generate-ci", "gitlab", "-o", "ci/x.yml", cwd=project).ok()
    assert named.stdout == ""
    assert (project / "ci" / "x.yml").read_text(encoding="utf-8") == shown.replace("ci gitlab", "ci gitlab -o ci/x.yml")


def test_check_compares_with_the_file_on_the_disk(run_light: Cratewheel, project: Path) -> None:
    path = project / ci_github.PATH
    run_light("generate-ci", "github", "-o", ci_github.PATH, cwd=project).ok()
    assert run_light("generate-ci", "github", "--check", cwd=project).ok().stdout == ""
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("name: ci\n", "name: mine\n"), encoding="utf-8")
    different = run_light("generate-ci", "github", "--check", cwd=project)
    assert different.status == 1
    assert different.stdout.splitlines()[:2] == [
        "--- .github/workflows/ci.yml",
        "+++ .github/workflows/ci.yml as it would be written",
    ]
    assert {"-name: mine", "+name: ci"} <= set(different.stdout.splitlines())
    assert different.stderr == (
        "error: .github/workflows/ci.yml is not what would be written\n"
        " help: cratewheel generate-ci github -o .github/workflows/ci.yml\n"
    )
    path.unlink()
    assert run_light("generate-ci", "github", "--check", cwd=project).status == 1


def test_check_knows_the_command_in_whatever_order_it_is_given(run_light: Cratewheel, project: Path) -> None:
    words = ("generate-ci", "github", "-o", "x.yml", "--zig", "-m", "Cargo.toml", "--platform", "linux")
    run_light(*words, cwd=project).ok()
    assert "#     cratewheel generate-ci github -m Cargo.toml --platform linux --zig -o x.yml\n" in (
        project / "x.yml"
    ).read_text(encoding="utf-8")
    run_light(
        *("generate-ci", "--platform=linux", "--check", "--manifest-path", "Cargo.toml", "--zig", "--output=x.yml"),
        *("github",), cwd=project,
    ).ok()  # fmt: skip
    nowhere = run_light("generate-ci", "github", "--check", "-o", "-", cwd=project)
    assert (nowhere.status, "--check compares with a file" in nowhere.stderr) == (2, True)
