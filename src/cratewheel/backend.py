"""The build backend: the hooks of PEP 517 and PEP 660, available as attributes of `cratewheel`.

Hooks run in this process and start only cargo, the bindings' generators, metadata providers and hooks of the
project; if Python does not decode file names as UTF-8, they run in a second Python process. Messages go to stderr. A
user error ends the process with the message and exit status of the command, so that the frontend shows it instead of a
traceback.
"""

from __future__ import annotations

import json
import os
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property, wraps
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cratewheel.errors import ConfigError, CratewheelError, MissingToolError, UsageError, did_you_mean, to_user_error
from cratewheel.system import signals as interrupts
from cratewheel.system import utf8
from cratewheel.system.frontend import end_with_frontend
from cratewheel.ui import Ui, use_color

if TYPE_CHECKING:
    from cratewheel.archive.layout import Source
    from cratewheel.options.arguments import Parser
    from cratewheel.options.model import Options
    from cratewheel.project.metadata import CoreMetadata
    from cratewheel.project.metadata.providers import BuildState
    from cratewheel.project.read import Project
    from cratewheel.project.request import Request

ConfigSettings = Mapping[str, Any] | None

ARGUMENT_VARIABLES = ("MATURIN_PEP517_ARGS", "CRATEWHEEL_ARGS")
ARGUMENT_SETTINGS = ("build-args", "maturin.build-args")
FRONTENDS = {  # options of `build` that a hook cannot follow
    "--out": "out", "--sdist": "sdist", "--sdist-first": "sdist_first", "--dry-run": "dry_run", "--explain": "explain",
    "--message-format": "message_format",
}  # fmt: skip
IGNORED_SETTINGS = ("--build-option", "--global-option", "editable_mode")  # frontends pass these for setuptools
BOOTSTRAP = "puccinialin"
_PROGRAM = "import sys; sys.path[:] = sys.argv[1:]; from cratewheel.backend import run_from_stdin; run_from_stdin()"


def get_requires_for_build_wheel(config_settings: ConfigSettings = None) -> list[str]:
    """Return the build requirements of the wheel besides cratewheel, from the project's files and providers."""
    with hook_call(config_settings) as call:
        return [*compile_requirements(call), *_metadata_requirements(call)]


def get_requires_for_build_editable(config_settings: ConfigSettings = None) -> list[str]:
    """Return the same as `get_requires_for_build_wheel`."""
    return get_requires_for_build_wheel(config_settings)


def get_requires_for_build_sdist(config_settings: ConfigSettings = None) -> list[str]:
    """Return the build requirements of the source distribution besides cratewheel, from its files and providers."""
    with hook_call(config_settings) as call:
        return [*_metadata_requirements(call), *_rust_requirements(call)]


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: ConfigSettings = None) -> str:
    """Write the dist-info folder and return its name; neither cargo nor rustc runs.

    Its WHEEL file has the tag of this interpreter; the wheel's own tag is known only after asking cargo.
    """
    return _prepare_metadata(metadata_directory, config_settings, "metadata_wheel")


def _prepare_metadata(metadata_directory: str, config_settings: ConfigSettings, build_state: BuildState) -> str:
    with hook_call(config_settings) as call:
        from cratewheel.contents.dist_info import dist_info
        from cratewheel.interpreter.probe import describe, probe_self
        from cratewheel.targets.platform_tags import normalise_platform
        from cratewheel.targets.wheel_tags import WheelTag

        python = describe(probe_self(), executable=Path(sys.executable))
        platform = normalise_platform(sysconfig.get_platform())
        tag = WheelTag(python=(python.python_tag,), abi=(python.abi_tag,), platform=(platform,))
        info = dist_info(call.metadata(build_state), tag, roots=call.project.roots)
        for entry in info.entries():
            _write(Path(metadata_directory, *entry.parts), entry.source)
        return info.directory


def prepare_metadata_for_build_editable(metadata_directory: str, config_settings: ConfigSettings = None) -> str:
    """Return the same as `prepare_metadata_for_build_wheel`."""
    return _prepare_metadata(metadata_directory, config_settings, "metadata_editable")


def build_wheel(
    wheel_directory: str, config_settings: ConfigSettings = None, metadata_directory: str | None = None
) -> str:
    """Build the wheel for this interpreter, and return its file name."""
    with hook_call(config_settings) as call:
        return _wheel(call, wheel_directory, metadata_directory, editable=False)


def build_editable(
    wheel_directory: str, config_settings: ConfigSettings = None, metadata_directory: str | None = None
) -> str:
    """Build the wheel of an editable install, and return its file name."""
    with hook_call(config_settings) as call:
        return _wheel(call, wheel_directory, metadata_directory, editable=True)


def build_sdist(sdist_directory: str, config_settings: ConfigSettings = None) -> str:
    """Write the source distribution, and return its file name."""
    with hook_call(config_settings) as call:
        from cratewheel import api

        request = call.request(overrides={"out": Path(sdist_directory).absolute(), "check": False})
        return api.build_sdist_archive(request, call.ui).path.name


class HookCall:
    """The arguments of a hook, and the project's files, read on first use."""

    def __init__(
        self, settings: ConfigSettings, environ: Mapping[str, str], ui: Ui, folder: Path | None = None
    ) -> None:
        self.environ = environ
        self.ui = ui
        self.folder = folder or Path.cwd()
        self.flags, unknown = _flags(settings or {}, environ)
        for name in unknown:
            ui.warn(f"the config setting {name} is for another backend and is ignored")
        for flag, name in FRONTENDS.items():
            if self.flags.get(name):
                ui.warn(f"{flag} has no effect in a build by a frontend, which says what is made, and where")

    def request(self, **changes: Any) -> Request:
        """Return the request of the frontend, with the hook's own values."""
        from cratewheel.project.request import Request

        return Request(flags=self.flags, **{"environ": self.environ, "cwd": self.folder, **changes})

    @cached_property
    def project(self) -> Project:
        """The project's pyproject.toml and Cargo.toml."""
        # not by a request: several hooks need no option, and the options take a tenth of their time
        from cratewheel.project import read
        from cratewheel.project.location import locate

        return read.read(locate(self.flags.get("manifest_path"), self.folder))

    @cached_property
    def options(self) -> Options:
        """The options requested by the user."""
        from cratewheel.project.request import resolve_options

        return resolve_options(self.request(), self.project, self.ui, compiles=False)

    def metadata(self, build_state: BuildState) -> CoreMetadata:
        """Return the core metadata, from the project's files and its metadata providers."""
        from cratewheel.project.read import read_metadata

        return read_metadata(self.project, self.ui, environ=self.environ, build_state=build_state)


def _flags(settings: Mapping[str, Any], environ: Mapping[str, str]) -> tuple[Mapping[str, Any], list[str]]:
    """Return the options of `build` that settings and variables ask for, and the settings for other backends.

    Raises `UsageError` that names the variable or setting with the mistake.
    """
    places, unknown = build_arguments(settings, environ)
    argv = _join_arguments(args for _, args in places)
    if not argv:
        return {}, unknown
    from cratewheel.options.arguments import command_parser, parse_argv

    parser = command_parser("build", "The build backend")
    try:
        return parse_argv(parser, argv), unknown
    except UsageError:
        for place, args in places:
            _check_arguments(parser, place, args)
        raise


def _check_arguments(parser: Parser, place: str, args: list[str]) -> None:
    from cratewheel.options.arguments import parse_argv

    try:
        parse_argv(parser, args)
    except UsageError as error:
        raise UsageError(f"{place}: {error.message}", notes=error.notes, hint=error.hint) from error


def build_arguments(
    settings: Mapping[str, Any], environ: Mapping[str, str]
) -> tuple[list[tuple[str, list[str]]], list[str]]:
    """Return the arguments of a `build` command line by where they are from, and the settings for other backends.

    In this order, where the last wins if only one value is possible: MATURIN_PEP517_ARGS, CRATEWHEEL_ARGS, the
    setting `build-args` (and `maturin.build-args`), then a setting for each option. Raises `UsageError` for unknown
    settings.
    """
    written = [(name, environ.get(name, "")) for name in ARGUMENT_VARIABLES]
    written += [(f"the config setting {name}", settings.get(name, "")) for name in ARGUMENT_SETTINGS]
    places = [(place, args) for place, value in written if (args := _split_setting(value, place))]
    options = _options() if settings.keys() - ARGUMENT_SETTINGS else {}
    unknown = []
    for name, value in settings.items():
        if name in ARGUMENT_SETTINGS:
            continue
        if name in options:
            places.append((f"the config setting {name}", _as_flags(name, options[name], value)))
        elif name in IGNORED_SETTINGS:
            unknown.append(name)
        else:
            raise UsageError(
                f"`{name}` is not a config setting",
                hint=did_you_mean(name, options) or "use the name of an option of `cratewheel build`",
            )
    return places, unknown


def _join_arguments(parts: Iterable[list[str]]) -> list[str]:
    """Return one command line; the arguments for rustc of all parts follow one `--`."""
    split = [_split_rustc_args(args) for args in parts]
    before, after = ([arg for one in split for arg in one[at]] for at in (0, 1))
    return [*before, "--", *after] if after else before


def _options() -> dict[str, Any]:
    from cratewheel.options.model import settings

    return {
        flag.lstrip("-"): (flag, setting)
        for setting in settings().values()
        if "build" in setting.commands
        for flag in (*setting.flags, *setting.flag_aliases, *setting.negations)
        if flag.startswith("--")
    }


def _as_flags(name: str, option: tuple[str, Any], value: object) -> list[str]:
    flag, setting = option
    values = [str(item) for item in value] if isinstance(value, (list, tuple)) else [str(value)]
    if setting.kind in ("switch", "count") or flag in setting.negations:
        if values[-1].lower() in ("", "1", "true", "yes", "on"):
            return [flag]
        if values[-1].lower() in ("0", "false", "no", "off"):
            return list(setting.negations) if flag in setting.flags else []
        raise UsageError(f"the config setting {name} must be true or false, found {values[-1]!r}")
    if setting.kind == "optional" and values[-1].lower() in ("", "true", "false"):
        return [] if values[-1].lower() == "false" else [flag]
    if setting.kind == "words":
        return [word for item in values for word in (flag, *item.split())]
    return [f"{flag}={item}" for item in values]


def _split_setting(value: object, place: str) -> list[str]:
    """Return the arguments in a setting, split as a shell does; pip and uv pass a list if it is given twice."""
    items = value if isinstance(value, (list, tuple)) else [value] if value else []
    if not items:
        return []
    from cratewheel.options.resolve import split_argv  # imports the options, which few hooks need

    return [word for item in items for word in split_argv(str(item), place)]


def _split_rustc_args(args: list[str]) -> tuple[list[str], list[str]]:
    at = args.index("--") if "--" in args else len(args)
    return args[:at], args[at + 1 :]


def _write(path: Path, source: Source) -> None:
    from cratewheel.archive.reading import open_source
    from cratewheel.system.files.atomic import atomic_replace

    with open_source(source) as (_, chunks), atomic_replace(path) as stream:
        stream.writelines(chunks)


def _wheel(call: HookCall, directory: str, metadata_directory: str | None, *, editable: bool) -> str:
    request = wheel_request(call, Path(directory).absolute(), editable=editable)
    from cratewheel.builder.prepare import plan_builds
    from cratewheel.builder.run import run

    sessions = plan_builds(request, call.ui, targets="installable")
    (session,) = sessions
    if len(session.plan.wheels) != 1:
        raise ConfigError(
            f"a frontend needs exactly one wheel, but {len(session.plan.wheels)} would be built",
            hint="request at most one interpreter in the build arguments",
        )
    _check_prepared(session.inputs.metadata, metadata_directory)
    (archive,) = run(sessions)
    return archive.path.name


def wheel_request(call: HookCall, out: Path, **changes: Any) -> Request:
    """Return the request for the wheel of this interpreter, written to the folder `out`."""
    overrides: dict[str, Any] = {"out": out, "sdist": False}
    if not {"compatibility", "auditwheel", "skip_auditwheel"} & call.flags.keys():
        overrides["compatibility"] = ("off",)  # frontends install the wheel on this machine
    return call.request(
        environ=with_rust(call),
        defaults={
            "interpreter": (own_python(base=call.options.use_base_python),),
            "profile": "release",
            **changes.pop("defaults", {}),
        },
        overrides=overrides,
        **changes,
    )


def own_python(*, base: bool) -> str:
    """Return the interpreter that runs this; with `base` the one that its virtual environment was made of."""
    executable: str = getattr(sys, "_base_executable", None) or sys.executable
    return os.path.realpath(executable) if base else sys.executable


def _check_prepared(metadata: CoreMetadata, metadata_directory: str | None) -> None:
    """Raise `ConfigError` if the metadata differs from the prepared metadata (PEP 517)."""
    if metadata_directory is None:
        return
    from cratewheel.targets.wheel_tags import dist_info_name

    name = dist_info_name(metadata.name, metadata.version)
    folder = Path(metadata_directory)
    folder = folder if folder.name == name else folder / name
    for file, text in (("METADATA", metadata.text), ("entry_points.txt", metadata.entry_points)):
        path = folder / file
        prepared = path.read_bytes() if path.is_file() else b""
        if prepared != text.encode():
            raise ConfigError(
                f"{path} differs from the project's metadata", hint="run prepare_metadata_for_build_wheel again"
            )


def compile_requirements(call: HookCall) -> list[str]:
    """Return what compiling needs besides cratewheel: cffi, and what installs Rust if that is missing and wanted."""
    return [*_binding_requirements(call), *_rust_requirements(call)]


def _binding_requirements(call: HookCall) -> list[str]:
    """Return cffi if the project's files say that the bindings are cffi; PyPy includes it."""
    if sys.implementation.name == "pypy" or call.options.pure:
        return []
    bindings = call.options.bindings
    if bindings is None:
        document = call.project.manifest.document
        tables = [document, *document.get("target", {}).values()]
        crates = {
            spec.get("package", name) if isinstance(spec, Mapping) else name
            for table in tables
            for name, spec in table.get("dependencies", {}).items()
        }
        library = "cdylib" in call.project.manifest.lib.get("crate-type", ())
        if library and crates.isdisjoint(("pyo3", "pyo3-ffi", "cpython", "uniffi")):
            bindings = "cffi"
    return ["cffi"] if bindings == "cffi" else []


def _metadata_requirements(call: HookCall) -> list[str]:
    """Return what the project's metadata providers require."""
    from cratewheel.project.read import provider_runner, read_providers

    providers = read_providers(call.project)
    return provider_runner(call.project, call.environ, call.ui).requires(providers) if providers else []


def _rust_requirements(call: HookCall) -> list[str]:
    options = call.options
    return [BOOTSTRAP] if options.bootstrap_rust and not options.pure and not _has_cargo(call.environ) else []


def _has_cargo(environ: Mapping[str, str]) -> bool:
    from cratewheel.system.command import which

    return bool(environ.get("CARGO")) or which("cargo", environ) is not None


def with_rust(call: HookCall) -> Mapping[str, str]:
    """Return the environment with a Rust toolchain, installed if missing and allowed by the user."""
    if _has_cargo(call.environ) or call.options.pure:
        return call.environ
    if not call.options.bootstrap_rust:
        from cratewheel.planning.optional import tolerated

        if "no-cargo" in tolerated(call.options):
            return call.environ  # the build does without, and says so
        raise MissingToolError("cargo not found; it is needed to build the project", hint=rust_install_hint())
    try:
        from puccinialin import setup_rust  # type: ignore[import-not-found]  # installed on demand
    except ImportError as error:
        raise MissingToolError(
            f"cargo not found, and {BOOTSTRAP}, which installs it, is missing",
            hint=f"pip install {BOOTSTRAP}, or {rust_install_hint()}",
        ) from error
    with interrupts.RaiseImmediately():
        extra: Mapping[str, str] = setup_rust()
    return {**call.environ, **extra}


def rust_install_hint(platform: str = sys.platform) -> str:
    """Return how to install Rust on a platform, named as in `sys.platform`.

    >>> rust_install_hint("win32")
    'install Rust: winget install Rustlang.Rustup, or https://rustup.rs'
    """
    command = {
        "win32": "winget install Rustlang.Rustup",
        "darwin": "brew install rustup",
        "linux": "your system's packages rustc and cargo",
    }.get(platform, "your system's package of Rust")
    return f"install Rust: {command}, or https://rustup.rs"


@contextmanager
def hook_call(settings: ConfigSettings, folder: Path | None = None) -> Iterator[HookCall]:
    """Yield the arguments of a hook in the project's folder, by default the current one.

    An error in the block is printed, and ends the process as the command does.
    """
    environ = dict(os.environ)
    err = sys.stderr or StringIO()  # None if it is closed; stdout belongs to the frontend
    ui = Ui(out=StringIO(), err=err, color=use_color("auto", environ, terminal=err.isatty()))
    try:
        with interrupts.Handlers(), end_with_frontend():
            yield HookCall(settings, environ, ui, folder)
    except interrupts.TerminatedError as stop:
        if interrupts.is_active():
            raise  # the command line reports it
        with suppress(OSError):  # stderr is closed
            ui.warn(interrupts.WARNING)
        interrupts.forward(stop.number)
        raise SystemExit(stop.exit_status) from None
    except Exception as error:
        if environ.get("CRATEWHEEL_TRACEBACK") and not isinstance(error, CratewheelError):
            raise
        known = to_user_error(error)
        with suppress(OSError):
            ui.error(_with_places(known, settings or {}, environ))
        raise SystemExit(known.exit_status) from error


def _with_places(error: CratewheelError, settings: Mapping[str, Any], environ: Mapping[str, str]) -> CratewheelError:
    """Return an error about an option with a note that says where the options are from; a frontend hides it."""
    places = [
        *(name for name in ARGUMENT_VARIABLES if environ.get(name)),
        *(f"the config setting {n}" for n in settings),
    ]
    if not isinstance(error, UsageError) or not places or any(n in error.message for n in (*places, *settings)):
        return error
    note = f"the options of this build are from {', '.join(places)}"
    return UsageError(error.message, hint=error.hint, notes=(*error.notes, note))


def _in_utf8_mode(hook: Callable[..., object]) -> Callable[..., object]:
    """Return the hook itself if file names are UTF-8, else one that runs it in a Python process with UTF-8 mode."""
    if not utf8.needs_utf8_mode():
        return hook

    @wraps(hook)
    def call(*arguments: object, **named: object) -> object:
        with hook_call(None) as here:
            from cratewheel.system.command import Command, capture

            request = utf8.decode_as_utf8([hook.__name__, arguments, named])
            path = [os.path.abspath(folder) for folder in sys.path]  # noqa: PTH100  # "" means the current folder
            command = Command(argv=(sys.executable, *utf8.MODE, "-c", _PROGRAM, *path))
            done = capture(command, here.environ, stdin=json.dumps(request), show_stderr=True)
        if done.status:
            raise SystemExit(done.status)  # the error has been printed
        return json.loads(done.stdout)

    return call


def run_from_stdin() -> None:
    """Run the hook requested on stdin and write its result to stdout, in the second Python process."""
    name, arguments, named = json.load(sys.stdin)
    sys.stdout.write(json.dumps(HOOKS[name](*arguments, **named)))


HOOKS: Mapping[str, Callable[..., object]] = {
    hook.__name__: _in_utf8_mode(hook)
    for hook in (
        get_requires_for_build_wheel,
        get_requires_for_build_sdist,
        get_requires_for_build_editable,
        prepare_metadata_for_build_wheel,
        prepare_metadata_for_build_editable,
        build_wheel,
        build_sdist,
        build_editable,
    )
}
