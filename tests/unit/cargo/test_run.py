from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cargo_output import ROOT, artifact
from cratewheel.cargo import run as cargo_run
from cratewheel.cargo.run import Artifact, CompiledCrate, ScriptRun, read_messages
from cratewheel.errors import ProcessError
from system_paths import native

SSL = "registry+https://example.org/index#ssl-sys@1.0.0"


def script(libs: list[str], paths: list[str]) -> dict[str, Any]:
    return {
        "reason": "build-script-executed",
        "package_id": SSL,
        "linked_libs": libs,
        "linked_paths": paths,
        "cfgs": [],
        "out_dir": "/t/out",
    }


def test_the_dynamic_library_of_the_root_package_is_the_artifact() -> None:
    other = artifact(package_id="path+file:///q#other@0.1.0", filenames=["/t/libother.so"])
    mixed = artifact(
        target={"name": "demo", "kind": ["rlib", "cdylib"], "crate_types": ["rlib", "cdylib"]},
        filenames=["/t/d.rlib", "/t/libdemo.so"],
    )
    found = read_messages([other, mixed], package=ROOT, binary=None)
    assert found is not None
    assert found.path == Path("/t/libdemo.so")


def test_what_took_part_is_reported_with_its_features_and_flags() -> None:
    library = {"name": "ssl_sys", "kind": ["lib"], "crate_types": ["lib"]}
    build_script = {"name": "build-script-build", "kind": ["custom-build"], "crate_types": ["bin"]}
    messages = [
        artifact(package_id=SSL, target=build_script, features=["std"], filenames=["/t/build-script-build"]),
        {**script([], []), "cfgs": ["ssl3"]},
        artifact(package_id=SSL, target=library, features=["std", "vendored"], filenames=["/t/s.rlib", "/t/s.rmeta"]),
        artifact(),
    ]
    assert read_messages(messages, package=ROOT, binary=None) == Artifact(
        path=Path("/t/libdemo.so"),
        out_dirs={SSL: Path("/t/out")},
        libraries={"ssl_sys": Path("/t/s.rlib")},
        crates=(CompiledCrate(package=SSL, features=frozenset({"std", "vendored"}), path=Path("/t/s.rlib")),),
        script_runs=(ScriptRun(package=SSL, flags=frozenset({"ssl3"}), path=Path("/t/out")),),
    )


def test_import_library_and_debug_information_are_reported_beside_it() -> None:
    windows = artifact(filenames=["/t/demo.dll", "/t/demo.dll.lib", "/t/demo.pdb"])
    found = read_messages([windows], package=ROOT, binary=None)
    assert found is not None
    assert (found.path, found.import_library, found.debug_info) == (
        Path("/t/demo.dll"),
        Path("/t/demo.dll.lib"),
        Path("/t/demo.pdb"),
    )


def test_a_static_library_alone_is_nothing_for_python() -> None:
    assert (
        read_messages(
            [artifact(target={"name": "demo", "crate_types": ["staticlib"]}, filenames=["/t/libdemo.a"])],
            package=ROOT,
            binary=None,
        )
        is None
    )


def test_a_program_is_found_by_its_name() -> None:
    messages = [
        artifact(target={"name": name, "crate_types": ["bin"]}, executable=f"/t/{name}", filenames=[f"/t/{name}"])
        for name in ("one", "two")
    ]
    found = read_messages(messages, package=ROOT, binary="two")
    assert found is not None
    assert found.path == Path("/t/two")


@pytest.mark.parametrize(
    ("libs", "paths", "expected"),
    [
        (["ssl"], ["native=/usr/lib"], (Path("/usr/lib"),)),
        (["dylib=ssl"], ["/usr/lib"], (Path("/usr/lib"),)),
        (["dylib:+verbatim=ssl"], ["all=/a", "framework=/b", "native=/a"], (Path("/a"),)),
        (["dylib=ssl"], ["all=/a", "native=/b", "crate=/c", "dependency=/d"], (Path("/a"), Path("/b"))),
        (["static=ssl"], ["native=/usr/lib"], ()),
        (["static:+whole-archive=ssl"], ["native=/usr/lib"], ()),
    ],
    ids=["plain", "dylib", "modifiers", "kinds of folders", "static", "static with modifiers"],
)
def test_search_paths_count_when_a_build_script_links_a_dynamic_library(
    libs: list[str], paths: list[str], expected: tuple[Path, ...]
) -> None:
    found = read_messages([script(libs, paths), artifact()], package=ROOT, binary=None)
    assert found is not None
    assert (found.link_paths, found.out_dirs) == (expected, {SSL: Path("/t/out")})


@pytest.mark.parametrize(
    ("line", "expected"),
    [('{"reason": "x"}', {"reason": "x"}), ("{ not json", None), ("[1]", None), ("", None), ('"text"', None)],
)
def test_a_line_is_a_message_if_it_is_a_json_object(line: str, expected: dict[str, str] | None) -> None:
    assert cargo_run._message(line) == expected


def test_paths_in_a_container_are_those_of_this_machine() -> None:
    mounts = cargo_run.container_mounts(Path("/home/me/target"), Path("/home/me/code"))
    message = {
        "reason": "compiler-artifact",
        "filenames": ["/target/debug/liba.so", "/targets/b"],
        "executable": "/target/debug/a",
        "out_dir": "/target/debug/build/a-1/out",
        "linked_paths": ["native=/target/b", "/usr", "framework=/target"],
        "manifest_path": "/project/a/Cargo.toml",
        "package_id": "path+file:///project/a#1.0.0",
        "linked_libs": ["/target/x"],
    }
    assert cargo_run.outside_container(message, mounts) == {
        **message,
        "filenames": [native("/home/me/target/debug/liba.so"), "/targets/b"],
        "executable": native("/home/me/target/debug/a"),
        "out_dir": native("/home/me/target/debug/build/a-1/out"),
        "linked_paths": [native("native=/home/me/target/b"), "/usr", native("framework=/home/me/target")],
        "manifest_path": native("/home/me/code/a/Cargo.toml"),
        "package_id": "path+file:///home/me/code/a#1.0.0",
    }
    for there, here in (
        ("path+file:///project#a@1.0.0", "path+file:///home/me/code#a@1.0.0"),
        ("a 1.0.0 (path+file:///project)", "a 1.0.0 (path+file:///home/me/code)"),
        ("path+file:///projects#a@1.0.0", "path+file:///projects#a@1.0.0"),
        ("registry+https://x/index#a@1.0.0", "registry+https://x/index#a@1.0.0"),
    ):
        assert cargo_run.outside_container({"package_id": there}, mounts) == {"package_id": here}
    assert cargo_run.container_mounts(Path("/t"), Path("/project")) == {"/target": Path("/t")}
    assert cargo_run.outside_container({"executable": None, "filenames": []}, mounts) == {
        "executable": None, "filenames": []
    }  # fmt: skip


def test_what_cargo_did_not_build_is_named() -> None:
    program, library = cargo_run._no_artifact_error("tool"), cargo_run._no_artifact_error(None)
    assert (program.message, program.hint) == ("cargo built no program named tool", None)
    assert library.message == "cargo built no dynamic library that Python could load"
    assert library.hint == 'add `crate-type = ["cdylib"]` to [lib] in Cargo.toml'


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"fresh": None}, "fresh"),
        ({"package_id": 7}, "package_id"),
        ({"filenames": "a"}, "filenames"),
        ({"features": [1]}, "features"),
        ({"target": None}, "target.name"),
        ({"target": {"name": "demo", "kind": ["cdylib"]}}, "target.crate_types"),
        ({"reason": "build-script-executed"}, "linked_libs"),
    ],
)
def test_a_message_that_lacks_what_is_read_of_it_is_an_error_that_says_what(
    change: dict[str, object], field: str
) -> None:
    message = artifact(**change)
    with pytest.raises(ProcessError) as caught:
        cargo_run._message(json.dumps(message))
    assert caught.value.message == (
        f"cargo printed a message `{message['reason']}` that cannot be read: {field} is missing or has another type"
    )


def test_fields_and_messages_of_a_newer_cargo_have_no_effect() -> None:
    newer = artifact(timings=[1], target={**artifact()["target"], "new": {}})
    assert cargo_run._message(json.dumps(newer)) == newer
    assert cargo_run._message('{"reason": "of-2030", "x": []}') == {"reason": "of-2030", "x": []}
