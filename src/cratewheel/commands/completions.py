"""Writes shell completion scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

PROGRAM = "cratewheel"
BEFORE = ("--help", "--version", "--verbose", "--quiet", "--color")  # options that may stand before the command
COLORS = ("auto", "always", "never")
HELP_LENGTH = 80  # characters of a description, to fit on a line with the option


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An option or positional argument of a command.

    `flags` is empty for a positional. `kind` is the kind of value: one of `choices`, a file, a folder, or any text.
    """

    flags: tuple[str, ...] = ()
    help: str = ""
    values: Literal["none", "optional", "one", "many"] = "none"
    metavar: str = ""
    choices: tuple[str, ...] = ()
    kind: Literal["text", "file", "directory"] = "text"

    @property
    def needs_value(self) -> bool:
        """Whether the option requires a value in the next argument."""
        return self.values in ("one", "many")


_COLOR = Option(flags=("--color",), values="one", choices=COLORS)


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandLine:
    """A command: its names, a line of help, and its arguments."""

    names: tuple[str, ...]
    help: str
    options: tuple[Option, ...]
    positional: Option | None = None

    @property
    def flags(self) -> tuple[str, ...]:
        """The names of all options."""
        return tuple(flag for option in self.options for flag in option.flags)


def summary(text: str) -> str:
    """Return the first part of a help text, shortened to fit on a line with the option.

    >>> summary("Link with zig, so that it runs elsewhere. Needs the package ziglang; or zig")
    'Link with zig, so that it runs elsewhere'
    >>> summary("When to use colour (auto, always, never) [env: COLOR]")
    'When to use colour'
    >>> summary("Seconds to wait [default: 300]")
    'Seconds to wait'
    """
    plain = re.sub(r" \[default[^\]]*\]", "", text.replace("%%", "%").replace("`", ""))
    plain = re.sub(r"(?: \([^()]*, [^()]*\))?(?: \[env: .*\])?$", "", plain)
    first = re.split(r"[.;:] ", plain, maxsplit=1)[0].rstrip(".")
    return first if len(first) <= HELP_LENGTH else f"{first[: HELP_LENGTH - 1].rpartition(' ')[0]} …"


def bash(commands: Iterable[CommandLine]) -> str:
    """Return the script for bash, from version 3.2."""
    commands = tuple(commands)
    lines = [
        "_cratewheel_words() {",
        "    local IFS=$' \\t\\n'",
        '    COMPREPLY=($(compgen -W "$1" -- "$2"))',
        "}",
        "_cratewheel_files() {",
        "    local IFS=$'\\n'",
        "    compopt -o filenames 2>/dev/null",
        '    COMPREPLY=($(compgen "$1" -- "$2"))',
        "}",
        "_cratewheel() {",
        "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}",
        "    COMPREPLY=()",
        '    if [ "$current" = "=" ]; then',
        "        current=",
        '    elif [ "$previous" = "=" ]; then',
        "        previous=${COMP_WORDS[COMP_CWORD-2]}",
        "    fi",
        "    local at=1",
        '    while [ "$at" -lt "$COMP_CWORD" ]; do',
        '        case "${COMP_WORDS[at]}" in',
        '            --color) [ "${COMP_WORDS[at+1]}" = "=" ] && at=$((at + 1)); at=$((at + 2)) ;;',
        "            -*) at=$((at + 1)) ;;",
        "            *) break ;;",
        "        esac",
        "    done",
        '    if [ "$COMP_CWORD" -le "$at" ]; then',
        '        if [ "$previous" = "--color" ]; then',
        f'            _cratewheel_words "{" ".join(COLORS)}" "$current"',
        "            return",
        "        fi",
        f'        _cratewheel_words "{" ".join((*_names(commands), *BEFORE))}" "$current"',
        "        return",
        "    fi",
        '    case "${COMP_WORDS[at]}" in',
    ]
    for command in commands:
        lines += [
            f"    {'|'.join(command.names)})",
            *(f"        {line}" for line in _bash_command(command)),
            "        ;;",
        ]
    return "\n".join((*lines, "    esac", "}", f"complete -F _cratewheel {PROGRAM}", ""))


def _bash_command(command: CommandLine) -> list[str]:
    lines = ['case "$previous" in']
    free = [flag for option in command.options if option.needs_value and _is_free(option) for flag in option.flags]
    lines += [
        f"{'|'.join(option.flags)}) {_bash_values(option)}; return ;;"
        for option in command.options
        if option.values != "none" and not _is_free(option)
    ]
    if free:
        lines.append(f"{'|'.join(free)}) return ;;")
    lines = [*lines, "esac"] if len(lines) > 1 else []
    if command.positional and not _is_free(command.positional):
        lines.append(f'[ "${{current#-}}" = "$current" ] && {{ {_bash_values(command.positional)}; return; }}')
    return [*lines, f'_cratewheel_words "{" ".join(command.flags)}" "$current"']


def _bash_values(option: Option) -> str:
    if option.choices:
        return f'_cratewheel_words "{" ".join(option.choices)}" "$current"'
    return f'_cratewheel_files {"-d" if option.kind == "directory" else "-f"} "$current"'


def zsh(commands: Iterable[CommandLine]) -> str:
    """Return the script for zsh, to be evaluated or saved as `_cratewheel` in a folder of `$fpath`."""
    commands = tuple(commands)
    described = [
        _quoted(f"{name}:{_escaped(command.help, ':')}", "'\\''") for command in commands for name in command.names
    ]
    lines = [
        f"#compdef {PROGRAM}",
        "_cratewheel() {",
        "    local -i at=2",
        "    while (( at < CURRENT )); do",
        "        case $words[at] in",
        "            (--color) (( at += 2 )) ;;",
        "            (-*) (( at += 1 )) ;;",
        "            (*) break ;;",
        "        esac",
        "    done",
        "    if (( CURRENT <= at )); then",
        "        if [[ $words[CURRENT-1] == --color ]] || compset -P '--color='; then",
        f"            compadd -- {' '.join(COLORS)}",
        "            return",
        "        fi",
        "        local -a commands=(",
        *(f"            {one}" for one in described),
        "        )",
        "        _describe -t commands command commands",
        f"        compadd -- {' '.join(BEFORE)}",
        "        return",
        "    fi",
        "    local command=$words[at]",
        "    shift $(( at - 1 )) words",
        "    (( CURRENT -= at - 1 ))",
        "    case $command in",
    ]
    for command in commands:
        specs = [_zsh_option(option, flag) for option in command.options for flag in option.flags]
        if command.positional:
            specs.append(_quoted(f"*:{_escaped(command.positional.metavar, ':')}:{_zsh_values(command.positional)}"))
        lines.append(f"    ({'|'.join(command.names)})")
        lines.append(" \\\n            ".join(("        _arguments -s -S :", *specs)))
        lines.append("        ;;")
    lines += ["    esac", "}", 'if [ "$funcstack[1]" = "_cratewheel" ]; then', '    _cratewheel "$@"', "else"]
    return "\n".join((*lines, f"    compdef _cratewheel {PROGRAM}", "fi", ""))


def _zsh_option(option: Option, flag: str) -> str:
    sign = "" if option.values == "none" else "=" if flag.startswith("--") else "+"
    sign = f"{sign}-" if sign == "=" and option.values == "optional" else sign
    text = f"*{flag}{sign}[{_escaped(option.help, ':[]')}]"
    if option.values != "none":
        colons = "::" if option.values == "optional" else ":"
        text += f"{colons}{_escaped(option.metavar, ':')}:{_zsh_values(option)}"
    return _quoted(text, "'\\''")


def _zsh_values(option: Option) -> str:
    if option.choices:
        return f"({' '.join(option.choices)})"
    return {"text": " ", "file": "_files", "directory": "_files -/"}[option.kind]


def fish(commands: Iterable[CommandLine]) -> str:
    """Return the script for fish."""
    lines = [
        "function __cratewheel_words -d 'The words from the command on'",
        "    set -l words (commandline -opc)",
        "    set -e words[1]",
        "    while string match -q -- '-*' $words[1]",
        "        test $words[1] = --color; and set -q words[2]; and set -e words[1]",
        "        set -e words[1]",
        "    end",
        "    set -q words[1]; and string join -- \\n $words",
        "end",
        "function __cratewheel_command",
        "    set -l words (__cratewheel_words)",
        "    set -q words[1]; and contains -- $words[1] $argv",
        "end",
        f"complete -c {PROGRAM} -f",
    ]
    first = f"complete -c {PROGRAM} -n 'test (count (__cratewheel_words)) -eq 0'"
    lines += [f"{first} -s h -l help -d 'Show the commands'", f"{first} -s V -l version -d 'Show the version'"]
    lines += [f"{first} -s v -l verbose", f"{first} -s q -l quiet", f"{first} -l color -x -a '{' '.join(COLORS)}'"]
    for command in commands:
        lines += [f"{first} -a {name} -d {_quoted(command.help, _FISH)}" for name in command.names]
        here = f"complete -c {PROGRAM} -n '__cratewheel_command {' '.join(command.names)}'"
        lines += [f"{here} {_fish_option(option)}" for option in command.options]
        if command.positional and not _is_free(command.positional):
            lines.append(f"{here} {_fish_values(command.positional)}")
    return "\n".join((*lines, ""))


_FISH = "\\'"


def _fish_option(option: Option) -> str:
    names = [f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}" for flag in option.flags]
    values = _fish_values(option) if option.values != "none" else ""
    required = "-r" if option.needs_value else ""
    return " ".join(word for word in (*names, required, values, f"-d {_quoted(option.help, _FISH)}") if word)


def _fish_values(option: Option) -> str:
    if option.choices:
        return f"-f -a {_quoted(' '.join(option.choices))}"
    return {"text": "-f", "file": "-F", "directory": "-f -a '(__fish_complete_directories)'"}[option.kind]


def powershell(commands: Iterable[CommandLine]) -> str:
    """Return the script for PowerShell."""
    commands = tuple(commands)
    rows = [(name, command.help) for command in commands for name in command.names] + [(flag, "") for flag in BEFORE]
    lines = [
        f"Register-ArgumentCompleter -Native -CommandName '{PROGRAM}' -ScriptBlock {{",
        "    param($wordToComplete, $commandAst, $cursorPosition)",
        "    $words = @($commandAst.CommandElements | Where-Object { $_.Extent.EndOffset -lt $cursorPosition } |",
        "        ForEach-Object { $_.ToString() })",
        "    $previous = $words[-1]",
        "    $at = 1",
        "    while ($at -lt $words.Count -and $words[$at].StartsWith('-')) {",
        "        if ($words[$at] -ceq '--color') { $at += 2 } else { $at += 1 }",
        "    }",
        "    $found = @(if ($at -gt $words.Count) {",
        *_powershell_rows((word, word) for word in COLORS),
        "    } elseif ($at -eq $words.Count) {",
        *_powershell_rows(rows),
        "    } else {",
        "        switch ($words[$at]) {",
    ]
    for command in commands:
        lines.append(f"            {{ $_ -in {', '.join(_quoted(name) for name in command.names)} }} {{")
        lines += [f"                {line}" for line in _powershell_command(command)]
        lines += ["                break", "            }"]
    lines += [
        "        }",
        "    })",
        '    $found | Where-Object { $_ -and $_[0] -like "$wordToComplete*" } | ForEach-Object {',
        "        $kind = if ($_[0].StartsWith('-')) { 'ParameterName' } else { 'ParameterValue' }",
        "        [System.Management.Automation.CompletionResult]::new($_[0], $_[0], $kind, $_[1])",
        "    }",
        "}",
    ]
    return "\n".join((*lines, ""))


_DOUBLED = "''"


def _powershell_command(command: CommandLine) -> list[str]:
    lines = []
    for option in command.options:
        if option.needs_value and option.choices:
            flags = ", ".join(_quoted(flag) for flag in option.flags)
            rows = _powershell_rows((word, word) for word in option.choices)
            lines += [f"if ($previous -cin {flags}) {{", *rows, "    break", "}"]
    # without a result, PowerShell completes file names
    free = [flag for option in command.options if option.needs_value and not option.choices for flag in option.flags]
    if free:
        lines.append(f"if ($previous -cin {', '.join(map(_quoted, free))}) {{ break }}")
    words = command.positional.choices if command.positional else ()
    pairs = [(word, word) for word in words]
    return [*lines, *_powershell_rows([*pairs, *((flag, one.help) for one in command.options for flag in one.flags)])]


def _powershell_rows(rows: Iterable[tuple[str, str]]) -> list[str]:
    # with a comma before it an array stays one, alone too; an empty description is an error of PowerShell
    return [f"    ,@({_quoted(word, _DOUBLED)}, {_quoted(text or word, _DOUBLED)})" for word, text in rows]


def elvish(commands: Iterable[CommandLine]) -> str:
    """Return the script for elvish."""
    commands = tuple(commands)
    lines = [
        "use str",
        f"set edit:completion:arg-completer[{PROGRAM}] = {{|@words|",
        "    fn candidate {|text help|",
        "        edit:complex-candidate $text &display=$text'  '$help",
        "    }",
        "    var previous current = $words[-2] $words[-1]",
        "    var at last = (num 1) (- (count $words) 1)",
        "    while (and (< $at $last) (str:has-prefix $words[$at] -)) {",
        "        if (eq $words[$at] --color) { set at = (+ $at 2) } else { set at = (+ $at 1) }",
        "    }",
        f"    if (> $at $last) {{ put {' '.join(COLORS)} }} elif (== $at $last) {{",
        *(f"        candidate {name} {_quoted(one.help, _DOUBLED)}" for one in commands for name in one.names),
        f"        put {' '.join(BEFORE)} --color={{{','.join(COLORS)}}}",
    ]
    for command in commands:
        lines.append(f"    }} elif (has-value [{' '.join(command.names)}] $words[$at]) {{")
        lines += [f"        {line}" for line in _elvish_command(command)]
    return "\n".join((*lines, "    }", "}", ""))


def _elvish_command(command: CommandLine) -> list[str]:
    cases = []
    for option in command.options:
        files = "edit:complete-filename $current"
        values = f"put {' '.join(option.choices)}" if option.choices else "nop" if option.kind == "text" else files
        if option.needs_value:
            cases.append((f"(has-value [{' '.join(option.flags)}] $previous)", values))
        if option.values != "none" and option.choices:
            cases += [
                (f"(str:has-prefix $current {flag}=)", f"put {flag}={{{','.join(option.choices)}}}")
                for flag in option.flags
                if flag.startswith("--")
            ]
    last = [f"candidate {flag} {_quoted(one.help, _DOUBLED)}" for one in command.options for flag in one.flags]
    if command.positional and command.positional.choices:
        last.insert(0, f"put {' '.join(command.positional.choices)}")
    elif command.positional and not _is_free(command.positional):
        last.append("edit:complete-filename $current")
    if not cases:
        return last
    lines = [line for test, does in cases for line in (f"}} elif {test} {{", f"    {does}")]
    return [lines[0].removeprefix("} el"), *lines[1:], "} else {", *(f"    {line}" for line in last), "}"]


def nushell(commands: Iterable[CommandLine]) -> str:
    """Return the module for nushell from 0.108 on, for `source` in a file.

    Options are not declared to nushell, since it would then refuse lines that cratewheel takes: `--strip true`, `-j4`,
    `--timings=html`. One command completes all words, and those of a line reach cratewheel as without the module.
    """
    commands = tuple(commands)
    before = tuple(Option(flags=(flag,)) if flag != "--color" else _COLOR for flag in BEFORE)
    lines = ["module completions {", "  const commands = {"]
    lines += _nushell_command("", before, [(name, command.help) for command in commands for name in command.names])
    for command in commands:
        positional = command.positional or Option()
        words = None if positional.kind != "text" else [(word, "") for word in positional.choices]
        lines += [line for name in command.names for line in _nushell_command(name, command.options, words)]
    return "\n".join((*lines, *_NUSHELL, "}", "", "export use completions *", ""))


_NUSHELL = """\
  }

  def "nu-complete cratewheel" [words: list<string>] {
    let last = ($words | length) - 1
    let current = $words | last
    mut at = 1
    while $at < $last and ($words | get $at | str starts-with "-") {
      $at += if ($words | get $at) == "--color" { 2 } else { 1 }
    }
    let command = if $at < $last { $words | get $at } else { "" }
    if $command in ($commands | columns) {
      let known = $commands | get $command
      let before = $known.options | where needed and value == ($words | get ($last - 1))
      let name = $current | split row "=" | first
      let assigned = $known.options | where values? != [] and value == $name
      if ($before | is-not-empty) {
        nu-complete cratewheel values ($before | first).values "" $current
      } else if ($assigned | is-not-empty) and $name != $current and ($name | str starts-with "--") {
        nu-complete cratewheel values ($assigned | first).values $"($name)=" $current
      } else if $known.words == null and not ($current | str starts-with "-") {
        null
      } else {
        $known.words | default [] | append ($known.options | select value description)
          | where ($it.value | str starts-with $current)
      }
    } else { [] }
  }

  def "nu-complete cratewheel values" [values: any, before: string, current: string] {
    if $values == null { null } else {
      $values | each {|one| $"($before)($one)" } | where ($it | str starts-with $current)
    }
  }

  @complete "nu-complete cratewheel"
  export extern cratewheel [...words: oneof<glob, any>]""".splitlines()


def _nushell_command(name: str, options: Iterable[Option], words: Iterable[tuple[str, str]] | None) -> list[str]:
    lines = [f"    {_nuon(name)}: {{", "      options: ["]
    for option in options:
        values = None if option.values != "none" and option.kind != "text" else option.choices
        lines += [
            f"        {{value: {_nuon(flag)}, description: {_nuon(option.help)}, "
            f"needed: {_nuon(option.needs_value)}, values: {_nuon(values)}}}"
            for flag in option.flags
        ]
    lines.append("      ]")
    if words is None:
        return [*lines, "      words: null", "    }"]
    rows = (f"        {{value: {_nuon(word)}, description: {_nuon(text)}}}" for word, text in words)
    return [*lines, "      words: [", *rows, "      ]", "    }"]


def _nuon(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)  # what nushell reads includes JSON


SHELLS: Mapping[str, Callable[[Iterable[CommandLine]], str]] = {
    "bash": bash,
    "zsh": zsh,
    "fish": fish,
    "powershell": powershell,
    "elvish": elvish,
    "nushell": nushell,
}


def _names(commands: Iterable[CommandLine]) -> tuple[str, ...]:
    return tuple(name for command in commands for name in command.names)


def _is_free(option: Option) -> bool:
    return option.kind == "text" and not option.choices


def _quoted(text: str, quote: str = "'") -> str:
    """Return the text in single quotes; `quote` replaces each quote inside.

    >>> _quoted("don't", "''")
    "'don''t'"
    """
    return f"'{text.replace(chr(39), quote)}'"


def _escaped(text: str, characters: str) -> str:
    return re.sub(f"([{re.escape(characters)}])", r"\\\1", text)
