"""cargo, rustc and interpreters that die, hang or talk rubbish: an error of ours and no wheel, or the right wheel."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from faults import interruption
from faults.interruption import COMMAND, Stop
from faults.strange import stand_in
from faults.test_deaf_programs import MANIFEST, PYPROJECT, environ_of
from fork_server import SERVER
from integration.conftest import CRATES, TIMEOUT

pytestmark = [pytest.mark.cargo, pytest.mark.skipif(os.name == "nt", reason="a script stands in for the program")]

MEMORY = 1 << 30  # bytes that reading the talk of a program may take
BOUND = f"import resource\nresource.setrlimit(resource.RLIMIT_DATA, ({MEMORY}, {MEMORY}))"

# What a stand-in for cargo does when it should compile, and the last lines of our stderr; None is a whole wheel.
BUILDS: dict[str, tuple[str, str | None]] = {
    "dies without a word": ("sys.exit(101)", "error: cargo could not build the crate: it ended with status 101\n"),
    "crashes": (
        "real(); die(signal.SIGSEGV)",
        "error: cargo could not build the crate: it was killed by SIGSEGV\n",
    ),
    "is killed midway": (
        "_, lines = real(); say(*lines[:1]); die(signal.SIGKILL)",
        (
            "error: cargo could not build the crate: it was killed by SIGKILL\n"
            " help: close other programs, or compile fewer crates at a time: `--jobs 1`\n"
        ),
    ),
    "fails after its work": (
        "_, lines = real(); say(*lines); sys.exit(7)",
        "error: cargo could not build the crate: it ended with status 7\n",
    ),
    "does nothing": ("sys.exit(0)", "error: cargo built no program named deaf\n"),
    "closes its output": ("os.close(1); real(False)", "error: cargo built no program named deaf\n"),
    "prints half of each line": (
        "_, lines = real(); say(*[line[:len(line) // 2] for line in lines])",
        "error: cargo built no program named deaf\n",
    ),
    "has other types": (
        '_, lines = real()\nsay(*[line.replace(b\'"filenames":[\', b\'"filenames":null,"x":[\') for line in lines])',
        (
            "error: cargo printed a message `compiler-artifact` that cannot be read: filenames is missing or "
            "has another type\n"
            " help: `cargo -Vv` says which cargo runs; a wrapper of it must pass its messages on as they are\n"
        ),
    ),
    "removes what it has made": (
        (
            "_, lines = real()\nfor line in lines:\n    for name in json.loads(line).get('filenames', []):\n"
            "        os.path.exists(name) and os.remove(name)\nsay(*lines)"
        ),
        "cannot be read: No such file or directory\n",
    ),
    "prints other things between": (
        (
            "_, lines = real()\nfor line in lines:\n"
            "    say(b'hello\\n', b'{\\n', b'[1]\\n', b'null\\n', b'{\"reason\": 3}\\n', b'\\xff\\xfe\\0\\n', line)"
        ),
        None,
    ),
    "ends without a newline": ("_, lines = real(); say(*lines[:-1], lines[-1].rstrip())", None),
    "is of a later version": (
        (
            "_, lines = real()\nfor line in lines:\n    more = {**json.loads(line), 'later': {'a': [1]}}\n"
            '    say(b\'{"reason": "later", "x": [1]}\\n\', json.dumps(more).encode() + b\'\\n\')'
        ),
        None,
    ),
    "prints 100 MB": (
        "_, lines = real()\nfor _ in range(1600):\n    say(b'x' * 65535 + b'\\n')\nsay(*lines)",
        None,
    ),
    "prints 100 MB to stderr": (
        "_, lines = real()\nfor _ in range(1600):\n    os.write(2, b'x' * 65535 + b'\\n')\nsay(*lines)",
        None,
    ),
}
# The same for `cargo metadata`.
ANSWERS: dict[str, tuple[str, str | None]] = {
    "dies without a word": ("sys.exit(101)", "cargo cannot resolve {manifest}: it ended with an error\n"),
    "crashes": ("die(signal.SIGSEGV)", "cargo cannot resolve {manifest}: it ended with an error\n"),
    "prints nothing": ("sys.exit(0)", "`cargo metadata` printed what cannot be read: Expecting value"),
    "prints other things": ("say(b'hello')", "`cargo metadata` printed what cannot be read: Expecting value"),
    "prints bytes": ("say(b'\\xff\\0' * 99)", "`cargo metadata` printed what cannot be read: Expecting value"),
    "prints a list": ("say(b'[]')", "`cargo metadata` printed what cannot be read: "),
    "prints half": (
        "_, lines = real(); text = b''.join(lines); say(text[:len(text) // 2])",
        "`cargo metadata` printed what cannot be read: ",
    ),
    "knows no crate": (
        (
            "_, lines = real(); answer = json.loads(b''.join(lines)); answer['packages'] = []\n"
            "say(json.dumps(answer).encode())"
        ),
        "`cargo metadata` printed what cannot be read: the package path+file://",
    ),
    "resolves nothing": (
        (
            "_, lines = real(); answer = json.loads(b''.join(lines)); answer['resolve'] = None\n"
            "say(json.dumps(answer).encode())"
        ),
        "printed what cannot be read: it does not say which package is the project's\n",
    ),
    "is of a later version": (
        (
            "_, lines = real(); answer = json.loads(b''.join(lines))\nanswer.update(version=2, later={'a': 1})\n"
            "for package in answer['packages']: package['later'] = [1]\nsay(json.dumps(answer).encode())"
        ),
        None,
    ),
}
RUSTC = {
    "dies without a word": ("sys.exit(1)", "failed: it ended with status 1\n"),
    "crashes": ("die(signal.SIGSEGV)", "failed: it was killed by SIGSEGV\n"),
    "prints other things": (
        "say(b'hello\\n')",
        "error: `rustc -vV` did not print its release and host\n       hello\n",
    ),
    "prints bytes": ("say(b'\\xff release: x')", "error: `rustc -vV` did not print its release and host\n"),
    "has no number": ("say(b'host: x\\nrelease: y\\n')", "error: `rustc -vV` did not print its release and host\n"),
}
PYTHON = {
    "dies without a word": ("sys.exit(3)", "python: it ended with status 3 without output\n"),
    "crashes": ("die(signal.SIGSEGV)", "python: it was killed by SIGSEGV without output\n"),
    "prints nothing": (
        "sys.exit(0)",
        "python is not a working Python interpreter: it did not answer as a Python does\n",
    ),
    "prints other things": ("say(b'hello\\n')", "it did not answer as a Python does\n       hello\n"),
    "prints bytes": ("say(b'\\xff\\0')", "it did not answer as a Python does\n"),
    "prints half": ("_, lines = real(); say(lines[0][:99])", "it did not answer as a Python does\n"),
    "prints a list": ("say(b'[1]')", "it did not answer as a Python does\n       [1]\n"),
    "prints 100 MB": ("\nfor _ in range(1600): say(b'x' * 65536)", "it did not answer as a Python does\n"),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "deaf"
    (root / "src").mkdir(parents=True)
    (root / "Cargo.toml").write_text(MANIFEST, encoding="utf-8")
    (root / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (root / "src" / "main.rs").write_text("fn main() {}\n", encoding="utf-8")
    return root


def real(program: str) -> str:
    found = shutil.which(program)
    assert found is not None
    return found


def check(root: Path, said: str | None, *arguments: str | Path, **environ: str) -> None:
    """Build, and see the wheel, or its absence and what was `said`."""
    out = root.parent / "out"
    words = ["build", "--no-sdist", "--out", out, *arguments]
    done = SERVER.run_after(BOUND, words, cwd=root, env=environ_of(root.parent, **environ), timeout=TIMEOUT)
    assert "Traceback" not in done.stderr
    made = [path.suffix for path in out.iterdir()] if out.exists() else []
    if said is None:
        assert (done.returncode, made) == (0, [".whl"]), done.stderr[-2000:]
    else:
        assert (done.returncode, made) == (1, []), done.stderr[-2000:]
        assert said.format(manifest=root / "Cargo.toml") in done.stderr


@pytest.mark.parametrize("name", BUILDS)
def test_a_cargo_that_compiles_strangely(root: Path, name: str) -> None:
    code, said = BUILDS[name]
    cargo = stand_in(root.parent / "cargo", code, real=real("cargo"), when="rustc")
    check(root, said, CARGO=str(cargo))


@pytest.mark.parametrize("name", ANSWERS)
def test_a_cargo_that_answers_strangely(root: Path, name: str) -> None:
    code, said = ANSWERS[name]
    folder = root.parent / "bin"
    folder.mkdir()
    stand_in(folder / "cargo", code, real=real("cargo"), when="metadata")
    check(root, said, PATH=f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.parametrize("name", RUSTC)
def test_a_rustc_that_answers_strangely(root: Path, name: str) -> None:
    code, said = RUSTC[name]
    rustc = stand_in(root.parent / "rustc", code, real=real("rustc"), when="-vV")
    check(root, said, RUSTC=str(rustc))


@pytest.mark.parametrize("name", PYTHON)
def test_an_interpreter_that_answers_strangely(root: Path, name: str) -> None:
    code, said = PYTHON[name]
    shutil.rmtree(root)
    shutil.copytree(CRATES / "light-module", root)
    python = stand_in(root.parent / "python", code, real=sys.executable, when="-c")
    check(root, said, "-i", python)


@pytest.mark.parametrize(
    ("program", "when"), [("cargo", "rustc"), ("cargo", "metadata"), ("rustc", "-vV"), ("python", "-c")]
)
def test_a_program_that_hangs_ends_with_ctrl_c(root: Path, program: str, when: str) -> None:
    folder = root.parent / "bin"
    folder.mkdir()
    stand_in(folder / program, "hang()", real=real(program) if program != "python" else sys.executable, when=when)
    environ = environ_of(root.parent, PATH=f"{folder}{os.pathsep}{os.environ['PATH']}")
    arguments = ("-i", folder / "python") if program == "python" else ()
    ended = interruption.run(
        [*COMMAND, "build", "--no-sdist", "--out", root.parent / "out", *arguments], cwd=root, environ=environ,
        folder=root.parent / "said", stops=[Stop(after=0, number=signal.SIGINT)], begun=folder / "started",
    )  # fmt: skip
    assert (ended.status, ended.running) == (130, ())
    assert ended.stderr.endswith("warning: interrupted; no unfinished file was kept\n")
    assert not (root.parent / "out").exists()
