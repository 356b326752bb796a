"""What answers of repositories mean, and what is checked before the first of them."""

from __future__ import annotations

import base64
import sys
from pathlib import Path

import pytest

import uploads
from cratewheel.commands.publish.credentials import Credentials, Search
from cratewheel.commands.publish.http import Answer, Transport
from cratewheel.commands.publish.repository import Repository
from cratewheel.commands.publish.upload import (
    Job,
    check_all,
    exists,
    find_credentials,
    refusal,
    with_credentials,
)
from cratewheel.errors import MissingToolError, UploadError, UsageError
from cratewheel.events import CallbackReporter, Event, StepEvent, WarningEvent
from cratewheel.options.publishing import PublishOptions

PYPI = Repository(url="https://upload.pypi.org/legacy/", simple_urls=())


def answer(status: int, reason: str = "", body: str = "", **headers: str) -> Answer:
    return Answer(status=status, reason=reason, headers=headers, body=body.encode())


@pytest.mark.parametrize(
    ("found", "there"),
    [
        (answer(409), True),
        (answer(400, "File already exists ('x')"), True),
        (answer(400, body="The name has already been taken"), True),
        (answer(400, body="Repository does not allow updating assets"), True),
        (answer(403, body="not enough permissions to overwrite artifact"), True),
        (answer(400, "Invalid distribution file"), False),
        (answer(403, "Invalid or non-existent authentication information"), False),
        (answer(500, body="already exists"), False),
    ],
)
def test_what_says_that_a_file_is_there(found: Answer, there: bool) -> None:
    assert exists(found) == there


@pytest.mark.parametrize(
    ("found", "message", "hint"),
    [
        (
            answer(401, "Unauthorized"),
            "upload.pypi.org does not let these credentials upload x.whl: 401 Unauthorized",
            "look at the user and the scope of the token; it is for https://upload.pypi.org/legacy/",
        ),
        (
            answer(301, "Moved", location="https://e.org/"),
            "https://upload.pypi.org/legacy/ has moved to https://e.org/",
            "give --repository-url https://e.org/",
        ),
        (
            answer(308, "Moved", location="/upload/"),
            "https://upload.pypi.org/legacy/ has moved to https://upload.pypi.org/upload/",
            "give --repository-url https://upload.pypi.org/upload/",
        ),
        (
            answer(302, "Found", location="http://[x"),
            "https://upload.pypi.org/legacy/ has moved to http://[x",
            "give --repository-url http://[x",
        ),
        (answer(302, "Found"), "https://upload.pypi.org/legacy/ takes no uploads: 302 Found", None),
        (
            answer(405, "Not Allowed"),
            "https://upload.pypi.org/legacy/ takes no uploads: 405 Not Allowed",
            "the address of PyPI is https://upload.pypi.org/legacy/",
        ),
        (answer(413, "Too Large", "no"), "upload.pypi.org refuses x.whl: 413 Too Large: no", None),
    ],
)
def test_a_refusal_is_an_error_with_what_to_do(found: Answer, message: str, hint: str | None) -> None:
    error = refusal(found, "x.whl", PYPI, Transport(environ={}))
    assert (error.message, error.hint) == (message, hint)


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    good, bad = uploads.wheel(tmp_path / "a"), uploads.wheel(tmp_path / "b", tag="py3-none-linux_x86_64")
    events: list[Event] = []
    reporter = CallbackReporter(on_event=events.append)
    with pytest.raises(UploadError) as caught:
        check_all([good, bad, uploads.wheel(tmp_path / "c")], PYPI, reporter)
    assert caught.value.message == "upload.pypi.org would refuse what is to be uploaded; nothing was"
    assert caught.value.notes == (
        f"{bad.name}: PyPI refuses the tag linux_x86_64: build with --compatibility pypi, or with --zig",
        f"{good.name}: it is named twice, as {good} and {tmp_path / 'c' / good.name}",
    )
    assert events == []


def test_what_is_odd_is_a_warning(tmp_path: Path) -> None:
    text = f"{uploads.METADATA.partition('Description-Content-Type')[0]}\nA text\n"
    events: list[Event] = []
    path = uploads.wheel(tmp_path, metadata=text)
    (found,) = check_all([path], PYPI, CallbackReporter(on_event=events.append))
    assert found.archive.path == path
    assert events == [
        WarningEvent(text=f"{path.name}: its description has no content type: text/x-rst is assumed"),
        StepEvent(verb="Checked", text="1 file for upload.pypi.org"),
    ]


def job(found: Credentials | Search, *, events: list[Event] | None = None, url: str = PYPI.url) -> Job:
    return Job(
        options=PublishOptions(),
        repository=Repository(url=url, simple_urls=()),
        found=found,
        transport=Transport(environ={}, timeout=10),
        reporter=CallbackReporter(on_event=None if events is None else events.append),
    )


def test_credentials_that_were_given_are_looked_for_nowhere() -> None:
    given = Credentials(username="ann", password="pw", origin="--password")
    assert find_credentials(job(given), minting=True) == given
    asked = job(given)
    assert with_credentials(asked) is asked


def test_a_trusted_publisher_proves_who_it_is_before_the_build_and_gets_no_token_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("id")
    payload = base64.urlsafe_b64encode(b'{"aud": "pypi"}').decode().rstrip("=")
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("PYPI_ID_TOKEN", f"x.{payload}.y")
    audience = uploads.Reply(body=b'{"audience": "pypi"}', headers={"Content-Type": "application/json"})
    with uploads.serving(pages={"/_/oidc/audience": audience}) as server:
        asked = job(Search(username=None, trusted=True, keyring=False, ask=False), url=server.url)
        assert with_credentials(asked) is asked
    assert [one.path for one in server.received] == ["/_/oidc/audience"]


def test_what_stood_in_the_way_of_trusted_publishing_is_told() -> None:
    with uploads.serving() as server, pytest.raises(UsageError) as caught:
        with_credentials(job(Search(username=None, trusted=True, keyring=False, ask=False), url=server.url))
    assert caught.value.message == "there are no credentials for 127.0.0.1"
    assert caught.value.notes == ("trusted publishing: 127.0.0.1 knows no trusted publishers",)


@pytest.mark.parametrize(("module", "package"), [("urllib3", "urllib3"), ("id", "id")])
def test_a_package_that_is_missing_is_named_with_the_extra_that_brings_it(
    monkeypatch: pytest.MonkeyPatch, module: str, package: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    audience = uploads.Reply(body=b'{"audience": "pypi"}', headers={"Content-Type": "application/json"})
    with (
        uploads.serving(pages={"/_/oidc/audience": audience}) as server,
        pytest.raises(MissingToolError, match=f"the package {package}") as caught,
    ):
        with_credentials(job(Search(username=None, trusted=True, keyring=False, ask=False), url=server.url))
    assert caught.value.hint == '`pip install "cratewheel[publish]"`'
