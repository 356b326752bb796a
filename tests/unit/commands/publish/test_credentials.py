"""Which user and password count."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cratewheel.commands.publish.credentials import Credentials, Search, decide, without_secrets
from cratewheel.commands.publish.repository import Repository
from cratewheel.errors import UsageError
from cratewheel.options.resolve import resolve_publish

PYPI = Repository(url="https://upload.pypi.org/legacy/", simple_urls=())
OTHER = Repository(url="https://index.work/legacy/", simple_urls=())
IN_FILE = Repository(
    url="https://index.work/", simple_urls=(), username="ann", password="filed", origin="[work] of ~/.pypirc"
)


def found(
    repository: Repository,
    flags: dict[str, str] | None = None,
    env: Mapping[str, str] | None = None,
    *,
    terminal: bool = False,
    **variables: str,
) -> Credentials | Search:
    environ = {**(env or {}), **variables}
    options, origins = resolve_publish(flags or {}, environ)
    return decide(options, origins, environ, repository, terminal=terminal)


def test_a_token_outranks_everything() -> None:
    flags = {"username": "bob", "password": "flagged"}
    assert found(IN_FILE, flags, MATURIN_PYPI_TOKEN="pypi-x\n") == Credentials(
        username="__token__", password="pypi-x", origin="MATURIN_PYPI_TOKEN"
    )


def test_flags_outrank_variables_and_pypirc() -> None:
    flags = {"username": "bob", "password": "flagged"}
    assert found(IN_FILE, flags, MATURIN_PASSWORD="set", GITHUB_ACTIONS="true") == Credentials(
        username="bob", password="flagged", origin="--password"
    )


def test_a_password_alone_is_of_the_user_in_pypirc() -> None:
    assert found(IN_FILE, MATURIN_PASSWORD="set") == Credentials(
        username="ann", password="set", origin="MATURIN_PASSWORD"
    )


@pytest.mark.parametrize(("repository", "password"), [(PYPI, "anything"), (OTHER, "pypi-x")])
def test_a_token_needs_no_user(repository: Repository, password: str) -> None:
    assert found(repository, CRATEWHEEL_PASSWORD=password) == Credentials(
        username="__token__", password=password, origin="CRATEWHEEL_PASSWORD"
    )


def test_a_password_of_nobody_is_an_error() -> None:
    with pytest.raises(UsageError, match="a password was given without a user"):
        found(OTHER, MATURIN_PASSWORD="x")


def test_pypirc_counts_when_nothing_was_given() -> None:
    assert found(IN_FILE, GITHUB_ACTIONS="true") == Credentials(
        username="ann", password="filed", origin="[work] of ~/.pypirc"
    )


def test_the_password_in_pypirc_is_not_of_another_user() -> None:
    assert found(IN_FILE, {"username": "bob"}) == Search(username="bob", trusted=False, keyring=True, ask=False)


@pytest.mark.parametrize("variable", ["GITHUB_ACTIONS", "GITLAB_CI", "BUILDKITE", "CIRCLECI"])
def test_a_ci_job_may_be_a_trusted_publisher(variable: str) -> None:
    assert found(PYPI, env={variable: "true"}, terminal=True, CI="true") == Search(
        username=None, trusted=True, keyring=True, ask=False
    )


def test_a_user_with_a_name_is_no_trusted_publisher() -> None:
    assert found(PYPI, {"username": "ann"}, GITHUB_ACTIONS="true") == Search(
        username="ann", trusted=False, keyring=True, ask=False
    )


@pytest.mark.parametrize(
    ("terminal", "environ", "ask"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"CI": "true"}, False),
        (True, {"CI": "false"}, True),
        (True, {"MATURIN_NON_INTERACTIVE": "1"}, False),
        (True, {"MATURIN_NON_INTERACTIVE": "0"}, True),
    ],
)
def test_only_somebody_at_a_terminal_is_asked(terminal: bool, environ: dict[str, str], ask: bool) -> None:
    assert found(PYPI, env=environ, terminal=terminal) == Search(username=None, trusted=False, keyring=True, ask=ask)


def test_no_password_is_in_the_text_of_an_object() -> None:
    options, _ = resolve_publish({"password": "s3cret"}, {})
    assert "s3cret" not in repr((options, found(PYPI, {"password": "s3cret"}), IN_FILE))


def test_programs_of_a_build_do_not_get_the_secrets() -> None:
    secrets = {
        "MATURIN_PASSWORD": "x", "CRATEWHEEL_PYPI_TOKEN": "x", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "x",
        "TESTPYPI_ID_TOKEN": "x",
    }  # fmt: skip
    assert without_secrets({"PATH": "/bin", **secrets}) == {"PATH": "/bin"}
