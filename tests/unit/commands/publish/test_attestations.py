"""Attestations that lie beside the files."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

import uploads
from cratewheel.commands.publish.attestations import attest
from cratewheel.commands.publish.trusted import PERMISSION
from cratewheel.errors import UploadError

pytest.importorskip("pypi_attestations")


@pytest.fixture(autouse=True)
def _no_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "CIRCLECI", "BUILDKITE", "GOOGLE_SERVICE_ACCOUNT_NAME"):
        monkeypatch.delenv(name, raising=False)


def attestation(path: Path) -> dict[str, object]:
    """Return one in the form of PEP 740, which nobody has signed."""
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": path.name, "digest": {"sha256": uploads.digest(path)}}],
        "predicateType": "https://docs.pypi.org/attestations/publish/v1",
        "predicate": None,
    }
    return {
        "version": 1,
        "verification_material": {"certificate": base64.b64encode(b"x").decode(), "transparency_entries": [{"a": 1}]},
        "envelope": {"statement": base64.b64encode(json.dumps(statement).encode()).decode(), "signature": "eA=="},
    }


def beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.publish.attestation")


def test_those_beside_a_file_are_its_own(tmp_path: Path) -> None:
    path = uploads.wheel(tmp_path)
    beside(path).write_text(json.dumps(attestation(path)))
    found = attest([path], signing=True)
    assert {key: json.loads(text) for key, text in found.items()} == {path: [attestation(path)]}


def test_one_of_another_file_is_refused(tmp_path: Path) -> None:
    path, other = uploads.wheel(tmp_path), uploads.sdist(tmp_path)
    beside(path).write_text(json.dumps(attestation(other)))
    with pytest.raises(UploadError) as caught:
        attest([path], signing=True)
    assert caught.value.message == f"{beside(path).name} is not of this {path.name}"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 2}'])
def test_what_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = uploads.wheel(tmp_path)
    beside(path).write_text(text)
    with pytest.raises(UploadError, match="is no attestation"):
        attest([path], signing=True)


def test_only_a_ci_job_can_sign(tmp_path: Path) -> None:
    with pytest.raises(UploadError, match="attestations can be signed in a CI job only") as caught:
        attest([uploads.wheel(tmp_path)], signing=True)
    assert caught.value.hint == PERMISSION


def test_nothing_is_signed_for_a_dry_run(tmp_path: Path) -> None:
    path = uploads.wheel(tmp_path)
    assert attest([path], signing=False) == {path: "[]"}
