"""Which time the files of archives have."""

from __future__ import annotations

import io

import pytest

from cratewheel.builder.source_date import source_date_epoch, warn_invalid_epoch
from cratewheel.ui import Ui


def warnings(value: str) -> str:
    err = io.StringIO()
    warn_invalid_epoch({"SOURCE_DATE_EPOCH": value}, Ui(out=io.StringIO(), err=err))
    return err.getvalue()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("0", 0), ("1700000000", 1700000000), ("8589934591", 8589934591), ("0" * 5000 + "12", 12)],
    ids=lambda value: str(value)[:10],
)
def test_a_unix_time_that_archives_can_say_is_their_timestamp(value: str, seconds: int) -> None:
    assert source_date_epoch({"SOURCE_DATE_EPOCH": value}) == seconds
    assert warnings(value) == ""


@pytest.mark.parametrize(
    "value",
    ["8589934592", "9" * 14, "9" * 30, "-1", "1.5", "now", " 1", "1\n", "\u0661"],
)
def test_any_other_value_is_ignored_with_a_warning(value: str) -> None:
    assert source_date_epoch({"SOURCE_DATE_EPOCH": value}) is None
    assert warnings(value) == (
        f"warning: SOURCE_DATE_EPOCH is ignored: {value!r} is not a number from 0 to 8589934591\n"
        "   help: set it to a Unix time, such as the output of `git log -1 --format=%ct`\n"
    )


def test_a_value_of_5000_digits_is_ignored_and_shown_in_part() -> None:
    assert source_date_epoch({"SOURCE_DATE_EPOCH": "9" * 5000}) is None
    assert warnings("9" * 5000).startswith(f"warning: SOURCE_DATE_EPOCH is ignored: '{'9' * 30}…' is not a number")
    assert source_date_epoch({}) is None
    assert warnings("") == ""
