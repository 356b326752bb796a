"""What a field of the options carries."""

from __future__ import annotations

import dataclasses

import pytest

from cratewheel.options.setting import Setting, setting


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Some:
    secret: str = setting("", "text", "Upload", "A password", flags=("--secret",), secret=True)
    plain: str = setting("", "text", "Upload", "A name", flags=("--plain",), commands=("upload",))


def test_a_field_carries_its_setting_and_a_secret_is_not_shown() -> None:
    model = {field.name: field.metadata["setting"] for field in dataclasses.fields(Some)}
    assert model == {
        "secret": Setting(kind="text", group="Upload", help="A password", flags=("--secret",)),
        "plain": Setting(kind="text", group="Upload", help="A name", flags=("--plain",), commands=("upload",)),
    }
    assert repr(Some(secret="x", plain="y")) == "Some(plain='y')"


def test_a_group_that_no_page_has_is_a_mistake() -> None:
    with pytest.raises(AssertionError):
        setting("", "text", "Elsewhere", "A name")
