"""Where bindings put their files."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from cratewheel.archive.layout import Entry, FromFile, Generated
from cratewheel.bindings.place import library_name, package_dir, stub_entries
from situations import modules


@pytest.mark.parametrize(
    ("system", "expected"),
    [
        ("linux", "libdemo.so"), ("macos", "libdemo.dylib"), ("ios", "libdemo.dylib"), ("windows", "demo.dll"),
        ("cygwin", "demo.dll"), ("freebsd", "libdemo.so"), ("android", "libdemo.so"),
    ],
)  # fmt: skip
def test_the_loader_of_each_system_has_its_spelling(system: str, expected: str) -> None:
    assert library_name("demo", system) == expected


def test_a_generated_package_is_the_modules_own_folder_or_one_in_its_package() -> None:
    assert package_dir(modules("app")) == PurePosixPath("app")
    assert package_dir(modules("app.inner._lib", mixed=True)) == PurePosixPath("app/inner/_lib")


def test_only_a_pure_project_has_a_stub_in_its_generated_package() -> None:
    stub = FromFile(path="/work/app/app.pyi")
    assert stub_entries(modules("app"), None) == ()
    assert stub_entries(modules("app._lib", mixed=True), stub) == ()
    assert stub_entries(modules("app"), stub) == (
        Entry(path="app/__init__.pyi", source=stub, why="the stub next to pyproject.toml"),
        Entry(path="app/py.typed", source=Generated(data=b""), why="the package has a stub"),
    )
