"""Environment markers in a normal form: two markers that mean the same are written the same.

The marker becomes a decision diagram: a tree of questions in a fixed order, versions first and `extra` last, in which
no question is asked whose answer changes nothing. Read back, the paths that lead to "yes" are a disjunction of
conjunctions. `python_version` is asked as a range of `python_full_version`, so that both can be compared. The
grammar is that of https://packaging.python.org/en/latest/specifications/dependency-specifiers/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from cratewheel.frozen import dataclass, replace

if TYPE_CHECKING:
    from packaging.version import Version

NEVER = "python_version < '0'"  # how a marker that no interpreter meets is written
MOST_COMPARISONS = 16  # diagrams can double in size with each question: a longer marker stays as it is

VERSIONS = frozenset({"implementation_version", "python_full_version", "python_version"})
STRINGS = frozenset(
    {
        "implementation_name", "os_name", "platform_machine", "platform_python_implementation", "platform_release",
        "platform_system", "platform_version", "sys_platform",
    }
)  # fmt: skip
ALIASES = {
    "os.name": "os_name",
    "sys.platform": "sys_platform",
    "platform.version": "platform_version",
    "platform.machine": "platform_machine",
    "platform.python_implementation": "platform_python_implementation",
    "python_implementation": "platform_python_implementation",
}
MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
OPPOSITE = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "==": "!=", "!=": "==", "in": "not in", "not in": "in"}

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"[^"]*"|'[^']*')|(?P<sign>===|==|~=|!=|<=|>=|<|>)|(?P<paren>[()])|(?P<word>[\w.]+))"""
)

# Where a line of values is cut: (value, 0) is just before the value, (value, 1) just after it.
Cut = tuple[Any, int]
# A stretch of values between two cuts; None is the end of the line.
Stretch = tuple[Cut | None, Cut | None]


# Kinds of questions: the place of a version or a string among all, `name in 'value'`, `'value' in name`, an extra, and
# a comparison that is kept as it is written.
VERSION, STRING, IN, CONTAINS, EXTRA, KEPT = range(6)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Question:
    """What a node of the diagram asks. The order of the fields is the order in which questions are asked."""

    kind: int
    name: str
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A question and where its answers lead: `children[i]` is for values between `cuts[i - 1]` and `cuts[i]`.

    A question of yes or no has no cuts and two children, that of "yes" first.
    """

    question: Question
    cuts: tuple[Cut, ...]
    children: tuple[Diagram, ...]


Diagram = Node | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A comparison as it is written: `name operator 'value'`, with the sides exchanged where `mirrored`."""

    name: str
    operator: str = ""
    value: str = ""
    mirrored: bool = False

    def __str__(self) -> str:
        if not self.operator:
            return self.name
        quote = '"' if "'" in self.value else "'"
        value = f"{quote}{self.value}{quote}"
        return f"{value} {self.operator} {self.name}" if self.mirrored else f"{self.name} {self.operator} {value}"

    def is_opposite(self, other: Term) -> bool:
        """Whether one of the two holds exactly where the other does not."""
        same = (self.name, self.value, self.mirrored) == (other.name, other.value, other.mirrored)
        return same and OPPOSITE.get(self.operator) == other.operator


def normalise(marker: str, *, extra: str | None = None) -> str:
    """Return the marker in normal form, met only with `extra` if that is given; "" if every interpreter meets it.

    The marker must be one that `packaging` takes. A comparison that is none of versions, strings or an extra stays as
    it is, and so does a marker of very many comparisons.

    >>> normalise('sys_platform == "win32" and python_version <= "3.9"')
    "python_full_version < '3.10' and sys_platform == 'win32'"
    >>> normalise('os_name == "nt" or os_name != "nt"')
    ''
    >>> normalise("", extra="fast")
    "extra == 'fast'"
    """
    tokens = [(match.lastgroup or "", match[match.lastgroup or 0]) for match in _TOKEN.finditer(marker)]
    if sum(kind == "text" for kind, _ in tokens) > MOST_COMPARISONS:
        return marker if extra is None else f"({marker}) and extra == '{extra}'"
    diagram = _Parser(tokens).marker() if tokens else True
    if extra is not None:
        diagram = _both(diagram, _yes_or_no(Question(kind=EXTRA, name="extra", value=extra)))
    if isinstance(diagram, bool):
        return "" if diagram else NEVER
    clauses = _simplified([list(path) for path in _paths(diagram)])
    written = [" and ".join(map(str, clause)) for clause in clauses]
    if len(written) == 1:
        return written[0]
    return " or ".join(f"({text})" if len(clause) > 1 else text for text, clause in zip(written, clauses, strict=True))


class _Parser:
    """The words of a well-formed marker → diagram."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens = tokens
        self.place = 0

    def marker(self) -> Diagram:
        result = self._conjunction()
        while self._take("or"):
            result = _either(result, self._conjunction())
        return result

    def _conjunction(self) -> Diagram:
        result = self._comparison()
        while self._take("and"):
            result = _both(result, self._comparison())
        return result

    def _comparison(self) -> Diagram:
        if self._take("("):
            result = self.marker()
            self._take(")")
            return result
        (left_kind, left), (_, operator) = self._token(), self._token()
        if operator == "not":
            operator = f"not {self._token()[1]}"
        right_kind, right = self._token()
        if left_kind == right_kind:  # two names, or two texts
            return _kept(left, operator, right)
        if left_kind == "text":
            return _compared(ALIASES.get(right, right), operator, left[1:-1], mirrored=True)
        return _compared(ALIASES.get(left, left), operator, right[1:-1], mirrored=False)

    def _token(self) -> tuple[str, str]:
        self.place += 1
        return self.tokens[self.place - 1]

    def _take(self, word: str) -> bool:
        found = self.place < len(self.tokens) and self.tokens[self.place] in (("word", word), ("paren", word))
        self.place += found
        return found


def _compared(name: str, operator: str, value: str, *, mirrored: bool) -> Diagram:
    """Return the diagram of one comparison of a name and a text."""
    result: Diagram | None = None
    if name == "extra" and operator in ("==", "!="):
        from packaging.utils import canonicalize_name

        result = _yes_or_no(Question(kind=EXTRA, name=name, value=canonicalize_name(value)), yes=operator == "==")
    elif name in STRINGS and operator in ("in", "not in"):
        result = _yes_or_no(Question(kind=CONTAINS if mirrored else IN, name=name, value=value), yes=operator == "in")
    elif name in VERSIONS and operator in ("in", "not in") and not mirrored:
        result = _version_list(name, value, listed=operator == "in")
    elif mirrored:
        operator = MIRRORED.get(operator, operator)
    if result is None and name in VERSIONS:
        result = _version(name, operator, value)
    elif result is None and name in STRINGS and operator in OPPOSITE:
        result = _places(Question(kind=STRING, name=name), operator, value)
    if result is None:
        return _kept(f"'{value}'", operator, name) if mirrored else _kept(name, operator, f"'{value}'")
    return result


def _kept(*words: str) -> Diagram:
    return _yes_or_no(Question(kind=KEPT, name=" ".join(words)))


def _yes_or_no(question: Question, *, yes: bool = True) -> Diagram:
    return Node(question=question, cuts=(), children=(yes, not yes))


def _places(question: Question, operator: str, low: object, after: object = None) -> Diagram:
    """Return where values are on the asked side of `low`, or of all values from `low` up to `after`."""
    end: Cut = (low, 1) if after is None else (after, 0)
    cuts: tuple[Cut, ...]
    match operator:
        case "==" | "!=":
            cuts = ((low, 0), end)
        case "<" | ">=":
            cuts = ((low, 0),)
        case _:
            cuts = (end,)
    first = operator in ("<", "<=", "!=")
    return Node(question=question, cuts=cuts, children=tuple(first ^ bool(i % 2) for i in range(len(cuts) + 1)))


def _version(name: str, operator: str, value: str) -> Diagram | None:
    """Return the comparison with a version, or None if PEP 440 knows no such comparison.

    Only the release numbers count. A `python_version` has two of them, so that `<= '3.9'` is true of 3.9.7: it is
    compared as all versions that begin with 3.9.
    """
    from packaging.version import InvalidVersion, Version

    star = value.endswith(".*")
    try:
        release = Version(value.removesuffix(".*")).release
    except InvalidVersion:
        return None
    question = Question(kind=VERSION, name="python_full_version" if name == "python_version" else name)
    if operator == "~=" and len(release) > 1 and not star:
        if name == "python_version" and len(release) > 2:
            return False
        return _both(
            _places(question, ">=", _release(*release)),
            _places(question, "<", _release(*release[:-2], release[-2] + 1)),
        )
    operator = "==" if operator == "===" else operator
    if operator not in OPPOSITE or (star and operator not in ("==", "!=")):
        return None
    if name == "python_version" and not star:
        if any(release[2:]):
            if operator in ("==", "!="):  # no python_version has three numbers
                return operator == "!="
            operator = operator[0] if operator[0] == ">" else "<="  # 3.8 is before 3.8.1, 3.9 after it
        release = (*release, 0)[:2]
        star = True
    if operator in ("<", ">=") and not any(release):  # nothing is before 0
        return operator == ">="
    after = _release(*release[:-1], release[-1] + 1) if star else None
    return _places(question, operator, _release(*release), after)


def _version_list(name: str, value: str, *, listed: bool) -> Diagram | None:
    """Return `name in '3.8 3.9'`: the list is read word by word, not searched as one long text."""
    result: Diagram = False
    for word in value.split():
        one = _version(name, "==", word)
        if one is None:
            return None
        result = _either(result, one)
    return result if listed else _opposite(result)


def _release(*numbers: int) -> Version:
    from packaging.version import Version

    return Version(".".join(map(str, numbers)))


def _both(left: Diagram, right: Diagram) -> Diagram:
    """Return the diagram that is true where both are."""
    if isinstance(left, bool):
        return right if left else False
    if isinstance(right, bool):
        return left if right else False
    if left.question < right.question:
        return _node(left.question, left.cuts, [_both(child, right) for child in left.children])
    if right.question < left.question:
        return _node(right.question, right.cuts, [_both(left, child) for child in right.children])
    cuts = tuple(sorted({*left.cuts, *right.cuts}))
    pairs = zip(_spread(left, cuts), _spread(right, cuts), strict=True)
    return _node(left.question, cuts, [_both(one, other) for one, other in pairs])


def _either(left: Diagram, right: Diagram) -> Diagram:
    return _opposite(_both(_opposite(left), _opposite(right)))


def _opposite(diagram: Diagram) -> Diagram:
    if isinstance(diagram, bool):
        return not diagram
    return Node(
        question=diagram.question, cuts=diagram.cuts, children=tuple(_opposite(child) for child in diagram.children)
    )


def _node(question: Question, cuts: tuple[Cut, ...], children: list[Diagram]) -> Diagram:
    """Return a node without cuts that separate nothing, or the child where the answer changes nothing."""
    if all(child == children[0] for child in children):
        return children[0]
    if not cuts:
        return Node(question=question, cuts=(), children=tuple(children))
    needed = [(cut, after) for cut, (before, after) in zip(cuts, pairwise(children), strict=True) if before != after]
    return Node(
        question=question,
        cuts=tuple(cut for cut, _ in needed),
        children=(children[0], *(after for _, after in needed)),
    )


def _spread(node: Node, cuts: tuple[Cut, ...]) -> Iterator[Diagram]:
    """Yield the child for each stretch between `cuts`, which are at least those of the node."""
    if not node.cuts:
        yield from node.children
        return
    yield node.children[0]
    for cut in cuts:
        yield node.children[sum(own <= cut for own in node.cuts)]


def _paths(diagram: Diagram, so_far: tuple[Term, ...] = ()) -> Iterator[tuple[Term, ...]]:
    """Yield the terms along each path of the diagram that ends in "yes"."""
    if isinstance(diagram, bool):
        if diagram:
            yield so_far
        return
    for terms, child in _edges(diagram):
        yield from _paths(child, (*so_far, *terms))


def _edges(node: Node) -> Iterator[tuple[tuple[Term, ...], Diagram]]:
    """Yield each way out of a node, as terms that are all met, and where it leads."""
    question = node.question
    if not node.cuts:
        yes, no = _answers(question)
        yield (yes,), node.children[0]
        # a comparison that is kept has no opposite; it is never negated, so what holds without it holds with it too
        yield (no,) if no else (), node.children[1]
        return
    stretches = pairwise((None, *node.cuts, None))
    ways: dict[Diagram, list[Stretch]] = {}
    for child, stretch in zip(node.children, stretches, strict=True):
        ways.setdefault(child, []).append(stretch)
    for child, parts in ways.items():
        holes = _holes(question, parts)
        if holes:
            yield holes, child
        else:
            yield from ((_bounds(question, part), child) for part in parts)


def _answers(question: Question) -> tuple[Term, Term | None]:
    """Return how "yes" and "no" to a question are written."""
    if question.kind == KEPT:
        return Term(name=question.name), None
    yes = Term(
        name=question.name,
        operator="==" if question.kind == EXTRA else "in",
        value=question.value,
        mirrored=question.kind == CONTAINS,
    )
    return yes, replace(yes, operator=OPPOSITE[yes.operator])


def _holes(question: Question, parts: list[Stretch]) -> tuple[Term, ...]:
    """Return stretches as everything but single values, if that is what they are: `!= 'a' and != 'b'`."""
    if len(parts) < 2 or parts[0][0] is not None or parts[-1][1] is not None:
        return ()
    gaps = [(before[1], after[0]) for before, after in pairwise(parts)]
    found = []
    for low, high in gaps:
        assert low is not None
        assert high is not None
        if low == (high[0], 0) and high[1] == 1:
            found.append(Term(name=question.name, operator="!=", value=_written(low[0])))
        elif len(gaps) == 1 and _is_minor(question, (low, high)):
            found.append(Term(name=question.name, operator="!=", value=_minor(low[0])))
        else:
            return ()
    return tuple(found)


def _bounds(question: Question, part: Stretch) -> tuple[Term, ...]:
    low, high = part
    if low and high and low == (high[0], 0) and high[1] == 1:
        return (Term(name=question.name, operator="==", value=_written(low[0])),)
    if low and _is_minor(question, part):
        return (Term(name=question.name, operator="==", value=_minor(low[0])),)
    terms = []
    if low:
        terms.append(Term(name=question.name, operator=">" if low[1] else ">=", value=_written(low[0])))
    if high:
        terms.append(Term(name=question.name, operator="<=" if high[1] else "<", value=_written(high[0])))
    return tuple(terms)


def _is_minor(question: Question, part: Stretch) -> bool:
    """Whether a stretch is all versions that begin with the same two numbers."""
    low, high = part
    if question.kind != VERSION or low is None or high is None or low[1] or high[1]:
        return False
    first, after = (*low[0].release, 0)[:2], (*high[0].release, 0)[:2]
    return not any(low[0].release[2:] + high[0].release[2:]) and after == (first[0], first[1] + 1)


def _minor(version: Version) -> str:
    return f"{version.major}.{version.minor}.*"


def _written(value: str | Version) -> str:
    if isinstance(value, str):
        return value
    return re.sub(r"(\.0)+$", "", str(value))


def _simplified(clauses: list[list[Term]]) -> list[list[Term]]:
    """Return the disjunction with what its clauses say twice taken out: `a or (not a and b)` is `a or b`."""
    for i, clause in enumerate(clauses):
        others = clauses[:i] + clauses[i + 1 :]
        dropped: list[Term] = []
        for term in clause:
            kept = [other for other in clause if other not in dropped and other != term]
            if any(all(part.is_opposite(term) or part in kept for part in other) for other in others):
                dropped.append(term)
        clauses[i] = [term for term in clause if term not in dropped]
    result: list[list[Term]] = []
    for i, clause in enumerate(clauses):
        rivals = [*result, *clauses[i + 1 :]]
        if not any(all(part in clause for part in other) for other in rivals):
            result.append(clause)
    return result
