"""Requests to repositories: proxies, certificates, timeouts, and attempts again after failures that pass.

The package urllib3 does the work. It is an extra, and imported when a request is made.
"""

from __future__ import annotations

import html
import json
import os
import re
import ssl
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote, urlsplit, urlunsplit

from cratewheel import __version__
from cratewheel.errors import MissingToolError, UploadError, UsageError
from cratewheel.system.redaction import HIDDEN, strip_userinfo
from cratewheel.system.tasks import POLL_INTERVAL, check_cancelled

if TYPE_CHECKING:
    import urllib3

CA_VARIABLES = ("MATURIN_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
ATTEMPTS = 5
LONGEST_WAIT = 120.0  # seconds, whatever a server asks for
CONNECT_TIMEOUT = 30.0  # seconds
SHOWN = 600  # characters of what a server says
PASSING = (408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524)  # answers after which the next may be better


class RequestBody(Protocol):
    """What a request sends: a file-like object of known length."""

    content_type: str
    length: int

    def read(self, amount: int = -1, /) -> bytes:
        """Return the next bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server answered. `unsure` says that an attempt before it may have been carried out as well."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes
    unsure: bool = False

    @property
    def ok(self) -> bool:
        """Whether the server did what it was asked for."""
        return 200 <= self.status < 300

    def json(self) -> Any:
        """Return the JSON of the answer; raises `ValueError` where it is none."""
        return json.loads(self.body)


class ConnectionFailedError(UploadError):
    """A server could not be reached, or did not answer."""


def wait(seconds: float) -> None:
    """Let time pass; raises as `check_cancelled` does."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        check_cancelled()
        time.sleep(min(left, POLL_INTERVAL))


@dataclass(frozen=True, slots=True, kw_only=True)
class Transport:
    """How requests are made. `secrets` are shown of no answer; `pause` lets time pass between attempts."""

    environ: Mapping[str, str] = field(repr=False)  # which may have tokens
    timeout: float = 300.0
    attempts: int = ATTEMPTS
    pause: Callable[[float], None] = wait
    secrets: tuple[str, ...] = field(default=(), repr=False)
    on_retry: Callable[[str], None] | None = None

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        credentials: tuple[str, str] | None = None,
        body: Callable[[], AbstractContextManager[RequestBody]] | None = None,
        data: bytes | None = None,
    ) -> Answer:
        """Return the answer to a request, made again while failures may pass; `body` is made again for each attempt.

        Redirects are not followed. Raises `ConnectionFailedError` where no attempt got an answer.
        """
        pool = _pool(url, self.environ, self.timeout)
        all_headers = {"User-Agent": f"cratewheel/{__version__}", **(headers or {})}
        if credentials is not None:
            import urllib3

            # in UTF-8, as twine and PyPI have it
            joined = ":".join(credentials).encode().decode("latin-1")
            all_headers |= urllib3.util.make_headers(basic_auth=joined)
        unsure, number = False, 0
        while True:
            number += 1
            answer, failure = self._attempt(pool, method, url, all_headers, body, data)
            if answer is not None and answer.status not in PASSING:
                return Answer(**{**_fields(answer), "unsure": unsure})
            seconds = delay(number, answer.headers if answer is not None else {})
            if number >= self.attempts or seconds > LONGEST_WAIT or _is_certificate_error(failure):
                if answer is not None:
                    return Answer(**{**_fields(answer), "unsure": unsure})
                raise self._failed(url, failure, number)
            unsure = unsure or answer is None or answer.status >= 500
            if self.on_retry is not None:
                why = f"{answer.status} {answer.reason}".strip() if answer is not None else _reason(failure)
                self.on_retry(f"{_host(url)}: {self.redact(why)}; trying again in {seconds:.0f} s")
            self.pause(seconds)

    def _attempt(
        self,
        pool: urllib3.PoolManager,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Callable[[], AbstractContextManager[RequestBody]] | None,
        data: bytes | None,
    ) -> tuple[Answer | None, Exception | None]:
        """Make one request; return the answer, or why there is none."""
        import urllib3

        with body() if body is not None else nullcontext() as request_body:
            more = {} if request_body is None else _length_headers(request_body)

            def make() -> Answer:
                found = pool.request(
                    method,
                    url,
                    headers={**headers, **more},
                    body=data if request_body is None else request_body,  # type: ignore[arg-type]  # which asks for all of IO
                    redirect=False,
                    retries=False,
                )
                known = {name.lower(): value for name, value in found.headers.items()}
                return Answer(status=found.status, reason=found.reason or "", headers=known, body=found.data)

            try:
                return interruptible(make), None
            except (urllib3.exceptions.HTTPError, OSError) as error:
                return None, error

    def _failed(self, url: str, failure: Exception | None, attempts: int) -> ConnectionFailedError:
        hint = (
            f"set {CA_VARIABLES[0]} to a file with the certificate of the one who signed it"
            if _is_certificate_error(failure)
            else "look at the network and the variables HTTPS_PROXY and NO_PROXY; then run the same again"
        )
        times = f" ({attempts} attempts)" if attempts > 1 else ""
        return ConnectionFailedError(f"{_host(url)} gave no answer{times}: {self.redact(_reason(failure))}", hint=hint)

    def redact(self, text: str) -> str:
        """Return a text of a server as it may be shown: without secrets and users of URLs."""
        for secret in self.secrets:
            if secret:
                text = text.replace(secret, HIDDEN)
        return strip_userinfo(text)

    def describe(self, answer: Answer) -> str:
        """Return what a server says in an answer, for people: the status, and the text of the page."""
        text = " ".join(_page_text(answer).split())[:SHOWN]
        status = f"{answer.status} {answer.reason}".strip()
        return self.redact(status if not text or text in status else f"{status}: {text}")


def interruptible(work: Callable[[], Answer]) -> Answer:
    """Do work that waits for the network; raises as `check_cancelled` does, and leaves the work to its timeout then."""
    done = threading.Event()
    results: list[Answer] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001  # raised again below; a signal among them
            failures.append(error)
        finally:
            done.set()

    threading.Thread(target=run, daemon=True).start()
    while not done.wait(POLL_INTERVAL):
        check_cancelled()
    if failures:
        raise failures[0]
    return results[0]


def delay(number: int, headers: Mapping[str, str]) -> float:
    """Return how many seconds to wait after the attempt of this number: as the server asks, or longer each time.

    >>> delay(1, {}), delay(3, {}), delay(1, {"retry-after": "7"})
    (1.0, 4.0, 7.0)
    """
    asked = headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdigit():
        return float(asked[:9])
    if asked:
        try:
            until = parsedate_to_datetime(asked).timestamp()
        except (TypeError, ValueError, OverflowError):
            pass
        else:
            return max(0.0, until - time.time())
    return float(2 ** (number - 1))


def _fields(answer: Answer) -> dict[str, Any]:
    return {name: getattr(answer, name) for name in ("status", "reason", "headers", "body")}


def _length_headers(request_body: RequestBody) -> dict[str, str]:
    return {"Content-Type": request_body.content_type, "Content-Length": str(request_body.length)}


def _is_certificate_error(failure: Exception | None) -> bool:
    return "certificate" in str(failure).lower()


def _host(url: str) -> str:
    return urlsplit(url).hostname or url


def _reason(failure: Exception | None) -> str:
    """Return the failure in short: urllib3 wraps what the system said several times."""
    inner: BaseException = failure or OSError("no answer")
    while (below := inner.__cause__ or inner.__context__) is not None and not isinstance(inner, TimeoutError):
        inner = below
    text = getattr(inner, "strerror", None) or str(inner) or type(inner).__name__
    return re.sub(r"^<[^>]*>: ", "", str(text))


def _page_text(answer: Answer) -> str:
    text = answer.body[: 1 << 14].decode("utf-8", "replace")
    kind = answer.headers.get("content-type", "")
    if "json" in kind:
        try:
            return _json_text(json.loads(text))
        except (ValueError, RecursionError):
            return text
    if "html" in kind or text.lstrip().startswith("<"):
        title = re.search(r"(?is)<title>(.*?)</title>", text)
        body = re.sub(r"(?is)<(script|style|head)\b.*?</\1>|<[^>]+>", " ", text)
        return html.unescape(f"{title[1]}: {body}" if title and title[1].strip() not in body else body)
    return text


def _json_text(found: object) -> str:
    if isinstance(found, dict):
        parts = [found.get(name) for name in ("message", "error", "detail", "title", "errors")]
        return "; ".join(_json_text(part) for part in parts if part) or json.dumps(found)
    if isinstance(found, list):
        described = [part.get("description", part) if isinstance(part, dict) else part for part in found]
        return "; ".join(map(str, described))
    return str(found)


def require_urllib3() -> None:
    """Raise `MissingToolError` where the package urllib3 is not there."""
    try:
        import urllib3  # noqa: F401  # whether it can be
    except ImportError:
        raise MissingToolError("uploads need the package urllib3", hint='`pip install "cratewheel[publish]"`') from None


def proxy_for(url: str, environ: Mapping[str, str]) -> str | None:
    """Return the proxy that the environment has for an address.

    >>> proxy_for("https://upload.pypi.org/legacy/", {"https_proxy": "http://proxy:3128"})
    'http://proxy:3128'
    >>> proxy_for("http://10.0.0.1/", {"ALL_PROXY": "http://proxy:3128", "NO_PROXY": "10.0.0.1"}) is None
    True
    """
    parts = urlsplit(url)
    names = (f"{parts.scheme}_proxy", "all_proxy")
    found = next((value for name in names for value in _either(name, environ) if value), None)
    no = next((value for value in _either("no_proxy", environ) if value), "")
    if found is None or _is_exempt(parts.hostname or "", parts.netloc, no):
        return None
    return found if "://" in found else f"http://{found}"


def _is_exempt(host: str, place: str, names: str) -> bool:
    """Return whether NO_PROXY names a host, or a domain that it is in."""
    for name in names.split(","):
        domain = name.strip().lower().removeprefix(".")
        if domain == "*" or (domain and (domain in (host, place.lower()) or host.endswith(f".{domain}"))):
            return True
    return False


def _either(name: str, environ: Mapping[str, str]) -> tuple[str | None, ...]:
    return environ.get(name), environ.get(name.upper())


def _pool(url: str, environ: Mapping[str, str], seconds: float) -> urllib3.PoolManager:
    """Return what makes the connections for an address; raises `UsageError` for a proxy that cannot be used."""
    require_urllib3()
    import urllib3

    how: dict[str, Any] = {
        "timeout": urllib3.Timeout(connect=min(CONNECT_TIMEOUT, seconds), read=seconds),
        "ssl_context": tls_context(environ),
    }
    proxy = proxy_for(url, environ)
    if proxy is None:
        return urllib3.PoolManager(**how)
    parts = urlsplit(proxy)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(
            f"the proxy {strip_userinfo(proxy)} cannot be used", hint="only proxies of http:// and https:// can"
        )
    if parts.username:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        how["proxy_headers"] = urllib3.util.make_headers(proxy_basic_auth=user)
        parts = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    return urllib3.ProxyManager(urlunsplit(parts), **how)


def tls_context(environ: Mapping[str, str]) -> ssl.SSLContext:
    """Return the certificates to trust: those that a variable names, or the system's.

    Raises `UsageError` where the file that a variable names is not there or has none.
    """
    variable = next((name for name in CA_VARIABLES if environ.get(name)), None)
    if variable is not None:
        path = Path(environ[variable])
        try:
            folder = path.is_dir()
            return ssl.create_default_context(cafile=None if folder else path, capath=path if folder else None)
        except OSError as error:  # which an `SSLError` is, too
            no_file = not isinstance(error, ssl.SSLError) and error.errno  # PyPy gives no text
            why = os.strerror(no_file) if no_file else "it has no certificates"
            raise UsageError(f"{variable} names {path}: {why}", hint="name a file of certificates in PEM") from error
    context = ssl.create_default_context()
    places = ssl.get_default_verify_paths()
    if sys.platform != "win32" and places.cafile is None and not (places.capath and os.listdir(places.capath)):  # noqa: PTH208
        try:
            import certifi
        except ImportError:
            return context
        context.load_verify_locations(certifi.where())
    return context
