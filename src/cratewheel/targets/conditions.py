"""Evaluates `cfg(…)` conditions for a target, as cargo does.

The grammar is that of https://doc.rust-lang.org/reference/conditional-compilation.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from cratewheel.errors import MissingToolError
from cratewheel.system.command import Command, capture
from cratewheel.targets.triples import Target

Cfg = frozenset[str]  # lines of `rustc --print cfg`: names, and `name="value"`

_TOKEN = re.compile(r'\s*(?:(?P<name>(?:r#)?\w+)|"(?P<text>[^"]*)"|(?P<sign>[(),=]))')
_MAX_DEPTH = 64  # nested conditions


def read_cfg(target: Target, environ: Mapping[str, str], cwd: Path) -> Cfg | None:
    """Return the output of `rustc --print cfg` for a target; None if rustc fails."""
    program = environ.get("RUSTC") or "rustc"
    try:
        done = capture(Command(argv=(program, "--print", "cfg", "--target", target.triple), cwd=cwd), environ)
    except MissingToolError:
        return None
    return frozenset(done.stdout.splitlines()) if done.status == 0 else None


def is_met(condition: str, cfg: Cfg) -> bool:
    """Return whether a condition is met; a malformed one never is.

    >>> linux = frozenset({"unix", 'target_os="linux"'})
    >>> is_met('cfg(all(unix, not(target_os = "macos")))', linux), is_met("cfg(windows)", linux)
    (True, False)
    """
    tokens = _tokens(condition)
    try:
        if next(tokens) != "cfg" or next(tokens) != "(":
            return False
        (found,) = _parse_list(tokens, cfg, 0)
        return found and next(tokens, None) is None
    except (StopIteration, ValueError):
        return False


def _tokens(text: str) -> Iterator[str]:
    """Yield names, signs and quoted strings; raises `ValueError` for anything else."""
    at = 0
    text = text.rstrip()
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise ValueError(text)
        at = found.end()
        yield f'"{found["text"]}"' if found["text"] is not None else found["name"] or found["sign"]


def _parse_list(tokens: Iterator[str], cfg: Cfg, depth: int) -> list[bool]:
    """Return the results of the conditions up to the closing parenthesis."""
    if depth > _MAX_DEPTH:
        raise ValueError(f"more than {_MAX_DEPTH} nested conditions")
    answers: list[bool] = []
    sign = next(tokens)
    while sign != ")":
        answer, sign = _parse_condition(sign, tokens, cfg, depth)
        answers.append(answer)
        if sign == ",":
            sign = next(tokens)
        elif sign != ")":
            raise ValueError(sign)
    return answers


def _parse_condition(name: str, tokens: Iterator[str], cfg: Cfg, depth: int) -> tuple[bool, str]:
    """Return the result of the condition that starts with `name`, and the token after it."""
    if not name.removeprefix("r#").isidentifier():
        raise ValueError(name)
    after = next(tokens)
    if after == "=":
        value = next(tokens)
        if not value.startswith('"'):
            raise ValueError(value)
        return f"{name.removeprefix('r#')}={value}" in cfg, next(tokens)
    if after != "(":
        return {"true": True, "false": False}.get(name, name.removeprefix("r#") in cfg), after
    answers = _parse_list(tokens, cfg, depth + 1)
    if name == "not" and len(answers) == 1:
        return not answers[0], next(tokens)
    if name not in ("all", "any"):
        raise ValueError(name)
    return (all(answers) if name == "all" else any(answers)), next(tokens)
