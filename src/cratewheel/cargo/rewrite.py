"""Edits a Cargo.toml for an sdist: text in, text out. Pure.

What stays keeps its comments, order and spelling (tomlkit). What the archive lacks is taken out: members, targets whose
source is not packed, files that lie outside of the crate, and the values of a workspace that is not beside the crate
(https://doc.rust-lang.org/cargo/reference/workspaces.html).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any

import tomlkit
from tomlkit.items import AoT, Array

from cratewheel.cargo.edits import Inheritance, ManifestEdits, Table, relative_path
from cratewheel.system import toml

# The remaining keys of a workspace root whose own package is not in the archive.
WORKSPACE_TABLES = ("cargo-features", "workspace", "profile", "patch", "replace")
DEPENDENCY_TABLES = (
    "dependencies",
    "dev-dependencies",
    "build-dependencies",
    "dev_dependencies",
    "build_dependencies",
)
# `version.workspace = true`, the dotted spelling of `version = { workspace = true }`
BEFORE_DOT = re.compile(r"""(?m)^[ \t]*([\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.""")
DOTTED = re.compile(r"""(?m)^([ \t]*)([\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*workspace[ \t]*=[ \t]*true\b""")


def rewrite(text: str, edits: ManifestEdits) -> str:
    r"""Return the manifest `text` with `edits` applied; unchanged text if nothing changes.

    >>> rewrite('[package]\nreadme = "../R.md" # ours\n', ManifestEdits(readme="R.md"))
    '[package]\nreadme = "R.md" # ours\n'
    """
    document = toml.parse_editable(_inline_dotted_inheritance(text, edits), "Cargo.toml")
    unchanged = document.unwrap()
    if edits.workspace_only:
        for name in [name for name in document if name not in WORKSPACE_TABLES]:
            del document[name]
    package = document.get("package")
    if isinstance(package, MutableMapping):
        _edit_package(package, edits)
    _remove_targets(document, edits.missing_targets)
    if edits.members is not None:
        _trim_members(document, edits.members)
    if edits.inheritance is not None:
        _inherit(document, edits.inheritance)
    return text if document.unwrap() == unchanged else tomlkit.dumps(document).lstrip("\n")


def _inline_dotted_inheritance(text: str, edits: ManifestEdits) -> str:
    """Replace `key.workspace = true` by an inline table, which tomlkit can edit."""
    named = {"readme": edits.readme, "license-file": edits.license_file}
    times = Counter(BEFORE_DOT.findall(text))
    lone = {
        key
        for _, key in DOTTED.findall(text)
        if (edits.inheritance is not None or named.get(key) is not None) and times[key] == 1
    }
    spelled = DOTTED.sub(lambda found: _inline_spelling(found) if found[2] in lone else found[0], text)
    try:
        same = toml.parse(spelled) == toml.parse(text)
    except ValueError:  # a line inside a string matched
        same = False
    return spelled if same else text


def _inline_spelling(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2]} = {{ workspace = true }}"


def _edit_package(package: MutableMapping[str, Any], edits: ManifestEdits) -> None:
    if edits.readme is not None:
        package["readme"] = edits.readme
    if edits.license_file is not None:
        package["license-file"] = edits.license_file
    if edits.without_build_script:
        package.pop("build", None)
    if ("bin", package.get("default-run")) in edits.missing_targets:
        del package["default-run"]


def _remove_targets(document: MutableMapping[str, Any], missing: tuple[tuple[str, str], ...]) -> None:
    for kind in ("bin", "example", "test", "bench"):
        tables = document.get(kind)
        if not isinstance(tables, (AoT, Array)):
            continue
        for index in reversed(range(len(tables))):
            if (kind, tables[index].get("name")) in missing:
                del tables[index]
        if not tables:
            del document[kind]
    if any(kind == "lib" for kind, _ in missing):
        document.pop("lib", None)


def _trim_members(document: MutableMapping[str, Any], members: tuple[str, ...]) -> None:
    # an empty [workspace] stays: it marks the root, wherever the archive is unpacked
    workspace = document.get("workspace")
    if not isinstance(workspace, MutableMapping):
        return
    workspace.pop("default-members", None)
    listed = workspace.get("members")
    if not members:
        workspace.pop("members", None)
    elif isinstance(listed, Array):
        for index in reversed(range(len(listed))):
            if str(listed[index]) not in members:
                del listed[index]
        for member in members:
            if member not in listed.unwrap():
                listed.append(member)
    else:
        workspace["members"] = list(members)


def _inherit(document: MutableMapping[str, Any], inheritance: Inheritance) -> None:
    package = document.get("package", {})
    values = inheritance.workspace.get("package", {})
    package.pop("workspace", None)  # that workspace root is not in the archive
    for key in [key for key, value in package.items() if _inherits(value)]:
        # the files that these name lie in the other workspace; one that is packed has been set before
        if key in values and key not in ("readme", "license-file"):
            package[key] = _item(values[key])
        else:
            del package[key]
    for table in _dependency_tables(document):
        for name in [name for name, value in table.items() if _inherits(value)]:
            _replace(table, name, _dependency(name, table[name], inheritance))
    if _inherits(document.get("lints")):
        document["lints"] = _table(inheritance.workspace.get("lints", {}))


def _inherits(value: object) -> bool:
    return isinstance(value, Mapping) and bool(value.get("workspace")) is True


def _dependency_tables(document: MutableMapping[str, Any]) -> Iterable[MutableMapping[str, Any]]:
    places = [document, *document.get("target", {}).values()]
    return [place[name] for place in places for name in DEPENDENCY_TABLES if name in place]


def _dependency(name: str, own: Table, inheritance: Inheritance) -> dict[str, Any]:
    """Merge a dependency of a workspace with the one of its member, as cargo does."""
    shared = inheritance.workspace.get("dependencies", {}).get(name, {})
    joined = {"version": shared} if isinstance(shared, str) else dict(shared)
    if "path" in joined:
        joined["path"] = relative_path(inheritance.crate_folder, inheritance.workspace_folder / joined["path"])
    features = [*joined.get("features", []), *own.get("features", [])]
    joined.pop("features", None)
    if features:
        joined["features"] = list(dict.fromkeys(str(feature) for feature in features))
    # a member can enable default features, but not disable them
    if own.get("default-features", own.get("default_features")) and "default-features" in joined:
        joined["default-features"] = True
    for key in ("optional", "public"):
        if key in own:
            joined[key] = bool(own[key])
    return joined


def _replace(table: MutableMapping[str, Any], name: str, value: dict[str, Any]) -> None:
    if not isinstance(table[name], tomlkit.items.Table):
        table[name] = _item(value["version"] if set(value) == {"version"} else value)
        return
    section = table[name]  # [dependencies.name]: keep the section, and the comments in it
    for key in [key for key in section if key not in value]:
        del section[key]
    for key, setting in value.items():
        if key not in section or section[key] != setting:
            section[key] = _item(setting)


def _item(value: Any) -> Any:
    return tomlkit.value(_inline_toml(value)) if isinstance(value, (Mapping, list)) else value


def _table(values: Table) -> Any:
    table = tomlkit.table()
    for key, value in values.items():
        table[key] = _table(value) if isinstance(value, Mapping) and not _is_short(value) else _item(value)
    return table


def _is_short(value: Table) -> bool:
    # a lint's `{ level = "warn", priority = -1 }`, not a table of lints
    return "level" in value


def _inline_toml(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = ", ".join(f"{tomlkit.key(key).as_string()} = {_inline_toml(item)}" for key, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, list):
        return f"[{', '.join(_inline_toml(item) for item in value)}]"
    return str(tomlkit.item(value).as_string())
