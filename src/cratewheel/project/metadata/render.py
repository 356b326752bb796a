"""Core metadata → the text of METADATA and of entry_points.txt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cratewheel.project.metadata.fields import Fields, Pairs

INDENT = " " * 8  # a header goes on in lines that begin with a space; PyPI takes this many off again


def metadata(headers: Iterable[tuple[str, str]], description: str | None) -> str:
    """Return the METADATA file (https://packaging.python.org/en/latest/specifications/core-metadata/)."""
    text = "".join(f"{key}: {_folded(value)}\n" for key, value in headers)
    if description is None:
        return text
    return f"{text}\n{description}" if description.endswith("\n") else f"{text}\n{description}\n"


def entry_points(fields: Fields) -> str:
    """Return the entry_points.txt file, or "" where there is nothing to be in it.

    The format is that of https://packaging.python.org/en/latest/specifications/entry-points/.
    """
    groups = (("console_scripts", fields.scripts), ("gui_scripts", fields.gui_scripts), *fields.entry_points)
    return "\n".join(_section(group, entries) for group, entries in groups if entries)


def _section(group: str, entries: Pairs) -> str:
    return f"[{group}]\n" + "".join(f"{name} = {reference}\n" for name, reference in entries)


def headers(fields: Fields, dynamic: Iterable[str] = ()) -> Iterator[tuple[str, str]]:
    """Yield the headers in the order in which maturin writes them: to move over shows no difference.

    `dynamic` are the headers that may differ in a wheel (PEP 643).
    """
    yield "Metadata-Version", fields.metadata_version
    yield "Name", fields.name
    yield "Version", fields.version
    yield from (("Dynamic", header) for header in dynamic)
    yield from (("Classifier", classifier) for classifier in fields.classifiers)
    yield from (("Requires-Dist", requirement) for requirement in fields.requires_dist)
    yield from (("Requires-External", requirement) for requirement in fields.requires_external)
    yield from (("Provides-Extra", extra) for extra in fields.provides_extra)
    yield from (("License-File", str(file.target)) for file in fields.license_files)
    single = (
        ("Summary", fields.summary),
        ("Keywords", None if fields.keywords is None else ",".join(fields.keywords)),
        ("Home-Page", fields.home_page),
        ("Author", fields.author),
        ("Author-email", fields.author_email),
        ("Maintainer", fields.maintainer),
        ("Maintainer-email", fields.maintainer_email),
        ("License-Expression", fields.license_expression),
        ("License", fields.license),
        ("Requires-Python", fields.requires_python),
        ("Description-Content-Type", fields.readme.content_type if fields.readme else None),
    )
    yield from ((key, value) for key, value in single if value is not None)
    yield from (("Project-URL", f"{label}, {url}") for label, url in fields.urls)
    yield from (("Import-Name", name) for name in _import_names(fields))
    yield from (("Import-Namespace", name) for name in fields.import_namespaces or ())


def _import_names(fields: Fields) -> tuple[str, ...]:
    if fields.import_names is None:
        return ()
    return fields.import_names or ("",)  # an empty list is said by an empty header (PEP 794)


def _folded(value: str) -> str:
    r"""Return a value of several lines as one header: each further line is indented, an empty one too.

    >>> _folded("one\n\ntwo")
    'one\n        \n        two'
    """
    return f"\n{INDENT}".join(value.splitlines()) if value else value
