"""Repairs of other people's software, and all that relies on how it works inside.

Each function says what it mends and when it can go. All are made for the versions in
:data:`MADE_FOR`; with others, try the book without them first. Beside them, the file
``templates/static/webpack-macros.html`` takes the place of the theme's, whose icons come twice.
What else depends on these versions: where :mod:`.outputs` finds a cell in MyST-NB's tree, and
:mod:`.formulas` the files of MathJax; what :mod:`companion.site.build` loads early; the theme's
icons (:mod:`companion.site.slim`), its classes in the print edition and in ``_static/preview.js``.
"""

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pybtex.plugin
from bs4 import BeautifulSoup
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util.images import get_image_size

from companion.running.keys import source_digest

MADE_FOR = {
    "jupyter-book": "1.0.4.post1",
    "myst-nb": "1.4.0",
    "pybtex": "0.26.1",
    "pydata-sphinx-theme": "0.15.4",
    "sphinx": "7.4.7",
    "sphinx-book-theme": "1.1.4",
    "sphinx-mathjax-offline": "0.0.2",
    "sphinx-proof": "0.4.0",
}
"""The versions at which each repair was needed, and did what it should."""

_TEMPLATES = Path(__file__).parent / "templates"
# Those of the theme, its "navbar-logo" within "site-title", where the title is inside a landmark,
# and below them where `make pdf` puts a link; see companion.release.print_edition.
_SIDEBAR = ("site-title", "icon-links", "search-button-field", "sbt-sidebar-nav", "pdf-place")
_LIST, _NO_LIST = '<div role="list" class="citation-list">', '<div class="citation-list">'
# The theme leaves "auto" to a script at the end of the page: until then no colour is defined.
_SCHEME = """if (document.documentElement.dataset.mode === "auto")
document.documentElement.dataset.theme =
    matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";"""
_UNSIZED = re.compile(r'<img (?![^>]*\bwidth=)(?=[^>]*\bsrc="([^"]+)")')


def setup(app: Sphinx) -> None:
    # For each citation it looks through all that is installed. Can go when it remembers.
    pybtex.plugin.find_plugin = cache(pybtex.plugin.find_plugin)
    app.add_js_file(None, body=_SCHEME)
    app.connect("config-inited", _configure)
    app.connect("doctree-read", _repair_statements)
    app.connect("env-get-updated", pages_to_write_again)
    app.connect("html-page-context", _complete, priority=900)  # after the theme's functions


def search_titles(app: Sphinx) -> dict[str, list[tuple[str, str | None]]]:
    """Return the titles that Sphinx's search knows of each page, with their anchors, to be changed.

    Can go when Sphinx lets extensions add titles to its index.
    """
    indexer: Any = getattr(app.builder, "indexer")  # noqa: B009 - not every builder has one
    titles: dict[str, list[tuple[str, str | None]]] = indexer._all_titles
    return titles


def stated_on_pages(env: BuildEnvironment) -> Mapping[str, Mapping[str, Any]]:
    """Return sphinx-proof's statements by label; it has no public list of them."""
    return getattr(env, "proof_list", {})


def pages_to_write_again(app: Sphinx, env: BuildEnvironment) -> Iterable[str]:
    """Write all pages again when a number, a title, a style sheet or a script has changed.

    Links on any page show numbers and titles, and every page names the state of its style sheets
    and scripts. Can go when Sphinx, which writes only pages whose own sources have changed, and
    copies nothing when there are none, knows both.
    """
    titles = {name: title.astext() for name, title in env.titles.items()}
    folders = [*app.config.html_static_path, *app.config.html_extra_path]
    files = (path for name in folders for path in sorted((Path(app.srcdir) / name).rglob("*")))
    static = source_digest(path for path in files if path.is_file())
    # A copy: Sphinx takes the page that it reads again out of its own.
    shown = deepcopy((titles, env.toc_secnumbers, env.toc_fignumbers, static))
    before = getattr(env, "shown_by_links", shown)
    env.shown_by_links = shown  # type: ignore[attr-defined]
    return env.found_docs if shown != before else ()


def _configure(_: Sphinx, config: Config) -> None:
    config.templates_path.append(str(_TEMPLATES))
    config.html_sidebars = {"**": [f"{name}.html" for name in _SIDEBAR]}


def _complete(
    app: Sphinx, _page: str, _template: str, context: dict[str, Any], _tree: nodes.document | None
) -> None:
    context["script_files"] = [s for s in context.get("script_files", []) if not _is_of_thebe(s)]
    if "generate_toctree_html" in context:
        context["generate_toctree_html"] = _with_names(context["generate_toctree_html"])
    if "body" in context:
        # Entries of a bibliography have a role of their own, which lists may not hold. Can go when
        # Sphinx's writer gives them none, or the role "listitem".
        body = context["body"].replace(_LIST, _NO_LIST)
        context["body"] = _with_sizes(app, body)
    _without_logos(context.get("header_buttons", ()))


def _without_logos(buttons: Iterable[dict[str, Any]]) -> None:
    """Give buttons that launch a notebook an icon: the theme shows logos, and not their size.

    Can go when it gives them a size.
    """
    for button in buttons:
        if str(button.get("icon", "")).startswith("_static/"):
            button["icon"] = "fas fa-rocket"
        _without_logos(button.get("buttons", ()))


def _is_of_thebe(script: Any) -> bool:
    """Jupyter Book 1 always loads sphinx-thebe, whose script names a CDN; nothing here uses it."""
    body = getattr(script, "attributes", {}).get("body") or ""
    return "thebe" in str(getattr(script, "filename", script)) or "thebe" in body.lower()


def _with_names(generate: Callable[..., Any]) -> Callable[..., Any]:
    """Say which chapter a toggle of the sidebar unfolds.

    The theme draws an arrow and no word; can go when it names its toggles.
    """

    def generated(*arguments: Any, **options: Any) -> Any:
        tree = generate(*arguments, **options)
        if isinstance(tree, BeautifulSoup):
            for toggle in tree.select("li > details > summary"):
                item = toggle.find_parent("li")
                link = item.find("a") if item else None
                toggle["aria-label"] = f"Sections of {link.get_text().strip() if link else 'this'}"
        return tree

    return generated


def _with_sizes(app: Sphinx, body: str) -> str:
    """Give every picture its size, so that nothing moves when it comes in.

    Can go when Sphinx and MyST-NB write width and height by themselves.
    """
    sources = {name: source for source, name in getattr(app.builder, "images", {}).items()}

    def sized(match: re.Match[str]) -> str:
        source = sources.get(unquote(posixpath.basename(match[1])))
        size = get_image_size(Path(app.srcdir) / source) if source else None
        if size is None:
            return match[0]  # the check of the site names it
        return f'{match[0]}width="{size[0]}" height="{size[1]}" '

    return _UNSIZED.sub(sized, body)


def _repair_statements(_: Sphinx, doctree: nodes.document) -> None:
    """Mend ids that sphinx-proof repeats on a page.

    Can go when a page with two statements has no id twice.
    """
    for node in doctree.findall(nodes.section):
        if "proof-content" in node["ids"]:  # Sphinx needs every section to have an id
            node["ids"] = [f"{node.parent['label']}-content"]
