"""Makes a Python class and a Rust struct of each message in a folder, as protoc does."""

import sys
from pathlib import Path

PYTHON = {"text": "str", "number": "int"}
RUST = {"text": "String", "number": "i64"}


def main(folder: Path) -> None:
    """Write the sources for all messages in the folder."""
    rust = ["// made by codegen.py\nuse pyo3::prelude::*;\n"]
    for path in sorted(folder.glob("*.msg")):
        fields = [line.split() for line in path.read_text(encoding="utf-8").splitlines()]
        name = path.stem.capitalize()
        python = ["# made by codegen.py", "from dataclasses import dataclass", "", "", "@dataclass", f"class {name}:"]
        python += [f"    {field}: {PYTHON[kind]}" for field, kind in fields]
        Path(f"python/build_hooks/{path.stem}_msg.py").write_text("\n".join(python) + "\n", encoding="utf-8")
        members = "".join(f"    pub {field}: {RUST[kind]},\n" for field, kind in fields)
        rust.append(f"#[derive(FromPyObject)]\npub struct {name} {{\n{members}}}\n")
        sys.stdout.write(f"{path}: {len(fields)} fields\n")
    Path("src/messages.rs").write_text("\n".join(rust), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
