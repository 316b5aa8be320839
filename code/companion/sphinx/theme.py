"""What the theme lacks: names, a landmark, a place for the PDF, a bibliography that is no list."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

_TEMPLATES = Path(__file__).parent / "templates"
# Those of the theme, its "navbar-logo" within "site-title", and below them where `make pdf` puts a
# link; see companion.release.print_edition.
_SIDEBAR = ("site-title", "icon-links", "search-button-field", "sbt-sidebar-nav", "pdf-place")
_LIST, _NO_LIST = '<div role="list" class="citation-list">', '<div class="citation-list">'


def setup(app: Sphinx) -> None:
    app.connect("config-inited", _configure)
    # After the theme has put its functions there.
    app.connect("html-page-context", _complete, priority=900)


def _configure(_: Sphinx, config: Config) -> None:
    config.templates_path.append(str(_TEMPLATES))
    config.html_sidebars = {"**": [f"{name}.html" for name in _SIDEBAR]}


def _complete(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _tree: nodes.document | None
) -> None:
    if "generate_toctree_html" in context:
        context["generate_toctree_html"] = _with_names(context["generate_toctree_html"])
    if "body" in context:
        # Entries of a bibliography have a role of their own, which lists may not hold.
        context["body"] = context["body"].replace(_LIST, _NO_LIST)
    _without_logos(context.get("header_buttons", ()))


def _without_logos(buttons: Iterable[dict[str, Any]]) -> None:
    """Give buttons that launch a notebook an icon: the theme shows logos, and not their size."""
    for button in buttons:
        if str(button.get("icon", "")).startswith("_static/"):
            button["icon"] = "fas fa-rocket"
        _without_logos(button.get("buttons", ()))


def _with_names(generate: Callable[..., Any]) -> Callable[..., Any]:
    """Say which chapter a toggle of the sidebar unfolds: the theme draws an arrow and no word."""

    def generated(*arguments: Any, **options: Any) -> Any:
        tree = generate(*arguments, **options)
        if isinstance(tree, BeautifulSoup):
            for toggle in tree.select("li > details > summary"):
                item = toggle.find_parent("li")
                link = item.find("a") if item else None
                toggle["aria-label"] = f"Sections of {link.get_text().strip() if link else 'this'}"
        return tree

    return generated
