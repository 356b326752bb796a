"""What is wrong with an archive, or may be. Pure."""

from __future__ import annotations

import base64
import binascii
import csv
import io
import re
from collections.abc import Iterable, Iterator

from cratewheel.audit import check, identity, stable_abi
from cratewheel.audit.model import Binary
from cratewheel.commands.inspect.binaries import Examined, target_of
from cratewheel.commands.inspect.installers import promised_policies
from cratewheel.commands.inspect.model import Level, Library, Member, Problem, Record
from cratewheel.errors import AuditError
from cratewheel.system.files.junk import within_rubbish
from cratewheel.targets.wheel_tags import WheelTag

MOST_OF_A_KIND = 100
_LEVELS: tuple[Level, ...] = ("error", "warning", "note")
_SIGNATURES = ("RECORD", "RECORD.jws", "RECORD.p7s")
_ABI3_MISFIT = r"uses (?:symbols outside of )?the stable ABI"  # which `_abi3_problems` tells in full
_APPLE_SILICON = (11, 0)  # the first macOS of these machines


def in_order(found: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return each problem once, the errors first; of very many of one kind, the first and how many more there are."""
    kept: dict[tuple[Level, str], list[Problem]] = {}
    for problem in dict.fromkeys(found):
        kept.setdefault((problem.level, problem.code), []).append(problem)
    ordered: list[Problem] = []
    for (level, code), those in sorted(kept.items(), key=lambda item: _LEVELS.index(item[0][0])):
        ordered += those[:MOST_OF_A_KIND]
        if (more := len(those) - MOST_OF_A_KIND) > 0:
            ordered.append(Problem(level=level, code=code, text=f"and {more} more problems of this kind"))
    return tuple(ordered)


def verify_record(record: str, files: tuple[Member, ...]) -> tuple[Record | None, tuple[Problem, ...]]:
    """Return how many files are as RECORD says, and those that are not.

    Files that are missing, on either side, are not told here: `publish.checks` does.
    """
    members = {member.path: member for member in files}
    problems, without, verified = [], [], 0
    try:
        rows = [row for row in csv.reader(io.StringIO(record, newline="")) if row]
    except csv.Error as error:
        return None, (Problem(level="error", code="record", text=f"RECORD is no table: {error}"),)
    for path, hash_, size, *_ in ((*row, "", "") for row in rows):
        member = members.get(path)
        if member is None or path.rpartition("/")[2] in _SIGNATURES:
            continue
        if not hash_:
            without.append(path)
        elif reason := _difference(member, hash_, size):
            problems.append(Problem(level="error", code="record", path=path, text=reason))
        else:
            verified += 1
    return Record(verified=verified, without_hash=tuple(without)), tuple(problems)


def _difference(member: Member, hash_: str, size: str) -> str | None:
    name, _, digest = hash_.partition("=")
    if name != "sha256":
        return None if name in ("sha384", "sha512") else f"RECORD has its hash by {name}, which installers refuse"
    try:
        found = base64.urlsafe_b64decode(digest + "=" * (-len(digest) % 4)).hex()
    except (binascii.Error, ValueError):
        found = ""
    if found != member.sha256:
        return "its content is not what RECORD says: installers refuse the wheel"
    return None if size in ("", str(member.size)) else f"RECORD says that it has {size} bytes, it has {member.size}"


def rubbish(files: tuple[Member, ...]) -> Iterator[Problem]:
    """Yield the files that interpreters, editors and desktops have left behind."""
    for member in files:
        if within_rubbish(member.path):
            yield Problem(
                level="warning", code="rubbish", path=member.path, text="an editor or a program left it behind"
            )


def libraries(examined: Examined, files: tuple[Member, ...]) -> tuple[Library, ...]:
    """Return where each library that a file is linked to comes from."""
    inside = {member.path.rpartition("/")[2]: member.path for member in files}
    names = dict.fromkeys((*examined.binary.needed, *examined.binary.delayed))
    found = []
    for name in names:
        path = inside.get(re.split(r"[/\\]", name)[-1])
        if path is not None:
            grafted = any(folder.endswith((".libs", ".dylibs")) for folder in path.split("/")[:-1])
            found.append(Library(name=name, origin="grafted" if grafted else "wheel"))
        else:
            found.append(Library(name=name, origin="external" if name in examined.external else "system"))
    return tuple(found)


def tag_problems(examined: Examined, tag: WheelTag, found: tuple[Library, ...]) -> Iterator[Problem]:
    """Yield how a compiled file is not what the wheel's tag says."""
    path, binary = examined.file.path, examined.binary
    if tag.platform == ("any",) and binary.format != "wasm":
        text = "it is compiled, and the tag says that the wheel is for every system"
        yield Problem(level="error", code="tag", path=path, text=text)
        return
    if (wrong := _misfit(examined, WheelTag(python=("py3",), abi=("none",), platform=tag.platform))) is not None:
        yield Problem(level="error", code="tag", path=path, text=wrong)
        return  # what else could be said supposes that it is for this system
    if examined.file.role == "extension":
        wrong = _misfit(examined, tag, module_file=path.rpartition("/")[2])
        if wrong is not None and not re.search(_ABI3_MISFIT, wrong):
            yield Problem(level="error", code="tag", path=path, text=wrong)
        yield from _abi3_problems(path, binary, tag)
    yield from _policy_problems(examined, tag)
    yield from _macos_problems(path, binary, tag)
    promised = not all(platform.startswith("linux_") for platform in tag.platform)
    for library in found:
        if library.origin == "external":
            text = f"it needs {library.name}, which is neither in the wheel nor known to be on every system of the tag"
            sure = promised and binary.format != "pe"  # the list for Windows is not complete
            yield Problem(level="error" if sure else "warning", code="external-library", path=path, text=text)
        elif re.fullmatch(r"libpython3[\d.]*[a-z]*\.so[.\d]*", library.name) and examined.file.role == "extension":
            text = f"it is linked to {library.name}, which not every Python has"
            yield Problem(level="warning", code="libpython", path=path, text=text)


def _misfit(examined: Examined, tag: WheelTag, *, module_file: str | None = None) -> str | None:
    """Return why a file is not what a tag says, or None."""
    if examined.target is None:
        return None
    path = examined.file.path
    try:
        identity.check_tag({path: examined.binary}, tag, examined.target, module_file=module_file)
    except AuditError as error:
        return f"it {error.message.removeprefix(path).removeprefix(module_file or '').strip()}"
    return None


def _abi3_problems(path: str, binary: Binary, tag: WheelTag) -> Iterator[Problem]:
    """Yield the symbols that an extension module for the stable ABI must not use, all of them."""
    oldest = re.fullmatch(r"cp3(\d{1,3})", tag.python[0])
    known = stable_abi.names()
    if oldest is None or not any(abi.startswith("abi3") for abi in tag.abi) or int(oldest[1]) > max(known.values()):
        return
    symbols = sorted(set(identity.python_symbols(binary)))
    if foreign := [symbol for symbol in symbols if symbol not in known]:
        text = f"symbols outside of the stable ABI ({len(foreign)}): {', '.join(foreign)}"
        yield Problem(level="error", code="abi3", path=path, text=text)
    if newer := [f"{name} (3.{known[name]})" for name in symbols if known.get(name, 0) > int(oldest[1])]:
        text = f"symbols that the stable ABI of Python 3.{oldest[1]} does not have ({len(newer)}): {', '.join(newer)}"
        yield Problem(level="error", code="abi3", path=path, text=text)


def _policy_problems(examined: Examined, tag: WheelTag) -> Iterator[Problem]:
    for promised in promised_policies(tag):
        one = WheelTag(python=("py3",), abi=("none",), platform=(f"{promised}_",))
        target = target_of(examined.binary, one)
        if target is None or target.os != "linux":
            continue
        report = check.lowest_policy(examined.binary, target, libpython_allowed=True)
        if not _keeps(promised, report.policy):
            reasons = "; ".join(map(str, check.forced_by(report))) or f"it fits {report.policy}"
            yield Problem(
                level="error", code="policy", path=examined.file.path, text=f"it is not {promised}: {reasons}"
            )


def _keeps(promised: str, met: str) -> bool:
    """Return whether a file that meets one policy keeps the promise of another; nothing tells versions of musl apart.

    >>> _keeps("manylinux_2_17", "manylinux_2_5"), _keeps("musllinux_1_1", "musllinux_1_2")
    (True, True)
    """
    if met.partition("_")[0] != promised.partition("_")[0]:
        return False
    return met.startswith("musllinux") or version_of(met) <= version_of(promised)


def version_of(policy: str | None) -> tuple[int, ...]:
    """Return the version of the C library in the name of a policy.

    >>> version_of("manylinux_2_17")
    (2, 17)
    """
    return tuple(int(part) for part in (policy or "").split("_")[1:])


def _macos_problems(path: str, binary: Binary, tag: WheelTag) -> Iterator[Problem]:
    promised = [match for one in tag.platform if (match := re.fullmatch(r"macosx_(\d{1,3})_(\d{1,3})_(\w+)", one))]
    if not promised:
        return
    oldest = min((int(match[1]), int(match[2])) for match in promised)
    for part in binary.slices or (binary,):
        least = max(oldest, _APPLE_SILICON) if part.arch == "aarch64" else oldest
        if part.minimum_os is not None and part.minimum_os > least:
            needed, said = (".".join(map(str, version)) for version in (part.minimum_os, least))
            text = f"it needs macOS {needed} on {part.arch}, and the tag says {said}"
            yield Problem(level="error", code="minimum-os", path=path, text=text)
