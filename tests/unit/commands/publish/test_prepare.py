"""Options → the job, and how `publish` builds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cratewheel.commands.publish.credentials import Credentials
from cratewheel.commands.publish.prepare import building, prepare
from cratewheel.errors import UsageError
from cratewheel.events import CallbackReporter, Event, WarningEvent
from cratewheel.project.request import Request

TOKEN = {"MATURIN_PYPI_TOKEN": "pypi-x"}


def request(flags: dict[str, Any], **environ: str) -> Request:
    return Request(flags=flags, environ={**TOKEN, **environ}, cwd=Path())


def built(**flags: Any) -> Request:
    asked = request(flags, PATH="/bin")
    return building(asked, prepare(asked, CallbackReporter(), terminal=False))


def test_a_build_for_pypi_is_optimised_stripped_and_has_a_tag_that_pypi_takes() -> None:
    found = built()
    assert found.defaults == {"profile": "release", "require_rust": True, "compatibility": ("pypi",)}
    assert found.overrides == {"strip": True}


def test_elsewhere_any_tag_will_do() -> None:
    assert built(repository_url="https://index.work/").defaults == {"profile": "release", "require_rust": True}


def test_debug_and_no_strip_override_what_the_project_says() -> None:
    assert built(debug=True, no_strip=True).overrides == {"strip": False, "profile": "dev"}


def test_the_programs_of_the_build_get_no_token() -> None:
    assert built().environ == {"PATH": "/bin"}


def test_debug_and_a_profile_contradict_each_other() -> None:
    with pytest.raises(UsageError, match="--debug and --profile cannot be used together"):
        built(debug=True, profile="dist")


def test_the_job_has_the_credentials_and_a_password_in_sight_is_a_warning() -> None:
    events: list[Event] = []
    asked = Request(flags={"username": "ann", "password": "pw"}, environ={}, cwd=Path())
    job = prepare(asked, CallbackReporter(on_event=events.append), terminal=False)
    assert job.found == Credentials(username="ann", password="pw", origin="--password")
    assert events == [
        WarningEvent(
            text="others on this machine can see a password on the command line",
            hint="set MATURIN_PASSWORD or MATURIN_PYPI_TOKEN instead",
        )
    ]


def test_a_repository_on_the_command_line_counts_more_than_an_address_in_a_variable() -> None:
    events: list[Event] = []
    asked = request({"repository": "testpypi"}, MATURIN_REPOSITORY_URL="https://index.work/")
    job = prepare(asked, CallbackReporter(on_event=events.append), terminal=False)
    assert job.repository.url == "https://test.pypi.org/legacy/"
    assert events == [WarningEvent(text="MATURIN_REPOSITORY_URL does not count, because --repository is given")]
    for flags, environ in (
        ({"repository": "testpypi", "repository_url": "https://index.work/"}, {}),
        ({}, {"MATURIN_REPOSITORY": "testpypi", "MATURIN_REPOSITORY_URL": "https://index.work/"}),
    ):
        asked = request(flags, **environ)
        assert prepare(asked, CallbackReporter(), terminal=False).repository.url == "https://index.work/"
