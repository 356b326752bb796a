"""Debug information that stays in object files: what rustc does of all that is set is seen before compiling."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters

UNPACKED = 'split-debuginfo = "unpacked"\n'


@pytest.mark.parametrize(
    ("manifest", "config", "variables", "words", "by"),
    [
        (f"[profile.dev]\n{UNPACKED}", "", {}, (), "Cargo.toml"),
        (f"[profile.own]\ninherits = 'dev'\n{UNPACKED}", "", {}, ("--profile", "own"), "Cargo.toml"),
        (f"[profile.dev.package.light-module]\n{UNPACKED}", "", {}, (), "Cargo.toml"),
        ("", f"[profile.dev]\n{UNPACKED}", {}, (), "config.toml"),
        ("", '[build]\nrustflags = ["-Csplit-debuginfo=unpacked"]\n', {}, (), "config.toml"),
        ("", "[target.'cfg(unix)']\nrustflags = '-C split-debuginfo=unpacked'\n", {}, (), "config.toml"),
        ("", "", {"RUSTFLAGS": "-Csplit-debuginfo=unpacked"}, (), "RUSTFLAGS"),
        ("", "", {"CARGO_BUILD_RUSTFLAGS": "-C split-debuginfo=unpacked"}, (), "CARGO_BUILD_RUSTFLAGS"),
        ("", "", {"CARGO_ENCODED_RUSTFLAGS": "-C\x1fsplit-debuginfo=unpacked"}, (), "CARGO_ENCODED_RUSTFLAGS"),
        ("", "", {"CARGO_PROFILE_DEV_SPLIT_DEBUGINFO": "unpacked"}, (), "CARGO_PROFILE_DEV_SPLIT_DEBUGINFO"),
        ("", "", {}, ("--config", "profile.dev.split-debuginfo='unpacked'"), "--config"),
    ],
)  # fmt: skip
def test_object_files_are_refused_whoever_asks_for_them(
    run_light: Cratewheel,
    interpreters: Interpreters,
    manifest: str,
    config: str,
    variables: dict[str, str],
    words: tuple[str, ...],
    by: str,
) -> None:
    project = run_light.copy("light-module")
    with (project / "Cargo.toml").open("a", encoding="utf-8") as file:
        file.write(manifest)
    (project / ".cargo").mkdir()
    (project / ".cargo" / "config.toml").write_text(config, encoding="utf-8")
    arguments: list[str] = [
        "build",
        "--no-sdist",
        "-i",
        str(interpreters.this),
        "--include-debuginfo",
        "--dry-run",
        *words,
    ]
    run = run_light(*arguments, cwd=project, env=variables)

    assert run.status == 2
    assert "--include-debuginfo cannot ship what split-debuginfo=unpacked leaves" in run.stderr
    assert f"it is set by {by}" in run.stderr.replace(str(project) + "/", "").replace(".cargo/", "")
    without = [word for word in arguments if word != "--include-debuginfo"]
    run_light(*without, cwd=project, env=variables).ok()
