"""The configuration of GitLab CI, as it is written for a small project."""

from __future__ import annotations

import pytest

from cratewheel.commands import ci_gitlab
from cratewheel.commands.ci_plan import CiFacts, plan
from cratewheel.options.tables import generate_ci

TABLE = {
    "pytest": True,
    "trusted-publishing": True,
    "linux": {"targets": ["x86_64"], "runner": "big", "before-script-linux": "apt-get install x"},
}
EXPECTED = """\
# Written by cratewheel. To write it again:
#
#     cratewheel generate-ci gitlab
#
# cratewheel is not on PyPI yet. Until it is, put its wheel into the folder wheels/ of the repository, and set the
# variable PIP_FIND_LINKS to wheels for all jobs.

stages:
  - build
  - test
  - release

workflow:
  rules:
    - if: $CI_PIPELINE_SOURCE == 'merge_request_event'
    - if: $CI_COMMIT_TAG
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH

linux:
  stage: build
  image: python:3
  tags:
    - big
  script:
    - curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal
    - export PATH="$HOME/.cargo/bin:$HOME/.local/bin:$PATH"
    - rustup toolchain install stable --profile minimal --target x86_64-unknown-linux-gnu
    - rustup default stable
    - python -m pip install "cratewheel[zig]" uv
    - uv python install 3.14t 3.13 3.14
    - apt-get install x
    - cratewheel build --release --no-sdist --out dist --zig --target x86_64-unknown-linux-gnu -i 3.13 3.14 3.14t
  artifacts:
    paths:
      - dist/

test:
  stage: test
  image: python:3.14
  script:
    - python -m pip install --no-index --no-deps --find-links dist px
    - python -m pip install px pytest
    - pytest

sdist:
  stage: build
  image: python:3
  script:
    - curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal
    - export PATH="$HOME/.cargo/bin:$HOME/.local/bin:$PATH"
    - python -m pip install cratewheel
    - cratewheel sdist --out dist
  artifacts:
    paths:
      - dist/

release:
  stage: release
  image: python:3
  rules:
    - if: $CI_COMMIT_TAG
  id_tokens:
    PYPI_ID_TOKEN:
      aud: pypi
  script:
    - python -m pip install "cratewheel[publish]"
    - cratewheel upload --skip-existing dist/*
"""


def test_the_whole_configuration() -> None:
    options = generate_ci("generate-ci", {"gitlab": TABLE}).gitlab
    assert options is not None
    facts = CiFacts(name="px", pythons=("3.13", "3.14", "3.14t"), tested="3.14")
    decided = plan(facts, options, only_linux_machines=True)
    assert ci_gitlab.render(decided, "cratewheel generate-ci gitlab") == EXPECTED


def test_a_version_from_git_needs_the_tags_and_the_library() -> None:
    options = generate_ci("generate-ci", {"gitlab": TABLE}).gitlab
    assert options is not None
    facts = CiFacts(name="px", pythons=("3.13",), tested="3.13", version_from_git=True)
    pipeline = ci_gitlab.pipeline(plan(facts, options, only_linux_machines=True))
    assert pipeline["variables"] == {"GIT_DEPTH": "0"}
    assert 'python -m pip install "cratewheel[vcs]"' in pipeline["sdist"]["script"]


def test_a_project_with_optional_rust_has_both_wheels() -> None:
    options = generate_ci("generate-ci", {"gitlab": TABLE}).gitlab
    assert options is not None
    facts = CiFacts(name="px", pythons=("3.13",), tested="3.13", optional_rust=True)
    pipeline = ci_gitlab.pipeline(plan(facts, options, only_linux_machines=True))
    assert pipeline["sdist"]["script"][-1] == "cratewheel build --pure --out dist"


@pytest.mark.parametrize(
    ("platform", "tested"),
    [("linux", True), ("all", True), ("windows", False), ("macos", False), ("musllinux", False)],
)
def test_wheels_are_tested_where_one_of_them_can_be_installed(platform: str, tested: bool) -> None:
    options = generate_ci("generate-ci", {"gitlab": {"pytest": True}}).gitlab
    assert options is not None
    facts = CiFacts(name="px", pythons=("3.13",), tested="3.13")
    pipeline = ci_gitlab.pipeline(plan(facts, options, platforms=(platform,), only_linux_machines=True))
    assert ("test" in pipeline, "test" in pipeline["stages"]) == (tested, tested)
