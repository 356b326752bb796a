"""Headers are given to cffi as a compiler for C99 sees them."""

from __future__ import annotations

import pytest

from cratewheel.bindings.header import declarations_in_c99

SIZED_ENUM = """\
enum Color
#if __STDC_VERSION__ >= 202311L
  : uint8_t
#endif // __STDC_VERSION__ >= 202311L
 {
  Red,
};
#if __STDC_VERSION__ >= 202311L
typedef enum Color Color;
#else
typedef uint8_t Color;
#endif // __STDC_VERSION__ >= 202311L
"""


def test_a_sized_enum_is_what_it_was_before_c23() -> None:
    assert declarations_in_c99(SIZED_ENUM) == "enum Color\n {\n  Red,\n};\ntypedef uint8_t Color;\n"


@pytest.mark.parametrize(
    ("condition", "first"),
    [
        ("#if __STDC_VERSION__ >= 202311L", False),
        ("# if (__STDC_VERSION__ < 202311)", True),
        ("#if __STDC_VERSION__ == 199901L /* C99 */", True),
        ("#if defined(__STDC_VERSION__) && __STDC_VERSION__ > 201710L", False),
        ("#if __STDC_VERSION__ <= 199901L", True),
        ("#if __STDC_VERSION__ <= 199900L", False),
        ("#if __STDC_VERSION__ < 199901L", False),
        ("#if __STDC_VERSION__ >= 199901L", True),
        ("#if __STDC_VERSION__ > 199901L", False),
        ("#if __STDC_VERSION__ != 199901L", False),
        ("#ifdef __cplusplus", False),
        ("#ifndef __cplusplus // C", True),
        ("#if defined(__cplusplus)", False),
        ("#if !defined(__cplusplus)", True),
        ("#if __cplusplus", False),
        ("#if 0", False),
    ],
)
def test_conditions_that_are_known(condition: str, first: bool) -> None:
    assert declarations_in_c99(f"{condition}\nint a;\n#else\nint b;\n#endif\n") == ("int a;\n" if first else "int b;\n")


@pytest.mark.parametrize(
    "text",
    [
        "#if defined(_WIN32)\nint a;\n#elif X\nint b;\n#else\nint c;\n#endif\n",
        "#define A 1\nint a;\n#endif\n",
        "#else\n",
    ],
)
def test_what_is_not_known_is_left_to_cffi(text: str) -> None:
    assert declarations_in_c99(text) == text


def test_conditions_within_conditions() -> None:
    text = (
        "#ifdef __cplusplus\n#if X\nint a;\n#endif\n#elif __STDC_VERSION__ >= 199901L\n#if X\nint b;\n#endif\n#endif\n"
    )
    assert declarations_in_c99(text) == "#if X\nint b;\n#endif\n"


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (("if 0", "elif 1", "elif 1", "else"), "1"),
        (("if 0", "elif 0", "elif 1", "else"), "2"),
        (("if 0", "elif 0", "else"), "2"),
        (("if 1", "elif 1", "else"), "0"),
        (("if 0", "elif X", "else"), "1"),
    ],
)
def test_the_first_branch_that_is_true_is_the_only_one(conditions: tuple[str, ...], expected: str) -> None:
    text = "".join(f"#{condition}\n{number}\n" for number, condition in enumerate(conditions))
    assert declarations_in_c99(f"{text}#endif\n") == f"{expected}\n"
