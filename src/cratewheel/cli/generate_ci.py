"""`cratewheel generate-ci`: the file of a CI service that builds, tests and publishes wheels."""

from __future__ import annotations

import shlex
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from cratewheel.errors import CratewheelError, UsageError
from cratewheel.options.arguments import Parser, add_settings, session_ui

SERVICES = ("github", "gitlab")
PLATFORMS = ("all", "linux", "manylinux", "musllinux", "windows", "macos", "emscripten", "android")


def run(argv: list[str], environ: Mapping[str, str]) -> int:
    """Write the file, or with `--check` compare it with the one on the disk, and return the exit status."""
    words = make_parser().parse_args(argv)
    ui = session_ui(vars(words), environ)
    from cratewheel.commands import generate_ci
    from cratewheel.project.request import Request

    if words.check and words.output == "-":
        raise UsageError("--check compares with a file, and `-o -` names none", hint="name the file")
    output = words.output or (generate_ci.PATHS[words.service] if words.check else "-")
    command = shlex.join(["cratewheel", "generate-ci", *_as_written(words, output)])
    flags = {"manifest_path": words.manifest_path} if words.manifest_path else {}
    choices = generate_ci.Choices(
        service=words.service, command=command, platforms=tuple(words.platform), pytest=words.pytest, zig=words.zig,
        skip_attestation=words.skip_attestation,
    )  # fmt: skip
    text = generate_ci.read(Request(flags=flags, environ=environ, cwd=Path.cwd()), choices, ui)
    if words.check:
        different = generate_ci.difference(Path(output), text)
        if not different:
            return 0
        ui.write_result_lines(different, data=True)
        raise CratewheelError(f"{output} is not what would be written", hint=command)
    if output == "-":
        ui.write_result(text)
    else:
        generate_ci.write(Path(output), text)
        ui.step("Wrote", output)
    return 0


def make_parser() -> Parser:
    """Return the parser of the command."""
    parser = Parser(
        prog="cratewheel generate-ci",
        description="Write the file of a CI service that builds, tests and publishes wheels.",
    )
    parser.add_argument("service", metavar="SERVICE", choices=SERVICES, help=f"One of {', '.join(SERVICES)}")
    parser.add_argument("-m", "--manifest-path", type=Path, metavar="PATH", help="The Cargo.toml to build")
    parser.add_argument("-o", "--output", metavar="FILE", help="The file to write; default, and -: stdout")
    parser.add_argument(
        "--platform", action="extend", nargs="+", default=[], choices=PLATFORMS, metavar="PLATFORM",
        help=f"The platforms to build for ({', '.join(PLATFORMS)}); may be repeated",
    )  # fmt: skip
    parser.add_argument("--pytest", action="store_true", help="Test the wheels with pytest")
    parser.add_argument("--zig", action="store_true", help="Link with zig in containers too")
    parser.add_argument("--skip-attestation", action="store_true", help="Do not attest the release")
    parser.add_argument(
        "--check", action="store_true", help="Write nothing; fail if the file is not what would be written"
    )
    add_settings(parser, "generate-ci")
    return parser


def _as_written(words: Namespace, output: str) -> list[str]:
    """Return the arguments that write the file, in one order, however they were given."""
    switches = {"--pytest": words.pytest, "--zig": words.zig, "--skip-attestation": words.skip_attestation}
    return [
        words.service,
        *(("-m", str(words.manifest_path)) if words.manifest_path else ()),
        *(("--platform", *words.platform) if words.platform else ()),
        *(switch for switch, given in switches.items() if given),
        *(("-o", output) if output != "-" else ()),
    ]
