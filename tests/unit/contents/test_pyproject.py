"""pyproject.toml as an sdist carries it."""

from __future__ import annotations

import pytest

from cratewheel.contents.pyproject import PyProjectEdits, edit

TEXT = '# ours\n[project]\nname = "p"  # short\n'


@pytest.mark.parametrize("edits", [PyProjectEdits(), PyProjectEdits(readme="R.md"), PyProjectEdits(data="d")])
def test_a_text_that_says_it_already_comes_back_as_it_is(edits: PyProjectEdits) -> None:
    text = TEXT + 'readme  =  "R.md"\n[tool.maturin]\ndata = "d"\n'
    assert edit(text, edits) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[tool.maturin]\ndata = "x"\n[tool.cratewheel]\n', '[tool.maturin]\ndata = "d"\n[tool.cratewheel]\n'),
        (
            "[tool.maturin]\nstrip = true\n[tool.cratewheel]\n",
            '[tool.maturin]\nstrip = true\n[tool.cratewheel]\ndata = "d"\n',
        ),
        ("[tool.maturin]\nstrip = true\n", '[tool.maturin]\nstrip = true\ndata = "d"\n'),
        (
            '[build-system]\nbuild-backend = "maturin"\n',
            '[build-system]\nbuild-backend = "maturin"\n\n[tool.maturin]\ndata = "d"\n',
        ),
        (
            '[build-system]\nbuild-backend = "cratewheel"\n',
            '[build-system]\nbuild-backend = "cratewheel"\n\n[tool.cratewheel]\ndata = "d"\n',
        ),
        ("[tool.ruff]\n", '[tool.ruff]\n\n[tool.cratewheel]\ndata = "d"\n'),
    ],
    ids=["where it stands", "our table first", "the table there is", "maturin's project", "ours", "no table"],
)  # fmt: skip
def test_a_key_of_the_tool_goes_where_it_counts(text: str, expected: str) -> None:
    assert edit(text, PyProjectEdits(data="d")) == expected


def test_all_keys_at_once_with_the_comments_that_were_there() -> None:
    edits = PyProjectEdits(manifest_path="a/Cargo.toml", python_source="b", data="c", readme="d", license="e")
    text = TEXT + 'readme = { file = "../R.md", content-type = "text/plain" }\nlicense = { file = "../L" }\n'
    assert edit(text, edits) == (
        '# ours\n[project]\nname = "p"  # short\nreadme = { file = "d", content-type = "text/plain" }\n'
        'license = { file = "e" }\n\n[tool.cratewheel]\nmanifest-path = "a/Cargo.toml"\n'
        'python-source = "b"\ndata = "c"\n'
    )
    assert edit(TEXT, PyProjectEdits(readme="d")) == TEXT + 'readme = "d"\n'
