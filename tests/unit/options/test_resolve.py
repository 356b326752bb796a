from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from cratewheel.errors import ConfigError, UsageError
from cratewheel.options.model import Options
from cratewheel.options.resolve import resolve
from cratewheel.options.tool_tables import ToolTables
from cratewheel.options.values import (
    Exclude,
    Feature,
    Include,
    Origin,
    Sbom,
    TargetOptions,
    TargetSelection,
)

PYPROJECT = Path("/p/pyproject.toml")


def tools(maturin: dict[str, Any] | None = None, cratewheel: dict[str, Any] | None = None) -> ToolTables:
    return ToolTables(path=PYPROJECT, maturin=maturin or {}, cratewheel=cratewheel or {})


def options(
    flags: dict[str, Any] | None = None, environ: dict[str, str] | None = None, **tables: dict[str, Any]
) -> Options:
    found, warnings = resolve(flags or {}, environ=environ or {}, tools=tools(**tables))
    assert warnings == []
    return found


def test_nothing_given_is_every_default_without_origins() -> None:
    found, warnings = resolve({}, environ={}, tools=None)
    assert (found, dict(found.origins), warnings) == (Options(), {}, [])


def test_a_flag_beats_a_variable_which_beats_the_keys() -> None:
    key = {"strip": True}
    assert options(maturin=key).origins["strip"] == Origin(kind="key", name="tool.maturin.strip")
    by_variable = options(environ={"CRATEWHEEL_STRIP": "false"}, maturin=key)
    assert (by_variable.strip, str(by_variable.origins["strip"])) == (False, "the variable CRATEWHEEL_STRIP")
    by_flag = options({"strip": "true"}, {"CRATEWHEEL_STRIP": "false"}, maturin=key)
    assert (by_flag.strip, str(by_flag.origins["strip"])) == (True, "--strip")


def test_our_own_table_beats_the_peers() -> None:
    found = options(maturin={"profile": "release"}, cratewheel={"profile": "dist"})
    assert (found.profile, str(found.origins["profile"])) == ("dist", "tool.cratewheel.profile in pyproject.toml")


@pytest.mark.parametrize(
    ("word", "value"),
    [("1", True), ("true", True), ("on", True), ("0", False), ("no", False), ("", False), ("OFF", False)],
)
def test_the_words_of_a_toggle(word: str, value: bool) -> None:
    assert options(environ={"MATURIN_STRIP": word}).strip is value


def test_a_toggle_that_is_neither_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"^--strip must be true or false, found 'maybe'$"):
        options({"strip": "maybe"})


def test_an_empty_variable_counts_as_not_set() -> None:
    assert options(environ={"CARGO_BUILD_TARGET": ""}).target == ()


def test_an_empty_variable_of_a_toggle_is_false_and_beats_the_keys() -> None:
    found = options(environ={"CRATEWHEEL_STRIP": ""}, maturin={"strip": True})
    assert (found.strip, found.origins["strip"]) == (False, Origin(kind="variable", name="CRATEWHEEL_STRIP"))


def test_features_are_split_at_commas_and_spaces() -> None:
    assert options({"features": ["a,b c", "d"]}).features == tuple(Feature(name=name) for name in "abcd")


def test_flags_for_features_replace_the_keys_and_their_conditions() -> None:
    key = {"features": ["x", {"feature": "pyo3/abi3", "python-version": ">=3.9"}]}
    assert options(maturin=key).features == (
        Feature(name="x"),
        Feature(name="pyo3/abi3", python_version=">=3.9"),
    )
    assert options({"features": ["y"]}, maturin=key).features == (Feature(name="y"),)


def test_extra_arguments_are_split_as_a_shell_does() -> None:
    found = options({"cargo_extra_args": ["--locked -j 2", "--features 'a b'"]})
    assert found.cargo_extra_args == ("--locked", "-j", "2", "--features", "a b")


def test_open_quotes_in_extra_arguments_name_the_flag() -> None:
    with pytest.raises(UsageError, match=r"^--rustc-extra-args cannot be split into arguments: No closing quotation$"):
        options({"rustc_extra_args": ["--cfg 'a"]})


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"release": True, "profile": "dev"}, "--release and --profile cannot be used together"),
        ({"interpreter": ["3.11"], "find_interpreter": True}, "--interpreter and --find-interpreter cannot be used"),
        ({"auditwheel": "check", "skip_auditwheel": True}, "--auditwheel and --skip-auditwheel cannot be used"),
    ],
    ids=["profile", "interpreter", "audit"],
)
def test_flags_that_contradict_each_other_are_a_usage_error(flags: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=f"^{message}"):
        options(flags)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"strip": "yes"}, "tool.maturin.strip must be true or false, found 'yes'"),
        ({"python-packages": "a"}, "tool.maturin.python-packages must be a list of strings, found 'a'"),
        ({"profile": 3}, "tool.maturin.profile must be a string, found 3"),
        ({"bindings": "pyo4"}, "tool.maturin.bindings must be one of pyo3, pyo3-ffi"),
        ({"include": "a"}, "tool.maturin.include must be a list, found 'a'"),
        ({"include": [{"format": "sdist"}]}, r"tool.maturin.include\[0\] has no `path`"),
        ({"include": [{"path": "a", "format": "egg"}]}, r"tool.maturin.include\[0\].format must be sdist, wheel or"),
        ({"include": [{"path": "a", "form": "x"}]}, r"tool.maturin.include\[0\] has an unknown key `form`"),
        ({"include": [{"path": "a", "from": "out-dir"}]}, r"tool.maturin.include\[0\] has no `to`"),
        *(
            (
                {"include": [{"path": "a", "from": "out-dir", "to": to}]},
                re.escape(
                    f"tool.maturin.include[0].to must be a folder of the wheel, such as the package, found {to!r}"
                ),
            )
            for to in ("../x", "/x", "a/../../x", "a\0b", "a\nb", "a\rb", "a\u2028b", "\x1b[2J")
        ),
        ({"exclude": [3]}, r"tool.maturin.exclude\[0\] must be a string or a table, found 3"),
        ({"targets": [{"kind": "bin"}]}, r"tool.maturin.targets\[0\] must be a table with a `name`"),
        ({"features": [{"python-version": ">=3.8"}]}, r"tool.maturin.features\[0\] has no `feature`"),
        ({"sbom": {"rust": 1}}, "tool.maturin.sbom.rust must be true or false, found 1"),
        ({"generate-ci": True}, "tool.maturin.generate-ci must be a table, found true"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_key_of_the_wrong_kind_says_what_it_must_be_and_what_was_found(table: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{message}"):
        options(maturin=table)


def test_structured_keys_are_read() -> None:
    found = options(
        maturin={
            "include": ["a/*", {"path": "b", "format": ["wheel"]}, {"path": "*.h", "from": "out-dir", "to": "m/"}],
            "exclude": ["c", {"path": "d", "format": "sdist"}],
            "targets": [{"name": "x", "kind": "bin"}],
            "target": {"x86_64-apple-darwin": {"macos-deployment-target": "11.0"}},
            "sbom": {"rust": False, "include": ["extra.json"]},
            "compatibility": "pypi",
        }
    )
    assert found.include == (
        Include(path="a/*"),
        Include(path="b", formats=("wheel",)),
        Include(path="*.h", formats=("wheel",), from_out_dir=True, to="m/"),
    )
    assert found.exclude == (Exclude(path="c"), Exclude(path="d", formats=("sdist",)))
    assert found.targets == (TargetSelection(name="x", kind="bin"),)
    assert found.target_options == (TargetOptions(triple="x86_64-apple-darwin", macos_deployment_target="11.0"),)
    assert found.sbom == Sbom(rust=False, include=("extra.json",))
    assert found.compatibility == ("pypi",)


def test_an_unknown_key_of_the_peers_table_is_a_warning_with_the_nearest_known_one() -> None:
    _, warnings = resolve({}, environ={}, tools=tools(maturin={"module_name": "a.b", "zzz": 1}))
    assert warnings == [
        f"tool.maturin.module_name in {PYPROJECT} is not a setting and has no effect; did you mean `module-name`?",
        f"tool.maturin.zzz in {PYPROJECT} is not a setting and has no effect",
    ]


def test_an_unknown_key_of_our_own_table_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"^tool.cratewheel.pyton-source .* is not a setting$") as caught:
        resolve({}, environ={}, tools=tools(cratewheel={"pyton-source": "x"}))
    assert caught.value.hint == "did you mean `python-source`?"


def test_a_key_that_a_table_inside_does_not_have_is_seen_too() -> None:
    wrong: dict[str, Any] = {
        "targets": [{"name": "a"}, {"name": "b", "kinds": "bin"}, 1],
        "target": {"x86_64-apple-darwin": {"macos-deployment-taget": "11.0"}, "other": 1},
    }
    found = {"targets": wrong["targets"][:2], "target": {"x86_64-apple-darwin": {"macos-deployment-taget": "11.0"}}}
    _, warnings = resolve({}, environ={}, tools=tools(maturin=found))
    inside = f"tool.maturin.target.x86_64-apple-darwin.macos-deployment-taget in {PYPROJECT}"
    assert warnings == [
        f"tool.maturin.targets[1].kinds in {PYPROJECT} is not a setting and has no effect; did you mean `kind`?",
        f"{inside} is not a setting and has no effect; did you mean `macos-deployment-target`?",
    ]
    with pytest.raises(ConfigError, match=r"^tool.cratewheel.targets\[1\].kinds in .* is not a setting$") as caught:
        resolve({}, environ={}, tools=tools(cratewheel=found))
    assert caught.value.hint == "did you mean `kind`?"
    with pytest.raises(ConfigError, match="must be a table"):  # what is no table is its parser's
        resolve({}, environ={}, tools=tools(maturin=wrong))


def test_a_version_of_macos_for_another_target_is_seen() -> None:
    found = {
        "target": {name: {"macos-deployment-target": "12.0"} for name in ("arm64-apple-darwin", "x86_64-apple-darwin")}
    }
    _, warnings = resolve({}, environ={}, tools=tools(maturin=found))
    place = f"tool.maturin.target.arm64-apple-darwin in {PYPROJECT}"
    assert warnings == [f"{place} is not a setting and has no effect; did you mean `aarch64-apple-darwin`?"]


def test_a_table_that_ours_replaces_is_a_warning() -> None:
    ours, theirs = {"generate-ci": {"github": {"pytest": True}}}, {"generate-ci": {"github": {"zig": True}}}
    _, warnings = resolve({}, environ={}, tools=tools(maturin=theirs, cratewheel=ours))
    (warning,) = warnings
    place = f"tool.maturin.generate-ci in {PYPROJECT}"
    assert warning == f"{place} has no effect beside tool.cratewheel.generate-ci, which replaces all of it"
    assert resolve({}, environ={}, tools=tools(maturin=ours, cratewheel=ours))[1] == []
    assert resolve({}, environ={}, tools=tools(maturin={"strip": True}, cratewheel={"strip": False}))[1] == []


def test_a_variable_may_name_several_targets() -> None:
    assert options(environ={"CARGO_BUILD_TARGET": " a-b-linux  c-d-linux "}).target == ("a-b-linux", "c-d-linux")


def test_all_unknown_keys_are_named_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        resolve({}, environ={}, tools=tools(cratewheel={"pyton-source": "x", "strip": True, "strp": True, "zzz": 1}))
    assert caught.value.message == f"tool.cratewheel.pyton-source in {PYPROJECT} is not a setting"
    assert caught.value.hint == "did you mean `python-source`?"
    assert caught.value.notes == ("neither is strp; did you mean `strip`?", "neither is zzz")


def test_of_very_many_unknown_keys_the_first_are_compared_and_the_rest_counted() -> None:
    _, warnings = resolve({}, environ={}, tools=tools(maturin={f"zzz-{at}": 1 for at in range(50_000)}))
    assert len(warnings) == 21
    assert warnings[19:] == [
        f"tool.maturin.zzz-19 in {PYPROJECT} is not a setting and has no effect",
        f"49980 more keys of tool.maturin in {PYPROJECT} are not settings",
    ]
