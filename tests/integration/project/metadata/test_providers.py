"""Providers of metadata, local ones and packages from PyPI, each in a process of its own."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cratewheel.cargo import manifest as cargo_manifest
from cratewheel.errors import ConfigError
from cratewheel.events import CallbackReporter, Event, WarningEvent
from cratewheel.project.metadata import dynamic
from cratewheel.project.metadata.providers import BuildState, Runner
from cratewheel.system import toml

CRATE = '[package]\nname = "p"\nversion = "1.0.0"\n'
PROJECT = {"name": "p", "dynamic": ["version", "description", "readme", "dependencies"]}
LOCAL = 'provider = { path = "scripts", module = "own" }\n'


@dataclass
class Place:
    """A project with a local provider, and the warnings of what ran."""

    root: Path
    events: list[Event] = field(default_factory=list)

    def providers(self, *entries: str) -> tuple[dynamic.Provider, ...]:
        text = "".join(f"[[dynamic-metadata]]\n{entry}\n" for entry in entries)
        return dynamic.read_providers(toml.parse(text)["dynamic-metadata"], self.root / "pyproject.toml")

    def runner(self, state: BuildState = "wheel") -> Runner:
        manifest = cargo_manifest.read(self.root / "Cargo.toml")
        reporter = CallbackReporter(on_event=self.events.append)
        return Runner(folder=self.root, manifest=manifest, environ=os.environ, reporter=reporter, build_state=state)

    def fill(self, *entries: str, state: BuildState = "wheel") -> dict[str, object]:
        found = self.runner(state).resolve(PROJECT, self.providers(*entries))
        return {name: found.project[name] for name in found.providers}

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    @property
    def where(self) -> str:
        return f"tool.dynamic-metadata[0] in {self.root / 'pyproject.toml'}"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    found = Place(root=tmp_path)
    found.write("Cargo.toml", CRATE)
    return found


def needs(package: str) -> None:
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")


def refused(place: Place, entry: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        place.fill(entry)
    return caught.value


def test_a_local_provider_runs_in_the_folder_of_the_project_and_may_print(place: Place) -> None:
    place.write("VERSION", "1.2\n")
    place.write("scripts/helper.py", "def read():\n    return open('VERSION').read().strip()\n")
    place.write(
        "scripts/own.py",
        "import os, sys, warnings\n"
        "import helper\n"
        "def dynamic_metadata(settings, project):\n"
        "    print('noise'); os.system('echo more')\n"
        "    warnings.warn('careful')\n"
        "    return {'version': helper.read() + settings['suffix'], 'description': project['name']}\n",
    )
    assert place.fill(f'{LOCAL}suffix = ".dev1"') == {"version": "1.2.dev1", "description": "p"}
    assert [event.text for event in place.events if isinstance(event, WarningEvent)] == ["own: careful"]


def test_a_class_is_told_the_kind_of_build_and_keeps_it(place: Place) -> None:
    place.write(
        "scripts/own.py",
        "class Provider:\n"
        "    def build_state(self, state):\n"
        "        self.state = state\n"
        "    def dynamic_metadata(self, settings, project):\n"
        "        return {'description': self.state}\n",
    )
    entry = 'provider = { path = "scripts", module = "own:Provider" }'
    assert place.fill(entry, state="metadata_editable") == {"description": "metadata_editable"}


def test_a_local_module_goes_before_an_installed_one_of_its_name(place: Place) -> None:
    place.write("scripts/packaging.py", "def dynamic_metadata(settings, project):\n    return {'version': '7'}\n")
    assert place.fill('provider = { path = "scripts", module = "packaging" }') == {"version": "7"}


def test_what_providers_require_and_which_fields_differ(place: Place) -> None:
    place.write(
        "scripts/own.py",
        "def dynamic_metadata(settings, project): return {}\n"
        "def get_requires_for_dynamic_metadata(settings): return ['a>=1', settings['more']]\n"
        "def dynamic_wheel(settings): return {'dependencies': True, 'readme': False}\n",
    )
    place.write("scripts/broken.py", "import not_there\n")
    broken = 'provider = { path = "scripts", module = "broken" }'
    providers = place.providers(f'{LOCAL}more = "b"', f'{LOCAL}more = "a>=1"', broken, 'provider = "cratewheel.vcs"')
    assert place.runner().requires(providers) == ["a>=1", "b", "vcs-versioning>=2"]
    assert place.runner().wheel_fields(providers[:2]) == ("dependencies", "dependencies")
    place.write("PKG-INFO", "Name: p\nVersion: 3.dev1+local\n")
    assert place.runner().requires(providers[3:]) == []
    assert place.fill('provider = "cratewheel.vcs"') == {"version": "3.dev1+local"}


def test_an_unknown_provider_is_named_with_the_known_ones(place: Place) -> None:
    error = refused(place, 'provider = "nobody.knows"')
    assert error.message == f"nobody.knows, the provider of {place.where}, is not installed"
    assert error.hint == "add the package that has it to `requires` of [build-system], and install it here"
    with pytest.raises(ConfigError):
        place.runner().requires(place.providers('provider = "nobody.knows"'))


def test_a_local_provider_that_is_not_there_or_not_in_the_project(place: Place) -> None:
    error = refused(place, LOCAL)
    assert error.message == f"{place.root / 'scripts'}, provider.path of {place.where}, is not a folder"
    place.write("scripts/other.py", "")
    error = refused(place, LOCAL)
    assert error.message == f"there is no module own in {place.root / 'scripts'}: {place.where} names it"
    error = refused(place, 'provider = { path = "..", module = "own" }')
    assert error.message == f"provider.path of {place.where} is '..', which lies outside of the project"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("raise ValueError('no\\nway')", "{who} failed: ValueError: no\nway"),
        ("raise SystemExit(3)", "{who} failed: SystemExit: 3"),
        ("return {'version': object()}", "{who} failed: TypeError: Object of type object is not JSON serializable"),
        ("import os; os._exit(4)", "{who} ended its process with status 4"),
        ("return None", "{who} returned nothing"),
        ("return {'urls': {}}", "{who} fills urls, which `dynamic` does not list"),
    ],
)
def test_a_provider_that_fails_is_an_error_without_a_traceback(place: Place, code: str, message: str) -> None:
    place.write("scripts/own.py", f"import sys\ndef dynamic_metadata(settings, project):\n    {code}\n")
    error = refused(place, LOCAL)
    assert error.message.replace("own, the provider of " + place.where + ",", "{who}") == message
    assert error.hint
    if "ValueError" in message:
        assert error.notes == (f"in dynamic_metadata, {place.root}/scripts/own.py:3",)


def test_a_provider_that_cannot_be_imported_says_why(place: Place) -> None:
    place.write("scripts/own.py", "import not_there\n")
    error = refused(place, LOCAL)
    assert error.message == f"own, the provider of {place.where}, cannot be imported: No module named 'not_there'"


def test_a_date_in_the_settings_cannot_be_handed_on(place: Place) -> None:
    place.write("scripts/own.py", "")
    error = refused(place, f"{LOCAL}day = 2026-01-01")
    assert error.message == f"{place.where} has a date or a time, which cannot be handed to own"


def test_a_wrong_answer_about_requirements_or_wheel_fields(place: Place) -> None:
    place.write(
        "scripts/own.py",
        "def get_requires_for_dynamic_metadata(settings): return 'a'\n"
        "def dynamic_wheel(settings): return {'version': True}\n",
    )
    with pytest.raises(ConfigError, match=r"does not say what it requires: 'a'$"):
        place.runner().requires(place.providers(LOCAL))
    with pytest.raises(ConfigError, match=r"returned \{'version': True\}$"):
        place.runner().wheel_fields(place.providers(LOCAL))


def test_the_plugins_of_dynamic_metadata_are_used_as_they_are(place: Place) -> None:
    needs("dynamic_metadata")
    place.write("v.py", '__version__ = "4.5"\n')
    assert place.fill(
        'provider = "dynamic_metadata.regex"\nfield = "version"\ninput = "v.py"',
        'provider = "dynamic_metadata.template"\nfield = "description"\nresult = "{project[name]} {project[version]}"',
        'provider = "dynamic_metadata.readme_fragment"\ntext = "# P"',
    ) == {"version": "4.5", "description": "p 4.5", "readme": {"content-type": "text/markdown", "text": "# P"}}
    error = refused(place, 'provider = "dynamic_metadata.regx"')
    assert error.hint == "did you mean `dynamic_metadata.regex`?"


def test_the_providers_of_scikit_build_core_are_used_as_they_are(place: Place) -> None:
    needs("scikit_build_core")
    needs("hatch_fancy_pypi_readme")
    hook = "[tool.hatch.metadata.hooks.fancy-pypi-readme]\n"
    place.write(
        "pyproject.toml", f'{hook}content-type = "text/markdown"\nfragments = [{{ text = "Hi {{project}}" }}]\n'
    )
    place.write("v.py", '__version__ = "4.5"\n')
    entries = (
        'provider = "scikit_build_core.metadata.regex"\nfield = "version"\ninput = "v.py"',
        'provider = "scikit_build_core.metadata.fancy_pypi_readme"',
    )
    assert place.fill(*entries) == {
        "version": "4.5",
        "readme": {"content-type": "text/markdown", "text": "Hi {project}"},
    }
    assert place.runner().requires(place.providers(*entries)) == ["hatch-fancy-pypi-readme>=23.2"]
