"""Whole uploads to a server that answers as each situation says: what it got, what was said, and how it ended."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import golden
import uploads
from cratewheel.commands.publish import upload
from cratewheel.commands.publish.credentials import Credentials, Search
from cratewheel.commands.publish.http import Transport
from cratewheel.commands.publish.repository import Repository
from cratewheel.errors import CratewheelError
from cratewheel.events import (
    CallbackReporter,
    DetailEvent,
    Event,
    ProgressEvent,
    StepEvent,
    UploadEvent,
    WarningEvent,
)
from cratewheel.options.publishing import PublishOptions
from uploads import Reply

pytest.importorskip("urllib3")

GOLDEN = Path(__file__).with_name("golden") / "uploads.json"
SECRET = "s3cret"
EXISTS = Reply(status=400, reason="File already exists")
ANN = Credentials(username="ann", password=SECRET, origin="a test")
NO_SEARCH = Search(username=None, trusted=False, keyring=False, ask=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the server answers; `listed` are the files of its Simple API, with `same` hashes or others."""

    replies: Sequence[Reply] = ()
    listed: Mapping[str, str] | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    files: Sequence[str] = ("sdist", "cp310", "cp311")
    found: Credentials | Search = ANN
    wrong: Mapping[str, str] = field(default_factory=dict)


SKIP = {"skip_existing": True}
SITUATIONS = {
    "all are new": Situation(),
    "one wheel": Situation(files=("cp310",)),
    "a dry run": Situation(options={"upload_dry_run": True}),
    "a dry run that skips": Situation(options={"upload_dry_run": True, **SKIP}, listed={"cp310": "same"}),
    "some are there": Situation(options=SKIP, listed={"cp310": "same", "sdist": "same"}),
    "other content is there": Situation(options=SKIP, listed={"cp311": "other", "sdist": "other"}),
    "nothing is listed, and a file is there": Situation(options=SKIP, replies=(Reply(), EXISTS)),
    "listed without a hash": Situation(options=SKIP, listed={"cp310": "no hash"}, replies=(EXISTS,)),
    "a file is there": Situation(replies=(EXISTS,)),
    "a file is there with other content": Situation(replies=(EXISTS,), listed={"cp310": "other"}),
    "the last file is there": Situation(replies=(Reply(), Reply(), EXISTS)),
    "the first is refused": Situation(replies=(Reply(status=403, reason="Invalid token"),)),
    "the last is refused": Situation(replies=(Reply(), Reply(), Reply(status=400, reason="Bad version"))),
    "it has moved": Situation(replies=(Reply(status=308, reason="Moved", headers={"Location": "https://e.org/"}),)),
    "it takes none": Situation(replies=(Reply(status=405, reason="Not Allowed"),)),
    "an answer is lost": Situation(replies=(Reply(status=502, reason="Bad Gateway"), EXISTS)),
    "an answer is lost, and the file is listed": Situation(
        options=SKIP, listed={"cp311": "same"}, replies=(Reply(status=502, reason="Bad Gateway"), EXISTS)
    ),
    "no credentials": Situation(found=NO_SEARCH),
    "a user at no terminal": Situation(found=Search(username="ann", trusted=False, keyring=False, ask=True)),
    "a dry run would ask": Situation(
        found=Search(username="ann", trusted=False, keyring=False, ask=True), options={"upload_dry_run": True}
    ),
    "a wrong wheel": Situation(wrong={"inside": "cp39-cp39-win32"}),
    "the same file twice": Situation(files=("cp310", "cp310")),
}  # fmt: skip


def archive(folder: Path, name: str, wrong: Mapping[str, str]) -> Path:
    if name == "sdist":
        return uploads.sdist(folder)
    return uploads.wheel(folder, tag=f"{name}-{name}-win32", **wrong)  # type: ignore[arg-type]  # texts alone


def listing(files: Mapping[str, Path], listed: Mapping[str, str]) -> Reply:
    hashes = {
        name: {"same": {"sha256": uploads.digest(files[name])}, "other": {"sha256": "0"}}.get(what, {})
        for name, what in listed.items()
    }
    found = [{"filename": files[name].name, "hashes": each} for name, each in hashes.items()]
    kind = {"Content-Type": "application/vnd.pypi.simple.v1+json"}
    return Reply(body=json.dumps({"files": found}).encode(), headers=kind)


def said(event: Event) -> str | None:
    match event:
        case StepEvent():
            return re.sub(r" in [\d.]+ s\b", " in … s", f"{event.verb}: {event.text}")
        case DetailEvent():
            return f"detail: {event.text}"
        case WarningEvent():
            return f"warning: {event.text}"
        case UploadEvent():
            return f"event: {event.state} {event.path.name} {event.repository}"
        case _:
            return None


def happens(one: Situation, folder: Path) -> dict[str, Any]:
    """Return what the server got, what was said, and the outcomes, or the error."""
    files = {name: archive(folder, name, one.wrong) for name in one.files}
    pages = {} if one.listed is None else {"/simple/demo/": listing(files, one.listed)}
    events: list[Event] = []
    with uploads.serving(*one.replies, pages=pages) as server:
        base = server.url.removesuffix("/legacy/")
        job = upload.Job(
            options=PublishOptions(**one.options),
            repository=Repository(url=server.url, simple_urls=(f"{base}/simple/",)),
            found=one.found,
            transport=Transport(environ={}, pause=lambda _: None),
            reporter=CallbackReporter(on_event=events.append),
        )
        try:
            end: object = [
                f"{outcome.state} {outcome.archive.archive.name}"
                for outcome in upload.upload(job, [files[name] for name in one.files])
            ]
        except CratewheelError as error:
            end = [type(error).__name__, error.message, *error.notes, f"help: {error.hint}"]
        got = [f"{request.method} {request.path} {request.user} {request.file}" for request in server.received]
    progress = [event for event in events if isinstance(event, ProgressEvent)]
    assert progress == [] or (progress[-1].total, progress[-1].done) == (0, 0)
    assert all(0 < event.done <= event.total for event in progress[:-1])
    found = {"got": got, "said": [text for event in events if (text := said(event))], "end": end}
    text = json.dumps(found).replace(base, "http://server")
    result: dict[str, Any] = json.loads(text.replace(json.dumps(f"{folder}{os.sep}")[1:-1], "DIST/"))
    return result


def test_what_becomes_of_files_in_each_situation(tmp_path: Path) -> None:
    found = {name: happens(one, tmp_path / str(at)) for at, (name, one) in enumerate(SITUATIONS.items())}
    golden.check_json(GOLDEN, found)


def test_the_progress_counts_all_bytes(tmp_path: Path) -> None:
    events: list[Event] = []
    paths = [archive(tmp_path, name, {}) for name in ("cp310", "cp311")]
    with uploads.serving() as server:
        job = upload.Job(
            options=PublishOptions(),
            repository=Repository(url=server.url, simple_urls=()),
            found=ANN,
            transport=Transport(environ={}),
            reporter=CallbackReporter(on_event=events.append),
        )
        upload.upload(job, paths)
    progress = [event for event in events if isinstance(event, ProgressEvent)]
    size = sum(path.stat().st_size for path in paths)
    assert progress[-2:] == [
        ProgressEvent(text="Uploading", done=size, total=size),
        ProgressEvent(text="Uploading", done=0, total=0),
    ]
    assert SECRET not in repr(events)
