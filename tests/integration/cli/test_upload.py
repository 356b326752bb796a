"""`cratewheel upload` with servers that answer in every way, and with a real one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

import uploads
from cratewheel import api
from cratewheel.events import Event, ProgressEvent, UploadEvent
from uploads import Reply

pytest.importorskip("urllib3")

TOKEN = "pypi-s3cretTOKEN"
EXISTS = Reply(status=400, reason="File already exists ('demo')")
LATER = Reply(status=429, reason="Too Many Requests", headers={"Retry-After": "0"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Archives of one project: a wheel, two more, and an sdist."""

    first: Path
    second: Path
    third: Path
    sdist: Path

    @property
    def names(self) -> list[str]:
        return [path.name for path in (self.first, self.second, self.third, self.sdist)]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    folder = tmp_path / "dist"
    return Files(
        first=uploads.wheel(folder, tag="cp310-cp310-win32"),
        second=uploads.wheel(folder, tag="cp311-cp311-win32"),
        third=uploads.wheel(folder, tag="cp312-cp312-win32"),
        sdist=uploads.sdist(folder),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    status: int
    out: str
    err: str


Run = Callable[..., Done]


def environment(home: Path, env: Mapping[str, str]) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "SYSTEMROOT", "LANG") if name in os.environ}
    nobody = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", "NO_COLOR": "1", "HOME": str(home)}
    return {**kept, **nobody, **env}


@pytest.fixture
def upload(tmp_path: Path) -> Run:
    """Return what runs the command; `token` is in the environment unless told otherwise."""

    def run(*words: str | Path, token: str | None = TOKEN, **env: str) -> Done:
        variables = env if token is None else {"MATURIN_PYPI_TOKEN": token, **env}
        done = subprocess.run(
            [sys.executable, "-m", "cratewheel", "upload", *map(str, words)],
            env=environment(tmp_path, variables), cwd=tmp_path, capture_output=True, text=True, check=False,
            timeout=120, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert TOKEN not in done.stdout + done.stderr
        return Done(status=done.returncode, out=done.stdout, err=done.stderr)

    return run


def test_files_arrive_whole_with_their_fields_and_the_sdist_last(upload: Run, files: Files) -> None:
    with uploads.serving() as server:
        done = upload("--repository-url", server.url, "dist/*")
    assert done.status == 0, done.err
    assert (server.uploads[0].file, server.uploads[-1].file) == (files.first.name, files.sdist.name)
    assert sorted(one.file or "" for one in server.uploads) == sorted(files.names)
    sent = server.uploads[0]
    assert (sent.user, sent.content, sent.path) == (f"__token__:{TOKEN}", files.first.read_bytes(), "/legacy/")
    assert dict(sent.fields)["sha256_digest"] == uploads.digest(files.first)
    assert dict(sent.fields)["description"] == "# demo\n\nGrüße.\n"
    assert sent.agent.startswith("cratewheel/")
    assert done.out == ""


def test_json_says_what_became_of_each_file(upload: Run, files: Files) -> None:
    with uploads.serving() as server:
        done = upload("--message-format", "json", "--repository-url", server.url, files.first)
    assert [json.loads(line) for line in done.out.splitlines()] == [
        {"event": "upload", "state": "uploaded", "repository": server.url, "path": str(files.first)}
    ]


def test_nothing_is_sent_when_one_file_is_wrong(upload: Run, files: Files) -> None:
    uploads.wheel(files.first.parent, tag="cp313-cp313-win32", record="")
    with uploads.serving() as server:
        done = upload("--repository-url", server.url, "dist/*")
    assert (done.status, server.received) == (1, [])
    assert "127.0.0.1 would refuse what is to be uploaded; nothing was" in done.err
    assert "demo-1.0-cp313-cp313-win32.whl: demo/__init__.py is not in its RECORD" in done.err


def test_a_tag_that_pypi_refuses_needs_no_connection(upload: Run, tmp_path: Path) -> None:
    path = uploads.wheel(tmp_path, tag="cp312-cp312-linux_x86_64")
    done = upload(path, HTTPS_PROXY="http://127.0.0.1:9")
    assert done.status == 1
    assert "PyPI refuses the tag linux_x86_64: build with --compatibility pypi, or with --zig" in done.err


def test_a_dry_run_sends_nothing(upload: Run, files: Files) -> None:
    with uploads.serving() as server:
        done = upload("--dry-run", "--repository-url", server.url, files.first)
    assert (done.status, server.received) == (0, [])
    assert f"Would upload {files.first.name} to {server.url}" in done.err


def test_a_busy_server_gets_the_file_again(upload: Run, files: Files) -> None:
    with uploads.serving(LATER, LATER) as server:
        done = upload("--repository-url", server.url, files.first)
    assert done.status == 0
    assert [one.content for one in server.uploads] == [files.first.read_bytes()] * 3
    assert "127.0.0.1: 429 Too Many Requests; trying again in 0 s" in done.err


@pytest.mark.parametrize("lost", [Reply(status=500, reason="Oh"), Reply(reset=True)], ids=["500", "reset"])
def test_a_file_that_arrived_although_the_answer_was_lost_is_uploaded(upload: Run, files: Files, lost: Reply) -> None:
    with uploads.serving(lost, EXISTS) as server:
        done = upload("--repository-url", server.url, files.first)
    assert done.status == 0, done.err
    assert f"Uploaded {files.first.name}" in done.err


def test_after_a_failure_in_the_middle_it_says_what_is_there_and_the_next_run_does_the_rest(
    upload: Run, files: Files
) -> None:
    refused = Reply(status=400, reason="Bad Request", body=b"no more space", headers={"Content-Type": "text/plain"})
    ordered = ["--repository-url", ""]
    with uploads.serving(Reply(), refused, refused) as server:
        ordered[1] = server.url
        done = upload(*ordered, "dist/*")
    assert done.status == 1
    assert "127.0.0.1 refuses demo-1.0-cp31" in done.err
    assert "400 Bad Request: no more space" in done.err
    lines = [line.strip() for line in done.err.splitlines() if line.startswith("       ")]
    assert lines == [
        f"in the repository: {files.first.name}",
        f"not uploaded: {files.second.name}",
        f"not uploaded: {files.third.name}",
        f"not uploaded: {files.sdist.name}",
    ]
    assert "help: when that is fixed, run it again with --skip-existing: it uploads the rest" in done.err
    page = {"files": [{"filename": files.first.name, "hashes": {"sha256": uploads.digest(files.first)}}]}
    simple = Reply(body=json.dumps(page).encode(), headers={"Content-Type": "application/json"})
    with uploads.serving(pages={"/simple/demo/": simple}) as server:
        done = upload("--repository-url", server.url, "--skip-existing", "dist/*")
    assert done.status == 0, done.err
    assert f"Skipped {files.first.name}, which is there" in done.err
    assert sorted(one.file or "" for one in server.uploads) == sorted(files.names[1:])


def test_other_content_under_the_same_name_is_an_error_before_anything_is_sent(upload: Run, files: Files) -> None:
    page = {"files": [{"filename": files.third.name, "hashes": {"sha256": "0" * 64}}]}
    simple = Reply(body=json.dumps(page).encode(), headers={"Content-Type": "application/json"})
    with uploads.serving(pages={"/simple/demo/": simple}) as server:
        done = upload("--repository-url", server.url, "--skip-existing", "dist/*")
    assert (done.status, server.uploads) == (1, [])
    assert "127.0.0.1 has other content under these names; nothing was uploaded" in done.err
    assert files.third.name in done.err


@pytest.mark.parametrize(
    "reply",
    [
        EXISTS,
        Reply(status=409, reason="Conflict"),
        Reply(status=403, reason="Forbidden", body=b"Not enough permissions to overwrite artifact"),
        Reply(status=400, reason="Bad Request", body=b"... updating asset ..."),
        Reply(status=400, reason="Bad Request", body=b'{"message": "name has already been taken"}'),
    ],
    ids=["pypi", "409", "artifactory", "nexus", "gitlab"],
)
def test_a_server_without_hashes_that_has_the_file(upload: Run, files: Files, reply: Reply) -> None:
    with uploads.serving(reply, reply) as server:
        refused = upload("--repository-url", server.url, files.first)
        skipped = upload("--repository-url", server.url, "--skip-existing", files.first)
    assert (refused.status, skipped.status) == (1, 0)
    assert f"127.0.0.1 has {files.first.name} already" in refused.err
    assert "help: skip what is there with --skip-existing" in refused.err
    assert f"127.0.0.1 has a {files.first.name}, and does not tell its hash" in skipped.err


@pytest.mark.parametrize(
    ("reply", "said", "hint"),
    [
        (
            Reply(status=403, reason=f"Invalid {TOKEN}", body=TOKEN.encode()),
            "127.0.0.1 does not let these credentials upload demo-1.0-cp310-cp310-win32.whl: 403 Invalid ***",
            "look at the user and the scope of the token",
        ),
        (
            Reply(status=308, reason="Moved", headers={"Location": "https://a:b@e.org/legacy/"}),
            "has moved to https://***@e.org/legacy/",
            "give --repository-url https://***@e.org/legacy/",
        ),
        (Reply(status=404, reason="Not Found"), "takes no uploads: 404 Not Found", "https://upload.pypi.org/legacy/"),
    ],
)
def test_refusals_say_what_to_do_and_show_no_secret(
    upload: Run, files: Files, reply: Reply, said: str, hint: str
) -> None:
    with uploads.serving(reply) as server:
        done = upload("--repository-url", server.url, files.first)
    assert done.status == 1
    assert said in done.err
    assert hint in done.err


def test_ctrl_c_ends_a_silent_upload_at_once(files: Files, tmp_path: Path) -> None:
    with uploads.serving(Reply(), Reply(silent=True)) as server:
        command = [sys.executable, "-m", "cratewheel", "upload", "--repository-url", server.url]
        with subprocess.Popen(
            [*command, files.first, files.second, files.sdist],
            env=environment(tmp_path, {"MATURIN_PYPI_TOKEN": TOKEN}), stderr=subprocess.PIPE, text=True,
        ) as child:  # fmt: skip
            uploads.until(lambda: len(server.uploads) == 2)
            child.send_signal(signal.SIGINT)
            _, said = child.communicate(timeout=60)
    assert child.returncode == 130
    assert f"in the repository: {files.first.name}" in said
    assert f"not uploaded: {files.sdist.name}" in said


def test_credentials_are_asked_for_after_the_files_were_checked(upload: Run, files: Files) -> None:
    done = upload("gone.whl", token=None)
    assert (done.status, "gone.whl does not exist" in done.err) == (2, True)
    done = upload(files.first, token=None)
    assert done.status == 2
    assert "there are no credentials for upload.pypi.org" in done.err
    assert "help: set MATURIN_PYPI_TOKEN to a token of the project" in done.err


def test_credentials_of_pypirc(upload: Run, files: Files, tmp_path: Path) -> None:
    with uploads.serving() as server:
        lines = ["[work]", f"repository = {server.url}", "username = ann", "password = p%w"]
        (tmp_path / ".pypirc").write_text("\n".join(lines))
        assert upload("-r", "work", files.first, token=None).status == 0
    assert server.uploads[0].user == "ann:p%w"


def test_a_password_on_the_command_line_is_a_warning(upload: Run, files: Files) -> None:
    with uploads.serving() as server:
        done = upload("--repository-url", server.url, "-u", "ann", "-p", "pässwörd", files.first, token=None)
    assert done.status == 0
    assert server.uploads[0].user == "ann:pässwörd"
    assert "warning: others on this machine can see a password on the command line" in done.err
    assert "pässwörd" not in done.err


def test_credentials_of_the_keyring(upload: Run, files: Files, tmp_path: Path) -> None:
    (tmp_path / "ring.py").write_text(
        "import keyring.backend\n"
        "class Ring(keyring.backend.KeyringBackend):\n"
        "    priority = 1\n"
        "    def get_password(self, service, username):\n"
        "        return 'ringed' if service.startswith('http://127.0.0.1') and username == 'ann' else None\n"
        "    def set_password(self, *_): ...\n"
    )
    with uploads.serving() as server:
        words = ["--repository-url", server.url, "-u", "ann", files.first]
        done = upload(*words, token=None, PYTHON_KEYRING_BACKEND="ring.Ring", PYTHONPATH=str(tmp_path))
    assert done.status == 0, done.err
    assert server.uploads[0].user == "ann:ringed"


def test_the_api_tells_events_and_returns_what_became_of_each(files: Files) -> None:
    events: list[Event] = []
    with uploads.serving() as server:
        outcomes = api.upload(
            [files.sdist, files.first],
            environ={"MATURIN_PYPI_TOKEN": TOKEN},
            repository_url=server.url,
            on_event=events.append,
        )
    assert [(one.archive.archive.name, one.state) for one in outcomes] == [
        (files.sdist.name, "uploaded"),
        (files.first.name, "uploaded"),
    ]
    assert [event.path.name for event in events if isinstance(event, UploadEvent)] == [
        files.first.name,
        files.sdist.name,
    ]
    assert any(event.done == event.total > 0 for event in events if isinstance(event, ProgressEvent))
    assert TOKEN not in repr((events, outcomes))


def test_a_real_server_takes_the_files_once(upload: Run, files: Files, tmp_path: Path) -> None:
    with uploads.pypiserver(tmp_path / "index") as url:
        words = ["--repository-url", url, "-u", "ann", "dist/*"]
        first = upload(*words, token=None, MATURIN_PASSWORD="pw")
        again = upload(*words, token=None, MATURIN_PASSWORD="pw")
        skipping = upload(*words, "--skip-existing", token=None, MATURIN_PASSWORD="pw")
        uploads.wheel(tmp_path / "dist", tag="cp310-cp310-win32", extra={"demo/new.py": ""})
        changed = upload(*words, "--skip-existing", token=None, MATURIN_PASSWORD="pw")
        listing = urllib.request.urlopen(f"{url}simple/demo/", timeout=10).read().decode()
    assert first.status == 0, first.err
    assert all(name in listing for name in files.names)
    assert (tmp_path / "index" / files.sdist.name).read_bytes() == files.sdist.read_bytes()
    assert again.status == 1
    assert f"127.0.0.1 has {files.first.name} already" in again.err
    assert skipping.status == 0
    assert skipping.err.count("which is there") == 4
    assert changed.status == 1
    assert "has other content under these names" in changed.err


def test_the_form_is_that_of_twine(upload: Run, files: Files, tmp_path: Path) -> None:
    twine = [sys.executable, "-m", "twine", "upload", "--non-interactive", "--disable-progress-bar", "-u", "ann"]
    paths = [files.first, files.sdist]
    with uploads.serving() as server:
        assert upload("--repository-url", server.url, *paths).status == 0
        ours = {one.file: one for one in server.uploads}
        server.received.clear()
        subprocess.run(
            [*twine, "-p", "x", "--repository-url", server.url, *map(str, paths)],
            env=environment(tmp_path, {}), check=True, capture_output=True, timeout=120,
        )  # fmt: skip
        theirs = {one.file: one for one in server.uploads}
    assert ours.keys() == theirs.keys() == {path.name for path in paths}
    for name, one in theirs.items():
        # theirs has no MD5, and a space in the list of keywords
        md5 = [("md5_digest", uploads.digest(files.first.with_name(name or ""), "md5"))]
        expected = [(key, value.replace(", ", ",") if key == "keywords" else value) for key, value in one.fields]
        assert sorted(ours[name].fields) == sorted(expected + md5)
        assert ours[name].content == one.content
