"""Small projects with hard metadata, each as files by path; `folder` is where the command runs."""

from __future__ import annotations

from dataclasses import dataclass, field

BUILD_SYSTEM = '[build-system]\nrequires = ["maturin>=1,<2"]\nbuild-backend = "maturin"\n'
PROJECT = f'{BUILD_SYSTEM}[project]\nname = "p"\n'
STATIC = f'{PROJECT}version = "1"\n'
CRATE = '[package]\nname = "p"\nversion = "1.0.0"\nedition = "2021"\n'

FULL_CRATE = """\
[package]
name = "My-Pkg_x"
version = "1.0.0-alpha.1+x.y"
edition = "2021"
description = "  A thing\\nof two lines  "
authors = ["Jane Doe <jane@example.com>", "Only Name", "É Ü <e@ü.de>"]
keywords = ["a", "b c"]
categories = ["algorithms"]
homepage = "https://example.org"
repository = "https://example.org/git"
documentation = "https://example.org/docs"
license = "MIT/Apache-2.0"
license-file = "legal/LIC"
readme = "R.md"
"""
FULL_FILES = {"legal/LIC": "lic\n", "R.md": "# hi\r\n\r\nthere é\r\n", "LICENSE": "root\n"}
EVERYTHING_DYNAMIC = (
    'dynamic = ["version", "description", "authors", "maintainers", "keywords", "urls", "license", "classifiers",'
    ' "readme", "requires-python", "license-files"]\n'
)

WORKSPACE = """\
[workspace]
members = ["crates/*"]
resolver = "2"

[workspace.package]
version = "2.3.4-beta.1"
authors = ["W <w@w>"]
description = "of the workspace"
homepage = "https://ws"
repository = "https://ws/repository"
documentation = "https://ws/documentation"
license = "Apache-2.0"
license-file = "LICENSE-WS"
readme = "README-WS.md"
keywords = ["ws"]
edition = "2021"
"""
MEMBER = """\
[package]
name = "p"
version.workspace = true
authors = { workspace = true }
description.workspace = true
homepage.workspace = true
repository.workspace = true
documentation.workspace = true
license.workspace = true
license-file.workspace = true
readme.workspace = true
keywords.workspace = true
edition.workspace = true
"""
MEMBER_DYNAMIC = 'dynamic = ["version", "description", "authors", "urls", "license", "readme", "keywords"]\n'
WORKSPACE_FILES = {
    "Cargo.toml": WORKSPACE,
    "LICENSE-WS": "of the workspace",
    "README-WS.md": "# of the workspace\n",
    "LICENSE": "at the root",
    "crates/p/Cargo.toml": MEMBER,
    "crates/p/src/main.rs": "fn main() {}\n",
}
AT_ROOT = '[tool.maturin]\nmanifest-path = "crates/p/Cargo.toml"\n'

LICENCES = {
    "LICENSE": "a", "LICENCE": "b", "LICENSE-ü": "c", "COPYING.md": "d", "NOTICE": "e", "AUTHORS": "f",
    "License.txt": "g", "LICENSES/MIT.txt": "h", "sub/LICENSE": "i", ".hidden/LICENSE": "j",
}  # fmt: skip
READMES = {
    "R.md": "hello\nworld\n", "README.txt": "plain", "UPPER.MD": "upper\n", "README.markdown": "mk\n\n\n",
    "README": "no suffix", "README.rst": "rst\n",
}  # fmt: skip

REQUIREMENTS = """\
dependencies = [
    "Foo.Bar_Baz[Ex_A,b]>=1.0,<2,!=1.5",
    "parens (>=1,<2)",
    "ties>=1.0,==1.0.*",
    "direct @ https://example.com/x.whl",
    "direct[x] @ git+https://example.com/x.git@main ; python_version < '3.9'",
    "pre>=1.0.0.post1,==1.0-alpha1",
    "a ; python_version < '3.9'",
    "b ; python_version <= '3.9' and sys_platform == 'win32'",
    "c ; sys_platform == 'win32' or python_version >= '3.8'",
    "d ; python_version == '3.9'",
    "e ; python_version != '3.9'",
    "f ; python_version > '3.9.2'",
    "g ; python_version in '3.8 3.9'",
    "h ; (sys_platform == 'win32' or platform_machine == 'x86_64') and python_version < '3.10'",
    "i ; sys_platform != 'win32' and sys_platform != 'emscripten' and implementation_name == 'cpython'",
    "j ; 'linux' in sys_platform",
    "k ; python_version ~= '3.8'",
    "l ; python_version == '3.*'",
    "m ; python_version >= '3.0' and python_version < '3.0'",
    "n ; python_version < '3.9' or python_version >= '3.9'",
    "o ; (os_name == 'nt' and python_version < '3.9') or (os_name != 'nt' and python_version >= '3.9')",
    "q ; sys_platform not in 'win32 cygwin'",
    "r ; os.name == 'nt' and platform.machine == 'x' and python_implementation == 'CPython'",
    "s ; python_full_version != '3.9.7'",
    "t ; '3.8' <= python_version",
    "u ; python_version != '3.8' and python_version != '3.10'",
    "v ; implementation_name == 'cpython' or implementation_name == 'pypy' or platform_machine == 'arm64'",
    "w ; platform_release >= '5' and platform_version < '3' and os_name == 'posix'",
]

[project.optional-dependencies]
"Foo_Bar.x" = ["a", "b ; python_version < '3.9'", "c ; sys_platform == 'win32' or os_name == 'nt'", "d ; extra == 'x'"]
none = []
All = ["p[none]"]
"""
CONTACTS = """\
authors = [
    { name = "A B", email = "a@b" }, { name = "C" }, { email = "d@e" }, { name = "E, F.", email = "x@y" },
    { name = "G, H" }, { name = "Ünï (x)", email = "z@z" }, { name = 'Q "q" \\ R', email = "q@q" },
    { name = "E_F-1", email = "f@y" }, { name = "O'Neil", email = "g@y" }, { name = "a@b", email = "g@y" },
]
maintainers = [{ name = "M" }, { email = "m@m" }]
"""
ENTRY_POINTS = """\
[project.scripts]
b = "y:z"
a = "q:r.s"
[project.gui-scripts]
g = "y:z"
[project.entry-points.z]
x = "y:z"
[project.entry-points."a.b"]
x = "y:z [ex]"
"c d" = "e"
"""
LONG_LICENCE = '''\
license = { text = """Copyright (c) me

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and
  associated documentation files
""" }
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One project."""

    pyproject: str | None = None
    crate: str = CRATE
    files: dict[str, str] = field(default_factory=dict)
    folder: str = "."

    def tree(self) -> dict[str, str]:
        """Return every file of the project."""
        base = {"Cargo.toml": self.crate, "src/main.rs": "fn main() {}\n"}
        own = {} if self.pyproject is None else {"pyproject.toml": self.pyproject}
        return {**({} if "crates/p/Cargo.toml" in self.files else base), **self.files, **own}


def static(keys: str, **files: str) -> Case:
    return Case(pyproject=STATIC + keys, files=files)


def crate(keys: str, **files: str) -> Case:
    return Case(crate=CRATE + keys, files=files)


def version(text: str) -> Case:
    return Case(crate=CRATE.replace("1.0.0", text))


def member(pyproject: str | None, *, folder: str = "crates/p", **files: str) -> Case:
    own = {} if pyproject is None else {"crates/p/pyproject.toml": pyproject}
    return Case(files={**WORKSPACE_FILES, **own, **files}, folder=folder)


def workspace(pyproject: str, **files: str) -> Case:
    return Case(pyproject=pyproject, files={**WORKSPACE_FILES, **files})


SAME: dict[str, Case] = {
    "cargo-only": Case(crate=FULL_CRATE, files=FULL_FILES),
    "no-project-table": Case(pyproject=BUILD_SYSTEM, crate=FULL_CRATE, files=FULL_FILES),
    "nothing-dynamic": Case(pyproject=PROJECT, crate=FULL_CRATE, files=FULL_FILES),
    "all-dynamic": Case(pyproject=PROJECT + EVERYTHING_DYNAMIC, crate=FULL_CRATE, files=FULL_FILES),
    "name-kept": Case(pyproject=STATIC.replace('"p"', '"Foo.Bar_baz"')),
    "dynamic-and-static": static('description = "x"\ndynamic = ["version", "description"]\n'),
    "unknown-keys": static('home-page = "x"\ndynamic = ["foo"]\n'),
    "contacts": static(CONTACTS),
    "requirements": static(REQUIREMENTS),
    "requires-python": static('requires-python = ">=3.9, !=3.9.0, !=3.9.1,<4"\n'),
    "requires-python-unsorted": static('requires-python = "<4,!=3.9.1, !=3.8.2,>=3.08"\n'),
    "entry-points": static(ENTRY_POINTS),
    "summary-of-lines": static('description = """\n a\n  b\n\nc  """\n'),
    "empty-values": static('description = ""\nkeywords = []\nclassifiers = []\nauthors = []\nurls = {}\n'),
    "odd-lists": static(
        'classifiers = ["A", "A"]\nkeywords = [" a ", "b,c"]\nurls = { "a b" = "y", A = "https://x, y" }\n'
    ),
    "import-names": static('import-names = ["p"]\nimport-namespaces = []\n'),
    "licence-expression": static('license = "MIT OR Apache-2.0"\nclassifiers = ["License :: OSI Approved"]\n'),
    "licence-wrong-expression": static('license = "my own"\n'),
    "licence-text": static('license = { text = "MIT" }\n', **LICENCES),
    "licence-long-text": static(LONG_LICENCE),
    "licence-file": static('license = { file = "sub/LICENSE" }\n', **LICENCES),
    "licence-file-found-twice": static('license = { file = "LICENSE" }\n', **LICENCES),
    "licences-by-name": static("", **LICENCES),
    "licences-none": static("license-files = []\n", **LICENCES),
    "licences-globs": static('license-files = ["LICEN*", "sub/*", "**/MIT.txt", "**/LICENSE", "[AN]*"]\n', **LICENCES),
    "licences-beside-text": static('license = { text = "x" }\nlicense-files = ["LICENSE"]\n', **LICENCES),
    "readme-md": static('readme = "R.md"\n', **READMES),
    "readme-upper": static('readme = "UPPER.MD"\n', **READMES),
    "readme-markdown": static('readme = "README.markdown"\n', **READMES),
    "readme-txt": static('readme = "README.txt"\n', **READMES),
    "readme-no-suffix": static('readme = "README"\n', **READMES),
    "readme-table": static('readme = { file = "R.md", content-type = "text/markdown" }\n', **READMES),
    "readme-table-untyped": static('readme = { file = "R.md" }\n', **READMES),
    "readme-text": static('readme = { text = "hi", content-type = "text/x-rst" }\n', **READMES),
    "readme-empty": static('readme = "E.md"\n', **{"E.md": ""}),
    "cargo-readme-txt": crate("", **{"README.txt": "plain", "README": "not this"}),
    "cargo-readme-rst": crate("", **{"README.rst": "rst"}),
    "cargo-readme-default": crate("", **{"README.md": "md", "README.txt": "not this"}),
    "cargo-readme-true": crate("readme = true\n", **{"README.md": "md"}),
    "cargo-readme-false-text": crate('readme = "false"\n', **{"README.md": "md"}),
    "cargo-readme-dynamic": Case(pyproject=STATIC + 'dynamic = ["readme"]\n', files=READMES),
    "cargo-authors": crate('authors = ["  A B   <a@b> ", "x@y.z", "<q@q>"]\n'),
    "cargo-authors-without-address": crate('authors = ["Jane", "Joe"]\n'),
    "cargo-empty-values": crate('description = ""\nlicense = ""\nhomepage = ""\nauthors = [""]\nkeywords = []\n'),
    "cargo-no-version": Case(crate='[package]\nname = "p"\nedition = "2021"\n'),
    "cargo-licence-file": Case(
        pyproject=STATIC, crate=f'{CRATE}license-file = "x/L"\n', files={"x/L": "l", "NOTICE": ""}
    ),
    **{f"version-{text}": version(text) for text in (
        "1.0.0-dev", "1.0.0-dev.3", "1.0.0-rc.1", "1.0.0-rc1", "1.0.0-beta", "1.0.0-pre.2", "1.0.0-post.2", "1.0.0-1",
        "1.0.0-alpha-1", "1.0.0+Build.7-x", "1.0.0-rc.1.dev2",
    )},
    "version-static": Case(pyproject=PROJECT + 'version = "v01.0-RC.1"\n'),
    "member-alone": member(None),
    "member-dynamic": member(PROJECT + MEMBER_DYNAMIC, **{"crates/p/LICENSE": "of the crate"}),
    "member-readme-above": member(STATIC + 'readme = "../../README-WS.md"\nlicense = { file = "../../LICENSE" }\n'),
    "member-licence-beside": member(
        STATIC + 'license = { file = "../shared/LIC" }\n',
        **{
            "crates/shared/LIC": "s",
            "crates/shared/Cargo.toml": '[package]\nname = "s"\n',
            "crates/shared/src/lib.rs": "",
        },
    ),
    "member-licences-clash": member(STATIC + 'license = { file = "../../LICENSE" }\n', **{"crates/p/LICENSE": "own"}),
    "root-names-member": workspace(PROJECT + MEMBER_DYNAMIC + AT_ROOT, **{"crates/p/LICENSE": "of the crate"}),
    "root-static": workspace(STATIC + AT_ROOT),
    "root-above-member": member(None, **{"pyproject.toml": PROJECT + MEMBER_DYNAMIC}),
    "inherited-readme-true": member(
        None,
        **{
            "Cargo.toml": WORKSPACE.replace('"README-WS.md"', "true"),
            "README.md": "# root",
            "crates/p/README.md": "# member",
        },
    ),
    "readme-not-inherited": member(None, **{"crates/p/Cargo.toml": MEMBER.replace("readme.workspace = true\n", "")}),
    "licence-file-above": member(
        None, **{"crates/p/Cargo.toml": MEMBER.replace("file.workspace = true", 'file = "../../LICENSE"')}
    ),
}  # fmt: skip

REFUSED: dict[str, Case] = {
    "readme-missing": static('readme = "nope.md"\n'),
    "readme-folder": static('readme = "src"\n'),
    "readme-file-and-text": static('readme = { file = "R.md", text = "x" }\n', **READMES),
    "readme-outside": static('readme = "../../../etc/hostname"\n'),
    "readme-absolute": static('readme = "/etc/hostname"\n'),
    "cargo-readme-missing": crate('readme = "nope"\n'),
    "cargo-licence-missing": crate('license-file = "nope"\n'),
    "licence-missing": static('license = { file = "nope" }\n'),
    "licence-table-empty": static("license = {}\n"),
    "licence-absolute": static('license = { file = "/etc/hostname" }\n'),
    "licences-above": static('license-files = ["../x"]\n'),
    "licences-bad-glob": static('license-files = ["LIC[abc"]\n'),
    "licences-braces": static('license-files = ["{LICENSE,NOTICE}"]\n'),
    "licences-table": static('[project.license-files]\npaths = ["LICENSE"]\n'),
    "dynamic-name": Case(pyproject=PROJECT + 'dynamic = ["name"]\n'),
    "no-name": Case(pyproject=BUILD_SYSTEM + '[project]\nversion = "1"\n'),
    "version-no-version": Case(pyproject=PROJECT + 'version = "abc"\n'),
    "version-number": Case(pyproject=PROJECT + "version = 1\n"),
    "version-nightly": version("1.0.0-nightly"),
    "version-deep": version("1.0.0-alpha.1.2"),
    "contact-empty": static("authors = [{}]\n"),
    "contact-extra-key": static('authors = [{ name = "a", url = "u" }]\n'),
    "contact-text": static('authors = ["x <a@b>"]\n'),
    "keywords-text": static('keywords = "a b"\n'),
    "console-scripts": static('[project.entry-points.console_scripts]\nx = "y:z"\n'),
    "requirement": static('dependencies = ["foo bar"]\n'),
    "requires-python": static('requires-python = "3.8"\n'),
}
