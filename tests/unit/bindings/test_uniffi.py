from __future__ import annotations

from pathlib import Path

import pytest

from crate_graphs import CDYLIB, HOME, app, crate, graph, target
from cratewheel.bindings.uniffi import Settings, bindgen_command, entries, read_settings
from cratewheel.cargo.model import CrateTarget
from cratewheel.dist.layout import FromFile, Generated
from cratewheel.errors import ConfigError
from cratewheel.process import Command
from places import MIXED, PURE

LIBRARY = Path("/target/release/libdemo.so")
OUT = Path("/target/uniffi")
GENERATE = ("generate", "--no-format", "--language", "python", "--out-dir", str(OUT))
BINDGEN = target("uniffi-bindgen", "bin", source="uniffi-bindgen.rs")
MODULES = (OUT / "demo.py", OUT / "base.py")


def test_the_crate_s_own_bindgen_is_run() -> None:
    command = bindgen_command(graph(app(CDYLIB, BINDGEN)), Settings(), library=LIBRARY, out_dir=OUT)

    assert command == Command(
        argv=(
            *("cargo", "run", "--bin", "uniffi-bindgen", "--manifest-path", str(HOME / "Cargo.toml"), "--"),
            *(*GENERATE, "--library", str(LIBRARY)),
        ),
        env=(("CARGO_BUILD_TARGET", None),),
        cwd=HOME,
    )


def test_it_gets_the_features_it_needs_and_cargo_s_arguments() -> None:
    bindgen = CrateTarget(
        name="uniffi-bindgen",
        kinds=("bin",),
        crate_types=("bin",),
        source=HOME / "bindgen.rs",
        required_features=("cli", "more"),
    )
    command = bindgen_command(
        graph(app(CDYLIB, bindgen)),
        Settings(),
        library=LIBRARY,
        out_dir=OUT,
        arguments=("--offline",),
        cargo="/bin/cargo",
    )

    assert command.argv[:10] == (
        *("/bin/cargo", "run", "--bin", "uniffi-bindgen", "--manifest-path", str(HOME / "Cargo.toml")),
        *("--features", "cli,more", "--offline", "--"),
    )


def test_another_package_of_the_workspace_may_have_it() -> None:
    tools = crate("tools", source=None, folder=HOME / "tools", targets=(BINDGEN,))
    command = bindgen_command(graph(app(), siblings=(tools,)), Settings(), library=LIBRARY, out_dir=OUT)

    assert command.argv[:6] == (
        *("cargo", "run", "--bin", "uniffi-bindgen", "--manifest-path", str(HOME / "tools" / "Cargo.toml")),
    )
    assert command.cwd == HOME


def test_else_the_program_is_run() -> None:
    settings = Settings(path=HOME / "uniffi.toml")

    assert bindgen_command(graph(app()), settings, library=LIBRARY, out_dir=OUT) == Command(
        argv=("uniffi-bindgen", *GENERATE, "--config", str(HOME / "uniffi.toml"), "--library", str(LIBRARY)), cwd=HOME
    )


def test_a_pure_project_is_the_package_of_the_modules() -> None:
    found = entries(PURE, LIBRARY, modules=MODULES, settings=Settings(), target_os="linux")

    assert [(entry.path, entry.source) for entry in found] == [
        (
            "demo/__init__.py",
            Generated(data=b"from .base import *  # noqa: F403\nfrom .demo import *  # noqa: F403\n"),
        ),
        ("demo/base.py", FromFile(path=str(OUT / "base.py"))),
        ("demo/demo.py", FromFile(path=str(OUT / "demo.py"))),
        ("demo/libdemo.so", FromFile(path=str(LIBRARY), executable=True)),
    ]


def test_modules_of_other_distributions_stay_out() -> None:
    settings = Settings(external=("base",))
    found = entries(PURE, LIBRARY, modules=MODULES, settings=settings, target_os="linux", stub=Path("/work/demo.pyi"))

    assert [entry.path for entry in found] == [
        "demo/__init__.py",
        "demo/demo.py",
        "demo/libdemo.so",
        "demo/__init__.pyi",
        "demo/py.typed",
    ]


def test_the_library_has_the_name_that_the_modules_look_for() -> None:
    settings = Settings(library="renamed")
    found = entries(MIXED, LIBRARY, modules=MODULES[:1], settings=settings, target_os="macos")

    assert [entry.path for entry in found] == [
        "pkg/inner/_native/__init__.py",
        "pkg/inner/_native/demo.py",
        "pkg/inner/_native/librenamed.dylib",
    ]


def test_settings_are_read(tmp_path: Path) -> None:
    assert read_settings(tmp_path) == Settings()
    path = tmp_path / "uniffi.toml"
    path.write_text(
        "[bindings.kotlin]\ncdylib_name = 'k'\n"
        "[bindings.python]\ncdylib_name = 'renamed'\n"
        "[bindings.python.external_packages]\nbase = 'base_package'\nart = ''\n",
        encoding="utf-8",
    )

    assert read_settings(tmp_path) == Settings(path=path, library="renamed", external=("art", "base"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bindings = 1", "bindings in {path} must be a table, found 1"),
        ("[bindings]\npython = []", "python in {path} must be a table, found []"),
        ("[bindings.python]\ncdylib_name = 1", "bindings.python.cdylib_name in {path} must be a string, found 1"),
        (
            "[bindings.python]\nexternal_packages = ['a']",
            "external_packages in {path} must be a table, found ['a']",
        ),
    ],
)
def test_settings_of_a_wrong_type_are_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "uniffi.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        read_settings(tmp_path)

    assert caught.value.message == message.format(path=path)
