"""Which files a Rust source file is compiled with."""

from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel.contents.rust_modules import module_files

HIDDEN = r"""
// mod a;
/* mod a; /* mod a; */ mod a; */
const S: &str = "mod a; \" mod a;";
const R: &str = r#"mod a; " mod a;"#;
const Q: (char, char, char) = ('"', '\'', '\x41');
fn f<'a>(x: &'a str) {}
mod b;
"""
CASES = {
    "a file": ("mod a;", ["a.rs"]),
    "a folder": ("pub(crate) mod\n a ;", ["a/mod.rs"]),
    "a module of a module": ("mod a;", ["a.rs", "a/b.rs"]),
    "a module of a folder": ("mod a;", ["a/mod.rs", "a/b.rs"]),
    "in an inline module": ("mod a { fn f() { } mod b; } mod c;", ["a/b.rs", "c.rs"]),
    "a path": ('#[cfg(unix)]\n#[path = "sub/x.rs"]\n#[allow(dead_code)]\nmod a;', ["sub/x.rs"]),
    "a path in an inline module": ('mod a { #[path = "x.rs"] mod b; }', ["a/x.rs"]),
    "a path above": ('#[path = "../x.rs"] mod a;', ["../x.rs"]),
    "a raw name": ("mod r#try;", ["try.rs"]),
    "an include": ('include!("sub/a.rs");', ["sub/a.rs"]),
    "texts": ('const A: &str = include_str!("a.txt"); const B: &[u8] = include_bytes!["b.bin",];', ["a.txt", "b.bin"]),
    "comments and strings": (HIDDEN, ["b.rs"]),
    "an inline module that was closed": ("mod a { } mod b;", ["b.rs"]),
    "nothing there": ("mod gone; mod a;", ["a.rs"]),
    "each other": ('mod a; include!("main.rs");', ["a.rs"]),
}


@pytest.mark.parametrize("name", CASES)
def test_the_files_of_a_target(name: str, tmp_path: Path) -> None:
    text, expected = CASES[name]
    folder = tmp_path / "src"
    files = {path: "mod b;" if any(other.startswith("a/b") for other in expected) else "" for path in expected}
    for path, content in {"main.rs": text, "other.rs": "", **files}.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)
    if name != "comments and strings":
        found = sorted(module_files(folder / "main.rs"))
        assert found == sorted((folder / path).resolve() for path in ("main.rs", *expected))
    else:
        (folder / "a.rs").write_text("")
        assert module_files(folder / "main.rs") == (folder / "main.rs", folder / "b.rs")
