"""`cratewheel pep517 …`: the build backend's hooks as commands, compatible with `maturin pep517`.

stdout has one line: the name of the file or folder written.
"""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from cratewheel.errors import UsageError
from cratewheel.options.arguments import Parser, session_ui

COMMANDS = ("write-dist-info", "build-wheel", "write-sdist")


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Run a hook and print the name of the file or folder written; unknown arguments are options of `build`."""
    if not argv or argv[0] not in COMMANDS:
        raise UsageError("no hook given", hint=f"choose one of {', '.join(COMMANDS)}")
    parser = Parser(prog=f"cratewheel pep517 {argv[0]}")
    parser.add_argument("-m", "--manifest-path", type=Path, metavar="PATH", help="The Cargo.toml to build")
    if argv[0] == "write-dist-info":
        parser.add_argument(
            "--metadata-directory", required=True, metavar="DIR", help="Folder for the dist-info folder"
        )
    elif argv[0] == "write-sdist":
        parser.add_argument("--sdist-directory", required=True, metavar="DIR", help="Folder for the sdist")
    else:
        parser.add_argument("--editable", action="store_true", help="Build the wheel of an editable install")
        parser.add_argument("-o", "--out", default=None, metavar="DIR", help="Folder for the wheel")
    args, build_args = parser.parse_known_args(argv[1:])
    session_ui({}, environ).write_result(f"{_call(argv[0], args, build_args, environ)}\n")
    return 0


def _call(command: str, args: argparse.Namespace, build_args: list[str], environ: Mapping[str, str]) -> str:
    from cratewheel import backend

    if args.manifest_path is not None:
        build_args = [*build_args, "--manifest-path", str(args.manifest_path)]
    settings = {"build-args": shlex.join(build_args)}
    match command:
        case "write-dist-info":
            return backend.prepare_metadata_for_build_wheel(args.metadata_directory, settings)
        case "write-sdist":
            return backend.build_sdist(args.sdist_directory, settings)
        case _:
            build = backend.build_editable if args.editable else backend.build_wheel
            out = args.out or os.path.join(environ.get("CARGO_TARGET_DIR", "target"), "wheels")  # noqa: PTH118
            return os.path.join(out, build(out, settings))  # noqa: PTH118
