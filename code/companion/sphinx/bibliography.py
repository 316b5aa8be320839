"""Labels of the bibliography: authors and year, as the pages cite them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from string import ascii_lowercase

from pybtex.database import Entry
from pybtex.plugin import register_plugin
from pybtex.style.formatting.unsrt import Style as Unsorted
from pybtex.style.labels import BaseLabelStyle
from sphinx.application import Sphinx

NAME = "author_year_labels"


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
    default_label_style = NAME


def _label(entry: Entry) -> str:
    persons = entry.persons.get("author") or entry.persons.get("editor") or []
    names = [
        " ".join(map(str, person.rich_prelast_names + person.rich_last_names)) for person in persons
    ]
    if len(names) > 2:
        names = [f"{names[0]} et al."]
    return f"{' and '.join(names)}, {entry.fields['year']}"


def setup(app: Sphinx) -> None:
    register_plugin("pybtex.style.labels", NAME, AuthorYearLabels)
    register_plugin("pybtex.style.formatting", NAME, AuthorYearStyle)
