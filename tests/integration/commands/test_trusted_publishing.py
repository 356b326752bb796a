"""Trusted publishing from services that have a program for it: a stand-in for the program, and one for the index."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import uploads
from uploads import Reply

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Run

pytest.importorskip("id")
pytestmark = pytest.mark.skipif(os.name == "nt", reason="the programs are shell scripts")


def identity(audience: str = "pypi") -> str:
    """Return a token as a CI service gives it."""
    return f"x.{base64.urlsafe_b64encode(json.dumps({'aud': audience}).encode()).decode().rstrip('=')}.y"


def program(folder: Path, name: str, *, says: str, status: int = 0, expects: str = "*") -> None:
    """Write a program that a CI service has: it says `says` where its arguments are as expected."""
    path = folder / name
    script = f'case "$*" in\n{expects}) echo "{says}"; echo "{says}" >&2; exit {status};;\nesac\nexit 9\n'
    path.write_text(f"#!/bin/sh\n{script}", encoding="utf-8")
    path.chmod(0o755)


@pytest.mark.parametrize(
    ("variable", "name", "expects"),
    [
        ("BUILDKITE", "buildkite-agent", '"oidc request-token --audience pypi"'),
        ("CIRCLECI", "circleci", '\'run oidc get --claims {"aud": "pypi"} --root-issuer\''),
    ],
)
def test_the_program_of_the_service_says_who_the_job_is(
    run_light: Cratewheel, tmp_path: Path, variable: str, name: str, expects: str
) -> None:
    wheel = uploads.wheel(tmp_path / "dist")
    token = json.dumps({"token": "pypi-minted"}).encode()
    pages = {
        "/_/oidc/audience": Reply(body=b'{"audience": "pypi"}'),
        "POST /_/oidc/mint-token": Reply(body=token, headers={"Content-Type": "application/json"}),
    }

    def upload(url: str) -> Run:
        path = f"{tmp_path}:/bin:/usr/bin"
        words = ("upload", "--non-interactive", "--repository-url", url, wheel)
        return run_light(*words, cwd=tmp_path, env={variable: "true", "PATH": path, "HOME": str(tmp_path)})

    with uploads.serving(pages=pages) as server:
        absent = upload(server.url)
        assert (absent.status != 0, "could not find" in absent.stderr) == (True, True)
        for says, status in (("no such job", 1), ("", 0), ("not a token", 0), (identity("other"), 0)):
            program(tmp_path, name, says=says, status=status)
            failed = upload(server.url)
            assert failed.status != 0
            assert "Traceback" not in failed.stderr
        assert server.uploads == []
        program(tmp_path, name, says=identity(), expects=expects)
        done = upload(server.url).ok()
        assert [one.user for one in server.uploads] == ["__token__:pypi-minted"]
        minted = next(one for one in server.received if one.path == "/_/oidc/mint-token")
        assert json.loads(minted.content) == {"token": identity()}
        assert "pypi-minted" not in done.stdout + done.stderr
        assert identity() not in done.stdout + done.stderr
