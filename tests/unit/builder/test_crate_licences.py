"""Which licences of crates end a build, and what is said of crates without a text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crate_graphs import app, crate, graph
from cratewheel.builder.crate_licences import missing_warnings, refuse_others
from cratewheel.cargo.model import CargoMetadata
from cratewheel.contents.crate_licences import CrateTexts
from cratewheel.errors import ConfigError
from cratewheel.options.values import Licenses

PLACE = "tool.cratewheel.licenses in pyproject.toml"
CARGO = graph(
    app(),
    crate("a", licence="MIT/Apache-2.0"),
    crate("b", "0.2.0", licence="GPL-3.0-only"),
    crate("c", licence=None),
    crate("d", licence=None, license_file="LEGAL"),
    crate("e", licence="see LICENSE"),
    edges={
        "app": (("a", "normal"), ("c", "normal"), ("d", "normal"), ("e", "normal")),
        "a": (("b", "normal"),),
    },
)


def refusal(*names: str, cargo: CargoMetadata = CARGO, **wanted: object) -> tuple[str, tuple[str, ...], str | None]:
    with pytest.raises(ConfigError) as caught:
        _check(names, cargo, **wanted)
    return caught.value.message, caught.value.notes, caught.value.hint


def _check(names: tuple[str, ...], cargo: CargoMetadata = CARGO, **wanted: object) -> None:
    linked = tuple(cargo.packages[name] for name in names)
    refuse_others(cargo, linked, replace(Licenses(check=("MIT",)), **wanted), PLACE)  # type: ignore[arg-type]


def test_a_crate_with_another_licence_is_named_with_the_way_to_it() -> None:
    assert refusal("a", "b") == (
        f"the crate b has a licence that check of {PLACE} does not allow: MIT",
        ("b 0.2.0 is under GPL-3.0-only, by app → a → b",),
        "add the licence to `check`, do without the crate, or say its licence in `clarify`",
    )


def test_the_way_starts_at_the_artifact_that_has_the_crate() -> None:
    cargo = graph(
        app(),
        crate("tool"),
        crate("a", licence="MIT"),
        crate("b", licence="GPL-3.0-only"),
        edges={"app": (("a", "normal"),), "tool": (("b", "normal"),)},
    )
    with pytest.raises(ConfigError) as caught:
        refuse_others(
            cargo, (cargo.packages["a"], cargo.packages["b"]), Licenses(check=("MIT",)), PLACE, roots=("app", "tool")
        )
    assert caught.value.notes == ("b 1.0.0 is under GPL-3.0-only, by tool → b",)


def test_all_of_them_are_named_at_once() -> None:
    message, notes, _ = refusal("a", "b", "c", "d", "e")
    assert message == f"4 crates have licences that check of {PLACE} does not allow: MIT"
    assert notes == (
        "b 0.2.0 is under GPL-3.0-only, by app → a → b",
        "c 1.0.0 names no licence, by app → c",
        "d 1.0.0 names no licence, but the file LEGAL, by app → d",
        "e 1.0.0 is under 'see LICENSE', which is no SPDX expression, by app → e",
    )


def test_the_project_says_what_manifests_do_not() -> None:
    _check(("c", "d", "e"), clarify=(("c", "MIT"), ("d", "MIT OR ISC"), ("e", "MIT")))
    assert refusal("c", clarify=(("c", "GPL-2.0-only"),))[1] == ("c 1.0.0 is under GPL-2.0-only, by app → c",)
    assert refusal("a", "c", clarify=(("cc", "MIT"),)) == (
        f"clarify of {PLACE} names cc, which is no crate of the wheel",
        (),
        "did you mean `c`?",
    )


def test_crates_of_the_workspace_need_not_name_a_licence() -> None:
    own = replace(CARGO, workspace_members=("app", "c", "b"))
    _check(("a", "c"), own)
    assert refusal("b", cargo=own)[1] == ("b 0.2.0 is under GPL-3.0-only",)


def test_without_a_check_every_licence_is_allowed() -> None:
    _check(("a", "b", "c"), check=())


def test_crates_without_a_text_are_named_in_one_line() -> None:
    a, c = (
        CrateTexts(package=CARGO.packages[name], expression=found, texts=())
        for name, found in (("a", "MIT"), ("c", None))
    )
    assert missing_warnings([a, c]) == (
        "2 crates have no licence text to put into the wheel: a 1.0.0 (MIT), c 1.0.0 (no licence named)",
    )
    assert missing_warnings([a]) == ("a crate has no licence text to put into the wheel: a 1.0.0 (MIT)",)
    assert missing_warnings([replace(a, texts=(("LICENSE", b"x"),))]) == ()
    lost = "because it is missing or outside of the crate and its repository: the license-file ../LEGAL of a 1.0.0"
    assert missing_warnings([replace(a, texts=(("NOTICE", b"x"),), lost="../LEGAL")]) == (
        "a crate has no licence text to put into the wheel: a 1.0.0 (MIT)",
        f"not in the wheel, {lost}",
    )
