"""Programs of ours for which the system fails at their n-th write below a folder, as a full or dying disk does."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

SOURCE = Path(__file__).with_name("failing.c")
WATCHDOG = 120  # seconds after which a program hangs


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a program ended, and the writes it made or tried until then, in order."""

    status: int
    stderr: str
    writes: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An error of the system, at the write number `point`, or at each from there on. No point: nothing fails."""

    error: int = 0
    point: int = 0
    always: bool = False
    slow: bool = False


def compile_library(folder: Path) -> Path:
    """Return the library to preload; raises `CalledProcessError` or `FileNotFoundError` without a C compiler."""
    library = folder / "failing.so"
    argv: list[str | Path] = ["cc", "-shared", "-fPIC", "-O1", "-o", library, SOURCE, "-ldl"]
    subprocess.run(argv, check=True, capture_output=True)
    return library


def run(
    argv: Sequence[str | Path], *, cwd: Path, environ: Mapping[str, str], library: Path, changed: Path, fault: Fault
) -> Ended:
    """Run a program with a fault in its writes below `changed`; those of the programs that it starts never fail."""
    log = library.with_name("writes")
    log.write_bytes(b"")
    own = {
        "LD_PRELOAD": str(library),
        "FAIL_FOLDER": str(changed),
        "FAIL_LOG": str(log),
        "FAIL_POINT": str(fault.point),
        "FAIL_ERROR": str(fault.error),
        **({"FAIL_ALWAYS": "1"} if fault.always else {}),
        **({"FAIL_SLOW": "1"} if fault.slow else {}),
    }
    done = subprocess.run(
        argv, cwd=cwd, env={**environ, **own}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        errors="replace", check=False, timeout=WATCHDOG,
    )  # fmt: skip
    writes = tuple(log.read_text(encoding="utf-8", errors="replace").splitlines())
    return Ended(status=done.returncode, stderr=done.stderr, writes=writes)
