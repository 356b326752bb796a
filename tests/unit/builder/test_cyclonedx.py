from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

import pytest

from crate_graphs import BIN, CDYLIB, HOME, RLIB, app, crate, graph, target
from cratewheel.builder import cyclonedx as sbom
from cratewheel.cargo.model import CargoMetadata, CrateTarget

COMMIT = "7e82f022c41aa9fa6b099fd0a0f9462e92f809d4"
GIT = f"git+https://me:secret@example.org/gitdep?branch=main#{COMMIT}"
OTHER = "sparse+https://token@crates.example.org/index/"

WIDE = graph(
    app(CDYLIB, target("build-script-build", "custom-build"), authors=("Me <me@example.org>", "You")),
    crate("libc", "0.2.1", licence="MIT/Apache-2.0", description=" C\n  types ", homepage="https://example.org/libc"),
    crate("cc", "1.1.0", authors=("Alex <alex@example.org>", "Ben")),
    crate("shlex", "1.3.0"),
    crate("memchr", "2.0.0"),
    crate("gitdep", "0.3.0-beta.1", source=GIT, licence="odd words"),
    crate("private", "1.0.0+build.1", source=OTHER, licence=None),
    crate("helper", "0.2.0", source=None, folder=HOME / "helper", licence=None, license_file="LICENSE.txt"),
    edges={
        "app": (("libc", "normal"), ("cc", "build"), ("memchr", "dev"), ("helper", "normal"), ("gitdep", "normal")),
        "cc": (("shlex", "normal"), ("libc", "normal")),
        "helper": (("private", "normal"),),
    },
)


def written(metadata: CargoMetadata = WIDE, **how: Any) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(sbom.crates(metadata, tool_version="1.0", **how))
    return document


def component(name: str, **how: Any) -> dict[str, Any]:
    (found,) = [entry for entry in written(**how)["components"] if entry["name"] == name]
    return dict(found)


def test_the_crates_that_a_build_needs_are_in_it() -> None:
    assert [(entry["purl"], entry["scope"]) for entry in written()["components"]] == [
        ("pkg:cargo/cc@1.1.0", "excluded"),
        (f"pkg:cargo/gitdep@0.3.0-beta.1?vcs_url=git%2Bhttps://example.org/gitdep%40{COMMIT}", "required"),
        ("pkg:cargo/helper@0.2.0?download_url=file://helper", "required"),
        ("pkg:cargo/libc@0.2.1", "required"),
        ("pkg:cargo/private@1.0.0%2Bbuild.1?repository_url=https://crates.example.org/index/", "required"),
        ("pkg:cargo/shlex@1.3.0", "excluded"),
    ]


def test_the_graph_is_in_it_without_what_only_tests_need() -> None:
    root = "pkg:cargo/app@0.1.0?download_url=file://."
    helper = "pkg:cargo/helper@0.2.0?download_url=file://helper"
    git = written()["components"][1]["purl"]
    private = written()["components"][4]["purl"]

    assert written()["dependencies"] == [
        {"ref": root, "dependsOn": ["pkg:cargo/cc@1.1.0", git, helper, "pkg:cargo/libc@0.2.1"]},
        {"ref": "pkg:cargo/cc@1.1.0", "dependsOn": ["pkg:cargo/libc@0.2.1", "pkg:cargo/shlex@1.3.0"]},
        {"ref": git},
        {"ref": helper, "dependsOn": [private]},
        {"ref": "pkg:cargo/libc@0.2.1"},
        {"ref": private},
        {"ref": "pkg:cargo/shlex@1.3.0"},
    ]


def test_a_component_says_what_cargo_knows() -> None:
    assert component("libc", hashes={("libc", "0.2.1"): "ab" * 32}) == {
        "type": "library",
        "bom-ref": "pkg:cargo/libc@0.2.1",
        "name": "libc",
        "version": "0.2.1",
        "description": "C types",
        "scope": "required",
        "hashes": [{"alg": "SHA-256", "content": "ab" * 32}],
        "licenses": [{"expression": "MIT OR Apache-2.0"}],
        "purl": "pkg:cargo/libc@0.2.1",
        "externalReferences": [{"type": "website", "url": "https://example.org/libc"}],
    }


def test_no_path_of_the_machine_is_in_it() -> None:
    elsewhere = crate("elsewhere", source=None, folder=HOME.parent.parent / "home" / "me" / "secret" / "lib")
    sibling = crate("sibling", source=None, folder=HOME.parent / "folder")
    registry = crate("listed", source="registry+file:///home/me/secret/index/")
    sparse = crate("sparse", source="sparse+file:///home/me/secret/other")
    repository = crate("cloned", source=f"git+file:///home/me/secret/repo?rev=main#{COMMIT}")
    far = CrateTarget(name="app", kinds=("cdylib",), crate_types=("cdylib",), source=Path("/home/me/secret/x/lib.rs"))
    metadata = graph(app(far), elsewhere, sibling, registry, sparse, repository)
    document = written(metadata)
    assert sorted(entry["purl"] for entry in document["components"]) == [
        f"pkg:cargo/cloned@1.0.0?vcs_url=git%2Bfile:///repo%40{COMMIT}",
        "pkg:cargo/elsewhere@1.0.0?download_url=file://elsewhere",
        "pkg:cargo/listed@1.0.0?repository_url=file:///index",
        "pkg:cargo/sibling@1.0.0?download_url=file://sibling",
        "pkg:cargo/sparse@1.0.0?repository_url=file:///other",
    ]
    (target_of_app,) = document["metadata"]["component"]["components"]
    assert target_of_app["purl"] == "pkg:cargo/app@0.1.0?download_url=file://.#lib.rs"
    assert "secret" not in json.dumps(document)


def test_licences_of_every_kind() -> None:
    assert component("gitdep")["licenses"] == [{"license": {"name": "odd words"}}]
    assert component("helper")["licenses"] == [{"license": {"name": "see LICENSE.txt"}}]
    assert "licenses" not in component("private")


def test_a_licence_that_the_project_says_counts() -> None:
    said = {"private": "MIT", "gitdep": "ISC"}
    assert component("private", clarified=said)["licenses"] == [{"expression": "MIT"}]
    assert component("gitdep", clarified=said)["licenses"] == [{"expression": "ISC"}]


def test_authors_are_named() -> None:
    assert component("cc")["author"] == "Alex <alex@example.org>, Ben"
    assert written()["metadata"]["authors"] == [{"name": "Me", "email": "me@example.org"}, {"name": "You"}]


def test_the_wheel_s_own_crate_is_its_subject() -> None:
    purl = "pkg:cargo/app@0.1.0?download_url=file://."

    assert written()["metadata"]["component"] == {
        "type": "library",
        "bom-ref": purl,
        "author": "Me <me@example.org>, You",
        "name": "app",
        "version": "0.1.0",
        "scope": "required",
        "licenses": [{"expression": "MIT"}],
        "purl": purl,
        "components": [
            {
                "type": "library",
                "bom-ref": f"{purl}#cdylib:app",
                "name": "app",
                "version": "0.1.0",
                "purl": f"{purl}#src/lib.rs",
            }
        ],
    }


@pytest.mark.parametrize(
    ("metadata", "kind"),
    [
        pytest.param(graph(app(BIN)), "application", id="programs alone"),
        pytest.param(graph(app(RLIB, BIN)), "library", id="a library too"),
    ],
)
def test_a_crate_of_programs_is_an_application(metadata: CargoMetadata, kind: str) -> None:
    assert written(metadata)["metadata"]["component"]["type"] == kind


def test_the_platforms_are_told() -> None:
    assert written()["metadata"]["properties"] == [{"name": "cdx:rustc:sbom:target:all_targets", "value": "true"}]
    assert written(targets=("x86_64-unknown-linux-gnu",))["metadata"]["properties"] == [
        {"name": "cdx:rustc:sbom:target:triple", "value": "x86_64-unknown-linux-gnu"}
    ]


def test_the_time_is_told_only_when_it_was_given() -> None:
    assert "timestamp" not in written()["metadata"]
    assert written(timestamp=1_700_000_000)["metadata"]["timestamp"] == "2023-11-14T22:13:20Z"


def test_the_same_crates_give_the_same_bytes_wherever_they_lie() -> None:
    def at(home: Path) -> bytes:
        root = crate("app", source=None, folder=home / "app", targets=())
        helper = crate("helper", source=None, folder=home / "helper")
        return sbom.crates(replace(graph(root, helper), workspace_root=home), tool_version="1.0")

    assert at(Path("/work")) == at(Path("/somewhere/else"))
    assert b"/work" not in at(Path("/work"))


def test_the_serial_number_tells_two_contents_apart() -> None:
    numbers = {written()["serialNumber"], written()["serialNumber"], written(timestamp=1)["serialNumber"]}

    assert len(numbers) == 2


def test_secrets_of_an_address_stay_out() -> None:
    text = sbom.crates(WIDE, tool_version="1.0").decode()

    assert "secret" not in text
    assert "token" not in text


def test_checksums_come_from_the_lock_file() -> None:
    lock = {
        "version": 4,
        "package": [
            {"name": "app", "version": "0.1.0"},
            {"name": "libc", "version": "0.2.1", "source": "registry+…", "checksum": "ab" * 32},
        ],
    }

    assert sbom.checksums(lock, PurePath("Cargo.lock")) == {("libc", "0.2.1"): "ab" * 32}
    assert sbom.checksums({}, PurePath("Cargo.lock")) == {}


def test_a_path_dependency_does_not_take_the_hash_of_its_namesake() -> None:
    assert "hashes" not in component("helper", hashes={("helper", "0.2.0"): "ab" * 32})


def test_the_file_is_named_after_the_crate() -> None:
    assert sbom.file_name(WIDE) == "app.cyclonedx.json"


def test_it_is_valid_cyclonedx() -> None:
    pytest.importorskip("jsonschema", reason="cyclonedx-python-lib[json-validation] is not installed")
    validation = pytest.importorskip("cyclonedx.validation.json")
    from cyclonedx.schema import SchemaVersion

    text = sbom.crates(WIDE, tool_version="1.0", timestamp=0, hashes={("libc", "0.2.1"): "ab" * 32}).decode()
    assert validation.JsonStrictValidator(SchemaVersion.V1_5).validate_str(text) is None


GRAFTED = (
    ("libz-22222222.so.1", "2" * 64, None),
    ("libssl-11111111.so.3", "1" * 64, "pkg:deb/debian/libssl3@1%3A3.0.11-1~deb12u2?arch=amd64&distro=debian-12"),
)


def of_libraries(*libraries: tuple[str, str, str | None], timestamp: int | None = None) -> bytes:
    return sbom.grafted("Demo_Pkg", "1.0+local", libraries, tool_version="1.0", timestamp=timestamp)


def test_libraries_that_were_put_into_the_wheel_are_in_a_bill_of_their_own() -> None:
    document = json.loads(of_libraries(*GRAFTED))
    own = "pkg:pypi/demo-pkg@1.0%2Blocal"
    ssl, zlib = "file:libssl-11111111.so.3", "file:libz-22222222.so.1"
    assert document["components"] == [
        {
            "type": "library",
            "bom-ref": ssl,
            "name": "libssl-11111111.so.3",
            "hashes": [{"alg": "SHA-256", "content": "1" * 64}],
            "purl": "pkg:deb/debian/libssl3@1%3A3.0.11-1~deb12u2?arch=amd64&distro=debian-12",
            "version": "1:3.0.11-1~deb12u2",
        },
        {
            "type": "library",
            "bom-ref": zlib,
            "name": "libz-22222222.so.1",
            "hashes": [{"alg": "SHA-256", "content": "2" * 64}],
        },
    ]
    assert document["metadata"] == {
        "tools": {"components": [{"type": "application", "name": "cratewheel", "version": "1.0"}]},
        "component": {"type": "library", "bom-ref": own, "name": "Demo_Pkg", "version": "1.0+local", "purl": own},
    }
    assert document["dependencies"] == [{"ref": own, "dependsOn": [ssl, zlib]}, {"ref": ssl}, {"ref": zlib}]


def test_the_same_libraries_give_the_same_bytes_in_any_order() -> None:
    assert of_libraries(*GRAFTED) == of_libraries(*reversed(GRAFTED))
    assert json.loads(of_libraries(*GRAFTED, timestamp=0))["metadata"]["timestamp"] == "1970-01-01T00:00:00Z"


def test_the_bill_of_libraries_is_valid_cyclonedx() -> None:
    pytest.importorskip("jsonschema", reason="cyclonedx-python-lib[json-validation] is not installed")
    validation = pytest.importorskip("cyclonedx.validation.json")
    from cyclonedx.schema import SchemaVersion

    text = of_libraries(*GRAFTED, timestamp=0).decode()
    assert validation.JsonStrictValidator(SchemaVersion.V1_5).validate_str(text) is None
