"""A plan of jobs → a workflow of GitHub Actions. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cratewheel.commands import yaml
from cratewheel.commands.ci_plan import (
    BuildJob,
    CiPlan,
    build_command,
    header,
    installed_pythons,
    pure_command,
    requirement,
)

Step = dict[str, Any]

PATH = ".github/workflows/ci.yml"
ON_TAG = "startsWith(github.ref, 'refs/tags/')"
NOT_ON_TAG = f"${{{{ !{ON_TAG} }}}}"
EMULATION = "docker run --privileged --rm tonistiigi/binfmt --install all"
NDK = "$ANDROID_NDK_LATEST_HOME/toolchains/llvm/prebuilt/linux-x86_64/bin"
INSTALL_RUSTUP = """\
command -v rustup || curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y --profile minimal
echo "$HOME/.cargo/bin" >> "$GITHUB_PATH"
"""
MANYLINUX_PYTHON = """\
found=$(find /opt/python -maxdepth 2 -path '*/cp3[0-9][0-9]-cp3[0-9][0-9]/bin' 2>/dev/null | sort | tail -n 1)
[ -z "$found" ] || echo "$found" >> "$GITHUB_PATH"
"""
PYODIDE_VERSIONS = """\
platform=$(pyodide config get pyemscripten_platform_version 2>/dev/null) ||
  platform=$(pyodide config get pyodide_abi_version)
{
  echo "EMSCRIPTEN_VERSION=$(pyodide config get emscripten_version)"
  echo "PYTHON_VERSION=$(pyodide config get python_version | cut -d . -f 1-2)"
  echo "RUST_TOOLCHAIN=$(pyodide config get rust_toolchain)"
  echo "PYEMSCRIPTEN_PLATFORM_VERSION=$platform"
} >> "$GITHUB_ENV"
"""
EMSDK = """\
git clone --depth 1 https://github.com/emscripten-core/emsdk "$RUNNER_TEMP/emsdk"
"$RUNNER_TEMP/emsdk/emsdk" install "$EMSCRIPTEN_VERSION"
"$RUNNER_TEMP/emsdk/emsdk" activate "$EMSCRIPTEN_VERSION"
echo "$RUNNER_TEMP/emsdk" >> "$GITHUB_PATH"
echo "$RUNNER_TEMP/emsdk/upstream/emscripten" >> "$GITHUB_PATH"
"""
RELEASE_WASM = """\
gh release view "$GITHUB_REF_NAME" || gh release create "$GITHUB_REF_NAME" --verify-tag --generate-notes
gh release upload "$GITHUB_REF_NAME" wasm/*.whl --clobber
"""


def render(plan: CiPlan, command: str) -> str:
    """Return the text of the workflow; its first lines name the `command` that writes it."""
    return header(command) + yaml.render(workflow(plan))


def workflow(plan: CiPlan) -> dict[str, Any]:
    """Return the workflow as its YAML has it."""
    jobs: dict[str, Any] = {job.name: _build_job(job, plan) for job in plan.jobs}
    if plan.tests:
        jobs["test-linux"] = _test_job(plan)
    if plan.facts.sdist:
        jobs["sdist"] = _sdist_job(plan)
    jobs["release"] = _release_job(plan, tuple(jobs))
    return {
        "name": "ci",
        "on": {
            "push": {"branches": ["main", "master"], "tags": ["*"]},
            "pull_request": None,
            "workflow_dispatch": None,
        },
        "permissions": {"contents": "read"},
        "concurrency": {
            "group": "${{ github.workflow }}-${{ github.ref }}",
            "cancel-in-progress": "${{ github.event_name == 'pull_request' }}",
        },
        "jobs": jobs,
    }


def _build_job(job: BuildJob, plan: CiPlan) -> Step:
    found: Step = {"runs-on": job.runner}
    if job.settings.container:
        container: Step = {"image": job.settings.container}
        if job.settings.docker_options:
            container["options"] = job.settings.docker_options
        found["container"] = container
    wasm = job.platform == "emscripten"
    steps = [_checkout(history=plan.facts.version_from_git), *_python_steps(job), *_rust_steps(job)]
    if job.platform == "linux" and job.settings.before_script_linux:
        steps.append({"name": "Prepare the machine", "run": job.settings.before_script_linux})
    steps += _sccache_steps()
    package = requirement(plan.facts, job.builds)
    steps.append({"name": "Install cratewheel", "run": f"python -m pip install {package}"})
    steps += _build_steps(job, plan)
    if job.pytest:
        steps += _pyodide_tests(plan) if wasm else _tests(plan)
    steps.append(_upload(f"wasm-{job.name}" if wasm else f"wheels-{job.name}"))
    return {**found, "steps": steps}


def _checkout(*, history: bool = False) -> Step:
    """Return the step that fetches the project; with `history`, all tags and commits."""
    depth = {"fetch-depth": 0} if history else {}
    return {"uses": "actions/checkout@v6", "with": {**depth, "persist-credentials": False}}


def _setup_python(versions: tuple[str, ...], arch: str | None = None) -> Step:
    listed = versions[0] if len(versions) == 1 else "".join(f"{version}\n" for version in versions)
    given = {"python-version": listed, **({"architecture": arch} if arch else {})}
    return {"uses": "actions/setup-python@v6", "with": given}


def _python_steps(job: BuildJob) -> list[Step]:
    if job.platform == "emscripten":
        return _pyodide_steps()
    if job.settings.container:
        return [{"name": "Use the newest Python of manylinux images", "run": MANYLINUX_PYTHON}]
    if job.platform == "android":
        return [_setup_python(("3.x",))]
    return [_setup_python(installed_pythons(job), job.python_arch)]


def _pyodide_steps() -> list[Step]:
    return [
        _setup_python(("3.x",)),
        {"name": "Ask Pyodide for versions", "run": f"python -m pip install pyodide-build\n{PYODIDE_VERSIONS}"},
        {"name": "Install Emscripten", "run": EMSDK},
        _setup_python(("${{ env.PYTHON_VERSION }}",)),
    ]


def _rust_steps(job: BuildJob) -> Iterator[Step]:
    settings, targets = job.settings, " ".join(job.rust_targets)
    if settings.container:
        yield {"name": "Install rustup", "run": INSTALL_RUSTUP}
    toolchain = settings.rust_toolchain
    if job.platform == "emscripten" and toolchain == "nightly":
        toolchain = '"${RUST_TOOLCHAIN:-nightly}"'  # what Pyodide's release was built with
    if toolchain is None and settings.rustup_components is None:
        yield {"name": "Install Rust", "run": f"rustup target add {targets}"}
        return
    toolchain = toolchain or "stable"
    components = "".join(
        f" --component {word}" for word in (settings.rustup_components or "").replace(",", " ").split()
    )
    wanted = "".join(f" --target {target}" for target in job.rust_targets)
    install = f"rustup toolchain install {toolchain} --profile minimal{components}{wanted}"
    yield {"name": "Install Rust", "run": install}
    yield {"name": "Choose this Rust", "run": f"rustup default {toolchain}"}


def _sccache_steps() -> list[Step]:
    # a release is compiled from scratch
    return [
        {"uses": "mozilla-actions/sccache-action@v0.0.9", "if": NOT_ON_TAG},
        {
            "name": "Compile through sccache",
            "if": NOT_ON_TAG,
            "shell": "bash",
            "run": 'echo "RUSTC_WRAPPER=sccache" >> "$GITHUB_ENV"\necho "SCCACHE_GHA_ENABLED=true" >> "$GITHUB_ENV"\n',
        },
    ]


def _build_steps(job: BuildJob, plan: CiPlan) -> Iterator[Step]:
    python = '"$PYTHON_VERSION"' if job.platform == "emscripten" else None
    for build in job.builds:
        step: Step = {"name": "Build wheels"}
        command = build_command(plan.facts, build, python=python)
        step["run"] = f"{_ndk_linkers(build.targets)}{command}\n" if job.platform == "android" else command
        yield step


def _ndk_linkers(targets: tuple[str, ...]) -> str:
    names = ((target, target.upper().replace("-", "_")) for target in targets)
    return "".join(f'export CARGO_TARGET_{name}_LINKER="{NDK}/{target}24-clang"\n' for target, name in names)


def _tests(plan: CiPlan) -> list[Step]:
    name = plan.facts.name
    return [
        {"name": "Install the wheel", "run": f"python -m pip install --no-index --no-deps --find-links dist {name}"},
        {"name": "Install pytest", "run": f"python -m pip install {name} pytest"},
        {"name": "Test", "run": "pytest"},
    ]


def _pyodide_tests(plan: CiPlan) -> list[Step]:
    name = plan.facts.name
    lines = (
        "pyodide venv .venv-pyodide",
        ". .venv-pyodide/bin/activate",
        f"pip install --no-index --no-deps --find-links dist {name}",
        f"pip install {name} pytest",
        "python -m pytest",
    )
    return [
        {"uses": "actions/setup-node@v6", "with": {"node-version": "22"}},
        {"name": "Install Pyodide", "run": "python -m pip install pyodide-build"},
        {"name": "Test", "run": "".join(f"{line}\n" for line in lines)},
    ]


def _upload(name: str) -> Step:
    return {
        "uses": "actions/upload-artifact@v6",
        "with": {"name": name, "path": "dist", "if-no-files-found": "error"},
    }


def _download(pattern: str, path: str = "dist") -> Step:
    return {
        "uses": "actions/download-artifact@v7",
        "with": {"pattern": pattern, "path": path, "merge-multiple": True},
    }


def test_command(plan: CiPlan) -> str:
    """Return the command that tests a Linux wheel in a container."""
    name = plan.facts.name
    lines = (
        'docker run --rm --platform "$PLATFORM" --volume "$PWD:/project" --workdir /project "$IMAGE" sh -ec \'',
        f"pip install --root-user-action ignore --no-index --no-deps --find-links dist {name}",
        f"pip install --root-user-action ignore {name} pytest",
        "pytest'",
    )
    return "".join(f"{line}\n" for line in lines)


def _test_job(plan: CiPlan) -> Step:
    rows = [
        {
            "target": test.target,
            "runner": test.runner,
            "platform": test.platform,
            "image": test.image,
            "emulated": test.emulated,
        }
        for test in plan.tests
    ]
    built = [job.name for job in plan.jobs if job.platform == "linux"]
    return {
        "name": "test (${{ matrix.target }})",
        "needs": built,
        "runs-on": "${{ matrix.runner }}",
        "strategy": {"fail-fast": False, "matrix": {"include": rows}},
        "steps": [
            _checkout(),
            _download("wheels-linux*"),
            {"name": "Emulate other processors", "if": "matrix.emulated", "run": EMULATION},
            {
                "name": "Test",
                "env": {"PLATFORM": "${{ matrix.platform }}", "IMAGE": "${{ matrix.image }}"},
                "run": test_command(plan),
            },
        ],
    }


def _sdist_job(plan: CiPlan) -> Step:
    facts = plan.facts
    manifest = f" --manifest-path {facts.manifest}" if facts.manifest else ""
    return {
        "runs-on": "ubuntu-latest",
        "steps": [
            _checkout(history=plan.facts.version_from_git),
            _setup_python(("3.x",)),
            {"name": "Install cratewheel", "run": f"python -m pip install {requirement(plan.facts)}"},
            {"name": "Build the source distribution", "run": f"cratewheel sdist --out dist{manifest}"},
            *([{"name": "Build the wheel without Rust", "run": pure_command(facts)}] if facts.optional_rust else []),
            _upload("wheels-sdist"),
        ],
    }


def _release_job(plan: CiPlan, needs: tuple[str, ...]) -> Step:
    options = plan.options
    on_tag = f"${{{{ {ON_TAG} }}}}"
    found: Step = {
        "runs-on": "ubuntu-latest",
        "if": f"${{{{ {ON_TAG} || github.event_name == 'workflow_dispatch' }}}}",
        "needs": list(needs),
    }
    if options.publishing_environment:
        found["environment"] = options.publishing_environment
    permissions = {"contents": "write" if plan.wasm else "read"}
    if options.trusted_publishing or not options.skip_attestation:
        permissions["id-token"] = "write"
    if not options.skip_attestation:
        permissions["attestations"] = "write"
    steps = [_download("wheels-*")]
    if not options.skip_attestation:
        steps.append({"name": "Attest", "uses": "actions/attest@v4", "with": {"subject-path": "dist/*"}})
    steps.append({**_setup_python(("3.x",)), "if": on_tag})
    steps.append({"name": "Install cratewheel", "if": on_tag, "run": 'python -m pip install "cratewheel[publish]"'})
    upload: Step = {"name": "Publish", "if": on_tag, "run": "cratewheel upload --skip-existing dist/*"}
    if not options.trusted_publishing:
        upload["env"] = {"MATURIN_PYPI_TOKEN": "${{ secrets.PYPI_API_TOKEN }}"}
    steps.append(upload)
    if plan.wasm:
        steps.append({**_download("wasm-*", "wasm"), "if": on_tag})
        release: Step = {"name": "Add the wheels for Pyodide to the release", "if": on_tag}
        release["env"] = {"GH_TOKEN": "${{ github.token }}", "GH_REPO": "${{ github.repository }}"}
        steps.append({**release, "run": RELEASE_WASM})
    return {**found, "permissions": permissions, "steps": steps}
