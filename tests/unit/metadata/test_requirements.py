from __future__ import annotations

import pytest
from packaging.requirements import InvalidRequirement, Requirement

from cratewheel.metadata.requirements import specifiers, written

CASES = {
    "foo": "foo",
    "Foo.Bar_Baz[Ex_A,b]>=1.0,<2,!=1.5": "foo-bar-baz[ex-a,b]>=1.0,!=1.5,<2",
    "foo (>=1,<2)": "foo>=1,<2",
    "foo[]": "foo",
    "foo==1.*": "foo==1.*",
    "foo ~= 1.0": "foo~=1.0",
    "foo===weird,>=1": "foo>=1,===weird",
    "foo>=1.0.0.post1,==1.0-alpha1": "foo==1.0a1,>=1.0.0.post1",
    "foo>=1.0,==1.0.*": "foo>=1.0,==1.0.*",
    "foo @ https://example.com/a;b.whl": "foo @ https://example.com/a;b.whl",
    "foo[x] @ git+https://example.com/x.git@main ; python_version < '3.9'": (
        "foo[x] @ git+https://example.com/x.git@main ; python_full_version < '3.9'"
    ),
    "foo ; python_version < '3.9' or python_version >= '3.9'": "foo",
    "foo>=1;os_name=='a,b'": "foo>=1 ; os_name == 'a,b'",
}


@pytest.mark.parametrize(("requirement", "normal"), CASES.items(), ids=CASES)
def test_a_requirement_has_one_spelling(requirement: str, normal: str) -> None:
    assert written(requirement) == normal
    assert written(normal) == normal
    assert str(Requirement(normal).specifier) == str(Requirement(requirement).specifier) or "alpha" in requirement


def test_a_requirement_of_an_extra_is_needed_with_it_only() -> None:
    assert written("foo>=1", extra="x") == "foo>=1 ; extra == 'x'"
    assert written("foo; os_name == 'nt'", extra="x") == "foo ; os_name == 'nt' and extra == 'x'"


@pytest.mark.parametrize("text", ["foo bar", "", "foo>=", "foo; python_versio < '3'", "foo[", "https://example.com"])
def test_what_is_no_requirement_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequirement):
        written(text)


def test_specifiers_are_in_the_order_of_their_versions() -> None:
    assert specifiers(">=3.9, !=3.9.0,!=3.9.1,<4,>=3.08") == (">=3.8", ">=3.9", "!=3.9.0", "!=3.9.1", "<4")
    assert specifiers("") == ()
