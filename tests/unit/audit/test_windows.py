"""The DLLs that a wheel for Windows may count on."""

from __future__ import annotations

import pytest

from cratewheel.audit.windows import is_provided


@pytest.mark.parametrize(
    "name",
    [
        "KERNEL32.dll", "kernel32.DLL", "python3.dll", "python312.dll", "python313t.dll", "python313t_d.dll",
        "python312_d.dll", "libpypy3.11-c.dll", "python-native.dll", "api-ms-win-crt-runtime-l1-1-0.dll",
        "ext-ms-win-x.dll", "VCRUNTIME140.dll", "vcruntime140_1.dll", "msvcp140.dll", "ucrtbase.dll", "ucrtbased.dll",
        "bcrypt.dll", "ws2_32.dll", "combase.dll", "shcore.dll", "D3D12.dll", "dcomp.dll", "d3dcompiler_47.dll",
    ],
)  # fmt: skip
def test_what_windows_and_the_interpreter_bring(name: str) -> None:
    assert [is_provided(name, arch) for arch in ("x86_64", "x86", "aarch64")] == [True, True, True]


@pytest.mark.parametrize(
    "name",
    [
        "libgcc_s_seh-1.dll", "python.dll", "pythons312.dll", "python312x.dll", "python٣.dll", "vcruntime.dll",
        "api-ms.dll", "zlib1.dll", "kernel32", "combase", "d3dcompiler_48.dll", "my-api-ms-win.dll", "libpypy-c.so",
    ],
)  # fmt: skip
def test_what_windows_does_not_have_is_not_provided(name: str) -> None:
    assert not is_provided(name, "x86_64")
    assert not is_provided(name, "no such processor")
