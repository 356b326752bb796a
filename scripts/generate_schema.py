"""Write `schema.json`, the JSON schema of our tables of pyproject.toml, from the settings model."""

from __future__ import annotations

from pathlib import Path

from cratewheel.options import schema

SCHEMA = Path(schema.__file__).with_name("schema.json")

if __name__ == "__main__":
    SCHEMA.write_text(schema.render(), encoding="utf-8")
