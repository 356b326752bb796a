"""Walks the folders of a project, in archive order.

Paths are plain text here: making a `Path` of each of thousands of files takes longer than finding them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cratewheel.errors import ConfigError
from cratewheel.system.files.ignore_rules import Rules, parse_rule
from cratewheel.system.files.junk import is_rubbish
from cratewheel.system.files.links import REPOSITORIES, ProjectBoundary, Roots
from cratewheel.system.files.reading import read_bytes
from cratewheel.system.files.temporary import is_temporary
from cratewheel.system.tasks import check_cancelled

# A folder being walked: its remaining entries, and its real path after those of its parents. Walks keep a list of these
# instead of recursing: folders may be nested deeper than Python's stack.
Level = tuple[Iterator[os.DirEntry[str]], tuple[str, ...]]


def walk(
    root: Path,
    *,
    under: Path | None = None,
    roots: Roots | None = None,
    skips: Callable[[str], bool] | None = None,
) -> Iterator[str]:
    """Yield the files below `under` (a folder or file, by default `root`), sorted by path components.

    `.ignore` files between `root` and each file are honoured, and if the project is in a git (or jj) repository, its
    `.gitignore` files and `.git/info/exclude`; the user's own are not. An unpacked sdist has no repository, nor has a
    folder that its repository ignores. Hidden files are yielded, `.git` and rubbish are not. A link to a file
    stands for it; a link to a folder is not followed, unless it is `under` itself. Pipes and the like are yielded, too:
    `is_file` refuses them. Raises `ConfigError` for what cannot be read, for links out of `roots` (`root` by default),
    and for those to nothing but what `skips` is asked of and takes.
    """
    root = Path(os.path.normpath(root.absolute()))
    start = Path(os.path.normpath(under.absolute())) if under else root
    fence = ProjectBoundary(roots or (os.path.realpath(root),))
    ignores = _ignores_above(root)
    for path in reversed([start, *start.parents][: len(start.relative_to(root).parts) + 1]):
        if path.is_symlink():
            fence.check(str(path))
        if path != root and ignores.ignores(str(path), path.name, folder=path.is_dir()):
            return
        if path != start:
            ignores = ignores.enter(str(path), (entry.name for entry in list_folder(str(path))))
    if start.is_dir():
        yield from _walk(str(start), ignores, fence, skips)
    else:
        yield str(start)


def _ignores_above(root: Path) -> _Ignores:
    """Return the ignore rules of the repository around `root`, from the folders above it."""
    own = any((root / mark).exists() for mark in REPOSITORIES)
    if not own and (root / "PKG-INFO").is_file():
        return _Ignores(repository=False)
    above = (root, *root.parents)
    repository = next((folder for folder in above if any((folder / mark).exists() for mark in REPOSITORIES)), None)
    if repository is None:
        real = root.resolve().parents  # a linked project has another path in that repository
        return _Ignores(repository=any((folder / mark).exists() for folder in real for mark in REPOSITORIES))
    none = ignores = _Ignores(repository=True)
    for folder in reversed(above[: above.index(repository) + 1]):
        if ignores.ignores(str(folder), folder.name, folder=True):
            return none  # an ignored folder, such as a build folder with an unpacked project in it
        if folder != root:
            names = (*REPOSITORIES, ".gitignore")
            ignores = ignores.enter(str(folder), (name for name in names if (folder / name).exists()))
    return ignores


def _walk(folder: str, ignores: _Ignores, fence: ProjectBoundary, skips: Callable[[str], bool] | None) -> Iterator[str]:
    levels = [_read_folder(folder, ignores)]
    while levels:
        entries, ignores = levels[-1]
        for entry in entries:
            is_folder = entry.is_dir(follow_symlinks=False)
            if entry.name in REPOSITORIES or ignores.ignores(entry.path, entry.name, folder=is_folder):
                continue
            if is_folder:
                levels.append(_read_folder(entry.path, ignores))
                break
            if not entry.is_symlink():
                yield entry.path
            elif not Path(entry.path).is_dir() and not (skips is not None and skips(entry.path)):
                # entry.is_file() fails for a loop of links
                fence.check(entry.path)
                yield entry.path
        else:
            levels.pop()


def _read_folder(folder: str, ignores: _Ignores) -> tuple[Iterator[os.DirEntry[str]], _Ignores]:
    """Return the entries of a folder, and the ignore rules for it."""
    entries = list_folder(folder)
    return iter(entries), ignores.enter(folder, (entry.name for entry in entries))


def tree(folder: Path, *, roots: Roots, skips: Callable[[str], bool] | None = None) -> Iterator[str]:
    """Yield every file below `folder`, sorted by path components; ignores ignore files, and follows links to folders.

    Pipes and the like are yielded, too: `is_file` refuses them. Raises `ConfigError` for what cannot be read, for links
    out of `roots` or to nothing, but for those that `skips` is asked of and takes, and where folders link to each other
    without end.
    """
    fence = ProjectBoundary(roots)
    fence.check(str(folder))
    levels: list[Level] = [(iter(list_folder(str(folder))), (fence.real(str(folder)),))]
    while levels:
        entries, trail = levels[-1]
        for entry in entries:
            is_link = entry.is_symlink()
            if is_link:
                if skips is not None and skips(entry.path):
                    continue
                fence.check(entry.path)
            if not entry.is_dir():
                yield entry.path
                continue
            below = os.path.join(trail[-1], entry.name)  # noqa: PTH118
            real = fence.real(below, link=is_link)
            if real not in trail:  # skip links to a parent, which never end
                if is_link:
                    fence.count(entry.path)
                levels.append((iter(list_folder(entry.path)), (*trail, real)))
                break
        else:
            levels.pop()


def every_file(folder: Path) -> Iterator[str]:
    """Yield every file below `folder`, unsorted; links are yielded as files. Unreadable folders are skipped."""
    waiting = [str(folder)]
    while waiting:
        check_cancelled()
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    yield entry.path


def list_folder(folder: str) -> list[os.DirEntry[str]]:
    """Return the entries of a folder, sorted by name, without rubbish and our temporary files.

    Raises `ConfigError` when it cannot be read.
    """
    check_cancelled()
    try:
        with os.scandir(folder) as entries:
            content = (entry for entry in entries if not is_temporary(entry.name) and not is_rubbish(entry.name))
            return sorted(content, key=lambda entry: entry.name)
    except OSError as error:
        raise ConfigError(f"the folder {folder} cannot be read: {error.strerror}") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ignores:
    """The ignore files for a folder, the nearest first, each with the length of its folder's path."""

    repository: bool
    ignore: tuple[tuple[Rules, int], ...] = ()
    gitignore: tuple[tuple[Rules, int], ...] = ()

    def enter(self, folder: str, names: Iterable[str]) -> _Ignores:
        """Return the ignore files for `folder`, whose entries are `names`."""
        present = set(names)
        root = not REPOSITORIES.isdisjoint(present)
        repository = self.repository or root
        # as git: a nested repository has its own rules
        gitignore = _git_excludes(folder) if root else self.gitignore
        if repository and ".gitignore" in present:
            gitignore = (_ignore_file(folder, ".gitignore"), *gitignore)
        ignore = (_ignore_file(folder, ".ignore"), *self.ignore) if ".ignore" in present else self.ignore
        return _Ignores(repository=repository, ignore=ignore, gitignore=gitignore)

    def ignores(self, path: str, name: str, *, folder: bool) -> bool:
        """Return whether the path is ignored: `.ignore` wins over `.gitignore`, then the nearest file wins."""
        for rules, length in (*self.ignore, *self.gitignore):
            decision = rules.decide(path[length:].replace(os.sep, "/"), name, folder=folder)
            if decision is not None:
                return decision
        return False


def _git_excludes(folder: str) -> tuple[tuple[Rules, int], ...]:
    """Return the rules of `info/exclude` of the repository at a folder; worktrees share that of the main one."""
    git = Path(folder, ".git")
    if git.is_file():
        with suppress(OSError, UnicodeDecodeError):
            git = Path(folder, git.read_text(encoding="utf-8").removeprefix("gitdir:").strip())
            common = git / "commondir"
            git = git / common.read_text(encoding="utf-8").strip() if common.is_file() else git
    path = git / "info" / "exclude"
    return (_rules(path, folder),) if path.is_file() else ()


def _ignore_file(folder: str, name: str) -> tuple[Rules, int]:
    return _rules(Path(folder, name), folder)


def _rules(path: Path, folder: str) -> tuple[Rules, int]:
    """Return the rules of an ignore file in `folder`."""
    try:
        text = read_bytes(path).decode("utf-8-sig", "surrogateescape")  # as file names are decoded
    except IsADirectoryError:
        text = ""
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    rules = []
    for line in text.replace("\r\n", "\n").split("\n"):
        with suppress(ConfigError):  # as git: a malformed line matches nothing
            rules.append(parse_rule(line))
    return Rules(rules), len(folder) + 1
