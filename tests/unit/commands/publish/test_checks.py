"""What a repository would refuse, and what it gets."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest
from packaging.metadata import RawMetadata

import uploads
from cratewheel.commands.publish.checks import check, classifier_problems, render_problem
from cratewheel.commands.publish.distribution import read_archive


def problems(path: Path, *, pypi: bool = True) -> list[str]:
    return list(check(read_archive(path), pypi=pypi).problems)


def metadata(*lines: str, without: str = "") -> str:
    """Return the metadata with more lines, and without those that begin in this way."""
    head, _, text = uploads.METADATA.partition("\n\n")
    kept = [line for line in head.splitlines() if not without or not line.startswith(without)]
    return "\n".join([*kept, *lines]) + f"\n\n{text}"


def test_a_good_wheel_and_a_good_sdist_have_no_problems(tmp_path: Path) -> None:
    for path in (uploads.wheel(tmp_path), uploads.sdist(tmp_path)):
        found = check(read_archive(path), pypi=True)
        assert (found.problems, found.warnings, found.project, found.version) == ((), (), "demo", "1.0")


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("linux_x86_64", "PyPI refuses the tag linux_x86_64: build with --compatibility pypi, or with --zig"),
        ("freebsd_14_0_release_amd64", "PyPI refuses the tag freebsd_14_0_release_amd64"),
        ("musllinux_1_2_ppc64", "PyPI refuses the tag musllinux_1_2_ppc64"),
        ("macosx_12_1_arm64", "PyPI refuses the tag macosx_12_1_arm64"),
    ],
)
def test_tags_that_pypi_refuses(tmp_path: Path, tag: str, said: str) -> None:
    path = uploads.wheel(tmp_path, tag=f"cp312-cp312-{tag}")
    assert problems(path) == [said]
    assert problems(path, pypi=False) == []


@pytest.mark.parametrize("tag", ["linux_armv7l", "win_arm64", "macosx_11_0_universal2", "android_24_x86_64"])
def test_tags_that_pypi_takes(tmp_path: Path, tag: str) -> None:
    assert problems(uploads.wheel(tmp_path, tag=f"cp312-cp312-{tag}")) == []


def test_elsewhere_a_linux_tag_is_a_warning(tmp_path: Path) -> None:
    found = check(read_archive(uploads.wheel(tmp_path, tag="cp312-cp312-linux_x86_64")), pypi=False)
    assert found.warnings == ("PyPI would refuse it for its tag linux_x86_64",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (metadata(without="Name"), "'name' is a required field"),
        (metadata("Version: 1.x", without="Version"), "'1.x' is invalid for 'version'"),
        (metadata(f"Version: 1.{'9' * 5001}", without="Version"), "a number in its Version, Requires-Python"),
        (metadata(f"Requires-Dist: a>1.{'9' * 5001}"), "a number in its Version, Requires-Python"),
        (metadata("Requires-Python: three", without="Requires-Python"), "'three' is invalid for 'requires-python'"),
        (metadata("License-Expression: Free", without="License-Expression"), "'license-expression'"),
        (metadata("Colour: red"), "the field colour is unknown, or malformed"),
        (metadata("Version: 1.0+local", without="Version"), "PyPI takes no local version such as 1.0+local"),
        (metadata("Requires-Dist: x @ https://e.org/x.whl"), "PyPI refuses the direct reference `x @ https://e.org/x.whl`"),
        (metadata("Classifier: Private :: Do Not Upload"), "keeps it out of PyPI, as it is meant to"),
        (metadata(f"Summary: {'x' * 513}", without="Summary"), "its summary has more than 512 characters"),
        (metadata("Project-URL: Mail, mailto:x@y"), "the URL Mail must begin with https:// or http://"),
        (metadata("License-File: COPYING"), "its License-File COPYING is not in the archive"),
        (metadata("Description-Content-Type: text/html", without="Description-Content"), "text/html"),
        (metadata("Version: 1.1", without="Version"), "its name says version 1.0, its metadata 1.1"),
        (metadata("Name: other", without="Name"), "its name says demo, its metadata other"),
    ],
)  # fmt: skip
def test_metadata_that_is_refused(tmp_path: Path, text: str, said: str) -> None:
    assert any(said in problem for problem in problems(uploads.wheel(tmp_path, metadata=text)))
    assert any(said in problem for problem in problems(uploads.sdist(tmp_path, metadata=text)))


def test_a_wheel_whose_files_contradict_each_other(tmp_path: Path) -> None:
    path = uploads.wheel(tmp_path, inside="cp311-cp311-win32", record="demo/__init__.py,,\ngone.py,,\n")
    assert problems(path) == [
        "its name has the tags cp312-cp312-manylinux_2_17_x86_64, its WHEEL file cp311-cp311-win32",
        "demo-1.0.dist-info/METADATA is not in its RECORD",
        "demo-1.0.dist-info/RECORD is not in its RECORD",
        "demo-1.0.dist-info/WHEEL is not in its RECORD",
        "demo-1.0.dist-info/licenses/LICENSE is not in its RECORD",
        "gone.py of its RECORD is not there",
    ]


def test_the_tags_of_a_name_may_stand_in_any_order(tmp_path: Path) -> None:
    tag = "cp312-cp312-manylinux2014_x86_64.manylinux_2_17_x86_64"
    lines = "cp312-cp312-manylinux_2_17_x86_64\nTag: cp312-cp312-manylinux2014_x86_64"
    assert problems(uploads.wheel(tmp_path, tag=tag, inside=lines)) == []


def test_an_sdist_without_metadata_or_with_files_outside_of_its_folder(tmp_path: Path) -> None:
    assert problems(uploads.sdist(tmp_path, members=["other/x"])) == ["other/x is not in its top folder demo-1.0"]
    path = uploads.sdist(tmp_path).rename(tmp_path / "demo-2.0.tar.gz")
    assert problems(path) == ["it does not have PKG-INFO in its top folder"]


def test_a_file_name_without_a_version_is_no_wheels_name(tmp_path: Path) -> None:
    path = uploads.wheel(tmp_path).rename(tmp_path / "demo-cp312-cp312-win32.whl")
    assert any("its name is not one of a wheel" in problem for problem in problems(path))


def test_a_standard_modules_name_and_a_missing_readme_are_odd(tmp_path: Path) -> None:
    text = uploads.METADATA.replace("Name: demo", "Name: statistics").partition("\n\n")[0] + "\n\n"
    found = check(read_archive(uploads.wheel(tmp_path, metadata=text, name="statistics-1.0")), pypi=True)
    assert found.problems == ()
    assert found.warnings == (
        "it has no description: add `readme` to pyproject.toml or Cargo.toml",
        "PyPI makes no new project with the name of a standard module, statistics",
    )


def test_a_readme_that_cannot_be_shown(tmp_path: Path) -> None:
    pytest.importorskip("readme_renderer")
    text = metadata("Description-Content-Type: text/x-rst", without="Description-Content").replace(
        "# demo", ".. raw:: x"
    )
    found = check(read_archive(uploads.wheel(tmp_path, metadata=text)), pypi=True)
    said = render_problem(found.raw)
    assert said is not None
    assert said.startswith("PyPI could not show its description: ")
    assert render_problem(check(read_archive(uploads.wheel(tmp_path)), pypi=True).raw) is None


def test_licence_files_in_older_metadata_do_not_count(tmp_path: Path) -> None:
    text = metadata("License-File: COPYING", without="License-Expression").replace("2.4", "2.1")
    found = check(read_archive(uploads.wheel(tmp_path, metadata=text)), pypi=True)
    assert (found.problems, found.raw.get("license_files")) == ((), None)


def test_classifiers_that_pypi_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    known = types.ModuleType("trove_classifiers")
    vars(known).update(classifiers={"A :: B"}, deprecated_classifiers={"Old": ["A :: B"], "Older": []})
    monkeypatch.setitem(sys.modules, "trove_classifiers", known)
    raw: RawMetadata = {"classifiers": ["A :: B", "Old", "Older", "New", "Private :: X"]}
    assert list(classifier_problems(raw)) == [
        "the classifier `Old` is deprecated: use A :: B",
        "the classifier `Older` is deprecated",
        "PyPI does not know the classifier `New`",
    ]
    monkeypatch.setitem(sys.modules, "trove_classifiers", None)
    assert list(classifier_problems(raw)) == []
