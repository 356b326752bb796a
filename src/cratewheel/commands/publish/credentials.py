"""Which user and password to upload with: options, variables, `.pypirc` → credentials, or where to look for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cratewheel.commands.publish.repository import Repository
from cratewheel.errors import UsageError
from cratewheel.options.publishing import PublishOptions
from cratewheel.options.values import Origin

TOKEN_USER = "__token__"  # noqa: S105  # the name that PyPI gives to users of tokens
TOKEN_VARIABLES = ("CRATEWHEEL_PYPI_TOKEN", "MATURIN_PYPI_TOKEN")
TOKEN_PREFIX = "pypi-"  # noqa: S105  # what tokens of PyPI begin with

# What tells a job of a CI service which can prove who it is; see https://docs.pypi.org/trusted-publishers/
CI_WITH_IDENTITY = ("GITHUB_ACTIONS", "GITLAB_CI", "CIRCLECI", "BUILDKITE", "GOOGLE_SERVICE_ACCOUNT_NAME")
# What programs that a build starts have no use for
_SECRETS = ("CRATEWHEEL_PASSWORD", "MATURIN_PASSWORD", *TOKEN_VARIABLES, "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
_IDENTITY_TOKEN = "_ID_TOKEN"  # noqa: S105  # the end of the names of variables of GitLab

MISSING_HINT = (
    "set MATURIN_PYPI_TOKEN to a token of the project, or publish from CI as a trusted publisher: "
    "https://docs.pypi.org/trusted-publishers/"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A user, a password or token, and where they come from."""

    username: str
    password: str = field(repr=False)
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Where to look for credentials that nobody gave: in this order; `ask` is for a terminal."""

    username: str | None
    trusted: bool
    keyring: bool
    ask: bool


def decide(
    options: PublishOptions,
    origins: Mapping[str, Origin],
    environ: Mapping[str, str],
    repository: Repository,
    *,
    terminal: bool,
) -> Credentials | Search:
    """Return the credentials, or where to look for them.

    A token in a variable counts most, then flags and their variables, the address, `.pypirc`. What was given
    outranks what a CI job may ask for. Raises `UsageError` where there is no user for a password.
    """
    for variable in TOKEN_VARIABLES:
        if token := environ.get(variable):
            return Credentials(username=TOKEN_USER, password=token.strip(), origin=variable)
    if options.password:
        username = options.username or repository.username or _user_of(options.password, repository)
        if username is None:
            raise UsageError("a password was given without a user", hint="give --username, or set MATURIN_USERNAME")
        origin = origins["password"].name
        return Credentials(username=username, password=options.password, origin=origin)
    username = options.username or repository.username
    if repository.password and options.username in (None, repository.username):
        known = username or _user_of(repository.password, repository)
        if known is not None:
            return Credentials(username=known, password=repository.password, origin=repository.origin)
    return Search(
        username=username,
        trusted=username in (None, TOKEN_USER) and any(environ.get(name) for name in CI_WITH_IDENTITY),
        keyring=True,
        ask=terminal and not options.non_interactive and not _is_true(environ.get("CI")),
    )


def _user_of(password: str, repository: Repository) -> str | None:
    """Return whose password it is where nobody said: of PyPI's, which are tokens."""
    return TOKEN_USER if repository.is_pypi or password.startswith(TOKEN_PREFIX) else None


def _is_true(value: str | None) -> bool:
    return (value or "").lower() not in ("", "0", "false", "no", "off")


def without_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for the programs of a build: without tokens and passwords of uploads.

    >>> without_secrets({"PATH": "/bin", "MATURIN_PYPI_TOKEN": "x", "PYPI_ID_TOKEN": "y"})
    {'PATH': '/bin'}
    """
    return {
        name: value for name, value in environ.items() if name not in _SECRETS and not name.endswith(_IDENTITY_TOKEN)
    }
