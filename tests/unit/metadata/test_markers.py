from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker

from cratewheel.metadata.markers import normalise

CASES = {
    "": "",
    'python_version < "3.9"': "python_full_version < '3.9'",
    'python_version <= "3.9"': "python_full_version < '3.10'",
    'python_version > "3.9"': "python_full_version >= '3.10'",
    'python_version >= "3.9.1"': "python_full_version >= '3.10'",
    'python_version < "3.9.1"': "python_full_version < '3.10'",
    'python_version == "3.9"': "python_full_version == '3.9.*'",
    'python_version != "3.9"': "python_full_version != '3.9.*'",
    'python_version === "3.9"': "python_full_version == '3.9.*'",
    'python_version == "3.9.1"': "python_version < '0'",
    'python_version != "3.9.1"': "",
    'python_version == "3.*"': "python_full_version >= '3' and python_full_version < '4'",
    'python_version ~= "3.8"': "python_full_version >= '3.8' and python_full_version < '4'",
    'python_full_version ~= "3.8.2"': "python_full_version >= '3.8.2' and python_full_version < '3.9'",
    'python_version >= "3"': "python_full_version >= '3'",
    'python_version < "4.0"': "python_full_version < '4'",
    'python_version in "3.8 3.9"': "python_full_version >= '3.8' and python_full_version < '3.10'",
    'python_version not in "3.8 3.9"': "python_full_version < '3.8' or python_full_version >= '3.10'",
    '"3.8" <= python_version': "python_full_version >= '3.8'",
    'python_full_version == "3.9.7"': "python_full_version == '3.9.7'",
    'python_full_version > "3.9.7"': "python_full_version > '3.9.7'",
    'python_version < "0"': "python_version < '0'",
    'python_version >= "0.0"': "",
    'implementation_version >= "7.3"': "implementation_version >= '7.3'",
    'sys_platform == "win32" and python_version >= "3.8"': ("python_full_version >= '3.8' and sys_platform == 'win32'"),
    'sys_platform == "win32" or python_version >= "3.8"': "sys_platform == 'win32' or python_full_version >= '3.8'",
    '(sys_platform == "win32" or platform_machine == "x86_64") and python_version < "3.10"': (
        "(python_full_version < '3.10' and sys_platform == 'win32') or "
        "(python_full_version < '3.10' and platform_machine == 'x86_64')"
    ),
    'sys_platform != "win32" and sys_platform != "emscripten"': (
        "sys_platform != 'emscripten' and sys_platform != 'win32'"
    ),
    'python_version < "3.9" or python_version >= "3.9"': "",
    'python_version < "3.9" and python_version > "3.9"': "python_version < '0'",
    '"linux" in sys_platform': "'linux' in sys_platform",
    'sys_platform not in "win32 cygwin"': "sys_platform not in 'win32 cygwin'",
    '"win32" == sys_platform': "sys_platform == 'win32'",
    '"m" < sys_platform': "sys_platform > 'm'",
    'os_name == "it\'s"': 'os_name == "it\'s"',
    'os.name == "nt" and python_implementation == "CPython"': (
        "os_name == 'nt' and platform_python_implementation == 'CPython'"
    ),
    'extra == "Foo_Bar" or extra != "a"': "extra == 'foo-bar' or extra != 'a'",
    'python_version in "3.8, 3.9"': "python_version in '3.8, 3.9'",
    'sys_platform ~= "linux"': "sys_platform ~= 'linux'",
    'python_version >= "abc" or os_name == "nt"': "python_version >= 'abc' or os_name == 'nt'",
    'python_version >= "abc" or python_version >= "def"': "python_version >= 'abc' or python_version >= 'def'",
    '(python_version >= "abc" or os_name == "nt") and extra == "x"': (
        "(extra == 'x' and python_version >= 'abc') or (os_name == 'nt' and extra == 'x')"
    ),
}


@pytest.mark.parametrize(("marker", "normal"), CASES.items(), ids=CASES)
def test_equal_markers_are_written_alike(marker: str, normal: str) -> None:
    assert normalise(marker) == normal


def test_an_extra_is_asked_last() -> None:
    assert normalise('sys_platform == "win32" or os_name == "nt"', extra="x") == (
        "(sys_platform == 'win32' and extra == 'x') or (os_name == 'nt' and extra == 'x')"
    )


def test_a_very_long_marker_stays_as_it_is() -> None:
    marker = " or ".join(f'os_name == "{number}"' for number in range(17))
    assert normalise(marker) == marker
    assert normalise(marker, extra="x") == f"({marker}) and extra == 'x'"


VERSIONS = ("3.7", "3.8", "3.9", "3.10", "3", "4")
NAMES = ("linux", "win32", "darwin")
OPERATORS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])


def comparisons() -> st.SearchStrategy[str]:
    quoted_versions = st.sampled_from([f'"{version}"' for version in VERSIONS])
    quoted_names = st.sampled_from([f'"{name}"' for name in NAMES])
    strings = st.sampled_from(["sys_platform", "os_name", "platform_machine"])
    return st.one_of(
        st.tuples(st.just("python_version"), OPERATORS, quoted_versions).map(" ".join),
        st.tuples(quoted_versions, OPERATORS, st.just("python_version")).map(" ".join),
        st.tuples(st.just("python_full_version"), OPERATORS, quoted_versions).map(" ".join),
        st.tuples(strings, st.sampled_from(["==", "!="]), quoted_names).map(" ".join),
        st.tuples(quoted_names, st.sampled_from(["in", "not in"]), strings).map(" ".join),
        st.tuples(st.just("extra"), st.just("=="), st.sampled_from(['"a"', '"b"'])).map(" ".join),
    )


MARKERS = st.recursive(
    comparisons(),
    lambda inner: st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: f"({' '.join(parts)})"),
    max_leaves=6,
)


def environments() -> st.SearchStrategy[dict[str, str]]:
    releases = st.sampled_from(["3.7.0", "3.7.3", "3.8.1", "3.9.0", "3.9.18", "3.10.2", "4.0.0"])
    names = st.sampled_from([*NAMES, "other", "linux2"])

    def environment(release: str, sys_platform: str, os_name: str, machine: str, extra: str) -> dict[str, str]:
        return {
            "implementation_name": "cpython",
            "implementation_version": release,
            "os_name": os_name,
            "platform_machine": machine,
            "platform_release": "",
            "platform_system": "",
            "platform_version": "",
            "python_full_version": release,
            "platform_python_implementation": "CPython",
            "python_version": ".".join(release.split(".")[:2]),
            "sys_platform": sys_platform,
            "extra": extra,
        }

    return st.builds(environment, releases, names, names, names, st.sampled_from(["a", "b", ""]))


@given(MARKERS, environments())
def test_the_normal_form_means_the_same(marker: str, environment: dict[str, str]) -> None:
    normal = normalise(marker)
    assert (not normal or Marker(normal).evaluate(environment)) == Marker(marker).evaluate(environment)


@given(MARKERS)
def test_the_normal_form_of_a_normal_form_is_itself(marker: str) -> None:
    assert normalise(normalise(marker)) == normalise(marker)


@given(MARKERS, MARKERS)
def test_the_order_of_the_parts_does_not_matter(one: str, other: str) -> None:
    assert normalise(f"{one} and {other}") == normalise(f"{other} and {one}")
    assert normalise(f"{one} or {other}") == normalise(f"{other} or {one}")
