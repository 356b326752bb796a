"""What is shown of command lines."""

from __future__ import annotations

import pytest

from cratewheel.system import redaction

SECRET = "hush-hush"

HIDDEN = [
    ("--config", f"http.proxy='http://me:{SECRET}@proxy:3128'"),
    ("--config", f'registries.mine.token = "{SECRET}"'),
    ("--config", f'registries.mine.index = "sparse+https://{SECRET}@host/"'),
    ("--config", f'registry.token="{SECRET}"'),
    ("--config", f"registry={{token='{SECRET}'}}"),
    ("--config", f"env.PASSWORD='{SECRET}'"),
    ("--config", f"'registry'.\"token\"='{SECRET}'"),
    ("--config", f'source."https://x".registry="https://{SECRET}@host"'),
    ("--config", f"build.jobs=1\nregistry.token='{SECRET}'"),
    ("--config", f'build.rustdocflags="https://me:{SECRET}@host"'),
    ("--config", f'alias.x = ["{SECRET}"]'),
    ("--config", f'patch.crates-io.x.git="https://{SECRET}@host/x"'),
    (f"--config=registry.token={SECRET}",),
    (f"--config==={SECRET}",),
    ("-Z", f"something={SECRET}"),
    (f"-Zsomething={SECRET}",),
    ("--token", SECRET),
    (f"--token={SECRET}",),
    ("--", "--env-set", f"KEY={SECRET}"),
    (f"https://me:{SECRET}@host/x?y#z",),
    (f"git+https://{SECRET}@host/x@v1",),
    (f"--index-url=https://me:p@{SECRET}@host/simple",),
    (f"pkg @ https://me:{SECRET}@host/x.whl https://{SECRET}@host/y.whl",),
]


@pytest.mark.parametrize("argv", HIDDEN, ids=str)
def test_no_secret_of_a_command_line_is_shown(argv: tuple[str, ...]) -> None:
    shown = redaction.redact_argv(("cargo", "rustc", *argv, "--lib"))
    assert SECRET not in " ".join(shown)
    assert (shown[:2], shown[-1], len(shown)) == (("cargo", "rustc"), "--lib", len(argv) + 3)


SHOWN = [
    ("--config", "build.jobs=2"),
    ("--config", "net.offline=true"),
    ("--config", "profile.release.lto='fat'"),
    ("--config", "profile.release.package.'a-b'.opt-level = 3"),
    ("--config", """target.x86_64-unknown-linux-gnu.rustflags=["-C", "strip=debuginfo"]"""),
    ("--config", """target.'cfg(target_os = "linux")'.linker='clang'"""),
    ("--config", "../ci/cargo.toml"),
    ("--config=ci/cargo.toml",),
    ("-Z", "build-std=std,panic_abort"),
    ("-Zunstable-options",),
    ("--features", "a=b"),
    ("--features", "x", "--", "-C", "link-arg=-Wl,-z,now", "--cfg", 'a="b"'),
    ("https://example.org/@me/x", "me@example.org"),
]


@pytest.mark.parametrize("argv", SHOWN, ids=str)
def test_what_is_harmless_is_shown_as_it_is(argv: tuple[str, ...]) -> None:
    assert redaction.redact_argv(argv) == argv


def test_keys_are_shown_without_their_values() -> None:
    argv = (
        "--config",
        "registries.mine.token='x'",
        "--config=env.A='b'",
        "-Zkey=value",
        "--token=x",
        "--password",
        "x",
    )
    assert redaction.redact_argv(argv) == (
        "--config", "registries.mine.token=***", "--config=env.A=***", "-Zkey=***", "--token=***", "--password", "***",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("argv", "shown"),
    [
        (("extra",), ("extra",)),
        (("--confg", f"registry.token={SECRET}"), ("--confg", "***")),
        (("--tokn", SECRET, "x"), ("--tokn", "***", "x")),
        ((f"--tokn={SECRET}", f"a={SECRET}", f"https://{SECRET}@host"), ("--tokn=***", "a=***", "https://***@host")),
    ],
)
def test_of_unknown_options_the_names_are_shown(argv: tuple[str, ...], shown: tuple[str, ...]) -> None:
    assert redaction.redact_unknown(argv) == shown


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("PYO3_CONFIG_FILE", "/x/config.txt", "/x/config.txt"),
        ("CARGO_ENCODED_RUSTFLAGS", "-C\x1fdebuginfo=2", "-C\x1fdebuginfo=2"),
        ("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER", "clang", "clang"),
        ("CARGO_REGISTRY_TOKEN", "x", "***"),
        ("CARGO_REGISTRIES_MINE_TOKEN", "x", "***"),
        ("HTTPS_PROXY", "http://me:x@proxy", "***"),
        ("PYTHON_SYS_EXECUTABLE", "file://me:x@host/python", "file://***@host/python"),
    ],
)
def test_a_variable_is_shown_where_it_is_harmless(name: str, value: str, shown: str) -> None:
    assert redaction.redact_variable(name, value) == shown
