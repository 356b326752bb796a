"""An inspection as lines of text for a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from cratewheel.commands.inspect.model import CompiledFile, Crate, Inspection, Problem, SizedPart
from cratewheel.ui import format_size

SOURCES = {
    "sbom": "from the bill of materials in the wheel",
    "auditable": "from the list that cargo-auditable has left",
    "lockfile": "from Cargo.lock",
    "paths": "from names of source files in messages; there may be more",
}
FORMATS = {"elf": "ELF", "macho": "Mach-O", "pe": "PE", "wasm": "WebAssembly", "xcoff": "XCOFF"}
ROLES = {"extension": "extension module", "library": "library", "program": "program"}
ORIGINS = {"system": "of the system", "wheel": "in the wheel", "grafted": "put into the wheel", "external": "external"}

_WIDTH = 100
_SHOWN = 10  # files, sections, crates by size
_PERCENT_AT_LEAST = 100  # a part is shown if it is at least this fraction of the whole


def lines(inspection: Inspection, *, everything: bool = False) -> tuple[str, ...]:
    """Return the lines to print; with `everything`, long lists are not cut."""
    return tuple(_lines(inspection, None if everything else _SHOWN))


def _lines(one: Inspection, shown: int | None) -> Iterator[str]:
    yield one.file
    yield from (f"  {line}" for line in head(one))
    if one.tags:
        yield from _block("Who can install it", [*one.pythons, *one.systems])
    yield from _block("What decides that", one.forced_by)
    yield from _block(f"Files ({len(one.files)})", _sizes(one, shown))
    for file in one.compiled:
        yield from _block(file.path, _compiled(file, shown))
    yield from _block(_crates_title(one.crates), _crates(one.crates))
    if one.record is not None:
        yield from _block("RECORD", _record(one))
    yield from _block(f"Problems ({len(one.problems)})", map(problem_line, one.problems)) if one.problems else ()
    if not one.problems:
        yield from ("", "No problems were found.")


def _block(title: str, inner: Iterable[str]) -> Iterator[str]:
    found = tuple(inner)
    if found:
        yield from ("", title, *(f"  {line}" for line in found))


def head(one: Inspection) -> Iterator[str]:
    """Yield what the project says of itself, and the sizes."""
    known = " ".join(word for word in (one.name, one.version) if word) or "a project without a name"
    yield f"{'wheel' if one.kind == 'wheel' else 'source distribution'} of {known}"
    for label, value in (
        ("", one.summary),
        ("licence: ", _short(one.licence)),
        ("needs Python ", one.requires_python),
        ("needs ", ", ".join(one.requires)),
        ("made by ", one.generator),
    ):
        if value:
            yield f"{label}{value}"
    yield f"{format_size(one.packed)} packed, {format_size(one.size)} unpacked, {len(one.files)} files"
    yield f"sha256 {one.sha256}"


def _short(text: str | None) -> str | None:
    """Return the first line of a text: old metadata may have a whole licence as one."""
    return text.strip().splitlines()[0] if text and text.strip() else None


def _sizes(one: Inspection, shown: int | None) -> Iterator[str]:
    for member in one.files[:shown]:
        packed = f", {format_size(member.packed)} packed" if member.packed else ""
        yield f"{format_size(member.size):>12}  {member.path}{packed}"
    yield from _more(one.files, shown)


def _more(things: Sequence[object], shown: int | None) -> Iterator[str]:
    if shown is not None and len(things) > shown:
        yield f"{'':12}  and {len(things) - shown} more (--all shows them)"


def _compiled(file: CompiledFile, shown: int | None) -> Iterator[str]:
    symbols = "symbols removed" if file.stripped else "with symbols"
    yield f"{FORMATS[file.format]} for {file.arch}, {ROLES[file.role]}, {format_size(file.size)}, {symbols}"
    if file.policy:
        yield f"fits {file.policy}" + (" (no portable tag)" if file.policy == "linux" else "")
    yield from file.forced_by
    for origin, words in ORIGINS.items():
        names = [library.name for library in file.libraries if library.origin == origin]
        if names:
            yield f"libraries {words}: {', '.join(names)}"
    if file.sections:
        yield f"sections: {_parts(file.sections, shown)}"
    if file.symbols_by_crate:
        yield f"code and data by crate: {_parts(file.symbols_by_crate, shown)}"


def _parts(parts: Sequence[SizedPart], shown: int | None) -> str:
    whole = sum(part.size for part in parts)
    chosen = [part for part in parts[:shown] if shown is None or part.size * _PERCENT_AT_LEAST >= whole]
    rest = whole - sum(part.size for part in chosen)
    words = [f"{part.name} {format_size(part.size)}" for part in chosen]
    return ", ".join([*words, f"others {format_size(rest)}"] if rest else words)


def _crates_title(crates: Sequence[Crate]) -> str:
    sources = dict.fromkeys(SOURCES[crate.source] for crate in crates)
    return f"Crates ({len(crates)}, {'; '.join(sources)})"


def _crates(crates: Sequence[Crate]) -> Iterator[str]:
    for licence, names in by_licence(crates):
        text = f"{licence or 'licence not known'} ({len(names)}): {', '.join(names)}"
        yield from textwrap.wrap(text, _WIDTH, subsequent_indent="    ", break_on_hyphens=False)


def by_licence(crates: Sequence[Crate]) -> tuple[tuple[str | None, tuple[str, ...]], ...]:
    """Return the crates with their versions by licence, that of most crates first; the order of `OR` does not matter.

    >>> by_licence([Crate(name="a", version="1.0.0", licence="MIT OR Apache-2.0", source="sbom")])
    (('Apache-2.0 OR MIT', ('a 1.0.0',)),)
    """
    found: dict[str | None, list[str]] = {}
    for crate in crates:
        found.setdefault(_ordered(crate.licence), []).append(f"{crate.name} {crate.version}".strip())
    ordered = sorted(found.items(), key=lambda item: (-len(item[1]), item[0] or ""))
    return tuple((licence, tuple(names)) for licence, names in ordered)


def _ordered(licence: str | None) -> str | None:
    if licence is None or "(" in licence or " AND " in licence:
        return licence
    return " OR ".join(sorted(licence.split(" OR ")))


def _record(one: Inspection) -> Iterator[str]:
    assert one.record is not None
    yield f"{one.record.verified} files are as it says"
    if without := one.record.without_hash:
        yield f"{len(without)} have no hash in it: {', '.join(without[:_SHOWN])}"


def problem_line(problem: Problem) -> str:
    """Return a problem as one line.

    >>> problem_line(Problem(level="error", code="tag", path="a.so", text="it is for ARM"))
    'error    a.so: it is for ARM'
    """
    return f"{problem.level:7}  {f'{problem.path}: ' if problem.path else ''}{problem.text}"
