"""The page: well-formed, complete in itself, and safe from names in archives."""

from __future__ import annotations

import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import golden
import uploads
from compiled_files import elf, wheel
from cratewheel.commands.inspect import diff, text
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


GOLDEN = Path(__file__).with_name("golden")


def two_wheels(folder: Path) -> tuple[Path, Path]:
    module = "demo/demo.cpython-312-x86_64-linux-gnu.so"
    old = {
        "demo/__init__.py": b"x = 1\n",
        module: elf(symbols={"one": 40, "two": 24}, sections={".debug_info": bytes(100)}, needed=("libc.so.6",)),
        "demo/tests/gone.py": b"",
        "demo/__pycache__/x.pyc": b"",
    }
    new = {
        "demo/__init__.py": b"x = 12345\n",
        module: elf(symbols={"one": 48, "three": 99}, needed=("libc.so.6", "libssl.so.3"), stack=7, relro=False),
        "demo/more.py": b"y = 1\n",
    }
    more = uploads.METADATA.replace("numpy>=1.20", "numpy>=2").replace("Version: 1.0", "Version: 1.1")
    return (
        stored(wheel(folder / "old", old, damaged=("demo/__init__.py",))),
        stored(wheel(folder / "new", new, metadata=more, name="demo-1.1", tag="cp312-cp312-linux_x86_64")),
    )


def stored(path: Path) -> Path:
    """Pack a wheel again without compression, whose result differs between versions of zlib."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)
            entry.create_system = 3  # whatever system the test runs on
            archive.writestr(entry, data)
    return path


def test_the_whole_page_and_text_of_a_wheel_and_what_changed_in_the_next(tmp_path: Path) -> None:
    old, new = map(examine, two_wheels(tmp_path))
    golden.check_text(GOLDEN / "page.html", page(old))
    shown = {
        "old": list(text.lines(old)),
        "old, everything": list(text.lines(old, everything=True)),
        "new": list(text.lines(new, everything=True)),
        "difference": list(diff.lines(diff.compare(old, new))),
        "the other way": list(diff.lines(diff.compare(new, old), everything=True)),
        "none": list(diff.lines(diff.compare(old, old))),
        "as JSON": [old.as_json(), new.as_json(), diff.compare(old, new).as_json()],
    }
    golden.check_json(GOLDEN / "texts.json", shown)
