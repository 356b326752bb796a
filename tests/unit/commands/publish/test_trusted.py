"""Trusted publishing: a CI job gets a token for what it can prove."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

import uploads
from cratewheel.commands.publish.credentials import Credentials
from cratewheel.commands.publish.http import Transport
from cratewheel.commands.publish.repository import Repository
from cratewheel.commands.publish.trusted import PERMISSION, NoIdentityError, mint_token
from uploads import Reply

pytest.importorskip("id")
pytest.importorskip("urllib3")

SCOPES = "https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fcloud-platform"
MINTED = Credentials(username="__token__", password="pypi-minted", origin="trusted publishing")


@pytest.fixture(autouse=True)
def _no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "CIRCLECI", "BUILDKITE", "GOOGLE_SERVICE_ACCOUNT_NAME"):
        monkeypatch.delenv(name, raising=False)


def identity(audience: str = "pypi") -> str:
    """Return a token as a CI service gives it."""
    payload = base64.urlsafe_b64encode(json.dumps({"aud": audience}).encode()).decode().rstrip("=")
    return f"x.{payload}.y"


def reply(value: object, status: int = 200) -> Reply:
    return Reply(status=status, body=json.dumps(value).encode(), headers={"Content-Type": "application/json"})


def index(mint: Reply, audience: str = "pypi") -> dict[str, Reply]:
    return {"/_/oidc/audience": reply({"audience": audience}), "POST /_/oidc/mint-token": mint}


def mint(server: uploads.Server) -> Credentials:
    return mint_token(Repository(url=server.url, simple_urls=()), Transport(environ={}, timeout=10))


def test_a_job_of_github_asks_for_its_identity_and_changes_it_for_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = {
        **index(reply({"success": True, "token": "pypi-minted"})),
        "/identity?audience=pypi": reply({"value": identity()}),
    }
    with uploads.serving(pages=pages) as server:
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "asked")
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{server.url.removesuffix('/legacy/')}/identity")
        assert mint(server) == MINTED
    assert [(one.path, one.content) for one in server.received] == [
        ("/_/oidc/audience", b""),
        ("/identity?audience=pypi", b""),
        ("/_/oidc/mint-token", json.dumps({"token": identity()}).encode()),
    ]


def test_a_job_of_gitlab_has_its_identity_in_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("TESTPYPI_ID_TOKEN", identity("testpypi"))
    with uploads.serving(pages=index(reply({"token": "pypi-minted"}), audience="testpypi")) as server:
        assert mint(server) == MINTED


def test_a_job_that_is_no_trusted_publisher_is_told_why_without_its_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("PYPI_ID_TOKEN", identity())
    refusal = {"message": "Token request failed", "errors": [{"code": "invalid-publisher", "description": identity()}]}
    with uploads.serving(pages=index(reply(refusal, status=422))) as server, pytest.raises(NoIdentityError) as caught:
        mint(server)
    assert caught.value.message == "127.0.0.1 gives this job no token: 422 OK: Token request failed; ***"


@pytest.mark.parametrize("variable", [None, "GITHUB_ACTIONS", "GITLAB_CI"])
def test_a_job_that_cannot_prove_who_it_is_is_told_how(monkeypatch: pytest.MonkeyPatch, variable: str | None) -> None:
    if variable is not None:
        monkeypatch.setenv(variable, "true")
    with uploads.serving(pages=index(reply({}))) as server, pytest.raises(NoIdentityError) as caught:
        mint(server)
    assert caught.value.hint == PERMISSION


@pytest.mark.parametrize("page", [None, reply({"audience": None}), Reply(body=b"<html>")])
def test_an_index_without_trusted_publishers(page: Reply | None) -> None:
    pages = {} if page is None else {"/_/oidc/audience": page}
    with uploads.serving(pages=pages) as server, pytest.raises(NoIdentityError, match="knows no trusted publishers"):
        mint(server)


@pytest.mark.parametrize("account", [None, "robot@example.org"])
def test_google_says_who_the_machine_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, account: str | None) -> None:
    ambient = pytest.importorskip("id._internal.oidc.ambient")
    (tmp_path / "product").write_text("Google Compute Engine\n", encoding="utf-8")
    monkeypatch.setattr(ambient, "_GCP_PRODUCT_NAME_FILE", str(tmp_path / "product"))
    if account is not None:
        monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT_NAME", account)
    pages = {
        **index(reply({"token": "pypi-minted"})),
        "/identity?audience=pypi&format=full": Reply(body=identity().encode()),
        f"/access?scopes={SCOPES}": reply({"access_token": "secret"}),
        "POST /robot@example.org:generateIdToken": reply({"token": identity()}),
    }
    with uploads.serving(pages=pages) as server:
        base = server.url.removesuffix("/legacy/")
        monkeypatch.setattr(ambient, "_GCP_IDENTITY_REQUEST_URL", f"{base}/identity")
        monkeypatch.setattr(ambient, "_GCP_TOKEN_REQUEST_URL", f"{base}/access")
        monkeypatch.setattr(ambient, "_GCP_GENERATEIDTOKEN_REQUEST_URL", base + "/{}:generateIdToken")
        assert mint(server) == MINTED


@pytest.mark.parametrize("answer", [reply([]), Reply(body=b"<html>"), Reply(body=b"\xff"), Reply(status=403)])
def test_what_the_library_lets_through_is_no_traceback(monkeypatch: pytest.MonkeyPatch, answer: Reply) -> None:
    ambient = pytest.importorskip("id._internal.oidc.ambient")
    monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT_NAME", "robot")
    with uploads.serving(pages={**index(reply({})), f"/access?scopes={SCOPES}": answer}) as server:
        monkeypatch.setattr(ambient, "_GCP_TOKEN_REQUEST_URL", f"{server.url.removesuffix('/legacy/')}/access")
        with pytest.raises(NoIdentityError) as caught:
            mint(server)
    assert caught.value.hint == PERMISSION


def test_an_address_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "secret")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", "no address")
    with uploads.serving(pages=index(reply({}))) as server, pytest.raises(NoIdentityError) as caught:
        mint(server)
    assert "secret" not in caught.value.message
