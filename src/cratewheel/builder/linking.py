"""Finds the folders in which the linker found libraries, from known flags and from its command line."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from cratewheel.audit import binary, check
from cratewheel.builder.session import Session
from cratewheel.cargo import config as cargo_config
from cratewheel.cargo.command import config_values
from cratewheel.cargo.run import Artifact
from cratewheel.repair.model import is_excluded

PRINT = ("--print", "link-args")  # makes rustc print the linker's command line to stdout
_FOLDER_KEYS = r"-L|link-arg|rustc-link-search|rustc-flags"  # keys of cargo's configuration that may name folders
_FOLDER_FOLLOWS = frozenset({"-L", "-rpath", "--rpath", "-rpath-link", "--rpath-link", "--library-path"})
_NO_INPUT_FOLLOWS = frozenset({"-o", "-h", "-soname", "--soname", "-install_name", "--out-implib"})
_FOLDER = r"(?:-L|--?rpath(?:-link)?=|--library-path=|[-/](?i:libpath):)(.+)"
_LIBRARY = r"[^-@].*[/\\][^/\\]*\.(?:so(?:\.[\d.]+)?|dylib|tbd|dll|dll\.a|lib)"
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}


def parse_linker_command(line: str) -> tuple[str, ...]:
    r"""Return the arguments of the command line printed with `--print link-args`; empty for another line.

    >>> parse_linker_command(r'LC_ALL="C" PATH="/bin" "cc" "-L" "/a \"b\"" "-o" "libx.so"')
    ('cc', '-L', '/a "b"', '-o', 'libx.so')
    >>> parse_linker_command('a macro says "hello"')
    ()
    """
    quoted = re.findall(r'([^\s"]*)"((?:[^"\\]|\\.)*)"', line)
    args = tuple(re.sub(r"\\(?:u\{([0-9a-f]+)\}|(.))", _unescaped, arg) for before, arg in quoted if not before)
    return args if any(arg == "-o" or re.match(r"[-/]out:", arg, re.IGNORECASE) for arg in args) else ()


def library_folders(args: Iterable[str], cwd: Path) -> tuple[Path, ...]:
    """Return the library folders in flags for rustc or a linker, relative to `cwd`, in order.

    >>> library_folders(["-C", "link-arg=-Wl,-L,/a", "-Lnative=b", "/c/libc.so.1", "-o", "/d/libd.so"], Path("/w"))
    (PosixPath('/a'), PosixPath('/w/b'), PosixPath('/c'))
    """
    return tuple(dict.fromkeys(cwd / folder for folder in _named(_unwrap_flags(args))))


def stated_folders(session: Session) -> tuple[Path, ...]:
    """Return the folders in variables and arguments for rustc."""
    inputs = session.inputs
    variable, value = inputs.rustflags or ("RUSTFLAGS", "")
    args = value.split("\x1f") if "ENCODED" in variable else value.split()
    args += [*inputs.options.rustc_args, *inputs.options.rustc_extra_args]
    return library_folders(args, inputs.cargo.workspace_root)


def compiler_folders(session: Session) -> tuple[Path, ...]:
    """Return the folders of LIBRARY_PATH, which gcc and clang search after those of flags, unless cross-compiling."""
    if session.inputs.cross or session.plan.target.os == "windows":
        return ()
    folders = session.environ.get("LIBRARY_PATH", "").split(os.pathsep)
    return tuple(session.inputs.cargo.workspace_root / folder for folder in folders if folder)


def needs_linker_output(session: Session, artifact: Artifact) -> bool:
    """Return whether only the linker's command line shows where the libraries of a file are.

    Cargo's configuration may name folders, and so may linker arguments from the crate's build script.
    """
    inputs, target = session.inputs, session.plan.target
    needs = check.external_libraries(binary.read(artifact.path), target)
    needs = tuple(need for need in needs if not is_excluded(need, inputs.options.repair_exclude, target))
    if not needs:
        return False
    if _has_configured_folders(session):
        return True
    folders = [*artifact.link_paths, *stated_folders(session)]
    if target.os == "windows":
        folders += [folder.parent / "bin" for folder in folders]
    return not all(any((folder / Path(need).name).exists() for folder in folders) for need in needs)


def _has_configured_folders(session: Session) -> bool:
    """Return whether cargo's configuration names library folders in any way."""
    inputs, environ = session.inputs, session.environ
    flags = config_values(inputs.options.config, inputs.options.cargo_extra_args)
    texts = [value for name, value in environ.items() if re.fullmatch(r"CARGO_(BUILD|TARGET_.+)_RUSTFLAGS", name)]
    tables = [layer.table for layer in cargo_config.layers(flags, environ, session.cwd)]
    texts += [json.dumps([table.get("build"), table.get("target")], default=str) for table in tables]
    return any(re.search(_FOLDER_KEYS, text) for text in texts)


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else _ESCAPES.get(match[2], match[2])


def _unwrap_flags(args: Iterable[str]) -> Iterator[str]:
    """Yield flags without their prefixes: `-C link-arg=`, `-Wl,` and `-Xlinker`."""
    for arg in args:
        if arg in ("-C", "--codegen", "-Xlinker"):
            continue
        if match := re.fullmatch(r"(?:-C|--codegen=)?(?:pre-)?link-arg(s?)=(.+)", arg):
            yield from _unwrap_flags(match[2].split() if match[1] else [match[2]])
        elif arg.startswith("-Wl,"):
            yield from arg.split(",")[1:]
        else:
            yield arg


def _named(args: Iterable[str]) -> Iterator[Path]:
    before = ""
    for arg in args:
        if before in _FOLDER_FOLLOWS:
            yield from _folders(before, arg)
        elif match := re.fullmatch(_FOLDER, arg):
            yield from _folders(arg, match[1])
        elif before not in _NO_INPUT_FOLLOWS and re.fullmatch(_LIBRARY, arg) and not re.match(r"/\w+:", arg):
            yield Path(arg).parent
        before = arg


def _folders(flag: str, value: str) -> Iterator[Path]:
    if "rpath" not in flag:
        yield Path(re.sub(r"^(native|all|dependency|crate|framework)=", "", value))
        return
    for folder in value.split(os.pathsep):
        if folder and not folder.startswith(("$", "@")):  # for the loader, relative to the file
            yield Path(folder)
