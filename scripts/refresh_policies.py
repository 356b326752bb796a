"""Take what systems have over from the auditwheel, delvewheel and abi3info that are installed next to this Python.

The manylinux and musllinux policies are auditwheel's, the names of the DLLs that every Windows has delvewheel's, those
of Python's stable ABI abi3info's. Run it in the development environment after
`pip install --upgrade auditwheel delvewheel abi3info`, look at the difference, and commit.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.resources
import json
import sys
from pathlib import Path

DESTINATION = Path(__file__).parent.parent / "src" / "cratewheel" / "audit"
FIELDS = {"name", "aliases", "priority", "symbol_versions", "lib_whitelist", "blacklist"}


def main() -> int:
    """Copy both files; returns the exit status."""
    source = importlib.resources.files("auditwheel.policy")
    for name in ("manylinux-policy.json", "musllinux-policy.json"):
        text = source.joinpath(name).read_text(encoding="utf-8")
        policies = json.loads(text)
        if unknown := {field for policy in policies for field in policy} ^ FIELDS:
            sys.stderr.write(f"{name}: the fields have changed ({', '.join(sorted(unknown))}); see audit/policy.py\n")
            return 1
        target = DESTINATION / name
        changed = not target.exists() or target.read_text(encoding="utf-8") != text
        target.write_text(text, encoding="utf-8", newline="\n")
        sys.stdout.write(f"{name}: {len(policies)} policies, {'changed' if changed else 'as before'}\n")
    sys.stdout.write(f"from auditwheel {importlib.metadata.version('auditwheel')}\n")
    write_windows()
    write_stable_abi()
    return 0


def write_windows() -> None:
    """Write the DLLs that the Windows of each processor has."""
    lists = importlib.import_module("delvewheel._dll_list")
    names = {
        arch: sorted(name.lower() for name in lists.ignore_names[lists.MachineType[machine]])
        for arch, machine in (("aarch64", "ARM64"), ("x86", "I386"), ("x86_64", "AMD64"))
    }
    common = sorted(set.intersection(*map(set, names.values())))
    content = {"every": common, **{arch: sorted(set(found) - set(common)) for arch, found in names.items()}}
    text = json.dumps(content, indent=1) + "\n"
    (DESTINATION / "windows-dlls.json").write_text(text, encoding="utf-8", newline="\n")
    sys.stdout.write(f"windows-dlls.json: {len(common)} names, from delvewheel ")
    sys.stdout.write(f"{importlib.metadata.version('delvewheel')}\n")


def write_stable_abi() -> None:
    """Write the symbols of the stable ABI, by the Python 3 that brought them."""
    info = importlib.import_module("abi3info")
    content: dict[str, list[str]] = {}
    for symbols in (info.FUNCTIONS, info.DATAS):
        for symbol, facts in symbols.items():
            content.setdefault(str(facts.added.minor), []).append(symbol.name)
    ordered = {minor: sorted(content[minor]) for minor in sorted(content, key=int)}
    text = json.dumps(ordered, indent=1) + "\n"
    (DESTINATION / "stable-abi.json").write_text(text, encoding="utf-8", newline="\n")
    sys.stdout.write(f"stable-abi.json: {sum(map(len, content.values()))} names, from abi3info ")
    sys.stdout.write(f"{importlib.metadata.version('abi3info')}\n")


if __name__ == "__main__":
    sys.exit(main())
