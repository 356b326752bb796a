"""The recorder of terminal pictures."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

SCRIPT = Path(__file__).parents[1] / "scripts" / "record_terminal.py"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals of this kind")


@pytest.fixture(scope="module")
def recorder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("record_terminal", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        pytest.param("one\r\ntwo\r\n", ["one", "two"], id="lines"),
        pytest.param("10%\r100%\r\x1b[Kdone\n", ["done"], id="a progress bar leaves only its end"),
        pytest.param("abc\rX\n", ["Xbc"], id="overwriting"),
        pytest.param("abcdefg\n", ["abcde", "fg"], id="a long line wraps"),
        pytest.param("a\r\nb\r\nc\r\x1b[1A\x1b[Jd\r\ne\r\n", ["a", "d", "e"], id="lines that are drawn again"),
        pytest.param("\x1b]0;title\x07a\n\n", ["a"], id="titles and blank ends are not shown"),
    ],
)
def test_the_picture_shows_what_the_terminal_shows_at_the_end(
    recorder: ModuleType, printed: str, expected: list[str]
) -> None:
    lines = recorder.screen(printed, 5)
    assert ["".join(character for character, _ in line) for line in lines] == expected


def test_a_picture_is_an_svg_with_the_command_its_output_and_its_colours(tmp_path: Path) -> None:
    picture = tmp_path / "picture.svg"
    program = "import sys; print('\\x1b[1;32mgood\\x1b[0m <&> plain'); sys.exit(3)"
    light = tmp_path / "light.svg"
    words = [sys.executable, str(SCRIPT), str(picture), "--title", "say", "--light", str(light)]
    words += ["--", sys.executable, "-c", program]
    assert subprocess.run(words, stdin=subprocess.DEVNULL, check=False).returncode == 3
    texts = ElementTree.fromstring(picture.read_text(encoding="utf-8")).iter("{http://www.w3.org/2000/svg}text")
    assert [(text.text, text.get("fill"), text.get("font-weight")) for text in texts] == [
        ("$", "#8fd18a", "bold"),
        ("say", "#d8dae3", None),
        ("good", "#8fd18a", "bold"),
        ("<&> plain", "#d8dae3", None),
    ]
    on_light = ElementTree.fromstring(light.read_text(encoding="utf-8"))
    colours = [shape.get("fill") for shape in on_light.iter() if shape.get("fill")]
    assert colours == ["#f6f7f9", "#c4314b", "#8a6100", "#1a7f37", "#1a7f37", "#24262e", "#1a7f37", "#24262e"]
