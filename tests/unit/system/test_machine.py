"""The name of the machine, its processors, and the cache folder."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import pytest

from cratewheel.system.machine import cache_dir, host_triple, processors


@pytest.mark.parametrize(
    ("environ", "folder"),
    [
        ({"HOME": "/home/me"}, "/home/me/.cache/cratewheel"),
        ({"HOME": "/home/me", "XDG_CACHE_HOME": "/cache"}, "/cache/cratewheel"),
        ({"HOME": "/home/me", "LOCALAPPDATA": "/cache"}, "/cache/cratewheel"),
        ({"HOME": "/home/me", "XDG_CACHE_HOME": "cache"}, "/home/me/.cache/cratewheel"),
        ({"XDG_CACHE_HOME": "cache", "LOCALAPPDATA": "/cache"}, "/cache/cratewheel"),
        ({"HOME": "."}, None),
        ({"HOME": "home/me"}, None),
        ({"HOME": "~"}, None),
        ({"HOME": "", "XDG_CACHE_HOME": "./cache"}, None),
        ({}, None),
    ],
)
def test_the_cache_is_in_the_first_folder_that_is_absolute(environ: dict[str, str], folder: str | None) -> None:
    assert cache_dir(environ) == (None if folder is None else Path(folder))


@pytest.mark.parametrize(
    ("system", "machine", "libc", "triple"),
    [
        ("darwin", "arm64", "", "aarch64-apple-darwin"),
        ("darwin", "x86_64", "", "x86_64-apple-darwin"),
        ("win32", "AMD64", "", "x86_64-pc-windows-msvc"),
        ("linux", "x86_64", "glibc", "x86_64-unknown-linux-gnu"),
        ("linux", "aarch64", "libc", "aarch64-unknown-linux-musl"),  # what CPython says on musl
        ("linux", "aarch64", "", "aarch64-unknown-linux-musl"),
        ("linux", "armv7l", "glibc", "armv7-unknown-linux-gnueabihf"),
        ("linux", "ppc64le", "glibc", "powerpc64le-unknown-linux-gnu"),
        ("freebsd14", "amd64", "", "x86_64-unknown-freebsd"),
    ],
)
def test_the_triple_of_each_machine(
    system: str, machine: str, libc: str, triple: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(platform, "libc_ver", lambda: (libc, ""))
    monkeypatch.setattr(sys, "platform", system)
    found = host_triple()
    monkeypatch.undo()
    assert found == triple


@pytest.mark.parametrize(("count", "found"), [(10, 10), (None, 1)])
def test_macos_has_no_affinity_and_counts_all_processors(
    count: int | None, found: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: count)
    assert processors() == found
