"""A plan of jobs → the configuration of GitLab CI. Pure."""

from __future__ import annotations

from typing import Any

from cratewheel.commands import yaml
from cratewheel.commands.ci_plan import (
    LINUX,
    BuildJob,
    CiPlan,
    build_command,
    header,
    installed_pythons,
    pure_command,
    requirement,
)

PATH = ".gitlab-ci.yml"
IMAGE = "python:3"
TESTED = "x86_64-unknown-linux-gnu"  # what runs in it
RUSTUP = "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal"
CARGO_PATH = 'export PATH="$HOME/.cargo/bin:$HOME/.local/bin:$PATH"'


def render(plan: CiPlan, command: str) -> str:
    """Return the text of the configuration; its first lines name the `command` that writes it."""
    return header(command) + yaml.render(pipeline(plan))


def pipeline(plan: CiPlan) -> dict[str, Any]:
    """Return the configuration as its YAML has it."""
    jobs: dict[str, Any] = {job.name: _build_job(job, plan) for job in plan.jobs}
    tested = is_tested(plan)
    if tested:
        jobs["test"] = _test_job(plan)
    if plan.facts.sdist:
        jobs["sdist"] = _sdist_job(plan)
    stages = ["build", *(["test"] if tested else []), "release"]
    return {
        "stages": stages,
        "workflow": {
            "rules": [
                {"if": "$CI_PIPELINE_SOURCE == 'merge_request_event'"},
                {"if": "$CI_COMMIT_TAG"},
                {"if": "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"},
            ]
        },
        **({"variables": {"GIT_DEPTH": "0"}} if plan.facts.version_from_git else {}),
        **jobs,
        "release": _release_job(plan),
    }


def is_tested(plan: CiPlan) -> bool:
    """Return whether wheels are to be tested, and there is one that the image of GitLab's machines can install."""
    targets = [target for job in plan.jobs for build in job.builds for target in build.targets]
    return plan.options.pytest and (plan.facts.optional_rust or TESTED in targets)


def _build_job(job: BuildJob, plan: CiPlan) -> dict[str, Any]:
    settings = job.settings
    components = "".join(
        f" --component {word}" for word in (settings.rustup_components or "").replace(",", " ").split()
    )
    targets = "".join(f" --target {target}" for target in job.rust_targets)
    toolchain = settings.rust_toolchain or "stable"
    package = requirement(plan.facts, job.builds)
    pythons = [word for word in installed_pythons(job) if word != "3.x"]
    script = [
        RUSTUP,
        CARGO_PATH,
        f"rustup toolchain install {toolchain} --profile minimal{components}{targets}",
        f"rustup default {toolchain}",
        f"python -m pip install {package}{' uv' if pythons else ''}",
        *([f"uv python install {' '.join(pythons)}"] if pythons else []),
        *([settings.before_script_linux] if settings.before_script_linux else []),
        *(build_command(plan.facts, build) for build in job.builds),
    ]
    return {
        "stage": "build",
        "image": settings.container or IMAGE,
        **({"tags": [job.runner]} if job.runner != LINUX else {}),
        "script": script,
        "artifacts": {"paths": ["dist/"]},
    }


def _test_job(plan: CiPlan) -> dict[str, Any]:
    name = plan.facts.name
    return {
        "stage": "test",
        "image": f"python:{plan.facts.tested.rstrip('t').removesuffix('.x')}",
        "script": [
            f"python -m pip install --no-index --no-deps --find-links dist {name}",
            f"python -m pip install {name} pytest",
            "pytest",
        ],
    }


def _sdist_job(plan: CiPlan) -> dict[str, Any]:
    manifest = f" --manifest-path {plan.facts.manifest}" if plan.facts.manifest else ""
    return {
        "stage": "build",
        "image": IMAGE,
        "script": [
            RUSTUP,
            CARGO_PATH,
            f"python -m pip install {requirement(plan.facts)}",
            f"cratewheel sdist --out dist{manifest}",
            *([pure_command(plan.facts)] if plan.facts.optional_rust else []),
        ],
        "artifacts": {"paths": ["dist/"]},
    }


def _release_job(plan: CiPlan) -> dict[str, Any]:
    found: dict[str, Any] = {"stage": "release", "image": IMAGE, "rules": [{"if": "$CI_COMMIT_TAG"}]}
    if plan.options.publishing_environment:
        found["environment"] = plan.options.publishing_environment
    if plan.options.trusted_publishing:
        # https://docs.pypi.org/trusted-publishers/using-a-publisher/#gitlab-ci-cd
        found["id_tokens"] = {"PYPI_ID_TOKEN": {"aud": "pypi"}}
    # without trusted publishing MATURIN_PYPI_TOKEN is a masked variable of the project
    script = ['python -m pip install "cratewheel[publish]"', "cratewheel upload --skip-existing dist/*"]
    return {**found, "script": script}
