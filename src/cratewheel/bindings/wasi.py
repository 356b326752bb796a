"""The files of a wheel for WASI programs: WebAssembly, run with wasmtime by a small Python module.

Such a wheel is for every system (`py3-none-any`), so a script that starts the program cannot be a program itself: it is
an entry point, which installers make for each system.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from cratewheel.archive.layout import Entry, FromFile, Generated

REQUIREMENT = "wasmtime>=11"

_LAUNCHER = '''\
"""Runs {program}, a program in WebAssembly."""

import os
import sys
from pathlib import Path

import wasmtime


def main():
    engine = wasmtime.Engine()
    linker = wasmtime.Linker(engine)
    linker.define_wasi()
    module = wasmtime.Module.from_file(engine, str(Path(__file__).with_name("{program}")))
    config = wasmtime.WasiConfig()
    config.argv = [os.path.basename(sys.argv[0]), *sys.argv[1:]]
    config.env = list(os.environ.items())
    config.inherit_stdin()
    config.inherit_stdout()
    config.inherit_stderr()
    config.preopen_dir(".", ".")
    store = wasmtime.Store(engine)
    store.set_wasi(config)
    start = linker.instantiate(store, module).exports(store)["_start"]
    try:
        start(store)
    except wasmtime.ExitTrap as stop:
        return stop.code
    return 0


if __name__ == "__main__":
    sys.exit(main())
'''


def entries(programs: Iterable[tuple[str, Path]], *, package: str) -> tuple[Entry, ...]:
    """Return each program and the module that runs it; `programs` are file names (`demo.wasm`) and compiled files.

    `package` is the folder for both.
    """
    found = []
    for name, artifact in sorted(programs):
        found.append(Entry(path=f"{package}/{name}", source=FromFile(path=str(artifact)), why="compiled program"))
        text = _LAUNCHER.format(program=name).encode()
        path = f"{package}/{module_name(name)}.py"
        found.append(Entry(path=path, source=Generated(data=text), why="starts the program"))
    return tuple(found)


def module_name(program: str) -> str:
    """Return the name of the module that runs a program.

    >>> module_name("hello-there.wasm")
    'hello_there'
    """
    return program.removesuffix(".wasm").replace("-", "_").replace(".", "_")


def entry_points(programs: Sequence[str], *, package: str) -> str:
    r"""Return the entry_points.txt with a script for each program.

    >>> entry_points(["hello-there.wasm"], package="demo")
    '[console_scripts]\nhello-there = demo.hello_there:main\n'
    """
    lines = [f"{name.removesuffix('.wasm')} = {package}.{module_name(name)}:main\n" for name in sorted(programs)]
    return "".join(["[console_scripts]\n", *lines])


def with_requirement(metadata: str) -> str:
    r"""Return the text of METADATA with the dependency on wasmtime.

    >>> with_requirement("Name: demo\nVersion: 1\n\nText\n")
    'Name: demo\nVersion: 1\nRequires-Dist: wasmtime>=11\n\nText\n'
    """
    head, blank, body = metadata.partition("\n\n")
    return f"{head.rstrip()}\nRequires-Dist: {REQUIREMENT}\n" + (f"\n{body}" if blank else "")
