"""The manylinux and musllinux policies: the libraries and symbol versions that a wheel may rely on.

The data is that of auditwheel (see NOTICE), the figures behind PEP 600 and PEP 656. `scripts/refresh_policies.py`
brings it up to date.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

Family = Literal["manylinux", "musllinux"]

# what Alpine and others call musl, by the processor as `uname -m` says it
_MUSL_NAMES = {"armv6l": "armhf", "armv7l": "armv7", "i686": "x86"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy.

    `priority` is higher the more systems a wheel runs on. `symbol_versions` are the versions that may be asked for, by
    processor (as `uname -m` says it) and namespace: `["x86_64"]["GLIBC"]` has `2.17`; a processor that is not in it has
    no such policy. `lib_whitelist` are the libraries that every system has, `blacklist` the symbols of them that not
    every one has.
    """

    name: str
    aliases: tuple[str, ...]
    priority: int
    symbol_versions: Mapping[str, Mapping[str, frozenset[str]]]
    lib_whitelist: frozenset[str]
    blacklist: Mapping[str, frozenset[str]]

    def allows_library(self, library: str, arch: str) -> bool:
        """Return whether every system of the policy has `library`."""
        if self.name.startswith("musllinux") and is_musl_libc(library):
            # linkers write musl's own file name; the distributions' linkers write their soname
            return library in {"libc.so", f"libc.musl-{_MUSL_NAMES.get(arch, arch)}.so.1"}
        return library in self.lib_whitelist

    def allows_version(self, version: str, arch: str) -> bool:
        """Return whether every system of the policy has the symbol version, such as `GLIBC_2.17`.

        An unknown namespace is not allowed, but musllinux has none at all: musl's loader asks for no versions.
        """
        namespaces = self.symbol_versions[arch]
        if not namespaces:
            return True
        namespace, _, number = version.partition("_")
        return number in namespaces.get(namespace, frozenset())


def is_musl_libc(library: str) -> bool:
    """Return whether this is a name of the musl C library.

    >>> is_musl_libc("libc.musl-x86_64.so.1"), is_musl_libc("libc.so.6")
    (True, False)
    """
    return library == "libc.so" or library.startswith("libc.musl-")


@functools.cache  # a data file of ours, which does not change while we run
def load(family: Family) -> tuple[Policy, ...]:
    """Return the policies of a family, oldest (most compatible) first."""
    path = Path(__file__).with_name(f"{family}-policy.json")
    entries = json.loads(path.read_text(encoding="utf-8"))
    policies = (_policy(entry) for entry in entries if entry["name"] != "linux")
    return tuple(sorted(policies, key=lambda policy: -policy.priority))


def _policy(entry: Mapping[str, Any]) -> Policy:
    return Policy(
        name=entry["name"],
        aliases=tuple(entry["aliases"]),
        priority=entry["priority"],
        symbol_versions={
            arch: {namespace: frozenset(versions) for namespace, versions in namespaces.items()}
            for arch, namespaces in entry["symbol_versions"].items()
        },
        lib_whitelist=frozenset(entry["lib_whitelist"]),
        blacklist={library: frozenset(symbols) for library, symbols in entry["blacklist"].items()},
    )


def find(name: str) -> Policy | None:
    """Return the policy with this canonical name, or None.

    >>> find("manylinux_2_17").aliases
    ('manylinux2014',)
    """
    family: Family = "musllinux" if name.startswith("musllinux") else "manylinux"
    return next((policy for policy in load(family) if policy.name == name), None)


def is_known(name: str, arch: str) -> bool:
    """Return whether a policy exists for a processor (named as in `uname -m`); `linux` always does.

    >>> is_known("manylinux_2_12", "x86_64"), is_known("manylinux_2_12", "aarch64")
    (True, False)
    """
    if name == "linux":
        return True
    policy = find(name)
    return policy is not None and arch in policy.symbol_versions


def names(family: Family, arch: str) -> tuple[str, ...]:
    """Return the policies that exist for a processor, oldest first.

    >>> names("musllinux", "loongarch64")
    ('musllinux_1_2',)
    """
    return tuple(policy.name for policy in load(family) if arch in policy.symbol_versions)
