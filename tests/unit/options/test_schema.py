"""The JSON schema of our tables is made from the settings model."""

from __future__ import annotations

from importlib.resources import files

from cratewheel.options import schema


def test_the_checked_in_schema_is_that_of_the_settings_model() -> None:
    written = (files("cratewheel.options") / "schema.json").read_text(encoding="utf-8")
    assert written == schema.render(), "run scripts/generate_schema.py"
