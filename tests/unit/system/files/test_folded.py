"""Names that other systems take for one."""

from __future__ import annotations

import pytest

from cratewheel.system.files.folded import fold, normalise

NFC, NFD = "caf\N{LATIN SMALL LETTER E WITH ACUTE}", "cafe\N{COMBINING ACUTE ACCENT}"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("lib.py", "Lib.PY", True),
        (NFC, NFD, True),
        (NFC.upper(), NFD, True),
        ("stra\N{LATIN SMALL LETTER SHARP S}e", "STRASSE", True),
        ("cafe", NFC, False),
        ("lib.py", "lib_py", False),
    ],
)
def test_names_that_may_be_one_file_have_one_key(one: str, other: str, *, same: bool) -> None:
    assert (fold(one) == fold(other)) is same


def test_accents_become_part_of_their_letters() -> None:
    assert normalise(NFD) == normalise(NFC) == NFC
