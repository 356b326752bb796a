from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from cratewheel.cargo import manifest as cargo_manifest
from cratewheel.errors import ConfigError
from cratewheel.project.metadata import built_in
from cratewheel.project.metadata.dynamic import Provider
from system_paths import native

WHERE = "the entry"
CRATE = '[package]\nname = "p"\nversion = "1.0.0"\n[features]\ndefault = ["numpy"]\n_hidden = []\nnumpy = ["base"]\n'


def provider(name: str, settings: Mapping[str, Any], path: str | None = None) -> Provider:
    return Provider(name=name, settings=settings, where=WHERE, path=path)


def regex(folder: Path, **settings: Any) -> dict[str, Any]:
    return built_in.regex(provider("cratewheel.regex", settings), folder)


def readme(folder: Path, **settings: Any) -> dict[str, Any]:
    return built_in.readme(provider("cratewheel.readme", settings), folder)


def cargo_features(folder: Path, **settings: Any) -> dict[str, Any]:
    (folder / "Cargo.toml").write_text(CRATE + 'base = []\nall = ["numpy", "dep:x"]\n')
    manifest = cargo_manifest.read(folder / "Cargo.toml")
    return built_in.cargo_features(provider("cratewheel.cargo-features", settings), manifest)


def test_only_what_begins_with_our_name_is_ours() -> None:
    assert built_in.is_built_in(provider("cratewheel.vcs", {"root": ".."}))
    assert not built_in.is_built_in(provider("vcs_versioning", {}))
    assert not built_in.is_built_in(provider("cratewheel.local", {}, path="scripts"))


def test_an_unknown_name_or_setting_is_an_error_with_the_known_ones() -> None:
    with pytest.raises(ConfigError) as caught:
        built_in.is_built_in(provider("cratewheel.vsc", {}))
    assert caught.value.message == (
        "cratewheel.vsc, the provider of the entry, does not exist; did you mean `cratewheel.vcs`?"
    )
    assert caught.value.hint == (
        "cratewheel has cratewheel.vcs, cratewheel.regex, cratewheel.readme, cratewheel.cargo-features"
    )
    with pytest.raises(ConfigError) as caught:
        built_in.is_built_in(provider("cratewheel.regex", {"inputs": "a"}))
    assert caught.value.message == "inputs in the entry is no setting; did you mean `input`?"
    assert caught.value.hint == "cratewheel.regex has field, input, regex, result, remove"


def test_regex_finds_a_version_in_a_python_file(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text('import x\n__version__: str = "v1.2.3"\n', encoding="utf-8-sig")
    assert regex(tmp_path, input="a.py") == {"version": "1.2.3"}


def test_regex_fills_a_template_of_any_type_with_its_groups(tmp_path: Path) -> None:
    (tmp_path / "v.h").write_text("#define MAJOR 3\n#define MINOR 14 /* x */\n")
    pattern = r"MAJOR (?P<major>\d+)\n#define MINOR (?P<minor>\d+)( /\* (?P<note>y) \*/)?"
    assert regex(tmp_path, input="v.h", regex=pattern, result="{major}.{minor}{note}") == {"version": "3.14"}
    assert regex(tmp_path, field="urls", input="v.h", regex=pattern, result={"v{0}": "https://x/{minor}"}) == {
        "urls": {"v3": "https://x/14"}
    }
    assert regex(tmp_path, field="keywords", input="v.h", regex=pattern, result=["{major}", "x"], remove="x") == {
        "keywords": ["3", ""]
    }


def test_readme_joins_texts_and_parts_of_files(tmp_path: Path) -> None:
    (tmp_path / "R.rst").write_text("head\n<a>\nbody\n<b>\ntail\n")
    fragments = [
        {"text": "Title\n\n"},
        {"path": "R.rst", "start-after": "<a>\n", "end-before": "<b>"},
        {"path": "R.rst", "start-at": "<b>", "end-at": "tail"},
        {"path": "R.rst", "pattern": r"(h\w+)\n"},
    ]
    assert readme(tmp_path, fragments=fragments) == {
        "readme": {"text": "Title\n\nbody\n<b>\ntailhead", "content-type": "text/x-rst; charset=UTF-8"}
    }
    substitutions = [{"pattern": "^(b)ody", "replacement": r"\1oat"}]
    found = readme(tmp_path, fragments=fragments[1:2], substitutions=substitutions, **{"content-type": "text/plain"})
    assert found == {"readme": {"text": "boat\n", "content-type": "text/plain"}}


def test_cargo_features_become_extras_with_what_the_features_in_them_need(tmp_path: Path) -> None:
    requirements = {"numpy": ["numpy>=1.26"], "base": ["b", "numpy>=1.26"]}
    assert cargo_features(tmp_path, requirements=requirements) == {
        "optional-dependencies": {
            "all": ["numpy>=1.26", "b"],
            "base": ["b", "numpy>=1.26"],
            "numpy": ["numpy>=1.26", "b"],
        }
    }
    assert cargo_features(tmp_path, features=["base"]) == {"optional-dependencies": {"base": []}}


Call = Callable[..., dict[str, Any]]


@pytest.mark.parametrize(
    ("call", "settings", "message"),
    [
        (regex, {}, "the entry has no input"),
        (regex, {"input": 3}, "input of the entry must be a string, found 3"),
        (regex, {"input": "a.txt", "field": "urls"}, "the entry has no regex"),
        (regex, {"input": "a.txt", "regex": "("},
         "regex of the entry is not a regular expression: missing ), unterminated subpattern at position 0"),
        (regex, {"input": "a.txt", "regex": "z"}, "regex of the entry matches nothing in {folder}/a.txt: z"),
        (regex, {"input": "a.txt", "regex": "a", "result": "{b}"},
         "result of the entry names a group that regex does not have: '{b}'"),
        (regex, {"input": "a.txt", "regex": "a", "result": "{"},
         "result of the entry names a group that regex does not have: '{'"),
        (regex, {"input": "no.txt"}, "{folder}/no.txt, input of the entry, cannot be read: No such file or directory"),
        (regex, {"input": "latin.txt"}, "{folder}/latin.txt, input of the entry, is not UTF-8"),
        (regex, {"input": "../x"}, "input of the entry is '../x', which is not a path in {folder}"),
        (readme, {}, "the entry has no fragments, of which the readme is made"),
        (readme, {"fragments": ["a"]}, "fragments of the entry must be an array of tables, found an array"),
        (readme, {"fragments": [{}]}, "fragments[0] of the entry must have either `text` alone, or `path`"),
        (readme, {"fragments": [{"text": "a", "end-at": "a"}]},
         "fragments[0] of the entry must have either `text` alone, or `path`"),
        (readme, {"fragments": [{"path": "a.txt", "start": "a"}]},
         "start in fragments[0] of the entry is no setting; did you mean `start-at`?"),
        (readme, {"fragments": [{"text": 1}]}, "fragments[0].text of the entry must be a string, found 1"),
        (readme, {"fragments": [{"path": "a.txt", "end-at": "z"}]},
         "end-at of fragments[0], the entry, is 'z', which is not in {folder}/a.txt"),
        (readme, {"fragments": [{"path": "a.txt", "pattern": "a"}]},
         "pattern of fragments[0], the entry, matches nothing in {folder}/a.txt"),
        (readme, {"fragments": [{"text": "a"}], "substitutions": [{"pattern": "a"}]},
         "substitutions[0] of the entry has no replacement"),
        (readme, {"fragments": [{"text": "a"}], "substitutions": [{"pattern": "a", "replacement": r"\2"}]},
         "substitutions[0] of the entry is not valid: invalid group reference 2 at position 1"),
        (cargo_features, {"features": "numpy"}, "features of the entry must be a list of strings, found 'numpy'"),
        (cargo_features, {"requirements": ["numpy"]},
         "requirements of the entry must be a table of lists, found an array"),
        (cargo_features, {"requirements": {"numpi": []}},
         "'numpi' of the entry is no feature in {folder}/Cargo.toml; did you mean `numpy`?"),
    ],
)  # fmt: skip
def test_wrong_settings_are_errors(tmp_path: Path, call: Call, settings: dict[str, Any], message: str) -> None:
    (tmp_path / "a.txt").write_text("a\n")
    (tmp_path / "latin.txt").write_bytes(b"\xe9")
    with pytest.raises(ConfigError) as caught:
        call(tmp_path, **settings)
    expected = re.sub(r"{folder}[\w/.]*", lambda found: native(found[0]), message)
    assert caught.value.message == expected.replace("{folder}", str(tmp_path))


def test_a_source_distribution_needs_what_providers_read_and_are(tmp_path: Path) -> None:
    for name in ("scripts/one.py", "scripts/other.py", "scripts/package/__init__.py", "scripts/package/a/b.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    providers = (
        provider("cratewheel.regex", {"input": "a/../VERSION"}),
        provider("cratewheel.readme", {"fragments": [{"text": "a"}, {"path": "R.md"}]}),
        provider("cratewheel.vcs", {}),
        provider("somebody.else", {"input": "x"}),
        provider("one:Class", {}, path="scripts"),
        provider("package.a.b", {}, path="scripts"),
    )
    assert sorted(built_in.input_files(providers, tmp_path), key=lambda one: one[0].parts) == [
        (tmp_path / "R.md", "fragments[1].path of the entry"),
        (tmp_path / "VERSION", "input of the entry"),
        (tmp_path / "scripts/one.py", "provider of the entry"),
        (tmp_path / "scripts/package/__init__.py", "provider of the entry"),
        (tmp_path / "scripts/package/a/b.py", "provider of the entry"),
    ]
