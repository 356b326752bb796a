"""Which files cargo says an artifact was made of."""

from __future__ import annotations

import pytest

from cratewheel.builder import dep_info


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("/t/libx.so: /p/src/lib.rs\n", ("/p/src/lib.rs",)),
        ("/t/libx.so: /p/my\\ crate/a.rs /p/b.rs", ("/p/my crate/a.rs", "/p/b.rs")),
        ("C:\\t\\x.dll: C:\\p\\src\\lib.rs C:\\p\\b.rs\r\n", ("C:\\p\\src\\lib.rs", "C:\\p\\b.rs")),
        ("/t/libx.so:\n", ()),
        ("/t/libx.so: /p/a.rs\n\n/p/a.rs:\n", ("/p/a.rs",)),
        ("", ()),
    ],
)
def test_the_files_of_the_first_rule_are_read(text: str, files: tuple[str, ...]) -> None:
    assert dep_info.parse(text) == files
