from __future__ import annotations

from pathlib import Path

import pytest

from crate_graphs import CDYLIB, HOME, app, crate, graph, target
from cratewheel.archive.layout import FromFile, Generated
from cratewheel.bindings.uniffi import (
    Bindgen,
    Settings,
    entries,
    find_bindgen,
    generate_command,
    generate_matching,
    read_settings,
)
from cratewheel.cargo.model import CrateTarget
from cratewheel.errors import ConfigError
from cratewheel.system import toml
from cratewheel.system.command import Command
from places import MIXED, PURE

CWD = Path("/home/me")
LIBRARY = Path("/target/release/libdemo.so")
OUT = Path("/target/uniffi")
GENERATE = ("generate", "--no-format", "--language", "python", "--out-dir", str(OUT))
BINDGEN = target("uniffi-bindgen", "bin", source="uniffi-bindgen.rs")
MODULES = (OUT / "demo.py", OUT / "base.py")


def test_the_crate_s_own_bindgen_is_compiled() -> None:
    assert find_bindgen(graph(app(CDYLIB, BINDGEN)), cwd=CWD) == Bindgen(
        build=Command(
            argv=(
                *("cargo", "build", "--bin", "uniffi-bindgen", "--manifest-path", str(HOME / "Cargo.toml")),
                *("--message-format", "json-render-diagnostics"),
            ),
            cwd=CWD,
        ),
        package=graph(app()).root_package.id,
        home=HOME,
    )


def test_it_gets_the_features_it_needs_and_cargo_s_arguments() -> None:
    bindgen = CrateTarget(
        name="uniffi-bindgen",
        kinds=("bin",),
        crate_types=("bin",),
        source=HOME / "bindgen.rs",
        required_features=("cli", "more"),
    )
    found = find_bindgen(graph(app(CDYLIB, bindgen)), cwd=CWD, arguments=("--offline",), cargo="/bin/cargo")

    assert found is not None
    assert found.build.argv == (
        *("/bin/cargo", "build", "--bin", "uniffi-bindgen", "--manifest-path", str(HOME / "Cargo.toml")),
        *("--message-format", "json-render-diagnostics", "--features", "cli,more", "--offline"),
    )


def test_another_package_of_the_workspace_may_have_it() -> None:
    tools = crate("tools", source=None, folder=HOME / "tools", targets=(BINDGEN,))
    found = find_bindgen(graph(app(), siblings=(tools,)), cwd=CWD)

    assert found is not None
    assert found.build.argv[:6] == (
        *("cargo", "build", "--bin", "uniffi-bindgen", "--manifest-path", str(HOME / "tools" / "Cargo.toml")),
    )
    assert (found.package, found.home) == (tools.id, HOME)


def test_not_every_project_has_one() -> None:
    assert find_bindgen(graph(app()), cwd=CWD) is None


def test_it_writes_modules_for_the_library_by_the_project_s_settings() -> None:
    settings = Settings(path=HOME / "uniffi.toml")

    assert generate_command("uniffi-bindgen", settings, library=LIBRARY, out_dir=OUT, home=HOME) == Command(
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
    settings = Settings(external={"base": "another"})
    found = entries(
        PURE, LIBRARY, modules=MODULES, settings=settings, target_os="linux", stub=FromFile(path="/work/demo.pyi")
    )

    assert [entry.path for entry in found] == [
        "demo/__init__.py",
        "demo/demo.py",
        "demo/libdemo.so",
        "demo/__init__.pyi",
        "demo/py.typed",
    ]


@pytest.mark.parametrize("package", ["pkg.inner._native", "pkg.inner._native.base"])
def test_a_module_that_is_said_to_be_in_this_package_is_no_other_distribution_s(package: str) -> None:
    found = entries(MIXED, LIBRARY, modules=MODULES, settings=Settings(external={"base": package}), target_os="linux")

    assert [entry.path for entry in found][1:3] == ["pkg/inner/_native/base.py", "pkg/inner/_native/demo.py"]


class Bindgen028:
    """Writes modules as uniffi-bindgen does: each loads what its crate's settings name, those of `--config` first."""

    def __init__(self, out: Path, named: dict[str, str], *, heeds: bool = True) -> None:
        self.out, self.named, self.heeds = out, named, heeds
        self.configs: list[str | None] = []

    def __call__(self, settings: Settings) -> tuple[Path, ...]:
        text = None if settings.path is None else settings.path.read_text(encoding="utf-8")
        self.configs.append(text)
        config = {} if text is None or not self.heeds else toml.parse(text)
        over = config.get("bindings", {}).get("python", {}).get("cdylib_name")
        for module in ("base", "demo"):
            name = over or self.named.get(module, "demo")
            (self.out / f"{module}.py").write_text(f'    libname = libname.format("{name}")\n', encoding="utf-8")
        return (self.out / "base.py", self.out / "demo.py")


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        (None, '\n[bindings.python]\ncdylib_name = "demo"\n'),
        (
            "[bindings.python] # ours\nx = 1\n[bindings.kotlin]\n",
            '[bindings.python] # ours\ncdylib_name = "demo"\nx = 1\n[bindings.kotlin]\n',
        ),
        (
            "[bindings.python.custom_types.Url]\nx = 1\n",
            '[bindings.python.custom_types.Url]\nx = 1\n\n[bindings.python]\ncdylib_name = "demo"\n',
        ),
    ],
    ids=["no settings", "settings", "settings below the table"],
)
def test_modules_of_other_crates_load_the_library_of_the_wheel(text: str | None, changed: str, tmp_path: Path) -> None:
    path = None if text is None else tmp_path / "uniffi.toml"
    if path is not None and text is not None:
        path.write_text(text, encoding="utf-8")
    run = Bindgen028(tmp_path, {"base": "base"})
    found = generate_matching(run, Settings(path=path), PURE, LIBRARY, tmp_path / "ours.toml")

    assert run.configs == [text, changed]
    assert [file.read_text(encoding="utf-8") for file in found] == ['    libname = libname.format("demo")\n'] * 2


def test_modules_that_load_the_library_are_generated_once(tmp_path: Path) -> None:
    run = Bindgen028(tmp_path, {"base": "elsewhere"})
    generate_matching(run, Settings(external={"base": "other"}), PURE, LIBRARY, tmp_path / "ours.toml")

    assert run.configs == [None]


def test_a_module_that_loads_what_the_wheel_lacks_is_an_error(tmp_path: Path) -> None:
    run = Bindgen028(tmp_path, {"base": "base"}, heeds=False)

    with pytest.raises(ConfigError) as caught:
        generate_matching(run, Settings(), PURE, LIBRARY, tmp_path / "ours.toml")

    assert caught.value.message == (
        "the module base, made by uniffi-bindgen, loads a library base, and the wheel has only demo"
    )
    assert caught.value.hint == (
        'write `cdylib_name = "demo"` below [bindings.python] in uniffi.toml, which counts for all crates'
    )


def test_the_library_has_the_name_that_the_modules_look_for() -> None:
    settings = Settings(library="renamed")
    found = entries(MIXED, LIBRARY, modules=MODULES[:1], settings=settings, target_os="macos")

    assert [entry.path for entry in found] == [
        "pkg/inner/_native/__init__.py",
        "pkg/inner/_native/demo.py",
        "pkg/inner/_native/librenamed.dylib",
    ]


def test_settings_are_read(tmp_path: Path) -> None:
    assert read_settings(tmp_path, (str(tmp_path),)) == Settings()
    path = tmp_path / "uniffi.toml"
    path.write_text(
        "[bindings.kotlin]\ncdylib_name = 'k'\n"
        "[bindings.python]\ncdylib_name = 'renamed'\n"
        "[bindings.python.external_packages]\nbase = 'base_package'\nart = ''\n",
        encoding="utf-8",
    )

    assert read_settings(tmp_path, (str(tmp_path),)) == Settings(
        path=path, library="renamed", external={"art": "", "base": "base_package"}
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bindings = 1", "bindings in {path} must be a table, found 1"),
        ("[bindings]\npython = []", "python in {path} must be a table, found an empty array"),
        ("[bindings.python]\ncdylib_name = 1", "bindings.python.cdylib_name in {path} must be a string, found 1"),
        (
            "[bindings.python]\nexternal_packages = ['a']",
            "external_packages in {path} must be a table, found an array",
        ),
    ],
)
def test_settings_of_a_wrong_type_are_refused(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "uniffi.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigError) as caught:
        read_settings(tmp_path, (str(tmp_path),))

    assert caught.value.message == message.format(path=path)
