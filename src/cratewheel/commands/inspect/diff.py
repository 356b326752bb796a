"""What has changed from one archive to another: for the review of a release. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from cratewheel.commands.inspect.model import FORMAT_VERSION, CompiledFile, Inspection, Problem, SizedPart
from cratewheel.commands.inspect.text import problem_line
from cratewheel.ui import format_size

_SHOWN = 15
_NAMES_SHOWN = 12
_NAME_AT_MOST = 100  # characters
_HASH = re.compile(r"17h[0-9a-f]{16}E|(?<=Cs)[0-9A-Za-z]+_(?=\d)|\.llvm\.\d+")  # what differs from build to build


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeChange:
    """Something whose size or content has changed; a size is None where it is not there."""

    name: str
    old: int | None
    new: int | None

    @property
    def growth(self) -> int:
        """By how many bytes it has grown."""
        return (self.new or 0) - (self.old or 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class TextChange:
    """A text that has changed; None where there was none."""

    name: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledChange:
    """What has changed in a compiled file; `path` is that in the newer archive, or in the older if it is gone."""

    path: str
    state: Literal["changed", "new", "gone"]
    facts: tuple[TextChange, ...]
    sections: tuple[SizeChange, ...]
    symbols_by_crate: tuple[SizeChange, ...]
    symbols: tuple[SizeChange, ...]
    imported: tuple[str, ...]
    no_longer_imported: tuple[str, ...]
    exported: tuple[str, ...]
    no_longer_exported: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What has changed from the archive `old` to the archive `new`."""

    old: str
    new: str
    packed: SizeChange
    size: SizeChange
    metadata: tuple[TextChange, ...]
    files: tuple[SizeChange, ...]
    compiled: tuple[CompiledChange, ...]
    crates: tuple[TextChange, ...]
    new_problems: tuple[Problem, ...]
    solved_problems: tuple[Problem, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the fields as values of JSON."""
        return {"format": FORMAT_VERSION, **asdict(self)}


def compare(old: Inspection, new: Inspection) -> Difference:
    """Return what has changed from `old` to `new`; folders named after the version are taken for the same."""
    before, after = (
        {_path(old, file.path): file for file in old.compiled},
        {_path(new, f.path): f for f in new.compiled},
    )
    known = all(any(crate.licence for crate in one.crates) for one in (old, new))
    return Difference(
        old=old.file,
        new=new.file,
        packed=SizeChange(name="packed", old=old.packed, new=new.packed),
        size=SizeChange(name="unpacked", old=old.size, new=new.size),
        metadata=_texts(_metadata(old), _metadata(new)),
        files=_files(old, new),
        compiled=tuple(
            change
            for path in sorted({*before, *after})
            if (change := _compiled(before.get(path), after.get(path))) is not None
        ),
        crates=_texts(_crates(old, licences=known), _crates(new, licences=known)),
        new_problems=_without(new, old),
        solved_problems=_without(old, new),
    )


def _path(one: Inspection, path: str) -> str:
    """Return a path without what names the version, the Python or a hash.

    `demo-1.0.dist-info/METADATA`, `demo.cpython-312-darwin.so` and `demo.libs/libz-0123abcd.so.1` are such.
    """
    folder, slash, rest = path.partition("/")
    if slash and one.version and folder.startswith(f"{(one.name or '').replace('-', '_')}-{one.version}"):
        path = re.sub(r"^.*?-", "", folder).removeprefix(one.version) + "/" + rest
    path = re.sub(r"\.(?:cpython-|cp\d|pypy|abi3)[^/.]*(?=\.(?:so|pyd)$)", "", path)
    return re.sub(r"(\.libs|\.dylibs)/(.*?)-[0-9a-f]{8,}(?=\.)", r"\1/\2", path)


def _metadata(one: Inspection) -> dict[str, str | None]:
    return {
        "name": one.name,
        "version": one.version,
        "summary": one.summary,
        "licence": one.licence,
        "requires_python": one.requires_python,
        "requires": ", ".join(one.requires) or None,
        "generator": one.generator,
        "pythons": "; ".join(one.pythons) or None,
        "systems": "; ".join(one.systems) or None,
    }


def _texts(old: Mapping[str, str | None], new: Mapping[str, str | None]) -> tuple[TextChange, ...]:
    names = dict.fromkeys((*old, *new))
    return tuple(
        TextChange(name=name, old=old.get(name), new=new.get(name)) for name in names if old.get(name) != new.get(name)
    )


def _crates(one: Inspection, *, licences: bool) -> dict[str, str | None]:
    """Return the versions of each crate, with its licence if both archives tell `licences`."""
    found: dict[str, list[str]] = {}
    for crate in one.crates:
        licence = f" ({crate.licence})" if licences and crate.licence else ""
        found.setdefault(crate.name, []).append(crate.version + licence)
    return {name: ", ".join(versions) for name, versions in found.items()}


def _files(old: Inspection, new: Inspection) -> tuple[SizeChange, ...]:
    before = {_path(old, file.path): file for file in old.files}
    after = {_path(new, file.path): file for file in new.files}
    changes = []
    for path in {**before, **after}:
        one, other = before.get(path), after.get(path)
        if one is None or other is None or one.sha256 != other.sha256:
            name = other.path if other is not None else one.path if one is not None else path
            changes.append(SizeChange(name=name, old=one.size if one else None, new=other.size if other else None))
    return _ordered(changes)


def _ordered(changes: Iterable[SizeChange]) -> tuple[SizeChange, ...]:
    return tuple(sorted(changes, key=lambda change: (-abs(change.growth), change.name)))


_EMPTY = CompiledFile(path="", format="elf", arch="", role="library", size=0)


def _compiled(old: CompiledFile | None, new: CompiledFile | None) -> CompiledChange | None:
    one, other = old or _EMPTY, new or _EMPTY
    change = CompiledChange(
        path=other.path or one.path,
        state="new" if old is None else "gone" if new is None else "changed",
        facts=_texts(_facts(one), _facts(other)),
        sections=_sizes(one.sections, other.sections),
        symbols_by_crate=_sizes(one.symbols_by_crate, other.symbols_by_crate),
        symbols=_symbols(one, other),
        imported=tuple(sorted({*other.imported} - {*one.imported})),
        no_longer_imported=tuple(sorted({*one.imported} - {*other.imported})),
        exported=tuple(sorted({*other.exported} - {*one.exported})),
        no_longer_exported=tuple(sorted({*one.exported} - {*other.exported})),
    )
    fields = [getattr(change, name) for name in CompiledChange.__dataclass_fields__ if name not in ("path", "state")]
    return change if any(fields) else None


def _facts(file: CompiledFile) -> dict[str, str | None]:
    return {
        "role": file.role if file.path else None,
        "arch": file.arch or None,
        "policy": file.policy,
        "minimum_os": file.minimum_os,
        "libraries": ", ".join(library.name for library in file.libraries) or None,
    }


def _sizes(old: Iterable[SizedPart], new: Iterable[SizedPart]) -> tuple[SizeChange, ...]:
    before, after = _by_name(old), _by_name(new)
    return _ordered(
        SizeChange(name=name, old=before.get(name), new=after.get(name))
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    )


def _by_name(parts: Iterable[SizedPart], key: Callable[[str], str] = str) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for part in parts:
        sizes[key(part.name)] = sizes.get(key(part.name), 0) + part.size
    return sizes


def _symbols(old: CompiledFile, new: CompiledFile) -> tuple[SizeChange, ...]:
    """Return the changes of the largest symbols: one that is in one list alone may be just too small for the other."""
    before, after = (_by_name(file.symbols, lambda name: _HASH.sub("", name)) for file in (old, new))
    least = max((min(sizes.values()) for sizes in (before, after) if sizes), default=0)
    changes = (
        SizeChange(name=name, old=before.get(name), new=after.get(name))
        for name in {**before, **after}
        if before.get(name) != after.get(name)
    )
    certain = (one for one in changes if None not in (one.old, one.new) or abs(one.growth) > least)
    return _ordered(certain) if before and after else ()


def _without(one: Inspection, other: Inspection) -> tuple[Problem, ...]:
    there = {_gist(other, problem) for problem in other.problems}
    return tuple(problem for problem in one.problems if _gist(one, problem) not in there)


def _gist(one: Inspection, problem: Problem) -> tuple[str, str, str]:
    """Return what makes a problem the same in another version: it may be there more often."""
    return problem.code, _path(one, problem.path or ""), re.sub(r"\d+", "", problem.text)


def lines(difference: Difference, *, everything: bool = False) -> tuple[str, ...]:
    """Return the lines to print; with `everything`, long lists are not cut."""
    return tuple(_lines(difference, None if everything else _SHOWN))


def _lines(one: Difference, shown: int | None) -> Iterator[str]:
    yield f"{one.old} → {one.new}"
    for change in (one.packed, one.size):
        yield f"  {size_line(change)}"
    yield from _block("Metadata", [_text_line(change) for change in one.metadata], None)
    yield from _block("Files", [size_line(change) for change in one.files], shown)
    for compiled in (compiled for compiled in one.compiled if compiled.state == "changed"):
        yield from _block(compiled.path, list(_compiled_lines(compiled, shown)), None)
    yield from _block("Crates", [_text_line(change) for change in one.crates], shown)
    yield from _block("New problems", [problem_line(problem) for problem in one.new_problems], None)
    yield from _block("Problems that are gone", [problem_line(problem) for problem in one.solved_problems], None)


def _block(title: str, inner: list[str], shown: int | None) -> Iterator[str]:
    if inner:
        yield from ("", f"{title} ({len(inner)})" if shown else title, *(f"  {line}" for line in inner[:shown]))
    if shown is not None and len(inner) > shown:
        yield f"  and {len(inner) - shown} more (--all shows them)"


def size_line(change: SizeChange) -> str:
    """Return a change of a size as a line.

    >>> size_line(SizeChange(name="a.so", old=1024, new=2048)), size_line(SizeChange(name="b", old=None, new=5))
    ('+1.0 kB  a.so  1.0 kB → 2.0 kB', '+5 bytes  b  new')
    """
    sign = "-" if change.growth < 0 else "+"
    what = f"{format_size(change.old or 0)} → {format_size(change.new or 0)}"
    what = "new" if change.old is None else "gone" if change.new is None else what
    return f"{sign}{format_size(abs(change.growth))}  {change.name}  {what}"


def _short(name: str) -> str:
    return name if len(name) <= _NAME_AT_MOST else f"{name[:_NAME_AT_MOST]}…"


def _text_line(change: TextChange) -> str:
    return f"{change.name}: {change.old or 'none'} → {change.new or 'none'}"


def _compiled_lines(one: CompiledChange, shown: int | None) -> Iterator[str]:
    yield from map(_text_line, one.facts)
    for title, changes in (
        ("sections", one.sections),
        ("code and data by crate", one.symbols_by_crate),
        ("largest symbols", one.symbols),
    ):
        if changes:
            yield f"{title}:"
            yield from (f"  {size_line(replace(change, name=_short(change.name)))}" for change in changes[:shown])
    for title, names in (
        ("imports", one.imported),
        ("no longer imports", one.no_longer_imported),
        ("exports", one.exported),
        ("no longer exports", one.no_longer_exported),
    ):
        if names:
            more = "" if shown is None or len(names) <= _NAMES_SHOWN else f" and {len(names) - _NAMES_SHOWN} more"
            yield f"{title} {', '.join(names if shown is None else names[:_NAMES_SHOWN])}{more}"
