"""The Sphinx directive `generated`, which shows a part of the reference made from the settings model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import generate_reference
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx


class Generated(SphinxDirective):
    """`{generated} PAGE [COMMAND]`: Markdown that `generate_reference` makes anew at each build."""

    required_arguments = 1
    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the nodes of the generated Markdown."""
        self.env.note_dependency(generate_reference.MODEL)
        text = generate_reference.PAGES[self.arguments[0]](*self.arguments[1:])
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("generated", Generated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
