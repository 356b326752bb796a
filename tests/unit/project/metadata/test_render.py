"""Core metadata as text."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from cratewheel.project.metadata.fields import Fields, LicenceFile, Readme
from cratewheel.project.metadata.render import entry_points, headers, metadata


def test_the_headers_come_in_a_fixed_order() -> None:
    fields = Fields(
        name="p",
        version="1",
        metadata_version="2.5",
        summary="S",
        readme=Readme(text="R", content_type="text/plain"),
        keywords=("a", "b"),
        home_page="https://h",
        author="A",
        author_email="a@x",
        maintainer="M",
        maintainer_email="m@x",
        license="L",
        license_expression="MIT",
        license_files=(LicenceFile(target=PurePosixPath("sub/LIC"), source=Path("/x")),),
        classifiers=("C",),
        urls=(("U", "https://u"),),
        requires_python=">=3.9",
        requires_dist=("d",),
        requires_external=("e",),
        provides_extra=("x",),
        import_names=(),
        import_namespaces=("n",),
    )
    assert list(headers(fields)) == [
        ("Metadata-Version", "2.5"),
        ("Name", "p"),
        ("Version", "1"),
        ("Classifier", "C"),
        ("Requires-Dist", "d"),
        ("Requires-External", "e"),
        ("Provides-Extra", "x"),
        ("License-File", "sub/LIC"),
        ("Summary", "S"),
        ("Keywords", "a,b"),
        ("Home-Page", "https://h"),
        ("Author", "A"),
        ("Author-email", "a@x"),
        ("Maintainer", "M"),
        ("Maintainer-email", "m@x"),
        ("License-Expression", "MIT"),
        ("License", "L"),
        ("Requires-Python", ">=3.9"),
        ("Description-Content-Type", "text/plain"),
        ("Project-URL", "U, https://u"),
        ("Import-Name", ""),
        ("Import-Namespace", "n"),
    ]


def test_absent_fields_have_no_header() -> None:
    assert list(headers(Fields(name="p", version="1"))) == [
        ("Metadata-Version", "2.4"),
        ("Name", "p"),
        ("Version", "1"),
    ]


def test_the_description_ends_in_one_line_end_and_long_values_are_folded() -> None:
    pairs = [("A", "one\n\ntwo"), ("B", "")]
    assert metadata(pairs, None) == "A: one\n        \n        two\nB: \n"
    assert metadata(pairs[1:], "text") == metadata(pairs[1:], "text\n") == "B: \n\ntext\n"


def test_entry_points_are_sections_and_empty_groups_are_left_out() -> None:
    fields = Fields(
        name="p", version="1", scripts=(("a", "p:a"), ("b", "p:b")), entry_points=(("none", ()), ("g", (("x", "y"),)))
    )
    assert entry_points(fields) == "[console_scripts]\na = p:a\nb = p:b\n\n[g]\nx = y\n"
    assert entry_points(Fields(name="p", version="1")) == ""
