"""Whether a repository would take an archive, as far as can be told before the upload."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from typing import cast

from packaging.metadata import Metadata, RawMetadata, parse_email
from packaging.requirements import InvalidRequirement
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion

from cratewheel.commands.publish.distribution import Archive
from cratewheel.errors import CratewheelError
from cratewheel.system.versions import MAX_DIGITS, has_long_number, parse_requirement, parse_version
from cratewheel.targets.platform_tags import pypi_accepts
from cratewheel.targets.wheel_tags import WheelTag

LONGEST_SUMMARY = 512
LONGEST_URL_LABEL = 32
LARGEST_FILE = 100 << 20  # bytes that PyPI takes of a project that has not asked for more
CONTENT_TYPES = ("text/plain", "text/x-rst", "text/markdown")
# Fields of metadata 2.4 and 2.5, which older versions of packaging do not know
NEWER_FIELDS = {
    "license-expression": "license_expression",
    "license-file": "license_files",
    "import-name": "import_names",
    "import-namespace": "import_namespaces",
}
NEWER_VERSIONS = ("2.5", "2.6")  # and these
_RECORDLESS = ("RECORD.jws", "RECORD.p7s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An archive that was checked: its project and version, all metadata, and what is wrong and what is odd."""

    archive: Archive
    project: str
    version: str
    raw: RawMetadata
    problems: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def pyversion(self) -> str:
        """What the upload API calls so: the Python tag of a wheel, `source` for an sdist."""
        return "source" if self.archive.filetype == "sdist" else self.archive.name.split("-")[-3]


def check(archive: Archive, *, pypi: bool) -> Checked:
    """Return the archive with every problem that would keep it out; with `pypi`, by PyPI's own rules too."""
    if archive.metadata is None:
        place = "PKG-INFO in its top folder" if archive.filetype == "sdist" else "one .dist-info/METADATA"
        return _checked(archive, RawMetadata(), [f"it does not have {place}"], [])
    known, unknown = parse_email(archive.metadata)
    if not _at_least(known, (2, 4)):
        # setuptools wrote the field before there was one; indexes ignore it
        known.pop("license_files", None)
        unknown.pop("license-file", None)
    raw = cast("RawMetadata", {**known, **_newer(unknown)})
    problems = [f"the field {name} is unknown, or malformed" for name in sorted(unknown) if name not in NEWER_FIELDS]
    problems += [*_packaging_problems(known), *_name_problems(archive, raw)]
    problems += _wheel_problems(archive) if archive.filetype == "bdist_wheel" else _sdist_problems(archive)
    problems += _licence_problems(archive, raw)
    warnings = list(_description_warnings(raw))
    if pypi:
        problems += [*_pypi_problems(raw), *_tags_refused_by_pypi(archive)]
        warnings += _pypi_warnings(archive, raw)
    elif archive.filetype == "bdist_wheel":
        warnings += [
            f"PyPI would refuse it for its tag {tag}" for tag in _platforms(archive) if tag.startswith("linux_")
        ]
    return _checked(archive, raw, problems, warnings)


def _checked(archive: Archive, raw: RawMetadata, problems: list[str], warnings: list[str]) -> Checked:
    return Checked(
        archive=archive,
        project=canonicalize_name(raw.get("name", "")),
        version=raw.get("version", ""),
        raw=raw,
        problems=tuple(dict.fromkeys(problems)),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _newer(unknown: dict[str, list[str]]) -> dict[str, str | list[str]]:
    """Return the fields that this version of packaging does not know yet."""
    return {
        raw_name: unknown[name][0] if name == "license-expression" else unknown[name]
        for name, raw_name in NEWER_FIELDS.items()
        if name in unknown
    }


def _packaging_problems(raw: RawMetadata) -> Iterator[str]:
    """Yield what `packaging` finds wrong, field by field."""
    from packaging.metadata import ExceptionGroup

    texts = (raw.get("version", ""), raw.get("requires_python", ""), *raw.get("requires_dist", ()))
    if any(map(has_long_number, texts)):
        yield f"a number in its Version, Requires-Python or Requires-Dist has more than {MAX_DIGITS} digits"
        return
    try:
        Metadata.from_raw(raw)
    except ExceptionGroup as group:
        for error in group.exceptions:
            newer = raw.get("metadata_version") in NEWER_VERSIONS and "valid metadata version" in str(error)
            if not newer:
                yield str(error).replace("\n", " ")


def _name_problems(archive: Archive, raw: RawMetadata) -> Iterator[str]:
    """Yield how the file's name does not agree with its metadata."""
    try:
        if archive.filetype == "sdist":
            name, version = parse_sdist_filename(archive.name)
        else:
            name, version, _, _ = parse_wheel_filename(archive.name)
    except (InvalidWheelFilename, InvalidSdistFilename) as error:
        yield f"its name is not one of {'an sdist' if archive.filetype == 'sdist' else 'a wheel'}: {error}"
        return
    if canonicalize_name(raw.get("name", "")) != name:
        yield f"its name says {name}, its metadata {raw.get('name')}"
    try:
        if parse_version(raw.get("version", "")) != version:
            yield f"its name says version {version}, its metadata {raw.get('version')}"
    except InvalidVersion:
        return  # which is told already


def _wheel_problems(archive: Archive) -> Iterator[str]:
    """Yield how the files of a wheel contradict each other."""
    if archive.wheel is None:
        yield "it does not have one .dist-info/WHEEL"
    elif (tags := _name_tags(archive)) is not None and tags != (inside := _wheel_tags(archive.wheel)):
        yield f"its name has the tags {' '.join(sorted(tags))}, its WHEEL file {' '.join(sorted(inside)) or 'none'}"
    if archive.record is None:
        yield "it does not have one .dist-info/RECORD"
        return
    try:
        recorded = {row[0] for row in csv.reader(io.StringIO(archive.record, newline="")) if row}
    except csv.Error as error:
        yield f"its RECORD is no table: {error}"
        return
    members = {name for name in archive.members if name.rpartition("/")[2] not in _RECORDLESS}
    yield from (f"{name} is not in its RECORD" for name in sorted(members - recorded))
    yield from (f"{name} of its RECORD is not there" for name in sorted(recorded - members))
    if len(set(archive.members)) != len(archive.members):
        yield "it has two files of the same name"


def _name_tags(archive: Archive) -> set[str] | None:
    try:
        return set(WheelTag.parse("-".join(archive.name.removesuffix(".whl").split("-")[-3:])).expanded())
    except CratewheelError:
        return None


def _wheel_tags(wheel: str) -> set[str]:
    return {tag.strip() for tag in re.findall(r"(?im)^Tag:(.*)$", wheel)}


def _sdist_problems(archive: Archive) -> Iterator[str]:
    top = archive.name.removesuffix(".tar.gz")
    outside = [name for name in archive.members if not name.startswith(f"{top}/")]
    if outside:
        yield f"{outside[0]} is not in its top folder {top}"


def _licence_problems(archive: Archive, raw: RawMetadata) -> Iterator[str]:
    """Yield the licence files that metadata 2.4 promises and the archive lacks (PEP 639)."""
    for name in raw.get("license_files", ()):
        end = f"/{name}" if archive.filetype == "sdist" else f".dist-info/licenses/{name}"
        if not any(member.endswith(end) for member in archive.members):
            yield f"its License-File {name} is not in the archive"


def _at_least(raw: RawMetadata, version: tuple[int, int]) -> bool:
    found = re.fullmatch(r"(\d{1,9})\.(\d{1,9})", raw.get("metadata_version", ""))
    return found is not None and (int(found[1]), int(found[2])) >= version


def _pypi_problems(raw: RawMetadata) -> Iterator[str]:
    """Yield what PyPI refuses in metadata that is right otherwise."""
    if "+" in raw.get("version", ""):
        yield f"PyPI takes no local version such as {raw['version']}"
    if len(raw.get("summary", "")) > LONGEST_SUMMARY:
        yield f"its summary has more than {LONGEST_SUMMARY} characters"
    for classifier in raw.get("classifiers", ()):
        if classifier.startswith("Private ::"):
            yield f"the classifier `{classifier}` keeps it out of PyPI, as it is meant to"
    yield from (f"PyPI refuses the direct reference `{text}`" for text in _direct(raw))
    for label, url in raw.get("project_urls", {}).items():
        if not label or len(label) > LONGEST_URL_LABEL:
            yield f"the label of the URL {url} must have 1 to {LONGEST_URL_LABEL} characters"
        if not re.match(r"(?i)https?://.", url):
            yield f"the URL {label} must begin with https:// or http://"


def _direct(raw: RawMetadata) -> Iterator[str]:
    for text in (*raw.get("requires_dist", ()), *raw.get("provides_dist", ()), *raw.get("obsoletes_dist", ())):
        try:
            if parse_requirement(text).url is not None:
                yield text
        except InvalidRequirement:  # noqa: PERF203  # of few; which is told already
            continue


def _platforms(archive: Archive) -> list[str]:
    return archive.name.removesuffix(".whl").split("-")[-1].split(".")


def _tags_refused_by_pypi(archive: Archive) -> Iterator[str]:
    if archive.filetype != "bdist_wheel":
        return
    for tag in _platforms(archive):
        if tag.startswith("linux_") and not pypi_accepts(tag):
            yield f"PyPI refuses the tag {tag}: build with --compatibility pypi, or with --zig"
        elif not pypi_accepts(tag):
            yield f"PyPI refuses the tag {tag}"


def _description_warnings(raw: RawMetadata) -> Iterator[str]:
    if not raw.get("description", "").strip():
        yield "it has no description: add `readme` to pyproject.toml or Cargo.toml"
    elif "description_content_type" not in raw:
        yield "its description has no content type: text/x-rst is assumed"


def _pypi_warnings(archive: Archive, raw: RawMetadata) -> Iterator[str]:
    if archive.size > LARGEST_FILE:
        yield f"PyPI takes files beyond {LARGEST_FILE >> 20} MiB only of projects that have asked for it"
    if canonicalize_name(raw.get("name", "")) in {canonicalize_name(name) for name in sys.stdlib_module_names}:
        yield f"PyPI makes no new project with the name of a standard module, {raw['name']}"


def content_type(raw: RawMetadata) -> tuple[str, dict[str, str]]:
    """Return the type of the description and its parameters; `text/x-rst` where metadata does not say.

    >>> content_type({"description_content_type": "text/markdown; charset=UTF-8; variant=GFM"})
    ('text/markdown', {'charset': 'UTF-8', 'variant': 'GFM'})
    """
    message = Message()
    message["content-type"] = raw.get("description_content_type", "text/x-rst")
    parameters = {str(name): str(value) for name, value in (message.get_params() or [])[1:]}
    return message.get_content_type(), parameters


def render_problem(raw: RawMetadata) -> str | None:
    """Return why PyPI could not show the description, or None; the package readme_renderer knows, where it is there."""
    text = raw.get("description", "")
    kind, _ = content_type(raw)
    if kind != "text/x-rst" or not text.strip():
        return None  # any text is Markdown
    try:
        from readme_renderer import rst
    except ImportError:
        return None
    said = io.StringIO()
    if rst.render(text, stream=said) is not None:
        return None
    first = next((line for line in said.getvalue().splitlines() if line.strip()), "it is not reStructuredText")
    return f"PyPI could not show its description: {first}"


def classifier_problems(raw: RawMetadata) -> Iterator[str]:
    """Yield the classifiers that PyPI does not know; the package trove-classifiers does, where it is there."""
    try:
        import trove_classifiers
    except ImportError:
        return
    for classifier in raw.get("classifiers", ()):
        if classifier in trove_classifiers.deprecated_classifiers:
            better = trove_classifiers.deprecated_classifiers[classifier]
            yield f"the classifier `{classifier}` is deprecated{': use ' + ' or '.join(better) if better else ''}"
        elif classifier not in trove_classifiers.classifiers and not classifier.startswith("Private ::"):
            yield f"PyPI does not know the classifier `{classifier}`"
