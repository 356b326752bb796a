"""The compiled files of one wheel, for tools that pack them."""

from __future__ import annotations

import os
import sys
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

from cratewheel import api
from cratewheel.builder.extension import Extension, ExtensionFile
from cratewheel.errors import UnsupportedError, UsageError

if TYPE_CHECKING:
    from integration.conftest import Cratewheel

pytestmark = [pytest.mark.cargo, pytest.mark.skipif(os.name == "nt", reason="files are named as on POSIX")]


def build(run: Cratewheel, project: Path, **options: object) -> Extension:
    chosen: dict[str, object] = {"interpreter": sys.executable, "compatibility": "linux", "out": run.folder / "made"}
    return api.build_extension(project, environ=run.environ, **{**chosen, **options})  # type: ignore[arg-type]  # a test's table


def test_it_has_the_module_its_package_the_sbom_and_the_tag(run_light: Cratewheel) -> None:
    project = run_light.copy("light-module")
    (project / "README.md").touch()
    made = build(run_light, project, features=["stable"])
    out = run_light.folder / "made"
    assert (made.tag.python, made.tag.abi) == (("cp38",), ("abi3",))
    assert made.tag.platform[0].startswith("linux_")
    assert made.files == tuple(
        ExtensionFile(path=PurePosixPath(path), file=out / path)
        for path in ("light_module/__init__.py", "light_module/light_module.abi3.so")
    )
    sbom = "light_module-1.2.3.dist-info/sboms/light-module.cyclonedx.json"
    assert made.sboms == (ExtensionFile(path=PurePosixPath(sbom), file=out / sbom),)
    assert made.licences == ()
    assert sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()) == sorted(
        [*(str(one.path) for one in made.files), sbom]
    )
    assert os.access(out / "light_module" / "light_module.abi3.so", os.X_OK)


def test_it_is_of_one_wheel_and_needs_a_folder(run_light: Cratewheel) -> None:
    project = run_light.copy("light-module")
    with pytest.raises(UsageError, match="2 would be"):
        build(run_light, project, interpreter=["3.11", "3.12"])
    with pytest.raises(UsageError, match="needs the folder"):
        api.build_extension(project, environ=run_light.environ)
    assert not (run_light.folder / "made").exists()


def test_a_profile_cannot_be_made_without_a_whole_wheel(run_light: Cratewheel) -> None:
    project = run_light.copy("light-module")
    with (project / "pyproject.toml").open("a") as file:
        file.write('[tool.cratewheel]\npgo-command = "python -c pass"\n')
    with pytest.raises(UnsupportedError, match="needs a whole wheel"):
        build(run_light, project, pgo=True)
