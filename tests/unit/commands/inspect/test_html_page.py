"""The page: well-formed, complete in itself, and safe from names in archives."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import uploads
from compiled_files import elf, wheel
from cratewheel.commands.inspect.examine import examine
from cratewheel.commands.inspect.html_page import page

HOSTILE = "\"><script>alert('x')</script><img src=http://evil.example/x onerror=alert(1)>&amp;"
SPACE = "{http://www.w3.org/1999/xhtml}"


class Elements(HTMLParser):
    """Collects the elements of a page as a browser sees them, with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def hostile_page(folder: Path) -> str:
    """Return the page of a wheel in which each name is hostile."""
    files = {
        f"demo/{HOSTILE}.py": b"x",
        "demo/demo.so": elf(
            symbols={f"_RNvCs1_4demo{HOSTILE}": 40},
            sections={HOSTILE: b"x", "\x1b[31mred": b"y"},
            needed=("libc.so.6", HOSTILE),
            imported=(HOSTILE,),
            stack=7,
        ),
        "demo/\x01control.py": b"",
    }
    metadata = uploads.METADATA.replace("A demonstration", f"A {HOSTILE}")
    return page(examine(wheel(folder, files, metadata=metadata)))


def test_the_page_is_well_formed_xml(tmp_path: Path) -> None:
    root = ElementTree.fromstring(hostile_page(tmp_path).removeprefix("<!DOCTYPE html>"))
    assert root.tag == f"{SPACE}html"


def test_names_of_the_archive_make_no_elements(tmp_path: Path) -> None:
    elements = Elements(hostile_page(tmp_path)).found
    assert {tag for tag, _ in elements} & {"script", "img", "iframe", "link", "object", "embed", "form", "a"} == set()
    assert [name for _, attributes in elements for name in attributes if name.startswith("on")] == []


def test_the_page_loads_nothing(tmp_path: Path) -> None:
    text = hostile_page(tmp_path)
    elements = Elements(text).found
    loading = [
        value for _, attributes in elements for name, value in attributes.items() if name in ("src", "href", "data")
    ]
    assert loading == []
    (style,) = re.findall(r"<style>(.*?)</style>", text, flags=re.DOTALL)
    assert "url(" not in style
    assert "@import" not in style
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    assert ("meta", {"http-equiv": "Content-Security-Policy", "content": policy}) in elements


def test_the_page_is_for_phones_and_for_dark_rooms(tmp_path: Path) -> None:
    text = page(examine(wheel(tmp_path, {"demo/demo.so": elf()})))
    assert '<meta name="viewport" content="width=device-width, initial-scale=1"/>' in text
    assert "@media (prefers-color-scheme: dark)" in text
    assert "@media (max-width: 40rem)" in text
    for words in (
        "CPython 3.12",
        "Linux with glibc 2.17 or later, on x86_64",
        "No problems were found.",
        "demo/demo.so",
    ):
        assert words in text
