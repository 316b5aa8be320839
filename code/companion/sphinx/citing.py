"""Show how to cite: directive ``bibtex`` with ``CITATION.cff`` or keys of the bibliography."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from pybtex.database import BibliographyData, Entry, Person, parse_file
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from companion.checking.citation import read_citation

_CITATION = "CITATION.cff"


def setup(app: Sphinx) -> None:
    app.add_directive("bibtex", _BibtexDirective)


class _BibtexDirective(SphinxDirective):
    """One BibTeX entry, ready to copy: of ``CITATION.cff``, or of a key of the bibliography."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        wanted = self.arguments[0]
        root = Path(self.env.srcdir)
        if wanted == _CITATION:
            source = root / _CITATION
            entries = {"companion": citation_entry(source)}
        else:
            source = root / self.config.bibtex_bibfiles[0]
            entries = {
                key: entry for key, entry in parse_file(source).entries.items() if key == wanted
            }
        if not entries:
            raise self.error(f"{source.name} has no entry {wanted}")
        self.env.note_dependency(str(source))
        text = BibliographyData(entries).to_string("bibtex").strip()
        return [nodes.literal_block(text, text, language="bibtex")]


def citation_entry(path: Path) -> Entry:
    """Return what a citation file says as an entry of BibTeX."""
    cff = read_citation(path)
    fields = {
        "title": f"{{{cff['title']}}}",  # a second pair of braces keeps its capital letters
        "year": cff["date-released"][:4],
        "note": f"Version {cff['version']}",
    }
    if address := cff.get("url") or cff.get("repository-code"):
        fields["url"] = address
    authors = [_person(author) for author in cff["authors"]]
    return Entry("misc", fields, {"author": authors})


def _person(author: dict[str, str]) -> Person:
    if "family-names" in author:
        return Person(first=author.get("given-names", ""), last=author["family-names"])
    return Person(last=f"{{{author['name']}}}")  # a group has one name
