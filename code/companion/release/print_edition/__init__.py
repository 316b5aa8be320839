"""The book as a PDF, printed from the built site with Chromium.

``make book`` builds a site that neither has nor names a PDF, so none is ever out of date;
``make pdf`` builds the same site, prints it, and swaps in a copy that has the PDF and links to it.

:mod:`~companion.release.print_edition.contents`
    which pages there are, in which order
:mod:`~companion.release.print_edition.assembly`
    all pages as one HTML document
:mod:`~companion.release.print_edition.front`
    its title page and table of contents
:mod:`~companion.release.print_edition.printing`
    that document in Chromium: formulas, what is too wide, printing
:mod:`~companion.release.print_edition.finishing`
    the printed file: page numbers of the contents, metadata
:mod:`~companion.release.print_edition.attaching`
    the PDF in the site
"""

from __future__ import annotations

from pathlib import Path

from companion.project import Project
from companion.release.chromium import find_chromium
from companion.release.print_edition.assembly import compose
from companion.release.print_edition.attaching import PDF, attach
from companion.release.print_edition.finishing import finished
from companion.release.print_edition.printing import printed
from companion.site.build import change_site

__all__ = ["make_pdf", "pdf_of"]


def make_pdf(project: Project) -> Path:
    """Print the built site, put the PDF and links to it into the site; return its path.

    Raises
    ------
    BookError
        If there is no Chromium or no site, a file is missing, or something is wider than the
        paper.
    """
    content = pdf_of(project)
    change_site(project, lambda site: attach(site, content))
    return project.site / PDF


def pdf_of(project: Project) -> bytes:
    """Return the PDF of the built site, which stays as it is."""
    find_chromium()  # missing, it is named before anything that takes time
    return finished(project, printed(compose(project), project.site))
