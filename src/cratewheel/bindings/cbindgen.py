"""The program cbindgen: the one on PATH, or one that cargo installs into our cache folder.

Nobody who installs a package with pip has cbindgen, and PyPI has no wheel of it. cargo gets crates for the build
anyway, so it can get this one as well: a pinned version with its own Cargo.lock, once for each user.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from cratewheel.cargo.advice import Names, advise
from cratewheel.errors import MissingToolError
from cratewheel.events import Reporter
from cratewheel.system.command import Command, capture, which
from cratewheel.system.files.json_cache import make_private_folder
from cratewheel.system.files.lock import exclusive
from cratewheel.system.machine import user_dir

VERSION = "0.29.4"
WAYS = (
    "install it (`cargo install cbindgen`, or your system's package), or let the crate's build.rs write header.h to "
    "its OUT_DIR"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CbindgenPolicy:
    """Whether cargo may install cbindgen: not where the user forbids it, or may not ask the network."""

    install: bool = True
    offline: bool = False


def find_cbindgen(environ: Mapping[str, str]) -> Path | None:
    """Return the cbindgen on PATH, or the one that was installed before; None without either."""
    found = which("cbindgen", environ)
    if found is not None:
        return found
    installed = _installed(environ)
    return installed if installed.is_file() else None


def ensure_cbindgen(policy: CbindgenPolicy, environ: Mapping[str, str], reporter: Reporter, *, cwd: Path) -> Path:
    """Return a cbindgen, which cargo installs into our cache folder where there is none.

    Raises `MissingToolError` where that is not allowed or does not work, with the other ways to get declarations.
    """
    found = find_cbindgen(environ)
    if found is not None:
        return found
    if not policy.install:
        raise _missing("the setting `install-cbindgen` forbids that cargo installs it")
    if policy.offline:
        raise _missing("cargo may not ask the network for it")
    target = _installed(environ)
    folder = target.parent.parent
    refused = make_private_folder(folder, below=user_dir(environ))
    if refused is not None:
        raise _missing(refused)
    waiting = partial(reporter.step, "Blocking", "waiting for another build that installs cbindgen")
    with exclusive(folder.with_name(f"{folder.name}.lock"), on_wait=waiting):
        if not target.is_file():
            _install(folder, environ, reporter, cwd)
    return target


def _installed(environ: Mapping[str, str]) -> Path:
    name = "cbindgen.exe" if os.name == "nt" else "cbindgen"
    return user_dir(environ) / f"cbindgen-{VERSION}" / "bin" / name


def _install(folder: Path, environ: Mapping[str, str], reporter: Reporter, cwd: Path) -> None:
    reporter.step("Installing", f"cbindgen {VERSION} with cargo, once: it makes the C declarations for cffi")
    command = Command(
        argv=(
            environ.get("CARGO") or "cargo",
            "install",
            "--locked",
            "--quiet",
            "--debug",
            "--root",
            str(folder),
            f"cbindgen@{VERSION}",
        ),
        cwd=cwd,
    )
    # without optimisation it installs in half the time; what is set for the build of the project is not for it
    unset = ("CARGO_BUILD_TARGET", "CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", "CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR")
    done = capture(command, {name: value for name, value in environ.items() if name not in unset})
    if done.status:
        hint = advise(done.stderr, Names(platform=sys.platform))
        raise _missing("cargo could not install it", notes=tuple(done.stderr.strip().splitlines()), hint=hint)


def _missing(why: str, notes: tuple[str, ...] = (), hint: str | None = None) -> MissingToolError:
    """Return the error for a missing cbindgen; `hint` is what to do for it to be installed."""
    return MissingToolError(
        f"no program cbindgen was found to make the C declarations for cffi, and {why}",
        notes=notes,
        hint=f"{hint}; or {WAYS}" if hint else WAYS,
    )
