"""Warnings of names in archives that are others on another system."""

from __future__ import annotations

import pytest

from cratewheel.contents.portable_names import name_warnings

NFC, NFD = "caf\N{LATIN SMALL LETTER E WITH ACUTE}", "cafe\N{COMBINING ACUTE ACCENT}"

NOT_FOUND = " is not found by `import`, except on macOS: its accents are characters of their own (NFD)"


@pytest.mark.parametrize(
    ("paths", "texts"),
    [
        (("pkg/lib.py", "pkg/Lib.py"), ["pkg/Lib.py and pkg/lib.py are one file on Windows and macOS"]),
        (("Pkg/a.py", "pkg/b.py", "pkg/c.py"), ["Pkg and pkg are one folder on Windows and macOS"]),
        (("Pkg/a.py", "pkg/a.py"), ["Pkg and pkg are one folder on Windows and macOS"]),
        (("a/README", "a/readme/x"), ["a/README and a/readme are one folder on Windows and macOS"]),
        ((f"{NFD}.txt", f"{NFC}.txt"), [f"{NFD}.txt and {NFC}.txt are one file on macOS"]),
        (("pkg/lib.py", "pkg/lib2.py", "lib/pkg.py"), []),
        (("pkg/con.py", "pkg/consul.py"), ["Windows cannot have pkg/con.py: con is a device there"]),
        (("pkg/aux/a.py", "pkg/aux/b.py"), ["Windows cannot have pkg/aux: aux is a device there"]),
        (
            ("a./b.txt", "c /d", "e?"),
            [
                "Windows cannot have a.: it ends with a dot",
                "Windows cannot have c : it ends with a space",
                "Windows cannot have e?: it contains '?'",
            ],
        ),
        ((f"{NFC}/__init__.py",), []),
        ((f"data/{NFD}.txt",), []),
        (
            (f"{NFD}/__init__.py",),
            [f"{NFD}/__init__.py{NOT_FOUND}"],
        ),
    ],
)
def test_names_that_are_others_elsewhere(paths: tuple[str, ...], texts: list[str]) -> None:
    assert [text for text, _ in name_warnings(paths)] == texts


def test_a_wheel_for_linux_may_have_names_that_differ_in_case() -> None:
    assert name_warnings(("pkg/lib.py", "pkg/Lib.py", "pkg/aux.py"), case=False) == ()
