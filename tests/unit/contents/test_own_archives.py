"""Archives that earlier builds of the project made."""

from __future__ import annotations

import pytest

from cratewheel.archive.layout import Entry, FromFile, Generated
from cratewheel.contents.own_archives import is_archive_of, without_archives


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("demo_app-1.0-cp312-cp312-linux_x86_64.whl", True),
        ("demo_app-1.0-1-cp312-cp312-linux_x86_64.whl", True),
        ("Demo.App-1.0-py3-none-any.whl", True),
        ("demo_app-1.0-cp312-linux_x86_64.whl", False),
        ("demo_app-1.0-1-2-cp312-cp312-linux_x86_64.whl", False),
        ("demo_app-latest-cp312-cp312-linux_x86_64.whl", False),
        ("other-1.0-py3-none-any.whl", False),
        ("demo-app-1.0.tar.gz", True),
        ("demo_app-1.0-1.tar.gz", True),
        ("demo_app-.tar.gz", False),
        ("demo_app.tar.gz", False),
        ("demo_app-1.0.zip", False),
        ("demo_app-1.0.tar.gz.asc", False),
    ],
)
def test_a_file_is_known_by_its_name_and_version(name: str, own: bool) -> None:
    assert is_archive_of(name, "demo_app") is own


def test_archives_are_left_out_and_told_of_where_an_include_asked_for_them() -> None:
    def from_file(path: str, why: str) -> Entry:
        return Entry(path=path, source=FromFile(path=f"/p/{path}"), why=why)

    kept = [
        from_file("demo/a.py", "Python package"),
        Entry(path="demo/demo-1.tar.gz", source=Generated(data=b"")),
        from_file("demo/other-1.tar.gz", "include = 'demo/*'"),
    ]
    silent = from_file("demo/demo-1.0.tar.gz", "Python package")
    told = from_file("demo/demo-2-py3-none-any.whl", "include = 'demo/*'")
    assert without_archives([kept[0], silent, kept[1], told, kept[2]], "demo") == (
        kept,
        (
            (
                "/p/demo/demo-2-py3-none-any.whl is skipped although include = 'demo/*' matches it: "
                "it is an archive of this project"
            ),
        ),
    )
