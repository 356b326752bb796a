"""Archives → a repository: all are checked first, then sent, several at once, and what became of each is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Literal
from urllib.parse import urljoin

from cratewheel.commands.publish import attestations, checks, index, trusted
from cratewheel.commands.publish.checks import Checked
from cratewheel.commands.publish.credentials import MISSING_HINT, TOKEN_USER, Credentials, Search
from cratewheel.commands.publish.distribution import read_archive
from cratewheel.commands.publish.form import Body, Fields, fields
from cratewheel.commands.publish.http import Answer, Transport, require_urllib3
from cratewheel.commands.publish.index import UNKNOWN, Comparison, Listing
from cratewheel.commands.publish.repository import KNOWN, Repository
from cratewheel.errors import CratewheelError, UploadError, UsageError
from cratewheel.events import ProgressEvent, Reporter, UploadEvent
from cratewheel.options.publishing import PublishOptions
from cratewheel.system.tasks import task_group
from cratewheel.ui import format_duration

AT_ONCE = 4
RERUN = "when that is fixed, run it again with --skip-existing: it uploads the rest"

# What servers say of a file that is there, by the status: pypiserver and devpi; Artifactory; PyPI, Nexus, GitLab
EXISTS = {409: ("",), 403: ("overwrite artifact",), 400: ("already exist", "updating asset", "already been taken")}

State = Literal["uploaded", "skipped", "failed", "waiting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one archive; `error` says why it failed."""

    archive: Checked
    state: State
    error: CratewheelError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Where and how files are uploaded; `begun` is when the command began, by the monotonic clock."""

    options: PublishOptions
    repository: Repository
    found: Credentials | Search
    transport: Transport
    reporter: Reporter
    begun: float = field(default_factory=time.monotonic)


def upload(job: Job, paths: Sequence[Path]) -> tuple[Outcome, ...]:
    """Check all files, upload them, and return what became of each.

    Raises `UploadError` with every problem where a file may not be uploaded: none is then. Raises the first failure of
    an upload, with what is in the repository and what is not.
    """
    require_urllib3()
    archives = check_all(paths, job.repository, job.reporter)
    if job.repository.is_unencrypted:
        job.reporter.warn("the repository's address is http://: others in the network can read the password")
    signing = not job.options.upload_dry_run
    checked = [one.archive.path for one in archives]
    attested = attestations.attest(checked, signing=signing) if job.options.attestations else {}
    credentials = find_credentials(job, minting=not job.options.upload_dry_run)
    if credentials is not None:
        job.reporter.detail(f"uploading as {credentials.username}, by {credentials.origin}")
        job = replace(job, transport=replace(job.transport, secrets=(credentials.password,)))
    outcomes = _Uploader(job, credentials, archives, attested).run()
    time_taken = format_duration(time.monotonic() - job.begun)
    job.reporter.step(*summary([outcome.state for outcome in outcomes], job.repository.host, time_taken))
    return outcomes


def summary(states: Sequence[State], host: str, time_taken: str) -> tuple[str, str]:
    """Return the closing line, as a verb and the rest: what became of all files.

    >>> summary(["uploaded", "uploaded", "skipped"], "pypi.org", "12 s")
    ('Published', '2 files to pypi.org in 12 s; 1 was there already')
    """
    sent, there, waiting = (states.count(state) for state in ("uploaded", "skipped", "waiting"))
    already = f"; {there} {'was' if there == 1 else 'were'} there already" if there else ""
    if waiting:  # a dry run
        return "Would publish", f"{_count(waiting)} to {host}{already}; nothing was uploaded"
    return "Published", f"{_count(sent)} to {host} in {time_taken}{already}"


def _count(files: int) -> str:
    return f"{files} file{'' if files == 1 else 's'}"


def with_credentials(job: Job) -> Job:
    """Return the job with its credentials, before anything long is done.

    A token of a trusted publisher ends soon, so the job only proves who it is. Raises `UsageError` without any.
    """
    require_urllib3()
    if isinstance(job.found, Credentials):
        return job
    found = find_credentials(job, minting=False)
    return job if found is None else replace(job, found=found)


def check_all(paths: Sequence[Path], repository: Repository, reporter: Reporter) -> tuple[Checked, ...]:
    """Return the archives, checked; raises `UploadError` that lists what is wrong with any of them."""
    archives = tuple(checks.check(read_archive(path), pypi=repository.is_pypi) for path in paths)
    notes: list[str] = []
    seen: dict[str, Path] = {}
    for one in archives:
        name = one.archive.name
        if name in seen:
            notes.append(f"{name}: it is named twice, as {seen[name]} and {one.archive.path}")
        seen[name] = one.archive.path
        notes += [f"{name}: {problem}" for problem in one.problems]
        if repository.is_pypi:
            notes += [f"{name}: {problem}" for problem in checks.classifier_problems(one.raw)]
        if unreadable := checks.render_problem(one.raw):
            notes.append(f"{name}: {unreadable}")
        for warning in one.warnings:
            reporter.warn(f"{name}: {warning}")
    if notes:
        raise UploadError(
            f"{repository.host} would refuse what is to be uploaded; nothing was",
            notes=tuple(notes),
            hint="fix it in pyproject.toml or Cargo.toml, and build again",
        )
    reporter.step("Checked", f"{_count(len(archives))} for {repository.host}")
    return archives


def find_credentials(job: Job, *, minting: bool) -> Credentials | None:
    """Return the credentials: those given, or from trusted publishing, the keyring, or the user at the terminal.

    None is for a trusted publisher who gets a token when `minting` only, and for a dry run that would have to ask.
    Raises `UsageError` where there are none.
    """
    if isinstance(job.found, Credentials):
        return job.found
    search, why = job.found, None
    if search.trusted:
        try:
            if minting:
                return trusted.mint_token(job.repository, job.transport)
            trusted.prove_identity(job.repository, job.transport)
        except trusted.NoIdentityError as error:
            why = error
        else:
            return None
    if search.keyring and (found := _from_keyring(job.repository, search.username, job.reporter)):
        return found
    if not search.ask:
        raise UsageError(
            f"there are no credentials for {job.repository.host}",
            notes=(f"trusted publishing: {why.message}",) if why else (),
            hint=why.hint if why and why.hint else MISSING_HINT,
        )
    if job.options.upload_dry_run:
        job.reporter.warn(f"there are no credentials for {job.repository.host}: the upload would ask for them")
        return None
    return _ask(job.repository, search.username, job.reporter)


def _from_keyring(repository: Repository, username: str | None, reporter: Reporter) -> Credentials | None:
    """Return what the keyring has for the address; for `maturin` too, the name that the peer keeps passwords by."""
    try:
        import keyring
        from keyring.errors import NoKeyringError
    except ImportError:
        return None
    name = username or (TOKEN_USER if repository.is_pypi else None)
    try:
        found = keyring.get_credential(repository.url, username)
        if found is not None and found.username:
            return Credentials(username=found.username, password=found.password, origin="the keyring")
        password = keyring.get_password("maturin", name) if name is not None else None
    except NoKeyringError:
        return None
    except Exception as error:  # noqa: BLE001  # each kind of keyring has errors of its own
        reporter.warn(f"the keyring cannot be asked: {error}")
        return None
    return Credentials(username=name, password=password, origin="the keyring") if name and password else None


def _ask(repository: Repository, username: str | None, reporter: Reporter) -> Credentials:
    name = username or (TOKEN_USER if repository.is_pypi else reporter.ask(f"User at {repository.host}: "))
    what = "Token" if name == TOKEN_USER else f"Password of {name}"
    password = reporter.ask(f"{what} for {repository.host}: ", secret=True)
    if not name or not password:
        raise UsageError("no user and password were given", hint=MISSING_HINT)
    return Credentials(username=name, password=password, origin="the terminal")


class _Uploader:
    """Sends the archives of one job."""

    def __init__(
        self, job: Job, credentials: Credentials | None, archives: Sequence[Checked], attested: Mapping[Path, str]
    ) -> None:
        self._job = job
        self._login = (credentials.username, credentials.password) if credentials is not None else None
        self._archives = tuple(archives)
        self._forms: dict[str, Fields] = {
            one.archive.name: fields(one, attested.get(one.archive.path)) for one in archives
        }
        self._lock = threading.Lock()
        self._sent: dict[str, int] = {}
        self._total = 0
        self._outcomes: dict[str, Outcome] = {}
        self._failed = False

    def run(self) -> tuple[Outcome, ...]:
        """Upload what is not there; the first one alone, as it may make the project, and sdists last."""
        try:
            waiting = self._skip_existing() if self._job.options.skip_existing else list(self._archives)
            if self._job.options.upload_dry_run:
                for one in waiting:
                    self._job.reporter.step("Would upload", f"{one.archive.name} to {self._job.repository.url}")
                return self._result()
            self._total = sum(one.archive.size for one in waiting)
            wheels = [one for one in waiting if one.archive.filetype == "bdist_wheel"]
            sdists = [one for one in waiting if one.archive.filetype == "sdist"]
            self._send_all(wheels[:1])
            self._send_all(wheels[1:])
            self._send_all(sdists)
        except BaseException:
            self._progress_ended()
            self._report_state()
            raise
        self._progress_ended()
        return self._result()

    def _skip_existing(self) -> list[Checked]:
        listings = {project: self._listing(project) for project in sorted({one.project for one in self._archives})}
        found = {one.archive.name: index.compare(one.archive, listings[one.project]) for one in self._archives}
        others = [name for name, comparison in found.items() if comparison == "other"]
        if others:
            raise UploadError(
                f"{self._job.repository.host} has other content under these names; nothing was uploaded",
                notes=tuple(others),
                hint="a name can be used once only: raise the version and build again",
            )
        for one in self._archives:
            if found[one.archive.name] == "same":
                self._end(one, "skipped")
        return [one for one in self._archives if found[one.archive.name] != "same"]

    def _listing(self, project: str) -> Listing:
        listing = index.read_listing(project, self._job.repository, self._job.transport, self._login)
        if not listing.known:
            self._job.reporter.detail(f"{self._job.repository.host} does not say what it has of {project}")
        return listing

    def _send_all(self, archives: Sequence[Checked]) -> None:
        if self._failed or not archives:
            return
        with task_group(max_running=AT_ONCE) as group:
            for task in [group.start(partial(self._send, one)) for one in archives]:
                task.result()

    def _send(self, one: Checked) -> None:
        """Upload one archive. A failure is kept: what is being sent beside it is sent to its end."""
        if self._failed:
            return
        try:
            self._end(one, self._post(one))
        except CratewheelError as error:
            if isinstance(error, UploadError | UsageError):
                self._failed = True
                self._outcomes[one.archive.name] = Outcome(archive=one, state="failed", error=error)
            else:
                raise

    def _post(self, one: Checked) -> State:
        archive = one.archive
        form = self._forms[archive.name]

        def body() -> Body:
            self._sent[archive.name] = 0
            return Body(form, archive.path, archive.size, partial(self._progress, archive.name))

        transport = replace(self._job.transport, on_retry=self._job.reporter.warn)
        answer = transport.request("POST", self._job.repository.url, credentials=self._login, body=body)
        if answer.ok:
            return "uploaded"
        if exists(answer):
            return self._existing(one, answer)
        raise refusal(answer, archive.name, self._job.repository, transport)

    def _existing(self, one: Checked, answer: Answer) -> State:
        """Return what it means that the repository has a file of this name; raises `UploadError` where it is wrong."""
        host = self._job.repository.host
        skip = self._job.options.skip_existing
        listing = UNKNOWN
        with suppress(UploadError):
            listing = self._listing(one.project)
        comparison: Comparison = index.compare(one.archive, listing)
        if comparison == "other":
            raise UploadError(
                f"{host} has other content under the name {one.archive.name}",
                hint="a name can be used once only: raise the version and build again",
            )
        if answer.unsure and (comparison == "same" or not skip):
            return "uploaded"  # by the attempt before, whose answer was lost
        if skip:
            if comparison != "same":
                self._job.reporter.warn(f"{host} has a {one.archive.name}, and does not tell its hash")
            return "skipped"
        raise UploadError(f"{host} has {one.archive.name} already", hint="skip what is there with --skip-existing")

    def _end(self, one: Checked, state: State) -> None:
        self._outcomes[one.archive.name] = Outcome(archive=one, state=state)
        reporter = self._job.reporter
        if state == "skipped":
            reporter.step("Skipped", f"{one.archive.name}, which is there")
        else:
            reporter.step("Uploaded", one.archive.name)
        reporter.emit(UploadEvent(path=one.archive.path, state=state, repository=self._job.repository.url))

    def _progress(self, name: str, amount: int) -> None:
        with self._lock:
            self._sent[name] += amount
            done = min(sum(self._sent.values()), self._total)
        self._job.reporter.emit(ProgressEvent(text="Uploading", done=done, total=self._total))

    def _progress_ended(self) -> None:
        self._job.reporter.emit(ProgressEvent(text="Uploading", done=0, total=0))

    def _result(self) -> tuple[Outcome, ...]:
        """Return every outcome; raises the first failure, with the state of all files."""
        failures = [outcome for outcome in self._outcomes.values() if outcome.error is not None]
        if failures:
            error = failures[0].error
            assert error is not None
            notes = (*error.notes, *self._state())
            some = any(outcome.state != "failed" for outcome in self._outcomes.values())
            hints = [error.hint, RERUN if some and "--skip-existing" not in (error.hint or "") else None]
            raise UploadError(error.message, notes=notes, hint="; ".join(filter(None, hints)) or None) from error
        return tuple(
            self._outcomes.get(one.archive.name, Outcome(archive=one, state="waiting")) for one in self._archives
        )

    def _report_state(self) -> None:
        for line in self._state() if self._outcomes else ():
            self._job.reporter.step("State", line)

    def _state(self) -> tuple[str, ...]:
        """Return what is in the repository and what is not, line by line."""
        there = {name for name, outcome in self._outcomes.items() if outcome.state in ("uploaded", "skipped")}
        return tuple(
            f"{'in the repository' if one.archive.name in there else 'not uploaded'}: {one.archive.name}"
            for one in self._archives
        )


def exists(answer: Answer) -> bool:
    """Return whether an answer means that the repository has a file of this name."""
    said = f"{answer.reason} {answer.body[: 1 << 16].decode('utf-8', 'replace')}".lower()
    return any(words in said for words in EXISTS.get(answer.status, ()))


def refusal(answer: Answer, name: str, repository: Repository, transport: Transport) -> UploadError:
    """Return the error for an answer that is none of success."""
    said = transport.describe(answer)
    if answer.status in (401, 403):
        return UploadError(
            f"{repository.host} does not let these credentials upload {name}: {said}",
            hint=f"look at the user and the scope of the token; it is for {repository.url}",
        )
    if 300 <= answer.status < 400:
        if "location" not in answer.headers:
            return UploadError(f"{repository.url} takes no uploads: {said}")
        place = answer.headers["location"]
        with suppress(ValueError):  # what a server says need not be an address
            place = urljoin(repository.url, place)
        place = transport.redact(place)
        return UploadError(f"{repository.url} has moved to {place}", hint=f"give --repository-url {place}")
    if answer.status in (404, 405):
        return UploadError(f"{repository.url} takes no uploads: {said}", hint=f"the address of PyPI is {KNOWN['pypi']}")
    return UploadError(f"{repository.host} refuses {name}: {said}")
