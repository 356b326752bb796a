"""Structured settings, as TOML gives them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import golden
from cratewheel.errors import ConfigError
from cratewheel.options import hooks, tables
from cratewheel.options.values import (
    BOTH_FORMATS,
    CiPlatform,
    CiTarget,
    Exclude,
    Feature,
    Include,
    Licenses,
    OptionalRust,
    Sbom,
    TargetOptions,
    TargetSelection,
)

KEY = "tool.x.key"
GOLDEN = Path(__file__).with_name("golden") / "tables.json"
OUT_DIR = {"path": "a", "from": "out-dir"}
CI_JOB = dict.fromkeys(tables.CI_SETTINGS, "word")
HOOK = {"run": ["make", "it"]}
# Values of each table, right and wrong: tables.json has what becomes of them.
VALUES: dict[str, list[object]] = {
    "features": ["a", [1], [{"feature": "a", "python-version": ">=3.9", "python-implementation": "cpython"}],
                 [{"feature": 1}], [{"feature": "a", "python-implementation": 1}], [{"feature": "a", "python": "b"}]],
    "include": ["a", [1], [{}], [{"path": "a", "form": "sdist"}], [{"path": "a", "format": "egg"}],
                [{"path": "a", "format": 1}], [{**OUT_DIR, "to": "/a"}], [{**OUT_DIR, "to": "a/../b"}],
                [{**OUT_DIR, "to": "a\nb"}], [{**OUT_DIR, "to": 1}], [{**OUT_DIR, "to": "a/b"}]],
    "exclude": ["a", [1], [{}], [{"path": 1}], [{"path": "a", "formats": "sdist"}]],
    "targets": ["a", [], [{}], [{"name": 1}],
                *([{"name": "a", "kind": kind}] for kind in (*tables.TARGET_KINDS, "exe"))],
    "target_options": ["a", {"t": {}}, {"t": 1}, {"t": {"macos-deployment-target": 11}}],
    "sbom": [True, {"rust": 1}, {"auditwheel": 1}, {"include": "a"}, {"incl": []}],
    "licenses": [True, {"crates": 1}, {"crates": "include"}, {"crates": "off"}, {"crates": "of"}, {"check": "MIT"},
                 {"check": []}, {"check": ["MTI"]}, {"clarify": []}, {"clarify": {"a": 1}}, {"check": ["MIT OR ISC"]},
                 {"clarify": {"b": "mit or isc", "a": "isc"}}, {"texts": True}],
    "artifacts": [True, [1], [{"kind": "exe"}], *([{"kind": kind, "target": "a"}] for kind in ("extension", "cffi",
                  "uniffi", "bin", "library")), [{"module": "a.b", "path": "a"}], [{"kind": "bin", "module": "a"}],
                  [{"kind": "library", "module": "a"}], [{"path": "a/../b"}], [{"path": "./"}], [{"path": "a\\b"}],
                  [{"path": 1}], [{"optional": 1}], [{"features": "a"}], [{"crates": "a"}], [{"crate": 1}],
                  [{"crate": "a", "target": "b", "module": "c.d", "features": ["e"], "profile": "f", "prebuilt": "g",
                    "optional": True}], [{"path": "a/b"}]],
    "optional": [1, {"when": "no-carg"}, {"whn": []}, {"else": 1}, {"when": []}, {"when": [1]}],
    "generate_ci": [True, {}, {"github": 1}, {"gitlab": 1}, {"travis": {}}, {"github": {"pytest": 1}},
                    {"gitlab": dict.fromkeys(tables.CI_SWITCHES, True)},
                    {"github": {"publishing-environment": "e", "args": "-a"}}, {"github": {"args": 1}},
                    {"github": dict.fromkeys(tables.CI_PLATFORMS, CI_JOB)},
                    {"github": {"solaris": {}, "linux": {"colour": 1, "target": [{"arch": "a", "colour": 1}]}}},
                    {"gitlab": {"linux": 1}}, {"gitlab": {"linux": {"runner": 1}}},
                    {"gitlab": {"linux": {"target": 1}}},
                    {"github": {"linux": {"target": [{}]}}}, {"github": {"linux": {"target": [1]}}},
                    {"github": {"linux": {"target": [{"arch": 1}]}}}, {"github": {"linux": {"targets": "x86_64"}}},
                    {"github": {"linux": {"targets": ["a"], "target": [{"arch": "b"}]}}},
                    {"github": {"linux": {"targets": []}}},
                    {"github": {"linux": {"target": [{"arch": "a", **CI_JOB}, {"arch": "b"}]}}}],
    "hooks": [{}, [1], [{}], [{**HOOK, "python": "a:b"}], [{**HOOK, "whn": "sdist"}], [{**HOOK, "colour": 1}],
              *([{**HOOK, "when": when}] for when in ("before-compile", "before-pack", "sdist", "before-pak")),
              *([{**HOOK, "per": per}] for per in ("target", "wheel", "weel")),
              [{**HOOK, "when": "sdist", "per": "wheel"}],
              *([{**HOOK, "sdist": sdist}] for sdist in ("include", "regenerate", "includ")),
              [{**HOOK, "when": "before-pack", "sdist": "include"}], [{**HOOK, "when": "sdist", "sdist": "regenerate"}],
              [{**HOOK, "when": 1}], [{"run": "make it"}], [{"run": []}], [{"run": [""]}], [{"run": ["a", "b\0"]}],
              [{"run": [1]}], [{"python": 1}],
              *([{"python": name}] for name in ("a.b:c.d", "a", "a:", ":a", "1:a", "a:b:c")),
              [{**HOOK, "inputs": ["a", "b/**/*.rs"], "outputs": ["c.h"]}], [{**HOOK, "inputs": "a"}],
              *([{**HOOK, "outputs": [glob]}] for glob in ("/", "a/", "a/**", "**", "../a", "[", ""))],
}  # fmt: skip


def made_of(parser: Any, value: object) -> object:
    """Return what a parser makes of a value; for a wrong one, the error and its hint."""
    try:
        return repr(parser(KEY, value))
    except ConfigError as error:
        return [error.message, *error.notes, f"help: {error.hint}"]


def test_what_becomes_of_the_values_of_each_table() -> None:
    assert set(VALUES) == {*tables.PARSERS, "hooks"}
    parsers = {**tables.PARSERS, "hooks": hooks.hooks}
    found = [[name, value, made_of(parsers[name], value)] for name, values in VALUES.items() for value in values]
    golden.check_json(GOLDEN, found)


def refusal(parser: Any, value: object) -> tuple[str, str | None]:
    with pytest.raises(ConfigError) as caught:
        parser(KEY, value)
    return caught.value.message, caught.value.hint


def test_one_text_may_stand_for_a_list_of_it() -> None:
    assert tables.words(KEY, "a b") == ("a b",)
    assert tables.words(KEY, ["a", "b"]) == ("a", "b")
    assert refusal(tables.words, [1]) == (
        "tool.x.key must be a list of strings, found an array",
        "correct `tool.x.key` in pyproject.toml",
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", Include(path="a", formats=BOTH_FORMATS)),
        ({"path": "a"}, Include(path="a", formats=BOTH_FORMATS)),
        ({"path": "a", "format": "wheel"}, Include(path="a", formats=("wheel",))),
        ({"path": "a", "format": ["wheel", "sdist"]}, Include(path="a", formats=("sdist", "wheel"))),
        (
            {"path": "a", "from": "out-dir", "to": "b/c", "format": "sdist"},
            Include(path="a", formats=("wheel",), from_out_dir=True, to="b/c"),
        ),
        (
            {"path": "a", "from": "out-dir", "to": ".", "crate-name": "d", "crate_name": "e"},
            Include(path="a", formats=("wheel",), from_out_dir=True, to=".", crate="d"),
        ),
        (
            {"path": "a", "from": "out-dir", "to": ".", "crate_name": "e"},
            Include(path="a", formats=("wheel",), from_out_dir=True, to=".", crate="e"),
        ),
    ],
)
def test_an_include_is_a_glob_or_a_table(value: object, expected: Include) -> None:
    assert tables.include(KEY, ["first", value]) == (Include(path="first"), expected)


@pytest.mark.parametrize(
    ("parser", "value", "message"),
    [
        (tables.include, {"path": 1}, "tool.x.key[0].path must be a string, found 1"),
        (tables.include, {"path": "a", "from": "x"}, 'tool.x.key[0].from must be "out-dir", found \'x\''),
        (tables.include, {"path": "a", "from": "out-dir"}, "tool.x.key[0] has no `to`"),
        (
            tables.include,
            {"path": "a", "from": "out-dir", "to": ".", "crate-name": 1},
            "tool.x.key[0].crate-name must be a string, found 1",
        ),
        (
            tables.exclude,
            {"path": "a", "format": "egg"},
            "tool.x.key[0].format must be sdist, wheel or a list of both, found 'egg'",
        ),
        (
            tables.features,
            {"feature": "a", "python-version": 3},
            "tool.x.key[0].python-version must be a string, found 3",
        ),
        (
            tables.targets,
            {"name": "a", "kind": "exe"},
            "tool.x.key[0].kind must be one of bin, cdylib, dylib, lib, rlib, staticlib, found 'exe'",
        ),
        (tables.targets, "a", "tool.x.key[0] must be a table with a `name`, found 'a'"),
    ],
)  # fmt: skip
def test_the_place_of_a_wrong_value_is_named(parser: Any, value: object, message: str) -> None:
    assert refusal(parser, [value])[0] == message


def test_the_keys_of_a_table_are_told() -> None:
    assert refusal(tables.exclude, [{"path": "a", "z": 1, "b": 2}]) == (
        "tool.x.key[0] has an unknown key `b`",
        "the keys are path, format",
    )
    assert refusal(tables.features, [{}]) == (
        "tool.x.key[0] has no `feature`",
        "add `feature` to this table in pyproject.toml",
    )


def test_excludes_features_and_targets_are_plain_or_tables() -> None:
    assert tables.exclude(KEY, ["a", {"path": "b", "format": "sdist"}]) == (
        Exclude(path="a"),
        Exclude(path="b", formats=("sdist",)),
    )
    assert tables.features(KEY, ["a", {"feature": "b", "python-implementation": "pypy"}]) == (
        Feature(name="a"),
        Feature(name="b", python_implementation="pypy"),
    )
    assert tables.targets(KEY, [{"name": "a"}, {"name": "b", "kind": "bin", "odd": 1}]) == (
        TargetSelection(name="a"),
        TargetSelection(name="b", kind="bin"),
    )


@pytest.mark.parametrize(
    ("table", "version"),
    [
        ({}, None),
        ({"macos-deployment-target": "11.0"}, "11.0"),
        ({"macosx-deployment-target": "10.12"}, "10.12"),
        ({"macosx-deployment-target": "10.12", "macos-deployment-target": "11.0"}, "11.0"),
    ],
)
def test_a_target_may_name_its_macos(table: dict[str, str], version: str | None) -> None:
    assert tables.target_options(KEY, {"t": table}) == (TargetOptions(triple="t", macos_deployment_target=version),)


def test_a_wrong_table_of_targets_is_refused() -> None:
    assert (
        refusal(tables.target_options, [])[0]
        == "tool.x.key must be a table for each target triple, found an empty array"
    )
    assert refusal(tables.target_options, {"t": 1})[0] == "tool.x.key.t must be a table, found 1"
    assert refusal(tables.target_options, {"t": {"macosx-deployment-target": 11}})[0] == (
        "tool.x.key.t.macos-deployment-target must be a string, found 11"
    )


def test_bills_of_materials_are_on_unless_turned_off() -> None:
    assert tables.sbom(KEY, {}) == Sbom(rust=True, auditwheel=True, include=())
    assert tables.sbom(KEY, {"rust": False, "auditwheel": False, "include": ["a"]}) == Sbom(
        rust=False, auditwheel=False, include=("a",)
    )
    assert refusal(tables.sbom, {"python": True})[0] == "tool.x.key has an unknown key `python`"
    assert refusal(tables.sbom, [])[0] == "tool.x.key must be a table, found an empty array"


def test_a_platform_of_generate_ci_names_its_targets_in_one_of_two_ways() -> None:
    def platforms(table: dict[str, Any]) -> tuple[CiPlatform, ...]:
        found = tables.generate_ci(KEY, {"github": {"linux": table}}).github
        assert found is not None
        return found.platforms

    one = (CiTarget(arch="x86_64"),)
    assert platforms({}) == (CiPlatform(name="linux"),)
    assert platforms({"targets": ["x86_64"]}) == (CiPlatform(name="linux", targets=one),)
    assert platforms({"target": [{"arch": "x86_64"}]}) == (CiPlatform(name="linux", targets=one),)
    for table, problem in (
        ({"targets": ["x86"], "target": []}, "has both `targets` and `target`"),
        ({"targets": []}, "has an empty list of targets"),
        ({"target": []}, "has an empty list of targets"),
    ):
        assert refusal(tables.generate_ci, {"github": {"linux": table}})[0] == f"tool.x.key.github.linux {problem}"


def test_the_table_of_licences() -> None:
    assert tables.licenses(KEY, {}) == Licenses()
    assert tables.licenses(
        KEY,
        {"crates": "include", "check": ["mit", "MIT", "apache-2.0 with llvm-exception"], "clarify": {"ring": "isc"}},
    ) == Licenses(include=True, check=("MIT", "Apache-2.0 WITH LLVM-exception"), clarify=(("ring", "ISC"),))
    assert refusal(tables.licenses, {"crates": "included"}) == (
        "tool.x.key.crates must be one of off, include, found 'included'",
        "did you mean `include`?",
    )
    assert refusal(tables.licenses, {"check": []})[0] == "tool.x.key.check allows no licence at all"
    assert refusal(tables.licenses, {"check": ["Apache 2.0"]}) == (
        "tool.x.key.check: 'Apache 2.0' is no licence of SPDX",
        "did you mean `Apache-2.0`?",
    )
    assert refusal(tables.licenses, {"check": ["ours"]})[1] == (
        "write an identifier of https://spdx.org/licenses, or LicenseRef-NAME"
    )
    assert refusal(tables.licenses, {"check": ["MIT OR ISC"]}) == (
        "tool.x.key.check: 'MIT OR ISC' names several licences",
        'write one by one: "MIT", "ISC"',
    )
    assert refusal(tables.licenses, {"clarify": ["ring"]})[0].startswith("tool.x.key.clarify must be a table of crates")
    assert refusal(tables.licenses, {"clarify": {"ring": "?"}})[0] == (
        "tool.x.key.clarify.ring: '?' is no licence of SPDX"
    )
    assert refusal(tables.licenses, {"chek": ["MIT"]})[0] == "tool.x.key has an unknown key `chek`"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (True, ("no-cargo", "no-std", "compile-error")),
        (False, ()),
        ({}, ("no-cargo", "no-std", "compile-error")),
        ({"when": ["no-std", "no-cargo"]}, ("no-cargo", "no-std")),
        ({"when": "compile-error"}, ("compile-error",)),
    ],
)
def test_rust_is_optional_after_all_failures_or_those_that_are_listed(value: object, expected: tuple[str, ...]) -> None:
    assert tables.optional(KEY, value) == OptionalRust(when=expected)  # type: ignore[arg-type]  # words of the table


@pytest.mark.parametrize(
    ("value", "message", "hint"),
    [
        ("yes", "tool.x.key must be true, false or a table, found 'yes'", "correct `tool.x.key` in pyproject.toml"),
        ({"wen": []}, "tool.x.key has an unknown key `wen`", "did you mean `when`?"),
        ({"require": True}, "tool.x.key has an unknown key `require`", "its one key is `when`"),
        (
            {"when": ["no-crago"]},
            "tool.x.key.when must list failures out of no-cargo, no-std, compile-error, found 'no-crago'",
            "did you mean `no-cargo`?",
        ),
        ({"when": []}, "tool.x.key.when lists no failure", "remove it for all of no-cargo, no-std, compile-error"),
        (
            {"when": 1},
            "tool.x.key.when must be a list of strings, found 1",
            "correct `tool.x.key.when` in pyproject.toml",
        ),
    ],
)
def test_a_wrong_table_of_optional_rust_is_named(value: object, message: str, hint: str) -> None:
    assert refusal(tables.optional, value) == (message, hint)
