"""Trusted publishing: the identity of a CI job → a token of the repository that lives for some minutes.

See https://docs.pypi.org/trusted-publishers/internals/.
"""

from __future__ import annotations

import json
from urllib.parse import urlsplit, urlunsplit

from cratewheel.commands.publish.credentials import TOKEN_USER, Credentials
from cratewheel.commands.publish.http import Answer, ConnectionFailedError, Transport
from cratewheel.commands.publish.repository import Repository
from cratewheel.errors import MissingToolError, UploadError

PERMISSION = (
    "give the job `permissions: id-token: write` (GitHub), the `id_tokens` that PyPI's documentation shows (GitLab), "
    "or the program `circleci` or `buildkite-agent`"
)


class NoIdentityError(UploadError):
    """There are no credentials by this way; others may be."""


def mint_token(repository: Repository, transport: Transport) -> Credentials:
    """Return a token for the job that this is; raises `NoIdentityError`, which says why there is none."""
    identity = prove_identity(repository, transport)
    try:
        answer = transport.request(
            "POST",
            _url(repository, "/_/oidc/mint-token"),
            headers={"Content-Type": "application/json", "Accept": "application/json"},
            data=json.dumps({"token": identity}).encode(),
        )
    except ConnectionFailedError as error:
        raise NoIdentityError(error.message, hint=error.hint) from error
    token = _text_of(answer, "token")
    if token is None:
        raise NoIdentityError(
            f"{repository.host} gives this job no token: {transport.describe(answer).replace(identity, '***')}",
            hint="register the repository, the workflow and the environment as a trusted publisher of the project",
        )
    return Credentials(username=TOKEN_USER, password=token, origin="trusted publishing")


def prove_identity(repository: Repository, transport: Transport) -> str:
    """Return what proves to the repository which job this is; raises `NoIdentityError`.

    Whether the job is a trusted publisher is seen when it asks for a token. That is not tried out: for a publisher of a
    project that does not exist yet, PyPI makes the project.
    """
    try:
        return _identity(_audience(repository, transport))
    except ConnectionFailedError as error:
        raise NoIdentityError(error.message, hint=error.hint) from error


def _audience(repository: Repository, transport: Transport) -> str:
    answer = transport.request("GET", _url(repository, "/_/oidc/audience"), headers={"Accept": "application/json"})
    audience = _text_of(answer, "audience")
    if audience is None:
        raise NoIdentityError(f"{repository.host} knows no trusted publishers")
    return audience


def _identity(audience: str) -> str:
    try:
        import id as oidc
    except ImportError:
        raise MissingToolError(
            "trusted publishing needs the package id", hint='`pip install "cratewheel[publish]"`'
        ) from None
    try:
        identity = oidc.detect_credential(audience)
    except oidc.IdentityError as error:
        raise NoIdentityError(" ".join(str(error).split()), hint=PERMISSION) from error
    except Exception as error:  # of urllib3, JSON and the system, which the library lets through
        text = " ".join(str(error).split()) or type(error).__name__
        raise NoIdentityError(f"this job's service does not say who it is: {text}", hint=PERMISSION) from error
    if identity is None:
        raise NoIdentityError("this job cannot prove who it is", hint=PERMISSION)
    return identity


def _text_of(answer: Answer, name: str) -> str | None:
    try:
        found = answer.json() if answer.ok else None
    except (ValueError, RecursionError):
        return None
    value = found.get(name) if isinstance(found, dict) else None
    return value if isinstance(value, str) and value else None


def _url(repository: Repository, path: str) -> str:
    parts = urlsplit(repository.url)
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))
