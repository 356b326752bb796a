"""How requests are made: proxies, certificates, attempts, and what is shown of answers."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import time
from collections.abc import Mapping
from email.utils import formatdate
from pathlib import Path

import pytest

import uploads
from cratewheel.commands.publish.http import (
    Answer,
    ConnectionFailedError,
    Transport,
    delay,
    proxy_for,
    tls_context,
)
from cratewheel.errors import UsageError

pytest.importorskip("urllib3")

RESET = uploads.Reply(reset=True)


def busy(seconds: str) -> uploads.Reply:
    return uploads.Reply(status=429, reason="Too Many Requests", headers={"Retry-After": seconds})


def attempt(*replies: uploads.Reply, attempts: int = 5) -> tuple[int, bool, list[float]]:
    """Return the status in the end, whether an attempt may have been carried out, and the pauses."""
    pauses: list[float] = []
    with uploads.serving(*replies) as server:
        transport = Transport(environ={}, timeout=10, attempts=attempts, pause=pauses.append)
        answer = transport.request("POST", server.url, data=b"x")
        return answer.status, answer.unsure, pauses


@pytest.mark.parametrize("status", [200, 301, 400, 403, 404, 409])
def test_a_clear_answer_is_the_answer(status: int) -> None:
    assert attempt(uploads.Reply(status=status, reason="")) == (status, False, [])


def test_a_busy_server_is_asked_when_it_says() -> None:
    assert attempt(busy("7"), busy("3")) == (200, False, [7.0, 3.0])


def test_a_server_that_wants_hours_is_not_waited_for() -> None:
    assert attempt(busy("7200")) == (429, False, [])


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_with_a_problem_is_asked_again_later_each_time(status: int) -> None:
    broken = uploads.Reply(status=status, reason="Oh")
    assert attempt(broken, broken, broken) == (200, True, [1.0, 2.0, 4.0])
    assert attempt(*[broken] * 5) == (status, True, [1.0, 2.0, 4.0, 8.0])


def test_a_connection_that_breaks_is_made_again() -> None:
    assert attempt(RESET, RESET) == (200, True, [1.0, 2.0])


def test_a_server_that_never_answers_is_an_error_that_names_it() -> None:
    with pytest.raises(ConnectionFailedError) as caught:
        attempt(RESET, RESET, attempts=2)
    assert caught.value.message.startswith("127.0.0.1 gave no answer (2 attempts): ")


def test_a_silent_server_is_given_up_after_the_timeout() -> None:
    silent = uploads.Reply(silent=True)
    with uploads.serving(silent, silent) as server, pytest.raises(ConnectionFailedError, match="timed out"):
        Transport(environ={}, timeout=0.2, attempts=2, pause=lambda _: None).request("POST", server.url, data=b"x")


def test_retry_after_may_be_a_date() -> None:
    assert 50 < delay(1, {"retry-after": formatdate(time.time() + 60, usegmt=True)}) <= 60
    assert delay(2, {"retry-after": "soon"}) == 2.0
    assert delay(2, {"retry-after": "\u00b2"}) == 2.0  # a digit, and yet no number


@pytest.mark.parametrize(
    ("url", "environ", "proxy"),
    [
        ("https://e.org/", {}, None),
        ("https://e.org/", {"HTTPS_PROXY": "http://p:1"}, "http://p:1"),
        ("https://e.org/", {"https_proxy": "p:1", "HTTPS_PROXY": "http://q:1"}, "http://p:1"),
        ("http://e.org/", {"HTTPS_PROXY": "http://p:1", "all_proxy": "http://q:1"}, "http://q:1"),
        ("https://a.e.org/", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "x,.e.org"}, None),
        ("https://a.e.org/", {"HTTPS_PROXY": "http://p:1", "no_proxy": "*"}, None),
        ("https://the.org/", {"HTTPS_PROXY": "http://p:1", "NO_PROXY": "e.org"}, "http://p:1"),
        ("http://e.org:81/", {"http_proxy": "http://p:1", "NO_PROXY": "e.org:81"}, None),
    ],
)
def test_the_proxy_of_an_address(url: str, environ: Mapping[str, str], proxy: str | None) -> None:
    assert proxy_for(url, environ) == proxy


def test_a_request_goes_through_the_proxy() -> None:
    with uploads.serving() as server:
        proxy = server.url.removesuffix("/legacy/").replace("//", "//ann:pw@")
        answer = Transport(environ={"http_proxy": proxy}).request("POST", "http://index.invalid/x", data=b"x")
        assert answer.status == 200
        assert [one.path for one in server.received] == ["http://index.invalid/x"]


def test_a_proxy_of_another_kind_is_an_error_that_hides_its_password() -> None:
    with pytest.raises(UsageError) as caught:
        Transport(environ={"all_proxy": "socks5://ann:pw@p:1"}).request("GET", "https://e.org/")
    assert caught.value.message == "the proxy socks5://***@p:1 cannot be used"


def test_a_file_of_certificates_that_is_not_there_or_has_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"MATURIN_CA_BUNDLE names .*gone.pem: No such file"):
        tls_context({"MATURIN_CA_BUNDLE": str(tmp_path / "gone.pem"), "SSL_CERT_FILE": "x"})
    (tmp_path / "empty.pem").write_text("nothing\n")
    with pytest.raises(UsageError, match="it has no certificates"):
        tls_context({"REQUESTS_CA_BUNDLE": str(tmp_path / "empty.pem")})


def test_the_certificates_of_a_variable_are_the_only_ones() -> None:
    certifi = pytest.importorskip("certifi")
    context = tls_context({"CURL_CA_BUNDLE": certifi.where()})
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.cert_store_stats()["x509_ca"] > 10


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("text/plain", b"no  such\nuser", "403 Forbidden: no such user"),
        ("text/html", b"<html><head><title>403 No</title><style>x</style></head><body><p>Bad &amp; token</p></body>",
         "403 Forbidden: 403 No: Bad & token"),
        ("application/json", b'{"message": "no", "errors": [{"code": "x", "description": "why"}]}',
         "403 Forbidden: no; why"),
        ("text/plain", b"Forbidden", "403 Forbidden"),
        ("text/plain", b"\xff s3cret https://a:b@c/", "403 Forbidden: � *** https://***@c/"),
        ("text/plain", b"", "403 Forbidden"),
    ],
)  # fmt: skip
def test_what_is_shown_of_an_answer(kind: str, body: bytes, said: str) -> None:
    answer = Answer(status=403, reason="Forbidden", headers={"content-type": kind}, body=body)
    assert Transport(environ={}, secrets=("s3cret",)).describe(answer) == said


def certificate(folder: Path) -> Path:
    """Return a file with a key and a certificate for this machine that it has signed itself."""
    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "index")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "index.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def test_a_certificate_that_a_variable_names_is_trusted_and_no_other(tmp_path: Path) -> None:
    path = certificate(tmp_path)
    pauses: list[float] = []
    with uploads.serving() as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        url = server.url.replace("http:", "https:")
        trusting = Transport(environ={"REQUESTS_CA_BUNDLE": str(path)}, timeout=10)
        assert trusting.request("POST", url, data=b"x").status == 200
        with pytest.raises(ConnectionFailedError, match="CERTIFICATE_VERIFY_FAILED") as caught:
            Transport(environ={}, timeout=10, pause=pauses.append).request("POST", url, data=b"x")
    assert pauses == []
    assert caught.value.hint == "set MATURIN_CA_BUNDLE to a file with the certificate of the one who signed it"
