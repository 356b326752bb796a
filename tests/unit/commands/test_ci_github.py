"""The workflow of GitHub Actions, as it is written for a small project."""

from __future__ import annotations

from pathlib import Path

import pytest

import golden
from cratewheel.commands import ci_github, ci_gitlab
from cratewheel.commands.ci_plan import CiFacts, plan
from cratewheel.options.tables import generate_ci

TABLE = {
    "pytest": True,
    "linux": {"targets": ["x86_64"], "before-script-linux": "sudo apt-get install x"},
    "macos": {"targets": ["aarch64"], "rust-toolchain": "1.90", "rustup-components": "rust-src"},
}
EXPECTED = """\
# Written by cratewheel. To write it again:
#
#     cratewheel generate-ci github
#
# cratewheel is not on PyPI yet. Until it is, put its wheel into the folder wheels/ of the repository, and set the
# variable PIP_FIND_LINKS to wheels for all jobs.

name: ci

on:
  push:
    branches:
      - main
      - master
    tags:
      - "*"
  pull_request:
  workflow_dispatch:

permissions:
  contents: read

concurrency:
  group: ${{ github.workflow }}-${{ github.ref }}
  cancel-in-progress: ${{ github.event_name == 'pull_request' }}

jobs:
  linux:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
        with:
          persist-credentials: false
      - uses: actions/setup-python@v6
        with:
          python-version: |
            3.14t
            3.13
            3.14
      - name: Install Rust
        run: rustup target add x86_64-unknown-linux-gnu
      - name: Prepare the machine
        run: sudo apt-get install x
      - uses: mozilla-actions/sccache-action@v0.0.9
        if: ${{ !startsWith(github.ref, 'refs/tags/') }}
      - name: Compile through sccache
        if: ${{ !startsWith(github.ref, 'refs/tags/') }}
        shell: bash
        run: |
          echo "RUSTC_WRAPPER=sccache" >> "$GITHUB_ENV"
          echo "SCCACHE_GHA_ENABLED=true" >> "$GITHUB_ENV"
      - name: Install cratewheel
        run: python -m pip install "cratewheel[zig]"
      - name: Build wheels
        run: cratewheel build --release --no-sdist --out dist --zig --target x86_64-unknown-linux-gnu -i 3.13 3.14 3.14t
      - uses: actions/upload-artifact@v6
        with:
          name: wheels-linux
          path: dist
          if-no-files-found: error
  macos-aarch64:
    runs-on: macos-latest
    steps:
      - uses: actions/checkout@v6
        with:
          persist-credentials: false
      - uses: actions/setup-python@v6
        with:
          python-version: |
            3.14t
            3.13
            3.14
      - name: Install Rust
        run: rustup toolchain install 1.90 --profile minimal --component rust-src --target aarch64-apple-darwin
      - name: Choose this Rust
        run: rustup default 1.90
      - uses: mozilla-actions/sccache-action@v0.0.9
        if: ${{ !startsWith(github.ref, 'refs/tags/') }}
      - name: Compile through sccache
        if: ${{ !startsWith(github.ref, 'refs/tags/') }}
        shell: bash
        run: |
          echo "RUSTC_WRAPPER=sccache" >> "$GITHUB_ENV"
          echo "SCCACHE_GHA_ENABLED=true" >> "$GITHUB_ENV"
      - name: Install cratewheel
        run: python -m pip install cratewheel
      - name: Build wheels
        run: cratewheel build --release --no-sdist --out dist --target aarch64-apple-darwin -i 3.13 3.14 3.14t
      - name: Install the wheel
        run: python -m pip install --no-index --no-deps --find-links dist px
      - name: Install pytest
        run: python -m pip install px pytest
      - name: Test
        run: pytest
      - uses: actions/upload-artifact@v6
        with:
          name: wheels-macos-aarch64
          path: dist
          if-no-files-found: error
  test-linux:
    name: test (${{ matrix.target }})
    needs:
      - linux
    runs-on: ${{ matrix.runner }}
    strategy:
      fail-fast: false
      matrix:
        include:
          - target: x86_64-unknown-linux-gnu
            runner: ubuntu-latest
            platform: linux/amd64
            image: python:3.14-slim
            emulated: false
    steps:
      - uses: actions/checkout@v6
        with:
          persist-credentials: false
      - uses: actions/download-artifact@v7
        with:
          pattern: wheels-linux*
          path: dist
          merge-multiple: true
      - name: Emulate other processors
        if: matrix.emulated
        run: docker run --privileged --rm tonistiigi/binfmt --install all
      - name: Test
        env:
          PLATFORM: ${{ matrix.platform }}
          IMAGE: ${{ matrix.image }}
        run: |
          docker run --rm --platform "$PLATFORM" --volume "$PWD:/project" --workdir /project "$IMAGE" sh -ec '
          pip install --root-user-action ignore --no-index --no-deps --find-links dist px
          pip install --root-user-action ignore px pytest
          pytest'
  sdist:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
        with:
          persist-credentials: false
      - uses: actions/setup-python@v6
        with:
          python-version: "3.x"
      - name: Install cratewheel
        run: python -m pip install cratewheel
      - name: Build the source distribution
        run: cratewheel sdist --out dist
      - uses: actions/upload-artifact@v6
        with:
          name: wheels-sdist
          path: dist
          if-no-files-found: error
  release:
    runs-on: ubuntu-latest
    if: ${{ startsWith(github.ref, 'refs/tags/') || github.event_name == 'workflow_dispatch' }}
    needs:
      - linux
      - macos-aarch64
      - test-linux
      - sdist
    permissions:
      contents: read
      id-token: write
      attestations: write
    steps:
      - uses: actions/download-artifact@v7
        with:
          pattern: wheels-*
          path: dist
          merge-multiple: true
      - name: Attest
        uses: actions/attest@v4
        with:
          subject-path: dist/*
      - uses: actions/setup-python@v6
        with:
          python-version: "3.x"
        if: ${{ startsWith(github.ref, 'refs/tags/') }}
      - name: Install cratewheel
        if: ${{ startsWith(github.ref, 'refs/tags/') }}
        run: python -m pip install "cratewheel[publish]"
      - name: Publish
        if: ${{ startsWith(github.ref, 'refs/tags/') }}
        run: cratewheel upload --skip-existing dist/*
        env:
          MATURIN_PYPI_TOKEN: ${{ secrets.PYPI_API_TOKEN }}
"""


def test_the_whole_workflow() -> None:
    options = generate_ci("generate-ci", {"github": TABLE}).github
    assert options is not None
    facts = CiFacts(name="px", pythons=("3.13", "3.14", "3.14t"), tested="3.14")
    assert ci_github.render(plan(facts, options), "cratewheel generate-ci github") == EXPECTED


def test_a_version_from_git_needs_the_tags_and_the_library() -> None:
    options = generate_ci("generate-ci", {"github": TABLE}).github
    assert options is not None
    facts = CiFacts(name="px", pythons=("3.13",), tested="3.13", version_from_git=True)
    jobs = ci_github.workflow(plan(facts, options))["jobs"]
    checkout = {"uses": "actions/checkout@v6", "with": {"fetch-depth": 0, "persist-credentials": False}}
    for name, package in (("linux", '"cratewheel[vcs,zig]"'), ("sdist", '"cratewheel[vcs]"')):
        steps = jobs[name]["steps"]
        assert steps[0] == checkout
        (install,) = (step for step in steps if step.get("name") == "Install cratewheel")
        assert install["run"] == f"python -m pip install {package}"


def test_a_project_with_optional_rust_has_both_wheels() -> None:
    options = generate_ci("generate-ci", {"github": TABLE}).github
    assert options is not None
    facts = CiFacts(name="px", pythons=("3.13",), tested="3.13", manifest="rs/Cargo.toml", optional_rust=True)
    jobs = ci_github.workflow(plan(facts, options))["jobs"]
    runs = [step["run"] for step in jobs["sdist"]["steps"] if "run" in step]
    assert runs[-1] == "cratewheel build --pure --out dist --manifest-path rs/Cargo.toml"
    builds = [step["run"] for name, job in jobs.items() for step in job["steps"] if "--zig" in step.get("run", "")]
    assert builds
    assert all(" --require-rust" in line for line in builds if line.startswith("cratewheel build"))


def test_trusted_publishing_needs_no_secret_and_attests_nothing_if_that_is_skipped() -> None:
    table = {"trusted-publishing": True, "skip-attestation": True, "publishing-environment": "pypi", "macos": {}}
    options = generate_ci("generate-ci", {"github": table}).github
    assert options is not None
    release = ci_github.workflow(plan(CiFacts(name="px", program=True), options))["jobs"]["release"]
    assert (release["environment"], release["permissions"]) == ("pypi", {"contents": "read", "id-token": "write"})
    assert [step.get("name") for step in release["steps"]] == [None, None, "Install cratewheel", "Publish"]
    assert "env" not in release["steps"][-1]


GOLDEN = Path(__file__).with_name("golden")
PLATFORMS = ("linux", "musllinux", "windows", "macos", "emscripten", "android")
JOB = {
    "runner": "my-runner",
    "manylinux": "2_28",
    "container": "img:1",
    "docker-options": "--tty",
    "rust-toolchain": "1.90",
    "rustup-components": "rust-src",
    "before-script-linux": "make deps",
    "args": "--locked",
}
WHOLE = {
    "usual": ({}, CiFacts(name="px", pythons=("3.13", "3.14"), tested="3.14")),
    "every platform": (
        {"pytest": True, **{name: {} for name in PLATFORMS}},
        CiFacts(name="px", pythons=("3.13", "3.14t"), tested="3.13"),
    ),
    "a program": ({"pytest": True, "zig": True}, CiFacts(name="px", program=True, tested="3.14")),
    "each setting": (
        {"pytest": True, "skip-attestation": True, "trusted-publishing": True, "publishing-environment": "pypi",
         "args": "-v", "linux": {"target": [{"arch": "aarch64", **JOB}]}, "macos": {"targets": ["x86_64"], **JOB}},
        CiFacts(name="px", pythons=("3.13",), tested="3.13", manifest="rs/Cargo.toml", version_from_git=True,
                optional_rust=True),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", WHOLE)
def test_whole_files_of_projects(name: str) -> None:
    table, facts = WHOLE[name]
    options = generate_ci("generate-ci", {"github": table}).github
    assert options is not None
    command = "cratewheel generate-ci"
    github = ci_github.render(plan(facts, options), f"{command} github")
    gitlab = ci_gitlab.render(plan(facts, options, only_linux_machines=True), f"{command} gitlab")
    golden.check_text(GOLDEN / f"ci {name}.yml".replace(" ", "_"), f"{github}---\n{gitlab}")
