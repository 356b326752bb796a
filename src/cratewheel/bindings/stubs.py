"""Type stubs of a PyO3 module, from the descriptions that `experimental-inspect` compiles into it.

The descriptions are JSON objects (`audit.introspection` finds them): modules with the ids of their members; classes,
functions and attributes with the id of what they belong to; annotations, decorators and defaults as small syntax trees.
pyo3 before 0.27 has some of these as texts. What a stub file may hold: https://typing.python.org/en/latest/spec/distributing.html.
"""

from __future__ import annotations

import ast
import builtins
import json
import keyword
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from cratewheel.errors import ConfigError

Description = Mapping[str, Any]
INDENT = "    "
NO_DESCRIPTION = "turn on pyo3's feature `experimental-inspect`, and write the module with `#[pymodule] mod …`"
_BUILTINS = frozenset(dir(builtins))


def stub_files(descriptions: Sequence[Description], module: str) -> dict[PurePosixPath, str]:
    """Return the stub files of the extension with the full dotted name `module`, by their paths in its package.

    The extension itself is `__init__.pyi`; a submodule is `name.pyi`, or a directory where it has submodules. Raises
    `ConfigError` when the file describes no such module, or what it says is no Python.
    """
    name = module.rpartition(".")[2]
    root = next((one for one in descriptions if one.get("type") == "module" and one.get("name") == name), None)
    if root is None:
        there = sorted({str(one.get("name")) for one in descriptions if one.get("type") == "module"})
        found = (
            f"the compiled module describes {', '.join(there)}" if there else "the compiled module describes nothing"
        )
        raise ConfigError(f"no type stubs can be made for {module}: {found}", hint=NO_DESCRIPTION)
    tree = _Tree(descriptions)
    names = dict(_class_names(tree, root, module))
    files = dict(_files(tree, root, module, PurePosixPath(), names))
    for path, text in files.items():
        check_stub(path, text)
    return files


class _Tree:
    """The descriptions by id, and by what they belong to."""

    def __init__(self, descriptions: Iterable[Description]) -> None:
        self._by_id: dict[str, Description] = {}
        self._by_parent: dict[str, list[Description]] = defaultdict(list)
        for one in descriptions:
            if "id" in one:
                self._by_id[one["id"]] = one
            if "parent" in one:
                self._by_parent[one["parent"]].append(one)

    def members(self, owner: Description) -> list[Description]:
        """Return the members of a module or class, sorted by name; a property stands before its setter."""
        listed = [self._by_id[one] for one in owner.get("members", ()) if one in self._by_id]
        return sorted((*listed, *self._by_parent.get(owner.get("id", ""), ())), key=_order)

    def of_kind(self, owner: Description, kind: str) -> list[Description]:
        """Return the members of one kind: module, class, function or attribute."""
        return [one for one in self.members(owner) if one["type"] == kind]


def _order(member: Description) -> tuple[str, bool, str]:
    decorators = member.get("decorators", ())
    return member["name"], not any(_plain(one) == "property" for one in decorators), repr(decorators)


def _class_names(tree: _Tree, owner: Description, path: str, inside: str = "") -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the id of each class with its module and its name there, nested classes too."""
    for one in tree.of_kind(owner, "class"):
        name = f"{inside}{one['name']}"
        yield one["id"], (path, name)
        yield from _class_names(tree, one, path, f"{name}.")
    for one in tree.of_kind(owner, "module"):
        yield from _class_names(tree, one, f"{path}.{one['name']}")


def _files(
    tree: _Tree, module: Description, path: str, folder: PurePosixPath, names: Mapping[str, tuple[str, str]]
) -> Iterator[tuple[PurePosixPath, str]]:
    yield folder / "__init__.pyi", _module_text(tree, module, path, names)
    for one in tree.of_kind(module, "module"):
        inner = f"{path}.{one['name']}"
        if tree.of_kind(one, "module"):
            yield from _files(tree, one, inner, folder / one["name"], names)
        else:
            yield folder / f"{one['name']}.pyi", _module_text(tree, one, inner, names)


def _module_text(tree: _Tree, module: Description, path: str, names: Mapping[str, tuple[str, str]]) -> str:
    attributes, classes, functions, modules = (
        tree.of_kind(module, kind) for kind in ("attribute", "class", "function", "module")
    )
    own = [one["name"] for one in (*attributes, *classes, *functions, *modules)]
    shadows = frozenset((*own, *_member_names(tree, classes)))
    scope = _Scope(path=path, own=frozenset(own), shadows=shadows, classes=names)
    blocks = [scope.attribute(one) for one in attributes]
    blocks += [scope.class_block(tree, one) for one in classes]
    blocks += [scope.function(one) for one in functions]
    if module.get("incomplete") and "__getattr__" not in own:
        # https://typing.python.org/en/latest/guides/writing_stubs.html#incomplete-stubs
        blocks.append(scope.function(_ANY_NAME))
    public = sorted({name for name in own if not name.startswith("_")})
    listed = [] if module.get("incomplete") else [[f"__all__ = [{', '.join(map(_quoted, public))}]"]]
    imports = [f"from . import {one['name']} as {one['name']}" for one in modules]
    head = [_docstring(module["doc"])] if module.get("doc") else []
    sections = (_joined(head), _joined([[*imports, *scope.imports()]]), _joined(listed), _joined(blocks))
    return "\n".join(section for section in sections if section)


def _member_names(tree: _Tree, classes: Iterable[Description]) -> Iterator[str]:
    for one in classes:
        for member in tree.members(one):
            yield member["name"]
        yield from _member_names(tree, tree.of_kind(one, "class"))


def _joined(blocks: Iterable[list[str]]) -> str:
    """Return the blocks as a text: an empty line around each that has several lines, none between short ones."""
    lines: list[str] = []
    previous: list[str] = []
    for block in blocks:
        if not block:
            continue
        if previous and (len(block) > 1 or len(previous) > 1):
            lines.append("")
        lines += block
        previous = block
    return "\n".join(lines) + "\n" if lines else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scope:
    """What the names of one stub file mean.

    `own` are defined in the module, `shadows` anywhere in it: a method called `list` hides the builtin from the
    annotations of its class.
    """

    path: str
    own: frozenset[str]
    shadows: frozenset[str]
    classes: Mapping[str, tuple[str, str]]
    _imported: dict[tuple[str, str], str] = field(default_factory=dict)

    def imports(self) -> list[str]:
        """Return the import lines that the expressions written so far need."""
        whole = [f"import {module}" for module, name in sorted(self._imported) if not name]
        by_module: dict[str, list[str]] = defaultdict(list)
        for (module, name), local in sorted(self._imported.items()):
            if name:
                by_module[module].append(name if name == local else f"{name} as {local}")
        return [*whole, *(f"from {module} import {', '.join(names)}" for module, names in by_module.items())]

    def imported(self, module: str, name: str) -> str:
        """Return by which name something of another module is known here; dotted names are imported by their first."""
        first, dot, rest = name.partition(".")
        local = self._imported.get((module, first))
        if local is None:
            taken = {*self.shadows, *self._imported.values(), *_BUILTINS}
            local = first
            while local in taken:
                local += "_"
            self._imported[module, first] = local
        return f"{local}{dot}{rest}"

    def builtin(self, name: str) -> str:
        """Return a name of `builtins`, in full where something here has the same name."""
        if name.partition(".")[0] not in self.shadows:
            return name
        self._imported["builtins", ""] = "builtins"
        return f"builtins.{name}"

    def expression(self, tree: object) -> str:
        """Return the Python expression that a syntax tree, or the text of an older pyo3, stands for."""
        if isinstance(tree, str):
            return tree
        if not isinstance(tree, Mapping):
            raise ConfigError(f"pyo3 describes a type as {tree!r}, which this version does not know", hint=_UPDATE)
        match tree:
            case {"type": "constant"}:
                return _constant(tree)
            case {"type": "builtin" | "name" | "attribute" | "id"}:
                return self._name(tree)
            case {"type": "union", "elts": [*parts]}:
                return " | ".join(self.expression(part) for part in parts)
            case {"type": "binop", "left": left, "right": right, "op": "bitor"}:
                return self._union(left, right)
            case {"type": "subscript", "value": value, "slice": inner}:
                return f"{self.expression(value)}[{self._slice(inner)}]"
            case {"type": "tuple", "elts": [*parts]}:
                inside = ", ".join(self.expression(part) for part in parts)
                return f"({inside},)" if len(parts) == 1 else f"({inside})"
            case {"type": "list", "elts": [*parts]}:
                return f"[{', '.join(self.expression(part) for part in parts)}]"
        raise ConfigError(f"pyo3 describes a type as {tree}, which this version does not know", hint=_UPDATE)

    def _name(self, tree: Mapping[str, Any]) -> str:
        match tree:
            case {"type": "attribute", "module": str(module), "attr": str(name)}:
                return self._of_module(module, name)
            case {"type": "attribute", "value": value, "attr": str(name)}:
                return self._attribute(value, name)
            case {"type": "id"}:
                return self._class(tree["id"])
        return self.builtin(tree["id"])

    def _union(self, left: object, right: object) -> str:
        parts = [part for side in (left, right) for part in self.expression(side).split(" | ")]
        return " | ".join(dict.fromkeys(parts))

    def _slice(self, inner: object) -> str:
        match inner:
            case {"type": "tuple", "elts": [first, *rest]}:
                return ", ".join(self.expression(part) for part in (first, *rest))
            case [*parts]:
                return ", ".join(self.expression(part) for part in parts)
        return self.expression(inner)

    def _attribute(self, value: object, name: str) -> str:
        match value:
            case {"type": "name", "id": str(module)}:
                return self._of_module(module, name)
            case {"type": "attribute", "value": inner, "attr": str(outer)}:
                return self._attribute(inner, f"{outer}.{name}")
        return f"{self.expression(value)}.{name}"

    def _of_module(self, module: str, name: str) -> str:
        if module == "builtins":
            return self.builtin(name)
        return name if module == self.path else self.imported(module, name)

    def _class(self, identity: str) -> str:
        if identity not in self.classes:  # a class that no module exports
            return self.imported("typing", "Any")
        module, name = self.classes[identity]
        return name if module == self.path else self.imported(module, name)

    def attribute(self, one: Description) -> list[str]:
        """Return the lines of a constant or an attribute."""
        annotation = f": {self.expression(one['annotation'])}" if one.get("annotation") is not None else ""
        value = f" = {self.expression(one['value'])}" if one.get("value") is not None else ""
        if not annotation and not value:
            annotation = f": {self._incomplete()}"
        return [f"{one['name']}{annotation}{value}", *(_docstring(one["doc"]) if one.get("doc") else ())]

    def function(self, one: Description, owner: str = "") -> list[str]:
        """Return the lines of a function, or of a method of the class `owner`."""
        decorators = [
            f"@{self.expression(decorator).removeprefix(f'{owner}.')}" for decorator in one.get("decorators", ())
        ]
        returned = one.get("returns")
        returns = self._incomplete() if returned is None else self.expression(returned)
        word = "async def" if one.get("async") else "def"
        line = f"{word} {one['name']}({self._parameters(one.get('arguments', {}), method=bool(owner))}) -> {returns}:"
        if one.get("doc"):
            return [*decorators, line, *_indented(_docstring(one["doc"]))]
        return [*decorators, f"{line} ..."]

    def _incomplete(self) -> str:
        """Return the type of what pyo3 says nothing of: strict type checkers want each to have one."""
        return self.imported("_typeshed", "Incomplete")

    def _parameters(self, arguments: Mapping[str, Any], *, method: bool) -> str:
        first, *more = arguments.get("posonlyargs") or [None]
        of_object = [first["name"]] if first and method and first["name"] in ("self", "cls") else []
        positional = of_object + [self._parameter(one) for one in ([first, *more] if first and not of_object else more)]
        by_keyword = [self._parameter(one) for one in arguments.get("kwonlyargs", ())]
        rest, named = arguments.get("vararg"), arguments.get("kwarg")
        star = [f"*{self._parameter(rest)}"] if rest else ["*"] if by_keyword else []
        return ", ".join(
            [
                *positional,
                *(["/"] if positional else []),
                *(self._parameter(one) for one in arguments.get("args", ())),
                *star,
                *by_keyword,
                *([f"**{self._parameter(named)}"] if named else []),
            ]
        )

    def _parameter(self, one: Description) -> str:
        annotation, default = one.get("annotation"), one.get("default")
        name = f"{one['name']}_" if keyword.iskeyword(one["name"]) else one["name"]
        text = f"{name}: {self._incomplete() if annotation is None else self.expression(annotation)}"
        return text if default is None else f"{text} = {self.expression(default)}"

    def class_block(self, tree: _Tree, one: Description, owner: str = "") -> list[str]:
        """Return the lines of a class and its members."""
        path = f"{owner}{one['name']}"
        bases = f"({', '.join(self.expression(base) for base in one['bases'])})" if one.get("bases") else ""
        decorators = [f"@{self.expression(decorator)}" for decorator in one.get("decorators", ())]
        if one.get("final"):
            decorators.append(f"@{self.imported('typing', 'final')}")
        body = _docstring(one["doc"]) if one.get("doc") else []
        for member in tree.of_kind(one, "attribute"):
            body += self.attribute(member)
        for member in tree.of_kind(one, "function"):
            body += self.function(member, path)
        for member in tree.of_kind(one, "class"):
            body += self.class_block(tree, member, f"{path}.")
        line = f"class {one['name']}{bases}:"
        return [*decorators, line, *_indented(body)] if body else [*decorators, f"{line} ..."]


_ANY_NAME: Description = {
    "name": "__getattr__",
    "arguments": {"args": [{"name": "name", "annotation": {"type": "name", "id": "str"}}]},
}
_UPDATE = "a newer cratewheel may know it: pip install --upgrade cratewheel"


def _plain(tree: object) -> str | None:
    """Return the name that a decorator is, of whichever version of pyo3; None where it is no name."""
    match tree:
        case str(name) | {"type": "name", "id": str(name)}:
            return name
    return None


def _constant(tree: Mapping[str, Any]) -> str:
    match tree.get("kind"):
        case "none":
            return "None"
        case "bool":
            return "True" if tree["value"] else "False"
        case "int" | "float":
            return str(tree["value"])
        case "str":
            return _quoted(tree["value"])
        case "ellipsis":
            return "..."
    raise ConfigError(f"pyo3 describes a constant as {dict(tree)}, which this version does not know", hint=_UPDATE)


def _quoted(text: str) -> str:
    r"""Return a text as a Python literal in double quotes.

    >>> _quoted("it's"), _quoted('a"b')
    ('"it\'s"', '"a\\"b"')
    """
    return json.dumps(text, ensure_ascii=False)  # each of its escapes means the same in Python


def _docstring(text: str) -> list[str]:
    """Return the lines of a docstring."""
    # as Python reads it back
    safe = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    safe = "".join(char if char == "\n" or char.isprintable() else ascii(char)[1:-1] for char in safe)
    first, *rest = safe.split("\n")
    if not rest:
        return [f'"""{first} """' if first.endswith('"') else f'"""{first}"""']
    return [f'"""{first}', *rest, '"""']


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"{INDENT}{line}" if line else "" for line in lines]


def check_stub(path: PurePosixPath, text: str) -> None:
    """Raise `ConfigError` for a stub that Python cannot parse: somebody wrote a signature by hand in Rust."""
    try:
        ast.parse(text)
    except SyntaxError as error:
        line = (error.text or "").strip()
        raise ConfigError(
            f"the stub {path} would not be Python: {line or error.msg}",
            hint="correct the signature or the type that `#[pyo3(signature = …)]` gives",
        ) from error
