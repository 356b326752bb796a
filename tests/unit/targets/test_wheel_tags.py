from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.tags import parse_tag
from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename

from cratewheel.errors import UsageError
from cratewheel.targets.wheel_tags import (
    WheelTag,
    data_dir_name,
    dist_info_name,
    normalise_distribution,
    sdist_stem,
    wheel_file_name,
)

PART = st.lists(st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True), min_size=1, max_size=3).map(tuple)
TAGS = st.builds(WheelTag, python=PART, abi=PART, platform=PART)
NAMES = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,10}[A-Za-z0-9])?", fullmatch=True)


@given(TAGS)
def test_a_tag_reads_back_as_it_was_written(tag: WheelTag) -> None:
    assert WheelTag.parse(str(tag)) == tag


@given(TAGS)
def test_expanded_tags_are_those_of_packaging(tag: WheelTag) -> None:
    assert set(tag.expanded()) == {str(single) for single in parse_tag(str(tag))}


def test_expanded_tags_keep_the_order_of_the_parts() -> None:
    assert WheelTag.parse("cp37.cp38-abi3-manylinux2014_x86_64.manylinux_2_17_x86_64").expanded() == (
        "cp37-abi3-manylinux2014_x86_64",
        "cp37-abi3-manylinux_2_17_x86_64",
        "cp38-abi3-manylinux2014_x86_64",
        "cp38-abi3-manylinux_2_17_x86_64",
    )


@pytest.mark.parametrize(
    "text", ["", "py3", "py3-none", "py3-none-any-more", "py3--any", "py3.-none-any", "py3-none-a/b"]
)
def test_text_of_another_shape_is_no_tag(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        WheelTag.parse(text)
    assert caught.value.message == f"'{text}' is not a wheel tag"


@given(NAMES)
def test_a_name_in_a_file_name_is_still_the_same_project(name: str) -> None:
    escaped = normalise_distribution(name)
    assert canonicalize_name(escaped) == canonicalize_name(name)
    assert "-" not in escaped
    assert "." not in escaped


@given(NAMES, st.sampled_from(["1.0", "1!2.0", "1.0rc1", "1.0+local.1", "0.1.dev3"]))
def test_packaging_reads_our_file_names(name: str, version: str) -> None:
    tag = WheelTag.parse("cp310-abi3-manylinux2014_x86_64.manylinux_2_17_x86_64")
    distribution, found, build, tags = parse_wheel_filename(wheel_file_name(name, version, tag))
    assert (distribution, str(found), build) == (canonicalize_name(name), version, ())
    assert {str(single) for single in tags} == set(tag.expanded())
    distribution, found = parse_sdist_filename(f"{sdist_stem(name, version)}.tar.gz")
    assert (distribution, str(found)) == (canonicalize_name(name), version)


def test_folders_in_a_wheel_are_named_after_the_escaped_name() -> None:
    assert dist_info_name("Foo.Bar_baz", "1.0") == "foo_bar_baz-1.0.dist-info"
    assert data_dir_name("Foo.Bar_baz", "1.0") == "foo_bar_baz-1.0.data"
