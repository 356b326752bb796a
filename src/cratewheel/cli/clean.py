"""`cratewheel clean`: removes build files and caches."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from cratewheel.options.arguments import Parser, command_parser, parse_argv, session_ui
from cratewheel.system.machine import cache_dir, project_dir


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Remove build files, with `--stale` only those that no build needs, and return the exit status."""
    flags = parse_argv(make_parser(), argv)
    only_stale, dry_run = flags.pop("stale"), flags.pop("dry_run")
    ui = session_ui(flags, environ)
    from cratewheel.cargo import query
    from cratewheel.commands import clean as cleaning
    from cratewheel.interpreter.discover import find
    from cratewheel.interpreter.model import EVERY
    from cratewheel.planning.wheels import directory_name
    from cratewheel.project.request import Request, read_project, resolve_options
    from cratewheel.ui import format_size

    request = Request(flags=flags, environ=environ, cwd=Path.cwd())
    project = read_project(request)
    options = resolve_options(request, project, ui, compiles=False)
    target = options.target_dir
    if target is None:
        target = query.read_metadata(
            ("--no-deps",), project.manifest.path, environ, ui, cwd=project.cwd
        ).target_directory
    here = find(
        (), supported=EVERY, requires_python=None, environ=environ, cache_dir=cache_dir(environ), reporter=ui,
        allow_empty=True,
    )  # fmt: skip
    folders = (project.root, project.manifest.workspace_root, options.out or target / "wheels")
    if not dry_run:
        for text in cleaning.recover_transactions(project.root):
            ui.warn(text)
    left = cleaning.temporary_files((*folders, target / "cratewheel"), _user_folders(environ))
    sources = cleaning.unpacked_sources(project_dir(environ, "from-sdist", project.root))
    freed = 0
    for item in (*left, *sources, *cleaning.find(target, {directory_name(python) for python in here})):
        if only_stale and item.stale is None:
            continue
        text = f"{item.path} ({item.what}, {format_size(item.size)}{f', {item.stale}' if item.stale else ''})"
        if dry_run:
            ui.step("Found", text)
        elif not cleaning.remove(item):
            ui.warn(f"{item.path} is in use by a build, skipped")
            continue
        else:
            ui.step("Removed", text)
        freed += item.size
    ui.step("Would free" if dry_run else "Freed", format_size(freed))
    return 0


def make_parser() -> Parser:
    """Return the parser of the command."""
    parser = command_parser(
        "clean",
        "Remove build files and caches in the target directory, but not those of cargo, and temporary files of builds"
        " that were killed.",
    )
    parser.add_argument(
        "--stale", action="store_true",
        help="Only files of removed interpreters, of interrupted builds, and those not used for 30 days",
    )  # fmt: skip
    parser.add_argument("--dry-run", action="store_true", help="Only list what would be removed, with sizes")
    return parser


def _user_folders(environ: Mapping[str, str]) -> tuple[Path, ...]:
    cache = cache_dir(environ)
    folders = [] if cache is None else [cache]
    with suppress(FileNotFoundError):  # no temporary folder is writable
        folders.insert(0, Path(tempfile.gettempdir()))
    return tuple(folders)
