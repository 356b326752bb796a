"""Finds the system package of a library, as a package URL (https://github.com/package-url/purl-spec)."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from cratewheel.errors import MissingToolError
from cratewheel.system.command import Command, capture


def package_url(library: Path, environ: Mapping[str, str], *, root: Path = Path("/")) -> str | None:
    """Return the package URL of the package that installed `library`, or None."""
    system = _os_release(root / "etc/os-release")
    distribution = system.get("ID", "linux")
    words = {"distro": f"{distribution}-{system['VERSION_ID']}"} if "VERSION_ID" in system else {}
    # Debian keeps what was moved from /lib to /usr/lib under its old name
    for path in dict.fromkeys((str(library), str(library).removeprefix("/usr"))):
        found = _ask(("dpkg-query", "--search", path), environ)
        if found:
            package = found.partition(": ")[0].partition(",")[0]
            shown = _ask(
                ("dpkg-query", "--show", "--showformat", "${Package} ${Version} ${Architecture}", package), environ
            )
            if shown:
                name, version, arch = shown.split(" ")
                return _purl("deb", distribution, name, version, {"arch": arch, **words})
    shown = _ask(("rpm", "-q", "--queryformat", "%{NAME} %{VERSION}-%{RELEASE} %{ARCH}", "-f", str(library)), environ)
    if shown and shown.count(" ") == 2:
        name, version, arch = shown.split(" ")
        return _purl("rpm", distribution, name, version, {"arch": arch, **words})
    shown = _ask(("apk", "info", "--who-owns", str(library)), environ)
    if shown:  # "/usr/lib/libssl.so.3 is owned by libssl3-3.1.4-r5"
        name, version, release = shown.rpartition(" ")[2].rsplit("-", 2)
        return _purl("apk", distribution, name, f"{version}-{release}", words)
    return None


def _purl(kind: str, namespace: str, name: str, version: str, words: Mapping[str, str]) -> str:
    qualifiers = "&".join(f"{key}={quote(value, safe='.-')}" for key, value in sorted(words.items()))
    return f"pkg:{kind}/{namespace}/{quote(name, safe='')}@{quote(version, safe='.-')}" + (
        f"?{qualifiers}" if qualifiers else ""
    )


def _ask(argv: tuple[str, ...], environ: Mapping[str, str]) -> str:
    try:
        done = capture(Command(argv=argv), environ)
    except MissingToolError:
        return ""
    return done.stdout.strip().partition("\n")[0] if done.status == 0 else ""


def _os_release(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {key: "".join(shlex.split(value)) for key, _, value in pairs}
