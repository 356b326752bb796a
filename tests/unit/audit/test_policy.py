from __future__ import annotations

import itertools

import pytest

from cratewheel.audit.policy import Family, find, is_known, load, names
from cratewheel.targets.platform_tags import LEGACY_ALIASES, parse_compatibility

FAMILIES: tuple[Family, ...] = ("manylinux", "musllinux")


def test_the_policies_are_loaded_from_the_oldest_on() -> None:
    assert [policy.name for policy in load("musllinux")] == ["musllinux_1_1", "musllinux_1_2"]
    manylinux = [policy.name for policy in load("manylinux")]
    assert manylinux[:6] == [
        "manylinux_2_5",
        "manylinux_2_12",
        "manylinux_2_17",
        "manylinux_2_24",
        "manylinux_2_26",
        "manylinux_2_27",
    ]
    assert manylinux == sorted(manylinux, key=lambda name: int(name.rpartition("_")[2]))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_newer_policy_allows_all_that_an_older_one_allows(family: Family) -> None:
    for older, newer in itertools.pairwise(load(family)):
        assert older.lib_whitelist <= newer.lib_whitelist
        for arch, namespaces in older.symbol_versions.items():
            if arch == "ppc64":  # it ends with manylinux_2_17
                continue
            for namespace, versions in namespaces.items():
                assert versions <= newer.symbol_versions[arch][namespace], (newer.name, arch, namespace)


def test_old_names_are_those_of_the_tags() -> None:
    aliases = {alias: policy.name for family in FAMILIES for policy in load(family) for alias in policy.aliases}
    assert aliases == LEGACY_ALIASES
    assert [parse_compatibility(alias) for alias in aliases] == list(aliases.values())


@pytest.mark.parametrize(
    ("policy", "arch", "there"),
    [
        ("linux", "vax", True),
        ("manylinux_2_5", "x86_64", True),
        ("manylinux_2_5", "aarch64", False),
        ("manylinux_2_17", "ppc64", True),
        ("manylinux_2_24", "ppc64", False),
        ("manylinux_2_29", "x86_64", False),
        ("manylinux_2_31", "riscv64", True),
        ("manylinux_2_36", "loongarch64", True),
        ("musllinux_1_1", "loongarch64", False),
        ("musllinux_1_2", "loongarch64", True),
        ("musllinux_1_3", "x86_64", False),
        ("pypi", "x86_64", False),
    ],
)
def test_a_policy_is_known_for_some_processors(policy: str, arch: str, there: bool) -> None:
    assert is_known(policy, arch) is there
    assert policy == "linux" or (policy in (*names("manylinux", arch), *names("musllinux", arch))) is there


@pytest.mark.parametrize(
    ("policy", "arch", "version", "allowed"),
    [
        ("manylinux_2_17", "x86_64", "GLIBC_2.17", True),
        ("manylinux_2_17", "x86_64", "GLIBC_2.18", False),
        ("manylinux_2_17", "aarch64", "GLIBC_2.18", True),
        ("manylinux_2_17", "x86_64", "GLIBC_PRIVATE", False),
        ("manylinux_2_35", "x86_64", "GLIBC_ABI_DT_RELR", False),
        ("manylinux_2_36", "x86_64", "GLIBC_ABI_DT_RELR", True),
        ("manylinux_2_24", "x86_64", "CXXABI_FLOAT128", True),
        ("manylinux_2_17", "x86_64", "LIBFOO_1.0", False),
        ("manylinux_2_17", "x86_64", "GLIBC", False),
        ("manylinux_2_12", "i686", "GCC_4.5.0", True),
        ("manylinux_2_12", "x86_64", "GCC_4.5.0", False),
        ("musllinux_1_2", "x86_64", "ZLIB_1.2.9", True),
    ],
)
def test_a_symbol_version_is_looked_up_by_processor(policy: str, arch: str, version: str, allowed: bool) -> None:
    rules = find(policy)
    assert rules is not None
    assert rules.allows_version(version, arch) is allowed


@pytest.mark.parametrize(
    ("policy", "arch", "library", "allowed"),
    [
        ("manylinux_2_5", "x86_64", "libc.so.6", True),
        ("manylinux_2_5", "x86_64", "libexpat.so.1", False),
        ("manylinux_2_12", "x86_64", "libexpat.so.1", True),
        ("manylinux_2_17", "x86_64", "libmvec.so.1", False),
        ("manylinux_2_24", "x86_64", "libmvec.so.1", True),
        ("manylinux_2_17", "x86_64", "libc.so", False),
        ("musllinux_1_2", "x86_64", "libc.so", True),
        ("musllinux_1_2", "x86_64", "libc.musl-x86_64.so.1", True),
        ("musllinux_1_2", "x86_64", "libc.musl-x86.so.1", False),
        ("musllinux_1_2", "i686", "libc.musl-x86.so.1", True),
        ("musllinux_1_2", "armv7l", "libc.musl-armv7.so.1", True),
        ("musllinux_1_2", "x86_64", "libgcc_s.so.1", False),
        ("musllinux_1_2", "x86_64", "libz.so.1", True),
    ],
)
def test_a_policy_promises_libraries(policy: str, arch: str, library: str, allowed: bool) -> None:
    rules = find(policy)
    assert rules is not None
    assert rules.allows_library(library, arch) is allowed
