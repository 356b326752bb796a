"""Values of variables and words of command lines, which may be secrets: on the disk and on the screen nowhere."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters

pytestmark = [pytest.mark.cargo, pytest.mark.skipif(os.name == "nt", reason="the environment is laid out as on POSIX")]

MARK = "PLANTED-VALUE"
VARIABLES = (
    "CARGO_REGISTRY_TOKEN", "CARGO_REGISTRIES_OURS_TOKEN", "MATURIN_PASSWORD", "MATURIN_PYPI_TOKEN",
    "MATURIN_REPOSITORY_URL", "CRATEWHEEL_ANYTHING", "RUST_ANYTHING", "AWS_SECRET_ACCESS_KEY", "TWINE_PASSWORD",
    "GITHUB_TOKEN",
)  # fmt: skip
WORDS = ("--config", f'http.proxy="http://user:{MARK}-of-a-proxy@localhost:1"', "--offline", "-vv")

VALUES = ("--config", f"env.OTHER='{MARK}-other'")  # cargo itself shows variables when it compiles with -vv


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the bytes of every file below a folder, and of what is in archives there."""
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        if path.suffix == ".whl":
            with zipfile.ZipFile(path) as archive:
                yield from ((f"{path}/{name}", archive.read(name)) for name in archive.namelist())
        elif path.suffix == ".gz":
            with tarfile.open(path) as archive:
                for member in archive:
                    if (stream := archive.extractfile(member)) is not None:
                        yield f"{path}/{member.name}", stream.read()
        else:
            yield str(path), path.read_bytes()


def test_no_value_is_kept_or_shown(run_light: Cratewheel, interpreters: Interpreters, tmp_path: Path) -> None:
    root = run_light.copy("light-module")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "environment"], check=True)
    environ = {name: f"{MARK}-{number}" for number, name in enumerate(VARIABLES)}
    environ |= {"XDG_CACHE_HOME": str(tmp_path / "cache"), "CARGO_TARGET_DIR": str(tmp_path / "target")}
    commands: list[list[str | Path]] = [
        ["build", "-i", interpreters.this],
        ["build", "-i", interpreters.this, "--explain", "--dry-run"],
        ["develop", "-i", tmp_path / "environment" / "bin" / "python"],
        ["sdist", "--explain"],
    ]
    said = "".join(
        run.ok().stderr + run.stdout
        for run in (run_light(*command, *WORDS, cwd=root, env=environ) for command in commands)
    )
    assert MARK not in said
    assert [name for name, data in contents(tmp_path) if MARK.encode() in data] == []


def test_what_fails_and_what_other_doors_lead_to_keep_and_show_none_either(
    run_light: Cratewheel, interpreters: Interpreters, tmp_path: Path
) -> None:
    root = run_light.copy("light-module")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "environment"], check=True)
    with (root / "pyproject.toml").open("a", encoding="utf-8") as stream:
        stream.write("\n[tool.cratewheel]\neditable-rebuild = true\n")
    (root / "light_module").mkdir()  # an editable install that compiles again needs a package
    (root / "light_module" / "__init__.py").touch()
    home = tmp_path / "home"
    cargo_home = home / ".cargo"
    cargo_home.mkdir(parents=True)
    written = {
        home / ".netrc": f"machine localhost login me password {MARK}-netrc\n",
        home / ".pypirc": f"[pypi]\nusername = __token__\npassword = {MARK}-pypirc\n",
        cargo_home / "credentials.toml": f'[registries.ours]\ntoken = "{MARK}-credentials"\n',
        cargo_home / "config.toml": f"""
[registries.ours]
index = "sparse+https://localhost:1/index/"
token = "{MARK}-of-a-registry"
[http]
proxy = "http://me:{MARK}-of-the-file@localhost:1"
""",
    }
    for path, text in written.items():
        path.write_text(text, encoding="utf-8")
    environ = {name: f"{MARK}-{number}" for number, name in enumerate(VARIABLES)}
    environ |= {
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "CARGO_TARGET_DIR": str(tmp_path / "target"),
        "CARGO_HOME": str(cargo_home),
        "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup")),
        "HOME": str(home),
        "HTTPS_PROXY": f"http://me:{MARK}-proxy@localhost:1",
        "PIP_INDEX_URL": f"https://me:{MARK}-index@localhost:1/simple",
        "UV_INDEX_URL": f"https://me:{MARK}-index@localhost:1/simple",
        "CARGO_HTTP_PROXY": f"http://me:{MARK}-http-proxy@localhost:1",
    }
    words = (*WORDS, "--config", f'http.user-agent="{MARK}-agent"')
    this = interpreters.this
    said = ""
    for status, command in (
        (0, ["develop", "-i", tmp_path / "environment" / "bin" / "python", *words]),
        (0, ["build", "-i", this, "--dry-run", "--explain", "--message-format", "json", *words, *VALUES]),
        (0, ["pep517", "build-wheel", "-o", tmp_path / "wheels", *words]),
        (2, ["build", "--tokn", f"{MARK}-mistyped", f"--confg={MARK}-as-well", f"http.proxy={MARK}-and-this"]),
        (2, ["build", f"--locked={MARK}-no-value"]),
        (2, ["build", f"--cargo-extra-args='{MARK}-open-quotes"]),
        (1, ["build", "-vv", "--config", f'registries.ours.token="{MARK}-word"']),  # which cargo itself refuses
        (1, ["build", "-i", this, "--message-format", "json", *words]),
    ):
        if command[-1] == words[-1] and status == 1:
            (root / "src" / "lib.rs").write_text("compile_error!(1);", encoding="utf-8")
        run = run_light(*command, cwd=root, env=environ)
        assert run.status == status, run.stderr
        said += run.stderr + run.stdout
    assert [line for line in said.splitlines() if MARK in line] == []
    assert "registries.ours.token=***" in said
    assert "env.OTHER=***" in said
    assert [name for name, data in contents(tmp_path) if MARK.encode() in data and Path(name) not in written] == []
