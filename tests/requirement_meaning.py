"""Requirements and version specifiers compared by what they mean, not by how they are written."""

from __future__ import annotations

from itertools import product

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PYTHONS = (*(f"3.{minor}.{patch}" for minor in range(6, 16) for patch in (0, 1, 7)), "2.7.18", "4.0.0")
SYSTEMS = (
    ("linux", "Linux", "posix"), ("win32", "Windows", "nt"), ("darwin", "Darwin", "posix"),
    ("emscripten", "Emscripten", "posix"),
)  # fmt: skip
IMPLEMENTATIONS = (("cpython", "CPython"), ("pypy", "PyPy"))
MACHINES = ("x86_64", "arm64", "x")
EXTRAS = ("", "foo-bar-x", "x", "all")


def meaning(text: str) -> tuple[object, ...]:
    """Return a value that is equal for requirements that ask for the same in each of many environments."""
    requirement = Requirement(text)
    return (
        canonicalize_name(requirement.name),
        frozenset(map(canonicalize_name, requirement.extras)),
        requirement.specifier,
        requirement.url,
        answers(requirement),
    )


def answers(requirement: Requirement) -> tuple[bool, ...]:
    """Return for each environment whether the requirement is needed there."""
    if requirement.marker is None:
        return (True,) * len(ENVIRONMENTS)
    return tuple(requirement.marker.evaluate(environment) for environment in ENVIRONMENTS)


def environments() -> list[dict[str, str]]:
    return [
        {
            "python_version": python.rpartition(".")[0],
            "python_full_version": python,
            "implementation_version": python,
            "sys_platform": sys_platform,
            "platform_system": system,
            "os_name": os_name,
            "implementation_name": implementation,
            "platform_python_implementation": platform_implementation,
            "platform_machine": machine,
            "platform_release": "6.1.0",
            "platform_version": "1",
            "extra": extra,
        }
        for python, (sys_platform, system, os_name), (implementation, platform_implementation), machine, extra in (
            product(PYTHONS, SYSTEMS, IMPLEMENTATIONS, MACHINES, EXTRAS)
        )
    ]


ENVIRONMENTS = environments()
