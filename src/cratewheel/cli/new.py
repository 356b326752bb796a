"""`cratewheel new` and `cratewheel init`: create a project that builds and passes its tests."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from cratewheel.errors import ConfigError, UsageError, did_you_mean
from cratewheel.options.arguments import Parser, add_settings, session_ui
from cratewheel.system.command import shell_line
from cratewheel.ui import Ui

if TYPE_CHECKING:
    import argparse

    from cratewheel.commands.init import Plan
    from cratewheel.commands.new import Choices, Kind
    from cratewheel.commands.project_place import Place, Workspace


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Create a project in a new folder."""
    from cratewheel.commands import new as scaffold
    from cratewheel.commands import project_names
    from cratewheel.commands.project_place import read_place

    args = _parser("new").parse_args(argv)
    ui = session_ui(vars(args), environ)
    root = _root(args.path)
    if os.path.lexists(root):
        kind = "a file" if root.is_file() else "a dangling link"
        hint = f"to create the project in it, run `cratewheel init {shell_line(args.path)}`"
        raise ConfigError(
            f"{root} already exists" if root.is_dir() else f"{root} already exists, as {kind}",
            hint=hint if root.is_dir() else "choose another name",
        )
    name = root.name if args.name is None else args.name
    project_names.check_name(name)
    choices = _choices(args, name, ui)
    place = read_place(root, root / choices.crate, environ)
    membership = _read_membership(place.workspace)
    scaffold.write(root, scaffold.files(choices, place))
    _add_member(place.workspace, membership, ui)
    _finish(choices, root, place, ui, environ)
    develop = f"{choices.backend} develop"
    ui.step("Next", f"cd {shell_line(args.path)} && {develop}")
    return 0


def run_init(argv: list[str], environ: Mapping[str, str]) -> int:
    """Create a project in an existing folder, by default the current one, or add what is missing to the one there."""
    from cratewheel.commands import init, project_names
    from cratewheel.commands.project_place import read_place

    args = _parser("init").parse_args(argv)
    ui = session_ui(vars(args), environ)
    root = _root(args.path)
    if os.path.lexists(root) and not root.is_dir():
        raise ConfigError(f"{root} is not a folder", hint="name the folder of the project")
    existing = init.read(root)
    name = args.name if args.name is not None else existing.name or root.name
    if existing.cargo_text is None or existing.pyproject_text is None:
        project_names.check_name(name)
    if args.license is None and (existing.is_project or existing.licensed):
        args.license = "none"
    args.bindings = args.bindings or existing.kind
    choices = init.fit(_choices(args, name, ui), existing)
    place = read_place(root, root / choices.crate, environ)
    plan = init.make_plan(existing, choices, place)
    workspace = place.workspace if existing.cargo_text is None else None
    membership = _read_membership(workspace)
    if plan.changes:
        _confirm(plan, root, ui, yes=args.yes)
    _carry_out(plan, root)
    _add_member(workspace, membership, ui)
    for path in plan.kept:
        ui.step("Keeping", path)
    for change in plan.changes:
        ui.step("Changed", str(change.path))
    if not existing.is_project:
        _finish(choices, root, place, ui, environ)
    else:
        _note_files(plan, root, ui)
        _note_workflow(choices, root, place, ui)
    for note in plan.notes:
        ui.step("To do", note)
    there = "" if root == Path.cwd() else f"cd {shell_line(args.path)} && "
    ui.step("Next", f"{there}{choices.backend} develop")
    return 0


def _confirm(plan: Plan, root: Path, ui: Ui, *, yes: bool) -> None:
    """Show what would change; raise `ConfigError` unless that is agreed to."""
    for change in plan.changes if ui.shows_steps or not yes else ():
        ui.explain(change.diff())
    # a line more in .gitignore needs no answer: `cargo init` adds it too
    files = ", ".join(str(change.path) for change in plan.changes if change.path.name != ".gitignore")
    if yes or not files:
        return
    if not sys.stdin.isatty():
        raise ConfigError(
            f"{files} in {root} would change as shown; nothing was written",
            hint="to agree, run the same command with --yes",
        )
    if ui.ask(f"Change {files} like this? [y/N] ").lower() not in ("y", "yes"):
        raise ConfigError("nothing was written")


def _carry_out(plan: Plan, root: Path) -> None:
    from cratewheel.commands import new as scaffold
    from cratewheel.system.files.atomic import atomic_replace

    for change in plan.changes:
        if not os.access(root / change.path, os.W_OK):
            raise ConfigError(f"{root / change.path} is not writable; nothing was written")
    scaffold.write(root, plan.created)
    for change in plan.changes:
        with atomic_replace(Path(os.path.realpath(root / change.path))) as file:
            file.write(change.after.encode())


def _note_files(plan: Plan, root: Path, ui: Ui) -> None:
    for path, _ in plan.created:
        ui.step("Created", str(path))
    if not plan.created and not plan.changes:
        ui.step("Unchanged", f"{root} has all that it needs")


def _root(path: str) -> Path:
    if not path:
        raise UsageError("the path of the project is empty", hint="give the name of its folder, such as shout")
    if os.name == "nt":
        from cratewheel.commands.project_names import check_path_on_windows

        check_path_on_windows(path)
    return Path(os.path.abspath(path))  # noqa: PTH100 (a symlinked folder keeps its name)


def _choices(args: argparse.Namespace, name: str, ui: Ui) -> Choices:
    from cratewheel.commands import new as scaffold

    choices = scaffold.Choices(
        name=name,
        kind="pyo3",
        mixed=args.mixed or args.src,
        src=args.src,
        backend=args.backend,
        license=_license(scaffold.LICENSE if args.license is None else args.license),
    )
    if args.src and not args.mixed:
        ui.step("Using", "--mixed, because --src says where its Python package is")
    return replace(choices, kind=cast("Kind", args.bindings) if args.bindings else _ask_kind(ui))


def _license(expression: str) -> str | None:
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    if expression == "none":
        return None
    try:
        return canonicalize_license_expression(expression)
    except InvalidLicenseExpression as error:
        from cratewheel.project.metadata.project import COMMON_LICENCES

        near = did_you_mean(expression.replace(" ", "-"), COMMON_LICENCES)
        raise UsageError(
            f"{expression!r} is not an SPDX licence expression",
            hint=near or "write one such as MIT or 'MIT OR Apache-2.0' (https://spdx.org/licenses), or none",
        ) from error


def _finish(choices: Choices, root: Path, place: Place, ui: Ui, environ: Mapping[str, str]) -> None:
    """Do what follows the files: the repository, and lines about the project."""
    from cratewheel.commands import new as scaffold

    scaffold.make_repository(root, environ)
    what = scaffold.WHAT[choices.kind]
    ui.step("Made", f"{choices.name}, {what[0].lower()}{what[1:]}, in {root}")
    _note_license(choices, root, ui)
    _note_workflow(choices, root, place, ui)


def _note_workflow(choices: Choices, root: Path, place: Place, ui: Ui) -> None:
    """Say how to get a CI file where `files` has none."""
    if place.above is not None:
        manifest = Path(os.path.relpath(root, place.above), choices.crate, "Cargo.toml").as_posix()
        command = f"cratewheel generate-ci github -m {shlex.quote(manifest)} -o .github/workflows/{choices.name}.yml"
        ui.step("No CI file", f"GitHub reads it in {place.above}: run `{command}` there")
    elif not (root / ".github" / "workflows").exists():
        ui.step("No CI file", "to write one, run `cratewheel generate-ci github -o .github/workflows/ci.yml`")


def _note_license(choices: Choices, root: Path, ui: Ui) -> None:
    from cratewheel.commands.new import LICENSE

    if choices.license == LICENSE and (root / "LICENSE").is_file():
        ui.step("License", f"{LICENSE} (LICENSE); --license chooses another, or none")
    elif choices.license not in (None, LICENSE):
        ui.step("License", f"{choices.license}: add its text as a file LICENSE")


def _read_membership(workspace: Workspace | None) -> str | None:
    """Return the text of the workspace's Cargo.toml with the crate as a member, None if it needs no change.

    Raises `ConfigError` before anything is written when it cannot be changed.
    """
    from cratewheel.commands.project_place import with_member

    if workspace is None or workspace.listed:
        return None
    if not os.access(workspace.manifest, os.W_OK):
        raise ConfigError(
            f"{workspace.manifest} is not writable, but the crate has to be one of its members; nothing was written",
            hint=f'add "{workspace.member}" to `members` or `exclude` in its [workspace] first',
        )
    return with_member(workspace.manifest.read_bytes().decode(), workspace)


def _add_member(workspace: Workspace | None, text: str | None, ui: Ui) -> None:
    """Add the crate to the members of its workspace, as `cargo new` does; `text` comes from `_read_membership`."""
    from cratewheel.system.files.atomic import atomic_replace

    if workspace is None or text is None:
        return
    with atomic_replace(Path(os.path.realpath(workspace.manifest))) as file:
        file.write(text.encode())
    ui.step("Adding", f'"{workspace.member}" to the workspace members in {workspace.manifest}')


def make_parser() -> Parser:
    """Return the parser of `new`."""
    return _parser("new")


def make_parser_init() -> Parser:
    """Return the parser of `init`."""
    return _parser("init")


def _parser(command: str) -> Parser:
    from cratewheel.commands import new as scaffold

    fresh = command == "new"
    parser = Parser(
        prog=f"cratewheel {command}",
        description="Create a project."
        if fresh
        else "Create a project in an existing folder, or add what is missing to the crate or package there.",
    )
    if fresh:
        parser.add_argument("path", metavar="NAME", help="The folder to create; its name becomes the project's")
    else:
        parser.add_argument(
            "path", metavar="PATH", nargs="?", default=".", help="The folder [default: the current one]"
        )
    parser.add_argument(
        "-b",
        "--bindings",
        choices=scaffold.KINDS,
        metavar="KIND",
        help=f"The kind of bindings ({', '.join(scaffold.KINDS)})",
    )
    parser.add_argument("--mixed", action="store_true", help="Add a Python package")
    parser.add_argument("--src", action="store_true", help="Like --mixed: Python package in src/, crate in rust/")
    parser.add_argument("--name", help="The project's name [default: the folder's]")
    parser.add_argument(
        "--license",
        metavar="SPDX",
        help=f"The licence, or none; default of a new project: {scaffold.LICENSE}, with its text in LICENSE",
    )
    parser.add_argument(
        "--backend",
        choices=tuple(scaffold.REQUIRES),
        default="cratewheel",
        metavar="NAME",
        help=f"The build backend ({', '.join(scaffold.REQUIRES)}) [default: cratewheel]",
    )
    if not fresh:
        parser.add_argument("-y", "--yes", action="store_true", help="Change existing files without asking")
    add_settings(parser, command)
    return parser


def _ask_kind(ui: Ui) -> Kind:
    from cratewheel.commands.new import KINDS, WHAT

    hint = f"add -b {KINDS[0]} (or {', '.join(KINDS[1:])})"
    if not sys.stdin.isatty():
        raise UsageError("no kind of bindings given", hint=hint)
    if ui.live:
        from cratewheel.cli import menu

        rows = [(kind, WHAT[kind]) for kind in KINDS]
        picked = menu.pick("Which kind of project?", rows, lambda answer: choose(answer, KINDS), ui)
        if picked is None:
            raise UsageError("no kind of bindings given", hint=hint)
        return cast("Kind", picked)
    for number, kind in enumerate(KINDS, start=1):
        ui.pass_output(f"  {number}  {kind:<8}{WHAT[kind]}\n")
    while True:
        ui.pass_output(f"Which kind of project? A number or a name [1, {KINDS[0]}]: ")
        answer = sys.stdin.readline()
        if not answer:
            raise UsageError("no kind of bindings given", hint=hint)
        found = choose(answer, KINDS)
        if found is not None:
            return cast("Kind", found)
        hint_line = did_you_mean(answer.strip(), KINDS) or f"type a number from 1 to {len(KINDS)}, or a name"
        ui.pass_output(f"{answer.strip()!r} is none of these: {hint_line}\n")


def choose(answer: str, known: tuple[str, ...]) -> str | None:
    r"""Return the one of `known` that the answer means: a number, a name or its beginning; the first if it is empty.

    >>> [choose(answer, ("pyo3", "cffi", "bin")) for answer in ("", "2", " PyO3\n", "b", "9", "x")]
    ['pyo3', 'cffi', 'pyo3', 'bin', None, None]
    """
    word = answer.strip().strip(".)").lower()
    if not word:
        return known[0]
    if re.fullmatch(r"[0-9]{1,9}", word):
        return known[int(word) - 1] if 1 <= int(word) <= len(known) else None
    starting = [name for name in known if name.startswith(word)]
    return starting[0] if len(starting) == 1 else None
