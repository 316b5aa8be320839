"""How to get the code: directives ``with-repository`` and ``without-repository``, downloads.

A site that CI publishes knows the address of the repository, and one that was built locally often
does not. A page has a text for either case; in the first one ``{url}`` is the address. A notebook
that a reader downloads has one more cell in front, which gets the packages.
"""

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.docutils import SphinxDirective

from companion.project import NOTEBOOK_SUFFIX, Project
from companion.site.launch import Origin, prepared

_WITH, _WITHOUT = "with-repository", "without-repository"


def setup(app: Sphinx) -> None:
    # In the configuration, so that pages are read again when the address changes.
    app.add_config_value("companion_repository", "", "env", types=(str,))
    app.connect("config-inited", _configure)
    for name in (_WITH, _WITHOUT):
        app.add_directive(name, _RepositoryDirective)
    app.connect("build-finished", _add_first_cells)


def _origin(app: Sphinx) -> Origin | None:
    return Origin.find(Project(Path(app.srcdir)))


def _configure(app: Sphinx, config: Config) -> None:
    origin = _origin(app)
    config.companion_repository = origin.url if origin else ""


class _RepositoryDirective(SphinxDirective):
    """Its content is shown if the address is known, or if it is not."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        url = self.config.companion_repository
        if bool(url) != (self.name == _WITH):
            return []
        text = "\n".join(self.content).replace("{url}", url)
        return self.parse_text_to_nodes(text, offset=self.content_offset)


def _add_first_cells(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.format != "html":
        return
    origin = _origin(app)
    copied = Path(app.outdir) / "_sources"
    for notebook in copied.rglob(f"*{NOTEBOOK_SUFFIX}"):
        source = Path(app.srcdir) / notebook.relative_to(copied)
        if notebook.read_bytes() == source.read_bytes():  # copied by this build
            notebook.write_text(prepared(source, origin), encoding="utf-8")
