from __future__ import annotations

import os
from pathlib import Path

import pytest

from cratewheel.builder.linking import library_folders, parse_linker_command


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (r'LC_ALL="C" PATH="/b in" VSLANG="1033" "cc" "a\\b" "\u{e9}\n" "-o" "x"', ("cc", r"a\b", "é\n", "-o", "x")),
        (r'env -u "A" "link.exe" "/OUT:x.dll" "/LIBPATH:C:\\x y"', ("A", "link.exe", "/OUT:x.dll", r"/LIBPATH:C:\x y")),
        ('"one" and "two"', ()),
        ("", ()),
    ],
)
def test_the_words_of_a_linkers_command_line_are_unquoted(line: str, expected: tuple[str, ...]) -> None:
    assert parse_linker_command(line) == expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["-L", "/a b", "-L", "rel", "-Lnative=/c", "-L", "all=/d"], ["/a b", "/w/rel", "/c", "/d"]),
        (["-Clink-arg=-L/a", "-C", "link-args=-L/b -L/c", "-C", "link-arg=/d/libd.so.1"], ["/a", "/b", "/c", "/d"]),
        (
            ["-Wl,-rpath,/a", f"-Wl,-rpath=/b{os.pathsep}$ORIGIN/c", "-Xlinker", "-rpath", "-Xlinker", "/d"],
            ["/a", "/b", "/d"],
        ),
        (["/LIBPATH:/a", "/OUT:/b/x.dll", "/c/x.lib"], ["/a", "/c"]),
        (["-o", "/a/libx.so", "-Wl,-install_name,@rpath/x.dylib", "-Wl,-soname,libx.so", "/b/y.o", "/c/z.rlib"], []),
        (["-lz", "-C", "target-cpu=native", "-Wl,--as-needed"], []),
    ],
)
def test_folders_of_libraries_are_read_from_flags(words: list[str], expected: list[str]) -> None:
    assert library_folders(words, Path("/w")) == tuple(map(Path, expected))
