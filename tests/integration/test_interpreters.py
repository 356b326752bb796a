"""Real interpreters, and programs that are none, asked what they are."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import packaging
import pytest

from cratewheel.errors import InterpreterError
from cratewheel.interpreter.discover import default_python, find, probe
from cratewheel.interpreter.model import EVERY, Interpreter
from cratewheel.interpreter.probe import Skip
from cratewheel.ui import Ui

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the programs are shell scripts")

PACKAGING = Path(packaging.__file__).parent


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def present(cache: Path) -> tuple[Interpreter, ...]:
    """Every interpreter of this machine: at least the one that runs the tests."""
    return find(
        (), supported=EVERY, requires_python=None, environ=os.environ, cache_dir=cache, reporter=silent(), timeout=60
    )


def silent(err: io.StringIO | None = None) -> Ui:
    return Ui(out=io.StringIO(), err=err or io.StringIO())


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
    return path


def ask(word: str | Path, *, environ: dict[str, str] | None = None, timeout: float = 60) -> Interpreter:
    return find(
        (str(word),),
        supported=EVERY,
        requires_python=None,
        environ=dict(os.environ) if environ is None else environ,
        cache_dir=None,
        reporter=silent(),
        timeout=timeout,
    )[0]


def test_the_interpreter_that_runs_the_tests_is_found(present: tuple[Interpreter, ...]) -> None:
    assert any(one.version == sys.version_info[:2] for one in present if one.implementation == "cpython")


def test_no_two_that_are_found_would_make_the_same_wheel(present: tuple[Interpreter, ...]) -> None:
    assert len({one.identity for one in present}) == len(present)


def test_each_has_the_tag_and_suffix_that_it_has_in_its_own_words(
    present: tuple[Interpreter, ...], tmp_path: Path
) -> None:
    (tmp_path / "packaging").symlink_to(PACKAGING)
    words = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import importlib.machinery, json, packaging.tags\n"
        "first = next(packaging.tags.sys_tags())\n"
        "print(json.dumps([first.interpreter, first.abi, importlib.machinery.EXTENSION_SUFFIXES]))\n"
    )
    checked = []
    for one in present:
        said = subprocess.run(
            [str(one.executable), "-c", words, str(tmp_path)], capture_output=True, text=True, check=False
        )
        if said.returncode != 0:  # `packaging` no longer runs on this one
            continue
        python_tag, abi_tag, suffixes = json.loads(said.stdout)
        assert (one.display, one.python_tag, one.abi_tag) == (one.display, python_tag, abi_tag)
        assert one.ext_suffix in suffixes
        assert not one.stable_abi_capable or one.extension_suffix("abi3") in suffixes
        checked.append(one.version)
    assert sys.version_info[:2] in checked


def test_the_second_time_no_interpreter_is_started(
    present: tuple[Interpreter, ...], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = json.loads((cache / "interpreters.json").read_text(encoding="utf-8"))
    assert {os.path.realpath(str(one.executable)) for one in present} <= set(store["interpreters"])
    monkeypatch.setattr(subprocess, "Popen", None)
    again = find((), supported=EVERY, requires_python=None, environ=os.environ, cache_dir=cache, reporter=silent())
    assert again == present


def test_this_interpreter_says_the_same_when_it_is_started() -> None:
    # a copy of the launcher is another file, so it has to be asked
    started = ask(sys.executable)
    by_itself = probe(Path(sys.executable), os.environ, reporter=silent())
    assert isinstance(by_itself, Interpreter)
    assert (started.identity, started.ext_suffix, started.abi_tag) == (
        by_itself.identity, by_itself.ext_suffix, by_itself.abi_tag,
    )  # fmt: skip


def test_a_virtual_environment_is_used_as_such(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    by_path = ask(python)
    assert (by_path.executable, by_path.in_virtualenv) == (python, True)
    by_default = default_python(
        environ={**os.environ, "VIRTUAL_ENV": str(tmp_path / "venv")}, cache_dir=None, reporter=silent(), timeout=60
    )
    assert (by_default.executable, by_default.source) == (python, "VIRTUAL_ENV")
    assert by_default.ext_suffix == sysconfig.get_config_var("EXT_SUFFIX")


def wrapper(path: Path) -> Path:
    return script(path, f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')


def test_a_program_that_hands_on_gives_the_interpreter_behind_it(tmp_path: Path) -> None:
    found = ask(wrapper(tmp_path / "python-by-another-name"))
    assert found.executable == Path(sys.executable)
    assert found.version == sys.version_info[:2]


def test_the_working_directory_and_the_variables_of_others_do_not_disturb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("platform.py", "json.py", "sysconfig.py", "struct.py"):
        script(tmp_path / name, "raise SystemExit('this is not the standard library')\n")
    monkeypatch.chdir(tmp_path)
    environ = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTHONWARNINGS": "error", "PYTHONINSPECT": "1"}
    assert ask(wrapper(tmp_path / "python"), environ=environ).version == sys.version_info[:2]


@pytest.mark.parametrize(
    ("text", "message", "notes"),
    [
        ("#!/bin/sh\necho hello\n", "it did not answer as a Python does", ("hello",)),
        ("#!/bin/sh\n", "it did not answer as a Python does", ()),
        ("#!/bin/sh\necho '{\"format\": 1}'\n", "it did not answer as a Python does", ('{"format": 1}',)),
        ("#!/bin/sh\necho no modules >&2; exit 3\n", "it ended with status 3", ("no modules",)),
        ("#!/bin/sh\nexec sleep 60\n", "no answer within 0.5 seconds", ()),
    ],
    ids=["garbage", "silence", "half an answer", "failure", "no end"],
)
def test_a_program_that_is_no_python_is_shown_with_what_it_printed(
    tmp_path: Path, text: str, message: str, notes: tuple[str, ...]
) -> None:
    program = script(tmp_path / "python3", text)
    with pytest.raises(InterpreterError) as caught:
        ask(program, timeout=0.5 if "sleep" in text else 60)
    assert caught.value.message == f"{program} is not a working Python interpreter: {message}"
    assert caught.value.notes == notes


def test_a_lengthy_complaint_is_cut(tmp_path: Path) -> None:
    program = script(tmp_path / "python3", "#!/bin/sh\nseq 1 100\nexit 0\n")
    with pytest.raises(InterpreterError) as caught:
        ask(program)
    assert caught.value.notes == ("1", "2", "3", "4", "5", "6", "7", "8", "…")


def test_a_file_that_cannot_be_executed_says_so(tmp_path: Path) -> None:
    program = script(tmp_path / "python3", "")
    program.write_bytes(b"\x7fELF of some other machine")
    with pytest.raises(InterpreterError, match=r"cannot be used as a Python interpreter: .* cannot be started"):
        ask(program)


def stand_in(path: Path) -> Path:
    text = f"#!/bin/sh\necho 'pyenv: {path.name}: command not found' >&2\necho >&2\nexit 127\n"
    return script(path, text)


def test_a_stand_in_that_finds_nothing_is_skipped_with_a_warning(tmp_path: Path) -> None:
    stand_in(tmp_path / "python3.10")
    err = io.StringIO()
    found = find(
        ("python3.10", sys.executable),
        supported=EVERY,
        requires_python=None,
        environ={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        cache_dir=None,
        reporter=silent(err),
    )
    assert [one.requested for one in found] == [sys.executable]
    assert err.getvalue() == ("warning: skipped the interpreter python3.10: no active pyenv version provides it\n")


def test_a_lone_stand_in_that_finds_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InterpreterError, match="none of the requested interpreters can be used"):
        ask(stand_in(tmp_path / "python3.10"))


def test_a_program_that_fails_without_a_word_is_skipped(tmp_path: Path) -> None:
    program = script(tmp_path / "python3", "#!/bin/sh\nexit 1\n")
    assert probe(program, os.environ, reporter=silent()) == Skip(
        executable=program, reason="it ended with status 1 without output"
    )


def test_unasked_a_broken_program_on_path_is_left_out_with_a_warning(tmp_path: Path) -> None:
    broken = script(tmp_path / "bin" / "python3.10", "#!/bin/sh\necho no encodings >&2; exit 1\n")
    whole = wrapper(tmp_path / "bin" / "python3")
    err = io.StringIO()
    found = find(
        (),
        supported=EVERY,
        requires_python=None,
        environ={"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "HOME": str(tmp_path)},
        cache_dir=None,
        reporter=silent(err),
    )
    assert whole.is_file()
    assert any(one.version == sys.version_info[:2] for one in found)
    assert f"warning: skipped {broken}: {broken} is not a working Python interpreter: it ended with status 1\n" in (
        err.getvalue()
    )


def test_a_missing_default_on_path_leaves_the_one_that_runs_this(tmp_path: Path) -> None:
    found = default_python(environ={"PATH": str(tmp_path)}, cache_dir=None, reporter=silent())
    assert (found.executable, found.source) == (Path(sys.executable), "runs cratewheel")


@pytest.mark.parametrize("name", ["_sysconfigdata_of_another", "/dev/null", "é"])
def test_a_variable_that_breaks_the_sysconfig_of_this_python_is_an_error_that_says_so(
    tmp_path: Path, name: str
) -> None:
    environ = {**os.environ, "_PYTHON_SYSCONFIGDATA_NAME": name, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    code = """
from cratewheel.errors import InterpreterError
from cratewheel.interpreter.probe import probe_self
try:
    probe_self()
except InterpreterError as error:
    print(ascii(error.message))
"""
    said = subprocess.check_output([sys.executable, "-c", code], env=environ, text=True)
    missing = f"No module named {name!r}"
    assert said == f"{f'the sysconfig of {sys.executable} does not work: {missing}'!a}\n"
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires=["cratewheel"]\n[project]\nname="a"\nversion="1"'
    )
    (tmp_path / "Cargo.toml").write_text('[package]\nname="a"\nversion="1.0.0"\n[lib]\ncrate-type=["cdylib"]')
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "lib.rs").touch()
    words = [sys.executable, "-m", "cratewheel", "build", "--dry-run", "-i", sys.executable]
    done = subprocess.run(words, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "is not a working Python interpreter: it ended with status 1\n       ModuleNotFoundError: " in done.stderr


def test_pyenvs_own_answer_is_what_is_foretold() -> None:
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    shim = root / "shims" / "python3"
    if not shim.is_file():
        pytest.skip("there is no pyenv on this machine")
    environ = {**os.environ, "PATH": f"{root}/shims:{os.environ['PATH']}"}
    for folder in sorted((root / "versions").iterdir()):
        selected = {**environ, "PYENV_VERSION": folder.name}
        said = subprocess.run(
            [str(root / "bin" / "pyenv"), "which", "python3"], env=selected, capture_output=True, text=True, check=False
        )
        if said.returncode == 0 and folder.name >= "3.7" and not folder.name.startswith("2"):
            try:
                assert str(ask("python3", environ=selected).executable) == said.stdout.strip()
            except InterpreterError as error:
                assert "the oldest supported version is 3.7" in error.message  # noqa: PT017 (the loop goes on)
