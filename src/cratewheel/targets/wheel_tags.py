"""Wheel tags and the names of wheels, sdists and their folders."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from cratewheel.errors import UsageError

_TAG_WORD = r"(?a)\w+"


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelTag:
    """A compressed tag set (PEP 425): each part is one or several values, joined with dots.

    >>> str(WheelTag(python=("cp310",), abi=("abi3",), platform=("manylinux2014_x86_64", "manylinux_2_17_x86_64")))
    'cp310-abi3-manylinux2014_x86_64.manylinux_2_17_x86_64'
    """

    python: tuple[str, ...]
    abi: tuple[str, ...]
    platform: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> WheelTag:
        """Return the tag in `text`; raises `UsageError` unless it has three parts.

        >>> WheelTag.parse("py2.py3-none-any").python
        ('py2', 'py3')
        """
        parts = [tuple(part.split(".")) for part in text.split("-")]
        if len(parts) != 3 or not all(re.fullmatch(_TAG_WORD, word) for part in parts for word in part):
            raise UsageError(f"'{text}' is not a wheel tag", hint="write it like cp312-cp312-manylinux_2_17_x86_64")
        python, abi, platform = parts
        return cls(python=python, abi=abi, platform=platform)

    def __str__(self) -> str:
        return "-".join(".".join(part) for part in (self.python, self.abi, self.platform))

    def expanded(self) -> tuple[str, ...]:
        """Return each single tag of the set, for the `Tag` lines of WHEEL.

        >>> WheelTag.parse("py2.py3-none-any").expanded()
        ('py2-none-any', 'py3-none-any')
        """
        return tuple("-".join(words) for words in itertools.product(self.python, self.abi, self.platform))


def normalise_distribution(name: str) -> str:
    """Return a project's name as in file names (binary distribution format, "Escaping and Unicode").

    >>> normalise_distribution("Foo.Bar_baz--qux")
    'foo_bar_baz_qux'
    """
    return re.sub(r"[-_.]+", "_", name).lower()


def _escape_version(version: str) -> str:
    return version.replace("-", "_")


def sdist_stem(name: str, version: str) -> str:
    """Return the name of an sdist without `.tar.gz`, which is also its top folder (PEP 625).

    >>> sdist_stem("Foo.Bar", "1.0rc1")
    'foo_bar-1.0rc1'
    """
    return f"{normalise_distribution(name)}-{_escape_version(version)}"


def wheel_file_name(name: str, version: str, tag: WheelTag) -> str:
    """Return the file name of a wheel.

    >>> wheel_file_name("Foo.Bar", "1.0+local.1", WheelTag.parse("py3-none-any"))
    'foo_bar-1.0+local.1-py3-none-any.whl'
    """
    return f"{sdist_stem(name, version)}-{tag}.whl"


def dist_info_name(name: str, version: str) -> str:
    """Return the name of a wheel's `.dist-info` folder.

    >>> dist_info_name("Foo.Bar", "1.0")
    'foo_bar-1.0.dist-info'
    """
    return f"{sdist_stem(name, version)}.dist-info"


def data_dir_name(name: str, version: str) -> str:
    """Return the name of a wheel's `.data` folder, for scripts, headers and data.

    >>> data_dir_name("Foo.Bar", "1.0")
    'foo_bar-1.0.data'
    """
    return f"{sdist_stem(name, version)}.data"
