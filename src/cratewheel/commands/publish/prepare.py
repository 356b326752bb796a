"""What is asked of `publish` and `upload` → the job: options, repository, credentials; and how `publish` builds."""

from __future__ import annotations

from dataclasses import replace

from cratewheel.commands.publish.credentials import decide, without_secrets
from cratewheel.commands.publish.http import Transport
from cratewheel.commands.publish.repository import choose, read_pypirc
from cratewheel.commands.publish.upload import Job
from cratewheel.events import Reporter
from cratewheel.options.resolve import resolve_publish
from cratewheel.project.request import Request


def prepare(request: Request, reporter: Reporter, *, terminal: bool) -> Job:
    """Return where and how to upload; raises `UsageError` and `ConfigError` where options or `.pypirc` are wrong."""
    options, origins = resolve_publish(request.flags, request.environ)
    kinds = {name: origins[name].kind for name in ("repository", "repository_url") if name in origins}
    if kinds == {"repository": "flag", "repository_url": "variable"}:
        reporter.warn(f"{origins['repository_url'].name} does not count, because --repository is given")
        options = replace(options, repository_url=None)
    repository = choose(options, read_pypirc(request.environ))
    if "password" in origins and origins["password"].kind == "flag":
        reporter.warn(
            "others on this machine can see a password on the command line",
            hint="set MATURIN_PASSWORD or MATURIN_PYPI_TOKEN instead",
        )
    found = decide(options, origins, request.environ, repository, terminal=terminal)
    transport = Transport(environ=request.environ, timeout=options.timeout)
    return Job(options=options, repository=repository, found=found, transport=transport, reporter=reporter)


def building(request: Request, job: Job) -> Request:
    """Return how `publish` builds: optimised, stripped, and on PyPI's account with a tag that it takes.

    The programs of the build do not see the credentials. As the peer has it, the key `strip` does not count.
    """
    overrides = {**request.overrides, "strip": not job.options.no_strip}
    if job.options.debug:
        job.reporter.warn("what is published is not optimised, because of --debug")
        overrides["profile"] = "dev"
    tags = {"compatibility": ("pypi",)} if job.repository.is_pypi else {}
    return replace(
        request,
        environ=without_secrets(request.environ),
        defaults={"profile": "release", "require_rust": True, **tags, **request.defaults},
        overrides=overrides,
    )
