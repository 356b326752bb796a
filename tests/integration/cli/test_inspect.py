"""`cratewheel inspect` of a wheel that a compiler has made."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from elftools.elf.elffile import ELFFile

import compiled_files
import wheels

if TYPE_CHECKING:
    from integration.conftest import Cratewheel

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.mark.cargo
@pytest.mark.skipif(sys.platform != "linux", reason="the compiled file is compared as ELF")
def test_a_program_is_read_as_another_reader_does(run_light: Cratewheel) -> None:
    wheel = run_light("build", "--auditwheel", "skip", crate="bin-mixed").wheel
    shown = run_light("inspect", wheel).ok().stdout
    assert shown.startswith(f"{wheel.name}\n  wheel of bin")
    (found,) = json.loads(run_light("inspect", "--json", wheel).ok().stdout)
    (program,) = found["compiled"]
    assert (program["role"], program["format"], program["stripped"]) == ("program", "elf", False)
    assert program["symbols_by_crate"][0]["size"] > 0
    elf = ELFFile(io.BytesIO(wheels.data(wheel, program["path"])))
    sizes: dict[str, int] = {}
    for section in elf.iter_sections():
        if section["sh_type"] not in ("SHT_NULL", "SHT_NOBITS"):
            sizes[section.name] = sizes.get(section.name, 0) + section["sh_size"]
    assert {part["name"]: part["size"] for part in program["sections"]} == {n: s for n, s in sizes.items() if s}


@pytest.mark.skipif(not (CHROMIUM and sys.platform == "linux"), reason="no Chromium on this machine")
def test_a_browser_shows_the_page_and_runs_nothing_of_it(run_light: Cratewheel) -> None:
    hostile = "<script>document.title='hit'</script><img src=x onerror=alert(1)>"
    wheel = compiled_files.wheel(run_light.folder, {"demo/demo.so": compiled_files.elf(), f"demo/{hostile}.py": b"x"})
    run_light("inspect", "--html", "page.html", wheel, cwd=run_light.folder).ok()
    assert CHROMIUM is not None
    shown = subprocess.run(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={run_light.folder / 'profile'}",
            "--dump-dom",
            (run_light.folder / "page.html").as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    ).stdout
    assert f"<title>{wheel.name}</title>" in shown
    assert "Linux with glibc 2.17 or later, on x86_64" in shown
    assert shown.count("<svg ") == 2
    assert ("<script" in shown, "<img" in shown) == (False, False)


def test_a_file_that_is_no_archive_is_an_error(run_light: Cratewheel) -> None:
    (run_light.folder / "demo-1.0-py3-none-any.whl").write_text("no zip")
    done = run_light("inspect", "demo-1.0-py3-none-any.whl", cwd=run_light.folder)
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr == (
        "error: demo-1.0-py3-none-any.whl is damaged: File is not a zip file\n help: download it, or build it, again\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--diff", "a.whl"), "--diff takes two files: the older and the newer one"),
        (("--html", "page.html", "a.whl", "b.whl"), "--html takes one file, and neither --diff nor --json"),
        (("--html", "page.html", "--json", "a.whl"), "--html takes one file, and neither --diff nor --json"),
    ],
)
def test_options_that_do_not_go_together(run_light: Cratewheel, arguments: tuple[str, ...], said: str) -> None:
    done = run_light("inspect", *arguments, cwd=run_light.folder)
    assert (done.status, done.stderr.splitlines()[0]) == (2, f"error: {said}")


def test_two_wheels_are_compared(run_light: Cratewheel) -> None:
    old = compiled_files.wheel(run_light.folder / "old", {"demo/x.py": b"1"}, tag="py3-none-any")
    new = compiled_files.wheel(run_light.folder / "new", {"demo/x.py": b"123"}, tag="py3-none-any")
    shown = run_light("inspect", "--diff", old, new).ok().stdout
    assert "  +2 bytes  demo/x.py  1 bytes → 3 bytes\n" in shown
    (change, *_) = json.loads(run_light("inspect", "--diff", "--json", old, new).ok().stdout)["files"]
    assert change == {"name": "demo/x.py", "old": 1, "new": 3}
