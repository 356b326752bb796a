"""What is opened as a file of the project: nothing outside of it, whatever is exchanged meanwhile, and no pipe."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from cratewheel.errors import ConfigError
from cratewheel.system.files import FileOpener, Roots, is_file, project_roots, read_bytes, read_text, reading
from cratewheel.system.files.reading import open_and_compare

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege on Windows")

SECRET = b"not yours"
ROUNDS = 3000


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a file in a folder, beside a folder that is none of its business."""
    root = tmp_path / "project"
    for path, text in ((root / "docs" / "a.md", b"ours"), (tmp_path / "outside" / "a.md", SECRET)):
        path.parent.mkdir(parents=True)
        path.write_bytes(text)
    return root


def by_folder(path: str, roots: Roots) -> int:
    with FileOpener() as opener:
        return opener.open(path, roots)[0]


OPENERS: tuple[Callable[[str, Roots], int], ...] = (by_folder, open_and_compare)
each_way = pytest.mark.parametrize("way", OPENERS, ids=["by-folder", "by-comparing"])


def content(way: Callable[[str, Roots], int], path: Path, root: Path) -> bytes:
    with os.fdopen(way(str(path), project_roots(root)), "rb") as stream:
        return stream.read()


# -- links


@each_way
def test_links_within_the_project_are_followed(project: Path, way: Callable[[str, Roots], int]) -> None:
    (project / "b.md").symlink_to("docs/a.md")
    (project / "manual").symlink_to("docs")
    (project / "docs" / "c.md").symlink_to(project / "manual" / "a.md")
    for name in ("docs/a.md", "b.md", "manual/a.md", "manual/c.md", "docs/../docs/a.md"):
        assert content(way, project / name, project) == b"ours"
    (project.parent / "elsewhere").symlink_to(project)
    assert content(way, project.parent / "elsewhere" / "docs" / "a.md", project) == b"ours"
    assert content(way, project / "docs" / "a.md", project.parent / "elsewhere") == b"ours"


@each_way
@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("file.md", "{project}/file.md leads out of the project by a symbolic link, to {outside}/a.md"),
        ("folder/a.md", "{project}/folder/a.md leads out of the project by a symbolic link, to {outside}/a.md"),
        ("far/deep/a.md", "{project}/far/deep/a.md leads out of the project by a symbolic link, to {outside}/a.md"),
        ("../outside/a.md", "{project}/../outside/a.md lies outside of the project"),
        ("docs/../../outside/a.md", "{project}/docs/../../outside/a.md lies outside of the project"),
    ],
)
def test_what_lies_outside_is_refused(project: Path, way: Callable[[str, Roots], int], name: str, error: str) -> None:
    outside = project.parent / "outside"
    (outside / "deep").symlink_to(".")
    (project / "file.md").symlink_to(outside / "a.md")
    (project / "folder").symlink_to("../outside")
    (project / "far").symlink_to("folder")
    with pytest.raises(ConfigError) as caught:
        way(f"{project}/{name}", project_roots(project))
    assert caught.value.message == error.format(project=project, outside=outside)


@each_way
def test_a_link_in_a_circle_and_one_to_nothing_cannot_be_read(project: Path, way: Callable[[str, Roots], int]) -> None:
    (project / "circle").symlink_to("circle")
    (project / "nothing").symlink_to("gone")
    for name in ("circle", "nothing", "gone", "gone/a.md"):
        with pytest.raises((ConfigError, OSError)):
            way(str(project / name), project_roots(project))


def test_without_roots_a_file_may_be_anywhere(project: Path) -> None:
    (project / "a.md").symlink_to("../outside/a.md")
    assert read_bytes(project / "a.md") == SECRET


@each_way
@pytest.mark.parametrize("exchanged", ["docs/a.md", "docs"], ids=["file", "folder"])
def test_a_link_that_takes_a_place_after_the_look_is_not_followed(
    project: Path, way: Callable[[str, Roots], int], exchanged: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each time a path is resolved, which is the look, what it names becomes a link out of the project."""
    (project / "link.md").symlink_to("docs/a.md")  # a link is resolved before it is opened
    resolve = os.path.realpath
    place = project / exchanged

    def looked_at(path: str) -> str:
        real = resolve(path)
        if not place.is_symlink():
            place.rename(project / "moved")
            place.symlink_to(project.parent / "outside" / ("a.md" if exchanged.endswith(".md") else ""))
        return real

    roots = project_roots(project)
    monkeypatch.setattr(os.path, "realpath", looked_at)
    with pytest.raises(ConfigError) as caught:
        way(str(project / "link.md"), roots)
    assert place.is_symlink()
    assert "is a symbolic link that cannot be followed" in caught.value.message


def test_a_folder_that_is_exchanged_while_it_is_open_is_still_the_old_one(project: Path) -> None:
    (project / "docs" / "b.md").write_bytes(b"ours, too")
    (project.parent / "outside" / "b.md").write_bytes(SECRET)
    roots = project_roots(project)
    with FileOpener() as opener:
        os.close(opener.open(str(project / "docs" / "a.md"), roots)[0])
        (project / "docs").rename(project / "moved")
        (project / "docs").symlink_to("../outside")
        number, _ = opener.open(str(project / "docs" / "b.md"), roots)
        with os.fdopen(number, "rb") as stream:
            assert stream.read() == b"ours, too"


@contextmanager
def exchanging(place: Path, target: Path) -> Iterator[None]:
    """Put a link in the place of a file or folder, and the thing itself again, for as long as the block lasts."""
    kept, link, done = place.with_name("kept"), place.with_name("link"), threading.Event()

    def exchange() -> None:
        while not done.is_set():
            link.symlink_to(target)
            place.rename(kept)
            link.rename(place)
            place.unlink()
            kept.rename(place)

    thread = threading.Thread(target=exchange)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@pytest.mark.parametrize(
    ("way", "exchanged"),
    # Windows, which has the other way, renames no folder in which a file is open
    [(OPENERS[0], "docs/a.md"), (OPENERS[0], "docs"), (OPENERS[1], "docs/a.md")],
    ids=["file by folder", "folder by folder", "file by comparing"],
)
def test_however_often_it_is_tried_nothing_outside_is_read(
    project: Path, way: Callable[[str, Roots], int], exchanged: str
) -> None:
    outside = project.parent / "outside" / ("a.md" if exchanged.endswith(".md") else "")
    roots = project_roots(project)
    seen = set()
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with exchanging(project / exchanged, outside):
            for _ in range(ROUNDS):
                with (
                    suppress(ConfigError, FileNotFoundError),
                    os.fdopen(way(str(project / "docs" / "a.md"), roots), "rb") as stream,
                ):
                    seen.add(stream.read())
    finally:
        sys.setswitchinterval(before)
    assert seen <= {b"ours"}


# -- what is no regular file


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(path.parent)  # the name of a socket is short
        try:
            server.bind(path.name)
        finally:
            os.chdir(here)


def make_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize(
    ("make", "kind"),
    [(make_pipe, "a named pipe"), (make_socket, "a socket"), (make_device, "a device")],
    ids=["pipe", "socket", "device"],
)
def test_what_is_no_regular_file_is_refused_at_once(project: Path, make: Callable[[Path], None], kind: str) -> None:
    path = project / "odd"
    make(path)
    message = f"{path} is not a regular file, but {kind}"
    readers: tuple[Callable[[], object], ...] = (
        lambda: is_file(path),
        lambda: read_bytes(path),
        lambda: read_text(path, ("/",)),
    )
    for reader in readers:
        with pytest.raises(ConfigError) as caught:
            reader()
        assert caught.value.message == message


def test_a_folder_is_no_file(project: Path) -> None:
    assert (is_file(project), is_file(project / "docs" / "a.md"), is_file(project / "gone")) == (False, True, False)
    with pytest.raises(IsADirectoryError):
        read_bytes(project / "docs", project_roots(project))


def test_a_text_has_the_line_ends_of_python(project: Path) -> None:
    (project / "a").write_bytes("é\r\nb\rc\n".encode())
    assert read_text(project / "a", project_roots(project)) == "é\nb\nc\n"


def test_no_descriptor_is_left_open(project: Path) -> None:
    (project / "out.md").symlink_to("../outside/a.md")
    (project / "in.md").symlink_to("docs/a.md")
    os.mkfifo(project / "pipe")
    roots = project_roots(project)

    def opened() -> None:
        for name in ("docs/a.md", "in.md", "out.md", "pipe", "gone", "docs"):
            with suppress(ConfigError, OSError):
                read_bytes(project / name, roots)

    opened()
    lowest = os.dup(0)
    os.close(lowest)
    opened()
    again = os.dup(0)
    os.close(again)
    assert lowest == again


def test_a_file_in_many_folders_takes_few_descriptors(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = project / "/".join("abcdefgh") / "deep"
    deep.mkdir(parents=True)
    for folder in (deep, *deep.parents[:9]):
        (folder / "here").write_bytes(folder.name.encode())
    monkeypatch.setattr(reading, "MAX_OPEN", 4)
    roots = project_roots(project)
    with FileOpener() as opener:
        for folder in (deep, *deep.parents[:9], deep):
            number, size = opener.open(str(folder / "here"), roots)
            assert os.read(number, size) == folder.name.encode()
            os.close(number)
