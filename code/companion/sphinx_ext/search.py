"""Let the search find names with or without their diacritics: Łojasiewicz and Lojasiewicz."""

from __future__ import annotations

import unicodedata

from sphinx.application import Sphinx
from sphinx.search.en import SearchEnglish

_STROKES = str.maketrans("ŁłØøĐđ", "LlOoDd")  # Unicode does not take these apart


class _English(SearchEnglish):
    """English, where a word with diacritics is also found as one without."""

    def split(self, text: str) -> list[str]:
        words = super().split(text)
        plain = (plain_letters(word) for word in words)
        return words + [other for word, other in zip(words, plain, strict=True) if other != word]


def setup(app: Sphinx) -> None:
    app.add_search_language(_English)


def plain_letters(word: str) -> str:
    """Return `word` without diacritics."""
    parts = unicodedata.normalize("NFD", word.translate(_STROKES))
    return unicodedata.normalize("NFC", "".join(c for c in parts if not unicodedata.combining(c)))
