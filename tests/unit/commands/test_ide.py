"""The variables in cargo's configuration, with all else left as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel.commands.ide import with_variables
from cratewheel.errors import ConfigError

PATH = Path("config.toml")
OWN = """\
# mine
[build]
jobs = 2  # not too many

[env]
OTHER = "x"  # stays
"""


def test_variables_join_what_is_there_and_leave_again() -> None:
    text = with_variables(OWN, {"PYO3_PYTHON": "/a", "PYO3_CONFIG_FILE": "/b"}, PATH)
    assert text == f'{OWN}PYO3_CONFIG_FILE = "/b"\nPYO3_PYTHON = "/a"\n'
    assert with_variables(text, {"PYO3_PYTHON": "/c"}, PATH) == f'{OWN}PYO3_PYTHON = "/c"\n'
    assert with_variables(text, {}, PATH) == OWN


def test_a_table_of_our_own_goes_with_its_last_variable() -> None:
    text = with_variables("", {"PYO3_PYTHON": "/a"}, PATH)
    assert text == '[env]\nPYO3_PYTHON = "/a"\n'
    assert with_variables(text, {}, PATH) == ""
    assert with_variables("[build]\n", {}, PATH) == "[build]\n"


@pytest.mark.parametrize(("text", "said"), [("[env", "is not valid TOML"), ("env = 3\n", "must be a table, found 3")])
def test_what_cannot_be_joined_is_an_error(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        with_variables(text, {"PYO3_PYTHON": "/a"}, PATH)
