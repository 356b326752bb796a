"""What is printed, and where."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pyte
import pytest

from cratewheel.errors import ConfigError
from cratewheel.events import BuiltArchive, ProgressEvent, UploadEvent
from cratewheel.ui import ColorChoice, MessageFormat, Ui, escape_controls, use_color, use_live

HOSTILE = "a\x1b[2J\x07\x00\r\nerror: \x7f\x9b31m\u202eb\u2028\udcff"
SHOWN = r"a\x1b[2J\x07\x00\r\nerror: \x7f\x9b31m\u202eb\u2028\udcff"


class Terminal(io.StringIO):
    """A stream that people look at."""

    def isatty(self) -> bool:
        return True


def built(path: str) -> BuiltArchive:
    return BuiltArchive(kind="sdist", path=Path(path), sha256="0a", size=1)


def talk(*, message_format: MessageFormat = "human", **fields: bool | int) -> tuple[str, str]:
    """Return stdout and stderr after one of each thing was said."""
    out, err = io.StringIO(), io.StringIO()
    ui = Ui(out=out, err=err, message_format=message_format, **fields)  # type: ignore[arg-type]  # of Ui
    ui.step("Building", "app")
    ui.detail("a detail")
    ui.warn("odd", hint="fix it")
    ui.pass_output("from cargo\n")
    ui.emit(built("dist/app.whl"))
    ui.error(ConfigError("wrong", hint="right", notes=("line",)))
    return out.getvalue(), err.getvalue()


def test_people_read_stderr_and_stdout_has_only_paths() -> None:
    assert talk() == (
        f"{Path('dist/app.whl')}\n",
        "    Building app\nwarning: odd\n   help: fix it\nfrom cargo\nerror: wrong\n       line\n help: right\n",
    )


def test_quiet_leaves_warnings_errors_and_results() -> None:
    out, err = talk(quiet=True)
    assert out == f"{Path('dist/app.whl')}\n"
    assert err == "warning: odd\n   help: fix it\nfrom cargo\nerror: wrong\n       line\n help: right\n"


def test_details_are_shown_when_asked_for() -> None:
    assert "a detail\n" in talk(verbosity=1)[1]


def test_a_warning_is_said_once() -> None:
    out, err = io.StringIO(), io.StringIO()
    ui = Ui(out=out, err=err)
    for text in ("odd", "odd", "strange"):
        ui.warn(text, hint="fix it")
    assert err.getvalue() == "warning: odd\n   help: fix it\nwarning: strange\n   help: fix it\n"
    assert ui == Ui(out=out, err=err)


def test_colour_marks_the_labels() -> None:
    err = talk(color=True)[1]
    assert err.splitlines()[0] == "\x1b[1;32m    Building\x1b[0m app"
    assert "\x1b[1;31merror\x1b[0m: wrong" in err


def test_json_on_stdout_is_an_object_a_line() -> None:
    out, err = talk(message_format="json")
    assert [json.loads(line) for line in out.splitlines()] == [
        {"event": "artifact", "kind": "sdist", "sha256": "0a", "size": 1, "path": str(Path("dist/app.whl"))},
        {"event": "error", "message": "wrong", "notes": ["line"], "hint": "right"},
    ]
    assert err.startswith("    Building app\n")


def test_what_would_steer_a_terminal_is_shown_as_escapes_in_everything_that_we_say() -> None:
    err = io.StringIO()
    ui = Ui(out=io.StringIO(), err=err, verbosity=1).with_label(HOSTILE)
    ui.step("Building", HOSTILE)
    ui.detail(HOSTILE)
    ui.warn(HOSTILE, hint=HOSTILE)
    ui.explain((HOSTILE,))
    ui.error(ConfigError(HOSTILE, hint=HOSTILE, notes=(HOSTILE,)))
    assert err.getvalue().split("\n") == [
        f"[{SHOWN}]     Building {SHOWN}",
        f"[{SHOWN}] {SHOWN}",
        f"[{SHOWN}] warning: {SHOWN}",
        f"[{SHOWN}]    help: {SHOWN}",
        f"[{SHOWN}] {SHOWN}",
        f"[{SHOWN}] error: {SHOWN}",
        f"[{SHOWN}]        {SHOWN}",
        f"[{SHOWN}]  help: {SHOWN}",
        "",
    ]


def test_users_and_passwords_of_addresses_are_shown_nowhere() -> None:
    url = "git+https://me:p@ss@example.org/@x"
    out, err = io.StringIO(), io.StringIO()
    ui = Ui(out=out, err=err, verbosity=1, message_format="json")
    ui.step("Cloning", url)
    ui.detail(url)
    ui.warn(url, hint=url)
    ui.explain((url,))
    ui.error(ConfigError(url, hint=url, notes=(url,)))
    ui.event("plan", {"commands": [["cargo", url]], "python": {"at": url}, "abi3": True, "none": None})
    ui.write_result_lines([url])
    text = out.getvalue() + err.getvalue()
    assert "p@ss" not in text
    assert text.count("git+https://***@example.org/@x") == 14


def test_data_keeps_its_addresses() -> None:
    out = io.StringIO()
    ui = Ui(out=out, err=io.StringIO())
    ui.write_result("Requires-Dist: a @ https://${USER}@example.org/a.whl\n")
    ui.write_result_lines(["https:/me@x"], data=True)
    assert out.getvalue() == "Requires-Dist: a @ https://${USER}@example.org/a.whl\nhttps:/me@x\n"


def test_our_own_colour_stays() -> None:
    err = io.StringIO()
    Ui(out=io.StringIO(), err=err, color=True, verbosity=1).with_label("\x1b[1m").detail("\x1b[31mred")
    assert err.getvalue() == "\x1b[2m[\\x1b[1m]\x1b[0m \x1b[2m\\x1b[31mred\x1b[0m\n"


def test_labels_of_different_length_have_columns_of_one_width() -> None:
    err = io.StringIO()
    for label in ("cp39", "cp313t"):
        Ui(out=io.StringIO(), err=err).with_label(label, 6).pass_output("a\nb\n")
    assert err.getvalue().splitlines() == ["[cp39]   a", "[cp39]   b", "[cp313t] a", "[cp313t] b"]


def live(err: io.StringIO, **fields: Any) -> Ui:
    """Let a `Ui` show two wheels, and return it after their end."""
    ui = Ui(out=io.StringIO(), err=err, **fields)
    with ui.display(["cp311", HOSTILE]):
        one = ui.with_label("cp311", 5)
        assert one.shows_progress == ui.live
        one.step("Building", "app for CPython 3.11")
        one.phase("compiling", done=1, total=2, detail=HOSTILE)
        one.step("Packed", "app.whl")
        one.pass_output("warning: unused\n")
        one.emit(built("app.whl"))
        ui.with_label(HOSTILE).phase("packing")
    assert not one.shows_progress
    return ui


def test_on_a_terminal_there_is_a_line_for_each_wheel_until_all_are_built() -> None:
    err = io.StringIO()
    live(err, live=True)
    emulated = pyte.Screen(80, 24)
    emulated.set_mode(pyte.modes.LNM)
    pyte.Stream(emulated).feed(err.getvalue())
    assert [line.rstrip() for line in emulated.display][:3] == [
        "[cp311]       Packed app.whl",
        "[cp311] warning: unused",
        "",
    ]
    assert "cp311 compiling       1/2" in err.getvalue()
    assert HOSTILE not in err.getvalue()


def test_without_a_live_terminal_each_line_has_its_label() -> None:
    err = io.StringIO()
    live(err)
    assert err.getvalue().splitlines() == [
        "[cp311]     Building app for CPython 3.11",
        "[cp311]       Packed app.whl",
        "[cp311] warning: unused",
    ]


@pytest.mark.parametrize(
    ("environ", "terminal", "expected"),
    [
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, True, True),
        ({"TERM": "xterm"}, False, False),
        ({"TERM": "xterm", "CI": "true"}, True, False),
        ({"TERM": "dumb"}, True, False),
        ({}, True, False),
    ],
)
def test_lines_are_drawn_again_where_the_cursor_moves(environ: dict[str, str], terminal: bool, expected: bool) -> None:
    assert use_live(environ, terminal=terminal) is expected


def test_progress_of_cargo_counts_for_lines_that_are_drawn_again() -> None:
    environ = {"TERM": "xterm", "CI": "true"}
    assert use_live(environ, terminal=True, progress="always")
    assert not use_live(environ, terminal=False, progress="always")
    assert not use_live({"TERM": "xterm"}, terminal=True, progress="never")


@pytest.mark.parametrize("text", ["Grüße, 世界 ☃ 👩‍🚀", "a\tb", "می‌خواهم", "e\u0301"], ids=ascii)
def test_what_people_write_is_shown_as_it_is(text: str) -> None:
    assert escape_controls(text) == text


@pytest.mark.parametrize("message_format", ["human", "json"])
def test_what_cargo_says_is_handed_on_as_it_is(message_format: MessageFormat) -> None:
    err = io.StringIO()
    Ui(out=io.StringIO(), err=err, message_format=message_format).pass_output("\x1b[1mwarning\x1b[0m\r\n")
    assert err.getvalue() == "\x1b[1mwarning\x1b[0m\r\n"


def test_data_is_exact_in_a_pipe_and_escaped_on_a_terminal() -> None:
    pipe, terminal = io.StringIO(), Terminal()
    for out in (pipe, terminal):
        ui = Ui(out=out, err=io.StringIO())
        ui.write_result("one\x1b\ntwo\r\n")
        ui.write_result_lines(["three\x07\nfour"], data=True)
        ui.emit(built("\x1b.whl"))
    assert pipe.getvalue() == "one\x1b\ntwo\r\nthree\x07\nfour\n\x1b.whl\n"
    assert terminal.getvalue() == "one\\x1b\ntwo\\r\nthree\\x07\\nfour\n\\x1b.whl\n"


def test_sentences_are_escaped_in_a_pipe_too() -> None:
    out = io.StringIO()
    Ui(out=out, err=io.StringIO()).write_result_lines(["three\x07\nfour", "five"])
    assert out.getvalue() == "three\\x07\\nfour\nfive\n"


def test_json_is_ascii_and_reads_back() -> None:
    out = io.StringIO()
    Ui(out=out, err=io.StringIO(), message_format="json").error(ConfigError(HOSTILE + "é"))
    assert out.getvalue().isascii()
    assert out.getvalue().removesuffix("\n").isprintable()
    assert json.loads(out.getvalue())["message"] == HOSTILE + "é"


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-1", "utf-8", "utf-16"])
def test_no_encoding_of_a_stream_ends_the_build(encoding: str) -> None:
    out, err = io.BytesIO(), io.BytesIO()
    ui = Ui(out=io.TextIOWrapper(out, encoding, newline="\n"), err=io.TextIOWrapper(err, encoding, newline="\n"))
    ui.step("Building", "é\u4e16")
    ui.pass_output("é\u4e16\udcff\n")
    ui.write_result("é\u4e16\udcff\n")
    shown = {"ascii": r"\xe9\u4e16", "iso-8859-1": r"é\u4e16"}.get(encoding, "é世")
    assert err.getvalue().decode(encoding) == f"    Building {shown}\n{shown}\\udcff\n"
    assert out.getvalue().decode(encoding) == f"{shown}\\udcff\n"


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
        ("auto", {"CARGO_TERM_COLOR": "always", "NO_COLOR": "1"}, False, True),
        ("auto", {"CARGO_TERM_COLOR": "never", "FORCE_COLOR": "1"}, True, False),
        ("auto", {"CARGO_TERM_COLOR": "auto", "FORCE_COLOR": "1"}, False, True),
        ("never", {"CARGO_TERM_COLOR": "always"}, True, False),
    ],
)
def test_colour_by_choice_variables_and_terminal(
    choice: ColorChoice, environ: dict[str, str], terminal: bool, color: bool
) -> None:
    assert use_color(choice, environ, terminal=terminal) is color


def progress(err: io.StringIO, **fields: Any) -> str:
    """Return what a terminal or another stream gets of an upload."""
    ui = Ui(out=io.StringIO(), err=err, **fields)
    ui.emit(ProgressEvent(text="Uploading", done=512, total=1024))
    ui.emit(ProgressEvent(text="Uploading", done=513, total=1024))
    ui.step("Uploaded", "a.whl")
    ui.emit(ProgressEvent(text="Uploading", done=0, total=0))
    return err.getvalue()


def test_progress_is_a_last_line_that_makes_way_for_others() -> None:
    line = "   Uploading [###############               ]  50% of 1.0 kB"
    clear = "\r\x1b[2K"
    assert progress(Terminal()) == f"{clear}{line}{clear}    Uploaded a.whl\n{clear}{line}{clear}"


def test_only_people_at_a_terminal_see_progress() -> None:
    assert progress(io.StringIO()) == "    Uploaded a.whl\n"
    assert progress(Terminal(), quiet=True) == ""
    assert progress(Terminal(), message_format="json") == "    Uploaded a.whl\n"


def test_json_has_an_object_for_each_upload() -> None:
    out = io.StringIO()
    ui = Ui(out=out, err=io.StringIO(), message_format="json")
    ui.emit(UploadEvent(path=Path("a.whl"), state="uploaded", repository="https://ann:pw@e.org/"))
    assert json.loads(out.getvalue()) == {
        "event": "upload", "state": "uploaded", "repository": "https://***@e.org/", "path": "a.whl",
    }  # fmt: skip


def test_a_question_is_asked_on_stderr(monkeypatch: pytest.MonkeyPatch) -> None:
    err = io.StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO("ann\n"))
    assert Ui(out=io.StringIO(), err=err).ask("User at \x1b[2Je.org: ") == "ann"
    assert err.getvalue() == r"User at \x1b[2Je.org: "


def test_a_status_is_coloured_where_colours_were_asked_for() -> None:
    for color, text in ((True, "\x1b[1;32mok\x1b[0m: fine\\x1b[2J\n"), (False, "ok: fine\\x1b[2J\n")):
        out = io.StringIO()
        Ui(out=out, err=io.StringIO(), color=color).write_status("ok", ": fine\x1b[2J", style="green")
        assert out.getvalue() == text
