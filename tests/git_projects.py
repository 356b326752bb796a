"""Projects in git."""

from __future__ import annotations

import subprocess
from pathlib import Path


def git(folder: Path, *words: str) -> str:
    """Run git in a folder as some author, and return what it printed."""
    settings = ("user.name=a", "user.email=a@example.org", "protocol.file.allow=always", "core.autocrlf=false")
    command = ["git", *(word for setting in settings for word in ("-c", setting)), *words]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def write(root: Path, tree: dict[str, str]) -> Path:
    """Write the files of a tree, and return its root."""
    for name, text in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def committed(root: Path, tree: dict[str, str]) -> Path:
    """Write a tree into a new repository, with one commit, and return its root."""
    write(root, tree)
    git(root, "init", "-q")
    git(root, "add", "--all")
    git(root, "commit", "-q", "-m", "first")
    return root
