"""The settings of `publish` and `upload`: which command has which."""

from __future__ import annotations

from cratewheel.options.model import Options, settings
from cratewheel.options.publishing import PublishOptions


def test_what_is_about_building_is_no_option_of_an_upload() -> None:
    of_builds = {name for name, setting in settings(PublishOptions).items() if "upload" not in setting.commands}

    assert of_builds == {"debug", "no_strip"}


def test_no_option_is_both_of_a_build_and_of_an_upload() -> None:
    assert settings(Options).keys() & settings(PublishOptions).keys() == set()


def test_a_password_is_not_in_the_text_of_the_options() -> None:
    assert "secret" not in repr(PublishOptions(password="secret"))
