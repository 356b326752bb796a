"""What the hook for hatchling decides without hatchling."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from cratewheel.builder.extension import ExtensionFile
from cratewheel.errors import ConfigError
from cratewheel.plugins.hatch import check_settings, stale_modules

PYPROJECT = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'


def test_modules_of_editable_installs_are_those_of_the_same_name_in_the_same_package() -> None:
    built = [
        ExtensionFile(path=PurePosixPath(path), file=Path("/x"))
        for path in ("demo/_native.abi3.so", "demo/sub/other.pyd", "demo/data.txt")
    ]
    places = [
        "demo/_native.cpython-39-x86_64-linux-gnu.so", "demo/_native.abi3.so", "demo/_nativer.abi3.so",
        "demo/sub/_native.abi3.so", "demo/sub/other.cp312-win_amd64.pyd", "demo/_native.py", "demo/data.txt",
    ]  # fmt: skip
    assert stale_modules(built, map(Path, places)) == (
        str(Path("demo/_native.cpython-39-x86_64-linux-gnu.so")),
        str(Path("demo/_native.abi3.so")),
        str(Path("demo/sub/other.cp312-win_amd64.pyd")),
    )


@pytest.mark.parametrize("place", ["build", "build.targets.wheel"])
def test_settings_are_those_of_pyproject_toml_but_for_hatchlings_keys(tmp_path: Path, place: str) -> None:
    table = 'features = ["a"]\ndependencies = ["x"]\n'
    (tmp_path / "pyproject.toml").write_text(f"{PYPROJECT}[tool.hatch.{place}.hooks.cratewheel]\n{table}")
    check_settings(tmp_path, {"features": ["a"], "dependencies": ["x"]}, "wheel")


def test_settings_that_only_hatchling_has_are_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(f"{PYPROJECT}[tool.hatch.build.hooks.cratewheel]\n")
    with pytest.raises(ConfigError) as caught:
        check_settings(tmp_path, {"features": ["a"]}, "sdist")
    assert caught.value.message == (
        "the build hook has other settings for the target sdist than [tool.hatch.build.hooks.cratewheel] in "
        f"{tmp_path / 'pyproject.toml'}"
    )
    assert caught.value.hint == "write them in [tool.hatch.build.hooks.cratewheel] of pyproject.toml, for all targets"
