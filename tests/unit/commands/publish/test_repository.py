"""Which repository files go to."""

from __future__ import annotations

from pathlib import Path

import pytest

from cratewheel.commands.publish.repository import Repository, choose, read_pypirc
from cratewheel.errors import ConfigError, UsageError
from cratewheel.options.publishing import PublishOptions

PYPI = Repository(
    url="https://upload.pypi.org/legacy/", simple_urls=("https://pypi.org/simple/",), origin="[pypi] of ~/.pypirc"
)


def test_pypi_is_where_files_go_when_nothing_is_said() -> None:
    assert choose(PublishOptions(), {}) == PYPI


@pytest.mark.parametrize("url", ["https://upload.pypi.org/legacy/", "https://upload.pypi.org/legacy"])
def test_the_last_slash_of_pypis_address_may_be_missing(url: str) -> None:
    assert choose(PublishOptions(repository_url=url), {}).url == "https://upload.pypi.org/legacy/"


def test_a_section_of_pypirc_has_the_address_and_the_credentials() -> None:
    pypirc = {"work": {"repository": "https://index.work/legacy/", "username": "ann", "password": "s3cret"}}
    assert choose(PublishOptions(repository="work"), pypirc) == Repository(
        url="https://index.work/legacy/",
        simple_urls=("https://index.work/simple/", "https://index.work/legacy/simple/"),
        username="ann",
        password="s3cret",
        origin="[work] of ~/.pypirc",
    )


def test_the_known_names_need_no_address_in_pypirc() -> None:
    found = choose(PublishOptions(repository="testpypi"), {"testpypi": {"username": "__token__", "password": "t"}})
    assert (found.url, found.username, found.password) == ("https://test.pypi.org/legacy/", "__token__", "t")


def test_an_address_outranks_a_name_and_the_section_of_that_name() -> None:
    options = PublishOptions(repository="work", repository_url="http://localhost:8080")
    pypirc = {"work": {"repository": "https://index.work/legacy/", "username": "ann", "password": "s3cret"}}
    assert choose(options, pypirc) == Repository(
        url="http://localhost:8080/",
        simple_urls=("http://localhost:8080/simple/", "http://localhost:8080/+simple/"),
        origin="--repository-url or MATURIN_REPOSITORY_URL",
    )


@pytest.mark.parametrize(
    ("address", "section", "known"),
    [
        ("https://test.pypi.org/legacy", "testpypi", {}),
        ("https://index.work/x/", "work", {"repository": "https://index.work/x"}),
        ("https://index.work/x", "work", {"repository": "https://index.work/x/"}),
        ("https://index.work/x", None, {"repository": "https://index.work/xy"}),
        ("https://index.work/x", None, {"repository": "http://index.work/x"}),
    ],
)
def test_an_address_has_the_credentials_of_its_section(
    address: str, section: str | None, known: dict[str, str]
) -> None:
    pypirc = {section or "work": {**known, "username": "ann", "password": "secret"}}
    for options in (PublishOptions(repository_url=address), PublishOptions(repository=address)):
        found = choose(options, pypirc)
        assert (found.username, found.password) == (("ann", "secret") if section else (None, None))


def test_a_section_without_an_address_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"^the section \[work\] of ~/.pypirc names no repository$"):
        choose(PublishOptions(repository="work"), {"work": {"username": "ann", "repository": ""}})


def test_an_address_may_stand_where_the_name_does() -> None:
    assert choose(PublishOptions(repository="https://index.work/x"), {}).url == "https://index.work/x"


def test_user_and_password_leave_the_address() -> None:
    found = choose(PublishOptions(repository_url="https://ann:p%40ss@index.work:8443/x"), {})
    assert (found.url, found.username, found.password) == ("https://index.work:8443/x", "ann", "p@ss")
    assert "p@ss" not in repr(found)


def test_check_url_is_where_the_simple_api_is() -> None:
    options = PublishOptions(repository_url="https://index.work/x", check_url="https://index.work/+s/")
    assert choose(options, {}).simple_urls == ("https://index.work/+s/",)


def test_an_unknown_name_is_an_error_with_the_nearest_one() -> None:
    with pytest.raises(UsageError, match="no repository `testpipy`") as caught:
        choose(PublishOptions(repository="testpipy"), {"work": {}})
    assert caught.value.hint == "did you mean `testpypi`?"


@pytest.mark.parametrize("url", ["upload.pypi.org", "ftp://x/y", "https://", "http://[x", "http://a:b:c@d:e"])
def test_what_is_no_address_is_an_error_that_does_not_show_it(url: str) -> None:
    with pytest.raises(
        UsageError, match="the repository's address, from --repository-url or MATURIN_REPOSITORY_URL, is no URL"
    ):
        choose(PublishOptions(repository_url=url), {})


def test_pypirc_is_read_from_the_home_directory_and_a_percent_sign_is_one(tmp_path: Path) -> None:
    (tmp_path / ".pypirc").write_text("[pypi]\nusername = ann\npassword = 100%sure\n")
    assert read_pypirc({"HOME": str(tmp_path)}) == {"pypi": {"username": "ann", "password": "100%sure"}}


def test_no_pypirc_has_no_sections(tmp_path: Path) -> None:
    assert read_pypirc({"HOME": str(tmp_path)}) == {}
    assert read_pypirc({}) == {}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[pypi]\nusername = ann\npypi-s3cret\n", "line 3: it is neither `name = value` nor a section"),
        ("username = ann\npassword = s3cret\n", "line 1: there is no section before it"),
        ("[mine\npassword = s3cret\n", "line 1: there is no section before it"),
        ("[a]\npassword = s3cret\nPassword = s3cret\n", "line 3: [a] has a second `password`"),
        ("[a]\npassword = s3cret\n[b]\n[a]\n", "line 4: there is a second section [a]"),
    ],
)
def test_a_wrong_pypirc_is_an_error_that_shows_no_line_of_it(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / ".pypirc").write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_pypirc({"HOME": str(tmp_path)})
    assert caught.value.message == f"{tmp_path / '.pypirc'}, {fault}"
    assert caught.value.__cause__ is None
