"""Which library is taken, what is copied under which name, and which run-time paths stay."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from cratewheel.audit.model import Binary
from cratewheel.repair.choose import Copy, Loaded, incompatibility, plan_copies, run_paths, subject_changes
from cratewheel.repair.closure import Closure, Library
from cratewheel.repair.model import hashed_name
from cratewheel.targets.triples import parse

ONE, TWO = "1" * 64, "2" * 64
GLIBC, MUSL = parse("x86_64-unknown-linux-gnu"), parse("x86_64-unknown-linux-musl")


def file(
    *needed: str, arch: str = "x86_64", bits: int = 64, rpath: tuple[str, ...] = (), runpath: tuple[str, ...] = ()
) -> Binary:
    return Binary(format="elf", arch=arch, bits=bits, little_endian=True, needed=needed, rpath=rpath, runpath=runpath)


def loaded(path: str, binary: Binary, by: Loaded | None = None) -> Loaded:
    return Loaded(path=Path(path), folders=(Path(path).parent,), binary=binary, by=by)


def library(path: str, sha256: str, *needs: str) -> Library:
    return Library(path=Path(path), sha256=sha256, binary=file(*needs), needs=needs)


def closure(module: dict[str, Library], **links: dict[str, Library]) -> Closure:
    """Return what a module needs, and each library, by the start of its file name."""
    libraries = {one.path: one for needed in (module, *links.values()) for one in needed.values()}
    return Closure(
        libraries=tuple(libraries.values()),
        links={
            Path("/m/module.so"): module,
            **{path: links.get(path.name.partition(".")[0], {}) for path in libraries},
        },
    )


MODULE = loaded("/m/module.so", file(rpath=("/module", "$ORIGIN/../lib")))
MIDDLE = loaded("/l/libmiddle.so", file(rpath=("${ORIGIN}/plugins",)), by=MODULE)


@pytest.mark.parametrize(
    ("binary", "expected"),
    [
        (file(), ["/l/plugins", "/module", "/lib"]),
        (file(rpath=("/own",)), ["/own", "/l/plugins", "/module", "/lib"]),
        (file(rpath=("/own",), runpath=("/newer",)), ["/newer"]),
        (file(rpath=("", "relative", "$LIB/x", "/usr/$PLATFORM")), ["/l/plugins", "/module", "/lib"]),
    ],
    ids=["inherited", "own-first", "runpath-alone", "no-folder"],
)
def test_run_time_paths_are_those_of_a_file_and_of_who_loaded_it(binary: Binary, expected: list[str]) -> None:
    assert [path.as_posix() for path in run_paths(loaded("/x/libneeder.so", binary, by=MIDDLE))] == expected


def test_the_run_time_path_of_a_file_that_has_the_newer_kind_is_not_inherited() -> None:
    newer = loaded("/l/libnewer.so", file(rpath=("/old",), runpath=("/new",)), by=MODULE)
    assert run_paths(loaded("/x/libneeder.so", file(), by=newer)) == (Path("/module"), Path("/lib"))


def test_the_origin_of_a_file_behind_a_link_is_both_folders() -> None:
    linked = Loaded(
        path=Path("/real/liba.so"), folders=(Path("/links"), Path("/real")), binary=file(runpath=("$ORIGIN",))
    )
    assert run_paths(linked) == (Path("/links"), Path("/real"))


@pytest.mark.parametrize(
    ("found", "triple", "reason"),
    [
        (file("libc.so.6"), GLIBC, None),
        (file("libc.so.6"), MUSL, "is for glibc"),
        (file("libc.so"), MUSL, None),
        (file("libc.so"), GLIBC, "is for musl"),
        (file("libc.musl-x86_64.so.1"), GLIBC, "is for musl"),
        (file(), MUSL, None),
        (file(arch="x86", bits=32), GLIBC, "is for x86 with 32 bits"),
        (file(bits=32), GLIBC, "is for x86_64 with 32 bits"),
    ],
    ids=["same", "glibc-for-musl", "musl", "musl-for-glibc", "alpine-for-glibc", "without-libc", "x86", "x32"],
)
def test_only_a_library_for_the_same_machine_and_c_library_fits(found: Binary, triple: object, reason: str) -> None:
    assert isinstance(triple, type(GLIBC))
    assert incompatibility(found, file(), triple) == reason


def test_libraries_are_told_their_new_names() -> None:
    outer, inner = library("/l/libouter.so.2.0", ONE, "libinner.so.1", "libcuda.so.1"), library("/l/libinner.so.1", TWO)
    made, names = plan_copies(closure({"libouter.so.2": outer}, libouter={"libinner.so.1": inner}))
    assert names == {
        Path("/m/module.so"): {"libouter.so.2": "libouter-11111111.so.2.0"},
        Path("/l/libouter.so.2.0"): {"libinner.so.1": "libinner-22222222.so.1"},
        Path("/l/libinner.so.1"): {},
    }
    assert made == (
        Copy(
            name="libinner-22222222.so.1",
            library=inner,
            changes=(("--set-soname", "libinner-22222222.so.1"), ("--remove-rpath",)),
        ),
        Copy(
            name="libouter-11111111.so.2.0",
            library=outer,
            changes=(
                ("--set-soname", "libouter-11111111.so.2.0"),
                ("--replace-needed", "libinner.so.1", "libinner-22222222.so.1"),
                ("--force-rpath", "--set-rpath", "$ORIGIN"),
            ),
        ),
    )


def test_the_same_content_is_copied_once_under_the_first_name() -> None:
    first, second = library("/x/liba.so.1", ONE), library("/y/liba.so", ONE)
    made, names = plan_copies(closure({"liba.so.1": first, "liba.so": second}))
    assert names[Path("/m/module.so")] == {"liba.so.1": "liba-11111111.so.1", "liba.so": "liba-11111111.so.1"}
    assert [copy.library for copy in made] == [first]


def test_two_libraries_of_one_name_are_kept_apart() -> None:
    first, second = library("/a/liba.so", ONE), library("/b/liba.so", TWO)
    assert [copy.name for copy in plan_copies(closure({"a/liba.so": first, "b/liba.so": second}))[0]] == [
        "liba-11111111.so",
        "liba-22222222.so",
    ]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("libssl.so.3", "libssl-11111111.so.3"),
        ("libz-11111111.so.1.2", "libz-11111111.so.1.2"),
        ("libz-22222222.so.1.2", "libz-22222222-11111111.so.1.2"),
        ("plugin", "plugin-11111111"),
    ],
)
def test_names_carry_the_start_of_the_digest_once(name: str, expected: str) -> None:
    assert hashed_name(name, ONE) == expected


NAMES = {"liba.so.1": "liba-1.so.1"}


@pytest.mark.parametrize(
    ("needs", "own", "path"),
    [
        (("liba.so.1",), (), "$ORIGIN/../demo.libs"),
        (("liba.so.1",), ("$ORIGIN", "${ORIGIN}/../other"), "$ORIGIN:${ORIGIN}/../other:$ORIGIN/../demo.libs"),
        (("liba.so.1",), ("/home/me/lib", "$ORIGIN/../../outside", "$ORIGINAL", ""), "$ORIGIN/../demo.libs"),
        (("liba.so.1",), ("$ORIGIN/../demo.libs",), "$ORIGIN/../demo.libs"),
        (("liba.so.1", "libcuda.so.1"), ("/opt/cuda/lib", "$ORIGIN"), "/opt/cuda/lib:$ORIGIN:$ORIGIN/../demo.libs"),
    ],
    ids=["none", "in-the-wheel", "of-the-machine", "already", "something-stays-outside"],
)
def test_run_time_paths_that_stay(needs: tuple[str, ...], own: tuple[str, ...], path: str) -> None:
    assert subject_changes(needs, own, NAMES, folder=PurePosixPath("pkg"), libs="demo.libs") == (
        ("--replace-needed", "liba.so.1", "liba-1.so.1"),
        ("--force-rpath", "--set-rpath", path),
    )


def test_a_file_that_gets_no_library_is_not_changed() -> None:
    assert subject_changes(("libcuda.so.1",), ("/x",), {}, folder=PurePosixPath("pkg"), libs="demo.libs") == ()
