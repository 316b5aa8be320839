"""Let the search find names with or without their diacritics, and numbered things by their names.

Łojasiewicz and Lojasiewicz; "Theorem 5.2" and "Fig. 5.3". Formulas in titles are shown as text.
"""

import unicodedata
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.search.en import SearchEnglish

from companion.sphinx.formulas import plain_text
from companion.sphinx.registry import placed
from companion.sphinx.repairs import search_titles

_STROKES = str.maketrans("ŁłØøĐđ", "LlOoDd")  # Unicode does not take these apart
# How readers write what Sphinx numbers; statements have names of their own.
_NUMBERED = {"figure": ("Figure", "Fig."), "displaymath": ("Equation",)}


class _English(SearchEnglish):
    """English, where a word with diacritics is also found as one without."""

    def split(self, text: str) -> list[str]:
        words = super().split(text)
        plain = (plain_letters(word) for word in words)
        return words + [other for word, other in zip(words, plain, strict=True) if other != word]


def setup(app: Sphinx) -> None:
    app.add_search_language(_English)
    app.config.html_search_scorer = str(Path(__file__).with_name("scorer.js"))
    # After all pages have been indexed, before the index is written.
    app.connect("html-collect-pages", _complete_titles)


def plain_letters(word: str) -> str:
    """Return `word` without diacritics."""
    parts = unicodedata.normalize("NFD", word.translate(_STROKES))
    return unicodedata.normalize("NFC", "".join(c for c in parts if not unicodedata.combining(c)))


def _complete_titles(app: Sphinx) -> list[tuple[str, dict[str, str], str]]:
    titles = search_titles(app)
    for docname in titles:
        titles[docname] = list(dict.fromkeys(_titles_of(app.env, docname)))
    for item in placed(app.env):
        label = item.statement.label
        titles[item.docname].append((item.name, label))
        if words := _text(item.title).strip(" ()"):
            titles[item.docname].append((f"{words} ({item.name})", label))
    return []


def _titles_of(env: BuildEnvironment, docname: str) -> Iterator[tuple[str, str | None]]:
    for entry in env.tocs[docname].findall(nodes.reference):
        yield _text(entry.children), entry["anchorname"].removeprefix("#") or None
    for kind, names in _NUMBERED.items():
        for label, number in env.toc_fignumbers.get(docname, {}).get(kind, {}).items():
            yield from ((f"{name} {'.'.join(map(str, number))}", label) for name in names)


def _text(children: list[nodes.Node]) -> str:
    return "".join(
        plain_text(child.astext()) if isinstance(child, nodes.math) else child.astext()
        for child in children
    )
