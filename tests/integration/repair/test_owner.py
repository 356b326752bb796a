"""Which package of the system a library came from."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from urllib.parse import unquote

import pytest

from cratewheel.repair.owner import package_url

LIBRARY = Path("/usr/lib/x86_64-linux-gnu/libssl.so.3")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "etc").mkdir()
    (tmp_path / "bin").mkdir()
    return tmp_path


def told(root: Path, release: str = "", **programs: str) -> str | None:
    """Return the URL where the system has these programs, each a shell script."""
    if release:
        (root / "etc/os-release").write_text(release, encoding="utf-8")
    for name, text in programs.items():
        path = root / "bin" / name.replace("_", "-")
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)
    return package_url(LIBRARY, {"PATH": str(root / "bin")}, root=root)


DPKG = """
case "$1 $2 $3" in
"--search /lib/x86_64-linux-gnu/libssl.so.3 ") echo "libssl3:amd64: $2" ;;
"--show --showformat "*) printf "libssl3 1:3.0.11-1~deb12u2 amd64" ;;
*) echo "no path found" >&2; exit 1 ;;
esac
"""


def test_debian(root: Path) -> None:
    release = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n'
    assert told(root, release, dpkg_query=DPKG) == (
        "pkg:deb/debian/libssl3@1%3A3.0.11-1~deb12u2?arch=amd64&distro=debian-12"
    )


def test_fedora(root: Path) -> None:
    rpm = f'for last; do :; done\n[ "$last" = {LIBRARY} ] && echo openssl-libs 3.1.1-4.fc39 x86_64'
    assert told(root, "ID=fedora\nVERSION_ID=39\n", rpm=rpm) == (
        "pkg:rpm/fedora/openssl-libs@3.1.1-4.fc39?arch=x86_64&distro=fedora-39"
    )
    assert told(root, rpm='echo "file is not owned by any package"; exit 1') is None


def test_alpine(root: Path) -> None:
    apk = 'echo "$3 is owned by libssl3-3.1.4-r5"'
    assert told(root, "ID=alpine\nVERSION_ID=3.19.1\n", apk=apk) == (
        "pkg:apk/alpine/libssl3@3.1.4-r5?distro=alpine-3.19.1"
    )


def test_a_library_that_no_package_brought(root: Path) -> None:
    assert told(root, "ID=debian\n", dpkg_query="exit 1") is None
    assert told(root) is None


def test_this_machine() -> None:
    libraries = sorted(Path("/usr/lib").glob("*-linux-gnu/libz.so.1"))
    if not shutil.which("dpkg-query") or not libraries:
        pytest.skip("this is no Debian")
    url = package_url(Path(os.path.realpath(libraries[0])), os.environ)
    assert url is not None
    assert unquote(url).startswith(("pkg:deb/debian/zlib1g@1:", "pkg:deb/ubuntu/zlib1g@1:"))
