"""What is printed, and where."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from cratewheel.errors import ConfigError
from cratewheel.ui import ColorChoice, MessageFormat, Ui, wants_color


def talk(*, message_format: MessageFormat = "human", **fields: bool | int) -> tuple[str, str]:
    """Return stdout and stderr after one of each thing was said."""
    out, err = io.StringIO(), io.StringIO()
    ui = Ui(out=out, err=err, message_format=message_format, **fields)  # type: ignore[arg-type]  # of Ui
    ui.step("Building", "app")
    ui.detail("a detail")
    ui.warn("odd", hint="mend it")
    ui.passthrough("from cargo\n")
    ui.result(Path("dist/app.whl"), {"kind": "wheel"})
    ui.error(ConfigError("wrong", hint="right", notes=("line",)))
    return out.getvalue(), err.getvalue()


def test_people_read_stderr_and_stdout_has_only_paths() -> None:
    assert talk() == (
        f"{Path('dist/app.whl')}\n",
        "    Building app\nwarning: odd\n   help: mend it\nfrom cargo\nerror: wrong\n       line\n help: right\n",
    )


def test_quiet_leaves_warnings_errors_and_results() -> None:
    out, err = talk(quiet=True)
    assert out == f"{Path('dist/app.whl')}\n"
    assert err == "warning: odd\n   help: mend it\nfrom cargo\nerror: wrong\n       line\n help: right\n"


def test_details_are_shown_when_asked_for() -> None:
    assert "a detail\n" in talk(verbosity=1)[1]


def test_a_warning_is_said_once() -> None:
    out, err = io.StringIO(), io.StringIO()
    ui = Ui(out=out, err=err)
    for text in ("odd", "odd", "strange"):
        ui.warn(text, hint="mend it")
    assert err.getvalue() == "warning: odd\n   help: mend it\nwarning: strange\n   help: mend it\n"
    assert ui == Ui(out=out, err=err)


def test_colour_marks_the_labels() -> None:
    err = talk(color=True)[1]
    assert err.splitlines()[0] == "\x1b[1;32m    Building\x1b[0m app"
    assert "\x1b[1;31merror\x1b[0m: wrong" in err


def test_json_on_stdout_is_an_object_a_line() -> None:
    out, err = talk(message_format="json")
    assert [json.loads(line) for line in out.splitlines()] == [
        {"event": "artifact", "kind": "wheel", "path": str(Path("dist/app.whl"))},
        {"event": "error", "message": "wrong", "notes": ["line"], "hint": "right"},
    ]
    assert err.startswith("    Building app\n")


@pytest.mark.parametrize(
    ("choice", "environ", "terminal", "color"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"FORCE_COLOR": "1"}, False, True),
        ("auto", {"FORCE_COLOR": "1", "NO_COLOR": "1"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colour_by_choice_variables_and_terminal(
    choice: ColorChoice, environ: dict[str, str], terminal: bool, color: bool
) -> None:
    assert wants_color(choice, environ, terminal=terminal) is color
