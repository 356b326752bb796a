"""The Sphinx directive `generated`, which shows a part of the reference made from the settings model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import generate_reference
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from sphinx.application import Sphinx

OPTIONS = "reference/command-line"


class Generated(SphinxDirective):
    """`{generated} PAGE [COMMAND]`: Markdown that `generate_reference` makes again at each build."""

    required_arguments = 1
    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the nodes of the generated Markdown."""
        self.env.note_dependency(generate_reference.MODEL)
        text = generate_reference.PAGES[self.arguments[0]](*self.arguments[1:])
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def add_anchors(app: Sphinx, page: nodes.document) -> None:
    """Give each option an anchor, and a sign that links to it: `#strip` for build, `#sdist-strip` for others."""
    if app.env.docname != OPTIONS:
        return
    for term in list(page.findall(nodes.term)):
        command = _command(term)
        name = generate_reference.anchor(term.astext(), "" if command == "build" else command)
        term["ids"].append(name)
        link = f'<a class="headerlink" href="#{name}" title="Link to this option">¶</a>'
        term += nodes.raw("", link, format="html")


def _command(term: nodes.Node) -> str:
    """Return the title of the section of the page that the term is in."""
    node = term
    while node.parent.parent.parent is not None:
        node = node.parent
    title = node.next_node(nodes.title)
    assert title is not None
    return title.astext()


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive, and the anchors."""
    app.add_directive("generated", Generated)
    app.connect("doctree-read", add_anchors)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
