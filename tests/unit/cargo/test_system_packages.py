"""Commands that install tools."""

from __future__ import annotations

import pytest

from cratewheel.cargo.system_packages import LIBRARIES, TOOLS


@pytest.mark.parametrize(
    ("tool", "platform", "command"),
    [
        ("cmake", "linux", "`apt install cmake` (Debian, Ubuntu) or `dnf install cmake` (Fedora)"),
        ("cmake", "darwin", "`brew install cmake`"),
        ("cc", "darwin", "`xcode-select --install`"),
        ("ld", "darwin", "`xcode-select --install`"),
        ("cmake", "win32", "with winget or vcpkg"),
        ("cmake", "sunos5", "with the packages of your system"),
    ],
)
def test_a_tool_is_installed_by_the_systems_packages(tool: str, platform: str, command: str) -> None:
    assert TOOLS[tool].install(platform) == command


def test_homebrew_installs_several_packages_with_one_command() -> None:
    assert LIBRARIES["ssl"].install("darwin") == "`brew install openssl@3 pkgconf`"
