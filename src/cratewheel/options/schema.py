"""The settings model → a JSON schema of `[tool.cratewheel]` and `[tool.maturin]`, as SchemaStore takes it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from cratewheel.options import tables
from cratewheel.options.model import settings
from cratewheel.options.setting import Setting
from cratewheel.options.values import ArtifactKind, InSdist, Per, When

Schema = dict[str, Any]

ID = "https://json.schemastore.org/partial-cratewheel.json"
STRING: Schema = {"type": "string"}
BOOLEAN: Schema = {"type": "boolean"}
STRINGS: Schema = {"type": "array", "items": STRING}
STRINGS_BY_NAME: Schema = {"type": "object", "additionalProperties": STRING}
STRING_OR_STRINGS: Schema = {"oneOf": [STRING, STRINGS]}
FOLDER_OF_WHEEL: Schema = {
    "type": "string",
    "description": "The folder of the wheel that gets the files",
    "pattern": r"^(?!/)(?!(?:.*/)?\.\.(?:/|$))",
}


def schema() -> Schema:
    """Return the schema of the table: both tables take the same keys."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": ID,
        "title": "cratewheel's settings",
        "description": "The table [tool.cratewheel] of pyproject.toml, or [tool.maturin]",
        "type": "object",
        "additionalProperties": False,
        "definitions": _ci_definitions(),
        "properties": dict(
            sorted(
                (key, _property(name, one, key)) for name, one in settings().items() if one.key for key in _keys(one)
            )
        ),
    }


def render() -> str:
    """Return the text of `schema.json`."""
    return json.dumps(schema(), indent=2) + "\n"


def _keys(one: Setting) -> tuple[str, ...]:
    return (one.key, *one.key_aliases) if one.key else ()


def _property(name: str, one: Setting, key: str) -> Schema:
    text = one.help if key == one.key else f"{one.help}. The same as `{one.key}`"
    return {"description": text, **(TABLES[name] if name in TABLES else _values(one))}


def _values(one: Setting) -> Schema:
    match one.kind:
        case "switch" | "toggle":
            return BOOLEAN
        case "words" | "shell":
            return STRING_OR_STRINGS
        case "list" | "rest":
            return STRINGS
        case _:
            return {**STRING, "enum": list(one.choices)} if one.choices else STRING


def _table(properties: Mapping[str, Schema], *, required: Iterable[str] = (), others: bool = False) -> Schema:
    found: Schema = {"type": "object", "properties": dict(properties), "additionalProperties": others}
    return {**found, "required": list(required)} if required else found


def _format() -> Schema:
    names: Schema = {"enum": ["sdist", "wheel"]}
    return {
        "description": "The archives that it is about [default: both]",
        "oneOf": [names, {"type": "array", "items": names}],
    }


def _include() -> Schema:
    files = _table({"path": STRING, "format": _format()}, required=("path",))
    generated = _table(
        {
            "path": STRING,
            "from": {"const": "out-dir", "description": "The OUT_DIR of a build script"},
            "to": FOLDER_OF_WHEEL,
            "crate-name": {**STRING, "description": "The package whose build script it is [default: the project's]"},
            "crate_name": STRING,
            "format": {},
        },
        required=("path", "from", "to"),
    )
    return {"type": "array", "items": {"oneOf": [STRING, files, generated]}}


def _ci_definitions() -> Schema:
    texts: dict[str, Schema] = dict.fromkeys(tables.CI_SETTINGS, STRING)
    target = _table({"arch": STRING, **texts}, required=("arch",))
    platform = {
        **_table(
            {
                "targets": {**STRINGS, "minItems": 1},
                "target": {"type": "array", "minItems": 1, "items": {"$ref": "#/definitions/ci-target"}},
                **texts,
            }
        ),
        "not": {"required": ["targets", "target"]},
    }
    service = _table(
        {
            **dict.fromkeys(tables.CI_SWITCHES, BOOLEAN),
            **dict.fromkeys(tables.CI_TEXTS, STRING),
            **{name: {"$ref": "#/definitions/ci-platform"} for name in tables.CI_PLATFORMS},
        }
    )
    return {"ci-service": service, "ci-platform": platform, "ci-target": target}


def _features() -> Schema:
    conditional = _table(
        {
            "feature": STRING,
            "python-version": {**STRING, "description": "A specifier such as >=3.9,<3.13"},
            "python-implementation": {**STRING, "description": "cpython, pypy or graalpy"},
        },
        required=("feature",),
    )
    return {"type": "array", "items": {"oneOf": [STRING, conditional]}}


def _artifact() -> Schema:
    found = _table(
        {
            "crate": {**STRING, "description": "The package of the workspace [default: the project's own]"},
            "target": {
                **STRING,
                "description": "The library, program or example of the package; its library by default",
            },
            "kind": {"enum": list(get_args(ArtifactKind)), "description": "What the file is for; detected by default"},
            "module": {**STRING, "description": "The dotted name by which Python imports it"},
            "path": {**STRING, "description": "The folder of the wheel, or the file if the last part has a dot"},
            "features": _features(),
            "profile": {**STRING, "description": "The cargo profile"},
            "prebuilt": {
                **STRING,
                "description": "A file that is packed instead of compiling, relative to the project",
            },
            "optional": {**BOOLEAN, "description": "Whether the wheel is made without it where it cannot be compiled"},
        }
    )
    return {**found, "not": {"required": ["module", "path"]}}


TABLES: Mapping[str, Schema] = {
    "features": _features(),
    "artifacts": {"type": "array", "minItems": 1, "items": _artifact()},
    "include": _include(),
    "exclude": {
        "type": "array",
        "items": {"oneOf": [STRING, _table({"path": STRING, "format": _format()}, required=("path",))]},
    },
    "targets": {
        "type": "array",
        "minItems": 1,
        "items": _table({"name": STRING, "kind": {"enum": list(tables.TARGET_KINDS)}}, required=("name",), others=True),
    },
    "target_options": {
        "type": "object",
        "additionalProperties": _table(
            {
                "macos-deployment-target": {**STRING, "description": "The oldest macOS that the wheel is for"},
                "macosx-deployment-target": STRING,
            },
            others=True,
        ),
    },
    "hooks": {
        "type": "array",
        "items": {
            **_table(
                {
                    "run": {**STRINGS, "minItems": 1, "description": "A program and its arguments"},
                    "python": {**STRING, "description": "A function of the project: module:function"},
                    "when": {"enum": list(get_args(When)), "default": "before-compile"},
                    "per": {"enum": list(get_args(Per)), "description": "What it runs once for"},
                    "inputs": {**STRINGS, "description": "Globs of what it reads"},
                    "outputs": {**STRINGS, "description": "Globs of what it makes"},
                    "sdist": {
                        "enum": list(get_args(InSdist)),
                        "description": "Whether a source distribution has the outputs, or makes them again",
                    },
                }
            ),
            "oneOf": [{"required": ["run"]}, {"required": ["python"]}],
        },
    },
    "optional": {
        "oneOf": [
            BOOLEAN,
            _table(
                {
                    "when": {
                        "type": "array",
                        "minItems": 1,
                        "items": {"enum": list(tables.FAILURES)},
                        "description": "The failures after which the wheel has the Python part alone [default: all]",
                    }
                }
            ),
        ]
    },
    "licenses": _table(
        {"crates": {"enum": list(tables.LICENSES_OF_CRATES)}, "check": STRINGS, "clarify": STRINGS_BY_NAME}
    ),
    "sbom": _table({"rust": BOOLEAN, "auditwheel": BOOLEAN, "include": STRINGS}),
    "generate_ci": _table({name: {"$ref": "#/definitions/ci-service"} for name in tables.CI_SERVICES}),
}
