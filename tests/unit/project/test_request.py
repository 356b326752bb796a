"""What becomes of flags, variables and keys of one request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cratewheel.errors import UsageError
from cratewheel.events import CallbackReporter, Event, WarningEvent
from cratewheel.options.model import Options
from cratewheel.options.values import Origin
from cratewheel.project.request import Request, read_project, resolve_options

PYPROJECT = '[build-system]\nrequires = ["cratewheel"]\n[project]\nname = "p"\n'


def resolved(
    root: Path, flags: dict[str, Any] | None = None, *, keys: str = "", config: str = "", **request: Any
) -> tuple[Options, list[str]]:
    """Return the options for a project in `root`, and the warnings; the command runs in a folder beside it."""
    texts = {
        "p/pyproject.toml": f"{PYPROJECT}[tool.maturin]\n{keys}",
        "p/Cargo.toml": '[package]\nname = "p"\nversion = "1.0.0"\n',
        "cwd/.cargo/config.toml": config,
    }
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    environ = {"CARGO_HOME": str(root / "cargo"), **request.pop("environ", {})}
    events: list[Event] = []
    made = Request(flags=flags or {}, environ=environ, cwd=root / "cwd", folder=root / "p", **request)
    options = resolve_options(made, read_project(made), CallbackReporter(on_event=events.append))
    return options, [event.text for event in events if isinstance(event, WarningEvent)]


def test_folders_are_seen_from_where_the_command_runs(tmp_path: Path) -> None:
    options, warnings = resolved(tmp_path, {"out": "dist", "target_dir": str(tmp_path / "t")})
    assert (options.out, options.target_dir, warnings) == (tmp_path / "cwd" / "dist", tmp_path / "t", [])
    options, _ = resolved(tmp_path)
    assert (options.out, options.target_dir, options.editable) == (None, None, False)


def test_overrides_beat_flags_and_defaults_beat_nothing(tmp_path: Path) -> None:
    options, _ = resolved(
        tmp_path, {"profile": "a"}, defaults={"profile": "b", "release": True}, overrides={"strip": True}, editable=True
    )
    assert (options.profile, options.release, options.strip, options.editable) == ("a", True, True, True)


def test_a_configuration_file_of_a_key_is_seen_from_the_project(tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    (tmp_path / "p" / "own.toml").touch()
    options, _ = resolved(tmp_path, keys='config = ["own.toml", "build.jobs=1"]\n')
    assert options.config == (str(tmp_path / "p" / "own.toml"), "build.jobs=1")
    options, _ = resolved(tmp_path, {"config": ["own.toml"]}, keys='config = ["x"]\n')
    assert options.config == ("own.toml",)


@pytest.mark.parametrize(
    ("flags", "environ", "target", "kind"),
    [
        ({}, {}, ("wasm32-wasip1",), "cargo"),
        ({}, {"CARGO_BUILD_TARGET": "a-b-linux"}, ("a-b-linux",), "variable"),
        ({"target": ["c-d-linux"]}, {"CARGO_BUILD_TARGET": "a-b-linux"}, ("c-d-linux",), "flag"),
    ],
)
def test_a_target_of_cargos_configuration_counts_unless_another_is_named(
    tmp_path: Path, flags: dict[str, Any], environ: dict[str, str], target: tuple[str, ...], kind: str
) -> None:
    options, _ = resolved(tmp_path, flags, config='[build]\ntarget = "wasm32-wasip1"\n', environ=environ)
    assert (options.target, options.origins["target"].kind) == (target, kind)
    if kind == "cargo":
        file = tmp_path / "cwd" / ".cargo" / "config.toml"
        name = f"build.target of cargo's configuration, in {file}"
        assert options.origins["target"] == Origin(kind="cargo", name=name)


@pytest.mark.parametrize(
    ("flags", "keys"),
    [
        ({"cargo_extra_args": ["-j 2 --target a-b-linux --locked"]}, ""),
        ({}, 'cargo-extra-args = "-j 2 --locked --target=a-b-linux"\n'),
    ],
    ids=["flag", "key"],
)
def test_options_of_ours_among_the_extra_arguments_of_cargo_are_taken(
    tmp_path: Path, flags: dict[str, Any], keys: str
) -> None:
    environ = {"CARGO_BUILD_TARGET": "c-d-linux"}
    config = '[build]\ntarget = "wasm32-wasip1"\n'
    options, _ = resolved(tmp_path, flags, keys=keys, config=config, environ=environ)
    assert (options.target, options.locked, options.cargo_extra_args) == (("a-b-linux",), True, ("-j", "2"))


def test_two_answers_to_what_the_target_is_are_refused(tmp_path: Path) -> None:
    both = {"target": ["a-b-linux"], "cargo_extra_args": ["--target wasm32-wasip1"]}
    with pytest.raises(UsageError, match="other targets than --target in the extra cargo arguments: wasm32-wasip1"):
        resolved(tmp_path, both)


def test_keys_that_mean_nothing_are_told(tmp_path: Path) -> None:
    _, warnings = resolved(tmp_path, keys="zzz = 1\n")
    assert warnings == [f"tool.maturin.zzz in {tmp_path / 'p' / 'pyproject.toml'} is not a setting and has no effect"]


@pytest.mark.parametrize(
    ("flags", "keys", "expected"),
    [
        ({"no_abi3": True}, {"only-abi3": True}, (False, True)),
        ({"only_abi3": True}, {"no-abi3": True}, (True, False)),
        ({}, {"only-abi3": True}, (True, False)),
        ({}, {"only-abi3": True, "no-abi3": True}, (True, True)),  # an error later, in the words of the file
    ],
)
def test_a_flag_about_the_stable_abi_overrides_the_other_key(
    tmp_path: Path, flags: dict[str, bool], keys: dict[str, bool], expected: tuple[bool, bool]
) -> None:
    lines = "".join(f"{key} = {str(value).lower()}\n" for key, value in keys.items())
    (tmp_path / "Cargo.toml").write_text('[package]\nname = "app"\nversion = "1.0.0"\n', encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(
        f'[build-system]\nrequires = ["cratewheel"]\n[tool.cratewheel]\n{lines}', encoding="utf-8"
    )
    request = Request(flags=flags, environ={}, cwd=tmp_path)

    options = resolve_options(request, read_project(request), CallbackReporter())

    assert (options.only_abi3, options.no_abi3) == expected
