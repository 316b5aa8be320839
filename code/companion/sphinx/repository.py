"""Directives ``with-repository`` and ``without-repository``: how to get the code.

The address of the repository is known on the site that CI publishes, and often unknown on one that
was built locally (:class:`companion.site.launch.Origin`). A page has a text for either case; in the
first one ``{url}`` is the address.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.docutils import SphinxDirective

from companion.project import Project
from companion.site.launch import Origin

_WITH, _WITHOUT = "with-repository", "without-repository"


def setup(app: Sphinx) -> None:
    # In the configuration, so that pages are read again when the address changes.
    app.add_config_value("companion_repository", "", "env", types=(str,))
    app.connect("config-inited", _configure)
    for name in (_WITH, _WITHOUT):
        app.add_directive(name, _RepositoryDirective)


def _configure(app: Sphinx, config: Config) -> None:
    origin = Origin.find(Project(Path(app.srcdir)))
    config.companion_repository = origin.url if origin else ""


class _RepositoryDirective(SphinxDirective):
    """Its content is shown if the address is known, or if it is not."""

    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        url = self.config.companion_repository
        if bool(url) != (self.name == _WITH):
            return []
        lines = StringList([line.replace("{url}", url) for line in self.content], "")
        parent = nodes.Element()
        self.state.nested_parse(lines, self.content_offset, parent)
        shown: list[nodes.Node] = parent.children
        return shown
