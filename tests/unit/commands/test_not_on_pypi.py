"""Generated files say how to install cratewheel today; with the first release, remove this file."""

from __future__ import annotations

import pytest

from cratewheel.commands import not_on_pypi
from cratewheel.commands.ci_plan import header
from cratewheel.commands.new import Backend, Choices, files


@pytest.mark.parametrize(("backend", "says"), [("cratewheel", True), ("maturin", False)])
def test_the_readme_of_a_new_project_says_how_to_install_its_backend(backend: Backend, says: bool) -> None:
    written = files(Choices(name="shout", kind="pyo3", backend=backend))
    texts = {path.as_posix(): text for path, text in written}
    assert f"python -m pip install {backend} pytest\n" in texts["README.md"]
    assert texts["README.md"].endswith(not_on_pypi.README) is says


def test_a_file_for_ci_says_it_in_its_first_lines() -> None:
    assert header("cratewheel generate-ci github") == (
        "# Written by cratewheel. To write it again:\n#\n#     cratewheel generate-ci github\n#\n"
        "# cratewheel is not on PyPI yet. Until it is, put its wheel into the folder wheels/ of the repository, and "
        "set the\n# variable PIP_FIND_LINKS to wheels for all jobs.\n\n"
    )
