"""The book as a PDF, printed from the built site with Chromium.

``make book`` builds a site that neither has nor names a PDF, so none is ever out of date;
``make pdf`` builds the same site, prints it, and swaps in a copy that has the PDF and links to it,
which stays until the site changes.
"""

from pathlib import Path

from companion.project import Project
from companion.release.chromium import find_chromium
from companion.release.print_edition.assembly import compose
from companion.release.print_edition.printing import finished, printed
from companion.site.build import change_site

PDF = Path("book.pdf")  # relative to the site
# What the pages of a site without a PDF have where the link would be; the sidebar's template and
# the first page write it.
PLACE = "<!-- the PDF -->"


def make_pdf(project: Project) -> Path:
    """Print the built site, put the PDF and links to it into the site; return its path."""
    if not (project.site / PDF).is_file():  # that of a new site is always to be made
        content = pdf_of(project)
        change_site(project, lambda site: attach(site, content))
    return project.site / PDF


def pdf_of(project: Project) -> bytes:
    """Return the PDF of the built site, which stays as it is."""
    find_chromium()  # missing, it is named before anything that takes time
    return finished(project, printed(compose(project), project.site))


def attach(site: Path, content: bytes) -> None:
    """Write the PDF into `site` and link to it from every page that has :data:`PLACE`."""
    (site / PDF).write_bytes(content)
    for page in sorted(site.rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        if PLACE in text:
            up = "../" * (len(page.relative_to(site).parts) - 1)
            page.write_text(text.replace(PLACE, _link(up, len(content))), encoding="utf-8")


def _link(up: str, size: int) -> str:
    link = f'<a href="{up}{PDF}">The whole book as a PDF</a>'
    return f'<p class="pdf">{link} ({size / 1e6:.0f} MB)</p>'
