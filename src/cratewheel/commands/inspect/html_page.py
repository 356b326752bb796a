"""An inspection as one HTML page that needs nothing else: no network, no script. Pure.

The page is well-formed XML too. Names come from the archive and may be hostile: `_safe` stands between them and the
page, and the page's policy allows no content but its own style.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from cratewheel.commands.inspect import treemap
from cratewheel.commands.inspect.model import CompiledFile, Inspection, Problem, SizedPart
from cratewheel.commands.inspect.text import FORMATS, ORIGINS, ROLES, SOURCES, by_licence, head
from cratewheel.ui import escape_controls, format_size

MOST_ROWS = 500  # of files, in one table
_WIDE, _TALL = (1000, 560), (400, 720)

STYLE = """
:root { color-scheme: light dark; --page: #fbfaf8; --text: #22242a; --quiet: #666b76; --line: #dedbd5; --card: #fff;
  --error: #b3261e; --warning: #8a5a00; --note: #47617d; --group: #e9e6df; --label: #16181d;
  --c0: #8fb8de; --c1: #f2c078; --c2: #9fd3a8; --c3: #e5a1a1; --c4: #c3b1e1; --c5: #f0d98c;
  --c6: #92d1cf; --c7: #d9bfa3; --rest: #d3d3d3; }
@media (prefers-color-scheme: dark) {
  :root { --page: #15171b; --text: #e6e6e3; --quiet: #a0a5b0; --line: #343840; --card: #1d2026;
    --error: #ff8a80; --warning: #f0b95a; --note: #9dbbdc; --group: #2a2e36; --label: #f4f4f2;
    --c0: #2f5b85; --c1: #85591a; --c2: #2f6b3b; --c3: #863f3f; --c4: #5a4785; --c5: #74611a;
    --c6: #22686a; --c7: #6b5136; --rest: #474b54; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 70rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.3rem; line-height: 1.3; }
h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; } h3 { font-size: 1rem; margin: 0; }
p { margin: .25rem 0; } ul { margin: .25rem 0; padding-left: 1.25rem; } .quiet { color: var(--quiet); }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem;
  padding: .75rem 1rem; margin: .5rem 0; }
.error, .warning, .note { font-weight: 600; } .error { color: var(--error); } .warning { color: var(--warning); }
.note { color: var(--note); }
table { border-collapse: collapse; width: 100%; } td, th { padding: .2rem .5rem; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); } .number { text-align: right; white-space: nowrap; overflow-wrap: normal;
  font-variant-numeric: tabular-nums; }
code, .path { font-family: ui-monospace, monospace; font-size: .9em; }
svg { width: 100%; height: auto; display: block; } svg.tall { display: none; }
svg text { font: 13px system-ui, sans-serif; fill: var(--label); pointer-events: none; }
rect { stroke: var(--page); stroke-width: 1.5; } .group { fill: var(--group); }
.c0 { fill: var(--c0); } .c1 { fill: var(--c1); } .c2 { fill: var(--c2); } .c3 { fill: var(--c3); }
.c4 { fill: var(--c4); } .c5 { fill: var(--c5); } .c6 { fill: var(--c6); } .c7 { fill: var(--c7); }
.rest { fill: var(--rest); }
.bar { display: block; height: .35rem; background: var(--c0); border-radius: .2rem; min-width: 1px; }
summary { cursor: pointer; }
@media (max-width: 40rem) { body { padding: .6rem; } svg.wide { display: none; } svg.tall { display: block; } }
"""


def page(inspection: Inspection) -> str:
    """Return the page, from the doctype on."""
    return "\n".join(
        (
            "<!DOCTYPE html>",
            '<html xmlns="http://www.w3.org/1999/xhtml" lang="en">',
            '<head><meta charset="utf-8"/>',
            '<meta name="viewport" content="width=device-width, initial-scale=1"/>',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>",
            f"<title>{_safe(inspection.file)}</title>",
            f"<style>{STYLE}</style></head>",
            "<body>",
            *_body(inspection),
            "</body></html>\n",
        )
    )


def _body(one: Inspection) -> Iterator[str]:
    yield f"<h1>{_safe(one.file)}</h1>"
    yield from (f"<p{_quiet(number)}>{_safe(line)}</p>" for number, line in enumerate(head(one)))
    yield _heading(f"Problems ({len(one.problems)})")
    yield _problems(one.problems) if one.problems else "<p>No problems were found.</p>"
    if one.tags:
        yield _heading("Who can install it") + _list((*one.pythons, *one.systems))
    if one.forced_by:
        yield _heading("What decides that") + _list(one.forced_by)
    yield _heading("What makes it large")
    drawn = treemap.areas(one)
    for kind, (width, height) in (("wide", _WIDE), ("tall", _TALL)):
        yield treemap.svg(drawn, width=width, height=height).replace("<svg ", f'<svg class="{kind}" ', 1)
    if one.compiled:
        yield _heading("Compiled files")
        yield from map(_compiled, one.compiled)
    if one.crates:
        sources = "; ".join(dict.fromkeys(SOURCES[crate.source] for crate in one.crates))
        yield _heading(f"Crates ({len(one.crates)})") + f'<p class="quiet">{_safe(sources)}</p>'
        for licence, names in by_licence(one.crates):
            title = f"{licence or 'licence not known'} ({len(names)})"
            yield f'<div class="card"><h3>{_safe(title)}</h3><p>{_safe(", ".join(names))}</p></div>'
    yield _heading(f"Files ({len(one.files)})") + _files(one)
    if one.record is not None:
        yield _heading("RECORD") + f"<p>{one.record.verified} files are as it says.</p>"


def _safe(text: str) -> str:
    return escape(escape_controls(text.replace("\n", " ")))


def _quiet(number: int) -> str:
    return ' class="quiet"' if number > 1 else ""


def _heading(text: str) -> str:
    return f"<h2>{_safe(text)}</h2>"


def _list(lines: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{_safe(line)}</li>' for line in lines)}</ul>"


def _problems(problems: Iterable[Problem]) -> str:
    rows = (
        f'<p><span class="{problem.level}">{problem.level}</span> '
        + (f'<span class="path">{_safe(problem.path)}</span>: ' if problem.path else "")
        + f"{_safe(problem.text)}</p>"
        for problem in problems
    )
    return f'<div class="card">{"".join(rows)}</div>'


def _compiled(file: CompiledFile) -> str:
    symbols = "symbols removed" if file.stripped else "with symbols"
    facts = f"{FORMATS[file.format]} for {file.arch}, {ROLES[file.role]}, {format_size(file.size)}, {symbols}"
    inner = [f'<h3 class="path">{_safe(file.path)}</h3>', f"<p>{_safe(facts)}</p>"]
    if file.policy:
        inner.append(f"<p>fits {_safe(file.policy)}</p>")
    inner += [_list(file.forced_by)] if file.forced_by else []
    for origin, words in ORIGINS.items():
        names = [library.name for library in file.libraries if library.origin == origin]
        inner += [f"<p>libraries {words}: <code>{_safe(', '.join(names))}</code></p>"] if names else []
    inner += [_parts("Sections", file.sections), _parts("Code and data by crate", file.symbols_by_crate)]
    inner.append(_parts("Largest symbols", file.symbols[:50]))
    return f'<div class="card">{"".join(inner)}</div>'


def _parts(title: str, parts: tuple[SizedPart, ...]) -> str:
    """Return a table of parts with a bar for each, behind a title that opens it."""
    if not parts:
        return ""
    largest = max(part.size for part in parts) or 1
    rows = "".join(
        f'<tr><td class="number">{format_size(part.size)}</td><td><span class="path">{_safe(part.name)}</span>'
        f'<span class="bar" style="width:{100 * part.size / largest:.1f}%"></span></td></tr>'
        for part in parts
    )
    return f"<details><summary>{_safe(title)} ({len(parts)})</summary><table>{rows}</table></details>"


def _files(one: Inspection) -> str:
    rows = "".join(
        f'<tr><td class="number">{format_size(member.size)}</td><td class="number quiet">'
        f'{format_size(member.packed) if member.packed else ""}</td><td class="path">{_safe(member.path)}</td></tr>'
        for member in one.files[:MOST_ROWS]
    )
    more = len(one.files) - MOST_ROWS
    rest = f'<p class="quiet">and {more} smaller ones</p>' if more > 0 else ""
    head_ = '<tr><th class="number">size</th><th class="number">packed</th><th>path</th></tr>'
    return f"<table>{head_}{rows}</table>{rest}"
