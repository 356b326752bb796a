"""Attestations of archives (PEP 740): those that lie beside them, or new ones that a CI job signs.

The package pypi-attestations knows their format, and signs.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cratewheel.commands.publish.distribution import ATTESTATION
from cratewheel.commands.publish.trusted import PERMISSION
from cratewheel.errors import MissingToolError, UploadError

NEEDED = '`pip install "pypi-attestations>=0.0.20"`'


def attest(paths: Sequence[Path], *, signing: bool) -> dict[Path, str]:
    """Return the attestations of each archive as the form has them: a JSON array.

    What has none gets new ones if `signing`: these are entered in a public log. Raises `UploadError` where one is wrong
    or cannot be made, `MissingToolError` without the package.
    """
    try:
        import pypi_attestations
    except ImportError:
        raise MissingToolError("--attestations needs the package pypi-attestations", hint=NEEDED) from None
    found = {path: _beside(path, pypi_attestations) for path in paths}
    missing = [path for path in paths if not found[path]]
    if missing and signing:
        found |= _sign(missing, pypi_attestations)
    return {path: json.dumps(list(texts)) for path, texts in found.items()}


def _beside(path: Path, package: Any) -> list[Any]:
    """Return the attestations in files such as `x.whl.publish.attestation`; each must be of these very bytes."""
    loaded = []
    for file in sorted(path.parent.glob(f"{_quoted(path.name)}.*{ATTESTATION}")):
        try:
            attestation = package.Attestation.model_validate_json(file.read_bytes())
            (subject,) = attestation.statement["subject"]
        except (ValueError, KeyError, TypeError) as error:
            raise UploadError(f"{file.name} is no attestation", hint="remove it, or make it again") from error
        digest = package.Distribution.from_file(path).digest
        if subject.get("name") != path.name or subject.get("digest", {}).get("sha256") != digest:
            raise UploadError(f"{file.name} is not of this {path.name}", hint="make it again: the file has changed")
        loaded.append(json.loads(attestation.model_dump_json()))
    return loaded


def _quoted(name: str) -> str:
    return name.replace("[", "[[]")


def _sign(paths: Sequence[Path], package: Any) -> dict[Path, list[Any]]:
    """Return new attestations, signed with the identity of the CI job that this is."""
    try:
        from sigstore.models import ClientTrustConfig
        from sigstore.oidc import IdentityError, IdentityToken, detect_credential
        from sigstore.sign import SigningContext
    except ImportError:
        raise MissingToolError("signing attestations needs a newer pypi-attestations", hint=NEEDED) from None
    try:
        identity = detect_credential()
        if identity is None:
            raise UploadError("attestations can be signed in a CI job only, which proves who it is", hint=PERMISSION)
        context = SigningContext.from_trust_config(ClientTrustConfig.production())
        with context.signer(IdentityToken(identity), cache=True) as signer:
            signed = {path: package.Attestation.sign(signer, package.Distribution.from_file(path)) for path in paths}
    except IdentityError as error:
        raise UploadError(f"attestations cannot be signed: {error}", hint=PERMISSION) from error
    except package.AttestationError as error:
        raise UploadError(f"attestations cannot be signed: {error}") from error
    return {path: [json.loads(one.model_dump_json())] for path, one in signed.items()}
