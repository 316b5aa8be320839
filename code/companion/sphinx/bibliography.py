"""Labels of the bibliography, and how to cite: the directive ``bibtex``."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from string import ascii_lowercase

from docutils import nodes
from pybtex.database import BibliographyData, Entry, Person, parse_file
from pybtex.plugin import register_plugin
from pybtex.style.formatting.unsrt import Style as Unsorted
from pybtex.style.labels import BaseLabelStyle
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from companion.checking.citation import read_citation
from companion.sphinx.elements import depended_on

_NAME = "author_year_labels"  # as _config.yml calls it


def setup(app: Sphinx) -> None:
    register_plugin("pybtex.style.labels", _NAME, AuthorYearLabels)
    register_plugin("pybtex.style.formatting", _NAME, AuthorYearStyle)
    app.add_directive("bibtex", _BibtexDirective)


class AuthorYearLabels(BaseLabelStyle):  # type: ignore[misc]
    """Pybtex's own `alpha` labels lose what is not ASCII: Crăciun becomes Cruaciun."""

    def format_labels(self, sorted_entries: Sequence[Entry]) -> Iterator[str]:
        """Yield one label for each entry; equal ones get a letter after the year."""
        labels = [_label(entry) for entry in sorted_entries]
        count = Counter(labels)
        letters: defaultdict[str, Iterator[str]] = defaultdict(lambda: iter(ascii_lowercase))
        for label in labels:
            yield label if count[label] == 1 else label + next(letters[label])


class AuthorYearStyle(Unsorted):  # type: ignore[misc]
    """Entries in the order of their authors, labelled by them."""

    default_sorting_style = "author_year_title"
    default_label_style = _NAME


def _label(entry: Entry) -> str:
    persons = entry.persons.get("author") or entry.persons.get("editor") or []
    names = [
        " ".join(map(str, person.rich_prelast_names + person.rich_last_names)) for person in persons
    ]
    if len(names) > 2:
        names = [f"{names[0]} et al."]
    return f"{' and '.join(names)}, {entry.fields['year']}"


class _BibtexDirective(SphinxDirective):
    """One BibTeX entry, ready to copy: of ``CITATION.cff``, or of a key of the bibliography."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        wanted = self.arguments[0]
        if wanted == "CITATION.cff":
            entries = {"companion": citation_entry(depended_on(self.env, wanted))}
        else:
            source = depended_on(self.env, self.config.bibtex_bibfiles[0])
            found = parse_file(source).entries
            if wanted not in found:
                raise self.error(f"{source.name} has no entry {wanted}")
            entries = {wanted: found[wanted]}
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
    authors = [
        Person(first=author.get("given-names", ""), last=author["family-names"])
        if "family-names" in author
        else Person(last=f"{{{author['name']}}}")  # a group has one name
        for author in cff["authors"]
    ]
    return Entry("misc", fields, {"author": authors})
