"""Checks this machine for what builds need, with a hint for each problem."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cratewheel.bindings.cbindgen import find_cbindgen
from cratewheel.builder.pgo import find_profdata
from cratewheel.cargo import config as cargo_config
from cratewheel.cargo import query
from cratewheel.errors import CratewheelError, MissingToolError
from cratewheel.events import Reporter
from cratewheel.interpreter.discover import find
from cratewheel.interpreter.known_table import known
from cratewheel.interpreter.model import EVERY
from cratewheel.project.request import Request, read_project, resolve_options
from cratewheel.repair import linux
from cratewheel.system.command import Command, which
from cratewheel.system.files.json_cache import untrusted_reason
from cratewheel.system.machine import cache_dir
from cratewheel.targets import toolchain, zig
from cratewheel.targets.triples import HOST_TUPLE, parse

INSTALL_CBINDGEN = "`cargo install cbindgen`"
ADD_BINDGEN = (
    "add a program `uniffi-bindgen` to the crate that calls `uniffi::uniffi_bindgen_main()`: "
    "https://mozilla.github.io/uniffi-rs/latest/tutorial/foreign_language_bindings.html"
)

State = Literal["ok", "note", "problem"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check: `subject` is what was checked, `text` the finding, `hint` how to fix it.

    A `problem` prevents builds; a `note` concerns only some builds.
    """

    subject: str
    state: State
    text: str
    hint: str | None = None


def examine(
    triples: tuple[str, ...], *, with_zig: bool, environ: Mapping[str, str], cwd: Path, reporter: Reporter
) -> tuple[Check, ...]:
    """Return the checks of this machine and of each target; findings are never raised.

    cargo and rustc run in the folder `cwd`; its cargo configuration names the targets if `triples` is empty.
    """
    checks = list(_rust(environ, cwd))
    host = next((check.text.rpartition(" for ")[2] for check in checks if check.subject == "rustc"), "")
    checks += _linker(host, environ, cwd)
    checks += _tools(environ)
    checks += _profdata(environ, cwd, reporter)
    checks += _cache(environ)
    checks += _interpreters(environ, reporter)
    configured = cargo_config.build_targets((), environ, cwd) or ((), "")
    for triple in triples or configured[0]:
        checks += _target(triple, host, with_zig=with_zig, environ=environ, cwd=cwd)
    return tuple(checks)


def summary(checks: Sequence[Check]) -> str:
    """Return how many checks found something.

    >>> summary([Check(subject="zig", state="note", text="not found")])
    'no problems, 1 note'
    """
    problems, notes = (sum(check.state == state for check in checks) for state in ("problem", "note"))
    parts = [
        f"{number or 'no'} {name}{'' if number == 1 else 's'}"
        for number, name in ((problems, "problem"), (notes, "note"))
    ]
    return ", ".join(parts)


def _rust(environ: Mapping[str, str], cwd: Path) -> Iterator[Check]:
    try:
        rustc = query.read_rustc(environ, cwd)
        version = ".".join(map(str, rustc.version))
        yield Check(subject="rustc", state="ok", text=f"{version} for {rustc.host}")
    except CratewheelError as error:
        yield Check(subject="rustc", state="problem", text=error.message, hint=error.hint)
    try:
        done = query.run_cargo(Command(argv=(environ.get("CARGO") or "cargo", "--version"), cwd=cwd), environ)
        state: State = "problem" if done.status else "ok"
        yield Check(subject="cargo", state=state, text=(done.stdout or done.stderr).strip().removeprefix("cargo "))
    except CratewheelError as error:
        yield Check(subject="cargo", state="problem", text=error.message, hint=error.hint)


def _zig(environ: Mapping[str, str]) -> Check:
    try:
        return Check(subject="zig", state="ok", text=zig.find(environ)[0])
    except CratewheelError as error:
        return Check(subject="zig", state="note", text="not found; --zig needs it", hint=error.hint)


def _tools(environ: Mapping[str, str]) -> Iterator[Check]:
    if os.name != "nt":  # where --zig is an error
        yield _zig(environ)
    try:
        yield Check(subject="patchelf", state="ok", text=str(linux.find_patchelf(environ)))
    except CratewheelError as error:
        text = "not found; it puts libraries into Linux wheels" if "not found" in error.message else error.message
        yield Check(subject="patchelf", state="note", text=text, hint=error.hint)
    programs = (
        (
            "cbindgen",
            find_cbindgen(environ),
            "for cffi bindings without a header, and cargo installs it then",
            INSTALL_CBINDGEN,
        ),
        (
            "uniffi-bindgen",
            which("uniffi-bindgen", environ),
            "for uniffi bindings, as a program of their own",
            ADD_BINDGEN,
        ),
    )
    for program, found, purpose, hint in programs:
        yield Check(
            subject=program,
            state="ok" if found else "note",
            text=str(found) if found else f"not found; some projects need it {purpose}",
            hint=None if found else hint,
        )


def _linker(host: str, environ: Mapping[str, str], cwd: Path) -> Iterator[Check]:
    """Yield a check of what links programs for this machine, if rustc says what it is."""
    try:
        found = toolchain.find_host_linker(parse(host), environ, cwd, platform=sys.platform)
    except CratewheelError:
        return
    yield Check(subject="linker", state="ok" if found.ok else "problem", text=found.text, hint=found.hint)


def _profdata(environ: Mapping[str, str], cwd: Path, reporter: Reporter) -> Iterator[Check]:
    """Yield a check of what --pgo needs, if the folder has a project that is made for it."""
    request = Request(flags={}, environ=environ, cwd=cwd)
    try:
        options = resolve_options(request, read_project(request), reporter, compiles=False)
        if not (options.pgo or options.pgo_command):
            return
        found = find_profdata(query.read_rustc(environ, cwd), environ, cwd)
        yield Check(subject="llvm-profdata", state="ok", text=str(found))
    except MissingToolError as error:
        notes = "".join(f"; {note}" for note in error.notes)
        if "llvm-profdata" in error.message:  # without rustc, the check of that says it
            state: State = "problem" if options.pgo else "note"
            yield Check(subject="llvm-profdata", state=state, text=f"{error.message}{notes}", hint=error.hint)
    except CratewheelError:  # no project here, or a broken one: a build says what is wrong
        return


def _cache(environ: Mapping[str, str]) -> Iterator[Check]:
    folder = cache_dir(environ)
    if folder is None:
        yield Check(subject="cache", state="note", text="no home folder for the cache of interpreters")
        return
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    reason = untrusted_reason(folder.lstat()) if existing == folder else None
    if reason is not None:
        text = f"{folder} is not used: it {reason}"
        yield Check(subject="cache", state="note", text=text, hint="remove it; it will be created again")
    elif os.access(existing, os.W_OK):
        yield Check(subject="cache", state="ok", text=str(folder))
    else:
        hint = "set XDG_CACHE_HOME to a folder that is writable"
        yield Check(subject="cache", state="note", text=f"{folder} is not writable", hint=hint)


def _interpreters(environ: Mapping[str, str], reporter: Reporter) -> Iterator[Check]:
    try:
        found = find(
            (),
            supported=EVERY,
            requires_python=None,
            environ=environ,
            cache_dir=cache_dir(environ),
            reporter=reporter,
            allow_empty=True,
        )
    except CratewheelError as error:
        yield Check(subject="python", state="problem", text=error.message, hint=error.hint)
        return
    if not found:
        yield Check(subject="python", state="problem", text="no interpreter found", hint="install Python")
    for one in found:
        yield Check(subject="python", state="ok", text=f"{one.display} at {one.executable}")


def _target(triple: str, host: str, *, with_zig: bool, environ: Mapping[str, str], cwd: Path) -> Iterator[Check]:
    try:
        target = parse(host if triple == HOST_TUPLE else triple)
        if with_zig:
            for slice_ in target.slices:
                zig.plan_zig(slice_, "")
        for slice_ in target.slices:
            found = toolchain.examine(slice_, host=host, environ=environ, cwd=cwd, zig=with_zig)
            for finding in found.findings:
                state: State = "ok" if finding.ok else "problem"
                text = f"{finding.kind}: {finding.text}" if finding.ok else finding.text
                yield Check(subject=slice_.triple, state=state, text=text, hint=finding.hint)
        names = [one.display for one in known(target)]
        if names and triple != host:
            yield Check(subject=triple, state="ok", text=f"Pythons to name with -i: {', '.join(names)}")
    except CratewheelError as error:
        yield Check(subject=triple, state="problem", text=error.message, hint=error.hint)
