"""What reads data that others wrote, each with honest inputs to begin from."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cargo_output
import uploads
from compiled_files import elf, wheel
from cratewheel.archive.unpacking import unpack
from cratewheel.audit import binary, introspection, objects
from cratewheel.cargo import lockfile, manifest, query
from cratewheel.cargo import run as cargo_run
from cratewheel.commands.inspect import crates
from cratewheel.commands.inspect.binaries import examine as examine_binary
from cratewheel.commands.inspect.examine import examine
from cratewheel.commands.publish import http, index, trusted
from cratewheel.errors import AuditError, CratewheelError
from cratewheel.interpreter import abi_words, from_files
from cratewheel.interpreter.cache import Cache
from cratewheel.interpreter.model import parse_spec
from cratewheel.options.resolve import resolve
from cratewheel.project import metadata, pyproject
from cratewheel.project.dependency_groups import requirements
from cratewheel.repair import macho_edit, pe_edit
from cratewheel.system import toml
from cratewheel.system.files import globs, ignore_rules
from cratewheel.targets import conditions, platform_tags, triples
from cratewheel.targets.wheel_tags import WheelTag
from unit.audit.test_macho import IMAGE as MACHO
from unit.audit.test_macho import fat
from unit.audit.test_pe import IMAGE as PE

LINUX = triples.parse("x86_64-unknown-linux-gnu")
TAG = WheelTag.parse("cp312-cp312-manylinux_2_17_x86_64")
FOLDER = Path(tempfile.gettempdir(), f"cratewheel-fuzz-{os.getpid()}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A reader: `read` gets an input, and raises errors of ours, or what is `documented`.

    `seeds` makes honest inputs, and `words` are put into them.
    """

    read: Callable[[bytes], object]
    seeds: Callable[[], Sequence[bytes]]
    words: tuple[bytes, ...] = ()
    documented: tuple[type[Exception], ...] = ()


def folder() -> Path:
    """Return a folder of this process for files that a reader wants."""
    FOLDER.mkdir(exist_ok=True)
    return FOLDER


def in_file(name: str, data: bytes) -> Path:
    """Return a file with the data."""
    path = folder() / name
    path.write_bytes(data)
    return path


def text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


# Compiled files


def read_binary(data: bytes) -> None:
    """Read a compiled file in each way that there is."""
    examine_binary("demo/_native.so", data, TAG)
    for reader in (introspection.descriptions, binary.parse, rename_mach, rename_pe, _find_users):
        with suppress(AuditError):
            reader(data)


def rename_mach(data: bytes) -> None:
    change = macho_edit.Edit(libraries={"/opt/libweak.dylib": "@loader_path/x.dylib"}, install_name="@rpath/y.dylib")
    macho_edit.edit(data, {"x86_64": change, "aarch64": change}, identifier="y")


def rename_pe(data: bytes) -> None:
    pe_edit.with_imports(data, {"KERNEL32.dll": "kernel-1234.dll"})


def _find_users(data: bytes) -> None:
    objects.find_users(["malloc"], {"x": in_file("libx.a", data or b"\0")})


def elf_seeds() -> list[bytes]:
    description = json.dumps({"type": "module", "name": "demo", "id": "1"}).encode()
    return [
        elf(),
        elf(symbols={"_RNvCs1234_4demo4main": 16, "_ZN4demo4main17h0123456789abcdefE": 4}),
        elf(interpreter="/lib64/ld-linux-x86-64.so.2", runpath="$ORIGIN:/opt", needed=("libpython3.12.so.1.0",)),
        elf(sections={".dep-v0": b"x\x9c\xab\x56*HL\xceNLO\x05\0\x0b\x8b\x02\xd7", ".pyo3i0": description}),
        b"!<arch>\n" + b"a.o/            0           0     0     644     64        `\n" + elf()[:64],
    ]


def macho_seeds() -> list[bytes]:
    one = MACHO.build()
    return [one, fat(one, one), fat(one, one, wide=True)]


def pe_seeds() -> list[bytes]:
    return [PE.build()]


# Archives


def read_wheel(data: bytes) -> None:
    examine(in_file("demo-1.0-cp312-cp312-manylinux_2_17_x86_64.whl", data))


def wheel_seeds() -> list[bytes]:
    files = {"demo/__init__.py": b"x = 1\n" * 40, "demo/_native.so": elf()}
    return [wheel(folder(), files).read_bytes()]


MEMBERS = ("METADATA", "WHEEL", "RECORD", "sboms/demo.cyclonedx.json")
MARK = b"\n--- next ---\n"


def read_members(data: bytes) -> None:
    """Read a wheel whose METADATA, WHEEL, RECORD and bill of materials the input holds."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("demo/__init__.py", b"x = 1\n")
        for name, content in zip(MEMBERS, data.split(MARK), strict=False):
            archive.writestr(f"demo-1.0.dist-info/{name}", content)
    read_wheel(stream.getvalue())


def member_seeds() -> list[bytes]:
    with zipfile.ZipFile(io.BytesIO(wheel_seeds()[0])) as archive:
        own = [archive.read(f"demo-1.0.dist-info/{name}") for name in MEMBERS[:3]]
    component = {"name": "a", "version": "1.0", "purl": "pkg:cargo/a@1.0", "licenses": [{"expression": "MIT"}]}
    bom = {"metadata": {"component": component}, "components": [component]}
    rich = (
        b"Metadata-Version: 2.4\nName: demo\nVersion: 1.0\nSummary: s\nRequires-Dist: a[b]>=1; python_version<'3.9'\n"
        b"Requires-Python: >=3.8\nProvides-Extra: x\nLicense-Expression: MIT OR Apache-2.0\nLicense-File: LICENSE\n"
        b"Project-URL: Home, https://example.org\nKeywords: a,b\nDynamic: Version\nImport-Name: demo\n\n# Text\n"
    )
    return [MARK.join([*own, json.dumps(bom).encode()]), MARK.join([rich, *own[1:]])]


def tar(kind: int = tarfile.PAX_FORMAT) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=kind) as archive:
        long = "demo-1.0/" + "a" * 90 + "/é" + "b" * 90
        lock = b'[[package]]\nname = "demo"\nversion = "1.0.0"\n'
        for name, content in (
            ("demo-1.0/PKG-INFO", uploads.METADATA.encode()),
            ("demo-1.0/Cargo.lock", lock),
            (long, b"x" * 700),
        ):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("demo-1.0/link")
        link.type, link.linkname = tarfile.SYMTYPE, "../../etc/passwd"
        archive.addfile(link)
    return stream.getvalue()


def tar_seeds() -> list[bytes]:
    return [tar(), tar(tarfile.GNU_FORMAT)]


def read_tar(data: bytes) -> None:
    """Look into an sdist, and unpack it: nothing is written beside the folder."""
    path = in_file("demo-1.0.tar.gz", gzip.compress(data, 1, mtime=0))
    examine(path)
    try:
        unpack(path, _inner())
    finally:
        strangers = {child.name for child in folder().iterdir()} - {"demo-1.0.tar.gz", "inner"}
        assert not strangers, f"written outside of the folder: {strangers}"


def _inner() -> Path:
    inner = folder() / "inner"
    inner.mkdir(exist_ok=True)
    return inner


def read_sdist(data: bytes) -> None:
    examine(in_file("demo-1.0.tar.gz", data))


def sdist_seeds() -> list[bytes]:
    return [gzip.compress(one, mtime=0) for one in tar_seeds()]


# Texts of a project


def read_settings(data: bytes) -> None:
    """Read a pyproject.toml: its structure, its settings, its metadata, the requirements of its groups."""
    path = in_file("pyproject.toml", data)
    in_file("Cargo.toml", b'[package]\nname = "demo"\nversion = "1.0.0"\n')
    found = pyproject.read(path)
    resolve({}, environ={}, tools=found.tools)
    requirements(found.dependency_groups, found.dependency_groups, path)
    metadata.read(found, manifest.read(folder() / "Cargo.toml"))


SETTINGS = b"""[build-system]
requires = ["cratewheel"]
build-backend = "cratewheel"
[project]
name = "demo"
version = "1.0"
requires-python = ">=3.8"
dependencies = ["a>=1; python_version < '3.9'"]
optional-dependencies = { x = ["b[c]~=1.0"] }
scripts = { demo = "demo:main" }
license = "MIT"
authors = [{ name = "A", email = "a@example.org" }]
urls = { Home = "https://example.org" }
[dependency-groups]
test = ["pytest", { include-group = "lint" }]
lint = ["ruff"]
[tool.cratewheel]
module-name = "demo._native"
bindings = "pyo3"
features = ["a", { feature = "b", python-version = ">=3.9" }]
include = ["a/*.txt", { path = "b/**/*", format = ["sdist", "wheel"] }]
exclude = [{ path = "c", format = "wheel" }]
compatibility = "manylinux_2_28"
strip = true
sbom = { rust = true, include = ["x.json"] }
targets = [{ name = "demo", kind = "cdylib" }]
target.x86_64-unknown-linux-gnu = { macos-deployment-target = "11.0" }
config = ["a.b=1"]
rustc-args = ["-C", "opt-level=3"]
hooks = { generate = [{ command = ["python", "x.py"], inputs = ["a"], outputs = ["b"] }] }
"""


def read_manifest(data: bytes) -> None:
    manifest.read(in_file("Cargo.toml", data))


MANIFEST = b"""[package]
name = "demo"
version = "1.0.0"
edition.workspace = true
authors = ["A <a@example.org>"]
license = "MIT"
readme = false
[workspace]
members = ["a", "b/*"]
exclude = ["c"]
package = { edition = "2021" }
[lib]
name = "demo"
crate-type = ["cdylib"]
[[bin]]
name = "tool"
path = "src/main.rs"
[features]
default = ["a"]
a = ["dep:b", "c?/d"]
[dependencies]
pyo3 = { version = "0.25", features = ["abi3-py38"] }
"""


def read_lock(data: bytes) -> None:
    document = toml.parse(text(data))
    listed = lockfile.packages(document, Path("Cargo.lock"))
    crates.from_lockfile(listed)
    lockfile.prune(text(data), [package["name"] for package in listed[:1]])


LOCK = b"""# This file is automatically @generated by Cargo.
version = 4

[[package]]
name = "app"
version = "0.1.0"
dependencies = [
 "bitflags 1.3.2",
 "bitflags 2.6.0 (registry+https://github.com/rust-lang/crates.io-index)",
 "git",
]

[[package]]
name = "bitflags"
version = "1.3.2"
source = "registry+https://github.com/rust-lang/crates.io-index"
checksum = "aa"

[[package]]
name = "bitflags"
version = "2.6.0"
source = "registry+https://github.com/rust-lang/crates.io-index"

[[package]]
name = "git"
version = "0.1.0"
source = "git+https://example.org/x?branch=main#0123"

[[package]]
name = "unused"
version = "1.0.0"

[metadata]
"checksum x" = "1"
"""


def read_glob(data: bytes) -> None:
    """Read patterns, one a line: globs, which are looked for in a small tree, and lines of ignore files."""
    for line in text(data).split("\n")[:8]:
        rule = ignore_rules.parse_rule(line)
        for braced in ignore_rules.expand_braces(line)[:50]:
            globs.check_glob(braced)
        globs.glob(_tree(), line)
        del rule


def _tree() -> Path:
    tree = folder() / "tree"
    if not tree.exists():
        for name in ("a/b/c.txt", "a/[x].txt", "b/b/b/b/b/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "é/☃.txt"):
            path = tree / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")
        (tree / "a" / "loop").symlink_to("..")
    return tree


# Words


def read_word(data: bytes) -> None:
    """Read a word of `-i`, of `abi`, of `--compatibility` and of `--target`."""
    word = text(data)
    readers: tuple[Callable[[str], object], ...] = (
        parse_spec,
        abi_words.parse,
        platform_tags.parse_compatibility,
        triples.parse,
        WheelTag.parse,
    )
    for read in readers:
        with suppress(abi_words.AbiWordError, CratewheelError):
            read(word)


def read_marker(data: bytes) -> None:
    """Read requirements with markers as a project's metadata and dependency groups have them, and `cfg(…)`."""
    word = text(data)
    conditions.is_met(word, frozenset({"unix"}))
    conditions.is_met(f"cfg({word})", frozenset({"unix", 'target_os="linux"'}))
    table = f"dependencies = [{json.dumps(word)}]\noptional-dependencies.x = [{json.dumps(word)}]\n"
    requirements({"test": [word]}, ["test"], Path("pyproject.toml"))
    read_settings(b'[build-system]\nrequires = []\n[project]\nname = "a"\nversion = "1"\n' + table.encode())


# What programs and caches say


def read_sysconfigdata(data: bytes) -> None:
    from_files.from_sysconfigdata(in_file("_sysconfigdata__linux_x86_64-linux-gnu.py", data), target=LINUX)


SYSCONFIGDATA = b"""# system configuration generated and used by the sysconfig module
build_time_vars = {'ABIFLAGS': '', 'EXT_SUFFIX': '.cpython-312-x86_64-linux-gnu.so', 'MULTIARCH': 'x86_64-linux-gnu',
 'Py_DEBUG': 0, 'Py_GIL_DISABLED': 0, 'SIZEOF_VOID_P': 8, 'SOABI': 'cpython-312-x86_64-linux-gnu', 'VERSION': '3.12',
 'HOST_GNU_TYPE': 'x86_64-pc-linux-gnu', 'LDVERSION': '3.12', 'CFLAGS': '-O2 ' '-g'}
"""


def read_python_files(data: bytes) -> None:
    """Read PyO3's configuration file, and a build-details.json."""
    readers: tuple[Callable[[], object], ...] = (
        lambda: from_files.from_config_file(text(data), target=LINUX),
        lambda: from_files.from_build_details(in_file("build-details.json", data), target=LINUX),
    )
    for read in readers:
        with suppress(CratewheelError):
            read()


DETAILS = {
    "schema_version": "1.0",
    "base_prefix": "/usr",
    "platform": "linux-x86_64",
    "language": {"version": "3.14", "version_info": {"major": 3}},
    "implementation": {"name": "cpython"},
    "abi": {"flags": ["t"], "extension_suffix": ".cpython-314t-x86_64-linux-gnu.so"},
    "suffixes": {"extensions": [".cpython-314-x86_64-linux-gnu.so", ".abi3.so", ".so"]},
}
CONFIG_FILE = b"implementation=CPython\nversion=3.12\nshared=true\nabi3=false\npointer_width=64\nbuild_flags=\n"


def read_cargo(data: bytes) -> None:
    """Read lines of `cargo build`, an answer of `cargo metadata`, and one of `rustc -vV`."""
    lines = text(data).split("\n")
    messages: list[Mapping[str, Any]] = []
    for line in lines:
        message = cargo_run._message(line)
        if message is not None and message.get("reason") in ("compiler-artifact", "build-script-executed"):
            messages.append(cargo_run.outside_container(message, {"/target": Path("/home/target")}))
    for word in (None, "demo"):
        cargo_run.read_messages(messages, package=cargo_output.ROOT, binary=word)
    readers: tuple[Callable[[], object], ...] = (
        lambda: query.parse_answer(lines[0], "cargo metadata"),
        lambda: query.parse_rustc(text(data)),
    )
    for read in readers:
        with suppress(CratewheelError):
            read()


def cargo_seeds() -> list[bytes]:
    package = {
        "id": cargo_output.ROOT,
        "name": "demo",
        "version": "0.1.0",
        "source": None,
        "manifest_path": "/p/Cargo.toml",
        "targets": [{"name": "demo", "kind": ["cdylib"], "crate_types": ["cdylib"], "src_path": "/p/src/lib.rs"}],
        "dependencies": [
            {
                "name": "a", "req": "^1", "kind": None, "optional": False, "rename": None, "features": ["x"],
                "uses_default_features": True, "target": "cfg(unix)", "source": None,
            }
        ],
        "features": {"default": ["a"]},
        "metadata": None, "edition": "2021", "license": "MIT", "license_file": None, "description": None,
        "authors": [], "repository": None,
    }  # fmt: skip
    answer = {
        "packages": [package],
        "resolve": {"nodes": [{"id": cargo_output.ROOT, "deps": [], "features": []}], "root": cargo_output.ROOT},
        "workspace_root": "/p", "workspace_members": [cargo_output.ROOT], "target_directory": "/p/target",
    }  # fmt: skip
    script = {
        "reason": "build-script-executed", "package_id": cargo_output.ROOT, "linked_libs": ["dylib=x"],
        "linked_paths": ["native=/l"], "cfgs": [], "env": [], "out_dir": "/target/o",
    }  # fmt: skip
    whole = [cargo_output.artifact(), script, {"reason": "build-finished", "success": True}]
    other = cargo_output.artifact(package_id="b", filenames=["/t/libb.rlib"])
    rustc = b"rustc 1.90.0\nbinary: rustc\nhost: x86_64-unknown-linux-gnu\nrelease: 1.90.0\nLLVM version: 20.1\n"
    lines = b"\n".join(json.dumps(one).encode() for one in (*whole, other))
    return [lines, b"hello\n" + lines, json.dumps(answer).encode(), rustc]


def read_index(data: bytes) -> None:
    """Read what an index answers, and what a file of the cache holds."""
    index._parse(data, "application/vnd.pypi.simple.v1+json")
    index._parse(data, "text/html")
    cache = folder() / "cache"
    cache.mkdir(exist_ok=True, mode=0o700)
    (cache / "interpreters.json").write_bytes(data)
    stored = Cache(cache, {}, warn=lambda _: None)
    stored.get(Path("/usr/bin/python3"))
    crates.from_sbom(data)
    crates.from_auditable(data)
    for kind in ("application/json", "text/html"):
        answer = http.Answer(status=200, reason="OK", headers={"content-type": kind}, body=data)
        http._page_text(answer)
        trusted._text_of(answer, "token")


INDEX_WORDS = (
    b'{"error":' * 400,
    b"<script>" * 5000,
    b"files",
    b"hashes",
    b"sha256",
    b"filename",
    b"<a href='",
    b"#sha256=",
    b"http://[",
    b"]",
    b"%",
    b"&#",
)
PAGE = b'<!DOCTYPE html><html><body><a href="https://x/demo-1.0.tar.gz#sha256=ab">demo</a></body></html>'
LISTING = b'{"meta": {"api-version": "1.0"}, "files": [{"filename": "demo-1.0.tar.gz", "hashes": {"sha256": "ab"}}]}'
ERRORS = b'{"errors": [{"description": "no"}], "message": {"error": ["x"]}, "token": "t"}'
JSON_WORDS = (b"null", b"[]", b"{}", b'"x"', b"1e999", b"-1", b"NaN", b"[" * 3000, b'{"a":' * 3000, b"\\ud800", b"true")
TEXT_WORDS = (b"\0", b"\xff", "\u202e".encode(), b"\r\n", b"'" * 3, b'"', b"#", b"[", b"]", b"=", b"9" * 5000)
TOML_WORDS = (
    *TEXT_WORDS,
    b"[[",
    b"{",
    b"}",
    b"true",
    b"1979-05-27",
    b"1.5",
    b"a.b.c",
    b"[]",
    b'""',
    b"inf",
    b"[" * 600,
)
MARKER_WORDS = (
    b"(", b")", b" and ", b" or ", b" not in ", b"in", b"python_version", b"extra", b"===", b"~=", b"@ https://",
    b"[a]", b"not(", b"any(", b"all(", b"cfg(", b'"', b"(" * 2000, *TEXT_WORDS,
)  # fmt: skip

TARGETS: Mapping[str, Target] = {
    "elf": Target(read=read_binary, seeds=elf_seeds, words=(b"\x7fELF", b"PyInit_", b"_RNv", b"_ZN", b".dep-v0")),
    "macho": Target(read=read_binary, seeds=macho_seeds, words=(b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"_PyInit_")),
    "pe": Target(read=read_binary, seeds=pe_seeds, words=(b"MZ", b"PE\0\0", b"PyInit_", b".dllname")),
    "wheel": Target(read=read_wheel, seeds=wheel_seeds, words=(b"PK\1\2", b"PK\3\4", b"PK\5\6", b"../", b"\0")),
    "members": Target(
        read=read_members, seeds=member_seeds, words=(MARK, *JSON_WORDS, *TEXT_WORDS, b"\n ", b": ", b",")
    ),
    "tar": Target(
        read=read_tar,
        seeds=tar_seeds,
        words=(b"../", b"/etc/", b"0", b"7", b"x", b"L", b"5", b"ustar\0", b"\x80"),
        documented=(OSError, tarfile.TarError),
    ),
    "sdist": Target(read=read_sdist, seeds=sdist_seeds),
    "settings": Target(read=read_settings, seeds=lambda: [SETTINGS], words=TOML_WORDS),
    "manifest": Target(read=read_manifest, seeds=lambda: [MANIFEST], words=TOML_WORDS),
    "lock": Target(read=read_lock, seeds=lambda: [LOCK], words=TOML_WORDS, documented=(ValueError,)),
    "glob": Target(
        read=read_glob,
        seeds=lambda: [b"a/**/*.txt\n*.py", b"**/[a-z]?\n!/x/", b"b/**/*a*a*a*b", b"{a,b{c,d}}/*"],
        words=(
            b"**/",
            b"*",
            b"?",
            b"[",
            b"]",
            b"!",
            b"[!",
            b"[[:alpha:]]",
            b"{",
            b"}",
            b",",
            b"\\",
            b"../",
            b"*a" * 200,
        ),
    ),
    "word": Target(
        read=read_word,
        seeds=lambda: [
            b"3.12",
            b"cp313t",
            b"pypy3.10",
            b"python3.8",
            b"abi3-py39",
            b"cp310-abi3-manylinux_2_17_x86_64",
            b"manylinux2014",
            b"x86_64-unknown-linux-gnu.2.17",
            b"graalpy-24",
            b"3.13t-dev",
        ],
        words=(b"cp", b"pp", b"t", b".", b"-", b"_", b"abi3", b"\xd9\xa3", b"9" * 5000, b" ", b"\0", b"manylinux_"),
    ),
    "marker": Target(
        read=read_marker,
        seeds=lambda: [
            b"a>=1; python_version < '3.9'",
            b"b[c,d] @ https://x/y ; extra == 'z'",
            b"a==1.*,!=2;os_name=='nt'",
            b'cfg(all(unix, not(target_os = "macos")))',
        ],
        words=MARKER_WORDS,
    ),
    "sysconfigdata": Target(
        read=read_sysconfigdata,
        seeds=lambda: [SYSCONFIGDATA],
        words=(*TEXT_WORDS, b"lambda: 0", b"-" * 3000, b"(" * 300, b"{**a}", b"1+1j", b"f'{x}'", b"{[]: 1}", b"None"),
    ),
    "python-files": Target(
        read=read_python_files,
        seeds=lambda: [json.dumps(DETAILS).encode(), CONFIG_FILE],
        words=(*JSON_WORDS, b"=", b"\n"),
    ),
    "cargo": Target(read=read_cargo, seeds=cargo_seeds, words=(*JSON_WORDS, b'"reason"', b"\n", b"{")),
    "index": Target(read=read_index, seeds=lambda: [PAGE, LISTING, ERRORS], words=(*JSON_WORDS, *INDEX_WORDS)),
}
