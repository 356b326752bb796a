"""Each option: how it is spelled on the command line, in the environment and in pyproject.toml, and what it is."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

import golden
from cratewheel.options import model
from cratewheel.options.publishing import PublishOptions

SETTINGS = Path(__file__).with_name("golden") / "settings.json"


def described(field: dataclasses.Field[Any]) -> dict[str, Any]:
    """What the setting of a field says, but for what is as in most."""
    setting = field.metadata["setting"]
    usual = {one.name: one.default for one in dataclasses.fields(setting)}
    said = {name: getattr(setting, name) for name in usual if getattr(setting, name) != usual[name]}
    default = field.default if field.default is None or type(field.default) in (str, bool, int) else repr(field.default)
    return {**said, "default": default, **({} if field.repr else {"secret": True})}


def test_the_settings_are_those_of_the_list() -> None:
    fields = [
        field
        for options in (model.Options, PublishOptions)
        for field in dataclasses.fields(options)
        if "setting" in field.metadata
    ]
    golden.check_json(SETTINGS, {field.name: described(field) for field in fields})


def test_the_model_has_the_fields_of_the_options_in_their_order() -> None:
    assert list(model.settings()) == [*model.settings(model.Options), *model.settings(PublishOptions)]
    assert "editable" not in model.settings(model.Options)


def test_options_that_no_user_sets() -> None:
    assert (model.Options().editable, model.Options().origins) == (False, MappingProxyType({}))
    assert model.Options() == model.Options(origins=MappingProxyType({"strip": "a flag"}))  # type: ignore[dict-item]  # any value
    with pytest.raises(TypeError):
        model.Options().origins["strip"] = None  # type: ignore[index]  # it cannot be changed
