"""Archive paths: their order, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cratewheel.archive.layout import Entry, FromFile, Generated, check_installable, layout
from cratewheel.errors import ConfigError
from system_paths import native


def generated(path: str, data: bytes = b"", *, why: str = "") -> Entry:
    return Entry(path=path, source=Generated(data=data), why=why)


def copied(path: str, source: str, *, executable: bool = False, why: str = "") -> Entry:
    return Entry(path=path, source=FromFile(path=native(source), executable=executable), why=why)


def test_entries_are_sorted_by_path_components() -> None:
    paths = ["pkg-1.0.data/scripts/x", "pkg/b.py", "pkg/a/z.py", "pkg.py", "Pkg/c"]
    ordered = [entry.path for entry in layout(map(generated, paths))]
    assert ordered == ["Pkg/c", "pkg/a/z.py", "pkg/b.py", "pkg-1.0.data/scripts/x", "pkg.py"]


def test_the_same_file_twice_is_one_entry_that_keeps_its_executable_bit() -> None:
    one = copied("a/b", "/src/b", why="Python package")
    two = copied("a/b", "/src/b", executable=True, why="include 'b'")
    expected = (copied("a/b", "/src/b", executable=True, why="Python package"),)
    assert layout([one, two]) == layout([two, one]) == expected
    assert layout([generated("x", b"1"), generated("x", b"1")]) == (generated("x", b"1"),)


def test_two_files_for_one_path_are_an_error_that_names_both() -> None:
    with pytest.raises(ConfigError) as caught:
        layout([copied("a/b", "/two/b", why="include 'b'"), copied("a/b", "/one/b"), generated("c")])
    assert caught.value.message == "two different files would become a/b in the archive"
    assert caught.value.notes == (f"{Path('/one/b')}", f"{Path('/two/b')} (include 'b')")


def test_a_file_and_a_folder_of_one_name_are_an_error() -> None:
    with pytest.raises(ConfigError) as caught:
        layout([generated("a/b/c/d", why="one"), generated("a/b", why="two")])
    assert caught.value.message == "a/b would be both a file and a folder in the archive"
    assert caught.value.notes == ("a generated file (one)", "a generated file (two)")


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../x", "a/../../x", "a//etc/x", "", ".", "a\\..\\..\\x", "C:x", "C:\\x", "\\\\h\\s\\x"]
)
def test_a_path_that_leaves_the_archive_is_refused(path: str) -> None:
    with pytest.raises(ConfigError, match="would lie outside the archive"):
        layout([generated(path)])


def test_a_name_with_a_backslash_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        layout([generated("pkg/a\\b.py")])
    assert caught.value.message == (
        "the name pkg/a\\b.py has a backslash in it, which separates folders on Windows (a generated file)"
    )


def test_a_name_that_is_not_utf8_is_refused_and_can_be_shown() -> None:
    with pytest.raises(ConfigError) as caught:
        layout([generated("a/\udcff.py")])
    assert caught.value.message == r"the name 'a/\udcff.py' is not UTF-8, so no archive can hold it (a generated file)"


@pytest.mark.parametrize("name", ["a\nb", "a\rb", "a\0b", "\x1b[2J", "a\x7f", "a\u2028b", "a\x85b"])
def test_a_name_with_a_line_end_or_a_control_character_is_refused_and_can_be_shown(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        layout([copied(f"pkg/{name}", "/src/x", why="include '*'")])
    assert caught.value.message == (
        f"the name {f'pkg/{name}'!r} has a control character or a line end in it ({Path('/src/x')} (include '*'))"
    )


@pytest.mark.parametrize("path", ["x.data", "a.data/x", "a.data/bogus/x", "app-1.0.data/data", "app-1.0.data/DATA/x"])
def test_a_file_of_a_data_folder_that_no_installer_knows_is_refused(path: str) -> None:
    top = path.partition("/")[0]
    with pytest.raises(ConfigError) as caught:
        check_installable([copied(path, "/src/x")], "app-1.0.dist-info")
    assert caught.value.message == (
        f"installers reject {path} in a wheel ({Path('/src/x')}): `{top}` is the name of a data folder"
    )


def test_a_file_of_the_metadata_of_another_distribution_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        check_installable([copied("other-2.dist-info/RECORD", "/src/x", why="include")], "app-1.0.dist-info")
    assert caught.value.message == (
        f"installers reject other-2.dist-info/RECORD in a wheel ({Path('/src/x')} (include)): "
        "the wheel's metadata is app-1.0.dist-info"
    )


def test_what_installers_take_is_taken() -> None:
    paths = [
        *(f"app-1.0.data/{scheme}/x" for scheme in ("data", "scripts", "headers", "purelib", "platlib")),
        "app-1.0.dist-info/extra",
        "pkg/a.data/bogus/x",
        "pkg/x.data",
        "pkg/other.dist-info/x",
        "x.database",
    ]
    check_installable(map(generated, paths), "app-1.0.dist-info")


PATHS = st.lists(st.sampled_from("abcdefghij"), min_size=1, max_size=4).map("/".join)


@given(st.lists(PATHS, unique=True, max_size=12), st.randoms(use_true_random=False))
def test_a_layout_does_not_depend_on_the_order_of_its_entries(paths: list[str], random: object) -> None:
    entries = [generated(path, path.encode()) for path in paths]
    shuffled = list(entries)
    random.shuffle(shuffled)  # type: ignore[attr-defined] # hypothesis gives a random.Random
    assert answer(entries) == answer(shuffled)


def answer(entries: list[Entry]) -> object:
    try:
        return layout(entries)
    except ConfigError:  # which of several conflicts is named may differ
        return None


@pytest.mark.parametrize("name", ["python3", "activate", "PIP.exe"])
def test_a_script_in_a_wheel_cannot_replace_a_program_of_the_environment(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_installable([copied(f"app-1.0.data/scripts/{name}", "/src/x", why="data folder")], "app-1.0.dist-info")
    assert caught.value.message == (
        f"{name!r} cannot be the name of a command: every environment has a program of its own with that name "
        f"({Path('/src/x')} (data folder))"
    )


@pytest.mark.parametrize("name", ["bin/python3", "Scripts/python.exe", "BIN/activate", "pyvenv.cfg", "python.exe"])
def test_no_file_of_a_wheel_replaces_one_of_the_environment(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_installable([copied(f"app-1.0.data/data/{name}", "/src/x")], "app-1.0.dist-info")
    assert caught.value.message == (
        f"app-1.0.data/data/{name} would replace a file in every environment that the wheel is installed into "
        f"({Path('/src/x')})"
    )
    check_installable([copied(f"app-1.0.data/data/share/{name}", "/src/x")], "app-1.0.dist-info")
