"""Each option of the page that reaches cargo or the compiler: the words cargo is given, and what becomes of them."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import wheels

if TYPE_CHECKING:
    from integration.conftest import Cratewheel, Interpreters, Run

pytestmark = [pytest.mark.cargo, pytest.mark.skipif(os.name == "nt", reason="cargo is watched by a shell script")]

HOST = re.findall(r"host: (.*)", subprocess.run(["rustc", "-vV"], capture_output=True, text=True, check=True).stdout)[0]
WATCH = """#!/bin/sh
{ for word in "$@"; do printf '%s\\000' "$word"; done; echo; } >>"$CARGO_WATCH"
exec "$CARGO_WATCHED" "$@"
"""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """The command with a cargo that writes down what it is given, over one copy of a crate that stays compiled."""

    command: Cratewheel
    project: Path
    log: Path
    python: Path
    environ: Mapping[str, str]

    def __call__(self, *words: str | Path, env: Mapping[str, str] | None = None) -> tuple[Run, list[list[str]]]:
        """Run `build` and return what came of it with the words of each cargo command."""
        self.log.write_text("", encoding="utf-8")
        run = self.command("build", *words, cwd=self.project, env={**self.environ, **(env or {})})
        lines = self.log.read_text(encoding="utf-8").splitlines()
        return run, [line.split("\0")[:-1] for line in lines]

    def wheel(self, *words: str | Path, env: Mapping[str, str] | None = None) -> Path:
        """Build the wheel for one interpreter and return it."""
        return self("--no-sdist", "-i", self.python, *words, env=env)[0].wheel

    def commands(self, *words: str, env: Mapping[str, str] | None = None) -> tuple[list[str], list[str]]:
        """Return the words of `cargo metadata` and of `cargo rustc` in a build of one wheel."""
        run, said = self("--no-sdist", "-i", self.python, *words, env=env)
        run.ok()
        metadata, rustc = said
        return metadata, rustc


@pytest.fixture
def watched(
    run_light: Cratewheel, tmp_path_factory: pytest.TempPathFactory, interpreters: Interpreters, own_target: Path
) -> Watched:
    cargo = shutil.which("cargo")
    assert cargo is not None
    base = tmp_path_factory.getbasetemp() / "watched"
    project = base / "light-module"
    if not project.exists():
        shutil.copytree(run_light.copy("light-module"), project)
        (base / "bin").mkdir()
        (base / "bin" / "cargo").write_text(WATCH, encoding="utf-8")
        (base / "bin" / "cargo").chmod(0o755)
    log = run_light.folder / "watched.log"
    environ = {
        "PATH": f"{base / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "CARGO_WATCH": str(log),
        "CARGO_WATCHED": cargo,
        "CARGO_TARGET_DIR": str(own_target / "watched"),
    }
    return Watched(command=run_light, project=project, log=log, python=interpreters.this, environ=environ)


def rustc_words(project: Path, flags: str, extra: str, last: str) -> list[str]:
    return [
        "rustc", *flags.split(), "--message-format", "json-render-diagnostics",
        "--manifest-path", str(project / "Cargo.toml"), *extra.split(), "--lib",
        *(["--", *last.split()] if last else []),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("given", "flags", "extra", "last", "shared"),
    [
        ((), "", "", "", ""),
        (("-r",), "--profile release", "", "", ""),
        (("--release",), "--profile release", "", "", ""),
        (("--profile", "release"), "--profile release", "", "", ""),
        (("-j", "2"), "--jobs 2", "", "", ""),
        (("-j2",), "--jobs 2", "", "", ""),
        (("--jobs=2",), "--jobs 2", "", "", ""),
        (("-F", "loud"), "--features loud", "", "", "--features loud"),
        (("--features", "loud"), "--features loud", "", "", "--features loud"),
        (
            ("--features=loud,answer", "-F", "stable-unpinned"),
            "--features loud --features answer --features stable-unpinned",
            "",
            "",
            "--features loud --features answer --features stable-unpinned",
        ),
        (("-F", "loud answer"), "--features loud --features answer", "", "", "--features loud --features answer"),
        (("--all-features",), "--all-features", "", "", "--all-features"),
        (("--no-default-features",), "--no-default-features", "", "", "--no-default-features"),
        (("--target", HOST), f"--target {HOST}", "", "", ""),
        ((f"--target={HOST}",), f"--target {HOST}", "", "", ""),
        (("-v",), "-v", "", "", ""),
        (("-vv",), "-vv", "", "", ""),
        (("-v", "--verbose"), "-vv", "", "", ""),
        (("-q",), "--quiet", "", "", ""),
        (("--quiet",), "--quiet", "", "", ""),
        (("--color", "never"), "--color never", "", "", ""),
        (("--locked",), "--locked", "", "", "--locked"),
        (("--offline",), "--offline", "", "", "--offline"),
        (("--frozen",), "--frozen", "", "", "--frozen"),
        (("--config", "build.jobs=1"), "--config build.jobs=1", "", "", "--config build.jobs=1"),
        (("-Z", "unstable-options"), "-Z unstable-options", "", "", "-Z unstable-options"),
        (("-Zunstable-options",), "-Z unstable-options", "", "", "-Z unstable-options"),
        (("--timings",), "--timings", "", "", ""),
        (("--timings=html",), "--timings", "", "", ""),
        (("--ignore-rust-version",), "--ignore-rust-version", "", "", ""),
        (("--future-incompat-report",), "--future-incompat-report", "", "", ""),
        (("--cargo-extra-args", "--locked -j 2"), "--locked", "-j 2", "", "--locked"),
        ((f"--cargo-extra-args=--target {HOST}",), f"--target {HOST}", "", "", ""),
        (("--offline", "--cargo-extra-args=--offline"), "--offline", "", "", "--offline"),
        (("--cargo-extra-args=--locked",), "--locked", "", "", "--locked"),
        (("--cargo-extra-args", "-Zunstable-options"), "", "-Zunstable-options", "", "-Zunstable-options"),
        (
            ("--cargo-extra-args=--features loud", "--cargo-extra-args=--no-default-features --quiet"),
            "",
            "--features loud --no-default-features --quiet",
            "",
            "--features loud --no-default-features",
        ),
        (("-r", "--cargo-extra-args=--profile dev"), "", "--profile dev", "", ""),
        (("--rustc-extra-args", "-C opt-level=1"), "", "", "-C opt-level=1", ""),
        (
            ("--rustc-extra-args=-C debuginfo=0", "--rustc-extra-args=--cfg 'of_mine'"),
            "",
            "",
            "-C debuginfo=0 --cfg of_mine",
            "",
        ),
        (("--", "-C", "opt-level=1"), "", "", "-C opt-level=1", ""),
        (("--strip",), "", "", "-C strip=symbols", ""),
        (("--strip=true",), "", "", "-C strip=symbols", ""),
        (("--strip=false",), "", "", "", ""),
        (("--strip", "--", "-C", "opt-level=1"), "", "", "-C opt-level=1 -C strip=symbols", ""),
    ],
    ids=lambda value: " ".join(value).replace(HOST, "HOST") if isinstance(value, tuple) else "",
)
def test_cargo_is_given(
    watched: Watched, given: tuple[str, ...], flags: str, extra: str, last: str, shared: str
) -> None:
    metadata, rustc = watched.commands(*given, env={"RUSTC_BOOTSTRAP": "1"})

    assert rustc == rustc_words(watched.project, flags, extra, last)
    assert metadata == [
        "metadata", "--format-version", "1", "--manifest-path", str(watched.project / "Cargo.toml"),
        *shared.split(), "--filter-platform", HOST,
    ]  # fmt: skip


def test_a_file_of_arguments_for_rustc_needs_no_dashes(watched: Watched) -> None:
    (watched.project / "args").write_text("--cfg\nof_mine\n", encoding="utf-8")
    _, rustc = watched.commands("-r", "@args", "-C", "opt-level=1", "--", "--cfg", "x")
    assert rustc == rustc_words(watched.project, "--profile release", "", "@args -C opt-level=1 --cfg x")


def test_words_in_quotes_stay_together(watched: Watched) -> None:
    _, rustc = watched.commands("--rustc-extra-args", """--cfg 'name="a b"' --check-cfg cfg\\(name\\)""")

    assert rustc[rustc.index("--") :] == ["--", "--cfg", 'name="a b"', "--check-cfg", "cfg(name)"]


@pytest.mark.parametrize("option", ["--cargo-extra-args", "--rustc-extra-args"])
def test_open_quotes_are_wrong_usage(watched: Watched, option: str) -> None:
    run, commands = watched(f"{option}=--cfg 'open")

    assert run.status == 2
    assert f"error: {option} cannot be split into arguments: No closing quotation\n" in run.stderr
    assert [words for words in commands if words[0] == "rustc"] == []


def test_the_target_can_come_from_the_environment(watched: Watched) -> None:
    _, rustc = watched.commands(env={"CARGO_BUILD_TARGET": HOST})

    assert rustc[:3] == ["rustc", "--target", HOST]


def test_the_target_of_the_command_line_counts_more_than_that_of_the_environment(watched: Watched) -> None:
    _, rustc = watched.commands("--target", HOST, env={"CARGO_BUILD_TARGET": "riscv64gc-unknown-linux-gnu"})

    assert rustc[:3] == ["rustc", "--target", HOST]


def test_cargo_compiles_in_the_folder_that_was_named_and_wheels_go_there(
    run_light: Cratewheel, interpreters: Interpreters
) -> None:
    project = run_light.copy("light-module")
    run = run_light("build", "-i", interpreters.this, "--target-dir", "elsewhere", "-o", "out", cwd=project)

    assert run.wheel.parent == project / "out"
    assert (project / "elsewhere" / "debug" / "liblight_module.so").is_file()
    assert not (project / "target").exists()


def test_what_is_built_goes_below_the_target_directory_unless_told(
    run_light: Cratewheel, interpreters: Interpreters
) -> None:
    project = run_light.copy("light-module")
    run = run_light("build", "-i", interpreters.this, cwd=project, env={"CARGO_TARGET_DIR": None}, default_out=True)

    assert {Path(line).parent for line in run.ok().stdout.splitlines()} == {project / "target" / "wheels"}
    assert len(run.stdout.splitlines()) == 2


@pytest.mark.parametrize("option", ["-o", "--out"])
def test_the_folder_for_what_is_built_is_made(watched: Watched, option: str) -> None:
    where = watched.command.folder / "one" / "two"
    run, _ = watched("-i", watched.python, option, where)

    assert [path.suffix for path in sorted(where.iterdir())] == [".whl", ".gz"]
    assert run.ok().stdout.splitlines() == [str(run.sdists[0]), str(run.wheels[0])]


@pytest.mark.parametrize("option", ["-m", "--manifest-path"])
def test_the_manifest_can_be_elsewhere(watched: Watched, option: str) -> None:
    away = watched.command.folder
    run = watched.command(
        "build", "-i", watched.python, option, watched.project / "Cargo.toml", cwd=away, env=watched.environ
    )

    assert run.ok().wheel.name.startswith("light_module-1.2.3-")
    assert [path.name for path in run.sdists] == ["light_module-1.2.3.tar.gz"]


def test_features_decide_what_is_compiled(watched: Watched, tmp_path: Path) -> None:
    answers: dict[tuple[str, ...], str] = {}
    for words in ((), ("-F", "loud"), ("--no-default-features",), ("--all-features",)):
        site = wheels.site(watched.wheel(*words), tmp_path / f"site-{len(answers)}")
        answers[words] = wheels.python(watched.python, "import light_module; print(light_module.answer())", path=site)

    assert list(answers.values()) == ["42", "4200", "0", "4200"]


def test_a_release_is_smaller_and_a_stripped_one_smaller_still(watched: Watched) -> None:
    sizes = [
        len(wheels.data(watched.wheel(*words, "-o", f"size-{number}"), ".so"))
        for number, words in enumerate([(), ("-r",), ("-r", "--strip")])
    ]

    assert sizes == sorted(sizes, reverse=True)
    assert len(set(sizes)) == 3


@pytest.mark.parametrize(
    ("words", "variables", "key", "stripped"),
    [
        ((), {}, "", False),
        (("--strip",), {}, "", True),
        ((), {"MATURIN_STRIP": "1"}, "", True),
        ((), {"CRATEWHEEL_STRIP": "true"}, "", True),
        (("--strip=false",), {"MATURIN_STRIP": "1"}, "", False),
        ((), {}, "strip = true", True),
        (("--strip", "false"), {}, "strip = true", False),
        ((), {"MATURIN_STRIP": "0"}, "strip = true", False),
    ],
)
def test_symbols_are_removed_when_asked_for(
    run_light: Cratewheel,
    interpreters: Interpreters,
    words: tuple[str, ...],
    variables: Mapping[str, str],
    key: str,
    stripped: bool,
) -> None:
    project = run_light.copy("light-module")
    with (project / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(f"\n[tool.maturin]\n{key}\n")
    run = run_light("build", "--no-sdist", "-i", interpreters.this, *words, cwd=project, env=variables)
    library = wheels.data(run.wheel, ".so")

    assert (b".symtab" not in library) is stripped


def test_timings_are_written(watched: Watched) -> None:
    watched.wheel("--timings")

    assert list((Path(watched.environ["CARGO_TARGET_DIR"]) / "cargo-timings").glob("cargo-timing*.html"))


def test_locked_without_a_lock_fails_before_anything_is_compiled(run_light: Cratewheel, watched: Watched) -> None:
    for words in (("--locked",), ("--cargo-extra-args", "--locked"), ("--frozen",)):
        project = run_light.copy("light-module")
        (project / "Cargo.lock").unlink()
        run, commands = dataclasses.replace(watched, project=project)("--no-sdist", "-i", watched.python, *words)

        assert run.status == 1
        assert f"error: cargo cannot resolve {project / 'Cargo.toml'}" in run.stderr
        assert words[-1] in run.stderr
        assert [command[0] for command in commands] == ["metadata"]
        assert not (project / "Cargo.lock").exists()


def test_a_rust_that_is_too_old_is_an_error_unless_ignored(run_light: Cratewheel, interpreters: Interpreters) -> None:
    project = run_light.copy("light-module")
    manifest = project / "Cargo.toml"
    manifest.write_text(
        manifest.read_text(encoding="utf-8").replace("edition", 'rust-version = "1.9999"\nedition', 1), encoding="utf-8"
    )
    words = ("build", "--no-sdist", "-i", interpreters.this)
    failed = run_light(*words, cwd=project)

    assert failed.status == 1
    assert "error: cargo could not build the crate" in failed.stderr
    assert "requires rustc 1.9999" in failed.stderr
    assert run_light(*words, "--ignore-rust-version", cwd=project).wheel


def test_settings_of_the_project_reach_cargo_and_the_command_line_counts_more(
    run_light: Cratewheel, watched: Watched
) -> None:
    project = run_light.copy("light-module")
    with (project / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(
            "\n[tool.maturin]\n"
            'profile = "release"\nfeatures = ["loud"]\nno-default-features = true\nlocked = true\n'
            'config = ["build.jobs=1"]\nrustc-args = ["--cfg", "one"]\n'
            'cargo-extra-args = "--jobs 1"\nrustc-extra-args = "--cfg two"\n'
        )
    here = dataclasses.replace(watched, project=project)

    assert here.commands()[1] == rustc_words(
        project,
        "--profile release --features loud --no-default-features --locked --config build.jobs=1",
        "--jobs 1",
        "--cfg one --cfg two",
    )
    words = ("--profile=dev", "-F", "answer", "--cargo-extra-args=--offline", "--rustc-extra-args=", "--", "--cfg", "x")
    assert here.commands(*words)[1] == rustc_words(
        project,
        "--profile dev --features answer --no-default-features --locked --offline --config build.jobs=1",
        "",
        "--cfg x",
    )


def test_the_program_of_the_variable_cargo_compiles_and_answers(watched: Watched, tmp_path: Path) -> None:
    log = tmp_path / "other.log"
    other = tmp_path / "my-cargo"
    other.write_text(f'#!/bin/sh\necho "$1" >>"{log}"\nexec "{watched.environ["CARGO_WATCHED"]}" "$@"\n')
    other.chmod(0o755)
    watched.wheel(env={"CARGO": str(other), "CARGO_WATCHED": "/nowhere"})

    assert log.read_text(encoding="utf-8").split() == ["metadata", "rustc"]


@pytest.mark.parametrize("project_moves", [False, True])
def test_cross_says_what_it_compiled_by_the_paths_of_its_container(
    watched: Watched, tmp_path: Path, project_moves: bool
) -> None:
    """Each cross mounts the target directory elsewhere; older ones the workspace, too."""
    cross = tmp_path / "cross"
    moved = f"s#{watched.environ['CARGO_TARGET_DIR']}/#/target/#g"
    if project_moves:
        moved += "; s#'\"$(pwd -P)\"'#/project#g"
    cross.write_text(f'#!/bin/sh\n"{watched.environ["CARGO_WATCHED"]}" "$@" | sed \'{moved}\'\n', encoding="utf-8")
    cross.chmod(0o755)
    run, _ = watched("--no-sdist", "-i", watched.python, env={"CARGO": str(cross)})

    assert wheels.names(run.wheel)[-1].endswith(".so")


def test_debug_information_in_a_file_of_its_own_comes_along(run_light: Cratewheel, interpreters: Interpreters) -> None:
    words = ("build", "--no-sdist", "-i", interpreters.this, "--rustc-extra-args=-C split-debuginfo=packed")
    run = run_light(*words, "--include-debuginfo", crate="light-module", env={"CARGO_PROFILE_DEV_DEBUG": None})

    assert [name for name in wheels.names(run.wheel) if name.endswith(".dwp")] == [
        "light_module/liblight_module.so.dwp"
    ]
    without = run_light(*words, crate="light-module")
    assert [name for name in wheels.names(without.wheel) if name.endswith(".dwp")] == []


@pytest.mark.parametrize("kind", ["pyo3", "pyo3-ffi"])
@pytest.mark.parametrize("option", ["-b", "--bindings"])
def test_bindings_can_be_named(watched: Watched, option: str, kind: str) -> None:
    assert ".cpython-" in wheels.names(watched.wheel(option, kind))[-1]


def test_a_library_can_be_packed_for_another_kind_of_bindings_than_is_found(
    run_light: Cratewheel, interpreters: Interpreters
) -> None:
    project = run_light.copy("light-module")
    (project / "src" / "main.rs").write_text("fn main() {}\n", encoding="utf-8")
    programs = run_light("build", "--no-sdist", "-b", "bin", "-i", interpreters.this, cwd=project)

    assert wheels.names(programs.wheel) == ["light_module-1.2.3.data/scripts/light-module"]


@pytest.mark.parametrize("kind", ["rust-cpython", "pyo3"])
def test_bindings_whose_crate_is_not_there_are_an_error(run_light: Cratewheel, kind: str) -> None:
    run = run_light("build", "-b", kind, crate="bin-two")

    assert run.status == 1
    crate = {"rust-cpython": "cpython"}.get(kind, kind)
    assert f"error: the bindings {kind} were requested, but " in run.stderr
    assert f"Cargo.toml does not depend on {crate}\n" in run.stderr
    assert run.stdout == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--target", HOST, "--cargo-extra-args=--target x86_64-pc-windows-gnu"),
            "error: --target names other targets than --target in the extra cargo arguments: x86_64-pc-windows-gnu",
        ),
    ],
)
def test_what_is_not_there_yet_ends_at_once(watched: Watched, words: tuple[str, ...], message: str) -> None:
    run, commands = watched(*words)

    assert run.status in (1, 2)
    assert message in run.stderr
    assert commands == []
    assert run.stdout == ""


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--no-such-option",), "unknown option `--no-such-option`"),
        (("stray",), "unexpected argument: stray"),
        (("-b", "swig"), "--bindings must be one of pyo3,"),
        (("--jobs", "0"), "--jobs must be a whole number greater than 0, found '0'"),
        (("--jobs", "many"), "--jobs must be a whole number greater than 0, found 'many'"),
        (("--color", "sometimes"), "--color must be one of auto, always, never, found 'sometimes'"),
        (("--strip=perhaps",), "--strip must be true or false, found 'perhaps'"),
        (("--auditwheel", "fix"), "found 'fix'"),
        (("-r", "--profile", "dev"), "--release and --profile cannot be used together"),
        (("-i", "3.11", "-f"), "--interpreter and --find-interpreter cannot be used together"),
        (("--auditwheel=check", "--skip-auditwheel"), "--auditwheel and --skip-auditwheel cannot be used together"),
        (("--out",), "--out needs a value"),
        (("--rel",), "unknown option `--rel`"),
        (("--message-format", "xml"), "found 'xml'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_wrong_usage_is_told_with_status_two(run_light: Cratewheel, words: tuple[str, ...], message: str) -> None:
    run = run_light("build", *words, crate="bin-two")

    assert run.status == 2
    assert message in run.stderr
    assert run.stderr.startswith("error: ")
    assert "Traceback" not in run.stderr
    assert run.stdout == ""


def test_the_page_of_help_has_every_option(run_light: Cratewheel) -> None:
    page = run_light("build", "--help").ok().stdout
    for option in (
        "-b, --bindings, --binding-crate KIND", "--cargo-extra-args ARGS", "--compatibility, --manylinux [TAG ...]",
        "-h, --help", "-i, --interpreter [PYTHON ...]", "-m, --manifest-path PATH", "--no-sdist", "-o, --out DIR",
        "-r, --release",
        "--rustc-extra-args ARGS", "--skip-auditwheel", "--strip [true|false]", "--target TRIPLE", "--universal2",
        "--zig", "--profile NAME", "-F, --features FEATURES", "--no-default-features", "--all-features", "--locked",
        "--offline", "--frozen", "-j, --jobs N", "--target-dir DIR", "--config KEY=VALUE", "-Z FLAG", "-v, --verbose",
        "-q, --quiet", "--color WHEN", "--timings [FORMAT]", "-f, --find-interpreter", "--sdist", "--auditwheel MODE",
        "--dry-run", "--explain",
    ):  # fmt: skip
        assert f"\n  {option}" in page
    assert "[env: CARGO_BUILD_TARGET]" in " ".join(page.split())


def test_the_command_has_a_short_name(run_light: Cratewheel) -> None:
    run = run_light("b", "--no-sdist", "-F", "extra", crate="bin-two")

    assert wheels.names(run.wheel) == [
        "bin_two-1.2.3.data/scripts/bin-two",
        "bin_two-1.2.3.data/scripts/bin-two-extra",
        "bin_two-1.2.3.data/scripts/bin-two-more",
    ]


@pytest.mark.parametrize("names", [("gone.json",), ("a.json", "sub/a.json")])
def test_an_sbom_that_cannot_be_packed_ends_the_build_before_compiling(
    run_light: Cratewheel, interpreters: Interpreters, names: tuple[str, ...]
) -> None:
    project = run_light.copy("light-module")
    (project / "sub").mkdir()
    for name in ("a.json", "sub/a.json"):
        (project / name).write_text("{}", encoding="utf-8")
    run = run_light("build", "--no-sdist", "-i", interpreters.this, "--sbom-include", *names, cwd=project)
    assert run.status == 1
    assert "SBOM" in run.stderr
    assert not {"Compiling", "Finished"} & set(run.stderr.split())
