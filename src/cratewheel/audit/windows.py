"""The DLLs that are available on every Windows."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path

# what the interpreter brings or stands on: its own library, the C runtime, the API sets of Windows
_INTERPRETER = (
    r"(?a)python\d+t?(_d)?\.dll|libpypy[\d.]+-c\.dll|python-native\.dll|(api|ext)-ms-.*|"
    r"(vcruntime|msvcp|msvcr|vccorlib|concrt|vcamp|vcomp|mfc)\d+[a-z0-9_]*\.dll|ucrtbased?\.dll"
)

# delvewheel lists what Windows 7 has on Intel's processors; Rust's targets need Windows 10, which has these too
_WINDOWS_10 = (
    r"(?a)(bluetoothapis|combase|computecore|coremessaging|d3d12|d3dcompiler_47|dcomp|gdi32full|icuin|icuuc|msvcp_win|"
    r"shcore|win32u|windows\.storage|xinput1_4)\.dll"
)


def is_provided(name: str, arch: str) -> bool:
    """Return whether every Windows on the processor (Rust's name) has the DLL, or Python provides it.

    >>> is_provided("KERNEL32.dll", "x86_64"), is_provided("libgcc_s_seh-1.dll", "x86_64")
    (True, False)
    """
    word = name.lower()
    names = _names()
    if re.fullmatch(_INTERPRETER, word) or re.fullmatch(_WINDOWS_10, word):
        return True
    return word in names["every"] or word in names.get(arch, frozenset())


@functools.cache  # a data file of ours, which does not change while we run
def _names() -> Mapping[str, frozenset[str]]:
    content = json.loads(Path(__file__).with_name("windows-dlls.json").read_text(encoding="utf-8"))
    return {arch: frozenset(names) for arch, names in content.items()}
