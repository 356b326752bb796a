"""Adds DLLs to Windows wheels, on any system: found in the folders that were linked from, renamed by `pe_edit`.

The folder `<distribution>.libs` and the names in it are those of delvewheel. Windows looks for the DLLs of a module in
no folder of its wheel, so that a package tells it of them.
"""

from __future__ import annotations

import io
import os
import tokenize
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import accumulate
from pathlib import Path

from cratewheel.audit import binary, check
from cratewheel.audit.model import Binary
from cratewheel.errors import AuditError, ConfigError, MissingToolError
from cratewheel.repair.closure import Library, digest, find_closure
from cratewheel.repair.model import Grafted, Repair, Subject
from cratewheel.repair.pe_edit import with_imports
from cratewheel.system.command import Command, capture

_PATIENCE = 20  # seconds, for a compiler that only says where its files are
_SNIPPET = """
# Windows loads the libraries of this package's modules from there.
def _add_libraries():
    import os
    folder = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), {way}))
    if not hasattr(os, "add_dll_directory"):  # before Python 3.8
        os.environ["PATH"] = folder + os.pathsep + os.environ.get("PATH", "")
    elif os.path.isdir(folder):
        os.add_dll_directory(folder)


_add_libraries()
del _add_libraries
"""


def repair(subjects: Iterable[Subject], surroundings: Repair) -> tuple[Grafted, ...]:
    """Copy the DLLs that the subjects need, and those that these need; rename all to find each other.

    One that is not found is left to the system that the wheel is for. Raises `AuditError` when two different ones have
    one name, or a file cannot be changed.
    """
    subjects = tuple(subjects)
    origins = {subject.path: subject.origin or subject.path.parent for subject in subjects}

    def locate(need: str, needer: Path, inputs: Binary) -> Library | None:
        return _find(need, needer, inputs, origins.get(needer, needer.parent), surroundings)

    found = find_closure(subjects, surroundings, locate)
    names: dict[str, Library] = {}
    for library in found.libraries:
        other = names.setdefault(library.path.name.lower(), library)
        if other.sha256 != library.sha256:
            raise AuditError(
                f"two different libraries are called {library.path.name}",
                notes=(str(other.path), str(library.path)),
                hint="only one of them can be loaded: remove one from the folders that are linked from",
            )
    folder = surroundings.scratch / f"{surroundings.dist}.libs"
    folder.mkdir(parents=True, exist_ok=True)
    grafted = []
    for library in names.values():
        copy = folder / library.name
        _write(library.path, copy, found.links[library.path])
        grafted.append(Grafted(name=library.name, original=library.path, path=copy, sha256=library.sha256))
    for subject in subjects:
        if found.links[subject.path]:
            _write(subject.path, subject.path, found.links[subject.path])
    return tuple(sorted(grafted, key=lambda one: one.name))


def _find(need: str, needer: Path, inputs: Binary, origin: Path, surroundings: Repair) -> Library | None:
    for candidate in _candidates(need, origin, surroundings):
        try:
            read = binary.read(candidate)
        except AuditError as error:
            surroundings.reporter.detail(error.message)
            continue
        if (read.format, read.arch) != (inputs.format, inputs.arch):
            surroundings.reporter.detail(f"{candidate} is for {read.arch}, not for {inputs.arch}")
            continue
        real = candidate.resolve()
        needs = check.external_libraries(read, surroundings.target)
        return Library(path=real, sha256=digest(real), binary=read, needs=needs)
    surroundings.reporter.detail(f"{needer.name} needs {need}, which was not found; it is left to Windows")
    return None


def _candidates(need: str, origin: Path, surroundings: Repair) -> Iterator[Path]:
    """Yield the files that a name may mean, but for those of Windows itself."""
    folders = [*surroundings.search, origin]
    # an import library is in `lib`, its DLL in `bin` beside it, wherever vcpkg, conda or a cmake install put them
    folders += [folder.parent / "bin" for folder in surroundings.search]
    environ = surroundings.environ
    if surroundings.native:
        system = os.path.normcase(environ.get("SYSTEMROOT", r"C:\Windows"))
        paths = [path for path in environ.get("PATH", "").split(os.pathsep) if path]
        folders += [Path(path) for path in paths if not os.path.normcase(path).startswith(system)]
    for folder in dict.fromkeys(folders):
        yield from _named(need, folder)
    if surroundings.target.env == "gnu":
        yield from _of_compiler(need, surroundings)


def _named(need: str, folder: Path) -> Iterator[Path]:
    """Yield the files of a folder that have the name for Windows, which does not tell upper case from lower."""
    with suppress(OSError):  # a folder that is not there, or may not be read
        for path in sorted(folder.iterdir(), key=lambda path: (path.name != need, path.name)):
            if path.name.lower() == need.lower() and path.is_file():
                yield path


def _of_compiler(need: str, surroundings: Repair) -> Iterator[Path]:
    """Yield the file that the GNU compiler for the target has: its own run-time libraries, such as libstdc++-6.dll."""
    target, environ = surroundings.target, surroundings.environ
    arch = "i686" if target.arch == "x86" else target.arch
    variable = f"CARGO_TARGET_{target.triple.replace('-', '_').upper()}_LINKER"
    compiler = environ.get(variable) or f"{arch}-w64-mingw32-gcc"
    with suppress(MissingToolError):
        done = capture(Command(argv=(compiler, f"-print-file-name={need}")), environ, timeout=_PATIENCE)
        path = Path(done.stdout.strip())
        if done.status == 0 and path.is_absolute() and path.is_file():
            yield path


def _write(source: Path, out: Path, links: Mapping[str, Library]) -> None:
    """Write the file with the new names of its DLLs."""
    try:
        data = with_imports(source.read_bytes(), {need: library.name for need, library in links.items()})
    except AuditError as error:
        raise AuditError(
            f"{source.name} cannot be changed: {error.message}",
            hint=error.hint or "--auditwheel=warn skips the repair",
        ) from error
    out.write_bytes(data)


def with_dll_directory(source: bytes, way: tuple[str, ...]) -> bytes:
    """Return the source of a package's `__init__.py` with lines that tell Windows of the folder of libraries.

    `way` leads there from the package's folder. The lines stand behind what must come first: comments, the docstring,
    imports from `__future__`. Raises `ConfigError` when the source is not Python.
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        text = source.decode(encoding)
        at = _first_free_place(text)
    except (SyntaxError, tokenize.TokenError, UnicodeDecodeError) as error:
        raise ConfigError(
            "the package's __init__.py cannot be read, but it must register the libraries in the wheel",
            notes=(str(error),),
        ) from error
    before, after = text[:at], text[at:]
    newline = "\r\n" if "\r\n" in text else "\n"
    snippet = _SNIPPET.format(way=", ".join(map(repr, way)))
    start = "" if not before or before.endswith("\n") else "\n"
    added = (start + snippet + ("\n" if after else "")).replace("\n", newline)
    return (before + added + after.lstrip(" \t")).encode(encoding)


def _first_free_place(text: str) -> int:
    """Return the index in the text at which a statement may be put first."""
    lines = io.StringIO(text, newline="").readlines()
    starts = [0, *accumulate(map(len, lines))]
    free = 0
    statement: list[str] = []
    # tokens are read one by one: what follows may be of a Python that is newer than ours
    for kind, word, _, (row, column), _ in tokenize.generate_tokens(iter(lines).__next__):
        if kind in (tokenize.COMMENT, tokenize.NL):
            if not statement and free == starts[row - 1] and (kind == tokenize.COMMENT or row == 1):
                free = starts[min(row, len(lines))]
        elif kind == tokenize.NEWLINE:
            free, statement = starts[min(row, len(lines))], []
        elif word == ";":
            free, statement = starts[row - 1] + column, []
        else:
            statement.append("string" if kind == tokenize.STRING else word)
            if not _comes_first(statement):
                break
    return free


def _comes_first(statement: Sequence[str]) -> bool:
    """Return whether a statement, from its first tokens, may be a docstring or an import from `__future__`."""
    if statement[0] == "from":
        return statement[1:2] in ([], ["__future__"])
    return set(statement) <= {"string", "(", ")"}
