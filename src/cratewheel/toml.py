"""Reading TOML files, with errors that say where."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from cratewheel.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def load(path: Path) -> dict[str, Any]:
    """Return the content of a TOML file; raises `ConfigError` with the place of the mistake when it is not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8: {error.reason} at byte {error.start}") from error
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error


def loads(text: str) -> dict[str, Any]:
    """Return the content of TOML text; raises `ValueError` when it is not TOML."""
    return tomllib.loads(text)
