"""Which repository files go to: options and `.pypirc` → its address and those of its Simple API."""

from __future__ import annotations

import configparser
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from cratewheel.errors import ConfigError, UsageError, did_you_mean
from cratewheel.options.publishing import PublishOptions

KNOWN = {"pypi": "https://upload.pypi.org/legacy/", "testpypi": "https://test.pypi.org/legacy/"}
PYPI_HOSTS = {
    "upload.pypi.org": "https://pypi.org/simple/",
    "pypi.org": "https://pypi.org/simple/",
    "test.pypi.org": "https://test.pypi.org/simple/",
}
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")

Sections = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """An index to upload to: its address without user and password, which are beside it where a file or URL has them.

    `simple_urls` are where its Simple API may be, the likeliest first.
    """

    url: str
    simple_urls: tuple[str, ...]
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    origin: str = ""

    @property
    def host(self) -> str:
        """The host of the address, in lower case."""
        return (urlsplit(self.url).hostname or "").lower()

    @property
    def is_pypi(self) -> bool:
        """Whether it is PyPI or TestPyPI, whose rules we know."""
        return self.host in PYPI_HOSTS

    @property
    def is_unencrypted(self) -> bool:
        """Whether passwords would cross the network in the clear."""
        return urlsplit(self.url).scheme == "http" and self.host not in LOCAL_HOSTS


def read_pypirc(environ: Mapping[str, str]) -> Sections:
    """Return the sections of the `.pypirc` in the home directory; none where there is no such file.

    Raises `ConfigError` where it cannot be read.
    """
    home = environ.get("HOME") or environ.get("USERPROFILE")
    if not home:
        return {}
    path = Path(home) / ".pypirc"
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeError) as error:
        raise ConfigError(f"{path} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}") from error
    except configparser.Error as error:
        raise ConfigError(f"{path}, {_fault(error)}", hint="write `[pypi]`, `username = …`, `password = …`") from None
    return {name: dict(parser[name]) for name in parser.sections()}


def _fault(error: configparser.Error) -> str:
    """Return the line of a wrong `.pypirc` and what is wrong, without the line itself, which may hold a password."""
    if isinstance(error, configparser.DuplicateSectionError):
        return f"line {error.lineno}: there is a second section [{error.section}]"
    if isinstance(error, configparser.DuplicateOptionError):
        return f"line {error.lineno}: [{error.section}] has a second `{error.option}`"
    if isinstance(error, configparser.MissingSectionHeaderError):
        return f"line {error.lineno}: there is no section before it"
    lines = [line for line, _ in error.errors] if isinstance(error, configparser.ParsingError) else []
    return f"line {min(lines, default=1)}: it is neither `name = value` nor a section"


def choose(options: PublishOptions, pypirc: Sections) -> Repository:
    """Return the repository that is meant; raises `UsageError` and `ConfigError` where there is none.

    An address that `--repository` is given, as maturin 0.12 took them, counts as `--repository-url`.
    """
    name = options.repository or "pypi"
    url = options.repository_url
    if url is None and name.startswith(("http://", "https://")):
        url = name
    if url is not None:
        origin = "--repository-url or MATURIN_REPOSITORY_URL" if options.repository_url else "--repository"
        return _at(url, _section_of(url, pypirc), options, origin=origin)
    section = pypirc.get(name, {})
    url = section.get("repository") or KNOWN.get(name)
    if url is None:
        if name in pypirc:
            raise ConfigError(
                f"the section [{name}] of ~/.pypirc names no repository", hint="add `repository = https://…` to it"
            )
        names = sorted({*KNOWN, *pypirc} - {"distutils"})
        raise UsageError(
            f"there is no repository `{name}`",
            hint=did_you_mean(name, names) or f"give --repository-url, or a section [{name}] in ~/.pypirc",
        )
    return _at(url, section, options, origin=f"[{name}] of ~/.pypirc")


def _section_of(url: str, pypirc: Sections) -> Mapping[str, str]:
    """Return the section of `.pypirc` for this very address, which may lack its last slash; empty without one."""
    wanted = url.rstrip("/")
    addresses = {name: section.get("repository") or KNOWN.get(name) or "" for name, section in pypirc.items()}
    found = next((name for name, address in addresses.items() if address.rstrip("/") == wanted), None)
    return pypirc[found] if found is not None else {}


def _at(url: str, section: Mapping[str, str], options: PublishOptions, *, origin: str) -> Repository:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if not host or parts.scheme not in ("http", "https"):
        raise UsageError(f"the repository's address, from {origin}, is no URL", hint=f"such as {KNOWN['pypi']}")
    where = f"[{host}]" if ":" in host else host
    netloc = where if port is None else f"{where}:{port}"
    plain = urlunsplit((parts.scheme, netloc, _path(parts.path, host), parts.query, ""))
    username = unquote(parts.username) if parts.username else section.get("username")
    password = unquote(parts.password) if parts.password else section.get("password")
    check = (options.check_url,) if options.check_url else _simple_urls(plain)
    return Repository(url=plain, simple_urls=check, username=username, password=password, origin=origin)


def _path(path: str, host: str) -> str:
    """Return the path of an address; PyPI's needs its last slash, which people forget."""
    return f"{path}/" if host in PYPI_HOSTS and path == "/legacy" else path or "/"


def _simple_urls(url: str) -> tuple[str, ...]:
    """Return where the Simple API of a repository may be.

    >>> _simple_urls("https://index.example/team/legacy/")
    ('https://index.example/team/simple/', 'https://index.example/team/legacy/simple/')
    >>> _simple_urls("https://index.example/team/")
    ('https://index.example/team/simple/', 'https://index.example/team/+simple/')
    """
    parts = urlsplit(url)
    known = PYPI_HOSTS.get(parts.hostname or "")
    if known is not None:
        return (known,)
    base = url.rstrip("/")
    for end in ("/legacy", "/upload"):
        if base.endswith(end):
            return (f"{base.removesuffix(end)}/simple/", f"{base}/simple/")
    return (f"{base}/simple/", f"{base}/+simple/")
