from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cratewheel.audit.check import (
    AuditReport,
    Finding,
    check,
    check_together,
    explain,
    external_libraries,
    forced_by,
    lowest_policy,
)
from cratewheel.audit.model import Binary, Symbol, SymbolVersion
from cratewheel.audit.policy import load
from cratewheel.errors import AuditError
from cratewheel.targets.triples import parse
from watchdog import within

GNU = parse("x86_64-unknown-linux-gnu")
MUSL = parse("x86_64-unknown-linux-musl")


def binary(
    *needed: str,
    symbols: tuple[str, ...] = (),
    weak: tuple[str, ...] = (),
    versions: tuple[str, ...] = (),
    arch: str = "x86_64",
    bits: int = 64,
) -> Binary:
    """A library: `symbols` are `name` or `name@VERSION@library`; `versions`, `VERSION@library`, have no symbols."""
    undefined = [_symbol(text, weak=False) for text in symbols] + [_symbol(text, weak=True) for text in weak]
    asked = [
        SymbolVersion(library=symbol.library, version=symbol.version)
        for symbol in undefined
        if symbol.version and symbol.library
    ]
    asked += [SymbolVersion(version=text.split("@")[0], library=text.split("@")[1]) for text in versions]
    return Binary(
        format="elf",
        arch=arch,
        bits=bits,
        little_endian=True,
        needed=needed,
        versions=tuple(dict.fromkeys(asked)),
        undefined=tuple(undefined),
    )


def _symbol(text: str, *, weak: bool) -> Symbol:
    name, version, library = (*text.split("@"), None, None)[:3]
    return Symbol(name=name or "", weak=weak, version=version, library=library)


MODERN = binary(
    "libc.so.6",
    "ld-linux-x86-64.so.2",
    symbols=(
        "memcpy@GLIBC_2.14@libc.so.6",
        "pthread_join@GLIBC_2.34@libc.so.6",
        "pthread_create@GLIBC_2.34@libc.so.6",
        "stat@GLIBC_2.33@libc.so.6",
        "__tls_get_addr@GLIBC_2.3@ld-linux-x86-64.so.2",
    ),
)


def test_the_tag_is_the_oldest_policy_that_has_every_version() -> None:
    report = lowest_policy(MODERN, GNU)
    assert (report.policy, report.external, report.links_libpython) == ("manylinux_2_34", (), None)


def test_the_report_says_which_symbols_force_the_tag() -> None:
    assert explain(lowest_policy(MODERN, GNU)) == (
        "not manylinux_2_31: it needs GLIBC_2.34 (pthread_create, pthread_join) of libc.so.6",
        "not manylinux_2_31: it needs GLIBC_2.33 (stat) of libc.so.6",
    )


def test_the_reasons_against_each_older_policy_are_kept() -> None:
    report = lowest_policy(binary("libc.so.6", symbols=("secure_getenv@GLIBC_2.17@libc.so.6",)), GNU)
    assert report == AuditReport(
        policy="manylinux_2_17",
        findings=tuple(
            Finding(
                policy=policy,
                kind="version",
                library="libc.so.6",
                version="GLIBC_2.17",
                symbols=("secure_getenv",),
            )
            for policy in ("manylinux_2_5", "manylinux_2_12")
        ),
    )
    assert forced_by(report) == report.findings[1:]


def test_a_file_that_asks_for_nothing_meets_the_oldest_policy_and_nothing_forces_it() -> None:
    report = lowest_policy(binary(), GNU)
    assert report == AuditReport(policy="manylinux_2_5")
    assert (explain(report), forced_by(report)) == ((), ())


@pytest.mark.parametrize(
    ("triple", "arch", "bits", "policy"),
    [
        ("aarch64-unknown-linux-gnu", "aarch64", 64, "manylinux_2_17"),
        ("riscv64gc-unknown-linux-gnu", "riscv64", 64, "manylinux_2_31"),
        ("loongarch64-unknown-linux-gnu", "loongarch64", 64, "manylinux_2_36"),
        ("i686-unknown-linux-gnu", "x86", 32, "manylinux_2_5"),
        ("armv7-unknown-linux-gnueabihf", "arm", 32, "manylinux_2_17"),
        ("armv7-unknown-linux-gnueabi", "arm", 32, "linux"),
        ("arm-unknown-linux-gnueabihf", "arm", 32, "linux"),
        ("mips64el-unknown-linux-gnuabi64", "mips64el", 64, "linux"),
        ("x86_64-unknown-linux-gnux32", "x86_64", 32, "linux"),
        ("aarch64-unknown-linux-ohos", "aarch64", 64, "linux"),
        ("armv7-unknown-linux-musleabihf", "arm", 32, "musllinux_1_2"),
        ("powerpc64-unknown-linux-musl", "powerpc64", 64, "linux"),
    ],
)
def test_each_target_has_its_own_oldest_policy(triple: str, arch: str, bits: int, policy: str) -> None:
    assert lowest_policy(binary(arch=arch, bits=bits), parse(triple)) == AuditReport(policy=policy)


def test_a_version_newer_than_every_policy_makes_the_tag_linux_and_says_why() -> None:
    report = lowest_policy(binary("libc.so.6", symbols=("future@GLIBC_2.99@libc.so.6",)), GNU)
    newest = load("manylinux")[-1].name
    assert report.policy == "linux"
    assert explain(report) == (f"not {newest}: it needs GLIBC_2.99 (future) of libc.so.6",)


def test_a_version_that_no_symbol_uses_counts_as_well() -> None:
    report = lowest_policy(binary("libc.so.6", versions=("GLIBC_ABI_DT_RELR@libc.so.6",)), GNU)
    assert report.policy == "manylinux_2_36"
    assert explain(report) == ("not manylinux_2_35: it needs GLIBC_ABI_DT_RELR of libc.so.6",)


def test_an_unknown_namespace_of_a_promised_library_is_refused() -> None:
    assert lowest_policy(binary("libc.so.6", versions=("LIBFOO_1.0@libc.so.6",)), GNU).policy == "linux"


def test_a_black_listed_symbol_of_a_needed_library_forces_a_newer_policy() -> None:
    report = lowest_policy(binary("libc.so.6", symbols=("__cxa_thread_atexit_impl@GLIBC_2.2.5@libc.so.6",)), GNU)
    assert report.policy == "manylinux_2_24"
    assert explain(report) == ("not manylinux_2_17: it uses __cxa_thread_atexit_impl, which not every libc.so.6 has",)


def test_a_black_listed_symbol_does_not_count_when_it_is_weak_or_its_library_is_not_needed() -> None:
    assert lowest_policy(binary("libc.so.6", weak=("__cxa_thread_atexit_impl",)), GNU).policy == "manylinux_2_5"
    assert lowest_policy(binary("libm.so.6", symbols=("gzflags",)), GNU).policy == "manylinux_2_5"
    assert lowest_policy(binary("libz.so.1", symbols=("gzflags",)), GNU).policy == "linux"


def test_libraries_that_are_not_promised_are_listed_without_changing_the_tag() -> None:
    report = lowest_policy(
        binary(
            "libssl.so.3",
            "libc.so.6",
            "libz.so.1",
            symbols=("SSL_read@OPENSSL_3.0.0@libssl.so.3", "memcpy@GLIBC_2.14@libc.so.6"),
        ),
        GNU,
    )
    assert (report.policy, report.external) == ("manylinux_2_17", ("libssl.so.3",))
    assert explain(report) == (
        "not manylinux_2_12: it needs GLIBC_2.14 (memcpy) of libc.so.6",
        "libssl.so.3 is not on every system of manylinux_2_17",
    )


@pytest.mark.parametrize("libc", ["libc.so", "libc.musl-x86_64.so.1"])
def test_musl_under_either_of_its_names_meets_musllinux(libc: str) -> None:
    assert lowest_policy(binary(libc, "ld-musl-x86_64.so.1"), MUSL) == AuditReport(policy="musllinux_1_2")


def test_symbol_versions_do_not_matter_to_musllinux_but_black_listed_symbols_do() -> None:
    versioned = binary("libc.so", "libz.so.1", versions=("ZLIB_1.2.9@libz.so.1",))
    assert lowest_policy(versioned, MUSL) == AuditReport(policy="musllinux_1_2")
    assert lowest_policy(binary("libc.so", "libz.so.1", symbols=("gzflags",)), MUSL).policy == "linux"


def test_a_libgcc_on_musl_must_be_brought_along() -> None:
    report = lowest_policy(binary("libc.musl-x86_64.so.1", "libgcc_s.so.1", versions=("GCC_3.0@libgcc_s.so.1",)), MUSL)
    assert (report.policy, report.external) == ("musllinux_1_2", ("libgcc_s.so.1",))


def test_the_c_library_of_other_systems_is_never_one_to_bring_along() -> None:
    report = lowest_policy(binary("libc.so.6", symbols=("memcpy@GLIBC_2.14@libc.so.6",)), MUSL)
    assert (report.policy, report.external) == ("linux", ())
    assert explain(report) == ("not musllinux_1_2: it is linked to libc.so.6, which is the C library of other systems",)
    with pytest.raises(AuditError) as caught:
        check(binary("libc.so"), "manylinux_2_17", MUSL, name="x.so")
    assert caught.value.message == (
        "x.so does not fit manylinux_2_17: it is linked to libc.so, which is the C library of other systems"
    )
    assert caught.value.hint == (
        "the file fits musllinux_1_2: use --compatibility musllinux_1_2, or compile for a target "
        "with the right C library"
    )


def test_a_static_program_may_carry_manylinux_and_musllinux() -> None:
    static = binary()
    assert check(static, "manylinux_2_17", MUSL).policy == "manylinux_2_17"
    assert check(static, "musllinux_1_2", MUSL).policy == "musllinux_1_2"


def test_the_policy_asked_for_is_reported_with_its_libraries_and_a_better_one() -> None:
    needs_2_24 = binary("libc.so.6", "libssl.so.3", symbols=("quick_exit@GLIBC_2.24@libc.so.6",))
    assert check(needs_2_24, "manylinux_2_28", GNU) == AuditReport(
        policy="manylinux_2_28", external=("libssl.so.3",), better="manylinux_2_24"
    )
    assert check(needs_2_24, "manylinux_2_24", GNU).better is None


def test_no_policy_is_recommended_that_rustc_cannot_link_for() -> None:
    assert check(binary("libc.so.6"), "manylinux_2_28", GNU).better == "manylinux_2_17"
    assert check(binary("libc.so.6"), "manylinux_2_17", GNU).better is None
    assert check(binary("libc.so"), "musllinux_1_1", MUSL).better is None


def test_linux_asks_for_nothing() -> None:
    assert check(MODERN, "linux", GNU) == AuditReport(policy="linux")
    assert check(binary("libpython3.11.so.1.0"), "linux", GNU).links_libpython == "libpython3.11.so.1.0"


def test_a_policy_that_is_missed_is_an_error_that_names_symbols_and_libraries() -> None:
    with pytest.raises(AuditError) as caught:
        check(MODERN, "manylinux_2_17", GNU, name="hello.abi3.so")
    assert caught.value.message == (
        "hello.abi3.so does not fit manylinux_2_17: it needs GLIBC_2.34 (pthread_create, pthread_join) of libc.so.6; "
        "it needs GLIBC_2.33 (stat) of libc.so.6"
    )
    assert caught.value.notes == ()
    assert caught.value.hint == (
        "it fits manylinux_2_34: use --compatibility manylinux_2_34, or build in a manylinux container or with --zig"
    )


def test_a_long_list_of_reasons_is_in_the_notes() -> None:
    symbols = tuple(f"f{number}@GLIBC_2.34@libc.so.6" for number in range(7))
    symbols += ("a@GLIBC_2.33@libc.so.6", "b@GLIBC_2.32@libc.so.6", "c@GLIBC_2.28@libm.so.6", "d@GLIBC_2.99@libm.so.6")
    with pytest.raises(AuditError) as caught:
        check(binary("libc.so.6", "libm.so.6", symbols=symbols), "manylinux_2_17", GNU, name="x.so")
    assert caught.value.message == "x.so does not fit manylinux_2_17"
    assert caught.value.notes == (
        "it needs GLIBC_2.99 (d) of libm.so.6",
        "it needs GLIBC_2.28 (c) of libm.so.6",
        "it needs GLIBC_2.34 (f0, f1, f2, f3, f4, …) of libc.so.6",
        "it needs GLIBC_2.33 (a) of libc.so.6",
        "it needs GLIBC_2.32 (b) of libc.so.6",
    )
    assert caught.value.hint == (
        "build in a manylinux container or with --zig, or use --compatibility linux for this machine alone"
    )


@pytest.mark.parametrize(
    ("policy", "triple", "arch", "message"),
    [
        ("manylinux_2_29", "x86_64-unknown-linux-gnu", "x86_64", "there is no policy manylinux_2_29 for x86_64"),
        ("manylinux_2_12", "aarch64-unknown-linux-gnu", "aarch64", "there is no policy manylinux_2_12 for aarch64"),
        ("musllinux_1_9", "x86_64-unknown-linux-musl", "x86_64", "there is no policy musllinux_1_9 for x86_64"),
        (
            "manylinux_2_17",
            "armv7-unknown-linux-gnueabi",
            "arm",
            "manylinux_2_17 needs hard floating point, which armv7-unknown-linux-gnueabi does not use",
        ),
    ],
)
def test_a_policy_that_cannot_be_is_refused(policy: str, triple: str, arch: str, message: str) -> None:
    target = parse(triple)
    with pytest.raises(AuditError) as caught:
        check(binary(arch=arch, bits=target.pointer_width), policy, target)
    assert caught.value.message == message
    assert caught.value.hint


@pytest.mark.parametrize(
    "library",
    ["libpython3.11.so.1.0", "libpython3.13td.so.1.0", "libpython3.so", "libpython3.7m.so.1.0", "libpypy3.10-c.so"],
)
def test_a_module_must_not_link_libpython_but_a_program_may(library: str) -> None:
    linked = binary("libc.so.6", library)
    with pytest.raises(AuditError) as caught:
        check(linked, "manylinux_2_28", GNU, name="x.so")
    assert caught.value.message == (
        f"x.so is linked to {library}, but the interpreter that loads an extension module already provides it"
    )
    assert caught.value.hint == "turn on the feature `extension-module` of pyo3 (or of cpython)"
    with pytest.raises(AuditError, match=f"is linked to {library}, but the interpreter that loads"):
        lowest_policy(linked, GNU, name="x.so")
    report = lowest_policy(linked, GNU, libpython_allowed=True)
    assert report == AuditReport(policy="manylinux_2_5", links_libpython=library)
    assert explain(report) == (f"it is linked to {library}",)


@pytest.mark.parametrize(
    ("other", "described"),
    [
        (binary(arch="aarch64"), "an ELF file for aarch64 (64 bits)"),
        (binary(bits=32), "an ELF file for x86_64 (32 bits)"),
        (replace(binary(), format="pe"), "a PE file for x86_64 (64 bits)"),
    ],
)
def test_a_file_for_another_machine_is_refused(other: Binary, described: str) -> None:
    with pytest.raises(AuditError) as caught:
        lowest_policy(other, GNU, name="x.so")
    assert caught.value.message == f"x.so is {described}, which is not what x86_64-unknown-linux-gnu says"


LIBRARIES = st.sampled_from(["libc.so.6", "libm.so.6", "libz.so.1", "libssl.so.3", "libstdc++.so.6"])
VERSIONS = st.sampled_from(["GLIBC_2.5", "GLIBC_2.17", "GLIBC_2.34", "GLIBCXX_3.4.30", "ZLIB_1.2.9", "FOO_1"])


@given(st.lists(LIBRARIES, max_size=4), st.lists(st.tuples(VERSIONS, LIBRARIES), max_size=5))
def test_the_lowest_policy_is_met_and_every_older_one_is_not(needed: list[str], asked: list[tuple[str, str]]) -> None:
    some = binary(*needed, versions=tuple(f"{version}@{library}" for version, library in asked))
    report = lowest_policy(some, GNU)
    older = [p.name for p in load("manylinux") if p.name != report.policy]
    if report.policy != "linux":
        assert check(some, report.policy, GNU).external == report.external
        older = [p.name for p in load("manylinux")][: [p.name for p in load("manylinux")].index(report.policy)]
    for policy in older:
        with pytest.raises(AuditError):
            check(some, policy, GNU)


def test_all_files_that_miss_a_policy_are_named_with_the_one_that_they_all_meet() -> None:
    old = binary("libc.so.6", symbols=("read@GLIBC_2.2.5@libc.so.6",))
    newer = binary("libc.so.6", symbols=("pow@GLIBC_2.29@libc.so.6",))
    with pytest.raises(AuditError) as raised:
        check_together({"old.so": old, "libnew-1.so": MODERN, "libnewer-2.so": newer}, "manylinux_2_17", GNU)
    assert raised.value.message == (
        "libnew-1.so does not fit manylinux_2_17: it needs GLIBC_2.34 (pthread_create, pthread_join) of libc.so.6; "
        "it needs GLIBC_2.33 (stat) of libc.so.6"
    )
    assert raised.value.notes == ("libnewer-2.so does not fit manylinux_2_17: it needs GLIBC_2.29 (pow) of libc.so.6",)
    assert raised.value.hint is not None
    assert raised.value.hint.startswith("it fits manylinux_2_34: use --compatibility manylinux_2_34")


def test_files_that_meet_a_policy_are_reported_each() -> None:
    old, external = binary("libc.so.6"), binary("libfoo.so.1")
    reports = check_together({"old.so": old, "module.so": external}, "manylinux_2_28", GNU)
    assert {name: (report.policy, report.external, report.better) for name, report in reports.items()} == {
        "old.so": ("manylinux_2_28", (), "manylinux_2_17"),
        "module.so": ("manylinux_2_28", ("libfoo.so.1",), "manylinux_2_17"),
    }


@pytest.mark.parametrize("digits", [5, 4300, 5000, 100_000])
def test_a_version_may_have_any_number_of_digits(digits: int) -> None:
    """`int` refuses more than 4300 of them."""
    new, newer = f"GLIBC_2.{'7' * digits}", f"GLIBC_2.{'8' * digits}"
    found = binary("libc.so.6", versions=tuple(f"{version}@libc.so.6" for version in (new, "GLIBC_2.9999", newer)))
    report = lowest_policy(found, GNU)
    assert report.policy == "linux"
    oldest = [finding.version for finding in report.findings if finding.policy == report.findings[0].policy]
    assert oldest == [newer, new, "GLIBC_2.9999"]


@pytest.mark.parametrize(
    ("versions", "ordered"),
    [
        (("9.2.9", "9.2.17", "9.2.1"), ("9.2.17", "9.2.9", "9.2.1")),
        (("9.x", "9.1", "9"), ("9.1", "9.x", "9")),
        (("9.007", "9.08", "9.", "9.٣"), ("9.٣", "9.08", "9.007", "9.")),
    ],
)
def test_reasons_are_listed_from_the_newest_version_on(versions: tuple[str, ...], ordered: tuple[str, ...]) -> None:
    report = lowest_policy(binary("libc.so.6", versions=tuple(f"GLIBC_{one}@libc.so.6" for one in versions)), GNU)
    assert tuple(finding.version for finding in forced_by(report)) == tuple(f"GLIBC_{one}" for one in ordered)


def test_many_versions_of_many_symbols_take_linear_time() -> None:
    symbols = tuple(f"s{number}@GLIBC_9.{number}@libc.so.6" for number in range(10_000))
    found = binary("libc.so.6", symbols=symbols)
    report = within(60, lambda: lowest_policy(found, GNU))
    assert (report.policy, len(forced_by(report))) == ("linux", 10_000)
    with pytest.raises(AuditError) as caught:
        within(60, lambda: check(found, "manylinux_2_17", GNU))
    assert (len(caught.value.notes), caught.value.notes[-1]) == (21, "and 9980 more")


NEEDED = Binary(
    format="elf",
    arch="x86_64",
    bits=64,
    little_endian=True,
    needed=("libc.so.6", "libssl.so.3", "ld-linux-x86-64.so.2", "libpython3.12.so.1.0", "libm.so.6", "libz.so.1"),
    delayed=(),
)


@pytest.mark.parametrize(
    ("triple", "needed", "delayed", "expected"),
    [
        ("x86_64-unknown-linux-gnu", NEEDED.needed, (), ("libssl.so.3",)),
        ("x86_64-unknown-linux-musl", ("libc.so", "libssl.so.3", "libpython3.12.so"), (), ("libssl.so.3",)),
        (
            "aarch64-apple-darwin",
            (
                "/usr/lib/libSystem.B.dylib",
                "/System/Library/Frameworks/Security.framework/Versions/A/Security",
                "/opt/homebrew/lib/libssl.3.dylib",
                "@rpath/libx.dylib",
                "/Library/Frameworks/Python.framework/Versions/3.12/Python",
                "@rpath/libpython3.12.dylib",
            ),
            (),
            ("/opt/homebrew/lib/libssl.3.dylib", "@rpath/libx.dylib"),
        ),
        (
            "x86_64-pc-windows-msvc",
            ("KERNEL32.dll", "zlib1.dll", "python3.dll"),
            ("zlib1.dll", "late.dll"),
            ("zlib1.dll", "late.dll"),
        ),
    ],
)
def test_external_libraries_are_those_that_not_every_system_has(
    triple: str, needed: tuple[str, ...], delayed: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    binary = replace(NEEDED, needed=needed, delayed=delayed)
    assert external_libraries(binary, parse(triple)) == expected
