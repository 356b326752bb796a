"""The settings of `publish` and `upload`, beside those of a build; see `options.model`."""

from __future__ import annotations

from dataclasses import dataclass

from cratewheel.options.setting import UPLOADING, setting


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishOptions:
    """What `publish` and `upload` take besides; no build sees these."""

    debug: bool = setting(
        False, "switch", "Compilation", "Do not optimise: cargo's dev profile",
        flags=("--debug",), commands=("publish",),
    )  # fmt: skip
    no_strip: bool = setting(
        False, "switch", "Build", "Keep the symbols in the compiled files [default: remove them]",
        flags=("--no-strip",), commands=("publish",),
    )  # fmt: skip
    repository: str | None = setting(
        None, "text", "Upload", "Where to upload: `pypi`, `testpypi`, or a section of ~/.pypirc [default: pypi]",
        flags=("-r", "--repository"), metavar="NAME", variables=("CRATEWHEEL_REPOSITORY", "MATURIN_REPOSITORY"),
        commands=UPLOADING,
    )  # fmt: skip
    repository_url: str | None = setting(
        None, "text", "Upload", "The address to upload to; overrides --repository",
        flags=("--repository-url",), metavar="URL",
        variables=("CRATEWHEEL_REPOSITORY_URL", "MATURIN_REPOSITORY_URL"), commands=UPLOADING,
    )  # fmt: skip
    username: str | None = setting(
        None, "text", "Upload", "The user to upload as; `__token__` with a token",
        flags=("-u", "--username"), metavar="NAME", variables=("CRATEWHEEL_USERNAME", "MATURIN_USERNAME"),
        commands=UPLOADING,
    )  # fmt: skip
    password: str | None = setting(
        None, "text", "Upload",
        "The password, or a token. Others on this machine can see a command line: prefer the variable",
        flags=("-p", "--password"), metavar="PASSWORD", variables=("CRATEWHEEL_PASSWORD", "MATURIN_PASSWORD"),
        commands=UPLOADING, secret=True,
    )  # fmt: skip
    skip_existing: bool = setting(
        False, "switch", "Upload",
        "Skip files that are in the repository with the same content; other content is an error",
        flags=("--skip-existing",), commands=UPLOADING,
    )  # fmt: skip
    check_url: str | None = setting(
        None, "text", "Upload",
        "The Simple API of the repository, which lists its files [default: known for PyPI, guessed for others]",
        flags=("--check-url",), metavar="URL", variables=("CRATEWHEEL_CHECK_URL",), commands=UPLOADING,
    )  # fmt: skip
    attestations: bool = setting(
        False, "switch", "Upload",
        "Upload attestations (PEP 740): those beside the files, or new ones signed with the identity of a CI job. "
        "Needs the package pypi-attestations",
        flags=("--attestations",), commands=UPLOADING,
    )  # fmt: skip
    non_interactive: bool = setting(
        False, "switch", "Upload", "Ask nothing; the default on CI and without a terminal",
        flags=("--non-interactive",), variables=("CRATEWHEEL_NON_INTERACTIVE", "MATURIN_NON_INTERACTIVE"),
        commands=UPLOADING,
    )  # fmt: skip
    timeout: int = setting(
        300, "number", "Upload", "How many seconds to wait for the repository [default: 300]",
        flags=("--timeout",), metavar="SECONDS", commands=UPLOADING,
    )  # fmt: skip
    upload_dry_run: bool = setting(
        False, "switch", "Upload", "Do everything but the upload: build, check the files, find the credentials",
        flags=("--dry-run",), commands=UPLOADING,
    )  # fmt: skip
